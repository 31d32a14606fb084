/* SPDX-License-Identifier: BSD-2-Clause */
/* The address goes on, the handle does not: a constructor of tables. */
#include "tests/analyze/snippet.h"

static fh_phys_addr_t table(struct fh_frames *frames, const uint64_t *entry)
{
	struct fh_page *page = fh_page_alloc(frames, 0, FH_PAGE_ZERO);

	if (!page)
		return FH_PHYS_INVALID;
	if (fh_page_write(frames, page, 0, entry, sizeof(*entry))) {
		(void)fh_page_free(frames, page);
		return FH_PHYS_INVALID;
	}
	return fh_page_into_phys(frames, page);
}

int snippet(struct fh_frames *frames)
{
	uint64_t entry = 0;

	while (fh_phys_is_valid(fh_phys(entry)) && somehow())
		entry = table(frames, &entry).raw;
	return 0;
}
