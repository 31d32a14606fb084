/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every image of the tree has in common: from the MMU on to a machine whose memory is
 * known. freehold_main() is what makes them different.
 */
#ifndef FH_BOOT_START_H
#define FH_BOOT_START_H

#include "boot/devtree.h"
#include "mm/memmap.h"
#include "mm/page.h"

/**
 * struct machine - What was found out about the machine.
 * @tree: checked; mapped read-only.
 * @images: what was loaded, and where the memory map is kept.
 * @map: resolved, and it does not change any more.
 * @frames: all of it; its direct map is the identity.
 * @args: /chosen/bootargs, "" when there are none.
 * @entry_el: the exception level that the image was entered at.
 */
struct machine {
	struct devtree tree;
	struct devtree_images images;
	struct fh_memmap map;
	struct fh_frames frames;
	const char *args;
	unsigned int entry_el;
};

/* Bits of a physical address: ID_AA64MMFR0_EL1.PARange, 48 where it says more. */
unsigned int machine_output_bits(void);

/* The image in memory: start, and bytes up to the end of its stacks. */
uint64_t image_base(void);
uint64_t image_size(void);

/**
 * freehold_main() - What the image is for. Return: the status that the run ends with, one of enum
 * exit_status.
 */
int freehold_main(struct machine *machine);

/**
 * devtree_locate() - Where is the tree? Safe with the MMU off.
 * @x0: as the bootloader left it.
 * @base: its address.
 * @bytes: the size that its header states.
 *
 * Looks at @x0, then, when that is 0, at the start of the 1 GiB block that holds the image, where
 * QEMU leaves it for an ELF kernel.
 * Return: 0, -EINVAL (no header there), -EFAULT (no memory there), -ERANGE (larger than 16 MiB).
 */
int devtree_locate(uint64_t x0, uint64_t *base, size_t *bytes);

#endif
