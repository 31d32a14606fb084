/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other attributes for what is mapped. Permissions change in place; what the architecture does not
 * let change in a live entry (D8.16.1: memory type, shareability, nG) goes by way of an invalid
 * one, when the caller has declared that nobody uses the range.
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"

/*
 * Every leaf of a range: some bits off, some on.
 * @broken: FH_DESC_VALID when the leaves were made invalid before.
 * @split: not NULL: runs lose their hint first.
 */
struct change {
	struct fh_pgtable *table;
	uint64_t clear;
	uint64_t set;
	uint64_t broken;
	struct fh_gather *split;
};

static int change_leaf(const struct change *change, struct place at, uint64_t iova, uint64_t desc)
{
	struct fh_pgtable *table = change->table;
	int err = 0;

	/* It was ours when that was decided; what the firmware has put there since then stays. */
	if (!is_ours(table, desc | change->broken))
		return fh_pgtable_refuse(table, FH_FAULT_LINK_LOST, iova, desc, -EIO);
	if (change->split && desc & FH_DESC_CONTIGUOUS) {
		err = fh_split_run(table, at, iova, change->split);
		desc &= ~FH_DESC_CONTIGUOUS;
	}
	return err ? err : fh_entry_update(table, at, iova, desc, change->clear, change->set);
}

/* Goes on after an error, and returns it: what was broken must be made anew. */
static int change_level(const struct change *change, struct place at, struct part range)
{
	struct fh_pgtable *table = change->table;
	struct entries entries = fh_entries_of(&table->shape, at.level, range);
	int result = 0;

	do {
		struct part part = entries.part;
		uint64_t desc = fh_pte_read(&at.slot[entries.index]);
		struct place below = at;
		int err;

		if (fh_desc_is_link(desc, at.level)) {
			err = fh_pgtable_descend(table, part.first, desc, &below);
			if (!err)
				err = change_level(change, below, part);
		} else {
			err = change_leaf(change, at, part.first, desc);
		}
		if (err)
			result = err;
	} while (fh_entries_next(&entries));
	return result;
}

static int change_all(const struct change *change, struct part range)
{
	return change_level(change, root_place(change->table), range);
}

/* Invalid, invalidated, made anew: nothing is live in between, so runs keep their hint. */
static int break_and_make(struct fh_pgtable *table, struct part range, uint64_t clear, uint64_t set)
{
	struct change off = { .table = table, .clear = FH_DESC_VALID };
	struct change on = { .table = table, .broken = FH_DESC_VALID, .set = FH_DESC_VALID };
	int err = change_all(&off, range);
	int made;

	if (!err)
		err = fh_break_wait(table, range.first, range.last, table->shape.granule_lg2);
	if (!err) {
		on.clear = clear;
		on.set |= set;
	}
	made = change_all(&on, range);
	return err ? err : made;
}

static int protect_announced(struct fh_pgtable *table, const struct verdict *verdict,
			     struct pool *pool, struct fh_gather *gather)
{
	uint64_t attributes = table->shape.attributes;
	uint64_t attr = *verdict->attr;
	int err = 0;

	if (verdict->touched.first != verdict->range.first ||
	    verdict->touched.last != verdict->range.last)
		err = fh_split_edges(table, verdict->range, pool, gather);
	if (err)
		return err;
	if (verdict->bbm == BBM_NEVER || (verdict->runs && table->config.bbm_level < BBM_RUNS))
		err = break_and_make(table, verdict->range, attributes & ~attr, attr);
	else
		err = change_all(&(struct change){ .table = table,
						   .clear = attributes & ~attr,
						   .set = attr,
						   .split = verdict->runs ? gather : NULL },
				 verdict->range);
	/* Also after an error: of the entries that are still ours any may have changed. */
	fh_gather_range(gather, verdict->range.first, verdict->range.last, table->shape.granule_lg2,
			false);
	return err;
}

int fh_pgtable_protect(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		       struct fh_attr attr, struct fh_gather *gather)
{
	uint64_t bits = 0;
	struct verdict verdict = { .range = { iova.raw, iova.raw + (size - 1) }, .attr = &bits };
	struct pool pool = POOL_EMPTY;
	int err = fh_pgtable_check_change(table, iova, size);

	if (!err)
		err = fh_format_encode(&table->shape, attr, &bits);
	if (!err)
		err = fh_decide_announced(table, &verdict, &pool, gather);
	if (err)
		return err;
	err = protect_announced(table, &verdict, &pool, gather);
	/* An error may come after a change, or a split. */
	fh_pte_complete();
	fh_range_leave(table);
	fh_pool_drain(table, &pool);
	return err;
}
