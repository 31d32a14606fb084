/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lost races, made to happen: somebody steps in between the plan of an operation and one of its
 * compare-and-swaps, at each of them in turn. In a table of our own that is another CPU in another
 * range; in the firmware's it is the firmware.
 */
#include <cpu.h>

#include "tests/unit/iommu_fixture.h"

struct race {
	struct world *w;
	unsigned int at; /* which compare-and-swap, from 0 */
	unsigned int seen;
	void (*step)(struct race *race, uint64_t *slot);
	unsigned int steps;
	int err;
	uint64_t iova;
	uint64_t desc;	/* what is put there */
	uint64_t *slot; /* and where */
	uint64_t before;
};

static void interfere(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct race *race = ctx;

	if (desired && race->seen++ == race->at) {
		race->steps++;
		race->step(race, slot);
	}
}

static int run_map(struct race *race, uint64_t iova, uint64_t pa, uint64_t size)
{
	int err;

	race->seen = 0;
	race->steps = 0;
	host_interfere_set(interfere, race);
	err = fh_pgtable_map(&race->w->table, fh_dma(iova), fh_phys(pa), size, ATTR_RW);
	host_interfere_set(NULL, NULL);
	return err;
}

/* ---- Another CPU */

/* It maps its own page through the same missing tables, first. */
static void map_neighbour(struct race *race, uint64_t *slot)
{
	unsigned int self = host_cpu;

	(void)slot;
	host_cpu = 1;
	race->err =
	    fh_pgtable_map(&race->w->table, fh_dma(race->iova), fh_phys(0x5000), FRAME, ATTR_RO);
	host_cpu = self;
}

#define OWN_PA (4 * FH_GIB + FRAME)

static void link_lost_to_link(void **state)
{
	static const struct {
		uint64_t iova, size;
	} ranges[] = { { 5 * FH_GIB + 16 * FRAME, 16 * FRAME },
		       { 5 * FH_GIB + TWO_MIB, TWO_MIB },
		       { 5 * FH_GIB + 4 * TWO_MIB, 4 * TWO_MIB } };
	/* Beside it in the same table of each level, and far away. */
	static const uint64_t neighbours[] = { FRAME, FH_GIB / 2, FH_GIB - FRAME, 40 * FRAME };
	struct world *w = *state;
	struct race race = { .w = w, .step = map_neighbour };
	unsigned int lost = 0;

	for (size_t r = 0; r < FH_ARRAY_SIZE(ranges); r++)
		for (size_t n = 0; n < FH_ARRAY_SIZE(neighbours); n++)
			for (race.at = 0; race.at < 4; race.at++) {
				race.iova = 5 * FH_GIB + neighbours[n];
				race.err = 0;
				MUST(fh_pgtable_init(&w->table, &w->config));
				MUST(run_map(&race, ranges[r].iova, OWN_PA, ranges[r].size));
				MUST(race.err);
				for (uint64_t i = 0; i < ranges[r].size; i += FRAME)
					assert_int_equal(agree(w, &w->table, ranges[r].iova + i).pa,
							 OWN_PA + i);
				if (race.steps)
					assert_int_equal(agree(w, &w->table, race.iova).pa, 0x5000);
				lost += race.steps;
				world_adds_up(w);
				world_idle(w);
				MUST(fh_pgtable_release(&w->table));
				assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
			}
	/* Each has a first link, which is then missing no more; further ones have to be looked for.
	 */
	assert_in_range(lost, 12, 48);
}

/* One link after the other: what was lost at one level is lost at the next again. */
static void map_nearer(struct race *race, uint64_t *slot)
{
	race->iova = race->steps == 1 ? 5 * FH_GIB + FH_GIB / 2 : 5 * FH_GIB + FRAME;
	race->at++;
	map_neighbour(race, slot);
}

static void link_lost_twice(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = map_nearer };

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(run_map(&race, 5 * FH_GIB + 16 * FRAME, OWN_PA, 16 * FRAME));
	assert_int_equal(race.steps, 2);
	/* There is no third: in a table of ours leaves are stored. */
	assert_int_equal(race.seen, 2);
	MUST(race.err);
	assert_int_equal(agree(w, &w->table, 5 * FH_GIB + 17 * FRAME).pa, OWN_PA + FRAME);
	assert_int_equal(agree(w, &w->table, 5 * FH_GIB + FRAME).pa, 0x5000);
	assert_int_equal(agree(w, &w->table, 5 * FH_GIB + FH_GIB / 2).pa, 0x5000);
	world_adds_up(w);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

/* ---- The firmware */

#define FW_IOVA (FH_GIB - TWO_MIB - 2 * FRAME)
/* Beyond the memory of the world's frames. */
#define FW_PA (4 * FH_GIB + FW_IOVA)
#define FW_SIZE (2 * TWO_MIB + 4 * FRAME)
#define FW_PAGES ((unsigned int)(FW_SIZE / FRAME))
#define FW_LINK 3u

/*
 *   root (0)  0 -> L2 (1)   510 zero: a link of ours    511 -> L3 (2)   all zero
 *             1 -> L2 (3)     0 -> L3 (4)  all zero       1 zero: a link of ours
 */
static void adopt_fw(struct world *w)
{
	static const struct fh_window window = { { 0 }, UINT64_C(1) << 39 };
	struct fh_handover handover = { fh_phys(fw_pa(0)), &window, 1 };
	struct fh_adopt_report report = { .ctx = NULL };

	memset(fw_table(w, 0), 0, FW_COUNT * FRAME);
	fw_table(w, 0)[0] = fw_pa(1) | FW_LINK;
	fw_table(w, 0)[1] = fw_pa(3) | FW_LINK;
	fw_table(w, 1)[511] = fw_pa(2) | FW_LINK;
	fw_table(w, 3)[0] = fw_pa(4) | FW_LINK;
	MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
}

/* Each leaf in a table of the firmware's, and the two links beside. */
#define FW_SWAPS (1 + 512 + 512 + 1)

static unsigned int next_swap(unsigned int at)
{
	return at + (at % 512 < 4 || at > 1020 ? 1 : 37);
}

static void put(struct race *race, uint64_t *slot)
{
	race->slot = slot;
	race->before = *slot;
	*slot = race->desc;
}

/* The pages that were filled before compare-and-swap @at. */
static unsigned int filled_before(unsigned int at)
{
	if (at == 0)
		return 0;
	return at < FW_SWAPS ? at + 1 : FW_PAGES;
}

/*
 * The map has failed: all is as it was, but what the firmware has put there, and an empty table of
 * ours at the edge, which the range did not cover whole. Release takes that away too.
 */
static void expect_undone(struct race *race, const unsigned char *before)
{
	struct world *w = race->w;
	unsigned int edge = fw_table(w, 1)[510] & w->table.ours ? 1 : 0;

	assert_int_equal(race->steps, 1);
	assert_int_equal(*race->slot, race->desc);
	*race->slot = race->before;
	for (unsigned int i = 0; i < FW_PAGES; i++) {
		assert_false(agree(w, &w->table, FW_IOVA + i * FRAME).mapped);
		/* A walker may have used for a moment what was rolled back. */
		assert_false(w->tlb[i]);
	}
	assert_int_equal(edge, race->at != 0);
	assert_int_equal(w->table.taken, edge);
	assert_int_equal(w->table.tables, edge);
	world_adds_up(w);
	world_idle(w);
	assert_int_equal(world_count(w, FH_FRAME_HELD), edge);
	MUST(fh_pgtable_release(&w->table));
	assert_memory_equal(before, fw_table(w, 0), FW_COUNT * FRAME);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

/* @err_above: at a slot of level 2. */
static void lose_to(void **state, uint64_t desc, int err, int err_above)
{
	static unsigned char before[FW_COUNT * FRAME];
	struct world *w = *state;
	struct race race = { .w = w, .step = put, .desc = desc };

	w->tlb_base = FW_IOVA;
	for (race.at = 0; race.at < FW_SWAPS; race.at = next_swap(race.at)) {
		adopt_fw(w);
		memcpy(before, fw_table(w, 0), sizeof(before));
		for (unsigned int i = 0; i < FW_PAGES; i++)
			w->tlb[i] = i < filled_before(race.at);
		assert_int_equal(run_map(&race, FW_IOVA, FW_PA, FW_SIZE),
				 race.at == 0 || race.at == FW_SWAPS - 1 ? err_above : err);
		expect_undone(&race, before);
	}
	/* There is no other. */
	adopt_fw(w);
	race.at = FW_SWAPS;
	MUST(run_map(&race, FW_IOVA, FW_PA, FW_SIZE));
	assert_int_equal(race.seen, FW_SWAPS);
	assert_int_equal(race.steps, 0);
	for (uint64_t i = 0; i < FW_SIZE; i += FRAME)
		assert_int_equal(agree(w, &w->table, FW_IOVA + i).pa, FW_PA + i);
	MUST(fh_pgtable_release(&w->table));
}

/* A page; where a link was to be it is one, to where no table may lie. */
static void lost_to_leaf(void **state)
{
	lose_to(state, 0x90000000 | 0x701 | 2, -EPERM, -EIO);
}

static void lost_to_block(void **state)
{
	lose_to(state, 2 * FH_GIB | 0x701, -EPERM, -EPERM);
}

/* Invalid, but not zero: the firmware's all the same. */
static void lost_to_data(void **state)
{
	lose_to(state, UINT64_C(0xdead0000), -EPERM, -EPERM);
}

/* The firmware links a table of its own where we wanted to: that is filled then. */
static void lost_to_link(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = put, .desc = fw_pa(7) | FW_LINK };
	unsigned int at[] = { 0, FW_SWAPS - 1 };

	for (size_t i = 0; i < FH_ARRAY_SIZE(at); i++) {
		adopt_fw(w);
		race.at = at[i];
		MUST(run_map(&race, FW_IOVA, FW_PA, FW_SIZE));
		assert_int_equal(race.steps, 1);
		/* Two leaves by compare-and-swap instead of the link. */
		assert_int_equal(race.seen, FW_SWAPS + 2);
		for (uint64_t page = 0; page < FW_SIZE; page += FRAME)
			assert_int_equal(agree(w, &w->table, FW_IOVA + page).pa, FW_PA + page);
		world_adds_up(w);
		MUST(fh_pgtable_release(&w->table));
		for (unsigned int slot = 0; slot < 512; slot++)
			assert_int_equal(fw_table(w, 7)[slot], 0);
		assert_int_equal(*race.slot, race.desc);
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	}
}

/* A link into memory that no table of the firmware's may lie in. */
static void lost_to_bad_link(void **state)
{
	static unsigned char before[FW_COUNT * FRAME];
	struct world *w = *state;
	struct race race = { .w = w, .step = put, .desc = frame_pa(7) | FW_LINK };
	unsigned int at[] = { 0, FW_SWAPS - 1 };

	for (size_t i = 0; i < FH_ARRAY_SIZE(at); i++) {
		adopt_fw(w);
		memcpy(before, fw_table(w, 0), sizeof(before));
		race.at = at[i];
		assert_int_equal(run_map(&race, FW_IOVA, FW_PA, FW_SIZE), -EIO);
		assert_int_equal(w->fault.code, FH_FAULT_TABLE_MOVED);
		expect_undone(&race, before);
	}
}

/* The plan counted on tables of the firmware's that go away: more pages are needed, and may fail.
 */
static void take_tables_away(struct race *race, uint64_t *slot)
{
	put(race, &fw_table(race->w, 0)[1]);
	(void)slot;
	if (race->iova)
		fh_frames_fail_after(&race->w->frames, 0);
}

static void tables_gone(void **state)
{
	static unsigned char before[FW_COUNT * FRAME];
	struct world *w = *state;
	struct race race = { .w = w, .step = take_tables_away };

	for (race.iova = 0; race.iova < 2; race.iova++)
		for (race.at = 1; race.at < 513; race.at += 64) {
			bool fail = race.iova;

			adopt_fw(w);
			memcpy(before, fw_table(w, 0), sizeof(before));
			memset(w->tlb, 0, sizeof(w->tlb));
			assert_int_equal(run_map(&race, FW_IOVA, FW_PA, FW_SIZE),
					 fail ? -ENOMEM : 0);
			fh_frames_fail_after(&w->frames, UINT64_MAX);
			if (fail) {
				expect_undone(&race, before);
			} else {
				for (uint64_t i = 0; i < FW_SIZE; i += FRAME)
					assert_int_equal(agree(w, &w->table, FW_IOVA + i).pa,
							 FW_PA + i);
				world_adds_up(w);
				MUST(fh_pgtable_release(&w->table));
			}
			assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
		}
}

/* Rolling back, and the TLB does not answer: what was unlinked is not reused. */
static void undo_without_sync(void **state)
{
	struct world *w = *state;
	struct race race = { .w = w, .step = put, .at = 5, .desc = 0x90000000 | 0x703 };

	adopt_fw(w);
	w->sync_err = -ETIMEDOUT;
	/* From the edge of a table on: that is taken away again. */
	assert_int_equal(run_map(&race, FH_GIB - 2 * TWO_MIB, FW_PA, 2 * TWO_MIB), -EPERM);
	assert_int_equal(w->faults, 1);
	assert_int_equal(w->fault.err, -ETIMEDOUT);
	for (uint64_t i = 0; i < 2 * TWO_MIB; i += FRAME)
		if (i != TWO_MIB + 4 * FRAME)
			assert_false(agree(w, &w->table, FH_GIB - 2 * TWO_MIB + i).mapped);
	assert_int_equal(fw_table(w, 1)[510], 0);
	assert_int_equal(w->table.tables, 0);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	w->sync_err = 0;
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(*race.slot, race.desc);
}

/* Unmapping: an entry that is not ours any more stays, all else goes; release misses it. */
static void overwrite(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct race *race = ctx;

	if (!desired && race->seen++ == race->at)
		put(race, slot);
}

static void unmap_overwritten(void **state)
{
	static const uint64_t descs[] = { 0x90000000 | 0x701 | 2, 0, UINT64_C(0xdead0000) };
	struct world *w = *state;
	struct race race = { .w = w };

	for (size_t d = 0; d < FH_ARRAY_SIZE(descs); d++)
		for (race.at = 0; race.at < FW_SWAPS - 1; race.at += 205) {
			adopt_fw(w);
			MUST(fh_pgtable_map(&w->table, fh_dma(FW_IOVA - TWO_MIB + 2 * FRAME),
					    fh_phys(FW_PA), FW_SIZE + TWO_MIB, ATTR_RW));
			race.seen = 0;
			race.slot = NULL;
			race.desc = descs[d];
			host_interfere_set(overwrite, &race);
			MUST(world_unmap(w, FW_IOVA - TWO_MIB + 2 * FRAME, FW_SIZE + TWO_MIB));
			host_interfere_set(NULL, NULL);
			assert_non_null(race.slot);
			assert_int_equal(*race.slot, descs[d]);
			*race.slot = 0;
			for (uint64_t i = 0; i < FW_SIZE; i += FRAME)
				assert_false(agree(w, &w->table, FW_IOVA + i).mapped);
			/* It, and the link to the last table, of which two pages were taken. */
			assert_int_equal(w->table.taken, 2);
			assert_int_equal(fh_pgtable_release(&w->table), -EIO);
			assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
		}
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.race.link_lost_to_link", link_lost_to_link),
	WORLD_TEST("iommu.pgtable.race.link_lost_twice", link_lost_twice),
	WORLD_TEST("iommu.pgtable.race.lost_to_leaf", lost_to_leaf),
	WORLD_TEST("iommu.pgtable.race.lost_to_block", lost_to_block),
	WORLD_TEST("iommu.pgtable.race.lost_to_data", lost_to_data),
	WORLD_TEST("iommu.pgtable.race.lost_to_link", lost_to_link),
	WORLD_TEST("iommu.pgtable.race.lost_to_bad_link", lost_to_bad_link),
	WORLD_TEST("iommu.pgtable.race.tables_gone", tables_gone),
	WORLD_TEST("iommu.pgtable.race.undo_without_sync", undo_without_sync),
	WORLD_TEST("iommu.pgtable.race.unmap_overwritten", unmap_overwritten),
};

UNIT_MAIN("iommu.pgtable.race", tests)
