/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table in words, for people:
 *
 * fh: pgtable: 0x0000000000400000 - 0x00000000005fffff    2M  RW-/---  normal  ours  -> 0x20000000
 *
 * Neighbours that differ in nothing but their addresses share a line.
 */
#ifndef FH_IOMMU_PGTABLE_DUMP_H
#define FH_IOMMU_PGTABLE_DUMP_H

#include "iommu/pgtable.h"
#include "lib/out.h"

/**
 * fh_pgtable_dump() - Write what [@iova, @iova + @size) translates to.
 * @iova, @size: multiples of the granule.
 *
 * A line holds the addresses, the size of a leaf, who may read, write and execute (where there are
 * two privileges, the other one behind a slash; at stage 2 only when they differ), the memory type,
 * the owner, the output address of the first byte, and what else there is to say: "inner shareable"
 * or "outer shareable", "not global", "unaccessed", "contiguous".
 * Context: as fh_pgtable_walk().
 * Return: as fh_pgtable_walk(): 0, -EINVAL, -ERANGE, -EIO.
 * Source: Arm ARM DDI 0487, D8.3 to D8.5, for what the words stand for.
 */
FH_MUST_CHECK int fh_pgtable_dump(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				  const struct fh_out *out);

/**
 * fh_pgtable_audit() - Which translations can be both written and executed?
 * @out: gets a line for each, as fh_pgtable_dump(); NULL for the number alone.
 *
 * Whoever may write and whoever may execute: a page that the privileged write and the unprivileged
 * execute is one too.
 * Context: as fh_pgtable_walk().
 * Return: how many leaves there are of that kind, or -EIO as fh_pgtable_walk().
 * Source: Arm ARM DDI 0487, D8.4.
 */
FH_MUST_CHECK int64_t fh_pgtable_audit(const struct fh_pgtable *table, const struct fh_out *out);

#endif
