/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree that the next stage gets: a copy of ours in which everything that we placed or hold is
 * declared, so that whoever reads it finds the memory as we leave it.
 *
 *   placed on request of a node     that node gets a `reg`
 *   image, tree, metadata, stacks   /reserved-memory/freehold-<what>@<address>, /memreserve/
 *   pages that are owned or held    /reserved-memory/freehold-pages@<address>, /memreserve/
 */
#ifndef FH_BOOT_DEVTREE_NEXT_H
#define FH_BOOT_DEVTREE_NEXT_H

#include "boot/devtree.h"
#include "mm/page.h"

/**
 * struct devtree_next - What the new tree is made from.
 * @tree: as devtree_memmap() read it.
 * @map: what it and start-up declared; resolved.
 * @frames: whose blocks that are owned or held are declared; NULL for none.
 */
struct devtree_next {
	const struct devtree *tree;
	const struct fh_memmap *map;
	const struct fh_frames *frames;
};

/* A buffer of so many bytes is enough for devtree_next() as things are now. */
size_t devtree_next_bytes(const struct devtree_next *next);

/**
 * devtree_next() - Write the tree.
 * @buffer: @bytes, aligned to 8; may lie in a block that @frames says is owned or held.
 * @declared: how many ranges were declared as ours.
 *
 * Read again by devtree_memmap() it gives each frame the kind that it has in @map, but reserved
 * for those of ours that are usable there.
 * Return: 0; -ENOSPC (@bytes), -ERANGE (an address or size that the root's cells cannot say),
 *         -EINVAL (libfdt refuses), each after a line; then @buffer holds no tree.
 * Source: Devicetree Specification v0.4, 3.5.
 */
int devtree_next(const struct devtree_next *next, void *buffer, size_t bytes,
		 unsigned int *declared);

#endif
