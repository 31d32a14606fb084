/* SPDX-License-Identifier: BSD-2-Clause */
/* Given away, taken back, given back. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	fh_phys_addr_t pa;

	if (!page)
		return -ENOMEM;
	pa = fh_page_into_phys(frames, page);
	page = fh_page_from_phys(frames, pa);
	return page ? fh_page_free(frames, page) : -EIO;
}
