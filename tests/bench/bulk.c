/* SPDX-License-Identifier: BSD-2-Clause */
/* All memory, frame by frame and in batches; given back in the same order and in a random one. */
#include "tests/bench/bench.h"
#include "tests/bench/random.h"

static uint64_t time_alloc(struct bench *b, struct bench_set *set)
{
	uint64_t (*take)(void *, unsigned int) = b->alloc->alloc;
	void *self = b->alloc->self;
	uint64_t *handle = set->handle;
	uint64_t frames = b->size->frames;
	uint64_t start = bench_now();
	uint64_t took;
	uint64_t count = 0;

	while (count < frames && (handle[count] = take(self, 0)))
		count++;
	took = bench_since(start);
	set->count = count;
	return took;
}

static uint64_t time_alloc_many(struct bench *b, struct bench_set *set)
{
	size_t (*take_many)(void *, uint64_t *, size_t) = b->alloc->alloc_many;
	void *self = b->alloc->self;
	uint64_t *handle = set->handle;
	uint64_t frames = b->size->frames;
	uint64_t start = bench_now();
	uint64_t took;
	uint64_t count = 0;
	size_t more;

	do {
		more = take_many(self, handle + count, BENCH_BATCH);
		count += more;
	} while (more && count + BENCH_BATCH <= frames);
	took = bench_since(start);
	set->count = count;
	return took;
}

static uint64_t time_free(struct bench *b, struct bench_set *set, bool *bad)
{
	int (*give)(void *, uint64_t, unsigned int) = b->alloc->free;
	void *self = b->alloc->self;
	const uint64_t *handle = set->handle;
	uint64_t count = set->count;
	uint64_t start = bench_now();
	uint64_t took;
	int wrong = 0;

	for (uint64_t i = 0; i < count; i++)
		wrong |= give(self, handle[i], 0);
	took = bench_since(start);
	*bad = wrong;
	return took;
}

static void shuffle(struct bench_set *set)
{
	uint64_t seed = BENCH_SEED + 1;

	for (uint64_t i = set->count; i > 1; i--) {
		uint64_t other = random_below(&seed, i);
		uint64_t handle = set->handle[i - 1];

		set->handle[i - 1] = set->handle[other];
		set->handle[other] = handle;
	}
}

/* All of the set is free when it comes back. */
static void give_back(struct bench *b, const char *test, struct bench_set *set)
{
	uint64_t count = set->count;
	bool bad;
	uint64_t took = time_free(b, set, &bad);

	set->count = 0;
	if (bad)
		bench_fail(b, test, "a frame cannot be freed");
	else if (bench_verify(b, test, NULL, 0, NULL))
		bench_time(b, test, took, count);
}

static bool take_all(struct bench *b, const char *test, struct bench_set *set, bool many)
{
	uint64_t took = many ? time_alloc_many(b, set) : time_alloc(b, set);

	if (set->count != b->size->frames) {
		bench_fail(b, test, "not all frames are handed out");
		return false;
	}
	if (!bench_verify(b, test, set, 1, NULL))
		return false;
	bench_time(b, test, took, set->count);
	return true;
}

static void run_all(struct bench *b, const struct bench_workload *w, struct bench_set *set)
{
	if (!bench_open(b, w->test))
		return;
	if (take_all(b, w->test, set, false)) {
		give_back(b, "free in order", set);
		(void)time_alloc(b, set);
		shuffle(set);
		give_back(b, "free random", set);
	}
	bench_close(b);
	if (!b->alloc->alloc_many || !bench_open(b, "batch alloc"))
		return;
	if (take_all(b, "batch alloc", set, true))
		bench_set_free(b, "batch alloc", set);
	bench_close(b);
}

void bench_run_bulk(struct bench *b, const struct bench_workload *w)
{
	struct bench_set set;

	if (!bench_set_open(b, w->test, &set, b->size->frames))
		return;
	run_all(b, w, &set);
	bench_set_close(&set, b->size->frames);
}
