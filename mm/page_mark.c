/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks that a scan leaves on reserved frames: a byte each, found by the range of the map that the
 * frame lies in. They are cleared before the first is set, so that start-up need not touch them.
 */
#include <string.h>

#include "lib/error.h"
#include "mm/page_priv.h"

#define MARKS_ALL 31u

int fh_page_mark(struct fh_frames *frames, const struct fh_page *page, unsigned int marks)
{
	const void *caller = __builtin_return_address(0);
	enum fh_fault_code code = fh_page_check_handle(frames, page);
	uint64_t pfn = handle_pa(page) >> frames->frame_lg2;
	struct block block = { .state = FH_FRAME_NONE };
	const struct fh_memmap *map = frames->config.map;
	size_t range;

	if (marks > MARKS_ALL) {
		struct refusal refusal = { .code = FH_FAULT_ORDER, .value = marks };

		return fh_page_refuse(frames, &refusal, caller);
	}
	if (code == FH_FAULT_NONE) {
		block = fh_frames_block_of(frames, pfn);
		if (!handle_is_borrowed(page) || block.state != FH_FRAME_RESERVED)
			code = FH_FAULT_BAD_HANDLE;
	}
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, page, block.state, caller);
	if (!frames->marks_are_clear)
		fh_frames_clear_marks(frames);
	range = fh_frames_range_at(map, pfn);
	return atomic_fetch_or_explicit(
	    &frames->mark[frames->mark_offset[range] + pfn -
			  (map->range[range].base.raw >> map->frame_lg2)],
	    (uint8_t)marks, memory_order_relaxed);
}

void fh_frames_clear_marks(struct fh_frames *frames)
{
	/* Nobody scans meanwhile. */
	memset((void *)frames->mark, 0, (size_t)frames->reserved_count);
	frames->marks_are_clear = true;
}
