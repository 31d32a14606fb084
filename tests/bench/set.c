/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of blocks, and a record of who has which frame that no allocator can talk out of. */
#include <string.h>

#include "lib/bits.h"
#include "tests/bench/bench.h"

bool bench_set_open(struct bench *b, const char *test, struct bench_set *set, uint64_t room)
{
	set->count = 0;
	set->handle = bench_take((size_t)room * sizeof(*set->handle), true);
	set->order = bench_take((size_t)room * sizeof(*set->order), true);
	if (set->handle && set->order) {
		memset(set->order, 0, (size_t)room * sizeof(*set->order));
		return true;
	}
	bench_fail(b, test, "no memory for the handles");
	bench_set_close(set, room);
	return false;
}

void bench_set_close(struct bench_set *set, uint64_t room)
{
	if (set->order)
		bench_give(set->order, (size_t)room * sizeof(*set->order));
	if (set->handle)
		bench_give(set->handle, (size_t)room * sizeof(*set->handle));
	*set = (struct bench_set){ 0 };
}

void bench_set_free(struct bench *b, const char *test, struct bench_set *set)
{
	const struct alloc *a = b->alloc;
	int bad = 0;

	for (uint64_t i = 0; i < set->count; i++)
		bad |= a->free(a->self, set->handle[i], set->order[i]);
	set->count = 0;
	if (bad)
		bench_fail(b, test, "a block cannot be freed");
}

/* Return: NULL, or what is wrong with this block. */
static const char *claim(uint8_t *owned, uint64_t frames, uint64_t first, unsigned int order)
{
	uint64_t count = FH_BIT(order);

	if (first >= frames || count > frames - first)
		return "a block lies outside";
	if (!fh_is_aligned(first, count))
		return "a block is not aligned";
	if (memchr(owned + first, 1, (size_t)count))
		return "a frame was handed out twice";
	memset(owned + first, 1, (size_t)count);
	return NULL;
}

static const char *claim_set(const struct alloc *a, uint8_t *owned, uint64_t frames,
			     const struct bench_set *set, struct bench_shadow *shadow)
{
	const char *wrong = NULL;

	for (uint64_t i = 0; i < set->count && !wrong; i++) {
		wrong = claim(owned, frames, a->frame_of(a->self, set->handle[i]), set->order[i]);
		shadow->taken += FH_BIT(set->order[i]);
	}
	return wrong;
}

static uint64_t count_wholes(const uint8_t *owned, uint64_t frames)
{
	uint64_t count = 0;

	for (uint64_t at = 0; at < frames; at += FH_BIT(BENCH_BIG_ORDER))
		count += !memchr(owned + at, 1, FH_BIT(BENCH_BIG_ORDER));
	return count;
}

bool bench_verify(struct bench *b, const char *test, const struct bench_set *set, size_t count,
		  struct bench_shadow *shadow)
{
	const struct alloc *a = b->alloc;
	uint64_t frames = b->size->frames;
	struct bench_shadow found = { 0 };
	const char *wrong = NULL;
	uint8_t *owned;

	if (a->hollow)
		return true;
	owned = bench_take((size_t)frames, true);
	if (!owned) {
		bench_fail(b, test, "no memory for the record of frames");
		return false;
	}
	memset(owned, 0, (size_t)frames);
	for (size_t i = 0; i < count && !wrong; i++)
		wrong = claim_set(a, owned, frames, &set[i], &found);
	if (!wrong)
		wrong = a->check(a->self, found.taken);
	found.wholes = count_wholes(owned, frames);
	bench_give(owned, (size_t)frames);
	if (shadow)
		*shadow = found;
	if (wrong)
		bench_fail(b, test, wrong);
	return !wrong;
}
