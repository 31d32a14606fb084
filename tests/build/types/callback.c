/* SPDX-License-Identifier: BSD-2-Clause */
/* A function of one type is no callback for another. */
#include "tests/build/types/snippet.h"

static bool each(bool (*visit)(fh_phys_addr_t))
{
	return visit(pa);
}

bool snippet(void)
{
#ifdef RIGHT
	return each(takes_pa);
#else
	return each(takes_iova); /* warning: incompatible.* pointer type */
#endif
}
