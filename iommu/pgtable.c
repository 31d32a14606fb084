/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and end of a table's life, and the checks that all operations share. */
#include "iommu/pgtable.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"
#include "lib/hooks.h"

int fh_pgtable_refuse(const struct fh_pgtable *table, enum fh_fault_code code, uint64_t iova,
		      uint64_t desc, int err)
{
	struct fh_memmap_range range =
	    fh_memmap_classify(table->config.frames->config.map, fh_phys(fh_s1_address(desc)));

	fh_report(&table->config.report, &(struct fh_fault){
					     .code = code,
					     .err = err,
					     .part = "pgtable",
					     .addr = iova,
					     .value = desc,
					     .declared_by = range.by,
					 });
	return err;
}

int fh_pgtable_below(const struct fh_pgtable *table, uint64_t iova, uint64_t desc, uint64_t *pa)
{
	enum fh_frame_state state;

	*pa = fh_s1_address(desc);
	state = fh_frame_state(table->config.frames, fh_phys(*pa));
	if (is_ours(table, desc)) {
		if (state == FH_FRAME_HELD)
			return 0;
		return fh_pgtable_refuse(table, FH_FAULT_TABLE_STATE, iova, desc, -EIO);
	}
	if (state == FH_FRAME_RESERVED)
		return 0;
	return fh_pgtable_refuse(table, FH_FAULT_TABLE_MOVED, iova, desc, -EIO);
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

int fh_pgtable_check_config(const struct fh_pgtable_config *config, struct fh_shape *shape)
{
	int err =
	    fh_shape_init(shape, config->format, config->granule_lg2, config->ias, config->oas);

	if (err == -EINVAL || !config->frames || !config->tlb || config->bbm_level > 2)
		return -EINVAL;
	if (config->regime != FH_REGIME_EL1 && config->regime != FH_REGIME_EL2 &&
	    config->regime != FH_REGIME_EL3)
		return -EINVAL;
	/* A table is a block of whole frames. */
	if (err || config->bbm_level || config->frames->frame_lg2 > config->granule_lg2)
		return -ENOTSUP;
	return 0;
}

fh_phys_addr_t fh_pgtable_alloc(const struct fh_pgtable_config *config,
				const struct fh_shape *shape)
{
	unsigned int order = shape->granule_lg2 - config->frames->frame_lg2;
	struct fh_page *page = fh_page_alloc(config->frames, order, FH_PAGE_ZERO);

	if (!page)
		return FH_PHYS_INVALID;
	/* The walker cannot reach what lies beyond its output size. */
	if (!fh_range_fits(fh_page_to_phys(config->frames, page).raw,
			   UINT64_C(1) << shape->granule_lg2, shape->oas)) {
		fh_pgtable_free(config->frames, page);
		return FH_PHYS_INVALID;
	}
	return fh_page_into_phys(config->frames, page);
}

void fh_pgtable_free(struct fh_frames *frames, struct fh_page *page)
{
	int err = fh_page_free(frames, page);

	FH_BUG_ON(err && err != -EBUSY && err != -EIO);
}

int fh_pgtable_init(struct fh_pgtable *table, const struct fh_pgtable_config *config)
{
	struct fh_shape shape;
	fh_phys_addr_t root;
	int err = fh_pgtable_check_config(config, &shape);

	if (err)
		return err;
	root = fh_pgtable_alloc(config, &shape);
	if (!fh_phys_is_valid(root))
		return -ENOMEM;
	*table = (struct fh_pgtable){ .config = *config, .shape = shape, .root = root };
	fh_pte_ready(table_at(table, table->root.raw), UINT64_C(1) << shape.granule_lg2,
		     config->coherent);
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

	fh_gather_init(&gather, table);
	err = release_entries(table, &gather);
	/* What was taken from foreign tables and is not there any more; the tables that hung there.
	 */
	if (table->taken || gather.frames != expected)
		err = report_lost(table, expected - gather.frames);
	flushed = fh_gather_flush(&gather);
	if (flushed)
		return flushed;
	if (!err)
		err = release_root(table);
	return err;
}
