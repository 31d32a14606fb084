/* SPDX-License-Identifier: BSD-2-Clause */
/* Invalidate, wait, and only then free: see gather.h. */
#include "iommu/gather.h"

#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"
#include "lib/hooks.h"

void fh_gather_init(struct fh_gather *gather, struct fh_pgtable *table)
{
	*gather = (struct fh_gather){ .table = table, .chain = FH_PHYS_INVALID };
}

void fh_gather_quiescent(struct fh_gather *gather)
{
	gather->quiescent = true;
}

bool fh_gathers_pending(const struct fh_pgtable *table)
{
	int64_t sum = 0;

	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++)
		sum += atomic_load_explicit(&table->cpu[cpu].gathers, memory_order_relaxed);
	return sum != 0;
}

void fh_gather_table(struct fh_gather *gather, uint64_t pa)
{
	uint64_t *slot = table_at(gather->table, pa);

	fh_pte_init(slot, (gather->chain.raw & ~(uint64_t)CHAIN_BITS) | CHAIN_MARK);
	gather->chain = fh_phys(pa);
	gather->frames++;
	gather->table->tables--;
	/* find_page() remembers tables of our own alone. */
	if (!gather->table->adopted)
		gather->table->unlinks++;
}

/* Children first: the chain overwrites a table's first descriptor. */
void fh_gather_subtree(struct fh_gather *gather, int level, uint64_t pa)
{
	struct fh_pgtable *table = gather->table;
	const struct fh_shape *shape = &table->shape;
	const uint64_t *slot = table_at(table, pa);
	unsigned int entries = 1u << fh_shape_stride(shape);

	if (level == FH_LEVEL_PAGE && !counts_mappings(table))
		entries = 0;
	for (unsigned int i = 0; i < entries; i++) {
		uint64_t desc = fh_pte_read(&slot[i]);

		if (!desc)
			continue;
		if (fh_desc_is_link(desc, level) && fh_pgtable_leads(table, desc))
			fh_gather_subtree(gather, level + 1, fh_desc_address(shape, desc));
		else if (fh_desc_is_link(desc, level))
			fh_pgtable_refuse(table, FH_FAULT_TABLE_STATE, 0, desc, -EIO);
		else if (counts_mappings(table))
			fh_frames_unmapped(table->config.frames,
					   fh_phys(fh_desc_output(shape, desc, level)),
					   fh_shape_span(shape, level));
	}
	fh_gather_table(gather, pa);
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
		gather->chain =
		    next == CHAIN_END ? FH_PHYS_INVALID : fh_phys(next & ~(uint64_t)CHAIN_BITS);
		gather->frames--;
	}
}

/* Range and leaf size are set anew by the first that comes. */
static void start_over(struct fh_gather *gather)
{
	count_gather(gather->table, -1);
	gather->pending = false;
	gather->tables = false;
	gather->chain = FH_PHYS_INVALID;
	gather->frames = 0;
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
				gather->last - gather->first + 1, gather->leaf_lg2, gather->tables);
	err = config->tlb->sync(config->tlb_ctx);
	if (!err && fh_phys_is_valid(gather->chain))
		err = fh_read_wait(gather->table);
	if (err)
		return err;
	free_chain(gather);
	start_over(gather);
	return 0;
}

void fh_gather_abandon(struct fh_gather *gather)
{
	if (gather->pending)
		start_over(gather);
}
