/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps and unmaps of two CPUs at once: disjoint ranges that share every table
 * above them never disturb each other; of overlapping ones each entry is won by
 * one, and no frame is lost.
 */
#include <cpu.h>
#include <pthread.h>

#include "tests/unit/iommu_fixture.h"

#define ROUNDS 300u
#define PAGES 8u

static void quiet_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			     bool tables)
{
	(void)ctx;
	(void)iova;
	(void)size;
	(void)leaf_lg2;
	(void)tables;
}

static int quiet_sync(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct fh_tlb_ops quiet_ops = { quiet_invalidate, quiet_sync };

struct cpu {
	struct world *w;
	pthread_barrier_t *start;
	unsigned int number;
	unsigned int wins;
	unsigned int losses;
};

static uint64_t pa_of_cpu(const struct cpu *cpu)
{
	return FH_GIB * (5 + cpu->number);
}

static void both(void **state, void *(*run)(void *), struct cpu *cpu)
{
	struct world *w = *state;
	pthread_barrier_t start;
	pthread_t other;

	w->config.tlb = &quiet_ops;
	w->config.report = (struct fh_reporter){ NULL, NULL };
	MUST(fh_pgtable_init(&w->table, &w->config));
	pthread_barrier_init(&start, NULL, 2);
	for (unsigned int i = 0; i < 2; i++)
		cpu[i] = (struct cpu){ .w = w, .start = &start, .number = i };
	assert_int_equal(pthread_create(&other, NULL, run, &cpu[1]), 0);
	run(&cpu[0]);
	pthread_join(other, NULL);
	pthread_barrier_destroy(&start);
}

/*
 * Each round begins with a fresh gigabyte without tables: both CPUs want to
 * link the same ones, for every other page. Nobody may lose, because no entry
 * is shared.
 */
static void *run_disjoint(void *ctx)
{
	struct cpu *cpu = ctx;
	struct fh_pgtable *table = &cpu->w->table;

	host_cpu = (unsigned int)cpu->number;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct fh_gather gather;
		uint64_t base = (1 + round) * FH_GIB;

		pthread_barrier_wait(cpu->start);
		for (unsigned int i = 0; i < PAGES; i++) {
			uint64_t iova = base + (2 * i + cpu->number) * FRAME;

			if (fh_pgtable_map(table, fh_dma(iova), fh_phys(pa_of_cpu(cpu) + i * FRAME),
					   FRAME, ATTR_RW) == 0)
				cpu->wins++;
			else
				cpu->losses++;
		}
		for (unsigned int i = 0; i < PAGES; i++) {
			uint64_t iova = base + (2 * i + cpu->number) * FRAME;
			struct fh_translation answer;

			if (fh_pgtable_lookup(table, fh_dma(iova), &answer) ||
			    answer.pa.raw != pa_of_cpu(cpu) + i * FRAME)
				cpu->losses++;
			fh_gather_init(&gather, table);
			if (fh_pgtable_unmap(table, fh_dma(iova), FRAME, &gather) ||
			    fh_gather_flush(&gather))
				cpu->losses++;
		}
		/* One of them takes the empty tables away, when both are done. */
		pthread_barrier_wait(cpu->start);
		if (cpu->number == 0) {
			fh_gather_init(&gather, table);
			if (fh_pgtable_unmap(table, fh_dma(base), FH_GIB, &gather) ||
			    fh_gather_flush(&gather))
				cpu->losses++;
		}
	}
	return NULL;
}

static void disjoint(void **state)
{
	struct world *w = *state;
	struct cpu cpu[2];

	both(state, run_disjoint, cpu);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(cpu[i].wins, ROUNDS * PAGES);
		assert_int_equal(cpu[i].losses, 0);
	}
	assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
}

/* Both want the same pages, across a 2 MiB boundary, in opposite directions. */
static void *run_overlapping(void *ctx)
{
	struct cpu *cpu = ctx;
	struct fh_pgtable *table = &cpu->w->table;

	host_cpu = (unsigned int)cpu->number;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t base = (1 + round) * FH_GIB + TWO_MIB - PAGES / 2 * FRAME;
		uint64_t iova = base + cpu->number * PAGES / 2 * FRAME;
		uint64_t pa = pa_of_cpu(cpu);
		int err;

		pthread_barrier_wait(cpu->start);
		err = fh_pgtable_map(table, fh_dma(iova), fh_phys(pa), PAGES * FRAME, ATTR_RW);
		if (err == 0)
			cpu->wins++;
		else if (err == -EEXIST)
			cpu->losses++;
		pthread_barrier_wait(cpu->start);
	}
	return NULL;
}

static void overlapping(void **state)
{
	struct world *w = *state;
	uint64_t sum, mapped = 0;
	struct cpu cpu[2];

	both(state, run_overlapping, cpu);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(cpu[i].wins + cpu[i].losses, ROUNDS);
	/* Both can lose a round; both can never win it. */
	assert_true(cpu[0].wins + cpu[1].wins <= ROUNDS);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t base = (1 + round) * FH_GIB + TWO_MIB - PAGES / 2 * FRAME;

		for (unsigned int i = 0; i < PAGES * 3 / 2; i++) {
			struct seen seen = agree(w, &w->table, base + i * FRAME);

			if (!seen.mapped)
				continue;
			mapped++;
			assert_true(seen.pa == 5 * FH_GIB + i * FRAME ||
				    seen.pa == 6 * FH_GIB + (i - PAGES / 2) * FRAME);
		}
	}
	/* A winner has all its pages, a loser none. */
	assert_int_equal(mapped, (cpu[0].wins + cpu[1].wins) * PAGES);
	assert_int_equal(arm_tables(w, &w->table, &sum), world_count(w, FH_FRAME_HELD));
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.threads.disjoint", disjoint),
	WORLD_TEST("iommu.pgtable.threads.overlapping", overlapping),
};

UNIT_MAIN("iommu.pgtable.threads", tests)
