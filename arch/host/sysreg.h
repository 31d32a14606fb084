/* SPDX-License-Identifier: BSD-2-Clause */
/* TLB operations, recorded with the regime that they are for. */
#ifndef FH_ARCH_SYSREG_H
#define FH_ARCH_SYSREG_H

#include "arch/host/trace.h"

#define FH_ARCH_TLBI_OPERAND(name, event, level)                                                   \
	static inline void arch_tlbi_##name(uint64_t operand)                                      \
	{                                                                                          \
		host_trace_add(                                                                    \
		    &(struct host_event){ .kind = (event), .value = operand, .el = (level) });     \
	}

#define FH_ARCH_TLBI_ALL(name, level)                                                              \
	static inline void arch_tlbi_##name(void)                                                  \
	{                                                                                          \
		host_trace_add(&(struct host_event){ .kind = HOST_TLBI_ALL, .el = (level) });      \
	}

FH_ARCH_TLBI_OPERAND(vae1is, HOST_TLBI_VA, 1)
FH_ARCH_TLBI_OPERAND(vale1is, HOST_TLBI_VA_LAST, 1)
FH_ARCH_TLBI_OPERAND(aside1is, HOST_TLBI_ASID, 1)
FH_ARCH_TLBI_OPERAND(vae2is, HOST_TLBI_VA, 2)
FH_ARCH_TLBI_OPERAND(vale2is, HOST_TLBI_VA_LAST, 2)
FH_ARCH_TLBI_OPERAND(vae3is, HOST_TLBI_VA, 3)
FH_ARCH_TLBI_OPERAND(vale3is, HOST_TLBI_VA_LAST, 3)
FH_ARCH_TLBI_ALL(vmalle1is, 1)
FH_ARCH_TLBI_ALL(alle2is, 2)
FH_ARCH_TLBI_ALL(alle3is, 3)

#endif
