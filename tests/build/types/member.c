/* SPDX-License-Identifier: BSD-2-Clause */
/* In a table of both, none lands in the other's column. */
#include "tests/build/types/snippet.h"

struct mapping {
	fh_dma_addr_t iova;
	fh_phys_addr_t pa;
};

bool snippet(void)
{
	struct mapping mapping = {
		.iova = iova,
#ifdef RIGHT
		.pa = pa,
#else
		.pa = iova, /* error: incompatible type */
#endif
	};

	return takes_pa(mapping.pa);
}
