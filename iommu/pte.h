/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only stores to descriptors, and the order in which walkers may see them. Others
 * compute what a descriptor says (iommu/format_s1.h); in here it reaches memory.
 *
 *   prepare   fh_pte_init() ...   fh_pte_clean_table()   a table that no walker can reach
 *   barrier   fh_pte_barrier()                           it is in memory before
 *   link      fh_pte_take()                              its parent points at it
 *   take off  fh_pte_clear()      fh_pte_barrier()       gone before any TLB is invalidated
 *
 * Two rules of the Arm ARM (DDI 0487) are behind it. A table walk may read any table that is
 * reachable at any moment, also speculatively (D8.2), so a table must be whole before its link
 * exists: stores to it, then DSB ISHST, then the store of the link (B2.3). And a walker that
 * does not look into the caches sees what was cleaned to the point of coherency, when a DSB has
 * completed the clean (D7.5): so each of these steps cleans, when @coherent is false, before
 * the barrier.
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
 * Context: the caller alone knows the table.
 */
void fh_pte_init(uint64_t *slot, uint64_t desc);

/* All of a table that no walker can reach yet goes to memory, if the walker needs that. */
void fh_pte_clean_table(const uint64_t *table, size_t bytes, bool coherent);

/**
 * fh_pte_barrier() - Everything stored (and cleaned) before is seen by walkers before anything
 * after it: a link that follows, a TLB operation that follows.
 */
void fh_pte_barrier(bool coherent);

/**
 * fh_pte_take() - Put @desc where there was 0, in a table that walkers may be reading.
 * @found: what is there instead, when it is not 0.
 *
 * When @desc is a link, the table below went through fh_pte_clean_table() and fh_pte_barrier().
 * By compare-and-swap: of several who want an entry, one gets it, and what is not 0 stays.
 * Return: whether the entry was taken.
 */
bool fh_pte_take(uint64_t *slot, uint64_t desc, uint64_t *found);

/* What hardware may change in a live leaf: access flag, dirty state (AP[2] and DBM); D8.5. */
#define FH_PTE_HARDWARE (UINT64_C(1) << 10 | UINT64_C(1) << 7 | UINT64_C(1) << 51)

/**
 * fh_pte_clear() - Put 0 where there was @desc, in a table that walkers may be reading.
 *
 * By compare-and-swap, so that a descriptor that somebody has changed meanwhile is not lost;
 * updates by hardware are no reason to stop.
 * TLB: the caller's duty, after fh_pte_barrier().
 * Return: whether it was cleared.
 */
bool fh_pte_clear(uint64_t *slot, uint64_t desc);

/**
 * fh_pte_chain() - Use entry 0 of a table that was unlinked as the link of a list.
 * @next: bit 0 is clear, so that a walker that still holds the table finds an invalid entry.
 */
void fh_pte_chain(uint64_t *slot, uint64_t next);

/**
 * fh_pte_publish() - Store a descriptor where one owner writes and walkers read.
 *
 * The barrier is included; for coherent walkers. Works with the MMU off.
 */
void fh_pte_publish(uint64_t *slot, uint64_t desc);

/* What was published is used by the instructions that follow on this CPU (D8.2; B2.3, ISB). */
void fh_pte_sync_self(void);

/**
 * struct fh_pte_run - Neighbouring entries that were changed and are not cleaned yet.
 * The caller's storage; { .coherent = ... } to begin with.
 */
struct fh_pte_run {
	const uint64_t *first;
	const uint64_t *end;
	bool coherent;
};

/* @slot was changed; what cannot be cleaned together with it is cleaned. */
void fh_pte_run_add(struct fh_pte_run *run, const uint64_t *slot);

/* Clean what is left, and wait: walkers see all of it. */
void fh_pte_run_finish(struct fh_pte_run *run);

#endif
