/* SPDX-License-Identifier: BSD-2-Clause */
/* The handle dies as the address is born. */
/* gcc: -Wuse-after-free */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	fh_phys_addr_t pa;

	if (!page)
		return -ENOMEM;
	pa = fh_page_into_phys(frames, page);
	return fh_phys_equal(pa, fh_page_to_phys(frames, page)) ? 0 : -EIO;
}
