/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores to descriptors, with their cleans and barriers. */
#include "iommu/pte.h"

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

void fh_pte_clean(const uint64_t *slot, unsigned int count)
{
	clean(slot, count * sizeof(*slot));
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

void fh_pte_update(uint64_t *slot, uint64_t clear_bits, uint64_t set_bits, bool coherent)
{
	uint64_t old = arch_desc_load(slot);

	while (!arch_desc_cas(slot, &old, (old & ~clear_bits) | set_bits))
		;
	if (!coherent)
		clean(slot, sizeof(*slot));
}

bool fh_pte_replace(uint64_t *slot, uint64_t *old, uint64_t desc, bool coherent)
{
	if (!arch_desc_cas(slot, old, desc))
		return false;
	if (!coherent)
		clean(slot, sizeof(*slot));
	return true;
}

void fh_pte_reach(const uint64_t *slot, bool coherent)
{
	if (!coherent)
		arch_cache_clean(slot, sizeof(*slot));
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
