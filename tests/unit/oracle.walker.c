/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The strict walker on tables made by hand: what it must refuse, each once and by its name, and
 * what it must find in descriptors whose bits were set from the manual's figures.
 */
#include <string.h>

#include "tests/oracle/walker.h"
#include "tests/unit/unit.h"

#define BASE UINT64_C(0x80000000)
#define WORDS (4u * 8192u)
#define TABLE(n) (BASE + (n)*UINT64_C(0x10000))
#define MAIR UINT64_C(0x00000000bb0444ff)

/* Pages: AF, SH inner, AP[1] clear, nothing executable. */
#define XN (UINT64_C(3) << 53)
#define HINT (UINT64_C(1) << 52)
#define LEAF (XN | UINT64_C(0x700))
#define PAGE (LEAF | 3)
#define BLOCK (LEAF | 1)
/* Stage 2: read and write, write-back. */
#define S2_PAGE (UINT64_C(2) << 53 | UINT64_C(0x7ff))

/* Four tables of 64 KiB in a row, whatever the granule. */
struct memory {
	uint64_t word[WORDS];
};

static struct memory memory;

static bool read_word(void *ctx, uint64_t pa, uint64_t *desc)
{
	struct memory *m = ctx;

	if (pa < BASE || pa >= BASE + sizeof(m->word))
		return false;
	*desc = m->word[(pa - BASE) / 8];
	return true;
}

static void put(unsigned int table, unsigned int index, uint64_t desc)
{
	memory.word[table * 8192 + index] = desc;
}

/* 39 bits of 4K pages: levels 1 to 3 in tables 0 to 2, and the page of address 0 at BASE. */
static struct oracle_config three_levels(void)
{
	memset(&memory, 0, sizeof(memory));
	put(0, 0, TABLE(1) | 3);
	put(1, 0, TABLE(2) | 3);
	put(2, 0, BASE | PAGE);
	return (struct oracle_config){
		.stage = ORACLE_STAGE_1,
		.two_privileges = true,
		.granule_lg2 = 12,
		.ias = 39,
		.oas = 40,
		.mair = MAIR,
		.root = TABLE(0),
		.read = read_word,
		.ctx = &memory,
	};
}

/* 42 bits of 64K pages: levels 2 and 3 in tables 0 and 1. */
static struct oracle_config two_levels_64k(void)
{
	struct oracle_config config = three_levels();

	memset(&memory, 0, sizeof(memory));
	put(0, 0, TABLE(1) | 3);
	put(1, 0, UINT64_C(0x10000) | PAGE);
	config.granule_lg2 = 16;
	config.ias = 42;
	return config;
}

/* Stage 2, 40 bits of 4K pages in two tables of level 1. */
static struct oracle_config two_roots(void)
{
	struct oracle_config config = three_levels();

	memset(&memory, 0, sizeof(memory));
	put(0, 512, TABLE(1) | 3);
	put(1, 0, TABLE(2) | 3);
	put(2, 0, BASE | S2_PAGE);
	config.stage = ORACLE_STAGE_2;
	config.two_privileges = false;
	config.ias = 40;
	config.start_level = 1;
	return config;
}

static void run_of_16(void)
{
	for (unsigned int i = 0; i < 16; i++)
		put(2, i, (BASE + i * UINT64_C(0x1000)) | PAGE | HINT);
}

/* Both ways of reading say so. */
static void refuses(const struct oracle_config *config, uint64_t va, enum oracle_error why)
{
	struct oracle_verdict one = oracle_translate(config, va);
	struct oracle_verdict all = oracle_check(config);

	assert_int_equal(one.kind, ORACLE_REFUSED);
	assert_string_equal(oracle_error_name(one.why), oracle_error_name(why));
	assert_int_equal(all.kind, ORACLE_REFUSED);
	assert_string_equal(oracle_error_name(all.why), oracle_error_name(why));
}

static void accepts(const struct oracle_config *config, uint64_t va, uint64_t pa)
{
	struct oracle_verdict verdict = oracle_translate(config, va);

	assert_string_equal(oracle_error_name(verdict.why), "nothing");
	assert_int_equal(verdict.kind, ORACLE_TRANSLATION);
	assert_int_equal(verdict.pa, pa);
	assert_int_not_equal(oracle_check(config).kind, ORACLE_REFUSED);
}

static void registers(void **state)
{
	struct oracle_config config;

	(void)state;
	config = three_levels();
	accepts(&config, 0x123, BASE + 0x123);
	config.granule_lg2 = 13;
	refuses(&config, 0, ORACLE_GRANULE);
	config = three_levels();
	config.ias = 49;
	refuses(&config, 0, ORACLE_INPUT_SIZE);
	config = three_levels();
	config.oas = 52;
	refuses(&config, 0, ORACLE_OUTPUT_SIZE);
	config = three_levels();
	config.oas = 43;
	refuses(&config, 0, ORACLE_OUTPUT_SIZE);
	config = two_levels_64k();
	config.ds = true;
	refuses(&config, 0, ORACLE_GRANULE);
	config = three_levels();
	config.root += 0x800;
	refuses(&config, 0, ORACLE_ROOT_ALIGNMENT);
	config = three_levels();
	config.root |= UINT64_C(1) << 40;
	refuses(&config, 0, ORACLE_ROOT_ADDRESS);
	config = three_levels();
	assert_int_equal(oracle_translate(&config, UINT64_C(1) << 39).why, ORACLE_INPUT_ADDRESS);
	/* 16 tables side by side at the most, and none at level -1 without DS. */
	config = two_roots();
	config.start_level = 2;
	refuses(&config, 0, ORACLE_START_LEVEL);
	config.start_level = -1;
	refuses(&config, 0, ORACLE_START_LEVEL);
	config = two_roots();
	config.root = BASE + 0x1000;
	refuses(&config, 0, ORACLE_ROOT_ALIGNMENT);
}

/* D8.2: the first and last size of each start level. */
static void start_levels(void **state)
{
	static const struct {
		unsigned int granule_lg2, ias;
		bool ds;
		int level;
	} known[] = {
		{ 12, 52, true, -1 }, { 12, 49, true, -1 }, { 12, 48, false, 0 },
		{ 12, 40, false, 0 }, { 12, 39, false, 1 }, { 12, 31, false, 1 },
		{ 12, 30, false, 2 }, { 12, 22, false, 2 }, { 12, 21, false, 3 },
		{ 14, 52, true, 0 },  { 14, 48, false, 0 }, { 14, 47, false, 1 },
		{ 14, 37, false, 1 }, { 14, 36, false, 2 }, { 14, 26, false, 2 },
		{ 14, 25, false, 3 }, { 16, 52, false, 1 }, { 16, 43, false, 1 },
		{ 16, 42, false, 2 }, { 16, 30, false, 2 }, { 16, 29, false, 3 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct oracle_config config = three_levels();
		struct oracle_verdict verdict;

		memset(&memory, 0, sizeof(memory));
		config.granule_lg2 = known[i].granule_lg2;
		config.ias = known[i].ias;
		config.ds = known[i].ds;
		verdict = oracle_translate(&config, 0);
		assert_int_equal(verdict.kind, ORACLE_FAULT);
		assert_int_equal(verdict.level, known[i].level);
	}
}

static void tables(void **state)
{
	struct oracle_config config = three_levels();

	(void)state;
	put(0, 0, TABLE(1) | 3 | UINT64_C(1) << 50);
	refuses(&config, 0, ORACLE_TABLE_RES0);
	put(0, 0, TABLE(1) | 3 | UINT64_C(1) << 48);
	refuses(&config, 0, ORACLE_TABLE_RES0);
	put(0, 0, TABLE(1) | 3 | UINT64_C(1) << 40);
	refuses(&config, 0, ORACLE_TABLE_ADDRESS);
	put(0, 0, UINT64_C(0x1000) | 3);
	refuses(&config, 0, ORACLE_NO_MEMORY);
	/* Bits 11:2 and 58:51 are ignored. */
	put(0, 0, TABLE(1) | UINT64_C(0xfff) | UINT64_C(0xff) << 51);
	accepts(&config, 0, BASE);
	/* APTable[0] and PXNTable have no meaning with one privilege, and none has one at stage 2.
	 */
	config.two_privileges = false;
	put(2, 0, BASE | UINT64_C(1) << 54 | UINT64_C(0x743));
	put(0, 0, TABLE(1) | 3 | UINT64_C(1) << 62);
	accepts(&config, 0, BASE);
	put(0, 0, TABLE(1) | 3 | UINT64_C(1) << 59);
	refuses(&config, 0, ORACLE_TABLE_RES0);
	config = two_roots();
	put(0, 512, TABLE(1) | 3 | UINT64_C(1) << 62);
	refuses(&config, UINT64_C(1) << 39, ORACLE_TABLE_RES0);
	/* Bits 15:12 are no address with 48 bits of output, and with 52 bits they are 51:48. */
	config = two_levels_64k();
	accepts(&config, 5, 0x10005);
	put(0, 0, TABLE(1) | 3 | 0x1000);
	refuses(&config, 0, ORACLE_TABLE_RES0);
	put(0, 0, TABLE(1) | 3);
	put(1, 0, UINT64_C(0x1a000) | PAGE);
	refuses(&config, 0, ORACLE_LEAF_RES0);
	config.oas = 52;
	accepts(&config, 5, UINT64_C(0xa000000010005));
}

static void leaves(void **state)
{
	struct oracle_config config = three_levels();

	(void)state;
	put(2, 0, BASE | LEAF | 1);
	refuses(&config, 0, ORACLE_RESERVED_TYPE);
	put(2, 0, BASE | PAGE | UINT64_C(1) << 50);
	refuses(&config, 0, ORACLE_LEAF_RES0);
	config.defined = UINT64_C(1) << 50;
	accepts(&config, 0, BASE);
	config.defined = 0;
	put(2, 0, BASE | PAGE | UINT64_C(1) << 5);
	refuses(&config, 0, ORACLE_LEAF_RES0);
	put(2, 0, (BASE | PAGE) ^ UINT64_C(2) << 8);
	refuses(&config, 0, ORACLE_SHARE);
	put(2, 0, UINT64_C(1) << 40 | PAGE);
	refuses(&config, 0, ORACLE_OUTPUT_ADDRESS);
	put(1, 0, (BASE + 0x1000) | BLOCK);
	refuses(&config, 0, ORACLE_LOW_BITS);
	put(1, 0, BASE | BLOCK | UINT64_C(1) << 16);
	refuses(&config, 0, ORACLE_LOW_BITS);
	put(1, 0, BASE | BLOCK);
	accepts(&config, 0x12345, BASE + 0x12345);
	config.ias = 40;
	put(0, 0, BASE | BLOCK);
	refuses(&config, 0, ORACLE_BLOCK_LEVEL);
	config = three_levels();
	config.two_privileges = false;
	put(2, 0, BASE | UINT64_C(1) << 54 | UINT64_C(0x703));
	refuses(&config, 0, ORACLE_LEAF_RES1);
	put(2, 0, BASE | UINT64_C(1) << 54 | UINT64_C(0xf43));
	refuses(&config, 0, ORACLE_LEAF_RES0);
	put(2, 0, BASE | UINT64_C(3) << 53 | UINT64_C(0x743));
	refuses(&config, 0, ORACLE_LEAF_RES0);
	config = three_levels();
	put(2, 0, BASE | PAGE | UINT64_C(1) << 51);
	refuses(&config, 0, ORACLE_LEAF_RES0);
	config.defined = UINT64_C(1) << 51;
	accepts(&config, 0, BASE);
	config = two_roots();
	put(2, 0, BASE | (S2_PAGE & ~UINT64_C(0x3c)) | 8 << 2);
	refuses(&config, UINT64_C(1) << 39, ORACLE_MEMORY_TYPE);
	put(2, 0, BASE | S2_PAGE | UINT64_C(1) << 11);
	refuses(&config, UINT64_C(1) << 39, ORACLE_LEAF_RES0);
	put(2, 0, BASE | S2_PAGE | UINT64_C(1) << 53);
	refuses(&config, UINT64_C(1) << 39, ORACLE_LEAF_RES0);
	config.xnx = true;
	accepts(&config, UINT64_C(1) << 39, BASE);
}

static void runs(void **state)
{
	struct oracle_config config = three_levels();

	(void)state;
	run_of_16();
	accepts(&config, 0x3456, BASE + 0x3456);
	for (unsigned int i = 0; i < 16; i++) {
		uint64_t good = memory.word[2 * 8192 + i];

		put(2, i, good & ~HINT);
		refuses(&config, 0x1000 * (i ? 0 : 15), ORACLE_RUN_HINT);
		put(2, i, 0);
		refuses(&config, 0x1000 * (i ? 0 : 15), ORACLE_RUN_HINT);
		put(2, i, good + 0x10000);
		refuses(&config, 0, ORACLE_RUN_ADDRESS);
		put(2, i, good ^ (UINT64_C(1) << 7));
		refuses(&config, 0, ORACLE_RUN_ATTRIBUTES);
		put(2, i, good);
	}
	for (unsigned int i = 0; i < 16; i++)
		memory.word[2 * 8192 + i] += 0x1000;
	refuses(&config, 0, ORACLE_RUN_ADDRESS);
	/* 64K pages come in runs of 32; blocks of level 1 in none. */
	config = two_levels_64k();
	for (unsigned int i = 0; i < 32; i++)
		put(1, i, (UINT64_C(0x4000000) + i * UINT64_C(0x10000)) | PAGE | HINT);
	accepts(&config, 0x1f0000, UINT64_C(0x41f0000));
	put(1, 31, 0);
	refuses(&config, 0, ORACLE_RUN_HINT);
	config.oas = 52;
	config.ias = 44;
	put(0, 0, BLOCK | HINT);
	refuses(&config, 0, ORACLE_RUN_LEVEL);
	/* Eight entries of level 1 are no run of 16. */
	config = three_levels();
	config.ias = 33;
	put(0, 0, BLOCK | HINT);
	refuses(&config, 0, ORACLE_RUN_CUT);
}

static void answers(void **state)
{
	struct oracle_config config = three_levels();
	struct oracle_verdict v;

	(void)state;
	/* Index 2, AP 01, SH outer, AF, nG, executable by EL0. */
	put(2, 1, (BASE + 0x1000) | UINT64_C(1) << 53 | UINT64_C(0xe4b));
	v = oracle_translate(&config, 0x1008);
	assert_int_equal(v.kind, ORACLE_TRANSLATION);
	assert_int_equal(v.pa, BASE + 0x1008);
	assert_int_equal(v.level, 3);
	assert_int_equal(v.span_lg2, 12);
	assert_int_equal(v.access, ORACLE_READ | ORACLE_WRITE | ORACLE_EL0_READ | ORACLE_EL0_WRITE |
				       ORACLE_EL0_EXECUTE);
	assert_int_equal(v.memory, 0x04);
	assert_int_equal(v.share, 2);
	assert_true(v.accessed && v.not_global);
	/* APTable 11, XNTable and PXNTable leave a read. */
	put(0, 0, TABLE(1) | 3 | UINT64_C(15) << 59);
	assert_int_equal(oracle_translate(&config, 0x1008).access, ORACLE_READ);
	/* What EL0 may write EL1 does not execute. */
	put(0, 0, TABLE(1) | 3);
	put(2, 1, (BASE + 0x1000) | UINT64_C(0x743));
	assert_int_equal(oracle_translate(&config, 0x1008).access, 0x3b);
	put(2, 1, (BASE + 0x1000) | UINT64_C(0x7c3));
	assert_int_equal(oracle_translate(&config, 0x1008).access, 0x2d);
	assert_false(oracle_translate(&config, 0x1008).not_global);
	put(2, 1, (BASE + 0x1000) | UINT64_C(0x303));
	assert_false(oracle_translate(&config, 0x1008).accessed);
	v = oracle_translate(&config, 0x200000);
	assert_int_equal(v.kind, ORACLE_FAULT);
	assert_int_equal(v.level, 2);
	v = oracle_translate(&config, UINT64_C(1) << 30);
	assert_int_equal(v.level, 1);
}

static void answers_of_stage_2(void **state)
{
	static const uint8_t memory_of[] = { 0x00, 0x04, 0x08, 0x0c, 0, 0x44, 0x4b, 0x4f,
					     0,	   0xb4, 0xbb, 0xbf, 0, 0xf4, 0xfb, 0xff };
	static const unsigned int execute[] = { ORACLE_EXECUTE | ORACLE_EL0_EXECUTE,
						ORACLE_EL0_EXECUTE, 0, ORACLE_EXECUTE };
	struct oracle_config config = two_roots();
	uint64_t va = UINT64_C(1) << 39;

	(void)state;
	config.xnx = true;
	for (unsigned int i = 0; i < 16; i++) {
		if (i >= 4 && i % 4 == 0)
			continue;
		put(2, 0, BASE | UINT64_C(0x743) | i << 2 | (uint64_t)(i & 3) << 53);
		assert_int_equal(oracle_translate(&config, va).memory, memory_of[i]);
		assert_int_equal(oracle_translate(&config, va).access,
				 execute[i & 3] | ORACLE_READ);
	}
	put(2, 0, BASE | UINT64_C(0x7bf) | UINT64_C(2) << 53);
	assert_int_equal(oracle_translate(&config, va).access, ORACLE_WRITE);
	assert_int_equal(oracle_translate(&config, 0).kind, ORACLE_FAULT);
	assert_int_equal(oracle_translate(&config, 0).level, 1);
}

/* D8.3: bits 13:12 of the 16K granule are no address; of the 64K granule, 51:48, in blocks too. */
static void other_granules(void **state)
{
	struct oracle_config config = three_levels();

	(void)state;
	memset(&memory, 0, sizeof(memory));
	config.granule_lg2 = 14;
	config.ias = 36;
	put(0, 1, TABLE(1) | 3);
	put(1, 0, UINT64_C(0x4000) | PAGE);
	accepts(&config, UINT64_C(0x2000005), 0x4005);
	put(1, 0, UINT64_C(0x5000) | PAGE);
	refuses(&config, UINT64_C(0x2000005), ORACLE_LEAF_RES0);
	put(0, 1, TABLE(1) | 3 | 0x2000);
	refuses(&config, UINT64_C(0x2000005), ORACLE_TABLE_RES0);
	config = two_levels_64k();
	config.oas = 52;
	put(0, 0, UINT64_C(0x20000000) | UINT64_C(0xc000) | BLOCK);
	accepts(&config, 0x12345, UINT64_C(0xc000020012345));
	put(0, 0, UINT64_C(0x20000000) | UINT64_C(0x20000) | BLOCK);
	refuses(&config, 0, ORACLE_LOW_BITS);
}

/* D8.4: UXN and PXN of the page itself; one privilege has XN alone. */
static void execution(void **state)
{
	struct oracle_config config = three_levels();

	(void)state;
	put(2, 0, BASE | UINT64_C(0x783));
	assert_int_equal(oracle_translate(&config, 0).access,
			 ORACLE_READ | ORACLE_EXECUTE | ORACLE_EL0_EXECUTE);
	put(2, 0, BASE | UINT64_C(1) << 54 | UINT64_C(0x783));
	assert_int_equal(oracle_translate(&config, 0).access, ORACLE_READ | ORACLE_EXECUTE);
	put(2, 0, BASE | UINT64_C(1) << 53 | UINT64_C(0x783));
	assert_int_equal(oracle_translate(&config, 0).access, ORACLE_READ | ORACLE_EL0_EXECUTE);
	config.two_privileges = false;
	put(2, 0, BASE | UINT64_C(0x7c3));
	assert_int_equal(oracle_translate(&config, 0).access, ORACLE_READ | ORACLE_EXECUTE);
	put(2, 0, BASE | UINT64_C(1) << 54 | UINT64_C(0x743));
	assert_int_equal(oracle_translate(&config, 0).access, ORACLE_READ | ORACLE_WRITE);
}

/* D8.3: 52 bits of the smaller granules, with a block of 512 GiB and SH from the register. */
static void answers_with_ds(void **state)
{
	struct oracle_config config = three_levels();
	struct oracle_verdict v;

	(void)state;
	config.ds = true;
	config.ias = 52;
	config.oas = 52;
	config.share = 3;
	memset(&memory, 0, sizeof(memory));
	put(0, 15, TABLE(1) | 3);
	/* OA[51:50] in 9:8, OA[49:39] in place. */
	put(1, 511, XN | UINT64_C(0x2008000000000) | UINT64_C(0x601));
	v = oracle_translate(&config, UINT64_C(0xfffff87654321));
	assert_int_equal(v.kind, ORACLE_TRANSLATION);
	assert_int_equal(v.level, 0);
	assert_int_equal(v.pa, UINT64_C(0xa00ff87654321));
	assert_int_equal(v.share, 3);
	assert_int_not_equal(oracle_check(&config).kind, ORACLE_REFUSED);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("oracle.walker.registers", registers),
	UNIT_TEST("oracle.walker.start_levels", start_levels),
	UNIT_TEST("oracle.walker.tables", tables),
	UNIT_TEST("oracle.walker.leaves", leaves),
	UNIT_TEST("oracle.walker.runs", runs),
	UNIT_TEST("oracle.walker.answers", answers),
	UNIT_TEST("oracle.walker.answers_of_stage_2", answers_of_stage_2),
	UNIT_TEST("oracle.walker.answers_with_ds", answers_with_ds),
	UNIT_TEST("oracle.walker.other_granules", other_granules),
	UNIT_TEST("oracle.walker.execution", execution),
};

UNIT_MAIN("oracle.walker", tests)
