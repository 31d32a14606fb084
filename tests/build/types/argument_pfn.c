/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame number is no address: it lacks the shift. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_pfn_to_phys(pfn, 12, &pa) && takes_pa(pa);
#else
	return takes_pa(pfn); /* error: incompatible type */
#endif
}
