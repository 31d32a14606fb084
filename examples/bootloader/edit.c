/* SPDX-License-Identifier: BSD-2-Clause */
/* Adding to a device tree: one check for a row of calls. */
#include "examples/bootloader/edit.h"

#include <libfdt.h>

/* Numbers of one property, in cells: eight windows are 32. */
#define CELLS_MAX 32

void edit_note(struct editor *editor, int err)
{
	if (!editor->err && err < 0)
		editor->err = err;
}

void edit_open(struct editor *editor, const void *blob, void *tree, size_t bytes)
{
	*editor = (struct editor){ .tree = tree };
	edit_note(editor,
		  bytes > INT32_MAX ? -FDT_ERR_NOSPACE : fdt_open_into(blob, tree, (int)bytes));
	if (editor->err)
		return;
	editor->address_cells = fdt_address_cells(tree, 0);
	editor->size_cells = fdt_size_cells(tree, 0);
	edit_note(editor, fdt_find_max_phandle(tree, &editor->last_phandle));
}

int edit_add_node(struct editor *editor, int parent, const char *name)
{
	int node = editor->err ? editor->err : fdt_add_subnode(editor->tree, parent, name);

	edit_note(editor, node);
	return node;
}

void edit_set_bytes(struct editor *editor, int node, const char *name, const void *data,
		    size_t bytes)
{
	if (!editor->err)
		edit_note(editor, fdt_setprop(editor->tree, node, name, data, (int)bytes));
}

void edit_set_empty(struct editor *editor, int node, const char *name)
{
	edit_set_bytes(editor, node, name, NULL, 0);
}

void edit_set_numbers(struct editor *editor, int node, const char *name, int cells,
		      const uint64_t *value, size_t count)
{
	fdt32_t data[CELLS_MAX];
	size_t used = 0;

	if (count * (size_t)cells > CELLS_MAX) {
		edit_note(editor, -FDT_ERR_BADVALUE);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (cells == 2)
			data[used++] = cpu_to_fdt32((uint32_t)(value[i] >> 32));
		data[used++] = cpu_to_fdt32((uint32_t)value[i]);
	}
	edit_set_bytes(editor, node, name, data, used * sizeof(data[0]));
}

void edit_set_u32(struct editor *editor, int node, const char *name, uint32_t value)
{
	edit_set_numbers(editor, node, name, 1, (uint64_t[]){ value }, 1);
}

void edit_set_reg(struct editor *editor, int parent, int node, uint64_t base, uint64_t size)
{
	if (!editor->err)
		edit_note(editor,
			  fdt_appendprop_addrrange(editor->tree, parent, node, "reg", base, size));
}

uint32_t edit_set_phandle(struct editor *editor, int node)
{
	if (editor->last_phandle >= FDT_MAX_PHANDLE)
		edit_note(editor, -FDT_ERR_NOPHANDLES);
	edit_set_u32(editor, node, "phandle", ++editor->last_phandle);
	return editor->last_phandle;
}

uint64_t edit_number(const void *data, int cells)
{
	const fdt32_t *cell = data;
	uint64_t value = 0;

	for (int i = 0; i < cells; i++)
		value = value << 32 | fdt32_ld(&cell[i]);
	return value;
}
