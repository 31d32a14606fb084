/* SPDX-License-Identifier: BSD-2-Clause */
/* Invalidate, wait, and only then free: see gather.h. */
#include "iommu/gather.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"
#include "lib/hooks.h"

/*
 * The first descriptor of a gathered table names the next one. Bit 0 is clear, so a walker that
 * still holds the table finds nothing there; bit 1 tells the frame at address 0 from the end.
 */
#define CHAIN_MARK 2u

void fh_gather_init(struct fh_gather *gather, struct fh_pgtable *table)
{
	*gather = (struct fh_gather){ .table = table, .chain = FH_PHYS_INVALID };
}

void fh_gather_range(struct fh_gather *gather, uint64_t first, uint64_t last, bool tables)
{
	if (!gather->pending || first < gather->first)
		gather->first = first;
	if (!gather->pending || last > gather->last)
		gather->last = last;
	gather->pending = true;
	gather->tables |= tables;
}

static void gather_frame(struct fh_gather *gather, uint64_t pa)
{
	uint64_t *slot = table_at(gather->table, pa);

	fh_pte_init(slot, fh_phys_is_valid(gather->chain) ? gather->chain.raw | CHAIN_MARK : 0);
	gather->chain = fh_phys(pa);
	gather->frames++;
	gather->table->tables--;
}

/* Children first: the chain overwrites a table's first descriptor. */
void fh_gather_subtree(struct fh_gather *gather, int level, uint64_t pa)
{
	struct fh_pgtable *table = gather->table;
	const uint64_t *slot = table_at(table, pa);
	unsigned int entries = fh_shape_entries(&table->shape, level);

	if (level == 3 && !FH_FRAMES_COUNT_MAPPINGS)
		entries = 0;
	for (unsigned int i = 0; i < entries; i++) {
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;

		if (!desc || !is_ours(table, desc))
			continue;
		if (fh_s1_kind(desc, level) != FH_DESC_TABLE)
			fh_frames_unmapped(table->config.frames, fh_phys(fh_s1_address(desc)),
					   fh_shape_span(&table->shape, level));
		else if (fh_pgtable_below(table, 0, desc, &below) == 0)
			fh_gather_subtree(gather, level + 1, below);
	}
	gather_frame(gather, pa);
}

static void free_chain(struct fh_gather *gather)
{
	struct fh_frames *frames = gather->table->config.frames;

	while (fh_phys_is_valid(gather->chain)) {
		uint64_t next = fh_pte_read(table_at(gather->table, gather->chain.raw));
		struct fh_page *page = fh_page_from_phys(frames, gather->chain);

		/* HELD since it was linked, and nobody else knows the address. */
		FH_BUG_ON(!page);
		fh_pgtable_free(frames, page);
		gather->chain = next ? fh_phys(next & ~(uint64_t)CHAIN_MARK) : FH_PHYS_INVALID;
		gather->frames--;
	}
}

int fh_gather_flush(struct fh_gather *gather)
{
	const struct fh_pgtable_config *config = &gather->table->config;
	int err;

	if (!gather->pending)
		return 0;
	/* The cleared descriptors are seen before a TLB is told to forget them (D8.13.1). */
	fh_pte_complete();
	config->tlb->invalidate(config->tlb_ctx, fh_dma(gather->first),
				gather->last - gather->first + 1, config->granule_lg2,
				gather->tables);
	err = config->tlb->sync(config->tlb_ctx);
	if (err)
		return err;
	free_chain(gather);
	fh_gather_init(gather, gather->table);
	return 0;
}
