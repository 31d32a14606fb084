/* SPDX-License-Identifier: BSD-2-Clause */
/* A handle is no good once its page was given back. */
/* gcc: -Wuse-after-free */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	if (!page)
		return -ENOMEM;
	if (fh_page_free(frames, page))
		return -EIO;
	return fh_page_zero(frames, page);
}
