/* SPDX-License-Identifier: BSD-2-Clause */
/* A world in which the engine's tables are of any kind that the checker of tools/replay knows. */
#ifndef FH_TESTS_UNIT_REPLAY_FIXTURE_H
#define FH_TESTS_UNIT_REPLAY_FIXTURE_H

#include "iommu/descriptor.h"
#include "iommu/tlb_cpu.h"
#include "tests/unit/iommu_fixture.h"
#include "tests/unit/replay.h"

#define ATTR_NG                                                                                    \
	((struct fh_attr){ FH_READ | FH_WRITE | FH_NOT_GLOBAL, FH_MEMTYPE_WB, FH_SHARE_INNER })
#define PA_BASE (64 * FH_GIB)

struct variant {
	enum fh_regime regime;
	uint8_t granule_lg2;
	bool coherent;
	uint8_t bbm;
	bool cpu; /* the CPU's TLB operations, else the world's backend */
	bool range;
};

static inline void configure(struct world *w, const struct variant *v)
{
	bool stage2 = v->regime == FH_REGIME_STAGE2;

	w->config.format = stage2 ? FH_FORMAT_S2 : FH_FORMAT_S1;
	w->config.regime = v->regime;
	w->config.granule_lg2 = v->granule_lg2;
	w->config.ias = 42;
	w->config.oas = 40;
	w->config.coherent = v->coherent;
	w->config.bbm_level = v->bbm;
	w->config.contiguous = true;
	if (v->cpu) {
		w->config.tlb = &fh_tlb_cpu_ops;
		w->config.tlb_ctx = &w->table;
	}
	host_tlbi_range = v->range;
}

static inline struct fh_attr attr_of(const struct world *w)
{
	return w->config.regime == FH_REGIME_EL1 ? ATTR_NG : ATTR_RW;
}

#endif
