/* SPDX-License-Identifier: BSD-2-Clause */
/* Nor to write to. */
/* gcc: -Wdiscarded-qualifiers */
/* clang: nothing */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	const struct fh_page *page = fh_page_borrow_phys(frames, fh_phys(0x40000000), NULL);

	return page ? fh_page_zero(frames, page) : -ENOENT;
}
