/* SPDX-License-Identifier: BSD-2-Clause */
/* A sum that may overflow is asked for by name. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_add(pa, fh_resource_size(4096), &pa);
#else
	pa = pa + 4096; /* error: invalid operands */
	return true;
#endif
}
