/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes in all formats: what encodes decodes to the same, and all that no descriptor says
 * is refused, found by trying every descriptor.
 */
#include "tests/unit/format_fixture.h"

/* By access (9 bits), memory type and shareability: is there a leaf that says exactly this? */
struct said {
	bool is[512][FH_MEMTYPE_OTHER + 1][4];
};

static struct seen leaf_says(const struct sample *s, uint64_t desc, uint64_t limits)
{
	struct seen seen = { .mapped = true };

	arm_leaf(&s->arm, desc, limits, &seen);
	if (s->high == 'D')
		seen.share = s->request.share;
	/* Device memory is outer shareable. */
	if (seen.memtype == FH_MEMTYPE_DEVICE || seen.memtype == FH_MEMTYPE_STRICT)
		seen.share = FH_SHARE_OUTER;
	else if (s->arm.uat)
		seen.share = FH_SHARE_NONE;
	return seen;
}

/* Attribute bits of a page, but what a valid leaf has at one value only. */
static uint64_t free_bits(const struct sample *s)
{
	struct layout layout;

	assert_true(layout_of(s, 3, &layout));
	return mask_of(&layout, ATTR) & ~(s->arm.uat ? UINT64_C(0x300) : 0);
}

static uint64_t fixed_bits(const struct sample *s)
{
	return s->arm.uat ? UINT64_C(1) << 55 : 0;
}

static void search(const struct sample *s, struct said *said)
{
	uint64_t mask = free_bits(s);

	memset(said, 0, sizeof(*said));
	for (uint64_t bits = mask, more = 1; more; more = bits != 0, bits = (bits - 1) & mask) {
		struct seen seen = leaf_says(s, bits | fixed_bits(s), 0);

		/* SH = 01 is reserved. */
		if (s->high != 'D' && (bits >> 8 & 3) == 1)
			continue;
		/* Nothing maps what nobody may use, or use as data at stage 2. */
		if (s->arm.stage2 && !(seen.access & (FH_READ | FH_WRITE)))
			continue;
		if (!(seen.access & 0x3f))
			continue;
		said->is[seen.access][seen.memtype][seen.share] = true;
	}
}

/* Encoded and decoded it is the same, and the walker of the fixture reads the same in it. */
static void encodes(const struct sample *s, struct fh_attr attr, uint64_t desc)
{
	struct fh_attr back = fh_format_decode(&s->shape, desc, 0);
	struct seen seen = leaf_says(s, desc, 0);
	uint64_t page = fh_desc_leaf(&s->shape, 0, 3, desc);

	if (attr.memtype == FH_MEMTYPE_DEVICE || attr.memtype == FH_MEMTYPE_STRICT)
		attr.share = FH_SHARE_OUTER;
	assert_memory_equal(&back, &attr, sizeof(attr));
	assert_int_equal(seen.access, attr.access);
	assert_int_equal(seen.memtype, attr.memtype);
	assert_int_equal(seen.share, attr.share);
	assert_int_equal(desc & ~s->shape.attributes, 0);
	assert_int_equal(fh_format_reserved(&s->shape, page, 3), 0);
	/* AP[1] is RES1 with one privilege. */
	if (!s->arm.stage2 && s->request.regime != FH_REGIME_EL1)
		assert_int_equal(desc >> 6 & 1, 1);
	if (s->high != 'D' && !s->arm.uat)
		assert_int_equal(desc >> 8 & 3, attr.share);
}

static void attributes_every(void **state)
{
	static struct said said;

	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct sample s = sample_at(i);

		search(&s, &said);
		for (unsigned int access = 0; access < 1024; access++)
			for (unsigned int type = 0; type < 7; type++)
				for (unsigned int share = 0; share < 5; share++) {
					struct fh_attr attr = { (uint16_t)access, (uint8_t)type,
								(uint8_t)share };
					bool device =
					    type == FH_MEMTYPE_DEVICE || type == FH_MEMTYPE_STRICT;
					uint64_t desc = 0x5a5a;
					bool good = access < 512 && type < FH_MEMTYPE_OTHER &&
						    (device || share < 4) &&
						    said.is[access & 511][type]
							   [device ? FH_SHARE_OUTER : share];
					int err = fh_format_encode(&s.shape, attr, &desc);

					assert_int_equal(err == 0, good);
					if (good)
						encodes(&s, attr, desc);
					else
						assert_int_equal(desc, 0x5a5a);
					if (err)
						assert_true(err == -EINVAL ||
							    (err == -ENOTSUP && s.arm.uat &&
							     type == FH_MEMTYPE_STRICT));
				}
	}
	/* Values that no bit of the enums has. */
	for (unsigned int high = 9; high < 16; high++) {
		struct sample s = sample_at(0);
		uint64_t desc;

		assert_int_equal(
		    fh_format_encode(&s.shape,
				     (struct fh_attr){ (uint16_t)(1u << high | FH_READ),
						       FH_MEMTYPE_WB, FH_SHARE_INNER },
				     &desc),
		    -EINVAL);
	}
}

/* How many there are, counted in the tables of D8.4 by hand. */
static void attributes_counted(void **state)
{
	static const unsigned int counts[] = {
		[0] = 14 * 2 * 2, [6] = 3 * 4 * 2, [12] = 0, [13] = 4 * 2, [16] = 4 * 2
	};

	(void)state;
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(counts); i++) {
		struct sample s = sample_at(i);
		unsigned int accepted = 0;

		for (unsigned int access = 0; access < 512 && counts[i]; access++) {
			struct fh_attr attr = { (uint16_t)access, FH_MEMTYPE_WB, FH_SHARE_INNER };
			uint64_t desc;

			accepted += fh_format_encode(&s.shape, attr, &desc) == 0;
		}
		/* EL1: 4 AP x 2 UXN x 2 PXN, less 2 where PXN is implied; x nG x AF. Stage 2: read,
		 * write or both, x 4 XN x AF. One privilege: 2 AP x 2 XN x AF. */
		assert_int_equal(accepted, counts[i]);
	}
}

/* Every leaf below every combination of table limits; also those that nobody would encode. */
static void decode_every(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct sample s = sample_at(i);
		uint64_t mask = free_bits(&s) | (s.arm.uat ? UINT64_C(1) << 55 : 0);

		for (uint64_t bits = mask, more = 1; more;
		     more = bits != 0, bits = (bits - 1) & mask)
			for (uint64_t limits = 0; limits < 16; limits++) {
				uint64_t above = limits << 59 & s.shape.limits;
				struct seen seen = leaf_says(&s, bits, above);
				struct fh_attr attr = fh_format_decode(&s.shape, bits, above);

				assert_int_equal(attr.access, seen.access);
				assert_int_equal(attr.memtype, seen.memtype);
				assert_int_equal(attr.share, seen.share);
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
	struct sample s = sample_at(0);
	struct fh_shape with, without;

	(void)state;
	s.request.mair = UINT64_C(0x0c0c0c0c0c0c0c0c); /* Device-GRE: none of ours */
	MUST(fh_shape_init(&without, &s.request));
	for (uint8_t type = 0; type < FH_ARRAY_SIZE(bytes); type++) {
		struct fh_attr attr = { FH_READ, type, FH_SHARE_OUTER };
		uint64_t desc = 7;

		assert_int_equal(fh_format_encode(&without, attr, &desc), -ENOTSUP);
		assert_int_equal(desc, 7);
		for (unsigned int i = 0; i < 8; i++) {
			s.request.mair =
			    (UINT64_C(0x0c0c0c0c0c0c0c0c) & ~(UINT64_C(0xff) << 8 * i)) |
			    (uint64_t)bytes[type] << 8 * i;
			MUST(fh_shape_init(&with, &s.request));
			MUST(fh_format_encode(&with, attr, &desc));
			assert_int_equal(desc >> 2 & 7, i);
			assert_int_equal(fh_format_decode(&with, desc, 0).memtype, type);
			assert_int_equal(fh_format_decode(&without, desc, 0).memtype,
					 FH_MEMTYPE_OTHER);
		}
	}
}

/* D8.5, every byte: what is write-back, and which index is best. */
static void s1_mair_bytes(void **state)
{
	struct sample s = sample_at(0);
	struct fh_attr attr = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		/* 11RW in both halves: write-back, not transient. */
		bool back = (byte >> 6) == 3 && (byte >> 2 & 3) == 3;
		struct fh_shape shape;
		uint64_t desc;
		unsigned int type = back	   ? FH_MEMTYPE_WB
				    : byte == 0x44 ? FH_MEMTYPE_NC
				    : byte == 0x04 ? FH_MEMTYPE_DEVICE
				    : byte == 0x00 ? FH_MEMTYPE_STRICT
						   : FH_MEMTYPE_OTHER;

		s.request.mair = UINT64_C(0x0c0c0c0c0c0c000c) | (uint64_t)byte << 8;
		MUST(fh_shape_init(&shape, &s.request));
		assert_int_equal(fh_format_decode(&shape, 1 << 2, 0).memtype, type);
		assert_int_equal(fh_format_encode(&shape, attr, &desc), back ? 0 : -ENOTSUP);
		/* One with every hint is better, wherever it stands. */
		s.request.mair |= UINT64_C(0xff) << 56;
		MUST(fh_shape_init(&shape, &s.request));
		MUST(fh_format_encode(&shape, attr, &desc));
		assert_int_equal(desc >> 2 & 7, byte == 0xff ? 1 : 7);
	}
}

/* With LPA2 there is one shareability, the walker's. */
static void lpa2_share(void **state)
{
	static const uint8_t shares[] = { FH_SHARE_NONE, FH_SHARE_OUTER, FH_SHARE_INNER };

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int stage = 0; stage < 2; stage++)
			for (unsigned int share = 0; share < 5; share++) {
				struct sample s = sample_at(stage ? 7 : 1);
				struct fh_attr attr = { FH_READ, FH_MEMTYPE_NC, (uint8_t)share };
				uint64_t desc;

				s.request.share = shares[i];
				MUST(fh_shape_init(&s.shape, &s.request));
				assert_int_equal(fh_format_encode(&s.shape, attr, &desc),
						 share == shares[i] ? 0 : -EINVAL);
				if (share == shares[i]) {
					assert_int_equal(desc & 0x300, 0);
					assert_int_equal(
					    fh_format_decode(&s.shape, desc | 0x100, 0).share,
					    share);
				}
			}
}

/* ---- UAT, by the table at the head of iommu/format_uat.c */

static void uat_table(void **state)
{
#define FR FH_READ
#define FW FH_WRITE
#define FX FH_EXEC
#define GR FH_USER_READ
#define GW FH_USER_WRITE
#define GX FH_USER_EXEC
	/* By owner (ours: 1), AP, UXN, PXN. */
	static const uint16_t says[2][4][2][2] = {
		{ { { FR | FW | GX, FR | FW | GX }, { FR | FW, FR | FW } },
		  { { FR | FW | GR | GW, FR | FW | GR | GW },
		    { FR | FW | GR | GW, FR | FW | GR | GW } },
		  { { FR | FX | GX, FR | GX }, { FR | FX, FR } },
		  { { FR | FX | GR | GX, FR | GR | GX }, { FR | FX | GR, FR | GR } } },
		{ { { 0, FR | GR }, { FW | GW, FR | FW | GR | GW } },
		  { { FR, 0 }, { FR | FW, FR | FW | GR } },
		  { { GR, GW }, { GR | GW, 0 } },
		  { { 0, 0 }, { 0, 0 } } },
	};
	const struct fh_shape *shape = &sample_uat()->shape;

	(void)state;
	for (uint64_t i = 0; i < 32; i++) {
		uint64_t owner = i >> 4, ap = i >> 2 & 3, uxn = i >> 1 & 1, pxn = i & 1;
		uint64_t desc = 0x403 | owner << 55 | ap << 6 | uxn << 54 | pxn << 53;
		unsigned int access = says[owner][ap][uxn][pxn];
		struct fh_attr attr = { (uint16_t)access, FH_MEMTYPE_WB, FH_SHARE_NONE };
		uint64_t made;

		assert_int_equal(fh_format_decode(shape, desc, 0).access, access);
		if (!owner || !access)
			continue;
		MUST(fh_format_encode(shape, attr, &made));
		assert_int_equal(made, desc & ~UINT64_C(3));
		/* nG and AF beside it; memory types by their fixed indices. */
		attr.access |= FH_NOT_GLOBAL | FH_UNACCESSED;
		attr.memtype = FH_MEMTYPE_DEVICE;
		MUST(fh_format_encode(shape, attr, &made));
		assert_int_equal(made, (desc & ~UINT64_C(0x403)) | 1 << 11 | 1 << 2);
		attr.memtype = FH_MEMTYPE_NC;
		MUST(fh_format_encode(shape, attr, &made));
		assert_int_equal(made, (desc & ~UINT64_C(0x403)) | 1 << 11 | 2 << 2);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.format.attributes.every", attributes_every),
	UNIT_TEST("iommu.format.attributes.counted", attributes_counted),
	UNIT_TEST("iommu.format.decode.every", decode_every),
	UNIT_TEST("iommu.format.s1.mair", s1_mair),
	UNIT_TEST("iommu.format.s1.mair_bytes", s1_mair_bytes),
	UNIT_TEST("iommu.format.lpa2.share", lpa2_share),
	UNIT_TEST("iommu.format.uat.table", uat_table),
};

UNIT_MAIN("iommu.format", tests)
