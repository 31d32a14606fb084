/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First fit by address with a bit for each free frame. A bit of the level above says that a word is
 * not 0, so that the lowest free frame is found by one look at each level. Order 0 alone, 1.02 bits
 * a frame, one CPU; a second free is refused.
 */
#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "tests/bench/alloc.h"

#define LEVELS 6u /* 64 to the power of 6: more frames than there are */

struct bitmap {
	uint64_t *level[LEVELS]; /* 0: a bit a frame */
	unsigned int top;	 /* the level that is one word */
	uint64_t frames;
};

static struct bitmap bitmap;

static uint64_t words_of(uint64_t bits)
{
	return (bits + 63) / 64;
}

static size_t metadata_bytes(uint64_t frames)
{
	uint64_t words = words_of(frames);
	uint64_t total = words;

	while (words > 1) {
		words = words_of(words);
		total += words;
	}
	return (size_t)total * sizeof(uint64_t);
}

/* The lowest @bits bits of a level. */
static void fill(uint64_t *level, uint64_t bits)
{
	memset(level, 0xff, (size_t)(bits / 64) * sizeof(*level));
	if (bits % 64)
		level[bits / 64] = FH_BIT(bits % 64) - 1;
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	struct bitmap *b = self;
	uint64_t *at = metadata;
	uint64_t bits = frames;

	if (bytes < metadata_bytes(frames))
		return false;
	*b = (struct bitmap){ .frames = frames };
	for (;; b->top++) {
		b->level[b->top] = at;
		fill(at, bits);
		bits = words_of(bits);
		at += bits;
		if (bits == 1)
			return true;
	}
}

static uint64_t take(void *self, unsigned int order)
{
	struct bitmap *b = self;
	unsigned int level = b->top;
	uint64_t at = 0;

	(void)order;
	if (!b->level[level][0])
		return 0;
	for (;; level--) {
		at = at * 64 + (unsigned int)__builtin_ctzll(b->level[level][at]);
		if (!level)
			break;
	}
	for (uint64_t bit = at; level <= b->top; level++, bit /= 64) {
		uint64_t *word = &b->level[level][bit / 64];

		*word &= *word - 1; /* the lowest bit is the one that was found */
		if (*word)
			break;
	}
	return handle_of(at);
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	struct bitmap *b = self;
	uint64_t frame = handle_frame(b, handle);
	uint64_t bit = frame;

	(void)order;
	if (frame >= b->frames)
		return -EINVAL;
	if (b->level[0][frame / 64] & FH_BIT(frame % 64))
		return -ENOENT;
	for (unsigned int level = 0; level <= b->top; level++, bit /= 64) {
		uint64_t *word = &b->level[level][bit / 64];
		uint64_t old = *word;

		*word = old | FH_BIT(bit % 64);
		if (old)
			break;
	}
	return 0;
}

static const char *check(void *self, uint64_t taken)
{
	const struct bitmap *b = self;
	uint64_t bits = b->frames;
	uint64_t free = 0;

	for (uint64_t i = 0; i < words_of(bits); i++)
		for (uint64_t word = b->level[0][i]; word; word &= word - 1)
			free++;
	if (free != b->frames - taken)
		return "not so many bits as there are free frames";
	for (unsigned int level = 1; level <= b->top; level++) {
		bits = words_of(bits);
		for (uint64_t i = 0; i < bits; i++)
			if (!(b->level[level][i / 64] & FH_BIT(i % 64)) != !b->level[level - 1][i])
				return "a summary bit is wrong";
	}
	return NULL;
}

const struct alloc alloc_bitmap = {
	.name = "bitmap",
	.self = &bitmap,
	.checked = true,
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = handle_frame,
	.check = check,
};
