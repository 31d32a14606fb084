/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits of descriptors, as they stand in memory, that no walker of the other tests depends on: high
 * indices into MAIR, software bits other than the first, shareability and the contiguous hint in
 * every regime, and DBM, which is not ours.
 */
#include "iommu/pte.h"
#include "tests/unit/iommu_fixture.h"

#define ADDRESS UINT64_C(0xfffffffff000)
#define SOFTWARE (UINT64_C(15) << 55)
#define DBM (UINT64_C(1) << 51)
#define WINDOW (8 * FH_GIB)

static const struct kind {
	enum fh_format format;
	enum fh_regime regime;
	uint64_t software; /* bits that are left to software, D8.3 */
	uint64_t block;	   /* a leaf of somebody else: read and write, no execution */
} kinds[] = {
	{ FH_FORMAT_S1, FH_REGIME_EL1, SOFTWARE, UINT64_C(0x0060000000000701) },
	{ FH_FORMAT_S1, FH_REGIME_EL2, SOFTWARE, UINT64_C(0x0040000000000741) },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, UINT64_C(3) << 56, UINT64_C(0x00400000000007fd) },
};

static void configure(struct world *w, const struct kind *kind)
{
	w->config.format = kind->format;
	w->config.regime = kind->regime;
}

static uint64_t *below(const struct world *w, uint64_t link)
{
	assert_int_equal(link & 3, 3);
	return at_pa(w, link & ADDRESS);
}

/* The L3 table of the first 2 MiB behind the root's entry @index, with the link that leads there.
 */
static uint64_t *pages_at(const struct world *w, unsigned int index, uint64_t *link)
{
	uint64_t *root = at_pa(w, w->table.root.raw);

	*link = below(w, root[index])[0];
	assert_int_equal(root[index] & SOFTWARE, *link & SOFTWARE);
	return below(w, *link);
}

static void unmap_all(struct world *w, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;

	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(iova), size, &gather));
	MUST(fh_gather_flush(&gather));
	MUST(fh_pgtable_release(&w->table));
}

/* When the firmware uses all software bits but one, that one marks what is ours, and it alone. */
static void software_bits(void **state)
{
	struct world *w = *state;

	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++)
		for (unsigned int bit = 55; bit < 59; bit++) {
			struct fh_window window = { fh_dma(WINDOW), WINDOW };
			struct fh_handover handover = { fh_phys(fw_pa(0)), &window, 1 };
			struct fh_adopt_report report = { 0 };
			uint64_t ours = UINT64_C(1) << bit, link;
			const uint64_t *pages;

			if (!(kinds[k].software & ours))
				continue;
			configure(w, &kinds[k]);
			fw_table(w, 0)[1] = FH_GIB | kinds[k].block | (kinds[k].software & ~ours);
			MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
			MUST(fh_pgtable_map(&w->table, fh_dma(WINDOW), fh_phys(0x90000000), FRAME,
					    ATTR_RW));
			pages = pages_at(w, 8, &link);
			assert_int_equal(link & kinds[k].software, ours);
			assert_int_equal(pages[0] & kinds[k].software, ours);
			unmap_all(w, WINDOW, FRAME);
			assert_int_equal(fw_table(w, 0)[8], 0);
		}
}

/* The only index of MAIR that says write-back is the one in the descriptor. */
static void mair_index(void **state)
{
	struct world *w = *state;

	for (size_t k = 0; k < 2; k++)
		for (unsigned int index = 0; index < 8; index++) {
			uint64_t link;

			configure(w, &kinds[k]);
			/* The others are Device-GRE, which no mapping asks for. */
			w->config.mair = UINT64_C(0x0c0c0c0c0c0c0c0c) ^ UINT64_C(0xf3)
									    << (8 * index);
			MUST(fh_pgtable_init(&w->table, &w->config));
			MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0x90000000), FRAME,
					    ATTR_RW));
			assert_int_equal(pages_at(w, 0, &link)[0] >> 2 & 7, index);
			unmap_all(w, 0, FRAME);
		}
}

static uint64_t mapped_leaf(struct world *w, uint64_t size, struct fh_attr attr)
{
	uint64_t granule = UINT64_C(1) << w->config.granule_lg2;
	uint64_t *table;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(UINT64_C(5) << 28), size, attr));
	table = at_pa(w, w->table.root.raw);
	while ((table[0] & 3) == 3 &&
	       fh_frame_state(&w->frames, fh_phys(table[0] & ADDRESS & ~(granule - 1))) ==
		   FH_FRAME_HELD)
		table = at_pa(w, table[0] & ADDRESS & ~(granule - 1));
	return table[0];
}

/* Each shareability, of every granule; with 64K also where an address has 52 bits. */
static void shares(void **state)
{
	static const struct {
		uint8_t granule_lg2, ias, oas;
	} shapes[] = { { 12, 39, 40 }, { 14, 36, 40 }, { 16, 42, 48 }, { 16, 42, 52 } };
	static const uint8_t share[] = { FH_SHARE_NONE, FH_SHARE_OUTER, FH_SHARE_INNER };
	struct world *w = *state;

	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < FH_ARRAY_SIZE(shapes) * FH_ARRAY_SIZE(share); i++) {
			struct fh_attr attr = ATTR_RW;

			configure(w, &kinds[k]);
			w->config.granule_lg2 = shapes[i / FH_ARRAY_SIZE(share)].granule_lg2;
			w->config.ias = shapes[i / FH_ARRAY_SIZE(share)].ias;
			w->config.oas = shapes[i / FH_ARRAY_SIZE(share)].oas;
			attr.share = share[i % FH_ARRAY_SIZE(share)];
			assert_int_equal(mapped_leaf(w, 16 * FRAME, attr) >> 8 & 3, attr.share);
			unmap_all(w, 0, 16 * FRAME);
		}
}

/* A whole run has the hint, and no part of one. */
static void contiguous(void **state)
{
	struct world *w = *state;

	w->config.contiguous = true;
	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++) {
		configure(w, &kinds[k]);
		assert_int_equal(mapped_leaf(w, 16 * FRAME, ATTR_RW) >> 52 & 1, 1);
		unmap_all(w, 0, 16 * FRAME);
		assert_int_equal(mapped_leaf(w, 15 * FRAME, ATTR_RW) >> 52 & 1, 0);
		unmap_all(w, 0, 15 * FRAME);
	}
}

/* The access flag of UAT, which is as that of stage 1. */
static void uat_accessed(void **state)
{
	struct world *w = *state;
	struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };

	w->config.format = FH_FORMAT_UAT;
	w->config.granule_lg2 = 14;
	assert_int_equal(mapped_leaf(w, 4 * FRAME, attr) >> 10 & 1, 1);
	unmap_all(w, 0, 4 * FRAME);
	attr.access |= FH_UNACCESSED;
	assert_int_equal(mapped_leaf(w, 4 * FRAME, attr) >> 10 & 1, 0);
	unmap_all(w, 0, 4 * FRAME);
}

/* The whole of an output address of UAT. */
static void uat_address(void **state)
{
	struct world *w = *state;
	struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };
	uint64_t pa = UINT64_C(0xfffff0004000), link;

	w->config.format = FH_FORMAT_UAT;
	w->config.granule_lg2 = 14;
	w->config.oas = 48;
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(pa), 4 * FRAME, attr));
	assert_int_equal(pages_at(w, 0, &link)[0] & ADDRESS, pa);
	unmap_all(w, 0, 4 * FRAME);
}

/* Who has set DBM keeps it, when permissions change and when a block becomes pages. */
static void dirty_modifier(void **state)
{
	struct world *w = *state;

	w->config.bbm_level = 2;
	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++) {
		struct fh_attr less = ATTR_RW;
		struct fh_gather gather;
		uint64_t *block, link;

		less.access = FH_READ;
		configure(w, &kinds[k]);
		MUST(fh_pgtable_init(&w->table, &w->config));
		MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0x90000000), TWO_MIB, ATTR_RW));
		block = below(w, at_pa(w, w->table.root.raw)[0]);
		fh_pte_update(block, 0, DBM, true);
		fh_pte_complete();
		fh_gather_init(&gather, &w->table);
		MUST(fh_pgtable_unmap(&w->table, fh_dma(0), FRAME, &gather));
		MUST(fh_gather_flush(&gather));
		for (unsigned int i = 1; i < 512; i++)
			assert_true(pages_at(w, 0, &link)[i] & DBM);
		fh_gather_init(&gather, &w->table);
		MUST(fh_pgtable_protect(&w->table, fh_dma(FRAME), FRAME, less, &gather));
		MUST(fh_gather_flush(&gather));
		assert_true(pages_at(w, 0, &link)[1] & DBM);
		unmap_all(w, FRAME, TWO_MIB - FRAME);
	}
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.fields.software_bits", software_bits),
	WORLD_TEST("iommu.pgtable.fields.mair_index", mair_index),
	WORLD_TEST("iommu.pgtable.fields.shares", shares),
	WORLD_TEST("iommu.pgtable.fields.contiguous", contiguous),
	WORLD_TEST("iommu.pgtable.fields.uat_accessed", uat_accessed),
	WORLD_TEST("iommu.pgtable.fields.uat_address", uat_address),
	WORLD_TEST("iommu.pgtable.fields.dirty_modifier", dirty_modifier),
};

UNIT_MAIN("iommu.pgtable.fields", tests)
