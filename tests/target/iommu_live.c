/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.live: what a CPU at EL1 that uses a table meets while the engine changes it. A change shows
 * when its gather has been flushed; before, the TLB goes on with what was, which shows that it is
 * the invalidation that does it. Each granule, at stage 1 and at stage 2; FEAT_TLBIRANGE where the
 * CPU has it.
 */
#include <stdio.h>

#include <sysreg.h>

#include "boot/at.h"
#include "boot/el.h"
#include "iommu/descriptor.h"
#include "iommu/tlb_cpu.h"
#include "tests/target/el1.h"
#include "tests/target/harness.h"

#define IAS 36u
#define DATA UINT64_C(0x140000000)
#define CODE UINT64_C(0x800000000)
#define RAM_ORDER 11u
#define RAM_BYTES (UINT64_C(4096) << RAM_ORDER)
#define CODE_ORDER 4u
#define FORMS 6u
/* How often a case may meet a TLB that has forgotten what it should show. */
#define TRIES 8u

static struct fh_pgtable table;

struct live {
	struct test *test;
	struct fh_page *ram_page;
	struct fh_page *code_page;
	uint64_t ram;
	uint64_t granule;
	bool stage_2;
	bool forgotten;
};

/* ---- A table with nothing but EL1's code, in the CPU. */

static struct fh_attr attr_of(unsigned int access)
{
	return (struct fh_attr){ (uint16_t)access, FH_MEMTYPE_WB, FH_SHARE_INNER };
}

static int map_code(struct live *l)
{
	struct fh_frames *frames = &l->test->machine->frames;
	unsigned int access = FH_READ | FH_EXEC;
	int err;

	if (l->stage_2)
		access |= FH_USER_EXEC;
	err = fh_pgtable_map(&table, fh_dma(CODE), fh_page_to_phys(frames, l->code_page),
			     l->granule, attr_of(access));
	if (!err)
		el1_place(fh_page_address(frames, l->code_page), CODE);
	return err;
}

static int get_memory(struct live *l)
{
	struct fh_frames *frames = &l->test->machine->frames;
	uint64_t *word;

	l->ram_page = fh_page_alloc(frames, RAM_ORDER, 0);
	l->code_page = fh_page_alloc(frames, CODE_ORDER, FH_PAGE_ZERO);
	if (!l->ram_page || !l->code_page)
		return -1;
	l->ram = fh_page_to_phys(frames, l->ram_page).raw;
	word = fh_page_address(frames, l->ram_page);
	for (uint64_t i = 0; i < RAM_BYTES / 8; i++)
		word[i] = l->ram + 8 * i;
	return 0;
}

/* @form: 0 to 2 are the granules at stage 1, 3 to 5 at stage 2. 1: the CPU does not have it. */
static int begin(struct live *l, struct test *test, unsigned int form)
{
	unsigned int granule_lg2 = 12 + 2 * (form % 3);
	uint8_t pa_bits = at_cpu().pa_bits;
	struct fh_pgtable_config config = {
		.format = form < 3 ? FH_FORMAT_S1 : FH_FORMAT_S2,
		.regime = form < 3 ? FH_REGIME_EL1 : FH_REGIME_STAGE2,
		.granule_lg2 = (uint8_t)granule_lg2,
		.ias = IAS,
		.oas = pa_bits > 48 ? 48 : pa_bits,
		.bbm_level = 2,
		.contiguous = true,
		.coherent = true,
		.mair = form < 3 ? FH_BOOT_MAIR : 0,
		.frames = &test->machine->frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &table,
	};
	const char *why;
	int err;

	*l = (struct live){ .test = test,
			    .granule = UINT64_C(1) << granule_lg2,
			    .stage_2 = form >= 3 };
	if (!at_has_granule(l->stage_2, granule_lg2, false))
		return 1;
	err = get_memory(l);
	if (!err)
		err = fh_pgtable_init(&table, &config);
	if (!err)
		err = at_begin(&table, &why);
	return err ? err : map_code(l);
}

static int end(struct live *l)
{
	struct fh_frames *frames = &l->test->machine->frames;
	int err;

	at_end();
	err = fh_pgtable_release(&table);
	if (!err)
		err = fh_page_free(frames, l->ram_page);
	return err ? err : fh_page_free(frames, l->code_page);
}

/* ---- Accesses. */

static bool loads(struct live *l, uint64_t offset)
{
	struct el1_outcome o = el1_access(DATA + offset, AT_READ, 0);

	return !o.fault && !o.strange && o.value == l->ram + offset;
}

static bool stores(struct live *l, uint64_t offset)
{
	struct el1_outcome o = el1_access(DATA + offset, AT_WRITE, l->ram + offset);

	return !o.fault && !o.strange;
}

static bool faults(struct live *l, struct el1_outcome o, uint64_t va, enum at_status status)
{
	return o.fault && o.stage_2 == l->stage_2 && (o.status & 0x3c) == (unsigned int)status &&
	       o.far == va;
}

static bool load_faults(struct live *l, uint64_t offset)
{
	return faults(l, el1_access(DATA + offset, AT_READ, 0), DATA + offset, AT_TRANSLATION);
}

static bool store_denied(struct live *l, uint64_t offset)
{
	return faults(l, el1_access(DATA + offset, AT_WRITE, 0), DATA + offset, AT_PERMISSION);
}

static uint64_t count(struct live *l, uint64_t first, uint64_t pages,
		      bool (*is)(struct live *l, uint64_t offset))
{
	uint64_t found = 0;

	for (uint64_t i = first; i < first + pages; i++)
		found += is(l, i * l->granule + (i * 8) % l->granule);
	return found;
}

static int map(struct live *l, uint64_t first, uint64_t pages, unsigned int access)
{
	uint64_t offset = first * l->granule;

	return fh_pgtable_map(&table, fh_dma(DATA + offset), fh_phys(l->ram + offset),
			      pages * l->granule, attr_of(access));
}

static int unmap(struct live *l, uint64_t first, uint64_t pages, struct fh_gather *gather)
{
	fh_gather_init(gather, &table);
	return fh_pgtable_unmap(&table, fh_dma(DATA + first * l->granule), pages * l->granule,
				gather);
}

static int protect(struct live *l, uint64_t first, uint64_t pages, unsigned int access,
		   struct fh_gather *gather)
{
	fh_gather_init(gather, &table);
	return fh_pgtable_protect(&table, fh_dma(DATA + first * l->granule), pages * l->granule,
				  attr_of(access), gather);
}

/*
 * Before the flush the TLB should know what was. It may forget at any time, though, and then the
 * case has shown nothing: it is tried again.
 */
static void expect_stale(struct live *l, bool stale)
{
	if (!stale)
		l->forgotten = true;
}

/* ---- What each case does with one table. */

/*
 * Pages that were used stay usable until the flush, and not one after it, while the pages before
 * and behind stay. The numbers make one operation, several, a range of several pieces, and, with
 * 600, one for everything.
 */
static void unmap_pages(struct test *test, struct live *l)
{
	static const uint64_t numbers[] = { 1, 2, 33, 63, 100, 600 };

	for (unsigned int i = 0; i < FH_ARRAY_SIZE(numbers); i++) {
		uint64_t n = numbers[i];
		struct fh_gather gather;

		if ((n + 2) * l->granule > RAM_BYTES)
			continue;
		/* The first makes a table, so that the rest is mapped by pages too. */
		EXPECT_EQUAL(test, map(l, 0, 1, FH_READ), 0);
		EXPECT_EQUAL(test, map(l, 1, n, FH_READ), 0);
		EXPECT_EQUAL(test, map(l, n + 1, 1, FH_READ), 0);
		EXPECT_EQUAL(test, count(l, 0, n + 2, loads), n + 2);
		EXPECT_EQUAL(test, unmap(l, 1, n, &gather), 0);
		expect_stale(l, count(l, 1, n, loads) > 0);
		EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
		EXPECT_EQUAL(test, count(l, 1, n, load_faults), n);
		EXPECT(test, loads(l, 0) && loads(l, (n + 1) * l->granule));
		EXPECT_EQUAL(test, unmap(l, 0, n + 2, &gather), 0);
		EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
		EXPECT_EQUAL(test, count(l, 0, n + 2, load_faults), n + 2);
	}
}

/* A whole table goes, and comes back with other contents at once. */
static void unmap_table(struct test *test, struct live *l)
{
	uint64_t span = fh_shape_span(&table.shape, 2);
	struct fh_gather gather;

	EXPECT_EQUAL(test, map(l, 1, 20, FH_READ | FH_WRITE), 0);
	EXPECT_EQUAL(test, count(l, 1, 20, stores), 20);
	fh_gather_init(&gather, &table);
	EXPECT_EQUAL(test, fh_pgtable_unmap(&table, fh_dma(DATA), span, &gather), 0);
	EXPECT(test, gather.frames > 0);
	expect_stale(l, count(l, 1, 20, loads) > 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT_EQUAL(test, count(l, 1, 20, load_faults), 20);
	EXPECT_EQUAL(test, map(l, 5, 20, FH_READ), 0);
	EXPECT_EQUAL(test, count(l, 5, 20, loads), 20);
	EXPECT_EQUAL(test, count(l, 1, 4, load_faults), 4);
	EXPECT_EQUAL(test, count(l, 5, 20, store_denied), 20);
}

static void protect_pages(struct test *test, struct live *l)
{
	struct fh_gather gather;

	EXPECT_EQUAL(test, map(l, 0, 20, FH_READ | FH_WRITE), 0);
	EXPECT_EQUAL(test, count(l, 0, 20, stores), 20);
	/* Last, so that a TLB of few entries has some of them. */
	EXPECT_EQUAL(test, count(l, 3, 9, stores), 9);
	EXPECT_EQUAL(test, protect(l, 3, 9, FH_READ, &gather), 0);
	expect_stale(l, count(l, 3, 9, stores) > 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT_EQUAL(test, count(l, 3, 9, store_denied), 9);
	EXPECT_EQUAL(test, count(l, 0, 20, loads), 20);
	EXPECT_EQUAL(test, count(l, 0, 3, stores) + count(l, 12, 8, stores), 11);
	EXPECT_EQUAL(test, protect(l, 0, 20, FH_READ | FH_WRITE, &gather), 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT_EQUAL(test, count(l, 0, 20, stores), 20);
}

static void execute_pages(struct test *test, struct live *l)
{
	volatile uint64_t *word = fh_page_address(&test->machine->frames, l->ram_page);
	unsigned int exec = FH_READ | FH_EXEC | (l->stage_2 ? FH_USER_EXEC : 0u);
	uint64_t kept = *word;
	struct fh_gather gather;
	struct el1_outcome o;

	*word = EL1_RETURN;
	EXPECT_EQUAL(test, map(l, 0, 1, FH_READ), 0);
	EXPECT(test, faults(l, el1_fetch(DATA), DATA, AT_PERMISSION));
	EXPECT_EQUAL(test, protect(l, 0, 1, exec, &gather), 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	o = el1_fetch(DATA);
	EXPECT(test, !o.fault && !o.strange);
	EXPECT_EQUAL(test, protect(l, 0, 1, FH_READ, &gather), 0);
	o = el1_fetch(DATA);
	expect_stale(l, !o.fault && !o.strange);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT(test, faults(l, el1_fetch(DATA), DATA, AT_PERMISSION));
	*word = kept;
}

/* A block that is split, or a run that is cut, is usable at every moment but where it was changed.
 */
static void split_leaf(struct test *test, struct live *l, uint64_t pages)
{
	struct fh_translation answer;
	struct fh_gather gather;
	uint64_t cut = pages / 2 + 1;

	EXPECT_EQUAL(test, map(l, 0, pages, FH_READ | FH_WRITE), 0);
	EXPECT_EQUAL(test, fh_pgtable_lookup(&table, fh_dma(DATA), &answer), 0);
	EXPECT(test, answer.level == 2 || answer.desc & FH_DESC_CONTIGUOUS);
	EXPECT_EQUAL(test, count(l, 0, pages, stores), pages);
	EXPECT_EQUAL(test, protect(l, cut, 1, FH_READ, &gather), 0);
	EXPECT_EQUAL(test, count(l, 0, pages, loads), pages);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT_EQUAL(test, fh_pgtable_lookup(&table, fh_dma(DATA), &answer), 0);
	EXPECT(test, answer.level == 3);
	EXPECT_EQUAL(test, count(l, 0, pages, loads), pages);
	EXPECT_EQUAL(test, count(l, 0, pages, stores), pages - 1);
	EXPECT_EQUAL(test, count(l, cut, 1, store_denied), 1);
	EXPECT_EQUAL(test, unmap(l, 1, 1, &gather), 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
	EXPECT_EQUAL(test, count(l, 0, pages, loads), pages - 1);
	EXPECT_EQUAL(test, count(l, 1, 1, load_faults), 1);
	EXPECT_EQUAL(test, unmap(l, 0, pages, &gather), 0);
	EXPECT_EQUAL(test, fh_gather_flush(&gather), 0);
}

static void split_block(struct test *test, struct live *l)
{
	uint64_t span = fh_shape_span(&table.shape, 2);

	if (span <= RAM_BYTES)
		split_leaf(test, l, span / l->granule);
}

static void cut_run(struct test *test, struct live *l)
{
	split_leaf(test, l, UINT64_C(1) << fh_shape_run_lg2(&table.shape, FH_LEVEL_PAGE));
}

/* ---- Cases. */

/* One table, from beginning to end. Return: the CPU has this form, and the TLB had forgotten. */
static bool once(struct test *test, void (*one)(struct test *test, struct live *l),
		 unsigned int form)
{
	struct live l;
	int err = begin(&l, test, form);

	if (err == 1)
		return false;
	if (!err) {
		one(test, &l);
		err = end(&l);
	}
	if (!test->failed && err)
		test_fail(test, __FILE__, __LINE__, "begins and ends");
	if (test->failed)
		printf("    # iommu.live: granule %llu, stage %u\n", (unsigned long long)l.granule,
		       l.stage_2 ? 2u : 1u);
	if (err)
		test_over();
	return l.forgotten;
}

static void each(struct test *test, void (*one)(struct test *test, struct live *l))
{
	if (arch_current_el() != 2)
		SKIP(test, "EL1's translation is in use: not at EL2");
	for (unsigned int form = 0; form < FORMS && !test->failed; form++) {
		bool forgotten = true;

		for (unsigned int i = 0; i < TRIES && forgotten; i++)
			forgotten = once(test, one, form);
		EXPECT(test, !forgotten);
	}
}

#define CASE(name)                                                                                 \
	static void case_##name(struct test *test)                                                 \
	{                                                                                          \
		each(test, name);                                                                  \
	}

CASE(unmap_pages)
CASE(unmap_table)
CASE(protect_pages)
CASE(execute_pages)
CASE(split_block)
CASE(cut_run)

static const struct test_case cases[] = {
	{ "unmap_pages", case_unmap_pages },	 { "unmap_table", case_unmap_table },
	{ "protect_pages", case_protect_pages }, { "execute_pages", case_execute_pages },
	{ "split_block", case_split_block },	 { "cut_run", case_cut_run },
};

SUITE(iommu_live, "iommu.live", cases);
