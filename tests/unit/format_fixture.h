/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the tests of formats: a sample of every kind of shape, and what each bit of its descriptors
 * is (Arm ARM DDI 0487, D8.3), from the top, written down from there and not from iommu/.
 */
#ifndef FH_TESTS_UNIT_FORMAT_FIXTURE_H
#define FH_TESTS_UNIT_FORMAT_FIXTURE_H

#include "iommu/descriptor.h"
#include "tests/unit/iommu_fixture.h"

enum bit {
	NOT_SAID,
	TYPE,
	ADDR,	 /* of the output, at its place */
	HIGH,	 /* of the output, from bit 48 up */
	ATTR,	 /* what fh_format_encode() decides */
	OWNER,	 /* ATTR and SOFT: UAT */
	SOFT,	 /* left to software */
	LIMIT,	 /* of a table: takes permissions away */
	CONT,	 /* contiguous */
	DIRTY,	 /* DBM */
	NT,	 /* block: nT */
	IGNORED, /* by a walker as we know it; not ours to set */
	RES0,
};

struct field {
	uint8_t high, low;
	enum bit is;
};

/* Address bits are in tables of their own. */
static const struct field s1_leaf[] = {
	{ 63, 59, IGNORED },					     /* ignored, PBHA */
	{ 58, 55, SOFT },    { 54, 53, ATTR },			     /* UXN, PXN */
	{ 52, 52, CONT },    { 51, 51, DIRTY }, { 50, 50, IGNORED }, /* GP */
	{ 11, 10, ATTR },					     /* nG, AF */
	{ 7, 6, ATTR },						     /* AP */
	{ 5, 5, IGNORED },					     /* NS */
	{ 4, 2, ATTR },						     /* AttrIndx */
	{ 1, 0, TYPE },
};

static const struct field s1_leaf_single[] = {
	{ 63, 59, IGNORED }, { 58, 55, SOFT }, { 54, 54, ATTR }, /* XN */
	{ 53, 53, RES0 },    { 52, 52, CONT }, { 51, 51, DIRTY }, { 50, 50, IGNORED },
	{ 11, 11, RES0 },    { 10, 10, ATTR }, { 7, 6, ATTR }, /* AP[1] is RES1 */
	{ 5, 5, IGNORED },   { 4, 2, ATTR },   { 1, 0, TYPE },
};

static const struct field s1_link[] = {
	{ 63, 63, IGNORED }, /* NSTable */
	{ 62, 59, LIMIT },   { 58, 55, SOFT },	{ 54, 51, IGNORED }, { 50, 50, RES0 },
	{ 11, 10, IGNORED }, { 7, 2, IGNORED }, { 1, 0, TYPE },
};

static const struct field s1_link_single[] = {
	{ 63, 63, IGNORED }, { 62, 62, LIMIT }, { 61, 61, RES0 },    { 60, 60, LIMIT },
	{ 59, 59, RES0 },    { 58, 55, SOFT },	{ 54, 51, IGNORED }, { 50, 50, RES0 },
	{ 11, 10, IGNORED }, { 7, 2, IGNORED }, { 1, 0, TYPE },
};

static const struct field s2_leaf[] = {
	{ 63, 58, IGNORED }, { 57, 56, SOFT },	{ 55, 55, IGNORED }, { 54, 53, ATTR },	  /* XN */
	{ 52, 52, CONT },    { 51, 51, DIRTY }, { 50, 50, RES0 },    { 11, 11, IGNORED }, /* FnXS */
	{ 10, 10, ATTR },    { 7, 6, ATTR },						  /* S2AP */
	{ 5, 2, ATTR }, /* MemAttr */
	{ 1, 0, TYPE },
};

static const struct field s2_link[] = {
	{ 63, 59, RES0 }, { 58, 58, IGNORED }, { 57, 56, SOFT },  { 55, 51, IGNORED },
	{ 50, 50, RES0 }, { 11, 10, IGNORED }, { 7, 2, IGNORED }, { 1, 0, TYPE },
};

static const struct field uat_leaf[] = {
	{ 63, 56, IGNORED }, { 55, 55, OWNER }, { 54, 53, ATTR },
	{ 52, 50, RES0 },    { 11, 10, ATTR },	{ 7, 6, ATTR },
	{ 5, 5, IGNORED },   { 4, 2, ATTR },	{ 1, 0, TYPE },
};

static const struct field uat_link[] = {
	{ 63, 59, RES0 }, { 58, 56, IGNORED }, { 55, 55, SOFT },  { 54, 53, IGNORED },
	{ 52, 50, RES0 }, { 11, 10, IGNORED }, { 7, 2, IGNORED }, { 1, 0, TYPE },
};

/*
 * Bits 49:12 and 9:8, by granule, by where high bits are, and by level (a link: level 4): the
 * address, and what is below it.
 */
#define LINK 4
#define TOP                                                                                        \
	{                                                                                          \
		49, 48, RES0                                                                       \
	}
#define ADDRESS(high, low)                                                                         \
	{                                                                                          \
		(high), (low), ADDR                                                                \
	}
#define BELOW(low)                                                                                 \
	{ (low)-1, 17, RES0 },                                                                     \
	{                                                                                          \
		16, 16, NT                                                                         \
	}
#define LOW(high, is)                                                                              \
	{                                                                                          \
		(high), 12, is                                                                     \
	}
#define MIDDLE(is)                                                                                 \
	{                                                                                          \
		9, 8, is                                                                           \
	}

static const struct place_table {
	uint8_t granule;
	char high; /* '-' none, '6' 64K with 52 bits, 'D' with DS */
	uint8_t level;
	struct field field[7];
} places[] = {
	{ 12, '-', 1, { TOP, ADDRESS(47, 30), BELOW(30), LOW(15, RES0), MIDDLE(ATTR) } },
	{ 12, '-', 2, { TOP, ADDRESS(47, 21), BELOW(21), LOW(15, RES0), MIDDLE(ATTR) } },
	{ 12, '-', 3, { TOP, ADDRESS(47, 12), MIDDLE(ATTR) } },
	{ 12, '-', LINK, { TOP, ADDRESS(47, 12), MIDDLE(IGNORED) } },
	{ 12, 'D', 0, { ADDRESS(49, 39), BELOW(39), LOW(15, RES0), MIDDLE(HIGH) } },
	{ 12, 'D', 1, { ADDRESS(49, 30), BELOW(30), LOW(15, RES0), MIDDLE(HIGH) } },
	{ 12, 'D', 2, { ADDRESS(49, 21), BELOW(21), LOW(15, RES0), MIDDLE(HIGH) } },
	{ 12, 'D', 3, { ADDRESS(49, 12), MIDDLE(HIGH) } },
	{ 12, 'D', LINK, { ADDRESS(49, 12), MIDDLE(HIGH) } },
	{ 14, '-', 2, { TOP, ADDRESS(47, 25), BELOW(25), LOW(15, RES0), MIDDLE(ATTR) } },
	{ 14, '-', 3, { TOP, ADDRESS(47, 14), LOW(13, RES0), MIDDLE(ATTR) } },
	{ 14, '-', LINK, { TOP, ADDRESS(47, 14), LOW(13, RES0), MIDDLE(IGNORED) } },
	{ 14, 'D', 1, { ADDRESS(49, 36), BELOW(36), LOW(15, RES0), MIDDLE(HIGH) } },
	{ 14, 'D', 2, { ADDRESS(49, 25), BELOW(25), LOW(15, RES0), MIDDLE(HIGH) } },
	{ 14, 'D', 3, { ADDRESS(49, 14), LOW(13, RES0), MIDDLE(HIGH) } },
	{ 14, 'D', LINK, { ADDRESS(49, 14), LOW(13, RES0), MIDDLE(HIGH) } },
	{ 16, '-', 2, { TOP, ADDRESS(47, 29), BELOW(29), LOW(15, RES0), MIDDLE(ATTR) } },
	{ 16, '-', 3, { TOP, ADDRESS(47, 16), LOW(15, RES0), MIDDLE(ATTR) } },
	{ 16, '-', LINK, { TOP, ADDRESS(47, 16), LOW(15, RES0), MIDDLE(IGNORED) } },
	{ 16, '6', 1, { TOP, ADDRESS(47, 42), BELOW(42), LOW(15, HIGH), MIDDLE(ATTR) } },
	{ 16, '6', 2, { TOP, ADDRESS(47, 29), BELOW(29), LOW(15, HIGH), MIDDLE(ATTR) } },
	{ 16, '6', 3, { TOP, ADDRESS(47, 16), LOW(15, HIGH), MIDDLE(ATTR) } },
	{ 16, '6', LINK, { TOP, ADDRESS(47, 16), LOW(15, HIGH), MIDDLE(IGNORED) } },
};

struct layout {
	enum bit bit[64];
};

static inline void lay(struct layout *layout, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned int b = fields[i].low; fields[i].is && b <= fields[i].high; b++) {
			/* Nothing is said twice. */
			assert_int_equal(layout->bit[b], NOT_SAID);
			layout->bit[b] = fields[i].is;
		}
}

static inline uint64_t mask_of(const struct layout *layout, enum bit is)
{
	uint64_t mask = 0;

	for (unsigned int b = 0; b < 64; b++)
		if (layout->bit[b] == is)
			mask |= UINT64_C(1) << b;
	return mask;
}

/* A shape of each kind: how it is asked for, and what its descriptors look like. */
struct sample {
	struct fh_shape_request request;
	char high;
	struct arm arm;
	struct fh_shape shape;
};

#define SAMPLES 18u

static inline struct sample sample(enum fh_format format, enum fh_regime regime, uint8_t granule,
				   char high)
{
	struct sample s = { .high = high,
			    .request = { .format = format,
					 .regime = regime,
					 .granule_lg2 = granule,
					 .ias = 39,
					 .oas = high == '-' ? 48 : 52,
					 .lpa2 = high == 'D',
					 .share = high == 'D' ? FH_SHARE_INNER : 0,
					 .mair = TEST_MAIR } };

	s.arm = arm_of(&(struct fh_pgtable_config){ .format = format,
						    .regime = regime,
						    .granule_lg2 = granule,
						    .ias = 39,
						    .oas = s.request.oas,
						    .lpa2 = s.request.lpa2,
						    .mair = TEST_MAIR });
	MUST(fh_shape_init(&s.shape, &s.request));
	assert_int_equal(s.shape.granule_lg2, granule);
	return s;
}

static inline struct sample sample_at(unsigned int i)
{
	static const struct {
		uint8_t granule;
		char high;
	} kinds[] = {
		{ 12, '-' }, { 12, 'D' }, { 14, '-' }, { 14, 'D' }, { 16, '-' }, { 16, '6' }
	};

	if (i < 6)
		return sample(FH_FORMAT_S1, FH_REGIME_EL1, kinds[i].granule, kinds[i].high);
	if (i < 12)
		return sample(FH_FORMAT_S2, FH_REGIME_STAGE2, kinds[i - 6].granule,
			      kinds[i - 6].high);
	if (i == 12)
		return sample(FH_FORMAT_UAT, FH_REGIME_EL1, 14, '-');
	if (i < 16)
		return sample(FH_FORMAT_S1, FH_REGIME_EL2, (uint8_t)(12 + 2 * (i - 13)), '-');
	return sample(FH_FORMAT_S1, FH_REGIME_EL3, 12, i == 16 ? '-' : 'D');
}

/* Of UAT. */
static const struct sample *sample_uat(void)
{
	static struct sample s;

	s = sample_at(12);
	return &s;
}

#define LAY(layout, fields) lay(layout, fields, FH_ARRAY_SIZE(fields))

/* Return: whether the tables have such a descriptor. */
static inline bool layout_of(const struct sample *s, unsigned int level, struct layout *layout)
{
	bool single = s->request.regime == FH_REGIME_EL2 || s->request.regime == FH_REGIME_EL3;
	bool found = false;

	memset(layout, 0, sizeof(*layout));
	for (size_t i = 0; i < FH_ARRAY_SIZE(places); i++)
		if (places[i].granule == s->request.granule_lg2 && places[i].high == s->high &&
		    places[i].level == level) {
			LAY(layout, places[i].field);
			found = true;
		}
	if (!found || (s->arm.uat && level < 3))
		return false;
	if (s->arm.uat)
		level == LINK ? LAY(layout, uat_link) : LAY(layout, uat_leaf);
	else if (s->arm.stage2)
		level == LINK ? LAY(layout, s2_link) : LAY(layout, s2_leaf);
	else if (single)
		level == LINK ? LAY(layout, s1_link_single) : LAY(layout, s1_leaf_single);
	else
		level == LINK ? LAY(layout, s1_link) : LAY(layout, s1_leaf);
	/* Bits 11:10 of links and leaves lie between the two tables: all 64 are said. */
	for (unsigned int b = 0; b < 64; b++)
		assert_int_not_equal(layout->bit[b], NOT_SAID);
	return true;
}

static inline unsigned int type_of(unsigned int level)
{
	return level >= 3 ? 3 : 1;
}

#endif
