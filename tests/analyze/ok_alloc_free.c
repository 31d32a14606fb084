/* SPDX-License-Identifier: BSD-2-Clause */
/* Taken, used, given back. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	int err;

	if (!page)
		return -ENOMEM;
	err = fh_page_zero(frames, page);
	return fh_page_free(frames, page) ? -EIO : err;
}
