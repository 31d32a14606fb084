/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run: semihosting where something answers it, else PSCI, else a halt.
 */
#ifndef FH_BOOT_EXIT_H
#define FH_BOOT_EXIT_H

#include "boot/psci.h"

enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_REFUSED = 1, /* bad input, said in a line */
	EXIT_STATUS_FAILED = 2,	 /* tests failed, or the main job's own comparison did */
	EXIT_STATUS_PANIC = 3,
};

/* Is there semihosting? Probed once. */
bool semihosting_present(void);
/* Show @text (NUL-terminated) to whoever serves semihosting. */
void semihosting_write(const char *text);

/**
 * exit_claim() - From here on this CPU alone ends the run, and it alone has the console.
 *
 * Comes back on the first CPU that calls it, each time; any other one halts here.
 */
void exit_claim(void);

/**
 * exit_now() - End the run. A CPU that comes second halts instead.
 * @status: reaches the host through semihosting; PSCI SYSTEM_OFF can carry none.
 *
 * Context: any CPU; what the others do is ended with it.
 */
_Noreturn void exit_now(enum exit_status status);

#endif
