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

static void invalidate_all(enum fh_regime regime)
{
	/* Not by ASID: global entries would stay. */
	if (regime == FH_REGIME_EL1)
		arch_tlbi_vmalle1is();
	else if (regime == FH_REGIME_EL2)
		arch_tlbi_alle2is();
	else
		arch_tlbi_alle3is();
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
	}
}

static void cpu_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			   bool tables)
{
	const struct fh_pgtable *table = ctx;
	enum fh_regime regime = table->config.regime;
	uint64_t asid = regime == FH_REGIME_EL1 ? FH_FIELD(OPERAND_ASID, table->config.asid) : 0;
	uint64_t count = size >> leaf_lg2;

	if (count > OPERATIONS_MAX) {
		invalidate_all(regime);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t va = iova.raw + (i << leaf_lg2);

		invalidate_one(regime, asid | ((va >> 12) & OPERAND_VA_MASK), tables);
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
