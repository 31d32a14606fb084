/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every page-table format has in common: the attributes of a mapping, and the shape
 * (granule, sizes, levels) that a table has. Encoding and decoding are pure and live in one file
 * a format:
 *
 *   iommu/format_s1.c    VMSAv8-64 stage 1
 *   iommu/format_s2.c    VMSAv8-64 stage 2
 *   iommu/format_uat.c   Apple UAT
 *   iommu/descriptor.h   what all three share: kind, address, link, leaf
 *   iommu/shape.c        which shapes there are
 *
 * Context: any; pure arithmetic.
 * Source: Arm ARM DDI 0487, D8.2 (translation process) and D8.3 (descriptors).
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
	FH_REGIME_EL1 = 1, /* EL1&0, SMMU stage 1 with two privileges, UAT */
	FH_REGIME_EL2,	   /* EL2 without VHE: one privilege */
	FH_REGIME_EL3,	   /* EL3: one privilege */
	FH_REGIME_STAGE2,  /* stage 2 of EL1&0; of stage-2 tables, and of no others */
};

/* Who may do what. Bits, or-ed. With UAT the firmware is privileged and the GPU is not. */
enum fh_access {
	FH_READ = 1u << 0,	 /* privileged; at stage 2 both */
	FH_WRITE = 1u << 1,	 /* likewise; without FH_READ at stage 2 and UAT alone */
	FH_EXEC = 1u << 2,	 /* privileged */
	FH_USER_READ = 1u << 3,	 /* unprivileged; not told apart at stage 2 */
	FH_USER_WRITE = 1u << 4, /* unprivileged; likewise */
	FH_USER_EXEC = 1u << 5,	 /* unprivileged; at stage 2, other than FH_EXEC needs FEAT_XNX */
	FH_NOT_GLOBAL = 1u << 6, /* the translation belongs to one ASID */
	FH_UNACCESSED = 1u << 7, /* access flag clear: the first access faults, or sets it */
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

/* Where a descriptor keeps output address bits from 48 up. */
enum fh_high_bits {
	FH_HIGH_NONE, /* nowhere: they are 0 */
	FH_HIGH_64K,  /* 51:48 in bits 15:12 (64K granule, FEAT_LPA) */
	FH_HIGH_LPA2, /* 49:48 in their place, 51:50 in bits 9:8 (FEAT_LPA2, TCR.DS) */
};

/* A memory type that the MAIR does not have. */
#define FH_NO_INDEX (-1)
/* The first level that a walk may begin at, with FEAT_LPA2. */
#define FH_LEVEL_FIRST (-1)
/* The last, which holds pages. */
#define FH_LEVEL_PAGE 3

/**
 * struct fh_shape - All that decides how a table looks and what its descriptors say; made by
 * fh_shape_init(). Levels are architectural: 3 is the page.
 * @granule_lg2: 12, 14 or 16.
 * @ias: input size, bits.
 * @oas: output size, bits.
 * @start_level: level of the root.
 * @root_lg2: bytes of the root table; less than a granule when the root is not full, more when
 *            it is several tables in a row.
 * @root_shift: fh_shape_shift() of @start_level, where every walk begins.
 * @block_levels: bit (level + 1) is set where a block may stand.
 * @high: where descriptors keep high address bits.
 * @share: shareability of Normal memory where descriptors do not say it (LPA2).
 * @format, @regime: as asked for.
 * @index_of: MAIR index of each memory type, or FH_NO_INDEX.
 * @memtype_at: memory type by bits 5:2 of a leaf.
 * @share_at: shareability of Normal memory by bits 9:8 of a leaf.
 * @access_at: access by bits 55:53 and 7:6 of a leaf.
 * @not_global: the bit of a leaf that makes it FH_NOT_GLOBAL, or 0.
 * @address: the bits of a descriptor that hold the address as it is.
 * @software: bits of a valid descriptor that are left to software.
 * @limits: bits of a table descriptor that take permissions from all below.
 * @attributes: bits of a leaf that fh_format_encode() decides.
 * @breaks: those of them that must not change while the leaf is live.
 */
struct fh_shape {
	uint8_t granule_lg2;
	uint8_t ias;
	uint8_t oas;
	int8_t start_level;
	uint8_t root_lg2;
	uint8_t root_shift;
	uint8_t block_levels;
	uint8_t high;
	uint8_t share;
	uint8_t format;
	uint8_t regime;
	int8_t index_of[FH_MEMTYPE_OTHER];
	uint8_t memtype_at[16];
	uint8_t share_at[4];
	uint8_t access_at[32];
	uint16_t not_global;
	uint64_t address;
	uint64_t software;
	uint64_t limits;
	uint64_t attributes;
	uint64_t breaks;
};

/**
 * struct fh_shape_request - What a shape is made from.
 * @format: one of enum fh_format.
 * @regime: who walks it: FH_REGIME_STAGE2 for stage 2, FH_REGIME_EL1 for UAT.
 * @granule_lg2: 12, 14 or 16; UAT: 14.
 * @ias: stage 1 and stage 2: 16 bits (64K granule: 17) to 48, and to 52 with @lpa2 or the 64K
 *       granule; below 25 needs FEAT_TTST. UAT: 39.
 * @oas: 32, 36, 40, 42, 44, 48, or 52 with @lpa2 or the 64K granule.
 * @concat_lg2: stage 2: the root is 2^this tables in a row, 0 to 4.
 * @lpa2: TCR_ELx.DS, VTCR_EL2.DS or CD.DS is 1; 4K and 16K granules.
 * @share: TCR_ELx.SH or VTCR_EL2.SH, where @lpa2.
 * @mair: the MAIR of the walker; stage 2 and UAT have none.
 */
struct fh_shape_request {
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	uint8_t ias;
	uint8_t oas;
	uint8_t concat_lg2;
	bool lpa2;
	uint8_t share;
	uint64_t mair;
};

/**
 * fh_shape_init() - The shape that a request describes.
 * @request: what it is made from.
 *
 * The start level is the highest number whose table, or tables in a row, resolve the input size.
 * Return: 0, or -EINVAL for what the architecture does not have; @shape is then as it was.
 * Source: Arm ARM DDI 0487, D8.2 (start levels, concatenation, sizes); the fields of a UAT table
 *         are public knowledge from the Asahi Linux project.
 */
FH_MUST_CHECK int fh_shape_init(struct fh_shape *shape, const struct fh_shape_request *request);

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
	return shape->granule_lg2 + (unsigned int)(FH_LEVEL_PAGE - level) * fh_shape_stride(shape);
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
 * fh_shape_has_leaf() - May a leaf stand at a level?
 * @level: of @shape, its start level to 3.
 *
 * Return: true for level 3, and where the format has blocks.
 */
static inline bool fh_shape_has_leaf(const struct fh_shape *shape, int level)
{
	return level == FH_LEVEL_PAGE || (shape->block_levels >> (level + 1) & 1);
}

/**
 * fh_shape_run_lg2() - How many entries of a level the contiguous hint joins.
 * @level: of @shape, its start level to 3.
 *
 * Return: log2 of them; 0 where there is no such hint, as in a root with fewer entries.
 * Source: Arm ARM DDI 0487, D8.6.1, the Contiguous bit.
 */
unsigned int fh_shape_run_lg2(const struct fh_shape *shape, int level);

/**
 * fh_format_encode() - The attribute bits of a leaf.
 * @attr: what it is to grant.
 * @desc: gets them; address, type and software bits (UAT: but the owner) are 0.
 *
 * Return: 0, -EINVAL (no descriptor grants exactly this access; no such type or shareability),
 *         -ENOTSUP (no index of the MAIR has the memory type).
 * Source: Arm ARM DDI 0487, D8.3 to D8.5.
 */
FH_MUST_CHECK int fh_format_encode(const struct fh_shape *shape, struct fh_attr attr,
				   uint64_t *desc);

/**
 * fh_format_decode() - What a leaf grants.
 * @desc: a block or page.
 * @limits: bits @shape->limits of all tables above, or-ed.
 *
 * Return: its attributes; FH_MEMTYPE_OTHER where it has none of the memory types.
 * Source: Arm ARM DDI 0487, D8.3 to D8.5.
 */
struct fh_attr fh_format_decode(const struct fh_shape *shape, uint64_t desc, uint64_t limits);

/**
 * fh_format_reserved() - Which RES0 bits are set in a descriptor?
 * @desc: valid, and legal at its level.
 * @level: of @shape, its start level to 3.
 *
 * Low bits of a block's address and nT are among them.
 * Return: those bits, 0 for none.
 * Source: Arm ARM DDI 0487, D8.3.
 */
uint64_t fh_format_reserved(const struct fh_shape *shape, uint64_t desc, int level);

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
