/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity map:
 *
 *   early     image and tree, before the MMU is on; then devices, and RAM that is needed before all
 *             of it is known (boot/mmu_early.c). What was mapped is noted down.
 *   kernel    made by the page-table engine, when the memory map is resolved: what was noted, and
 *             all usable and reserved RAM in the largest blocks, with the guards left out. Its
 *             table pages are frames of an instance of its own: what is left of the early pool, and
 *             a range placed in the memory map.
 *   switch    MMU off, the new root, MMU on: both tables map the same with other block sizes, which
 *             no TLB may hold at once. The early tables' pages are free then.
 */
#include "boot/mmu.h"

#include <barrier.h>
#include <sysreg.h>

#include "boot/el.h"
#include "boot/mmu_early.h"
#include "boot/start.h"
#include "iommu/tlb_cpu.h"
#include "lib/error.h"
#include "lib/hooks.h"

#define PAGE_BYTES MMU_PAGE_BYTES

extern char image_start_code[], image_text_end[], image_rodata_end[], image_data_start[];
extern char stack_guard[], stack_start[], trap_stack_guard[], trap_stack_start[], image_end[];

/* boot/entry.S */
void mmu_switch(uint64_t root);

/* A range that the early tables map, and the kernel's will. */
struct noted {
	uint64_t base;
	uint64_t size;
	enum mmu_use use;
};

static struct {
	struct noted range[24];
	unsigned int count;
} noted;

/* What the direct map leaves out, mostly because it is mapped already; in order of address. */
struct hole {
	uint64_t base;
	uint64_t end;
};

static struct {
	struct hole hole[6];
	unsigned int count;
} holes;

/* The kernel's tables and the frames that they are made of. */
static struct {
	bool live;
	struct fh_pgtable table;
	struct fh_frames frames;
	struct fh_memmap map;
	struct fh_page *early[MMU_EARLY_PAGES]; /* in use until the switch */
	unsigned int early_count;
	_Alignas(16) unsigned char map_buffer[1024];
} kernel;

static int map_kernel(uint64_t base, uint64_t size, enum mmu_use use)
{
	int err = fh_pgtable_map(&kernel.table, fh_dma(base), fh_phys(base), size, mmu_attr(use));

	arch_isb();
	return err;
}

int mmu_map(uint64_t base, uint64_t size, enum mmu_use use)
{
	int err;

	if (!fh_range_fits(base, size, 48))
		return -ERANGE;
	if (kernel.live)
		return map_kernel(base, size, use);
	if (noted.count == FH_ARRAY_SIZE(noted.range))
		return -ENOMEM;
	err = mmu_early_map(base, size, use);
	if (!err)
		noted.range[noted.count++] = (struct noted){ base, size, use };
	return err;
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
			err = map_kernel(base, hole->base - base, MMU_DATA);
		if (err)
			return err;
		base = hole->end;
	}
	return base < end ? map_kernel(base, end - base, MMU_DATA) : 0;
}

/*
 * At most: both edges of a range, and of what is cut out of it, need a table of level 2 and one
 * of level 3; every 512 GiB begun need one of level 1. What is left out may be mapped by pages: a
 * table of level 3 for every 2 MiB begun. And some for devices to come.
 */
static uint64_t tables_wanted(const struct fh_memmap *map)
{
	uint64_t count = 8 + noted.count;

	for (unsigned int i = 0; i < holes.count; i++)
		count += ((holes.hole[i].end - holes.hole[i].base) >> 21) + 2;
	for (size_t i = 0; i < map->range_count; i++)
		if (map->range[i].kind == FH_MEM_USABLE || map->range[i].kind == FH_MEM_RESERVED)
			count += 4 + 1 + (map->range[i].size >> 39) + 1;
	return count;
}

/* Reserved memory, mapped, for @bytes of what the tables need. */
static int place(struct fh_memmap *map, uint64_t bytes, fh_phys_addr_t *pa)
{
	int err = fh_memmap_place(map, bytes, PAGE_BYTES, 0, UINT64_MAX, FH_MEM_RESERVED,
				  "kernel page tables", pa);

	bytes = fh_align_up(bytes, PAGE_BYTES);
	if (!err)
		err = mmu_map(pa->raw, bytes, MMU_DATA);
	if (!err)
		mmu_leave_out(pa->raw, bytes);
	return err;
}

/* The early tables' pages are a node of their own, so that they can be asked for. */
#define NODE_POOL 0u
#define NODE_EARLY 1u

static int describe_pool(fh_phys_addr_t placed, uint64_t tables)
{
	uint64_t early = mmu_early_used() * (uint64_t)PAGE_BYTES;
	uint64_t rest = MMU_EARLY_PAGES * (uint64_t)PAGE_BYTES - early;
	int err = fh_memmap_init(&kernel.map, kernel.map_buffer, sizeof(kernel.map_buffer), 12);

	if (!err)
		err = fh_memmap_add_ram(&kernel.map, mmu_early_pool(), early, NODE_EARLY,
					"early page tables");
	if (!err && rest)
		err = fh_memmap_add_ram(&kernel.map, mmu_early_pool() + early, rest, NODE_POOL,
					"early page tables");
	if (!err)
		err = fh_memmap_add_ram(&kernel.map, placed.raw, tables * PAGE_BYTES, NODE_POOL,
					"kernel page tables");
	return err ? err : fh_memmap_resolve(&kernel.map);
}

static int start_frames(struct fh_memmap *map, uint64_t tables)
{
	struct fh_frames_config config = { .map = &kernel.map, .instance = 1 };
	fh_phys_addr_t placed, metadata;
	int err = place(map, tables * PAGE_BYTES, &placed);

	if (!err)
		err = describe_pool(placed, tables);
	if (err)
		return err;
	config.metadata_bytes = fh_frames_metadata_bytes(&kernel.map);
	err = place(map, config.metadata_bytes, &metadata);
	if (err)
		return err;
	/* Placing has mapped it in the early tables, which may have grown by that. */
	err = describe_pool(placed, tables);
	config.metadata = (void *)(uintptr_t)metadata.raw;
	return err ? err : fh_frames_init(&kernel.frames, &config);
}

/* Pages that the early tables took before there was an owner of pages. */
static int own_early(void)
{
	struct fh_page_request request = { .on_node = true, .node = NODE_EARLY };

	while (kernel.early_count < mmu_early_used()) {
		struct fh_page *page = fh_page_alloc_request(&kernel.frames, &request);

		if (!page)
			return -ENOMEM;
		kernel.early[kernel.early_count++] = page;
	}
	return 0;
}

static int build(const struct fh_memmap *map)
{
	struct fh_pgtable_config config = {
		.format = FH_FORMAT_S1,
		.regime = arch_current_el() == 2 ? FH_REGIME_EL2 : FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 48,
		.oas = 48,
		.coherent = true,
		.direct_map = true,
		.mair = FH_BOOT_MAIR,
		.frames = &kernel.frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &kernel.table,
	};
	int err = fh_pgtable_init(&kernel.table, &config);

	for (unsigned int i = 0; i < noted.count && !err; i++)
		err = map_kernel(noted.range[i].base, noted.range[i].size, noted.range[i].use);
	for (size_t i = 0; i < map->range_count && !err; i++) {
		const struct fh_memmap_range *range = &map->range[i];

		if (range->kind == FH_MEM_USABLE || range->kind == FH_MEM_RESERVED)
			err = map_around(range->base.raw, range->base.raw + range->size);
	}
	return err;
}

int mmu_map_memory(struct fh_memmap *map, const struct devtree_images *images)
{
	int err;

	mmu_leave_out(images->kernel_base, images->kernel_size);
	mmu_leave_out(images->tree_base, images->tree_size);
	if (images->storage.size)
		mmu_leave_out(images->storage.base, images->storage.size);
	/* Placing makes four ranges more. */
	err = start_frames(map, tables_wanted(map) + 24);
	if (!err)
		err = own_early();
	if (!err)
		err = build(map);
	if (err)
		return err;
	mmu_switch(kernel.table.root.raw);
	kernel.live = true;
	while (kernel.early_count)
		FH_BUG_ON(fh_page_free(&kernel.frames, kernel.early[--kernel.early_count]));
	return 0;
}

uint64_t mmu_root(void)
{
	return kernel.live ? kernel.table.root.raw : mmu_early_root();
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
	return mmu_early_root();
}
