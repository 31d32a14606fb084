/* SPDX-License-Identifier: BSD-2-Clause */
/* TLB operations, recorded with the regime that they are for. */
#ifndef FH_ARCH_SYSREG_H
#define FH_ARCH_SYSREG_H

#include "arch/host/trace.h"

/* What ID_AA64ISAR0_EL1 says is a test's to choose. */
static inline bool arch_has_tlbi_range(void)
{
	return host_tlbi_range;
}

#define FH_ARCH_TLBI_OPERAND(name, event, level)                                                   \
	static inline void arch_tlbi_##name(uint64_t operand)                                      \
	{                                                                                          \
		host_record(                                                                       \
		    &(struct host_event){ .kind = (event), .value = operand, .el = (level) });     \
	}

#define FH_ARCH_TLBI_ALL(name, level, stages)                                                      \
	static inline void arch_tlbi_##name(void)                                                  \
	{                                                                                          \
		host_record(&(struct host_event){                                                  \
		    .kind = HOST_TLBI_ALL, .value = (stages), .el = (level) });                    \
	}

FH_ARCH_TLBI_OPERAND(vae1is, HOST_TLBI_VA, 1)
FH_ARCH_TLBI_OPERAND(vale1is, HOST_TLBI_VA_LAST, 1)
FH_ARCH_TLBI_OPERAND(aside1is, HOST_TLBI_ASID, 1)
FH_ARCH_TLBI_OPERAND(vae2is, HOST_TLBI_VA, 2)
FH_ARCH_TLBI_OPERAND(vale2is, HOST_TLBI_VA_LAST, 2)
FH_ARCH_TLBI_OPERAND(vae3is, HOST_TLBI_VA, 3)
FH_ARCH_TLBI_OPERAND(vale3is, HOST_TLBI_VA_LAST, 3)
FH_ARCH_TLBI_OPERAND(ipas2e1is, HOST_TLBI_IPA, 2)
FH_ARCH_TLBI_OPERAND(ipas2le1is, HOST_TLBI_IPA_LAST, 2)
FH_ARCH_TLBI_OPERAND(rvae1is, HOST_TLBI_RANGE, 1)
FH_ARCH_TLBI_OPERAND(rvale1is, HOST_TLBI_RANGE_LAST, 1)
FH_ARCH_TLBI_OPERAND(rvae2is, HOST_TLBI_RANGE, 2)
FH_ARCH_TLBI_OPERAND(rvale2is, HOST_TLBI_RANGE_LAST, 2)
FH_ARCH_TLBI_OPERAND(rvae3is, HOST_TLBI_RANGE, 3)
FH_ARCH_TLBI_OPERAND(rvale3is, HOST_TLBI_RANGE_LAST, 3)
FH_ARCH_TLBI_OPERAND(ripas2e1is, HOST_TLBI_IPA_RANGE, 2)
FH_ARCH_TLBI_OPERAND(ripas2le1is, HOST_TLBI_IPA_RANGE_LAST, 2)
FH_ARCH_TLBI_ALL(vmalls12e1is, 2, HOST_TLBI_STAGES_1_AND_2)
FH_ARCH_TLBI_ALL(vmalle1is, 1, 0)
FH_ARCH_TLBI_ALL(alle2is, 2, 0)
FH_ARCH_TLBI_ALL(alle3is, 3, 0)

#ifdef FH_TEST_HOOKS
#define arch_tlbi_vae1is(operand) HOST_AT(tlbi_vae1is, operand)
#define arch_tlbi_vale1is(operand) HOST_AT(tlbi_vale1is, operand)
#define arch_tlbi_aside1is(operand) HOST_AT(tlbi_aside1is, operand)
#define arch_tlbi_vae2is(operand) HOST_AT(tlbi_vae2is, operand)
#define arch_tlbi_vale2is(operand) HOST_AT(tlbi_vale2is, operand)
#define arch_tlbi_vae3is(operand) HOST_AT(tlbi_vae3is, operand)
#define arch_tlbi_vale3is(operand) HOST_AT(tlbi_vale3is, operand)
#define arch_tlbi_ipas2e1is(operand) HOST_AT(tlbi_ipas2e1is, operand)
#define arch_tlbi_ipas2le1is(operand) HOST_AT(tlbi_ipas2le1is, operand)
#define arch_tlbi_rvae1is(operand) HOST_AT(tlbi_rvae1is, operand)
#define arch_tlbi_rvale1is(operand) HOST_AT(tlbi_rvale1is, operand)
#define arch_tlbi_rvae2is(operand) HOST_AT(tlbi_rvae2is, operand)
#define arch_tlbi_rvale2is(operand) HOST_AT(tlbi_rvale2is, operand)
#define arch_tlbi_rvae3is(operand) HOST_AT(tlbi_rvae3is, operand)
#define arch_tlbi_rvale3is(operand) HOST_AT(tlbi_rvale3is, operand)
#define arch_tlbi_ripas2e1is(operand) HOST_AT(tlbi_ripas2e1is, operand)
#define arch_tlbi_ripas2le1is(operand) HOST_AT(tlbi_ripas2le1is, operand)
#define arch_tlbi_vmalls12e1is() HOST_AT(tlbi_vmalls12e1is)
#define arch_tlbi_vmalle1is() HOST_AT(tlbi_vmalle1is)
#define arch_tlbi_alle2is() HOST_AT(tlbi_alle2is)
#define arch_tlbi_alle3is() HOST_AT(tlbi_alle3is)
#endif

#endif
