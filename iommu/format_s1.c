/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 stage-1 descriptors: who may do what, and the memory type by an index into MAIR.
 * Source: Arm ARM DDI 0487, D8.3.1 (descriptors), D8.4 (permissions), D8.5 (memory types).
 */
#include "iommu/format_priv.h"
#include "lib/error.h"

#define S1_INDEX_SHIFT 2
#define S1_INDEX_WIDTH 3
#define S1_AP_USER FH_BIT(6)	  /* AP[1]; RES1 with a single privilege */
#define S1_AP_READ_ONLY FH_BIT(7) /* AP[2] */
#define S1_NG FH_BIT(11)
#define S1_HIGH FH_MASK(49, 48)
#define S1_PXN FH_BIT(53)
#define S1_UXN FH_BIT(54) /* XN with a single privilege */
#define S1_TABLE_RES0 FH_BIT(50)
#define S1_PXN_TABLE FH_BIT(59)
#define S1_UXN_TABLE FH_BIT(60)
#define S1_AP_TABLE_NO_USER FH_BIT(61)
#define S1_AP_TABLE_READ_ONLY FH_BIT(62)

#define MAIR_COUNT 8
#define MAIR_STRICT 0x00u
#define MAIR_DEVICE 0x04u
#define MAIR_NC 0x44u
#define MAIR_WB 0xffu
/* Write-back, not transient, inner and outer, whatever the allocation hints. */
#define MAIR_WB_BITS 0xccu

uint8_t fh_s1_memtype(unsigned int mair_byte)
{
	if (mair_byte == MAIR_STRICT)
		return FH_MEMTYPE_STRICT;
	if (mair_byte == MAIR_DEVICE)
		return FH_MEMTYPE_DEVICE;
	if (mair_byte == MAIR_NC)
		return FH_MEMTYPE_NC;
	if ((mair_byte & MAIR_WB_BITS) == MAIR_WB_BITS)
		return FH_MEMTYPE_WB;
	return FH_MEMTYPE_OTHER;
}

/* The index with all allocation hints for write-back, else the first of the type. */
int8_t fh_s1_index(uint64_t mair, uint8_t memtype)
{
	int8_t found = FH_NO_INDEX;

	for (int8_t i = 0; i < MAIR_COUNT; i++) {
		unsigned int byte = (unsigned int)(mair >> (8 * i)) & 0xffu;

		if (fh_s1_memtype(byte) != memtype)
			continue;
		if (memtype != FH_MEMTYPE_WB || byte == MAIR_WB)
			return i;
		if (found == FH_NO_INDEX)
			found = i;
	}
	return found;
}

/*
 * D8.4: AP[2:1] cannot take reading from the privileged side, and what unprivileged code may
 * write the privileged may write too, but never execute.
 */
static int encode_two_privileges(unsigned int access, uint64_t *desc)
{
	bool user_data = access & FH_ACCESS_USER_DATA;

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
	if (access & (FH_ACCESS_USER | FH_NOT_GLOBAL))
		return -EINVAL;
	*desc = S1_AP_USER | (access & FH_WRITE ? 0 : S1_AP_READ_ONLY) |
		(access & FH_EXEC ? 0 : S1_UXN);
	return 0;
}

int fh_s1_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc)
{
	uint64_t bits, share;
	int err;

	if (!(attr.access & FH_READ))
		return -EINVAL;
	err = fh_format_share(shape, attr, &share);
	if (!err)
		err = shape->regime == FH_REGIME_EL1 ? encode_two_privileges(attr.access, &bits)
						     : encode_one_privilege(attr.access, &bits);
	if (err)
		return err;
	if (shape->index_of[attr.memtype] == FH_NO_INDEX)
		return -ENOTSUP;
	*desc = bits | share | (attr.access & FH_UNACCESSED ? 0 : FH_DESC_ACCESSED) |
		FH_FIELD(S1_INDEX, shape->index_of[attr.memtype]);
	return 0;
}

/*
 * A descriptor that grants by itself what it grants below @limits (D8.4.2). With a single privilege
 * two of these bits are RES0.
 */
uint64_t fh_s1_limited(uint64_t desc, uint64_t limits)
{
	if (limits & S1_AP_TABLE_READ_ONLY)
		desc |= S1_AP_READ_ONLY;
	if (limits & S1_AP_TABLE_NO_USER)
		desc &= ~S1_AP_USER;
	if (limits & S1_UXN_TABLE)
		desc |= S1_UXN;
	if (limits & S1_PXN_TABLE)
		desc |= S1_PXN;
	return desc;
}

static inline unsigned int is_set(uint64_t desc, uint64_t bit)
{
	return (desc & bit) != 0;
}

static unsigned int decode_two_privileges(uint64_t desc)
{
	unsigned int writable = is_set(~desc, S1_AP_READ_ONLY);
	unsigned int user = is_set(desc, S1_AP_USER);
	unsigned int user_writable = writable & user;

	return FH_READ | writable * FH_WRITE | user * FH_USER_READ | user_writable * FH_USER_WRITE |
	       is_set(~desc, S1_UXN) * FH_USER_EXEC |
	       (is_set(~desc, S1_PXN) & ~user_writable) * FH_EXEC;
}

static unsigned int decode_one_privilege(uint64_t desc)
{
	return FH_READ | is_set(~desc, S1_AP_READ_ONLY) * FH_WRITE |
	       is_set(~desc, S1_UXN) * FH_EXEC;
}

unsigned int fh_s1_access(const struct fh_shape *shape, uint64_t desc)
{
	return shape->regime == FH_REGIME_EL1 ? decode_two_privileges(desc)
					      : decode_one_privilege(desc);
}

uint64_t fh_s1_reserved(const struct fh_shape *shape, uint64_t desc, int level)
{
	bool single = shape->regime != FH_REGIME_EL1;
	uint64_t mask = shape->high == FH_HIGH_LPA2 ? 0 : S1_HIGH;

	if (fh_desc_is_link(desc, level))
		mask |= S1_TABLE_RES0 | fh_desc_low_bits(shape, FH_LEVEL_PAGE) |
			(single ? S1_AP_TABLE_NO_USER | S1_PXN_TABLE : 0);
	else
		mask |= fh_desc_low_bits(shape, level) | (single ? S1_NG | S1_PXN : 0);
	return desc & mask;
}
