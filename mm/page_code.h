/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code words that say what each frame is. Pure arithmetic on one word; private to mm/page.
 *
 * A unit is a frame (2 bits, 32 a word) or a chunk of 512 frames (4 bits, 16 a word). A block of
 * 2^n units is naturally aligned; its first unit has the block's state, the others are tails:
 *
 *   units   7    6    5    4    3    2    1    0
 *         free free |  tail HELD | tail tail tail OWNED |     a block of 4, one of 2, two free
 * units
 *
 * A block that fills a word or more starts a word, whose last units then say its order; its other
 * words are 0. So one word always holds a block's state, place and size, and one compare-and-swap
 * of that word is a step of its life.
 */
#ifndef FH_MM_PAGE_CODE_H
#define FH_MM_PAGE_CODE_H

#include "lib/bits.h"
#include "lib/types.h"

#define FRAME_BITS 2u
#define CHUNK_BITS 4u

enum code {
	CODE_TAIL = 0,
	CODE_FREE = 1,
	CODE_OWNED = 2,
	CODE_HELD = 3, /* among frames of a mixed chunk also: not ours */
	/* of chunks alone */
	CODE_SPLIT = 4, /* its frames have codes of their own */
	CODE_MIXED = 5, /* the same, and some frames are not ours */
	CODE_OTHER = 8, /* no frame of it is ours */
};

/* In all of these @bits is a constant: FRAME_BITS or CHUNK_BITS. */

/* A word is as many units as a block of this order. */
static inline unsigned int code_word_order(unsigned int bits)
{
	return bits == FRAME_BITS ? 5 : 4;
}

/* A 1 in every unit; as a word of codes, all free. */
static inline uint64_t code_ones(unsigned int bits)
{
	return bits == FRAME_BITS ? UINT64_C(0x5555555555555555) : UINT64_C(0x1111111111111111);
}

static inline unsigned int code_at(uint64_t word, unsigned int unit, unsigned int bits)
{
	return (unsigned int)(word >> (unit * bits)) & ((1u << bits) - 1);
}

static inline bool code_is_head(unsigned int code)
{
	return (code & ~1u) == CODE_OWNED;
}

/* The lowest bit of each unit that is free. */
static inline uint64_t code_free_units(uint64_t word, unsigned int bits)
{
	uint64_t higher = word >> 1;

	if (bits == CHUNK_BITS)
		higher |= word >> 2 | word >> 3;
	return word & ~higher & code_ones(bits);
}

/* 2^@order free units from unit 0; @order is at most that of a word. */
static inline uint64_t code_free_run(unsigned int order, unsigned int bits)
{
	return code_ones(bits) >> (64 - (bits << order));
}

/* What changes in a word when 2^@order units at @unit turn from free into a block or back. */
static inline uint64_t code_flip(unsigned int unit, unsigned int order, unsigned int code,
				 unsigned int bits)
{
	return (code_free_run(order, bits) ^ code) << (unit * bits);
}

/*
 * The first word of a block of 2^(@more) words. Bit 1 of unit 0 is set, and no unit that starts a
 * buddy of unit 0 has a code, which is so for no smaller block. What stands for @more, in one of
 * the last units, is neither free nor OWNED to who looks at that unit alone.
 */
static inline uint64_t code_large(unsigned int code, unsigned int more, unsigned int bits)
{
	return code | (more ? (uint64_t)CODE_HELD << (64 - bits * more) : 0);
}

static inline bool code_is_large(uint64_t word, unsigned int bits)
{
	uint64_t buddies = bits == FRAME_BITS ? UINT64_C(0x30003033c) : UINT64_C(0xf000f0ff0);

	return code_is_head(code_at(word, 0, bits)) && (word & buddies) == 0;
}

/* The @more of a large block's first word. */
static inline unsigned int code_large_more(uint64_t word, unsigned int bits)
{
	unsigned int zeros = (unsigned int)__builtin_clzll(word);

	return zeros < 32 ? zeros / bits + 1 : 0;
}

/* The order of the block whose first unit is @unit. */
static inline unsigned int code_order(uint64_t word, unsigned int unit, unsigned int bits)
{
	unsigned int order = 0;

	while (order < code_word_order(bits) && !(unit & 1u << order) &&
	       code_at(word, unit + (1u << order), bits) == CODE_TAIL)
		order++;
	if (order == code_word_order(bits))
		order += code_large_more(word, bits);
	return order;
}

/* A 1 in the lowest bit of every 2^@order-th unit. */
static inline uint64_t code_every(unsigned int order, unsigned int bits)
{
	static const uint64_t every[] = {
		UINT64_C(0xffffffffffffffff), UINT64_C(0x5555555555555555),
		UINT64_C(0x1111111111111111), UINT64_C(0x0101010101010101),
		UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001),
		UINT64_C(0x0000000000000001),
	};

	return every[6 - code_word_order(bits) + order];
}

/* 2^@order free units, aligned to 2^@align (both at most a word's): the lowest bit of the lowest,
 * or 0. */
static inline uint64_t code_fit(uint64_t word, unsigned int order, unsigned int align,
				unsigned int bits)
{
	uint64_t fit = code_free_units(word, bits);

	/* A unit is left when it and the 2^n behind it were. */
	for (unsigned int n = 0; n < order; n++)
		fit &= fit >> (bits << n);
	fit &= code_every(align, bits);
	return fit & -fit;
}

/* Free blocks that are no part of a larger one: a bit at each one's first unit. @order is less than
 * a word's. */
static inline uint64_t code_fits_exactly(uint64_t word, unsigned int order, unsigned int bits)
{
	uint64_t fit = code_free_units(word, bits);
	uint64_t larger;

	for (unsigned int n = 0; n < order; n++)
		fit &= fit >> (bits << n) & code_every(n + 1, bits);
	larger = fit & fit >> (bits << order) & code_every(order + 1, bits);
	return fit & ~(larger | larger << (bits << order));
}

/* A bit for each order, a word's included, of which there is such a block. */
static inline unsigned int code_orders(uint64_t word, unsigned int bits)
{
	uint64_t fit = code_free_units(word, bits);
	unsigned int orders = 0;

	for (unsigned int n = 0; fit && n < code_word_order(bits); n++) {
		uint64_t larger = fit & fit >> (bits << n) & code_every(n + 1, bits);

		orders |= (unsigned int)((fit & ~(larger | larger << (bits << n))) != 0) << n;
		fit = larger;
	}
	return orders | (unsigned int)(fit != 0) << code_word_order(bits);
}

static inline unsigned int code_unit_of(uint64_t lowest_bit, unsigned int bits)
{
	return (unsigned int)__builtin_ctzll(lowest_bit) / bits;
}

/*
 * The order of the largest free block around @unit within the word; @unit is free. Without a
 * branch, because nothing could predict it.
 */
static inline unsigned int code_free_order(uint64_t word, unsigned int unit, unsigned int bits)
{
	uint64_t fit = code_free_units(word, bits);
	unsigned int order = 0;

	for (unsigned int n = 0; n < code_word_order(bits); n++) {
		fit &= fit >> (bits << n) & code_every(n + 1, bits);
		unit &= ~(1u << n);
		order += (unsigned int)(fit >> (unit * bits)) & 1;
	}
	return order;
}

#endif
