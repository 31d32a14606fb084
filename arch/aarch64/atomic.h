/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of live tables, which hardware walkers read at any moment: aligned 64-bit
 * accesses are single-copy atomic (Arm ARM DDI 0487, B2.2.1), so a walker sees the old or
 * the new descriptor and never a mixture. Order between accesses is the caller's barriers'.
 */
#ifndef FH_ARCH_ATOMIC_H
#define FH_ARCH_ATOMIC_H

#include "lib/types.h"

/*
 * Volatile: one load or store each, at the place where it stands. gcc makes as much of its relaxed
 * atomic accesses, but computes the whole address first.
 */
static inline uint64_t arch_desc_load(const uint64_t *slot)
{
	return *(const volatile uint64_t *)slot;
}

static inline void arch_desc_store(uint64_t *slot, uint64_t value)
{
	*(volatile uint64_t *)slot = value;
}

/* On failure *@expected is what the slot holds. Needs the MMU on (exclusives). */
static inline bool arch_desc_cas(uint64_t *slot, uint64_t *expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(slot, expected, desired, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

#endif
