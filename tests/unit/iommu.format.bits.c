/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every bit of every descriptor of every format, granule and level: address, attribute, software's,
 * ignored or reserved, as the tables of the fixture say.
 */
#include "tests/unit/format_fixture.h"

static void bits_reserved(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++)
		for (unsigned int level = 0; level <= LINK; level++) {
			struct sample s = sample_at(i);
			struct layout layout;
			uint64_t reserved, all = ~UINT64_C(3) | type_of(level);
			int of = level == LINK ? 2 : (int)level;

			if (!layout_of(&s, level, &layout))
				continue;
			reserved = mask_of(&layout, RES0) | mask_of(&layout, NT);
			assert_int_equal(fh_format_reserved(&s.shape, all, of), reserved);
			assert_int_equal(fh_format_reserved(&s.shape, all & ~reserved, of), 0);
			for (unsigned int b = 2; b < 64; b++)
				assert_int_equal(
				    fh_format_reserved(&s.shape, UINT64_C(1) << b | type_of(level),
						       of),
				    reserved & UINT64_C(1) << b);
		}
}

static void bits_masks(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++)
		for (unsigned int level = 0; level <= LINK; level++) {
			struct sample s = sample_at(i);
			struct layout layout;
			uint64_t attr;

			if (!layout_of(&s, level, &layout))
				continue;
			assert_int_equal(s.shape.software,
					 mask_of(&layout, SOFT) | mask_of(&layout, OWNER));
			if (level == LINK) {
				assert_int_equal(mask_of(&layout, LIMIT) & ~s.shape.limits, 0);
				assert_int_equal(s.shape.limits & ~(mask_of(&layout, LIMIT) |
								    mask_of(&layout, RES0)),
						 0);
				continue;
			}
			attr = mask_of(&layout, ATTR) | mask_of(&layout, OWNER);
			assert_int_equal(attr & ~s.shape.attributes, 0);
			/* With one privilege some that the other regimes have are reserved. */
			assert_int_equal(s.shape.attributes & ~(attr | mask_of(&layout, RES0)), 0);
			assert_int_equal(s.shape.breaks & ~s.shape.attributes, 0);
			if (!s.arm.uat)
				assert_int_equal(mask_of(&layout, CONT), FH_DESC_CONTIGUOUS);
			if (!s.arm.uat)
				assert_int_equal(mask_of(&layout, DIRTY), FH_DESC_DIRTY_MODIFIER);
			assert_true(level == 3 || mask_of(&layout, NT) == FH_DESC_NT);
		}
}

/* What may not change live: memory type, shareability, nG (D8.16.1). By hand. */
static void bits_breaks(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct sample s = sample_at(i);
		uint64_t type = s.arm.stage2 ? UINT64_C(0x3c) : UINT64_C(0x1c);
		uint64_t share = s.high == 'D' ? 0 : UINT64_C(0x300);
		uint64_t global = s.arm.stage2 ? 0 : UINT64_C(0x800);

		assert_int_equal(s.shape.breaks, type | share | global);
	}
}

/* @decoded: bits that changed what a leaf says. All attributes, but what a format has and ignores.
 */
static void attr_matters(const struct sample *s, const struct layout *layout, uint64_t decoded)
{
	uint64_t silent = s->arm.uat ? UINT64_C(0x300) : 0;

	if (!s->arm.stage2 && s->request.regime != FH_REGIME_EL1)
		silent |= UINT64_C(0x40);
	assert_int_equal(decoded, (mask_of(layout, ATTR) | mask_of(layout, OWNER)) & ~silent);
}

/* One bit of a leaf or link changes: what it is is what changes, and nothing else. */
static void bits_flipped(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++)
		for (unsigned int level = 0; level <= LINK; level++) {
			struct sample s = sample_at(i);
			struct layout layout;
			uint64_t random = 1;
			uint64_t decoded = 0;
			int of = level == LINK ? 2 : (int)level;

			if (!layout_of(&s, level, &layout))
				continue;
			for (unsigned int n = 0; n < 64 * 200; n++) {
				unsigned int b = n % 64;
				uint64_t bit = UINT64_C(1) << b;
				uint64_t desc =
				    (unit_random(&random) & ~UINT64_C(3)) | type_of(level);
				uint64_t other = desc ^ bit;
				struct fh_attr a = fh_format_decode(&s.shape, desc, 0);
				struct fh_attr o = fh_format_decode(&s.shape, other, 0);
				uint64_t pa = level == LINK ? fh_desc_address(&s.shape, desc)
							    : fh_desc_output(&s.shape, desc, of);
				uint64_t pb = level == LINK ? fh_desc_address(&s.shape, other)
							    : fh_desc_output(&s.shape, other, of);
				enum bit is = layout.bit[b];

				if (is == ADDR || is == HIGH)
					assert_int_equal(pa ^ pb, is == ADDR	  ? bit
								  : s.high == 'D' ? bit << 42
										  : bit << 36);
				else if (is != TYPE)
					assert_int_equal(pa, pb);
				if (is != TYPE)
					assert_int_equal(fh_desc_kind(&s.shape, desc, of),
							 fh_desc_kind(&s.shape, other, of));
				if (level != LINK && memcmp(&a, &o, sizeof(a)))
					decoded |= bit;
			}
			if (level == LINK)
				continue;
			/* Attributes matter, each in some leaf, and nothing else does. */
			attr_matters(&s, &layout, decoded);
		}
}

/* ---- Addresses in descriptors */

static void address_inverse(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct sample s = sample_at(i);
		uint64_t random = 7;
		uint64_t all = (UINT64_C(1) << s.request.oas) - (UINT64_C(1) << s.arm.granule);
		uint64_t used = 0;

		for (unsigned int b = s.arm.granule; b < s.request.oas; b++) {
			uint64_t placed = fh_desc_place(&s.shape, UINT64_C(1) << b);

			/* Each has a bit of its own. */
			assert_int_equal(__builtin_popcountll(placed), 1);
			assert_int_equal(used & placed, 0);
			used |= placed;
			assert_int_equal(fh_desc_address(&s.shape, placed), UINT64_C(1) << b);
			assert_int_equal(arm_address(&s.arm, placed), UINT64_C(1) << b);
		}
		assert_int_equal(fh_desc_place(&s.shape, all), used);
		assert_int_equal(fh_desc_address(&s.shape, UINT64_MAX), all);
		for (unsigned int n = 0; n < 1000; n++) {
			uint64_t pa = unit_random(&random) & all;

			assert_int_equal(fh_desc_address(&s.shape, fh_desc_place(&s.shape, pa)),
					 pa);
			/* Whatever else the descriptor says. */
			assert_int_equal(
			    fh_desc_address(&s.shape, fh_desc_place(&s.shape, pa) |
							  (unit_random(&random) & ~used)),
			    pa);
			assert_int_equal(fh_desc_link(&s.shape, pa),
					 fh_desc_place(&s.shape, pa) | 3);
		}
	}
}

static void address_leaf(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++)
		for (unsigned int level = 0; level <= 3; level++) {
			struct sample s = sample_at(i);
			struct layout layout;
			uint64_t random = level, low;

			if (!layout_of(&s, level, &layout))
				continue;
			low = (UINT64_C(1) << arm_low(&s.arm, (int)level)) - 1;
			for (unsigned int n = 0; n < 1000; n++) {
				uint64_t pa = unit_random(&random) & ~low &
					      ((UINT64_C(1) << s.request.oas) - 1);
				uint64_t desc = fh_desc_leaf(&s.shape, pa, (int)level, 0x400);

				assert_int_equal(desc & 0xc03u, 0x400u | type_of(level));
				assert_int_equal(fh_desc_output(&s.shape, desc, (int)level), pa);
				assert_int_equal(fh_format_reserved(&s.shape, desc, (int)level), 0);
				/* Low bits that somebody has set are no part of the address. */
				assert_int_equal(fh_desc_output(&s.shape,
								desc | mask_of(&layout, RES0) |
								    mask_of(&layout, NT),
								(int)level),
						 pa);
			}
		}
}

/* ---- Kinds: blocks where D8.3 has them, and nowhere else */

static void kinds(void **state)
{
	unsigned int blocks = 0;

	(void)state;
	for (unsigned int i = 0; i < SAMPLES; i++)
		for (int level = -1; level <= 3; level++) {
			struct sample s = sample_at(i);
			struct layout layout;
			bool block =
			    level >= 0 && level < 3 && layout_of(&s, (unsigned int)level, &layout);
			uint64_t rest = UINT64_C(0x0123456789abcdc0);

			blocks += block;
			assert_int_equal(block,
					 level >= 0 && level < 3 && arm_has_block(&s.arm, level));
			assert_int_equal(fh_desc_kind(&s.shape, 0, level), FH_DESC_ZERO);
			for (uint64_t one = 2; one; one <<= 1)
				assert_int_equal(fh_desc_kind(&s.shape, one, level),
						 FH_DESC_INVALID);
			assert_int_equal(fh_desc_kind(&s.shape, rest | 2, level), FH_DESC_INVALID);
			assert_int_equal(fh_desc_kind(&s.shape, rest | 1, level),
					 block ? FH_DESC_BLOCK : FH_DESC_ILLEGAL);
			assert_int_equal(fh_desc_kind(&s.shape, rest | 3, level),
					 level == 3 ? FH_DESC_PAGE : FH_DESC_TABLE);
			assert_int_equal(fh_shape_has_leaf(&s.shape, level), block || level == 3);
			assert_int_equal(fh_desc_is_link(rest | 3, level), level != 3);
			assert_false(fh_desc_is_link(rest | 1, level));
			assert_false(fh_desc_is_link(rest | 2, level));
			assert_false(fh_desc_is_link(0, level));
			assert_int_equal(fh_desc_is_leaf(&s.shape, rest | 1, level), block);
			assert_int_equal(fh_desc_is_leaf(&s.shape, rest | 3, level), level == 3);
			assert_false(fh_desc_is_leaf(&s.shape, rest | 2, level));
		}
	/* S1: 2 + 3 + 1 + 2 + 1 + 2; stage 2 the same; EL2: 2 + 1 + 1; EL3: 2 + 3. */
	assert_int_equal(blocks, 11 + 11 + 4 + 5);
}

/* Blocks of the largest kind: with DS whatever the output, with 64K for 52 bits of it. */
static void kinds_large(void **state)
{
	static const uint8_t outputs[] = { 32, 36, 40, 42, 44, 48, 52 };

	(void)state;
	for (size_t o = 0; o < FH_ARRAY_SIZE(outputs); o++)
		for (unsigned int granule = 12; granule <= 16; granule += 2) {
			struct fh_shape shape;
			struct fh_shape_request request = { .format = FH_FORMAT_S1,
							    .regime = FH_REGIME_EL1,
							    .granule_lg2 = (uint8_t)granule,
							    .ias = 48,
							    .oas = outputs[o],
							    .lpa2 = granule != 16 };
			int largest = granule == 12 ? 0 : 1;

			MUST(fh_shape_init(&shape, &request));
			assert_int_equal(fh_shape_has_leaf(&shape, largest),
					 granule != 16 || outputs[o] == 52);
			assert_true(fh_shape_has_leaf(&shape, 2));
		}
}

/* D8.6.1, by hand: entries that the contiguous bit joins. */
static void runs(void **state)
{
	static const struct {
		uint8_t granule;
		int8_t level;
		uint8_t lg2;
	} rows[] = {
		{ 12, -1, 0 }, { 12, 0, 0 }, { 12, 1, 4 }, { 12, 2, 4 }, { 12, 3, 4 }, { 14, 0, 0 },
		{ 14, 1, 0 },  { 14, 2, 5 }, { 14, 3, 7 }, { 16, 1, 0 }, { 16, 2, 5 }, { 16, 3, 5 },
	};

	(void)state;
	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++)
		for (unsigned int ias = 18; ias <= 52; ias++) {
			struct fh_shape shape;
			struct fh_shape_request request = {
				.format = FH_FORMAT_S1,
				.regime = FH_REGIME_EL1,
				.granule_lg2 = rows[r].granule,
				.ias = (uint8_t)ias,
				.oas = 52,
				.lpa2 = rows[r].granule != 16,
			};

			MUST(fh_shape_init(&shape, &request));
			if (rows[r].level < shape.start_level)
				continue;
			/* A root that holds fewer has none. */
			if (fh_shape_entries(&shape, rows[r].level) < 1u << rows[r].lg2)
				assert_int_equal(fh_shape_run_lg2(&shape, rows[r].level), 0);
			else
				assert_int_equal(fh_shape_run_lg2(&shape, rows[r].level),
						 rows[r].lg2);
		}
	for (int level = 1; level <= 3; level++)
		assert_int_equal(fh_shape_run_lg2(&sample_uat()->shape, level), 0);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.format.bits.reserved", bits_reserved),
	UNIT_TEST("iommu.format.bits.masks", bits_masks),
	UNIT_TEST("iommu.format.bits.breaks", bits_breaks),
	UNIT_TEST("iommu.format.bits.flipped", bits_flipped),
	UNIT_TEST("iommu.format.address.inverse", address_inverse),
	UNIT_TEST("iommu.format.address.leaf", address_leaf),
	UNIT_TEST("iommu.format.kinds.every", kinds),
	UNIT_TEST("iommu.format.kinds.large", kinds_large),
	UNIT_TEST("iommu.format.runs.every", runs),
};

UNIT_MAIN("iommu.format.bits", tests)
