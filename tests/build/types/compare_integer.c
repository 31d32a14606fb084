/* SPDX-License-Identifier: BSD-2-Clause */
/* An address is not compared with a number. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_is_valid(pa);
#else
	return pa != UINT64_MAX; /* error: invalid operands */
#endif
}
