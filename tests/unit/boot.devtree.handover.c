/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-over of a page table, read on the host: every value that arrives, and every line that a
 * wrong one gets. The overlays of dts/bad/ ask the same of the machine.
 */
#include <libfdt.h>

#include "tests/unit/devtree_fixture.h"

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

	/* A node that says its phandle in the old way as well is one node. */
	assert_int_equal(
	    open_dts(ROOT(
		2, 2,
		MEMORY RESERVED("root: r@40001000 { reg = <0 0x40001000 0 0x1000>; phandle = <5>; "
				"linux,phandle = <5>; }; "
				"tables: t@40002000 { reg = <0 0x40002000 0 0x2000>; }; ")
		    DEVICE("<5>, <&tables>", "\"root\", \"pagetables\"", WINDOWS))),
	    0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), 0);
	assert_int_equal(handover.root.raw, 0x40001000);

	assert_int_equal(open_dts(ROOT(2, 2, MEMORY)), 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), -ENOENT);
	assert_string_equal(log_text.text, "");
}

static void names_and_windows(void **state)
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

/* A hand-over that is right but for its root region and what @more says anew of the device. */
#define HANDOVER(root, more)                                                                       \
	ROOT(2, 2,                                                                                 \
	     MEMORY RESERVED("root: r@40001000 { " root " }; "                                     \
			     "tables: t@40002000 { reg = <0 0x40002000 0 0x2000>; }; ")            \
		 DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"", WINDOWS))                \
	"/ { gpu@9000000 { " more " }; };"
#define EIGHT_WINDOWS                                                                              \
	"0 0x1000 0 0x1000 0 0x2000 0 0x1000 0 0x3000 0 0x1000 0 0x4000 0 0x1000 "                 \
	"0 0x5000 0 0x1000 0 0x6000 0 0x1000 0 0x7000 0 0x1000 0 0x8000 0 0x1000 "
#define ROOT_REG "reg = <0 0x40001000 0 0x1000>; "

static const struct {
	const char *dts;
	int err;
	const char *line;
} handed[] = {
	{ HANDOVER("reg = <0 0x40001000 0 0x1000 0 0x40008000 0 0x1000>;", ""), -EINVAL,
	  "/reserved-memory/r@40001000:reg: 0x2: is more than one range (EINVAL)\n" },
	{ HANDOVER("reg = <0 0x40001000 0 0>;", ""), -EINVAL,
	  "/reserved-memory/r@40001000:reg: 0x0: is missing or empty (EINVAL)\n" },
	{ HANDOVER("size = <0 0x1000>;", ""), -EINVAL,
	  "/reserved-memory/r@40001000:reg: 0x0: is missing or empty (EINVAL)\n" },
	{ HANDOVER("reg = <0 0x40002000 0 0x1000>;", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40002000: overlaps /reserved-memory/t@40002000 "
	  "(EPERM)\n" },
	{ HANDOVER(ROOT_REG, "memory-region = <&root &root>;"), -EINVAL,
	  "/gpu@9000000:memory-region: 0x40001000: two of the regions overlap (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "reg = <0 0x40005000 0 0x1000>;"), -EPERM,
	  "/gpu@9000000:reg: 0x40005000: registers lie in RAM or reach into it (EPERM)\n" },
	{ HANDOVER(ROOT_REG, "reg = <0 0x3ffff000 0 0x2000>;"), -EPERM,
	  "/gpu@9000000:reg: 0x3ffff000: registers lie in RAM or reach into it (EPERM)\n" },
	{ HANDOVER("reg = <0 0x40002000 0 0x1000>; ", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40002000: overlaps /reserved-memory/t@40002000 "
	  "(EPERM)\n" },
	{ HANDOVER("reg = <0 0x40001000 0 0x800>;", ""), -EINVAL,
	  "/reserved-memory/r@40001000:reg: 0x40001000: is not in whole granules (EINVAL)\n" },
	{ HANDOVER("reg = <0 0x40ff0000 0 0x20000>;", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x41000000: lies outside RAM (EPERM)\n" },
	{ HANDOVER(ROOT_REG "no-map;", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40001000: lies under no-map (EPERM)\n" },
	{ HANDOVER(ROOT_REG "status = \"disabled\";", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40001000: lies in RAM that nobody reserved "
	  "(EPERM)\n" },
	{ HANDOVER(ROOT_REG "status = \"fail\";", ""), -EINVAL,
	  "/reserved-memory/r@40001000:status: \"fail\": region is disabled (EINVAL)\n" },
	{ HANDOVER("reg = <0 0x40200000 0 0x1000>;", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40200000: overlaps kernel image (EPERM)\n" },
	{ HANDOVER("reg = <0 0x40800000 0 0x1000>;", ""), -EPERM,
	  "/reserved-memory/r@40001000:reg: 0x40800000: overlaps device tree (EPERM)\n" },
	{ HANDOVER(ROOT_REG, "freehold,regime = [ 65 6c 31 ];"), -EINVAL,
	  "/gpu@9000000:freehold,regime: 0x0: is neither el1 nor el2 (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,granule = <4097>;"), -EINVAL,
	  "/gpu@9000000:freehold,granule: 0x1001: is not 4096, 16384 or 65536 (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,stage = <3>;"), -EINVAL,
	  "/gpu@9000000:freehold,stage: 0x3: is neither 1 nor 2 (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,input-bits = <53>;"), -EINVAL,
	  "/gpu@9000000:freehold,input-bits: 0x35: is not 16 to 52 (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,output-bits = <0>;"), -EINVAL,
	  "/gpu@9000000:freehold,output-bits: 0x0: is not 32 to 52 (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,mair = <1>;"), -EINVAL,
	  "/gpu@9000000:freehold,mair: 0x4: is not two cells (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows = <0 0x1000 0 0x800>;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0x1000: window is not in whole granules (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows = <0xffff 0xfffff000 0 0x2000>;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0xfffffffff000: window ends beyond the input size "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows = <0 0x1000 0 0x2000 0 0x2000 0 0x1000>;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0x2000: window overlaps another (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0x0: bytes are not 1 to 8 pairs of base and size "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows = <0 0x1000 0 0x2000 0 0x4000>;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0x18: bytes are not 1 to 8 pairs of base and size "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "freehold,windows = <" EIGHT_WINDOWS "0 0x9000 0 0x1000>;"), -EINVAL,
	  "/gpu@9000000:freehold,windows: 0x90: bytes are not 1 to 8 pairs of base and size "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "memory-region-names = \"other\", \"pagetables\";"), -EINVAL,
	  "/gpu@9000000:memory-region-names: 0x2: \"root\" is not among them (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "memory-region = <&root>;"), -EINVAL,
	  "/gpu@9000000:memory-region-names: 0x2: names, and memory-region has another count "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "memory-region = <0 &tables>;"), -EINVAL,
	  "/gpu@9000000:memory-region: 0x0: is no phandle (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "memory-region = <0xffffffff &tables>;"), -EINVAL,
	  "/gpu@9000000:memory-region: 0xffffffff: is no phandle (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "phandle = <0x77>; memory-region = <0x77 &tables>;"), -EINVAL,
	  "/gpu@9000000:memory-region: 0x77: phandle leads to no child of /reserved-memory "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "memory-region = <0x78 &tables>;") "/ { phandle = <0x78>; };", -EINVAL,
	  "/gpu@9000000:memory-region: 0x78: phandle leads to no child of /reserved-memory "
	  "(EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "reg = <0 0x9000800 0 0x1000>;"), -EINVAL,
	  "/gpu@9000000:reg: 0x9000800: registers do not start on a page (EINVAL)\n" },
	{ HANDOVER(ROOT_REG, "reg = <0 0x9000000 0>;"), -EINVAL,
	  "/gpu@9000000:reg: 0xc: length is not a whole number of entries (EINVAL)\n" },
};

static void handover_refused(void **state)
{
	struct devtree_images images = { 0x40200000, 0x1000, 0x40800000, 0x1000, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(handed); i++) {
		struct devtree_handover handover;
		char line[256];

		snprintf(line, sizeof(line), "fh: devtree: %s", handed[i].line);
		assert_int_equal(open_dts(handed[i].dts), 0);
		assert_int_equal(read_map(&images), 0);
		log_out = unit_out(&log_text);
		assert_int_equal(devtree_handover(&tree, &map, &handover), handed[i].err);
		assert_string_equal(log_text.text, line);
	}
}

/* dtc refuses to write a phandle twice. */
static void phandle_twice(void **state)
{
	struct devtree_handover handover;

	(void)state;
	assert_int_equal(open_dts(HANDOVER("phandle = <0x55>; " ROOT_REG,
					   "") "/ { other { phandle = <0x56>; }; };"),
			 0);
	assert_int_equal(
	    fdt_setprop_inplace_u32(blob, fdt_path_offset(blob, "/other"), "phandle", 0x55), 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), -EINVAL);
	assert_string_equal(log_text.text, "fh: devtree: /gpu@9000000:memory-region: 0x55: phandle "
					   "leads to more than one node (EINVAL)\n");
}

/* Registers on a bus are those that the CPU sees; no reg and a reg of size 0 are no registers. */
static void handover_registers(void **state)
{
	struct devtree_handover handover;

	(void)state;
	assert_int_equal(
	    open_dts(ROOT(2, 2,
			  MEMORY REGIONS
			  "soc { " CELLS(2, 2) "ranges = <0 0x9000000 8 0 0 0x10000>; " DEVICE(
			      "<&root>, <&tables>", "\"root\", \"pagetables\"",
			      WINDOWS "dma-coherent;") "};")),
	    0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), 0);
	assert_string_equal(handover.path, "/soc/gpu@9000000");
	assert_true(handover.device.base == 0x800000000 && handover.device.size == 0x2000);
	assert_true(handover.coherent && handover.regime == FH_REGIME_EL1);

	assert_int_equal(open_dts(ROOT(2, 2,
				       MEMORY REGIONS "soc { " CELLS(2, 2)
					   DEVICE("<&root>, <&tables>", "\"root\", \"pagetables\"",
						  WINDOWS) "};")),
			 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), -EINVAL);
	assert_string_equal(log_text.text, "fh: devtree: /soc/gpu@9000000:reg: 0x9000000: no "
					   "ranges translate it to a physical address (EINVAL)\n");

	assert_int_equal(open_dts(HANDOVER(ROOT_REG, "freehold,windows = <" EIGHT_WINDOWS ">; "
						     "reg = <0 0 0 0>;")),
			 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), 0);
	assert_int_equal(handover.device.size, 0);
	assert_int_equal(handover.window_count, 8);
	assert_true(handover.window[7].base.raw == 0x8000 && handover.window[7].size == 0x1000);
	assert_int_equal(open_dts(HANDOVER(ROOT_REG, "/delete-property/ reg;")), 0);
	assert_int_equal(read_map(&no_images), 0);
	assert_int_equal(devtree_handover(&tree, &map, &handover), 0);
	assert_int_equal(handover.device.size, 0);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.handover.read", handover_read),
	UNIT_TEST("boot.devtree.handover.names_and_windows", names_and_windows),
	UNIT_TEST("boot.devtree.handover.refused", handover_refused),
	UNIT_TEST("boot.devtree.handover.phandle_twice", phandle_twice),
	UNIT_TEST("boot.devtree.handover.registers", handover_registers),
};

UNIT_MAIN("boot.devtree.handover", tests)
