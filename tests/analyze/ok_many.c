/* SPDX-License-Identifier: BSD-2-Clause */
/* A batch, each of which is given back by itself. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *pages[8];
	size_t count = fh_page_alloc_many(frames, pages, FH_ARRAY_SIZE(pages));
	int err = 0;

	while (count--)
		if (fh_page_free(frames, pages[count]))
			err = -EIO;
	return err;
}
