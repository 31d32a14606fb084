/* SPDX-License-Identifier: BSD-2-Clause */
/* One CPU calls the library: its number is 0. */
#ifndef FH_ARCH_CPU_H
#define FH_ARCH_CPU_H

static inline unsigned int cpu_id(void)
{
	return 0;
}

static inline void arch_cpu_relax(void)
{
}

#endif
