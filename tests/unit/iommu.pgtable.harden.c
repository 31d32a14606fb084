/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables count what they map: built with HARDEN=1, a frame is free only when nothing leads to
 * it, however its mappings came and went. In other builds it is free at any time.
 */
/* What was refused is freed again. */
#define FH_OWNERSHIP_OFF
#include "tests/unit/iommu_fixture.h"

#define IOVA (FH_GIB - 2 * FRAME)

static struct fh_fault refused;

static void keep_fault(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	refused = *fault;
}

/* Free a page; @iova: where it is mapped, 0 for nowhere. */
static void expect_free(struct world *w, struct fh_page *page, uint64_t iova)
{
	int err = fh_page_free(&w->frames, page);

	if (!FH_FRAMES_COUNT_MAPPINGS || !iova) {
		assert_int_equal(err, 0);
		return;
	}
	assert_int_equal(err, -EBUSY);
	assert_int_equal(refused.code, FH_FAULT_MAPPED);
	assert_true(refused.at == iova);
	assert_non_null(refused.by);
}

static int map_at(struct world *w, uint64_t iova, const struct fh_page *page)
{
	return fh_pgtable_map(&w->table, fh_dma(iova), fh_page_to_phys(&w->frames, page),
			      FRAME << fh_page_order(&w->frames, page), ATTR_RW);
}

static struct fh_page *alloc_world(struct world *w)
{
	struct fh_page *page = fh_page_alloc(&w->frames, 2, 0);

	w->frames.config.report.report = keep_fault;
	assert_non_null(page);
	return page;
}

/* Across the end of a table, twice, page by page. */
static void unmapped(void **state)
{
	struct world *w = *state;
	struct fh_page *page = alloc_world(w);

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(map_at(w, IOVA, page));
	MUST(map_at(w, 2 * IOVA, page));
	if (FH_FRAMES_COUNT_MAPPINGS) {
		expect_free(w, page, 2 * IOVA);
		MUST(world_unmap(w, 2 * IOVA, 4 * FRAME));
		/* The first of them that is left. */
		for (uint64_t i = 0; i < 4; i++) {
			assert_int_equal(fh_page_free(&w->frames, page), -EBUSY);
			assert_true(refused.addr ==
				    fh_page_to_phys(&w->frames, page).raw + i * FRAME);
			MUST(world_unmap(w, IOVA + i * FRAME, FRAME));
		}
	}
	expect_free(w, page, 0);
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_OWNED) + world_count(w, FH_FRAME_HELD), 0);
}

/* What hangs below a table that is taken away whole. */
static void released(void **state)
{
	struct world *w = *state;
	struct fh_page *page = alloc_world(w);

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(map_at(w, IOVA, page));
	MUST(map_at(w, 2 * IOVA, page));
	if (FH_FRAMES_COUNT_MAPPINGS)
		expect_free(w, page, 2 * IOVA);
	MUST(fh_pgtable_release(&w->table));
	expect_free(w, page, 0);
	assert_int_equal(world_count(w, FH_FRAME_OWNED) + world_count(w, FH_FRAME_HELD), 0);
}

/* A map that fails, at each of its allocations and for what is in its way, has mapped nothing. */
static void failed(void **state)
{
	struct world *w = *state;
	struct fh_page *page = alloc_world(w);
	uint64_t fail = 0;
	int err;

	MUST(fh_pgtable_init(&w->table, &w->config));
	do {
		fh_frames_fail_after(&w->frames, fail++);
		err = map_at(w, IOVA, page);
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			expect_free(w, page, 0);
			page = alloc_world(w);
		}
	} while (err);
	assert_true(fail > 2);
	assert_int_equal(map_at(w, IOVA + FRAME, page), -EEXIST);
	MUST(world_unmap(w, IOVA, 4 * FRAME));
	expect_free(w, page, 0);
	MUST(fh_pgtable_release(&w->table));
	assert_null(fh_frames_check(&w->frames));
}

static void take_entry(void *ctx, uint64_t *slot, uint64_t desired)
{
	unsigned int *countdown = ctx;

	if (desired && (*countdown)-- == 0)
		*slot = 0x90000000 | 0x701 | 2;
}

/* The firmware's tables above the two pages on either side of IOVA's gigabyte. */
static void adopt_fw(struct world *w)
{
	static const struct fh_window window = { { 0 }, UINT64_C(1) << 39 };
	struct fh_handover handover = { fh_phys(fw_pa(0)), &window, 1 };
	struct fh_adopt_report report = { .ctx = NULL };

	memset(fw_table(w, 0), 0, FW_COUNT * FRAME);
	fw_table(w, 0)[0] = fw_pa(1) | 3;
	fw_table(w, 1)[511] = fw_pa(2) | 3;
	fw_table(w, 0)[1] = fw_pa(3) | 3;
	fw_table(w, 3)[0] = fw_pa(4) | 3;
	MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
}

/* One that lost a race to the firmware, at each of its leaves, has taken the others back. */
static void undone(void **state)
{
	struct world *w = *state;

	for (unsigned int at = 0; at < 4; at++) {
		struct fh_page *page = alloc_world(w);
		unsigned int countdown = at;

		adopt_fw(w);
		host_interfere_set(take_entry, &countdown);
		assert_int_equal(map_at(w, IOVA, page), -EPERM);
		host_interfere_set(NULL, NULL);
		expect_free(w, page, 0);
		assert_null(fh_frames_check(&w->frames));
		MUST(fh_pgtable_release(&w->table));
	}
}

/* Split, protected, and unmapped in parts: each page is counted once, whatever maps it. */
static void split(void **state)
{
	struct world *w = *state;
	struct fh_page_request request = { .order = 2, .last = BASE + TWO_MIB - 1 };
	struct fh_page *page = fh_page_alloc_request(&w->frames, &request);
	struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };
	uint64_t iova = 3 * TWO_MIB, at;
	struct fh_gather gather;

	w->frames.config.report.report = keep_fault;
	assert_non_null(page);
	at = iova + fh_page_to_phys(&w->frames, page).raw - BASE;
	w->config.bbm_level = 2;
	w->config.contiguous = true;
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(BASE), TWO_MIB, ATTR_RW));
	assert_int_equal(agree(w, &w->table, iova).level, 2);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_protect(&w->table, fh_dma(at + FRAME), FRAME, read_only, &gather));
	assert_int_equal(agree(w, &w->table, at).level, 3);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(at + FRAME), iova + TWO_MIB - at - FRAME, &gather));
	if (at > iova)
		MUST(fh_pgtable_unmap(&w->table, fh_dma(iova), at - iova, &gather));
	MUST(fh_gather_flush(&gather));
	if (FH_FRAMES_COUNT_MAPPINGS) {
		/* The one frame that is left. */
		assert_int_equal(fh_page_free(&w->frames, page), -EBUSY);
		assert_true(refused.addr == fh_page_to_phys(&w->frames, page).raw);
		MUST(world_unmap(w, at, FRAME));
	}
	expect_free(w, page, 0);
	MUST(fh_pgtable_release(&w->table));
	assert_null(fh_frames_check(&w->frames));
}

/* A list: of one that fails nothing is counted, of the other each piece. */
static void list(void **state)
{
	struct world *w = *state;
	struct fh_page *a = alloc_world(w), *b = alloc_world(w);
	struct fh_segment pieces[] = {
		{ fh_phys(fh_page_to_phys(&w->frames, b).raw + FRAME), 2 * FRAME },
		{ fh_page_to_phys(&w->frames, a), FRAME },
	};

	MUST(fh_pgtable_init(&w->table, &w->config));
	fh_frames_fail_after(&w->frames, 1);
	assert_int_equal(
	    fh_pgtable_map_list(&w->table, fh_dma(IOVA), pieces, FH_ARRAY_SIZE(pieces), ATTR_RW),
	    -ENOMEM);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	expect_free(w, a, 0);
	a = alloc_world(w);
	pieces[1].pa = fh_page_to_phys(&w->frames, a);
	MUST(fh_pgtable_map_list(&w->table, fh_dma(IOVA), pieces, FH_ARRAY_SIZE(pieces), ATTR_RW));
	if (FH_FRAMES_COUNT_MAPPINGS) {
		/* Where the mapping call began is what a page remembers. */
		assert_int_equal(fh_page_free(&w->frames, a), -EBUSY);
		assert_int_equal(fh_page_free(&w->frames, b), -EBUSY);
		MUST(world_unmap(w, IOVA, 2 * FRAME));
	}
	expect_free(w, b, 0);
	if (FH_FRAMES_COUNT_MAPPINGS) {
		assert_int_equal(fh_page_free(&w->frames, a), -EBUSY);
		MUST(world_unmap(w, IOVA + 2 * FRAME, FRAME));
	}
	expect_free(w, a, 0);
	MUST(fh_pgtable_release(&w->table));
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.harden.unmapped", unmapped),
	WORLD_TEST("iommu.pgtable.harden.released", released),
	WORLD_TEST("iommu.pgtable.harden.failed", failed),
	WORLD_TEST("iommu.pgtable.harden.undone", undone),
	WORLD_TEST("iommu.pgtable.harden.split", split),
	WORLD_TEST("iommu.pgtable.harden.list", list),
};

UNIT_MAIN("iommu.pgtable.harden", tests)
