/* SPDX-License-Identifier: BSD-2-Clause */
/* A device address is no physical address. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return takes_pa(pa);
#else
	return takes_pa(iova); /* error: incompatible type */
#endif
}
