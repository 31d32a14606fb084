/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding to a device tree, with libfdt. The first error sticks and later calls do nothing, so that
 * a row of calls needs one check at its end.
 */
#ifndef FH_EXAMPLES_EDIT_H
#define FH_EXAMPLES_EDIT_H

#include "lib/types.h"

/**
 * struct editor - A tree that is being edited.
 * @tree: with room.
 * @address_cells, @size_cells: of the root.
 * @last_phandle: no node has a higher one.
 * @err: the first error of libfdt, or 0.
 */
struct editor {
	void *tree;
	int address_cells;
	int size_cells;
	uint32_t last_phandle;
	int err;
};

/* Copy @blob into @bytes at @tree and begin. */
void edit_open(struct editor *editor, const void *blob, void *tree, size_t bytes);

/* Keep @err, when it is the first. */
void edit_note(struct editor *editor, int err);

/* A new child of @parent. Return: the node; negative after an error. */
int edit_add_node(struct editor *editor, int parent, const char *name);

/* A property: empty; bytes; numbers of @cells cells each, 1 or 2. */
void edit_set_empty(struct editor *editor, int node, const char *name);
void edit_set_bytes(struct editor *editor, int node, const char *name, const void *data,
		    size_t bytes);
void edit_set_numbers(struct editor *editor, int node, const char *name, int cells,
		      const uint64_t *value, size_t count);
void edit_set_u32(struct editor *editor, int node, const char *name, uint32_t value);

/* `reg`, with the cells of @parent; an error when they cannot say it. */
void edit_set_reg(struct editor *editor, int parent, int node, uint64_t base, uint64_t size);

/* Give @node a phandle that no other node has. Return: the phandle. */
uint32_t edit_set_phandle(struct editor *editor, int node);

/* The number at @data, of so many cells. */
uint64_t edit_number(const void *data, int cells);

#endif
