/* SPDX-License-Identifier: BSD-2-Clause */
/* A conversion by hand says neither its rounding nor its frame. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	pfn = fh_phys_to_pfn_down(pa, 12);
	return true;
#else
	pfn = fh_pfn(pa >> 12); /* error: invalid operands */
	return true;
#endif
}
