/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A first stage that hands over a page table as docs/boot-protocol.md wants it:
 *
 *   initrd (a kernel Image)  ->  copied to memory of its own
 *   free RAM                 ->  root, lower tables, the firmware's own and the shared region
 *   device tree              ->  completed: /reserved-memory, the device to be translated
 *   everything else          ->  poisoned
 *   other CPUs               ->  left to PSCI, or parked in a spin table
 *   jump
 *
 * Every address comes from the memory map; none is known to the kernel but through the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cache.h>
#include <barrier.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/exit.h"
#include "boot/start.h"
#include "examples/bootloader/handover.h"
#include "lib/error.h"

/* Offset of the fields of an arm64 Image. */
#define IMAGE_MAGIC_OFFSET 56
#define IMAGE_SIZE_OFFSET 16

struct payload {
	const unsigned char *bytes;
	uint64_t size;	 /* in the file */
	uint64_t memory; /* what it occupies when it runs */
};

int handover_refuse(const char *subject, uint64_t value, const char *why, int err)
{
	printf("fh: bootloader: %s: %#llx: %s (%s)\n", subject, (unsigned long long)value, why,
	       fh_error_name(err));
	return err;
}

uint64_t handover_alloc(struct machine *machine, unsigned int order)
{
	struct fh_page *page = fh_page_alloc(&machine->frames, order, FH_PAGE_ZERO);

	if (!page) {
		handover_refuse("memory", UINT64_C(4096) << order, "no block of this size is free",
				-ENOMEM);
		return 0;
	}
	/* Given away for good: the next stage learns of it through the tree. */
	return fh_page_into_phys(&machine->frames, page).raw;
}

static int find_payload(const struct machine *machine, struct payload *payload)
{
	uint64_t base, size;

	if (devtree_initrd(&machine->tree, &base, &size))
		return handover_refuse("/chosen:linux,initrd-start", 0, "no initrd, so no kernel",
				       -ENOENT);
	payload->bytes = (const unsigned char *)(uintptr_t)base;
	payload->size = size;
	if (size < 64 || memcmp(payload->bytes + IMAGE_MAGIC_OFFSET, "ARM\x64", 4) != 0)
		return handover_refuse("/chosen:linux,initrd-start", base, "not an arm64 Image",
				       -EINVAL);
	memcpy(&payload->memory, payload->bytes + IMAGE_SIZE_OFFSET, sizeof(payload->memory));
	if (payload->memory < size)
		payload->memory = size;
	return 0;
}

static unsigned int order_of(uint64_t bytes)
{
	unsigned int order = 0;

	while ((UINT64_C(4096) << order) < bytes && order < FH_ORDER_MAX)
		order++;
	return order;
}

/* The kernel in memory of its own; nothing of it stays in the caches. Return: its entry, or 0. */
static uint64_t place_payload(struct machine *machine, const struct payload *payload)
{
	unsigned int order = order_of(payload->memory);
	uint64_t at = handover_alloc(machine, order);

	if (!at)
		return 0;
	memcpy((void *)(uintptr_t)at, payload->bytes, payload->size);
	arch_cache_clean_invalidate((void *)(uintptr_t)at, (size_t)4096 << order);
	return at;
}

/*
 * Fill free RAM with what is neither zero nor a valid descriptor, so that a kernel which
 * trusts fresh memory fails here and not on a board. Up to @limit bytes.
 */
static uint64_t poison_free_ram(struct machine *machine, uint64_t limit)
{
	uint64_t done = 0;
	int order = 10;

	while (order >= 0 && done < limit) {
		struct fh_page *page = fh_page_alloc(&machine->frames, (unsigned int)order, 0);
		uint64_t *word;

		if (!page) {
			order--;
			continue;
		}
		word = fh_page_address(&machine->frames, page);
		for (size_t i = 0; i < ((size_t)4096 << order) / sizeof(*word); i++)
			word[i] = UINT64_C(0xa5a5a5a5a5a5a5a4);
		/* Never freed: it ends with this stage. */
		done += UINT64_C(4096) << order;
	}
	return done;
}

static uint64_t option(const struct machine *machine, const char *key, uint64_t otherwise)
{
	char text[24];

	return bootargs_get(machine->args, key, text, sizeof(text)) ? strtoull(text, NULL, 0)
								    : otherwise;
}

int freehold_main(struct machine *machine)
{
	struct payload payload;
	struct handover handover;
	uint64_t entry, tree, poisoned;

	if (find_payload(machine, &payload))
		return EXIT_STATUS_REFUSED;
	entry = place_payload(machine, &payload);
	if (!entry || handover_build(machine, option(machine, "loader-mair", HANDOVER_MAIR),
				     machine_output_bits(), &handover))
		return EXIT_STATUS_REFUSED;
	handover_device(machine->tree.blob, &handover);
	handover.spin_how = (enum handover_spin)option(machine, "loader-spin", HANDOVER_SPIN_NONE);
	if (handover.spin_how != HANDOVER_SPIN_NONE && handover_spin(machine, &handover))
		return EXIT_STATUS_REFUSED;
	tree = handover_tree(machine, machine->tree.blob, &handover);
	if (!tree)
		return EXIT_STATUS_REFUSED;
	poisoned = poison_free_ram(machine, option(machine, "loader-poison", 512) * FH_MIB);
	printf("fh: bootloader: kernel at %#llx, tree at %#llx, root at %#llx, %llu MiB poisoned\n",
	       (unsigned long long)entry, (unsigned long long)tree,
	       (unsigned long long)handover.root, (unsigned long long)(poisoned / FH_MIB));
	console_flush();
	arch_dsb_sy();
	stage_jump(entry, tree, option(machine, "loader-el", 0));
}
