/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tables cost at least: 4K stage 1 with four levels, where every number is known to the
 * compiler, nothing is asked of anybody, and no table but those of the leaves comes or goes.
 * Scalar code, as firmware that must not touch vector registers has it: atomic accesses see to it.
 *
 * The loop is the same with nothing in it.
 */
#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "tests/bench/tables.h"

#define ADDRESS FH_MASK(47, 12)
#define LINK UINT64_C(3)
#define PAGE UINT64_C(0x60000000000703) /* execute-never, inner shareable, accessed */
#define BLOCK UINT64_C(0x60000000000701)

struct floor {
	uintptr_t offset;
	uint64_t root;
	uint64_t next;	/* memory that was never used */
	uint64_t chain; /* tables that were given back, by their first word; 0: none */
	uint64_t gone;	/* tables that wait for the flush, likewise */
};

static struct floor floor_tables;

static inline uint64_t *at(const struct floor *f, uint64_t pa)
{
	return (uint64_t *)(uintptr_t)(pa + f->offset);
}

static inline uint64_t load(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline void store(uint64_t *slot, uint64_t desc)
{
	__atomic_store_n(slot, desc, __ATOMIC_RELAXED);
}

static inline unsigned int index_of(uint64_t iova, unsigned int level)
{
	return iova >> (39 - 9 * level) & 511;
}

/* The entry of @level that is responsible for @iova; links above it are there. */
static inline uint64_t *walk(const struct floor *f, uint64_t iova, unsigned int level)
{
	uint64_t *table = at(f, f->root);

	for (unsigned int l = 0; l < level; l++)
		table = at(f, load(&table[index_of(iova, l)]) & ADDRESS);
	return &table[index_of(iova, level)];
}

static uint64_t take(struct floor *f)
{
	uint64_t pa = f->chain;

	if (pa)
		f->chain = *at(f, pa);
	else
		pa = f->next += 4096;
	memset(at(f, pa), 0, 4096);
	return pa;
}

/* Links down to @level where there are none; not measured. */
static void prepare(struct floor *f, uint64_t iova, unsigned int level)
{
	for (unsigned int l = 0; l < level; l++) {
		uint64_t *slot = walk(f, iova, l);

		if (!*slot)
			*slot = take(f) | LINK;
	}
}

static int fill(uint64_t *slot, unsigned int count, uint64_t desc, uint64_t step)
{
	for (uint64_t *end = slot + count; slot != end; slot++, desc += step) {
		if (load(slot))
			return -EEXIST;
		store(slot, desc);
	}
	return 0;
}

static void clear(uint64_t *slot, unsigned int count)
{
	for (uint64_t *end = slot + count; slot != end; slot++)
		store(slot, 0);
}

static bool open_floor(void *self)
{
	struct floor *f = self;

	*f = (struct floor){ .offset = bench_direct_offset(),
			     .root = TABLES_FLOOR,
			     .next = TABLES_FLOOR };
	memset(at(f, f->root), 0, 4096);
	/* What the workloads use: 17 GiB in pages, 2 GiB in blocks behind them. */
	for (uint64_t iova = 0; iova < 17 * FH_GIB; iova += TABLES_BLOCK)
		prepare(f, iova, 3);
	for (uint64_t iova = 17 * FH_GIB; iova < 24 * FH_GIB; iova += FH_GIB)
		prepare(f, iova, 2);
	return f->next < TABLES_FLOOR + TABLES_FLOOR_BYTES;
}

static const char *close_floor(void *self)
{
	(void)self;
	return NULL;
}

static int map_page(void *self, uint64_t iova, uint64_t pa)
{
	store(walk(self, iova, 3), pa | PAGE);
	return 0;
}

static int unmap_page(void *self, uint64_t iova)
{
	store(walk(self, iova, 3), 0);
	return 0;
}

static int map_pages(void *self, uint64_t iova, uint64_t pa)
{
	return fill(walk(self, iova, 3), TABLES_ROW, pa | PAGE, 4096);
}

/* From the middle of one table to that of the next, as the workloads have it. */
static int unmap_pages(void *self, uint64_t iova)
{
	clear(walk(self, iova, 3), TABLES_ROW / 2);
	clear(walk(self, iova + TABLES_BLOCK / 2, 3), TABLES_ROW / 2);
	return 0;
}

static int map_tables(void *self, uint64_t iova, uint64_t pa)
{
	struct floor *f = self;
	uint64_t *slot = walk(f, iova, 2);
	uint64_t table = take(f);
	int err = fill(at(f, table), TABLES_ROW, pa | PAGE, 4096);

	if (load(slot))
		return -EEXIST;
	store(slot, table | LINK);
	return err;
}

static int unmap_tables(void *self, uint64_t iova)
{
	struct floor *f = self;
	uint64_t *slot = walk(f, iova, 2);
	uint64_t table = load(slot) & ADDRESS;

	store(slot, 0);
	*at(f, table) = f->gone;
	f->gone = table;
	return 0;
}

static int map_block(void *self, uint64_t iova, uint64_t pa)
{
	store(walk(self, iova, 2), pa | BLOCK);
	return 0;
}

static int map_blocks(void *self, uint64_t iova, uint64_t pa)
{
	uint64_t half = TABLES_BLOCK * TABLES_ROW / 2;
	int err = fill(walk(self, iova, 2), TABLES_ROW / 2, pa | BLOCK, TABLES_BLOCK);

	return err ? err
		   : fill(walk(self, iova + half, 2), TABLES_ROW / 2, (pa + half) | BLOCK,
			  TABLES_BLOCK);
}

static int unmap_blocks(void *self, uint64_t iova)
{
	clear(walk(self, iova, 2), TABLES_ROW / 2);
	clear(walk(self, iova + TABLES_BLOCK * TABLES_ROW / 2, 2), TABLES_ROW / 2);
	return 0;
}

static int flush(void *self)
{
	struct floor *f = self;

	while (f->gone) {
		uint64_t table = f->gone;

		f->gone = *at(f, table);
		*at(f, table) = f->chain;
		f->chain = table;
	}
	return 0;
}

/* Nobody gives tables back while it reads. */
static void begin(void *self)
{
	(void)self;
}

static uint64_t lookup(void *self, uint64_t iova)
{
	return (load(walk(self, iova, 3)) & ADDRESS) | (iova & 4095);
}

const struct tables tables_floor = {
	.name = "floor",
	.self = &floor_tables,
	.granule_lg2 = 12,
	.open = open_floor,
	.close = close_floor,
	.map_page = map_page,
	.unmap_page = unmap_page,
	.map_pages = map_pages,
	.unmap_pages = unmap_pages,
	.map_tables = map_tables,
	.unmap_tables = unmap_tables,
	.map_block = map_block,
	.map_blocks = map_blocks,
	.unmap_blocks = unmap_blocks,
	.flush = flush,
	.lookup = lookup,
	.translate = lookup,
	.begin = begin,
	.end = begin,
};

static bool nothing(void *self)
{
	return !self;
}

static int nothing_map(void *self, uint64_t iova, uint64_t pa)
{
	(void)iova;
	(void)pa;
	return !!self;
}

static int nothing_unmap(void *self, uint64_t iova)
{
	(void)iova;
	return !!self;
}

static int nothing_flush(void *self)
{
	return !!self;
}

static uint64_t nothing_lookup(void *self, uint64_t iova)
{
	(void)self;
	return iova;
}

const struct tables tables_loop = {
	.name = "loop",
	.granule_lg2 = 12,
	.hollow = true,
	.open = nothing,
	.close = close_floor,
	.map_page = nothing_map,
	.unmap_page = nothing_unmap,
	.map_pages = nothing_map,
	.unmap_pages = nothing_unmap,
	.map_tables = nothing_map,
	.unmap_tables = nothing_unmap,
	.map_block = nothing_map,
	.map_blocks = nothing_map,
	.unmap_blocks = nothing_unmap,
	.flush = nothing_flush,
	.lookup = nothing_lookup,
	.translate = nothing_lookup,
	.begin = begin,
	.end = begin,
};
