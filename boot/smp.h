/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More than one CPU: those that the tree names are started, and wait for work.
 *
 *   boot CPU                                   CPU n
 *   smp_place, smp_map: stacks, own data
 *   smp_start: invite, PSCI or release  --->   MMU on, take the invitation, stacks
 *              wait, for a bounded time <---   IDLE
 *   smp_run: function, argument, BUSY   --->   function(argument)
 *   smp_wait                            <---   IDLE
 *
 * Numbers are dense: a CPU that does not come leaves its own to the next.
 */
#ifndef FH_BOOT_SMP_H
#define FH_BOOT_SMP_H

#include "boot/start.h"

/**
 * smp_place() - Reserve stacks for all CPUs that the tree names, FH_CPU_MAX at most.
 * @map: resolved; mmu_map_memory() is still to come.
 *
 * Where there is no room for them the boot goes on with one CPU, after a line.
 */
void smp_place(const struct devtree *tree, struct fh_memmap *map);

/* Map what was placed, after mmu_map_memory(). Return: 0 or a negative errno. */
int smp_map(void);

/**
 * smp_start() - Start all CPUs, and say how many run; for each that does not there is a line.
 *
 * Takes at most some seconds for each CPU that does not come.
 * Context: boot CPU, once, with its frames and its console.
 * Source: PSCI DEN0022, 5.6; Linux Documentation/arch/arm64/booting.rst ("spin-table").
 */
void smp_start(const struct machine *machine);

/* How many CPUs run, the boot CPU included: cpu_id() is below this on each. 1 before smp_start().
 */
unsigned int smp_cpu_count(void);

/**
 * smp_run() - Let CPU @cpu call @function(@argument).
 * @cpu: below smp_cpu_count(), and not 0 unless the caller is the boot CPU.
 * @argument: and what it points to is seen there as it is here now.
 *
 * Waits until the CPU has done what it was given before. On the calling CPU itself the function
 * is called at once, and has returned when smp_run() does.
 * Context: any CPU; not two at the same time for the same @cpu.
 */
void smp_run(unsigned int cpu, void (*function)(void *argument), void *argument);

/**
 * smp_wait() - Wait until CPU @cpu has done what it was given; what it wrote is seen then.
 * @cpu: as in smp_run(); for the calling CPU itself there is nothing to wait for.
 */
void smp_wait(unsigned int cpu);

#endif
