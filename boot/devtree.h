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

#define DEVTREE_PATH_MAX 128

/**
 * struct devtree - A tree that devtree_open() has checked.
 * @blob: 8-byte aligned, readable, and it does not change.
 * @bytes: its total size.
 * @log: where errors and warnings go.
 */
struct devtree {
	const void *blob;
	size_t bytes;
	const struct fh_out *log;
};

/* What lies in RAM beside what the tree declares. Bytes; size 0 for none. */
struct devtree_images {
	uint64_t kernel_base;
	uint64_t kernel_size;
	uint64_t tree_base;
	uint64_t tree_size;
};

struct devtree_region {
	uint64_t base;
	uint64_t size;
};

/**
 * struct devtree_uart - The console that the tree asks for.
 * @compatible: strings one after the other, @compatible_bytes in all, each with its NUL.
 * @base, @size: physical registers, translated by the parents' `ranges`.
 */
struct devtree_uart {
	char path[DEVTREE_PATH_MAX];
	const char *compatible;
	size_t compatible_bytes;
	uint64_t base;
	uint64_t size;
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
 * devtree_memmap() - Everything that the tree says about memory, and the images.
 * @map: empty; resolved on return.
 *
 * Return: 0; -EINVAL (malformed, an image outside RAM or under no-map), -ENOENT (no RAM), -ENOMEM
 *         (the map's buffer is full); each after a line.
 * Source: Devicetree Specification v0.4, 3.4, 3.5, 5.3.
 */
int devtree_memmap(const struct devtree *tree, const struct devtree_images *images,
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
