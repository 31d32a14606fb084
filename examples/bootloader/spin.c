/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fh.loader-spin: the other CPUs are started here and parked for the next stage, with their MMU
 * off, in a page that the tree reserves, as boards without PSCI do it.
 */
#include <stdio.h>
#include <string.h>

#include <barrier.h>
#include <cache.h>

#include "boot/percpu.h"
#include "boot/smp.h"
#include "boot/start.h"
#include "examples/bootloader/handover.h"
#include "examples/bootloader/spin.h"
#include "lib/error.h"

/* Looks at the page until a CPU must have come: some seconds. */
#define PATIENCE 100000000u

extern char spin_start[], spin_shared[], spin_late[], spin_end[];

/* Words of each kind in the page. */
#define WORDS 128u

uint64_t handover_spin_release(const struct handover *handover, unsigned int cpu)
{
	return handover->spin + HANDOVER_SPIN_RELEASE +
	       (handover->spin_how == HANDOVER_SPIN_SHARED ? 0 : cpu * sizeof(uint64_t));
}

uint64_t handover_spin_affinity(unsigned int cpu)
{
	return percpu(cpu)->mpidr;
}

static uint64_t arrived_word(const struct handover *handover, unsigned int cpu)
{
	return handover->spin + HANDOVER_SPIN_ARRIVED + cpu * sizeof(uint64_t);
}

/* On the CPU itself. */
static void park(void *argument)
{
	const struct handover *handover = argument;
	const char *loop = handover->spin_how == HANDOVER_SPIN_SHARED ? spin_shared
			   : handover->spin_how == HANDOVER_SPIN_LATE ? spin_late
								      : spin_start;

	stage_jump(handover->spin + (uint64_t)(loop - spin_start), arrived_word(handover, cpu_id()),
		   0);
}

/* It writes past the caches, so each look needs a line that is not there yet. */
static bool arrives(const struct handover *handover, unsigned int cpu)
{
	const uint64_t *word = (const uint64_t *)(uintptr_t)arrived_word(handover, cpu);

	for (uint32_t i = 0; i < PATIENCE; i++) {
		arch_cache_invalidate(word, sizeof(*word));
		arch_dsb_sy();
		if (*(const volatile uint64_t *)word)
			return true;
		arch_cpu_relax();
	}
	return false;
}

int handover_spin(struct machine *machine, struct handover *handover)
{
	handover->spin = handover_alloc(machine, 0);
	if (!handover->spin)
		return -ENOMEM;
	memcpy((void *)(uintptr_t)handover->spin, spin_start, (size_t)(spin_end - spin_start));
	arch_cache_clean_invalidate((void *)(uintptr_t)handover->spin, 4096);
	arch_dsb_sy();
	smp_start(machine);
	handover->spin_cpus = smp_cpu_count();
	if (handover->spin_cpus > WORDS)
		return handover_refuse("cpus", handover->spin_cpus, "more than the page holds",
				       -ERANGE);
	for (unsigned int cpu = 1; cpu < handover->spin_cpus; cpu++) {
		smp_run(cpu, park, handover);
		if (!arrives(handover, cpu))
			return handover_refuse("cpu", cpu, "does not come to the spin table",
					       -ETIMEDOUT);
	}
	printf("fh: bootloader: %u CPUs parked at %#llx\n", handover->spin_cpus - 1,
	       (unsigned long long)handover->spin);
	return 0;
}
