/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores to descriptors, with their cleans and barriers. */
#include "iommu/pte.h"

#include <barrier.h>
#include <cache.h>

void fh_pte_init(uint64_t *slot, uint64_t desc)
{
	arch_desc_store(slot, desc);
}

void fh_pte_clean_table(const uint64_t *table, size_t bytes, bool coherent)
{
	if (!coherent)
		arch_cache_clean(table, bytes);
}

void fh_pte_barrier(bool coherent)
{
	/* A clean is complete only for a DSB of both loads and stores, in the whole system. */
	if (coherent)
		arch_dsb_ishst();
	else
		arch_dsb_sy();
}

bool fh_pte_take(uint64_t *slot, uint64_t desc, uint64_t *found)
{
	*found = 0;
	return arch_desc_cas(slot, found, desc);
}

bool fh_pte_clear(uint64_t *slot, uint64_t desc)
{
	uint64_t found = desc;

	while (!arch_desc_cas(slot, &found, 0))
		if ((found ^ desc) & ~FH_PTE_HARDWARE)
			return false;
	return true;
}

void fh_pte_chain(uint64_t *slot, uint64_t next)
{
	arch_desc_store(slot, next);
}

void fh_pte_publish(uint64_t *slot, uint64_t desc)
{
	arch_dsb_ishst();
	arch_desc_store(slot, desc);
}

void fh_pte_sync_self(void)
{
	arch_dsb_ishst();
	arch_isb();
}

static void run_clean(struct fh_pte_run *run)
{
	if (run->first != run->end && !run->coherent)
		arch_cache_clean(run->first, (size_t)((uintptr_t)run->end - (uintptr_t)run->first));
	run->first = NULL;
	run->end = NULL;
}

void fh_pte_run_add(struct fh_pte_run *run, const uint64_t *slot)
{
	/* Never more than what was changed: neighbours may be someone else's. */
	if (slot != run->end) {
		run_clean(run);
		run->first = slot;
	}
	run->end = slot + 1;
}

void fh_pte_run_finish(struct fh_pte_run *run)
{
	run_clean(run);
	fh_pte_barrier(run->coherent);
}
