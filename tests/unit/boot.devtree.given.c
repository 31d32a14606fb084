/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands beside the tree: RAM that it does not state, the physical address size, NUMA. */
#define _GNU_SOURCE
#include "tests/unit/devtree_fixture.h"

static struct devtree_dynamic heard[4];
static unsigned int heard_count;

static void hear(void *ctx, const struct devtree_dynamic *request)
{
	assert_ptr_equal(ctx, heard);
	assert_in_range(heard_count, 0, FH_ARRAY_SIZE(heard) - 1);
	heard[heard_count++] = *request;
}

static int read_given(const char *dts, const struct devtree_given *given)
{
	assert_int_equal(open_dts(dts), 0);
	assert_int_equal(fh_memmap_init(&map, map_storage, sizeof(map_storage), 12), 0);
	return devtree_memmap(&tree, given, &map);
}

static void expect_range(size_t index, uint64_t base, uint64_t size, uint32_t numa, const char *by)
{
	assert_in_range(index + 1, 1, map.range_count);
	assert_int_equal(map.range[index].base.raw, base);
	assert_int_equal(map.range[index].size, size);
	assert_int_equal(map.range[index].numa, numa);
	assert_string_equal(map.range[index].by, by);
}

#define NODE(address, size, id)                                                                    \
	"memory@" address " { device_type = \"memory\"; reg = <0 0x" address " 0 " size            \
	">; numa-node-id = <" id ">; }; "

#define PLAIN "memory@40008000 { device_type = \"memory\"; reg = <0 0x40008000 0 0x1000>; }; "

/* The RAM's node stays with it, whoever reserved the RAM; touching nodes are two ranges. */
static void numa_nodes(void **state)
{
	struct devtree_given given = { .pa_bits = 0 };
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	assert_int_equal(
	    read_given(ROOT(2, 2,
			    NODE("40000000", "0x4000", "0") NODE("40004000", "0x4000", "1")
				PLAIN RESERVED("a@40003000 { reg = <0 0x40003000 0 0x2000>; };")),
		       &given),
	    0);
	assert_int_equal(map.range_count, 5);
	expect_range(0, 0x40000000, 0x3000, 0, "/memory@40000000");
	expect_range(1, 0x40003000, 0x1000, 0, "/reserved-memory/a@40003000");
	expect_range(2, 0x40004000, 0x1000, 1, "/reserved-memory/a@40003000");
	expect_range(3, 0x40005000, 0x3000, 1, "/memory@40004000");
	expect_range(4, 0x40008000, 0x1000, FH_NUMA_NONE, "/memory@40008000");
	fh_memmap_print(&map, &out);
	assert_non_null(strstr(text.text, "  /memory@40004000, node 1\n"));
	assert_non_null(strstr(text.text, "  /memory@40008000\n"));

	assert_int_equal(read_given(ROOT(2, 2, NODE("40000000", "0x4000", "0 1")), &given),
			 -EINVAL);
	assert_non_null(strstr(log_text.text, "fh: devtree: /memory@40000000:numa-node-id: 0x8: is "
					      "not one cell (EINVAL)\n"));
}

#define EMPTY(more) ROOT(2, 2, "memory@0 { device_type = \"memory\"; reg = <0 0 0 0>; }; " more)

static void given_ram(void **state)
{
	static const struct devtree_region ram[] = { { 0x2000, 0x2000 }, { 0x8000, 0x1000 } };
	struct devtree_given given = {
		.ram = ram,
		.ram_count = FH_ARRAY_SIZE(ram),
		.ram_name = "somebody",
	};

	(void)state;
	assert_int_equal(read_given(EMPTY(""), &given), 0);
	assert_int_equal(map.range_count, 2);
	expect_range(0, 0x2000, 0x2000, FH_NUMA_NONE, "somebody");
	expect_range(1, 0x8000, 0x1000, FH_NUMA_NONE, "somebody");
	assert_string_equal(log_text.text, "fh: devtree: warning: /memory@0:reg: 0x0: size 0: was "
					   "it filled in?\n");

	/* It is held against the limits, too. */
	assert_int_equal(
	    read_given(EMPTY("chosen { linux,usable-memory-range = <0 0x3000 0 0x6000>; };"),
		       &given),
	    0);
	expect_range(0, 0x3000, 0x1000, FH_NUMA_NONE, "somebody");
	expect_range(1, 0x8000, 0x1000, FH_NUMA_NONE, "somebody");
	assert_int_equal(read_given(ROOT(2, 2, ""), &given), 0);
	/* A tree that states RAM is believed. */
	assert_int_equal(read_given(ROOT(2, 2, MEMORY), &given), 0);
	assert_int_equal(map.range_count, 1);
	given.ram_count = 0;
	assert_int_equal(read_given(EMPTY(""), &given), -ENOENT);
}

static void physical_addresses(void **state)
{
	static const char dts[] =
	    ROOT(2, 2,
		 "memory@0 { device_type = \"memory\"; reg = <0 0xfffff000 0 0x2000 1 0x2000 0 "
		 "0x1000>; };");
	struct devtree_given given = { .pa_bits = 32 };

	(void)state;
	assert_int_equal(read_given(dts, &given), 0);
	assert_int_equal(map.range_count, 1);
	expect_range(0, 0xfffff000, 0x1000, FH_NUMA_NONE, "/memory@0");
	assert_string_equal(
	    log_text.text,
	    "fh: devtree: warning: /memory@0:reg: 0xfffff000: reaches beyond the physical "
	    "addresses: not used there\n"
	    "fh: devtree: warning: /memory@0:reg: 0x100002000: reaches beyond the physical "
	    "addresses: not used there\n");
	given.pa_bits = 33;
	assert_int_equal(read_given(dts, &given), 0);
	assert_string_equal(log_text.text, "");
	assert_int_equal(map.range_count, 2);
	given.pa_bits = 31;
	assert_int_equal(read_given(dts, &given), -ENOENT);
	assert_non_null(strstr(log_text.text, "fh: devtree: /:memory: 0x2: no RAM: none within the "
					      "physical addresses (ENOENT)\n"));
	given.pa_bits = 64;
	assert_int_equal(read_given(dts, &given), 0);
	assert_int_equal(map.range_count, 2);
}

static void requests_told(void **state)
{
	static const char dts[] =
	    ROOT(2, 2,
		 MEMORY RESERVED("a { size = <0 0x1800>; alignment = <0x100000>; no-map; }; "
				 "b { size = <1 0>; }; c { size = <0 0>; }; "
				 "d { size = <0 0x1000>; status = \"disabled\"; };"));
	struct devtree_given given = { .dynamic = hear, .ctx = heard };

	(void)state;
	heard_count = 0;
	assert_int_equal(read_given(dts, &given), 0);
	assert_int_equal(heard_count, 2);
	assert_true(heard[0].placed && heard[0].base == 0x40f00000 && heard[0].size == 0x2000);
	assert_true(!heard[1].placed && heard[1].base == 0 && heard[1].size == 0x100000000);
	assert_int_equal(fh_memmap_classify(&map, fh_phys(0x40f01fff)).kind, FH_MEM_NOMAP);
	heard_count = 0;
	given.no_dynamic = true;
	assert_int_equal(read_given(dts, &given), 0);
	assert_int_equal(heard_count, 2);
	assert_true(!heard[0].placed && heard[0].size == 0x2000 && !heard[1].placed);
	assert_int_equal(map.range_count, 1);
	assert_null(strstr(log_text.text, "not placed"));
}

/* Which of two that say the same thing twice counts is nobody's to guess. */
static void said_twice(void **state)
{
	static const struct {
		const char *dts;
		const char *line;
	} twice[] = {
		{ ROOT(2, 2, MEMORY "chosen { }; chosen@1 { };"),
		  "fh: devtree: /chosen@1: 0x2: a second /chosen (EINVAL)\n" },
		{ ROOT(2, 2, MEMORY RESERVED("") "reserved-memory@1 { };"),
		  "fh: devtree: /reserved-memory@1: 0x2: a second /reserved-memory (EINVAL)\n" },
	};

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(twice); i++) {
		assert_int_equal(open_dts(twice[i].dts), -EINVAL);
		assert_string_equal(log_text.text, twice[i].line);
	}
}

/* dtc writes no property twice: one of another name, which is given the name afterwards. */
static void property_twice(void **state)
{
	static const struct {
		const char *dts;
		const char *line;
	} twice[] = {
		{ ROOT(2, 2,
		       "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x1000>; "
		       "rex = <0 0x80000000 0 0x1000>; };"),
		  "fh: devtree: /memory@40000000:reg: 0x2: stands twice (EINVAL)\n" },
		{ ROOT(2, 2,
		       MEMORY RESERVED(
			   "a@40000000 { reg = <0 0x40000000 0 0x1000>; rex = <0 0 0 1>; };")),
		  "fh: devtree: /reserved-memory/a@40000000:reg: 0x2: stands twice (EINVAL)\n" },
	};
	struct devtree_given given = { .pa_bits = 0 };

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(twice); i++) {
		char *name;

		assert_int_equal(open_dts(twice[i].dts), 0);
		name = memmem(blob, blob_bytes, "rex", 4);
		assert_non_null(name);
		name[2] = 'g';
		assert_int_equal(devtree_open(&tree, blob, blob_bytes, &log_out), 0);
		assert_int_equal(fh_memmap_init(&map, map_storage, sizeof(map_storage), 12), 0);
		assert_int_equal(devtree_memmap(&tree, &given, &map), -EINVAL);
		assert_string_equal(log_text.text, twice[i].line);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.given.numa_nodes", numa_nodes),
	UNIT_TEST("boot.devtree.given.ram", given_ram),
	UNIT_TEST("boot.devtree.given.physical_addresses", physical_addresses),
	UNIT_TEST("boot.devtree.given.requests_told", requests_told),
	UNIT_TEST("boot.devtree.given.said_twice", said_twice),
	UNIT_TEST("boot.devtree.given.property_twice", property_twice),
};

UNIT_MAIN("boot.devtree.given", tests)
