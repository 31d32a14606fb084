/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map, in three steps:
 *
 *   plan      may every entry be taken, and how many table pages will that need?
 *   allocate  all of them, or nothing
 *   fill      subtrees are built unseen and linked last; what can still go wrong is that another
 *             CPU took an entry first, and then all that was filled is taken away again
 */
#include "iommu/pgtable_priv.h"
#include "lib/error.h"
#include "lib/hooks.h"

struct mapping {
	struct fh_pgtable *table;
	uint64_t pa_minus_iova; /* modulo 2^64 */
	uint64_t bits;		/* attributes and our software bit */
	fh_phys_addr_t pool;	/* allocated pages, chained by their first word */
	uint64_t pool_pages;
	uint64_t filled; /* first address that is not filled yet */
};

/* Can this part be one leaf of @level? */
static bool fits_leaf(const struct fh_pgtable *table, int level, struct part part,
		      uint64_t pa_minus_iova)
{
	if (level == 3)
		return true;
	return level > 0 && part_is_whole(&table->shape, level, part) &&
	       fh_is_aligned(part.first + pa_minus_iova, fh_shape_span(&table->shape, level));
}

/* Table pages below an entry that is zero now; none when a leaf will do. */
static uint64_t count_new(const struct fh_pgtable *table, int level, struct part part,
			  uint64_t pa_minus_iova)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t count = 1;

	if (fits_leaf(table, level, part, pa_minus_iova))
		return 0;
	if (level == 2)
		return 1;
	for (unsigned int i = fh_shape_index(shape, level + 1, part.first);
	     i <= fh_shape_index(shape, level + 1, part.last); i++) {
		uint64_t base = entry_base(shape, level + 1, part.first, i);

		count += count_new(table, level + 1,
				   entry_part(shape, level + 1, base, part.first, part.last),
				   pa_minus_iova);
	}
	return count;
}

static int64_t plan_level(const struct fh_pgtable *table, int level, uint64_t pa, uint64_t first,
			  uint64_t last, uint64_t pa_minus_iova)
{
	const struct fh_shape *shape = &table->shape;
	const uint64_t *slot = table_at(table, pa);
	int64_t count = 0;

	for (unsigned int i = fh_shape_index(shape, level, first);
	     i <= fh_shape_index(shape, level, last); i++) {
		uint64_t base = entry_base(shape, level, first, i);
		struct part part = entry_part(shape, level, base, first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;
		int64_t more;

		if (!desc) {
			count += (int64_t)count_new(table, level, part, pa_minus_iova);
			continue;
		}
		if (fh_s1_kind(desc, level) != FH_DESC_TABLE)
			return is_ours(table, desc) ? -EEXIST : -EPERM;
		more = fh_pgtable_below(table, part.first, desc, &below);
		if (!more)
			more = plan_level(table, level + 1, below, part.first, part.last,
					  pa_minus_iova);
		if (more < 0)
			return more;
		count += more;
	}
	return count;
}

int64_t fh_pgtable_plan(const struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa,
			uint64_t size, struct fh_attr attr)
{
	uint64_t last = iova.raw + (size - 1);
	uint64_t bits;
	int err = fh_pgtable_check_range(table, iova, size);

	if (err)
		return err;
	if (!fh_phys_is_aligned(pa, table->shape.granule_lg2))
		return -EINVAL;
	if (!fh_range_fits(pa.raw, size, table->shape.oas))
		return -ERANGE;
	err = fh_s1_encode_attr(table->config.regime, table->config.mair, attr, &bits);
	if (err)
		return err;
	if (!fh_pgtable_in_windows(table, iova.raw, last))
		return -EPERM;
	return plan_level(table, table->shape.start_level, table->root.raw, iova.raw, last,
			  pa.raw - iova.raw);
}

static uint64_t pool_pop(struct mapping *mapping)
{
	uint64_t pa = mapping->pool.raw;
	uint64_t *word = table_at(mapping->table, pa);

	mapping->pool = fh_phys(fh_pte_read(word));
	mapping->pool_pages--;
	fh_pte_init(word, 0);
	return pa;
}

static void page_give_back(struct fh_pgtable *table, uint64_t pa)
{
	struct fh_page *page = fh_page_from_phys(table->config.frames, fh_phys(pa));

	FH_BUG_ON(!page);
	fh_pgtable_free(table->config.frames, page);
}

static void pool_drain(struct mapping *mapping)
{
	while (fh_phys_is_valid(mapping->pool))
		page_give_back(mapping->table, pool_pop(mapping));
}

static int pool_fill(struct mapping *mapping, uint64_t pages)
{
	struct fh_pgtable *table = mapping->table;

	while (mapping->pool_pages < pages) {
		fh_phys_addr_t pa = fh_pgtable_alloc(&table->config, &table->shape);

		if (!fh_phys_is_valid(pa)) {
			pool_drain(mapping);
			return -ENOMEM;
		}
		fh_pte_init(table_at(table, pa.raw), mapping->pool.raw);
		mapping->pool = pa;
		mapping->pool_pages++;
	}
	return 0;
}

/* A subtree that no walker ever saw. */
static void drop_unseen(struct fh_pgtable *table, int level, uint64_t pa)
{
	const uint64_t *slot = table_at(table, pa);

	for (unsigned int i = 0; level < 3 && i < fh_shape_entries(&table->shape, level); i++)
		if (fh_s1_kind(slot[i], level) == FH_DESC_TABLE)
			drop_unseen(table, level + 1, fh_s1_address(slot[i]));
	page_give_back(table, pa);
}

/* A table page and all below it, unseen by any walker and ready to be linked. */
static uint64_t build_unseen(struct mapping *mapping, int level, struct part part)
{
	struct fh_pgtable *table = mapping->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t pa = pool_pop(mapping);
	uint64_t *slot = table_at(table, pa);

	for (unsigned int i = fh_shape_index(shape, level, part.first);
	     i <= fh_shape_index(shape, level, part.last); i++) {
		uint64_t base = entry_base(shape, level, part.first, i);
		struct part below = entry_part(shape, level, base, part.first, part.last);

		if (fits_leaf(table, level, below, mapping->pa_minus_iova))
			fh_pte_init(&slot[i], fh_s1_leaf(below.first + mapping->pa_minus_iova,
							 level, mapping->bits));
		else
			fh_pte_init(&slot[i], fh_s1_table(build_unseen(mapping, level + 1, below)) |
						  table->ours);
	}
	fh_pte_ready(slot, UINT64_C(1) << shape->granule_lg2, table->config.coherent);
	return pa;
}

/* What became of an entry that was zero. */
enum fill {
	FILL_TAKEN,
	FILL_LOST, /* somebody else has put something there: look again */
	FILL_NO_MEMORY,
};

/* Put a leaf or a new subtree where zero is. */
static enum fill fill_zero(struct mapping *mapping, int level, uint64_t *slot, struct part part)
{
	struct fh_pgtable *table = mapping->table;
	uint64_t pa = part.first + mapping->pa_minus_iova;
	uint64_t below, count, found;

	if (fits_leaf(table, level, part, mapping->pa_minus_iova))
		return fh_pte_take(slot, fh_s1_leaf(pa, level, mapping->bits),
				   table->config.coherent, &found)
			   ? FILL_TAKEN
			   : FILL_LOST;
	/* Enough was allocated, unless tables that the plan counted on have gone meanwhile. */
	count = count_new(table, level, part, mapping->pa_minus_iova);
	if (pool_fill(mapping, count))
		return FILL_NO_MEMORY;
	below = build_unseen(mapping, level + 1, part);
	/* Before the link: whoever unlinks it uncounts. */
	table->tables += count;
	if (fh_pte_take(slot, fh_s1_table(below) | table->ours, table->config.coherent, &found))
		return FILL_TAKEN;
	table->tables -= count;
	drop_unseen(table, level + 1, below);
	return FILL_LOST;
}

static int fill_level(struct mapping *mapping, int level, uint64_t pa, struct part range);

/* One entry, whatever others do to it meanwhile. @foreign: it stands in a foreign table. */
static int fill_entry(struct mapping *mapping, int level, uint64_t *slot, struct part part,
		      bool foreign)
{
	struct fh_pgtable *table = mapping->table;
	enum fill fill = FILL_LOST;
	uint64_t desc = 0;
	uint64_t below;
	int err;

	while (fill == FILL_LOST) {
		desc = fh_pte_read(slot);
		if (desc)
			break;
		fill = fill_zero(mapping, level, slot, part);
	}
	if (fill == FILL_NO_MEMORY)
		return -ENOMEM;
	if (fill == FILL_TAKEN) {
		if (foreign)
			table->taken++;
		return 0;
	}
	if (fh_s1_kind(desc, level) != FH_DESC_TABLE)
		return is_ours(table, desc) ? -EEXIST : -EPERM;
	err = fh_pgtable_below(table, part.first, desc, &below);
	return err ? err : fill_level(mapping, level + 1, below, part);
}

static int fill_level(struct mapping *mapping, int level, uint64_t pa, struct part range)
{
	struct fh_pgtable *table = mapping->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t *slot = table_at(table, pa);
	bool foreign = is_foreign_table(table, pa);

	for (unsigned int i = fh_shape_index(shape, level, range.first);
	     i <= fh_shape_index(shape, level, range.last); i++) {
		uint64_t base = entry_base(shape, level, range.first, i);
		struct part part = entry_part(shape, level, base, range.first, range.last);
		int err = fill_entry(mapping, level, &slot[i], part, foreign);

		if (err)
			return err;
		mapping->filled = part.last + 1;
	}
	return 0;
}

/* Everything in [@first, mapping->filled) was zero before and is ours: take it away again. */
static void undo(struct mapping *mapping, uint64_t first)
{
	struct fh_gather gather;
	int err;

	if (mapping->filled <= first)
		return;
	fh_gather_init(&gather, mapping->table);
	fh_pgtable_clear(mapping->table, first, mapping->filled - 1, false, &gather);
	/* When the backend does not answer, the tables stay HELD: lost, but never reused. */
	err = fh_gather_flush(&gather);
	if (err)
		fh_pgtable_refuse(mapping->table, FH_FAULT_TABLE_STATE, first, 0, err);
}

int fh_pgtable_map(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
		   struct fh_attr attr)
{
	struct mapping mapping = {
		.table = table,
		.pa_minus_iova = pa.raw - iova.raw,
		.pool = FH_PHYS_INVALID,
		.filled = iova.raw,
	};
	int64_t pages = fh_pgtable_plan(table, iova, pa, size, attr);
	int err;

	if (pages < 0)
		return (int)pages;
	err = fh_s1_encode_attr(table->config.regime, table->config.mair, attr, &mapping.bits);
	if (!err)
		err = pool_fill(&mapping, (uint64_t)pages);
	if (err)
		return err;
	mapping.bits |= table->ours;
	/* Before any walker can reach it. */
	fh_frames_mapped(table->config.frames, pa, size, iova.raw, __builtin_return_address(0));
	err = fill_level(&mapping, table->shape.start_level, table->root.raw,
			 (struct part){ iova.raw, iova.raw + (size - 1) });
	fh_pte_complete();
	if (err) {
		undo(&mapping, iova.raw);
		fh_frames_unmapped(table->config.frames,
				   fh_phys(mapping.filled + mapping.pa_minus_iova),
				   size - (mapping.filled - iova.raw));
	}
	pool_drain(&mapping);
	return err;
}
