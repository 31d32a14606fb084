/* SPDX-License-Identifier: BSD-2-Clause */
/* Two addresses are equal only in one space. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_phys_equal(pa, pa);
#else
	return fh_phys_equal(pa, iova); /* error: incompatible type */
#endif
}
