/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live entries of ours in the firmware's tables: split, protected, and overwritten by the firmware
 * at each compare-and-swap in turn. What it has put there stays to the bit, the operation says so,
 * and no other translation is lost.
 */
#include "tests/unit/iommu_fixture.h"

#define LINK 3u
#define OURS 37u /* gigabyte that is a block of ours */

static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr uncached = { FH_READ, FH_MEMTYPE_NC, FH_SHARE_NONE };

/* Root (0); 0 -> (1), of which 0 -> (2). All else is zero, and in our window. */
static void adopt_fw(struct world *w)
{
	static const struct fh_window window = { { 0 }, UINT64_C(1) << 39 };
	struct fh_handover handover = { fh_phys(fw_pa(0)), &window, 1 };
	struct fh_adopt_report report = { .ctx = NULL };

	memset(fw_table(w, 0), 0, FW_COUNT * FRAME);
	fw_table(w, 0)[0] = fw_pa(1) | LINK;
	fw_table(w, 1)[0] = fw_pa(2) | LINK;
	MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
}

/* Nothing; the same without our bit; a page, or a link to nowhere; a block; data. */
#define SAME UINT64_MAX
static const uint64_t descs[] = {
	0, SAME, 0x90000000 | 0x703, 2 * FH_GIB | 0x701, UINT64_C(0xdead0000),
};

struct firmware {
	struct world *w;
	unsigned int at, seen;
	uint64_t desc;
	uint64_t *slot; /* where it has put it */
	uint64_t before;
};

/* At compare-and-swap @at of an entry in the firmware's tables. */
static void overwrite(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct firmware *fw = ctx;

	(void)desired;
	if (slot < fw_table(fw->w, 0) || slot >= fw_table(fw->w, FW_COUNT))
		return;
	if (fw->seen++ == fw->at) {
		fw->slot = slot;
		fw->before = *slot;
		if (fw->desc == SAME)
			fw->desc = *slot & ~fw->w->table.ours;
		*slot = fw->desc;
	}
}

static void begin(struct firmware *fw, unsigned int bbm)
{
	struct world *w = fw->w;

	w->config.bbm_level = (uint8_t)bbm;
	adopt_fw(w);
	w->faults = 0;
	fw->seen = 0;
	fw->slot = NULL;
}

static int run(struct firmware *fw, uint64_t iova, uint64_t size, const struct fh_attr *attr,
	       struct fh_gather *gather)
{
	struct world *w = fw->w;
	int err;

	host_interfere_set(overwrite, fw);
	err = attr ? fh_pgtable_protect(&w->table, fh_dma(iova), size, *attr, gather)
		   : fh_pgtable_unmap(&w->table, fh_dma(iova), size, gather);
	host_interfere_set(NULL, NULL);
	return err;
}

/* A block of ours in the root becomes a table, and the firmware steps in. */
static void split_block(void **state)
{
	struct world *w = *state;
	unsigned int lost = 0;

	for (unsigned int bbm = 0; bbm <= 2; bbm++)
		for (size_t d = 0; d < FH_ARRAY_SIZE(descs); d++)
			for (unsigned int at = 0; at < 3; at++) {
				struct firmware fw = { .w = w, .at = at, .desc = descs[d] };
				struct fh_gather gather;
				uint64_t base = OURS * FH_GIB;
				int err;

				begin(&fw, bbm);
				MUST(fh_pgtable_map(&w->table, fh_dma(base), fh_phys(base), FH_GIB,
						    ATTR_RW));
				fh_gather_init(&gather, &w->table);
				if (bbm == 0)
					fh_gather_quiescent(&gather);
				err = run(&fw, base + TWO_MIB, FRAME, d & 1 ? &read_only : NULL,
					  &gather);
				MUST(fh_gather_flush(&gather));
				world_idle(w);
				if (!fw.slot) {
					MUST(err);
					world_adds_up(w);
					assert_int_equal(agree(w, &w->table, base).pa, base);
					MUST(fh_pgtable_release(&w->table));
					assert_int_equal(fw_table(w, 0)[OURS], 0);
					continue;
				}
				lost++;
				assert_int_equal(err, -EIO);
				assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
				assert_ptr_equal(fw.slot, &fw_table(w, 0)[OURS]);
				assert_int_equal(*fw.slot, fw.desc);
				assert_int_equal(w->table.tables, 0);
				assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
				assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
				assert_int_equal(fh_pgtable_release(&w->table), -EIO);
				assert_int_equal(*fw.slot, fw.desc);
			}
	/* Two compare-and-swaps each at levels 0 and 1, one at level 2. */
	assert_int_equal(lost, (2 + 2 + 1) * FH_ARRAY_SIZE(descs));
}

/* Each entry of 16 pages in a table of the firmware's, in place and by way of invalid ones. */
static void protect(void **state)
{
	struct world *w = *state;

	for (unsigned int breaks = 0; breaks < 2; breaks++)
		for (size_t d = 0; d < FH_ARRAY_SIZE(descs); d++)
			for (unsigned int at = 0; at < 16 * (1 + breaks); at++) {
				struct firmware fw = { .w = w, .at = at, .desc = descs[d] };
				struct fh_gather gather;
				unsigned int lost = at % 16;

				begin(&fw, 2);
				MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FH_GIB),
						    16 * FRAME, ATTR_RW));
				memset(w->tlb, true, 16);
				w->tlb_base = 0;
				fh_gather_init(&gather, &w->table);
				if (breaks)
					fh_gather_quiescent(&gather);
				assert_int_equal(run(&fw, 0, 16 * FRAME,
						     breaks ? &uncached : &read_only, &gather),
						 -EIO);
				assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
				MUST(fh_gather_flush(&gather));
				assert_ptr_equal(fw.slot, &fw_table(w, 2)[lost]);
				assert_int_equal(*fw.slot, fw.desc);
				for (unsigned int i = 0; i < 16; i++) {
					struct seen seen = agree(w, &w->table, i * FRAME);
					bool old;

					assert_false(w->tlb[i]);
					if (i == lost)
						continue;
					/* All is there, as it was or as it is to be. */
					assert_true(seen.mapped);
					assert_int_equal(seen.pa, FH_GIB + i * FRAME);
					old = same_attr(&seen, ATTR_RW);
					assert_true(
					    old || same_attr(&seen, breaks ? uncached : read_only));
					/* Broken in vain: nothing has changed. Else all has. */
					assert_int_equal(old, breaks && at < 16);
				}
				world_idle(w);
				assert_int_equal(fh_pgtable_release(&w->table), -EIO);
				assert_int_equal(*fw.slot, fw.desc);
				for (unsigned int i = 0; i < 16; i++)
					if (i != lost)
						assert_int_equal(fw_table(w, 2)[i], 0);
			}
}

/* Before the operation looks: what is not ours any more is not ours to protect. */
static void protect_foreign(void **state)
{
	struct world *w = *state;

	for (size_t d = 0; d < FH_ARRAY_SIZE(descs); d++) {
		struct firmware fw = { .w = w };
		struct fh_gather gather;

		begin(&fw, 2);
		MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FH_GIB), 16 * FRAME, ATTR_RW));
		fw.desc = descs[d] == SAME ? fw_table(w, 2)[7] & ~w->table.ours : descs[d];
		fw_table(w, 2)[7] = fw.desc;
		fh_gather_init(&gather, &w->table);
		assert_int_equal(
		    fh_pgtable_protect(&w->table, fh_dma(0), 16 * FRAME, read_only, &gather),
		    descs[d] ? -EPERM : -ENOENT);
		assert_false(gather.pending);
		for (unsigned int i = 0; i < 16; i++) {
			struct seen seen = agree(w, &w->table, i * FRAME);

			if (i != 7)
				assert_true(same_attr(&seen, ATTR_RW));
		}
		assert_int_equal(fh_pgtable_release(&w->table), -EIO);
		assert_int_equal(fw_table(w, 2)[7], fw.desc);
	}
}

/* Hardware marks pages as accessed and dirty meanwhile: that stays, and is no loss. */
static void protect_updated(void **state)
{
	static const struct fh_attr unaccessed = { FH_READ | FH_WRITE | FH_UNACCESSED,
						   FH_MEMTYPE_WB, FH_SHARE_INNER };
	struct world *w = *state;

	for (unsigned int at = 0; at < 16; at++) {
		struct firmware fw = { .w = w, .at = at };
		struct fh_gather gather;

		begin(&fw, 2);
		MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FH_GIB), 16 * FRAME, unaccessed));
		/* What stands there, with the access flag. */
		fw.desc = fw_table(w, 2)[at] | UINT64_C(1) << 10;
		fh_gather_init(&gather, &w->table);
		MUST(run(&fw, 0, 16 * FRAME, &read_only, &gather));
		assert_ptr_equal(fw.slot, &fw_table(w, 2)[at]);
		MUST(fh_gather_flush(&gather));
		for (unsigned int i = 0; i < 16; i++) {
			struct seen seen = agree(w, &w->table, i * FRAME);

			assert_true(same_attr(&seen, read_only));
		}
		MUST(fh_pgtable_release(&w->table));
	}
}

/* No runs in tables of the firmware's: it may change one of their entries alone. */
static void no_runs(void **state)
{
	struct world *w = *state;
	struct firmware fw = { .w = w };

	w->config.contiguous = true;
	begin(&fw, 2);
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FH_GIB), TWO_MIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(32 * TWO_MIB), fh_phys(0), 32 * TWO_MIB, ATTR_RW));
	assert_int_equal(world_runs(w), 0);
	/* In ours there are. */
	MUST(fh_pgtable_map(&w->table, fh_dma(5 * FH_GIB), fh_phys(0), 32 * TWO_MIB, ATTR_RW));
	assert_int_equal(world_runs(w), 32);
	MUST(fh_pgtable_release(&w->table));
}

/* Every page of [@from, @to) is where it was put. */
static void expect_identity(struct world *w, uint64_t from, uint64_t to)
{
	for (; from < to; from += FRAME)
		assert_int_equal(agree(w, &w->table, from).pa, from);
}

/* The firmware puts a hint where a map sets none: the entry is not what we left, and stays. */
static void hint_not_ours(void **state)
{
	static const struct {
		uint64_t first, count;
		bool protects, changes; /* the others */
	} rows[] = {
		{ 7, 1, false, false }, { 7, 9, false, false }, { 7, 1, true, false },
		{ 7, 9, true, false },	{ 0, 16, true, true },
	};
	struct world *w = *state;

	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++) {
		struct firmware fw = { .w = w, .at = UINT32_MAX };
		struct fh_gather gather;
		uint64_t desc;

		begin(&fw, 2);
		MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 32 * FRAME, ATTR_RW));
		desc = fw_table(w, 2)[7] |= UINT64_C(1) << 52;
		fh_gather_init(&gather, &w->table);
		assert_int_equal(run(&fw, rows[r].first * FRAME, rows[r].count * FRAME,
				     rows[r].protects ? &read_only : NULL, &gather),
				 -EIO);
		MUST(fh_gather_flush(&gather));
		assert_int_equal(w->faults, 1);
		assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
		assert_int_equal(w->fault.value, desc);
		assert_int_equal(fw_table(w, 2)[7], desc);
		for (uint64_t i = 0; i < 32; i++) {
			struct seen seen = agree(w, &w->table, i * FRAME);

			assert_int_equal(seen.pa, i * FRAME);
			assert_true(same_attr(
			    &seen, rows[r].changes && i < 16 && i != 7 ? read_only : ATTR_RW));
		}
		world_idle(w);
		MUST(fh_pgtable_release(&w->table));
	}
}

/* At the first compare-and-swap, which is that of the first split. */
struct misleading {
	uint64_t *link;
	uint64_t desc;
	unsigned int seen;
};

static void mislead(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct misleading *misleading = ctx;

	(void)slot;
	(void)desired;
	if (!misleading->seen++)
		*misleading->link = misleading->desc;
}

/*
 * A block is cut at either end of the range, each below a link of the firmware's, and the second
 * link leads astray when the first block was split: that one stays split, and nothing is lost.
 */
static void second_split(void **state)
{
	struct world *w = *state;
	uint64_t first = FH_GIB - TWO_MIB, end = FH_GIB + TWO_MIB;

	for (unsigned int protects = 0; protects < 2; protects++) {
		struct firmware fw = { .w = w };
		struct misleading misleading = { .link = &fw_table(w, 0)[1],
						 .desc = frame_pa(10) | LINK };
		const struct fh_attr *attr = protects ? &read_only : NULL;
		struct fh_gather gather;
		uint64_t link;

		begin(&fw, 2);
		link = *misleading.link = fw_pa(3) | LINK;
		MUST(
		    fh_pgtable_map(&w->table, fh_dma(first), fh_phys(first), 2 * TWO_MIB, ATTR_RW));
		assert_int_equal(fh_pgtable_plan_unmap(&w->table, fh_dma(first + FRAME),
						       2 * TWO_MIB - 2 * FRAME),
				 2);
		fh_gather_init(&gather, &w->table);
		host_interfere_set(mislead, &misleading);
		assert_int_equal(attr ? fh_pgtable_protect(&w->table, fh_dma(first + FRAME),
							   2 * TWO_MIB - 2 * FRAME, *attr, &gather)
				      : fh_pgtable_unmap(&w->table, fh_dma(first + FRAME),
							 2 * TWO_MIB - 2 * FRAME, &gather),
				 -EIO);
		host_interfere_set(NULL, NULL);
		assert_int_equal(misleading.seen, 1);
		assert_int_equal(w->faults, 1);
		assert_int_equal(w->fault.code, FH_FAULT_TABLE_MOVED);
		assert_int_equal(w->fault.value, misleading.desc);
		assert_true(gather.pending);
		MUST(fh_gather_flush(&gather));
		world_idle(w);
		assert_int_equal(*misleading.link, misleading.desc);
		*misleading.link = link;
		expect_identity(w, first, end);
		assert_int_equal(agree(w, &w->table, first).level, 3);
		assert_int_equal(agree(w, &w->table, FH_GIB).level, 2);
		world_adds_up(w);
		MUST(fh_pgtable_release(&w->table));
		assert_int_equal(fw_table(w, 1)[511] | fw_table(w, 3)[0], 0);
	}
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.foreign.split_block", split_block),
	WORLD_TEST("iommu.pgtable.foreign.protect", protect),
	WORLD_TEST("iommu.pgtable.foreign.protect_foreign", protect_foreign),
	WORLD_TEST("iommu.pgtable.foreign.protect_updated", protect_updated),
	WORLD_TEST("iommu.pgtable.foreign.no_runs", no_runs),
	WORLD_TEST("iommu.pgtable.foreign.hint_not_ours", hint_not_ours),
	WORLD_TEST("iommu.pgtable.foreign.second_split", second_split),
};

UNIT_MAIN("iommu.pgtable.foreign", tests)
