/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting CPUs, and giving them work.
 *
 * One CPU is invited at a time, by its MPIDR. It takes the invitation by a compare-and-swap once
 * its MMU is on (boot/secondary.S), and the boot CPU takes it back in the same way when it has
 * waited long enough: whichever comes second has lost, so that no stack ever has two users.
 */
#include "boot/smp.h"

#include <stdio.h>

#include <barrier.h>
#include <cache.h>
#include <mmio.h>
#include <sysreg.h>

#include "boot/devtree_cpus.h"
#include "boot/devtree_priv.h"
#include "boot/mmu.h"
#include "boot/percpu.h"
#include "boot/psci.h"
#include "lib/error.h"
#include "lib/hooks.h"

/* No CPU has such an affinity; boot/secondary.S knows it. */
#define SMP_NOBODY UINT64_MAX
#define PATIENCE_MS 2000u
/* Where the counter stands still: as many looks are a few seconds as well. */
#define PATIENCE_LOOKS 200000000u

extern char smp_secondary_entry[];
_Noreturn void smp_secondary(struct percpu *self);

/* Read with the MMU off. */
struct {
	uint64_t root;
	uint64_t level;
} smp_cold;

/* Read with the MMU on. @cpu changes while nobody is invited, and nobody is on the way. */
struct {
	_Atomic(uint64_t) mpidr;
	struct percpu *cpu;
} smp_invitation = { .mpidr = SMP_NOBODY };

/* A walk over the tree's CPUs. */
struct start {
	const struct machine *machine;
	uint64_t cpu_on;     /* PSCI's number for it, or 0 */
	const char *no_psci; /* why it cannot be used, if some CPU wants it; or NULL */
	bool by_psci;
	bool by_spin_table;
	bool boot_cpu_named;
	unsigned int beyond; /* CPUs that there is no room for */
};

static unsigned int running = 1;

static uint64_t own_affinity(void)
{
	return arch_read_sysreg(mpidr_el1) & DEVTREE_CPU_AFFINITY;
}

unsigned int smp_cpu_count(void)
{
	return running;
}

/* What was written before is seen by whoever is woken. */
static void wake_all(void)
{
	arch_dsb_ishst();
	arch_send_event();
}

void smp_place(const struct devtree *tree, struct fh_memmap *map)
{
	unsigned int count = devtree_cpus_count(tree, own_affinity());
	int err;

	if (count > FH_CPU_MAX - 1)
		count = FH_CPU_MAX - 1;
	err = percpu_place(map, count);
	if (err)
		printf("fh: smp: cpu stacks: %u: no usable range holds them (%s)\n", count,
		       fh_error_name(err));
}

int smp_map(void)
{
	return percpu_map();
}

static int refuse(const struct start *start, const struct devtree_cpu *cpu, const char *why,
		  int err)
{
	char path[DEVTREE_PATH_MAX];

	devtree_path(&start->machine->tree, cpu->node, path);
	printf("fh: smp: %s: %#llx: %s (%s)\n", path, (unsigned long long)cpu->mpidr, why,
	       fh_error_name(err));
	return err;
}

static int ask_psci(const struct start *start, const struct devtree_cpu *cpu)
{
	const char *name;
	int err = psci_cpu_on(start->cpu_on, cpu->mpidr, (uintptr_t)smp_secondary_entry, &name);
	char why[64];

	if (!err)
		return 0;
	snprintf(why, sizeof(why), "CPU_ON says %s", name);
	return refuse(start, cpu, why, err);
}

static void write_release(void *address)
{
	arch_mmio_write64((uintptr_t)address, (uintptr_t)smp_secondary_entry);
	arch_dsb_sy();
}

/*
 * The parked CPU reads past the caches: to memory with it. Others may have written to the same
 * line in the same way, so what we have of it is dropped first.
 */
static void release_in_ram(void *address)
{
	arch_cache_clean_invalidate(address, sizeof(uint64_t));
	arch_dsb_sy();
	write_release(address);
	arch_cache_clean_invalidate(address, sizeof(uint64_t));
	arch_dsb_sy();
}

/* Not RAM: memory of some device, and mapped as such, if there is anything. */
static int release_in_device(const struct start *start, const struct devtree_cpu *cpu,
			     void *address)
{
	struct trap_expect expect;
	int err = -ERANGE;

	if (fh_range_fits(cpu->release, sizeof(uint64_t), machine_output_bits()))
		err = mmu_map_device(cpu->release, sizeof(uint64_t));
	if (err)
		return refuse(start, cpu, "its release address cannot be mapped", err);
	if (trap_call(&expect, write_release, address))
		return refuse(start, cpu, "its release address cannot be written", -EFAULT);
	return 0;
}

static int ask_spin_table(const struct start *start, const struct devtree_cpu *cpu)
{
	struct fh_memmap_range range =
	    fh_memmap_classify(&start->machine->map, fh_phys(cpu->release));
	void *address = (void *)(uintptr_t)cpu->release;
	int err = 0;

	if (range.kind == FH_MEM_RESERVED)
		release_in_ram(address);
	else
		err = release_in_device(start, cpu, address);
	arch_send_event();
	return err;
}

/* Has @cpu come? False after PATIENCE_MS. */
static bool comes(struct percpu *cpu)
{
	uint64_t hertz = arch_read_sysreg(cntfrq_el0);
	uint64_t begin = arch_read_sysreg(cntvct_el0);
	uint64_t ticks;

	/* Nobody has set it: as fast as a counter gets, so that we do not wait too short a time. */
	if (!hertz)
		hertz = 1000000000;
	ticks = hertz / 1000 * PATIENCE_MS;
	for (uint32_t i = 0; i < PATIENCE_LOOKS; i++) {
		if (atomic_load_explicit(&cpu->state, memory_order_acquire) != PERCPU_STARTING)
			return true;
		if (arch_read_sysreg(cntvct_el0) - begin >= ticks)
			return false;
		arch_cpu_relax();
	}
	return false;
}

static void invite(struct percpu *cpu, uint64_t mpidr)
{
	cpu->mpidr = mpidr;
	smp_invitation.cpu = cpu;
	atomic_store_explicit(&smp_invitation.mpidr, mpidr, memory_order_release);
	/* Some may be here already, uninvited. */
	wake_all();
}

/* Return: true when nobody has taken it, nor ever will. */
static bool take_back(uint64_t mpidr)
{
	return atomic_compare_exchange_strong_explicit(&smp_invitation.mpidr, &mpidr, SMP_NOBODY,
						       memory_order_acquire, memory_order_relaxed);
}

/* Return: 0; a negative errno after a line, -EIO when @next is lost with it. */
static int start_cpu(const struct start *start, const struct devtree_cpu *cpu, struct percpu *next)
{
	int err;

	invite(next, cpu->mpidr);
	err = cpu->method == DEVTREE_CPU_PSCI ? ask_psci(start, cpu) : ask_spin_table(start, cpu);
	if (!err && comes(next))
		return 0;
	if (take_back(cpu->mpidr))
		return err ? err : refuse(start, cpu, "does not come", -ETIMEDOUT);
	/* At the last moment, or it had been here before it was asked. */
	return comes(next) ? 0 : refuse(start, cpu, "has come and says nothing", -EIO);
}

/* Judged when the first CPU wants it. Return: NULL, or why it cannot be used. */
static const char *why_no_psci(struct start *start)
{
	const struct machine *machine = start->machine;

	if (machine->entry_el == 3)
		return "entered at EL3, so nobody is above to serve PSCI";
	if (!psci_present())
		return "no /psci that is enabled";
	if (!start->cpu_on && devtree_psci_cpu_on(&machine->tree, &start->cpu_on))
		return "/psci names no CPU_ON";
	return NULL;
}

static int visit_cpu(void *ctx, const struct devtree_cpu *cpu)
{
	struct start *start = ctx;
	int err;

	if (cpu->method == DEVTREE_CPU_RUNS) {
		start->boot_cpu_named = true;
		return 0;
	}
	if (running == percpu_count()) {
		start->beyond++;
		return 0;
	}
	if (cpu->method == DEVTREE_CPU_PSCI)
		start->no_psci = why_no_psci(start);
	if (cpu->method == DEVTREE_CPU_PSCI && start->no_psci)
		return 0;
	err = start_cpu(start, cpu, percpu(running));
	if (err)
		return err == -EIO ? err : 0;
	running++;
	start->by_psci |= cpu->method == DEVTREE_CPU_PSCI;
	start->by_spin_table |= cpu->method == DEVTREE_CPU_SPIN_TABLE;
	return 0;
}

static void print_result(const struct start *start, unsigned int named)
{
	static const char *const method[] = { "", " (PSCI)", " (spin-table)",
					      " (PSCI, spin-table)" };

	if (start->beyond)
		printf("fh: smp: warning: /cpus: %u: more CPUs than there is room for: %u stay off "
		       "(FH_CPU_MAX is %u)\n",
		       named, start->beyond, (unsigned int)FH_CPU_MAX);
	printf("fh: smp: %u of %u CPUs run%s%s%s\n", running, named,
	       method[start->by_psci + 2 * start->by_spin_table], start->no_psci ? ": " : "",
	       start->no_psci ? start->no_psci : "");
}

void smp_start(const struct machine *machine)
{
	struct start start = { .machine = machine };
	struct devtree_cpus cpus = {
		.map = &machine->map,
		.images = &machine->images,
		.boot_mpidr = own_affinity(),
		.visit = visit_cpu,
		.ctx = &start,
	};

	percpu(0)->mpidr = cpus.boot_mpidr;
	smp_cold.root = mmu_root();
	smp_cold.level = arch_current_el();
	arch_cache_clean(&smp_cold, sizeof(smp_cold));
	arch_dsb_sy();
	percpu_shared = percpu_count() > 1;
	(void)devtree_cpus(&machine->tree, &cpus);
	print_result(&start, cpus.named + !start.boot_cpu_named);
}

/* Called by boot/secondary.S, on the CPU's own stack. */
_Noreturn void smp_secondary(struct percpu *self)
{
	percpu_thread_use(self);
	atomic_store_explicit(&self->state, PERCPU_IDLE, memory_order_release);
	for (;;) {
		wake_all();
		while (atomic_load_explicit(&self->state, memory_order_acquire) != PERCPU_BUSY)
			arch_wait_for_event();
		/* What has been mapped since is seen from here on. */
		arch_isb();
		self->function(self->argument);
		atomic_store_explicit(&self->state, PERCPU_IDLE, memory_order_release);
	}
}

void smp_wait(unsigned int cpu)
{
	struct percpu *target = percpu(cpu);

	FH_BUG_ON(cpu >= running);
	if (cpu == cpu_id())
		return;
	while (atomic_load_explicit(&target->state, memory_order_acquire) == PERCPU_BUSY)
		arch_wait_for_event();
}

void smp_run(unsigned int cpu, void (*function)(void *argument), void *argument)
{
	struct percpu *target = percpu(cpu);

	smp_wait(cpu);
	if (cpu == cpu_id()) {
		function(argument);
		return;
	}
	/* The boot CPU waits for nobody's work. */
	FH_BUG_ON(cpu == 0);
	target->function = function;
	target->argument = argument;
	atomic_store_explicit(&target->state, PERCPU_BUSY, memory_order_release);
	wake_all();
}
