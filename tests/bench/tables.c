/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads on page tables. What is mapped is mapped to addresses that no block could map, so that
 * pages stay pages, and looked up again where time is not taken.
 */
#include "tests/bench/tables.h"

#include "tests/bench/random.h"

/* Where the workloads map; tables_floor.c has links there. */
#define PAGES_BASE (16 * FH_GIB)
#define BLOCKS_BASE (17 * FH_GIB)
#define OUTPUT (512 * FH_GIB)
#define PAGES 4096u
#define CALLS 64u
#define BLOCK_CALLS 4u
#define SAMPLES 61u
/* Addresses that are asked for in one section, as of a list that a device gets. */
#define SECTION 64u

struct run {
	struct bench *b;
	const struct tables *t;
	const char *test;
};

/* Addresses @step apart are mapped as said, or are not. */
static void verify(const struct run *run, uint64_t iova, uint64_t pa, uint64_t count, uint64_t step)
{
	const struct tables *t = run->t;
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < count && !t->hollow; i += 1 + count / SAMPLES)
		wrong += t->lookup(t->self, iova + i * step) != (pa ? pa + i * step : 0);
	if (wrong)
		bench_fail(run->b, run->test, "an address is not mapped as it should be");
}

static void want(const struct run *run, int bad)
{
	if (bad && !run->t->hollow)
		bench_fail(run->b, run->test, "a call failed");
}

static uint64_t map_each(const struct run *run, int (*map)(void *, uint64_t, uint64_t),
			 uint64_t iova, uint64_t pa, unsigned int count, uint64_t step)
{
	void *self = run->t->self;
	uint64_t start = bench_now();
	uint64_t took;
	int bad = 0;

	for (unsigned int i = 0; i < count; i++)
		bad |= map(self, iova + i * step, pa + i * step);
	took = bench_since(start);
	want(run, bad);
	return took;
}

static uint64_t unmap_each(const struct run *run, int (*unmap)(void *, uint64_t), uint64_t iova,
			   unsigned int count, uint64_t step)
{
	void *self = run->t->self;
	uint64_t start = bench_now();
	uint64_t took;
	int bad = 0;

	for (unsigned int i = 0; i < count; i++)
		bad |= unmap(self, iova + i * step);
	bad |= run->t->flush(self);
	took = bench_since(start);
	want(run, bad);
	return took;
}

static uint64_t unmap_each_strict(const struct run *run, int (*unmap)(void *, uint64_t),
				  uint64_t iova, unsigned int count, uint64_t step)
{
	int (*flush)(void *) = run->t->flush;
	void *self = run->t->self;
	uint64_t start = bench_now();
	uint64_t took;
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		bad |= unmap(self, iova + i * step);
		bad |= flush(self);
	}
	took = bench_since(start);
	want(run, bad);
	return took;
}

/* One page a call; their tables stay. */
static void run_pages(struct run *run)
{
	const struct tables *t = run->t;
	uint64_t page = UINT64_C(1) << t->granule_lg2;
	uint64_t pa = OUTPUT + page;
	uint64_t map = 0, lazy = 0, strict = 0;
	uint64_t rounds = run->b->size->rounds;

	run->test = "map page";
	(void)map_each(run, t->map_page, PAGES_BASE, pa, PAGES, page);
	(void)unmap_each(run, t->unmap_page, PAGES_BASE, PAGES, page);
	for (uint64_t i = 0; i < rounds; i++) {
		map += map_each(run, t->map_page, PAGES_BASE, pa, PAGES, page);
		verify(run, PAGES_BASE, pa, PAGES, page);
		lazy += unmap_each(run, t->unmap_page, PAGES_BASE, PAGES, page);
		verify(run, PAGES_BASE, 0, PAGES, page);
		(void)map_each(run, t->map_page, PAGES_BASE, pa, PAGES, page);
		strict += unmap_each_strict(run, t->unmap_page, PAGES_BASE, PAGES, page);
		verify(run, PAGES_BASE, 0, PAGES, page);
	}
	bench_time(run->b, "map page", map, rounds * PAGES);
	bench_time(run->b, "unmap page, lazy", lazy, rounds * PAGES);
	bench_time(run->b, "unmap page, strict", strict, rounds * PAGES);
}

/*
 * Rows of pages or blocks. They are unmapped by other rows, half a row further, so that no row is a
 * whole table and tables stay; the ends are unmapped by halves that nobody measures.
 */
static uint64_t unmap_rows(const struct run *run, uint64_t base, unsigned int calls, uint64_t page,
			   bool strict)
{
	const struct tables *t = run->t;
	uint64_t row = TABLES_ROW * page;
	uint64_t took = (strict ? unmap_each_strict : unmap_each)(run, t->unmap_pages,
								  base + row / 2, calls - 1, row);

	(void)unmap_each(run, t->unmap_page, base, TABLES_ROW / 2, page);
	(void)unmap_each(run, t->unmap_page, base + calls * row - row / 2, TABLES_ROW / 2, page);
	return took;
}

static void run_rows(struct run *run)
{
	const struct tables *t = run->t;
	uint64_t page = UINT64_C(1) << t->granule_lg2;
	uint64_t row = TABLES_ROW * page;
	uint64_t pa = OUTPUT + page;
	uint64_t map = 0, lazy = 0, strict = 0;
	uint64_t rounds = run->b->size->rounds;

	run->test = "map 512 pages";
	(void)map_each(run, t->map_pages, PAGES_BASE, pa, CALLS, row);
	(void)unmap_rows(run, PAGES_BASE, CALLS, page, false);
	for (uint64_t i = 0; i < rounds; i++) {
		map += map_each(run, t->map_pages, PAGES_BASE, pa, CALLS, row);
		verify(run, PAGES_BASE, pa, (uint64_t)CALLS * TABLES_ROW, page);
		lazy += unmap_rows(run, PAGES_BASE, CALLS, page, false);
		verify(run, PAGES_BASE, 0, (uint64_t)CALLS * TABLES_ROW, page);
		(void)map_each(run, t->map_pages, PAGES_BASE, pa, CALLS, row);
		strict += unmap_rows(run, PAGES_BASE, CALLS, page, true);
		verify(run, PAGES_BASE, 0, (uint64_t)CALLS * TABLES_ROW, page);
	}
	bench_time(run->b, "map 512 pages", map, rounds * CALLS * TABLES_ROW);
	bench_time(run->b, "unmap 512 pages, lazy", lazy, rounds * (CALLS - 1) * TABLES_ROW);
	bench_time(run->b, "unmap 512 pages, strict", strict, rounds * (CALLS - 1) * TABLES_ROW);
}

/* Whole leaf tables, which come and go. */
static void run_whole(struct run *run)
{
	const struct tables *t = run->t;
	uint64_t page = UINT64_C(1) << t->granule_lg2;
	uint64_t entries = page / sizeof(uint64_t);
	uint64_t table = entries * page;
	uint64_t pa = OUTPUT + page;
	uint64_t map = 0, unmap = 0;
	uint64_t rounds = run->b->size->rounds;

	run->test = "map new tables";
	/* The floor has tables here, the others have not. */
	for (unsigned int i = 0; i < CALLS; i++)
		(void)t->unmap_tables(t->self, PAGES_BASE + i * table);
	want(run, t->flush(t->self));
	for (uint64_t i = 0; i <= rounds; i++) {
		uint64_t one = map_each(run, t->map_tables, PAGES_BASE, pa, CALLS, table);
		uint64_t other;

		verify(run, PAGES_BASE, pa, CALLS * entries, page);
		other = unmap_each(run, t->unmap_tables, PAGES_BASE, CALLS, table);
		/* The first time tables above are made as well, and memory is fresh. */
		map += i ? one : 0;
		unmap += i ? other : 0;
	}
	bench_time(run->b, "map 512 pages, table new", map, rounds * CALLS * entries);
	bench_time(run->b, "unmap whole tables", unmap, rounds * CALLS * entries);
}

static void run_blocks(struct run *run)
{
	const struct tables *t = run->t;
	uint64_t row = TABLES_ROW * TABLES_BLOCK;
	uint64_t base = BLOCKS_BASE + row / 2;
	uint64_t one = 0, many = 0;
	uint64_t rounds = run->b->size->rounds;

	run->test = "map 2M";
	if (!t->map_block)
		return;
	for (uint64_t i = 0; i <= rounds; i++) {
		uint64_t took = map_each(run, t->map_block, base, OUTPUT, BLOCK_CALLS * TABLES_ROW,
					 TABLES_BLOCK);

		one += i ? took : 0;
		(void)unmap_each(run, t->unmap_blocks, base, BLOCK_CALLS, row);
		took = map_each(run, t->map_blocks, base, OUTPUT, BLOCK_CALLS, row);
		many += i ? took : 0;
		(void)unmap_each(run, t->unmap_blocks, base, BLOCK_CALLS, row);
	}
	bench_time(run->b, "map 2M", one, rounds * BLOCK_CALLS * TABLES_ROW);
	bench_time(run->b, "map 512 x 2M", many, rounds * BLOCK_CALLS * TABLES_ROW);
}

/* Who asks, for how much, and the names of the rows: each by itself, and one after the other. */
struct looking {
	uint64_t (*ask)(void *self, uint64_t iova);
	bool sections;
	const char *free;
	const char *waiting;
};

/* Addresses from @i on that one section asks for. */
static inline uint64_t section_end(const struct looking *looking, uint64_t i, uint64_t count)
{
	return looking->sections && count - i > SECTION ? i + SECTION : count;
}

static uint64_t look(const struct run *run, const struct looking *looking, const uint32_t *choice,
		     uint64_t count, uint64_t *sum)
{
	uint64_t (*ask)(void *, uint64_t) = looking->ask;
	unsigned int shift = run->t->granule_lg2;
	void *self = run->t->self;
	uint64_t start = bench_now();
	uint64_t total = 0;

	for (uint64_t i = 0; i < count;) {
		uint64_t end = section_end(looking, i, count);

		if (looking->sections)
			run->t->begin(self);
		for (; i < end; i++)
			total += ask(self, (uint64_t)choice[i] << shift);
		if (looking->sections)
			run->t->end(self);
	}
	*sum = total;
	return bench_since(start);
}

/* No answer is asked for before the last one is there, as where one acts upon it. */
static uint64_t look_and_wait(const struct run *run, const struct looking *looking,
			      const uint32_t *choice, uint64_t count, uint64_t *sum)
{
	uint64_t (*ask)(void *, uint64_t) = looking->ask;
	unsigned int shift = run->t->granule_lg2;
	void *self = run->t->self;
	uint64_t nothing = 0;
	uint64_t start, total = 0;

	__asm__("" : "+r"(nothing)); /* 0, but the compiler does not know */
	start = bench_now();
	for (uint64_t i = 0; i < count;) {
		uint64_t end = section_end(looking, i, count);

		if (looking->sections)
			run->t->begin(self);
		for (; i < end; i++)
			total += ask(self, (uint64_t)choice[i + (total & nothing)] << shift);
		if (looking->sections)
			run->t->end(self);
	}
	*sum = total;
	return bench_since(start);
}

static void look_around(struct run *run, const struct looking *looking, const uint32_t *choice,
			uint64_t pa)
{
	uint64_t count = run->b->size->lookups;
	uint64_t expected = 0, sum, took;

	for (uint64_t i = 0; i < count; i++)
		expected += ((uint64_t)choice[i] << run->t->granule_lg2) + pa;
	run->test = looking->free;
	took = look(run, looking, choice, count, &sum);
	want(run, sum != expected);
	bench_time(run->b, looking->free, took, count);
	run->test = looking->waiting;
	took = look_and_wait(run, looking, choice, count, &sum);
	want(run, sum != expected);
	bench_time(run->b, looking->waiting, took, count);
}

static void run_lookup(struct run *run, uint64_t bytes, const struct looking *translate,
		       const struct looking *lookup)
{
	const struct tables *t = run->t;
	uint64_t page = UINT64_C(1) << t->granule_lg2;
	uint64_t row = TABLES_ROW * page;
	uint64_t pa = OUTPUT + page;
	size_t choices = (size_t)run->b->size->lookups * sizeof(uint32_t);
	uint32_t *choice = bench_take(choices, true);
	uint64_t seed = BENCH_SEED;

	run->test = translate->free;
	if (!choice) {
		bench_fail(run->b, run->test, "no memory for the addresses");
		return;
	}
	for (uint64_t i = 0; i < run->b->size->lookups; i++)
		choice[i] = (uint32_t)random_below(&seed, bytes / page);
	(void)map_each(run, t->map_pages, 0, pa, (unsigned int)(bytes / row), row);
	look_around(run, translate, choice, pa);
	look_around(run, lookup, choice, pa);
	bench_give(choice, choices);
}

static void run_lookup_small(struct run *run)
{
	const struct tables *t = run->t;

	run_lookup(
	    run, run->b->size->lookup_small,
	    &(struct looking){ t->translate, true, "translate 1 GiB",
			       "translate 1 GiB, one by one" },
	    &(struct looking){ t->lookup, false, "lookup 1 GiB", "lookup 1 GiB, one by one" });
}

static void run_lookup_large(struct run *run)
{
	const struct tables *t = run->t;

	run_lookup(
	    run, run->b->size->lookup_large,
	    &(struct looking){ t->translate, true, "translate 16 GiB",
			       "translate 16 GiB, one by one" },
	    &(struct looking){ t->lookup, false, "lookup 16 GiB", "lookup 16 GiB, one by one" });
}

/* From an empty table to an empty one. */
static void run_one(struct bench *b, const struct tables *t, void (*work)(struct run *run))
{
	struct run run = { .b = b, .t = t, .test = "table" };
	const char *wrong;

	b->impl = t->name;
	if (!t->open(t->self)) {
		bench_fail(b, run.test, "cannot be made");
		return;
	}
	work(&run);
	wrong = t->close(t->self);
	if (wrong)
		bench_fail(b, run.test, wrong);
}

void bench_run_tables(struct bench *b, const struct tables *const *tables, size_t count)
{
	static void (*const work[])(struct run *) = {
		run_pages, run_rows, run_whole, run_blocks, run_lookup_small, run_lookup_large,
	};

	for (size_t w = 0; w < FH_ARRAY_SIZE(work); w++) {
		for (unsigned int pass = 0; pass < b->size->passes; pass++)
			for (size_t i = 0; i < count; i++)
				run_one(b, tables[i], work[w]);
		bench_print(b);
	}
}
