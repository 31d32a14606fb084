/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees of any size: how large the map's buffer must be, and where room for it is found before
 * there is a map. Trees here are written with libfdt, because dtc runs out of memory on them.
 */
#include <libfdt.h>

#include "tests/unit/devtree_fixture.h"

#define MANY 10000u
#define TREE_MAX (4u << 20)
#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x40000000)

static unsigned char *large;

static void put_u64s(const char *name, const uint64_t *value, unsigned int count)
{
	fdt64_t cells[2 * 16];

	assert_in_range(count, 1, FH_ARRAY_SIZE(cells));
	for (unsigned int i = 0; i < count; i++)
		cells[i] = cpu_to_fdt64(value[i]);
	assert_int_equal(fdt_property(large, name, cells, (int)(8 * count)), 0);
}

static void put_memory(uint64_t base, uint64_t size)
{
	char name[64];

	snprintf(name, sizeof(name), "memory@%" PRIx64, base);
	assert_int_equal(fdt_begin_node(large, name), 0);
	assert_int_equal(fdt_property_string(large, "device_type", "memory"), 0);
	put_u64s("reg", (uint64_t[]){ base, size }, 2);
	assert_int_equal(fdt_end_node(large), 0);
}

static void put_cells(void)
{
	assert_int_equal(fdt_property_u32(large, "#address-cells", 2), 0);
	assert_int_equal(fdt_property_u32(large, "#size-cells", 2), 0);
}

/* A root with cells; reservations of one frame, every second frame from @first on. */
static void begin(unsigned int reservations, uint64_t first)
{
	large = calloc(1, TREE_MAX);
	assert_non_null(large);
	assert_int_equal(fdt_create(large, TREE_MAX), 0);
	for (unsigned int i = 0; i < reservations; i++)
		assert_int_equal(fdt_add_reservemap_entry(large, first + i * UINT64_C(0x2000), 1),
				 0);
	assert_int_equal(fdt_finish_reservemap(large), 0);
	assert_int_equal(fdt_begin_node(large, ""), 0);
	put_cells();
}

static void put_regions(unsigned int count, uint64_t first, const char *property)
{
	assert_int_equal(fdt_begin_node(large, "reserved-memory"), 0);
	put_cells();
	assert_int_equal(fdt_property(large, "ranges", NULL, 0), 0);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t base = first + i * UINT64_C(0x2000);
		char name[64];

		snprintf(name, sizeof(name), "region@%" PRIx64, base);
		assert_int_equal(fdt_begin_node(large, name), 0);
		if (strcmp(property, "size") == 0) {
			put_u64s("size", (uint64_t[]){ 0x800 }, 1);
		} else {
			put_u64s("reg", (uint64_t[]){ base + 0x10, 0x20 }, 2);
			assert_int_equal(fdt_property_string(large, property, "disabled"), 0);
		}
		assert_int_equal(fdt_end_node(large), 0);
	}
	assert_int_equal(fdt_end_node(large), 0);
}

static void silent(void *ctx, const char *text, size_t len)
{
	(void)ctx, (void)text, (void)len;
}

static const struct fh_out nowhere = { .write = silent };

static void finish(void)
{
	assert_int_equal(fdt_end_node(large), 0);
	assert_int_equal(fdt_finish(large), 0);
	assert_int_equal(devtree_open(&tree, large, TREE_MAX, &nowhere), 0);
}

/* The map in a buffer of just the size that was said. */
static unsigned char *read_large(const struct devtree_given *given)
{
	size_t bytes = devtree_memmap_bytes(&tree, given);
	unsigned char *storage = malloc(bytes);

	assert_non_null(storage);
	assert_int_equal(fh_memmap_init(&map, storage, bytes, 12), 0);
	assert_int_equal(devtree_memmap(&tree, given, &map), 0);
	return storage;
}

static void expect_alternating(enum fh_mem_kind kind, uint64_t first)
{
	assert_int_equal(fh_memmap_bytes(&map, kind), MANY * 4096);
	assert_int_equal(fh_memmap_bytes(&map, FH_MEM_USABLE), RAM_SIZE - MANY * 4096);
	for (unsigned int i = 0; i < MANY; i++) {
		uint64_t at = first + i * UINT64_C(0x2000);

		assert_int_equal(fh_memmap_classify(&map, fh_phys(at + 0xfff)).kind, kind);
		assert_int_equal(fh_memmap_classify(&map, fh_phys(at + 0x1000)).kind,
				 FH_MEM_USABLE);
	}
}

static void many_memreserves(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	void *storage;

	(void)state;
	begin(MANY, RAM_BASE);
	put_memory(RAM_BASE, RAM_SIZE);
	finish();
	storage = read_large(&given);
	expect_alternating(FH_MEM_RESERVED, RAM_BASE);
	free(storage);
	free(large);
}

static void many_regions(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	void *storage;

	(void)state;
	begin(0, 0);
	put_regions(MANY, RAM_BASE + 0x1000, "no-map");
	put_memory(RAM_BASE, RAM_SIZE);
	finish();
	storage = read_large(&given);
	expect_alternating(FH_MEM_NOMAP, RAM_BASE + 0x1000);
	free(storage);
	free(large);

	begin(0, 0);
	put_regions(MANY, RAM_BASE, "status");
	put_memory(RAM_BASE, RAM_SIZE);
	finish();
	storage = read_large(&given);
	assert_int_equal(map.range_count, 1);
	free(storage);
	free(large);
}

static void count_placed(void *ctx, const struct devtree_dynamic *request)
{
	assert_true(request->placed && request->size == 0x1000);
	++*(unsigned int *)ctx;
}

/* Each lies below the one before. */
static void many_requests(void **state)
{
	unsigned int placed = 0;
	struct devtree_given given = { .dynamic = count_placed, .ctx = &placed };
	void *storage;

	(void)state;
	begin(0, 0);
	put_memory(RAM_BASE, RAM_SIZE);
	put_regions(1000, 0, "size");
	finish();
	storage = read_large(&given);
	assert_int_equal(placed, 1000);
	assert_int_equal(fh_memmap_bytes(&map, FH_MEM_RESERVED), 1000 * 4096);
	assert_string_equal(fh_memmap_classify(&map, fh_phys(RAM_BASE + RAM_SIZE - 1000 * 4096)).by,
			    "/reserved-memory/region@7ce000");
	free(storage);
	free(large);
}

static void many_banks(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	void *storage;

	(void)state;
	begin(0, 0);
	for (uint64_t i = 0; i < 4096; i++)
		put_memory((4096 - i) * 0x100000, i % 2 ? 0x100000 : 0xff800);
	finish();
	storage = read_large(&given);
	assert_int_equal(fh_memmap_bytes(&map, FH_MEM_USABLE),
			 2048 * UINT64_C(0x100000) + 2048 * UINT64_C(0xff000));
	free(storage);
	free(large);
}

static void expect_room(const struct devtree_given *given, uint64_t bytes, size_t scratch_bytes,
			uint64_t expected)
{
	static int32_t scratch[8192];
	uint64_t base = 0;

	memset(scratch, 0x55, sizeof(scratch));
	assert_int_equal(devtree_find_room(&tree, given, bytes, scratch, scratch_bytes, &base), 0);
	assert_int_equal(base, expected);
	for (size_t i = scratch_bytes / sizeof(*scratch); i < FH_ARRAY_SIZE(scratch); i++)
		assert_int_equal(scratch[i], 0x55555555);
}

/* The top of the largest bank that has room, whatever is reserved in it. */
static void room_found(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	int32_t scratch[16];
	uint64_t base;

	(void)state;
	/* One bank, of which the upper half is full of holes of one frame: 1 GiB in 64 KiB. */
	begin(MANY, RAM_BASE + RAM_SIZE - MANY * UINT64_C(0x2000));
	put_memory(RAM_BASE, RAM_SIZE);
	put_memory(0x10001000, 0x100000);
	finish();
	/* Cells of 132 KiB from the bank's start. */
	expect_room(&given, 0x400000, 32768,
		    RAM_BASE + (RAM_SIZE - MANY * UINT64_C(0x2000)) / 0x21000 * 0x21000 -
			0x20 * UINT64_C(0x21000));
	/* Half of the large bank is nearly full when its cells are coarse; all is not there. */
	assert_int_equal(
	    devtree_find_room(&tree, &given, RAM_SIZE, scratch, sizeof(scratch), &base), -ENOSPC);
	assert_int_equal(devtree_find_room(&tree, &given, 4096, scratch, 4, &base), -ENOSPC);
	/* Reservations that begin before a bank and end behind it, in scratch that is watched. */
	for (unsigned int i = 0; i < 4; i++) {
		int32_t *watched = malloc(3 * sizeof(*watched));

		assert_non_null(watched);
		given.images.kernel_base = i & 1 ? 0 : RAM_BASE + 0x10000000;
		given.images.kernel_size = i & 2 ? UINT64_C(1) << 40 : 0x40000000;
		(void)devtree_find_room(&tree, &given, 4096, watched, 3 * sizeof(*watched), &base);
		free(watched);
	}
	/* An image over the large bank leaves the small one. */
	given.images.kernel_base = RAM_BASE;
	given.images.kernel_size = RAM_SIZE;
	expect_room(&given, 0x1000, 32768, 0x10001000 + 0xff000);
	free(large);
}

/* The last frame of all addresses holds no room, and a bank that begins in it has no whole frame.
 */
static void room_at_the_top(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	int32_t scratch[16];
	uint64_t base;

	(void)state;
	begin(0, 0);
	put_memory(0 - UINT64_C(0x800), 0x800);
	finish();
	assert_int_equal(devtree_find_room(&tree, &given, 4096, scratch, sizeof(scratch), &base),
			 -ENOSPC);
	free(large);

	begin(0, 0);
	put_memory(0 - UINT64_C(0x3000), 0x3000);
	finish();
	expect_room(&given, 4096, 32768, 0 - UINT64_C(0x2000));
	free(large);
}

/* A map that the found room is declared in has it usable everywhere, for random trees. */
static void room_random(void **state)
{
	uint64_t seed = unit_seed("boot.devtree.storage.room_random");
	unsigned int found = 0;

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		struct devtree_given given = { .pa_bits = 0 };
		uint64_t bytes = (1 + unit_random_below(&seed, 64)) * 4096;
		size_t scratch_bytes = 12 + unit_random_below(&seed, 4096);
		static int32_t scratch[1100];
		uint64_t base;
		void *storage;

		begin(0, 0);
		for (unsigned int i = 0; i < 3; i++)
			put_memory(RAM_BASE + unit_random_below(&seed, 1 << 24),
				   1 + unit_random_below(&seed, 1 << 22));
		put_regions(1 + (unsigned int)unit_random_below(&seed, 20),
			    RAM_BASE + unit_random_below(&seed, 1 << 24), "no-map");
		finish();
		if (devtree_find_room(&tree, &given, bytes, scratch, scratch_bytes, &base)) {
			free(large);
			continue;
		}
		found++;
		given.no_dynamic = true;
		storage = read_large(&given);
		for (uint64_t at = base; at < base + bytes; at += 4096)
			assert_int_equal(fh_memmap_classify(&map, fh_phys(at)).kind, FH_MEM_USABLE);
		given.images.storage = (struct devtree_region){ base, bytes };
		free(storage);
		storage = read_large(&given);
		assert_string_equal(fh_memmap_classify(&map, fh_phys(base)).by, "memory map");
		free(storage);
		free(large);
	}
	assert_true(found > 100);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.storage.many_memreserves", many_memreserves),
	UNIT_TEST("boot.devtree.storage.many_regions", many_regions),
	UNIT_TEST("boot.devtree.storage.many_requests", many_requests),
	UNIT_TEST("boot.devtree.storage.many_banks", many_banks),
	UNIT_TEST("boot.devtree.storage.room_found", room_found),
	UNIT_TEST("boot.devtree.storage.room_top", room_at_the_top),
	UNIT_TEST("boot.devtree.storage.room_random", room_random),
};

UNIT_MAIN("boot.devtree.storage", tests)
