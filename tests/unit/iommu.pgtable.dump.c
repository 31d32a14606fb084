/* SPDX-License-Identifier: BSD-2-Clause */
/* A table in words: the lines, what shares one, and which translations the audit names. */
#include <stdio.h>

#include "tests/unit/shape_world.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK (2 * FH_MIB)

static struct unit_text text;

static void expect_dump(struct shape_world *w, uint64_t iova, uint64_t size, const char *lines)
{
	struct fh_out out = unit_out(&text);

	MUST(fh_pgtable_dump(&w->table, fh_dma(iova), size, &out));
	assert_string_equal(text.text, lines);
}

static void expect_all(struct shape_world *w, const char *lines)
{
	expect_dump(w, 0, UINT64_C(1) << w->config.ias, lines);
}

static void expect_audit(struct shape_world *w, int64_t count, const char *lines)
{
	struct fh_out out = unit_out(&text);

	assert_int_equal(fh_pgtable_audit(&w->table, &out), count);
	assert_string_equal(text.text, lines);
	assert_int_equal(fh_pgtable_audit(&w->table, NULL), count);
}

static void map_as(struct shape_world *w, uint64_t iova, uint64_t pa, uint64_t size,
		   unsigned int access, uint8_t memtype, uint8_t share)
{
	MUST(fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(pa), size,
			    (struct fh_attr){ (uint16_t)access, memtype, share }));
}

static void release(struct shape_world *w)
{
	MUST(fh_pgtable_release(&w->table));
}

/* Every memory type and shareability, and everything that there is to say at the end. */
static void attributes(void **state)
{
	struct shape_world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	expect_all(w, "");
	map_as(w, 0x0000, 0x10000000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, 0x1000, 0x10001000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_OUTER);
	map_as(w, 0x2000, 0x10002000, PAGE, FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER);
	map_as(w, 0x3000, 0x10003000, PAGE, FH_READ, FH_MEMTYPE_NC, FH_SHARE_INNER);
	map_as(w, 0x4000, 0x9010000, PAGE, FH_READ | FH_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_NONE);
	map_as(w, 0x5000, 0x9011000, PAGE, FH_READ | FH_WRITE, FH_MEMTYPE_STRICT, FH_SHARE_NONE);
	map_as(w, 0x6000, 0x10006000, PAGE, FH_READ | FH_USER_READ | FH_EXEC | FH_USER_EXEC,
	       FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, 0x7000, 0x10007000, PAGE,
	       FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x8000, 0x10008000, PAGE, FH_READ | FH_NOT_GLOBAL | FH_UNACCESSED, FH_MEMTYPE_NC,
	       FH_SHARE_OUTER);
	/* An index that holds what no request can ask for. */
	*slot_of(w, 0x9000, 3) = 0x60000010009743 | 7 << 2;
	expect_all(
	    w,
	    "fh: pgtable: 0x0000000000000000 - 0x0000000000000fff    4K  R--/---  normal  ours  -> "
	    "0x10000000\n"
	    "fh: pgtable: 0x0000000000001000 - 0x0000000000001fff    4K  R--/---  normal  ours  -> "
	    "0x10001000, outer shareable\n"
	    "fh: pgtable: 0x0000000000002000 - 0x0000000000002fff    4K  RW-/---  normal  ours  -> "
	    "0x10002000, inner shareable\n"
	    "fh: pgtable: 0x0000000000003000 - 0x0000000000003fff    4K  R--/---  non-cacheable  "
	    "ours  -> 0x10003000, inner shareable\n"
	    "fh: pgtable: 0x0000000000004000 - 0x0000000000004fff    4K  RW-/---  device  ours  -> "
	    "0x9010000\n"
	    "fh: pgtable: 0x0000000000005000 - 0x0000000000005fff    4K  RW-/---  device-strict  "
	    "ours  -> 0x9011000\n"
	    "fh: pgtable: 0x0000000000006000 - 0x0000000000006fff    4K  R-X/R-X  normal  ours  -> "
	    "0x10006000\n"
	    "fh: pgtable: 0x0000000000007000 - 0x0000000000007fff    4K  RW-/RWX  normal  ours  -> "
	    "0x10007000\n"
	    "fh: pgtable: 0x0000000000008000 - 0x0000000000008fff    4K  R--/---  non-cacheable  "
	    "ours  -> 0x10008000, outer shareable, not global, unaccessed\n"
	    "fh: pgtable: 0x0000000000009000 - 0x0000000000009fff    4K  RW-/RW-  other  ours  -> "
	    "0x10009000\n");
	/* A part of it. */
	expect_dump(w, 0x4000, PAGE,
		    "fh: pgtable: 0x0000000000004000 - 0x0000000000004fff    4K  RW-/---  device  "
		    "ours  -> 0x9010000\n");
	expect_dump(w, 0xa000, 4 * PAGE, "");
	release(w);
}

/* What differs in nothing else shares a line, also from one table to the next. */
static void neighbours(void **state)
{
	struct shape_world *w = *state;

	w->config.contiguous = true;
	MUST(fh_pgtable_init(&w->table, &w->config));
	map_as(w, BLOCK - 2 * PAGE, 0x10000000, 4 * PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	/* A gap on either side; permissions; a run with its hint between pages without. */
	map_as(w, BLOCK + 2 * PAGE, 0x10005000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, BLOCK + 4 * PAGE, 0x10006000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, BLOCK + 5 * PAGE, 0x10008000, PAGE, FH_READ | FH_WRITE, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, BLOCK + 15 * PAGE, 0x1000f000, 18 * PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, 2 * BLOCK, 0x20000000, 2 * BLOCK, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, 4 * BLOCK, 0x20000000 + 2 * BLOCK, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	expect_all(
	    w,
	    "fh: pgtable: 0x00000000001fe000 - 0x0000000000201fff    4K  R--/---  normal  ours  -> "
	    "0x10000000\n"
	    "fh: pgtable: 0x0000000000202000 - 0x0000000000202fff    4K  R--/---  normal  ours  -> "
	    "0x10005000\n"
	    "fh: pgtable: 0x0000000000204000 - 0x0000000000204fff    4K  R--/---  normal  ours  -> "
	    "0x10006000\n"
	    "fh: pgtable: 0x0000000000205000 - 0x0000000000205fff    4K  RW-/---  normal  ours  -> "
	    "0x10008000\n"
	    "fh: pgtable: 0x000000000020f000 - 0x000000000020ffff    4K  R--/---  normal  ours  -> "
	    "0x1000f000\n"
	    "fh: pgtable: 0x0000000000210000 - 0x000000000021ffff    4K  R--/---  normal  ours  -> "
	    "0x10010000, contiguous\n"
	    "fh: pgtable: 0x0000000000220000 - 0x0000000000220fff    4K  R--/---  normal  ours  -> "
	    "0x10020000\n"
	    "fh: pgtable: 0x0000000000400000 - 0x00000000007fffff    2M  R--/---  normal  ours  -> "
	    "0x20000000\n"
	    "fh: pgtable: 0x0000000000800000 - 0x0000000000800fff    4K  R--/---  normal  ours  -> "
	    "0x20400000\n");
	/* An edge of the range inside of what shares a line: the line is shorter; inside a block:
	 * not.
	 */
	expect_dump(w, BLOCK, 2 * PAGE,
		    "fh: pgtable: 0x0000000000200000 - 0x0000000000201fff    4K  R--/---  normal  "
		    "ours  -> 0x10002000\n");
	expect_dump(w, 3 * BLOCK + PAGE, PAGE,
		    "fh: pgtable: 0x0000000000600000 - 0x00000000007fffff    2M  R--/---  normal  "
		    "ours  -> 0x20200000\n");
	release(w);
}

static void expect_size(unsigned int shape, uint64_t iova, uint64_t size, const char *words)
{
	struct shape_world *w = shape_world_new(&shape_cases[shape]);
	struct fh_out out = unit_out(&text);
	char expected[200];

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, iova, iova, size));
	MUST(fh_pgtable_dump(&w->table, fh_dma(0), UINT64_C(1) << w->config.ias, &out));
	snprintf(expected, sizeof(expected), "fh: pgtable: 0x%016llx - 0x%016llx%s -> 0x%llx%s\n",
		 (unsigned long long)iova, (unsigned long long)(iova + size - 1), words,
		 (unsigned long long)iova,
		 w->config.format == FH_FORMAT_UAT ? "" : ", inner shareable");
	assert_string_equal(text.text, expected);
	release(w);
	shape_world_delete(w);
}

/* The size of every leaf that some format has, and who is told apart. */
static void sizes(void **state)
{
	(void)state;
	expect_size(0, 0x1000, 0x1000, "    4K  RW-/---  normal  ours ");
	expect_size(0, BLOCK, BLOCK, "    2M  RW-/---  normal  ours ");
	expect_size(0, FH_GIB, FH_GIB, "    1G  RW-/---  normal  ours ");
	expect_size(1, 0x1000, 0x1000, "    4K  RW-  normal  ours ");
	expect_size(5, 512 * FH_GIB, 512 * FH_GIB, "  512G  RW-/---  normal  ours ");
	expect_size(2, 0x4000, 0x4000, "   16K  RW-/---  normal  ours ");
	expect_size(2, 32 * FH_MIB, 32 * FH_MIB, "   32M  RW-/---  normal  ours ");
	expect_size(6, 64 * FH_GIB, 64 * FH_GIB, "   64G  RW-/---  normal  ours ");
	expect_size(4, 0x10000, 0x10000, "   64K  RW-  normal  ours ");
	expect_size(4, 512 * FH_MIB, 512 * FH_MIB, "  512M  RW-  normal  ours ");
	expect_size(4, 4 * FH_TIB, 4 * FH_TIB, "    4T  RW-  normal  ours ");
	expect_size(7, 0x1000, 0x1000, "    4K  RW-  normal  ours ");
	expect_size(11, 0x4000, 0x4000, "   16K  RW-/---  normal  ours ");
}

/* The firmware's entries, ours beside them, and what tables above take away. */
static void foreign(void **state)
{
	struct shape_world *w = *state;
	struct shape_windows at = shape_adopt(w);

	MUST(shape_map(w, at.page, 0x90001000, PAGE));
	MUST(shape_map(w, at.block, 0x20000000, BLOCK));
	*slot_of(w, at.page - PAGE, 3) = 0x60000090000703;
	*slot_of(w, 7 * PAGE, 3) = 0xdead0000;
	expect_all(
	    w,
	    "fh: pgtable: 0x0000000000000000 - 0x0000000000000fff    4K  R--/---  normal  foreign  "
	    "-> 0x90000000, inner shareable\n"
	    "fh: pgtable: 0x00000000000ff000 - 0x00000000000fffff    4K  RW-/---  normal  foreign  "
	    "-> 0x90000000, inner shareable\n"
	    "fh: pgtable: 0x0000000000100000 - 0x0000000000100fff    4K  RW-/---  normal  ours  -> "
	    "0x90001000, inner shareable\n"
	    "fh: pgtable: 0x0000000000400000 - 0x00000000005fffff    2M  RW-/---  normal  ours  -> "
	    "0x20000000, inner shareable\n");
	/* APTable: no writing below. */
	*slot_of(w, 0, 2) |= UINT64_C(1) << 62;
	expect_dump(w, at.page, PAGE,
		    "fh: pgtable: 0x0000000000100000 - 0x0000000000100fff    4K  R--/---  normal  "
		    "ours  -> 0x90001000, inner shareable\n");
	*slot_of(w, 0, 2) &= ~(UINT64_C(1) << 62);
	release(w);
}

static void refusals(void **state)
{
	struct shape_world *w = *state;
	struct fh_out out = unit_out(&text);
	struct shape_windows at;
	uint64_t *slot, old;

	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(shape_map(w, 0, 0x10000000, PAGE));
	assert_int_equal(fh_pgtable_dump(&w->table, fh_dma(1), PAGE, &out), -EINVAL);
	assert_int_equal(fh_pgtable_dump(&w->table, fh_dma(0), 0, &out), -EINVAL);
	assert_int_equal(fh_pgtable_dump(&w->table, fh_dma(0), PAGE + 1, &out), -EINVAL);
	assert_int_equal(fh_pgtable_dump(&w->table, fh_dma(512 * FH_GIB), PAGE, &out), -ERANGE);
	assert_string_equal(text.text, "");
	release(w);
	/* A link that leads out of what may be read: what came before it is shown. */
	at = shape_adopt(w);
	MUST(shape_map(w, at.block, 0x20000000, BLOCK));
	slot = slot_of(w, 0, 2);
	old = slot[8];
	slot[8] = SECURE_PA | 3;
	assert_int_equal(fh_pgtable_dump(&w->table, fh_dma(at.block), 100 * BLOCK, &out), -EIO);
	assert_string_equal(text.text,
			    "fh: pgtable: 0x0000000000400000 - 0x00000000005fffff    2M  RW-/---  "
			    "normal  ours  -> 0x20000000, inner shareable\n");
	assert_int_equal(fh_pgtable_audit(&w->table, NULL), -EIO);
	slot[8] = old;
	release(w);
}

/* Written by whom, executed by whom: any two of them make one. */
static void audit(void **state)
{
	struct shape_world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	expect_audit(w, 0, "");
	map_as(w, 0x0000, 0x10000000, PAGE, FH_READ | FH_EXEC | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x1000, 0x10001000, PAGE, FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE,
	       FH_MEMTYPE_WB, FH_SHARE_NONE);
	expect_audit(w, 0, "");
	map_as(w, 0x2000, 0x10002000, 2 * PAGE, FH_READ | FH_WRITE | FH_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x4000, 0x10004000, PAGE, FH_READ | FH_WRITE | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x5000, 0x10005000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE);
	map_as(w, 0x6000, 0x10006000, PAGE,
	       FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, BLOCK, 0x20000000, BLOCK, FH_READ | FH_WRITE | FH_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	expect_audit(
	    w, 5,
	    "fh: pgtable: 0x0000000000002000 - 0x0000000000003fff    4K  RWX/---  normal  ours  -> "
	    "0x10002000\n"
	    "fh: pgtable: 0x0000000000004000 - 0x0000000000004fff    4K  RW-/--X  normal  ours  -> "
	    "0x10004000\n"
	    "fh: pgtable: 0x0000000000006000 - 0x0000000000006fff    4K  RW-/RWX  normal  ours  -> "
	    "0x10006000\n"
	    "fh: pgtable: 0x0000000000200000 - 0x00000000003fffff    2M  RWX/---  normal  ours  -> "
	    "0x20000000\n");
	release(w);
}

/* One set of data permissions, execution for each privilege. */
static void stage2(void **state)
{
	struct shape_world *w = shape_world_new(&shape_cases[7]);

	(void)state;
	MUST(fh_pgtable_init(&w->table, &w->config));
	map_as(w, 0x0000, 0x10000000, PAGE, FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER);
	map_as(w, 0x1000, 0x10001000, PAGE, FH_WRITE, FH_MEMTYPE_NC, FH_SHARE_OUTER);
	map_as(w, 0x2000, 0x10002000, PAGE, FH_READ | FH_EXEC | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x3000, 0x10003000, PAGE, FH_READ | FH_WRITE | FH_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x4000, 0x10004000, PAGE, FH_READ | FH_WRITE | FH_USER_EXEC, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, 0x5000, 0x9010000, PAGE, FH_READ | FH_WRITE, FH_MEMTYPE_STRICT, FH_SHARE_NONE);
	expect_all(
	    w,
	    "fh: pgtable: 0x0000000000000000 - 0x0000000000000fff    4K  R--  normal  ours  -> "
	    "0x10000000, inner shareable\n"
	    "fh: pgtable: 0x0000000000001000 - 0x0000000000001fff    4K  -W-  non-cacheable  ours  "
	    "-> 0x10001000, outer shareable\n"
	    "fh: pgtable: 0x0000000000002000 - 0x0000000000002fff    4K  R-X  normal  ours  -> "
	    "0x10002000\n"
	    "fh: pgtable: 0x0000000000003000 - 0x0000000000003fff    4K  RWX/RW-  normal  ours  -> "
	    "0x10003000\n"
	    "fh: pgtable: 0x0000000000004000 - 0x0000000000004fff    4K  RW-/RWX  normal  ours  -> "
	    "0x10004000\n"
	    "fh: pgtable: 0x0000000000005000 - 0x0000000000005fff    4K  RW-  device-strict  ours  "
	    "-> 0x9010000\n");
	expect_audit(
	    w, 2,
	    "fh: pgtable: 0x0000000000003000 - 0x0000000000003fff    4K  RWX/RW-  normal  ours  -> "
	    "0x10003000\n"
	    "fh: pgtable: 0x0000000000004000 - 0x0000000000004fff    4K  RW-/RWX  normal  ours  -> "
	    "0x10004000\n");
	release(w);
	shape_world_delete(w);
}

/* The firmware is the privileged side and the GPU the other one. */
static void uat(void **state)
{
	struct shape_world *w = shape_world_new(&shape_cases[11]);
	struct shape_windows at = shape_adopt(w);

	(void)state;
	map_as(w, at.page, 0x10000000, 0x4000, FH_READ | FH_WRITE | FH_USER_READ, FH_MEMTYPE_WB,
	       FH_SHARE_NONE);
	map_as(w, at.page + 0x4000, 0x10004000, 0x4000, FH_USER_READ | FH_NOT_GLOBAL, FH_MEMTYPE_NC,
	       FH_SHARE_NONE);
	*slot_of(w, 0x8000, 3) = 0x90008403;
	expect_all(
	    w,
	    "fh: pgtable: 0x0000000000000000 - 0x0000000000003fff   16K  RW-/RW-  normal  foreign  "
	    "-> 0x90000000\n"
	    "fh: pgtable: 0x0000000000008000 - 0x000000000000bfff   16K  RW-/--X  normal  foreign  "
	    "-> 0x90008000\n"
	    "fh: pgtable: 0x0000000001000000 - 0x0000000001003fff   16K  RW-/R--  normal  ours  -> "
	    "0x10000000\n"
	    "fh: pgtable: 0x0000000001004000 - 0x0000000001007fff   16K  ---/R--  non-cacheable  "
	    "ours  -> 0x10004000, not global\n");
	release(w);
	shape_world_delete(w);
}

static const struct CMUnitTest tests[] = {
	SHAPE_TEST("iommu.pgtable.dump.attributes", attributes),
	SHAPE_TEST("iommu.pgtable.dump.neighbours", neighbours),
	UNIT_TEST("iommu.pgtable.dump.sizes", sizes),
	SHAPE_TEST("iommu.pgtable.dump.foreign", foreign),
	SHAPE_TEST("iommu.pgtable.dump.refusals", refusals),
	SHAPE_TEST("iommu.pgtable.dump.audit", audit),
	UNIT_TEST("iommu.pgtable.dump.stage2", stage2),
	UNIT_TEST("iommu.pgtable.dump.uat", uat),
};

UNIT_MAIN("iommu.pgtable.dump", tests)
