/* SPDX-License-Identifier: BSD-2-Clause */
/* A difference may be negative: it is asked for by name. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_dma_diff(iova, iova, &size);
#else
	size = iova - iova; /* error: invalid operands */
	return true;
#endif
}
