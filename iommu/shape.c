/* SPDX-License-Identifier: BSD-2-Clause */
/* Which shapes tables have, and which format's file speaks for one. */
#include "iommu/format_priv.h"
#include "lib/error.h"

#define IAS_MIN 16u	/* FEAT_TTST; 25 without */
#define IAS_MIN_64K 17u /* the same */
#define IAS_MAX 48u
#define IAS_MAX_LARGE 52u
#define OAS_LARGE 52u
#define CONCAT_LG2_MAX 4u
#define UAT_GRANULE_LG2 14u
#define UAT_IAS 39u

#define S1_SOFTWARE FH_MASK(58, 55)
#define S2_SOFTWARE FH_MASK(57, 56)
#define UAT_SOFTWARE FH_BIT(55)
#define S1_LIMITS FH_MASK(62, 59)
#define NOT_GLOBAL FH_BIT(11)
#define MAIR_COUNT 8u

/* What fh_format_encode() writes, and of it what cannot change while the entry is live (D8.16.1:
 * memory type, shareability, global or not); stage 2 has one bit more of memory type. */
#define S1_ATTR (FH_MASK(54, 53) | FH_MASK(11, 6) | FH_MASK(4, 2))
#define S2_ATTR (FH_MASK(54, 53) | FH_MASK(10, 2))
#define UAT_ATTR (S1_ATTR | UAT_SOFTWARE)
#define S1_BREAKS (FH_BIT(11) | FH_MASK(9, 8) | FH_MASK(4, 2))
#define S2_BREAKS (FH_MASK(9, 8) | FH_MASK(5, 2))

static bool share_exists(uint8_t share)
{
	return share == FH_SHARE_NONE || share == FH_SHARE_OUTER || share == FH_SHARE_INNER;
}

int fh_format_share(const struct fh_shape *shape, struct fh_attr attr, uint64_t *field)
{
	bool device = fh_memtype_is_device(attr.memtype);

	*field = 0;
	if (shape->high == FH_HIGH_LPA2)
		return device || attr.share == shape->share ? 0 : -EINVAL;
	if (!device && !share_exists(attr.share))
		return -EINVAL;
	*field = FH_FIELD(SH, device ? (uint8_t)FH_SHARE_OUTER : attr.share);
	return 0;
}

/* D8.2: what the format, the regime and the granule may be together. */
static bool format_exists(const struct fh_shape_request *r)
{
	if (r->granule_lg2 != 12 && r->granule_lg2 != 14 && r->granule_lg2 != 16)
		return false;
	switch (r->format) {
	case FH_FORMAT_S1:
		return (r->regime == FH_REGIME_EL1 || r->regime == FH_REGIME_EL2 ||
			r->regime == FH_REGIME_EL3) &&
		       r->concat_lg2 == 0;
	case FH_FORMAT_S2:
		return r->regime == FH_REGIME_STAGE2 && r->concat_lg2 <= CONCAT_LG2_MAX;
	case FH_FORMAT_UAT:
		return r->regime == FH_REGIME_EL1 && r->concat_lg2 == 0 && !r->lpa2 &&
		       r->granule_lg2 == UAT_GRANULE_LG2 && r->ias == UAT_IAS;
	}
	return false;
}

static bool sizes_exist(const struct fh_shape_request *r)
{
	bool large = r->granule_lg2 == 16 ? r->format != FH_FORMAT_UAT : r->lpa2;

	if (r->lpa2 && (r->granule_lg2 == 16 || !share_exists(r->share)))
		return false;
	if (r->ias < (r->granule_lg2 == 16 ? IAS_MIN_64K : IAS_MIN) ||
	    r->ias > (large ? IAS_MAX_LARGE : IAS_MAX))
		return false;
	switch (r->oas) {
	case 32:
	case 36:
	case 40:
	case 42:
	case 44:
	case 48:
		return true;
	case OAS_LARGE:
		return large;
	default:
		return false;
	}
}

/* D8.3: blocks of 1 GiB and 2 MiB; 32 MiB; 512 MiB; one level more with 52 bits of output. */
static uint8_t block_levels(const struct fh_shape *shape)
{
	bool more = shape->high != FH_HIGH_NONE;

	if (shape->format == FH_FORMAT_UAT)
		return 0;
	if (shape->granule_lg2 == 12)
		return (uint8_t)(1u << 2 | 1u << 3 | (more ? 1u << 1 : 0));
	return (uint8_t)(1u << 3 | (more ? 1u << 2 : 0));
}

static void set_indices(struct fh_shape *shape, uint64_t mair)
{
	for (unsigned int memtype = 0; memtype < FH_MEMTYPE_OTHER; memtype++)
		shape->index_of[memtype] = fh_s1_index(mair, (uint8_t)memtype);
}

static unsigned int access_of(const struct fh_shape *shape, uint64_t desc)
{
	switch (shape->format) {
	case FH_FORMAT_S2:
		return fh_s2_access(desc);
	case FH_FORMAT_UAT:
		return fh_uat_access(desc);
	default:
		return fh_s1_access(shape, desc);
	}
}

static uint8_t memtype_of(const struct fh_shape *shape, uint64_t mair, unsigned int bits)
{
	/* Bit 5 is none of the index. */
	unsigned int index = bits % MAIR_COUNT;

	if (shape->format == FH_FORMAT_S2)
		return fh_s2_memtype(bits);
	if (shape->format == FH_FORMAT_S1)
		return fh_s1_memtype((unsigned int)(mair >> (8 * index)) & 0xffu);
	for (unsigned int memtype = 0; memtype < FH_MEMTYPE_OTHER; memtype++)
		if (shape->index_of[memtype] == (int8_t)index)
			return (uint8_t)memtype;
	return FH_MEMTYPE_OTHER;
}

/* What descriptors say, so that reading one is looking it up. */
static void set_meaning(struct fh_shape *shape, uint64_t mair)
{
	for (unsigned int i = 0; i < sizeof(shape->access_at); i++)
		shape->access_at[i] = (uint8_t)access_of(shape, FH_FIELD(ACCESS_LOW, i) |
								    FH_FIELD(ACCESS_HIGH, i >> 2));
	for (unsigned int i = 0; i < sizeof(shape->memtype_at); i++)
		shape->memtype_at[i] = memtype_of(shape, mair, i);
	for (unsigned int i = 0; i < sizeof(shape->share_at); i++)
		shape->share_at[i] = shape->high == FH_HIGH_LPA2      ? shape->share
				     : shape->format == FH_FORMAT_UAT ? (uint8_t)FH_SHARE_NONE
								      : (uint8_t)i;
	if (shape->regime == FH_REGIME_EL1)
		shape->not_global = (uint16_t)NOT_GLOBAL;
}

static void set_format(struct fh_shape *shape, const struct fh_shape_request *r)
{
	shape->format = (uint8_t)r->format;
	shape->regime = (uint8_t)r->regime;
	shape->share = r->share;
	if (r->lpa2)
		shape->high = FH_HIGH_LPA2;
	else if (r->granule_lg2 == 16 && r->oas == OAS_LARGE)
		shape->high = FH_HIGH_64K;
	shape->address = FH_MASK(r->lpa2 ? 49 : 47, r->granule_lg2);
	shape->block_levels = block_levels(shape);
	switch (r->format) {
	case FH_FORMAT_S1:
		set_indices(shape, r->mair);
		shape->software = S1_SOFTWARE;
		shape->limits = S1_LIMITS;
		shape->attributes = S1_ATTR;
		shape->breaks = S1_BREAKS;
		break;
	case FH_FORMAT_S2:
		shape->software = S2_SOFTWARE;
		shape->attributes = S2_ATTR;
		shape->breaks = S2_BREAKS;
		break;
	case FH_FORMAT_UAT:
		shape->index_of[FH_MEMTYPE_WB] = 0;
		shape->index_of[FH_MEMTYPE_DEVICE] = 1;
		shape->index_of[FH_MEMTYPE_NC] = 2;
		shape->index_of[FH_MEMTYPE_STRICT] = FH_NO_INDEX;
		shape->software = UAT_SOFTWARE;
		shape->attributes = UAT_ATTR;
		shape->breaks = S1_BREAKS;
		break;
	}
	if (shape->high == FH_HIGH_LPA2)
		shape->attributes &= ~FH_FIELD_MASK(SH);
	shape->breaks &= shape->attributes;
	set_meaning(shape, r->mair);
}

int fh_shape_init(struct fh_shape *shape, const struct fh_shape_request *r)
{
	struct fh_shape made = { .granule_lg2 = r->granule_lg2,
				 .ias = r->ias,
				 .oas = r->oas,
				 .start_level = FH_LEVEL_PAGE };
	unsigned int bits;

	if (!format_exists(r) || !sizes_exist(r))
		return -EINVAL;
	set_format(&made, r);
	while (fh_shape_shift(&made, made.start_level) + fh_shape_stride(&made) + r->concat_lg2 <
	       r->ias)
		made.start_level--;
	bits = r->ias - fh_shape_shift(&made, made.start_level);
	/* Tables in a row are full ones, and stage 2 of the 16K granule starts at level 1 or above
	 * but with LPA2 (D8.2.5). */
	if (r->concat_lg2 && bits != fh_shape_stride(&made) + r->concat_lg2)
		return -EINVAL;
	if (r->format == FH_FORMAT_S2 && r->granule_lg2 == 14 && !r->lpa2 && made.start_level < 1)
		return -EINVAL;
	made.root_lg2 = (uint8_t)(bits + 3);
	made.root_shift = (uint8_t)fh_shape_shift(&made, made.start_level);
	*shape = made;
	return 0;
}

unsigned int fh_shape_run_lg2(const struct fh_shape *shape, int level)
{
	unsigned int run;

	if (shape->format == FH_FORMAT_UAT || level < (shape->granule_lg2 == 12 ? 1 : 2))
		return 0;
	if (shape->granule_lg2 == 12)
		run = 4;
	else if (shape->granule_lg2 == 14 && level == FH_LEVEL_PAGE)
		run = 7;
	else
		run = 5;
	/* A root with fewer entries has no run. */
	return fh_shape_entries(shape, level) >> run ? run : 0;
}

int fh_format_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc)
{
	if ((attr.access & ~FH_ACCESS_ALL) || attr.memtype >= FH_MEMTYPE_OTHER)
		return -EINVAL;
	switch (shape->format) {
	case FH_FORMAT_S2:
		return fh_s2_encode(shape, attr, desc);
	case FH_FORMAT_UAT:
		return fh_uat_encode(shape, attr, desc);
	default:
		return fh_s1_encode(shape, attr, desc);
	}
}

struct fh_attr fh_format_decode(const struct fh_shape *shape, uint64_t desc, uint64_t limits)
{
	struct fh_attr attr;

	if (limits & shape->limits)
		desc = fh_s1_limited(desc, limits);
	fh_format_read(shape, desc, &attr);
	return attr;
}

uint64_t fh_format_reserved(const struct fh_shape *shape, uint64_t desc, int level)
{
	switch (shape->format) {
	case FH_FORMAT_S2:
		return fh_s2_reserved(shape, desc, level);
	case FH_FORMAT_UAT:
		return fh_uat_reserved(shape, desc, level);
	default:
		return fh_s1_reserved(shape, desc, level);
	}
}
