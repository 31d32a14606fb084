/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the C library is no page. */
/* gcc: -Wanalyzer-mismatching-deallocation -Wmismatched-dealloc */
/* clang: nothing */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = malloc(4096);

	return page ? fh_page_free(frames, page) : -ENOMEM;
}
