/* SPDX-License-Identifier: BSD-2-Clause */
/* An integer does not say of what it is the number. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return takes_pa(fh_phys(0x40000000));
#else
	return takes_pa(0x40000000); /* error: incompatible type */
#endif
}
