/* SPDX-License-Identifier: BSD-2-Clause */
/* So is their order. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_pfn_below(fh_phys_to_pfn_up(pa, 12), pfn);
#else
	return pa < pfn; /* error: invalid operands */
#endif
}
