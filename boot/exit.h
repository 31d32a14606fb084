/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run: semihosting where something answers it, else PSCI, else a halt.
 */
#ifndef FH_BOOT_EXIT_H
#define FH_BOOT_EXIT_H

#include "lib/types.h"

enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_REFUSED = 1, /* bad input, said in a line */
	EXIT_STATUS_FAILED = 2,	 /* tests failed, or the main job's own comparison did */
	EXIT_STATUS_PANIC = 3,
};

enum psci_conduit {
	PSCI_NONE,
	PSCI_SMC,
	PSCI_HVC,
};

/* From the tree's /psci node; PSCI_NONE until it was read. */
void exit_set_psci(enum psci_conduit conduit);

/* Is there semihosting? Probed once. */
bool semihosting_present(void);
/* Show @text (NUL-terminated) to whoever serves semihosting. */
void semihosting_write(const char *text);

/**
 * exit_now() - End the run.
 * @status: reaches the host through semihosting; PSCI SYSTEM_OFF can carry none.
 */
_Noreturn void exit_now(enum exit_status status);

#endif
