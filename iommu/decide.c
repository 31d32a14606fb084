/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before a live range is unmapped or protected: is everything in it ours, what does it cut, and
 * does the BBM level let that be done? Reads only; what changes is in unmap.c and protect.c.
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"

static void need(struct verdict *verdict, uint8_t bbm)
{
	if (bbm > verdict->bbm)
		verdict->bbm = bbm;
}

static void touch(struct verdict *verdict, uint64_t base, uint64_t bytes)
{
	if (base < verdict->touched.first)
		verdict->touched.first = base;
	if (base + (bytes - 1) > verdict->touched.last)
		verdict->touched.last = base + (bytes - 1);
}

/* A contiguous run of which the range is only a part loses its hint. */
static void decide_run(const struct fh_pgtable *table, int level, uint64_t iova,
		       struct verdict *verdict)
{
	uint64_t run = run_bytes(table, level);
	uint64_t base = fh_align_down(iova, run);

	if (base >= verdict->range.first && base + (run - 1) <= verdict->range.last)
		return;
	touch(verdict, base, run);
	need(verdict, BBM_RUNS);
}

static void decide_attributes(const struct fh_pgtable *table, uint64_t desc,
			      struct verdict *verdict)
{
	uint64_t changes = (desc ^ *verdict->attr) & table->shape.attributes;

	if (changes & table->shape.breaks)
		need(verdict, BBM_NEVER);
	/* A run's entries have the same attributes at every moment: it has no hint meanwhile. */
	if (changes && desc & FH_DESC_CONTIGUOUS) {
		need(verdict, BBM_RUNS);
		verdict->runs = true;
	}
}

static void decide_leaf(const struct fh_pgtable *table, int level, uint64_t desc, struct part part,
			struct verdict *verdict)
{
	const struct fh_shape *shape = &table->shape;

	verdict->found = true;
	if (verdict->attr)
		decide_attributes(table, desc, verdict);
	if (desc & FH_DESC_CONTIGUOUS)
		decide_run(table, level, part.first, verdict);
	if (part_is_whole(shape, level, part))
		return;
	verdict->pages += fh_split_pages(shape, level, part);
	touch(verdict, fh_align_down(part.first, fh_shape_span(shape, level)),
	      fh_shape_span(shape, level));
	need(verdict, BBM_BLOCKS);
}

/* A leaf table of ours: runs can be cut at the two ends alone. */
static void decide_pages(const struct fh_pgtable *table, const uint64_t *slot, struct part range,
			 struct verdict *verdict)
{
	uint64_t count = ((range.last - range.first) >> table->shape.granule_lg2) + 1;
	uint64_t any = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t desc = fh_pte_read(&slot[i]);

		any |= desc;
		/* An unmap does not ask for holes: that something is there will do. */
		if (any && !verdict->attr)
			break;
		if (!desc)
			verdict->hole = true;
		else
			decide_attributes(table, desc, verdict);
	}
	if (any)
		verdict->found = true;
	if (fh_pte_read(&slot[0]) & FH_DESC_CONTIGUOUS)
		decide_run(table, FH_LEVEL_PAGE, range.first, verdict);
	if (fh_pte_read(&slot[count - 1]) & FH_DESC_CONTIGUOUS)
		decide_run(table, FH_LEVEL_PAGE, range.last, verdict);
}

static int decide_level(const struct fh_pgtable *table, struct place at, struct part range,
			struct verdict *verdict)
{
	const struct fh_shape *shape = &table->shape;
	struct entries entries = fh_entries_of(shape, at.level, range);
	int err = 0;

	if (at.level == FH_LEVEL_PAGE && !at.foreign) {
		decide_pages(table, &at.slot[entries.index], range, verdict);
		return 0;
	}
	do {
		struct part part = entries.part;
		uint64_t desc = fh_pte_read(&at.slot[entries.index]);
		bool ours = desc && is_ours(table, desc);
		struct place below = at;

		if (!desc) {
			verdict->hole = true;
		} else if (fh_desc_is_link(desc, at.level)) {
			/* A table of ours that is unmapped whole holds nothing that could forbid
			 * it. */
			if (ours && !verdict->attr && entry_is_whole(&entries)) {
				verdict->found = true;
				err = fh_pgtable_below(table, part.first, desc, &below);
				continue;
			}
			err = fh_pgtable_descend(table, part.first, desc, &below);
			if (!err)
				err = decide_level(table, below, part, verdict);
		} else if (!ours) {
			err = fh_pgtable_refuse(table, FH_FAULT_FOREIGN_ENTRY, part.first, desc,
						-EPERM);
		} else {
			decide_leaf(table, at.level, desc, part, verdict);
		}
	} while (!err && fh_entries_next(&entries));
	return err;
}

int fh_decide(const struct fh_pgtable *table, struct verdict *verdict)
{
	struct place at = root_place(table);
	int err = find_place(table, verdict->range, verdict->attr ? FIND_LOWEST : FIND_LINK, &at);

	verdict->touched = verdict->range;
	verdict->pages = 0;
	verdict->bbm = 0;
	verdict->found = verdict->hole = verdict->runs = false;
	return err ? err : decide_level(table, at, verdict->range, verdict);
}

int fh_decide_announced(struct fh_pgtable *table, struct verdict *verdict, struct pool *pool,
			const struct fh_gather *gather)
{
	struct part announced = verdict->range;
	int err;

	for (;;) {
		fh_range_enter(table, announced.first, announced.last);
		err = fh_decide(table, verdict);
		if (err || (verdict->touched.first >= announced.first &&
			    verdict->touched.last <= announced.last))
			break;
		/* What it cuts is others' business too: announce that, and look again. */
		announced = verdict->touched;
		fh_range_leave(table);
	}
	if (!err && (verdict->attr ? verdict->hole : !verdict->found))
		err = -ENOENT;
	if (!err && verdict->bbm > table->config.bbm_level && !gather->quiescent)
		err = -EBUSY;
	if (!err)
		err = fh_pool_fill(table, pool, verdict->pages);
	if (err)
		fh_range_leave(table);
	return err;
}

int64_t fh_pgtable_plan_unmap(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size)
{
	struct verdict verdict = { .range = { iova.raw, iova.raw + (size - 1) } };
	bool entered;
	int err = fh_pgtable_check_change(table, iova, size);

	if (err)
		return err;
	entered = fh_read_enter(table);
	err = fh_decide(table, &verdict);
	fh_read_leave(table, entered);
	if (!err && !verdict.found)
		err = -ENOENT;
	return err ? err : (int64_t)verdict.pages;
}
