/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens on an exception: an expected one resumes where its caller said; any other
 * prints cause, registers and a bounded backtrace, and ends the run with a failing status. Of
 * several CPUs that have one, the first prints and ends the run, and the others stop.
 */
#include "boot/trap.h"

#include <stdio.h>

#include <sysreg.h>

#include "boot/exit.h"
#include "boot/percpu.h"
#include "lib/bits.h"
#include "lib/hooks.h"

#define BACKTRACE_MAX 32

extern char fh_hook_read_start[], fh_hook_read_end[], fh_hook_read_fixup[];
extern char semihosting_probe[], semihosting_fixup[], trap_landing[];
extern char psci_call_smc[], psci_call_hvc[], psci_call_fixup[];
extern char image_start_code[], image_text_end[];

void trap_expect_set(struct trap_expect *expect);

static bool trap_panicking;

/* Called by trap_call() in boot/vectors.S. */
void trap_expect_set(struct trap_expect *expect)
{
	percpu_self()->expected = expect;
}

const char *trap_class_name(uint64_t esr)
{
	switch (FH_FIELD_GET(ESR_EC, esr)) {
	case ESR_EC_UNKNOWN:
		return "undefined instruction";
	case ESR_EC_IABT_SAME:
		return "instruction abort";
	case ESR_EC_PC_ALIGN:
		return "pc alignment fault";
	case ESR_EC_DABT_SAME:
		return "data abort";
	case ESR_EC_SP_ALIGN:
		return "sp alignment fault";
	case ESR_EC_BRK:
		return "breakpoint instruction";
	default:
		return "exception";
	}
}

const char *trap_status_name(uint64_t esr)
{
	static const char *const fault[] = { "address size fault", "translation fault",
					     "access flag fault", "permission fault" };
	unsigned int fsc = (unsigned int)FH_FIELD_GET(ESR_FSC, esr);

	if (fsc < 0x10)
		return fault[fsc >> 2];
	switch (fsc) {
	case 0x10:
		return "synchronous external abort";
	case 0x14:
	case 0x15:
	case 0x16:
	case 0x17:
		return "synchronous external abort on a table walk";
	case 0x21:
		return "alignment fault";
	default:
		return "other fault";
	}
}

static bool is_abort(uint64_t esr)
{
	uint64_t class = FH_FIELD_GET(ESR_EC, esr);

	return class == ESR_EC_IABT_SAME || class == ESR_EC_DABT_SAME;
}

static bool between(uint64_t address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* A call to whoever is above, and nobody is. The address is the next one's only for HVC to us. */
static bool nobody_above(uint64_t class, uint64_t elr)
{
	if (class == ESR_EC_HVC)
		return elr == (uintptr_t)psci_call_hvc + 4;
	return class == ESR_EC_UNKNOWN &&
	       (elr == (uintptr_t)psci_call_smc || elr == (uintptr_t)psci_call_hvc);
}

/* The instruction sequences that may take an exception, and the one that a test asked for. */
static bool trap_fixup(struct trapframe *frame)
{
	uint64_t class = FH_FIELD_GET(ESR_EC, frame->esr);
	struct percpu *self = percpu_self();
	struct trap_expect *expected = self->expected;

	if (class == ESR_EC_DABT_SAME &&
	    between(frame->elr, fh_hook_read_start, fh_hook_read_end)) {
		frame->elr = (uintptr_t)fh_hook_read_fixup;
		return true;
	}
	if (class == ESR_EC_UNKNOWN && frame->elr == (uintptr_t)semihosting_probe) {
		frame->elr = (uintptr_t)semihosting_fixup;
		return true;
	}
	if (nobody_above(class, frame->elr)) {
		frame->elr = (uintptr_t)psci_call_fixup;
		return true;
	}
	if (expected && frame->vector == 0) {
		expected->esr = frame->esr;
		expected->far = frame->far;
		expected->elr = frame->elr;
		frame->x[0] = (uintptr_t)expected;
		frame->elr = (uintptr_t)trap_landing;
		self->expected = NULL;
		return true;
	}
	return false;
}

static void print_backtrace(const struct trapframe *frame)
{
	const struct percpu_stack *stack = &percpu_self()->stack;
	uint64_t fp = frame->x[29];
	uint64_t floor = stack->start;

	/* Offsets in the image, as addr2line wants them, whatever the image's place in memory. */
	printf("fh: panic: backtrace:");
	for (int depth = 0; depth < BACKTRACE_MAX; depth++) {
		const uint64_t *record;

		if (fp < floor || fp > stack->end - 16 || (fp & 15))
			break;
		record = (const uint64_t *)(uintptr_t)fp;
		if (!between(record[1], image_start_code, image_text_end))
			break;
		printf(" +%#llx", (unsigned long long)(record[1] - (uintptr_t)image_start_code));
		floor = fp + 16;
		fp = record[0];
	}
	printf("\n");
}

static void print_cause(const struct trapframe *frame)
{
	static const char *const kind[] = { "synchronous", "irq", "fiq", "serror" };
	uint64_t guard = percpu_self()->stack.start - PERCPU_GUARD_BYTES;

	printf("fh: panic: cpu %u: %s", cpu_id(), kind[frame->vector & 3]);
	if ((frame->vector & 3) == 0)
		printf(": %s", trap_class_name(frame->esr));
	if (is_abort(frame->esr))
		printf(": %s at level %u on %s of %#llx%s", trap_status_name(frame->esr),
		       (unsigned int)frame->esr & 3, frame->esr & ESR_WNR ? "write" : "read",
		       (unsigned long long)frame->far,
		       frame->far - guard < PERCPU_GUARD_BYTES ? " (stack guard)" : "");
	printf("\nfh: panic: el %u vector %u esr %#llx elr %#llx (image +%#llx) spsr %#llx\n",
	       arch_current_el(), (unsigned int)frame->vector, (unsigned long long)frame->esr,
	       (unsigned long long)frame->elr,
	       (unsigned long long)(frame->elr - (uintptr_t)image_start_code),
	       (unsigned long long)frame->spsr);
}

static void print_registers(const struct trapframe *frame)
{
	for (unsigned int i = 0; i < 31; i++)
		printf("%sx%-2u %016llx%s", i % 4 ? " " : "fh: panic: ", i,
		       (unsigned long long)frame->x[i], i % 4 == 3 ? "\n" : "");
	printf(" sp  %016llx\n", (unsigned long long)frame->sp);
}

void trap_handle(struct trapframe *frame)
{
	if (trap_fixup(frame))
		return;
	exit_claim();
	/* An exception while printing one: nothing more can be said. */
	if (trap_panicking)
		exit_now(EXIT_STATUS_PANIC);
	trap_panicking = true;
	print_cause(frame);
	print_registers(frame);
	print_backtrace(frame);
	exit_now(EXIT_STATUS_PANIC);
}

_Noreturn void fh_hook_bug(const char *what, const char *file, int line)
{
	exit_claim();
	printf("fh: panic: cpu %u: broken invariant: %s: %s:%d\n", cpu_id(), what, file, line);
	/* Undefined on purpose: the vectors print registers and backtrace. */
	__builtin_trap();
}
