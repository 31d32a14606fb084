/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's power services (Arm DEN0022): off, and another CPU on.
 */
#ifndef FH_BOOT_PSCI_H
#define FH_BOOT_PSCI_H

#include "lib/types.h"

enum psci_conduit {
	PSCI_NONE,
	PSCI_SMC,
	PSCI_HVC,
};

/* CPU_ON with 64-bit arguments, as PSCI numbers it since 0.2. */
#define PSCI_CPU_ON UINT64_C(0xc4000003)

/* How it is called, from the tree's /psci node; PSCI_NONE until then, and where nobody answers. */
void psci_use(enum psci_conduit conduit);
bool psci_present(void);

/**
 * psci_cpu_on() - Ask for CPU @mpidr to start at @entry, with its MMU off.
 * @function: its number, PSCI_CPU_ON or what an older firmware's tree says.
 * @mpidr: the affinity fields.
 * @entry: physical address.
 * @name: what PSCI answered, by its name there.
 *
 * That it was accepted says nothing about when the CPU comes.
 * Return: 0, -ENOTSUP, -EINVAL, -EPERM (DENIED, DISABLED), -EEXIST (ALREADY_ON), -EBUSY
 *         (ON_PENDING), -ENODEV (NOT_PRESENT), -EFAULT (INVALID_ADDRESS), -EIO (anything else).
 * Source: DEN0022, 5.6 and 5.2.2.
 */
int psci_cpu_on(uint64_t function, uint64_t mpidr, uint64_t entry, const char **name);

/* The machine off; returns where nobody answers. */
void psci_system_off(void);

#endif
