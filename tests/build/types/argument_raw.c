/* SPDX-License-Identifier: BSD-2-Clause */
/* Only by its .raw does an address go into the arithmetic of integers. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_is_aligned(pa.raw, 4096);
#else
	return fh_is_aligned(pa, 4096); /* error: incompatible type */
#endif
}
