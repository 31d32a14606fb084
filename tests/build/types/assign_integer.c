/* SPDX-License-Identifier: BSD-2-Clause */
/* Not even 0 is an address of itself. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	pa = fh_phys(0);
	return true;
#else
	pa = 0; /* error: incompatible type */
	return true;
#endif
}
