/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each CPU has for itself. The boot CPU's lies in the image; that of each other one lies,
 * with its stacks, in a slot of the region "cpu stacks", lowest address first:
 *
 *   | guard | stack | guard | exception stack | struct percpu |
 *
 * A guard is a page that is not mapped.
 */
#ifndef FH_BOOT_PERCPU_H
#define FH_BOOT_PERCPU_H

#include <stdatomic.h>

#include <cpu.h>

#include "boot/trap.h"
#include "lib/types.h"
#include "mm/memmap.h"

#define PERCPU_GUARD_BYTES 4096u

/* Addresses; the guard lies below @start. */
struct percpu_stack {
	uint64_t start;
	uint64_t end;
};

enum percpu_state {
	PERCPU_STARTING, /* not here yet */
	PERCPU_IDLE,
	PERCPU_BUSY, /* @function is to be called, or is running */
};

/**
 * struct percpu - One CPU.
 * @trap_stack, @stack: where SP_ELx and SP_EL0 begin; boot/secondary.S knows their places.
 * @id: what cpu_id() gives on it; there, too.
 * @mpidr: its affinity fields.
 * @expected: the exception that trap_call() waits for, or NULL.
 * @state: enum percpu_state. Who gives work sets BUSY, the CPU itself sets IDLE.
 * @function, @argument: the work; they change while @state is IDLE only.
 * @line: text of a line that is not complete yet.
 * @thread_area: the thread control block (16 bytes), and the C library's thread-local data.
 */
struct percpu {
	struct percpu_stack trap_stack;
	struct percpu_stack stack;
	uint64_t id;
	uint64_t mpidr;
	struct trap_expect *expected;
	_Atomic(uint32_t) state;
	void (*function)(void *argument);
	void *argument;
	size_t line_bytes;
	char line[256];
	_Alignas(16) unsigned char thread_area[512];
};

_Static_assert(offsetof(struct percpu, trap_stack.end) == 8, "boot/secondary.S loads it");
_Static_assert(offsetof(struct percpu, stack.end) == 24, "boot/secondary.S loads it");
_Static_assert(offsetof(struct percpu, id) == 32, "boot/secondary.S loads it");
_Static_assert(sizeof(struct percpu) <= 4096, "it has a page of its slot");

/**
 * percpu_place() - Reserve memory for @count more CPUs, with stacks as large as the boot CPU's.
 * @map: resolved; gets a reservation "cpu stacks".
 *
 * Before mmu_map_memory(), which leaves it out.
 * Return: 0, -ENOSPC or -ENOMEM as fh_memmap_place() does.
 */
int percpu_place(struct fh_memmap *map, unsigned int count);

/* Map and fill what was placed, after mmu_map_memory(). Return: 0 or as mmu_map() does. */
int percpu_map(void);

/* How many CPUs there is memory for, the boot CPU included. */
unsigned int percpu_count(void);

/* That of the CPU with number @id; the boot CPU's when there is no memory for so many. */
struct percpu *percpu(unsigned int id);

static inline struct percpu *percpu_self(void)
{
	return percpu(cpu_id());
}

/*
 * May a CPU other than this one run? False until the first is about to be started, and as long
 * there is nothing to lock: exclusives may not be used before the MMU is on.
 */
extern bool percpu_shared;

/* Thread-local data as the image has it. percpu_map() does it for those that it maps. */
void percpu_thread_init(struct percpu *cpu);
/* Point the calling CPU's thread pointer to it. */
void percpu_thread_use(struct percpu *cpu);

/* This CPU has nothing to do any more, for good. */
_Noreturn void percpu_halt(void);

#endif
