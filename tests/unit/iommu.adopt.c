/* SPDX-License-Identifier: BSD-2-Clause */
/* The scan of an inherited tree: each refusal and each warning provoked, and what is printed. */
#include "tests/unit/adopt_fixture.h"

/* Refused for @code alone; nothing was written, not a mark is left, the struct
 * is as it was. */
static void refused(struct stage *s, enum fh_adopt_code code, int err)
{
	static struct fh_pgtable untouched;
	unsigned char metadata[sizeof(s->w->metadata)];

	memset(&s->w->table, 0x3c, sizeof(s->w->table));
	untouched = s->w->table;
	memcpy(metadata, s->w->metadata, sizeof(metadata));
	assert_int_equal(adopt(s), err);
	assert_int_equal(fh_adopt_code_errno(code), err);
	assert_int_equal(s->report.first, code);
	assert_in_range(s->report.refusals, 1, 64);
	assert_int_equal(s->log.count[code], s->report.refusals);
	tables_equal(s);
	assert_memory_equal(metadata, s->w->metadata, sizeof(metadata));
	assert_memory_equal(&untouched, &s->w->table, sizeof(untouched));
}

static void friendly(void **state)
{
	struct stage *s = *state;

	MUST(adopt(s));
	assert_int_equal(s->report.refusals, 0);
	assert_int_equal(s->report.warnings, 0);
	assert_int_equal(s->report.tables, 3);
	assert_int_equal(s->report.entries, 3 + 2 + 8);
	assert_int_equal(s->log.tables, 3);
	assert_int_equal(s->log.used, 3 + 2 + 8);
	assert_int_equal(s->w->table.ours, UINT64_C(1) << 55);
	/* By level: whose, and the windows that it touches. */
	for (int level = 1; level <= 3; level++) {
		assert_int_equal(s->log.table[level].pa.raw, fw_pa((unsigned int)level - 1));
		assert_int_equal(s->log.table[level].owner, FH_OWNER_FOREIGN);
	}
	assert_int_equal(s->log.table[1].windows, 7);
	assert_int_equal(s->log.table[2].windows, 3);
	assert_int_equal(s->log.table[3].windows, 1);
	tables_equal(s);
	MUST(fh_pgtable_release(&s->w->table));
	tables_equal(s);
}

static void refuse_places(void **state)
{
	struct stage *s = *state;
	uint64_t *l2 = fw_table(s->w, 1);
	uint64_t good = l2[0];
	struct fh_page *page;

	l2[0] = frame_pa(HOLE_FIRST) | TABLE_DESC;
	refused(s, FH_ADOPT_OUTSIDE_RAM, -EPERM);
	assert_int_equal(s->log.last[FH_ADOPT_OUTSIDE_RAM].value, frame_pa(HOLE_FIRST));
	assert_int_equal(s->log.last[FH_ADOPT_OUTSIDE_RAM].level, 2);
	l2[0] = 0x1000 | TABLE_DESC;
	refused(s, FH_ADOPT_OUTSIDE_RAM, -EPERM);
	l2[0] = frame_pa(SECURE_FIRST) | TABLE_DESC;
	refused(s, FH_ADOPT_NOMAP, -EPERM);
	assert_string_equal(s->log.last[FH_ADOPT_NOMAP].by, "/reserved-memory/secure");
	l2[0] = frame_pa(7) | TABLE_DESC;
	refused(s, FH_ADOPT_ALLOCATABLE, -EPERM);
	page = fh_page_alloc(&s->w->frames, 0, FH_PAGE_ZERO);
	l2[0] = fh_page_to_phys(&s->w->frames, page).raw | TABLE_DESC;
	refused(s, FH_ADOPT_ALLOCATED, -EPERM);
	l2[0] = fh_page_into_phys(&s->w->frames, page).raw | TABLE_DESC;
	refused(s, FH_ADOPT_ALLOCATED, -EPERM);
	page = fh_page_from_phys(&s->w->frames, fh_phys(l2[0] - TABLE_DESC));
	MUST(fh_page_free(&s->w->frames, page));
	l2[0] = good;
	s->handover.root = fh_phys(frame_pa(SECURE_FIRST));
	refused(s, FH_ADOPT_NOMAP, -EPERM);
	s->handover.root = fh_phys(0);
	refused(s, FH_ADOPT_OUTSIDE_RAM, -EPERM);
	/* Where the walker does not reach, and where the address space ends. */
	s->handover.root = fh_phys(UINT64_C(1) << 40);
	refused(s, FH_ADOPT_OUTPUT, -EINVAL);
	s->handover.root = fh_phys(UINT64_MAX - (FRAME - 1));
	refused(s, FH_ADOPT_OUTPUT, -EINVAL);
	s->handover.root = fh_phys(fw_pa(0) + 8);
	refused(s, FH_ADOPT_ROOT_MISALIGNED, -EINVAL);
	s->handover.root = fh_phys(fw_pa(0) + 2048);
	refused(s, FH_ADOPT_ROOT_MISALIGNED, -EINVAL);
	/* Two entries, and 64 bytes all the same. */
	s->w->config.ias = 31;
	s->handover.window_count = 2;
	s->handover.root = fh_phys(fw_pa(0) + 2048 + 16);
	refused(s, FH_ADOPT_ROOT_MISALIGNED, -EINVAL);
	s->handover.root = fh_phys(fw_pa(0) + 2048 + 64);
	MUST(adopt(s));
}

static void refuse_cycles(void **state)
{
	struct stage *s = *state;
	uint64_t *root = fw_table(s->w, 0), *l2 = fw_table(s->w, 1);

	root[5] = fw_pa(0) | TABLE_DESC;
	refused(s, FH_ADOPT_CYCLE, -ELOOP);
	assert_int_equal(s->log.last[FH_ADOPT_CYCLE].index, 5);
	assert_int_equal(s->log.last[FH_ADOPT_CYCLE].iova.raw, 5 * FH_GIB);
	root[5] = 0;
	l2[9] = fw_pa(1) | TABLE_DESC;
	s->handover.window_count = 1;
	refused(s, FH_ADOPT_CYCLE, -ELOOP);
	l2[9] = fw_pa(0) | TABLE_DESC;
	refused(s, FH_ADOPT_CYCLE, -ELOOP);
}

static void refuse_descriptors(void **state)
{
	struct stage *s = *state;
	uint64_t *root = fw_table(s->w, 0), *l2 = fw_table(s->w, 1), *l3 = fw_table(s->w, 2);
	uint64_t page = l3[1], block = l2[1], giga = root[1], link = l2[0];

	l3[1] = page & ~UINT64_C(2);
	refused(s, FH_ADOPT_ILLEGAL, -EINVAL);
	assert_int_equal(s->log.last[FH_ADOPT_ILLEGAL].table.raw, fw_pa(2));
	assert_int_equal(s->log.last[FH_ADOPT_ILLEGAL].index, 1);
	assert_int_equal(s->log.last[FH_ADOPT_ILLEGAL].level, 3);
	assert_int_equal(s->log.last[FH_ADOPT_ILLEGAL].iova.raw, FRAME);
	l3[1] = (UINT64_C(1) << 40) | PAGE_DESC;
	refused(s, FH_ADOPT_OUTPUT, -EINVAL);
	l3[1] = page | UINT64_C(1) << 48;
	refused(s, FH_ADOPT_RESERVED_BITS, -EINVAL);
	l3[1] = page;
	l2[1] = block | FRAME;
	refused(s, FH_ADOPT_MISALIGNED, -EINVAL);
	/* nT, however the block is aligned; that it is not comes first. */
	l2[1] = block | UINT64_C(1) << 16;
	refused(s, FH_ADOPT_RESERVED_BITS, -EINVAL);
	assert_int_equal(s->log.last[FH_ADOPT_RESERVED_BITS].value, UINT64_C(1) << 16);
	assert_null(s->log.last[FH_ADOPT_RESERVED_BITS].by);
	l2[1] = block | UINT64_C(3) << 16;
	refused(s, FH_ADOPT_MISALIGNED, -EINVAL);
	l2[1] = block;
	root[1] = giga | TWO_MIB;
	refused(s, FH_ADOPT_MISALIGNED, -EINVAL);
	root[1] = giga;
	l2[0] = link | UINT64_C(1) << 50;
	refused(s, FH_ADOPT_RESERVED_BITS, -EINVAL);
	l2[0] = (UINT64_C(1) << 40) | TABLE_DESC;
	refused(s, FH_ADOPT_OUTPUT, -EINVAL);
	/* All bits that are left to software. */
	l2[0] = link;
	l3[1] = page | UINT64_C(15) << 55;
	refused(s, FH_ADOPT_NO_SOFTWARE_BIT, -ENOTSUP);
	assert_int_equal(s->log.count[FH_ADOPT_SOFTWARE_BIT_USED], 1);
}

/* A block of level 0 is none. */
static void refuse_level_0_block(void **state)
{
	struct stage *s = *state;

	s->w->config.ias = 48;
	s->window[0] = (struct fh_window){ fh_dma(UINT64_C(1) << 47), FRAME };
	s->handover.window_count = 1;
	s->handover.root = fh_phys(fw_pa(3));
	fw_table(s->w, 3)[1] = LEAF;
	refused(s, FH_ADOPT_ILLEGAL_BLOCK, -EINVAL);
}

static void refuse_windows(void **state)
{
	struct stage *s = *state;
	struct fh_window good = s->window[1];

#define WINDOW(b, n) ((struct fh_window){ fh_dma(b), (n) })
	s->window[1] = WINDOW(good.base.raw, 0);
	refused(s, FH_ADOPT_WINDOW_ALIGN, -EINVAL);
	s->window[1] = WINDOW(good.base.raw + 8, FRAME);
	refused(s, FH_ADOPT_WINDOW_ALIGN, -EINVAL);
	s->window[1] = WINDOW(good.base.raw, FRAME + 8);
	refused(s, FH_ADOPT_WINDOW_ALIGN, -EINVAL);
	s->window[1] = WINDOW(UINT64_C(1) << 39, FRAME);
	refused(s, FH_ADOPT_WINDOW_RANGE, -EINVAL);
	s->window[1] = WINDOW((UINT64_C(1) << 39) - FRAME, 2 * FRAME);
	refused(s, FH_ADOPT_WINDOW_RANGE, -EINVAL);
	s->window[1] = WINDOW(0 - FRAME, 2 * FRAME);
	refused(s, FH_ADOPT_WINDOW_RANGE, -EINVAL);
	s->window[1] = WINDOW(9 * FH_GIB, FRAME);
	refused(s, FH_ADOPT_WINDOW_OVERLAP, -EINVAL);
	s->window[1] = WINDOW(8 * FH_GIB - FRAME, 2 * FRAME);
	refused(s, FH_ADOPT_WINDOW_OVERLAP, -EINVAL);
	s->window[1] = WINDOW(16 * FH_GIB - FRAME, 2 * FRAME);
	refused(s, FH_ADOPT_WINDOW_OVERLAP, -EINVAL);
	s->window[1] = good;
	s->handover.window_count = 0;
	refused(s, FH_ADOPT_WINDOW_COUNT, -EINVAL);
	s->handover.window_count = FH_WINDOW_MAX + 1;
	refused(s, FH_ADOPT_WINDOW_COUNT, -EINVAL);
	/* Windows that touch do not overlap. */
	s->window[1] = WINDOW(16 * FH_GIB, FH_GIB);
	s->handover.window_count = 3;
	MUST(adopt(s));
#undef WINDOW
}

static void refuse_unreadable(void **state)
{
	struct stage *s = *state;

	unit_abort_at((const unsigned char *)fw_table(s->w, 2) + 4088, 8);
	refused(s, FH_ADOPT_UNREADABLE, -EFAULT);
	assert_int_equal(s->log.last[FH_ADOPT_UNREADABLE].value, fw_pa(2));
	/* That entry, and none that happens to be read with it. */
	assert_int_equal(s->log.last[FH_ADOPT_UNREADABLE].index, 511);
	unit_abort_at(fw_table(s->w, 0), 8);
	refused(s, FH_ADOPT_UNREADABLE, -EFAULT);
}

/* Each entry is read twice: the second time nothing answers. */
static void abort_at_root(void *ctx, const struct fh_adopt_table *table)
{
	struct stage *s = ctx;

	if (table->level == 1)
		unit_abort_at(fw_table(s->w, 0), 8);
}

static void refuse_unreadable_again(void **state)
{
	struct stage *s = *state;

	s->report.table = abort_at_root;
	refused(s, FH_ADOPT_UNREADABLE, -EFAULT);
	assert_int_equal(s->log.last[FH_ADOPT_UNREADABLE].table.raw, fw_pa(0));
	assert_int_equal(s->log.last[FH_ADOPT_UNREADABLE].index, 0);
	assert_int_equal(s->report.tables, 1);
}

/* An entry that becomes a link after it was looked at is looked at as one. */
static void link_at_root(void *ctx, const struct fh_adopt_table *table)
{
	struct stage *s = ctx;

	if (table->level == 1)
		fw_table(s->w, 0)[5] = frame_pa(HOLE_FIRST) | TABLE_DESC;
}

static void link_meanwhile(void **state)
{
	struct stage *s = *state;

	s->report.table = link_at_root;
	assert_int_equal(adopt(s), -EPERM);
	assert_int_equal(s->report.first, FH_ADOPT_OUTSIDE_RAM);
	assert_int_equal(s->log.last[FH_ADOPT_OUTSIDE_RAM].index, 5);
}

/* Nobody has declared a size or a count, also where RAM begins at 0. */
static void numbers_have_no_owner(void **state)
{
	static _Alignas(16) unsigned char buffer[1024];
	struct stage *s = *state;
	struct fh_memmap low;

	MUST(fh_memmap_init(&low, buffer, sizeof(buffer), 12));
	MUST(fh_memmap_add(&low, 0, FRAME, FH_MEM_USABLE, "/memory@0"));
	MUST(fh_memmap_resolve(&low));
	s->w->frames.config.map = &low;
	s->window[1].size = 8;
	assert_int_equal(adopt(s), -EINVAL);
	s->w->frames.config.map = &s->w->map;
	assert_null(s->log.last[FH_ADOPT_WINDOW_ALIGN].by);
	assert_int_equal(s->log.last[FH_ADOPT_WINDOW_ALIGN].index, 1);
	assert_int_equal(s->log.last[FH_ADOPT_WINDOW_ALIGN].iova.raw, s->window[1].base.raw);
}

static void refuse_writeback(void **state)
{
	struct stage *s = *state;

	s->w->config.coherent = false;
	MUST(adopt(s));
	/* The window of level 3 begins at byte 2048, that of level 2 at 64, of the
	 * root at 64. */
	host_cache_writeback_granule = 128;
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	host_cache_writeback_granule = 64;
	s->window[0] = (struct fh_window){ fh_dma(257 * FRAME), TWO_MIB - 257 * FRAME };
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	assert_int_equal(s->log.last[FH_ADOPT_WRITEBACK].table.raw, fw_pa(2));
	s->window[0].base = fh_dma(264 * FRAME);
	s->window[0].size = 16 * FRAME;
	MUST(adopt(s));
	s->window[0].size = 15 * FRAME;
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	/* A page of the firmware between ours: it may change at any time. */
	s->window[0].size = 16 * FRAME;
	fw_table(s->w, 2)[270] = 0x90000000 | PAGE_DESC;
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	s->w->config.coherent = true;
	MUST(adopt(s));
	assert_int_equal(s->log.count[FH_ADOPT_LIVE_IN_WINDOW], 1);
}

/* A table that was seen before: in another place its lines may be mixed. */
static void refuse_writeback_shared(void **state)
{
	struct stage *s = *state;

	fw_table(s->w, 0)[9] = fw_pa(1) | TABLE_DESC;
	s->w->config.coherent = false;
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	assert_int_equal(s->log.last[FH_ADOPT_WRITEBACK].index, 9);
	s->w->config.coherent = true;
	MUST(adopt(s));
	/* Outside of our windows nobody writes back. */
	fw_table(s->w, 0)[9] = 0;
	fw_table(s->w, 0)[4] = fw_pa(1) | TABLE_DESC;
	s->w->config.coherent = false;
	MUST(adopt(s));
}

/* A root that is smaller than what is written back together has neighbours. */
static void refuse_writeback_small_root(void **state)
{
	struct stage *s = *state;

	s->w->config.coherent = false;
	s->w->config.ias = 33; /* 8 entries */
	s->handover.root = fh_phys(fw_pa(5) + 64);
	s->window[0] = (struct fh_window){ fh_dma(0), UINT64_C(1) << 33 };
	s->handover.window_count = 1;
	MUST(adopt(s));
	host_cache_writeback_granule = 128;
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
	s->handover.root = fh_phys(fw_pa(5));
	refused(s, FH_ADOPT_WRITEBACK, -ENOTSUP);
}

static void refuse_config(void **state)
{
	struct stage *s = *state;
	struct fh_pgtable_config good = s->w->config;

	s->w->config.ias = 15;
	assert_int_equal(adopt(s), -EINVAL);
	s->w->config = good;
	s->w->config.bbm_level = 3;
	assert_int_equal(adopt(s), -EINVAL);
	s->w->config = good;
	s->w->frames.frame_lg2 = 14;
	assert_int_equal(adopt(s), -ENOTSUP);
	s->w->frames.frame_lg2 = 12;
	s->w->config = good;
	s->w->config.oas = 33;
	assert_int_equal(adopt(s), -EINVAL);
	s->w->config = good;
	s->w->config.tlb = NULL;
	assert_int_equal(adopt(s), -EINVAL);
	assert_int_equal(s->report.refusals, 0);
}

/* One run names them all; the first decides. */
static void refuse_several(void **state)
{
	struct stage *s = *state;

	s->window[1].size = 0;
	fw_table(s->w, 2)[0] &= ~UINT64_C(2);
	fw_table(s->w, 0)[4] = frame_pa(SECURE_FIRST) | TABLE_DESC;
	assert_int_equal(adopt(s), -EINVAL);
	assert_int_equal(s->report.first, FH_ADOPT_WINDOW_ALIGN);
	assert_int_equal(s->report.refusals, 3);
	assert_int_equal(s->log.count[FH_ADOPT_ILLEGAL], 1);
	assert_int_equal(s->log.count[FH_ADOPT_NOMAP], 1);
}

static void warnings(void **state)
{
	struct stage *s = *state;
	uint64_t *root = fw_table(s->w, 0);

	/* Reached twice at the same level; at another one it is refused. */
	root[4] = fw_pa(1) | TABLE_DESC;
	fw_table(s->w, 1)[4] = fw_pa(2) | TABLE_DESC;
	MUST(adopt(s));
	assert_int_equal(s->log.count[FH_ADOPT_SHARED_TABLE], 2);
	assert_int_equal(s->report.warnings, 2);
	assert_int_equal(s->report.tables, 3);
	root[5] = fw_pa(2) | TABLE_DESC;
	for (unsigned int i = 0; i < 8; i++)
		fw_table(s->w, 2)[i] = 0;
	refused(s, FH_ADOPT_TWO_LEVELS, -ELOOP);
	assert_int_equal(s->log.last[FH_ADOPT_TWO_LEVELS].index, 5);
	assert_int_equal(s->log.count[FH_ADOPT_SHARED_TABLE], 2);
	root[4] = root[5] = 0;
	fw_table(s->w, 1)[4] = 0;
	/* Inside a window: a leaf, and something invalid. */
	root[9] = FH_GIB | LEAF;
	fw_table(s->w, 2)[511] = INVALID_DESC;
	MUST(adopt(s));
	assert_int_equal(s->log.count[FH_ADOPT_LIVE_IN_WINDOW], 2);
	assert_int_equal(s->report.warnings, 2);
	root[9] = 0;
	fw_table(s->w, 2)[511] = 0;
	/* Software bits: the next that nobody has. */
	root[1] |= UINT64_C(5) << 55;
	MUST(adopt(s));
	assert_int_equal(s->log.count[FH_ADOPT_SOFTWARE_BIT_USED], 1);
	assert_int_equal(s->w->table.ours, UINT64_C(1) << 56);
}

static void names(void **state)
{
	static const int errs[] = {
		[0] = 0,	 [1] = -EINVAL,	 [2] = -EPERM,	 [3] = -EPERM,	 [4] = -EPERM,
		[5] = -ELOOP,	 [6] = -EINVAL,	 [7] = -EINVAL,	 [8] = -EINVAL,	 [9] = -ENOTSUP,
		[10] = -EINVAL,	 [11] = -EINVAL, [12] = -EINVAL, [13] = -EINVAL, [14] = -ENOTSUP,
		[15] = -EFAULT,	 [16] = -EPERM,	 [17] = -EINVAL, [18] = -EINVAL, [19] = -ELOOP,
		[20] = -ENOTSUP,
	};
	struct stage *s = *state;
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	for (unsigned int i = 0; i < FH_ARRAY_SIZE(errs); i++) {
		assert_int_equal(fh_adopt_code_errno((enum fh_adopt_code)i), errs[i]);
		assert_string_not_equal(fh_adopt_code_name((enum fh_adopt_code)i), "unknown");
		assert_string_not_equal(fh_adopt_code_text((enum fh_adopt_code)i), "unknown");
		for (unsigned int j = 0; j < i; j++) {
			assert_string_not_equal(fh_adopt_code_name((enum fh_adopt_code)i),
						fh_adopt_code_name((enum fh_adopt_code)j));
			assert_string_not_equal(fh_adopt_code_text((enum fh_adopt_code)i),
						fh_adopt_code_text((enum fh_adopt_code)j));
		}
	}
	assert_string_equal(fh_adopt_code_text((enum fh_adopt_code)99), "unknown");
	assert_string_equal(fh_adopt_code_name((enum fh_adopt_code)99), "unknown");
	assert_int_equal(fh_adopt_code_errno(FH_ADOPT_SHARED_TABLE), 0);
	fw_table(s->w, 0)[4] = frame_pa(SECURE_FIRST) | TABLE_DESC;
	assert_int_equal(adopt(s), -EPERM);
	fh_adopt_finding_describe(&s->log.last[FH_ADOPT_NOMAP], &out);
	assert_non_null(strstr(text.text, "/reserved-memory/secure"));
	assert_non_null(strstr(text.text, "0x80140000"));
	assert_non_null(strstr(text.text, "(EPERM)\n"));
	assert_ptr_equal(strchr(text.text, '\n'), text.text + text.len - 1);
	assert_memory_equal(text.text, "fh: adopt: ", 11);
}

/* The lines of the log, to the letter: tools read them. */
static void describe_table(void **state)
{
	struct fh_adopt_table table = {
		.pa = fh_phys(0x5ff93000),
		.iova = fh_dma(0x40000000),
		.level = 2,
		.owner = FH_OWNER_FOREIGN,
		.used = 1,
		.by = "/reserved-memory/tables@5ff90000",
	};
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_adopt_table_describe(&table, &out);
	table.used = 25;
	table.level = -1; /* LPA2 */
	table.windows = 4;
	fh_adopt_table_describe(&table, &out);
	table.windows = 0x83;
	table.owner = FH_OWNER_OURS;
	fh_adopt_table_describe(&table, &out);
	assert_string_equal(
	    text.text, "fh: adopt: table 0x5ff93000: level 2, from iova 0x40000000, 1 entry, "
		       "foreign, declared by /reserved-memory/tables@5ff90000\n"
		       "fh: adopt: table 0x5ff93000: level -1, from iova 0x40000000, 25 entries, "
		       "in window 2, foreign, declared by /reserved-memory/tables@5ff90000\n"
		       "fh: adopt: table 0x5ff93000: level -1, from iova 0x40000000, 25 entries, "
		       "in windows 0 1 7, ours, declared by /reserved-memory/tables@5ff90000\n");
}

static void describe_finding(void **state)
{
	struct fh_adopt_finding finding = {
		.code = FH_ADOPT_WINDOW_COUNT,
		.table = FH_PHYS_INVALID,
		.value = 9,
	};
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_adopt_finding_describe(&finding, &out);
	finding = (struct fh_adopt_finding){
		.code = FH_ADOPT_NOMAP,
		.table = fh_phys(0x5ff93000),
		.index = 4,
		.level = 1,
		.desc = 0x80140003,
		.iova = fh_dma(0x100000000),
		.value = 0x80140000,
		.by = "/reserved-memory/secure",
	};
	fh_adopt_finding_describe(&finding, &out);
	finding.code = FH_ADOPT_SHARED_TABLE;
	finding.by = NULL;
	finding.level = -1;
	fh_adopt_finding_describe(&finding, &out);
	finding.code = FH_ADOPT_SOFTWARE_BIT_USED;
	finding.value = UINT64_C(1) << 55;
	fh_adopt_finding_describe(&finding, &out);
	finding = (struct fh_adopt_finding){
		.code = FH_ADOPT_WINDOW_RANGE,
		.table = FH_PHYS_INVALID,
		.index = 3,
		.iova = fh_dma(0x8000000000),
		.value = 0x1000,
	};
	fh_adopt_finding_describe(&finding, &out);
	finding.code = FH_ADOPT_ROOT_MISALIGNED;
	finding.by = "/memory@0";
	fh_adopt_finding_describe(&finding, &out);
	assert_string_equal(
	    text.text,
	    "fh: adopt: hand-over: 0x9: no window, or too many (EINVAL)\n"
	    "fh: adopt: table 0x5ff93000 level 1 index 4: descriptor 0x80140003 for "
	    "iova 0x100000000: table in no-map memory, at 0x80140000 declared by "
	    "/reserved-memory/secure (EPERM)\n"
	    "fh: adopt: warning: table 0x5ff93000 level -1 index 4: descriptor "
	    "0x80140003 for iova 0x100000000: table was reached before\n"
	    "fh: adopt: warning: table 0x5ff93000 level -1 index 4: descriptor "
	    "0x80140003 for iova 0x100000000: entry of the firmware has a software bit "
	    "set, 0x80000000000000\n"
	    "fh: adopt: window 3: iova 0x8000000000, bytes 0x1000: window beyond the "
	    "input size (EINVAL)\n"
	    "fh: adopt: root: 0x1000: root not aligned to its size, at 0x1000 declared by "
	    "/memory@0 (EINVAL)\n");
}

static const struct CMUnitTest tests[] = {
	STAGE_TEST("iommu.adopt.scan.friendly", friendly),
	STAGE_TEST("iommu.adopt.refuse.places", refuse_places),
	STAGE_TEST("iommu.adopt.refuse.cycles", refuse_cycles),
	STAGE_TEST("iommu.adopt.refuse.descriptors", refuse_descriptors),
	STAGE_TEST("iommu.adopt.refuse.level_0_block", refuse_level_0_block),
	STAGE_TEST("iommu.adopt.refuse.windows", refuse_windows),
	STAGE_TEST("iommu.adopt.refuse.unreadable", refuse_unreadable),
	STAGE_TEST("iommu.adopt.refuse.unreadable_again", refuse_unreadable_again),
	STAGE_TEST("iommu.adopt.refuse.link_meanwhile", link_meanwhile),
	STAGE_TEST("iommu.adopt.refuse.numbers_have_no_owner", numbers_have_no_owner),
	STAGE_TEST("iommu.adopt.refuse.writeback", refuse_writeback),
	STAGE_TEST("iommu.adopt.refuse.writeback_shared", refuse_writeback_shared),
	STAGE_TEST("iommu.adopt.refuse.writeback_small_root", refuse_writeback_small_root),
	STAGE_TEST("iommu.adopt.refuse.config", refuse_config),
	STAGE_TEST("iommu.adopt.refuse.several", refuse_several),
	STAGE_TEST("iommu.adopt.scan.warnings", warnings),
	STAGE_TEST("iommu.adopt.describe.names", names),
	UNIT_TEST("iommu.adopt.describe.table", describe_table),
	UNIT_TEST("iommu.adopt.describe.finding", describe_finding),
};

UNIT_MAIN("iommu.adopt", tests)
