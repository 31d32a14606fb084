/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread of the host stands for a CPU; its test gives it a number. */
#ifndef FH_ARCH_CPU_H
#define FH_ARCH_CPU_H

#include <sched.h>

#include "lib/types.h"

#ifndef FH_CPU_MAX
#define FH_CPU_MAX 8
#endif

extern _Thread_local unsigned int host_cpu;

static inline unsigned int cpu_id(void)
{
	return host_cpu;
}

static inline void arch_cpu_relax(void)
{
	sched_yield();
}

#endif
