/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree that the example stage hands over, on boards that QEMU does not have: what it writes,
 * the kernel's reader must understand, and what cannot be said must be refused.
 */
#include <libfdt.h>

#include "examples/bootloader/edit.h"
#include "examples/bootloader/handover.h"
#include "tests/unit/devtree_fixture.h"

static _Alignas(8) unsigned char copy[BLOB_MAX];
static char refusal[128];

int handover_refuse(const char *subject, uint64_t value, const char *why, int err)
{
	(void)value;
	snprintf(refusal, sizeof(refusal), "%s: %s", subject, why);
	return err;
}

uint64_t handover_alloc(struct machine *machine, unsigned int order)
{
	(void)machine, (void)order;
	return 0;
}

void handover_stage_tree(struct editor *editor, const struct handover *handover)
{
	(void)editor, (void)handover;
}

static const struct handover given = {
	.root = 0x40100000,
	.tables = 0x40200000,
	.firmware = 0x40300000,
	.shared = 0x40400000,
	.device = 0x9010000,
	.device_size = 0x1000,
	.mair = 0x1000444ff,
	.input_bits = 48,
	.output_bits = 44,
	.window = { { 0x18000, 0x1e8000 }, { 0x10000000000, 0x8000000000 } },
	.window_count = 2,
};

static int describe(const char *dts, const struct handover *handover, size_t bytes)
{
	compile(dts);
	refusal[0] = '\0';
	memset(copy, 0xa5, sizeof(copy));
	return handover_describe(blob, handover, copy, bytes);
}

/* By the kernel's reader. */
static void read_copy(struct devtree_handover *handover)
{
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_open(&tree, copy, sizeof(copy), &log_out), 0);
	assert_int_equal(read_map(&no_images), 0);
	if (devtree_handover(&tree, &map, handover))
		fail_msg("refused: %s", log_text.text);
}

static void expect_given(const struct devtree_handover *read)
{
	assert_int_equal(read->root.raw, given.root);
	assert_true(read->root_region.size == 4096 && read->tables.base == given.tables &&
		    read->tables.size == 4 * 4096 && read->shared.base == given.shared &&
		    read->shared.size == 16 * 4096);
	assert_true(read->granule_lg2 == 12 && read->stage == 1 && read->ias == 48 &&
		    read->oas == 44 && read->mair == given.mair && read->coherent);
	assert_int_equal(read->window_count, 2);
	for (unsigned int w = 0; w < 2; w++)
		assert_true(read->window[w].base.raw == given.window[w].base &&
			    read->window[w].size == given.window[w].size);
	assert_int_equal(fh_memmap_classify(&map, fh_phys(given.firmware)).kind, FH_MEM_RESERVED);
}

static void cells(void **state)
{
	static const char *const dts[] = {
		ROOT(2, 2, MEMORY),
		"/ { " CELLS(1, 1) "memory@40000000 { device_type = \"memory\"; reg = <0x40000000 "
				   "0x1000000>; }; };",
		"/ { " CELLS(2, 1) "memory@40000000 { device_type = \"memory\"; reg = <0 "
				   "0x40000000 0x1000000>; }; };",
	};

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(dts); i++) {
		struct devtree_handover read;

		assert_int_equal(describe(dts[i], &given, sizeof(copy)), 0);
		read_copy(&read);
		expect_given(&read);
		assert_true(read.device.base == 0x9010000 && read.device.size == 0x1000);
	}
}

/* Reserved regions and phandles that are there stay. */
static void beside_others(void **state)
{
	struct devtree_handover read;

	(void)state;
	assert_int_equal(describe(ROOT(2, 2,
				       MEMORY RESERVED("modem@40800000 { reg = <0 0x40800000 0 "
						       "0x1000>; phandle = <0x77>; };")),
				  &given, sizeof(copy)),
			 0);
	read_copy(&read);
	expect_given(&read);
	assert_int_equal(fh_memmap_classify(&map, fh_phys(0x40800000)).kind, FH_MEM_RESERVED);
	assert_true(fdt_node_offset_by_phandle(copy, 0x77) >= 0);
	assert_true(fdt_node_offset_by_phandle(copy, 0x78) >= 0);

	/* The last four numbers that a phandle can be. */
	assert_int_equal(
	    describe(ROOT(2, 2, MEMORY "last { phandle = <0xfffffffa>; };"), &given, sizeof(copy)),
	    0);
	read_copy(&read);
	expect_given(&read);
}

static void without_device(void **state)
{
	struct handover handover = given;
	struct devtree_handover read;

	(void)state;
	handover.device_size = 0;
	assert_int_equal(describe(ROOT(2, 2, MEMORY), &handover, sizeof(copy)), 0);
	read_copy(&read);
	expect_given(&read);
	assert_int_equal(read.device.size, 0);
	assert_string_equal(read.path, "/translated-device");
}

static void every_window(void **state)
{
	struct handover handover = given;
	struct devtree_handover read;

	(void)state;
	handover.window_count = HANDOVER_WINDOW_MAX;
	for (unsigned int w = 0; w < HANDOVER_WINDOW_MAX; w++)
		handover.window[w] = (struct handover_window){ (w + 1) * FH_TIB, FH_GIB };
	assert_int_equal(describe(ROOT(2, 2, MEMORY), &handover, sizeof(copy)), 0);
	read_copy(&read);
	assert_int_equal(read.window_count, HANDOVER_WINDOW_MAX);
	assert_int_equal(read.window[7].base.raw, 8 * FH_TIB);
}

static void refused(void **state)
{
	struct handover high = given;
	const struct {
		const char *dts;
		const struct handover *handover;
		size_t bytes;
		int error;
	} bad[] = {
		/* an address that one cell cannot say */
		{ ROOT(1, 1, ""), &high, sizeof(copy), -FDT_ERR_BADVALUE },
		{ ROOT(3, 1, ""), &given, sizeof(copy), -FDT_ERR_BADNCELLS },
		{ ROOT(2, 0, ""), &given, sizeof(copy), -FDT_ERR_BADNCELLS },
		{ ROOT(2, 2, "reserved-memory { " CELLS(1, 1) "ranges; };"), &given, sizeof(copy),
		  -FDT_ERR_BADNCELLS },
		{ ROOT(2, 2, "translated-device@9010000 { };"), &given, sizeof(copy),
		  -FDT_ERR_EXISTS },
		{ ROOT(2, 2, "last { phandle = <0xfffffffb>; };"), &given, sizeof(copy),
		  -FDT_ERR_NOPHANDLES },
		{ ROOT(2, 2, ""), &given, 256, -FDT_ERR_NOSPACE },
	};

	(void)state;
	high.root = 0x100000000;
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		char line[128];

		snprintf(line, sizeof(line), "device tree: %s", fdt_strerror(bad[i].error));
		assert_int_equal(describe(bad[i].dts, bad[i].handover, bad[i].bytes), -EINVAL);
		assert_string_equal(refusal, line);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("examples.bootloader.cells", cells),
	UNIT_TEST("examples.bootloader.beside_others", beside_others),
	UNIT_TEST("examples.bootloader.without_device", without_device),
	UNIT_TEST("examples.bootloader.every_window", every_window),
	UNIT_TEST("examples.bootloader.refused", refused),
};

UNIT_MAIN("examples.bootloader", tests)
