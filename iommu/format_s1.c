/* SPDX-License-Identifier: BSD-2-Clause */
/* VMSAv8-64 stage-1 descriptors, 4K granule, 48-bit output. */
#include "iommu/format_s1.h"

#include "lib/error.h"

#define S1_TABLE_OR_PAGE FH_BIT(1)
#define S1_INDEX_SHIFT 2
#define S1_INDEX_WIDTH 3
#define S1_AP_USER FH_BIT(6)	  /* AP[1]; RES1 with a single privilege */
#define S1_AP_READ_ONLY FH_BIT(7) /* AP[2] */
#define S1_SH_SHIFT 8
#define S1_SH_WIDTH 2
#define S1_AF FH_BIT(10)
#define S1_NG FH_BIT(11)
#define S1_ADDRESS FH_MASK(47, 12)
#define S1_LEAF_RES0 FH_MASK(49, 48)
#define S1_PXN FH_BIT(53)
#define S1_UXN FH_BIT(54) /* XN with a single privilege */
#define S1_TABLE_RES0 FH_MASK(50, 48)
#define S1_PXN_TABLE FH_BIT(59)
#define S1_UXN_TABLE FH_BIT(60)
#define S1_AP_TABLE_NO_USER FH_BIT(61)
#define S1_AP_TABLE_READ_ONLY FH_BIT(62)

#define MAIR_COUNT 8u
#define MAIR_STRICT 0x00u
#define MAIR_DEVICE 0x04u
#define MAIR_NC 0x44u
#define MAIR_WB 0xffu
/* Write-back, not transient, inner and outer, whatever the allocation hints. */
#define MAIR_WB_BITS 0xccu

#define ACCESS_USER (FH_USER_READ | FH_USER_WRITE | FH_USER_EXEC)
#define ACCESS_ALL (FH_READ | FH_WRITE | FH_EXEC | ACCESS_USER | FH_NOT_GLOBAL)

static uint64_t span_mask(int level)
{
	return (UINT64_C(1) << (12 + 9 * (unsigned int)(3 - level))) - 1;
}

static unsigned int mair_byte(uint64_t mair, unsigned int index)
{
	return (unsigned int)(mair >> (8 * index)) & 0xffu;
}

static uint8_t memtype_of(unsigned int byte)
{
	if (byte == MAIR_STRICT)
		return FH_MEMTYPE_STRICT;
	if (byte == MAIR_DEVICE)
		return FH_MEMTYPE_DEVICE;
	if (byte == MAIR_NC)
		return FH_MEMTYPE_NC;
	if ((byte & MAIR_WB_BITS) == MAIR_WB_BITS)
		return FH_MEMTYPE_WB;
	return FH_MEMTYPE_OTHER;
}

static bool is_device(uint8_t memtype)
{
	return memtype == FH_MEMTYPE_DEVICE || memtype == FH_MEMTYPE_STRICT;
}

/* The index with all allocation hints for write-back, else the first of the type. */
static int mair_index(uint64_t mair, uint8_t memtype)
{
	int found = -ENOTSUP;

	for (unsigned int i = 0; i < MAIR_COUNT; i++) {
		unsigned int byte = mair_byte(mair, i);

		if (memtype_of(byte) != memtype)
			continue;
		if (memtype != FH_MEMTYPE_WB || byte == MAIR_WB)
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

/*
 * D8.4: AP[2:1] cannot take reading from the privileged side, and what unprivileged code may
 * write the privileged may write too, but never execute.
 */
static int encode_two_privileges(unsigned int access, uint64_t *desc)
{
	bool user_data = access & (FH_USER_READ | FH_USER_WRITE);

	if ((access & FH_USER_WRITE) && (access & FH_EXEC))
		return -EINVAL;
	if (user_data && !(access & FH_USER_READ))
		return -EINVAL;
	if (user_data && !(access & FH_WRITE) != !(access & FH_USER_WRITE))
		return -EINVAL;
	*desc = (user_data ? S1_AP_USER : 0) | (access & FH_WRITE ? 0 : S1_AP_READ_ONLY) |
		(access & FH_EXEC ? 0 : S1_PXN) | (access & FH_USER_EXEC ? 0 : S1_UXN) |
		(access & FH_NOT_GLOBAL ? S1_NG : 0);
	return 0;
}

static int encode_one_privilege(unsigned int access, uint64_t *desc)
{
	if (access & (ACCESS_USER | FH_NOT_GLOBAL))
		return -EINVAL;
	*desc = S1_AP_USER | (access & FH_WRITE ? 0 : S1_AP_READ_ONLY) |
		(access & FH_EXEC ? 0 : S1_UXN);
	return 0;
}

int fh_s1_encode_attr(enum fh_regime regime, uint64_t mair, struct fh_attr attr, uint64_t *desc)
{
	uint8_t share = is_device(attr.memtype) ? FH_SHARE_OUTER : attr.share;
	uint64_t bits;
	int index;
	int err;

	if ((attr.access & ~ACCESS_ALL) || !(attr.access & FH_READ))
		return -EINVAL;
	if (attr.memtype >= FH_MEMTYPE_OTHER)
		return -EINVAL;
	if (share != FH_SHARE_NONE && share != FH_SHARE_OUTER && share != FH_SHARE_INNER)
		return -EINVAL;
	err = regime == FH_REGIME_EL1 ? encode_two_privileges(attr.access, &bits)
				      : encode_one_privilege(attr.access, &bits);
	if (err)
		return err;
	index = mair_index(mair, attr.memtype);
	if (index < 0)
		return index;
	*desc = bits | S1_AF | FH_FIELD(S1_SH, share) | FH_FIELD(S1_INDEX, index);
	return 0;
}

static unsigned int decode_two_privileges(uint64_t desc, uint64_t limits)
{
	bool writable = !(desc & S1_AP_READ_ONLY) && !(limits & S1_AP_TABLE_READ_ONLY);
	bool user = (desc & S1_AP_USER) && !(limits & S1_AP_TABLE_NO_USER);
	unsigned int access = FH_READ;

	if (writable)
		access |= FH_WRITE;
	if (user)
		access |= writable ? FH_USER_READ | FH_USER_WRITE : FH_USER_READ;
	if (!(desc & S1_UXN) && !(limits & S1_UXN_TABLE))
		access |= FH_USER_EXEC;
	if (!(desc & S1_PXN) && !(limits & S1_PXN_TABLE) && !(access & FH_USER_WRITE))
		access |= FH_EXEC;
	if (desc & S1_NG)
		access |= FH_NOT_GLOBAL;
	return access;
}

static unsigned int decode_one_privilege(uint64_t desc, uint64_t limits)
{
	unsigned int access = FH_READ;

	if (!(desc & S1_AP_READ_ONLY) && !(limits & S1_AP_TABLE_READ_ONLY))
		access |= FH_WRITE;
	if (!(desc & S1_UXN) && !(limits & S1_UXN_TABLE))
		access |= FH_EXEC;
	return access;
}

struct fh_attr fh_s1_decode_attr(enum fh_regime regime, uint64_t mair, uint64_t desc,
				 uint64_t limits)
{
	unsigned int index = (unsigned int)FH_FIELD_GET(S1_INDEX, desc);
	uint8_t memtype = memtype_of(mair_byte(mair, index));
	unsigned int access = regime == FH_REGIME_EL1 ? decode_two_privileges(desc, limits)
						      : decode_one_privilege(desc, limits);

	return (struct fh_attr){
		.access = (uint16_t)access,
		.memtype = memtype,
		.share = is_device(memtype) ? (uint8_t)FH_SHARE_OUTER
					    : (uint8_t)FH_FIELD_GET(S1_SH, desc),
	};
}

bool fh_s1_has_leaf(int level)
{
	return level >= 1;
}

enum fh_desc_kind fh_s1_kind(uint64_t desc, int level)
{
	if (desc == 0)
		return FH_DESC_ZERO;
	if (!(desc & FH_S1_VALID))
		return FH_DESC_INVALID;
	if (level == 3)
		return desc & S1_TABLE_OR_PAGE ? FH_DESC_PAGE : FH_DESC_ILLEGAL;
	if (desc & S1_TABLE_OR_PAGE)
		return FH_DESC_TABLE;
	return fh_s1_has_leaf(level) ? FH_DESC_BLOCK : FH_DESC_ILLEGAL;
}

uint64_t fh_s1_leaf(uint64_t pa, int level, uint64_t attr)
{
	return pa | attr | FH_S1_VALID | (level == 3 ? S1_TABLE_OR_PAGE : 0);
}

uint64_t fh_s1_table(uint64_t pa)
{
	return pa | FH_S1_VALID | S1_TABLE_OR_PAGE;
}

uint64_t fh_s1_address(uint64_t desc)
{
	return desc & S1_ADDRESS;
}

uint64_t fh_s1_output(uint64_t desc, int level)
{
	return desc & S1_ADDRESS & ~span_mask(level);
}

uint64_t fh_s1_reserved(enum fh_regime regime, uint64_t desc, int level)
{
	bool single = regime != FH_REGIME_EL1;
	uint64_t mask;

	if (fh_s1_kind(desc, level) == FH_DESC_TABLE)
		mask = S1_TABLE_RES0 | (single ? S1_AP_TABLE_NO_USER | S1_PXN_TABLE : 0);
	else
		mask =
		    S1_LEAF_RES0 | (S1_ADDRESS & span_mask(level)) | (single ? S1_NG | S1_PXN : 0);
	return desc & mask;
}
