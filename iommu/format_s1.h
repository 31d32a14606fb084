/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 stage 1, 4K granule, 48-bit output: what descriptors say. Pure functions.
 * Source: Arm ARM DDI 0487, D8.3 (descriptor formats) and D8.4 (permissions).
 *
 *          63  62:61   60   59  58:55 54  53  52  51  50 49:48 47:12   11 10 9:8 7:6 5 4:2  1:0
 *   table  NS APTable UXNt PXNt  sw     ignored      RES0      address        ignored       11
 *   leaf      ignored            sw  UXN PXN Cnt DBM GP RES0   address nG AF SH  AP NS Index t1
 */
#ifndef FH_IOMMU_FORMAT_S1_H
#define FH_IOMMU_FORMAT_S1_H

#include "iommu/format.h"
#include "lib/bits.h"

#define FH_S1_VALID FH_BIT(0)
/* Left to software in leaves, ignored in tables. */
#define FH_S1_SOFTWARE_BITS FH_MASK(58, 55)
/* What a table descriptor takes from all below it: PXNTable, UXNTable or XNTable, APTable. */
#define FH_S1_TABLE_LIMITS FH_MASK(62, 59)

/**
 * fh_s1_encode_attr() - The attribute bits of a leaf.
 * @mair: of the walker; the first index that holds the memory type is taken (of write-back, the
 *        first with all allocation hints, if there is one).
 * @desc: gets the bits; address, type and software bits are 0, the access flag is set.
 *
 * Return: 0, -EINVAL (no descriptor grants exactly this access; no such type or shareability),
 *         -ENOTSUP (no index of @mair has the memory type).
 */
FH_MUST_CHECK int fh_s1_encode_attr(enum fh_regime regime, uint64_t mair, struct fh_attr attr,
				    uint64_t *desc);

/**
 * fh_s1_decode_attr() - What a leaf grants.
 * @limits: FH_S1_TABLE_LIMITS of all tables above, or-ed.
 */
struct fh_attr fh_s1_decode_attr(enum fh_regime regime, uint64_t mair, uint64_t desc,
				 uint64_t limits);

enum fh_desc_kind fh_s1_kind(uint64_t desc, int level);

/* May a leaf stand at @level? */
bool fh_s1_has_leaf(int level);

/* A block or page of @level; @attr of fh_s1_encode_attr(), @pa a multiple of the level's span. */
uint64_t fh_s1_leaf(uint64_t pa, int level, uint64_t attr);

/* A table descriptor without hierarchical limits. */
uint64_t fh_s1_table(uint64_t pa);

/* The address field of a table or page descriptor. */
uint64_t fh_s1_address(uint64_t desc);

/* The output address of a leaf of @level: the address field without the low bits of a block. */
uint64_t fh_s1_output(uint64_t desc, int level);

/**
 * fh_s1_reserved() - The RES0 bits that are set in a valid descriptor of @level.
 *
 * nT is one of them, because FEAT_BBM below level 1 does not have it.
 */
uint64_t fh_s1_reserved(enum fh_regime regime, uint64_t desc, int level);

#endif
