/* SPDX-License-Identifier: BSD-2-Clause */
/* Trim: empty tables come back, full ones become blocks and runs, and no translation changes. */
/* What was refused is freed again. */
#define FH_OWNERSHIP_OFF
#include "arch/host/trace.h"

#include "tests/unit/shape_world.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK (2 * FH_MIB)
#define ENTRIES 512u

/* What addresses translate to; a few for each page of up to 64 MiB. */
static uint64_t sum_of(const struct shape_world *w, uint64_t iova, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t at = iova; at < iova + size; at += granule_of(w)) {
		struct fh_translation answer;
		int err = fh_pgtable_lookup(&w->table, fh_dma(at + at % 4093), &answer);

		assert_true(err == 0 || err == -ENOENT);
		sum = sum * 31 + (err ? 1 : answer.pa.raw ^ answer.attr.access);
		sum = sum * 31 + (err ? 0 : answer.attr.memtype * 4u + answer.attr.share);
	}
	return sum;
}

/* Trims: translations stay, the table is whole, what is HELD is what is counted. */
static void trim_whole(struct shape_world *w, uint64_t iova, uint64_t size, uint64_t tables)
{
	uint64_t sum = sum_of(w, iova, size);

	MUST(shape_trim(w, iova, size));
	assert_int_equal(sum_of(w, iova, size), sum);
	expect_clean(w);
	assert_int_equal(w->table.tables, tables);
	assert_int_equal(tables_held(w),
			 tables + (w->table.adopted ? 0 : 1u << w->config.concat_lg2));
}

/* All that the table translated, with what walkers keep of the way to it. */
static void expect_invalidated(const struct shape_world *w, uint64_t first, uint64_t size)
{
	assert_true(w->tables);
	assert_true(w->first <= first && w->last >= first + (size - 1));
}

static void release(struct shape_world *w)
{
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(count_of(w, FH_FRAME_HELD), 0);
}

/* One page of each: what is left when it is gone. */
static void empty_body(struct shape_world *w)
{
	unsigned int below;

	w->config.bbm_level = 0;
	MUST(fh_pgtable_init(&w->table, &w->config));
	below = (unsigned int)(FH_LEVEL_PAGE - w->table.shape.start_level);
	MUST(shape_map(w, 0, 0, granule_of(w)));
	MUST(shape_map(w, fh_shape_span(&w->table.shape, 2), 0, granule_of(w)));
	assert_int_equal(w->table.tables, below + 1);
	MUST(shape_unmap(w, 0, granule_of(w)));
	trim_whole(w, 0, granule_of(w), below);
	MUST(shape_unmap(w, fh_shape_span(&w->table.shape, 2), granule_of(w)));
	/* Elsewhere below the same tables; a part of what they span. */
	MUST(shape_trim(w, 3 * fh_shape_span(&w->table.shape, 2), granule_of(w)));
	assert_int_equal(w->table.tables, below);
	trim_whole(w, fh_shape_span(&w->table.shape, 2) + granule_of(w), granule_of(w), 0);
	for (unsigned int i = 0; i < fh_shape_entries(&w->table.shape, w->table.shape.start_level);
	     i++)
		assert_int_equal(ram_at(w, w->table.root.raw)[i], 0);
	release(w);
}

static void empty(void **state)
{
	(void)state;
	each_shape(empty_body);
}

/* Only what the range touches, and only what is empty. */
static void partly(void **state)
{
	struct shape_world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	for (unsigned int i = 0; i < 8; i++)
		MUST(shape_map(w, i * BLOCK, 0x10000000, 2 * PAGE));
	for (unsigned int i = 0; i < 8; i++)
		MUST(shape_unmap(w, i * BLOCK, i == 5 ? PAGE : 2 * PAGE));
	assert_int_equal(w->table.tables, 9);
	trim_whole(w, BLOCK + PAGE, PAGE, 8);
	expect_invalidated(w, BLOCK, BLOCK);
	trim_whole(w, 2 * BLOCK - PAGE, BLOCK + 2 * PAGE, 6);
	trim_whole(w, 0, 512 * FH_GIB >> 10, 2);
	assert_int_equal(*slot_of(w, 5 * BLOCK + PAGE, 3) & 3, 3);
	MUST(shape_unmap(w, 5 * BLOCK + PAGE, PAGE));
	trim_whole(w, 5 * BLOCK, PAGE, 0);
	release(w);
}

/* Nothing of the firmware's goes, also when it is empty; what is ours in it becomes zero again. */
static void foreign_body(struct shape_world *w)
{
	struct shape_windows at = shape_adopt(w);
	uint64_t span = fh_shape_span(&w->table.shape, 2);
	unsigned char *before = malloc(FW_BYTES);

	assert_non_null(before);
	/* The firmware has unmapped its page: its leaf table is empty. */
	*slot_of(w, 0, 3) = 0;
	memcpy(before, ram_at(w, FW_PA), FW_BYTES);
	MUST(shape_map(w, at.page, 0, 2 * granule_of(w)));
	MUST(shape_map(w, at.block, 0, granule_of(w)));
	MUST(shape_map(w, at.block + 2 * span - granule_of(w), 0, granule_of(w)));
	assert_int_equal(w->table.taken, 4);
	MUST(shape_unmap(w, at.page, 2 * granule_of(w)));
	MUST(shape_unmap(w, at.block, granule_of(w)));
	trim_whole(w, at.block, 2 * span, 1);
	assert_int_equal(w->table.taken, 1);
	MUST(shape_trim(w, at.page, span / 2));
	MUST(shape_unmap(w, at.block + 2 * span - granule_of(w), granule_of(w)));
	trim_whole(w, at.block + span, granule_of(w), 0);
	assert_int_equal(w->table.taken, 0);
	assert_memory_equal(before, ram_at(w, FW_PA), FW_BYTES);
	free(before);
	MUST(fh_pgtable_release(&w->table));
}

static void foreign(void **state)
{
	(void)state;
	each_shape(foreign_body);
}

static void refusals(void **state)
{
	struct shape_world *w = *state;
	struct fh_gather gather, other;
	struct shape_windows at;
	uint64_t link;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, 0, 0x10000000, 4 * PAGE));
	assert_int_equal(shape_trim(w, 1, PAGE), -EINVAL);
	assert_int_equal(shape_trim(w, 0, PAGE - 1), -EINVAL);
	assert_int_equal(shape_trim(w, 0, 0), -EINVAL);
	assert_int_equal(shape_trim(w, 512 * FH_GIB - PAGE, 2 * PAGE), -ERANGE);
	assert_int_equal(shape_trim(w, 0, (UINT64_C(1) << 63)), -ERANGE);
	/* Another gather is open, or the one that it is called with. */
	fh_gather_init(&other, &w->table);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), 4 * PAGE, &other));
	assert_int_equal(fh_pgtable_trim(&w->table, fh_dma(0), PAGE, &gather), -EBUSY);
	assert_int_equal(fh_pgtable_trim(&w->table, fh_dma(0), PAGE, &other), -EBUSY);
	assert_int_equal(w->table.tables, 2);
	MUST(fh_gather_flush(&other));
	trim_whole(w, 0, PAGE, 0);
	release(w);
	at = shape_adopt(w);
	w->faults = 0;
	assert_int_equal(shape_trim(w, at.page - PAGE, 2 * PAGE), -EPERM);
	assert_int_equal(w->faults, 1);
	assert_int_equal(w->fault.code, FH_FAULT_OUTSIDE_WINDOW);
	assert_int_equal(shape_trim(w, at.block + BLOCK, BLOCK + PAGE), -EPERM);
	/* A link of the firmware's leads to no memory of its. */
	link = *slot_of(w, 0, 2);
	*slot_of(w, 0, 2) = RAM_BASE | 3;
	assert_int_equal(shape_trim(w, at.page, PAGE), -EIO);
	*slot_of(w, 0, 2) = link;
	MUST(fh_pgtable_release(&w->table));
}

/* All of one block, page by page in pieces that no block fits. */
static void map_piecemeal(struct shape_world *w, uint64_t iova, uint64_t pa, uint64_t size)
{
	uint64_t half = granule_of(w);

	MUST(shape_map(w, iova + half, pa + half, size - half));
	MUST(shape_map(w, iova, pa, half));
}

static bool is_block(const struct shape_world *w, uint64_t iova, int level)
{
	return !fh_desc_is_link(*slot_of(w, iova, level), level) && *slot_of(w, iova, level);
}

static void folds(void **state)
{
	struct shape_world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	map_piecemeal(w, BLOCK, 0x20000000, BLOCK);
	assert_int_equal(w->table.tables, 2);
	w->invalidations = 0;
	trim_whole(w, BLOCK + 7 * PAGE, PAGE, 1);
	assert_true(is_block(w, BLOCK, 2));
	assert_true(w->invalidations > 0);
	expect_invalidated(w, BLOCK, BLOCK);
	/* Again: nothing to do, and nothing is told to the TLBs. */
	w->invalidations = 0;
	trim_whole(w, 0, FH_GIB, 1);
	assert_int_equal(w->invalidations, 0);
	/* Unmapped in part, mapped back. */
	MUST(shape_unmap(w, BLOCK + 5 * PAGE, PAGE));
	assert_int_equal(w->table.tables, 2);
	trim_whole(w, 0, FH_GIB, 2);
	MUST(shape_map(w, BLOCK + 5 * PAGE, 0x20005000, PAGE));
	trim_whole(w, 0, FH_GIB, 1);
	assert_true(is_block(w, BLOCK, 2));
	release(w);
}

/* What was invalidated before the first wait: tables that became blocks. */
struct waited {
	uint64_t first, last;
};

static void keep_waited(struct shape_world *w)
{
	struct waited *waited = w->ctx;

	if (!waited->last)
		*waited = (struct waited){ w->first, w->last };
}

/* Levels on levels: 1 GiB of 2 MiB blocks, one of them pages. */
static void folds_twice(void **state)
{
	struct shape_world *w = *state;
	struct waited waited = { .first = 0 };

	MUST(fh_pgtable_init(&w->table, &w->config));
	map_piecemeal(w, FH_GIB, FH_GIB, FH_GIB);
	assert_int_equal(w->table.tables, 2);
	trim_whole(w, FH_GIB, BLOCK, 0);
	assert_true(is_block(w, FH_GIB, 1));
	/* One table in the middle of blocks: more is invalidated than what it spans. */
	MUST(shape_unmap(w, FH_GIB + 5 * BLOCK, PAGE));
	MUST(shape_map(w, FH_GIB + 5 * BLOCK, FH_GIB + 5 * BLOCK, PAGE));
	assert_int_equal(w->table.tables, 2);
	w->invalidations = 0;
	w->on_sync = keep_waited;
	w->ctx = &waited;
	trim_whole(w, FH_GIB, FH_GIB, 0);
	w->on_sync = NULL;
	assert_int_equal(waited.first, FH_GIB);
	assert_int_equal(waited.last, 2 * FH_GIB - 1);
	/* More tables than one wait is for. */
	for (unsigned int i = 0; i < 40; i++)
		map_piecemeal(w, i * BLOCK, 0x20000000 + i * BLOCK, BLOCK);
	assert_int_equal(w->table.tables, 41);
	w->invalidations = 0;
	trim_whole(w, 0, FH_GIB, 1);
	assert_in_range(w->invalidations, 2, 8);
	release(w);
}

static void expect_not_folded(struct shape_world *w, int line)
{
	uint64_t desc = *slot_of(w, BLOCK, 2);

	MUST(shape_trim(w, 0, FH_GIB));
	if (*slot_of(w, BLOCK, 2) != desc || w->table.tables != 2)
		fail_msg("line %d: folded", line);
}

/* Pages that no block can stand for, and those that hardware is about to change. */
static void not_folded(void **state)
{
	struct shape_world *w = *state;
	struct fh_gather gather;
	uint64_t *slot, old;

	for (w->config.bbm_level = 0; w->config.bbm_level < 2; w->config.bbm_level++) {
		MUST(fh_pgtable_init(&w->table, &w->config));
		map_piecemeal(w, BLOCK, 0x20000000, BLOCK);
		expect_not_folded(w, __LINE__);
		release(w);
	}
	/* Misaligned output. */
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, BLOCK, 0x20001000, BLOCK));
	expect_not_folded(w, __LINE__);
	MUST(shape_unmap(w, BLOCK, BLOCK));
	MUST(shape_trim(w, BLOCK, BLOCK));
	map_piecemeal(w, BLOCK, 0x20000000, BLOCK);
	slot = slot_of(w, BLOCK, 3);
	/* A hole, at either end and amid; another address. */
	for (unsigned int i = 0; i < ENTRIES; i += i == 1 ? ENTRIES - 2 : 1) {
		old = slot[i];
		slot[i] = 0;
		expect_not_folded(w, __LINE__);
		slot[i] = old + PAGE;
		expect_not_folded(w, __LINE__);
		slot[i] = old & ~FH_DESC_ACCESSED;
		expect_not_folded(w, __LINE__);
		slot[i] = old | FH_DESC_DIRTY_MODIFIER;
		expect_not_folded(w, __LINE__);
		slot[i] = old;
	}
	/* All of them are so. */
	for (unsigned int i = 0; i < ENTRIES; i++)
		slot[i] |= FH_DESC_DIRTY_MODIFIER;
	expect_not_folded(w, __LINE__);
	for (unsigned int i = 0; i < ENTRIES; i++)
		slot[i] &= ~(FH_DESC_DIRTY_MODIFIER | FH_DESC_ACCESSED);
	expect_not_folded(w, __LINE__);
	for (unsigned int i = 0; i < ENTRIES; i++)
		slot[i] |= FH_DESC_ACCESSED;
	/* Other permissions of one page. */
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_protect(&w->table, fh_dma(BLOCK + 9 * PAGE), PAGE, shape_ro(w), &gather));
	MUST(fh_gather_flush(&gather));
	expect_not_folded(w, __LINE__);
	MUST(fh_pgtable_protect(&w->table, fh_dma(BLOCK + 9 * PAGE), PAGE, shape_rw(w), &gather));
	MUST(fh_gather_flush(&gather));
	trim_whole(w, BLOCK, PAGE, 1);
	assert_true(is_block(w, BLOCK, 2));
	release(w);
}

struct entries {
	uint64_t *desc;
	unsigned int count;
	unsigned int max;
};

static int keep_entry(void *ctx, const struct fh_walk_entry *entry)
{
	struct entries *entries = ctx;

	if (entry->kind == FH_DESC_TABLE)
		return 0;
	assert_true(entries->count + 3 <= entries->max);
	entries->desc[entries->count++] = entry->desc;
	entries->desc[entries->count++] = entry->iova.raw;
	entries->desc[entries->count++] = entry->span_lg2;
	return 0;
}

static void keep_leaves(const struct shape_world *w, struct entries *entries)
{
	entries->count = 0;
	entries->max = 65536 * 3;
	entries->desc = malloc(entries->max * sizeof(uint64_t));
	assert_non_null(entries->desc);
	MUST(fh_pgtable_walk(&w->table, fh_dma(0), UINT64_C(1) << w->config.ias, keep_entry,
			     entries));
}

/* Piece by piece and then trimmed is the same as all at once, entry by entry. */
static void same_body(struct shape_world *w)
{
	for (unsigned int round = 0; round < 4; round++) {
		struct shape_windows at = { 0, 0 };
		struct entries once, trimmed;
		uint64_t granule = granule_of(w);
		uint64_t span, size, pa, tables;

		w->config.contiguous = round & 1;
		if (round & 2)
			at = shape_adopt(w);
		else
			MUST(fh_pgtable_init(&w->table, &w->config));
		span = fh_shape_span(&w->table.shape, 2);
		/* Two blocks where there are any, and pages beside. */
		size = 2 * span - (round & 2 ? 0 : 3 * granule);
		pa = w->config.format == FH_FORMAT_UAT ? granule : 0;
		MUST(shape_map(w, at.block, pa, size));
		tables = w->table.tables;
		keep_leaves(w, &once);
		MUST(shape_unmap(w, at.block, size));
		MUST(shape_trim(w, at.block, 2 * span));
		assert_int_equal(w->table.tables, 0);
		/* From the end, so that no run and no block is there at once. */
		for (uint64_t end = size, step; end > 0; end -= step) {
			step = end % (11 * granule) ? end % (11 * granule) : 11 * granule;
			MUST(shape_map(w, at.block + end - step, pa + end - step, step));
		}
		trim_whole(w, at.block, size, tables);
		keep_leaves(w, &trimmed);
		assert_int_equal(trimmed.count, once.count);
		assert_memory_equal(trimmed.desc, once.desc, once.count * sizeof(uint64_t));
		free(once.desc);
		free(trimmed.desc);
		MUST(fh_pgtable_release(&w->table));
	}
}

static void same_as_at_once(void **state)
{
	(void)state;
	each_shape(same_body);
}

/* Runs: of pages and of blocks, also in the root; broken and mapped back. */
static void runs(void **state)
{
	struct shape_world *w = *state;

	w->config.contiguous = true;
	MUST(fh_pgtable_init(&w->table, &w->config));
	for (unsigned int i = 0; i < 32; i++)
		MUST(shape_map(w, i * PAGE, 0x10000000 + i * PAGE, PAGE));
	for (unsigned int i = 0; i < 16; i++)
		MUST(shape_map(w, 16 * BLOCK + i * BLOCK, 0x20000000 + i * BLOCK, BLOCK));
	for (unsigned int i = 0; i < 16; i++)
		MUST(shape_map(w, 16 * FH_GIB + i * FH_GIB, 16 * FH_GIB + i * FH_GIB, FH_GIB));
	assert_false(*slot_of(w, 0, 3) & FH_DESC_CONTIGUOUS);
	trim_whole(w, 0, 64 * BLOCK, 2);
	for (unsigned int i = 0; i < 32; i++)
		assert_true(*slot_of(w, i * PAGE, 3) & FH_DESC_CONTIGUOUS);
	for (unsigned int i = 0; i < 16; i++)
		assert_true(*slot_of(w, (16 + i) * BLOCK, 2) & FH_DESC_CONTIGUOUS);
	MUST(shape_trim(w, 16 * FH_GIB, PAGE));
	for (unsigned int i = 0; i < 16; i++)
		assert_true(*slot_of(w, (16 + i) * FH_GIB, 1) & FH_DESC_CONTIGUOUS);
	expect_clean(w);
	MUST(shape_unmap(w, 3 * PAGE, PAGE));
	assert_false(*slot_of(w, 4 * PAGE, 3) & FH_DESC_CONTIGUOUS);
	trim_whole(w, 0, PAGE, 2);
	assert_false(*slot_of(w, 4 * PAGE, 3) & FH_DESC_CONTIGUOUS);
	MUST(shape_map(w, 3 * PAGE, 0x10003000, PAGE));
	trim_whole(w, 0, PAGE, 2);
	assert_true(*slot_of(w, 3 * PAGE, 3) & FH_DESC_CONTIGUOUS);
	release(w);
	/* No hint where nobody wants one. */
	w->config.contiguous = false;
	MUST(fh_pgtable_init(&w->table, &w->config));
	for (unsigned int i = 0; i < 16; i++)
		MUST(shape_map(w, i * PAGE, 0x10000000 + i * PAGE, PAGE));
	trim_whole(w, 0, PAGE, 2);
	assert_false(*slot_of(w, 0, 3) & FH_DESC_CONTIGUOUS);
	release(w);
}

/* In the firmware's table the block is marked as ours, and goes as ours. */
static void folds_adopted(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	unsigned char *before = malloc(FW_BYTES);
	uint64_t desc;

	assert_non_null(before);
	memcpy(before, ram_at(w, FW_PA), FW_BYTES);
	map_piecemeal(w, at.block, 0x20000000, BLOCK);
	assert_int_equal(w->table.taken, 1);
	trim_whole(w, at.block, BLOCK, 0);
	assert_int_equal(w->table.taken, 1);
	desc = *slot_of(w, at.block, 2);
	assert_true(is_block(w, at.block, 2) && desc & w->table.ours);
	MUST(shape_unmap(w, at.block + PAGE, PAGE));
	assert_int_equal(w->table.taken, 1);
	MUST(shape_map(w, at.block + PAGE, 0x20001000, PAGE));
	trim_whole(w, at.block, BLOCK, 0);
	assert_int_equal(*slot_of(w, at.block, 2), desc);
	MUST(fh_pgtable_release(&w->table));
	assert_memory_equal(before, ram_at(w, FW_PA), FW_BYTES);
	free(before);
}

static void take_slot(void *ctx, uint64_t *slot, uint64_t desired)
{
	if (slot == ctx && desired != *slot)
		*slot = 0xdead0000;
}

/* The firmware has overwritten our link in its table before it is dropped: that stays, and the
 * table is lost, as release says. */
static void link_lost(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);
	uint64_t *slot;

	MUST(shape_map(w, at.block, 0x20000000, PAGE));
	MUST(shape_unmap(w, at.block, PAGE));
	slot = slot_of(w, at.block, 2);
	host_interfere_set(take_slot, slot);
	MUST(shape_trim(w, at.block, BLOCK));
	host_interfere_set(NULL, NULL);
	assert_int_equal(*slot, 0xdead0000);
	assert_int_equal(w->table.tables, 1);
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	*slot = 0;
	assert_int_equal(tables_held(w), 1);
}

/* The same where the table would have become a block, alone or with its neighbour. */
static void fold_lost(void **state)
{
	static const uint64_t sizes[] = { BLOCK, 2 * BLOCK };
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);

	for (size_t i = 0; i < FH_ARRAY_SIZE(sizes); i++) {
		uint64_t *slot;
		uint64_t link;

		for (uint64_t block = 0; block < sizes[i]; block += BLOCK)
			map_piecemeal(w, at.block + block, 0x20000000 + block, BLOCK);
		slot = slot_of(w, at.block, 2);
		link = *slot;
		host_interfere_set(take_slot, slot);
		MUST(shape_trim(w, at.block, 2 * BLOCK));
		host_interfere_set(NULL, NULL);
		assert_int_equal(*slot, 0xdead0000);
		/* The neighbour is folded all the same. */
		assert_int_equal(w->table.tables, 1);
		assert_true(sizes[i] == BLOCK || is_block(w, at.block + BLOCK, 2));
		*slot = link;
		expect_clean(w);
		trim_whole(w, at.block, BLOCK, 0);
		MUST(shape_unmap(w, at.block, 2 * BLOCK));
	}
	MUST(fh_pgtable_release(&w->table));
}

struct unread {
	uint64_t *slot;
	uint64_t desc[ENTRIES];
	unsigned int syncs;
};

/* Until it was waited, walkers may read the table that became a block. */
static void still_whole(struct shape_world *w)
{
	struct unread *unread = w->ctx;

	if (!unread->syncs++)
		assert_memory_equal(unread->desc, unread->slot, sizeof(unread->desc));
}

static void read_until_waited(void **state)
{
	struct shape_world *w = *state;
	struct unread unread = { .syncs = 0 };

	MUST(fh_pgtable_init(&w->table, &w->config));
	map_piecemeal(w, BLOCK, 0x20000000, BLOCK);
	unread.slot = slot_of(w, BLOCK, 3);
	memcpy(unread.desc, unread.slot, sizeof(unread.desc));
	w->ctx = &unread;
	w->on_sync = still_whole;
	MUST(shape_trim(w, 0, FH_GIB));
	assert_true(unread.syncs > 0);
	w->on_sync = NULL;
	release(w);
}

/* Invalidation that does not complete: tables are where they were. */
static void timed_out(void **state)
{
	struct shape_world *w = *state;
	struct fh_gather gather;
	uint64_t sum;

	MUST(fh_pgtable_init(&w->table, &w->config));
	map_piecemeal(w, FH_GIB, FH_GIB, FH_GIB);
	for (unsigned int i = 0; i < 20; i++)
		map_piecemeal(w, i * BLOCK, 0x20000000 + i * BLOCK, BLOCK);
	sum = sum_of(w, 0, 40 * BLOCK);
	w->sync_err = -ETIMEDOUT;
	fh_gather_init(&gather, &w->table);
	assert_int_equal(fh_pgtable_trim(&w->table, fh_dma(0), 2 * FH_GIB, &gather), -ETIMEDOUT);
	w->sync_err = 0;
	MUST(fh_gather_flush(&gather));
	assert_int_equal(w->table.tables, 23);
	assert_int_equal(sum_of(w, 0, 40 * BLOCK), sum);
	assert_true(fh_desc_is_link(*slot_of(w, FH_GIB, 2), 2));
	expect_clean(w);
	trim_whole(w, 0, 40 * BLOCK, 3);
	trim_whole(w, FH_GIB, PAGE, 1);
	release(w);
}

static void ignore_fault(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	(void)fault;
}

/* Built with HARDEN=1, the frames stay counted as mapped, however large the entries are. */
static void counted(void **state)
{
	struct shape_world *w = *state;
	struct fh_page *page = fh_page_alloc(&w->frames, 9, 0);
	uint64_t pa;

	assert_non_null(page);
	w->frames.config.report.report = ignore_fault;
	pa = fh_page_to_phys(&w->frames, page).raw;
	MUST(fh_pgtable_init(&w->table, &w->config));
	map_piecemeal(w, BLOCK, pa, BLOCK);
	trim_whole(w, BLOCK, PAGE, 1);
	if (FH_FRAMES_COUNT_MAPPINGS)
		assert_int_equal(fh_page_free(&w->frames, page), -EBUSY);
	MUST(shape_unmap(w, BLOCK, BLOCK - PAGE));
	if (FH_FRAMES_COUNT_MAPPINGS)
		assert_int_equal(fh_page_free(&w->frames, page), -EBUSY);
	MUST(shape_map(w, BLOCK, pa, BLOCK - PAGE));
	trim_whole(w, BLOCK, PAGE, 1);
	MUST(shape_unmap(w, BLOCK, BLOCK));
	MUST(fh_page_free(&w->frames, page));
	release(w);
	assert_int_equal(count_of(w, FH_FRAME_OWNED), 0);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.pgtable.trim.empty", empty),
	SHAPE_TEST("iommu.pgtable.trim.partly", partly),
	UNIT_TEST("iommu.pgtable.trim.foreign", foreign),
	SHAPE_TEST("iommu.pgtable.trim.refusals", refusals),
	SHAPE_TEST("iommu.pgtable.trim.folds", folds),
	SHAPE_TEST("iommu.pgtable.trim.folds_twice", folds_twice),
	SHAPE_TEST("iommu.pgtable.trim.not_folded", not_folded),
	UNIT_TEST("iommu.pgtable.trim.same_as_at_once", same_as_at_once),
	SHAPE_TEST("iommu.pgtable.trim.runs", runs),
	SHAPE_TEST("iommu.pgtable.trim.folds_adopted", folds_adopted),
	SHAPE_TEST("iommu.pgtable.trim.link_lost", link_lost),
	SHAPE_TEST("iommu.pgtable.trim.fold_lost", fold_lost),
	SHAPE_TEST("iommu.pgtable.trim.read_until_waited", read_until_waited),
	SHAPE_TEST("iommu.pgtable.trim.timed_out", timed_out),
	SHAPE_TEST("iommu.pgtable.trim.counted", counted),
};

UNIT_MAIN("iommu.pgtable.trim", tests)
