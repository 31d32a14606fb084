/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Apple UAT: the descriptors of stage 1 with pages only, read by a GPU and by the coprocessor that
 * runs its firmware. Bit 55 says whose a page is, and with it what AP, PXN and UXN mean:
 *
 *   AP, UXN PXN   00              01              10              11
 *   ours      0   nobody          both read       both write      both read, write
 *             1   firmware read   nobody          firmware rw     firmware rw, GPU read
 *             2   GPU read        GPU write       GPU rw          nobody
 *   the firmware's: as stage 1 has it, but that nobody executes what it may write, and that the
 *   GPU may execute what it cannot read
 *
 * Here the firmware is the privileged side and the GPU the other one. Permissions and memory
 * types as the Asahi Linux project has found them; Apple publishes nothing.
 */
#include "iommu/format_priv.h"
#include "lib/error.h"

#define UAT_INDEX_SHIFT 2
#define UAT_INDEX_WIDTH 3
#define UAT_AP_SHIFT 6
#define UAT_AP_WIDTH 2
#define UAT_NG FH_BIT(11)
#define UAT_RES0 FH_MASK(52, 48)
#define UAT_TABLE_RES0 (FH_MASK(63, 59) | FH_MASK(52, 48))
#define UAT_PXN FH_BIT(53)
#define UAT_UXN FH_BIT(54)
#define UAT_OURS FH_BIT(55)

#define GPU_READ FH_USER_READ
#define GPU_WRITE FH_USER_WRITE
#define GPU_EXEC FH_USER_EXEC

#define DATA (FH_READ | FH_WRITE | GPU_READ | GPU_WRITE)

/* By AP, then by UXN and PXN. */
static const uint8_t ours[3][4] = {
	{ 0, FH_READ | GPU_READ, FH_WRITE | GPU_WRITE, DATA },
	{ FH_READ, 0, FH_READ | FH_WRITE, FH_READ | FH_WRITE | GPU_READ },
	{ GPU_READ, GPU_WRITE, GPU_READ | GPU_WRITE, 0 },
};

int fh_uat_encode(const struct fh_shape *shape, struct fh_attr attr, uint64_t *desc)
{
	unsigned int wanted = attr.access & (DATA | FH_EXEC | GPU_EXEC);

	/* The field of shareability is left at 0: nothing is known of any other value. */
	if (!wanted || (!fh_memtype_is_device(attr.memtype) && attr.share != FH_SHARE_NONE))
		return -EINVAL;
	if (shape->index_of[attr.memtype] == FH_NO_INDEX)
		return -ENOTSUP;
	for (unsigned int ap = 0; ap < FH_ARRAY_SIZE(ours); ap++)
		for (unsigned int xn = 0; xn < FH_ARRAY_SIZE(ours[0]); xn++)
			if (ours[ap][xn] == wanted) {
				*desc = UAT_OURS | FH_FIELD(UAT_AP, ap) | (xn & 1 ? UAT_PXN : 0) |
					(xn & 2 ? UAT_UXN : 0) |
					FH_FIELD(UAT_INDEX, shape->index_of[attr.memtype]) |
					(attr.access & FH_NOT_GLOBAL ? UAT_NG : 0) |
					(attr.access & FH_UNACCESSED ? 0 : FH_DESC_ACCESSED);
				return 0;
			}
	return -EINVAL;
}

static unsigned int decode_ours(unsigned int ap, uint64_t desc)
{
	unsigned int xn = (desc & UAT_PXN ? 1u : 0) | (desc & UAT_UXN ? 2u : 0);

	return ap < FH_ARRAY_SIZE(ours) ? ours[ap][xn] : 0;
}

static unsigned int decode_firmware(unsigned int ap, uint64_t desc)
{
	bool gpu_data = ap & 1;
	bool read_only = ap & 2;
	unsigned int access = FH_READ;

	if (!read_only)
		access |= FH_WRITE;
	else if (!(desc & UAT_PXN))
		access |= FH_EXEC;
	if (gpu_data)
		access |= read_only ? GPU_READ : GPU_READ | GPU_WRITE;
	if (!(desc & UAT_UXN) && !(access & GPU_WRITE))
		access |= GPU_EXEC;
	return access;
}

unsigned int fh_uat_access(uint64_t desc)
{
	unsigned int ap = (unsigned int)FH_FIELD_GET(UAT_AP, desc);

	return desc & UAT_OURS ? decode_ours(ap, desc) : decode_firmware(ap, desc);
}

uint64_t fh_uat_reserved(const struct fh_shape *shape, uint64_t desc, int level)
{
	uint64_t mask = fh_desc_is_link(desc, level) ? UAT_TABLE_RES0 : UAT_RES0;

	return desc & (mask | fh_desc_low_bits(shape, FH_LEVEL_PAGE));
}
