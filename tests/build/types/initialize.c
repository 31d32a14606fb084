/* SPDX-License-Identifier: BSD-2-Clause */
/* Nor does a variable begin as another type. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	fh_pfn_t frame = fh_phys_to_pfn_down(pa, 12);

	return takes_pfn(frame);
#else
	fh_pfn_t frame = pa; /* error: invalid initializer|incompatible type */

	return takes_pfn(frame);
#endif
}
