/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device whose table is handed over. Here any page of registers will do, and QEMU's machines
 * have a real-time clock; a firmware names its GPU or coprocessor.
 */
#include <libfdt.h>

#include "examples/bootloader/edit.h"
#include "examples/bootloader/handover.h"

void handover_device(const void *blob, struct handover *handover)
{
	int node = fdt_node_offset_by_compatible(blob, -1, "arm,pl031");
	int cells = fdt_address_cells(blob, 0);
	const void *reg;
	int bytes;

	handover->device = 0;
	handover->device_size = 0;
	reg = node < 0 ? NULL : fdt_getprop(blob, node, "reg", &bytes);
	if (!reg || cells < 1 || cells > 2 || bytes < 4 * cells)
		return;
	handover->device = edit_number(reg, cells);
	handover->device_size = 4096;
}
