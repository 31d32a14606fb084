/* SPDX-License-Identifier: BSD-2-Clause */
/* Two pages, and what there is of them is given back when something fails. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *first = fh_page_alloc(frames, 0, 0);
	struct fh_page *second = NULL;
	int err = -ENOMEM;

	if (!first)
		goto out;
	second = fh_page_alloc(frames, 0, FH_PAGE_ZERO);
	if (!second)
		goto out;
	err = fh_page_copy(frames, second, first);
out:
	if (second && fh_page_free(frames, second))
		err = -EIO;
	if (first && fh_page_free(frames, first))
		err = -EIO;
	return err;
}
