/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tables that nobody walks: nothing to invalidate. To do it all the same would stop every CPU
 * of an emulator, and fewer changes would meet.
 */
#ifndef FH_TESTS_NO_TLB_H
#define FH_TESTS_NO_TLB_H

#include "iommu/gather.h"

static void no_tlb_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			      bool tables)
{
	(void)ctx;
	(void)iova;
	(void)size;
	(void)leaf_lg2;
	(void)tables;
}

static int no_tlb_sync(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct fh_tlb_ops no_tlb = { no_tlb_invalidate, no_tlb_sync };

#endif
