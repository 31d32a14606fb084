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

/* devtree_refuse() with a path that is known: finding one takes a walk over the tree. */
int devtree_say(const struct devtree *tree, const char *path, const char *property, uint64_t value,
		const char *why, int err);

/* The same with the text of the property for a value. */
int devtree_say_text(const struct devtree *tree, const char *path, int node, const char *property,
		     const char *why, int err);

/* The path of @node, a child of the node whose path is @parent ("" for the root). */
void devtree_child_path(const struct devtree *tree, const char *parent, int node,
			char path[DEVTREE_PATH_MAX]);

enum node_kind {
	NODE_ROOT,
	NODE_MEMORY,
	NODE_CHOSEN,
	NODE_RESERVED_MEMORY,
	NODE_REGION,
};

/* Does no property that is read of such a node stand twice? 0, or -EINVAL after a line. */
int devtree_unique(const struct devtree *tree, int node, enum node_kind kind);

/* A log that nobody reads. */
extern const struct fh_out devtree_silence;

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

/* A string property of /chosen that ends in NUL, or NULL. */
const char *devtree_chosen_string(const struct devtree *tree, const char *name);

/* Is @text the first string of property @name? A string without its end is none. */
bool devtree_says(const struct devtree *tree, int node, const char *name, const char *text);

/* Does the string list @name of @node hold @text? */
bool devtree_has_string(const struct devtree *tree, int node, const char *name, const char *text);

/* No status, "okay" or "ok". */
bool devtree_enabled(const struct devtree *tree, int node);

/* One thing that is said about memory; @numa is that of usable memory. */
struct declaration {
	uint64_t base;
	uint64_t size;
	enum fh_mem_kind kind;
	uint32_t numa;
	const char *property;
	const char *by;
};

struct declare {
	int (*visit)(void *ctx, const struct declaration *declaration);
	void *ctx;
};

/**
 * devtree_declare() - All that the tree and @given say of memory, but requests without a place.
 * @to: hears of each; anything but 0 ends the walk and is returned.
 *
 * Order: RAM, /memreserve/, static regions, images.
 * Return: 0; -EINVAL, -ENOENT (no RAM) after a line.
 */
int devtree_declare(const struct devtree *tree, const struct devtree_given *given,
		    const struct declare *to);

/* Is the child of /reserved-memory left out? Only what says "disabled" is. */
bool devtree_region_disabled(const struct devtree *tree, int node);

enum fh_mem_kind devtree_region_kind(const struct devtree *tree, int node);

/*
 * Children of /reserved-memory that state no place, with their paths, in the order of the tree;
 * anything but 0 of @visit ends the walk and is returned.
 */
int devtree_each_request(const struct devtree *tree,
			 int (*visit)(void *ctx, int node, const char *path), void *ctx);

#endif
