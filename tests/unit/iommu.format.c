/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shapes and descriptors: encode and decode over every combination of
 * attributes, against the permissions of the Arm ARM as the fixture's walker
 * has them.
 */
#include "iommu/format_s1.h"
#include "tests/unit/iommu_fixture.h"

static const enum fh_regime regimes[] = { FH_REGIME_EL1, FH_REGIME_EL2, FH_REGIME_EL3 };

/* Is there a descriptor that grants exactly @access? Tried: all AP, UXN, PXN
 * and nG. */
static bool expressible(enum fh_regime regime, unsigned int access)
{
	for (uint64_t i = 0; i < 32; i++) {
		uint64_t desc = (i & 3) << 6 | (i >> 2 & 3) << 53 | (i >> 4 & 1) << 11;

		if (arm_access(regime, desc, 0) == access)
			return true;
	}
	return false;
}

static void s1_every_access(void **state)
{
	(void)state;
	for (size_t r = 0; r < FH_ARRAY_SIZE(regimes); r++) {
		unsigned int accepted = 0;

		for (unsigned int access = 0; access < 512; access++) {
			struct fh_attr attr = { (uint16_t)access, FH_MEMTYPE_WB, FH_SHARE_INNER };
			uint64_t desc = 0x5a5a;
			int err = fh_s1_encode_attr(regimes[r], TEST_MAIR, attr, &desc);
			struct fh_attr back;

			if (!expressible(regimes[r], access)) {
				assert_int_equal(err, -EINVAL);
				assert_int_equal(desc, 0x5a5a);
				continue;
			}
			assert_int_equal(err, 0);
			accepted++;
			assert_int_equal(arm_access(regimes[r], desc, 0), access);
			assert_int_equal(desc & ~UINT64_C(0x0060000000000fdc), 0);
			assert_true(desc >> 10 & 1);
			/* AP[1] is RES1, nG and PXN are RES0 with one privilege. */
			if (regimes[r] != FH_REGIME_EL1)
				assert_int_equal(desc & UINT64_C(0x0020000000000840), 0x40);
			back = fh_s1_decode_attr(regimes[r], TEST_MAIR, desc, 0);
			assert_memory_equal(&back, &attr, sizeof(attr));
		}
		/* Counted in the table of D8.4: 4 AP x 2 UXN x 2 PXN, less 2 where PXN is
		 * implied. */
		assert_int_equal(accepted, regimes[r] == FH_REGIME_EL1 ? 14 * 2 : 4);
	}
}

static void s1_every_type(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		for (unsigned int share = 0; share < 256; share++) {
			struct fh_attr attr = { FH_READ, (uint8_t)type, (uint8_t)share };
			bool device = type == FH_MEMTYPE_DEVICE || type == FH_MEMTYPE_STRICT;
			bool good = type < FH_MEMTYPE_OTHER &&
				    (device || share == 0 || share == 2 || share == 3);
			uint64_t desc = 0;
			int err = fh_s1_encode_attr(FH_REGIME_EL1, TEST_MAIR, attr, &desc);
			struct fh_attr back;

			assert_int_equal(err, good ? 0 : -EINVAL);
			if (!good)
				continue;
			assert_int_equal(arm_memtype(TEST_MAIR >> (8 * (desc >> 2 & 7)) & 0xff),
					 type);
			assert_int_equal(desc >> 8 & 3, device ? 2 : share);
			if (device)
				attr.share = FH_SHARE_OUTER;
			back = fh_s1_decode_attr(FH_REGIME_EL1, TEST_MAIR, desc, 0);
			assert_memory_equal(&back, &attr, sizeof(attr));
		}
	}
}

/* Each type at each index, and a MAIR that lacks it. */
static void s1_mair(void **state)
{
	static const unsigned char bytes[] = {
		[FH_MEMTYPE_WB] = 0xff,
		[FH_MEMTYPE_NC] = 0x44,
		[FH_MEMTYPE_DEVICE] = 0x04,
		[FH_MEMTYPE_STRICT] = 0x00,
	};

	(void)state;
	for (uint8_t type = 0; type < FH_ARRAY_SIZE(bytes); type++) {
		struct fh_attr attr = { FH_READ, type, FH_SHARE_OUTER };
		uint64_t without = UINT64_C(0x0c0c0c0c0c0c0c0c); /* Device-GRE: none of ours */
		uint64_t desc = 7;

		assert_int_equal(fh_s1_encode_attr(FH_REGIME_EL2, without, attr, &desc), -ENOTSUP);
		assert_int_equal(desc, 7);
		for (unsigned int i = 0; i < 8; i++) {
			uint64_t mair =
			    (without & ~(UINT64_C(0xff) << 8 * i)) | (uint64_t)bytes[type] << 8 * i;

			MUST(fh_s1_encode_attr(FH_REGIME_EL2, mair, attr, &desc));
			assert_int_equal(desc >> 2 & 7, i);
			assert_int_equal(fh_s1_decode_attr(FH_REGIME_EL2, mair, desc, 0).memtype,
					 type);
			assert_int_equal(fh_s1_decode_attr(FH_REGIME_EL2, without, desc, 0).memtype,
					 FH_MEMTYPE_OTHER);
		}
	}
}

/* Write-back with other allocation hints will do, the first of several, unless all hints are there.
 */
static void s1_mair_hints(void **state)
{
	static const unsigned char hints[] = { 0xcc, 0xdd, 0xee, 0xcf, 0xfc };
	struct fh_attr attr = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(hints); i++) {
		uint64_t mair = (uint64_t)hints[i] << 16 | UINT64_C(0xee) << 40 | 0x4404;
		uint64_t desc;

		MUST(fh_s1_encode_attr(FH_REGIME_EL1, mair, attr, &desc));
		assert_int_equal(desc >> 2 & 7, 2);
		mair |= UINT64_C(0xff) << 56;
		MUST(fh_s1_encode_attr(FH_REGIME_EL1, mair, attr, &desc));
		assert_int_equal(desc >> 2 & 7, 7);
	}
}

/* Every leaf below every combination of table limits. */
static void s1_limits(void **state)
{
	(void)state;
	for (size_t r = 0; r < FH_ARRAY_SIZE(regimes); r++)
		for (uint64_t leaf = 0; leaf < 32; leaf++)
			for (uint64_t limits = 0; limits < 16; limits++) {
				uint64_t desc =
				    (leaf & 3) << 6 | (leaf >> 2 & 3) << 53 | (leaf >> 4 & 1) << 11;

				assert_int_equal(
				    fh_s1_decode_attr(regimes[r], TEST_MAIR, desc, limits << 59)
					.access,
				    arm_access(regimes[r], desc, limits << 59));
			}
	assert_int_equal(FH_S1_TABLE_LIMITS, UINT64_C(15) << 59);
	assert_int_equal(FH_S1_SOFTWARE_BITS, UINT64_C(15) << 55);
}

static void s1_kinds(void **state)
{
	(void)state;
	for (int level = 0; level <= 3; level++) {
		static const enum fh_desc_kind blocks[] = { FH_DESC_ILLEGAL, FH_DESC_BLOCK,
							    FH_DESC_BLOCK, FH_DESC_ILLEGAL };

		assert_int_equal(fh_s1_kind(0, level), FH_DESC_ZERO);
		assert_int_equal(fh_s1_kind(2, level), FH_DESC_INVALID);
		assert_int_equal(fh_s1_kind(UINT64_C(1) << 63, level), FH_DESC_INVALID);
		assert_int_equal(fh_s1_kind(1, level), blocks[level]);
		assert_int_equal(fh_s1_kind(3, level), level == 3 ? FH_DESC_PAGE : FH_DESC_TABLE);
		assert_int_equal(fh_s1_has_leaf(level), level != 0);
	}
	assert_int_equal(fh_s1_leaf(0x80000000, 1, 0x400), 0x80000401);
	assert_int_equal(fh_s1_leaf(0x80200000, 2, 0x400), 0x80200401);
	assert_int_equal(fh_s1_leaf(0x80201000, 3, 0x400), 0x80201403);
	assert_int_equal(fh_s1_table(0x80201000), 0x80201003);
	assert_int_equal(fh_s1_address(UINT64_MAX), UINT64_C(0xfffffffff000));
	assert_int_equal(fh_s1_output(UINT64_MAX, 1), UINT64_C(0xffffc0000000));
	assert_int_equal(fh_s1_output(UINT64_MAX, 2), UINT64_C(0xffffffe00000));
	assert_int_equal(fh_s1_output(UINT64_MAX, 3), UINT64_C(0xfffffffff000));
}

static void s1_reserved(void **state)
{
	/* All bits set but the type: what is left are the RES0 ones of D8.3. */
	uint64_t all = ~UINT64_C(3);

	(void)state;
	for (int level = 0; level < 3; level++)
		assert_int_equal(fh_s1_reserved(FH_REGIME_EL1, all | 3, level), UINT64_C(7) << 48);
	assert_int_equal(fh_s1_reserved(FH_REGIME_EL1, all | 1, 1), UINT64_C(0x300003ffff000));
	assert_int_equal(fh_s1_reserved(FH_REGIME_EL1, all | 1, 2), UINT64_C(0x30000001ff000));
	assert_int_equal(fh_s1_reserved(FH_REGIME_EL1, all | 3, 3), UINT64_C(0x3000000000000));
	assert_int_equal(fh_s1_reserved(FH_REGIME_EL2, all | 3, 3), UINT64_C(0x23000000000800));
	assert_int_equal(fh_s1_reserved(FH_REGIME_EL3, all | 3, 0), UINT64_C(0x2807000000000000));
}

/* The table of start levels by T0SZ (D8.2), 4K granule. */
static void shape_start_levels(void **state)
{
	(void)state;
	for (unsigned int ias = 0; ias <= 64; ias++) {
		struct fh_shape shape;
		int err = fh_shape_init(&shape, FH_FORMAT_S1, 12, ias, 48);
		int level = ias >= 40 ? 0 : ias >= 31 ? 1 : 2;

		if (ias < 16 || ias > 52) {
			assert_int_equal(err, -EINVAL);
		} else if (ias < 25 || ias > 48) {
			assert_int_equal(err, -ENOTSUP);
		} else {
			assert_int_equal(err, 0);
			assert_int_equal(shape.start_level, level);
			assert_int_equal(shape.start_level, arm_start_level(ias));
			assert_int_equal(1u << (shape.root_lg2 - 3), arm_root_entries(ias));
			assert_int_equal(fh_shape_span(&shape, level) *
					     fh_shape_entries(&shape, level),
					 UINT64_C(1) << ias);
		}
	}
}

static void shape_refusals(void **state)
{
	struct fh_shape shape = { .ias = 77 };

	(void)state;
	for (unsigned int oas = 0; oas <= 64; oas++) {
		bool good =
		    oas == 32 || oas == 36 || oas == 40 || oas == 42 || oas == 44 || oas == 48;

		assert_int_equal(fh_shape_init(&shape, FH_FORMAT_S1, 12, 39, oas), good ? 0
										   : oas == 52
										       ? -ENOTSUP
										       : -EINVAL);
	}
	shape.ias = 77;
	for (unsigned int granule = 0; granule <= 20; granule++) {
		int err = granule == 12 ? 0 : granule == 14 || granule == 16 ? -ENOTSUP : -EINVAL;

		if (err)
			assert_int_equal(fh_shape_init(&shape, FH_FORMAT_S1, granule, 39, 40), err);
	}
	assert_int_equal(fh_shape_init(&shape, FH_FORMAT_S2, 12, 39, 40), -ENOTSUP);
	assert_int_equal(fh_shape_init(&shape, FH_FORMAT_UAT, 14, 39, 40), -ENOTSUP);
	assert_int_equal(fh_shape_init(&shape, (enum fh_format)0, 12, 39, 40), -EINVAL);
	assert_int_equal(fh_shape_init(&shape, (enum fh_format)4, 12, 39, 40), -EINVAL);
	assert_int_equal(fh_shape_init(&shape, FH_FORMAT_S2, 12, 53, 40), -EINVAL);
	assert_int_equal(shape.ias, 77);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.format.s1.every_access", s1_every_access),
	UNIT_TEST("iommu.format.s1.every_type", s1_every_type),
	UNIT_TEST("iommu.format.s1.mair", s1_mair),
	UNIT_TEST("iommu.format.s1.mair_hints", s1_mair_hints),
	UNIT_TEST("iommu.format.s1.limits", s1_limits),
	UNIT_TEST("iommu.format.s1.kinds", s1_kinds),
	UNIT_TEST("iommu.format.s1.reserved", s1_reserved),
	UNIT_TEST("iommu.format.shape.start_levels", shape_start_levels),
	UNIT_TEST("iommu.format.shape.refusals", shape_refusals),
};

UNIT_MAIN("iommu.format", tests)
