/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers, recorded. The host has no DSB: nothing of its own waits until a walker has seen a
 * store, and no walker but other threads, which load descriptors, reads these tables. For them the
 * fences below order what the machine's barriers order; those of stores are free on x86, where
 * stores are seen in order, and keep the compiler from moving accesses across. Recording builds
 * have no fences, which TSan does not know: there the accesses to descriptors carry the order.
 */
#ifndef FH_ARCH_BARRIER_H
#define FH_ARCH_BARRIER_H

#include "arch/host/trace.h"

#ifdef FH_TEST_HOOKS
#define HOST_FENCE(order) ((void)0)
#else
#define HOST_FENCE(order) __atomic_thread_fence(order)
#endif

#define FH_ARCH_BARRIER(name, event, order)                                                        \
	static inline void arch_##name(void)                                                       \
	{                                                                                          \
		HOST_FENCE(order);                                                                 \
		host_record(&(struct host_event){ .kind = (event) });                              \
	}

FH_ARCH_BARRIER(dsb_ishst, HOST_DSB_ISHST, __ATOMIC_RELEASE)
FH_ARCH_BARRIER(dsb_ish, HOST_DSB_ISH, __ATOMIC_SEQ_CST)
FH_ARCH_BARRIER(dsb_st, HOST_DSB_ST, __ATOMIC_RELEASE)
FH_ARCH_BARRIER(dsb_sy, HOST_DSB_SY, __ATOMIC_SEQ_CST)
FH_ARCH_BARRIER(dmb_ishst, HOST_DMB_ISHST, __ATOMIC_RELEASE)
FH_ARCH_BARRIER(isb, HOST_ISB, __ATOMIC_RELEASE)

#ifdef FH_TEST_HOOKS
#define arch_dsb_ishst() HOST_AT(dsb_ishst)
#define arch_dsb_ish() HOST_AT(dsb_ish)
#define arch_dsb_st() HOST_AT(dsb_st)
#define arch_dsb_sy() HOST_AT(dsb_sy)
#define arch_dmb_ishst() HOST_AT(dmb_ishst)
#define arch_isb() HOST_AT(isb)
#endif

#endif
