/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first tables: image and device tree, and what is needed until the kernel's own tables
 * (boot/mmu.c) take their place. They begin with the MMU off, so they are simple: a static pool,
 * one pass a leaf, no atomics.
 */
#ifndef FH_BOOT_MMU_EARLY_H
#define FH_BOOT_MMU_EARLY_H

#include "boot/mmu.h"

#define MMU_PAGE_BYTES 4096u

/* Pages of the static pool. */
#define MMU_EARLY_PAGES 32u

/* The pool: early tables take from its start. */
uint64_t mmu_early_pool(void);

/* How many it has given. */
unsigned int mmu_early_used(void);

/* As mmu_map(), in the early tables. */
int mmu_early_map(uint64_t base, uint64_t size, enum mmu_use use);

/* Their root. */
uint64_t mmu_early_root(void);

/* What a use means in a table. */
struct fh_attr mmu_attr(enum mmu_use use);

#endif
