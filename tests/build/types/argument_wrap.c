/* SPDX-License-Identifier: BSD-2-Clause */
/* One type becomes another only by its .raw, which can be searched for. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	iova = fh_dma(pa.raw);
	return true;
#else
	iova = fh_dma(pa); /* error: incompatible type */
	return true;
#endif
}
