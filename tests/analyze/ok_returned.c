/* SPDX-License-Identifier: BSD-2-Clause */
/* A function that hands its page on. */
#include "tests/analyze/snippet.h"

static struct fh_page *zeroed(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	if (page && fh_page_zero(frames, page)) {
		(void)fh_page_free(frames, page);
		return NULL;
	}
	return page;
}

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = zeroed(frames);

	return page ? fh_page_free(frames, page) : -ENOMEM;
}
