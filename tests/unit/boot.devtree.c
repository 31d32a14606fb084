/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree reader on the host: trees written as DTS in the test, compiled by dtc, and
 * read; the resulting map is compared range by range, errors by their text.
 */
#include "tests/unit/devtree_fixture.h"

static void cell_counts(void **state)
{
	(void)state;
	expect_map(ROOT(1, 1, "memory@1000 { device_type = \"memory\"; reg = <0x1000 0x3000>; };"),
		   &no_images, "1000+3000 usable /memory@1000\n");
	expect_map(ROOT(2, 1, "memory@1 { device_type = \"memory\"; reg = <1 0 0x3000>; };"),
		   &no_images, "100000000+3000 usable /memory@1\n");
	expect_map(ROOT(1, 2, "memory@0 { device_type = \"memory\"; reg = <0 1 0>; };"), &no_images,
		   "0+100000000 usable /memory@0\n");
	expect_map(
	    ROOT(2, 2, "memory@0 { device_type = \"memory\"; reg = <0 0 0 0x1000 1 0 2 0>; };"),
	    &no_images, "0+1000 usable /memory@0\n100000000+200000000 usable /memory@0\n");
}

static void several_nodes(void **state)
{
	(void)state;
	expect_map(
	    ROOT(1, 1,
		 "memory@8000 { device_type = \"memory\"; reg = <0x8000 0x1000 0x3800 0x800>; }; "
		 "memory@1000 { device_type = \"memory\"; reg = <0x1000 0x2800>; }; "
		 "memory@9000 { device_type = \"memory\"; status = \"disabled\"; reg = <0x9000 "
		 "0x1000>; };"),
	    &no_images,
	    "1000+2000 usable /memory@1000\n3000+1000 usable /memory@8000\n8000+1000 usable "
	    "/memory@8000\n");
}

/* Names do not make RAM, device_type does; removable RAM is nobody's to hand out. */
static void odd_nodes(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY "memory@90000000 { reg = <0 0x90000000 0 0x1000>; }; "
			       "memory@a0000000 { device_type = \"memory\"; hotpluggable; reg = <0 "
			       "0xa0000000 0 0x1000>; };"),
		   &no_images,
		   "40000000+1000000 usable /memory@40000000\n"
		   "a0000000+1000 reserved /memory@a0000000\n");
	assert_non_null(
	    strstr(log_text.text, "warning: /memory@90000000:device_type: (none): is not "));
	assert_non_null(strstr(log_text.text, "warning: /memory@a0000000:hotpluggable: "));
}

static void linux_properties(void **state)
{
	(void)state;
	expect_map(
	    ROOT(2, 2,
		 "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x1000000>; "
		 "linux,usable-memory = <0 0x40000000 0 0x4000>; };"),
	    &no_images, "40000000+4000 usable /memory@40000000\n");
	expect_map(
	    ROOT(2, 2, MEMORY "chosen { linux,usable-memory-range = <0 0x40002000 0 0x2000>; };"),
	    &no_images, "40002000+2000 usable /memory@40000000\n");
}

static void static_reservations(void **state)
{
	(void)state;
	expect_map("/memreserve/ 0x40001800 0x1000;\n" ROOT(
		       2, 2,
		       MEMORY RESERVED(
			   "a@40008000 { reg = <0 0x40008000 0 0x1000 0 0x4000a000 0 0x800>; }; "
			   "b@40008800 { reg = <0 0x40008800 0 0x100>; no-map; }; "
			   "c@40010000 { reg = <0 0x40010000 0 0x1000>; status = \"disabled\"; }; "
			   "d@90000000 { reg = <0 0x90000000 0 0x1000>; no-map; };")),
		   &no_images,
		   "40000000+1000 usable /memory@40000000\n"
		   "40001000+2000 reserved memreserve\n"
		   "40003000+5000 usable /memory@40000000\n"
		   "40008000+1000 no-map /reserved-memory/b@40008800\n"
		   "40009000+1000 usable /memory@40000000\n"
		   "4000a000+1000 reserved /reserved-memory/a@40008000\n"
		   "4000b000+ff5000 usable /memory@40000000\n"
		   "90000000+1000 no-map /reserved-memory/d@90000000\n");
	assert_non_null(strstr(log_text.text, "warning: /reserved-memory/c@40010000:status: "));
}

static void images_are_reserved(void **state)
{
	struct devtree_images images = { 0x40200000, 0x1800, 0x40fff000, 0x1000, { 0, 0 } };

	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY "chosen { linux,initrd-start = <0x40400000>; linux,initrd-end = <0 "
			       "0x40400001>; };"),
		   &images,
		   "40000000+200000 usable /memory@40000000\n"
		   "40200000+2000 reserved kernel image\n"
		   "40202000+1fe000 usable /memory@40000000\n"
		   "40400000+1000 reserved initrd\n"
		   "40401000+bfe000 usable /memory@40000000\n"
		   "40fff000+1000 reserved device tree\n");
}

/* Placed in tree order, top-down, after every static range. */
static void dynamic_reservations(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY RESERVED("first { size = <0 0x1000>; alignment = <0 0x10000>; }; "
					"second { size = <0 0x800>; no-map; }; "
					"third { size = <0 0x1000>; alloc-ranges = <0 0x50000000 0 "
					"0x1000 0 0x40000000 0 0x3000>; }; "
					"huge { size = <1 0>; reusable; }; "
					"last@40ff0000 { reg = <0 0x40ff0000 0 0x10000>; };")),
		   &no_images,
		   "40000000+2000 usable /memory@40000000\n"
		   "40002000+1000 reserved /reserved-memory/third\n"
		   "40003000+fdd000 usable /memory@40000000\n"
		   "40fe0000+1000 reserved /reserved-memory/first\n"
		   "40fe1000+e000 usable /memory@40000000\n"
		   "40fef000+1000 no-map /reserved-memory/second\n"
		   "40ff0000+10000 reserved /reserved-memory/last@40ff0000\n");
	assert_non_null(
	    strstr(log_text.text,
		   "warning: /reserved-memory/huge:size: 0x100000000: no usable RAM holds it"));
}

static const struct {
	const char *dts;
	int err;
	const char *line;
} refused[] = {
	{ "/ { #size-cells = <1>; };", -EINVAL,
	  "fh: devtree: /:#address-cells: 0x0: is missing (EINVAL)" },
	{ ROOT(3, 1, ""), -EINVAL,
	  "fh: devtree: /:#address-cells: 0x3: is neither 1 nor 2 (EINVAL)" },
	{ ROOT(2, 0, ""), -EINVAL, "fh: devtree: /:#size-cells: 0x0: is neither 1 nor 2 (EINVAL)" },
	{ ROOT(2, 2, ""), -ENOENT, "fh: devtree: /:memory: 0x0: no RAM: no memory node (ENOENT)" },
	{ ROOT(1, 1, "memory@0 { device_type = \"memory\"; reg = <0 0>; };"), -ENOENT,
	  "fh: devtree: /:memory: 0x1: no RAM: only ranges of size 0; was it filled in? (ENOENT)" },
	{ ROOT(1, 1, "memory@0 { device_type = \"memory\"; reg = <0 0x1000 0>; };"), -EINVAL,
	  "fh: devtree: /memory@0:reg: 0xc: length is not a whole number of entries (EINVAL)" },
	{ ROOT(1, 1, "memory@0 { device_type = \"memory\"; };"), -EINVAL,
	  "fh: devtree: /memory@0:reg: 0x0: is missing (EINVAL)" },
	{ ROOT(2, 2,
	       "memory@0 { device_type = \"memory\"; reg = <0xffffffff 0xfffff000 0 0x2000>; };"),
	  -EINVAL, "fh: devtree: /memory@0:reg: 0xfffffffffffff000: ends beyond 2^64 (EINVAL)" },
	{ ROOT(2, 2, MEMORY "reserved-memory { " CELLS(1, 1) "ranges; };"), -EINVAL,
	  "fh: devtree: /reserved-memory:#address-cells: 0x1: differs from the root's "
	  "(EINVAL)" },
	{ ROOT(2, 2, MEMORY "reserved-memory { " CELLS(2, 2) "};"), -EINVAL,
	  "fh: devtree: /reserved-memory:ranges: 0x0: is missing (EINVAL)" },
	{ ROOT(2, 2,
	       MEMORY RESERVED("a@40000000 { reg = <0 0x40000000 0 0x1000>; no-map; reusable; };")),
	  -EINVAL,
	  "fh: devtree: /reserved-memory/a@40000000:reusable: 0x0: contradicts no-map (EINVAL)" },
	{ ROOT(2, 2, MEMORY RESERVED("a@40000000 { reg = <0 0x40000000 0>; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a@40000000:reg: 0xc: length is not a whole number of "
	  "entries (EINVAL)" },
	{ ROOT(2, 2, MEMORY RESERVED("a { size = <0 0x1000>; alignment = <0 0x3000>; };")), -EINVAL,
	  "fh: devtree: /reserved-memory/a:alignment: 0x3000: is no power of two (EINVAL)" },
	{ ROOT(2, 2, MEMORY RESERVED("a@40000000 { reg = <0 0x40000000 0 0x1000000>; };")), -ENOENT,
	  "fh: devtree: /:memory: 0x1: all RAM is reserved (ENOENT)" },
	{ ROOT(2, 2, MEMORY "chosen { linux,initrd-start = <0x40400000>; };"), -EINVAL,
	  "fh: devtree: /chosen:linux,initrd-end: 0x0: is missing beside the other bound "
	  "(EINVAL)" },
	{ ROOT(2, 2,
	       MEMORY
	       "chosen { linux,initrd-start = <0x40400000>; linux,initrd-end = <0x40400000>; };"),
	  -EINVAL,
	  "fh: devtree: /chosen:linux,initrd-end: 0x40400000: is not after the start (EINVAL)" },
	{ ROOT(2, 2,
	       MEMORY
	       "chosen { linux,initrd-start = <0x40400000>; linux,initrd-end = [ 41 00 00 ]; };"),
	  -EINVAL,
	  "fh: devtree: /chosen:linux,initrd-end: 0x3: is neither 4 nor 8 bytes (EINVAL)" },
	{ ROOT(2, 2,
	       MEMORY
	       "chosen { linux,initrd-start = <0x40fff000>; linux,initrd-end = <0x41002000>; };"),
	  -EINVAL, "fh: devtree: (tree):initrd: 0x41000000: lies outside RAM (EINVAL)" },
	{ ROOT(2, 2,
	       MEMORY
	       "chosen { linux,initrd-start = <0x40400000>; linux,initrd-end = <0x40402000>; "
	       "}; " RESERVED("a@40401000 { reg = <0 0x40401000 0 0x1000>; no-map; };")),
	  -EINVAL, "fh: devtree: (tree):initrd: 0x40401000: lies under no-map (EINVAL)" },
};

static void refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(refused); i++)
		expect_refusal(refused[i].dts, &no_images, refused[i].err, refused[i].line);
}

static void images_outside_ram(void **state)
{
	struct devtree_images images = { .kernel_base = 0x40fff000, .kernel_size = 0x3000 };

	(void)state;
	expect_refusal(ROOT(2, 2, MEMORY), &images, -EINVAL,
		       "fh: devtree: (tree):kernel image: 0x41000000: lies outside RAM (EINVAL)");
}

/* The map's buffer is too small: an error that says so, for every size that is too small. */
static void out_of_bookkeeping(void **state)
{
	size_t bytes = 0;
	int err;

	(void)state;
	assert_int_equal(
	    open_dts(ROOT(2, 2,
			  MEMORY RESERVED("a@40001000 { reg = <0 0x40001000 0 0x1000>; }; "
					  "b { size = <0 0x1000>; };"))),
	    0);
	do {
		bytes += 16;
		assert_int_equal(fh_memmap_init(&map, map_storage, bytes, 12), 0);
		err = devtree_memmap(&tree, &(struct devtree_given){ .pa_bits = 0 }, &map);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(err == 0 || strstr(log_text.text, "(ENOMEM)"));
		log_out = unit_out(&log_text);
	} while (err);
	assert_true(bytes > 300 && bytes < 4096);
}

static void misaligned_blob(void **state)
{
	(void)state;
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, blob + 4, 100, &log_out), -EINVAL);
	assert_non_null(strstr(log_text.text, "address is not 8-byte aligned (EINVAL)"));
}

static void chosen_things(void **state)
{
	struct devtree_uart uart;
	enum psci_conduit conduit;
	uint64_t base, size;

	(void)state;
	assert_int_equal(
	    open_dts(
		ROOT(2, 2,
		     "aliases { serial0 = \"/soc/uart@1000\"; }; "
		     "chosen { stdout-path = \"serial0:115200n8\"; bootargs = \"fh.run=x\"; "
		     "linux,initrd-start = <0x1000>; linux,initrd-end = <0x3000>; }; "
		     "psci { compatible = \"arm,psci\"; method = \"smc\"; }; "
		     "soc { " CELLS(1, 1) "ranges = <0 0 0x10000000 0x1000 0x1000 9 0 0x10000>; "
					  "uart@1000 { compatible = \"vendor,x\", \"arm,pl011\"; "
					  "reg = <0x1000 0x100>; }; };")),
	    0);
	assert_int_equal(devtree_stdout(&tree, &uart), 0);
	assert_string_equal(uart.path, "/soc/uart@1000");
	assert_int_equal(uart.base, 0x900000000);
	assert_int_equal(uart.size, 0x100);
	assert_int_equal(uart.compatible_bytes, sizeof("vendor,x") + sizeof("arm,pl011"));
	assert_string_equal(uart.compatible + sizeof("vendor,x"), "arm,pl011");
	assert_int_equal(devtree_psci(&tree, &conduit), 0);
	assert_int_equal(conduit, PSCI_SMC);
	assert_string_equal(devtree_bootargs(&tree), "fh.run=x");
	assert_int_equal(devtree_initrd(&tree, &base, &size), 0);
	assert_true(base == 0x1000 && size == 0x2000);

	assert_int_equal(open_dts(ROOT(2, 2, "")), 0);
	assert_int_equal(devtree_stdout(&tree, &uart), -ENOENT);
	assert_int_equal(devtree_psci(&tree, &conduit), -ENOENT);
	assert_int_equal(devtree_initrd(&tree, &base, &size), -ENOENT);
	assert_string_equal(devtree_bootargs(&tree), "");
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.cell_counts", cell_counts),
	UNIT_TEST("boot.devtree.several_nodes", several_nodes),
	UNIT_TEST("boot.devtree.odd_nodes", odd_nodes),
	UNIT_TEST("boot.devtree.linux_properties", linux_properties),
	UNIT_TEST("boot.devtree.static_reservations", static_reservations),
	UNIT_TEST("boot.devtree.images_are_reserved", images_are_reserved),
	UNIT_TEST("boot.devtree.dynamic_reservations", dynamic_reservations),
	UNIT_TEST("boot.devtree.refusals", refusals),
	UNIT_TEST("boot.devtree.images_outside_ram", images_outside_ram),
	UNIT_TEST("boot.devtree.out_of_bookkeeping", out_of_bookkeeping),
	UNIT_TEST("boot.devtree.misaligned_blob", misaligned_blob),
	UNIT_TEST("boot.devtree.chosen_things", chosen_things),
};

UNIT_MAIN("boot.devtree", tests)
