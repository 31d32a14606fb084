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
	uint64_t filled;	/* first address that is not filled yet */
	struct fh_pte_run run;	/* taken in live tables, and not cleaned yet */
};

/* Can this part be one leaf of @level? */
static bool fits_leaf(const struct fh_pgtable *table, int level, struct part part,
		      uint64_t pa_minus_iova)
{
	if (level == 3)
		return true;
	return fh_s1_has_leaf(level) && part_is_whole(&table->shape, level, part) &&
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
		struct part part = entry_part(shape, level, entry_base(shape, level, first, i), first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;
		int64_t more;

		if (!desc) {
			count += (int64_t)count_new(table, level, part, pa_minus_iova);
			continue;
		}
		if (fh_s1_kind(desc, level) != FH_DESC_TABLE)
			return is_ours(table, desc) ? -EEXIST : -EPERM;
		more = table_below(table, part.first, desc, &below);
		if (!more)
			more = plan_level(table, level + 1, below, part.first, part.last, pa_minus_iova);
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
	int err = check_range(table, iova, size);

	if (err)
		return err;
	if (!fh_is_aligned(pa.raw, UINT64_C(1) << table->shape.granule_lg2))
		return -EINVAL;
	if (!fh_range_fits(pa.raw, size, table->shape.oas))
		return -ERANGE;
	err = fh_s1_encode_attr(table->config.regime, table->config.mair, attr, &bits);
	if (err)
		return err;
	if (!in_windows(table, iova.raw, last))
		return -EPERM;
	return plan_level(table, table->shape.start_level, table->root.raw, iova.raw, last,
			  pa.raw - iova.raw);
}

static uint64_t pool_pop(struct mapping *mapping)
{
	uint64_t pa = mapping->pool.raw;
	uint64_t *word = table_at(mapping->table, pa);

	mapping->pool = fh_phys(*word);
	mapping->pool_pages--;
	*word = 0;
	return pa;
}

static void page_give_back(struct fh_pgtable *table, uint64_t pa)
{
	struct fh_page *page = fh_page_from_phys(table->config.frames, fh_phys(pa));

	FH_BUG_ON(!page);
	FH_BUG_ON(fh_page_free(table->config.frames, page));
}

static void pool_drain(struct mapping *mapping)
{
	while (fh_phys_is_valid(mapping->pool))
		page_give_back(mapping->table, pool_pop(mapping));
}

static int pool_fill(struct mapping *mapping, int64_t pages)
{
	struct fh_pgtable *table = mapping->table;

	for (; pages > 0; pages--) {
		struct fh_page *page = fh_page_alloc(table->config.frames,
						     table->shape.granule_lg2 -
							     table->config.frames->frame_lg2,
						     FH_PAGE_ZERO);
		fh_phys_addr_t pa;

		if (!page) {
			pool_drain(mapping);
			return -ENOMEM;
		}
		pa = fh_page_into_phys(table->config.frames, page);
		*table_at(table, pa.raw) = mapping->pool.raw;
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
			fh_pte_init(&slot[i], fh_s1_leaf(below.first + mapping->pa_minus_iova, level,
							 mapping->bits));
		else
			fh_pte_init(&slot[i], fh_s1_table(build_unseen(mapping, level + 1, below)) |
						      table->ours);
	}
	fh_pte_clean_table(slot, (size_t)1 << shape->granule_lg2, table->config.coherent);
	return pa;
}

/* Put a leaf or a new subtree where zero is. */
static int fill_zero(struct mapping *mapping, int level, uint64_t *slot, struct part part)
{
	struct fh_pgtable *table = mapping->table;
	uint64_t below, count, found;

	if (fits_leaf(table, level, part, mapping->pa_minus_iova)) {
		uint64_t desc = fh_s1_leaf(part.first + mapping->pa_minus_iova, level, mapping->bits);

		if (!fh_pte_take(slot, desc, &found))
			return -EEXIST;
		fh_pte_run_add(&mapping->run, slot);
		return 0;
	}
	/* Another CPU may have unlinked tables that the plan counted on. */
	count = count_new(table, level, part, mapping->pa_minus_iova);
	if (count > mapping->pool_pages)
		return -EEXIST;
	below = build_unseen(mapping, level + 1, part);
	/* Before the link: whoever unlinks it uncounts. */
	table->tables += count;
	/* All of the subtree is in memory before its link is. */
	fh_pte_barrier(table->config.coherent);
	if (fh_pte_take(slot, fh_s1_table(below) | table->ours, &found)) {
		fh_pte_run_add(&mapping->run, slot);
		return 0;
	}
	table->tables -= count;
	drop_unseen(table, level + 1, below);
	return -EEXIST;
}

static int fill_level(struct mapping *mapping, int level, uint64_t pa, uint64_t first, uint64_t last)
{
	struct fh_pgtable *table = mapping->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t *slot = table_at(table, pa);

	for (unsigned int i = fh_shape_index(shape, level, first);
	     i <= fh_shape_index(shape, level, last); i++) {
		struct part part = entry_part(shape, level, entry_base(shape, level, first, i), first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;
		int err;

		if (!desc) {
			err = fill_zero(mapping, level, &slot[i], part);
		} else if (fh_s1_kind(desc, level) == FH_DESC_TABLE) {
			err = table_below(table, part.first, desc, &below);
			if (!err)
				err = fill_level(mapping, level + 1, below, part.first, part.last);
		} else {
			err = is_ours(table, desc) ? -EEXIST : -EPERM;
		}
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

	if (mapping->filled <= first)
		return;
	fh_gather_init(&gather, mapping->table);
	(void)clear_range(mapping->table, first, mapping->filled - 1, false, &gather);
	if (fh_gather_flush(&gather))
		return; /* the backend does not answer: the tables stay HELD, lost but never reused */
}

int fh_pgtable_map(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
		   struct fh_attr attr)
{
	struct mapping mapping = {
		.table = table,
		.pa_minus_iova = pa.raw - iova.raw,
		.pool = FH_PHYS_INVALID,
		.filled = iova.raw,
		.run = { .coherent = table->config.coherent },
	};
	int64_t pages = fh_pgtable_plan(table, iova, pa, size, attr);
	int err;

	if (pages < 0)
		return (int)pages;
	err = fh_s1_encode_attr(table->config.regime, table->config.mair, attr, &mapping.bits);
	if (err)
		return err;
	mapping.bits |= table->ours;
	err = pool_fill(&mapping, pages);
	if (err)
		return err;
	err = fill_level(&mapping, table->shape.start_level, table->root.raw, iova.raw,
			 iova.raw + (size - 1));
	fh_pte_run_finish(&mapping.run);
	if (err)
		undo(&mapping, iova.raw);
	pool_drain(&mapping);
	return err;
}
