/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections and translations in them: what a translation says where the way is short and where it is
 * not, and what a section keeps from happening on its own CPU. That it agrees with the walker of
 * the Arm ARM is said wherever a lookup does (iommu_fixture.h, tests/oracle/readers.c), and what a
 * section keeps others from in iommu.pgtable.threads.c.
 */
#include "tests/unit/iommu_fixture.h"

static struct world *begin(void **state)
{
	struct world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	return w;
}

#define NOTHING (FH_PHYS_INVALID.raw)

static void answers(void **state)
{
	struct world *w = begin(state);

	MUST(fh_pgtable_map(&w->table, fh_dma(FH_GIB), fh_phys(FH_GIB), FH_GIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(TWO_MIB), fh_phys(6 * TWO_MIB), TWO_MIB, ATTR_RO));
	MUST(fh_pgtable_map(&w->table, fh_dma(FRAME), fh_phys(0), FRAME, ATTR_RW));
	/* Each level, first and last byte. */
	assert_int_equal(translate_once(&w->table, FH_GIB), FH_GIB);
	assert_int_equal(translate_once(&w->table, 2 * FH_GIB - 1), 2 * FH_GIB - 1);
	assert_int_equal(translate_once(&w->table, TWO_MIB), 6 * TWO_MIB);
	assert_int_equal(translate_once(&w->table, 2 * TWO_MIB - 1), 7 * TWO_MIB - 1);
	assert_int_equal(translate_once(&w->table, FRAME), 0);
	assert_int_equal(translate_once(&w->table, 2 * FRAME - 1), FRAME - 1);
	/* Holes of each level, and beyond the input size. */
	assert_int_equal(translate_once(&w->table, 0), NOTHING);
	assert_int_equal(translate_once(&w->table, 2 * FRAME), NOTHING);
	assert_int_equal(translate_once(&w->table, 2 * TWO_MIB), NOTHING);
	assert_int_equal(translate_once(&w->table, 2 * FH_GIB), NOTHING);
	assert_int_equal(translate_once(&w->table, UINT64_C(1) << 39), NOTHING);
	assert_int_equal(translate_once(&w->table, (UINT64_C(1) << 39) + FRAME), NOTHING);
	assert_int_equal(translate_once(&w->table, UINT64_MAX), NOTHING);
	MUST(fh_pgtable_release(&w->table));
}

/* What only damage brings into a table of ours: a walker's answer, and no access elsewhere. */
static void damaged(void **state)
{
	struct world *w = begin(state);
	uint64_t *root = at_pa(w, w->table.root.raw), *leaf;
	const uint64_t address = UINT64_C(0xfffffffff000);
	struct fh_translation answer;

	MUST(fh_pgtable_map(&w->table, fh_dma(FRAME), fh_phys(FH_GIB), FRAME, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(FH_GIB), fh_phys(FH_GIB), FH_GIB, ATTR_RW));
	leaf = at_pa(w, *at_pa(w, root[0] & address) & address);
	/* A link with a limit, and one with bits that mean nothing. */
	for (unsigned int bit = 2; bit < 64; bit++) {
		uint64_t old = root[0];

		root[0] ^= UINT64_C(1) << bit;
		if ((root[0] & address) == (old & address)) {
			assert_int_equal(translate_once(&w->table, FRAME + 8), FH_GIB + 8);
			MUST(fh_pgtable_lookup(&w->table, fh_dma(FRAME + 8), &answer));
			assert_int_equal(answer.pa.raw, FH_GIB + 8);
		}
		root[0] = old;
	}
	root[0] ^= 1;
	assert_int_equal(translate_once(&w->table, FRAME), NOTHING);
	root[0] ^= 1;
	/* Beyond the output size, and a page that is none. */
	leaf[1] |= UINT64_C(1) << 40;
	assert_int_equal(translate_once(&w->table, FRAME), NOTHING);
	leaf[1] ^= UINT64_C(1) << 40 | 2;
	assert_int_equal(translate_once(&w->table, FRAME), NOTHING);
	leaf[1] ^= 2;
	root[1] |= UINT64_C(1) << 40;
	assert_int_equal(translate_once(&w->table, FH_GIB), NOTHING);
	root[1] ^= UINT64_C(1) << 40;
	MUST(fh_pgtable_release(&w->table));
}

/* On its own CPU nothing that a section reads is given back, and nothing is lost. */
static void keeps(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);
	struct fh_gather gather;
	struct fh_reader outer, inner;

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB, ATTR_RW));
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), TWO_MIB, &gather));
	fh_reader_begin(&outer, &w->table);
	assert_int_equal(fh_gather_flush(&gather), -EBUSY);
	fh_reader_begin(&inner, &w->table);
	assert_int_equal(fh_gather_flush(&gather), -EBUSY);
	fh_reader_end(&inner);
	/* Not the end of the outer one. */
	assert_int_equal(fh_gather_flush(&gather), -EBUSY);
	fh_reader_end(&outer);
	MUST(fh_gather_flush(&gather));
	fh_reader_begin(&outer, &w->table);
	snapshot_take(&before, w);
	assert_int_equal(fh_pgtable_release(&w->table), -EBUSY);
	fh_reader_end(&outer);
	snapshot_equal(&before, w);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

static int count_entry(void *ctx, const struct fh_walk_entry *entry)
{
	(void)entry;
	++*(unsigned int *)ctx;
	return 0;
}

/* Lookups, walks and plans do not end it. */
static void others_within(void **state)
{
	struct world *w = begin(state);
	struct fh_translation answer;
	struct fh_reader reader;
	unsigned int entries = 0;

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), FRAME, ATTR_RW));
	fh_reader_begin(&reader, &w->table);
	MUST(fh_pgtable_lookup(&w->table, fh_dma(8), &answer));
	MUST(fh_pgtable_walk(&w->table, fh_dma(0), FH_GIB, count_entry, &entries));
	assert_int_equal(entries, 3);
	assert_int_equal(fh_pgtable_plan_unmap(&w->table, fh_dma(0), FRAME), 0);
	assert_int_equal(w->table.cpu[0].reading & 1, 1);
	assert_int_equal(fh_reader_translate(&reader, fh_dma(8)).raw, FRAME + 8);
	fh_reader_end(&reader);
	world_idle(w);
	/* One that has ended translates nothing, and ends once. */
	assert_false(fh_phys_is_valid(fh_reader_translate(&reader, fh_dma(8))));
	fh_reader_end(&reader);
	world_idle(w);
	MUST(fh_pgtable_release(&w->table));
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.section.answers", answers),
	WORLD_TEST("iommu.section.damaged", damaged),
	WORLD_TEST("iommu.section.keeps", keeps),
	WORLD_TEST("iommu.section.others_within", others_within),
};

UNIT_MAIN("iommu.section", tests)
