/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next stage's tree: read again it gives the same map, and a buffer that is too small leaves
 * no tree behind.
 */
#include "boot/devtree_next.h"

#include <libfdt.h>

#include "tests/unit/devtree_fixture.h"

static _Alignas(8) unsigned char written[BLOB_MAX];
static _Alignas(16) unsigned char again_storage[1 << 20];
static struct fh_memmap again;

/* What a kernel does: its own declarations after those of the tree. */
static void start(const char *dts, const struct devtree_images *images)
{
	fh_phys_addr_t at;

	assert_int_equal(open_dts(dts), 0);
	if (read_map(images))
		fail_msg("refused: %s", log_text.text);
	assert_int_equal(fh_memmap_place(&map, 0x3000, 4096, 0, UINT64_MAX, FH_MEM_RESERVED,
					 "frame metadata", &at),
			 0);
	log_out = unit_out(&log_text);
}

static void read_written(void)
{
	struct devtree_given given = { .pa_bits = 0 };
	struct devtree tree_again;

	assert_int_equal(devtree_open(&tree_again, written, sizeof(written), &log_out), 0);
	assert_int_equal(fh_memmap_init(&again, again_storage, sizeof(again_storage), 12), 0);
	if (devtree_memmap(&tree_again, &given, &again))
		fail_msg("refused: %s", log_text.text);
}

/* Kinds alone: who declares a range is another now. */
static void expect_same_kinds(void)
{
	uint64_t at = 0;

	do {
		struct fh_memmap_range was = fh_memmap_classify(&map, fh_phys(at));
		struct fh_memmap_range is = fh_memmap_classify(&again, fh_phys(at));
		uint64_t was_end = was.base.raw + was.size;
		uint64_t is_end = is.base.raw + is.size;

		if (was.kind != is.kind)
			fail_msg("%" PRIx64 ": %s, was %s", at, fh_mem_kind_name(is.kind),
				 fh_mem_kind_name(was.kind));
		at = was_end - 1 < is_end - 1 ? was_end : is_end;
	} while (at);
}

static const struct {
	const char *dts;
	unsigned int declared;
} trees[] = {
	/* kernel, tree, frame metadata */
	{ ROOT(2, 2, MEMORY), 3 },
	{ ROOT(1, 1,
	       "memory@40000000 { device_type = \"memory\"; reg = <0x40000000 0x1000000>; };"),
	  3 },
	{ "/memreserve/ 0x40001000 0x1000;\n" ROOT(
	      2, 2,
	      MEMORY RESERVED(
		  "fw@40003000 { reg = <0 0x40003000 0 0x1800>; no-map; }; "
		  "a { size = <0 0x1800>; alignment = <0 0x8000>; no-map; }; "
		  "b { size = <0 0x1000>; alloc-ranges = <0 0x40000000 0 0x800000>; "
		  "reusable; }; "
		  "huge { size = <1 0>; }; "
		  "off { size = <0 0x1000>; status = \"disabled\"; };") "chosen { "
									"linux,initrd-start = "
									"<0x40600000>; "
									"linux,initrd-end = "
									"<0x40600801>; };"),
	  3 },
	/* RAM of which a part is not for us */
	{ ROOT(2, 2, MEMORY "chosen { linux,usable-memory-range = <0 0x40000000 0 0x800000>; };"),
	  3 },
};

static const struct devtree_images loaded = { 0x40200000, 0x1800, 0x40400000, 0x1000, { 0, 0 } };

static void round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(trees); i++) {
		struct devtree_next next = { &tree, &map, NULL };
		unsigned int declared = 0;

		start(trees[i].dts, &loaded);
		assert_int_equal(devtree_next(&next, written, sizeof(written), &declared), 0);
		assert_string_equal(log_text.text, "");
		assert_int_equal(declared, trees[i].declared);
		read_written();
		expect_same_kinds();
		assert_in_range(fdt_totalsize(written), tree.bytes, devtree_next_bytes(&next));
	}
}

static void what_it_says(void **state)
{
	struct devtree_next next = { &tree, &map, NULL };
	unsigned int declared;
	uint64_t base, size;
	int node, bytes;
	const fdt32_t *reg;

	(void)state;
	start(trees[2].dts, &loaded);
	assert_int_equal(devtree_next(&next, written, sizeof(written), &declared), 0);
	/* The list of the tree, and ours behind it. */
	assert_int_equal(fdt_num_mem_rsv(written), 4);
	assert_int_equal(fdt_get_mem_rsv(written, 1, &base, &size), 0);
	assert_true(base == 0x40200000 && size == 0x1800);
	node = fdt_path_offset(written, "/reserved-memory/freehold-kernel-image@40200000");
	assert_true(node > 0);
	reg = fdt_getprop(written, node, "reg", &bytes);
	assert_int_equal(bytes, 16);
	assert_int_equal(fdt32_ld(&reg[1]), 0x40200000);
	assert_int_equal(fdt32_ld(&reg[3]), 0x1800);
	assert_null(fdt_getprop(written, node, "no-map", NULL));
	/* A request keeps what it asked for, and has its place beside. */
	node = fdt_path_offset(written, "/reserved-memory/a");
	assert_non_null(fdt_getprop(written, node, "size", NULL));
	reg = fdt_getprop(written, node, "reg", &bytes);
	assert_int_equal(bytes, 16);
	assert_int_equal(fdt32_ld(&reg[1]), 0x40ff8000);
	assert_int_equal(fdt32_ld(&reg[3]), 0x2000);
	node = fdt_path_offset(written, "/reserved-memory/huge");
	assert_null(fdt_getprop(written, node, "reg", NULL));
	node = fdt_path_offset(written, "/reserved-memory/off");
	assert_null(fdt_getprop(written, node, "reg", NULL));
	/* The initrd is the next stage's. */
	assert_true(fdt_path_offset(written, "/reserved-memory/freehold-initrd@40600000") < 0);
}

/* Every size, each in a block of its own that the sanitizer watches. */
static void too_small(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(trees); i++) {
		struct devtree_next next = { &tree, &map, NULL };
		unsigned int declared, fits = 0;
		size_t enough;

		start(trees[i].dts, &loaded);
		enough = devtree_next_bytes(&next);
		for (size_t bytes = 0; bytes <= enough; bytes++) {
			struct devtree nothing;
			void *block = NULL;
			int err;

			assert_int_equal(posix_memalign(&block, 8, bytes ? bytes : 1), 0);
			memset(block, 0xee, bytes);
			log_out = unit_out(&log_text);
			err = devtree_next(&next, block, bytes, &declared);
			assert_true(err == 0 || err == -ENOSPC);
			fits += !err;
			if (err) {
				assert_non_null(
				    strstr(log_text.text, "there is no room for it (ENOSPC)\n"));
				assert_int_equal(devtree_open(&nothing, block, bytes, &log_out),
						 -EINVAL);
			}
			free(block);
		}
		/* Not only the size that is promised to do. */
		assert_in_range(fits, 1, enough * 3 / 4);
	}
}

/* The root's cells have no number for an address above 4 GiB. */
static void beyond_the_cells(void **state)
{
	struct devtree_next next = { &tree, &map, NULL };
	unsigned int declared;

	(void)state;
	start(trees[1].dts, &no_images);
	assert_int_equal(fh_memmap_add(&map, 0x100000000, 0x1000, FH_MEM_RESERVED, "above"), 0);
	assert_int_equal(fh_memmap_resolve(&map), 0);
	assert_int_equal(devtree_next(&next, written, sizeof(written), &declared), -ERANGE);
	assert_string_equal(log_text.text, "fh: devtree: (next tree):reg: 0x100000000: is more "
					   "than the root's cells can say (ERANGE)\n");
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.next.round_trip", round_trip),
	UNIT_TEST("boot.devtree.next.what_it_says", what_it_says),
	UNIT_TEST("boot.devtree.next.too_small", too_small),
	UNIT_TEST("boot.devtree.next.beyond_the_cells", beyond_the_cells),
};

UNIT_MAIN("boot.devtree.next", tests)
