/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and end of a table's life, and the checks that all operations share. */
#include "iommu/pgtable.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"

int refuse(const struct fh_pgtable *table, enum fh_fault_code code, uint64_t iova, uint64_t desc,
	   int err)
{
	struct fh_memmap_range range = fh_memmap_classify(table->config.frames->config.map,
							  fh_phys(fh_s1_address(desc)));

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

int table_below(const struct fh_pgtable *table, uint64_t iova, uint64_t desc, uint64_t *pa)
{
	enum fh_frame_state state;

	*pa = fh_s1_address(desc);
	state = fh_frame_state(table->config.frames, fh_phys(*pa));
	if (is_ours(table, desc)) {
		if (state == FH_FRAME_HELD)
			return 0;
		return refuse(table, FH_FAULT_TABLE_STATE, iova, desc, -EIO);
	}
	if (state == FH_FRAME_RESERVED)
		return 0;
	return refuse(table, FH_FAULT_TABLE_MOVED, iova, desc, -EIO);
}

bool in_windows(const struct fh_pgtable *table, uint64_t first, uint64_t last)
{
	unsigned int w = 0;

	if (!table->adopted)
		return true;
	/* A range may go on from one window into the next that touches it: look again from there. */
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

int check_range(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size)
{
	uint64_t granule = UINT64_C(1) << table->shape.granule_lg2;

	if (size == 0 || !fh_is_aligned(iova.raw | size, granule))
		return -EINVAL;
	return fh_range_fits(iova.raw, size, table->shape.ias) ? 0 : -ERANGE;
}

int fh_pgtable_init(struct fh_pgtable *table, const struct fh_pgtable_config *config)
{
	struct fh_page *root;
	struct fh_shape shape;
	int err = fh_shape_init(&shape, config->format, config->granule_lg2, config->ias,
				config->oas);

	if (err)
		return err;
	if (config->bbm_level > 2)
		return -EINVAL;
	if (config->bbm_level)
		return -ENOTSUP;
	root = fh_page_alloc(config->frames, shape.granule_lg2 - config->frames->frame_lg2,
			     FH_PAGE_ZERO);
	if (!root)
		return -ENOMEM;
	*table = (struct fh_pgtable){ .config = *config, .shape = shape };
	table->root = fh_page_into_phys(config->frames, root);
	fh_pte_clean_table(table_at(table, table->root.raw), (size_t)1 << shape.granule_lg2,
			   config->coherent);
	fh_pte_barrier(config->coherent);
	return 0;
}

/* Everything of ours, window by window; a table of our own is one window. */
static int release_entries(struct fh_pgtable *table, struct fh_gather *gather)
{
	int result = 0;

	if (!table->adopted)
		return clear_range(table, 0, (UINT64_C(1) << table->shape.ias) - 1, true, gather);
	for (unsigned int w = 0; w < table->window_count; w++) {
		uint64_t first = table->window[w].base.raw;
		int err = clear_range(table, first, first + (table->window[w].size - 1), true, gather);

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

int fh_pgtable_release(struct fh_pgtable *table)
{
	struct fh_gather gather;
	uint64_t expected = table->tables;
	int err, flushed;

	fh_gather_init(&gather, table);
	err = release_entries(table, &gather);
	if (gather.frames != expected)
		err = refuse(table, FH_FAULT_LINK_LOST, 0, expected - gather.frames, -EIO);
	flushed = fh_gather_flush(&gather);
	if (flushed)
		return flushed;
	if (!err)
		err = release_root(table);
	return err;
}
