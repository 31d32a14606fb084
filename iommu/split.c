/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The size of a live translation changes: a block becomes a table of smaller ones, a contiguous
 * run loses its hint. What every address translates to stays the same.
 *
 * A TLB that holds both sizes of one address may answer with either, or with something else, so the
 * architecture asks for a sequence (Arm ARM DDI 0487, D8.16.1), by the BBM level of the walkers:
 *
 *   2   old -> new                                   TLBs cope; the gather invalidates the old one
 *   1   old -> old with nT -> invalidate -> new      nT keeps the block out of TLBs; blocks alone
 *   0   old -> invalid -> invalidate -> new          an access would fault: quiescent ranges alone
 *
 * Descriptors are changed by compare-and-swap, from whatever hardware has made of them meanwhile.
 */
#include "iommu/pgtable_priv.h"
#include "lib/error.h"

uint64_t fh_split_pages(const struct fh_shape *shape, int level, struct part part)
{
	struct entries entries = fh_entries_of(shape, level + 1, part);
	uint64_t end = part.last >> entries.shift << entries.shift;
	uint64_t pages = 1;

	do {
		if (!entry_is_whole(&entries))
			pages += fh_split_pages(shape, level + 1, entries.part);
		/* Only the first and the last can be cut. */
		if (entries.part.last < end)
			entries.part.last = end - 1;
	} while (fh_entries_next(&entries));
	return pages;
}

int fh_break_wait(struct fh_pgtable *table, uint64_t first, uint64_t last, unsigned int lg2)
{
	const struct fh_pgtable_config *config = &table->config;

	fh_pte_complete();
	config->tlb->invalidate(config->tlb_ctx, fh_dma(first), last - first + 1, lg2, false);
	return config->tlb->sync(config->tlb_ctx);
}

/*
 * The table that stands for a block, with the hint in runs that lie outside of the range alone:
 * those in it are about to change, entry by entry, or are cut by its edges, and the hint of a live
 * run cannot be taken off again but at BBM level 2.
 */
static void fill_child(const struct fh_pgtable *table, uint64_t *slot, int level, uint64_t base,
		       uint64_t block, struct part range)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t bits = block & (shape->attributes | shape->software | FH_DESC_DIRTY_MODIFIER);
	uint64_t pa = fh_desc_output(shape, block, level - 1);
	uint64_t run = run_bytes(table, level);
	bool joined = table->config.contiguous && fh_shape_run_lg2(shape, level);

	for (unsigned int i = 0; i >> fh_shape_stride(shape) == 0; i++) {
		uint64_t at = base + i * fh_shape_span(shape, level);
		bool hint = joined && !fh_ranges_overlap(fh_align_down(at, run), run, range.first,
							 range.last - range.first + 1);

		fh_pte_init(&slot[i], fh_desc_leaf(shape, pa + (at - base), level,
						   bits | (hint ? FH_DESC_CONTIGUOUS : 0)));
	}
	fh_pte_ready(slot, UINT64_C(1) << shape->granule_lg2, table->config.coherent);
}

/* Is what stands there now still what was found there, but for what hardware and we change? */
static bool is_same(uint64_t now, uint64_t found)
{
	return ((now ^ found) &
		~(HARDWARE_UPDATES | FH_DESC_VALID | FH_DESC_NT | FH_DESC_CONTIGUOUS)) == 0;
}

static int entry_lost(const struct fh_pgtable *table, uint64_t iova, uint64_t now)
{
	return fh_pgtable_refuse(table, FH_FAULT_LINK_LOST, iova, now, -EIO);
}

int fh_entry_update(const struct fh_pgtable *table, struct place at, uint64_t iova, uint64_t desc,
		    uint64_t clear, uint64_t set)
{
	uint64_t *slot = &at.slot[fh_shape_index(&table->shape, at.level, iova)];
	uint64_t now = desc;

	if (!at.foreign) {
		fh_pte_update(slot, clear, set, table->config.coherent);
		return 0;
	}
	while (!fh_pte_replace(slot, &now, (now & ~clear) | set, table->config.coherent))
		if (((now ^ desc) & table->shape.attributes & ~HARDWARE_UPDATES) ||
		    !is_same(now, desc))
			return entry_lost(table, iova, now);
	return 0;
}

/* Levels 0 and 1: no TLB may hold the block when it changes. */
static int break_block(struct fh_pgtable *table, struct place at, uint64_t base, uint64_t desc)
{
	bool live = table->config.bbm_level == BBM_BLOCKS;
	uint64_t clear = live ? 0 : FH_DESC_VALID;
	uint64_t set = live ? FH_DESC_NT : 0;
	int waited;
	int err = fh_entry_update(table, at, base, desc, clear, set);

	if (err)
		return err;
	waited = fh_break_wait(table, base, base + (fh_shape_span(&table->shape, at.level) - 1),
			       leaf_lg2(table, at.level));
	if (waited) {
		err = fh_entry_update(table, at, base, (desc & ~clear) | set, set, clear);
		fh_pte_complete();
	}
	return err ? err : waited;
}

/* One level: the block @found at @base becomes a table. *@at goes there. */
static int split_block(struct fh_pgtable *table, struct place *at, uint64_t base, uint64_t found,
		       struct part range, struct pool *pool, struct fh_gather *gather)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t *slot = &at->slot[fh_shape_index(shape, at->level, base)];
	struct place below = { NULL, at->level + 1, false };
	uint64_t child, desc;
	int err = 0;

	if (table->config.bbm_level < BBM_RUNS)
		err = break_block(table, *at, base, found);
	if (err)
		return err;
	child = fh_pool_pop(table, pool);
	below.slot = table_at(table, child);
	table->tables++;
	desc = fh_pte_read(slot);
	do {
		if (!is_same(desc, found)) {
			fh_pool_push(table, pool, child);
			table->tables--;
			return entry_lost(table, base, desc);
		}
		fill_child(table, below.slot, below.level, base, desc & ~FH_DESC_NT, range);
	} while (!fh_pte_replace(slot, &desc, fh_desc_link(shape, child) | table->ours,
				 table->config.coherent));
	fh_gather_range(gather, base, base + (fh_shape_span(shape, at->level) - 1),
			leaf_lg2(table, below.level), true);
	*at = below;
	return 0;
}

/* Change some bits of every entry of a run. */
static void update_run(struct fh_pgtable *table, struct place at, uint64_t base, uint64_t clear,
		       uint64_t set)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t *slot = &at.slot[fh_shape_index(shape, at.level, base)];

	for (unsigned int left = 1u << fh_shape_run_lg2(shape, at.level); left; left--)
		fh_pte_update(slot++, clear, set, table->config.coherent);
}

int fh_split_run(struct fh_pgtable *table, struct place at, uint64_t iova, struct fh_gather *gather)
{
	uint64_t run = run_bytes(table, at.level);
	uint64_t base = fh_align_down(iova, run);
	unsigned int lg2 = leaf_lg2(table, at.level);
	bool live = table->config.bbm_level == BBM_RUNS;
	int waited = 0;

	/* In tables of the firmware's a map sets no hint: this one is not ours. */
	if (at.foreign)
		return entry_lost(
		    table, iova,
		    fh_pte_read(&at.slot[fh_shape_index(&table->shape, at.level, iova)]));
	if (!live) {
		update_run(table, at, base, FH_DESC_VALID, 0);
		waited = fh_break_wait(table, base, base + (run - 1), lg2);
	}
	update_run(table, at, base, waited ? 0 : FH_DESC_CONTIGUOUS, live ? 0 : FH_DESC_VALID);
	fh_pte_complete();
	if (!waited)
		fh_gather_range(gather, base, base + (run - 1), lg2, false);
	return waited;
}

/* Make @boundary, one of the two edges of @range, the edge of an entry and of a run. */
static int split_at(struct fh_pgtable *table, uint64_t boundary, struct part range,
		    struct pool *pool, struct fh_gather *gather)
{
	const struct fh_shape *shape = &table->shape;
	struct place at = root_place(table);

	for (;;) {
		uint64_t *slot = &at.slot[fh_shape_index(shape, at.level, boundary)];
		uint64_t base = fh_align_down(boundary, fh_shape_span(shape, at.level));
		uint64_t desc = fh_pte_read(slot);
		int err = 0;

		/* Above the edge of a level nothing there can be cut: only on the way down. */
		if (fh_desc_is_link(desc, at.level)) {
			err = fh_pgtable_descend(table, boundary, desc, &at);
			if (err)
				return err;
			continue;
		}
		if (!fh_desc_is_leaf(shape, desc, at.level) || !is_ours(table, desc))
			return 0;
		if (desc & FH_DESC_CONTIGUOUS &&
		    !fh_is_aligned(boundary, run_bytes(table, at.level)))
			err = fh_split_run(table, at, boundary, gather);
		if (err || base == boundary)
			return err;
		err = split_block(table, &at, base, desc, range, pool, gather);
		if (err)
			return err;
	}
}

int fh_split_edges(struct fh_pgtable *table, struct part range, struct pool *pool,
		   struct fh_gather *gather)
{
	int err = split_at(table, range.first, range, pool, gather);

	if (!err && fh_range_fits(range.last, 2, table->shape.ias))
		err = split_at(table, range.last + 1, range, pool, gather);
	return err;
}
