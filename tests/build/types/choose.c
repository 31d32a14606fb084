/* SPDX-License-Identifier: BSD-2-Clause */
/* A choice is between two of one type. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return takes_pa(integer ? pa : FH_PHYS_INVALID);
#else
	return takes_pa(integer ? pa : iova); /* error: type mismatch|incompatible operand types */
#endif
}
