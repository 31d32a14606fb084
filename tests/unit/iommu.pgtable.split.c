/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks and contiguous runs that an unmap or a protect covers in part: at every level, granule and
 * BBM level, without memory, without an answer from the TLB, with and without the caller's word
 * that the range is quiescent. Nobody else's translation changes, nor is it ever missing.
 */
#include "tests/unit/split_fixture.h"

static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

/* Either operation on the range. */
static int change(struct split *s, bool protect, struct fh_gather *gather)
{
	struct fh_pgtable *table = &s->w->table;
	uint64_t size = s->last - s->first + 1;
	int err;

	host_interfere_set(look_at_swap, s);
	if (protect)
		err = fh_pgtable_protect(table, fh_dma(s->first), size, read_only, gather);
	else
		err = fh_pgtable_unmap(table, fh_dma(s->first), size, gather);
	host_interfere_set(NULL, NULL);
	return err;
}

static int change_flushed(struct split *s, bool protect, bool quiescent)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &s->w->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	err = change(s, protect, &gather);
	s->sync_fails = 0;
	MUST(fh_gather_flush(&gather));
	return err;
}

static void expect_changed(struct split *s, bool protect)
{
	struct world *w = s->w;

	probe_all(s, true);
	for (unsigned int i = 0; i < s->probes; i++) {
		struct seen now = agree(w, &w->table, s->probe[i]);

		if (!in_range(s, s->probe[i]))
			continue;
		assert_int_equal(now.mapped, protect);
		if (protect)
			assert_true(now.pa == s->before[i].pa && same_attr(&now, read_only));
	}
	for (unsigned int i = 0; i < TLB_PAGES; i++)
		if (in_range(s, w->tlb_base + i * s->granule))
			assert_false(w->tlb[i]);
	world_adds_up(w);
	world_idle(w);
	world_runs(w);
}

static void finish(struct split *s)
{
	s->live = false;
	MUST(fh_pgtable_release(&s->w->table));
	assert_int_equal(world_count(s->w, FH_FRAME_HELD), 0);
	assert_int_equal(s->w->faults, 0);
}

/* Forbidden below level 1 unless quiescent; all allocations failing in turn; then it works. */
static void one_split(struct split *s, unsigned int bbm, bool protect)
{
	static struct snapshot before;
	struct world *w = s->w;
	bool quiescent = bbm == 0;
	int64_t plan;

	snapshot_take(&before, w);
	plan = fh_pgtable_plan_unmap(&w->table, fh_dma(s->first), s->last - s->first + 1);
	assert_int_equal(plan, count_tables(s));
	if (bbm == 0)
		assert_int_equal(change_flushed(s, protect, false), -EBUSY);
	for (int64_t i = 0; i < plan; i++) {
		fh_frames_fail_after(&w->frames, (uint64_t)i);
		assert_int_equal(change_flushed(s, protect, quiescent), -ENOMEM);
		snapshot_equal(&before, w);
	}
	snapshot_equal(&before, w);
	assert_int_equal(w->syncs, 0);
	fh_frames_fail_after(&w->frames, (uint64_t)plan);
	s->live = bbm > 0;
	MUST(change_flushed(s, protect, quiescent));
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	assert_int_equal(w->table.tables, before.table.tables + (uint64_t)plan);
	expect_changed(s, protect);
	assert_true(s->looks > 0);
}

static void every_kind(void **state, unsigned int bbm, bool contiguous, bool protect)
{
	struct split *s = *state;

	for (unsigned int f = 0; f < 2; f++)
		for (size_t k = 0; k < FH_ARRAY_SIZE(block_kinds); k++)
			for (unsigned int i = 0; i < RANGES; i++) {
				s->format = f ? FH_FORMAT_S2 : FH_FORMAT_S1;
				s->kind = &block_kinds[k];
				configure(s, bbm, contiguous);
				build(s);
				nth_range(s, i);
				one_split(s, bbm, protect);
				finish(s);
			}
}

static void unmap_level_0(void **state)
{
	every_kind(state, 0, false, false);
	every_kind(state, 0, true, false);
}

static void unmap_level_1(void **state)
{
	every_kind(state, 1, false, false);
	every_kind(state, 1, true, false);
}

static void unmap_level_2(void **state)
{
	every_kind(state, 2, false, false);
	every_kind(state, 2, true, false);
}

static void protect_levels(void **state)
{
	for (unsigned int bbm = 0; bbm <= 2; bbm++) {
		every_kind(state, bbm, false, true);
		every_kind(state, bbm, true, true);
	}
}

/* With what the plan says in reserve, nothing is allocated, and nothing of it is left. */
static void preallocated(void **state)
{
	struct split *s = *state;
	struct world *w = s->w;

	for (size_t k = 0; k < FH_ARRAY_SIZE(block_kinds); k++)
		for (unsigned int protect = 0; protect < 2; protect++) {
			uint64_t held;
			int64_t plan;

			s->kind = &block_kinds[k];
			configure(s, 2, true);
			build(s);
			nth_range(s, 6);
			plan = fh_pgtable_plan_unmap(&w->table, fh_dma(s->first),
						     s->last - s->first + 1);
			MUST(fh_pgtable_preallocate(&w->table, (uint64_t)plan));
			held = world_count(w, FH_FRAME_HELD);
			fh_frames_fail_after(&w->frames, 0);
			MUST(change_flushed(s, protect, false));
			assert_int_equal(w->table.reserve_pages, 0);
			assert_int_equal(world_count(w, FH_FRAME_HELD), held);
			fh_frames_fail_after(&w->frames, UINT64_MAX);
			expect_changed(s, protect);
			finish(s);
		}
}

/* One page short: -ENOMEM, and what was in reserve is again. */
static void preallocated_short(void **state)
{
	static struct snapshot before;
	struct split *s = *state;
	struct world *w = s->w;

	s->kind = &block_kinds[1];
	configure(s, 2, false);
	build(s);
	nth_range(s, 6);
	assert_int_equal(count_tables(s), 3);
	MUST(fh_pgtable_preallocate(&w->table, 2));
	snapshot_take(&before, w);
	fh_frames_fail_after(&w->frames, 0);
	assert_int_equal(change_flushed(s, false, false), -ENOMEM);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	before.table.reserve = w->table.reserve; /* in another order */
	snapshot_equal(&before, w);
	finish(s);
}

/* The TLB does not answer, at each wait in turn: no translation has changed. */
static void sync_fails(void **state)
{
	struct split *s = *state;
	struct world *w = s->w;
	uint64_t failures = 0, expected = 0;

	for (size_t k = 0; k < FH_ARRAY_SIZE(block_kinds); k++)
		for (unsigned int bbm = 0; bbm < 2; bbm++)
			for (unsigned int protect = 0; protect < 2; protect++)
				for (unsigned int fail = 1;; fail++) {
					int err;

					s->kind = &block_kinds[k];
					configure(s, bbm, true);
					build(s);
					nth_range(s, 16);
					expected += fail == 1 ? count_tables(s) : 0;
					s->live = bbm > 0;
					s->sync_fails = fail;
					err = change_flushed(s, protect, bbm == 0);
					if (err) {
						failures++;
						assert_int_equal(err, -ETIMEDOUT);
						probe_all(s, false);
						world_adds_up(w);
						world_idle(w);
						world_runs(w);
						MUST(change_flushed(s, protect, bbm == 0));
					}
					expect_changed(s, protect);
					finish(s);
					if (!err)
						break;
				}
	/* One wait for each table that comes to stand where a block was. */
	assert_int_equal(failures, expected);
}

/* What waits at level 0 for a run: broken as a whole, and it comes back as a whole. */
static void run_sync_fails(void **state)
{
	struct split *s = *state;
	struct world *w = s->w;
	struct fh_gather gather;
	unsigned int joined;

	s->kind = &block_kinds[0];
	configure(s, 0, true);
	build(s);
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 64 * FRAME, ATTR_RW));
	joined = world_runs(w);
	assert_int_equal(joined, 64);
	w->syncs = 0;
	s->sync_fails = 1;
	fh_gather_init(&gather, &w->table);
	assert_int_equal(fh_pgtable_unmap(&w->table, fh_dma(20 * FRAME), FRAME, &gather), -EBUSY);
	fh_gather_quiescent(&gather);
	assert_int_equal(fh_pgtable_unmap(&w->table, fh_dma(20 * FRAME), FRAME, &gather),
			 -ETIMEDOUT);
	assert_int_equal(world_runs(w), 64);
	for (uint64_t i = 0; i < 64; i++)
		assert_int_equal(agree(w, &w->table, i * FRAME).pa, i * FRAME);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(20 * FRAME), FRAME, &gather));
	assert_int_equal(world_runs(w), 48);
	MUST(fh_gather_flush(&gather));
	finish(s);
}

/*
 * Runs: of pages and of blocks, cut at one edge or both, or covered whole. Only level 2, or the
 * caller's word, lets one be cut; others keep their hint.
 */
static void runs(void **state)
{
	static const struct {
		uint64_t first, count; /* leaves */
		bool cut;
		unsigned int left; /* runs of four that are still joined */
	} rows[] = {
		{ 0, 1, true, 3 },    { 15, 1, true, 3 },  { 15, 2, true, 2 },
		{ 16, 16, false, 3 }, { 16, 17, true, 2 }, { 1, 63, true, 0 },
		{ 0, 64, false, 0 },  { 8, 24, true, 2 },  { 32, 32, false, 2 },
	};
	struct split *s = *state;
	struct world *w = s->w;

	for (unsigned int bbm = 0; bbm <= 2; bbm++)
		for (unsigned int big = 0; big < 2; big++)
			for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++) {
				uint64_t leaf = big ? TWO_MIB : FRAME;
				uint64_t first = rows[r].first * leaf;
				uint64_t size = rows[r].count * leaf;
				bool forbidden = rows[r].cut && bbm < 2;

				s->kind = &block_kinds[0];
				configure(s, bbm, true);
				MUST(fh_pgtable_init(&w->table, &w->config));
				MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 64 * leaf,
						    ATTR_RW));
				assert_int_equal(world_runs(w), 64);
				s->block = 0;
				s->first = first;
				s->last = first + size - 1;
				assert_int_equal(
				    fh_pgtable_plan_unmap(&w->table, fh_dma(first), size), 0);
				if (forbidden)
					assert_int_equal(change_flushed(s, false, false), -EBUSY);
				assert_int_equal(world_runs(w), 64);
				MUST(change_flushed(s, false, forbidden));
				assert_int_equal(world_runs(w), 16 * rows[r].left);
				for (uint64_t i = 0; i < 64; i++)
					assert_int_equal(agree(w, &w->table, i * leaf).mapped,
							 !in_range(s, i * leaf));
				world_idle(w);
				finish(s);
			}
}

/* A page out of a block out of a run of blocks: the run goes, the block goes, new runs come. */
static void run_of_blocks(void **state)
{
	struct split *s = *state;
	struct world *w = s->w;

	s->kind = &block_kinds[0];
	configure(s, 2, true);
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 16 * TWO_MIB, ATTR_RW));
	assert_int_equal(world_runs(w), 16);
	assert_int_equal(fh_pgtable_plan_unmap(&w->table, fh_dma(5 * TWO_MIB + FRAME), FRAME), 1);
	MUST(world_unmap(w, 5 * TWO_MIB + FRAME, FRAME));
	/* 31 of 32 runs of pages, none of blocks. */
	assert_int_equal(world_runs(w), 31 * 16);
	world_adds_up(w);
	finish(s);
}

/* Hardware sets the access flag, or marks it dirty, at each compare-and-swap: nothing is lost. */
struct hardware {
	uint64_t *slot;
	uint64_t bits; /* that it flips */
	unsigned int at, seen;
};

static void hardware_updates(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct hardware *hw = ctx;

	(void)desired;
	if (slot == hw->slot && hw->seen++ == hw->at && (*slot & 1))
		*slot ^= hw->bits;
}

static void updates_survive(void **state)
{
	static const uint64_t bits[] = { UINT64_C(1) << 10, UINT64_C(1) << 7,
					 UINT64_C(1) << 10 | UINT64_C(1) << 7 };
	struct split *s = *state;
	struct world *w = s->w;

	for (unsigned int bbm = 0; bbm <= 2; bbm++)
		for (size_t b = 0; b < FH_ARRAY_SIZE(bits); b++)
			for (unsigned int at = 0; at < 3; at++) {
				struct fh_gather gather;
				struct hardware hw = { .bits = bits[b], .at = at };
				uint64_t *table, block;

				s->kind = &block_kinds[0];
				s->attr.access = FH_READ | FH_UNACCESSED;
				configure(s, bbm, false);
				build(s);
				table = at_pa(w, w->table.root.raw);
				table = at_pa(w, table[0] & UINT64_C(0xfffffffff000));
				table = at_pa(w, table[0] & UINT64_C(0xfffffffff000));
				hw.slot = &table[37];
				block = *hw.slot;
				fh_gather_init(&gather, &w->table);
				if (bbm == 0)
					fh_gather_quiescent(&gather);
				host_interfere_set(hardware_updates, &hw);
				MUST(fh_pgtable_unmap(&w->table, fh_dma(s->block), FRAME, &gather));
				host_interfere_set(NULL, NULL);
				MUST(fh_gather_flush(&gather));
				table = at_pa(w, *hw.slot & UINT64_C(0xfffffffff000));
				/* At level 0 hardware updates nothing after the entry is invalid.
				 */
				if (at == 0 || (at == 1 && bbm == 1))
					block ^= bits[b];
				for (unsigned int i = 1; i < 512; i++)
					assert_int_equal((table[i] ^ block) & UINT64_C(0xffc), 0);
				finish(s);
			}
}

static const struct CMUnitTest tests[] = {
	SPLIT_TEST("iommu.pgtable.split.unmap_level_0", unmap_level_0),
	SPLIT_TEST("iommu.pgtable.split.unmap_level_1", unmap_level_1),
	SPLIT_TEST("iommu.pgtable.split.unmap_level_2", unmap_level_2),
	SPLIT_TEST("iommu.pgtable.split.protect", protect_levels),
	SPLIT_TEST("iommu.pgtable.split.preallocated", preallocated),
	SPLIT_TEST("iommu.pgtable.split.preallocated_short", preallocated_short),
	SPLIT_TEST("iommu.pgtable.split.sync_fails", sync_fails),
	SPLIT_TEST("iommu.pgtable.split.run_sync_fails", run_sync_fails),
	SPLIT_TEST("iommu.pgtable.split.runs", runs),
	SPLIT_TEST("iommu.pgtable.split.run_of_blocks", run_of_blocks),
	SPLIT_TEST("iommu.pgtable.split.updates_survive", updates_survive),
};

UNIT_MAIN("iommu.pgtable.split", tests)
