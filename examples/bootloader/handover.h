/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-over of the example bootloader: the table it builds and the tree that tells of it.
 * docs/boot-protocol.md says which parts suit other firmware, and what they need of it.
 */
#ifndef FH_EXAMPLES_HANDOVER_H
#define FH_EXAMPLES_HANDOVER_H

#include "lib/types.h"

/* Index 0 write-back, 1 non-cacheable, 2 Device-nGnRE, 3 Device-nGnRnE. */
#define HANDOVER_MAIR UINT64_C(0x000444ff)

#define HANDOVER_TABLE_ORDER 2
#define HANDOVER_FIRMWARE_ORDER 4
#define HANDOVER_SHARED_ORDER 4
/* As many as the binding allows. */
#define HANDOVER_WINDOW_MAX 8

/* The number that fh.loader-spin gives. */
enum handover_spin {
	HANDOVER_SPIN_NONE,   /* left to PSCI */
	HANDOVER_SPIN_OWN,    /* each has a release address */
	HANDOVER_SPIN_SHARED, /* one for all: they come all at once */
	HANDOVER_SPIN_LATE,   /* as OWN, but CPU 1 comes after the kernel has given it up */
};

/* What the next stage may fill: device addresses in whole granules. */
struct handover_window {
	uint64_t base;
	uint64_t size;
};

/**
 * struct handover - What was built. Physical addresses.
 * @root: one page.
 * @tables: the lower tables, 2^HANDOVER_TABLE_ORDER pages.
 * @firmware: the firmware's own memory, mapped by entries of its own.
 * @shared: memory that the kernel is to map.
 * @device: registers that the kernel is to map; @device_size 0 when the machine has none.
 * @mair: the memory attributes that entries of the table name.
 * @input_bits, @output_bits: of the addresses that the table translates, and translates to.
 * @window: @window_count of them, sorted or not, without overlap.
 * @spin: the page that CPUs are parked in, or 0; the CPUs with numbers below @spin_cpus are, but
 *	  for the boot CPU.
 * @spin_how: what they watch there.
 */
struct handover {
	uint64_t root;
	uint64_t tables;
	uint64_t firmware;
	uint64_t shared;
	uint64_t device;
	uint64_t device_size;
	uint64_t mair;
	unsigned int input_bits;
	unsigned int output_bits;
	struct handover_window window[HANDOVER_WINDOW_MAX];
	unsigned int window_count;
	uint64_t spin;
	unsigned int spin_cpus;
	enum handover_spin spin_how;
};

/* What memory is taken from; table.c and tree.c hand it on and never look inside. */
struct machine;
struct editor;

/* A line that says what is wrong; gives @err back. */
int handover_refuse(const char *subject, uint64_t value, const char *why, int err);

/* A zeroed block of 2^@order pages, aligned to its size, that is given away for good; 0 (after a
 * line) when there is none. */
uint64_t handover_alloc(struct machine *machine, unsigned int order);

/**
 * handover_build() - Allocate the regions and build the table.
 * @mair: as freehold,mair of the binding; one byte of it must be 0xff.
 * @output_bits: bits of a physical address.
 *
 * Fills all of @handover but the device and what is about CPUs.
 * Return: 0, or -ENOMEM after a line.
 */
int handover_build(struct machine *machine, uint64_t mair, unsigned int output_bits,
		   struct handover *handover);

/* The device to be translated, by the tree @blob. */
void handover_device(const void *blob, struct handover *handover);

/* Start the other CPUs and park them in a page of its own. Return: 0 or a negative errno, after a
 * line. */
int handover_spin(struct machine *machine, struct handover *handover);

/* The release address of CPU @cpu, by its number here, and the affinity that it has in the tree. */
uint64_t handover_spin_release(const struct handover *handover, unsigned int cpu);
uint64_t handover_spin_affinity(unsigned int cpu);

/* What else the stage changes in the tree. */
void handover_stage_tree(struct editor *editor, const struct handover *handover);

/**
 * handover_describe() - Write the completed copy of a device tree.
 * @blob: the tree; it stays as it is.
 * @tree: where the copy goes, @bytes of it, aligned to 8.
 *
 * Return: 0, or -EINVAL after a line with libfdt's reason.
 * Source: dts/bindings/freehold,shared-table.yaml.
 */
int handover_describe(const void *blob, const struct handover *handover, void *tree, size_t bytes);

/* The same in memory of its own, cleaned. Return: its address, or 0 after a line. */
uint64_t handover_tree(struct machine *machine, const void *blob, const struct handover *handover);

/**
 * stage_jump() - Leave this stage: MMU and data cache off, jump to @entry with x0 = @x0.
 * @level: 1 to go down to EL1 where this is EL2; else as it is.
 *
 * What the other side reads has been cleaned. Context: any CPU.
 */
_Noreturn void stage_jump(uint64_t entry, uint64_t x0, uint64_t level);

#endif
