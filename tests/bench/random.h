/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers that are the same in every run: splitmix64 from fixed seeds. */
#ifndef FH_TESTS_BENCH_RANDOM_H
#define FH_TESTS_BENCH_RANDOM_H

#include "lib/types.h"

#define BENCH_SEED UINT64_C(0x5eed0f5eed0f5eed)

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z;

	*state += UINT64_C(0x9e3779b97f4a7c15);
	z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* One of 0 to @count - 1, by 32 random bits. */
static inline uint64_t random_scale(uint32_t bits, uint64_t count)
{
	return bits * count >> 32;
}

static inline uint64_t random_below(uint64_t *state, uint64_t count)
{
	return random_scale((uint32_t)(random_next(state) >> 32), count);
}

#endif
