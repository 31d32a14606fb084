/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this stage changes in the tree beside the hand-over: its own bootargs and the initrd go, and
 * CPUs that it has parked are had by their spin table.
 */
#include <string.h>

#include <libfdt.h>

#include "examples/bootloader/edit.h"
#include "examples/bootloader/handover.h"

/* A CPU that is parked is had by its spin table, and no more by PSCI. */
static void set_release(struct editor *editor, const struct handover *handover, unsigned int cpu)
{
	static const char method[] = "spin-table";
	uint64_t release = handover_spin_release(handover, cpu);
	int parent = fdt_path_offset(editor->tree, "/cpus");
	int node;

	fdt_for_each_subnode(node, editor->tree, parent)
	{
		int bytes;
		const void *reg = fdt_getprop(editor->tree, node, "reg", &bytes);

		if (!reg || edit_number(reg, bytes / 4) != handover_spin_affinity(cpu))
			continue;
		edit_set_bytes(editor, node, "enable-method", method, sizeof(method));
		edit_set_numbers(editor, node, "cpu-release-addr", 2, &release, 1);
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

void handover_stage_tree(struct editor *editor, const struct handover *handover)
{
	int chosen = fdt_path_offset(editor->tree, "/chosen");

	edit_note(editor, chosen);
	if (editor->err)
		return;
	strip_bootargs(editor, chosen);
	edit_note(editor, fdt_delprop(editor->tree, chosen, "linux,initrd-start"));
	edit_note(editor, fdt_delprop(editor->tree, chosen, "linux,initrd-end"));
	for (unsigned int cpu = 1; cpu < handover->spin_cpus; cpu++)
		set_release(editor, handover, cpu);
}
