/* SPDX-License-Identifier: BSD-2-Clause */
/* The address is the only record of a page that is held. */
/* gcc: -Wunused-result */
/* clang: nothing */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	if (!page)
		return -ENOMEM;
	fh_page_into_phys(frames, page);
	return 0;
}
