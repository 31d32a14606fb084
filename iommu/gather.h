/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an unmap leaves to do: a range to invalidate in the TLBs, and table frames that no
 * walker may reach any more before the allocator gets them.
 *
 *    fh_gather_init(&gather, &table)
 *    fh_pgtable_unmap(&table, iova, size, &gather)     any number of times
 *    fh_gather_flush(&gather)                          TLBI, completion, frames freed
 *
 * Context: one CPU at a time for a gather; it must not outlive its table.
 * Source: Arm ARM DDI 0487, D8.13 (TLB maintenance).
 */
#ifndef FH_IOMMU_GATHER_H
#define FH_IOMMU_GATHER_H

#include "lib/types.h"
#include "mm/addr.h"

struct fh_pgtable;

/**
 * struct fh_tlb_ops - How a table's translations are invalidated; iommu/tlb_cpu.h and an SMMU
 * driver fill it.
 * @invalidate: remove [@iova, @iova + @size) from every TLB, with the walk caches of the tables
 *              above when @tables is set. No leaf in it is smaller than 2^@leaf_lg2 bytes. It may
 *              return before the invalidation has completed.
 * @sync: wait until all of it has completed. Return 0 or -ETIMEDOUT.
 */
struct fh_tlb_ops {
	void (*invalidate)(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			   bool tables);
	int (*sync)(void *ctx);
};

/**
 * struct fh_gather - Collects; the caller's storage, private fields.
 *
 * Frames are chained through their own first descriptor, by an address whose bit 0 is clear
 * (invalid for a walker that still holds the table), so a gather has no limit.
 */
struct fh_gather {
	struct fh_pgtable *table;
	uint64_t first;
	uint64_t last;
	bool pending;
	bool tables;
	bool quiescent;
	uint8_t leaf_lg2;
	fh_phys_addr_t chain;
	uint64_t frames;
};

/**
 * fh_gather_init() - Start an empty gather; none of it is to be given up at its end.
 */
void fh_gather_init(struct fh_gather *gather, struct fh_pgtable *table);

/**
 * fh_gather_quiescent() - Nobody uses the translations that are changed with this gather.
 *
 * The caller declares it for every range that is unmapped or protected with @gather from now on,
 * and for the whole of the blocks and contiguous runs that such a range touches. Where a change
 * must not be made to a live entry, the entry is then broken first: made invalid, invalidated, and
 * made anew (Arm ARM DDI 0487, D8.16.1), in which time an access would fault.
 */
void fh_gather_quiescent(struct fh_gather *gather);

/**
 * fh_gather_flush() - Invalidate, wait, then free what was gathered. The gather is empty after.
 *
 * Frames of tables are given back when no CPU is still in a lookup or walk that began before.
 * Ownership: the table pages in it become the allocator's.
 * Return: 0, or the error of the backend's sync (-ETIMEDOUT), or -EBUSY (called from within a
 *         walk, with tables to give back): the frames then stay in the gather, HELD, and another
 *         flush may be tried.
 * TLB: complete when it returns 0.
 */
FH_MUST_CHECK int fh_gather_flush(struct fh_gather *gather);

#endif
