/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUs that a tree names, and how each is started.
 *
 * Source: Devicetree Specification v0.4, 3.7 and 3.8; for AArch64 the bindings arm/cpus.yaml and
 * arm/psci.yaml of Linux.
 */
#ifndef FH_BOOT_DEVTREE_CPUS_H
#define FH_BOOT_DEVTREE_CPUS_H

#include "boot/devtree.h"

/* MPIDR_EL1.Aff3 to Aff0, in their places there: what names a CPU to firmware and tree. */
#define DEVTREE_CPU_AFFINITY UINT64_C(0xff00ffffff)

enum devtree_cpu_method {
	DEVTREE_CPU_RUNS, /* the boot CPU */
	DEVTREE_CPU_PSCI,
	DEVTREE_CPU_SPIN_TABLE,
};

/**
 * struct devtree_cpu - One CPU that can be had.
 * @node: its node; devtree_path() tells the path, which takes a walk over the whole tree.
 * @mpidr: the affinity fields of its MPIDR_EL1.
 * @release: with a spin table, the address that the CPU watches; 8-byte aligned, outside
 *	     RAM or in what the tree reserves.
 */
struct devtree_cpu {
	int node;
	uint64_t mpidr;
	enum devtree_cpu_method method;
	uint64_t release;
};

/**
 * struct devtree_cpus - A walk over them, in the tree's order.
 * @map: resolved.
 * @images: kernel and tree, which no release address may lie in.
 * @boot_mpidr: affinity fields of the CPU that we run on.
 * @visit: called for each; anything but 0 ends the walk and is returned.
 * @named: filled in: how many the tree names that are not called broken, the boot CPU included.
 */
struct devtree_cpus {
	const struct fh_memmap *map;
	const struct devtree_images *images;
	uint64_t boot_mpidr;
	int (*visit)(void *ctx, const struct devtree_cpu *cpu);
	void *ctx;
	unsigned int named;
};

/**
 * devtree_cpus() - All CPUs of /cpus that can be had.
 *
 * One whose node is wrong is left out after a line; the others are not.
 * Return: 0 or what @visit gave; -ENOENT when there is no /cpus, -EINVAL after a line when none of
 *         it can be read.
 */
int devtree_cpus(const struct devtree *tree, struct devtree_cpus *cpus);

/* At most so many CPUs but @boot_mpidr can devtree_cpus() show; without a line. */
unsigned int devtree_cpus_count(const struct devtree *tree, uint64_t boot_mpidr);

/* The number of PSCI's CPU_ON. Return: 0, or -ENOENT when /psci is older than 0.2 and names none.
 */
int devtree_psci_cpu_on(const struct devtree *tree, uint64_t *function);

#endif
