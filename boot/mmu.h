/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own map: VA = PA, W^X. The image and the device tree before the MMU is on, devices
 * as they are found, then all usable and reserved RAM; no-map and holes never.
 */
#ifndef FH_BOOT_MMU_H
#define FH_BOOT_MMU_H

#include "boot/devtree.h"
#include "lib/types.h"
#include "mm/memmap.h"

enum mmu_use {
	MMU_TEXT,   /* read and execute */
	MMU_RODATA, /* read */
	MMU_DATA,   /* read and write */
	MMU_DEVICE, /* read and write, Device-nGnRE */
};

/**
 * mmu_map() - Map [@base, @base + @size) at the same virtual address.
 * @base, @size: multiples of 4 KiB.
 *
 * Context: boot CPU; before the MMU is on, too.
 * TLB: nothing to do (only invalid-to-valid changes).
 * Return: 0, -ERANGE (beyond what the CPU can address), -EEXIST (mapped already; what was
 *         mapped before that stays), -ENOMEM (out of table pages).
 */
int mmu_map(uint64_t base, uint64_t size, enum mmu_use use);

/* The first 4 KiB of a device's registers; pages that are mapped already are left as they are. */
int mmu_map_device(uint64_t base, uint64_t size);

/* mmu_map_memory() is not to map [@base, @base + @size): whoever calls this does it, or nobody. */
void mmu_leave_out(uint64_t base, uint64_t size);

/* The root of the tables: a CPU that starts takes it. */
uint64_t mmu_root(void);

/**
 * mmu_map_memory() - Map all usable and reserved RAM but @images, which are mapped already, and
 * what is to be left out.
 * @map: resolved; more table pages are placed in it when the static ones do not suffice.
 */
int mmu_map_memory(struct fh_memmap *map, const struct devtree_images *images);

/**
 * boot_early_map() - Called by boot/entry.S with the MMU off: image and device tree.
 * @x0: as the bootloader left it.
 *
 * Return: the root of the tables.
 */
uint64_t boot_early_map(uint64_t x0);

#endif
