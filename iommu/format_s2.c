/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 stage-2 descriptors: one set of data permissions for both privileges, execution for
 * each (FEAT_XNX), the memory type in the descriptor itself (HCR_EL2.FWB = 0).
 * Source: Arm ARM DDI 0487, D8.3.2 (descriptors), D8.4.2 (permissions), D8.5.5 (memory types).
 */
#include "iommu/format_priv.h"
#include "lib/error.h"

#define S2_MEMATTR_SHIFT 2
#define S2_MEMATTR_WIDTH 4
#define S2_AP_READ FH_BIT(6)
#define S2_AP_WRITE FH_BIT(7)
#define S2_HIGH FH_MASK(49, 48)
#define S2_RES0 FH_BIT(50)
#define S2_TABLE_RES0 FH_MASK(63, 59)
#define S2_XN_SHIFT 53
#define S2_XN_WIDTH 2

#define MEMATTR_STRICT 0x0u
#define MEMATTR_DEVICE 0x1u
#define MEMATTR_NC 0x5u
#define MEMATTR_WB 0xfu

/* XN[1:0], by whether EL1 and EL0 may execute. */
enum xn {
	XN_NONE = 2,
	XN_EL0_ALONE = 1,
	XN_EL1_ALONE = 3,
	XN_BOTH = 0,
};

static const uint8_t memattr_of[] = {
	[FH_MEMTYPE_WB] = MEMATTR_WB,
	[FH_MEMTYPE_NC] = MEMATTR_NC,
	[FH_MEMTYPE_DEVICE] = MEMATTR_DEVICE,
	[FH_MEMTYPE_STRICT] = MEMATTR_STRICT,
};

uint8_t fh_s2_memtype(unsigned int memattr)
{
	for (unsigned int memtype = 0; memtype < FH_MEMTYPE_OTHER; memtype++)
		if (memattr_of[memtype] == memattr)
			return (uint8_t)memtype;
	return FH_MEMTYPE_OTHER;
}

static enum xn xn_of(unsigned int access)
{
	switch (access & (FH_EXEC | FH_USER_EXEC)) {
	case FH_EXEC | FH_USER_EXEC:
		return XN_BOTH;
	case FH_EXEC:
		return XN_EL1_ALONE;
	case FH_USER_EXEC:
		return XN_EL0_ALONE;
	default:
		return XN_NONE;
	}
}

int fh_s2_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc)
{
	uint64_t share;
	int err;

	if (!(attr.access & (FH_READ | FH_WRITE)) ||
	    (attr.access & (FH_ACCESS_USER_DATA | FH_NOT_GLOBAL)))
		return -EINVAL;
	err = fh_format_share(shape, attr, &share);
	if (err)
		return err;
	*desc = share | FH_FIELD(S2_MEMATTR, memattr_of[attr.memtype]) |
		FH_FIELD(S2_XN, xn_of(attr.access)) | (attr.access & FH_READ ? S2_AP_READ : 0) |
		(attr.access & FH_WRITE ? S2_AP_WRITE : 0) |
		(attr.access & FH_UNACCESSED ? 0 : FH_DESC_ACCESSED);
	return 0;
}

unsigned int fh_s2_access(uint64_t desc)
{
	static const uint8_t exec[] = {
		[XN_BOTH] = FH_EXEC | FH_USER_EXEC,
		[XN_EL0_ALONE] = FH_USER_EXEC,
		[XN_NONE] = 0,
		[XN_EL1_ALONE] = FH_EXEC,
	};

	return exec[FH_FIELD_GET(S2_XN, desc)] | (desc & S2_AP_READ ? FH_READ : 0u) |
	       (desc & S2_AP_WRITE ? FH_WRITE : 0u);
}

uint64_t fh_s2_reserved(const struct fh_shape *shape, uint64_t desc, int level)
{
	uint64_t mask = S2_RES0 | (shape->high == FH_HIGH_LPA2 ? 0 : S2_HIGH);

	if (fh_desc_is_link(desc, level))
		mask |= S2_TABLE_RES0 | fh_desc_low_bits(shape, FH_LEVEL_PAGE);
	else
		mask |= fh_desc_low_bits(shape, level);
	return desc & mask;
}
