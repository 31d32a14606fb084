/* SPDX-License-Identifier: BSD-2-Clause */
/* Taken back for a moment. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_from_phys(frames, fh_phys(0x40000000));
	int err;

	if (!page)
		return -ENOENT;
	err = fh_page_zero(frames, page);
	return fh_phys_is_valid(fh_page_into_phys(frames, page)) ? err : -EIO;
}
