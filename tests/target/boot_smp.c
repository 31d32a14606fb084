/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.smp: every CPU has come, with a number, stacks and thread-local data of its own; it does
 * what it is given, when it is given; and an exception on it is its own affair. With one CPU there
 * is nothing to see, unless fh.cpus= says that there should be more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sysreg.h>

#include "boot/bootargs.h"
#include "boot/percpu.h"
#include "boot/smp.h"
#include "boot/trap.h"
#include "lib/bits.h"
#include "lib/hooks.h"
#include "tests/target/all_cpus.h"
#include "tests/target/harness.h"

/* Never mapped: above any RAM, below 2^48. A page of its own for each CPU. */
#define NOWHERE UINT64_C(0x7ffffff00000)
#define FSC_TRANSLATION_FIRST 0x04
#define FSC_TRANSLATION_LAST 0x07
#define ROUNDS 20000u
#define SETTINGS 9

/* Only where a second CPU is. */
#define NEEDS_OTHERS(test)                                                                         \
	do {                                                                                       \
		if (smp_cpu_count() < 2)                                                           \
			SKIP(test, "one CPU");                                                     \
	} while (0)

/* What a CPU saw, or is to do. */
struct view {
	struct test *test;
	uint64_t mpidr;
	uint64_t stack;
	uint64_t trap_stack;
	uint64_t at;
	uint64_t setting[SETTINGS];
	struct trap_expect expect;
	int *error;
	int error_before;
	int error_after;
	unsigned int cpu; /* that it was given to */
	unsigned int id;
	unsigned int done;
	bool caught;
};

static struct view views[ALL_CPUS_VIEWS];

/* @function on all CPUs at the same time, with a view that is empty. */
static void on_all(struct test *test, void (*function)(void *))
{
	unsigned int count = smp_cpu_count();

	for (unsigned int cpu = 0; cpu < count; cpu++) {
		memset(&views[cpu], 0, sizeof(views[cpu]));
		views[cpu].cpu = cpu;
		views[cpu].test = test;
	}
	all_cpus_run(function, views, sizeof(views[0]));
}

static uint64_t own_mpidr(void)
{
	return arch_read_sysreg(mpidr_el1) & UINT64_C(0xff00ffffff);
}

static uint64_t stack_pointer(void)
{
	uint64_t sp;

	__asm__ volatile("mov %0, sp" : "=r"(sp));
	return sp;
}

static uint64_t exception_stack_pointer(void)
{
	uint64_t sp;

	__asm__ volatile("msr spsel, #1\n\tmov %0, sp\n\tmsr spsel, #0" : "=r"(sp));
	return sp;
}

static void look(void *argument)
{
	struct view *view = argument;

	view->id = cpu_id();
	view->mpidr = own_mpidr();
	view->stack = stack_pointer();
	view->trap_stack = exception_stack_pointer();
	view->done++;
}

/* As many as whoever started the machine says. */
static void count(struct test *test)
{
	char text[8];

	if (!bootargs_get(test->machine->args, "cpus", text, sizeof(text)))
		SKIP(test, "no fh.cpus= says how many there are");
	EXPECT_EQUAL(test, smp_cpu_count(), strtoul(text, NULL, 10));
}

static void numbers(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, look);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		EXPECT_EQUAL(test, views[cpu].id, cpu);
		EXPECT_EQUAL(test, views[cpu].done, 1);
		EXPECT_EQUAL(test, views[cpu].mpidr, percpu(cpu)->mpidr);
		EXPECT_EQUAL(test, percpu(cpu)->id, cpu);
		for (unsigned int other = 0; other < cpu; other++)
			EXPECT(test, views[cpu].mpidr != views[other].mpidr);
	}
}

static bool within(uint64_t address, const struct percpu_stack *stack)
{
	return address >= stack->start && address < stack->end;
}

static bool apart(const struct percpu_stack *a, const struct percpu_stack *b)
{
	return !fh_ranges_overlap(a->start, a->end - a->start, b->start, b->end - b->start);
}

/* Reserved, for all of the stack. */
static bool in_region(const struct fh_memmap *map, const struct percpu_stack *stack)
{
	struct fh_memmap_range range = fh_memmap_classify(map, fh_phys(stack->start));

	return range.kind == FH_MEM_RESERVED && strcmp(range.by, "cpu stacks") == 0 &&
	       fh_range_within(stack->start, stack->end - stack->start, range.base.raw, range.size);
}

static void stacks(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, look);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		const struct percpu *self = percpu(cpu);

		EXPECT(test, within(views[cpu].stack, &self->stack));
		EXPECT_EQUAL(test, views[cpu].trap_stack, self->trap_stack.end);
		EXPECT(test, apart(&self->stack, &self->trap_stack));
		EXPECT_EQUAL(test, self->stack.end - self->stack.start, 32768);
		EXPECT_EQUAL(test, self->trap_stack.end - self->trap_stack.start, 16384);
		for (unsigned int other = 0; other < cpu; other++) {
			EXPECT(test, apart(&self->stack, &percpu(other)->stack));
			EXPECT(test, apart(&self->stack, &percpu(other)->trap_stack));
			EXPECT(test, apart(&self->trap_stack, &percpu(other)->stack));
			EXPECT(test, apart(&self->trap_stack, &percpu(other)->trap_stack));
		}
		if (cpu == 0)
			continue;
		EXPECT(test, in_region(&test->machine->map, &self->stack));
		EXPECT(test, in_region(&test->machine->map, &self->trap_stack));
	}
}

static void write_at(void *address)
{
	*(volatile uint64_t *)address = 0;
}

static void expect_translation_fault(struct test *test, const struct trap_expect *expect)
{
	uint64_t fsc = FH_FIELD_GET(ESR_FSC, expect->esr);

	EXPECT_EQUAL(test, FH_FIELD_GET(ESR_EC, expect->esr), ESR_EC_DABT_SAME);
	EXPECT(test, fsc >= FSC_TRANSLATION_FIRST && fsc <= FSC_TRANSLATION_LAST);
}

/* First and last word of the page below @start. */
static void expect_guard(struct test *test, uint64_t start)
{
	const uint64_t at[] = { start - PERCPU_GUARD_BYTES, start - 8 };

	for (unsigned int i = 0; i < FH_ARRAY_SIZE(at); i++) {
		struct trap_expect expect;

		EXPECT(test, trap_call(&expect, write_at, (void *)(uintptr_t)at[i]));
		expect_translation_fault(test, &expect);
		EXPECT_EQUAL(test, expect.far, at[i]);
	}
}

static void guards(struct test *test)
{
	NEEDS_OTHERS(test);
	for (unsigned int cpu = 0; cpu < smp_cpu_count() && !test->failed; cpu++) {
		expect_guard(test, percpu(cpu)->stack.start);
		if (!test->failed)
			expect_guard(test, percpu(cpu)->trap_stack.start);
	}
}

static unsigned int __attribute__((noinline)) deeper(unsigned int depth)
{
	volatile unsigned char frame[256];

	frame[0] = (unsigned char)depth;
	return depth == UINT32_MAX ? 0 : deeper(depth + 1) + frame[0];
}

static void go_down(void *unused)
{
	(void)unused;
	(void)deeper(0);
}

static void overflow_caught(void *argument)
{
	struct view *view = argument;

	view->caught = trap_call(&view->expect, go_down, NULL);
}

/* A stack that is too short ends at its own guard, on every CPU at the same time. */
static void overflow(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, overflow_caught);
	for (unsigned int cpu = 0; cpu < smp_cpu_count() && !test->failed; cpu++) {
		uint64_t start = percpu(cpu)->stack.start;

		EXPECT(test, views[cpu].caught);
		EXPECT(test, views[cpu].expect.far < start &&
				 views[cpu].expect.far >= start - PERCPU_GUARD_BYTES);
		expect_translation_fault(test, &views[cpu].expect);
	}
}

static _Thread_local unsigned int thread_number = 77;

/* Each writes, all wait for all, each reads. */
static void use_thread_data(void *argument)
{
	struct view *view = argument;

	view->error = &errno;
	view->error_before = (int)thread_number;
	all_cpus_meet();
	errno = (int)(1000 + view->cpu);
	thread_number = view->cpu;
	all_cpus_meet();
	view->error_after = errno;
	view->id = thread_number;
	all_cpus_meet();
	thread_number = 77;
}

static void thread_data(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, use_thread_data);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		EXPECT_EQUAL(test, views[cpu].error_before, 77);
		EXPECT_EQUAL(test, views[cpu].error_after, 1000 + cpu);
		EXPECT_EQUAL(test, views[cpu].id, cpu);
		EXPECT(test, fh_range_within((uintptr_t)views[cpu].error, sizeof(int),
					     (uintptr_t)percpu(cpu)->thread_area,
					     sizeof(percpu(cpu)->thread_area)));
		for (unsigned int other = 0; other < cpu; other++)
			EXPECT(test, views[cpu].error != views[other].error);
	}
}

/* Over and over and in changing order: what is given to a CPU runs there, once, and nowhere else.
 */
static void work(struct test *test)
{
	static struct view job[FH_CPU_MAX + 1];
	unsigned int cpus = smp_cpu_count();

	NEEDS_OTHERS(test);
	memset(job, 0, sizeof(job));
	for (unsigned int round = 1; round <= 30; round++) {
		unsigned int step = round % 2 ? 1 : cpus - 1;

		for (unsigned int i = 0, cpu = round % cpus; i < cpus;
		     i++, cpu = (cpu + step) % cpus) {
			job[cpu].id = UINT32_MAX;
			smp_run(cpu, look, &job[cpu]);
		}
		for (unsigned int cpu = 0; cpu < cpus; cpu++) {
			smp_wait(cpu);
			EXPECT_EQUAL(test, job[cpu].id, cpu);
			EXPECT_EQUAL(test, job[cpu].done, round);
		}
	}
}

static void wait_ms(uint64_t ms)
{
	uint64_t begin = arch_read_sysreg(cntvct_el0);

	while (ticks_since(begin) < ticks_of_ms(ms))
		arch_cpu_relax();
}

static void take_time(void *argument)
{
	struct view *view = argument;

	wait_ms(10);
	view->done++;
}

/* smp_wait() waits for the end, and so does smp_run() for what came before. */
static void waits(struct test *test)
{
	unsigned int last = smp_cpu_count() - 1;

	NEEDS_OTHERS(test);
	views[last].done = 0;
	smp_run(last, take_time, &views[last]);
	EXPECT_EQUAL(test, *(volatile unsigned int *)&views[last].done, 0);
	smp_wait(last);
	EXPECT_EQUAL(test, views[last].done, 1);
	smp_run(last, take_time, &views[last]);
	smp_run(last, take_time, &views[last]);
	EXPECT(test, *(volatile unsigned int *)&views[last].done >= 2);
	smp_wait(last);
	EXPECT_EQUAL(test, views[last].done, 3);
	/* With nothing to wait for. */
	smp_wait(last);
}

/* The CPU gives itself something to do, and its neighbour. */
static void pass_on(void *argument)
{
	struct view *view = argument;
	unsigned int next = view->cpu + 1;

	smp_run(view->cpu, look, view);
	smp_wait(view->cpu);
	if (next < smp_cpu_count()) {
		smp_run(next, pass_on, &views[next]);
		smp_wait(next);
	}
}

static void among_others(struct test *test)
{
	NEEDS_OTHERS(test);
	memset(views, 0, sizeof(views));
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		views[cpu].cpu = cpu;
	pass_on(&views[0]);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		EXPECT_EQUAL(test, views[cpu].done, 1);
		EXPECT_EQUAL(test, views[cpu].id, cpu);
	}
}

/* All expect at the same time, before the first exception comes. */
static void meet_and_read(void *argument)
{
	struct view *view = argument;

	all_cpus_meet();
	(void)*(volatile uint64_t *)(uintptr_t)view->at;
}

static void expect_exception(void *argument)
{
	struct view *view = argument;

	view->at = NOWHERE + 4096u * view->cpu;
	view->caught = trap_call(&view->expect, meet_and_read, view);
	view->id = cpu_id();
	view->stack = stack_pointer();
}

static void exceptions(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, expect_exception);
	for (unsigned int cpu = 0; cpu < smp_cpu_count() && !test->failed; cpu++) {
		EXPECT(test, views[cpu].caught);
		EXPECT_EQUAL(test, views[cpu].expect.far, NOWHERE + 4096u * cpu);
		EXPECT_EQUAL(test, views[cpu].id, cpu);
		EXPECT(test, within(views[cpu].stack, &percpu(cpu)->stack));
		expect_translation_fault(test, &views[cpu].expect);
	}
}

static void read_checked(void *argument)
{
	struct view *view = argument;
	uint64_t word = 0;

	for (unsigned int i = 0; i < 15; i++) {
		all_cpus_meet();
		view->done += fh_hook_read(&word, (const void *)(uintptr_t)NOWHERE, 8) == -EFAULT;
		view->done += fh_hook_read(&word, &view->cpu, 4) == 0 && word == view->cpu;
	}
}

static void checked_reads(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, read_checked);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		EXPECT_EQUAL(test, views[cpu].done, 30);
}

static _Atomic(uint64_t) sum;
static _Atomic(uint32_t) lock;
static uint64_t guarded;

static void contend(void *argument)
{
	(void)argument;
	all_cpus_meet();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add_explicit(&sum, 1, memory_order_relaxed);
		while (atomic_exchange_explicit(&lock, 1, memory_order_acquire))
			arch_cpu_relax();
		guarded++;
		atomic_store_explicit(&lock, 0, memory_order_release);
	}
}

static void atomics(struct test *test)
{
	NEEDS_OTHERS(test);
	atomic_store(&sum, 0);
	guarded = 0;
	on_all(test, contend);
	EXPECT_EQUAL(test, atomic_load(&sum), ROUNDS * smp_cpu_count());
	EXPECT_EQUAL(test, guarded, ROUNDS * smp_cpu_count());
}

/* The allocator's lock: every page has one owner at a time. */
static void allocate(void *argument)
{
	struct view *view = argument;
	struct fh_frames *frames = &view->test->machine->frames;

	all_cpus_meet();
	for (unsigned int i = 0; i < 300; i++) {
		struct fh_page *page = fh_page_alloc(frames, i % 4, 0);
		volatile uint64_t *word = page ? fh_page_address(frames, page) : NULL;

		if (!page)
			continue;
		*word = view->cpu;
		for (unsigned int j = 0; j < 20; j++)
			arch_cpu_relax();
		view->done += *word == view->cpu;
		view->done += fh_page_free(frames, page) == 0;
	}
}

static void frames(struct test *test)
{
	struct fh_frames_stats before, after;

	NEEDS_OTHERS(test);
	fh_frames_stats(&test->machine->frames, &before);
	on_all(test, allocate);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		EXPECT_EQUAL(test, views[cpu].done, 600);
	fh_frames_stats(&test->machine->frames, &after);
	EXPECT_EQUAL(test, after.free, before.free);
	EXPECT(test, !fh_frames_check(&test->machine->frames));
}

/* Also what lets the exception level use the MMU, floating point and its vectors. */
static void read_settings(void *argument)
{
	struct view *view = argument;
	uint64_t el1[SETTINGS] = {
		arch_read_sysreg(currentel), arch_read_sysreg(sctlr_el1),
		arch_read_sysreg(tcr_el1),   arch_read_sysreg(mair_el1),
		arch_read_sysreg(ttbr0_el1), arch_read_sysreg(vbar_el1),
		arch_read_sysreg(daif),	     arch_read_sysreg(cpacr_el1),
		arch_read_sysreg(ttbr1_el1),
	};

	memcpy(view->setting, el1, sizeof(el1));
	if (arch_current_el() == 2) {
		uint64_t el2[SETTINGS] = {
			arch_read_sysreg(currentel), arch_read_sysreg(sctlr_el2),
			arch_read_sysreg(tcr_el2),   arch_read_sysreg(mair_el2),
			arch_read_sysreg(ttbr0_el2), arch_read_sysreg(vbar_el2),
			arch_read_sysreg(daif),	     arch_read_sysreg(cptr_el2),
			arch_read_sysreg(hcr_el2),
		};

		memcpy(view->setting, el2, sizeof(el2));
	}
}

static void settings(struct test *test)
{
	NEEDS_OTHERS(test);
	on_all(test, read_settings);
	for (unsigned int cpu = 1; cpu < smp_cpu_count(); cpu++)
		for (unsigned int i = 0; i < SETTINGS; i++)
			EXPECT_EQUAL(test, views[cpu].setting[i], views[0].setting[i]);
	/* SCTLR: M, C, I and WXN are on. */
	EXPECT_EQUAL(test, views[0].setting[1] & 0x81005, 0x81005);
}

/* A CPU that comes after it was given up finds nothing to take, and disturbs nobody. */
static void late(struct test *test)
{
	char text[8];

	if (!bootargs_get(test->machine->args, "late", text, sizeof(text)))
		SKIP(test, "no fh.late= says how many ms a CPU is late");
	wait_ms(strtoul(text, NULL, 10));
	numbers(test);
	if (!test->failed)
		work(test);
}

static const struct test_case cases[] = {
	{ "count", count },
	{ "numbers", numbers },
	{ "stacks", stacks },
	{ "guards", guards },
	{ "overflow", overflow },
	{ "thread_data", thread_data },
	{ "work", work },
	{ "waits", waits },
	{ "among_others", among_others },
	{ "exceptions", exceptions },
	{ "checked_reads", checked_reads },
	{ "atomics", atomics },
	{ "frames", frames },
	{ "settings", settings },
	{ "late", late },
};

SUITE(boot_smp, "boot.smp", cases);
