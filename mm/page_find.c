/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a request is met. For blocks smaller than a chunk, in this order:
 *
 *   in each span, from the highest, what is nobody's region or this CPU's:
 *       of the chunks that are split, the smallest free block that is large enough, and of
 *       several the lowest                                         (so that large ones stay large)
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

/* Nothing but the order is asked for. */
static bool want_is_plain(const struct want *want)
{
	return want->align == want->order && want->end == UINT64_MAX && want->numa == FH_NUMA_NONE;
}

/* From now on this CPU takes single frames from this word. */
static void settle(struct fh_frames *frames, struct fh_frames_span *span, uint64_t pfn)
{
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	uint64_t left = cpu->chunk;

	fh_page_leave_word(frames);
	cpu->word = frame_word_of(span, pfn);
	cpu->word_span = span;
	cpu->word_pfn = fh_align_down(pfn, frames_of(WORD_ORDER));
	cpu->guess = word_load(cpu->word);
	cpu->chunk = fh_align_down(pfn, CHUNK_FRAMES);
	/* The chunk that it left may be free by now, and was kept together for this CPU alone. */
	if (left != PFN_NONE && left != cpu->chunk && fh_chunk_merge(frames, cpu->chunk_span, left))
		fh_hints_chunk_freed(cpu->chunk_span, left);
	cpu->chunk_span = span;
}

/* From the lowest chunk of a region that holds it. */
static uint64_t find_in_region(struct fh_frames *frames, struct fh_frames_span *span,
			       uint64_t region, const struct want *want, unsigned int from)
{
	unsigned int chunks = orders_get(&span->region[region].fit[from]);

	for (; chunks; chunks &= chunks - 1) {
		uint64_t chunk = (span->region_first + region) * REGION_CHUNKS +
				 (unsigned int)__builtin_ctz(chunks);
		uint64_t pfn = fh_hints_take(frames, span, chunk << CHUNK_ORDER, want->order, from);

		if (pfn != PFN_NONE)
			return pfn;
		fh_hints_none_in_chunk(span, chunk << CHUNK_ORDER, from);
	}
	return PFN_NONE;
}

/* From the lowest chunk that has a block of the order @from, or of a larger one of its class. */
static uint64_t find_in_class(struct fh_frames *frames, struct fh_frames_span *span,
			      const struct want *want, unsigned int from, unsigned int mark)
{
	const struct group *group = &span->group[mark * span->group_count];
	uint64_t groups = (span_regions(span) + GROUP_REGIONS - 1) / GROUP_REGIONS;

	for (uint64_t g = 0; g < groups; g++) {
		uint64_t regions = count_get(&group[g].fit[from]);

		for (; regions; regions &= regions - 1) {
			uint64_t region =
			    g * GROUP_REGIONS + (unsigned int)__builtin_ctzll(regions);
			uint64_t pfn = PFN_NONE;

			/* Else another CPU has it now. */
			if (region_cpu(&span->region[region]) == mark)
				pfn = find_in_region(frames, span, region, want, from);
			if (pfn != PFN_NONE)
				return pfn;
			fh_hints_none_in_region(span, mark, region, from);
		}
	}
	return PFN_NONE;
}

/* In chunks that are split, in the regions of a CPU (@mark - 1) or of nobody (0). */
static uint64_t find_split(struct fh_frames *frames, struct fh_frames_span *span,
			   const struct want *want, unsigned int mark)
{
	uint64_t pfn = PFN_NONE;

	for (unsigned int from = want->order; pfn == PFN_NONE && from < CHUNK_ORDER;
	     from = class_last(from) + 1)
		pfn = find_in_class(frames, span, want, from, mark);
	return pfn;
}

/* One more region, if it may hold what is wanted. */
static bool extend(struct fh_frames *frames, struct fh_frames_span *span, const struct want *want)
{
	return span->base + count_get(&span->ready) < want->end && fh_frames_extend(frames, span);
}

/* @marks: whose regions, a bit each. */
static uint64_t find_whole(struct fh_frames *frames, struct fh_frames_span *span,
			   const struct want *want, uint64_t marks)
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
			if (!(marks >> region_cpu(&span->region[region]) & 1))
				continue;
			pfn = fh_block_take_splitting(frames, span, region, want);
			if (pfn == PFN_NONE)
				continue;
			fh_hints_own_region(span, pfn);
			/* But for the word where it settles. */
			fh_hints_renew(span, pfn, 0xfffe);
			settle(frames, span, pfn);
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

/* Among the regions of the CPUs in @marks, of which @first is searched first. */
static uint64_t find_by_hints(struct fh_frames *frames, const struct want *want, unsigned int first,
			      uint64_t marks)
{
	uint64_t pfn = PFN_NONE;

	for (size_t i = frames->span_count; pfn == PFN_NONE && i-- > 0;) {
		struct fh_frames_span *span = &frames->span[i];

		pfn = find_split(frames, span, want, first);
		for (unsigned int mark = 0; pfn == PFN_NONE && mark <= FH_CPU_MAX; mark++)
			if (mark != first && (marks >> mark & 1))
				pfn = find_split(frames, span, want, mark);
		if (pfn == PFN_NONE) {
			pfn = find_whole(frames, span, want, marks);
		} else {
			fh_hints_own_region(span, pfn);
			if (want->order == 0)
				settle(frames, span, pfn);
		}
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
		/* The hints may have been wrong. */
		fh_hints_renew(span, chunk_pfn, 0xffff);
	}
	return pfn;
}

static uint64_t visit_merge(struct fh_frames *frames, struct fh_frames_span *span,
			    uint64_t chunk_pfn, const struct want *want)
{
	(void)want;
	if (fh_chunk_merge(frames, span, chunk_pfn))
		fh_hints_chunk_freed(span, chunk_pfn);
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

/* Whatever else is wanted: every chunk is looked at, those of regions that are new last. */
static uint64_t find_special(struct fh_frames *frames, const struct want *want)
{
	uint64_t pfn = each_split_chunk(frames, want, visit_take);

	for (size_t i = frames->span_count; pfn == PFN_NONE && i-- > 0;)
		if (span_suits(&frames->span[i], want))
			pfn = find_whole(frames, &frames->span[i], want, UINT64_MAX);
	return pfn != PFN_NONE ? pfn : each_split_chunk(frames, want, visit_take);
}

/* By the codes alone. */
static uint64_t find_anywhere(struct fh_frames *frames, const struct want *want)
{
	for (size_t i = 0; i < frames->span_count; i++)
		atomic_store_explicit(&frames->span[i].whole_from, 0, memory_order_relaxed);
	if (want->order < CHUNK_ORDER)
		return find_special(frames, want);
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
	} else if (want_is_plain(want)) {
		unsigned int mark = cpu_id() + 1;

		pfn = find_by_hints(frames, want, mark, UINT64_C(1) << mark | 1);
		if (pfn == PFN_NONE)
			pfn = find_by_hints(frames, want, mark, UINT64_MAX);
	}
	for (unsigned int round = 0; pfn == PFN_NONE && round < ROUNDS_MAX; round++) {
		struct glance before = glance(frames);

		pfn = find_anywhere(frames, want);
		if (pfn == PFN_NONE && !moved_since(frames, before))
			break;
	}
	return pfn;
}

void fh_page_leave_word(struct fh_frames *frames)
{
	const struct fh_frames_cpu *cpu = frames_cpu(frames);

	if (cpu->chunk != PFN_NONE && code_free_units(cpu->guess, FRAME_BITS))
		fh_hints_renew(cpu->word_span, fh_align_down(cpu->word_pfn, CHUNK_FRAMES),
			       1u << (cpu->word_pfn % CHUNK_FRAMES >> WORD_ORDER));
}
