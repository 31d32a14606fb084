/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux' io-pgtable-arm, 64-bit stage 1, behind its own interface: one call maps or unmaps pages of
 * one size up to the end of a table, and whoever calls it goes on from there, as the kernel's core
 * does. TLBs are told nothing, and what is unmapped is queued, which is the faster way of its two.
 * Below it is a list of free pages, which costs less than the kernel's allocator.
 *
 * This file is compiled with the kernel's <linux/io-pgtable.h> and shim.h in front of it.
 */
#include <linux/io-pgtable.h>

#include "tests/bench/tables.h"

#define PAGE_BYTES UINT64_C(4096)
#define PROT (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOMMU_NOEXEC)

struct linux_tables {
	struct io_pgtable *iop;
	struct io_pgtable_ops *ops;
	struct iommu_iotlb_gather gather;
	struct device device;
};

/* Free pages hold the next one's address. */
struct pages {
	void **chain;
	uint64_t next; /* memory that was never used */
	uint64_t taken;
};

uintptr_t bench_linux_offset;
static struct pages pages;

void *bench_linux_pages(unsigned int order)
{
	void *page = pages.chain;

	if (order) {
		fprintf(stderr, "fh: bench: linux: pages of order %u\n", order);
		return NULL;
	}
	if (page) {
		pages.chain = *(void **)page;
	} else {
		if (pages.next + PAGE_BYTES > TABLES_ARENA + TABLES_ARENA_BYTES)
			return NULL;
		page = phys_to_virt(pages.next);
		pages.next += PAGE_BYTES;
	}
	pages.taken++;
	return memset(page, 0, PAGE_BYTES);
}

void bench_linux_free_pages(void *page, unsigned int order)
{
	(void)order;
	*(void **)page = pages.chain;
	pages.chain = page;
	pages.taken--;
}

static void flush_all(void *cookie)
{
	(void)cookie;
}

static void flush_walk(unsigned long iova, size_t size, size_t granule, void *cookie)
{
	(void)iova;
	(void)size;
	(void)granule;
	(void)cookie;
}

static void add_page(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
		     void *cookie)
{
	(void)gather;
	flush_walk(iova, granule, granule, cookie);
}

static const struct iommu_flush_ops flush_ops = { flush_all, flush_walk, add_page };

static bool open_linux(void *self)
{
	struct linux_tables *l = self;
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = PAGE_BYTES | TABLES_BLOCK,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &flush_ops,
		.iommu_dev = &l->device,
	};

	pages = (struct pages){ .next = TABLES_ARENA };
	bench_linux_offset = bench_direct_offset();
	l->gather.queued = true;
	l->iop = io_pgtable_arm_64_lpae_s1_init_fns.alloc(&cfg, NULL);
	if (!l->iop)
		return false;
	/* As alloc_io_pgtable_ops() does it. */
	l->iop->fmt = ARM_64_LPAE_S1;
	l->iop->cookie = NULL;
	l->iop->cfg = cfg;
	l->ops = &l->iop->ops;
	return true;
}

static const char *close_linux(void *self)
{
	struct linux_tables *l = self;

	io_pgtable_arm_64_lpae_s1_init_fns.free(l->iop);
	return pages.taken ? "not all tables came back" : NULL;
}

static int map(struct linux_tables *l, uint64_t iova, uint64_t pa, size_t size, size_t count)
{
	uint64_t bytes = size * count;

	for (uint64_t done = 0; done < bytes;) {
		size_t mapped = 0;
		int err = l->ops->map_pages(l->ops, iova + done, pa + done, size,
					    (bytes - done) / size, PROT, GFP_KERNEL, &mapped);

		if (err)
			return err;
		done += mapped;
	}
	return 0;
}

static int unmap(struct linux_tables *l, uint64_t iova, size_t size, size_t count)
{
	uint64_t bytes = size * count;

	for (uint64_t done = 0; done < bytes;) {
		size_t unmapped = l->ops->unmap_pages(l->ops, iova + done, size,
						      (bytes - done) / size, &l->gather);

		if (!unmapped)
			return -ENOENT;
		done += unmapped;
	}
	return 0;
}

static int map_page(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, PAGE_BYTES, 1);
}

static int unmap_page(void *self, uint64_t iova)
{
	return unmap(self, iova, PAGE_BYTES, 1);
}

static int map_pages(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, PAGE_BYTES, TABLES_ROW);
}

static int unmap_pages(void *self, uint64_t iova)
{
	return unmap(self, iova, PAGE_BYTES, TABLES_ROW);
}

/* A whole leaf table is taken away as the block that could be in its place. */
static int unmap_tables(void *self, uint64_t iova)
{
	return unmap(self, iova, TABLES_BLOCK, 1);
}

static int map_block(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, TABLES_BLOCK, 1);
}

static int map_blocks(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, TABLES_BLOCK, TABLES_ROW);
}

static int unmap_blocks(void *self, uint64_t iova)
{
	return unmap(self, iova, TABLES_BLOCK, TABLES_ROW);
}

static int flush(void *self)
{
	(void)self;
	return 0;
}

static uint64_t lookup(void *self, uint64_t iova)
{
	struct linux_tables *l = self;

	return l->ops->iova_to_phys(l->ops, iova);
}

/* Nobody is told of readers. */
static void section(void *self)
{
	(void)self;
}

static struct linux_tables state;

const struct tables tables_linux = {
	.name = "linux",
	.self = &state,
	.granule_lg2 = 12,
	.open = open_linux,
	.close = close_linux,
	.map_page = map_page,
	.unmap_page = unmap_page,
	.map_pages = map_pages,
	.unmap_pages = unmap_pages,
	.map_tables = map_pages,
	.unmap_tables = unmap_tables,
	.map_block = map_block,
	.map_blocks = map_blocks,
	.unmap_blocks = unmap_blocks,
	.flush = flush,
	.lookup = lookup,
	.translate = lookup,
	.begin = section,
	.end = section,
};
