/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking translations away: decide over the whole range, then change. Clearing itself steps
 * over what is foreign, so that release and the undoing of a map can use it.
 */
#include "iommu/pgtable_priv.h"
#include "lib/error.h"

/* All that may differ in a descriptor of ours since it was written: access flag, AP[2], DBM. */
#define HARDWARE_UPDATES (FH_BIT(10) | FH_BIT(7) | FH_BIT(51))

/* May [@first, @last] be taken away below this table? */
static int decide(const struct fh_pgtable *table, int level, uint64_t pa, uint64_t first,
		  uint64_t last)
{
	const struct fh_shape *shape = &table->shape;
	const uint64_t *slot = table_at(table, pa);
	int err = 0;

	for (unsigned int i = fh_shape_index(shape, level, first);
	     i <= fh_shape_index(shape, level, last) && !err; i++) {
		uint64_t base = entry_base(shape, level, first, i);
		struct part part = entry_part(shape, level, base, first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;

		if (!desc)
			continue;
		if (fh_s1_kind(desc, level) == FH_DESC_TABLE) {
			err = fh_pgtable_below(table, part.first, desc, &below);
			if (!err)
				err = decide(table, level + 1, below, part.first, part.last);
		} else if (!is_ours(table, desc)) {
			err = fh_pgtable_refuse(table, FH_FAULT_FOREIGN_ENTRY, part.first, desc,
						-EPERM);
		} else if (!part_is_whole(shape, level, part)) {
			err = -EBUSY;
		}
	}
	return err;
}

struct clearing {
	struct fh_pgtable *table;
	struct fh_gather *gather;
	bool whole_links;
};

/* One entry of ours: gone, with what hangs below it. */
static void clear_entry(const struct clearing *clearing, int level, uint64_t *slot, uint64_t desc,
			struct part part, bool foreign)
{
	struct fh_pgtable *table = clearing->table;
	bool link = fh_s1_kind(desc, level) == FH_DESC_TABLE;
	uint64_t below = 0;
	uint64_t found;

	if (link && fh_pgtable_below(table, part.first, desc, &below))
		return;
	if (!fh_pte_give(slot, desc, ~HARDWARE_UPDATES, table->config.coherent, &found))
		return; /* taken away by another CPU, or overwritten by the firmware: not ours now
			 */
	if (foreign)
		table->taken--;
	if (link) {
		/* Its whole span, which may be more than the range, must leave the walk caches. */
		uint64_t base = fh_align_down(part.first, fh_shape_span(&table->shape, level));

		fh_gather_subtree(clearing->gather, level + 1, below);
		part = (struct part){ base, base + (fh_shape_span(&table->shape, level) - 1) };
	} else {
		fh_frames_unmapped(table->config.frames, fh_phys(fh_s1_address(desc)),
				   fh_shape_span(&table->shape, level));
	}
	fh_gather_range(clearing->gather, part.first, part.last, link);
}

static int clear_level(const struct clearing *clearing, int level, uint64_t pa, uint64_t first,
		       uint64_t last)
{
	const struct fh_pgtable *table = clearing->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t *slot = table_at(table, pa);
	bool foreign = is_foreign_table(table, pa);
	int result = 0;

	for (unsigned int i = fh_shape_index(shape, level, first);
	     i <= fh_shape_index(shape, level, last); i++) {
		uint64_t base = entry_base(shape, level, first, i);
		struct part part = entry_part(shape, level, base, first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		bool ours = desc && is_ours(table, desc);
		uint64_t below;
		int err = 0;

		if (ours && (clearing->whole_links || part_is_whole(shape, level, part))) {
			clear_entry(clearing, level, &slot[i], desc, part, foreign);
		} else if (fh_s1_kind(desc, level) == FH_DESC_TABLE) {
			err = fh_pgtable_below(table, part.first, desc, &below);
			if (!err)
				err =
				    clear_level(clearing, level + 1, below, part.first, part.last);
		}
		/* One broken link does not keep the rest from being given back. */
		if (err)
			result = err;
	}
	return result;
}

int fh_pgtable_clear(struct fh_pgtable *table, uint64_t first, uint64_t last, bool whole_links,
		     struct fh_gather *gather)
{
	struct clearing clearing = { .table = table, .gather = gather, .whole_links = whole_links };

	return clear_level(&clearing, table->shape.start_level, table->root.raw, first, last);
}

int fh_pgtable_unmap(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		     struct fh_gather *gather)
{
	uint64_t last = iova.raw + (size - 1);
	int err = fh_pgtable_check_range(table, iova, size);

	if (err)
		return err;
	if (!fh_pgtable_in_windows(table, iova.raw, last))
		return fh_pgtable_refuse(table, FH_FAULT_OUTSIDE_WINDOW, iova.raw, 0, -EPERM);
	err = decide(table, table->shape.start_level, table->root.raw, iova.raw, last);
	if (err)
		return err;
	return fh_pgtable_clear(table, iova.raw, last, false, gather);
}
