/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What page tables look like to the benchmarks. Each implementation has a file of its own,
 * tables_*.c; most are the engine with tables of one kind or another.
 *
 *   floor      what the memory takes: a walk of four levels without a check, and stores
 *   loop       nothing: what the loops and the calls cost
 *   freehold   iommu/pgtable.h, 4K stage 1; 16K, stage 2, and below a root of the firmware's
 *   linux      its io-pgtable-arm, 4K stage 1, where `make bench LINUX=` says where that is
 */
#ifndef FH_TESTS_BENCH_TABLES_H
#define FH_TESTS_BENCH_TABLES_H

#include "tests/bench/bench.h"

/* Where the memory of tables lies, in the direct map of the frames. */
#define TABLES_ARENA BENCH_BASE
#define TABLES_ARENA_BYTES (64 * FH_MIB)
#define TABLES_FLOOR (BENCH_BASE + 64 * FH_MIB)
#define TABLES_FLOOR_BYTES (64 * FH_MIB)
#define TABLES_FIRMWARE (BENCH_BASE + 128 * FH_MIB)
#define TABLES_FIRMWARE_BYTES FH_MIB
/* Entries that the workloads map in a row, whatever the granule. */
#define TABLES_ROW 512u
#define TABLES_BLOCK (2 * FH_MIB)

/**
 * struct tables - One implementation. Calls return 0 or an error.
 * @name: of its column.
 * @self: first argument of all calls.
 * @granule_lg2: of its pages.
 * @hollow: does nothing; not verified.
 * @open: an empty table, with 48 bits of input. False: cannot.
 * @close: NULL when all memory came back, else what is wrong.
 * @map_page, @unmap_page: one page.
 * @map_pages, @unmap_pages: TABLES_ROW pages; tables stay.
 * @map_tables, @unmap_tables: all pages of one leaf table, which comes and goes.
 * @map_block, @map_blocks, @unmap_blocks: one block of 2 MiB, or TABLES_ROW; NULL where there are
 *                                         no such blocks.
 * @flush: the translations that were taken away are gone from the TLBs, and tables are given back.
 * @lookup: the physical address, or 0; a call by itself, which finds out all there is to know.
 * @translate: the same, the address alone, in a section.
 * @begin, @end: a section, in which translations only are called.
 */
struct tables {
	const char *name;
	void *self;
	unsigned int granule_lg2;
	bool hollow;
	bool (*open)(void *self);
	const char *(*close)(void *self);
	int (*map_page)(void *self, uint64_t iova, uint64_t pa);
	int (*unmap_page)(void *self, uint64_t iova);
	int (*map_pages)(void *self, uint64_t iova, uint64_t pa);
	int (*unmap_pages)(void *self, uint64_t iova);
	int (*map_tables)(void *self, uint64_t iova, uint64_t pa);
	int (*unmap_tables)(void *self, uint64_t iova);
	int (*map_block)(void *self, uint64_t iova, uint64_t pa);
	int (*map_blocks)(void *self, uint64_t iova, uint64_t pa);
	int (*unmap_blocks)(void *self, uint64_t iova);
	int (*flush)(void *self);
	uint64_t (*lookup)(void *self, uint64_t iova);
	uint64_t (*translate)(void *self, uint64_t iova);
	void (*begin)(void *self);
	void (*end)(void *self);
};

extern const struct tables tables_loop;
extern const struct tables tables_floor;
extern const struct tables tables_freehold;
extern const struct tables tables_freehold_16k;
extern const struct tables tables_freehold_stage2;
extern const struct tables tables_freehold_adopted;
/* tests/bench/linux, with BENCH_LINUX. */
extern const struct tables tables_linux;

/* All workloads on all of these. */
void bench_run_tables(struct bench *b, const struct tables *const *tables, size_t count);

#endif
