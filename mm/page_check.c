/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at a whole instance: statistics, marks of a scan, and the check of
 * every invariant that the metadata must hold.
 */
#include "lib/error.h"
#include "mm/page_priv.h"

#define MARKS_ALL ((1u << META_ORDER_WIDTH) - 1)

int fh_page_mark(struct fh_frames *frames, const struct fh_page *page, unsigned int marks)
{
	const void *caller = __builtin_return_address(0);
	enum fh_fault_code code = fh_page_check_handle(frames, page);
	struct block block = { .state = FH_FRAME_NONE };
	_Atomic(uint8_t) *meta;
	uint8_t before;

	if (marks > MARKS_ALL) {
		struct refusal refusal = { .code = FH_FAULT_ORDER, .value = marks };

		return fh_page_refuse(frames, &refusal, caller);
	}
	if (code == FH_FAULT_NONE) {
		block = fh_frames_block_of(frames, handle_pa(page) >> frames->frame_lg2);
		if (!handle_is_borrowed(page) || block.state != FH_FRAME_RESERVED)
			code = FH_FAULT_BAD_HANDLE;
	}
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, page, block.state, caller);
	meta = &block.span->meta[block.first - block.span->first];
	before = atomic_fetch_or_explicit(meta, meta_byte(FH_FRAME_RESERVED, marks),
					  memory_order_relaxed);
	return (int)meta_order(before);
}

void fh_frames_clear_marks(struct fh_frames *frames)
{
	const struct fh_memmap *map = frames->config.map;

	for (size_t i = 0; i < map->range_count; i++) {
		const struct fh_memmap_range *range = &map->range[i];
		uint64_t pfn = range->base.raw >> map->frame_lg2;
		const struct fh_frames_span *span;

		if (range->kind != FH_MEM_RESERVED)
			continue;
		span = fh_frames_span_of(frames, pfn);
		for (uint64_t n = range->size >> map->frame_lg2; n > 0; n--)
			meta_set(span, pfn++, meta_byte(FH_FRAME_RESERVED, 0));
	}
}

int fh_frames_walk(const struct fh_frames *frames,
		   int (*visit)(void *ctx, fh_phys_addr_t pa, unsigned int order,
				enum fh_frame_state state),
		   void *ctx)
{
	for (size_t s = 0; s < frames->span_count; s++) {
		const struct fh_frames_span *span = &frames->span[s];
		uint64_t pfn = span->first;

		while (pfn - span->first < span->count) {
			uint8_t meta = meta_get(span, pfn);
			enum fh_frame_state state = meta_state(meta);
			bool is_block = state == FH_FRAME_FREE || state == FH_FRAME_OWNED ||
					state == FH_FRAME_HELD;
			int err = 0;

			if (state == FH_FRAME_OWNED || state == FH_FRAME_HELD)
				err = visit(ctx, fh_phys(pfn << frames->frame_lg2),
					    meta_order(meta), state);
			if (err)
				return err;
			pfn += is_block ? UINT64_C(1) << meta_order(meta) : 1;
		}
	}
	return 0;
}

static uint64_t counted(const struct fh_frames *frames, enum fh_frame_state state)
{
	return atomic_load_explicit(&frames->count[state], memory_order_relaxed);
}

void fh_frames_stats(const struct fh_frames *frames, struct fh_frames_stats *stats)
{
	*stats = (struct fh_frames_stats){
		.free = counted(frames, FH_FRAME_FREE),
		.owned = counted(frames, FH_FRAME_OWNED),
		.held = counted(frames, FH_FRAME_HELD),
		.reserved = counted(frames, FH_FRAME_RESERVED),
		.refusals = atomic_load_explicit(&frames->refusals, memory_order_relaxed),
		.metadata_bytes = frames->span_count * sizeof(*frames->span),
	};
	for (size_t i = 0; i < frames->span_count; i++)
		stats->frames += frames->span[i].count;
	stats->metadata_bytes += stats->frames;
}

/* What a walk over the metadata counts. */
struct census {
	const struct fh_frames *frames;
	uint64_t count[FH_FRAME_RESERVED + 1];	/* frames of each state */
	uint64_t free_blocks[FH_ORDER_MAX + 1]; /* blocks of each order */
};

static const char *check_spans(const struct fh_frames *frames)
{
	struct fh_frames_run run;
	size_t at = 0;

	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];

		if (!fh_frames_next_run(frames->config.map, &at, false, &run))
			return "every span is RAM of the map";
		if (span->first != run.first || span->count != run.end - run.first)
			return "every span is one run of RAM in the map";
	}
	if (fh_frames_next_run(frames->config.map, &at, false, &run))
		return "every run of RAM in the map has a span";
	return NULL;
}

static bool map_reserved(const struct fh_frames *frames, uint64_t pfn)
{
	fh_phys_addr_t pa = fh_phys(pfn << frames->frame_lg2);

	return fh_memmap_classify(frames->config.map, pa).kind == FH_MEM_RESERVED;
}

static bool buddy_is_free_too(const struct fh_frames_span *span, uint64_t pfn, unsigned int order)
{
	uint64_t buddy = pfn ^ frames_of(order);

	return order < FH_ORDER_MAX && buddy - span->first < span->count &&
	       meta_get(span, buddy) == meta_byte(FH_FRAME_FREE, order);
}

/* A block of several frames or one; *@next is the frame behind it. */
static const char *check_block(struct census *census, const struct fh_frames_span *span,
			       uint64_t *next)
{
	uint64_t pfn = *next;
	uint8_t meta = meta_get(span, pfn);
	enum fh_frame_state state = meta_state(meta);
	unsigned int order = meta_order(meta);

	if (state == FH_FRAME_NONE || state > FH_FRAME_RESERVED)
		return "every frame lies in a block that has a state";
	if ((state == FH_FRAME_RESERVED) != map_reserved(census->frames, pfn))
		return "the frames that the map calls reserved, and only they, are RESERVED";
	if (state == FH_FRAME_RESERVED)
		order = 0;
	if (order > FH_ORDER_MAX || !fh_is_aligned(pfn, frames_of(order)))
		return "every block is naturally aligned";
	if (frames_of(order) > span->count - (pfn - span->first))
		return "every block lies in one span";
	for (uint64_t tail = pfn + 1; tail < pfn + frames_of(order); tail++) {
		if (meta_get(span, tail) != META_TAIL)
			return "no two blocks overlap";
		if (map_reserved(census->frames, tail))
			return "no reserved frame lies in a block";
	}
	if (state == FH_FRAME_FREE) {
		if (buddy_is_free_too(span, pfn, order))
			return "no two free buddies stay apart";
		census->free_blocks[order]++;
	}
	census->count[state] += frames_of(order);
	*next = pfn + frames_of(order);
	return NULL;
}

static const char *check_metadata(struct census *census)
{
	const struct fh_frames *frames = census->frames;

	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		uint64_t pfn = span->first;

		while (pfn - span->first < span->count) {
			const char *broken = check_block(census, span, &pfn);

			if (broken)
				return broken;
		}
	}
	for (unsigned int state = FH_FRAME_FREE; state <= FH_FRAME_RESERVED; state++)
		if (census->count[state] != counted(frames, (enum fh_frame_state)state))
			return "the counters equal what is counted";
	return NULL;
}

/* A node is looked at only where the metadata says that there is one, so that junk is safe. */
static const char *check_list(const struct census *census, unsigned int order)
{
	const struct fh_frames *frames = census->frames;
	uint64_t previous = PFN_NONE;
	uint64_t blocks = 0;
	uint64_t pfn = frames->free_head[order];

	while (pfn != PFN_NONE) {
		const struct fh_frames_span *span = fh_frames_span_of(frames, pfn);
		const struct free_node *node;

		if (!span || meta_get(span, pfn) != meta_byte(FH_FRAME_FREE, order))
			return "only free blocks are on the list of their order";
		node = frame_address(frames, pfn << frames->frame_lg2);
		/* Also ends a walk in circles: a block that was met has another one before it. */
		if (node->previous != previous)
			return "the links of a free list agree";
		previous = pfn;
		pfn = node->next;
		blocks++;
	}
	if (blocks != census->free_blocks[order])
		return "all free blocks are on the list of their order";
	return NULL;
}

const char *fh_frames_check(const struct fh_frames *frames)
{
	struct census census = { .frames = frames };
	const char *broken = check_spans(frames);

	if (!broken)
		broken = check_metadata(&census);
	for (unsigned int order = 0; !broken && order <= FH_ORDER_MAX; order++)
		broken = check_list(&census, order);
	return broken;
}

#ifdef FH_TEST_HOOKS
void fh_frames_fail_after(struct fh_frames *frames, uint64_t count)
{
	frames_lock(frames);
	/* UINT64_MAX becomes 0, which is never. */
	frames->fail_after = count + 1;
	frames_unlock(frames);
}
#endif
