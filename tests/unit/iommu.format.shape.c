/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which shapes there are, and how: every request against a search through what Arm ARM DDI 0487,
 * D8.2, allows, and against its tables of start levels.
 */
#include "tests/unit/iommu_fixture.h"

/* What the first lookup of a table is. */
struct first {
	int level;
	unsigned int bits; /* that it resolves */
};

static bool output_exists(const struct fh_shape_request *r)
{
	static const unsigned int sizes[] = { 32, 36, 40, 42, 44, 48 };

	for (size_t i = 0; i < FH_ARRAY_SIZE(sizes); i++)
		if (r->oas == sizes[i])
			return true;
	if (r->oas != 52 || r->format == FH_FORMAT_UAT)
		return false;
	return r->granule_lg2 == 16 || r->lpa2;
}

/* TxSZ is 64 - ias: at most 48 (47 with 64K), at least 16, or 12 for 52 bits. */
static bool input_exists(const struct fh_shape_request *r)
{
	unsigned int txsz = 64u - r->ias;

	if (r->format == FH_FORMAT_UAT)
		return r->ias == 39;
	if (r->ias > 64)
		return false;
	return txsz <= (r->granule_lg2 == 16 ? 47 : 48) &&
	       txsz >= (r->granule_lg2 == 16 || r->lpa2 ? 12 : 16);
}

static bool combination_exists(const struct fh_shape_request *r)
{
	bool stage_1 =
	    r->regime == FH_REGIME_EL1 || r->regime == FH_REGIME_EL2 || r->regime == FH_REGIME_EL3;

	if (r->granule_lg2 != 12 && r->granule_lg2 != 14 && r->granule_lg2 != 16)
		return false;
	/* DS is for the smaller granules; its shareability is one of three. */
	if (r->lpa2 && (r->granule_lg2 == 16 || r->share == 1 || r->share > 3))
		return false;
	switch (r->format) {
	case FH_FORMAT_S1:
		return stage_1 && r->concat_lg2 == 0;
	case FH_FORMAT_S2:
		return r->regime == FH_REGIME_STAGE2 && r->concat_lg2 <= 4;
	case FH_FORMAT_UAT:
		return r->regime == FH_REGIME_EL1 && r->concat_lg2 == 0 && r->granule_lg2 == 14 &&
		       !r->lpa2;
	}
	return false;
}

/* Every level tried: at most one can be the first. */
static bool arm_first(const struct fh_shape_request *r, struct first *first)
{
	int stride = r->granule_lg2 - 3;
	unsigned int found = 0;

	if (!combination_exists(r) || !input_exists(r) || !output_exists(r))
		return false;
	for (int level = -1; level <= 3; level++) {
		int bits = r->ias - r->granule_lg2 - (3 - level) * stride;
		bool fits =
		    r->concat_lg2 ? bits == stride + r->concat_lg2 : bits >= 1 && bits <= stride;

		if (level == -1 && !(r->granule_lg2 == 12 && r->lpa2))
			fits = false;
		if (level == 0 && r->granule_lg2 == 16)
			fits = false;
		if (level == 0 && r->granule_lg2 == 14 && r->format == FH_FORMAT_S2 && !r->lpa2)
			fits = false;
		if (fits) {
			*first = (struct first){ level, (unsigned int)bits };
			found++;
		}
	}
	assert_in_range(found, 0, 1);
	return found;
}

static void check_shape(const struct fh_shape_request *r, unsigned int *legal)
{
	struct fh_shape shape;
	struct first first;
	int err;

	memset(&shape, 0x77, sizeof(shape));
	err = fh_shape_init(&shape, r);
	if (!arm_first(r, &first)) {
		const unsigned char *bytes = (const unsigned char *)&shape;

		assert_int_equal(err, -EINVAL);
		for (size_t i = 0; i < sizeof(shape); i++)
			assert_int_equal(bytes[i], 0x77);
		return;
	}
	assert_int_equal(err, 0);
	++*legal;
	assert_int_equal(shape.start_level, first.level);
	assert_int_equal(shape.root_lg2, first.bits + 3);
	assert_int_equal(fh_shape_entries(&shape, first.level), 1u << first.bits);
	/* All of the input and no more: the first and the last address, index by index. */
	for (int level = first.level; level <= 3; level++) {
		unsigned int entries = 1u
				       << (level == first.level ? first.bits : r->granule_lg2 - 3u);
		uint64_t last = (UINT64_C(1) << r->ias) - 1;

		assert_int_equal(fh_shape_entries(&shape, level), entries);
		assert_int_equal(fh_shape_index(&shape, level, 0), 0);
		assert_int_equal(fh_shape_index(&shape, level, last), entries - 1);
		assert_int_equal(fh_shape_span(&shape, level),
				 UINT64_C(1)
				     << (r->granule_lg2 + (r->granule_lg2 - 3) * (3 - level)));
	}
	assert_int_equal(fh_shape_span(&shape, first.level) << first.bits, UINT64_C(1) << r->ias);
}

static void shape_every(void **state)
{
	static const enum fh_format formats[] = { FH_FORMAT_S1, FH_FORMAT_S2, FH_FORMAT_UAT };
	static const uint8_t outputs[] = { 0, 31, 32, 36, 39, 40, 42, 44, 48, 51, 52, 53, 64 };
	unsigned int legal[4] = { 0 };

	(void)state;
	for (size_t f = 0; f < FH_ARRAY_SIZE(formats); f++)
		for (unsigned int regime = 1; regime <= 4; regime++)
			for (unsigned int granule = 11; granule <= 17; granule++)
				for (unsigned int ias = 12; ias <= 65; ias++)
					for (size_t o = 0; o < FH_ARRAY_SIZE(outputs); o++)
						for (unsigned int rest = 0; rest < 12; rest++)
							check_shape(
							    &(struct fh_shape_request){
								.format = formats[f],
								.regime = (enum fh_regime)regime,
								.granule_lg2 = (uint8_t)granule,
								.ias = (uint8_t)ias,
								.oas = outputs[o],
								.concat_lg2 = (uint8_t)(rest / 2),
								.lpa2 = rest & 1,
								.mair = TEST_MAIR,
							    },
							    &legal[formats[f]]);
	/* Counted by hand. 4K and 16K: 33 input sizes x 6, with DS 37 x 7; 64K: 36 x 7; 3 regimes.
	 */
	assert_int_equal(legal[FH_FORMAT_S1], 3 * (2 * (33 * 6 + 37 * 7) + 36 * 7));
	assert_int_equal(legal[FH_FORMAT_UAT], 6);
}

/* The start levels as the tables of D8.2 print them: the first and last input size of each. */
static void shape_start_levels(void **state)
{
	static const struct {
		uint8_t granule, from, to;
		int8_t level;
		bool lpa2;
	} rows[] = {
		{ 12, 16, 21, 3, false }, { 12, 22, 30, 2, false }, { 12, 31, 39, 1, false },
		{ 12, 40, 48, 0, false }, { 12, 49, 52, -1, true }, { 14, 16, 25, 3, false },
		{ 14, 26, 36, 2, false }, { 14, 37, 47, 1, false }, { 14, 48, 48, 0, false },
		{ 14, 49, 52, 0, true },  { 16, 17, 29, 3, false }, { 16, 30, 42, 2, false },
		{ 16, 43, 52, 1, false },
	};

	(void)state;
	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++)
		for (unsigned int ias = rows[r].from; ias <= rows[r].to; ias++) {
			struct fh_shape shape;

			MUST(fh_shape_init(
			    &shape, &(struct fh_shape_request){ .format = FH_FORMAT_S1,
								.regime = FH_REGIME_EL2,
								.granule_lg2 = rows[r].granule,
								.ias = (uint8_t)ias,
								.oas = 48,
								.lpa2 = rows[r].lpa2 }));
			assert_int_equal(shape.start_level, rows[r].level);
		}
}

/* Stage 2 by the tables of D8.2.5: the sizes that so many full tables in a row give. */
static void shape_concatenated(void **state)
{
	static const struct {
		uint8_t granule, full; /* input bits of one full table of @level */
		int8_t level;
		bool lpa2;
	} rows[] = {
		{ 12, 21, 3, false }, { 12, 30, 2, false }, { 12, 39, 1, false },
		{ 12, 48, 0, true },  { 14, 25, 3, false }, { 14, 36, 2, false },
		{ 14, 47, 1, true },  { 16, 29, 3, false }, { 16, 42, 2, false },
	};
	struct fh_shape shape;

	(void)state;
	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++)
		for (unsigned int concat = 1; concat <= 4; concat++) {
			struct fh_shape_request request = {
				.format = FH_FORMAT_S2,
				.regime = FH_REGIME_STAGE2,
				.granule_lg2 = rows[r].granule,
				.ias = (uint8_t)(rows[r].full + concat),
				.oas = 48,
				.concat_lg2 = (uint8_t)concat,
				.lpa2 = rows[r].lpa2,
			};

			MUST(fh_shape_init(&shape, &request));
			assert_int_equal(shape.start_level, rows[r].level);
			assert_int_equal(shape.root_lg2, rows[r].granule + concat);
			/* One bit more or less is no whole number of tables. */
			request.ias--;
			assert_int_equal(fh_shape_init(&shape, &request), -EINVAL);
		}
	/* 48 bits of 16K: two tables of level 1, or a level 0 that only LPA2 has. */
	for (unsigned int lpa2 = 0; lpa2 < 2; lpa2++)
		for (unsigned int concat = 0; concat < 2; concat++) {
			struct fh_shape_request request = {
				.format = FH_FORMAT_S2,
				.regime = FH_REGIME_STAGE2,
				.granule_lg2 = 14,
				.ias = 48,
				.oas = 48,
				.concat_lg2 = (uint8_t)concat,
				.lpa2 = lpa2,
			};

			assert_int_equal(fh_shape_init(&shape, &request),
					 concat || lpa2 ? 0 : -EINVAL);
			if (concat || lpa2)
				assert_int_equal(shape.start_level, concat ? 1 : 0);
		}
}

static void shape_lpa2_share(void **state)
{
	(void)state;
	for (unsigned int share = 0; share < 256; share++) {
		struct fh_shape shape;
		struct fh_shape_request request = {
			.format = FH_FORMAT_S1,
			.regime = FH_REGIME_EL1,
			.granule_lg2 = 14,
			.ias = 52,
			.oas = 52,
			.lpa2 = true,
			.share = (uint8_t)share,
		};

		assert_int_equal(fh_shape_init(&shape, &request),
				 share == 0 || share == 2 || share == 3 ? 0 : -EINVAL);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.format.shape.every", shape_every),
	UNIT_TEST("iommu.format.shape.start_levels", shape_start_levels),
	UNIT_TEST("iommu.format.shape.concatenated", shape_concatenated),
	UNIT_TEST("iommu.format.shape.lpa2_share", shape_lpa2_share),
};

UNIT_MAIN("iommu.format.shape", tests)
