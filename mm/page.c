/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance from its memory map, and the steps between the states of a frame:
 *
 *   fh_page_alloc      FREE  -> OWNED     NULL -> handle
 *   fh_page_free       OWNED -> FREE      the handle dies
 *   fh_page_into_phys  OWNED -> HELD      handle -> address
 *   fh_page_from_phys  HELD  -> OWNED     address -> handle
 *
 * Each checks and changes under the one lock of the instance, and reports after it.
 */
#include "mm/page.h"

#include <string.h>

#include <cache.h>

#include "lib/error.h"
#include "mm/page_priv.h"

#define ZERO_ALIGN 64u

static bool is_ram(const struct fh_memmap_range *range, bool usable_only)
{
	return range->kind == FH_MEM_USABLE || (range->kind == FH_MEM_RESERVED && !usable_only);
}

bool fh_frames_next_run(const struct fh_memmap *map, size_t *at, bool usable_only,
			struct fh_frames_run *run)
{
	bool found = false;

	for (; *at < map->range_count; ++*at) {
		const struct fh_memmap_range *range = &map->range[*at];
		uint64_t first = range->base.raw >> map->frame_lg2;
		bool ram = is_ram(range, usable_only);

		if (found && (!ram || first != run->end))
			break;
		if (!ram)
			continue;
		if (!found)
			run->first = first;
		run->end = first + (range->size >> map->frame_lg2);
		found = true;
	}
	return found;
}

/* How many spans, and the frames in them. */
static size_t span_total(const struct fh_memmap *map, uint64_t *frame_count)
{
	struct fh_frames_run run;
	size_t spans = 0;
	size_t at = 0;

	*frame_count = 0;
	while (fh_frames_next_run(map, &at, false, &run)) {
		*frame_count += run.end - run.first;
		spans++;
	}
	return spans;
}

size_t fh_frames_metadata_bytes(const struct fh_memmap *map)
{
	uint64_t frame_count;
	size_t spans = span_total(map, &frame_count);

	return spans * sizeof(struct fh_frames_span) + (size_t)frame_count;
}

static bool metadata_usable(const struct fh_frames_config *config)
{
	uint64_t pa = (uintptr_t)config->metadata - config->direct_offset;

	for (size_t i = 0; i < config->map->range_count; i++) {
		const struct fh_memmap_range *range = &config->map->range[i];

		/* Differences, because either may end at 2^64 or, on a host, beyond. */
		if (range->kind == FH_MEM_USABLE && (pa - range->base.raw < range->size ||
						     range->base.raw - pa < config->metadata_bytes))
			return true;
	}
	return false;
}

/* All bytes tails: 0, at the speed of arch_zero() where there is much. */
static void metadata_clear(unsigned char *at, size_t bytes)
{
	size_t head = -(uintptr_t)at & (ZERO_ALIGN - 1);
	size_t body;

	if (head > bytes)
		head = bytes;
	memset(at, META_TAIL, head);
	body = (bytes - head) & ~(size_t)(ZERO_ALIGN - 1);
	if (body)
		arch_zero(at + head, body);
	memset(at + head + body, META_TAIL, bytes - head - body);
}

static void spans_init(struct fh_frames *frames)
{
	const struct fh_memmap *map = frames->config.map;
	unsigned char *meta = frames->config.metadata;
	struct fh_frames_run run;
	size_t at = 0;

	meta += frames->span_count * sizeof(*frames->span);
	for (size_t i = 0; i < frames->span_count; i++) {
		struct fh_frames_span *span = &frames->span[i];

		fh_frames_next_run(map, &at, false, &run);
		span->first = run.first;
		span->count = run.end - run.first;
		span->meta = (void *)meta;
		metadata_clear(meta, (size_t)span->count);
		meta += span->count;
	}
}

/* Nobody else knows the instance yet, so that its bytes can be set as plain memory. */
static void reserved_init(struct fh_frames *frames)
{
	const struct fh_memmap *map = frames->config.map;

	for (size_t i = 0; i < map->range_count; i++) {
		const struct fh_memmap_range *range = &map->range[i];
		uint64_t pfn = range->base.raw >> map->frame_lg2;
		uint64_t count = range->size >> map->frame_lg2;
		const struct fh_frames_span *span;

		if (range->kind != FH_MEM_RESERVED)
			continue;
		span = fh_frames_span_of(frames, pfn);
		memset((void *)(span->meta + (pfn - span->first)), meta_byte(FH_FRAME_RESERVED, 0),
		       (size_t)count);
		atomic_fetch_add_explicit(&frames->count[FH_FRAME_RESERVED], count,
					  memory_order_relaxed);
	}
}

/* Cut each run of usable frames into the largest blocks that alignment allows. */
static void free_init(struct fh_frames *frames)
{
	struct fh_frames_run run;
	size_t at = 0;

	while (fh_frames_next_run(frames->config.map, &at, true, &run)) {
		const struct fh_frames_span *span = fh_frames_span_of(frames, run.first);

		atomic_fetch_add_explicit(&frames->count[FH_FRAME_FREE], run.end - run.first,
					  memory_order_relaxed);
		while (run.first < run.end) {
			unsigned int order = 0;

			while (order < FH_ORDER_MAX &&
			       fh_is_aligned(run.first, frames_of(order + 1)) &&
			       run.end - run.first >= frames_of(order + 1))
				order++;
			fh_buddy_push(frames, span, run.first, order);
			run.first += frames_of(order);
		}
	}
}

int fh_frames_init(struct fh_frames *frames, const struct fh_frames_config *config)
{
	uint64_t frame_count;

	if (!config->map || !config->map->resolved ||
	    config->instance >= 1u << HANDLE_INSTANCE_WIDTH)
		return -EINVAL;
	if (!config->metadata ||
	    !fh_is_aligned((uintptr_t)config->metadata, _Alignof(struct fh_frames_span)))
		return -EINVAL;
	if (config->metadata_bytes < fh_frames_metadata_bytes(config->map))
		return -ENOMEM;
	if (metadata_usable(config))
		return -EBUSY;
	memset(frames, 0, sizeof(*frames));
	frames->config = *config;
	frames->frame_lg2 = config->map->frame_lg2;
	frames->span = config->metadata;
	frames->span_count = span_total(config->map, &frame_count);
	for (unsigned int order = 0; order <= FH_ORDER_MAX; order++)
		frames->free_head[order] = PFN_NONE;
	spans_init(frames);
	reserved_init(frames);
	free_init(frames);
	return 0;
}

struct fh_page *fh_page_alloc(struct fh_frames *frames, unsigned int order, unsigned int flags)
{
	uint64_t pfn;
	uint64_t pa;

	if (order > FH_ORDER_MAX || (flags & ~FH_PAGE_ZERO)) {
		struct refusal refusal = {
			.code = FH_FAULT_ORDER,
			.value = order > FH_ORDER_MAX ? order : flags,
		};

		fh_page_refuse(frames, &refusal, __builtin_return_address(0));
		return NULL;
	}
	frames_lock(frames);
	pfn = fh_buddy_take(frames, order);
	frames_unlock(frames);
	if (pfn == PFN_NONE)
		return NULL;
	pa = pfn << frames->frame_lg2;
	if (flags & FH_PAGE_ZERO)
		arch_zero(frame_address(frames, pa), (size_t)block_bytes(frames, order));
	return handle_make(frames, pa, order, 0);
}

int fh_page_free(struct fh_frames *frames, struct fh_page *page)
{
	enum fh_fault_code code;
	struct block block;

	frames_lock(frames);
	code = fh_page_check_owned(frames, page, &block);
	if (code == FH_FAULT_NONE)
		fh_buddy_give(frames, block.span, block.first, block.order);
	frames_unlock(frames);
	if (code == FH_FAULT_NONE)
		return 0;
	if (code == FH_FAULT_STALE_HANDLE && block.state == FH_FRAME_FREE)
		code = FH_FAULT_DOUBLE_FREE;
	return fh_page_refuse_handle(frames, code, page, block.state, __builtin_return_address(0));
}

fh_phys_addr_t fh_page_into_phys(struct fh_frames *frames, struct fh_page *page)
{
	enum fh_fault_code code;
	struct block block;

	frames_lock(frames);
	code = fh_page_check_owned(frames, page, &block);
	if (code == FH_FAULT_NONE) {
		meta_set(block.span, block.first, meta_byte(FH_FRAME_HELD, block.order));
		count_move(frames, FH_FRAME_OWNED, FH_FRAME_HELD, frames_of(block.order));
	}
	frames_unlock(frames);
	if (code == FH_FAULT_NONE)
		return fh_phys(handle_pa(page));
	fh_page_refuse_handle(frames, code, page, block.state, __builtin_return_address(0));
	return FH_PHYS_INVALID;
}

/* Is this the first frame of a HELD block? */
static enum fh_fault_code check_held(const struct fh_frames *frames, fh_phys_addr_t pa,
				     struct block *block)
{
	uint64_t pfn = pa.raw >> frames->frame_lg2;

	*block = fh_frames_block_of(frames, pfn);
	if (!fh_is_aligned(pa.raw, block_bytes(frames, 0)))
		return FH_FAULT_UNALIGNED;
	switch (block->state) {
	case FH_FRAME_NONE:
		return FH_FAULT_NO_FRAME;
	case FH_FRAME_RESERVED:
		return FH_FAULT_RESERVED;
	case FH_FRAME_FREE:
	case FH_FRAME_OWNED:
		return FH_FAULT_NOT_HELD;
	case FH_FRAME_HELD:
		break;
	}
	return block->first == pfn ? FH_FAULT_NONE : FH_FAULT_TAIL;
}

struct fh_page *fh_page_from_phys(struct fh_frames *frames, fh_phys_addr_t pa)
{
	enum fh_fault_code code;
	struct block block;

	frames_lock(frames);
	code = check_held(frames, pa, &block);
	if (code == FH_FAULT_NONE) {
		meta_set(block.span, block.first, meta_byte(FH_FRAME_OWNED, block.order));
		count_move(frames, FH_FRAME_HELD, FH_FRAME_OWNED, frames_of(block.order));
	}
	frames_unlock(frames);
	if (code != FH_FAULT_NONE) {
		struct refusal refusal = {
			.code = code,
			.pa = pa.raw,
			.value = pa.raw,
			.state = block.state,
		};

		fh_page_refuse(frames, &refusal, __builtin_return_address(0));
		return NULL;
	}
	return handle_make(frames, pa.raw, block.order, 0);
}
