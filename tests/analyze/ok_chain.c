/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames linked by their addresses, built up and taken down. */
#include "tests/analyze/snippet.h"

static uint64_t build(struct fh_frames *frames)
{
	uint64_t chain = 0;

	while (somehow()) {
		struct fh_page *page = fh_page_alloc(frames, 0, 0);

		if (!page)
			break;
		*(uint64_t *)fh_page_address(frames, page) = chain;
		chain = fh_page_into_phys(frames, page).raw;
	}
	return chain;
}

int snippet(struct fh_frames *frames)
{
	uint64_t chain = build(frames);

	while (chain) {
		struct fh_page *page = fh_page_from_phys(frames, fh_phys(chain));

		if (!page)
			return -ENOENT;
		chain = *(uint64_t *)fh_page_address(frames, page);
		if (fh_page_free(frames, page))
			return -EIO;
	}
	return 0;
}
