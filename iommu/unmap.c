/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking translations away: decide over the whole range (decide.c), split what it cuts (split.c),
 * then clear. Clearing itself steps over what is foreign, so that release and the undoing of a map
 * can use it.
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"

struct clearing {
	struct fh_pgtable *table;
	struct fh_gather *gather;
	bool whole_links;
};

/* Leaves of ours in a leaf table of ours. */
static void clear_pages(const struct clearing *clearing, uint64_t *slot, struct part range)
{
	struct fh_pgtable *table = clearing->table;
	const struct fh_shape *shape = &table->shape;
	unsigned int count = (unsigned int)((range.last - range.first) >> shape->granule_lg2) + 1;

	for (unsigned int i = 0; counts_mappings(table) && i < count; i++) {
		uint64_t desc = fh_pte_read(&slot[i]);

		if (desc)
			fh_frames_unmapped(table->config.frames,
					   fh_phys(fh_desc_address(shape, desc)),
					   UINT64_C(1) << shape->granule_lg2);
	}
	fh_pte_clear(slot, count, table->config.coherent);
	fh_gather_range(clearing->gather, range.first, range.last, shape->granule_lg2, false);
}

/* One entry of ours: gone, with what hangs below it. */
static int clear_entry(const struct clearing *clearing, struct place at, uint64_t *slot,
		       uint64_t desc, struct part part)
{
	struct fh_pgtable *table = clearing->table;
	const struct fh_shape *shape = &table->shape;
	bool link = fh_desc_is_link(desc, at.level);
	uint64_t span = fh_shape_span(shape, at.level);
	struct place below = at;
	uint64_t found;

	/* What goes back to the allocator is looked at once more, also where descents trust it. */
	if (link && fh_pgtable_below(table, part.first, desc, &below))
		return -EIO;
	/* The firmware has copied a link of ours, and the other one is gone already. */
	if (link && is_gathered(below.slot))
		return fh_pgtable_refuse(table, FH_FAULT_TABLE_STATE, part.first, desc, -EIO);
	if (!at.foreign) {
		fh_pte_clear(slot, 1, table->config.coherent);
	} else {
		/* The firmware may have overwritten it: not ours now. */
		if (!fh_pte_give(slot, desc, ~HARDWARE_UPDATES, table->config.coherent, &found))
			return 0;
		table->taken--;
	}
	if (link) {
		/* Its whole span, which may be more than the range, must leave the walk caches. */
		uint64_t base = fh_align_down(part.first, span);

		fh_gather_subtree(clearing->gather, at.level + 1, fh_desc_address(shape, desc));
		fh_gather_range(clearing->gather, base, base + (span - 1), shape->granule_lg2,
				true);
	} else {
		if (counts_mappings(table))
			fh_frames_unmapped(table->config.frames,
					   fh_phys(fh_desc_output(shape, desc, at.level)), span);
		fh_gather_range(clearing->gather, part.first, part.last, leaf_lg2(table, at.level),
				false);
	}
	return 0;
}

static int clear_level(const struct clearing *clearing, struct place at, struct part range)
{
	const struct fh_pgtable *table = clearing->table;
	const struct fh_shape *shape = &table->shape;
	struct entries entries = fh_entries_of(shape, at.level, range);
	int result = 0;

	if (at.level == FH_LEVEL_PAGE && !at.foreign) {
		clear_pages(clearing, &at.slot[entries.index], range);
		return 0;
	}
	do {
		struct part part = entries.part;
		uint64_t *slot = &at.slot[entries.index];
		uint64_t desc = fh_pte_read(slot);
		bool ours = desc && is_ours(table, desc);
		struct place below = at;
		int err = 0;

		if (ours && (clearing->whole_links || entry_is_whole(&entries))) {
			err = clear_entry(clearing, at, slot, desc, part);
		} else if (fh_desc_is_link(desc, at.level)) {
			err = fh_pgtable_descend(table, part.first, desc, &below);
			if (!err)
				err = clear_level(clearing, below, part);
		}
		/* One broken link does not keep the rest from being given back. */
		if (err)
			result = err;
	} while (fh_entries_next(&entries));
	return result;
}

int fh_pgtable_clear(struct fh_pgtable *table, uint64_t first, uint64_t last, bool whole_links,
		     struct fh_gather *gather)
{
	struct clearing clearing = { .table = table, .gather = gather, .whole_links = whole_links };

	return clear_level(&clearing, root_place(table), (struct part){ first, last });
}

/* What was decided, from the lowest table that holds the range. */
static int clear_announced(struct fh_pgtable *table, struct part range, struct fh_gather *gather)
{
	struct clearing clearing = { .table = table, .gather = gather };
	struct place at = root_place(table);
	int err = find_place(table, range, FIND_LINK, &at);

	return err ? err : clear_level(&clearing, at, range);
}

int fh_unmap_long(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		  struct fh_gather *gather)
{
	struct verdict verdict = { .range = { iova.raw, iova.raw + (size - 1) } };
	struct pool pool = POOL_EMPTY;
	int err = fh_pgtable_check_change(table, iova, size);

	if (!err)
		err = fh_decide_announced(table, &verdict, &pool, gather);
	if (err)
		return err;
	if (verdict.bbm)
		err = fh_split_edges(table, verdict.range, &pool, gather);
	if (!err)
		err = clear_announced(table, verdict.range, gather);
	fh_range_leave(table);
	fh_pool_drain(table, &pool);
	return err;
}
