/* SPDX-License-Identifier: BSD-2-Clause */
/* One frame more is not one byte more. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_add(pa, size, &pa);
#else
	pa++; /* error: wrong type argument to increment|cannot increment value */
	return true;
#endif
}
