/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damaged device trees: whatever is cut or changed, every reader gives an answer and touches
 * nothing outside the tree. Each tree lies in a block of just its size, which the sanitizers watch.
 */
#include "tests/unit/devtree_fixture.h"

static const char whole_dts[] = "/memreserve/ 0x40003000 0x1000;\n" ROOT(
    2, 2,
    "aliases { s = \"/soc/u@0\"; }; "
    "chosen { stdout-path = \"s:9600\"; bootargs = \"fh.x=1\"; linux,initrd-start = <0x40800000>; "
    "linux,initrd-end = <0x40801000>; linux,usable-memory-range = <0 0x40000000 0 0x1000000>; }; "
    "psci { method = \"smc\"; }; "
    "soc { " CELLS(1, 1) "ranges = <0 0 0x9000000 0x1000>; u@0 { compatible = \"x\"; reg = <0 "
			 "0x100>; }; }; " MEMORY RESERVED(
			     "root: r@40001000 { reg = <0 0x40001000 0 0x1000>; }; "
			     "tables: t@40004000 { reg = <0 0x40004000 0 0x2000>; }; "
			     "d { size = <0 0x1000>; alignment = <0 0x10000>; alloc-ranges = <0 "
			     "0x40000000 0 0x800000>; "
			     "no-map; }; ") "gpu { compatible = \"freehold,shared-table\"; "
					    "memory-region = <&root>, <&tables>; "
					    "memory-region-names = \"root\", \"pagetables\"; "
					    "freehold,granule = <4096>; "
					    "freehold,stage = <1>; freehold,input-bits = <48>; "
					    "freehold,output-bits = <44>; "
					    "freehold,mair = <0 0xff>; freehold,windows = <0 "
					    "0x1000 0 0x2000>; };");

/* Ask a tree everything. Return: how many questions were refused. */
static unsigned int ask(const unsigned char *bytes, size_t count)
{
	static const struct devtree_images images = {
		0x40200000, 0x1000, 0x40400000, 0x1000, { 0, 0 }
	};
	struct devtree_handover handover;
	struct devtree_uart uart;
	enum psci_conduit conduit;
	unsigned int refused = 0;
	uint64_t base, size;
	void *copy = NULL;

	assert_int_equal(posix_memalign(&copy, 8, count ? count : 1), 0);
	memcpy(copy, bytes, count);
	log_out = unit_out(&log_text);
	if (devtree_open(&tree, copy, count, &log_out)) {
		assert_int_equal(strncmp(log_text.text, "fh: devtree: ", 13), 0);
		assert_non_null(strstr(log_text.text, " (EINVAL)\n"));
		free(copy);
		return 100;
	}
	if (read_map(&images)) {
		refused += 10;
		assert_non_null(strstr(log_text.text, ")\n"));
	} else {
		assert_true(map.resolved && fh_memmap_bytes(&map, FH_MEM_USABLE));
		refused += devtree_handover(&tree, &map, &handover) != 0;
	}
	refused += devtree_stdout(&tree, &uart) != 0;
	refused += devtree_psci(&tree, &conduit) != 0;
	refused += devtree_initrd(&tree, &base, &size) != 0;
	refused += strlen(devtree_bootargs(&tree)) != 6;
	free(copy);
	return refused;
}

static size_t prepare(unsigned char *whole)
{
	compile(whole_dts);
	memcpy(whole, blob, blob_bytes);
	assert_int_equal(ask(whole, blob_bytes), 0);
	return blob_bytes;
}

static unsigned char whole[BLOB_MAX];

static void cut(void **state)
{
	size_t bytes = prepare(whole);

	(void)state;
	for (size_t count = 0; count < bytes; count++)
		assert_int_equal(ask(whole, count), 100);
	/* The header agrees to the cut. */
	for (size_t count = sizeof(uint64_t) * 5; count < bytes; count++) {
		whole[6] = (unsigned char)(count >> 8);
		whole[7] = (unsigned char)count;
		assert_int_equal(ask(whole, count), 100);
	}
}

/* Each bit of the tree turned, and each byte made 0 and 0xff. */
static void changed(void **state)
{
	size_t bytes = prepare(whole);
	unsigned int refused = 0;

	(void)state;
	for (size_t at = 0; at < bytes; at++) {
		unsigned char before = whole[at];

		for (unsigned int how = 0; how < 10; how++) {
			whole[at] = (unsigned char)(how < 8    ? before ^ 1u << how
						    : how == 8 ? 0
							       : 0xff);
			refused += ask(whole, bytes) != 0;
		}
		whole[at] = before;
	}
	assert_true(refused > 3 * bytes);
}

static void random_words(void **state)
{
	static unsigned char copy[BLOB_MAX];
	uint64_t seed = unit_seed("boot.devtree.damage.random_words");
	size_t bytes = prepare(whole);

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int changes = 1 + (unsigned int)unit_random_below(&seed, 4);

		memcpy(copy, whole, bytes);
		while (changes--) {
			/* Behind the header, or nothing gets far. */
			size_t at = 40 + 4 * unit_random_below(&seed, (bytes - 40) / 4);
			uint32_t word = (uint32_t)unit_random(&seed);

			if (unit_random_below(&seed, 2))
				memcpy(copy + at, whole + 40 + 4 * unit_random_below(&seed, 200),
				       4);
			else
				memcpy(copy + at, &word, 4);
		}
		(void)ask(copy, bytes);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.damage.cut", cut),
	UNIT_TEST("boot.devtree.damage.changed", changed),
	UNIT_TEST("boot.devtree.damage.random_words", random_words),
};

UNIT_MAIN("boot.devtree.damage", tests)
