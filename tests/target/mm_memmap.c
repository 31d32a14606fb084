/* SPDX-License-Identifier: BSD-2-Clause */
/* mm.memmap on the machine: the answers for addresses that every QEMU virt has. */
#include "tests/target/harness.h"

static void classify(struct test *test)
{
	const struct fh_memmap *map = &test->machine->map;
	struct fh_memmap_range range = fh_memmap_classify(map, fh_phys(image_base()));
	struct devtree_uart uart;

	EXPECT_EQUAL(test, range.kind, FH_MEM_RESERVED);
	EXPECT_EQUAL(test, range.base.raw, image_base());
	EXPECT_EQUAL(test, range.size, image_size());
	range = fh_memmap_classify(map, fh_phys((uintptr_t)test->machine->tree.blob));
	EXPECT_EQUAL(test, range.kind, FH_MEM_RESERVED);
	/* The UART that prints this, in a hole up to the next range, and the end of all. */
	EXPECT(test, !devtree_stdout(&test->machine->tree, &uart));
	range = fh_memmap_classify(map, fh_phys(uart.base));
	EXPECT_EQUAL(test, range.kind, FH_MEM_NONE);
	EXPECT(test, !range.by);
	EXPECT(test, uart.base - range.base.raw < range.size);
	for (size_t i = 0; i < map->range_count; i++)
		EXPECT(test, !fh_ranges_overlap(range.base.raw, range.size, map->range[i].base.raw,
						map->range[i].size));
	EXPECT_EQUAL(test, fh_memmap_classify(map, fh_phys(UINT64_MAX)).kind, FH_MEM_NONE);
}

/* Ranges are sorted, whole frames, without overlap, and add up to the frames there are. */
static void ranges(struct test *test)
{
	const struct fh_memmap *map = &test->machine->map;
	struct fh_frames_stats stats;
	uint64_t end = 0;

	for (size_t i = 0; i < map->range_count; i++) {
		const struct fh_memmap_range *range = &map->range[i];

		EXPECT(test, range->size && fh_is_aligned(range->base.raw | range->size, 4096));
		EXPECT(test, range->base.raw >= end);
		EXPECT(test, range->by);
		end = range->base.raw + range->size;
	}
	fh_frames_stats(&test->machine->frames, &stats);
	EXPECT_EQUAL(test,
		     fh_memmap_bytes(map, FH_MEM_USABLE) + fh_memmap_bytes(map, FH_MEM_RESERVED),
		     stats.frames * 4096);
}

static const struct test_case cases[] = {
	{ "classify", classify },
	{ "ranges", ranges },
};

SUITE(mm_memmap, "mm.memmap", cases);
