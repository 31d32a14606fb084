/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree, read. Only boot/ knows it; what it says goes on as plain structs. Every
 * error is one line on the tree's log that names node, property and value.
 *
 * Source: Devicetree Specification v0.4; dts/bindings/freehold,shared-table.yaml.
 */
#ifndef FH_BOOT_DEVTREE_H
#define FH_BOOT_DEVTREE_H

#include "boot/exit.h"
#include "iommu/pgtable.h"
#include "lib/out.h"
#include "mm/memmap.h"

/* Longer paths are told by their last part. */
#define DEVTREE_PATH_MAX 256

/**
 * struct devtree - A tree that devtree_open() has checked.
 * @blob: 8-byte aligned, readable, and it does not change.
 * @bytes: its total size.
 * @log: where errors and warnings go.
 * @chosen, @reserved_memory: offsets of these nodes of the root, below 0 when there are none.
 */
struct devtree {
	const void *blob;
	size_t bytes;
	const struct fh_out *log;
	int chosen;
	int reserved_memory;
};

struct devtree_region {
	uint64_t base;
	uint64_t size;
};

/* What lies in RAM beside what the tree declares. Bytes; size 0 for none. */
struct devtree_images {
	uint64_t kernel_base; /* a multiple of 4 KiB */
	uint64_t kernel_size;
	uint64_t tree_base; /* a multiple of 8 */
	uint64_t tree_size;
	struct devtree_region storage; /* of the memory map itself */
};

/* A region of /reserved-memory that states a size and no place. @base when it was @placed. */
struct devtree_dynamic {
	const char *path;
	uint64_t base;
	uint64_t size; /* whole frames; 0 for 2^64, which no machine has */
	bool placed;
};

/**
 * struct devtree_given - What is known beside the tree. All zero is nothing.
 * @ram: @ram_count ranges, each of a size and within 2^64, that are the RAM when the tree states
 *       none; declared by @ram_name.
 * @pa_bits: RAM at or above 2^@pa_bits is not used; 0 for no limit.
 * @no_dynamic: requests are told of, none is placed.
 * @dynamic: hears of each request in the order of the tree; may be NULL.
 */
struct devtree_given {
	struct devtree_images images;
	const struct devtree_region *ram;
	size_t ram_count;
	const char *ram_name;
	unsigned int pa_bits;
	bool no_dynamic;
	void (*dynamic)(void *ctx, const struct devtree_dynamic *request);
	void *ctx;
};

/**
 * struct devtree_uart - The console that the tree asks for.
 * @compatible: strings one after the other, @compatible_bytes in all, each with its NUL.
 * @base, @size: physical registers, translated by the parents' `ranges`; behind `reg-offset`.
 * @has_shift, @shift: of `reg-shift`, 0 to 4.
 * @width: bytes of a register, 1, 2 or 4; 0 when the tree does not say.
 * @options: what stdout-path says behind a colon, "" for nothing.
 */
struct devtree_uart {
	char path[DEVTREE_PATH_MAX];
	const char *compatible;
	size_t compatible_bytes;
	uint64_t base;
	uint64_t size;
	bool has_shift;
	uint8_t shift;
	uint8_t width;
	char options[24];
};

/**
 * struct devtree_handover - The table that a bootloader hands over, and its device.
 * @path: of the device's node.
 * @root: the root table: the start of @root_region.
 * @tables: the firmware's lower tables.
 * @shared: memory to map for the device; size 0 for none.
 * @device: registers to map for the device; size 0 for none.
 */
struct devtree_handover {
	char path[DEVTREE_PATH_MAX];
	fh_phys_addr_t root;
	struct devtree_region root_region;
	struct devtree_region tables;
	struct devtree_region shared;
	struct devtree_region device;
	uint8_t granule_lg2;
	uint8_t stage;
	uint8_t ias;
	uint8_t oas;
	uint64_t mair;
	bool coherent;
	enum fh_regime regime;
	struct fh_window window[FH_WINDOW_MAX];
	unsigned int window_count;
};

/**
 * devtree_header_bytes() - The total size that a header states; aligned loads of its first two
 * words only. Return: 0, or -EINVAL when there is no magic number.
 */
int devtree_header_bytes(const void *blob, size_t *bytes);

/**
 * devtree_open() - Check a tree before anything else reads it.
 * @limit: bytes that may be read at @blob.
 *
 * Alignment, header and blocks are checked before libfdt sees them.
 * Return: 0 or -EINVAL, after a line.
 */
int devtree_open(struct devtree *tree, const void *blob, size_t limit, const struct fh_out *log);

/**
 * devtree_memmap_bytes() - A buffer for fh_memmap_init() that devtree_memmap() cannot fill, with
 * room for some declarations more. Of a malformed tree some size.
 */
size_t devtree_memmap_bytes(const struct devtree *tree, const struct devtree_given *given);

/**
 * devtree_find_room() - RAM that nothing is said of, before there is a memory map.
 * @bytes: how much; whole frames of 4 KiB.
 * @scratch: @scratch_bytes for the search; the finer, the larger.
 * @base: where it lies: a multiple of 4 KiB.
 *
 * Looks from the top of the largest bank downwards, then in the next.
 * Return: 0, -ENOSPC, -EINVAL (a malformed tree). Prints nothing.
 */
int devtree_find_room(const struct devtree *tree, const struct devtree_given *given, uint64_t bytes,
		      void *scratch, size_t scratch_bytes, uint64_t *base);

/**
 * devtree_memmap() - Everything that the tree says about memory, and the images.
 * @map: empty; resolved on return.
 *
 * Return: 0; -EINVAL (malformed, an image outside RAM or under no-map), -ENOENT (no RAM), -ENOMEM
 *         (the map's buffer is full); each after a line.
 * Source: Devicetree Specification v0.4, 3.4, 3.5, 5.3.
 */
int devtree_memmap(const struct devtree *tree, const struct devtree_given *given,
		   struct fh_memmap *map);

/* The initrd of /chosen: 0; -ENOENT when there is none; -EINVAL after a line. */
int devtree_initrd(const struct devtree *tree, uint64_t *base, uint64_t *size);

/* The console of /chosen/stdout-path: 0; -ENOENT when there is none, or none that can be read. */
int devtree_stdout(const struct devtree *tree, struct devtree_uart *uart);

/* /chosen/bootargs, or "". */
const char *devtree_bootargs(const struct devtree *tree);

/* How PSCI is called: 0; -ENOENT when the tree has no /psci. */
int devtree_psci(const struct devtree *tree, enum psci_conduit *conduit);

/**
 * devtree_handover() - The first enabled device that is compatible with "freehold,shared-table".
 *
 * Everything that can be judged without reading the tables is judged here, where messages
 * can name node and property.
 * Return: 0; -ENOENT when there is none (no line); -EINVAL, -EPERM after a line.
 */
int devtree_handover(const struct devtree *tree, const struct fh_memmap *map,
		     struct devtree_handover *handover);

#endif
