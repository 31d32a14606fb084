/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that a walker reads: single 64-bit accesses. */
#ifndef FH_ARCH_ATOMIC_H
#define FH_ARCH_ATOMIC_H

#include "lib/types.h"

static inline uint64_t arch_desc_load(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void arch_desc_store(uint64_t *slot, uint64_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

static inline bool arch_desc_cas(uint64_t *slot, uint64_t *expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(slot, expected, desired, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

#endif
