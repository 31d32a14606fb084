/* SPDX-License-Identifier: BSD-2-Clause */
/* Given back on one way, used on both. */
/* gcc: -Wanalyzer-malloc-leak -Wanalyzer-double-free */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	if (!page)
		return -ENOMEM;
	if (somehow() && fh_page_free(frames, page))
		return -EIO;
	look_at(page);
	return somehow() ? 0 : fh_page_free(frames, page);
}
