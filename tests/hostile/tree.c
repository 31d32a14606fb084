/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What examples/bootloader/tree.c says of the table, made to fit the one here; and for the test, on
 * the serial line, what is handed over, with a checksum of each region.
 */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <barrier.h>
#include <cache.h>

#include "lib/error.h"
#include "tests/hostile/hostile.h"

#define ROOM 2048

/* What the linker calls the one of the example, and this one (--wrap). */
uint64_t __real_handover_tree(struct machine *machine, const void *blob,
			      const struct handover *handover);
uint64_t __wrap_handover_tree(struct machine *machine, const void *blob,
			      const struct handover *handover);

/* IEEE 802.3. */
static uint32_t checksum(uint64_t pa, size_t bytes)
{
	const unsigned char *byte = (const unsigned char *)(uintptr_t)pa;
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < bytes; i++) {
		crc ^= byte[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static void tell_region(const char *what, uint64_t pa, unsigned int order)
{
	size_t bytes = (size_t)4096 << order;

	printf("fh: hostile: %s: %#llx %zu %#x\n", what, (unsigned long long)pa, bytes,
	       (unsigned int)checksum(pa, bytes));
}

static void tell(const struct handover *handover)
{
	printf("fh: hostile: seed %llu: input %u, output %u, %s, %zu bytes written back at once\n",
	       (unsigned long long)hostile.seed, hostile.input_bits, handover->output_bits,
	       hostile.coherent ? "coherent" : "not coherent", arch_cache_writeback_granule());
	tell_region("root", handover->root, 0);
	tell_region("tables", handover->tables, HOSTILE_TABLE_ORDER);
	tell_region("firmware", handover->firmware, HANDOVER_FIRMWARE_ORDER);
	printf("fh: hostile: no-map: %#llx\n", (unsigned long long)hostile.nomap);
	for (unsigned int w = 0; w < hostile.windows; w++)
		printf("fh: hostile: window: %#llx %#llx\n",
		       (unsigned long long)hostile.window[w].base,
		       (unsigned long long)hostile.window[w].size);
}

/* Cells as the root of virt has them, two of each. */
static int set_numbers(void *tree, int node, const char *name, const uint64_t *value, int count)
{
	fdt64_t data[2 * HOSTILE_WINDOWS];

	for (int i = 0; i < count; i++)
		data[i] = cpu_to_fdt64(value[i]);
	return node < 0 ? node : fdt_setprop(tree, node, name, data, 8 * count);
}

static int set_tables(void *tree, const struct handover *handover)
{
	uint64_t reg[] = { handover->tables, UINT64_C(4096) << HOSTILE_TABLE_ORDER };
	char path[64];

	snprintf(path, sizeof(path), "/reserved-memory/translation-tables@%llx",
		 (unsigned long long)handover->tables);
	return set_numbers(tree, fdt_path_offset(tree, path), "reg", reg, 2);
}

static int set_device(void *tree)
{
	int node = fdt_node_offset_by_compatible(tree, -1, "freehold,shared-table");
	uint64_t window[2 * HOSTILE_WINDOWS];
	int err;

	for (unsigned int w = 0; w < hostile.windows; w++) {
		window[2 * w] = hostile.window[w].base;
		window[2 * w + 1] = hostile.window[w].size;
	}
	err = set_numbers(tree, node, "freehold,windows", window, 2 * (int)hostile.windows);
	if (!err)
		err = fdt_setprop_u32(tree, node, "freehold,input-bits", hostile.input_bits);
	return err || hostile.coherent ? err : fdt_delprop(tree, node, "dma-coherent");
}

static int add_nomap(void *tree)
{
	uint64_t reg[] = { hostile.nomap, 4096 };
	int parent = fdt_path_offset(tree, "/reserved-memory");
	int node = fdt_add_subnode(tree, parent, "secure");
	int err = set_numbers(tree, node, "reg", reg, 2);

	return err ? err : fdt_setprop_empty(tree, node, "no-map");
}

/* The kernel would warn of a word that is not for it. */
static void strip_bootargs(void *tree)
{
	int bytes;
	char *args = fdt_getprop_w(tree, fdt_path_offset(tree, "/chosen"), "bootargs", &bytes);
	char *word = args ? strstr(args, "fh.hostile-") : NULL;

	if (word)
		memset(word, ' ', strcspn(word, " "));
}

uint64_t __wrap_handover_tree(struct machine *machine, const void *blob,
			      const struct handover *handover)
{
	uint64_t at = __real_handover_tree(machine, blob, handover);
	void *tree = (void *)(uintptr_t)at;
	int err;

	if (!at)
		return 0;
	/* The block has room behind the tree. */
	err = fdt_open_into(tree, tree, (int)fdt_totalsize(tree) + ROOM);
	if (!err)
		err = set_tables(tree, handover);
	if (!err)
		err = set_device(tree);
	if (!err)
		err = add_nomap(tree);
	if (err) {
		printf("fh: hostile: device tree: %s (EINVAL)\n", fdt_strerror(err));
		return 0;
	}
	strip_bootargs(tree);
	arch_cache_clean_invalidate(tree, fdt_totalsize(tree));
	arch_dsb_sy();
	tell(handover);
	return at;
}
