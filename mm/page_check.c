/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at a whole instance: statistics, a walk over all blocks, and the check of every
 * invariant that the metadata must hold.
 */
#include "mm/page_harden.h"
#include "mm/page_priv.h"

/* The frame behind whatever lies at @pfn: a block, a chunk that is free, what has no region yet. */
static uint64_t walk_step(const struct fh_frames_span *span, uint64_t pfn,
			  const struct block *block)
{
	uint64_t chunks;

	if (block->state == FH_FRAME_OWNED || block->state == FH_FRAME_HELD)
		return block->first + frames_of(block->order);
	if (pfn - span->base >= atomic_load_explicit(&span->ready, memory_order_acquire))
		return span->end;
	chunks = word_load(&span->chunk_word[region_index(span, pfn)]);
	if (code_at(chunks, chunk_in_region(pfn), CHUNK_BITS) == CODE_FREE)
		return fh_align_down(pfn, CHUNK_FRAMES) + CHUNK_FRAMES;
	return pfn + 1;
}

int fh_frames_walk(const struct fh_frames *frames,
		   int (*visit)(void *ctx, fh_phys_addr_t pa, unsigned int order,
				enum fh_frame_state state),
		   void *ctx)
{
	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		uint64_t pfn = span->first;

		while (pfn < span->end) {
			struct block block = fh_frames_block_of(frames, pfn);
			bool ours = block.state == FH_FRAME_OWNED || block.state == FH_FRAME_HELD;
			int err = 0;

			/* Met in its middle, it was made while we walked. */
			if (ours && block.first == pfn)
				err = visit(ctx, fh_phys(pfn << frames->frame_lg2), block.order,
					    block.state);
			if (err)
				return err;
			pfn = walk_step(span, pfn, &block);
		}
	}
	return 0;
}

void fh_frames_stats(const struct fh_frames *frames, struct fh_frames_stats *stats)
{
	uint64_t taken = 0;
	uint64_t held = 0;

	/* Freed first: what is freed between the two sums looks owned, and nothing looks negative.
	 */
	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++)
		taken -= count_get(&frames->cpu[cpu].freed);
	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++) {
		held += count_get(&frames->cpu[cpu].held);
		taken += count_get(&frames->cpu[cpu].taken);
	}
	*stats = (struct fh_frames_stats){
		.frames = frames->usable_count + frames->reserved_count,
		.free = frames->usable_count - taken,
		.owned = taken - held,
		.held = held,
		.reserved = frames->reserved_count,
		.refusals = atomic_load_explicit(&frames->refusals, memory_order_relaxed),
		.quarantined = atomic_load_explicit(&frames->quarantined, memory_order_relaxed),
		.metadata_bytes = fh_frames_metadata_used(frames->config.map),
	};
}

/* What a walk over the metadata counts. */
struct census {
	const struct fh_frames *frames;
	uint64_t count[FH_FRAME_RESERVED + 1]; /* frames of each state */
};

static enum fh_mem_kind map_kind(const struct fh_frames *frames, uint64_t pfn)
{
	return fh_memmap_classify(frames->config.map, fh_phys(pfn << frames->frame_lg2)).kind;
}

static bool frame_is_ram(const struct fh_frames *frames, uint64_t pfn)
{
	enum fh_mem_kind kind = map_kind(frames, pfn);

	return kind == FH_MEM_USABLE || kind == FH_MEM_RESERVED;
}

static const char *check_spans(const struct fh_frames *frames)
{
	uint64_t ram = 0;
	struct fh_frames_run run;
	size_t at = 0;

	while (fh_frames_next_run(frames->config.map, &at, false, &run)) {
		ram += run.end - run.first;
		for (uint64_t pfn = run.first; pfn < run.end;) {
			const struct fh_frames_span *span = fh_frames_span_of(frames, pfn);

			if (!span || span->numa != run.numa)
				return "every run of RAM in the map lies in spans of its node";
			pfn = span->end < run.end ? span->end : run.end;
		}
	}
	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];

		if (!frame_is_ram(frames, span->first) || !frame_is_ram(frames, span->end - 1) ||
		    (i > 0 && span[-1].end > span->first))
			return "every span begins and ends with RAM";
	}
	if (ram != frames->usable_count + frames->reserved_count)
		return "the counters equal what is counted";
	return NULL;
}

/* Units of one word of codes, from @first on; the map decides about each frame of a unit. */
struct units {
	uint64_t first; /* frame number */
	unsigned int bits;
	unsigned int frame_order; /* frames of a unit */
	bool others;		  /* HELD may mean that it is not ours */
};

/* All frames of [@pfn, @end) are usable, or none is. Their span ends with RAM, says check_spans().
 */
static bool all_usable(const struct fh_frames *frames, uint64_t pfn, uint64_t end, bool usable)
{
	while (pfn < end) {
		const struct fh_memmap *map = frames->config.map;
		const struct fh_memmap_range *range = &map->range[fh_frames_range_at(map, pfn)];

		if (range->base.raw >> map->frame_lg2 > pfn) {
			if (usable)
				return false;
			pfn = range->base.raw >> map->frame_lg2;
			continue;
		}
		if ((range->kind == FH_MEM_USABLE) != usable)
			return false;
		pfn = ((range->base.raw + (range->size - 1)) >> map->frame_lg2) + 1;
	}
	return true;
}

/* Nothing else stands in a block's units of its first word. */
static bool tails_only(uint64_t word, unsigned int unit, unsigned int order, unsigned int bits)
{
	unsigned int word_order = code_word_order(bits);
	unsigned int code = code_at(word, unit, bits);

	if (order >= word_order)
		return word == code_large(code, order - word_order, bits);
	return ((word >> (unit * bits)) & (FH_BIT(bits << order) - 1)) == code;
}

static const char *check_units(struct census *census, const struct fh_frames_span *span,
			       const struct units *units, uint64_t word, unsigned int *covered)
{
	unsigned int count = 1u << code_word_order(units->bits);

	for (unsigned int unit = 0; unit < count;) {
		uint64_t pfn = units->first + ((uint64_t)unit << units->frame_order);
		unsigned int code = code_at(word, unit, units->bits);
		unsigned int order = 0;
		uint64_t end;
		bool ours;

		/* What is left of a large block that began in a word before. */
		if (*covered) {
			if (word != 0)
				return "no two blocks overlap";
			--*covered;
			return NULL;
		}
		if (code == CODE_TAIL)
			return "every frame lies in a block that has a state";
		if (code_is_head(code)) {
			order = code_order(word, unit, units->bits);
			if (!tails_only(word, unit, order, units->bits))
				return "no two blocks overlap";
		}
		end = pfn + (frames_of(order) << units->frame_order);
		if (code > CODE_MIXED && code != CODE_OTHER)
			return "every code is one that exists";
		if ((code == CODE_SPLIT || code == CODE_MIXED) &&
		    (end <= span->first || pfn >= span->end))
			return "every chunk that is split has frames";
		ours = code == CODE_FREE || code_is_head(code);
		if (units->others && code == CODE_HELD &&
		    (pfn < span->first || pfn >= span->end ||
		     map_kind(census->frames, pfn) != FH_MEM_USABLE)) {
			ours = false;
			order = 0;
			end = pfn + 1;
		}
		if (ours && (pfn < span->first || end > span->end))
			return "every block lies in one span";
		if (code != CODE_SPLIT && code != CODE_MIXED &&
		    !all_usable(census->frames, pfn < span->first ? span->first : pfn,
				end > span->end ? span->end : end, ours))
			return "the frames that the map calls usable, and only they, are ours";
		if (ours)
			census->count[code == CODE_FREE	   ? FH_FRAME_FREE
				      : code == CODE_OWNED ? FH_FRAME_OWNED
							   : FH_FRAME_HELD] += end - pfn;
		if (order > code_word_order(units->bits))
			*covered = (1u << (order - code_word_order(units->bits))) - 1;
		unit += order >= code_word_order(units->bits) ? count : 1u << order;
	}
	return NULL;
}

static const char *check_frames(struct census *census, const struct fh_frames_span *span,
				uint64_t chunk_pfn, unsigned int code)
{
	bool split = code == CODE_SPLIT || code == CODE_MIXED;
	struct units units = { .bits = FRAME_BITS, .others = code == CODE_MIXED };
	unsigned int covered = 0;
	unsigned int orders = orders_get(chunk_hints(span, chunk_pfn).orders);

	if (orders > (ORDERS_ALL | 1u << ORDER_CHANGED) || (orders && !split))
		return "hints name orders that exist";
	for (unsigned int i = 0; i < CHUNK_WORDS; i++) {
		uint64_t word = word_load(frame_word_of(span, chunk_pfn) + i);
		const char *broken = NULL;

		units.first = chunk_pfn + ((uint64_t)i << WORD_ORDER);
		if (!split && word != 0)
			broken = "frames have codes of their own only where their chunk is split";
		if (split)
			broken = check_units(census, span, &units, word, &covered);
		if (broken)
			return broken;
	}
	return covered ? "every block lies in its chunk" : NULL;
}

static const char *check_region(struct census *census, const struct fh_frames_span *span,
				uint64_t region, unsigned int *covered)
{
	uint64_t word = word_load(&span->chunk_word[region]);
	struct units units = {
		.first = (span->region_first + region) << REGION_ORDER,
		.bits = CHUNK_BITS,
		.frame_order = CHUNK_ORDER,
	};
	const char *broken = check_units(census, span, &units, word, covered);

	for (unsigned int chunk = 0; !broken && chunk < REGION_CHUNKS; chunk++) {
		uint64_t pfn = units.first + ((uint64_t)chunk << CHUNK_ORDER);

		if (pfn >= span->base && pfn < span->end)
			broken = check_frames(census, span, pfn,
					      code_is_large(word, CHUNK_BITS)
						  ? CODE_TAIL
						  : code_at(word, chunk, CHUNK_BITS));
		else if (orders_get(chunk_hints(span, pfn).orders))
			broken = "hints name orders that exist";
	}
	return broken;
}

/* What no region covers yet is free where it is usable. */
static uint64_t usable_beyond(const struct fh_frames *frames, const struct fh_frames_span *span)
{
	uint64_t ready = span->base + count_get(&span->ready);
	struct fh_frames_run run;
	uint64_t count = 0;
	size_t at = 0;

	while (fh_frames_next_run(frames->config.map, &at, true, &run)) {
		uint64_t first = run.first > ready ? run.first : ready;
		uint64_t end = run.end < span->end ? run.end : span->end;

		if (run.end > span->first && first < end)
			count += end - (first > span->first ? first : span->first);
	}
	return count;
}

static const char *check_metadata(struct census *census)
{
	const struct fh_frames *frames = census->frames;
	struct fh_frames_stats stats;

	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		unsigned int covered = 0;

		for (uint64_t region = 0; region < span_regions(span); region++) {
			const char *broken = check_region(census, span, region, &covered);

			if (broken)
				return broken;
		}
		if (covered)
			return "every block lies in one span";
		census->count[FH_FRAME_FREE] += usable_beyond(frames, span);
	}
	fh_frames_stats(frames, &stats);
	if (stats.free != census->count[FH_FRAME_FREE] ||
	    stats.owned != census->count[FH_FRAME_OWNED] ||
	    stats.held != census->count[FH_FRAME_HELD])
		return "the counters equal what is counted";
	return NULL;
}

const char *fh_frames_check(const struct fh_frames *frames)
{
	struct census census = { .frames = frames };
	const char *broken = check_spans(frames);

	if ((uint32_t)atomic_load_explicit(&frames->motion, memory_order_acquire) != 0)
		return "no block is on its way from one state to another";
	if (!broken)
		broken = check_metadata(&census);
	return broken ? broken : fh_harden_check(frames);
}

#ifdef FH_TEST_HOOKS
void fh_frames_fail_after(struct fh_frames *frames, uint64_t count)
{
	/* UINT64_MAX becomes 0, which is never. */
	atomic_store(&frames->fail_after, count + 1);
}
#endif
