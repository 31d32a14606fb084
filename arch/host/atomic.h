/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of live tables: real atomics, so that TSan sees them, and a record of each change.
 * Only the record takes an exchange: a plain store cannot tell what it has overwritten.
 */
#ifndef FH_ARCH_ATOMIC_H
#define FH_ARCH_ATOMIC_H

#include "arch/host/trace.h"

static inline uint64_t arch_desc_load(const uint64_t *slot)
{
	/* Stronger than the machine's: the host has no address dependency to order what lies below.
	 */
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void arch_desc_store(uint64_t *slot, uint64_t value)
{
	uint64_t old;

	if (!HOST_RECORDS) {
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
		return;
	}
	if (host_mutant_named && !host_mutant_store(&slot, &value))
		return;
	old = __atomic_exchange_n(slot, value, __ATOMIC_RELEASE);
	host_record(&(struct host_event){ .kind = HOST_STORE,
					  .address = (uintptr_t)slot,
					  .size = sizeof(*slot),
					  .old = old,
					  .value = value });
}

static inline bool arch_desc_cas(uint64_t *slot, uint64_t *expected, uint64_t desired)
{
	if (HOST_RECORDS) {
		bool blind = host_change == HOST_CHANGE_BLIND;

		if (host_mutant_named && !host_mutant_store(&slot, &desired))
			return true;
		host_interfere(slot, desired);
		if (blind)
			*expected = arch_desc_load(slot);
	}
	if (!__atomic_compare_exchange_n(slot, expected, desired, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return false;
	host_record(&(struct host_event){ .kind = HOST_CAS,
					  .address = (uintptr_t)slot,
					  .size = sizeof(*slot),
					  .old = *expected,
					  .value = desired });
	return true;
}

#ifdef FH_TEST_HOOKS
#define arch_desc_store(slot, value) HOST_AT(desc_store, slot, value)
#define arch_desc_cas(slot, expected, desired) HOST_AT(desc_cas, slot, expected, desired)
#endif

#endif
