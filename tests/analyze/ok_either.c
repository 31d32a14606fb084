/* SPDX-License-Identifier: BSD-2-Clause */
/* One of two ways out, chosen at run time. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	if (!page)
		return -ENOMEM;
	if (somehow())
		return fh_page_free(frames, page);
	return fh_phys_is_valid(fh_page_into_phys(frames, page)) ? 0 : -EIO;
}
