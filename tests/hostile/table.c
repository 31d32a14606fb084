/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random tables of stage 1 with 4 KiB granules. All of them are built as they should be; then,
 * every other time, up to three things are changed that mostly should not be so.
 */
#include <stdlib.h>
#include <string.h>

#include <barrier.h>
#include <cache.h>

#include "boot/bootargs.h"
#include "lib/bits.h"
#include "lib/error.h"
#include "tests/bench/random.h"
#include "tests/hostile/hostile.h"

#define TABLES ((1u << HOSTILE_TABLE_ORDER) + 1) /* the root, too */
#define ENTRIES 12u
#define SPOTS 64u

/* Arm ARM DDI 0487, D8.3.1. */
#define DESC_LINK 0x3
#define DESC_PAGE 0x3
#define DESC_BLOCK 0x1
#define DESC_AF FH_BIT(10)
#define DESC_SHARE FH_MASK(9, 8)
#define DESC_SHARE_RESERVED FH_BIT(8) /* SH = 0b01 */
#define DESC_SOFTWARE FH_MASK(58, 55)
#define DESC_ATTRIBUTES (FH_MASK(54, 53) | FH_MASK(11, 2))
#define DESC_LIMITS FH_MASK(62, 59)

struct table {
	uint64_t pa;
	uint64_t iova;
	int level;
};

struct hostile hostile;
static struct table table[TABLES];
static unsigned int tables;
static uint64_t spot[SPOTS];
static unsigned int spots;

static uint64_t below(uint64_t bound)
{
	return random_below(&hostile.random, bound);
}

static unsigned int shift_of(int level)
{
	return 12u + 9u * (unsigned int)(3 - level);
}

static unsigned int entries_of(const struct table *t)
{
	return t == table ? 1u << (hostile.input_bits - shift_of(t->level)) : 512;
}

static uint64_t *slot_of(const struct table *t, uint64_t index)
{
	return (uint64_t *)(uintptr_t)t->pa + index;
}

static uint64_t some_index(const struct table *t)
{
	uint64_t entries = entries_of(t);
	uint64_t few = entries < 24 ? entries : 24;

	switch (below(4)) {
	case 0:
		return entries - 1 - below(few);
	case 1:
		return below(entries);
	default:
		return below(few);
	}
}

static uint64_t leaf(const struct handover *handover, int level)
{
	uint64_t span = UINT64_C(1) << shift_of(level);
	uint64_t pa = random_next(&hostile.random) & FH_MASK(handover->output_bits - 1, 12);
	uint64_t attr = random_next(&hostile.random) & DESC_ATTRIBUTES;

	/* Mostly the firmware's own memory. */
	if (below(2))
		pa = handover->firmware + (below(1u << HANDOVER_FIRMWARE_ORDER) << 12);
	if ((attr & DESC_SHARE) == DESC_SHARE_RESERVED)
		attr &= ~DESC_SHARE;
	if (below(4))
		attr |= DESC_AF;
	if (below(16) == 0)
		attr |= FH_BIT(55);
	return fh_align_down(pa, span) | attr | (level == 3 ? DESC_PAGE : DESC_BLOCK);
}

static uint64_t link(const struct handover *handover, const struct table *from, uint64_t iova)
{
	const struct table *known = &table[below(tables)];
	uint64_t pa;

	if (below(8) == 0 && known->level == from->level + 1) {
		pa = known->pa;
	} else {
		if (tables == TABLES)
			return 0;
		pa = handover->tables + 4096u * (tables - 1);
		table[tables++] = (struct table){ pa, iova, from->level + 1 };
	}
	return pa | (random_next(&hostile.random) & DESC_LIMITS) | DESC_LINK;
}

static uint64_t entry(const struct handover *handover, const struct table *from, uint64_t iova)
{
	uint64_t desc = 0;

	if (below(8) == 0)
		return (random_next(&hostile.random) & ~UINT64_C(1)) | 2;
	if (from->level < 3 && below(2))
		desc = link(handover, from, iova);
	return desc || from->level == 0 ? desc : leaf(handover, from->level);
}

static void fill(const struct handover *handover, const struct table *from)
{
	for (uint64_t count = 1 + below(ENTRIES); count; count--) {
		uint64_t index = some_index(from);
		uint64_t iova = from->iova + (index << shift_of(from->level));

		if (!*slot_of(from, index))
			*slot_of(from, index) = entry(handover, from, iova);
		spot[spots++ % SPOTS] = iova;
	}
}

/* Where no table may be. */
static uint64_t bad_place(const struct handover *handover)
{
	switch (below(6)) {
	case 0:
		return hostile.nomap;
	case 1:
		return hostile.nobody;
	case 2:
		return 0x09000000; /* MMIO of virt */
	case 3:
		return image_base(); /* gone when the kernel runs */
	case 4:
		return random_next(&hostile.random);
	default:
		return handover->firmware;
	}
}

static void spoil_bits(const struct table *t)
{
	uint64_t *slot = slot_of(t, some_index(t));

	for (unsigned int tries = 0; tries < 60 && !(*slot & 1); tries++)
		slot = slot_of(t, some_index(t));
	switch (below(4)) {
	case 0:
		*slot ^= FH_BIT(below(64));
		break;
	case 1:
		*slot |= random_next(&hostile.random) & random_next(&hostile.random);
		break;
	case 2:
		*slot |= DESC_SOFTWARE;
		break;
	default:
		*slot ^= 2;
	}
}

static void spoil(const struct handover *handover)
{
	const struct table *t = &table[below(tables)];
	const struct table *other = &table[below(tables)];
	uint64_t *slot = slot_of(t, some_index(t));

	switch (below(7)) {
	case 0:
		*slot = other->pa | DESC_LINK; /* itself, an ancestor, another level */
		break;
	case 1:
		*slot = (bad_place(handover) & FH_MASK(47, 12)) | DESC_LINK;
		break;
	case 2:
	case 3:
		spoil_bits(t);
		break;
	case 4:
		*slot = leaf(handover, t->level) ^ (below(2) ? 2 : 0);
		break;
	case 5:
		for (uint64_t count = 1 + below(40); count; count--)
			*slot_of(t, some_index(t)) = random_next(&hostile.random);
		break;
	default:
		hostile_spoil_windows();
	}
}

static void build(const struct handover *handover)
{
	static const unsigned int sizes[] = { 48, 48, 42, 39, 39, 36, 33, 30 };

	hostile.input_bits = sizes[below(FH_ARRAY_SIZE(sizes))];
	hostile.coherent = below(6) != 0;
	table[0] = (struct table){ handover->root, 0, 3 - (int)(hostile.input_bits - 13) / 9 };
	tables = 1;
	for (unsigned int i = 0; i < tables; i++)
		fill(handover, &table[i]);
	hostile_choose_windows(spot, spots < SPOTS ? spots : SPOTS);
	if (below(2))
		for (uint64_t count = 1 + below(3); count; count--)
			spoil(handover);
}

static void clean(uint64_t pa, unsigned int order)
{
	arch_cache_clean_invalidate((void *)(uintptr_t)pa, (size_t)4096 << order);
}

/* A page that nobody has. */
static uint64_t find_nobody(struct machine *machine)
{
	struct fh_page *page = fh_page_alloc(&machine->frames, 0, 0);
	uint64_t pa = page ? fh_page_to_phys(&machine->frames, page).raw : 0;

	return page && !fh_page_free(&machine->frames, page) ? pa : 0;
}

int handover_build(struct machine *machine, uint64_t mair, unsigned int output_bits,
		   struct handover *handover)
{
	char text[24] = "0";

	memset(handover, 0, sizeof(*handover));
	(void)bootargs_get(machine->args, "hostile-seed", text, sizeof(text));
	hostile.seed = hostile.random = strtoull(text, NULL, 0);
	handover->mair = mair;
	handover->output_bits = output_bits;
	handover->root = handover_alloc(machine, 0);
	handover->tables = handover_alloc(machine, HOSTILE_TABLE_ORDER);
	handover->firmware = handover_alloc(machine, HANDOVER_FIRMWARE_ORDER);
	handover->shared = handover_alloc(machine, HANDOVER_SHARED_ORDER);
	hostile.nomap = handover_alloc(machine, 0);
	if (!handover->root || !handover->tables || !handover->firmware || !handover->shared ||
	    !hostile.nomap)
		return -ENOMEM;
	hostile.nobody = find_nobody(machine);
	build(handover);
	clean(handover->root, 0);
	clean(handover->tables, HOSTILE_TABLE_ORDER);
	clean(handover->firmware, HANDOVER_FIRMWARE_ORDER);
	clean(handover->shared, HANDOVER_SHARED_ORDER);
	clean(hostile.nomap, 0);
	arch_dsb_sy();
	return 0;
}
