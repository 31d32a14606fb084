/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an integrator writes: a memory map, an instance of page frames, a page table for a device,
 * and the device's way to invalidate. All storage is ours.
 */
#include "embed.h"

#include <freehold/iommu/pgtable.h>
#include <freehold/lib/error.h>
#include <freehold/lib/out.h>

#define FRAME 4096u
#define METADATA (256u << 10)
#define DEVICE UINT64_C(0x40000000)
#define PAGES 4u

static struct fh_memmap map;
static struct fh_frames frames;
static struct fh_pgtable table;
static unsigned int invalidations;

static void write_out(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	embed_write(text, len);
}

static const struct fh_out out = { write_out, NULL };

static void say(const char *what, uint64_t value)
{
	fh_out_str(&out, "embed: ");
	fh_out_str(&out, what);
	fh_out_str(&out, ": ");
	fh_out_dec(&out, value, 0);
	fh_out_str(&out, "\n");
}

static void report(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	fh_fault_describe(fault, &out);
}

/* The device has no TLB that we model: it would be told here. */
static void invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
		       bool tables)
{
	(void)ctx;
	(void)iova;
	(void)size;
	(void)leaf_lg2;
	(void)tables;
	invalidations++;
}

static int sync_device(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct fh_tlb_ops device_tlb = { .invalidate = invalidate, .sync = sync_device };

/* The metadata lie at the start of the memory, which the map says is not free. */
static int start(void *memory, uint64_t base)
{
	static _Alignas(16) unsigned char storage[1024];
	struct fh_frames_config config = {
		.map = &map,
		.metadata = memory,
		.metadata_bytes = METADATA,
		.direct_offset = (uintptr_t)memory - base,
		.report = { report, NULL },
	};
	int err = fh_memmap_init(&map, storage, sizeof(storage), 12);

	if (!err)
		err = fh_memmap_add(&map, base, EMBED_MEMORY, FH_MEM_USABLE, "embed memory");
	if (!err)
		err = fh_memmap_add(&map, base, METADATA, FH_MEM_RESERVED, "embed metadata");
	if (!err)
		err = fh_memmap_resolve(&map);
	if (!err && fh_frames_metadata_bytes(&map) > METADATA)
		err = -ENOMEM;
	return err ? err : fh_frames_init(&frames, &config);
}

static int start_table(void)
{
	/* Index 0: write-back memory (Arm ARM DDI 0487, D19.2.97). */
	const struct fh_pgtable_config config = {
		.format = FH_FORMAT_S1,
		.regime = FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 39,
		.oas = 48,
		.coherent = true,
		.mair = 0xff,
		.frames = &frames,
		.tlb = &device_tlb,
		.report = { report, NULL },
	};

	return fh_pgtable_init(&table, &config);
}

/* The device reads and writes @page at DEVICE; the table is the only record of who has it. */
static int lend(struct fh_page *page)
{
	const struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };
	struct fh_translation seen;
	fh_phys_addr_t pa = fh_page_to_phys(&frames, page);
	int err = fh_pgtable_map(&table, fh_dma(DEVICE), pa, PAGES * FRAME, attr);

	if (!err)
		err = fh_pgtable_lookup(&table, fh_dma(DEVICE + 3 * FRAME + 5), &seen);
	if (!err)
		say("offset that the device reaches in the page", seen.pa.raw - pa.raw);
	return err;
}

static int take_back(void)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	err = fh_pgtable_unmap(&table, fh_dma(DEVICE), PAGES * FRAME, &gather);
	return err ? err : fh_gather_flush(&gather);
}

static int use_page(struct fh_page *page)
{
	int err = lend(page);

	if (!err)
		err = take_back();
	say("invalidations", invalidations);
	return err;
}

static int use_frames(void)
{
	struct fh_page *page = fh_page_alloc(&frames, 2, FH_PAGE_ZERO);
	struct fh_page *stale;
	int err;
	int freed;

	if (!page)
		return -ENOMEM;
	err = use_page(page);
	/* Of page itself compilers know that it is gone; this one they lose sight of. */
	__asm__("" : "=r"(stale) : "0"(page));
	freed = fh_page_free(&frames, page);
	/* An illegal step, to see what is said of it. */
	if (fh_page_free(&frames, stale) != -ENOENT)
		return -EINVAL;
	return err ? err : freed;
}

int embed_run(void *memory, uint64_t base)
{
	struct fh_frames_stats before, after;
	int err = start(memory, base);

	if (err)
		return err;
	fh_frames_stats(&frames, &before);
	say("frames", before.frames);
	err = start_table();
	if (!err)
		err = use_frames();
	if (!err)
		err = fh_pgtable_release(&table);
	fh_frames_stats(&frames, &after);
	say("refusals", after.refusals);
	say("frames missing at the end", before.free - after.free);
	if (!err && (before.free != after.free || fh_frames_check(&frames)))
		err = -EINVAL;
	return err;
}
