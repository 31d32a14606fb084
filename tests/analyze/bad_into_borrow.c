/* SPDX-License-Identifier: BSD-2-Clause */
/* Nor to give away. */
/* gcc: -Wdiscarded-qualifiers */
/* clang: nothing */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	const struct fh_page *page;

	page = fh_page_borrow_phys_unchecked(frames, fh_phys(0x40000000));
	return fh_phys_is_valid(fh_page_into_phys(frames, page)) ? 0 : -EIO;
}
