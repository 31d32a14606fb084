/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers. The "memory" clobber keeps the compiler from moving accesses across.
 * Arm ARM DDI 0487, B2.3 (ordering) and D8.2 (synchronisation of table walks).
 */
#ifndef FH_ARCH_BARRIER_H
#define FH_ARCH_BARRIER_H

/* Stores before are seen by table walks of every CPU in the inner shareable domain. */
static inline void arch_dsb_ishst(void)
{
	__asm__ volatile("dsb ishst" ::: "memory");
}

/* Accesses and TLB maintenance before are complete in the inner shareable domain. */
static inline void arch_dsb_ish(void)
{
	__asm__ volatile("dsb ish" ::: "memory");
}

/* Stores before are seen by every observer of the system, an SMMU included. */
static inline void arch_dsb_st(void)
{
	__asm__ volatile("dsb st" ::: "memory");
}

static inline void arch_dsb_sy(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static inline void arch_dmb_ishst(void)
{
	__asm__ volatile("dmb ishst" ::: "memory");
}

static inline void arch_isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

#endif
