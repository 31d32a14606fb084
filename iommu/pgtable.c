/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and end of a table's life, and the checks that all operations share. */
#include "iommu/pgtable.h"

#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"
#include "lib/hooks.h"

int fh_pgtable_refuse(const struct fh_pgtable *table, enum fh_fault_code code, uint64_t iova,
		      uint64_t desc, int err)
{
	const struct fh_memmap *map = table->config.frames->config.map;
	uint64_t pa = fh_desc_address(&table->shape, desc);

	fh_report(&table->config.report,
		  &(struct fh_fault){
		      .code = code,
		      .err = err,
		      .part = "pgtable",
		      .addr = iova,
		      .value = desc,
		      .declared_by = desc ? fh_memmap_classify(map, fh_phys(pa)).by : NULL,
		  });
	return err;
}

/* @part.last is that of the entry, or of the range. */
static void cut(struct entries *entries)
{
	uint64_t end = entries->part.first | ((UINT64_C(1) << entries->shift) - 1);

	entries->part.last = end < entries->last ? end : entries->last;
}

struct entries fh_entries_of(const struct fh_shape *shape, int level, struct part range)
{
	struct entries entries = { .index = fh_shape_index(shape, level, range.first),
				   .shift = fh_shape_shift(shape, level),
				   .part.first = range.first,
				   .last = range.last };

	cut(&entries);
	return entries;
}

bool fh_entries_next(struct entries *entries)
{
	struct part *part = &entries->part;

	if (part->last == entries->last)
		return false;
	entries->index +=
	    (unsigned int)((part->last >> entries->shift) - (part->first >> entries->shift)) + 1;
	part->first = part->last + 1;
	cut(entries);
	return true;
}

bool fh_pgtable_leads(const struct fh_pgtable *table, uint64_t desc)
{
	return is_state(table, fh_desc_address(&table->shape, desc),
			UINT64_C(1) << table->shape.granule_lg2,
			is_ours(table, desc) ? FH_FRAME_HELD : FH_FRAME_RESERVED);
}

int fh_pgtable_below(const struct fh_pgtable *table, uint64_t iova, uint64_t desc, struct place *at)
{
	uint64_t pa = fh_desc_address(&table->shape, desc);
	bool ours = is_ours(table, desc);

	if (!fh_pgtable_leads(table, desc))
		return fh_pgtable_refuse(table, ours ? FH_FAULT_TABLE_STATE : FH_FAULT_TABLE_MOVED,
					 iova, desc, -EIO);
	*at = (struct place){ table_at(table, pa), at->level + 1, !ours };
	return 0;
}

int fh_pgtable_descend(const struct fh_pgtable *table, uint64_t iova, uint64_t desc,
		       struct place *at)
{
	if (at->foreign)
		return fh_pgtable_below(table, iova, desc, at);
	at->slot = table_at(table, fh_desc_address(&table->shape, desc));
	at->level++;
	return 0;
}

bool fh_pgtable_in_windows(const struct fh_pgtable *table, uint64_t first, uint64_t last)
{
	unsigned int w = 0;

	if (!table->adopted)
		return true;
	/* A range may go on from one window into the next that touches it: look again from there.
	 */
	while (w < table->window_count) {
		const struct fh_window *window = &table->window[w++];
		uint64_t end = window->base.raw + (window->size - 1);

		if (first < window->base.raw || first > end)
			continue;
		if (last <= end)
			return true;
		first = end + 1;
		w = 0;
	}
	return false;
}

int fh_pgtable_check_range(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size)
{
	uint64_t granule = UINT64_C(1) << table->shape.granule_lg2;

	if (size == 0 || !fh_is_aligned(iova.raw | size, granule))
		return -EINVAL;
	return fh_range_fits(iova.raw, size, table->shape.ias) ? 0 : -ERANGE;
}

int fh_pgtable_check_change(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size)
{
	int err = fh_pgtable_check_range(table, iova, size);

	if (!err && !fh_pgtable_in_windows(table, iova.raw, iova.raw + (size - 1)))
		err = fh_pgtable_refuse(table, FH_FAULT_OUTSIDE_WINDOW, iova.raw, 0, -EPERM);
	return err;
}

int fh_pgtable_check_config(const struct fh_pgtable_config *config, struct fh_shape *shape)
{
	struct fh_shape_request request = {
		.format = config->format,
		.regime = config->regime,
		.granule_lg2 = config->granule_lg2,
		.ias = config->ias,
		.oas = config->oas,
		.concat_lg2 = config->concat_lg2,
		.lpa2 = config->lpa2,
		.share = config->share,
		.mair = config->mair,
	};

	if (!config->frames || !config->tlb || config->bbm_level > 2)
		return -EINVAL;
	if (fh_shape_init(shape, &request))
		return -EINVAL;
	/* A table is a block of whole frames. */
	return config->frames->frame_lg2 > config->granule_lg2 ? -ENOTSUP : 0;
}

void fh_pgtable_derive(struct fh_pgtable *table)
{
	const struct fh_shape *shape = &table->shape;

	table->direct_offset = table->config.frames->config.direct_offset;
	table->simple = !table->adopted && table->config.coherent;
	table->direct = !table->adopted && shape->high == FH_HIGH_NONE;
	table->alike_bytes = UINT64_C(1) << leaf_table_lg2(shape);
	if (table->config.contiguous && fh_shape_run_lg2(shape, FH_LEVEL_PAGE))
		table->alike_bytes =
		    run_bytes(table, FH_LEVEL_PAGE) - fh_shape_span(shape, FH_LEVEL_PAGE);
}

/* Tables are whole granules, also a root that is not full; several in a row are one block. */
static uint64_t root_bytes(const struct fh_shape *shape)
{
	return UINT64_C(1) << (shape->root_lg2 > shape->granule_lg2 ? shape->root_lg2
								    : shape->granule_lg2);
}

int fh_pgtable_init(struct fh_pgtable *table, const struct fh_pgtable_config *config)
{
	struct fh_shape shape;
	fh_phys_addr_t root;
	int err = fh_pgtable_check_config(config, &shape);

	if (err)
		return err;
	root = fh_pgtable_alloc(config, &shape, root_bytes(&shape));
	if (!fh_phys_is_valid(root))
		return -ENOMEM;
	*table = (struct fh_pgtable){
		.config = *config, .shape = shape, .root = root, .reserve = FH_PHYS_INVALID
	};
	fh_pgtable_derive(table);
	fh_pte_ready(table_at(table, table->root.raw), root_bytes(&shape), config->coherent);
	return 0;
}

/* Everything of ours, window by window; a table of our own is one window. */
static int release_entries(struct fh_pgtable *table, struct fh_gather *gather)
{
	int result = 0;

	if (!table->adopted)
		return fh_pgtable_clear(table, 0, (UINT64_C(1) << table->shape.ias) - 1, true,
					gather);
	for (unsigned int w = 0; w < table->window_count; w++) {
		uint64_t first = table->window[w].base.raw;
		uint64_t last = first + (table->window[w].size - 1);
		int err = fh_pgtable_clear(table, first, last, true, gather);

		if (err)
			result = err;
	}
	return result;
}

static int release_root(struct fh_pgtable *table)
{
	struct fh_page *root;

	if (table->adopted)
		return 0;
	root = fh_page_from_phys(table->config.frames, table->root);
	return root ? fh_page_free(table->config.frames, root) : -EIO;
}

/* @pages that hung below links that have vanished stay HELD: nothing names them any more. */
static int report_lost(const struct fh_pgtable *table, uint64_t pages)
{
	struct fh_fault fault = {
		.code = FH_FAULT_LINK_LOST,
		.err = -EIO,
		.part = "pgtable",
		.addr = table->root.raw,
		.value = pages,
		.state = fh_frame_state_name(FH_FRAME_HELD),
	};

	fh_report(&table->config.report, &fault);
	return fault.err;
}

int fh_pgtable_release(struct fh_pgtable *table)
{
	struct fh_gather gather;
	uint64_t expected = table->tables;
	int err, flushed;

	if (fh_gathers_pending(table) || fh_reads(table))
		return -EBUSY;
	fh_gather_init(&gather, table);
	err = release_entries(table, &gather);
	/* What was taken from foreign tables and is not there any more; the tables that hung there.
	 */
	if (table->taken || gather.frames != expected)
		err = report_lost(table, expected - gather.frames);
	flushed = fh_gather_flush(&gather);
	if (flushed) {
		fh_gather_abandon(&gather);
		return flushed;
	}
	/* Giving back takes no page, and so cannot fail. */
	FH_BUG_ON(fh_pgtable_preallocate(table, 0));
	if (!err)
		err = release_root(table);
	return err;
}
