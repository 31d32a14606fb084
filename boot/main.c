/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel: /chosen/bootargs says what runs.
 *
 *   fh.run=main     the main job (default)
 *   fh.run=memmap   only the memory map, which every boot prints
 *   fh.next=1       and then the tree for the next stage
 *   fh.whose=ADDR   whose that physical address is, at the end of the main job
 */
#include <stdio.h>
#include <string.h>

#include <sysreg.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/exit.h"
#include "boot/job.h"
#include "boot/smp.h"
#include "boot/start.h"
#include "lib/bits.h"

/* INST_RETIRED (event 8), which boot/entry.S started; QEMU has it under -icount alone. */
static void print_instructions(void)
{
	uint64_t version = arch_read_sysreg(id_aa64dfr0_el1) >> 8 & 0xf;

	/* No PMUv3, none of its counters ours, or no such event: nothing was counted. */
	if (!version || version == 0xf || !(arch_read_sysreg(pmcr_el0) >> 11 & 0x1f))
		return;
	if (arch_read_sysreg(pmceid0_el0) & FH_BIT(8))
		printf("fh: main: %llu instructions since entry\n",
		       (unsigned long long)arch_read_sysreg(pmevcntr0_el0));
}

int freehold_main(struct machine *machine)
{
	static const char *const known[] = { "run", "next", "whose" };
	char run[32] = "main";
	char next[8] = "0";
	int status;

	smp_start(machine);
	bootargs_check(machine->args, known, FH_ARRAY_SIZE(known), &console_out);
	(void)bootargs_get(machine->args, "run", run, sizeof(run));
	if (strcmp(run, "main") == 0) {
		status = job_run(machine);
	} else if (strcmp(run, "memmap") == 0) {
		status = EXIT_STATUS_OK;
	} else {
		printf("fh: main: fh.run: %s: neither main nor memmap (EINVAL)\n", run);
		status = EXIT_STATUS_REFUSED;
	}
	(void)bootargs_get(machine->args, "next", next, sizeof(next));
	if (status == EXIT_STATUS_OK && strcmp(next, "1") == 0 && job_next(machine))
		status = EXIT_STATUS_FAILED;
	print_instructions();
	printf("fh: main: done: status %d\n", status);
	return status;
}
