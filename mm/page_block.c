/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How blocks are taken and given back, by compare-and-swap on the words of codes:
 *
 *   within a word     one swap takes the block, one gives it back
 *   several words     each is taken from free to 0, then the first gets the block's code; a
 *                     word that somebody else took meanwhile undoes those before it
 *   a chunk's frames  the chunk's own code goes from FREE to SPLIT, then its words are filled;
 *                     back, all of them go to 0 before the chunk is FREE
 *
 * While words are 0 their frames cannot be found. Who must know that nothing is free therefore
 * watches frames->motion: the number of those on the way in the low half, and how many there
 * ever were in the high half.
 */
#include "mm/page_priv.h"

#define MOTION_BEGIN ((UINT64_C(1) << 32) + 1)
#define MOTION_END 1u

static void motion_begin(struct fh_frames *frames)
{
	atomic_fetch_add_explicit(&frames->motion, MOTION_BEGIN, memory_order_acq_rel);
}

static void motion_end(struct fh_frames *frames)
{
	atomic_fetch_sub_explicit(&frames->motion, MOTION_END, memory_order_acq_rel);
}

/* Free words to 0, all or none. */
static bool words_claim(_Atomic(uint64_t) *word, uint64_t count, unsigned int bits)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t expected = code_ones(bits);

		while (!word_cas(&word[i], &expected, 0)) {
			if (expected == code_ones(bits))
				continue;
			while (i-- > 0)
				word_store(&word[i], code_ones(bits));
			return false;
		}
	}
	return true;
}

static bool words_free(const _Atomic(uint64_t) *word, uint64_t count, unsigned int bits)
{
	for (uint64_t i = 0; i < count; i++)
		if (atomic_load_explicit(&word[i], memory_order_relaxed) != code_ones(bits))
			return false;
	return true;
}

static bool large_take(struct fh_frames *frames, _Atomic(uint64_t) *word, unsigned int more,
		       unsigned int bits)
{
	bool taken;

	if (!words_free(word, UINT64_C(1) << more, bits))
		return false;
	motion_begin(frames);
	taken = words_claim(word, UINT64_C(1) << more, bits);
	if (taken)
		word_store(word, code_large(CODE_OWNED, more, bits));
	motion_end(frames);
	return taken;
}

/* A block within one word. @unit: where it was found. */
static bool small_take(_Atomic(uint64_t) *word, unsigned int order, unsigned int align,
		       unsigned int room, unsigned int bits, unsigned int *unit)
{
	uint64_t value = word_load(word);
	uint64_t fit;

	while ((fit = code_fit(value, order, align, bits))) {
		*unit = code_unit_of(fit, bits);
		if (*unit + (1u << order) > room)
			return false;
		if (word_cas(word, &value, value ^ code_flip(*unit, order, CODE_OWNED, bits)))
			return true;
	}
	return false;
}

/*
 * A block of 2^@order units in words [@at, @end) of @word, word 0 of which is the @base-th of all;
 * it ends at @unit_end or below. Lowest first.
 */
static inline __attribute__((always_inline)) uint64_t
units_take(struct fh_frames *frames, _Atomic(uint64_t) *word, uint64_t base, uint64_t at,
	   uint64_t end, unsigned int order, unsigned int align, uint64_t unit_end,
	   unsigned int bits)
{
	unsigned int word_order = code_word_order(bits);
	unsigned int units = 1u << word_order;
	unsigned int more = order > word_order ? order - word_order : 0;
	uint64_t step = UINT64_C(1) << (align > word_order ? align - word_order : 0);

	for (at = fh_align_up(base + at, step) - base; at + (UINT64_C(1) << more) <= end;
	     at += step) {
		uint64_t first = (base + at) << word_order;
		unsigned int unit = 0;

		if (unit_end <= first)
			break;
		if (more) {
			if (unit_end - first >= UINT64_C(1) << order &&
			    large_take(frames, &word[at], more, bits))
				return first;
		} else if (small_take(&word[at], order, align < word_order ? align : word_order,
				      unit_end - first < units ? (unsigned int)(unit_end - first)
							       : units,
				      bits, &unit)) {
			return first + unit;
		}
	}
	return PFN_NONE;
}

bool fh_words_take(struct fh_frames *frames, _Atomic(uint64_t) *word, unsigned int more)
{
	return large_take(frames, word, more, FRAME_BITS);
}

uint64_t fh_block_take(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn,
		       const struct want *want)
{
	if (want->align > CHUNK_ORDER && !fh_is_aligned(chunk_pfn, frames_of(want->align)))
		return PFN_NONE;
	return units_take(frames, frame_word_of(span, chunk_pfn), chunk_pfn >> WORD_ORDER, 0,
			  CHUNK_WORDS, want->order,
			  want->align < CHUNK_ORDER ? want->align : CHUNK_ORDER, want->end,
			  FRAME_BITS);
}

uint64_t fh_block_take_chunks(struct fh_frames *frames, struct fh_frames_span *span,
			      uint64_t region, const struct want *want)
{
	uint64_t ready = span_regions(span);
	uint64_t chunk;

	if (region >= ready)
		return PFN_NONE;
	chunk = units_take(frames, span->chunk_word, span->region_first, region, ready,
			   want->order - CHUNK_ORDER, want->align - CHUNK_ORDER,
			   want->end >> CHUNK_ORDER, CHUNK_BITS);
	return chunk == PFN_NONE ? PFN_NONE : chunk << CHUNK_ORDER;
}

/* The codes of a chunk that was free, with a block at its start. */
static void chunk_fill(_Atomic(uint64_t) *word, unsigned int order)
{
	unsigned int next = 1;
	uint64_t first = code_ones(FRAME_BITS);

	if (order <= WORD_ORDER) {
		first ^= code_flip(0, order, CODE_OWNED, FRAME_BITS);
	} else {
		next = 1u << (order - WORD_ORDER);
		first = code_large(CODE_OWNED, order - WORD_ORDER, FRAME_BITS);
	}
	word_store(&word[0], first);
	for (; next < CHUNK_WORDS; next++)
		word_store(&word[next], code_ones(FRAME_BITS));
}

uint64_t fh_block_take_splitting(struct fh_frames *frames, struct fh_frames_span *span,
				 uint64_t region, const struct want *want)
{
	_Atomic(uint64_t) *word = &span->chunk_word[region];
	uint64_t first = (span->region_first + region) << REGION_ORDER;
	unsigned int align = want->align > CHUNK_ORDER ? want->align - CHUNK_ORDER : 0;
	uint64_t value = word_load(word);
	uint64_t fit;

	if (align > code_word_order(CHUNK_BITS)) {
		if (!fh_is_aligned(first, frames_of(want->align)))
			return PFN_NONE;
		align = code_word_order(CHUNK_BITS);
	}
	while ((fit = code_fit(value, 0, align, CHUNK_BITS))) {
		uint64_t pfn = first + ((uint64_t)code_unit_of(fit, CHUNK_BITS) << CHUNK_ORDER);
		bool taken;

		if (pfn >= want->end || want->end - pfn < frames_of(want->order))
			return PFN_NONE;
		motion_begin(frames);
		taken = word_cas(word, &value, value ^ fit * (CODE_FREE ^ CODE_SPLIT));
		if (taken)
			chunk_fill(frame_word_of(span, pfn), want->order);
		motion_end(frames);
		if (taken)
			return pfn;
	}
	return PFN_NONE;
}

bool fh_chunk_merge(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn)
{
	_Atomic(uint64_t) *word = frame_word_of(span, chunk_pfn);
	_Atomic(uint64_t) *chunks = &span->chunk_word[region_index(span, chunk_pfn)];
	unsigned int shift = chunk_in_region(chunk_pfn) * CHUNK_BITS;
	bool merged;

	if (code_at(word_load(chunks), chunk_in_region(chunk_pfn), CHUNK_BITS) != CODE_SPLIT ||
	    !words_free(word, CHUNK_WORDS, FRAME_BITS))
		return false;
	motion_begin(frames);
	merged = words_claim(word, CHUNK_WORDS, FRAME_BITS);
	/* Whoever has all the words is alone in the right to change the chunk's code. */
	if (merged)
		atomic_fetch_sub_explicit(chunks, (uint64_t)(CODE_SPLIT - CODE_FREE) << shift,
					  memory_order_acq_rel);
	motion_end(frames);
	return merged;
}

/* From OWNED to free; the words behind the first are the owner's until they are stored. */
static inline __attribute__((always_inline)) bool units_give(const struct block *block,
							     unsigned int order, unsigned int bits)
{
	unsigned int word_order = code_word_order(bits);
	uint64_t value = block->value;

	if (order <= word_order)
		return word_cas(block->word, &value,
				value ^ code_flip(block->shift / bits, order, CODE_OWNED, bits));
	if (!word_cas(block->word, &value, code_ones(bits)))
		return false;
	for (uint64_t i = 1; i < UINT64_C(1) << (order - word_order); i++)
		word_store(&block->word[i], code_ones(bits));
	return true;
}

bool fh_block_give(struct fh_frames *frames, const struct block *block)
{
	bool given;

	if (block->order < CHUNK_ORDER)
		given = units_give(block, block->order, FRAME_BITS);
	else
		given = units_give(block, block->order - CHUNK_ORDER, CHUNK_BITS);
	if (given)
		fh_frames_freed(frames, block->span, block->first, block->order);
	return given;
}
