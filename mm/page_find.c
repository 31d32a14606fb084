/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a request is met. For blocks smaller than a chunk, in this order:
 *
 *   the chunk where this CPU found the last one
 *   in each span, from the highest, what is nobody's region or this CPU's:
 *       the lowest chunk that is split already and may hold it     (so that whole ones stay whole)
 *       the lowest chunk that is free; another region is initialised when there is none
 *   the same in other CPUs' regions
 *   every chunk, whatever the hints say
 *
 * Larger ones take free chunks, lowest first; when there are none, split chunks that are free
 * are merged first, also those that some CPU still keeps for itself.
 */
#include "mm/page_priv.h"

/* Rounds of looking at all codes while other CPUs move free frames about. */
#define ROUNDS_MAX 1000u

#define LANES UINT64_C(0x0101010101010101)

/* Of eight hints, those that are @least or more (1 to 128): bit 7 of their bytes. */
static uint64_t fits_least(const union fits *fits, unsigned int least)
{
	uint64_t word = atomic_load_explicit(&fits->word, memory_order_relaxed);

	return (word + LANES * (0x80 - least)) & (LANES * 0x80);
}

static unsigned int lane_of(uint64_t matches)
{
	return (unsigned int)__builtin_ctzll(matches) / 8;
}

static bool region_is_ours(const struct fh_frames_span *span, uint64_t region)
{
	unsigned int cpu = hint_get(&span->region[region].cpu);

	return cpu == 0 || cpu == cpu_id() + 1;
}

/* Nothing but the order is asked for, so that what is not found is not there. */
static bool want_is_plain(const struct want *want)
{
	return want->align == want->order && want->end == UINT64_MAX && want->numa == FH_NUMA_NONE;
}

static void hint_lower(_Atomic(uint8_t) *hint, const struct want *want)
{
	if (want_is_plain(want) && hint_get(hint) > want->order)
		hint_set(hint, want->order);
}

/* From now on this CPU looks here first. */
static void settle(struct fh_frames *frames, struct fh_frames_span *span, uint64_t pfn)
{
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	uint64_t chunk = fh_align_down(pfn, CHUNK_FRAMES);
	_Atomic(uint8_t) *owner = &span->region[region_index(span, pfn)].cpu;

	cpu->word = frame_word_of(span, pfn);
	cpu->word_pfn = fh_align_down(pfn, frames_of(WORD_ORDER));
	if (hint_get(owner) == 0)
		hint_set(owner, cpu_id() + 1);
	if (cpu->chunk == chunk)
		return;
	/* The one that it leaves may be free by now, and nobody kept it together. */
	if (cpu->chunk != PFN_NONE && fh_chunk_merge(frames, cpu->chunk_span, cpu->chunk))
		fh_frames_chunk_freed(cpu->chunk_span, cpu->chunk);
	cpu->chunk_span = span;
	cpu->chunk = chunk;
}

static uint64_t find_in_region(struct fh_frames *frames, struct fh_frames_span *span,
			       uint64_t region, const struct want *want)
{
	uint64_t first = (span->region_first + region) << REGION_ORDER;

	for (unsigned int group = 0; group < REGION_CHUNKS / 8; group++) {
		uint64_t matches = fits_least(&span->region[region].fit[group], want->order + 1);

		for (; matches; matches &= matches - 1) {
			unsigned int chunk = group * 8 + lane_of(matches);
			uint64_t chunk_pfn = first + ((uint64_t)chunk << CHUNK_ORDER);
			uint64_t pfn = fh_block_take(frames, span, chunk_pfn, want);

			if (pfn != PFN_NONE)
				return pfn;
			hint_lower(chunk_fit(span, chunk_pfn), want);
		}
	}
	hint_lower(region_fit(span, region), want);
	return PFN_NONE;
}

static uint64_t find_split(struct fh_frames *frames, struct fh_frames_span *span,
			   const struct want *want, bool ours)
{
	uint64_t regions = span_regions(span);

	for (uint64_t group = 0; group * 8 < regions; group++) {
		uint64_t matches = fits_least(&span->fit[group], want->order + 1);

		for (; matches; matches &= matches - 1) {
			uint64_t region = group * 8 + lane_of(matches);
			uint64_t pfn;

			if (region >= regions || (ours && !region_is_ours(span, region)))
				continue;
			pfn = find_in_region(frames, span, region, want);
			if (pfn != PFN_NONE)
				return pfn;
		}
	}
	return PFN_NONE;
}

/* One more region, if it may hold what is wanted. */
static bool extend(struct fh_frames *frames, struct fh_frames_span *span, const struct want *want)
{
	return span->base + count_get(&span->ready) < want->end && fh_frames_extend(frames, span);
}

static uint64_t find_whole(struct fh_frames *frames, struct fh_frames_span *span,
			   const struct want *want, bool ours)
{
	uint64_t region = count_get(&span->whole_from);
	bool none_before = true;

	do {
		for (; region < span_regions(span); region++) {
			uint64_t word = word_load(&span->chunk_word[region]);
			uint64_t pfn;

			if (!code_free_units(word, CHUNK_BITS))
				continue;
			if (none_before)
				atomic_store_explicit(&span->whole_from, region,
						      memory_order_relaxed);
			none_before = false;
			if (ours && !region_is_ours(span, region))
				continue;
			pfn = fh_block_take_splitting(frames, span, region, want);
			if (pfn == PFN_NONE)
				continue;
			hint_set(chunk_fit(span, pfn), CHUNK_ORDER);
			hint_raise(region_fit(span, region), CHUNK_ORDER);
			return pfn;
		}
	} while (extend(frames, span, want));
	if (none_before)
		atomic_store_explicit(&span->whole_from, region, memory_order_relaxed);
	return PFN_NONE;
}

static bool span_suits(const struct fh_frames_span *span, const struct want *want)
{
	return span->first < want->end && (want->numa == FH_NUMA_NONE || want->numa == span->numa);
}

static uint64_t find_by_hints(struct fh_frames *frames, const struct want *want, bool ours)
{
	uint64_t pfn = PFN_NONE;

	for (size_t i = frames->span_count; pfn == PFN_NONE && i-- > 0;) {
		struct fh_frames_span *span = &frames->span[i];

		if (!span_suits(span, want))
			continue;
		pfn = find_split(frames, span, want, ours);
		if (pfn == PFN_NONE)
			pfn = find_whole(frames, span, want, ours);
		if (pfn != PFN_NONE && want_is_plain(want))
			settle(frames, span, pfn);
	}
	return pfn;
}

/* A visit to every chunk whose frames have codes. PFN_NONE goes on. */
typedef uint64_t visit_chunk(struct fh_frames *frames, struct fh_frames_span *span,
			     uint64_t chunk_pfn, const struct want *want);

static uint64_t each_split_chunk(struct fh_frames *frames, const struct want *want,
				 visit_chunk *visit)
{
	for (size_t i = frames->span_count; i-- > 0;) {
		struct fh_frames_span *span = &frames->span[i];
		uint64_t chunks = span_suits(span, want) ? span_regions(span) * REGION_CHUNKS : 0;

		for (uint64_t chunk = 0; chunk < chunks; chunk++) {
			uint64_t word = word_load(&span->chunk_word[chunk / REGION_CHUNKS]);
			unsigned int code = code_at(word, chunk % REGION_CHUNKS, CHUNK_BITS);
			uint64_t pfn =
			    (span->region_first << REGION_ORDER) + (chunk << CHUNK_ORDER);

			if (code != CODE_SPLIT && code != CODE_MIXED)
				continue;
			pfn = visit(frames, span, pfn, want);
			if (pfn != PFN_NONE)
				return pfn;
		}
	}
	return PFN_NONE;
}

static uint64_t visit_take(struct fh_frames *frames, struct fh_frames_span *span,
			   uint64_t chunk_pfn, const struct want *want)
{
	uint64_t pfn = fh_block_take(frames, span, chunk_pfn, want);

	if (pfn != PFN_NONE) {
		/* The hints had been wrong. */
		hint_set(chunk_fit(span, pfn), CHUNK_ORDER);
		hint_set(region_fit(span, region_index(span, pfn)), CHUNK_ORDER);
	}
	return pfn;
}

static uint64_t visit_merge(struct fh_frames *frames, struct fh_frames_span *span,
			    uint64_t chunk_pfn, const struct want *want)
{
	(void)want;
	if (fh_chunk_merge(frames, span, chunk_pfn))
		fh_frames_chunk_freed(span, chunk_pfn);
	return PFN_NONE;
}

static uint64_t find_chunks(struct fh_frames *frames, const struct want *want)
{
	for (size_t i = frames->span_count; i-- > 0;) {
		struct fh_frames_span *span = &frames->span[i];
		uint64_t pfn;

		if (!span_suits(span, want))
			continue;
		do {
			pfn =
			    fh_block_take_chunks(frames, span, count_get(&span->whole_from), want);
			if (pfn != PFN_NONE)
				return pfn;
		} while (extend(frames, span, want));
	}
	return PFN_NONE;
}

/* By the codes alone. */
static uint64_t find_anywhere(struct fh_frames *frames, const struct want *want)
{
	uint64_t pfn;

	for (size_t i = 0; i < frames->span_count; i++)
		atomic_store_explicit(&frames->span[i].whole_from, 0, memory_order_relaxed);
	if (want->order < CHUNK_ORDER) {
		pfn = each_split_chunk(frames, want, visit_take);
		return pfn != PFN_NONE ? pfn : find_by_hints(frames, want, false);
	}
	each_split_chunk(frames, want, visit_merge);
	return find_chunks(frames, want);
}

/*
 * What changes when free frames move, or become free, behind the back of somebody who looks at
 * all of them in turn. Who frees and then allocates has counted the one before the other is seen
 * (word_cas() releases).
 */
struct glance {
	uint64_t motion;
	uint64_t freed;
};

static struct glance glance(const struct fh_frames *frames)
{
	struct glance now = {
		.motion = atomic_load_explicit(&frames->motion, memory_order_acquire),
	};

	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++)
		now.freed += count_get(&frames->cpu[cpu].freed);
	return now;
}

static bool moved_since(const struct fh_frames *frames, struct glance before)
{
	struct glance now = glance(frames);

	return now.motion != before.motion || (uint32_t)now.motion != 0 ||
	       now.freed != before.freed;
}

uint64_t fh_frames_find(struct fh_frames *frames, const struct want *want)
{
	uint64_t pfn = PFN_NONE;

	if (want->order >= CHUNK_ORDER) {
		pfn = find_chunks(frames, want);
	} else {
		const struct fh_frames_cpu *cpu = frames_cpu(frames);

		if (cpu->chunk != PFN_NONE && want_is_plain(want) &&
		    hint_get(chunk_fit(cpu->chunk_span, cpu->chunk)) > want->order) {
			pfn = fh_block_take(frames, cpu->chunk_span, cpu->chunk, want);
			if (pfn != PFN_NONE)
				settle(frames, cpu->chunk_span, pfn);
			else
				hint_lower(chunk_fit(cpu->chunk_span, cpu->chunk), want);
		}
		if (pfn == PFN_NONE)
			pfn = find_by_hints(frames, want, true);
		if (pfn == PFN_NONE)
			pfn = find_by_hints(frames, want, false);
	}
	for (unsigned int round = 0; pfn == PFN_NONE && round < ROUNDS_MAX; round++) {
		struct glance before = glance(frames);

		pfn = find_anywhere(frames, want);
		if (pfn == PFN_NONE && !moved_since(frames, before))
			break;
	}
	return pfn;
}

void fh_frames_chunk_freed(struct fh_frames_span *span, uint64_t pfn)
{
	uint64_t region = region_index(span, pfn);

	hint_set(chunk_fit(span, pfn), 0);
	if (count_get(&span->whole_from) > region)
		atomic_store_explicit(&span->whole_from, region, memory_order_relaxed);
}

/* The order that a free word has become part of, CHUNK_ORDER for all of the chunk. */
static unsigned int words_free_order(const _Atomic(uint64_t) *word, unsigned int at)
{
	unsigned int order = WORD_ORDER;

	for (unsigned int count = 1; count < CHUNK_WORDS; count *= 2) {
		unsigned int buddy = (at ^ count) & ~(count - 1);

		for (unsigned int i = buddy; i < buddy + count; i++)
			if (count_get(&word[i]) != code_ones(FRAME_BITS))
				return order;
		order++;
	}
	return order;
}

void fh_frames_freed(struct fh_frames *frames, struct fh_frames_span *span, uint64_t pfn,
		     unsigned int order)
{
	const struct fh_frames_cpu *cpu = frames_cpu(frames);
	uint64_t chunk = fh_align_down(pfn, CHUNK_FRAMES);

	if (order >= CHUNK_ORDER) {
		fh_frames_chunk_freed(span, pfn);
		return;
	}
	if (order >= WORD_ORDER) {
		/*
		 * The chunk that this CPU allocates from stays as it is: a page that is allocated
		 * and freed again and again would split and merge it every time.
		 */
		if (cpu->chunk == chunk)
			order = CHUNK_ORDER - 1;
		else
			order = words_free_order(frame_word_of(span, chunk),
						 (unsigned int)((pfn - chunk) >> WORD_ORDER));
		if (order == CHUNK_ORDER) {
			if (fh_chunk_merge(frames, span, chunk)) {
				fh_frames_chunk_freed(span, chunk);
				return;
			}
			order--;
		}
	}
	hint_raise(chunk_fit(span, pfn), order + 1);
	hint_raise(region_fit(span, region_index(span, pfn)), order + 1);
}
