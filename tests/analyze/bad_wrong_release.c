/* SPDX-License-Identifier: BSD-2-Clause */
/* A page is no memory of the C library. */
/* gcc: -Wanalyzer-mismatching-deallocation -Wmismatched-dealloc */
/* clang: nothing */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	free(page);
	return 0;
}
