/* SPDX-License-Identifier: BSD-2-Clause */
/* The same for a request. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page_request request = { .order = 1, .last = UINT32_MAX };
	struct fh_page *page = fh_page_alloc_request(frames, &request);

	return page ? fh_page_free(frames, page) : -ENOMEM;
}
