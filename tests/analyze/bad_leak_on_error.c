/* SPDX-License-Identifier: BSD-2-Clause */
/* The first page is forgotten where there is no second. */
/* gcc: -Wanalyzer-malloc-leak */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *first = fh_page_alloc(frames, 0, 0);
	struct fh_page *second;
	int err;

	if (!first)
		return -ENOMEM;
	second = fh_page_alloc(frames, 0, 0);
	if (!second)
		return -ENOMEM;
	err = fh_page_free(frames, second);
	return fh_page_free(frames, first) ? -EIO : err;
}
