/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks that are freed soon: at once, and 64 after 64. */
#include "tests/bench/bench.h"

uint64_t bench_pairs(const struct alloc *a, unsigned int order, uint64_t pairs, bool *bad)
{
	uint64_t (*take)(void *, unsigned int) = a->alloc;
	int (*give)(void *, uint64_t, unsigned int) = a->free;
	void *self = a->self;
	uint64_t start = bench_now();
	uint64_t took;
	int wrong = 0;

	for (uint64_t i = 0; i < pairs; i++) {
		uint64_t handle = take(self, order);

		wrong |= !handle;
		wrong |= give(self, handle, order);
	}
	took = bench_since(start);
	*bad = wrong;
	return took;
}

void bench_run_pairs(struct bench *b, const struct bench_workload *w)
{
	uint64_t took;
	bool bad;

	if (!bench_open(b, w->test))
		return;
	took = bench_pairs(b->alloc, w->order, b->size->pairs, &bad);
	if (bad)
		bench_fail(b, w->test, "an allocation or a free failed");
	else if (bench_verify(b, w->test, NULL, 0, NULL))
		bench_time(b, w->test, took, b->size->pairs);
	bench_close(b);
}

/* Return: how many are missing. */
static uint64_t take_batch(const struct alloc *a, uint64_t *handle)
{
	uint64_t (*take)(void *, unsigned int) = a->alloc;
	void *self = a->self;
	uint64_t missing = 0;

	for (unsigned int i = 0; i < BENCH_BATCH; i++) {
		handle[i] = take(self, 0);
		missing += !handle[i];
	}
	return missing;
}

static int give_batch(const struct alloc *a, const uint64_t *handle)
{
	int (*give)(void *, uint64_t, unsigned int) = a->free;
	void *self = a->self;
	int bad = 0;

	for (unsigned int i = 0; i < BENCH_BATCH; i++)
		bad |= give(self, handle[i], 0);
	return bad;
}

static uint64_t time_batches(const struct alloc *a, uint64_t *handle, uint64_t batches, bool *bad)
{
	uint64_t start = bench_now();
	uint64_t missing = 0;
	uint64_t took;
	int wrong = 0;

	for (uint64_t i = 0; i < batches; i++) {
		missing += take_batch(a, handle);
		wrong |= give_batch(a, handle);
	}
	took = bench_since(start);
	*bad = missing || wrong;
	return took;
}

/* The last batch once more, to look at what is handed out. */
static bool verify_batch(struct bench *b, const char *test, uint64_t *handle)
{
	uint8_t order[BENCH_BATCH] = { 0 };
	struct bench_set set = { .handle = handle, .order = order, .count = BENCH_BATCH };

	if (take_batch(b->alloc, handle)) {
		bench_fail(b, test, "an allocation failed");
		return false;
	}
	if (!bench_verify(b, test, &set, 1, NULL))
		return false;
	bench_set_free(b, test, &set);
	return bench_verify(b, test, NULL, 0, NULL);
}

void bench_run_batches(struct bench *b, const struct bench_workload *w)
{
	uint64_t handle[BENCH_BATCH];
	uint64_t batches = b->size->pairs / BENCH_BATCH;
	uint64_t took;
	bool bad;

	if (!bench_open(b, w->test))
		return;
	took = time_batches(b->alloc, handle, batches, &bad);
	if (bad)
		bench_fail(b, w->test, "an allocation or a free failed");
	else if (verify_batch(b, w->test, handle))
		bench_time(b, w->test, took, batches * BENCH_BATCH);
	bench_close(b);
}
