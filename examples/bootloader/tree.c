/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completes the device tree: what was reserved, and the device whose table was handed over
 * (dts/bindings/freehold,shared-table.yaml).
 */
#include <stdio.h>

#include <libfdt.h>

#include <barrier.h>
#include <cache.h>

#include "examples/bootloader/edit.h"
#include "examples/bootloader/handover.h"
#include "lib/error.h"

/* Room for the nodes that are added. */
#define TREE_GROWTH 8192

/* A child of /reserved-memory. Return: its phandle. */
static uint32_t reserve(struct editor *editor, int parent, const char *what, uint64_t base,
			uint64_t size)
{
	char name[48];
	int node;

	snprintf(name, sizeof(name), "%s@%llx", what, (unsigned long long)base);
	node = edit_add_node(editor, parent, name);
	edit_set_reg(editor, parent, node, base, size);
	return edit_set_phandle(editor, node);
}

/* With the cells of the root, as the Devicetree Specification v0.4, 3.5.1, wants it. */
static int reserved_memory(struct editor *editor)
{
	int node = fdt_path_offset(editor->tree, "/reserved-memory");

	if (node >= 0) {
		if (fdt_address_cells(editor->tree, node) != editor->address_cells ||
		    fdt_size_cells(editor->tree, node) != editor->size_cells)
			edit_note(editor, -FDT_ERR_BADNCELLS);
		return node;
	}
	node = edit_add_node(editor, 0, "reserved-memory");
	edit_set_u32(editor, node, "#address-cells", (uint32_t)editor->address_cells);
	edit_set_u32(editor, node, "#size-cells", (uint32_t)editor->size_cells);
	edit_set_empty(editor, node, "ranges");
	return node;
}

/* Phandles of root, pagetables and shared. */
static void add_regions(struct editor *editor, const struct handover *handover, uint64_t phandle[3])
{
	int parent = reserved_memory(editor);

	phandle[0] = reserve(editor, parent, "translation-root", handover->root, 4096);
	phandle[1] = reserve(editor, parent, "translation-tables", handover->tables,
			     UINT64_C(4096) << HANDOVER_TABLE_ORDER);
	(void)reserve(editor, parent, "firmware", handover->firmware,
		      UINT64_C(4096) << HANDOVER_FIRMWARE_ORDER);
	phandle[2] = reserve(editor, parent, "shared", handover->shared,
			     UINT64_C(4096) << HANDOVER_SHARED_ORDER);
	if (handover->spin)
		(void)reserve(editor, parent, "spin-table", handover->spin, 4096);
}

static int add_device_node(struct editor *editor, const struct handover *handover)
{
	char name[48] = "translated-device";
	int node;

	if (handover->device_size)
		snprintf(name, sizeof(name), "translated-device@%llx",
			 (unsigned long long)handover->device);
	node = edit_add_node(editor, 0, name);
	if (handover->device_size)
		edit_set_reg(editor, 0, node, handover->device, handover->device_size);
	return node;
}

static void add_device(struct editor *editor, const struct handover *handover,
		       const uint64_t phandle[3])
{
	static const char compatible[] = "freehold,shared-table";
	static const char names[] = "root\0pagetables\0shared";
	uint64_t window[2 * HANDOVER_WINDOW_MAX];
	int node = add_device_node(editor, handover);

	for (unsigned int w = 0; w < handover->window_count; w++) {
		window[2 * w] = handover->window[w].base;
		window[2 * w + 1] = handover->window[w].size;
	}
	edit_set_bytes(editor, node, "compatible", compatible, sizeof(compatible));
	edit_set_numbers(editor, node, "memory-region", 1, phandle, 3);
	edit_set_bytes(editor, node, "memory-region-names", names, sizeof(names));
	edit_set_u32(editor, node, "freehold,granule", 4096);
	edit_set_u32(editor, node, "freehold,stage", 1);
	edit_set_u32(editor, node, "freehold,input-bits", handover->input_bits);
	edit_set_u32(editor, node, "freehold,output-bits", handover->output_bits);
	edit_set_numbers(editor, node, "freehold,mair", 2, &handover->mair, 1);
	edit_set_numbers(editor, node, "freehold,windows", 2, window, 2 * handover->window_count);
	edit_set_empty(editor, node, "dma-coherent");
}

int handover_describe(const void *blob, const struct handover *handover, void *tree, size_t bytes)
{
	struct editor editor;
	uint64_t phandle[3];

	edit_open(&editor, blob, tree, bytes);
	if (!editor.err)
		handover_stage_tree(&editor, handover);
	if (!editor.err)
		add_regions(&editor, handover, phandle);
	if (!editor.err)
		add_device(&editor, handover, phandle);
	if (!editor.err)
		edit_note(&editor, fdt_pack(tree));
	return editor.err ? handover_refuse("device tree", bytes, fdt_strerror(editor.err), -EINVAL)
			  : 0;
}

uint64_t handover_tree(struct machine *machine, const void *blob, const struct handover *handover)
{
	size_t bytes = fdt_totalsize(blob) + TREE_GROWTH;
	unsigned int order = 0;
	uint64_t at;

	while (((size_t)4096 << order) < bytes)
		order++;
	bytes = (size_t)4096 << order;
	at = handover_alloc(machine, order);
	if (!at || handover_describe(blob, handover, (void *)(uintptr_t)at, bytes))
		return 0;
	/* The next stage starts with its caches off. */
	arch_cache_clean_invalidate((void *)(uintptr_t)at, bytes);
	arch_dsb_sy();
	return at;
}
