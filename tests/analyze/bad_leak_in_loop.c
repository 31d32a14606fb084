/* SPDX-License-Identifier: BSD-2-Clause */
/* Only the last of three pages is given back. Just one of the analyzers sees it. */
/* gcc: nothing */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = NULL;

	for (int i = 0; i < 3; i++)
		page = fh_page_alloc(frames, 0, 0);
	return page ? fh_page_free(frames, page) : -ENOMEM;
}
