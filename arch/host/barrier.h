/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers, recorded. Real ones between host threads come from the C11 atomics. */
#ifndef FH_ARCH_BARRIER_H
#define FH_ARCH_BARRIER_H

#include "arch/host/trace.h"

#define FH_ARCH_BARRIER(name, event)                                                               \
	static inline void arch_##name(void)                                                       \
	{                                                                                          \
		host_trace_add(&(struct host_event){ .kind = (event) });                           \
	}

FH_ARCH_BARRIER(dsb_ishst, HOST_DSB_ISHST)
FH_ARCH_BARRIER(dsb_ish, HOST_DSB_ISH)
FH_ARCH_BARRIER(dsb_st, HOST_DSB_ST)
FH_ARCH_BARRIER(dsb_sy, HOST_DSB_SY)
FH_ARCH_BARRIER(dmb_ishst, HOST_DMB_ISHST)
FH_ARCH_BARRIER(isb, HOST_ISB)

#endif
