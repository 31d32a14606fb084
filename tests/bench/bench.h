/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of page allocators and page tables: one source, built for the host, where time is
 * measured, and for the machine, where QEMU counts instructions. Which of them bench_now() tells is
 * all that the workloads do not know.
 *
 *   bench_run         for each workload, for each pass, for each allocator:
 *                       bench_open (metadata, init), timed part, bench_verify, bench_close
 *   bench_run_tables  the same for page tables: tests/bench/tables.h
 *
 * Results are lines of fields with tabs between them, which tests/bench/run.py makes tables of:
 *
 *   bench suite NAME                             of what follows
 *   bench time  TEST IMPLEMENTATION UNIT TOTAL OPERATIONS
 *   bench value TEST IMPLEMENTATION NUMERATOR DENOMINATOR
 *   bench fail  TEST IMPLEMENTATION WHY
 */
#ifndef FH_TESTS_BENCH_BENCH_H
#define FH_TESTS_BENCH_BENCH_H

#include "tests/bench/alloc.h"

/* Physical address of frame 0. */
#define BENCH_BASE (4 * FH_GIB)
#define BENCH_BIG_ORDER 9u
#define BENCH_BATCH 64u
#define BENCH_ROWS 64u

/**
 * struct bench_size - How much is done.
 * @frames: of each allocator; a multiple of 512.
 * @pairs: of allocations and frees, in the workloads that consist of such.
 * @steps: of the workloads that mix orders.
 * @small, @large: frames for the two measurements of start-up.
 * @rounds: of mapping and unmapping.
 * @lookups: in a table.
 * @lookup_small, @lookup_large: bytes that are mapped for them.
 * @passes: each time is the best of so many.
 */
struct bench_size {
	uint64_t frames;
	uint64_t pairs;
	uint64_t steps;
	uint64_t small;
	uint64_t large;
	uint64_t rounds;
	uint64_t lookups;
	uint64_t lookup_small;
	uint64_t lookup_large;
	unsigned int passes;
};

/* One time or value; @divisor is operations or the denominator. */
struct bench_row {
	const char *test;
	const char *impl;
	bool is_value;
	uint64_t amount;
	uint64_t divisor;
};

/* Blocks that are allocated: what a workload frees is one of these. */
struct bench_set {
	uint64_t *handle;
	uint8_t *order;
	uint64_t count;
};

/**
 * struct bench - A run.
 * @impl: the name of what is measured now.
 * @alloc, @metadata, @metadata_bytes: of allocators, between bench_open() and bench_close().
 */
struct bench {
	const struct bench_size *size;
	const char *impl;
	const struct alloc *alloc;
	void *metadata;
	size_t metadata_bytes;
	struct bench_row row[BENCH_ROWS];
	unsigned int rows;
	unsigned int failures;
};

/**
 * struct bench_workload - Something to measure.
 * @test: its name; one that measures several things has names of its own for them.
 * @run: one pass of it, from nothing to nothing.
 * @order: the highest order that it asks for; allocators that have less are left out.
 * @uniform: of a mix, all orders are as likely.
 * @large: of a start-up, the larger size.
 * @real: the hollow allocator is left out.
 * @once: its result is the same each time.
 * @light: few bytes are allocated, so that it suits an allocator that writes to what is freed.
 */
struct bench_workload {
	const char *test;
	void (*run)(struct bench *b, const struct bench_workload *w);
	unsigned int order;
	bool uniform;
	bool large;
	bool real;
	bool once;
	bool light;
};

/* ---- The platform: host_main.c, target_main.c */

extern const char bench_unit[]; /* "ns" or "insns" */

/* Time or instructions of this thread, from a start to now. */
uint64_t bench_now(void);
uint64_t bench_since(uint64_t start);

/*
 * Memory for metadata and sets, in whole pages; given back in the opposite order. @warm: touched
 * already. NULL when there is not so much.
 */
void *bench_take(size_t bytes, bool warm);
void bench_give(void *memory, size_t bytes);

/* Virtual minus physical address of the frames. */
uintptr_t bench_direct_offset(void);

/* ---- bench.c */

/* All workloads that one CPU runs. */
extern const struct bench_workload bench_workloads[];
extern const size_t bench_workload_count;

void bench_run(struct bench *b, const struct bench_workload *workload, size_t workloads,
	       const struct alloc *const *alloc, size_t allocs);

/* Metadata and a fresh start of @b->alloc. False: it failed, and that was said. */
bool bench_open(struct bench *b, const char *test);
void bench_close(struct bench *b);

/* Of several times of one test the best is kept; of several values the last. */
void bench_time(struct bench *b, const char *test, uint64_t total, uint64_t operations);
void bench_value(struct bench *b, const char *test, uint64_t numerator, uint64_t denominator);
void bench_fail(struct bench *b, const char *test, const char *why);

/* Prints all that was measured and forgets it. */
void bench_print(struct bench *b);

/* ---- set.c */

/* Empty, with room for @room blocks. */
bool bench_set_open(struct bench *b, const char *test, struct bench_set *set, uint64_t room);
void bench_set_close(struct bench_set *set, uint64_t room);

/* Frees all of it, outside of what is timed. */
void bench_set_free(struct bench *b, const char *test, struct bench_set *set);

/**
 * struct bench_shadow - Which frames somebody has, by what the allocator handed out.
 * @wholes: aligned runs of 2^BENCH_BIG_ORDER frames that nobody has a frame of.
 */
struct bench_shadow {
	uint64_t taken;
	uint64_t wholes;
};

/*
 * The allocator did what it said: @count sets of blocks that are aligned, inside, and share no
 * frame, and its own check agrees. @shadow may be NULL. The hollow allocator is believed.
 */
bool bench_verify(struct bench *b, const char *test, const struct bench_set *set, size_t count,
		  struct bench_shadow *shadow);

/* ---- The workloads' files */

/* Allocates and frees at once, @pairs times. Return: what it took; *@bad when something failed. */
uint64_t bench_pairs(const struct alloc *a, unsigned int order, uint64_t pairs, bool *bad);

/**
 * struct bench_mix - A random walk of allocations and frees between two levels of fill.
 * @low, @high: frames; below it is allocated, above it is freed.
 * @choice, @choice_order: @steps random numbers, made beforehand.
 * @failed: requests that were not met, out of @asked.
 */
struct bench_mix {
	const struct alloc *alloc;
	struct bench_set set;
	uint64_t room;
	uint64_t used;
	uint64_t low;
	uint64_t high;
	uint64_t steps;
	uint32_t *choice;
	uint8_t *choice_order;
	uint64_t seed;
	uint64_t failed;
	uint64_t asked;
	bool bad;
};

/* @share: one of how many that share the frames. Between 75% and 90% of its part is kept. */
bool bench_mix_open(struct bench *b, const char *test, struct bench_mix *mix, bool uniform,
		    unsigned int share, uint64_t seed);
void bench_mix_close(struct bench_mix *mix);
/* One step: a random block is freed, one of this order is allocated. */
void bench_mix_free(struct bench_mix *mix, uint32_t choice);
void bench_mix_alloc(struct bench_mix *mix, unsigned int order);
/* Up to the middle of the two levels. */
void bench_mix_fill(struct bench_mix *mix);
/* Return: what @steps allocations or frees took. */
uint64_t bench_mix_walk(struct bench_mix *mix);

void bench_run_pairs(struct bench *b, const struct bench_workload *w);
void bench_run_batches(struct bench *b, const struct bench_workload *w);
void bench_run_bulk(struct bench *b, const struct bench_workload *w);
void bench_run_replace(struct bench *b, const struct bench_workload *w);
void bench_run_mix(struct bench *b, const struct bench_workload *w);
void bench_run_churn(struct bench *b, const struct bench_workload *w);
void bench_run_start(struct bench *b, const struct bench_workload *w);
void bench_run_metadata(struct bench *b, const struct bench_workload *w);

#endif
