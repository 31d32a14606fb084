/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the TLBs of CPUs are told: operands of operations by address and by range, decoded as the
 * Arm ARM has them, cover what they should, for every regime and granule.
 */
#include "iommu/tlb_cpu.h"
#include "tests/unit/iommu_fixture.h"

#define EVENTS 1024u

static struct host_event trace[EVENTS];

static void operands(void **state)
{
	static const unsigned int els[] = {
		[FH_REGIME_EL1] = 1, [FH_REGIME_EL2] = 2, [FH_REGIME_EL3] = 3
	};
	struct world *w = *state;

	for (unsigned int regime = FH_REGIME_EL1; regime <= FH_REGIME_EL3; regime++) {
		w->table.config = w->config;
		w->table.config.regime = (enum fh_regime)regime;
		for (unsigned int tables = 0; tables < 2; tables++) {
			uint64_t asid = regime == FH_REGIME_EL1 ? UINT64_C(0x51) << 48 : 0;

			host_trace_start(trace, FH_ARRAY_SIZE(trace));
			fh_tlb_cpu_ops.invalidate(&w->table, fh_dma(0x7fff001000), 512 * FRAME, 12,
						  tables);
			MUST(fh_tlb_cpu_ops.sync(&w->table));
			assert_int_equal(host_trace_stop(), 512 + 2);
			for (unsigned int i = 0; i < 512; i++) {
				assert_int_equal(trace[i].kind,
						 tables ? HOST_TLBI_VA : HOST_TLBI_VA_LAST);
				assert_int_equal(trace[i].el, els[regime]);
				assert_int_equal(trace[i].value, asid | (0x7fff001 + i));
			}
			assert_int_equal(trace[512].kind, HOST_DSB_ISH);
			assert_int_equal(trace[513].kind, HOST_ISB);
		}
		host_trace_start(trace, FH_ARRAY_SIZE(trace));
		fh_tlb_cpu_ops.invalidate(&w->table, fh_dma(0), 513 * FRAME, 12, false);
		assert_int_equal(host_trace_stop(), 1);
		assert_int_equal(trace[0].kind, HOST_TLBI_ALL);
		assert_int_equal(trace[0].el, els[regime]);
	}
}

static void set_up(struct world *w, enum fh_regime regime, unsigned int granule_lg2)
{
	w->table.config = w->config;
	w->table.config.regime = regime;
	w->table.config.granule_lg2 = (uint8_t)granule_lg2;
	w->table.shape.granule_lg2 = (uint8_t)granule_lg2;
}

static size_t invalidate(struct world *w, uint64_t iova, uint64_t size, unsigned int leaf_lg2,
			 bool tables)
{
	host_trace_start(trace, EVENTS);
	fh_tlb_cpu_ops.invalidate(&w->table, fh_dma(iova), size, leaf_lg2, tables);
	return host_trace_stop();
}

/* Stage 2 is followed by what forgets the two stages as one. Return: operations before that. */
static size_t stages_alone(const struct world *w, size_t count)
{
	if (w->table.config.regime != FH_REGIME_STAGE2)
		return count;
	assert_true(count > 2);
	assert_int_equal(trace[count - 2].kind, HOST_DSB_ISH);
	assert_int_equal(trace[count - 1].kind, HOST_TLBI_ALL);
	assert_int_equal(trace[count - 1].el, 1);
	return count - 2;
}

static void expect_kind(const struct world *w, const struct host_event *event, bool range,
			bool tables)
{
	static const enum host_event_kind kinds[2][2][2] = {
		{ { HOST_TLBI_VA_LAST, HOST_TLBI_VA }, { HOST_TLBI_RANGE_LAST, HOST_TLBI_RANGE } },
		{ { HOST_TLBI_IPA_LAST, HOST_TLBI_IPA },
		  { HOST_TLBI_IPA_RANGE_LAST, HOST_TLBI_IPA_RANGE } },
	};
	static const unsigned int els[] = {
		[FH_REGIME_EL1] = 1,
		[FH_REGIME_EL2] = 2,
		[FH_REGIME_EL3] = 3,
		[FH_REGIME_STAGE2] = 2,
	};
	enum fh_regime regime = w->table.config.regime;

	assert_int_equal(event->kind, kinds[regime == FH_REGIME_STAGE2][range][tables]);
	assert_int_equal(event->el, els[regime]);
	assert_int_equal(event->value >> 48, regime == FH_REGIME_EL1 ? 0x51 : 0);
}

static bool is_range(const struct host_event *event)
{
	return event->kind >= HOST_TLBI_RANGE && event->kind <= HOST_TLBI_IPA_RANGE_LAST;
}

/*
 * C5.5: BaseADDR [36:0] in granules, TTL [38:37], NUM [43:39], SCALE [45:44], TG [47:46]: (NUM + 1)
 * * 2^(5 * SCALE + 1) granules. An operation by address is for one. Return: the bytes.
 */
static uint64_t decode(const struct world *w, const struct host_event *event, uint64_t *base)
{
	static const unsigned int granules[] = { 0, 12, 14, 16 };
	uint64_t value = event->value;
	unsigned int lg2 = w->table.config.granule_lg2;

	if (!is_range(event)) {
		*base = (value & UINT64_C(0xfffffffffff)) << 12;
		return UINT64_C(1) << lg2;
	}
	assert_int_equal(granules[value >> 46 & 3], lg2);
	assert_int_equal(value >> 37 & 3, 0);
	*base = (value & UINT64_C(0x1fffffffff)) << lg2;
	return ((value >> 39 & 31) + 1) << (5 * (value >> 44 & 3) + 1) << lg2;
}

/* Operations one behind the other, without a gap and without one byte more. */
static void expect_exact(struct world *w, uint64_t iova, uint64_t count, unsigned int leaf_lg2)
{
	bool tables = count & 1;
	uint64_t size = count << w->table.config.granule_lg2;
	size_t events = stages_alone(w, invalidate(w, iova, size, leaf_lg2, tables));
	uint64_t at = iova;

	/* One of each scale, and an odd granule. */
	assert_in_range(events, 1, 5);
	for (size_t i = 0; i < events; i++) {
		uint64_t base;
		uint64_t bytes = decode(w, &trace[i], &base);

		expect_kind(w, &trace[i], is_range(&trace[i]), tables);
		assert_int_equal(base, at);
		at += bytes;
	}
	assert_int_equal(at, iova + size);
}

static void ranges_of(struct world *w, uint64_t *seed)
{
	unsigned int lg2 = w->table.config.granule_lg2;
	uint64_t at[] = { 0, UINT64_C(7) << lg2, UINT64_C(0x7fff) << 32 };
	uint64_t beyond = UINT64_C(1) << 21;

	for (size_t a = 0; a < FH_ARRAY_SIZE(at); a++) {
		for (uint64_t count = 1; count < 2100; count++)
			expect_exact(w, at[a], count, lg2);
		for (unsigned int bit = 11; bit < 21; bit++)
			for (unsigned int i = 0; i < 100; i++)
				expect_exact(w, at[a], (UINT64_C(1) << bit) - 50 + i, lg2);
		for (unsigned int i = 0; i < 1000; i++)
			expect_exact(w, at[a], 1 + unit_random_below(seed, beyond - 1), lg2);
		expect_exact(w, at[a], beyond - 1, lg2);
		/* Leaves larger than the granule, two of them or part of a third. */
		expect_exact(w, at[a], 2u << (lg2 - 3), 2 * lg2 - 3);
		expect_exact(w, at[a], (2u << (lg2 - 3)) + 5, 2 * lg2 - 3);
		/* More than the scales can say. */
		assert_int_equal(stages_alone(w, invalidate(w, at[a], beyond << lg2, lg2, false)),
				 1);
		assert_int_equal(trace[0].kind, HOST_TLBI_ALL);
	}
}

static void ranges(void **state)
{
	struct world *w = *state;
	uint64_t seed = unit_seed("iommu.tlb_cpu.ranges");

	host_tlbi_range = true;
	for (unsigned int regime = FH_REGIME_EL1; regime <= FH_REGIME_STAGE2; regime++)
		for (unsigned int granule = 12; granule <= 16; granule += 2) {
			set_up(w, (enum fh_regime)regime, granule);
			ranges_of(w, &seed);
		}
	/* A base in units of 64 KiB could not say where this begins. */
	w->table.config.lpa2 = true;
	assert_int_equal(stages_alone(w, invalidate(w, 0x10000, 0x30000, 16, true)), 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_false(is_range(&trace[i]));
	host_tlbi_range = false;
}

/* Every leaf that the range touches has an address in some operation; at most one is in vain. */
static void expect_touched(struct world *w, uint64_t iova, uint64_t size, unsigned int leaf_lg2)
{
	uint64_t first = iova >> leaf_lg2, last = (iova + size - 1) >> leaf_lg2;
	size_t events = stages_alone(w, invalidate(w, iova, size, leaf_lg2, false));

	assert_in_range(events, last - first + 1, last - first + 2);
	for (size_t i = 0; i < events; i++) {
		uint64_t base;

		decode(w, &trace[i], &base);
		expect_kind(w, &trace[i], false, false);
		assert_int_equal(base >> leaf_lg2, first + i);
	}
}

/* Ranges of which neither edge need be that of a leaf: what a gather of several sizes makes. */
static void edges(void **state)
{
	struct world *w = *state;

	host_tlbi_range = false;
	for (unsigned int regime = FH_REGIME_EL1; regime <= FH_REGIME_STAGE2; regime++)
		for (unsigned int granule = 12; granule <= 16; granule += 2) {
			unsigned int leaf_lg2 = 2 * granule - 3;
			uint64_t step = UINT64_C(1) << (leaf_lg2 - 3);

			set_up(w, (enum fh_regime)regime, granule);
			for (uint64_t from = 0; from <= 16; from++)
				for (uint64_t count = 1; count <= 40; count++)
					expect_touched(w, from * step, count * step, leaf_lg2);
			/* The smallest that can be, at the end of one leaf and across two. */
			expect_touched(w, 8 * step - (UINT64_C(1) << granule),
				       UINT64_C(1) << granule, leaf_lg2);
			expect_touched(w, 8 * step - (UINT64_C(1) << granule),
				       UINT64_C(2) << granule, leaf_lg2);
			/* 511 leaves and two parts are too many. */
			assert_int_equal(
			    stages_alone(
				w, invalidate(w, 7 * step, (511 * 8 + 2) * step, leaf_lg2, false)),
			    1);
			assert_int_equal(trace[0].kind, HOST_TLBI_ALL);
		}
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.tlb_cpu.operands", operands),
	WORLD_TEST("iommu.tlb_cpu.ranges", ranges),
	WORLD_TEST("iommu.tlb_cpu.edges", edges),
};

UNIT_MAIN("iommu.tlb_cpu", tests)
