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
FH_ARCH_TLBI_OPERAND(ipas2e1is)
FH_ARCH_TLBI_OPERAND(ipas2le1is)
FH_ARCH_TLBI_ALL(vmalle1is)
FH_ARCH_TLBI_ALL(vmalls12e1is)
FH_ARCH_TLBI_ALL(alle2is)
FH_ARCH_TLBI_ALL(alle3is)

/*
 * FEAT_TLBIRANGE (ID_AA64ISAR0_EL1.TLB). The operations are written as the SYS instructions that
 * they are, because assemblers know their names for Armv8.4 and later only.
 */
static inline bool arch_has_tlbi_range(void)
{
	return (arch_read_sysreg(id_aa64isar0_el1) >> 56 & 0xf) == 2;
}

#define FH_ARCH_TLBI_RANGE(name, op1, crm, op2)                                                    \
	static inline void arch_tlbi_##name(uint64_t operand)                                      \
	{                                                                                          \
		__asm__ volatile("sys #" #op1 ", c8, c" #crm ", #" #op2 ", %0" ::"r"(operand)      \
				 : "memory");                                                      \
	}

FH_ARCH_TLBI_RANGE(rvae1is, 0, 2, 1)
FH_ARCH_TLBI_RANGE(rvale1is, 0, 2, 5)
FH_ARCH_TLBI_RANGE(rvae2is, 4, 2, 1)
FH_ARCH_TLBI_RANGE(rvale2is, 4, 2, 5)
FH_ARCH_TLBI_RANGE(rvae3is, 6, 2, 1)
FH_ARCH_TLBI_RANGE(rvale3is, 6, 2, 5)
FH_ARCH_TLBI_RANGE(ripas2e1is, 4, 0, 2)
FH_ARCH_TLBI_RANGE(ripas2le1is, 4, 0, 6)

/*
 * AT: walk the EL1&0 tables for @va, stage 1 or both, as EL1 or EL0 that reads or writes; the
 * answer is PAR_EL1 (D19.2.112).
 */
#define FH_ARCH_AT(name)                                                                           \
	static inline uint64_t arch_at_##name(uint64_t va)                                         \
	{                                                                                          \
		__asm__ volatile("at " #name ", %0\n\tisb" ::"r"(va) : "memory");                  \
		return arch_read_sysreg(par_el1);                                                  \
	}

FH_ARCH_AT(s1e1r)
FH_ARCH_AT(s1e1w)
FH_ARCH_AT(s1e0r)
FH_ARCH_AT(s1e0w)
FH_ARCH_AT(s12e1r)
FH_ARCH_AT(s12e1w)
FH_ARCH_AT(s12e0r)
FH_ARCH_AT(s12e0w)

/* Exception level of the calling code: 1, 2 or 3. */
static inline unsigned int arch_current_el(void)
{
	return (unsigned int)(arch_read_sysreg(currentel) >> 2) & 3u;
}

#endif
