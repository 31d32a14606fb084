/* SPDX-License-Identifier: BSD-2-Clause */
/* An address is neither true nor false: 0 is one too. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_is_valid(pa);
#else
	return !pa; /* error: wrong type argument to unary|invalid argument type */
#endif
}
