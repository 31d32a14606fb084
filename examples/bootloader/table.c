/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table that the example bootloader owns, stage 1, 4 KiB granule, 48 bits of input:
 *
 *   root [0] -> A [0] -> B [0] -> C [0..15]  firmware, read and execute
 *                                 C [16]     not zero, invalid: the firmware's note
 *                                 C [24..]   window 0, but C [32] is a live page of the firmware
 *                          B [1]  2 MiB block of RAM, read only
 *               A [1] -> D        window 1, but D [511] is the firmware's note
 *        [1]                      the firmware's note
 *        [2]                      window 2: nothing below it yet
 */
#include <string.h>

#include <barrier.h>
#include <cache.h>

#include "examples/bootloader/handover.h"
#include "lib/bits.h"
#include "lib/error.h"

/* Arm ARM DDI 0487, D8.3: descriptor fields of VMSAv8-64 stage 1. */
#define DESC_TABLE 0x3
#define DESC_PAGE 0x3
#define DESC_BLOCK 0x1
#define DESC_AF (1 << 10)
#define DESC_INNER (3 << 8)
#define DESC_READ_ONLY (2 << 6)
#define DESC_NOTE 0xfeed0000
#define DESC_UXN FH_BIT(54)
#define DESC_PXN FH_BIT(53)

/* Index of the write-back attribute in @mair. */
static uint64_t normal_memory(uint64_t mair)
{
	uint64_t index = 0;

	while (index < 7 && ((mair >> (8 * index)) & 0xff) != 0xff)
		index++;
	return index << 2 | DESC_AF | DESC_INNER;
}

static void fill(const struct handover *handover)
{
	uint64_t normal = normal_memory(handover->mair);
	uint64_t *root = (uint64_t *)(uintptr_t)handover->root;
	uint64_t(*table)[512] = (uint64_t(*)[512])(uintptr_t)handover->tables;
	uint64_t *a = table[0], *b = table[1], *c = table[2], *d = table[3];

	for (unsigned int i = 0; i < 1u << HANDOVER_FIRMWARE_ORDER; i++)
		c[i] = (handover->firmware + 4096u * i) | normal | DESC_READ_ONLY | DESC_UXN |
		       DESC_PAGE;
	c[16] = DESC_NOTE;
	c[32] = handover->firmware | normal | DESC_UXN | DESC_PXN | DESC_PAGE;
	b[0] = (uintptr_t)c | DESC_TABLE;
	b[1] = fh_align_down(handover->firmware, 2 * FH_MIB) | normal | DESC_READ_ONLY | DESC_UXN |
	       DESC_PXN | DESC_BLOCK;
	d[511] = DESC_NOTE;
	a[0] = (uintptr_t)b | DESC_TABLE;
	a[1] = (uintptr_t)d | DESC_TABLE;
	root[0] = (uintptr_t)a | DESC_TABLE;
	root[1] = DESC_NOTE;
}

static void set_windows(struct handover *handover)
{
	handover->window[0] = (struct handover_window){ 0x18000, 2 * FH_MIB - 0x18000 };
	handover->window[1] = (struct handover_window){ FH_GIB, FH_GIB };
	handover->window[2] = (struct handover_window){ FH_TIB, 512 * FH_GIB };
	handover->window_count = 3;
}

int handover_build(struct machine *machine, uint64_t mair, unsigned int output_bits,
		   struct handover *handover)
{
	memset(handover, 0, sizeof(*handover));
	handover->mair = mair;
	handover->input_bits = 48;
	handover->output_bits = output_bits;
	set_windows(handover);
	handover->root = handover_alloc(machine, 0);
	handover->tables = handover_alloc(machine, HANDOVER_TABLE_ORDER);
	handover->firmware = handover_alloc(machine, HANDOVER_FIRMWARE_ORDER);
	handover->shared = handover_alloc(machine, HANDOVER_SHARED_ORDER);
	if (!handover->root || !handover->tables || !handover->firmware || !handover->shared)
		return -ENOMEM;
	fill(handover);
	/* The next stage starts with its caches off. */
	arch_cache_clean_invalidate((void *)(uintptr_t)handover->root, 4096);
	arch_cache_clean_invalidate((void *)(uintptr_t)handover->tables,
				    (size_t)4096 << HANDOVER_TABLE_ORDER);
	arch_cache_clean_invalidate((void *)(uintptr_t)handover->firmware,
				    (size_t)4096 << HANDOVER_FIRMWARE_ORDER);
	arch_cache_clean_invalidate((void *)(uintptr_t)handover->shared,
				    (size_t)4096 << HANDOVER_SHARED_ORDER);
	arch_dsb_sy();
	return 0;
}
