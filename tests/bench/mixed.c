/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of orders 0 to 9, allocated and freed at random while memory stays 75% to 90% full. */
#include "lib/bits.h"
#include "tests/bench/bench.h"
#include "tests/bench/random.h"

/* Order k with a probability of 2^-(k+1), what is left goes to 9; or all with the same. */
static uint8_t random_order(uint64_t *seed, bool uniform)
{
	if (uniform)
		return (uint8_t)random_below(seed, BENCH_BIG_ORDER + 1);
	return (uint8_t)__builtin_ctzll(random_next(seed) | FH_BIT(BENCH_BIG_ORDER));
}

bool bench_mix_open(struct bench *b, const char *test, struct bench_mix *mix, bool uniform,
		    unsigned int share, uint64_t seed)
{
	uint64_t frames = b->size->frames / share;
	uint64_t steps = b->size->steps;

	*mix = (struct bench_mix){
		.alloc = b->alloc,
		.room = frames,
		.low = frames / 100 * 75,
		.high = frames / 100 * 90,
		.steps = steps,
		.seed = seed,
	};
	mix->choice = bench_take((size_t)steps * sizeof(*mix->choice), true);
	mix->choice_order = bench_take((size_t)steps, true);
	if (!mix->choice || !mix->choice_order || !bench_set_open(b, test, &mix->set, mix->room)) {
		bench_fail(b, test, "no memory for random numbers");
		bench_mix_close(mix);
		return false;
	}
	for (uint64_t i = 0; i < steps; i++) {
		mix->choice[i] = (uint32_t)(random_next(&mix->seed) >> 32);
		mix->choice_order[i] = random_order(&mix->seed, uniform);
	}
	return true;
}

void bench_mix_close(struct bench_mix *mix)
{
	bench_set_close(&mix->set, mix->room);
	if (mix->choice_order)
		bench_give(mix->choice_order, (size_t)mix->steps);
	if (mix->choice)
		bench_give(mix->choice, (size_t)mix->steps * sizeof(*mix->choice));
}

static inline void step_alloc(struct bench_mix *mix, unsigned int order)
{
	struct bench_set *set = &mix->set;
	uint64_t handle = mix->alloc->alloc(mix->alloc->self, order);

	mix->asked++;
	if (!handle) {
		mix->failed++;
		return;
	}
	set->handle[set->count] = handle;
	set->order[set->count++] = (uint8_t)order;
	mix->used += FH_BIT(order);
}

static inline void step_free(struct bench_mix *mix, uint32_t choice)
{
	struct bench_set *set = &mix->set;
	uint64_t at = random_scale(choice, set->count);
	uint64_t handle = set->handle[at];
	unsigned int order = set->order[at];

	set->handle[at] = set->handle[--set->count];
	set->order[at] = set->order[set->count];
	mix->used -= FH_BIT(order);
	mix->bad |= mix->alloc->free(mix->alloc->self, handle, order) != 0;
}

void bench_mix_free(struct bench_mix *mix, uint32_t choice)
{
	step_free(mix, choice);
}

void bench_mix_alloc(struct bench_mix *mix, unsigned int order)
{
	step_alloc(mix, order);
}

/* In turn with the orders of the walk; what is not met is passed over. */
void bench_mix_fill(struct bench_mix *mix)
{
	for (uint64_t i = 0; mix->used < (mix->low + mix->high) / 2 && mix->failed < mix->steps;
	     i++)
		step_alloc(mix, mix->choice_order[i % mix->steps]);
	mix->asked = 0;
	mix->failed = 0;
}

uint64_t bench_mix_walk(struct bench_mix *mix)
{
	uint64_t start = bench_now();

	for (uint64_t i = 0; i < mix->steps; i++) {
		uint32_t choice = mix->choice[i];

		if (mix->used < mix->low || (mix->used <= mix->high && choice & 1))
			step_alloc(mix, mix->choice_order[i]);
		else
			step_free(mix, choice);
	}
	return bench_since(start);
}

static void run_mixed(struct bench *b, const struct bench_workload *w, struct bench_mix *mix,
		      const char *failed)
{
	uint64_t took;

	bench_mix_fill(mix);
	took = bench_mix_walk(mix);
	if (mix->bad)
		bench_fail(b, w->test, "a block cannot be freed");
	else if (bench_verify(b, w->test, &mix->set, 1, NULL))
		bench_time(b, w->test, took, mix->steps);
	if (!b->alloc->hollow)
		bench_value(b, failed, mix->failed, mix->asked);
	bench_set_free(b, w->test, &mix->set);
	(void)bench_verify(b, w->test, NULL, 0, NULL);
}

void bench_run_mix(struct bench *b, const struct bench_workload *w)
{
	struct bench_mix mix;

	if (!bench_mix_open(b, w->test, &mix, w->uniform, 1, BENCH_SEED + 4 + w->uniform))
		return;
	if (bench_open(b, w->test)) {
		run_mixed(b, w, &mix,
			  w->uniform ? "failed requests in mixed uniform"
				     : "failed requests in mixed geometric");
		bench_close(b);
	}
	bench_mix_close(&mix);
}
