/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of mm/memmap: each rule by an example, and each refusal. Random maps and
 * buffers of every size are in mm.memmap.oracle.c.
 */
#include "mm/memmap.h"

#include <string.h>

#include "lib/error.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)

static _Alignas(16) unsigned char buffer[16384];
static struct fh_memmap map;

static int setup(void **state)
{
	(void)state;
	memset(buffer, 0xa5, sizeof(buffer));
	return fh_memmap_init(&map, buffer, sizeof(buffer), 12);
}

static void add(uint64_t base, uint64_t size, enum fh_mem_kind kind, const char *by)
{
	assert_int_equal(fh_memmap_add(&map, base, size, kind, by), 0);
}

static void resolve(void)
{
	assert_int_equal(fh_memmap_resolve(&map), 0);
	assert_true(map.resolved);
}

static void expect(size_t index, uint64_t base, uint64_t size, enum fh_mem_kind kind,
		   const char *by)
{
	assert_in_range(index + 1, 1, map.range_count);
	assert_true(map.range[index].base.raw == base);
	assert_true(map.range[index].size == size);
	assert_int_equal(map.range[index].kind, kind);
	assert_string_equal(map.range[index].by, by);
}

static void init_refused(void **state)
{
	struct fh_memmap untouched;

	(void)state;
	memset(&map, 0x5a, sizeof(map));
	untouched = map;
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 13), -EINVAL);
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 0), -EINVAL);
	assert_int_equal(fh_memmap_init(&map, NULL, sizeof(buffer), 12), -EINVAL);
	assert_int_equal(fh_memmap_init(&map, buffer + 8, sizeof(buffer) - 8, 12), -EINVAL);
	assert_memory_equal(&map, &untouched, sizeof(map));
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 14), 0);
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 16), 0);
	assert_int_equal(fh_memmap_init(&map, buffer, 0, 12), 0);
	assert_int_equal(fh_memmap_add(&map, 0, 1, FH_MEM_USABLE, "a"), -ENOMEM);
	resolve();
	assert_int_equal(map.range_count, 0);
}

/* A buffer that no size can name: no number that looks like one. */
static void buffer_bytes(void **state)
{
	size_t none = fh_memmap_buffer_bytes(0, 0);
	size_t one = fh_memmap_buffer_bytes(1, 0) - none;

	(void)state;
	assert_true(none > 0 && one > sizeof(struct fh_memmap_decl));
	assert_true(fh_memmap_buffer_bytes(SIZE_MAX, 0) == SIZE_MAX);
	assert_true(fh_memmap_buffer_bytes(SIZE_MAX / one + 1, 0) == SIZE_MAX);
	assert_true(fh_memmap_buffer_bytes(1, SIZE_MAX - one + 1) == SIZE_MAX);
	assert_true(fh_memmap_buffer_bytes(0, SIZE_MAX - none + 1) == SIZE_MAX);
	assert_true(fh_memmap_buffer_bytes(0, SIZE_MAX - none - 1) == SIZE_MAX - 1);
}

static void add_refused(void **state)
{
	static unsigned char before[sizeof(buffer)];
	struct fh_memmap untouched;

	(void)state;
	add(0, FRAME, FH_MEM_USABLE, "ram");
	resolve();
	untouched = map;
	memcpy(before, buffer, sizeof(buffer));
	assert_int_equal(fh_memmap_add(&map, 0, 0, FH_MEM_USABLE, "a"), -EINVAL);
	assert_int_equal(fh_memmap_add(&map, 0, 1, FH_MEM_NONE, "a"), -EINVAL);
	assert_int_equal(fh_memmap_add(&map, 0, 1, (enum fh_mem_kind)4, "a"), -EINVAL);
	assert_int_equal(fh_memmap_add(&map, 0, 1, FH_MEM_USABLE, NULL), -EINVAL);
	assert_int_equal(fh_memmap_add(&map, 2, UINT64_MAX, FH_MEM_USABLE, "a"), -ERANGE);
	assert_int_equal(fh_memmap_add(&map, UINT64_MAX, 2, FH_MEM_USABLE, "a"), -ERANGE);
	assert_memory_equal(&map, &untouched, sizeof(map));
	assert_memory_equal(buffer, before, sizeof(buffer));
	assert_int_equal(fh_memmap_add(&map, 1, UINT64_MAX, FH_MEM_USABLE, "a"), 0);
	assert_false(map.resolved);
	assert_int_equal(map.range_count, 0);
}

/* A name is a copy: the caller's may change. */
static void add_copies_name(void **state)
{
	char name[] = "/memory@0";

	(void)state;
	add(0, FRAME, FH_MEM_USABLE, name);
	name[1] = 'x';
	add(2 * FRAME, FRAME, FH_MEM_USABLE, "/memory@");
	add(4 * FRAME, FRAME, FH_MEM_USABLE, "/memory@00");
	add(6 * FRAME, FRAME, FH_MEM_USABLE, "");
	resolve();
	assert_string_equal(map.decl[0].by, "/memory@0");
	expect(0, 0, FRAME, FH_MEM_USABLE, "/memory@0");
	expect(1, 2 * FRAME, FRAME, FH_MEM_USABLE, "/memory@");
	expect(2, 4 * FRAME, FRAME, FH_MEM_USABLE, "/memory@00");
	expect(3, 6 * FRAME, FRAME, FH_MEM_USABLE, "");
}

static void add_shares_name(void **state)
{
	size_t names;

	(void)state;
	add(0, FRAME, FH_MEM_RESERVED, "memreserve");
	names = map.names_bytes;
	for (uint64_t i = 1; i < 50; i++)
		add(2 * i * FRAME, FRAME, FH_MEM_RESERVED, "memreserve");
	assert_int_equal(map.names_bytes, names);
	add(0, FRAME, FH_MEM_RESERVED, "memreserve2");
	assert_true(map.names_bytes > names);
}

static void resolve_empty(void **state)
{
	struct fh_memmap_range hole;

	(void)state;
	resolve();
	assert_int_equal(map.range_count, 0);
	hole = fh_memmap_classify(&map, fh_phys(12345));
	assert_int_equal(hole.kind, FH_MEM_NONE);
	assert_true(hole.base.raw == 0 && hole.size == UINT64_MAX);
	assert_null(hole.by);
}

static void resolve_precedence(void **state)
{
	(void)state;
	add(12 * FRAME, 8 * FRAME, FH_MEM_NOMAP, "secure");
	add(4 * FRAME, 10 * FRAME, FH_MEM_RESERVED, "fw");
	add(0, 30 * FRAME, FH_MEM_USABLE, "ram");
	resolve();
	assert_int_equal(map.range_count, 4);
	expect(0, 0, 4 * FRAME, FH_MEM_USABLE, "ram");
	expect(1, 4 * FRAME, 8 * FRAME, FH_MEM_RESERVED, "fw");
	expect(2, 12 * FRAME, 8 * FRAME, FH_MEM_NOMAP, "secure");
	expect(3, 20 * FRAME, 10 * FRAME, FH_MEM_USABLE, "ram");
}

/* Joined first, then shrunk: the frame that two banks share is RAM. */
static void resolve_rounding(void **state)
{
	(void)state;
	add(1, 5 * FRAME + 99, FH_MEM_USABLE, "low");
	add(5 * FRAME + 100, 5 * FRAME, FH_MEM_USABLE, "high");
	add(2 * FRAME + 4095, 2, FH_MEM_RESERVED, "grows");
	add(8 * FRAME + 1, 256, FH_MEM_NOMAP, "grows too");
	resolve();
	assert_int_equal(map.range_count, 6);
	expect(0, FRAME, FRAME, FH_MEM_USABLE, "low");
	expect(1, 2 * FRAME, 2 * FRAME, FH_MEM_RESERVED, "grows");
	expect(2, 4 * FRAME, 2 * FRAME, FH_MEM_USABLE, "low");
	expect(3, 6 * FRAME, 2 * FRAME, FH_MEM_USABLE, "high");
	expect(4, 8 * FRAME, FRAME, FH_MEM_NOMAP, "grows too");
	expect(5, 9 * FRAME, FRAME, FH_MEM_USABLE, "high");
}

/* One byte less, and neither bank has the frame. */
static void resolve_rounding_gap(void **state)
{
	(void)state;
	add(0, 5 * FRAME + 99, FH_MEM_USABLE, "low");
	add(5 * FRAME + 100, 5 * FRAME, FH_MEM_USABLE, "high");
	add(5 * FRAME, FRAME, FH_MEM_RESERVED, "no RAM here");
	resolve();
	assert_int_equal(map.range_count, 2);
	expect(0, 0, 5 * FRAME, FH_MEM_USABLE, "low");
	expect(1, 6 * FRAME, 4 * FRAME, FH_MEM_USABLE, "high");
}

static void resolve_outside_ram(void **state)
{
	(void)state;
	add(4 * FRAME, 4 * FRAME, FH_MEM_USABLE, "ram");
	add(2 * FRAME, 4 * FRAME, FH_MEM_RESERVED, "straddles");
	add(20 * FRAME, FRAME, FH_MEM_RESERVED, "outside");
	add(30 * FRAME, FRAME, FH_MEM_NOMAP, "counts");
	resolve();
	assert_int_equal(map.range_count, 3);
	expect(0, 4 * FRAME, 2 * FRAME, FH_MEM_RESERVED, "straddles");
	expect(1, 6 * FRAME, 2 * FRAME, FH_MEM_USABLE, "ram");
	expect(2, 30 * FRAME, FRAME, FH_MEM_NOMAP, "counts");
}

static void resolve_first_declarer(void **state)
{
	(void)state;
	add(0, 20 * FRAME, FH_MEM_USABLE, "ram");
	add(6 * FRAME, 4 * FRAME, FH_MEM_RESERVED, "first");
	add(2 * FRAME, 12 * FRAME, FH_MEM_RESERVED, "second");
	resolve();
	assert_int_equal(map.range_count, 5);
	expect(1, 2 * FRAME, 4 * FRAME, FH_MEM_RESERVED, "second");
	expect(2, 6 * FRAME, 4 * FRAME, FH_MEM_RESERVED, "first");
	expect(3, 10 * FRAME, 4 * FRAME, FH_MEM_RESERVED, "second");
}

static void resolve_merges(void **state)
{
	(void)state;
	add(2 * FRAME, 2 * FRAME, FH_MEM_USABLE, "ram");
	add(0, FRAME, FH_MEM_NOMAP, "x");
	add(0, 2 * FRAME, FH_MEM_USABLE, "ram");
	add(4 * FRAME, FRAME, FH_MEM_USABLE, "other");
	resolve();
	assert_int_equal(map.range_count, 3);
	expect(0, 0, FRAME, FH_MEM_NOMAP, "x");
	expect(1, FRAME, 3 * FRAME, FH_MEM_USABLE, "ram");
	expect(2, 4 * FRAME, FRAME, FH_MEM_USABLE, "other");
}

static void resolve_again(void **state)
{
	(void)state;
	add(0, 8 * FRAME, FH_MEM_USABLE, "ram");
	resolve();
	resolve();
	assert_int_equal(map.range_count, 1);
	add(FRAME, FRAME, FH_MEM_RESERVED, "fw");
	resolve();
	assert_int_equal(map.range_count, 3);
	expect(1, FRAME, FRAME, FH_MEM_RESERVED, "fw");
}

static void resolve_frame_sizes(void **state)
{
	(void)state;
	for (unsigned int lg2 = 12; lg2 <= 16; lg2 += 2) {
		uint64_t frame = UINT64_C(1) << lg2;

		assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), lg2), 0);
		add(1, 10 * frame, FH_MEM_USABLE, "ram");
		add(5 * frame - 1, 2, FH_MEM_RESERVED, "fw");
		resolve();
		assert_int_equal(map.range_count, 3);
		expect(0, frame, 3 * frame, FH_MEM_USABLE, "ram");
		expect(1, 4 * frame, 2 * frame, FH_MEM_RESERVED, "fw");
		expect(2, 6 * frame, 4 * frame, FH_MEM_USABLE, "ram");
	}
}

/* The last frame of the address space, and all of it. */
static void resolve_end_of_space(void **state)
{
	struct fh_memmap_range range;
	fh_phys_addr_t where;

	(void)state;
	add(UINT64_MAX, 1, FH_MEM_NOMAP, "last byte");
	add(UINT64_MAX - 3 * FRAME + 1, 3 * FRAME, FH_MEM_USABLE, "ram");
	resolve();
	assert_int_equal(map.range_count, 2);
	expect(0, 0 - 3 * FRAME, 2 * FRAME, FH_MEM_USABLE, "ram");
	expect(1, 0 - FRAME, FRAME, FH_MEM_NOMAP, "last byte");
	range = fh_memmap_classify(&map, fh_phys(UINT64_MAX));
	assert_string_equal(range.by, "last byte");
	setup(NULL);
	add(0 - 2 * FRAME, 2 * FRAME, FH_MEM_USABLE, "ram");
	resolve();
	assert_false(fh_memmap_first_not_ram(&map, 0 - 2 * FRAME, 2 * FRAME, &where));
	assert_true(fh_memmap_first_not_ram(&map, 0 - FRAME, 2 * FRAME, &where));
	assert_false(fh_phys_is_valid(where));
}

static void resolve_whole_space(void **state)
{
	static const enum fh_mem_kind kinds[] = { FH_MEM_USABLE, FH_MEM_NOMAP };
	uint64_t half = UINT64_C(1) << 63;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(kinds); i++) {
		setup(NULL);
		add(0, UINT64_MAX, kinds[i], "all");
		add(1, UINT64_MAX, kinds[i], "all");
		resolve();
		assert_int_equal(map.range_count, 2);
		expect(0, 0, half, kinds[i], "all");
		expect(1, half, half, kinds[i], "all");
		assert_true(fh_memmap_bytes(&map, kinds[i]) == UINT64_MAX);
	}
	setup(NULL);
	add(0, half, FH_MEM_NOMAP, "all");
	add(half, half, FH_MEM_NOMAP, "all");
	add(0, 1, FH_MEM_USABLE, "ram");
	resolve();
	assert_int_equal(map.range_count, 2);
	expect(1, half, half, FH_MEM_NOMAP, "all");
}

static void classify_holes(void **state)
{
	struct fh_memmap_range range;

	(void)state;
	add(4 * FRAME, 2 * FRAME, FH_MEM_USABLE, "ram");
	add(9 * FRAME, FRAME, FH_MEM_NOMAP, "secure");
	resolve();
	range = fh_memmap_classify(&map, fh_phys(4 * FRAME - 1));
	assert_int_equal(range.kind, FH_MEM_NONE);
	assert_true(range.base.raw == 0 && range.size == 4 * FRAME);
	range = fh_memmap_classify(&map, fh_phys(6 * FRAME));
	assert_int_equal(range.kind, FH_MEM_NONE);
	assert_true(range.base.raw == 6 * FRAME && range.size == 3 * FRAME);
	assert_null(range.by);
	range = fh_memmap_classify(&map, fh_phys(UINT64_MAX));
	assert_int_equal(range.kind, FH_MEM_NONE);
	assert_true(range.base.raw == 10 * FRAME && range.size == 0 - 10 * FRAME);
	range = fh_memmap_classify(&map, fh_phys(6 * FRAME - 1));
	assert_true(range.base.raw == 4 * FRAME && range.size == 2 * FRAME);
	assert_string_equal(range.by, "ram");
}

static void first_not_ram(void **state)
{
	fh_phys_addr_t where = fh_phys(77);

	(void)state;
	add(4 * FRAME, 6 * FRAME, FH_MEM_USABLE, "ram");
	add(10 * FRAME, 2 * FRAME, FH_MEM_USABLE, "more");
	add(5 * FRAME, FRAME, FH_MEM_RESERVED, "fw");
	add(11 * FRAME, FRAME, FH_MEM_NOMAP, "secure");
	resolve();
	assert_false(fh_memmap_first_not_ram(&map, 4 * FRAME, 7 * FRAME, &where));
	assert_false(fh_memmap_first_not_ram(&map, 5 * FRAME + 5, 1, &where));
	assert_false(fh_memmap_first_not_ram(&map, 0, 0, &where));
	assert_true(where.raw == 77);
	assert_true(fh_memmap_first_not_ram(&map, 4 * FRAME, 7 * FRAME + 1, &where));
	assert_true(where.raw == 11 * FRAME);
	assert_true(fh_memmap_first_not_ram(&map, 4 * FRAME - 1, 2, &where));
	assert_true(where.raw == 4 * FRAME - 1);
	assert_true(fh_memmap_first_not_ram(&map, 100 * FRAME, 1, &where));
	assert_true(where.raw == 100 * FRAME);
}

static void print_table(void **state)
{
	static struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	add(0x40000000, 512 * FH_MIB, FH_MEM_USABLE, "/memory@40000000");
	add(0x5fff0000, 64 * FH_KIB, FH_MEM_RESERVED, "/reserved-memory/fw@5fff0000");
	add(0x9000000, 4096, FH_MEM_NOMAP, "/reserved-memory/s");
	resolve();
	fh_memmap_print(&map, &out);
	assert_string_equal(
	    text.text,
	    "fh: memmap: range                                        size  kind      declared by\n"
	    "fh: memmap: 0x0000000009000000-0x0000000009000fff       4 KiB  no-map    "
	    "/reserved-memory/s\n"
	    "fh: memmap: 0x0000000040000000-0x000000005ffeffff  524224 KiB  usable    "
	    "/memory@40000000\n"
	    "fh: memmap: 0x000000005fff0000-0x000000005fffffff      64 KiB  reserved  "
	    "/reserved-memory/fw@5fff0000\n");
	assert_string_equal(fh_mem_kind_name(FH_MEM_NONE), "none");
	assert_string_equal(fh_mem_kind_name((enum fh_mem_kind)9), "unknown");
}

static void place_refused(void **state)
{
	static unsigned char before[sizeof(buffer)];
	struct fh_memmap untouched;
	fh_phys_addr_t placed = fh_phys(77);

	(void)state;
	add(0, 8 * FRAME, FH_MEM_USABLE, "ram");
	resolve();
	memcpy(before, buffer, sizeof(buffer));
	untouched = map;
#define PLACE(size, align, low, last, kind, by)                                                    \
	fh_memmap_place(&map, (size), (align), (low), (last), (kind), (by), &placed)
	assert_int_equal(PLACE(0, 1, 0, UINT64_MAX, FH_MEM_RESERVED, "d"), -EINVAL);
	assert_int_equal(PLACE(1, 0, 0, UINT64_MAX, FH_MEM_RESERVED, "d"), -EINVAL);
	assert_int_equal(PLACE(1, 3, 0, UINT64_MAX, FH_MEM_RESERVED, "d"), -EINVAL);
	assert_int_equal(PLACE(1, 1, 0, UINT64_MAX, FH_MEM_USABLE, "d"), -EINVAL);
	assert_int_equal(PLACE(1, 1, 0, UINT64_MAX, FH_MEM_NONE, "d"), -EINVAL);
	assert_int_equal(PLACE(1, 1, 0, UINT64_MAX, FH_MEM_NOMAP, NULL), -EINVAL);
	assert_int_equal(PLACE(UINT64_MAX, 1, 0, UINT64_MAX, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_int_equal(PLACE(8 * FRAME + 1, 1, 0, UINT64_MAX, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_int_equal(PLACE(1, 1, 8 * FRAME, UINT64_MAX, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_int_equal(PLACE(1, 1, 0, FRAME - 2, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_int_equal(PLACE(1, 1, 5 * FRAME, 4 * FRAME, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_int_equal(PLACE(1, 1, 5 * FRAME + 1, 7 * FRAME - 2, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_memory_equal(&map, &untouched, sizeof(map));
	/* Declarations and ranges; what lies between them and the names is scratch. */
	assert_memory_equal(map.decl, before, sizeof(*map.decl));
	expect(0, 0, 8 * FRAME, FH_MEM_USABLE, "ram");
	assert_true(placed.raw == 77);
	/* A map that was not resolved is not resolved behind the caller's back. */
	add(16 * FRAME, FRAME, FH_MEM_USABLE, "more");
	assert_int_equal(PLACE(32 * FRAME, 1, 0, UINT64_MAX, FH_MEM_NOMAP, "d"), -ENOSPC);
	assert_false(map.resolved);
	assert_int_equal(map.range_count, 0);
}

static void place_highest(void **state)
{
	fh_phys_addr_t placed;

	(void)state;
	add(0, 8 * FRAME, FH_MEM_USABLE, "low");
	add(8 * FRAME, 8 * FRAME, FH_MEM_USABLE, "high");
	add(15 * FRAME, 1, FH_MEM_RESERVED, "top");
	/* Not resolved: placing does that. */
	assert_int_equal(PLACE(FRAME + 1, 1, 0, UINT64_MAX, FH_MEM_NOMAP, "a"), 0);
	assert_true(placed.raw == 13 * FRAME);
	assert_true(map.resolved);
	assert_int_equal(PLACE(FRAME, 4 * FRAME, 0, UINT64_MAX, FH_MEM_RESERVED, "b"), 0);
	assert_true(placed.raw == 12 * FRAME);
	assert_int_equal(PLACE(2 * FRAME, FRAME, 0, 10 * FRAME + 5, FH_MEM_RESERVED, "c"), 0);
	assert_true(placed.raw == 8 * FRAME);
	/* Two banks that touch hold what neither of them could. */
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 12), 0);
	add(0, 8 * FRAME, FH_MEM_USABLE, "low");
	add(8 * FRAME, 8 * FRAME, FH_MEM_USABLE, "high");
	assert_int_equal(PLACE(10 * FRAME, FRAME, 0, 12 * FRAME - 1, FH_MEM_RESERVED, "d"), 0);
	assert_true(placed.raw == 2 * FRAME);
	assert_int_equal(fh_memmap_classify(&map, placed).kind, FH_MEM_RESERVED);
}

static const struct CMUnitTest tests[] = {
	{ "mm.memmap.init.refused", init_refused, setup, NULL, NULL },
	{ "mm.memmap.init.buffer_bytes", buffer_bytes, setup, NULL, NULL },
	{ "mm.memmap.add.refused", add_refused, setup, NULL, NULL },
	{ "mm.memmap.add.copies_name", add_copies_name, setup, NULL, NULL },
	{ "mm.memmap.add.shares_name", add_shares_name, setup, NULL, NULL },
	{ "mm.memmap.resolve.empty", resolve_empty, setup, NULL, NULL },
	{ "mm.memmap.resolve.precedence", resolve_precedence, setup, NULL, NULL },
	{ "mm.memmap.resolve.rounding", resolve_rounding, setup, NULL, NULL },
	{ "mm.memmap.resolve.rounding_gap", resolve_rounding_gap, setup, NULL, NULL },
	{ "mm.memmap.resolve.outside_ram", resolve_outside_ram, setup, NULL, NULL },
	{ "mm.memmap.resolve.first_declarer", resolve_first_declarer, setup, NULL, NULL },
	{ "mm.memmap.resolve.merges", resolve_merges, setup, NULL, NULL },
	{ "mm.memmap.resolve.again", resolve_again, setup, NULL, NULL },
	{ "mm.memmap.resolve.frame_sizes", resolve_frame_sizes, setup, NULL, NULL },
	{ "mm.memmap.resolve.end_of_space", resolve_end_of_space, setup, NULL, NULL },
	{ "mm.memmap.resolve.whole_space", resolve_whole_space, setup, NULL, NULL },
	{ "mm.memmap.classify.holes", classify_holes, setup, NULL, NULL },
	{ "mm.memmap.first_not_ram.cases", first_not_ram, setup, NULL, NULL },
	{ "mm.memmap.print.table", print_table, setup, NULL, NULL },
	{ "mm.memmap.place.refused", place_refused, setup, NULL, NULL },
	{ "mm.memmap.place.highest", place_highest, setup, NULL, NULL },
};

UNIT_MAIN("mm.memmap", tests)
