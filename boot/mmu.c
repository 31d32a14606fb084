/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity map. Four levels of 4 KiB tables from a static pool, and beyond that from
 * pages placed in the memory map: how many is known before the first is needed.
 */
#include "boot/mmu.h"

#include <cache.h>
#include <sysreg.h>

#include "boot/el.h"
#include "boot/start.h"
#include "iommu/format_s1.h"
#include "iommu/pte.h"
#include "lib/bits.h"
#include "lib/error.h"
#include "lib/hooks.h"

#define PAGE_BYTES 4096u
#define ENTRIES 512u
#define STATIC_TABLES 24

extern char image_start_code[], image_text_end[], image_rodata_end[], image_data_start[];
extern char stack_guard[], stack_start[], trap_stack_guard[], trap_stack_start[], image_end[];

/* Zero from the start: they are in .bss. */
static _Alignas(PAGE_BYTES) uint64_t static_tables[STATIC_TABLES][ENTRIES];

static uint64_t *root = static_tables[0];
static uint64_t *next_table = static_tables[1];
static uint64_t *end_table = &static_tables[0][0] + (size_t)STATIC_TABLES * ENTRIES;

static unsigned int level_shift(int level)
{
	return 12 + 9 * (unsigned int)(3 - level);
}

static uint64_t leaf(enum mmu_use use, uint64_t pa, int level)
{
	static const struct fh_attr attr[] = {
		[MMU_TEXT] = { FH_READ | FH_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_RODATA] = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_DATA] = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_DEVICE] = { FH_READ | FH_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
	};
	enum fh_regime regime = arch_current_el() == 2 ? FH_REGIME_EL2 : FH_REGIME_EL1;
	uint64_t desc = 0;

	/* Every attribute above can be said in both regimes. */
	if (fh_s1_encode_attr(regime, FH_BOOT_MAIR, attr[use], &desc))
		return 0;
	return fh_s1_leaf(pa, level, desc);
}

/* The table below @slot, made when there is none. NULL: out of pages, or a block is in the way. */
static uint64_t *table_below(uint64_t *slot, int *err)
{
	uint64_t desc = fh_pte_read(slot);
	uint64_t *table;

	if (desc) {
		*err = fh_s1_kind(desc, 2) == FH_DESC_TABLE ? 0 : -EEXIST;
		return (uint64_t *)(uintptr_t)fh_s1_address(desc);
	}
	if (next_table == end_table) {
		*err = -ENOMEM;
		return NULL;
	}
	table = next_table;
	next_table += ENTRIES;
	*err = 0;
	fh_pte_publish(slot, fh_s1_table((uintptr_t)table));
	return table;
}

/* The largest leaf that alignment and the rest of the range allow. */
static int leaf_level(uint64_t base, uint64_t size)
{
	int level = 1;

	while (level < 3 && (size < (UINT64_C(1) << level_shift(level)) ||
			     !fh_is_aligned(base, UINT64_C(1) << level_shift(level))))
		level++;
	return level;
}

static int map_leaf(uint64_t base, int level, enum mmu_use use)
{
	uint64_t *table = root;
	uint64_t *slot;
	int err;

	for (int l = 0;; l++) {
		slot = &table[(base >> level_shift(l)) & (ENTRIES - 1)];
		if (l == level)
			break;
		table = table_below(slot, &err);
		if (err)
			return err;
	}
	if (fh_pte_read(slot))
		return -EEXIST;
	fh_pte_publish(slot, leaf(use, base, level));
	return 0;
}

int mmu_map(uint64_t base, uint64_t size, enum mmu_use use)
{
	if (!fh_range_fits(base, size, 48))
		return -ERANGE;
	while (size) {
		int level = leaf_level(base, size);
		int err = map_leaf(base, level, use);

		if (err)
			return err;
		base += UINT64_C(1) << level_shift(level);
		size -= UINT64_C(1) << level_shift(level);
	}
	/* Our own regime: the walker is this CPU, which may run on before the store is seen. */
	fh_pte_sync_self();
	return 0;
}

int mmu_map_device(uint64_t base, uint64_t size)
{
	uint64_t end;

	/* No driver reaches further than a page, whatever the tree says of the size. */
	if (size > PAGE_BYTES)
		size = PAGE_BYTES;
	if (!fh_range_fits(base, size, 48))
		return -ERANGE;
	end = fh_align_up(base + size, PAGE_BYTES);
	for (base = fh_align_down(base, PAGE_BYTES); base < end; base += PAGE_BYTES) {
		int err = mmu_map(base, PAGE_BYTES, MMU_DEVICE);

		if (err && err != -EEXIST)
			return err;
	}
	return 0;
}

/* What the direct map leaves out, mostly because it is mapped already; in order of address. */
struct hole {
	uint64_t base;
	uint64_t end;
};

static struct {
	struct hole hole[6];
	unsigned int count;
} holes;

void mmu_leave_out(uint64_t base, uint64_t size)
{
	unsigned int i = holes.count++;

	FH_BUG_ON(i == FH_ARRAY_SIZE(holes.hole));
	for (; i > 0 && holes.hole[i - 1].base > base; i--)
		holes.hole[i] = holes.hole[i - 1];
	holes.hole[i].base = fh_align_down(base, PAGE_BYTES);
	holes.hole[i].end = fh_align_up(base + size, PAGE_BYTES);
}

static int map_around(uint64_t base, uint64_t end)
{
	for (unsigned int i = 0; i < holes.count && base < end; i++) {
		const struct hole *hole = &holes.hole[i];
		int err = 0;

		if (hole->end <= base || hole->base >= end)
			continue;
		if (hole->base > base)
			err = mmu_map(base, hole->base - base, MMU_DATA);
		if (err)
			return err;
		base = hole->end;
	}
	return base < end ? mmu_map(base, end - base, MMU_DATA) : 0;
}

/*
 * At most: both edges of a range, and of what is cut out of it, need a table of level 2 and one
 * of level 3; every 512 GiB begun need one of level 1. What is left out may be mapped by pages: a
 * table of level 3 for every 2 MiB begun.
 */
static uint64_t tables_wanted(const struct fh_memmap *map)
{
	uint64_t count = 8;

	for (unsigned int i = 0; i < holes.count; i++)
		count += ((holes.hole[i].end - holes.hole[i].base) >> 21) + 2;
	for (size_t i = 0; i < map->range_count; i++)
		if (map->range[i].kind == FH_MEM_USABLE || map->range[i].kind == FH_MEM_RESERVED)
			count += 4 + 1 + (map->range[i].size >> 39) + 1;
	return count;
}

static int place_tables(struct fh_memmap *map)
{
	uint64_t left = (uint64_t)(end_table - next_table) / ENTRIES;
	/* Placing makes two ranges more. */
	uint64_t bytes = (tables_wanted(map) + 12) * PAGE_BYTES;
	fh_phys_addr_t pa;
	int err;

	if (bytes / PAGE_BYTES <= left)
		return 0;
	err = fh_memmap_place(map, bytes, PAGE_BYTES, 0, UINT64_MAX, FH_MEM_RESERVED,
			      "kernel page tables", &pa);
	if (!err)
		err = mmu_map(pa.raw, bytes, MMU_DATA);
	if (err)
		return err;
	mmu_leave_out(pa.raw, bytes);
	next_table = (uint64_t *)(uintptr_t)pa.raw;
	end_table = next_table + bytes / sizeof(*next_table);
	arch_zero(next_table, bytes);
	return 0;
}

int mmu_map_memory(struct fh_memmap *map, const struct devtree_images *images)
{
	int err;

	mmu_leave_out(images->kernel_base, images->kernel_size);
	mmu_leave_out(images->tree_base, images->tree_size);
	if (images->storage.size)
		mmu_leave_out(images->storage.base, images->storage.size);
	err = place_tables(map);
	for (size_t i = 0; i < map->range_count && !err; i++) {
		const struct fh_memmap_range *range = &map->range[i];

		if (range->kind == FH_MEM_USABLE || range->kind == FH_MEM_RESERVED)
			err = map_around(range->base.raw, range->base.raw + range->size);
	}
	return err;
}

uint64_t mmu_root(void)
{
	return (uintptr_t)root;
}

uint64_t boot_early_map(uint64_t x0)
{
	uint64_t text = (uintptr_t)image_start_code;
	uint64_t tree_base;
	size_t tree_bytes;

	/* None of these can fail: the pool holds more tables than an image and a tree can need. */
	(void)mmu_map(text, (uintptr_t)image_text_end - text, MMU_TEXT);
	(void)mmu_map((uintptr_t)image_text_end,
		      (uintptr_t)image_rodata_end - (uintptr_t)image_text_end, MMU_RODATA);
	(void)mmu_map((uintptr_t)image_data_start,
		      (uintptr_t)stack_guard - (uintptr_t)image_data_start, MMU_DATA);
	(void)mmu_map((uintptr_t)stack_start, (uintptr_t)trap_stack_guard - (uintptr_t)stack_start,
		      MMU_DATA);
	(void)mmu_map((uintptr_t)trap_stack_start,
		      (uintptr_t)image_end - (uintptr_t)trap_stack_start, MMU_DATA);
	if (devtree_locate(x0, &tree_base, &tree_bytes) == 0) {
		uint64_t base = fh_align_down(tree_base, PAGE_BYTES);

		(void)mmu_map(base, fh_align_up(tree_base + tree_bytes, PAGE_BYTES) - base,
			      MMU_RODATA);
	}
	return (uintptr_t)root;
}
