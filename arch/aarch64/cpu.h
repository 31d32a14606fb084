/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which CPU this is. TPIDRRO_EL0 holds a dense number that boot code gave it: readable
 * and writable at every exception level from EL1 up, unlike TPIDR_ELx, whose name changes.
 */
#ifndef FH_ARCH_CPU_H
#define FH_ARCH_CPU_H

#include "lib/types.h"

#ifndef FH_CPU_MAX
#define FH_CPU_MAX 8
#endif

/* 0 to FH_CPU_MAX - 1; the boot CPU is 0. */
static inline unsigned int cpu_id(void)
{
	uint64_t id;

	__asm__("mrs %0, tpidrro_el0" : "=r"(id));
	return (unsigned int)id;
}

/*
 * Until another CPU has called arch_send_event() since the last time; it may return for no reason
 * as well.
 */
static inline void arch_wait_for_event(void)
{
	__asm__ volatile("wfe" ::: "memory");
}

/* After a DSB: who is woken must see what it was woken for (Arm ARM DDI 0487, D1.6.1). */
static inline void arch_send_event(void)
{
	__asm__ volatile("sev" ::: "memory");
}

/* In a loop that waits for another CPU. */
static inline void arch_cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

#endif
