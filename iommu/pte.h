/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only stores to descriptors, and the order in which walkers may see them. Others
 * compute what a descriptor says (iommu/format_s1.h); in here it reaches memory.
 *
 *   prepare   fh_pte_init() ...  fh_pte_ready()   a table that no walker can reach
 *   link      fh_pte_take()                       its parent points at it
 *   take off  fh_pte_give()                       zero again
 *   wait      fh_pte_complete()                   before anybody relies on either
 *
 * Two rules of the Arm ARM (DDI 0487) are behind it. A table walk may read any table that is
 * reachable at any moment, also speculatively (D8.2), so a table must be whole before its link
 * exists: stores to it, then DSB ISHST, then the store of the link (B2.3). And a walker that
 * does not look into the caches sees what was cleaned to the point of coherency, when a DSB has
 * completed the clean (D7.5): so each of these steps cleans too, when @coherent is false.
 */
#ifndef FH_IOMMU_PTE_H
#define FH_IOMMU_PTE_H

#include <atomic.h>

#include "lib/types.h"

/* A descriptor as it is at this moment; single-copy atomic. */
static inline uint64_t fh_pte_read(const uint64_t *slot)
{
	return arch_desc_load(slot);
}

/**
 * fh_pte_init() - Store a descriptor into a table that no walker can reach.
 *
 * Also into one that was unlinked, as long as bit 0 is clear: a walker that still holds it finds
 * an invalid entry.
 * Context: the caller alone knows the table.
 */
void fh_pte_init(uint64_t *slot, uint64_t desc);

/**
 * fh_pte_ready() - All of a table that no walker can reach yet is in memory before any link to it.
 * @bytes: size of the table.
 */
void fh_pte_ready(const uint64_t *table, size_t bytes, bool coherent);

/**
 * fh_pte_take() - Put @desc where there was 0, in a table that walkers may be reading.
 * @found: what is there instead, when it is not 0.
 *
 * When @desc is a link, the table below went through fh_pte_ready(). By compare-and-swap: of
 * several who want an entry, one gets it, and what is not 0 stays. Only the line of @slot is
 * cleaned, and only when the entry was taken.
 * Return: whether the entry was taken.
 */
bool fh_pte_take(uint64_t *slot, uint64_t desc, bool coherent, uint64_t *found);

/**
 * fh_pte_give() - Put 0 where there was @desc, in a table that walkers may be reading.
 * @compare: the bits that make it the same descriptor; hardware may have updated others since.
 * @found: what is there instead, when it is another one.
 *
 * By compare-and-swap, so that what somebody else has put there meanwhile is not lost.
 * TLB: the caller's duty, after fh_pte_complete().
 * Return: whether it was cleared.
 */
bool fh_pte_give(uint64_t *slot, uint64_t desc, uint64_t compare, bool coherent, uint64_t *found);

/* All that was stored to descriptors before is seen by walkers before anything that follows. */
void fh_pte_complete(void);

/**
 * fh_pte_publish() - Store a descriptor where one owner writes and walkers read.
 *
 * The barrier is included; for coherent walkers. Works with the MMU off.
 */
void fh_pte_publish(uint64_t *slot, uint64_t desc);

/* What was published is used by the instructions that follow on this CPU (D8.2; B2.3, ISB). */
void fh_pte_sync_self(void);

#endif
