/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores to descriptors, with their cleans and barriers. */
#include "iommu/pte.h"

#include <barrier.h>
#include <cache.h>

/* To the point of coherency, complete: only a DSB of loads and stores waits for a clean. */
static void clean(const uint64_t *start, size_t bytes)
{
	arch_cache_clean(start, bytes);
	arch_dsb_sy();
}

void fh_pte_init(uint64_t *slot, uint64_t desc)
{
	arch_desc_store(slot, desc);
}

void fh_pte_ready(const uint64_t *table, size_t bytes, bool coherent)
{
	if (coherent)
		arch_dsb_ishst();
	else
		clean(table, bytes);
}

bool fh_pte_take(uint64_t *slot, uint64_t desc, bool coherent, uint64_t *found)
{
	*found = 0;
	if (!arch_desc_cas(slot, found, desc))
		return false;
	if (!coherent)
		clean(slot, sizeof(*slot));
	return true;
}

bool fh_pte_give(uint64_t *slot, uint64_t desc, uint64_t compare, bool coherent, uint64_t *found)
{
	*found = desc;
	while (!arch_desc_cas(slot, found, 0))
		if ((*found ^ desc) & compare)
			return false;
	if (!coherent)
		clean(slot, sizeof(*slot));
	return true;
}

void fh_pte_complete(void)
{
	arch_dsb_ishst();
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
