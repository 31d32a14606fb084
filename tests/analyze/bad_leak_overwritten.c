/* SPDX-License-Identifier: BSD-2-Clause */
/* The only handle is overwritten. */
/* gcc: -Wanalyzer-malloc-leak */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	look_at(page);
	page = fh_page_alloc(frames, 1, 0);
	return page ? fh_page_free(frames, page) : -ENOMEM;
}
