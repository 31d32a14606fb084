/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 stage 1, 4K granule, 48-bit output: what descriptors say. Pure functions.
 *
 * Context: any; pure arithmetic.
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

/* Set in whatever is no fault. */
#define FH_S1_VALID FH_BIT(0)
/* Left to software in leaves, ignored in tables. */
#define FH_S1_SOFTWARE_BITS FH_MASK(58, 55)
/* What a table descriptor takes from all below it: PXNTable, UXNTable or XNTable, APTable. */
#define FH_S1_TABLE_LIMITS FH_MASK(62, 59)

/**
 * fh_s1_encode_attr() - The attribute bits of a leaf.
 * @regime: who walks the table.
 * @mair: of the walker; the first index that holds the memory type is taken (of write-back, the
 *        first with all allocation hints, if there is one).
 * @attr: what to grant; FH_READ is part of it.
 * @desc: gets the bits; address, type and software bits are 0, the access flag is set.
 *
 * Return: 0, -EINVAL (no descriptor grants exactly this access; no such type or shareability),
 *         -ENOTSUP (no index of @mair has the memory type).
 */
FH_MUST_CHECK int fh_s1_encode_attr(enum fh_regime regime, uint64_t mair, struct fh_attr attr,
				    uint64_t *desc);

/**
 * fh_s1_decode_attr() - What a leaf grants.
 * @regime: who walks the table.
 * @mair: of the walker.
 * @desc: a block or page descriptor.
 * @limits: FH_S1_TABLE_LIMITS of all tables above, or-ed.
 *
 * Return: its attributes; the memory type may be FH_MEMTYPE_OTHER.
 */
struct fh_attr fh_s1_decode_attr(enum fh_regime regime, uint64_t mair, uint64_t desc,
				 uint64_t limits);

/**
 * fh_s1_kind() - What a descriptor is.
 * @desc: any 64 bits.
 * @level: of the table that it stands in, 0 to 3.
 *
 * Return: its kind; a block at level 0 is FH_DESC_ILLEGAL, and so is at level 3 what is no page.
 */
enum fh_desc_kind fh_s1_kind(uint64_t desc, int level);

/**
 * fh_s1_has_leaf() - May a leaf stand at @level?
 * @level: 0 to 3.
 */
bool fh_s1_has_leaf(int level);

/**
 * fh_s1_leaf() - A block or page descriptor.
 * @pa: output address, a multiple of the level's span, below 2^48.
 * @level: 1 to 3.
 * @attr: bits of fh_s1_encode_attr(), and a software bit.
 *
 * Return: the descriptor.
 */
uint64_t fh_s1_leaf(uint64_t pa, int level, uint64_t attr);

/**
 * fh_s1_table() - A table descriptor without hierarchical limits.
 * @pa: of the table, a multiple of the granule, below 2^48.
 *
 * Return: the descriptor.
 */
uint64_t fh_s1_table(uint64_t pa);

/**
 * fh_s1_address() - The address field of a descriptor.
 * @desc: of a table or page; of a block fh_s1_output().
 *
 * Return: a physical address, a multiple of the granule.
 */
uint64_t fh_s1_address(uint64_t desc);

/**
 * fh_s1_output() - The output address of a leaf: its address field without the low bits of a block.
 * @desc: a block or page descriptor.
 * @level: of the table that it stands in, 1 to 3.
 *
 * Return: a physical address, a multiple of the level's span.
 */
uint64_t fh_s1_output(uint64_t desc, int level);

/**
 * fh_s1_reserved() - The RES0 bits that are set in a valid descriptor.
 * @regime: who walks the table.
 * @desc: a table, block or page descriptor.
 * @level: of the table that it stands in, 0 to 3.
 *
 * nT is one of them, because FEAT_BBM below level 1 does not have it.
 * Return: these bits of @desc; 0 when there are none.
 */
uint64_t fh_s1_reserved(enum fh_regime regime, uint64_t desc, int level);

#endif
