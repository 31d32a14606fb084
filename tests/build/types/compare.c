/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses are compared by functions, which want one type. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_equal(pa, fh_phys(integer));
#else
	return pa == iova; /* error: invalid operands */
#endif
}
