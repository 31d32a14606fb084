/* SPDX-License-Identifier: BSD-2-Clause */
/* One file a format; iommu/shape.c picks. Contracts as fh_format_encode() and its like. */
#ifndef FH_IOMMU_FORMAT_PRIV_H
#define FH_IOMMU_FORMAT_PRIV_H

#include "iommu/descriptor.h"

#define SH_SHIFT 8
#define SH_WIDTH 2

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

/* What a leaf's shareability field says, or with LPA2 what the walker's register says. */
static inline uint8_t fh_format_shared(const struct fh_shape *shape, uint8_t memtype, uint64_t desc)
{
	if (fh_memtype_is_device(memtype))
		return FH_SHARE_OUTER;
	return shape->high == FH_HIGH_LPA2 ? shape->share : (uint8_t)FH_FIELD_GET(SH, desc);
}

int fh_s1_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
struct fh_attr fh_s1_decode(const struct fh_shape *shape, uint64_t desc, uint64_t limits);
uint64_t fh_s1_reserved(const struct fh_shape *shape, uint64_t desc, int level);
/* Which memory type a byte of MAIR is. */
uint8_t fh_s1_memtype(unsigned int mair_byte);
/* The index of @mair to say @memtype with: the best, or FH_NO_INDEX. */
int8_t fh_s1_index(uint64_t mair, uint8_t memtype);

int fh_s2_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
struct fh_attr fh_s2_decode(const struct fh_shape *shape, uint64_t desc);
uint64_t fh_s2_reserved(const struct fh_shape *shape, uint64_t desc, int level);

int fh_uat_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc);
struct fh_attr fh_uat_decode(uint64_t desc);
uint64_t fh_uat_reserved(const struct fh_shape *shape, uint64_t desc, int level);

#endif
