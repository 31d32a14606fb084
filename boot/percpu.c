/* SPDX-License-Identifier: BSD-2-Clause */
/* Where each CPU's own data and stacks lie. */
#include "boot/percpu.h"

#include <string.h>

#include <sysreg.h>

#include "boot/mmu.h"
#include "lib/hooks.h"

extern char stack_start[], stack_end[], trap_stack_start[], trap_stack_end[];
extern char tls_data_start[], tls_data_end[], tls_zero_end[];

/* The C library's data lies this far behind the thread pointer. */
#define THREAD_CONTROL_BYTES 16u
#define PAGE_BYTES 4096u

bool percpu_shared;

static struct percpu boot_cpu = {
	.trap_stack = { (uintptr_t)trap_stack_start, (uintptr_t)trap_stack_end },
	.stack = { (uintptr_t)stack_start, (uintptr_t)stack_end },
};

static uint64_t slots_base;
static unsigned int slots;

static uint64_t stack_bytes(const struct percpu_stack *stack)
{
	return stack->end - stack->start;
}

static uint64_t slot_bytes(void)
{
	return PERCPU_GUARD_BYTES + stack_bytes(&boot_cpu.stack) + PERCPU_GUARD_BYTES +
	       stack_bytes(&boot_cpu.trap_stack) + PAGE_BYTES;
}

unsigned int percpu_count(void)
{
	return 1 + slots;
}

struct percpu *percpu(unsigned int id)
{
	if (id == 0 || id > slots)
		return &boot_cpu;
	return (struct percpu *)(uintptr_t)(slots_base + id * slot_bytes() - PAGE_BYTES);
}

int percpu_place(struct fh_memmap *map, unsigned int count)
{
	fh_phys_addr_t base;
	int err;

	if (!count)
		return 0;
	err = fh_memmap_place(map, count * slot_bytes(), PAGE_BYTES, 0, UINT64_MAX, FH_MEM_RESERVED,
			      "cpu stacks", &base);
	if (err)
		return err;
	slots_base = base.raw;
	slots = count;
	mmu_leave_out(base.raw, count * slot_bytes());
	return 0;
}

/* Its stacks and itself, and nothing of the guards. */
static int map_slot(unsigned int id)
{
	struct percpu *cpu = percpu(id);
	uint64_t trap_stack = (uintptr_t)cpu - stack_bytes(&boot_cpu.trap_stack);
	uint64_t stack = trap_stack - PERCPU_GUARD_BYTES - stack_bytes(&boot_cpu.stack);
	int err = mmu_map(stack, stack_bytes(&boot_cpu.stack), MMU_DATA);

	if (!err)
		err = mmu_map(trap_stack, (uintptr_t)cpu + PAGE_BYTES - trap_stack, MMU_DATA);
	if (err)
		return err;
	memset(cpu, 0, sizeof(*cpu));
	cpu->id = id;
	cpu->stack = (struct percpu_stack){ stack, stack + stack_bytes(&boot_cpu.stack) };
	cpu->trap_stack = (struct percpu_stack){ trap_stack, (uintptr_t)cpu };
	percpu_thread_init(cpu);
	return 0;
}

int percpu_map(void)
{
	int err = 0;

	for (unsigned int id = 1; id <= slots && !err; id++)
		err = map_slot(id);
	return err;
}

void percpu_thread_init(struct percpu *cpu)
{
	uintptr_t start = (uintptr_t)tls_data_start;

	FH_BUG_ON(THREAD_CONTROL_BYTES + (uintptr_t)tls_zero_end - start >
		  sizeof(cpu->thread_area));
	memcpy(cpu->thread_area + THREAD_CONTROL_BYTES, tls_data_start,
	       (uintptr_t)tls_data_end - start);
}

void percpu_thread_use(struct percpu *cpu)
{
	arch_write_sysreg((uintptr_t)cpu->thread_area, tpidr_el0);
}

_Noreturn void percpu_halt(void)
{
	for (;;)
		arch_wait_for_event();
}
