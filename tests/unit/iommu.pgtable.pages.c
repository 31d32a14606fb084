/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of map and unmap: what a CPU remembers is forgotten when it must be, and what is
 * not plain gets the answer of the long way.
 */
#include <string.h>

#include <cpu.h>

#include "iommu/pgtable.h"
#include "lib/error.h"
#include "tests/oracle/no_tlb.h"
#include "tests/unit/unit.h"

#define BASE (4 * FH_GIB)
#define BYTES (4 * FH_MIB)
#define PAGE UINT64_C(4096)
#define TABLE (2 * FH_MIB)
#define OUTPUT (FH_TIB + PAGE)

struct pages {
	struct fh_frames frames;
	struct fh_memmap map;
	void *memory;
	struct fh_pgtable table;
	struct fh_gather gather;
	uint64_t free;
	_Alignas(16) unsigned char map_buffer[1024];
	_Alignas(4096) unsigned char metadata[65536];
};

static struct pages pages;

static const struct fh_attr writable = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr readable = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

static uint64_t free_frames(void)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&pages.frames, &stats);
	return stats.free;
}

static void open_table(struct fh_pgtable_config config)
{
	struct fh_frames_config frames = {
		.map = &pages.map,
		.metadata = pages.metadata,
		.metadata_bytes = sizeof(pages.metadata),
		.instance = 1,
	};

	memset(&pages, 0, sizeof(pages));
	pages.memory = unit_memory(BYTES);
	frames.direct_offset = (uintptr_t)pages.memory - BASE;
	assert_int_equal(fh_memmap_init(&pages.map, pages.map_buffer, sizeof(pages.map_buffer), 12),
			 0);
	assert_int_equal(fh_memmap_add(&pages.map, BASE, BYTES, FH_MEM_USABLE, "test"), 0);
	assert_int_equal(fh_memmap_resolve(&pages.map), 0);
	assert_int_equal(fh_frames_init(&pages.frames, &frames), 0);
	pages.free = free_frames();
	config.frames = &pages.frames;
	config.tlb = &no_tlb;
	config.mair = 0xff;
	assert_int_equal(fh_pgtable_init(&pages.table, &config), 0);
	fh_gather_init(&pages.gather, &pages.table);
}

static void open_plain(void)
{
	open_table((struct fh_pgtable_config){ .format = FH_FORMAT_S1,
					       .regime = FH_REGIME_EL1,
					       .granule_lg2 = 12,
					       .ias = 48,
					       .oas = 48,
					       .coherent = true });
}

/* Nothing is lost and nothing left over. */
static void close_table(void)
{
	host_cpu = 0;
	assert_int_equal(fh_gather_flush(&pages.gather), 0);
	assert_int_equal(fh_pgtable_release(&pages.table), 0);
	assert_int_equal(free_frames(), pages.free);
	unit_memory_free(pages.memory, BYTES);
}

static int map(uint64_t iova, uint64_t bytes, struct fh_attr attr)
{
	return fh_pgtable_map(&pages.table, fh_dma(iova), fh_phys(iova + OUTPUT), bytes, attr);
}

static int unmap(uint64_t iova, uint64_t bytes)
{
	return fh_pgtable_unmap(&pages.table, fh_dma(iova), bytes, &pages.gather);
}

/* What @iova is mapped with; 0 when it is not. */
static unsigned int access_at(uint64_t iova)
{
	struct fh_translation answer;

	if (fh_pgtable_lookup(&pages.table, fh_dma(iova), &answer))
		return 0;
	assert_int_equal(answer.pa.raw, iova + OUTPUT);
	return answer.attr.access;
}

/* CPU 0 has been in the table; @cpu takes it away; whoever gets the frame keeps what it writes. */
static void forgets(unsigned int cpu)
{
	uint64_t iova = 7 * TABLE;
	struct fh_page *page;
	uint64_t *words;

	open_plain();
	/* The tables above stay. */
	assert_int_equal(map(6 * TABLE, PAGE, writable), 0);
	assert_int_equal(map(iova, PAGE, writable), 0);
	assert_int_equal(map(iova + PAGE, PAGE, writable), 0);
	host_cpu = cpu;
	assert_int_equal(unmap(iova, TABLE), 0);
	assert_int_equal(fh_gather_flush(&pages.gather), 0);
	host_cpu = 0;
	page = fh_page_alloc(&pages.frames, 0, FH_PAGE_ZERO);
	assert_non_null(page);
	assert_int_equal(map(iova + PAGE, PAGE, writable), 0);
	assert_int_equal(access_at(iova + PAGE), writable.access);
	assert_int_equal(access_at(iova), 0);
	words = (uint64_t *)(uintptr_t)(fh_page_to_phys(&pages.frames, page).raw - BASE +
					(uintptr_t)pages.memory);
	for (unsigned int i = 0; i < PAGE / sizeof(*words); i++)
		assert_int_equal(words[i], 0);
	assert_int_equal(fh_page_free(&pages.frames, page), 0);
	close_table();
}

static void forgets_what_it_unlinked(void **state)
{
	(void)state;
	forgets(0);
}

static void forgets_what_another_unlinked(void **state)
{
	(void)state;
	forgets(1);
}

static void attributes_of_each_call(void **state)
{
	(void)state;
	open_plain();
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(map(i * PAGE, PAGE, i % 2 ? readable : writable), 0);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(access_at(i * PAGE), i % 2 ? readable.access : writable.access);
	assert_int_equal(map(8 * PAGE, PAGE, (struct fh_attr){ FH_WRITE, 0, 0 }), -EINVAL);
	assert_int_equal(map(8 * PAGE, PAGE, readable), 0);
	assert_int_equal(access_at(8 * PAGE), readable.access);
	close_table();
}

/* With a leaf table at hand; every one would be mapped if it were not looked at. */
static void refuses_as_ever(void **state)
{
	uint64_t end = UINT64_C(1) << 48;

	(void)state;
	open_plain();
	assert_int_equal(map(0, PAGE, writable), 0);
	assert_int_equal(map(0, PAGE, writable), -EEXIST);
	assert_int_equal(map(PAGE + 8, PAGE, writable), -EINVAL);
	assert_int_equal(fh_pgtable_map(&pages.table, fh_dma(PAGE), fh_phys(8), PAGE, writable),
			 -EINVAL);
	assert_int_equal(map(PAGE, 0, writable), -EINVAL);
	assert_int_equal(map(PAGE, PAGE + 8, writable), -EINVAL);
	assert_int_equal(map(end, PAGE, writable), -ERANGE);
	assert_int_equal(fh_pgtable_map(&pages.table, fh_dma(PAGE), fh_phys(end), PAGE, writable),
			 -ERANGE);
	assert_int_equal(
	    fh_pgtable_map(&pages.table, fh_dma(PAGE), fh_phys(end - PAGE), 2 * PAGE, writable),
	    -ERANGE);
	assert_int_equal(unmap(PAGE, PAGE), -ENOENT);
	assert_int_equal(unmap(PAGE, 5 * PAGE), -ENOENT);
	assert_int_equal(unmap(8, PAGE), -EINVAL);
	assert_int_equal(unmap(end, PAGE), -ERANGE);
	assert_int_equal(access_at(0), writable.access);
	assert_int_equal(access_at(PAGE), 0);
	close_table();
}

/* Leaf tables that are the root, several in a row. */
static void roots_in_a_row(void **state)
{
	(void)state;
	open_table((struct fh_pgtable_config){ .format = FH_FORMAT_S2,
					       .regime = FH_REGIME_STAGE2,
					       .granule_lg2 = 12,
					       .ias = 24,
					       .oas = 48,
					       .concat_lg2 = 3,
					       .coherent = true });
	/* Other pages in each, so that one table could not stand for another. */
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(map(i * (TABLE + 2 * PAGE), PAGE, writable), 0);
		assert_int_equal(map(i * (TABLE + 2 * PAGE) + PAGE, PAGE, writable), 0);
	}
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t iova = i * (TABLE + 2 * PAGE);

		assert_true(access_at(iova) && access_at(iova + PAGE));
		assert_int_equal(access_at(iova + 2 * PAGE), 0);
		assert_int_equal(unmap(iova, PAGE), 0);
		assert_int_equal(access_at(iova), 0);
	}
	close_table();
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.pgtable.pages.forgets_what_it_unlinked", forgets_what_it_unlinked),
	UNIT_TEST("iommu.pgtable.pages.forgets_what_another_unlinked",
		  forgets_what_another_unlinked),
	UNIT_TEST("iommu.pgtable.pages.attributes_of_each_call", attributes_of_each_call),
	UNIT_TEST("iommu.pgtable.pages.refuses_as_ever", refuses_as_ever),
	UNIT_TEST("iommu.pgtable.pages.roots_in_a_row", roots_in_a_row),
};

UNIT_MAIN("iommu.pgtable.pages", tests)
