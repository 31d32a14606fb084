/* SPDX-License-Identifier: BSD-2-Clause */
/* A device address is not kept as a physical one. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	pa = fh_phys(0);
	return true;
#else
	pa = iova; /* error: incompatible type */
	return true;
#endif
}
