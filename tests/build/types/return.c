/* SPDX-License-Identifier: BSD-2-Clause */
/* What a function says it gives is what it gives. */
#include "tests/build/types/snippet.h"

static fh_phys_addr_t root(void)
{
#ifdef RIGHT
	return pa;
#else
	return iova; /* error: incompatible (result )?type */
#endif
}

bool snippet(void)
{
	return takes_pa(root());
}
