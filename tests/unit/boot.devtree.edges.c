/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree reader at its edges: trees that dtc does not write, ranges at 2^64, requests that
 * cannot be met.
 */
#include <libfdt.h>

#include "tests/unit/devtree_fixture.h"

static uint32_t header_word(size_t index)
{
	return fdt32_ld((const fdt32_t *)(const void *)blob + index);
}

static void set_header_word(size_t index, uint32_t value)
{
	fdt32_st((fdt32_t *)(void *)blob + index, value);
}

/* Words of struct fdt_header. */
enum { OFF_STRUCT = 2, OFF_STRINGS = 3, OFF_RESERVE = 4, VERSION = 5, LAST_VERSION = 6 };

static void expect_blob_refused(const char *line)
{
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, blob, blob_bytes, &log_out), -EINVAL);
	assert_string_equal(log_text.text, line);
}

static void header_fields(void **state)
{
	static const struct {
		size_t word;
		uint32_t value;
		const char *line;
	} bad[] = {
		{ 0, 0xd00dfeee,
		  "fh: devtree: (tree):magic: 0xd00dfeee: not a device tree (EINVAL)\n" },
		{ 1, 39, "fh: devtree: (tree):totalsize: 0x27: truncated (EINVAL)\n" },
		{ 1, 0x10000000,
		  "fh: devtree: (tree):totalsize: 0x10000000: truncated (EINVAL)\n" },
		{ VERSION, 16, "fh: devtree: (tree):version: 0x10: not version 17 (EINVAL)\n" },
		{ LAST_VERSION, 18,
		  "fh: devtree: (tree):last_comp_version: 0x12: cannot be read as version 17 "
		  "(EINVAL)\n" },
		{ OFF_RESERVE, 44,
		  "fh: devtree: (tree):off_mem_rsvmap: 0x2c: misaligned or outside the tree "
		  "(EINVAL)\n" },
		{ OFF_RESERVE, 32,
		  "fh: devtree: (tree):off_mem_rsvmap: 0x20: misaligned or outside the tree "
		  "(EINVAL)\n" },
		{ OFF_STRUCT, 58,
		  "fh: devtree: (tree):off_dt_struct: 0x3a: misaligned or outside the tree "
		  "(EINVAL)\n" },
		{ OFF_STRUCT, 0xfffffffc,
		  "fh: devtree: (tree):off_dt_struct: 0xfffffffc: misaligned or outside the tree "
		  "(EINVAL)\n" },
		{ OFF_STRINGS, 0xffffffff,
		  "fh: devtree: (tree):off_dt_strings: 0xffffffff: outside the tree (EINVAL)\n" },
	};

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		compile(ROOT(2, 2, MEMORY));
		set_header_word(bad[i].word, bad[i].value);
		expect_blob_refused(bad[i].line);
	}
}

/* Strings that begin in the structure, and reservations whose end is in it. */
static void blocks_overlap(void **state)
{
	char line[128];

	(void)state;
	compile(ROOT(2, 2, MEMORY));
	memmove(blob + header_word(OFF_STRINGS) - 4, blob + header_word(OFF_STRINGS),
		blob_bytes - header_word(OFF_STRINGS));
	set_header_word(OFF_STRINGS, header_word(OFF_STRINGS) - 4);
	/* The last word of the structure is its end: put back what the move has written over. */
	fdt32_st((fdt32_t *)(void *)(blob + header_word(OFF_STRINGS)), FDT_END);
	snprintf(line, sizeof(line),
		 "fh: devtree: (tree):off_dt_strings: 0x%x: overlaps another block (EINVAL)\n",
		 header_word(OFF_STRINGS));
	expect_blob_refused(line);

	/* BEGIN_NODE and an empty name as an address, a property of length 0 at string 0 as its
	 * end. */
	compile("/ { a; b; };");
	set_header_word(OFF_RESERVE, header_word(OFF_STRUCT));
	fdt32_st((fdt32_t *)(void *)(blob + header_word(OFF_STRUCT) + 8), FDT_PROP);
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, blob, blob_bytes, &log_out), -EINVAL);
}

/* An entry of size 0 that is not the end would hide the entries behind it. */
static void empty_memreserve(void **state)
{
	(void)state;
	compile("/memreserve/ 0x40001000 0x1000;\n/memreserve/ 0x40003000 0x1000;\n" ROOT(2, 2,
											  MEMORY));
	fdt64_st((fdt64_t *)(void *)(blob + header_word(OFF_RESERVE) + 8), 0);
	expect_blob_refused("fh: devtree: (tree):memreserve: 0x40001000: entry of size 0 inside "
			    "the list (EINVAL)\n");
}

static void memreserve_wraps(void **state)
{
	(void)state;
	expect_refusal("/memreserve/ 0xfffffffffffff000 0x1001;\n" ROOT(2, 2, MEMORY), &no_images,
		       -EINVAL,
		       "fh: devtree: (tree):memreserve: 0xfffffffffffff000: ends beyond 2^64 "
		       "(EINVAL)\n");
}

/* Swap a property (12 bytes and no value) with the subnode (12 bytes) behind it. */
static void property_after_subnode(void **state)
{
	unsigned char *at;
	unsigned char property[12];
	char line[128];

	(void)state;
	compile("/ { #address-cells = <2>; #size-cells = <2>; p; n {}; };");
	/* BEGIN_NODE "", two properties of one cell each. */
	at = blob + header_word(OFF_STRUCT) + 8 + 2 * 16;
	memcpy(property, at, 12);
	memmove(at, at + 12, 12);
	memcpy(at + 12, property, 12);
	snprintf(line, sizeof(line),
		 "fh: devtree: (tree):structure: 0x%x: a property follows a subnode (EINVAL)\n",
		 8 + 2 * 16 + 12);
	expect_blob_refused(line);
}

/* Nothing recurses: 20,000 levels are read on a small stack, and a path that is cut says so. */
static void deep_and_strange_names(void **state)
{
	static _Alignas(8) unsigned char deep[1 << 20];
	struct devtree_uart uart;
	char *name;

	(void)state;
	assert_int_equal(fdt_create(deep, sizeof(deep)), 0);
	assert_int_equal(fdt_finish_reservemap(deep), 0);
	assert_int_equal(fdt_begin_node(deep, ""), 0);
	assert_int_equal(fdt_property_u32(deep, "#address-cells", 2), 0);
	assert_int_equal(fdt_property_u32(deep, "#size-cells", 2), 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(fdt_begin_node(deep, "n"), 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(fdt_end_node(deep), 0);
	assert_int_equal(fdt_end_node(deep), 0);
	assert_int_equal(fdt_finish(deep), 0);
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, deep, sizeof(deep), &log_out), 0);
	assert_int_equal(read_map(&no_images), -ENOENT);
	assert_int_equal(devtree_stdout(&tree, &uart), -ENOENT);

	/* A line feed in a name must not begin a line of its own. */
	compile(ROOT(1, 1, "memory@1234 { device_type = \"memory\"; };"));
	name = strstr((char *)blob + header_word(OFF_STRUCT) + 8 + 2 * 16 + 4, "@1234");
	assert_non_null(name);
	memcpy(name, "@\n\x7f\xffh", 5);
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, blob, blob_bytes, &log_out), 0);
	assert_int_equal(read_map(&no_images), -EINVAL);
	assert_string_equal(log_text.text,
			    "fh: devtree: /memory@???h:reg: 0x0: is missing (EINVAL)\n");
}

static void long_path(void **state)
{
	char name[401], dts[512], line[400];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(dts, sizeof(dts), "/ { " CELLS(1, 1) "memory@%s { device_type = \"memory\"; }; };",
		 name);
	/* A path of a message holds 255 characters. */
	snprintf(line, sizeof(line),
		 "fh: devtree: /.../memory@%.243s:reg: 0x0: is missing (EINVAL)\n", name);
	expect_refusal(dts, &no_images, -EINVAL, line);
}

/* libfdt 1.6 follows an alias that names itself until the stack ends. */
static void alias_loops(void **state)
{
	struct devtree_uart uart;

	(void)state;
	/* d is right, e has no end; what follows it happens to be zero. */
	assert_int_equal(
	    open_dts(ROOT(2, 2,
			  "aliases { a = \"a\"; b = \"c\"; c = \"b\"; d = \"/u@00000\"; "
			  "e = [ 2f 75 40 30 30 30 30 30 ]; f = \"\"; }; "
			  "chosen { stdout-path = \"a\"; }; "
			  "u@00000 { compatible = \"x\"; reg = <0 0 0 1>; };")),
	    0);
	for (const char *alias = "abcdefg"; *alias; alias++) {
		char *value =
		    fdt_getprop_w(blob, fdt_path_offset(blob, "/chosen"), "stdout-path", NULL);

		value[0] = *alias;
		assert_int_equal(devtree_stdout(&tree, &uart), *alias == 'd' ? 0 : -ENOENT);
	}
}

#define UART(path, ranges, reg)                                                                    \
	ROOT(2, 2,                                                                                 \
	     "chosen { stdout-path = \"" path "\"; }; soc { " CELLS(1, 1) ranges                   \
	     " u@0 { "                                                                             \
	     "compatible = \"x\"; reg = " reg "; }; };")

static void stdout_forms(void **state)
{
	static const char *const none[] = {
		UART("/soc/v@0", "ranges;", "<0x1000 0x100>"),
		UART("/", "ranges;", "<0x1000 0x100>"),
		UART("/soc/u@0", "", "<0x1000 0x100>"),
		UART("/soc/u@0", "ranges;", "<0x1000 0>"),
		UART("/soc/u@0", "ranges;", "<0x1000>"),
		/* the end of the registers is not translated */
		UART("/soc/u@0", "ranges = <0x1000 0 0x9000000 0x80>;", "<0x1000 0x100>"),
		/* ends beyond 2^64 */
		UART("/soc/u@0", "ranges = <0x1000 0xffffffff 0xffffff80 0x1000>;",
		     "<0x1000 0x100>"),
	};
	struct devtree_uart uart;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(none); i++) {
		assert_int_equal(open_dts(none[i]), 0);
		assert_int_equal(devtree_stdout(&tree, &uart), -ENOENT);
	}
	assert_int_equal(open_dts(UART("/soc/u@0:9600", "ranges;", "<0x1000 0x100>")), 0);
	assert_int_equal(devtree_stdout(&tree, &uart), 0);
	assert_true(uart.base == 0x1000 && uart.size == 0x100);
	/* exactly to 2^64 */
	assert_int_equal(
	    open_dts(UART("/soc/u@0", "ranges = <0x1000 0xffffffff 0xffffff00 0x1000>;",
			  "<0x1000 0x100>")),
	    0);
	assert_int_equal(devtree_stdout(&tree, &uart), 0);
	assert_int_equal(uart.base, 0xffffffffffffff00);
}

static void psci_methods(void **state)
{
	enum psci_conduit conduit = PSCI_SMC;

	(void)state;
	assert_int_equal(open_dts(ROOT(2, 2, "psci { method = \"hvc\"; };")), 0);
	assert_int_equal(devtree_psci(&tree, &conduit), 0);
	assert_int_equal(conduit, PSCI_HVC);
	assert_int_equal(open_dts(ROOT(2, 2, "psci { method = \"call\"; };")), 0);
	assert_int_equal(devtree_psci(&tree, &conduit), -ENOENT);
	assert_int_equal(conduit, PSCI_NONE);
	assert_int_equal(open_dts(ROOT(2, 2, "psci { method = \"smc\"; status = \"disabled\"; };")),
			 0);
	assert_int_equal(devtree_psci(&tree, &conduit), -ENOENT);
	assert_int_equal(conduit, PSCI_NONE);
}

/* The intersection of RAM with all entries, whatever their order. */
static void usable_memory_range(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY "chosen { linux,usable-memory-range = <0 0x40800000 0 0x1000 0 "
			       "0x3fff0000 0 0x11000 0 0x40fff000 0 0x2000 1 0 0 0x1000>; };"),
		   &no_images,
		   "40000000+1000 usable /memory@40000000\n"
		   "40800000+1000 usable /memory@40000000\n"
		   "40fff000+1000 usable /memory@40000000\n");
	expect_refusal(
	    ROOT(2, 2, MEMORY "chosen { linux,usable-memory-range = <0 0x50000000 0 0x1000>; };"),
	    &no_images, -ENOENT,
	    "fh: devtree: /:memory: 0x1: no RAM: linux,usable-memory-range excludes all of it "
	    "(ENOENT)\n");
	expect_refusal(
	    ROOT(2, 2, MEMORY "chosen { linux,usable-memory-range = <0 0x40000000 0 0>; };"),
	    &no_images, -EINVAL,
	    "fh: devtree: /chosen:linux,usable-memory-range: 0x40000000: size 0 (EINVAL)\n");
	expect_refusal(
	    ROOT(2, 2, MEMORY "chosen { linux,usable-memory-range = <0 0x40000000 0>; };"),
	    &no_images, -EINVAL,
	    "fh: devtree: /chosen:linux,usable-memory-range: 0xc: length is not a whole number of "
	    "entries (EINVAL)\n");
}

/* The last frame of all addresses is RAM like any other, and holds a dynamic region. */
static void end_of_addresses(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			"memory@f { device_type = \"memory\"; reg = <0xffffffff 0xffffe000 0 "
			"0x2000>; }; " RESERVED("d { size = <0 0x1000>; };")),
		   &no_images,
		   "ffffffffffffe000+1000 usable /memory@f\n"
		   "fffffffffffff000+1000 reserved /reserved-memory/d\n");
}

/* The last byte of an alloc-ranges entry is its last: a frame more would end behind it. */
static void alloc_range_end(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY RESERVED("d { size = <0 0x1000>; "
					"alloc-ranges = <0 0x40000000 0 0x2fff>; };")),
		   &no_images,
		   "40000000+1000 usable /memory@40000000\n"
		   "40001000+1000 reserved /reserved-memory/d\n"
		   "40002000+ffe000 usable /memory@40000000\n");
}

/* Only "disabled" sets a region free; what cannot be read keeps it. */
static void region_status(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY RESERVED(
			    "a@40001000 { reg = <0 0x40001000 0 0x1000>; status = \"fail\"; }; "
			    "b@40003000 { reg = <0 0x40003000 0 0x1000>; status = [ 64 ]; }; "
			    "c@40005000 { reg = <0 0x40005000 0 0x1000>; status = \"disabled\"; }; "
			    "d { size = <0 0x1000>; status = \"fail\"; }; "
			    "e { size = <0 0x1000>; status = \"disabled\"; };")),
		   &no_images,
		   "40000000+1000 usable /memory@40000000\n"
		   "40001000+1000 reserved /reserved-memory/a@40001000\n"
		   "40002000+1000 usable /memory@40000000\n"
		   "40003000+1000 reserved /reserved-memory/b@40003000\n"
		   "40004000+ffb000 usable /memory@40000000\n"
		   "40fff000+1000 reserved /reserved-memory/d\n");
	assert_string_equal(
	    log_text.text,
	    "fh: devtree: warning: /reserved-memory/c@40005000:status: \"disabled\": ignored\n"
	    "fh: devtree: warning: /reserved-memory/e:status: \"disabled\": ignored\n");
}

static const struct {
	const char *dts;
	int err;
	const char *line;
} refused[] = {
	{ ROOT(2, 2, MEMORY RESERVED("") "reserved-memory@1 { };"), -EINVAL,
	  "fh: devtree: /reserved-memory@1: 0x2: a second /reserved-memory (EINVAL)\n" },
	{ ROOT(2, 2, MEMORY "reserved-memory { " CELLS(2, 2) "ranges = <0 0 0 0 0 1>; };"), -EINVAL,
	  "fh: devtree: /reserved-memory:ranges: 0x18: is not empty (EINVAL)\n" },
	{ ROOT(2, 2, MEMORY "reserved-memory { " CELLS(1, 2) "ranges; };"), -EINVAL,
	  "fh: devtree: /reserved-memory:#address-cells: 0x1: differs from the root's "
	  "(EINVAL)\n" },
	{ ROOT(2, 2, MEMORY "reserved-memory { " CELLS(2, 1) "ranges; };"), -EINVAL,
	  "fh: devtree: /reserved-memory:#size-cells: 0x1: differs from the root's "
	  "(EINVAL)\n" },
	{ ROOT(2, 2, MEMORY "reserved-memory { ranges; };"), -EINVAL,
	  "fh: devtree: /reserved-memory:#address-cells: 0x0: is missing (EINVAL)\n" },
	{ ROOT(2, 2, MEMORY RESERVED("a { reg = []; size = <0 0x1000>; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a:reg: 0x0: length is not a whole number of entries "
	  "(EINVAL)\n" },
	{ ROOT(2, 2, MEMORY RESERVED("a { size = [ 00 10 00 ]; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a:size: 0x3: bytes are not #size-cells cells (EINVAL)\n" },
	{ ROOT(2, 2, MEMORY RESERVED("a { size = <0 0x1000>; alloc-ranges = <0 0 0>; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a:alloc-ranges: 0xc: length is not a whole number of "
	  "entries (EINVAL)\n" },
	{ ROOT(2, 2, MEMORY RESERVED("a@f { reg = <0xffffffff 0xfffff000 0 0x1001>; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a@f:reg: 0xfffffffffffff000: ends beyond 2^64 "
	  "(EINVAL)\n" },
	{ ROOT(2, 2,
	       MEMORY "chosen { linux,initrd-start = <0 0x40200000>; linux,initrd-end = <0 "
		      "0x40300000>; };"),
	  -EINVAL, "fh: devtree: (tree):initrd: 0x40200000: overlaps the kernel image (EINVAL)\n" },
	{ ROOT(2, 2,
	       MEMORY "chosen { linux,initrd-start = <0 0x40400000>; linux,initrd-end = <0 "
		      "0x40800001>; };"),
	  -EINVAL, "fh: devtree: (tree):initrd: 0x40400000: overlaps the device tree (EINVAL)\n" },
};

static void refusals(void **state)
{
	struct devtree_images images = { 0x40200000, 0x1000, 0x40800000, 0x1000, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(refused); i++)
		expect_refusal(refused[i].dts, &images, refused[i].err, refused[i].line);
	expect_refusal(
	    ROOT(2, 2, "memory@0 { device_type = \"memory\"; reg = <0 0x800 0 0x1000>; };"),
	    &no_images, -ENOENT,
	    "fh: devtree: /:memory: 0x0: no RAM: not one whole frame (ENOENT)\n");
	/* Touching is not overlapping. */
	images.tree_base = 0x40201000;
	assert_int_equal(open_dts(ROOT(2, 2, MEMORY)), 0);
	assert_int_equal(read_map(&images), 0);
	images.tree_base = 0x40200ff8;
	assert_int_equal(read_map(&images), -EINVAL);
	assert_non_null(strstr(log_text.text, "fh: devtree: (tree):device tree: 0x40200ff8: "
					      "overlaps the kernel image (EINVAL)\n"));
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.edges.header_fields", header_fields),
	UNIT_TEST("boot.devtree.edges.blocks_overlap", blocks_overlap),
	UNIT_TEST("boot.devtree.edges.empty_memreserve", empty_memreserve),
	UNIT_TEST("boot.devtree.edges.memreserve_wraps", memreserve_wraps),
	UNIT_TEST("boot.devtree.edges.property_after_subnode", property_after_subnode),
	UNIT_TEST("boot.devtree.edges.deep_and_strange_names", deep_and_strange_names),
	UNIT_TEST("boot.devtree.edges.long_path", long_path),
	UNIT_TEST("boot.devtree.edges.alias_loops", alias_loops),
	UNIT_TEST("boot.devtree.edges.stdout_forms", stdout_forms),
	UNIT_TEST("boot.devtree.edges.psci_methods", psci_methods),
	UNIT_TEST("boot.devtree.edges.usable_memory_range", usable_memory_range),
	UNIT_TEST("boot.devtree.edges.end_of_addresses", end_of_addresses),
	UNIT_TEST("boot.devtree.edges.alloc_range_end", alloc_range_end),
	UNIT_TEST("boot.devtree.edges.region_status", region_status),
	UNIT_TEST("boot.devtree.edges.refusals", refusals),
};

UNIT_MAIN("boot.devtree.edges", tests)
