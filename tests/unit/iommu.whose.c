/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose an address is: every kind of memory, table and mapping, the answer and its line. */
#include <stdio.h>

#include "iommu/whose.h"
#include "tests/unit/shape_world.h"

#define PAGE UINT64_C(0x1000)

static struct unit_text text;

static void expect_line(const struct fh_whose *whose, const char *line)
{
	struct fh_out out = unit_out(&text);

	fh_whose_describe(whose, &out);
	assert_string_equal(text.text, line);
}

static void expect_phys(const struct shape_world *w, const struct fh_pgtable *table, uint64_t pa,
			const char *line)
{
	struct fh_whose whose;

	MUST(fh_whose_phys(&w->frames, table, fh_phys(pa), &whose));
	expect_line(&whose, line);
}

static void expect_iova(const struct shape_world *w, uint64_t iova, const char *line)
{
	struct fh_whose whose;

	MUST(fh_whose_iova(&w->table, fh_dma(iova), &whose));
	expect_line(&whose, line);
}

/* Without a table: the memory map and the frames. */
static void memory(void **state)
{
	struct shape_world *w = *state;
	struct fh_page *page = fh_page_alloc(&w->frames, 0, 0);
	uint64_t pa = fh_page_to_phys(&w->frames, page).raw;
	char line[160];

	expect_phys(w, NULL, RAM_BASE + 7 * FH_MIB + 5,
		    "fh: whose: 0x80700005: usable, declared by /memory@80000000; frame free; no "
		    "table; not mapped\n");
	snprintf(line, sizeof(line),
		 "fh: whose: 0x%llx: usable, declared by /memory@%llx; frame owned; no table; not "
		 "mapped\n",
		 (unsigned long long)pa, pa < HOLE_PA ? 0x80000000ull : 0x80d00000ull);
	expect_phys(w, NULL, pa, line);
	MUST(fh_page_free(&w->frames, page));
	expect_phys(w, NULL, FW_PA,
		    "fh: whose: 0x80800000: reserved, declared by /reserved-memory/fw; frame "
		    "reserved; no table; not mapped\n");
	expect_phys(w, NULL, SECURE_PA,
		    "fh: whose: 0x80a00000: no-map, declared by /reserved-memory/secure; no frame; "
		    "no table; not mapped\n");
	expect_phys(w, NULL, HOLE_PA,
		    "fh: whose: 0x80c00000: no RAM, declared by nobody; no frame; no table; not "
		    "mapped\n");
	expect_phys(w, NULL, UINT64_MAX - 1,
		    "fh: whose: 0xfffffffffffffffe: no RAM, declared by nobody; no frame; no "
		    "table; not mapped\n");
}

/* The firmware's tables and pages, ours, and MMIO that we map. */
static void adopted(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	uint64_t ours;
	char line[200];

	MUST(shape_map(w, at.page, FW_PA + 0x5000, PAGE));
	MUST(shape_map(w, at.page + PAGE, 0x9010000, PAGE));
	MUST(shape_map(w, at.block + PAGE, 0x9010000, PAGE));
	expect_phys(w, &w->table, FW_PA + 8,
		    "fh: whose: 0x80800008: reserved, declared by /reserved-memory/fw; frame "
		    "reserved; table of level 1, foreign; not mapped\n");
	expect_phys(w, &w->table, FW_PA + 2 * PAGE + 4095,
		    "fh: whose: 0x80802fff: reserved, declared by /reserved-memory/fw; frame "
		    "reserved; table of level 3, foreign; not mapped\n");
	expect_phys(w, &w->table, FW_PA + 3 * PAGE,
		    "fh: whose: 0x80803000: reserved, declared by /reserved-memory/fw; frame "
		    "reserved; no table; not mapped\n");
	expect_phys(w, &w->table, FW_PA + 0x5010,
		    "fh: whose: 0x80805010: reserved, declared by /reserved-memory/fw; frame "
		    "reserved; no table; mapped at iova 0x100010: level 3, ours\n");
	/* Mapped twice: the first is named. */
	expect_phys(w, &w->table, 0x9010fff,
		    "fh: whose: 0x9010fff: no RAM, declared by nobody; no frame; no table; mapped "
		    "at iova 0x101fff: level 3, ours\n");
	expect_phys(w, &w->table, 0x90000000,
		    "fh: whose: 0x90000000: no RAM, declared by nobody; no frame; no table; mapped "
		    "at iova 0x0: level 3, foreign\n");
	ours = pa_of_slot(w, slot_of(w, at.block, 3)) & ~(PAGE - 1);
	snprintf(line, sizeof(line),
		 "fh: whose: 0x%llx: usable, declared by /memory@%llx; frame held; table of level "
		 "3, ours; not mapped\n",
		 (unsigned long long)ours, ours < HOLE_PA ? 0x80000000ull : 0x80d00000ull);
	expect_phys(w, &w->table, ours, line);
	expect_iova(w, 0x123,
		    "fh: whose: iova 0x123: level 3, foreign, not ours to map -> 0x90000123: no "
		    "RAM, declared by nobody; no frame; no table\n");
	expect_iova(w, at.page + 0x123,
		    "fh: whose: iova 0x100123: level 3, ours, ours to map -> 0x80805123: reserved, "
		    "declared by /reserved-memory/fw; frame reserved; no table\n");
	expect_iova(w, at.page + 2 * PAGE,
		    "fh: whose: iova 0x102000: level 3, nobody's, ours to map, no translation\n");
	expect_iova(w, at.page - PAGE,
		    "fh: whose: iova 0xff000: level 3, nobody's, not ours to map, no "
		    "translation\n");
	MUST(fh_pgtable_release(&w->table));
}

/* Not a frame changes its state, and a root of several pages is a table in each of them. */
static void every_shape_body(struct shape_world *w)
{
	struct fh_frames_stats before, after;
	struct fh_whose whose;
	uint64_t root, bytes;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, granule_of(w), FW_PA, granule_of(w)));
	fh_frames_stats(&w->frames, &before);
	root = w->table.root.raw;
	bytes = UINT64_C(1) << w->table.shape.root_lg2;
	for (uint64_t pa = root; pa < root + bytes; pa += PAGE / 2) {
		MUST(fh_whose_phys(&w->frames, &w->table, fh_phys(pa), &whose));
		assert_int_equal(whose.table, FH_OWNER_OURS);
		assert_int_equal(whose.table_level, w->table.shape.start_level);
		assert_int_equal(whose.frame, FH_FRAME_HELD);
		assert_int_equal(whose.leaf, FH_OWNER_NOBODY);
	}
	MUST(fh_whose_phys(&w->frames, &w->table, fh_phys(FW_PA + 7), &whose));
	assert_int_equal(whose.table, FH_OWNER_NOBODY);
	assert_int_equal(whose.leaf, FH_OWNER_OURS);
	assert_int_equal(whose.iova.raw, granule_of(w) + 7);
	assert_true(whose.ours_to_map);
	MUST(fh_whose_iova(&w->table, fh_dma(granule_of(w) + 7), &whose));
	assert_int_equal(whose.pa.raw, FW_PA + 7);
	assert_int_equal(whose.leaf_level, FH_LEVEL_PAGE);
	fh_frames_stats(&w->frames, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	MUST(fh_pgtable_release(&w->table));
}

static void every_shape(void **state)
{
	(void)state;
	each_shape(every_shape_body);
}

/* What a table does not translate, and a link that leads nowhere: told as far as it goes. */
static void refusals(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	struct fh_whose whose;
	uint64_t *slot = slot_of(w, 0, 2), old = slot[0];

	assert_int_equal(fh_whose_iova(&w->table, fh_dma(512 * FH_GIB), &whose), -ERANGE);
	expect_line(&whose, "fh: whose: iova 0x8000000000: level 0, nobody's, not ours to map, no "
			    "translation\n");
	slot[0] = SECURE_PA | 3;
	assert_int_equal(fh_whose_iova(&w->table, fh_dma(0), &whose), -EIO);
	expect_line(&whose, "fh: whose: iova 0x0: level 2, foreign, not ours to map, no "
			    "translation\n");
	assert_int_equal(fh_whose_phys(&w->frames, &w->table, fh_phys(FW_PA + 2 * PAGE), &whose),
			 -EIO);
	expect_line(&whose, "fh: whose: 0x80802000: reserved, declared by /reserved-memory/fw; "
			    "frame reserved; no table; not mapped\n");
	slot[0] = old;
	/* The first level that there is. */
	whose.table = FH_OWNER_OURS;
	whose.table_level = -1;
	expect_line(&whose, "fh: whose: 0x80802000: reserved, declared by /reserved-memory/fw; "
			    "frame reserved; table of level -1, ours; not mapped\n");
	MUST(shape_map(w, at.page, FW_PA, PAGE));
	MUST(fh_pgtable_release(&w->table));
}

static const struct CMUnitTest tests[] = {
	SHAPE_TEST("iommu.whose.memory", memory),
	SHAPE_TEST("iommu.whose.adopted", adopted),
	UNIT_TEST("iommu.whose.every_shape", every_shape),
	SHAPE_TEST("iommu.whose.refusals", refusals),
};

UNIT_MAIN("iommu.whose", tests)
