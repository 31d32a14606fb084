/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers, TLB operations and address translation.
 * Operands of TLBI by address: ASID in bits 63:48, VA[55:12] in bits 43:0
 * (Arm ARM DDI 0487, C5.5).
 */
#ifndef FH_ARCH_SYSREG_H
#define FH_ARCH_SYSREG_H

#include "lib/types.h"

#define arch_read_sysreg(name)                                                                     \
	__extension__({                                                                            \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})

#define arch_write_sysreg(value, name)                                                             \
	__asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

#define FH_ARCH_TLBI_OPERAND(name)                                                                 \
	static inline void arch_tlbi_##name(uint64_t operand)                                      \
	{                                                                                          \
		__asm__ volatile("tlbi " #name ", %0" ::"r"(operand) : "memory");                  \
	}

#define FH_ARCH_TLBI_ALL(name)                                                                     \
	static inline void arch_tlbi_##name(void)                                                  \
	{                                                                                          \
		__asm__ volatile("tlbi " #name ::: "memory");                                      \
	}

FH_ARCH_TLBI_OPERAND(vae1is)
FH_ARCH_TLBI_OPERAND(vale1is)
FH_ARCH_TLBI_OPERAND(aside1is)
FH_ARCH_TLBI_OPERAND(vae2is)
FH_ARCH_TLBI_OPERAND(vale2is)
FH_ARCH_TLBI_OPERAND(vae3is)
FH_ARCH_TLBI_OPERAND(vale3is)
FH_ARCH_TLBI_ALL(vmalle1is)
FH_ARCH_TLBI_ALL(alle2is)
FH_ARCH_TLBI_ALL(alle3is)

/* AT S1E1R / S1E1W: walk the EL1&0 stage-1 tables for @va; the answer is PAR_EL1 (D19.2.112). */
static inline uint64_t arch_at_s1e1r(uint64_t va)
{
	__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(va) : "memory");
	return arch_read_sysreg(par_el1);
}

static inline uint64_t arch_at_s1e1w(uint64_t va)
{
	__asm__ volatile("at s1e1w, %0\n\tisb" ::"r"(va) : "memory");
	return arch_read_sysreg(par_el1);
}

/* Exception level of the calling code: 1, 2 or 3. */
static inline unsigned int arch_current_el(void)
{
	return (unsigned int)(arch_read_sysreg(currentel) >> 2) & 3u;
}

#endif
