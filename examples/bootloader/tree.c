/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completes the device tree: what was reserved, and the device whose table was handed over
 * (dts/bindings/freehold,shared-table.yaml).
 */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <barrier.h>
#include <cache.h>

#include "boot/percpu.h"
#include "examples/bootloader/handover.h"
#include "lib/error.h"

/* Room for the nodes that are added. */
#define TREE_GROWTH 8192

/* The first error sticks, so that a row of calls needs one check. */
struct editor {
	void *tree;
	int address_cells;
	int size_cells;
	uint32_t next_phandle;
	int err;
};

static void note(struct editor *editor, int err)
{
	if (!editor->err && err < 0)
		editor->err = err;
}

static int add_node(struct editor *editor, int parent, const char *name)
{
	int node = editor->err ? editor->err : fdt_add_subnode(editor->tree, parent, name);

	note(editor, node);
	return node;
}

static void set_cells(struct editor *editor, int node, const char *name, const uint64_t *value,
		      const int *cells, int count)
{
	fdt32_t data[16];
	int used = 0;

	for (int i = 0; i < count; i++) {
		if (cells[i] == 2)
			data[used++] = cpu_to_fdt32((uint32_t)(value[i] >> 32));
		data[used++] = cpu_to_fdt32((uint32_t)value[i]);
	}
	if (!editor->err)
		note(editor, fdt_setprop(editor->tree, node, name, data, used * 4));
}

static void set_reg(struct editor *editor, int node, uint64_t base, uint64_t size)
{
	set_cells(editor, node, "reg", (uint64_t[]){ base, size },
		  (int[]){ editor->address_cells, editor->size_cells }, 2);
}

static void set_u32(struct editor *editor, int node, const char *name, uint32_t value)
{
	set_cells(editor, node, name, (uint64_t[]){ value }, (int[]){ 1 }, 1);
}

/* A child of /reserved-memory. Return: its phandle. */
static uint32_t reserve(struct editor *editor, int parent, const char *what, uint64_t base,
			uint64_t size)
{
	char name[48];
	int node;

	snprintf(name, sizeof(name), "%s@%llx", what, (unsigned long long)base);
	node = add_node(editor, parent, name);
	set_reg(editor, node, base, size);
	set_u32(editor, node, "phandle", editor->next_phandle);
	return editor->next_phandle++;
}

static int reserved_memory(struct editor *editor)
{
	int node = fdt_path_offset(editor->tree, "/reserved-memory");

	if (node >= 0)
		return node;
	node = add_node(editor, 0, "reserved-memory");
	set_u32(editor, node, "#address-cells", (uint32_t)editor->address_cells);
	set_u32(editor, node, "#size-cells", (uint32_t)editor->size_cells);
	if (!editor->err)
		note(editor, fdt_setprop_empty(editor->tree, node, "ranges"));
	return node;
}

/* What the machine offers for a device page: the registers of a real-time clock. */
static void find_device(struct editor *editor, uint64_t *base, uint64_t *size)
{
	int node = fdt_node_offset_by_compatible(editor->tree, -1, "arm,pl031");
	const fdt32_t *reg;
	int bytes;

	*base = 0x0;
	*size = 0;
	if (node < 0)
		return;
	reg = fdt_getprop(editor->tree, node, "reg", &bytes);
	if (!reg || bytes < 4 * (editor->address_cells + editor->size_cells))
		return;
	for (int i = 0; i < editor->address_cells; i++)
		*base = *base << 32 | fdt32_to_cpu(reg[i]);
	*size = 4096;
}

static void add_device(struct editor *editor, const struct handover *handover,
		       const uint32_t *phandle)
{
	static const char compatible[] = "freehold,shared-table";
	static const char names[] = "root\0pagetables\0shared";
	/* The three windows of examples/bootloader/table.c. */
	static const uint64_t window[] = { 0x18000,    0x1e8000,      0x40000000,
					   0x40000000, 0x10000000000, 0x8000000000 };
	static const int wide[] = { 2, 2, 2, 2, 2, 2 };
	uint64_t base, size;
	char name[48];
	int node;

	find_device(editor, &base, &size);
	snprintf(name, sizeof(name), "translated-device@%llx", (unsigned long long)base);
	node = add_node(editor, 0, name);
	if (editor->err)
		return;
	note(editor,
	     fdt_setprop(editor->tree, node, "compatible", compatible, (int)sizeof(compatible)));
	set_reg(editor, node, base, size);
	set_cells(editor, node, "memory-region", (uint64_t[]){ phandle[0], phandle[1], phandle[2] },
		  (int[]){ 1, 1, 1 }, 3);
	note(editor,
	     fdt_setprop(editor->tree, node, "memory-region-names", names, (int)sizeof(names)));
	set_u32(editor, node, "freehold,granule", 4096);
	set_u32(editor, node, "freehold,stage", 1);
	set_u32(editor, node, "freehold,input-bits", 48);
	set_u32(editor, node, "freehold,output-bits", handover->output_bits);
	set_cells(editor, node, "freehold,mair", &handover->mair, wide, 1);
	set_cells(editor, node, "freehold,windows", window, wide, 2 * HANDOVER_WINDOWS);
	note(editor, fdt_setprop_empty(editor->tree, node, "dma-coherent"));
}

/* The affinity of a cpu node; one or two cells. */
static uint64_t affinity(const struct editor *editor, int node)
{
	uint64_t value = 0;
	int bytes;
	const fdt32_t *reg = fdt_getprop(editor->tree, node, "reg", &bytes);

	for (int i = 0; reg && i < bytes / 4; i++)
		value = value << 32 | fdt32_to_cpu(reg[i]);
	return value;
}

/* A CPU that is parked is had by its spin table, and no more by PSCI. */
static void set_release(struct editor *editor, const struct handover *handover, unsigned int cpu)
{
	static const char method[] = "spin-table";
	uint64_t release = handover_spin_release(handover, cpu);
	int parent = fdt_path_offset(editor->tree, "/cpus");
	int node;

	fdt_for_each_subnode(node, editor->tree, parent)
	{
		if (!fdt_getprop(editor->tree, node, "reg", NULL) ||
		    affinity(editor, node) != percpu(cpu)->mpidr)
			continue;
		note(editor,
		     fdt_setprop(editor->tree, node, "enable-method", method, (int)sizeof(method)));
		set_cells(editor, node, "cpu-release-addr", &release, (int[]){ 2 }, 1);
		return;
	}
}

/* The bootargs without the words that were for this stage. */
static void strip_bootargs(struct editor *editor, int chosen)
{
	int bytes;
	char *args = fdt_getprop_w(editor->tree, chosen, "bootargs", &bytes);
	char *word = args;

	if (!args || bytes < 1)
		return;
	args[bytes - 1] = '\0';
	while ((word = strstr(word, "fh.loader-")))
		memset(word, ' ', strcspn(word, " "));
}

static void edit(struct editor *editor, const struct handover *handover)
{
	uint32_t phandle[3];
	int chosen, parent;

	editor->address_cells = fdt_address_cells(editor->tree, 0);
	editor->size_cells = fdt_size_cells(editor->tree, 0);
	note(editor, fdt_find_max_phandle(editor->tree, &editor->next_phandle));
	editor->next_phandle++;

	/* The kernel is no initrd any more. */
	chosen = fdt_path_offset(editor->tree, "/chosen");
	note(editor, chosen);
	if (!editor->err) {
		strip_bootargs(editor, chosen);
		note(editor, fdt_delprop(editor->tree, chosen, "linux,initrd-start"));
		note(editor, fdt_delprop(editor->tree, chosen, "linux,initrd-end"));
	}
	parent = reserved_memory(editor);
	phandle[0] = reserve(editor, parent, "translation-root", handover->root, 4096);
	parent = fdt_path_offset(editor->tree, "/reserved-memory");
	phandle[1] = reserve(editor, parent, "translation-tables", handover->tables,
			     UINT64_C(4096) << HANDOVER_TABLE_ORDER);
	(void)reserve(editor, parent, "firmware", handover->firmware,
		      UINT64_C(4096) << HANDOVER_FIRMWARE_ORDER);
	phandle[2] = reserve(editor, parent, "shared", handover->shared,
			     UINT64_C(4096) << HANDOVER_SHARED_ORDER);
	if (handover->spin)
		(void)reserve(editor, parent, "spin-table", handover->spin, 4096);
	for (unsigned int cpu = 1; cpu < handover->spin_cpus; cpu++)
		set_release(editor, handover, cpu);
	add_device(editor, handover, phandle);
}

uint64_t handover_tree(struct machine *machine, const struct handover *handover)
{
	struct editor editor = { 0 };
	size_t bytes = fdt_totalsize(machine->tree.blob) + TREE_GROWTH;
	unsigned int order = 0;
	uint64_t at;

	while (((size_t)4096 << order) < bytes)
		order++;
	at = handover_alloc(machine, order);
	if (!at)
		return 0;
	editor.tree = (void *)(uintptr_t)at;
	note(&editor, fdt_open_into(machine->tree.blob, editor.tree, 4096 << order));
	if (!editor.err)
		edit(&editor, handover);
	if (!editor.err)
		note(&editor, fdt_pack(editor.tree));
	if (editor.err) {
		printf("fh: bootloader: device tree: %zu bytes: %s (EINVAL)\n", bytes,
		       fdt_strerror(editor.err));
		return 0;
	}
	arch_cache_clean_invalidate(editor.tree, (size_t)4096 << order);
	arch_dsb_sy();
	return at;
}
