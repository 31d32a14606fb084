/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What descriptors of all formats have in common.
 *
 * Context: any; pure functions.
 * Source: Arm ARM DDI 0487, D8.3.
 *
 *   bit    63 62:59  58:55 54:53 52   51  50 49:48 47:granule 16 15:12 11 10 9:8  7:2  1:0
 *   link   NS limits sw    -     -    -   0  high  address    -  high  -  -  high -    11
 *   leaf   -  -      sw    XN    Cont DBM GP high  address    nT high  nG AF SH   attr t1
 */
#ifndef FH_IOMMU_DESCRIPTOR_H
#define FH_IOMMU_DESCRIPTOR_H

#include "iommu/format.h"
#include "lib/bits.h"

/* A walker takes it for something. */
#define FH_DESC_VALID FH_BIT(0)
/* Above level 3 a link, at level 3 a page. */
#define FH_DESC_TABLE_OR_PAGE FH_BIT(1)
/* The access flag of a leaf. */
#define FH_DESC_ACCESSED FH_BIT(10)
/* Of a block: its size is about to change (FEAT_BBM). */
#define FH_DESC_NT FH_BIT(16)
/* Of a leaf: hardware may make it writable, and so dirty (FEAT_HAFDBS). */
#define FH_DESC_DIRTY_MODIFIER FH_BIT(51)
/* Of a leaf: it is part of a contiguous run. */
#define FH_DESC_CONTIGUOUS FH_BIT(52)

/**
 * fh_desc_kind() - What is a descriptor?
 * @desc: it.
 * @level: of @shape, its start level to 3.
 *
 * Return: its kind.
 */
static inline enum fh_desc_kind fh_desc_kind(const struct fh_shape *shape, uint64_t desc, int level)
{
	if (desc == 0)
		return FH_DESC_ZERO;
	if (!(desc & FH_DESC_VALID))
		return FH_DESC_INVALID;
	if (level == FH_LEVEL_PAGE)
		return desc & FH_DESC_TABLE_OR_PAGE ? FH_DESC_PAGE : FH_DESC_ILLEGAL;
	if (desc & FH_DESC_TABLE_OR_PAGE)
		return FH_DESC_TABLE;
	return fh_shape_has_leaf(shape, level) ? FH_DESC_BLOCK : FH_DESC_ILLEGAL;
}

/**
 * fh_desc_is_link() - Does a descriptor lead to a table?
 * @desc: it.
 * @level: -1 to 3.
 */
static inline bool fh_desc_is_link(uint64_t desc, int level)
{
	return level != FH_LEVEL_PAGE && (desc & (FH_DESC_VALID | FH_DESC_TABLE_OR_PAGE)) ==
					     (FH_DESC_VALID | FH_DESC_TABLE_OR_PAGE);
}

/**
 * fh_desc_is_leaf() - Is a descriptor a legal block or page?
 * @desc: it.
 * @level: of @shape, its start level to 3.
 */
static inline bool fh_desc_is_leaf(const struct fh_shape *shape, uint64_t desc, int level)
{
	enum fh_desc_kind kind = fh_desc_kind(shape, desc, level);

	return kind == FH_DESC_PAGE || kind == FH_DESC_BLOCK;
}

/**
 * fh_desc_address() - The address field of a link or page.
 * @desc: it.
 *
 * Return: the physical address in it.
 */
static inline uint64_t fh_desc_address(const struct fh_shape *shape, uint64_t desc)
{
	uint64_t pa = desc & shape->address;

	/* At every step of every walk: few formats have high bits, and one branch tells. */
	if (shape->high == FH_HIGH_NONE)
		return pa;
	return pa | (shape->high == FH_HIGH_64K ? (desc & FH_MASK(15, 12)) << 36
						: (desc & FH_MASK(9, 8)) << 42);
}

/**
 * fh_desc_place() - An address as a descriptor holds it.
 * @pa: below 2^52, a multiple of the granule; UINT64_MAX gives all bits of the field.
 *
 * Return: the bits of the field.
 */
static inline uint64_t fh_desc_place(const struct fh_shape *shape, uint64_t pa)
{
	uint64_t desc = pa & shape->address;

	if (shape->high == FH_HIGH_NONE)
		return desc;
	return desc | (shape->high == FH_HIGH_64K ? (pa >> 36) & FH_MASK(15, 12)
						  : (pa >> 42) & FH_MASK(9, 8));
}

/**
 * fh_desc_output() - The output address of a leaf: its address field without low bits of a block.
 * @desc: a block or page.
 * @level: of @shape, its start level to 3.
 *
 * Return: a physical address, a multiple of the level's span.
 */
static inline uint64_t fh_desc_output(const struct fh_shape *shape, uint64_t desc, int level)
{
	return fh_desc_address(shape, desc) & ~(fh_shape_span(shape, level) - 1);
}

/**
 * fh_desc_leaf() - A block or page.
 * @pa: where it leads, a multiple of the level's span.
 * @level: of @shape, its start level to 3.
 * @attr: of fh_format_encode(), and other bits as they are wanted.
 *
 * Return: the descriptor.
 */
static inline uint64_t fh_desc_leaf(const struct fh_shape *shape, uint64_t pa, int level,
				    uint64_t attr)
{
	return fh_desc_place(shape, pa) | attr | FH_DESC_VALID |
	       (level == FH_LEVEL_PAGE ? FH_DESC_TABLE_OR_PAGE : 0);
}

/**
 * fh_desc_link() - A link to a table, without limits.
 * @pa: of the table.
 *
 * Return: the descriptor.
 */
static inline uint64_t fh_desc_link(const struct fh_shape *shape, uint64_t pa)
{
	return fh_desc_place(shape, pa) | FH_DESC_VALID | FH_DESC_TABLE_OR_PAGE;
}

/**
 * fh_desc_low_bits() - The address bits of a leaf that lie below its span, and so are reserved.
 * @level: of @shape, its start level to 3.
 *
 * Return: those bits of a descriptor.
 */
static inline uint64_t fh_desc_low_bits(const struct fh_shape *shape, int level)
{
	uint64_t unused = FH_MASK(shape->granule_lg2 - 1, 12); /* 0 for 4K */

	if (shape->high == FH_HIGH_64K)
		unused &= ~FH_MASK(15, 12);
	return unused | (shape->address & (fh_shape_span(shape, level) - 1));
}

#endif
