/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invalidation for tables that CPUs walk: VAE1IS, VAE2IS, VAE3IS or IPAS2E1IS by regime, or their
 * range forms where the CPU has FEAT_TLBIRANGE.
 */
#ifndef FH_IOMMU_TLB_CPU_H
#define FH_IOMMU_TLB_CPU_H

#include "iommu/pgtable.h"

/**
 * fh_tlb_cpu_ops - struct fh_pgtable_config's @tlb; @tlb_ctx is the struct fh_pgtable itself.
 *
 * Broadcast in the inner shareable domain; more than 512 operations become one for the whole
 * regime. Stage 2 is invalidated for the VMID in VTTBR_EL2, which is the caller's to set.
 * Source: Arm ARM DDI 0487, D8.13 and D8.14.
 */
extern const struct fh_tlb_ops fh_tlb_cpu_ops;

#endif
