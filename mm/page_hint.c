/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hints: where free blocks smaller than a chunk may be.
 *
 *   group.fit      the regions of a CPU that have a block of an order or larger
 *   region.fit     the chunks of a region that have
 *   region.orders  which orders a chunk has
 *   region.words   the words of a chunk that have a block of just an order
 *
 * So the lowest chunk is found by a load and a count of zeros at each level, without a loop that
 * nobody could predict the end of. Bits are set when blocks are freed or split and cleared by
 * whoever looks and finds none. Two CPUs may overwrite each other's, so any bit can be wrong; then
 * something is looked for in vain, or is found by looking at all codes.
 */
#include "mm/page_priv.h"

static void bits_add(_Atomic(uint16_t) *bits, unsigned int more)
{
	unsigned int had = orders_get(bits);

	if ((had | more) != had)
		orders_set(bits, had | more);
}

static void bits_remove(_Atomic(uint16_t) *bits, unsigned int less)
{
	orders_set(bits, orders_get(bits) & ~less);
}

/* A region of @cpu has a block of @order; if that is known, it is known of smaller ones, too. */
static void region_add(struct fh_frames_span *span, unsigned int cpu, uint64_t region,
		       unsigned int order)
{
	struct group *group = &span->group[cpu * span->group_count + region / GROUP_REGIONS];
	uint64_t bit = UINT64_C(1) << (region % GROUP_REGIONS);

	for (unsigned int n = order + 1; n-- > class_first(order);) {
		if (count_get(&group->fit[n]) & bit)
			return;
		atomic_store_explicit(&group->fit[n], count_get(&group->fit[n]) | bit,
				      memory_order_relaxed);
	}
}

static void orders_add(struct fh_frames_span *span, uint64_t pfn, struct chunk_hints hints,
		       unsigned int orders)
{
	uint64_t index = region_index(span, pfn);
	struct region *region = &span->region[index];
	unsigned int bit = 1u << chunk_in_region(pfn);

	bits_add(hints.orders, orders);
	/* What has changed may have come to be anything less than a word. */
	if (orders & 1u << ORDER_CHANGED)
		orders |= ORDERS_WORD;
	for (unsigned int first = 0; first < CHUNK_ORDER; first = class_last(first) + 1) {
		unsigned int here = orders & ((2u << class_last(first)) - (1u << first));
		unsigned int order = here ? 31 - (unsigned int)__builtin_clz(here) : first;

		if (!here)
			continue;
		for (unsigned int n = order + 1; n-- > first;) {
			if (orders_get(&region->fit[n]) & bit)
				break;
			bits_add(&region->fit[n], bit);
		}
		region_add(span, region_cpu(region), index, order);
	}
}

void fh_hints_none_in_chunk(struct fh_frames_span *span, uint64_t chunk_pfn, unsigned int order)
{
	struct region *region = &span->region[region_index(span, chunk_pfn)];

	for (unsigned int n = order; n <= class_last(order); n++)
		bits_remove(&region->fit[n], 1u << chunk_in_region(chunk_pfn));
}

void fh_hints_none_in_region(struct fh_frames_span *span, unsigned int cpu, uint64_t region,
			     unsigned int order)
{
	struct group *group = &span->group[cpu * span->group_count + region / GROUP_REGIONS];
	uint64_t bit = UINT64_C(1) << (region % GROUP_REGIONS);

	for (unsigned int n = order; n <= class_last(order); n++)
		atomic_store_explicit(&group->fit[n], count_get(&group->fit[n]) & ~bit,
				      memory_order_relaxed);
}

/*
 * Of free words, a bit each: runs of 2^@more, aligned, that have no free buddy, by their first
 * word. *@words: the first words of runs that have.
 */
static unsigned int runs_exactly(unsigned int *words, unsigned int more)
{
	static const unsigned int every[] = { 0x5555, 0x1111, 0x0101, 0x0001 };
	unsigned int larger = *words & *words >> (1u << more) & every[more];
	unsigned int runs = *words & ~(larger | larger << (1u << more));

	*words = larger;
	return runs;
}

/* The orders from a word's on that free words make. */
static unsigned int orders_of_words(unsigned int words)
{
	unsigned int orders = 0;

	for (unsigned int more = 0; words && more < CHUNK_ORDER - WORD_ORDER; more++)
		orders |= (unsigned int)(runs_exactly(&words, more) != 0) << (WORD_ORDER + more);
	return orders;
}

/* The bits of orders from a word's on follow from the words that are free. */
static void large_orders_renew(struct fh_frames_span *span, uint64_t pfn, struct chunk_hints hints)
{
	unsigned int orders = orders_of_words(orders_get(&hints.words[WORD_ORDER]));

	orders_set(hints.orders,
		   (orders_get(hints.orders) & (ORDERS_WORD | 1u << ORDER_CHANGED)) | orders);
	orders_add(span, pfn, hints, orders);
}

void fh_hints_renew(struct fh_frames_span *span, uint64_t chunk_pfn, unsigned int words)
{
	struct chunk_hints hints = chunk_hints(span, chunk_pfn);
	const _Atomic(uint64_t) *word = frame_word_of(span, chunk_pfn);
	unsigned int added = 0;

	bits_remove(&hints.words[WORDS_CHANGED], words);
	if (orders_get(&hints.words[WORDS_CHANGED]) == 0)
		bits_remove(hints.orders, 1u << ORDER_CHANGED);
	for (; words; words &= words - 1) {
		unsigned int at = (unsigned int)__builtin_ctz(words);
		unsigned int orders = code_orders(word_load(&word[at]), FRAME_BITS);

		for (unsigned int order = 0; order <= WORD_ORDER; order++) {
			if (orders & 1u << order)
				bits_add(&hints.words[order], 1u << at);
			else
				bits_remove(&hints.words[order], 1u << at);
		}
		added |= orders;
	}
	orders_add(span, chunk_pfn, hints, added & ORDERS_WORD);
	large_orders_renew(span, chunk_pfn, hints);
}

void fh_hints_changed(struct fh_frames_span *span, uint64_t pfn)
{
	struct chunk_hints hints = chunk_hints(span, pfn);

	bits_add(&hints.words[WORDS_CHANGED], 1u << (pfn % CHUNK_FRAMES >> WORD_ORDER));
	orders_add(span, pfn, hints, 1u << ORDER_CHANGED);
}

void fh_hints_add(struct fh_frames_span *span, uint64_t pfn, unsigned int order)
{
	struct chunk_hints hints = chunk_hints(span, pfn);
	unsigned int word = (unsigned int)(pfn % CHUNK_FRAMES) >> WORD_ORDER;

	bits_add(&hints.words[order], 1u << word);
	orders_add(span, pfn, hints, 1u << order);
}

void fh_hints_chunk_freed(struct fh_frames_span *span, uint64_t pfn)
{
	struct chunk_hints hints = chunk_hints(span, pfn);
	uint64_t region = region_index(span, pfn);

	orders_set(hints.orders, 0);
	for (unsigned int order = 0; order <= WORDS_CHANGED; order++)
		orders_set(&hints.words[order], 0);
	for (unsigned int order = 0; order < CHUNK_ORDER; order = class_last(order) + 1)
		fh_hints_none_in_chunk(span, pfn, order);
	if (count_get(&span->whole_from) > region)
		atomic_store_explicit(&span->whole_from, region, memory_order_relaxed);
}

void fh_hints_own_region(struct fh_frames_span *span, uint64_t pfn)
{
	uint64_t index = region_index(span, pfn);
	struct region *region = &span->region[index];
	unsigned int mark = cpu_id() + 1;

	if (region_cpu(region) == mark)
		return;
	/* What the CPU that had it knew is cleared when somebody searches there. */
	atomic_store_explicit(&region->cpu, (uint16_t)mark, memory_order_relaxed);
	for (unsigned int order = CHUNK_ORDER; order-- > 0;)
		if (orders_get(&region->fit[order]))
			region_add(span, mark, index, order);
}

/*
 * Word @at has a block of each order that is left of one of @from. Not for a single frame: the CPU
 * goes on in that word, and notes what is left when it leaves.
 */
static void rest_add(struct chunk_hints hints, unsigned int at, unsigned int order,
		     unsigned int from)
{
	for (unsigned int rest = order; order != 0 && rest < from; rest++)
		bits_add(&hints.words[rest], 1u << at);
}

/* From a free block smaller than a word. */
static uint64_t take_small(struct chunk_hints hints, _Atomic(uint64_t) *word, unsigned int order,
			   unsigned int from)
{
	unsigned int words = orders_get(&hints.words[from]);

	for (; words; words &= words - 1) {
		unsigned int at = (unsigned int)__builtin_ctz(words);
		uint64_t value = word_load(&word[at]);
		uint64_t fits;

		while ((fits = code_fits_exactly(value, from, FRAME_BITS))) {
			unsigned int unit = code_unit_of(fits, FRAME_BITS);

			if (!word_cas(&word[at], &value,
				      value ^ code_flip(unit, order, CODE_OWNED, FRAME_BITS)))
				continue;
			if (!(fits & (fits - 1)))
				bits_remove(&hints.words[from], 1u << at);
			rest_add(hints, at, order, from);
			return at * 32 + unit;
		}
		bits_remove(&hints.words[from], 1u << at);
	}
	return PFN_NONE;
}

/* From free words. */
static uint64_t take_words(struct fh_frames *frames, struct chunk_hints hints,
			   _Atomic(uint64_t) *word, unsigned int order, unsigned int from)
{
	for (;;) {
		unsigned int words = orders_get(&hints.words[WORD_ORDER]);
		unsigned int runs = 0;
		unsigned int at;
		unsigned int taken = 1;
		uint64_t value = code_ones(FRAME_BITS);

		for (unsigned int more = 0; more <= from - WORD_ORDER; more++)
			runs = runs_exactly(&words, more);
		if (!runs)
			return PFN_NONE;
		at = (unsigned int)__builtin_ctz(runs);
		if (order > WORD_ORDER) {
			taken = (1u << (1u << (order - WORD_ORDER))) - 1;
			if (fh_words_take(frames, &word[at], order - WORD_ORDER)) {
				bits_remove(&hints.words[WORD_ORDER], taken << at);
				return (uint64_t)at << WORD_ORDER;
			}
		} else {
			while (value == code_ones(FRAME_BITS)) {
				uint64_t flip = code_flip(0, order, CODE_OWNED, FRAME_BITS);

				if (!word_cas(&word[at], &value, value ^ flip))
					continue;
				bits_remove(&hints.words[WORD_ORDER], 1u << at);
				rest_add(hints, at, order, WORD_ORDER);
				return (uint64_t)at << WORD_ORDER;
			}
		}
		/* One of them at least is not what the hint says. */
		for (unsigned int i = at; i < at + (1u << (from - WORD_ORDER)); i++)
			if (count_get(&word[i]) != code_ones(FRAME_BITS))
				bits_remove(&hints.words[WORD_ORDER], 1u << i);
	}
}

/* From a free block of the order @from, no part of a larger one. */
static uint64_t take_from(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn,
			  unsigned int order, unsigned int from)
{
	struct chunk_hints hints = chunk_hints(span, chunk_pfn);
	_Atomic(uint64_t) *word = frame_word_of(span, chunk_pfn);
	uint64_t at;

	if (from < WORD_ORDER)
		at = take_small(hints, word, order, from);
	else
		at = take_words(frames, hints, word, order, from);
	if (from >= WORD_ORDER)
		large_orders_renew(span, chunk_pfn, hints);
	else if (orders_get(&hints.words[from]) == 0)
		bits_remove(hints.orders, 1u << from);
	if (at == PFN_NONE)
		return PFN_NONE;
	/* What is left of the larger block, within the word. */
	if (order != 0 && order < from && order < WORD_ORDER)
		orders_add(span, chunk_pfn, hints, ((1u << from) - (1u << order)) & ORDERS_WORD);
	return chunk_pfn + at;
}

uint64_t fh_hints_take(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn,
		       unsigned int order, unsigned int from)
{
	struct chunk_hints hints = chunk_hints(span, chunk_pfn);
	unsigned int changed = orders_get(&hints.words[WORDS_CHANGED]);
	unsigned int wanted = (2u << class_last(from)) - (1u << from);
	unsigned int orders;

	if (changed)
		fh_hints_renew(span, chunk_pfn, changed);
	/* The smallest that is large enough. Each look that finds nothing takes a bit away. */
	while ((orders = orders_get(hints.orders) & wanted)) {
		uint64_t pfn =
		    take_from(frames, span, chunk_pfn, order, (unsigned int)__builtin_ctz(orders));

		if (pfn != PFN_NONE)
			return pfn;
	}
	return PFN_NONE;
}

void fh_frames_freed(struct fh_frames *frames, struct fh_frames_span *span, uint64_t pfn,
		     unsigned int order)
{
	uint64_t chunk = fh_align_down(pfn, CHUNK_FRAMES);
	_Atomic(uint64_t) *word;
	struct chunk_hints hints;
	uint64_t value;

	if (order >= CHUNK_ORDER) {
		fh_hints_chunk_freed(span, pfn);
		return;
	}
	word = frame_word_of(span, pfn);
	if (word == frames_cpu(frames)->word)
		return;
	value = count_get(word);
	if (value != code_ones(FRAME_BITS)) {
		unsigned int unit = (unsigned int)(pfn % 32);

		/* Else somebody took it again. */
		if (code_at(value, unit, FRAME_BITS) == CODE_FREE)
			fh_hints_add(span, pfn, code_free_order(value, unit, FRAME_BITS));
		return;
	}
	hints = chunk_hints(span, pfn);
	bits_add(&hints.words[WORD_ORDER],
		 (order > WORD_ORDER ? (1u << (1u << (order - WORD_ORDER))) - 1 : 1)
		     << ((pfn - chunk) >> WORD_ORDER));
	/*
	 * The chunk that this CPU allocates from stays as it is: a page that is allocated and freed
	 * again and again would split and merge it every time.
	 */
	if (orders_get(&hints.words[WORD_ORDER]) == 0xffff && frames_cpu(frames)->chunk != chunk &&
	    fh_chunk_merge(frames, span, chunk))
		fh_hints_chunk_freed(span, chunk);
	else
		large_orders_renew(span, pfn, hints);
}
