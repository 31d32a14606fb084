/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invalidation for tables that CPUs walk: VAE1IS, VAE2IS or VAE3IS by regime.
 */
#ifndef FH_IOMMU_TLB_CPU_H
#define FH_IOMMU_TLB_CPU_H

#include "iommu/pgtable.h"

/**
 * fh_tlb_cpu_ops - struct fh_pgtable_config's @tlb; @tlb_ctx is the struct fh_pgtable itself.
 *
 * Broadcast in the inner shareable domain; more than 512 operations become one for the whole
 * ASID or regime.
 * Source: Arm ARM DDI 0487, D8.13 and D8.14.
 */
extern const struct fh_tlb_ops fh_tlb_cpu_ops;

#endif
