/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of a table: silent about one that is whole, and one line for each thing that is not. */
#include <time.h>

#include "tests/unit/shape_world.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK (2 * FH_MIB)

static uint64_t table_of(const struct shape_world *w, const uint64_t *slot)
{
	return fh_align_down(pa_of_slot(w, slot), granule_of(w));
}

/* One finding, about the descriptor at @slot, which translates @iova at @level. */
static void expect_one(struct shape_world *w, enum fh_check_code code, const uint64_t *slot,
		       int level, uint64_t iova, uint64_t value)
{
	assert_int_equal(shape_check(w), -EIO);
	if (w->findings != 1 || w->finding.code != code)
		fail_msg("%u findings, the last is %s, not %s", w->findings,
			 fh_check_code_name(w->finding.code), fh_check_code_name(code));
	assert_int_equal(w->report.findings, 1);
	assert_int_equal(w->finding.table.raw, table_of(w, slot));
	assert_int_equal(w->finding.index, (pa_of_slot(w, slot) - table_of(w, slot)) / 8);
	assert_int_equal(w->finding.level, level);
	assert_int_equal(w->finding.iova.raw, iova);
	assert_int_equal(w->finding.desc, *slot);
	assert_int_equal(w->finding.value, value);
}

/* The same with @desc where something else is now, and then that again. */
static void expect_seeded(struct shape_world *w, enum fh_check_code code, int level, uint64_t iova,
			  uint64_t desc, uint64_t value)
{
	uint64_t *slot = slot_of(w, iova, level);
	uint64_t old = *slot;

	*slot = desc;
	expect_one(w, code, slot, level, iova, value);
	*slot = old;
	expect_clean(w);
}

static void expect_count(struct shape_world *w, enum fh_check_code code, uint64_t value)
{
	assert_int_equal(shape_check(w), -EIO);
	assert_int_equal(w->findings, 1);
	assert_int_equal(w->finding.code, code);
	assert_false(fh_phys_is_valid(w->finding.table));
	assert_int_equal(w->finding.value, value);
	assert_null(w->finding.by);
}

/* Pages at 0 and at 1 GiB, a block beside the first of them. */
static void own_table(struct shape_world *w)
{
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, 0, 0x10000000, 8 * PAGE));
	MUST(shape_map(w, BLOCK, 0x20000000, BLOCK));
	MUST(shape_map(w, FH_GIB, 0x30000000, PAGE));
	expect_clean(w);
	assert_int_equal(w->report.tables, 4);
	assert_int_equal(w->report.leaves, 10);
}

static void release(struct shape_world *w)
{
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(count_of(w, FH_FRAME_HELD) + count_of(w, FH_FRAME_OWNED), 0);
}

static struct fh_page *take_page(struct shape_world *w, uint64_t *pa)
{
	struct fh_page *page = fh_page_alloc(&w->frames, 0, 0);

	assert_non_null(page);
	*pa = fh_page_to_phys(&w->frames, page).raw;
	return page;
}

static void table_state(void **state)
{
	struct shape_world *w = *state;
	struct fh_page *page;
	uint64_t pa, link;

	own_table(w);
	page = take_page(w, &pa);
	link = *slot_of(w, 0, 2) & 0xfff;
	/* A frame of somebody else, a free one, the firmware's, secure memory, no RAM. */
	expect_seeded(w, FH_CHECK_TABLE_STATE, 2, 0, pa | link, pa);
	MUST(fh_page_free(&w->frames, page));
	expect_seeded(w, FH_CHECK_TABLE_STATE, 2, 0, pa | link, pa);
	expect_seeded(w, FH_CHECK_TABLE_STATE, 2, 0, FW_PA | link, FW_PA);
	assert_string_equal(w->finding.by, "/reserved-memory/fw");
	expect_seeded(w, FH_CHECK_TABLE_STATE, 1, 0, SECURE_PA | link, SECURE_PA);
	assert_string_equal(w->finding.by, "/reserved-memory/secure");
	expect_seeded(w, FH_CHECK_TABLE_STATE, 1, FH_GIB, 0x1000 | link, 0x1000);
	assert_null(w->finding.by);
	release(w);
}

/* The root's frame is nobody's any more. */
static void root_state(void **state)
{
	struct shape_world *w = *state;
	struct fh_page *root;

	own_table(w);
	root = fh_page_from_phys(&w->frames, w->table.root);
	expect_count(w, FH_CHECK_TABLE_STATE, w->table.root.raw);
	assert_int_equal(fh_page_into_phys(&w->frames, root).raw, w->table.root.raw);
	release(w);
}

static void table_twice(void **state)
{
	struct shape_world *w = *state;
	uint64_t l2, l3, old;

	own_table(w);
	l2 = *slot_of(w, 0, 1);
	l3 = *slot_of(w, 0, 2);
	/* Beside the other link, from another table, from the root, in place of another, before it.
	 */
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, 7 * BLOCK, l3, l3 & ~0xfffull);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, FH_GIB + BLOCK, l3, l3 & ~0xfffull);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 1, 511 * FH_GIB, l2, l2 & ~0xfffull);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, FH_GIB, l3, l3 & ~0xfffull);
	old = *slot_of(w, BLOCK, 2);
	*slot_of(w, BLOCK, 2) = *slot_of(w, FH_GIB, 2);
	expect_one(w, FH_CHECK_TABLE_TWICE, slot_of(w, FH_GIB, 2), 2, FH_GIB,
		   *slot_of(w, FH_GIB, 2) & ~0xfffull);
	*slot_of(w, BLOCK, 2) = old;
	release(w);
}

/* Links to what they hang below. */
static void cycle(void **state)
{
	struct shape_world *w = *state;
	uint64_t l2, root;

	own_table(w);
	l2 = *slot_of(w, 0, 1);
	root = w->table.root.raw | (l2 & 0xfff);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, 4 * BLOCK, l2, l2 & ~0xfffull);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, 4 * BLOCK, root, w->table.root.raw);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 1, 4 * FH_GIB, root, w->table.root.raw);
	release(w);
}

/* Every free entry of a root leads to one table, every one of its to another: no walk of all ways.
 */
static void many_links(void **state)
{
	struct shape_world *w = *state;
	uint64_t *l2, *root, first, old[2][512];
	clock_t start = clock();
	unsigned int i;

	w->config.ias = 48;
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, 0, 0x10000000, PAGE));
	for (int level = 0; level < 3; level++) {
		uint64_t *slot = slot_of(w, 0, level);

		for (i = 1; i < 512; i++)
			slot[i] = slot[0];
	}
	assert_int_equal(shape_check(w), -EIO);
	assert_int_equal(w->findings, 3 * 511);
	assert_int_equal(w->finding.code, FH_CHECK_TABLE_TWICE);
	assert_int_equal(w->report.tables, 3);
	assert_int_equal(w->report.leaves, 1);
	for (int level = 0; level < 3; level++)
		memset(slot_of(w, 0, level) + 1, 0, 511 * sizeof(uint64_t));
	/* All of a table lead back to it. */
	root = slot_of(w, 0, 0);
	l2 = slot_of(w, 0, 1);
	first = l2[0];
	memcpy(old[0], l2, sizeof(old[0]));
	for (i = 0; i < 512; i++)
		l2[i] = root[0];
	assert_int_equal(shape_check(w), -EIO);
	assert_int_equal(w->findings, 512);
	memcpy(l2, old[0], sizeof(old[0]));
	assert_int_equal(l2[0], first);
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
	expect_clean(w);
	release(w);
}

/* Move the table that @slot links to. */
static struct fh_page *move_away(struct shape_world *w, uint64_t *slot, uint64_t to)
{
	uint64_t from = *slot & UINT64_C(0xfffffffff000);
	struct fh_page *page;

	memcpy(ram_at(w, to), ram_at(w, from), PAGE);
	*slot = (*slot & 0xfff) | to;
	page = fh_page_from_phys(&w->frames, fh_phys(from));
	assert_non_null(page);
	return page;
}

/* Tables that lie further apart than one pass over them has bits for. */
static void far_apart(void **state)
{
	struct shape_world *w = *state;
	static struct fh_page *page[RAM_BYTES / PAGE];
	size_t count;
	uint64_t low = UINT64_MAX, high = 0;
	uint64_t l3;

	own_table(w);
	count = fh_page_alloc_many(&w->frames, page, FH_ARRAY_SIZE(page));
	for (size_t i = 0; i < count; i++) {
		uint64_t pa = fh_page_to_phys(&w->frames, page[i]).raw;

		low = pa < low ? pa : low;
		high = pa > high ? pa : high;
	}
	assert_true(count > 2 && high - low > 20 * FH_MIB);
	for (size_t i = 0; i < count; i++) {
		uint64_t pa = fh_page_to_phys(&w->frames, page[i]).raw;

		if (pa == low || pa == high)
			assert_int_equal(fh_page_into_phys(&w->frames, page[i]).raw, pa);
		else
			MUST(fh_page_free(&w->frames, page[i]));
	}
	MUST(fh_page_free(&w->frames, move_away(w, slot_of(w, 0, 1), low)));
	MUST(fh_page_free(&w->frames, move_away(w, slot_of(w, 0, 2), high)));
	expect_clean(w);
	l3 = *slot_of(w, 0, 2);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, FH_GIB, l3, high);
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 1, 2 * FH_GIB, *slot_of(w, 0, 1), low);
	expect_seeded(w, FH_CHECK_ILLEGAL, 3, 9 * PAGE, 0x1001, 0x1000);
	release(w);
}

static void counts(void **state)
{
	struct shape_world *w = *state;
	uint64_t *slot, old;

	own_table(w);
	slot = slot_of(w, 0, 2);
	old = *slot;
	*slot = 0;
	expect_count(w, FH_CHECK_TABLE_COUNT, 4);
	*slot = old;
	w->table.tables++;
	expect_count(w, FH_CHECK_TABLE_COUNT, 5);
	w->table.tables -= 2;
	expect_count(w, FH_CHECK_TABLE_COUNT, 3);
	w->table.tables++;
	expect_clean(w);
	release(w);
}

static void descriptors(void **state)
{
	struct shape_world *w = *state;
	uint64_t page, block;

	own_table(w);
	page = *slot_of(w, 0, 3);
	block = *slot_of(w, BLOCK, 2);
	/* Bit 1 of a page; a block where the root is of level 1 is one. */
	expect_seeded(w, FH_CHECK_ILLEGAL, 3, PAGE, page & ~2ull, 0x10000000);
	expect_seeded(w, FH_CHECK_INVALID, 3, PAGE, 0xdead0000, 0xdead0000);
	expect_seeded(w, FH_CHECK_INVALID, 2, BLOCK, block & ~1ull, 0x20000000);
	expect_seeded(w, FH_CHECK_RESERVED_BITS, 2, BLOCK, block | PAGE, 0x20001000);
	expect_seeded(w, FH_CHECK_RESERVED_BITS, 2, BLOCK, block | FH_DESC_NT, 0x20010000);
	expect_seeded(w, FH_CHECK_RESERVED_BITS, 3, 0, page | UINT64_C(1) << 48, 0x10000000);
	expect_seeded(w, FH_CHECK_RESERVED_BITS, 2, FH_GIB,
		      *slot_of(w, FH_GIB, 2) | UINT64_C(1) << 50,
		      *slot_of(w, FH_GIB, 2) & ~0xfffull);
	expect_seeded(w, FH_CHECK_OUTPUT, 3, 0, page | UINT64_C(1) << 40, UINT64_C(0x10010000000));
	expect_seeded(w, FH_CHECK_OUTPUT, 2, BLOCK, block | UINT64_C(1) << 47,
		      UINT64_C(0x800020000000));
	release(w);
	w->config.ias = 48;
	MUST(fh_pgtable_init(&w->table, &w->config));
	expect_seeded(w, FH_CHECK_ILLEGAL, 0, 3 * 512 * FH_GIB, block, 0x20000000);
	release(w);
}

static void runs(void **state)
{
	struct shape_world *w = *state;
	uint64_t *slot;
	uint64_t old[16];

	own_table(w);
	/* One alone; its neighbours are no run. */
	expect_seeded(w, FH_CHECK_RUN, 3, 0, *slot_of(w, 0, 3) | FH_DESC_CONTIGUOUS, 0x10000000);
	release(w);
	w->config.contiguous = true;
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, 0, 0x10000000, 32 * PAGE));
	expect_clean(w);
	slot = slot_of(w, 16 * PAGE, 3);
	assert_true(*slot & FH_DESC_CONTIGUOUS);
	memcpy(old, slot, sizeof(old));
	/* A hint is missing, at both ends; permissions; an address; all are misplaced together. */
	slot[15] &= ~FH_DESC_CONTIGUOUS;
	expect_one(w, FH_CHECK_RUN, slot, 3, 16 * PAGE, 0x10010000);
	slot[15] = old[15];
	slot[0] &= ~FH_DESC_CONTIGUOUS;
	expect_one(w, FH_CHECK_RUN, &slot[1], 3, 17 * PAGE, 0x10011000);
	slot[0] = old[0];
	slot[7] ^= UINT64_C(1) << 53;
	expect_one(w, FH_CHECK_RUN, slot, 3, 16 * PAGE, 0x10010000);
	slot[7] = old[7] + PAGE;
	expect_one(w, FH_CHECK_RUN, slot, 3, 16 * PAGE, 0x10010000);
	slot[7] = old[7];
	for (unsigned int i = 0; i < 16; i++)
		slot[i] += PAGE;
	expect_one(w, FH_CHECK_RUN, slot, 3, 16 * PAGE, 0x10011000);
	memcpy(slot, old, sizeof(old));
	/* What hardware updates may differ. */
	slot[3] &= ~FH_DESC_ACCESSED;
	slot[4] |= FH_DESC_DIRTY_MODIFIER;
	expect_clean(w);
	memcpy(slot, old, sizeof(old));
	release(w);
}

static void leads_to(void **state)
{
	struct shape_world *w = *state;
	uint64_t page, block, pa;
	struct fh_page *owned;

	own_table(w);
	page = *slot_of(w, 0, 3) & ~UINT64_C(0xfffffffff000);
	block = *slot_of(w, BLOCK, 2) & ~UINT64_C(0xfffffffff000);
	owned = take_page(w, &pa);
	MUST(shape_map(w, 16 * PAGE, pa, PAGE));
	MUST(shape_map(w, 17 * PAGE, FW_PA, PAGE));
	expect_clean(w);
	MUST(shape_unmap(w, 16 * PAGE, 2 * PAGE));
	MUST(fh_page_free(&w->frames, owned));
	expect_seeded(w, FH_CHECK_MAPS_FREE, 3, 16 * PAGE, page | pa, pa);
	assert_string_equal(w->finding.by, "/memory@80000000");
	expect_seeded(w, FH_CHECK_MAPS_NOMAP, 3, PAGE, page | (SECURE_PA + PAGE), SECURE_PA + PAGE);
	assert_string_equal(w->finding.by, "/reserved-memory/secure");
	/* The first page of a block that is one: with secure memory in front, free memory in front,
	 * firmware's and holes that are passed over. */
	expect_seeded(w, FH_CHECK_MAPS_NOMAP, 2, 5 * BLOCK, block | SECURE_PA, SECURE_PA);
	expect_seeded(w, FH_CHECK_MAPS_FREE, 2, 5 * BLOCK, block | (HOLE_PA), HOLE_PA + HOLE_BYTES);
	release(w);
}

/* What an adopted table has besides. */
static void adopted(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	uint64_t leaf, link, pa;
	uint64_t *slot, old;

	expect_clean(w);
	MUST(shape_map(w, at.page, 0x10000000, 4 * PAGE));
	MUST(shape_map(w, at.block, 0x20000000, PAGE));
	MUST(shape_map(w, at.block + BLOCK, 0x20000000, BLOCK));
	expect_clean(w);
	assert_int_equal(w->report.tables, 1);
	assert_int_equal(w->report.leaves, 6);
	slot = slot_of(w, at.page, 3);
	leaf = *slot;
	*slot = 0;
	expect_count(w, FH_CHECK_TAKEN_COUNT, 6);
	*slot = leaf;
	expect_clean(w);
	leaf = *slot_of(w, at.block, 3);
	link = *slot_of(w, at.block, 2);
	expect_seeded(w, FH_CHECK_UNMARKED, 3, at.block + PAGE, leaf & ~w->table.ours, 0x20000000);
	expect_seeded(w, FH_CHECK_OUTSIDE_WINDOW, 3, 5 * PAGE, leaf, 0x20000000);
	expect_seeded(w, FH_CHECK_OUTSIDE_WINDOW, 2, 9 * BLOCK, leaf & ~2ull, 0x20000000);
	/* A link that is ours alone has a table in which all is outside. */
	slot = slot_of(w, at.block, 2);
	old = *slot;
	*slot = 0;
	slot[10] = old;
	assert_int_equal(shape_check(w), -EIO);
	assert_int_equal(w->findings, 2);
	assert_int_equal(w->finding.code, FH_CHECK_OUTSIDE_WINDOW);
	slot[10] = 0;
	*slot = old;
	/* Free memory, ours, and secure. */
	pa = link & UINT64_C(0xfffffffff000);
	expect_seeded(w, FH_CHECK_FOREIGN_MOVED, 2, 0, RAM_BASE | 3, RAM_BASE);
	expect_seeded(w, FH_CHECK_FOREIGN_MOVED, 2, 9 * BLOCK, link & ~w->table.ours, pa);
	expect_seeded(w, FH_CHECK_FOREIGN_MOVED, 1, 0, SECURE_PA | 3, SECURE_PA);
	/* Theirs: anything that is not valid, and links that come to nothing. */
	*slot_of(w, 9 * PAGE, 3) = 0xdead0000;
	expect_clean(w);
	expect_seeded(w, FH_CHECK_ILLEGAL, 3, 10 * PAGE, 0x1001, 0x1000);
	*slot_of(w, 9 * PAGE, 3) = 0;
	MUST(fh_pgtable_release(&w->table));
}

/* Below a link of ours in the firmware's root: what has lost our bit is not entered. */
static void adopted_unmarked(void **state)
{
	struct shape_world *w = *state;
	struct fh_window window = { fh_dma(5 * FH_GIB), FH_GIB };
	struct fh_handover handover = { fh_phys(FW_PA), &window, 1 };
	struct fh_adopt_report report = { .finding = NULL };
	uint64_t link;

	MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
	MUST(shape_map(w, window.base.raw, 0x10000000, PAGE));
	expect_clean(w);
	assert_int_equal(w->report.tables, 2);
	link = *slot_of(w, window.base.raw, 2);
	expect_seeded(w, FH_CHECK_UNMARKED, 2, window.base.raw, link & ~w->table.ours,
		      link & UINT64_C(0xfffffffff000));
	MUST(fh_pgtable_release(&w->table));
}

/* The firmware links a table from more than one place: what is ours in it is counted once, and one
 * of the places is our window. */
static void shared_foreign(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	uint64_t *l2 = slot_of(w, 0, 2), *root = slot_of(w, 0, 1);

	MUST(fh_pgtable_release(&w->table));
	/* From before our window, as the walk goes, and from behind it. */
	l2[0] = 0;
	l2[1] = *root + PAGE;
	l2[8] = l2[1];
	root[2] = root[0];
	w->config.ias = 39;
	{
		struct fh_window window = { fh_dma(8 * BLOCK + at.page), BLOCK / 2 };
		struct fh_handover handover = { fh_phys(FW_PA), &window, 1 };
		struct fh_adopt_report report = { .finding = NULL };

		MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
		assert_int_equal(report.warnings > 0, 1);
	}
	expect_clean(w);
	MUST(shape_map(w, 8 * BLOCK + at.page, 0x10000000, 4 * PAGE));
	expect_clean(w);
	assert_int_equal(w->report.leaves, 4);
	MUST(fh_pgtable_release(&w->table));
}

static void busy(void **state)
{
	struct shape_world *w = *state;
	struct fh_gather gather;

	own_table(w);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), PAGE, &gather));
	assert_int_equal(shape_check(w), -EBUSY);
	assert_int_equal(w->findings, 0);
	MUST(fh_gather_flush(&gather));
	expect_clean(w);
	release(w);
}

static void *copy_of(const void *from, size_t bytes)
{
	void *copy = malloc(bytes);

	assert_non_null(copy);
	memcpy(copy, from, bytes);
	return copy;
}

/* Not a byte is another one after a check, of a whole table and of a broken one. */
static void writes_nothing(void **state)
{
	struct shape_world *w = *state;
	size_t bytes = SECURE_PA - RAM_BASE;
	struct shape_windows at = shape_adopt(w);
	unsigned char *ram, *metadata;
	struct fh_pgtable *table;

	MUST(shape_map(w, at.block, 0x20000000, PAGE));
	for (unsigned int broken = 0; broken < 2; broken++) {
		if (broken)
			slot_of(w, at.block, 2)[8] = *slot_of(w, at.block, 2);
		ram = copy_of(w->arena, bytes);
		metadata = copy_of(w->metadata, w->metadata_bytes);
		table = copy_of(&w->table, sizeof(w->table));
		assert_int_equal(shape_check(w), broken ? -EIO : 0);
		assert_memory_equal(ram, w->arena, bytes);
		assert_memory_equal(metadata, w->metadata, w->metadata_bytes);
		assert_memory_equal(table, &w->table, sizeof(*table));
		free(ram);
		free(metadata);
		free(table);
	}
	slot_of(w, at.block, 2)[8] = 0;
	MUST(fh_pgtable_release(&w->table));
}

static uint64_t seed;

static void step(struct shape_world *w, uint64_t base, uint64_t pages)
{
	uint64_t granule = granule_of(w);
	uint64_t first = unit_random_below(&seed, pages);
	uint64_t count = 1 + unit_random_below(&seed, pages - first);
	uint64_t iova = base + first * granule;
	struct fh_gather gather;

	if (unit_random_below(&seed, 2))
		count = 1 + unit_random_below(&seed, count < 64 ? count : 64);
	fh_gather_init(&gather, &w->table);
	switch (unit_random_below(&seed, 5)) {
	case 0:
	case 1:
		(void)!shape_map(w, iova, unit_random_below(&seed, 2) ? first * granule : 0,
				 count * granule);
		break;
	case 2:
		(void)!fh_pgtable_unmap(&w->table, fh_dma(iova), count * granule, &gather);
		break;
	case 3:
		(void)!fh_pgtable_protect(&w->table, fh_dma(iova), count * granule, shape_ro(w),
					  &gather);
		break;
	case 4:
		(void)!fh_pgtable_trim(&w->table, fh_dma(base), pages * granule, &gather);
		break;
	}
	MUST(fh_gather_flush(&gather));
}

static void random_body(struct shape_world *w)
{
	for (unsigned int round = 0; round < 4; round++) {
		struct shape_windows at = { 0, 0 };
		uint64_t pages;

		w->config.contiguous = round & 1;
		if (round & 2)
			at = shape_adopt(w);
		else
			MUST(fh_pgtable_init(&w->table, &w->config));
		pages = fh_shape_span(&w->table.shape, 2) / granule_of(w) * 2;
		for (unsigned int i = 0; i < 24; i++) {
			step(w, at.block, pages);
			if (round & 2)
				step(w, at.page, pages / 4);
			expect_clean(w);
		}
		MUST(fh_pgtable_release(&w->table));
	}
}

/* Every format, of our own and adopted, with and without contiguous runs, whatever was done. */
static void random_clean(void **state)
{
	(void)state;
	seed = unit_seed("iommu.pgtable.check.random");
	each_shape(random_body);
}

static void seeded_body(struct shape_world *w)
{
	uint64_t granule = granule_of(w);
	const struct fh_shape *shape = &w->table.shape;
	uint64_t *slot, old;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, granule, 0, 2 * granule));
	expect_clean(w);
	slot = slot_of(w, 0, 3);
	expect_seeded(w, FH_CHECK_INVALID, 3, 0, 0xdead0000, fh_desc_address(shape, 0xdead0000));
	expect_seeded(w, FH_CHECK_ILLEGAL, 3, 0, slot[1] & ~2ull, 0);
	slot = slot_of(w, 0, 2);
	old = slot[0];
	expect_seeded(w, FH_CHECK_TABLE_TWICE, 2, fh_shape_span(shape, 2), old,
		      fh_desc_address(shape, old));
	expect_seeded(w, FH_CHECK_TABLE_STATE, 2, fh_shape_span(shape, 2), fh_desc_link(shape, 0),
		      0);
	if (shape->oas < 48)
		expect_seeded(w, FH_CHECK_OUTPUT, 3, granule,
			      *slot_of(w, granule, 3) | UINT64_C(1) << shape->oas,
			      UINT64_C(1) << shape->oas);
	MUST(fh_pgtable_release(&w->table));
}

static void seeded_everywhere(void **state)
{
	(void)state;
	each_shape(seeded_body);
}

static void words(void **state)
{
	static const char *const name[] = {
		"ok",	    "table-state",    "table-twice",   "table-count", "taken-count",
		"illegal",  "invalid",	      "reserved-bits", "output",      "run",
		"unmarked", "outside-window", "foreign-moved", "maps-free",   "maps-no-map",
	};
	struct fh_check_finding finding = {
		.code = FH_CHECK_RUN,
		.table = fh_phys(0x80001000),
		.index = 511,
		.level = -1,
		.desc = 0x10000000000707,
		.iova = fh_dma(0x7000),
		.value = 0x80002000,
		.by = "/memory@80000000",
	};
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	for (unsigned int code = 0; code < FH_ARRAY_SIZE(name); code++)
		assert_string_equal(fh_check_code_name((enum fh_check_code)code), name[code]);
	assert_string_equal(fh_check_code_name((enum fh_check_code)FH_ARRAY_SIZE(name)), "unknown");
	fh_check_finding_describe(&finding, &out);
	assert_string_equal(text.text,
			    "fh: check: table 0x80001000 level -1 index 511: descriptor "
			    "0x10000000000707 for iova 0x7000: 0x80002000: run, declared by "
			    "/memory@80000000 (EIO)\n");
	out = unit_out(&text);
	finding = (struct fh_check_finding){ .code = FH_CHECK_TABLE_COUNT,
					     .table = FH_PHYS_INVALID,
					     .value = 3 };
	fh_check_finding_describe(&finding, &out);
	assert_string_equal(text.text, "fh: check: table: 0x3: table-count (EIO)\n");
}

static const struct CMUnitTest tests[] = {
	SHAPE_TEST("iommu.pgtable.check.table_state", table_state),
	SHAPE_TEST("iommu.pgtable.check.root_state", root_state),
	SHAPE_TEST("iommu.pgtable.check.table_twice", table_twice),
	SHAPE_TEST("iommu.pgtable.check.cycle", cycle),
	SHAPE_TEST("iommu.pgtable.check.many_links", many_links),
	SHAPE_TEST("iommu.pgtable.check.far_apart", far_apart),
	SHAPE_TEST("iommu.pgtable.check.counts", counts),
	SHAPE_TEST("iommu.pgtable.check.descriptors", descriptors),
	SHAPE_TEST("iommu.pgtable.check.runs", runs),
	SHAPE_TEST("iommu.pgtable.check.leads_to", leads_to),
	SHAPE_TEST("iommu.pgtable.check.adopted", adopted),
	SHAPE_TEST("iommu.pgtable.check.adopted_unmarked", adopted_unmarked),
	SHAPE_TEST("iommu.pgtable.check.shared_foreign", shared_foreign),
	SHAPE_TEST("iommu.pgtable.check.busy", busy),
	SHAPE_TEST("iommu.pgtable.check.writes_nothing", writes_nothing),
	UNIT_TEST("iommu.pgtable.check.random", random_clean),
	UNIT_TEST("iommu.pgtable.check.seeded", seeded_everywhere),
	UNIT_TEST("iommu.pgtable.check.words", words),
};

UNIT_MAIN("iommu.pgtable.check", tests)
