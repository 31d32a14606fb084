/* SPDX-License-Identifier: BSD-2-Clause */
/* TLB invalidation for CPUs, broadcast in the inner shareable domain. */
#include "iommu/tlb_cpu.h"

#include <barrier.h>
#include <sysreg.h>

#include "lib/bits.h"

/* From here on one operation for everything costs less than a row of them. */
#define OPERATIONS_MAX 512u

#define OPERAND_ASID_SHIFT 48
#define OPERAND_ASID_WIDTH 16
#define OPERAND_VA_MASK FH_MASK(43, 0)

/* Of range operations (C5.5): granule, and (NUM + 1) << (5 * SCALE + 1) granules from BaseADDR. */
#define RANGE_TG_SHIFT 46
#define RANGE_TG_WIDTH 2
#define RANGE_SCALE_SHIFT 44
#define RANGE_SCALE_WIDTH 2
#define RANGE_NUM_SHIFT 39
#define RANGE_NUM_WIDTH 5
#define RANGE_BASE_MASK FH_MASK(36, 0)
#define RANGE_NUM_COUNT 32u
#define RANGE_SCALE_COUNT 4u

static void invalidate_all(enum fh_regime regime)
{
	/* Not by ASID: global entries would stay. */
	switch (regime) {
	case FH_REGIME_EL1:
		arch_tlbi_vmalle1is();
		break;
	case FH_REGIME_EL2:
		arch_tlbi_alle2is();
		break;
	case FH_REGIME_EL3:
		arch_tlbi_alle3is();
		break;
	case FH_REGIME_STAGE2:
		arch_tlbi_vmalls12e1is();
		break;
	}
}

/* Last level only, unless a table was unlinked: walk caches may stay then. */
static void invalidate_one(enum fh_regime regime, uint64_t operand, bool tables)
{
	switch (regime) {
	case FH_REGIME_EL1:
		tables ? arch_tlbi_vae1is(operand) : arch_tlbi_vale1is(operand);
		break;
	case FH_REGIME_EL2:
		tables ? arch_tlbi_vae2is(operand) : arch_tlbi_vale2is(operand);
		break;
	case FH_REGIME_EL3:
		tables ? arch_tlbi_vae3is(operand) : arch_tlbi_vale3is(operand);
		break;
	case FH_REGIME_STAGE2:
		tables ? arch_tlbi_ipas2e1is(operand) : arch_tlbi_ipas2le1is(operand);
		break;
	}
}

static void invalidate_range(enum fh_regime regime, uint64_t operand, bool tables)
{
	switch (regime) {
	case FH_REGIME_EL1:
		tables ? arch_tlbi_rvae1is(operand) : arch_tlbi_rvale1is(operand);
		break;
	case FH_REGIME_EL2:
		tables ? arch_tlbi_rvae2is(operand) : arch_tlbi_rvale2is(operand);
		break;
	case FH_REGIME_EL3:
		tables ? arch_tlbi_rvae3is(operand) : arch_tlbi_rvale3is(operand);
		break;
	case FH_REGIME_STAGE2:
		tables ? arch_tlbi_ripas2e1is(operand) : arch_tlbi_ripas2le1is(operand);
		break;
	}
}

/* The translation belongs to an ASID in one regime alone; stage 2 goes by the present VMID. */
static uint64_t asid_field(const struct fh_pgtable *table)
{
	return table->config.regime == FH_REGIME_EL1 ? FH_FIELD(OPERAND_ASID, table->config.asid)
						     : 0;
}

static void one_by_one(const struct fh_pgtable *table, uint64_t first, uint64_t count,
		       unsigned int leaf_lg2, bool tables)
{
	uint64_t asid = asid_field(table);

	for (uint64_t i = 0; i < count; i++) {
		uint64_t va = first + (i << leaf_lg2);

		invalidate_one(table->config.regime, asid | ((va >> 12) & OPERAND_VA_MASK), tables);
	}
}

/*
 * In pieces of 2 to 2^21 granules, the smallest first so that what is left is always a multiple of
 * the next; a last odd one goes by its address.
 */
static void by_range(const struct fh_pgtable *table, uint64_t first, uint64_t size, bool tables)
{
	unsigned int granule_lg2 = table->shape.granule_lg2;
	uint64_t fields = asid_field(table) | FH_FIELD(RANGE_TG, (granule_lg2 - 10) / 2);
	uint64_t left = size >> granule_lg2;

	if (left & 1) {
		one_by_one(table, first, 1, granule_lg2, tables);
		first += UINT64_C(1) << granule_lg2;
		left--;
	}
	for (unsigned int scale = 0; left; scale++) {
		unsigned int shift = 5 * scale + 1;
		uint64_t num = left >> shift & (RANGE_NUM_COUNT - 1);

		if (!num)
			continue;
		invalidate_range(table->config.regime,
				 fields | FH_FIELD(RANGE_SCALE, scale) |
				     FH_FIELD(RANGE_NUM, num - 1) |
				     (first >> granule_lg2 & RANGE_BASE_MASK),
				 tables);
		first += num << shift << granule_lg2;
		left -= num << shift;
	}
}

/* All that the four scales can say; with LPA2 the base is in units of 64 KiB, and is not used. */
static bool range_suits(const struct fh_pgtable *table, uint64_t count)
{
	return !table->config.lpa2 && arch_has_tlbi_range() && count > 1 &&
	       count >> (5 * RANGE_SCALE_COUNT + 1) == 0;
}

static void cpu_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			   bool tables)
{
	const struct fh_pgtable *table = ctx;
	uint64_t count = size >> leaf_lg2;

	/* The edges of a range that holds several sizes need not be multiples of the smallest. */
	if (count << leaf_lg2 != size || !fh_is_aligned(iova.raw, UINT64_C(1) << leaf_lg2))
		count = (size >> leaf_lg2) + 2;
	if (range_suits(table, size >> table->shape.granule_lg2) && count > 1)
		by_range(table, iova.raw, size, tables);
	else if (count > OPERATIONS_MAX)
		invalidate_all(table->config.regime);
	else
		one_by_one(table, fh_align_down(iova.raw, UINT64_C(1) << leaf_lg2), count, leaf_lg2,
			   tables);
	if (table->config.regime == FH_REGIME_STAGE2) {
		/* TLBs may hold stage 1 and 2 as one: those entries go by the VMID (D8.14.5). */
		arch_dsb_ish();
		arch_tlbi_vmalle1is();
	}
}

/* DSB: complete on every CPU; ISB: this one refetches (Arm ARM DDI 0487, D8.14.5). */
static int cpu_sync(void *ctx)
{
	(void)ctx;
	arch_dsb_ish();
	arch_isb();
	return 0;
}

const struct fh_tlb_ops fh_tlb_cpu_ops = {
	.invalidate = cpu_invalidate,
	.sync = cpu_sync,
};
