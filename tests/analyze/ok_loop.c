/* SPDX-License-Identifier: BSD-2-Clause */
/* A page for each turn. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	while (somehow()) {
		struct fh_page *page = fh_page_alloc(frames, 0, 0);

		if (!page)
			return -ENOMEM;
		look_at(page);
		if (fh_page_free(frames, page))
			return -EIO;
	}
	return 0;
}
