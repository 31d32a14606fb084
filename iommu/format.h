/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every page-table format has in common: the attributes of a mapping, and the shape
 * (granule, sizes, levels) that a table has. Encoding and decoding are pure and live in one
 * file a format (iommu/format_s1.c).
 *
 * Context: any; pure arithmetic.
 * Source: Arm ARM DDI 0487, D8.2 (translation process).
 */
#ifndef FH_IOMMU_FORMAT_H
#define FH_IOMMU_FORMAT_H

#include "lib/types.h"
#include "mm/addr.h"

/* How descriptors are laid out. */
enum fh_format {
	FH_FORMAT_S1 = 1, /* VMSAv8-64 stage 1: Arm ARM DDI 0487, D8.3 */
	FH_FORMAT_S2,	  /* VMSAv8-64 stage 2 */
	FH_FORMAT_UAT,	  /* Apple UAT */
};

/* Who walks the table; decides the TLB operations and the meaning of XN and AP[1]. */
enum fh_regime {
	FH_REGIME_EL1 = 1, /* EL1&0, and SMMU stage 1 with two privileges */
	FH_REGIME_EL2,	   /* EL2 without VHE: one privilege */
	FH_REGIME_EL3,	   /* EL3: one privilege */
};

/* Who may do what. Bits, or-ed. */
enum fh_access {
	FH_READ = 1u << 0,	 /* privileged */
	FH_WRITE = 1u << 1,	 /* privileged; with FH_READ alone */
	FH_EXEC = 1u << 2,	 /* privileged */
	FH_USER_READ = 1u << 3,	 /* unprivileged */
	FH_USER_WRITE = 1u << 4, /* unprivileged */
	FH_USER_EXEC = 1u << 5,	 /* unprivileged */
	FH_NOT_GLOBAL = 1u << 6, /* the translation belongs to one ASID */
};

/* Memory types: Arm ARM DDI 0487, MAIR_EL1. */
enum fh_memtype {
	FH_MEMTYPE_WB,	   /* Normal, write-back cacheable */
	FH_MEMTYPE_NC,	   /* Normal, non-cacheable */
	FH_MEMTYPE_DEVICE, /* Device-nGnRE */
	FH_MEMTYPE_STRICT, /* Device-nGnRnE */
	FH_MEMTYPE_OTHER,  /* decoded only: an attribute that none of the above is */
};

/* Shareability, as field SH says it. */
enum fh_share {
	FH_SHARE_NONE = 0,  /* non-shareable */
	FH_SHARE_OUTER = 2, /* outer shareable */
	FH_SHARE_INNER = 3, /* inner shareable */
};

/**
 * struct fh_attr - Attributes of a mapping.
 * @access: of enum fh_access.
 * @memtype: cacheability or device type.
 * @share: shareability of Normal memory; Device memory is outer shareable whatever this says.
 */
struct fh_attr {
	uint16_t access;
	uint8_t memtype;
	uint8_t share;
};

/**
 * struct fh_shape - The shape of a table; levels are architectural, 3 is the page.
 * @granule_lg2: log2 of the granule in bytes: 12, 14 or 16.
 * @ias: input size, bits.
 * @oas: output size, bits.
 * @start_level: level of the root.
 * @root_lg2: log2 of the bytes of the root table; less than a granule when the root is not full.
 */
struct fh_shape {
	uint8_t granule_lg2;
	uint8_t ias;
	uint8_t oas;
	int8_t start_level;
	uint8_t root_lg2;
};

/**
 * fh_shape_stride() - How many input bits a full level resolves.
 *
 * Return: 9, 11 or 13.
 */
static inline unsigned int fh_shape_stride(const struct fh_shape *shape)
{
	return shape->granule_lg2 - 3u;
}

/**
 * fh_shape_shift() - The lowest input bit that a level resolves.
 * @level: of @shape, its start level to 3.
 *
 * Return: log2 of the bytes that one entry spans.
 */
static inline unsigned int fh_shape_shift(const struct fh_shape *shape, int level)
{
	return shape->granule_lg2 + (unsigned int)(3 - level) * fh_shape_stride(shape);
}

/**
 * fh_shape_span() - How much one entry of a level spans.
 * @level: of @shape, its start level to 3.
 *
 * Return: bytes.
 */
static inline uint64_t fh_shape_span(const struct fh_shape *shape, int level)
{
	return UINT64_C(1) << fh_shape_shift(shape, level);
}

/**
 * fh_shape_entries() - How many entries a table of a level has.
 * @level: of @shape, its start level to 3.
 *
 * Return: their number; of the root fewer than of a full table, when less of the input is left.
 */
static inline unsigned int fh_shape_entries(const struct fh_shape *shape, int level)
{
	return level == shape->start_level ? 1u << (shape->root_lg2 - 3u)
					   : 1u << fh_shape_stride(shape);
}

/**
 * fh_shape_index() - Where a device address stands in its table of a level.
 * @level: of @shape, its start level to 3.
 * @iova: below 2^ias.
 *
 * Return: the entry's index, from 0.
 */
static inline unsigned int fh_shape_index(const struct fh_shape *shape, int level, uint64_t iova)
{
	return (unsigned int)(iova >> fh_shape_shift(shape, level)) &
	       (fh_shape_entries(shape, level) - 1u);
}

/**
 * fh_shape_init() - The shape of a stage-1 table.
 * @format: FH_FORMAT_S1 (the only one so far).
 * @granule_lg2: 12 (the only one so far).
 * @ias: 25 to 48 bits.
 * @oas: 32, 36, 40, 42, 44 or 48 bits.
 *
 * The start level is the highest number whose single table resolves @ias.
 * Return: 0, -EINVAL (a size that the architecture lacks), -ENOTSUP (one that is not built). On
 *         error @shape is as it was.
 * Source: Arm ARM DDI 0487, D8.2, table of start levels by T0SZ.
 */
int fh_shape_init(struct fh_shape *shape, enum fh_format format, unsigned int granule_lg2,
		  unsigned int ias, unsigned int oas);

/* What a descriptor is. */
enum fh_desc_kind {
	FH_DESC_ZERO,	 /* 0: free to take */
	FH_DESC_INVALID, /* bit 0 clear but not zero: somebody's data */
	FH_DESC_TABLE,	 /* leads to a table of the next level */
	FH_DESC_BLOCK,	 /* a leaf above level 3 */
	FH_DESC_PAGE,	 /* a leaf of level 3 */
	FH_DESC_ILLEGAL, /* valid, and reserved at this level */
};

#endif
