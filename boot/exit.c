/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semihosting (Arm "Semihosting for AArch32 and AArch64", 2.0), else PSCI.
 */
#include "boot/exit.h"

#include <cpu.h>

#include "boot/console.h"
#include "boot/percpu.h"

#define SEMIHOSTING_WRITE0 0x04
#define SEMIHOSTING_ERRNO 0x13
#define SEMIHOSTING_EXIT_EXTENDED 0x20
#define SEMIHOSTING_APPLICATION_EXIT 0x20026
#define SEMIHOSTING_NONE UINT64_C(0xffffffffffffdead)

uint64_t semihosting_call(uint64_t operation, uint64_t parameter);

bool semihosting_present(void)
{
	static enum { UNKNOWN, ABSENT, PRESENT } state;

	if (state == UNKNOWN)
		state =
		    semihosting_call(SEMIHOSTING_ERRNO, 0) == SEMIHOSTING_NONE ? ABSENT : PRESENT;
	return state == PRESENT;
}

void semihosting_write(const char *text)
{
	if (semihosting_present())
		semihosting_call(SEMIHOSTING_WRITE0, (uintptr_t)text);
}

void exit_claim(void)
{
	/* cpu_id() + 1 of the one that has it. */
	static _Atomic(uint32_t) claimed;
	uint32_t self = cpu_id() + 1;
	uint32_t owner = 0;

	/* Alone, perhaps before the MMU is on: nothing to fight for, and no exclusives to do it. */
	if (percpu_shared)
		(void)atomic_compare_exchange_strong_explicit(
		    &claimed, &owner, self, memory_order_relaxed, memory_order_relaxed);
	if (owner != 0 && owner != self)
		percpu_halt();
	console_seize();
}

_Noreturn void exit_now(enum exit_status status)
{
	uint64_t parameter[2] = { SEMIHOSTING_APPLICATION_EXIT, (uint64_t)status };
	static bool flushing;

	exit_claim();
	/* An exception in there brings us here again. */
	if (!flushing) {
		flushing = true;
		console_flush();
	}
	if (semihosting_present())
		semihosting_call(SEMIHOSTING_EXIT_EXTENDED, (uintptr_t)parameter);
	psci_system_off();
	percpu_halt();
}
