/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame number is not dropped into a variable for any number. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	integer = pfn.raw;
	return true;
#else
	integer = pfn; /* error: incompatible type */
	return true;
#endif
}
