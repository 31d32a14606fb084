/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/target/all_cpus.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <sysreg.h>

#include "boot/bootargs.h"
#include "boot/smp.h"
#include "tests/target/harness.h"

static _Atomic(unsigned int) waiting;

void all_cpus_meet(void)
{
	unsigned int count = smp_cpu_count();
	unsigned int turn = atomic_fetch_add(&waiting, 1) / count;

	while (atomic_load(&waiting) < (turn + 1) * count)
		arch_cpu_relax();
}

void all_cpus_run(void (*function)(void *view), void *views, size_t bytes)
{
	unsigned int count = smp_cpu_count();
	char *view = views;

	for (unsigned int cpu = 1; cpu < count; cpu++)
		smp_run(cpu, function, view + cpu * bytes);
	function(view);
	for (unsigned int cpu = 1; cpu < count; cpu++)
		smp_wait(cpu);
}

uint64_t ticks_of_ms(uint64_t ms)
{
	return arch_read_sysreg(cntfrq_el0) / 1000 * ms;
}

uint64_t ticks_since(uint64_t begin)
{
	return arch_read_sysreg(cntvct_el0) - begin;
}

uint64_t storm_ticks(const struct test *test)
{
	char text[8] = "200";

	(void)bootargs_get(test->machine->args, "storm", text, sizeof(text));
	return ticks_of_ms(strtoul(text, NULL, 10));
}
