/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of several CPUs on one table at once: disjoint ranges that share every table above
 * them never disturb each other, overlapping ones go one after the other, lookups and walks never
 * find a table that was given back, and no frame is lost.
 */
#include <cpu.h>
#include <pthread.h>

#include "tests/oracle/no_tlb.h"
#include "tests/unit/iommu_fixture.h"

#define ROUNDS 300u
#define PAGES 8u

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

static void both_run(struct world *w, void *(*run)(void *), struct cpu *cpu)
{
	pthread_barrier_t start;
	pthread_t other;

	pthread_barrier_init(&start, NULL, 2);
	for (unsigned int i = 0; i < 2; i++)
		cpu[i] = (struct cpu){ .w = w, .start = &start, .number = i };
	assert_int_equal(pthread_create(&other, NULL, run, &cpu[1]), 0);
	run(&cpu[0]);
	pthread_join(other, NULL);
	pthread_barrier_destroy(&start);
}

static void both(void **state, void *(*run)(void *), struct cpu *cpu)
{
	struct world *w = *state;

	w->config.tlb = &no_tlb;
	w->config.report = (struct fh_reporter){ NULL, NULL };
	MUST(fh_pgtable_init(&w->table, &w->config));
	both_run(w, run, cpu);
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
	/* Whoever comes second finds the other's pages: one wins each round, and one only. */
	assert_int_equal(cpu[0].wins + cpu[1].wins, ROUNDS);
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

/* ---- A storm */

#define CPUS 4u
#define STEPS 6000u
#define OWN_PAGES 24u	    /* of each CPU, of every 96 */
#define AREAS 3u	    /* of 2 MiB, in which they have them */
#define SHARED (8 * FH_GIB) /* here everybody does everything */
#define SHARED_PAGES 2048u

/*
 * Where a page of @iova may lead: what a CPU maps in the shared area says where it belongs, so that
 * a walk through a table that was given back is noticed.
 */
static uint64_t pa_for(unsigned int cpu, uint64_t iova)
{
	return (1 + cpu) * 16 * FH_GIB + iova % (16 * FH_GIB);
}

static const struct fh_attr attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ | FH_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER },
};

struct stormer {
	struct fh_pgtable *table;
	unsigned int number;
	uint64_t random;
	uint8_t own[AREAS][OWN_PAGES]; /* 0: not mapped; else the attribute's number and 1 */
	unsigned int wrong;
	unsigned int maps, unmaps, protects, splits, leaves;
};

static uint64_t own_iova(const struct stormer *s, unsigned int area, unsigned int page)
{
	return FH_GIB + area * TWO_MIB + (s->number * OWN_PAGES + page) * FRAME;
}

/* Its own pages: nobody else's business, so every answer is known before. */
static void step_own(struct stormer *s)
{
	unsigned int area = (unsigned int)unit_random_below(&s->random, AREAS);
	unsigned int first = (unsigned int)unit_random_below(&s->random, OWN_PAGES);
	unsigned int count = 1 + (unsigned int)unit_random_below(&s->random, OWN_PAGES - first);
	unsigned int attr = (unsigned int)unit_random_below(&s->random, FH_ARRAY_SIZE(attrs));
	uint8_t *own = &s->own[area][first];
	uint64_t iova = own_iova(s, area, first), size = count * FRAME;
	unsigned int mapped = 0, expected_pages = 0;
	struct fh_gather gather;
	int err;

	for (unsigned int i = 0; i < count; i++)
		mapped += own[i] != 0;
	fh_gather_init(&gather, s->table);
	switch (unit_random_below(&s->random, 3)) {
	case 0:
		err = fh_pgtable_map(s->table, fh_dma(iova), fh_phys(pa_for(s->number, iova)), size,
				     attrs[attr]);
		s->wrong += err != (mapped ? -EEXIST : 0);
		expected_pages = mapped ? 0 : attr + 1;
		break;
	case 1:
		err = fh_pgtable_unmap(s->table, fh_dma(iova), size, &gather);
		s->wrong += err != (mapped ? 0 : -ENOENT);
		if (mapped)
			memset(own, 0, count);
		break;
	default:
		err = fh_pgtable_protect(s->table, fh_dma(iova), size, attrs[attr], &gather);
		s->wrong += err != (mapped == count ? 0 : -ENOENT);
		expected_pages = mapped == count ? attr + 1 : 0;
		break;
	}
	if (expected_pages)
		memset(own, (int)expected_pages, count);
	s->wrong += fh_gather_flush(&gather) != 0;
	for (unsigned int i = 0; i < count; i++) {
		struct fh_translation answer;

		err = fh_pgtable_lookup(s->table, fh_dma(iova + i * FRAME), &answer);
		s->wrong += err != (own[i] ? 0 : -ENOENT);
		if (!err)
			s->wrong += answer.pa.raw != pa_for(s->number, iova + i * FRAME) ||
				    answer.attr.access != attrs[own[i] - 1].access;
	}
}

static void check_shared(struct stormer *s, uint64_t iova, uint64_t pa)
{
	s->wrong += pa % (16 * FH_GIB) != iova % (16 * FH_GIB) || pa / (16 * FH_GIB) < 1 ||
		    pa / (16 * FH_GIB) > CPUS;
}

static int visit_shared(void *ctx, const struct fh_walk_entry *entry)
{
	struct stormer *s = ctx;

	if (entry->kind == FH_DESC_BLOCK || entry->kind == FH_DESC_PAGE) {
		s->leaves++;
		check_shared(s, entry->iova.raw, entry->pa.raw);
	}
	return 0;
}

static void look_shared(struct stormer *s, uint64_t at)
{
	struct fh_translation answer;
	int err = fh_pgtable_lookup(s->table, fh_dma(at), &answer);

	s->wrong += err && err != -ENOENT;
	if (!err)
		check_shared(s, at, answer.pa.raw);
}

/* Several at a time, with a lookup between them now and then. */
static void read_shared(struct stormer *s)
{
	struct fh_reader reader;

	fh_reader_begin(&reader, s->table);
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t at = SHARED + unit_random_below(&s->random, SHARED_PAGES * FRAME);
		fh_phys_addr_t pa = fh_reader_translate(&reader, fh_dma(at));

		if (fh_phys_is_valid(pa))
			check_shared(s, at, pa.raw);
		if (i % 16 == 0)
			look_shared(s, at);
	}
	fh_reader_end(&reader);
}

/* Pages and blocks that everybody wants: an error is one of those that losing gives. */
static void step_shared(struct stormer *s)
{
	unsigned int first = (unsigned int)unit_random_below(&s->random, SHARED_PAGES);
	unsigned int count = 1 + (unsigned int)unit_random_below(&s->random, 64);
	uint64_t iova, size;
	struct fh_gather gather;
	int err = 0;

	/* Whole blocks and tables, often. */
	if (unit_random_below(&s->random, 3) == 0) {
		first &= ~511u;
		count = 512;
	}
	if (count > SHARED_PAGES - first)
		count = SHARED_PAGES - first;
	iova = SHARED + first * FRAME;
	size = count * FRAME;
	fh_gather_init(&gather, s->table);
	switch (unit_random_below(&s->random, 7)) {
	case 0:
	case 1:
		err = fh_pgtable_map(s->table, fh_dma(iova), fh_phys(pa_for(s->number, iova)), size,
				     attrs[0]);
		s->wrong += err && err != -EEXIST;
		s->maps += !err;
		break;
	case 2:
		err = fh_pgtable_unmap(s->table, fh_dma(iova), size, &gather);
		s->wrong += err && err != -ENOENT;
		s->unmaps += !err;
		s->splits += gather.tables;
		break;
	case 3:
		err = fh_pgtable_protect(s->table, fh_dma(iova), size,
					 attrs[unit_random_below(&s->random, 3)], &gather);
		s->wrong += err && err != -ENOENT;
		s->protects += !err;
		break;
	case 4:
		s->wrong += fh_pgtable_walk(s->table, fh_dma(iova), size, visit_shared, s) != 0;
		break;
	case 5:
		for (unsigned int i = 0; i < 64; i++)
			look_shared(s,
				    SHARED + unit_random_below(&s->random, SHARED_PAGES * FRAME));
		break;
	default:
		read_shared(s);
		break;
	}
	s->wrong += fh_gather_flush(&gather) != 0;
}

static void *run_storm(void *ctx)
{
	struct stormer *s = ctx;

	host_cpu = s->number;
	for (unsigned int i = 0; i < STEPS; i++)
		unit_random_below(&s->random, 2) ? step_own(s) : step_shared(s);
	return NULL;
}

static void storm(void **state)
{
	static struct stormer stormers[CPUS];
	struct world *w = *state;
	uint64_t seed = unit_seed("iommu.pgtable.threads");
	pthread_t thread[CPUS];
	unsigned int splits = 0, leaves = 0;

	w->config.tlb = &no_tlb;
	w->config.report = (struct fh_reporter){ NULL, NULL };
	w->config.bbm_level = 2;
	w->config.contiguous = true;
	w->config.oas = 48;
	MUST(fh_pgtable_init(&w->table, &w->config));
	for (unsigned int i = 0; i < CPUS; i++) {
		stormers[i] =
		    (struct stormer){ .table = &w->table, .number = i, .random = seed + i };
		assert_int_equal(pthread_create(&thread[i], NULL, run_storm, &stormers[i]), 0);
	}
	for (unsigned int i = 0; i < CPUS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(stormers[i].wrong, 0);
		/* It has had its part of everything. */
		assert_true(stormers[i].maps && stormers[i].unmaps && stormers[i].protects);
		splits += stormers[i].splits;
		leaves += stormers[i].leaves;
	}
	assert_true(splits && leaves);
	for (unsigned int i = 0; i < CPUS; i++)
		for (unsigned int area = 0; area < AREAS; area++)
			for (unsigned int page = 0; page < OWN_PAGES; page++) {
				uint64_t iova = own_iova(&stormers[i], area, page);
				struct seen seen = agree(w, &w->table, iova);

				assert_int_equal(seen.mapped, stormers[i].own[area][page] != 0);
				if (seen.mapped)
					assert_int_equal(seen.pa, pa_for(i, iova));
			}
	for (uint64_t at = 0; at < SHARED_PAGES * FRAME; at += FRAME)
		agree(w, &w->table, SHARED + at);
	world_runs(w);
	world_idle(w);
	world_adds_up(w);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
}

/* ---- Sections beside unmaps that give tables back */

#define READERS 2u
#define TURNS 500u

static _Atomic(unsigned int) sections_left;

/*
 * One CPU maps a page, so that there is a leaf table, and takes the table away with it, which some
 * of the next ones becomes again; the others read in sections. What a section has found at its
 * start may go on being read until it ends.
 */
static void *run_sections(void *ctx)
{
	struct cpu *cpu = ctx;
	struct fh_pgtable *table = &cpu->w->table;
	fh_dma_addr_t iova = fh_dma(FH_GIB);

	host_cpu = cpu->number;
	for (unsigned int turn = 0; cpu->number && turn < (cpu->wins ? 1 : 100) * TURNS; turn++) {
		struct fh_reader reader;

		fh_reader_begin(&reader, table);
		for (unsigned int i = 0; i < 8; i++) {
			fh_phys_addr_t pa = fh_reader_translate(&reader, iova);

			if (i == 4)
				arch_cpu_relax();
			cpu->wins += fh_phys_is_valid(pa);
			cpu->losses += fh_phys_is_valid(pa) && pa.raw != 5 * FH_GIB;
		}
		fh_reader_end(&reader);
	}
	sections_left -= cpu->number != 0;
	for (unsigned int turn = 0; !cpu->number && (sections_left || turn < TURNS); turn++) {
		struct fh_gather gather;

		fh_gather_init(&gather, table);
		cpu->losses +=
		    fh_pgtable_map(table, iova, fh_phys(5 * FH_GIB), FRAME, ATTR_RW) != 0;
		arch_cpu_relax();
		cpu->losses +=
		    fh_pgtable_unmap(table, iova, TWO_MIB, &gather) || fh_gather_flush(&gather);
	}
	return NULL;
}

static void sections(void **state)
{
	struct world *w = *state;
	pthread_t thread[READERS + 1];
	struct cpu cpu[READERS + 1];
	unsigned int seen = 0;

	w->config.tlb = &no_tlb;
	MUST(fh_pgtable_init(&w->table, &w->config));
	sections_left = READERS;
	for (unsigned int i = 0; i <= READERS; i++) {
		cpu[i] = (struct cpu){ .w = w, .number = i };
		assert_int_equal(pthread_create(&thread[i], NULL, run_sections, &cpu[i]), 0);
	}
	for (unsigned int i = 0; i <= READERS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(cpu[i].losses, 0);
		seen += cpu[i].wins;
	}
	assert_int_not_equal(seen, 0);
	world_idle(w);
	world_adds_up(w);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
}

#define RESERVE 4u
#define TOP_UPS 4000u

static _Atomic(bool) reserve_done;

/*
 * No memory is left but what is in reserve. One keeps it at its number, as often as it can; the
 * other needs a page of it at a time, which it gives back, and goes on when the reserve is full.
 */
static void *run_reserve(void *ctx)
{
	struct cpu *cpu = ctx;
	struct fh_pgtable *table = &cpu->w->table;
	fh_dma_addr_t iova = fh_dma(FH_GIB);

	host_cpu = cpu->number;
	pthread_barrier_wait(cpu->start);
	while (cpu->number == 0 && !reserve_done)
		(void)!fh_pgtable_preallocate(table, RESERVE);
	for (unsigned int i = 0; cpu->number == 1 && i < TOP_UPS; i++) {
		struct fh_gather gather;

		while (table->reserve_pages != RESERVE)
			arch_cpu_relax();
		fh_gather_init(&gather, table);
		cpu->losses += fh_pgtable_map(table, iova, fh_phys(0), FRAME, ATTR_RW) ||
			       fh_pgtable_unmap(table, iova, TWO_MIB, &gather) ||
			       fh_gather_flush(&gather);
	}
	reserve_done = true;
	return NULL;
}

static void reserve(void **state)
{
	struct world *w = *state;
	struct fh_page *page, *taken = NULL;
	struct cpu cpu[2];

	w->config.tlb = &no_tlb;
	MUST(fh_pgtable_init(&w->table, &w->config));
	/* The table above stays, so that one page is all that it takes. */
	MUST(fh_pgtable_map(&w->table, fh_dma(FH_GIB + TWO_MIB), fh_phys(0), FRAME, ATTR_RW));
	MUST(fh_pgtable_preallocate(&w->table, RESERVE));
	while ((page = fh_page_alloc(&w->frames, 0, 0))) {
		MUST(fh_page_write(&w->frames, page, 0, &taken, sizeof(taken)));
		taken = page;
	}
	both_run(w, run_reserve, cpu);
	assert_int_equal(cpu[1].losses, 0);
	MUST(fh_pgtable_release(&w->table));
	while (taken) {
		page = taken;
		MUST(fh_page_read(&w->frames, page, 0, &taken, sizeof(taken)));
		MUST(fh_page_free(&w->frames, page));
	}
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.threads.disjoint", disjoint),
	WORLD_TEST("iommu.pgtable.threads.overlapping", overlapping),
	WORLD_TEST("iommu.pgtable.threads.storm", storm),
	WORLD_TEST("iommu.pgtable.threads.sections", sections),
	WORLD_TEST("iommu.pgtable.threads.reserve", reserve),
};

UNIT_MAIN("iommu.pgtable.threads", tests)
