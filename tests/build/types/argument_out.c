/* SPDX-License-Identifier: BSD-2-Clause */
/* A result of one type does not go where another lives. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_add(pa, size, &pa);
#else
	return fh_phys_add(pa, size, &iova); /* warning: incompatible pointer type */
#endif
}
