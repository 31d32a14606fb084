/* SPDX-License-Identifier: BSD-2-Clause */
/* A cast does not help. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return takes_pa(fh_phys(integer));
#else
	return takes_pa((fh_phys_addr_t)integer); /* error: non-scalar|arithmetic or pointer type */
#endif
}
