/* SPDX-License-Identifier: BSD-2-Clause */
/* An address and a size are added, two addresses are not. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_add(pa, size, &pa);
#else
	return fh_phys_add(pa, pa, &pa); /* error: incompatible type */
#endif
}
