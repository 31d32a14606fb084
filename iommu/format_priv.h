/* SPDX-License-Identifier: BSD-2-Clause */
/* One file a format; iommu/shape.c picks. Contracts as fh_format_encode() and its like. */
#ifndef FH_IOMMU_FORMAT_PRIV_H
#define FH_IOMMU_FORMAT_PRIV_H

#include "iommu/descriptor.h"

#define SH_SHIFT 8
#define SH_WIDTH 2

/* The bits of a leaf by which fh_shape.access_at and .memtype_at are ordered. */
#define ACCESS_LOW_SHIFT 6
#define ACCESS_LOW_WIDTH 2
#define ACCESS_HIGH_SHIFT 53
#define ACCESS_HIGH_WIDTH 3
#define MEMTYPE_SHIFT 2
#define MEMTYPE_WIDTH 4

#define FH_ACCESS_USER_DATA (FH_USER_READ | FH_USER_WRITE)
#define FH_ACCESS_USER (FH_ACCESS_USER_DATA | FH_USER_EXEC)
#define FH_ACCESS_ALL                                                                              \
	(FH_READ | FH_WRITE | FH_EXEC | FH_ACCESS_USER | FH_NOT_GLOBAL | FH_UNACCESSED)

static inline bool fh_memtype_is_device(uint8_t memtype)
{
	return memtype == FH_MEMTYPE_DEVICE || memtype == FH_MEMTYPE_STRICT;
}

/*
 * The shareability field of a leaf (bits 9:8), or -EINVAL: of Device memory outer, of Normal memory
 * what is asked for; with LPA2 the field holds address bits, and one shareability is all there is.
 */
int fh_format_share(const struct fh_shape *shape, struct fh_attr attr, uint64_t *field);

/*
 * fh_format_decode() without limits. No branches: what is decoded comes in no order that they could
 * be predicted from.
 */
static inline void fh_format_read(const struct fh_shape *shape, uint64_t desc, struct fh_attr *attr)
{
	uint64_t access = FH_FIELD_GET(ACCESS_LOW, desc) | FH_FIELD_GET(ACCESS_HIGH, desc) << 2;
	uint8_t memtype = shape->memtype_at[FH_FIELD_GET(MEMTYPE, desc)];
	uint8_t share = shape->share_at[FH_FIELD_GET(SH, desc)];

	attr->access =
	    (uint16_t)(shape->access_at[access] | !!(desc & shape->not_global) * FH_NOT_GLOBAL |
		       !(desc & FH_DESC_ACCESSED) * FH_UNACCESSED);
	attr->memtype = memtype;
	attr->share = fh_memtype_is_device(memtype) ? (uint8_t)FH_SHARE_OUTER : share;
}

/*
 * fh_s1_access() and its like: what a leaf lets whom do, by its bits 55:53 and 7:6 alone. All that
 * fh_format_decode() has to work out, it works out once for a shape.
 */
int fh_s1_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
unsigned int fh_s1_access(const struct fh_shape *shape, uint64_t desc);
/* A descriptor that grants by itself what @desc grants below tables with @limits. */
uint64_t fh_s1_limited(uint64_t desc, uint64_t limits);
uint64_t fh_s1_reserved(const struct fh_shape *shape, uint64_t desc, int level);
/* Which memory type a byte of MAIR is. */
uint8_t fh_s1_memtype(unsigned int mair_byte);
/* The index of @mair to say @memtype with: the best, or FH_NO_INDEX. */
int8_t fh_s1_index(uint64_t mair, uint8_t memtype);

int fh_s2_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
unsigned int fh_s2_access(uint64_t desc);
/* Which memory type MemAttr[3:0] is. */
uint8_t fh_s2_memtype(unsigned int memattr);
uint64_t fh_s2_reserved(const struct fh_shape *shape, uint64_t desc, int level);

int fh_uat_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
unsigned int fh_uat_access(uint64_t desc);
uint64_t fh_uat_reserved(const struct fh_shape *shape, uint64_t desc, int level);

#endif
