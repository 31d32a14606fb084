/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree reader on the host: trees written as DTS in the test, compiled by dtc, and
 * read; the resulting map is compared range by range, errors by their text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/devtree.h"
#include "lib/error.h"
#include "tests/unit/unit.h"

#define BLOB_MAX 65536

static _Alignas(8) unsigned char blob[BLOB_MAX];
static size_t blob_bytes;
static _Alignas(16) unsigned char map_storage[1 << 20];
static struct unit_text log_text;
static struct fh_out log_out;
static struct devtree tree;
static struct fh_memmap map;

/* Compile "/dts-v1/;" and @dts into blob. */
static void compile(const char *dts)
{
	char source[] = "/tmp/fh-devtree-XXXXXX";
	char command[128];
	int file = mkstemp(source);
	FILE *pipe;

	assert_true(file >= 0);
	assert_int_equal(dprintf(file, "/dts-v1/;\n%s", dts), (int)strlen(dts) + 10);
	close(file);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", source);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	memset(blob, 0, sizeof(blob));
	blob_bytes = fread(blob, 1, sizeof(blob), pipe);
	assert_int_equal(pclose(pipe), 0);
	unlink(source);
}

static int open_dts(const char *dts)
{
	compile(dts);
	log_out = unit_out(&log_text);
	return devtree_open(&tree, blob, blob_bytes, &log_out);
}

static int read_map(const struct devtree_images *images)
{
	assert_int_equal(fh_memmap_init(&map, map_storage, sizeof(map_storage), 12), 0);
	return devtree_memmap(&tree, images, &map);
}

static const struct devtree_images no_images;

/* The map as text: "base+size kind by" a line. */
static void expect_map(const char *dts, const struct devtree_images *images, const char *expected)
{
	char text[4096] = "";
	size_t at = 0;

	assert_int_equal(open_dts(dts), 0);
	if (read_map(images))
		fail_msg("refused: %s", log_text.text);
	for (size_t i = 0; i < map.range_count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%" PRIx64 "+%" PRIx64 " %s %s\n", map.range[i].base.raw,
				       map.range[i].size, fh_mem_kind_name(map.range[i].kind),
				       map.range[i].by);
	assert_string_equal(text, expected);
}

static void expect_refusal(const char *dts, const struct devtree_images *images, int err,
			   const char *line)
{
	int opened = open_dts(dts);

	assert_int_equal(opened ? opened : read_map(images), err);
	if (!strstr(log_text.text, line))
		fail_msg("log: %sexpected: %s", log_text.text, line);
}

#define CELLS(a, s) "#address-cells = <" #a ">; #size-cells = <" #s ">; "
#define ROOT(a, s, body) "/ { " CELLS(a, s) body " };"
#define MEMORY "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x1000000>; }; "
#define RESERVED(body) "reserved-memory { " CELLS(2, 2) "ranges; " body " }; "

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

/* Names do not make RAM, device_type does; a removable node is left alone. */
static void odd_nodes(void **state)
{
	(void)state;
	expect_map(ROOT(2, 2,
			MEMORY "memory@90000000 { reg = <0 0x90000000 0 0x1000>; }; "
			       "memory@a0000000 { device_type = \"memory\"; hotpluggable; reg = <0 "
			       "0xa0000000 0 0x1000>; };"),
		   &no_images, "40000000+1000000 usable /memory@40000000\n");
	assert_non_null(strstr(log_text.text, "warning: /memory@90000000:device_type: "));
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
	struct devtree_images images = { 0x40200000, 0x1800, 0x40fff000, 0x1000 };

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
					"second { size = <0x800>; no-map; }; "
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
	  "fh: devtree: /reserved-memory:#address-cells: 0x1: cell counts differ from the root's "
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
		err = devtree_memmap(&tree, &no_images, &map);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(err == 0 || strstr(log_text.text, "(ENOMEM)"));
		log_out = unit_out(&log_text);
	} while (err);
	assert_true(bytes > 300 && bytes < 4096);
}

/* Whatever is cut or flipped: an answer, no crash (the sanitizers watch). */
static void damage(void **state)
{
	static _Alignas(8) unsigned char whole[BLOB_MAX];
	unsigned int refusals_seen = 0;

	(void)state;
	assert_int_equal(
	    open_dts(ROOT(2, 2, MEMORY RESERVED("a@40001000 { reg = <0 0x40001000 0 0x1000>; };"))),
	    0);
	memcpy(whole, blob, blob_bytes);
	for (size_t cut = 0; cut < blob_bytes; cut++) {
		unsigned char *copy = aligned_alloc(8, (cut + 8) & ~(size_t)7);

		memcpy(copy, whole, cut);
		log_out = unit_out(&log_text);
		assert_int_equal(devtree_open(&tree, copy, cut, &log_out), -EINVAL);
		assert_non_null(strstr(log_text.text, "fh: devtree: (tree)"));
		free(copy);
	}
	for (size_t at = 0; at < blob_bytes * 8; at++) {
		memcpy(blob, whole, blob_bytes);
		blob[at / 8] ^= (unsigned char)(1 << at % 8);
		log_out = unit_out(&log_text);
		if (devtree_open(&tree, blob, blob_bytes, &log_out) || read_map(&no_images)) {
			refusals_seen++;
			assert_non_null(strstr(log_text.text, "fh: devtree: "));
		}
	}
	assert_true(refusals_seen > 300);
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

#define REGIONS                                                                                    \
	RESERVED("root: r@40001000 { reg = <0 0x40001000 0 0x1000>; }; "                           \
		 "tables: t@40002000 { reg = <0 0x40002000 0 0x2000>; }; ")
#define DEVICE(regions, names, more)                                                               \
	"gpu@9000000 { compatible = \"vendor,gpu\", \"freehold,shared-table\"; "                   \
	"reg = <0 0x9000000 0 0x2000>; memory-region = " regions "; memory-region-names = " names  \
	"; "                                                                                       \
	"freehold,granule = <4096>; freehold,stage = <1>; freehold,input-bits = <48>; "            \
	"freehold,output-bits = <44>; freehold,mair = <0x1 0x2>; " more " }; "
#define WINDOWS "freehold,windows = <0 0x1000 0 0x2000 1 0 2 0>; "

static void handover_read(void **state)
{
	struct devtree_handover handover;

	(void)state;
	assert_int_equal(
	    open_dts(ROOT(
		2, 2,
		MEMORY REGIONS
		"off { compatible = \"freehold,shared-table\"; status = \"disabled\"; }; " DEVICE(
		    "<&tables>, <&root>, <&root>", "\"pagetables\", \"other\", \"root\"",
		    WINDOWS "freehold,regime = \"el2\";"))),
	    0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), 0);
	assert_string_equal(handover.path, "/gpu@9000000");
	assert_int_equal(handover.root.raw, 0x40001000);
	assert_true(handover.root_region.size == 0x1000 && handover.tables.base == 0x40002000 &&
		    handover.tables.size == 0x2000 && handover.shared.size == 0);
	assert_true(handover.device.base == 0x9000000 && handover.device.size == 0x2000);
	assert_true(handover.granule_lg2 == 12 && handover.stage == 1 && handover.ias == 48 &&
		    handover.oas == 44 && handover.mair == 0x100000002);
	assert_true(!handover.coherent && handover.regime == FH_REGIME_EL2);
	assert_int_equal(handover.window_count, 2);
	assert_true(handover.window[0].base.raw == 0x1000 && handover.window[0].size == 0x2000);
	assert_true(handover.window[1].base.raw == 0x100000000 &&
		    handover.window[1].size == 0x200000000);

	assert_int_equal(open_dts(ROOT(2, 2, MEMORY)), 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), -ENOENT);
	assert_string_equal(log_text.text, "");
}

/* What the overlays of dts/bad/ leave out; those run on the machine. */
static void handover_refused(void **state)
{
	static const struct {
		const char *dts;
		const char *line;
	} bad[] = {
		{ DEVICE("<&root>, <&tables>", "\"root\", \"root\"", WINDOWS),
		  "/gpu@9000000:memory-region-names: 0x1: a name stands twice (EINVAL)" },
		{ DEVICE("<&root>", "\"root\"", WINDOWS),
		  "/gpu@9000000:memory-region-names: 0x1: \"pagetables\" is not among them "
		  "(EINVAL)" },
		{ DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"", ""),
		  "/gpu@9000000:freehold,windows: 0x0: is missing (EINVAL)" },
		{ DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"",
			 "freehold,windows = <0 0 0>;"),
		  "/gpu@9000000:freehold,windows: 0xc: bytes are not 1 to 8 pairs of base and size "
		  "(EINVAL)" },
		{ DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"",
			 "freehold,windows = <0 0 0 0>;"),
		  "/gpu@9000000:freehold,windows: 0x0: window is empty (EINVAL)" },
		{ DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"",
			 WINDOWS "freehold,regime = \"el9\";"),
		  "/gpu@9000000:freehold,regime: 0x0: is neither el1 nor el2 (EINVAL)" },
	};
	char dts[4096];

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		struct devtree_handover handover;

		snprintf(dts, sizeof(dts), "/ { " CELLS(2, 2) MEMORY REGIONS "%s };", bad[i].dts);
		assert_int_equal(open_dts(dts), 0);
		assert_int_equal(read_map(&no_images), 0);
		assert_int_equal(devtree_handover(&tree, &map, &handover), -EINVAL);
		if (!strstr(log_text.text, bad[i].line))
			fail_msg("log: %sexpected: %s", log_text.text, bad[i].line);
	}
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
	UNIT_TEST("boot.devtree.damage", damage),
	UNIT_TEST("boot.devtree.misaligned_blob", misaligned_blob),
	UNIT_TEST("boot.devtree.chosen_things", chosen_things),
	UNIT_TEST("boot.devtree.handover_read", handover_read),
	UNIT_TEST("boot.devtree.handover_refused", handover_refused),
};

UNIT_MAIN("boot.devtree", tests)
