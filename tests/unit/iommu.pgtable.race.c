/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lost races, made to happen: another CPU or the firmware steps in between the plan of a map and
 * one of its compare-and-swaps, at each of them in turn.
 */
#include "tests/unit/iommu_fixture.h"

#define IOVA (FH_GIB - TWO_MIB - 2 * FRAME)
/* Beyond the memory of the world's frames. */
#define PA (4 * FH_GIB + IOVA)
#define SIZE (2 * TWO_MIB + 4 * FRAME)

struct race {
	struct world *w;
	unsigned int at; /* which compare-and-swap, from 0 */
	unsigned int seen;
	void (*step)(struct race *race, uint64_t *slot, uint64_t desired);
	unsigned int steps;
	int err;
	uint64_t iova;
};

static void interfere(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct race *race = ctx;

	if (desired && race->seen++ == race->at) {
		race->steps++;
		race->step(race, slot, desired);
	}
}

static int run_map(struct race *race)
{
	struct world *w = race->w;
	int err;

	race->seen = 0;
	race->steps = 0;
	host_interfere_set(interfere, race);
	err = fh_pgtable_map(&w->table, fh_dma(IOVA), fh_phys(PA), SIZE, ATTR_RW);
	host_interfere_set(NULL, NULL);
	return err;
}

static void settle(struct world *w)
{
	uint64_t sum;

	assert_int_equal(arm_tables(w, &w->table, &sum), world_count(w, FH_FRAME_HELD));
	assert_int_equal(w->table.tables + 1, world_count(w, FH_FRAME_HELD));
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	assert_null(fh_frames_check(&w->frames));
}

/* Somebody else puts a leaf there: the map fails, nothing of it is left but what was in its way. */
static void put_leaf(struct race *race, uint64_t *slot, uint64_t desired)
{
	(void)race;
	(void)desired;
	*slot = 0x90000000 | 0x701 | 2;
}

static void put_block(struct race *race, uint64_t *slot, uint64_t desired)
{
	(void)race;
	(void)desired;
	*slot = 2 * FH_GIB | 0x701;
}

/* Levels 1 to 3 of all three chunks exist: every compare-and-swap stores a leaf. */
static void fill_tables(struct world *w)
{
	uint64_t at[] = { IOVA, FH_GIB - TWO_MIB, FH_GIB, FH_GIB + TWO_MIB };

	for (size_t i = 0; i < FH_ARRAY_SIZE(at); i++) {
		struct fh_gather gather;

		MUST(fh_pgtable_map(&w->table, fh_dma(at[i]), fh_phys(0), FRAME, ATTR_RW));
		fh_gather_init(&gather, &w->table);
		MUST(fh_pgtable_unmap(&w->table, fh_dma(at[i]), FRAME, &gather));
		MUST(fh_gather_flush(&gather));
	}
}

static void leaf_lost(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = put_leaf };
	unsigned int pages = SIZE / FRAME;

	for (race.at = 0; race.at < pages;
	     race.at += race.at % 512 < 4 || race.at > 1020 ? 1 : 37) {
		uint64_t in_the_way = IOVA + race.at * FRAME;

		MUST(fh_pgtable_init(&w->table, &w->config));
		fill_tables(w);
		w->tlb_base = IOVA;
		for (unsigned int i = 0; i < TLB_PAGES; i++)
			w->tlb[i] = i < race.at;
		assert_int_equal(run_map(&race), -EEXIST);
		assert_int_equal(race.steps, 1);
		for (unsigned int i = 0; i < pages; i++) {
			struct seen seen = agree(w, &w->table, IOVA + i * FRAME);

			assert_int_equal(seen.mapped, i == race.at);
			/* A walker may have used for a moment what was rolled back. */
			assert_false(w->tlb[i]);
		}
		assert_int_equal(agree(w, &w->table, in_the_way).pa, 0x90000000);
		settle(w);
		MUST(fh_pgtable_release(&w->table));
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	}
	assert_true(race.at > 1024);
}

/* Where no tables exist: a leaf in the place of a link or a block. */
static void link_lost_to_leaf(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = put_block };
	unsigned int fails = 0;

	for (race.at = 0;; race.at++) {
		uint64_t sum;
		int err;

		MUST(fh_pgtable_init(&w->table, &w->config));
		err = run_map(&race);
		if (!race.steps)
			break;
		fails++;
		assert_int_equal(err, -EEXIST);
		settle(w);
		/* The leaf in a slot of the root, nothing else. */
		for (uint64_t i = 0; i < SIZE; i += FRAME)
			if (arm_walk(w, &w->table, IOVA + i).mapped)
				assert_int_equal(arm_walk(w, &w->table, IOVA + i).level, 1);
		arm_tables(w, &w->table, &sum);
		MUST(fh_pgtable_release(&w->table));
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	}
	/* One link in each of the two root entries. */
	assert_int_equal(fails, 2);
	MUST(fh_pgtable_release(&w->table));
}

/* Another CPU maps its own page through the same missing tables, first. */
static void map_neighbour(struct race *race, uint64_t *slot, uint64_t desired)
{
	(void)slot;
	(void)desired;
	race->err =
	    fh_pgtable_map(&race->w->table, fh_dma(race->iova), fh_phys(0x5000), FRAME, ATTR_RO);
}

static void link_lost_to_link(void **state)
{
	static const uint64_t neighbours[] = { IOVA - FRAME, IOVA + SIZE, IOVA - TWO_MIB,
					       IOVA + SIZE + TWO_MIB };
	struct world *w = *state;
	struct race race = { .w = w, .step = map_neighbour };

	for (size_t n = 0; n < FH_ARRAY_SIZE(neighbours); n++)
		for (race.at = 0; race.at < 6; race.at++) {
			race.iova = neighbours[n];
			race.err = 0;
			MUST(fh_pgtable_init(&w->table, &w->config));
			MUST(run_map(&race));
			MUST(race.err);
			for (uint64_t i = 0; i < SIZE; i += FRAME)
				assert_int_equal(agree(w, &w->table, IOVA + i).pa, PA + i);
			if (race.steps)
				assert_int_equal(agree(w, &w->table, race.iova).pa, 0x5000);
			settle(w);
			MUST(fh_pgtable_release(&w->table));
			assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
		}
}

/* The plan counted on tables that another CPU takes away: more pages are needed, and may fail. */
static void take_tables_away(struct race *race, uint64_t *slot, uint64_t desired)
{
	(void)slot;
	(void)desired;
	race->err = world_unmap(race->w, FH_GIB, FH_GIB);
	if (race->iova)
		fh_frames_fail_after(&race->w->frames, 0);
}

static void tables_gone(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = take_tables_away };

	for (unsigned int fail = 0; fail < 2; fail++) {
		MUST(fh_pgtable_init(&w->table, &w->config));
		fill_tables(w);
		race.iova = fail;
		assert_int_equal(run_map(&race), fail ? -ENOMEM : 0);
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		MUST(race.err);
		for (uint64_t i = 0; i < SIZE; i += FRAME)
			assert_int_equal(agree(w, &w->table, IOVA + i).mapped, !fail);
		settle(w);
		MUST(fh_pgtable_release(&w->table));
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	}
}

/* Rolling back, and the TLB does not answer: what was unlinked is not reused. */
static void undo_without_sync(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = put_block, .at = 1 };
	uint64_t free_before;

	MUST(fh_pgtable_init(&w->table, &w->config));
	free_before = world_count(w, FH_FRAME_FREE);
	w->sync_err = -ETIMEDOUT;
	assert_int_equal(run_map(&race), -EEXIST);
	assert_int_equal(w->faults, 1);
	assert_int_equal(w->fault.err, -ETIMEDOUT);
	assert_int_equal(agree(w, &w->table, IOVA).mapped, false);
	assert_true(world_count(w, FH_FRAME_FREE) < free_before);
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	w->sync_err = 0;
	MUST(fh_pgtable_release(&w->table));
}

/* The firmware puts an entry of its own where ours is about to be taken away. */
static void overwrite(void *ctx, uint64_t *slot, uint64_t desired)
{
	unsigned int *steps = ctx;

	if (!desired && !*steps) {
		++*steps;
		*slot = 0x90000000 | 0x701 | 2;
	}
}

static void leaf_overwritten(void **state)
{
	struct world *w = *state;
	unsigned int steps = 0;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(IOVA), fh_phys(PA), 2 * FRAME, ATTR_RW));
	host_interfere_set(overwrite, &steps);
	MUST(world_unmap(w, IOVA, 2 * FRAME));
	host_interfere_set(NULL, NULL);
	assert_int_equal(steps, 1);
	assert_int_equal(agree(w, &w->table, IOVA).pa, 0x90000000);
	assert_false(agree(w, &w->table, IOVA + FRAME).mapped);
	settle(w);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.race.leaf_lost", leaf_lost),
	WORLD_TEST("iommu.pgtable.race.link_lost_to_leaf", link_lost_to_leaf),
	WORLD_TEST("iommu.pgtable.race.link_lost_to_link", link_lost_to_link),
	WORLD_TEST("iommu.pgtable.race.tables_gone", tables_gone),
	WORLD_TEST("iommu.pgtable.race.leaf_overwritten", leaf_overwritten),
	WORLD_TEST("iommu.pgtable.race.undo_without_sync", undo_without_sync),
};

UNIT_MAIN("iommu.pgtable.race", tests)
