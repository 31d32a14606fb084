/* SPDX-License-Identifier: BSD-2-Clause */
/* A page that nobody gives back. */
/* gcc: -Wanalyzer-malloc-leak */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	return page ? 0 : -ENOMEM;
}
