/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semihosting (Arm "Semihosting for AArch32 and AArch64", 2.0) and PSCI (DEN0022, 5.10).
 */
#include "boot/exit.h"

#include <stdio.h>

#include <sysreg.h>

#include "boot/console.h"

#define SEMIHOSTING_WRITE0 0x04
#define SEMIHOSTING_ERRNO 0x13
#define SEMIHOSTING_EXIT_EXTENDED 0x20
#define SEMIHOSTING_APPLICATION_EXIT 0x20026
#define SEMIHOSTING_NONE UINT64_C(0xffffffffffffdead)
#define PSCI_SYSTEM_OFF 0x84000008

uint64_t semihosting_call(uint64_t operation, uint64_t parameter);

static enum psci_conduit exit_conduit;

void exit_set_psci(enum psci_conduit conduit)
{
	exit_conduit = conduit;
}

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

static void psci_system_off(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	if (exit_conduit == PSCI_SMC)
		__asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
	else if (exit_conduit == PSCI_HVC)
		__asm__ volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
}

_Noreturn void exit_now(enum exit_status status)
{
	uint64_t parameter[2] = { SEMIHOSTING_APPLICATION_EXIT, (uint64_t)status };

	console_flush();
	if (semihosting_present())
		semihosting_call(SEMIHOSTING_EXIT_EXTENDED, (uintptr_t)parameter);
	psci_system_off();
	for (;;)
		__asm__ volatile("wfi");
}
