/* SPDX-License-Identifier: BSD-2-Clause */
/* A look at what others own, and nothing to give back. */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	const struct fh_page *page = fh_page_borrow_phys(frames, fh_phys(0x40000000), NULL);
	uint64_t word;

	if (!page)
		return -ENOENT;
	if (fh_page_read(frames, page, 0, &word, sizeof(word)))
		return -EFAULT;
	return word ? 0 : -EINVAL;
}
