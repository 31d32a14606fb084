/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only stores to descriptors, and the order in which walkers may see them. Others
 * compute what a descriptor says (iommu/descriptor.h); in here it reaches memory.
 *
 *   prepare   fh_pte_init() ...  fh_pte_ready()   a table that no walker can reach
 *   link      fh_pte_take()                       its parent points at it
 *   fill      fh_pte_fill()                       leaves in a live table that we alone write
 *   change    fh_pte_update(), fh_pte_replace()   live entries, which hardware updates too
 *   take off  fh_pte_give(), fh_pte_clear()       zero again
 *   wait      fh_pte_complete()                   before anybody relies on any of it
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
#include <barrier.h>

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

/*
 * The same for @count entries, each @step more than the one before. Four at a time: what a loop
 * costs is then shared by four stores, which the compiler may not join by itself.
 */
static inline void fh_pte_init_run(uint64_t *slot, unsigned int count, uint64_t desc, uint64_t step)
{
	for (; count >= 4; count -= 4, slot += 4) {
		arch_desc_store(&slot[0], desc);
		arch_desc_store(&slot[1], desc += step);
		arch_desc_store(&slot[2], desc += step);
		arch_desc_store(&slot[3], desc += step);
		desc += step;
	}
	for (; count; count--, desc += step)
		arch_desc_store(slot++, desc);
}

/* @count entries are in memory, for walkers that do not look into the caches. */
void fh_pte_clean(const uint64_t *slot, unsigned int count);

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
 * fh_pte_fill() - Put leaves where there was 0, in a table that walkers may be reading.
 * @desc, @step: the first, and what each is more than the one before.
 *
 * Plain stores: nobody else writes to the entries, neither hardware, which updates valid ones
 * only, nor another CPU, because the caller has announced their range, nor the firmware, whose
 * tables this is not for. Leaves need no order among themselves; one clean serves all of them.
 */
static inline void fh_pte_fill(uint64_t *slot, unsigned int count, uint64_t desc, uint64_t step,
			       bool coherent)
{
	fh_pte_init_run(slot, count, desc, step);
	if (!coherent)
		fh_pte_clean(slot, count);
}

/**
 * fh_pte_clear() - Put 0 into entries of a table that walkers may be reading.
 *
 * As fh_pte_fill(). What hardware updates meanwhile is lost with the entry.
 * TLB: the caller's duty, after fh_pte_complete().
 */
static inline void fh_pte_clear(uint64_t *slot, unsigned int count, bool coherent)
{
	fh_pte_fill(slot, count, 0, 0, coherent);
}

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

/**
 * fh_pte_update() - Change some bits of a live entry of ours.
 * @clear, @set: bits; those in neither stay as hardware has them at that moment.
 *
 * By compare-and-swap, so that the access flag and dirty state that hardware sets meanwhile
 * survive. Whether the change may be made while the entry is live is the caller's to know.
 * TLB: the caller's duty, after fh_pte_complete().
 */
void fh_pte_update(uint64_t *slot, uint64_t clear, uint64_t set, bool coherent);

/**
 * fh_pte_replace() - Put @desc where there was *@old.
 * @old: exactly this; when something else is there it is put here.
 *
 * When @desc is a link, as fh_pte_take(). TLB: the caller's duty, after fh_pte_complete().
 * Return: whether it was replaced.
 */
bool fh_pte_replace(uint64_t *slot, uint64_t *old, uint64_t desc, bool coherent);

/**
 * fh_pte_reach() - What stands at @slot reaches walkers, whoever has stored it.
 *
 * Another CPU that stored it may not have cleaned it yet. When @coherent, who has read it here
 * knows that walkers can (B2.3, multi-copy atomicity). Complete with the next clean.
 */
void fh_pte_reach(const uint64_t *slot, bool coherent);

/* All that was stored to descriptors before is seen by walkers before anything that follows. */
static inline void fh_pte_complete(void)
{
	arch_dsb_ishst();
}

/**
 * fh_pte_publish() - Store a descriptor where one owner writes and walkers read.
 *
 * The barrier is included; for coherent walkers. Works with the MMU off.
 */
void fh_pte_publish(uint64_t *slot, uint64_t desc);

/* What was published is used by the instructions that follow on this CPU (D8.2; B2.3, ISB). */
void fh_pte_sync_self(void);

#endif
