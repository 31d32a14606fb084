/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nearly full memory: single frames are replaced at random; and how whole the free memory is after
 * that, and after the same with blocks of all orders.
 */
#include "lib/bits.h"
#include "tests/bench/bench.h"
#include "tests/bench/random.h"

/* How far ahead a handle is fetched: reading it is the workload's affair, not the allocator's. */
#define AHEAD 8u

/* What a churn's values are called. */
struct churn_names {
	const char *churn;
	const char *share;
	const char *found;
	const char *whole;
};

static const struct churn_names order_0_names = {
	.churn = "random free + alloc at 90% fill",
	.share = "order-9 share after order-0 churn",
	.found = "of these handed out after order-0 churn",
	.whole = "order-9 share after order-0 churn, all freed",
};

static const struct churn_names mixed_names = {
	.churn = "mixed churn",
	.share = "order-9 share after mixed churn",
	.found = "of these handed out after mixed churn",
	.whole = "order-9 share after mixed churn, all freed",
};

/* How many blocks of 512 frames the allocator finds. It has them back afterwards. */
static uint64_t count_big(struct bench *b, const char *test)
{
	const struct alloc *a = b->alloc;
	uint64_t room = b->size->frames >> BENCH_BIG_ORDER;
	struct bench_set set;
	uint64_t count;

	if (!bench_set_open(b, test, &set, room))
		return 0;
	while (set.count < room && (set.handle[set.count] = a->alloc(a->self, BENCH_BIG_ORDER)))
		set.order[set.count++] = BENCH_BIG_ORDER;
	count = set.count;
	bench_set_free(b, test, &set);
	bench_set_close(&set, room);
	return count;
}

/* With all of memory free, each of its blocks of 512 frames can be had. */
static void measure_whole(struct bench *b, const struct churn_names *names)
{
	uint64_t frames = count_big(b, names->churn) << BENCH_BIG_ORDER;

	bench_value(b, names->whole, frames, b->size->frames);
	if (frames != b->size->frames)
		bench_fail(b, names->churn, "what is all free is not all in large blocks");
}

/* The values of a churn; then all of @set is freed. */
static void measure(struct bench *b, const struct churn_names *names, struct bench_set *set)
{
	bool has_big = b->alloc->order_max >= BENCH_BIG_ORDER;
	struct bench_shadow shadow;

	if (b->alloc->hollow || !bench_verify(b, names->churn, set, 1, &shadow))
		return;
	bench_value(b, names->share, shadow.wholes << BENCH_BIG_ORDER,
		    b->size->frames - shadow.taken);
	if (has_big)
		bench_value(b, names->found, count_big(b, names->churn), shadow.wholes);
	bench_set_free(b, names->churn, set);
	if (has_big)
		measure_whole(b, names);
	(void)bench_verify(b, names->churn, NULL, 0, NULL);
}

static void fill(const struct alloc *a, struct bench_set *set, uint64_t count)
{
	while (set->count < count && (set->handle[set->count] = a->alloc(a->self, 0)))
		set->count++;
}

/* @choice: AHEAD longer than what is replaced. */
static uint64_t replace(const struct alloc *a, struct bench_set *set, const uint32_t *choice,
			uint64_t pairs, bool *bad)
{
	uint64_t (*take)(void *, unsigned int) = a->alloc;
	int (*give)(void *, uint64_t, unsigned int) = a->free;
	void *self = a->self;
	uint64_t *handle = set->handle;
	uint64_t start = bench_now();
	uint64_t took;
	int wrong = 0;

	for (uint64_t i = 0; i < pairs; i++) {
		uint64_t *at = &handle[choice[i]];

		__builtin_prefetch(&handle[choice[i + AHEAD]]);
		wrong |= give(self, *at, 0);
		*at = take(self, 0);
		wrong |= !*at;
	}
	took = bench_since(start);
	*bad = wrong;
	return took;
}

static void run_filled(struct bench *b, const struct bench_workload *w, struct bench_set *set,
		       uint32_t *choice)
{
	uint64_t live = b->size->frames / 10 * 9;
	uint64_t pairs = b->size->pairs;
	uint64_t seed = BENCH_SEED + 2;
	uint64_t took;
	bool bad = false;

	for (uint64_t i = 0; i < pairs + AHEAD; i++)
		choice[i] = (uint32_t)random_below(&seed, live);
	fill(b->alloc, set, live);
	if (set->count != live) {
		bench_fail(b, w->test, "memory ends before it is full");
		return;
	}
	took = replace(b->alloc, set, choice, pairs, &bad);
	if (bad)
		bench_fail(b, w->test, "an allocation or a free failed");
	else
		bench_time(b, w->test, took, pairs);
	measure(b, &order_0_names, set);
}

void bench_run_replace(struct bench *b, const struct bench_workload *w)
{
	size_t choices = (size_t)(b->size->pairs + AHEAD) * sizeof(uint32_t);
	uint32_t *choice = bench_take(choices, true);
	struct bench_set set;

	if (!choice) {
		bench_fail(b, w->test, "no memory for random numbers");
		return;
	}
	if (bench_set_open(b, w->test, &set, b->size->frames)) {
		if (bench_open(b, w->test)) {
			run_filled(b, w, &set, choice);
			bench_close(b);
		}
		bench_set_close(&set, b->size->frames);
	}
	bench_give(choice, choices);
}

/* Frees a block and allocates one, unless that would leave the two levels. */
static void churn(struct bench_mix *mix)
{
	for (uint64_t i = 0; i < mix->steps; i++) {
		if (mix->used >= mix->low)
			bench_mix_free(mix, mix->choice[i]);
		if (mix->used <= mix->high)
			bench_mix_alloc(mix, mix->choice_order[i]);
	}
}

void bench_run_churn(struct bench *b, const struct bench_workload *w)
{
	struct bench_mix mix;

	if (!bench_mix_open(b, w->test, &mix, false, 1, BENCH_SEED + 3))
		return;
	if (bench_open(b, w->test)) {
		bench_mix_fill(&mix);
		churn(&mix);
		if (mix.bad)
			bench_fail(b, w->test, "a block cannot be freed");
		bench_value(b, "failed requests in mixed churn", mix.failed, mix.asked);
		measure(b, &mixed_names, &mix.set);
		bench_close(b);
	}
	bench_mix_close(&mix);
}
