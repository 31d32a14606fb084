/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of the tree share: messages, cells, status. */
#ifndef FH_BOOT_DEVTREE_PRIV_H
#define FH_BOOT_DEVTREE_PRIV_H

#include <libfdt.h>

#include "boot/devtree.h"

/* #address-cells and #size-cells of a node, for its children. */
struct cells {
	int address;
	int size;
};

/*
 * `fh: devtree: <node path>[:<property>]: <value>: <why> (<errno>)`; gives @err back. With @err 0
 * it is a warning. @node below 0 is the tree itself.
 */
int devtree_refuse(const struct devtree *tree, int node, const char *property, uint64_t value,
		   const char *why, int err);

/* The path of @node, in printable characters; "/.../<name>" when it is too long. */
void devtree_path(const struct devtree *tree, int node, char path[DEVTREE_PATH_MAX]);

/* A node's cell counts, 1 or 2 each, or -EINVAL after a line. Both must be there. */
int devtree_cells(const struct devtree *tree, int node, struct cells *cells);

/* @count cells at @data as a number. */
uint64_t devtree_number(const fdt32_t *data, int count);

/**
 * devtree_regions() - Decode property @name of @node as pairs of address and size.
 * @visit: called for each; anything but 0 ends the walk and is returned.
 *
 * Return: 0; -ENOENT when the property is missing; -EINVAL after a line (a length that is not
 *         whole entries, an entry that ends beyond 2^64).
 */
int devtree_regions(const struct devtree *tree, int node, const char *name, struct cells cells,
		    int (*visit)(void *ctx, uint64_t base, uint64_t size), void *ctx);

/*
 * From addresses on @node's bus to physical ones, by the `ranges` of every bus above it. Only a
 * region that is not empty and lies in one entry can be translated: 0, else -ENOENT.
 */
int devtree_translate(const struct devtree *tree, int node, struct devtree_region *region);

/* The only /reserved-memory: its offset, -ENOENT, or -EINVAL after a line when there are two. */
int devtree_reserved_memory(const struct devtree *tree);

/* Does the string list @name of @node hold @text? */
bool devtree_has_string(const struct devtree *tree, int node, const char *name, const char *text);

/* No status, "okay" or "ok". */
bool devtree_enabled(const struct devtree *tree, int node);

#endif
