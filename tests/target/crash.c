/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that nobody expects: each must end in registers, a backtrace, and a failing status. */
#include "tests/target/crash.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cpu.h>

#include "boot/smp.h"
#include "lib/hooks.h"

static void crash_read(void)
{
	/* Above any RAM and below 2^48: never mapped. */
	(void)*(volatile uint64_t *)UINT64_C(0x7ffffffff000);
}

/* A frame larger than the next one's share of the stack, over and over. */
static unsigned int __attribute__((noinline)) crash_deeper(unsigned int depth)
{
	volatile unsigned char frame[256];

	frame[0] = (unsigned char)depth;
	if (depth == UINT32_MAX)
		return 0;
	return crash_deeper(depth + 1) + frame[0];
}

static void __attribute__((noinline)) crash_fill(volatile unsigned char *at, unsigned int bytes)
{
	while (bytes--)
		*at++ = 0x5a;
}

/* Over the guard, and not as far as the frame above. */
static void __attribute__((noinline)) crash_smash(void)
{
	volatile unsigned char buffer[16];

	crash_fill(buffer, 24);
}

static void crash_bug(void)
{
	volatile bool broken = true;

	FH_BUG_ON(broken);
}

static _Atomic(unsigned int) crash_ready;

/* The last CPU, the boot CPU where it is alone. */
static void crash_on_last(void (*function)(void *))
{
	unsigned int last = smp_cpu_count() - 1;

	smp_run(last, function, NULL);
	smp_wait(last);
}

static void crash_read_there(void *unused)
{
	(void)unused;
	crash_read();
}

static void crash_stack_there(void *unused)
{
	(void)unused;
	(void)crash_deeper(0);
}

static void crash_bug_there(void *unused)
{
	(void)unused;
	crash_bug();
}

/* Every CPU has an exception at the same time, half of them after a line of their own. */
static void crash_together(void *unused)
{
	(void)unused;
	atomic_fetch_add(&crash_ready, 1);
	while (atomic_load(&crash_ready) < smp_cpu_count())
		arch_cpu_relax();
	if (cpu_id() % 2)
		crash_bug();
	crash_read();
}

static void crash_all(void)
{
	for (unsigned int cpu = 1; cpu < smp_cpu_count(); cpu++)
		smp_run(cpu, crash_together, NULL);
	crash_together(NULL);
}

static void crash_chatter(void *unused)
{
	(void)unused;
	for (unsigned int i = 0;; i++) {
		printf("cpu %u says %u, and ", cpu_id(), i);
		printf("that this line is one\n");
		atomic_fetch_add(&crash_ready, 1);
	}
}

/* While the others print, and in the middle of a line of its own. */
static void crash_amid(void)
{
	for (unsigned int cpu = 1; cpu < smp_cpu_count(); cpu++)
		smp_run(cpu, crash_chatter, NULL);
	while (atomic_load(&crash_ready) < 20 && smp_cpu_count() > 1)
		arch_cpu_relax();
	printf("cpu %u says no more", cpu_id());
	crash_read();
}

bool crash(const char *how)
{
	if (strcmp(how, "crash-read") == 0)
		crash_read();
	else if (strcmp(how, "crash-stack") == 0)
		(void)crash_deeper(0);
	else if (strcmp(how, "crash-smash") == 0)
		crash_smash();
	else if (strcmp(how, "crash-bug") == 0)
		crash_bug();
	else if (strcmp(how, "crash-secondary") == 0)
		crash_on_last(crash_read_there);
	else if (strcmp(how, "crash-secondary-stack") == 0)
		crash_on_last(crash_stack_there);
	else if (strcmp(how, "crash-secondary-bug") == 0)
		crash_on_last(crash_bug_there);
	else if (strcmp(how, "crash-all") == 0)
		crash_all();
	else if (strcmp(how, "crash-amid") == 0)
		crash_amid();
	else
		return false;
	return true;
}
