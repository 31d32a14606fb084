/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that are not needed any more: empty ones are given back, and at BBM level 2 those that map
 * what one block could map become that block, and runs of entries get the contiguous hint. From
 * the leaves up, so that what became a block may be part of a larger one.
 */
#include "iommu/pgtable_priv.h"
#include "lib/error.h"

/*
 * A link in whose place a leaf stands. Walkers that hold the link go on reading the table, all of
 * which is still in use, until it was invalidated: not before may the gather write to it.
 */
struct folded {
	uint64_t *slot;
	uint64_t link;
	uint64_t leaf;
};

#define FOLDED_MAX 16

struct trimming {
	struct fh_pgtable *table;
	struct fh_gather *gather;
	bool fold;
	struct folded folded[FOLDED_MAX];
	unsigned int folded_count;
	struct part part; /* what they translate */
};

/* What follows a leaf when both are part of a larger one: the same, a span further. */
static uint64_t next_leaf(const struct fh_shape *shape, int level, uint64_t desc)
{
	uint64_t pa = fh_desc_output(shape, desc, level) + fh_shape_span(shape, level);

	return (desc & ~fh_desc_place(shape, UINT64_MAX)) | fh_desc_place(shape, pa);
}

/*
 * Do @count entries from @slot on map what one leaf of @bytes could map? Hints apart. Not where
 * hardware may be about to change one of them: entries that it has yet to mark as accessed or
 * dirty.
 */
static bool is_one(const struct fh_shape *shape, const uint64_t *slot, unsigned int count,
		   int level, uint64_t bytes)
{
	uint64_t want = fh_pte_read(slot) & ~FH_DESC_CONTIGUOUS;

	if (!fh_desc_is_leaf(shape, want, level) || !(want & FH_DESC_ACCESSED) ||
	    want & FH_DESC_DIRTY_MODIFIER ||
	    !fh_is_aligned(fh_desc_output(shape, want, level), bytes))
		return false;
	for (unsigned int i = 1; i < count; i++) {
		want = next_leaf(shape, level, want);
		if ((fh_pte_read(&slot[i]) & ~FH_DESC_CONTIGUOUS) != want)
			return false;
	}
	return true;
}

static bool is_empty(const uint64_t *slot, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (fh_pte_read(&slot[i]))
			return false;
	return true;
}

/* The link @desc at @slot, which spans @part, leads to an empty table. */
static void drop_link(struct trimming *trimming, struct place at, uint64_t *slot, uint64_t desc,
		      struct part part)
{
	struct fh_pgtable *table = trimming->table;
	uint64_t old = desc;

	/* Anything else in a foreign table is the firmware's. */
	if (!fh_pte_replace(slot, &old, 0, table->config.coherent))
		return;
	if (at.foreign)
		table->taken--;
	fh_gather_table(trimming->gather, fh_desc_address(&table->shape, desc));
	fh_gather_range(trimming->gather, part.first, part.last, table->shape.granule_lg2, true);
}

/*
 * Wait until no walker reads the tables that were folded, and let the gather have them.
 * Return: 0, or the error of the backend's sync: they are back where they were.
 */
static int finish_folded(struct trimming *trimming)
{
	struct fh_pgtable *table = trimming->table;
	const struct fh_pgtable_config *config = &table->config;
	struct part part = trimming->part;
	unsigned int count = trimming->folded_count;
	int err;

	if (!count)
		return 0;
	trimming->folded_count = 0;
	fh_pte_complete();
	config->tlb->invalidate(config->tlb_ctx, fh_dma(part.first), part.last - part.first + 1,
				table->shape.granule_lg2, true);
	err = config->tlb->sync(config->tlb_ctx);
	/* The last one first: it may have held the slot of another. */
	while (count--) {
		const struct folded *folded = &trimming->folded[count];
		uint64_t old = folded->leaf;

		if (!err)
			fh_gather_table(trimming->gather,
					fh_desc_address(&table->shape, folded->link));
		else
			(void)fh_pte_replace(folded->slot, &old, folded->link, config->coherent);
	}
	fh_gather_range(trimming->gather, part.first, part.last, table->shape.granule_lg2, true);
	return err;
}

/* The link @desc at @slot, which spans @part, becomes @leaf. */
static int fold_link(struct trimming *trimming, uint64_t *slot, uint64_t desc, struct part part,
		     uint64_t leaf)
{
	uint64_t old = desc;

	if (!fh_pte_replace(slot, &old, leaf, trimming->table->config.coherent))
		return 0;
	if (!trimming->folded_count)
		trimming->part = part;
	if (part.first < trimming->part.first)
		trimming->part.first = part.first;
	if (part.last > trimming->part.last)
		trimming->part.last = part.last;
	trimming->folded[trimming->folded_count++] = (struct folded){ slot, desc, leaf };
	return trimming->folded_count < FOLDED_MAX ? 0 : finish_folded(trimming);
}

/* Runs of a table of ours that have become whole. */
static void join_runs(const struct trimming *trimming, struct place at, uint64_t base)
{
	struct fh_pgtable *table = trimming->table;
	const struct fh_shape *shape = &table->shape;
	unsigned int run_lg2 = fh_shape_run_lg2(shape, at.level);
	uint64_t run = run_bytes(table, at.level);
	unsigned int count = 1u << run_lg2;

	for (unsigned int i = 0; run_lg2 && i < fh_shape_entries(shape, at.level); i += count) {
		uint64_t first = base + (i >> run_lg2) * run;

		if (fh_pte_read(&at.slot[i]) & FH_DESC_CONTIGUOUS ||
		    !is_one(shape, &at.slot[i], count, at.level, run))
			continue;
		for (unsigned int j = 0; j < count; j++)
			fh_pte_update(&at.slot[i + j], 0, FH_DESC_CONTIGUOUS,
				      table->config.coherent);
		fh_gather_range(trimming->gather, first, first + (run - 1),
				leaf_lg2(table, at.level), false);
	}
}

static int trim_level(struct trimming *trimming, struct place at, struct part range);

/* A table below @at, and then the link to it. */
static int trim_link(struct trimming *trimming, struct place at, uint64_t *slot, uint64_t desc,
		     struct part part)
{
	struct fh_pgtable *table = trimming->table;
	const struct fh_shape *shape = &table->shape;
	unsigned int entries = 1u << fh_shape_stride(shape);
	uint64_t span = fh_shape_span(shape, at.level);
	uint64_t base = fh_align_down(part.first, span);
	struct part whole = { base, base + (span - 1) };
	struct place below = at;
	int err = fh_pgtable_descend(table, part.first, desc, &below);

	if (!err && below.level != FH_LEVEL_PAGE)
		err = trim_level(trimming, below, part);
	if (err || below.foreign)
		return err;
	if (is_empty(below.slot, entries)) {
		drop_link(trimming, at, slot, desc, whole);
	} else if (trimming->fold && fh_shape_has_leaf(shape, at.level) &&
		   is_one(shape, below.slot, entries, below.level, span)) {
		uint64_t first = fh_pte_read(below.slot) & ~FH_DESC_CONTIGUOUS;
		uint64_t bits = first & (shape->attributes | shape->software);

		return fold_link(
		    trimming, slot, desc, whole,
		    fh_desc_leaf(shape, fh_desc_output(shape, first, below.level), at.level, bits));
	} else if (trimming->fold && table->config.contiguous) {
		join_runs(trimming, below, base);
	}
	return 0;
}

static int trim_level(struct trimming *trimming, struct place at, struct part range)
{
	struct entries entries = fh_entries_of(&trimming->table->shape, at.level, range);
	int err = 0;

	do {
		uint64_t *slot = &at.slot[entries.index];
		uint64_t desc = fh_pte_read(slot);

		if (fh_desc_is_link(desc, at.level))
			err = trim_link(trimming, at, slot, desc, entries.part);
	} while (!err && fh_entries_next(&entries));
	return err;
}

int fh_pgtable_trim(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		    struct fh_gather *gather)
{
	const struct fh_pgtable_config *config = &table->config;
	struct trimming trimming = { .table = table,
				     .gather = gather,
				     .fold = config->bbm_level == BBM_RUNS };
	struct place root = root_place(table);
	int finished;
	int err = fh_pgtable_check_change(table, iova, size);

	if (err)
		return err;
	if (fh_gathers_pending(table))
		return -EBUSY;
	err = trim_level(&trimming, root, (struct part){ iova.raw, iova.raw + (size - 1) });
	if (!err && !root.foreign && trimming.fold && config->contiguous)
		join_runs(&trimming, root, 0);
	finished = finish_folded(&trimming);
	fh_pte_complete();
	return err ? err : finished;
}
