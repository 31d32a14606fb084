/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.readers on the machine: random trees of every format that the CPU has, best at EL2, where
 * EL1's translation is free. The engine's lookup, the strict walker and the CPU agree: the CPU by
 * AT (stage1, stage2) and by loads and stores at EL1 (live1, live2), for which what the engine
 * changed must have left the TLB. fh.readers= is how many addresses each case looks at.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sysreg.h>

#include "boot/at.h"
#include "boot/bootargs.h"
#include "boot/el.h"
#include "iommu/tlb_cpu.h"
#include "lib/error.h"
#include "tests/bench/random.h"
#include "tests/oracle/readers.h"
#include "tests/target/el1.h"
#include "tests/target/harness.h"

#define DEFAULT_ADDRESSES 1000u
#define OPERATIONS 40u
#define ADDRESSES_OF_TREE 100u
#define LIVE_OPERATIONS 24u
#define LIVE_ADDRESSES 8u
#define RAM_ORDER 11u
#define RAM_LG2 (12u + RAM_ORDER)
#define CODE_ORDER 4u
#define SHAPE_TRIES 20u

struct form {
	uint8_t granule_lg2;
	bool lpa2;
};

static const struct form forms[] = {
	{ 12, false }, { 14, false }, { 16, false }, { 12, true }, { 14, true },
};

static struct fh_pgtable table;
static struct readers readers;

struct run {
	struct test *test;
	struct at_cpu cpu;
	bool stage_2;
	uint64_t random;
	uint64_t ram;
	uint64_t code;
	struct readers_wrong wrong;
};

static uint64_t addresses_wanted(const struct test *test)
{
	char text[16];

	if (!bootargs_get(test->machine->args, "readers", text, sizeof(text)))
		return DEFAULT_ADDRESSES;
	return strtoul(text, NULL, 10);
}

/* ---- Tables that this CPU walks. */

static bool walks(const struct run *run, const struct form *form)
{
	/* At EL1 the table shares TCR_EL1.DS with the kernel's. */
	if (arch_current_el() == 1 && form->lpa2)
		return false;
	return at_has_granule(run->stage_2, form->granule_lg2, form->lpa2);
}

/*
 * Start levels that an implementation has only with enough address bits, or, level 3 of the 4K
 * granule, with FEAT_TTST (D8.2.8 to D8.2.10).
 */
static bool level_exists(const struct run *run, const struct fh_shape *shape)
{
	unsigned int least = shape->granule_lg2 == 14 ? 42 : 44;
	int high = shape->granule_lg2 == 12 ? 0 : 1;

	if (!run->stage_2)
		return true;
	if (shape->granule_lg2 == 12 && shape->start_level == 3)
		return run->cpu.ias_least < 25;
	return shape->start_level > high || run->cpu.pa_bits >= least;
}

static unsigned int ias_most(const struct run *run, const struct form *form)
{
	bool large = form->granule_lg2 == 16 ? run->cpu.large_input || run->stage_2 : form->lpa2;
	unsigned int most = large ? 52 : 48;

	return run->stage_2 && run->cpu.pa_bits < most ? run->cpu.pa_bits : most;
}

static uint8_t oas_of(const struct run *run, const struct form *form)
{
	bool large = form->granule_lg2 == 16 || form->lpa2;

	/* And IPS. */
	if (arch_current_el() == 1)
		return (uint8_t)machine_output_bits();
	return run->cpu.pa_bits > 48 && !large ? 48 : run->cpu.pa_bits;
}

static struct fh_pgtable_config config_of(struct run *run, const struct form *form)
{
	struct fh_pgtable_config config = {
		.format = run->stage_2 ? FH_FORMAT_S2 : FH_FORMAT_S1,
		.regime = run->stage_2 ? FH_REGIME_STAGE2 : FH_REGIME_EL1,
		.granule_lg2 = form->granule_lg2,
		.oas = oas_of(run, form),
		.bbm_level = (uint8_t)(2 - random_below(&run->random, 4) % 3),
		.coherent = true,
		.lpa2 = form->lpa2,
		.mair = run->stage_2 ? 0 : FH_BOOT_MAIR,
		.frames = &run->test->machine->frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &table,
	};
	unsigned int least = run->cpu.ias_least;

	if (form->granule_lg2 == 16 && least < 17)
		least = 17;
	readers_shape(&run->random, &config, least, ias_most(run, form));
	return config;
}

static int begin(struct run *run, const struct form *form)
{
	const char *why = "";
	int err = -EINVAL;

	for (unsigned int i = 0; i < SHAPE_TRIES && err; i++) {
		struct fh_pgtable_config config = config_of(run, form);

		err = fh_pgtable_init(&table, &config);
		if (!err && !level_exists(run, &table.shape)) {
			err = fh_pgtable_release(&table);
			err = err ? err : -EINVAL;
		}
	}
	if (err)
		return err;
	readers_init(&readers, &table, random_next(&run->random), run->cpu.xnx);
	err = at_begin(&table, &why);
	if (err)
		printf("    # iommu.readers: %s\n", why);
	return err;
}

static int end(void)
{
	at_end();
	return fh_pgtable_release(&table);
}

/* One page, does the CPU find it? */
static int probe(struct run *run, uint64_t iova, bool *found)
{
	uint64_t granule = UINT64_C(1) << table.config.granule_lg2;
	struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, table.config.share };
	struct fh_gather gather;
	int err;

	err = fh_pgtable_map(&table, fh_dma(iova), fh_phys(run->ram), granule, attr);
	if (err)
		return err;
	*found = !at_read(&table, fh_dma(iova)).fault;
	fh_gather_init(&gather, &table);
	err = fh_pgtable_unmap(&table, fh_dma(iova), granule, &gather);
	return err ? err : fh_gather_flush(&gather);
}

/*
 * QEMU 7.2 knows no stage 2 that begins at a level that DS alone has: -1 with the 4K granule, 0
 * with 16K. Such tables are left.
 */
static int probe_start(struct run *run, bool *walked)
{
	int first = table.config.granule_lg2 == 12 ? -1 : 0;

	*walked = true;
	if (!run->stage_2 || !table.config.lpa2 || table.shape.start_level != first)
		return 0;
	return probe(run, 0, walked);
}

static void say(const struct run *run, const char *what, uint64_t have, uint64_t want)
{
	printf("    # iommu.readers: %#llx: %s: %#llx, expected %#llx (stage %u, granule %u, "
	       "ias %u, oas %u, concat %u, lpa2 %u)\n",
	       (unsigned long long)run->wrong.at, what, (unsigned long long)have,
	       (unsigned long long)want, run->stage_2 ? 2u : 1u, table.config.granule_lg2,
	       table.config.ias, table.config.oas, table.config.concat_lg2, table.config.lpa2);
}

static bool differs(struct run *run, uint64_t va, const char *what, uint64_t have, uint64_t want)
{
	if (have == want)
		return false;
	run->wrong = (struct readers_wrong){ what, va };
	say(run, what, have, want);
	return true;
}

/* The walker's word on an access: what the CPU's fault status must be, or 0. */
static unsigned int status_of(const struct oracle_verdict *verdict, enum at_access access)
{
	static const unsigned int need[2][4] = {
		{ ORACLE_READ, ORACLE_WRITE, ORACLE_EL0_READ, ORACLE_EL0_WRITE },
		{ ORACLE_READ, ORACLE_WRITE, ORACLE_READ, ORACLE_WRITE },
	};
	bool stage_2 = readers.strict.stage == ORACLE_STAGE_2;
	unsigned int level = (unsigned int)verdict->level;

	if (verdict->kind == ORACLE_FAULT)
		return verdict->level < 0 ? AT_TRANSLATION_FIRST : AT_TRANSLATION | level;
	if (!verdict->accessed)
		return AT_ACCESS_FLAG | level;
	return verdict->access & need[stage_2][access] ? 0 : AT_PERMISSION | level;
}

static bool software_agrees(struct run *run, uint64_t va, struct oracle_verdict *verdict)
{
	run->wrong = readers_compare(&readers, va, verdict);
	if (run->wrong.what)
		say(run, run->wrong.what, 0, 0);
	return !run->wrong.what;
}

/* ---- AT. */

/* What is not cacheable is outer shareable; QEMU 7.2 shows the field that the entry has. */
static unsigned int shown_share(const struct oracle_verdict *verdict, unsigned int cpu)
{
	bool cached = verdict->memory >= 0x10 && verdict->memory != 0x44;

	return !cached && cpu == verdict->share ? cpu : oracle_share(verdict);
}

static bool at_agrees(struct run *run, uint64_t va, const struct oracle_verdict *verdict,
		      enum at_access access)
{
	unsigned int status = status_of(verdict, access);
	struct at_answer cpu;

	/* QEMU 10.0 ends itself on AT of both stages that the second denies; live accesses see it.
	 */
	if (run->stage_2 && (status & 0x3c) == AT_PERMISSION)
		return true;
	cpu = at_ask(&table, fh_dma(va), access);
	if (differs(run, va, "AT: fault", cpu.fault, status != 0))
		return false;
	if (cpu.fault)
		return !differs(run, va, "AT: fault status", cpu.status, status) &&
		       !differs(run, va, "AT: stage", cpu.stage_2, run->stage_2);
	return !differs(run, va, "AT: address", cpu.pa.raw, verdict->pa) &&
	       !differs(run, va, "AT: memory type", cpu.attr, verdict->memory) &&
	       !differs(run, va, "AT: shareability", cpu.share, shown_share(verdict, cpu.share));
}

static bool read_tree(struct run *run)
{
	for (unsigned int i = 0; i < ADDRESSES_OF_TREE; i++) {
		struct oracle_verdict verdict;
		uint64_t va = readers_address(&readers);

		if (!software_agrees(run, va, &verdict))
			return false;
		for (unsigned int access = AT_READ; access <= AT_USER_WRITE; access++)
			if (!at_agrees(run, va, &verdict, (enum at_access)access))
				return false;
	}
	return true;
}

static bool one_tree(struct run *run)
{
	run->wrong = readers_grow(&readers, OPERATIONS);
	if (!run->wrong.what)
		run->wrong = readers_check(&readers);
	if (run->wrong.what)
		say(run, run->wrong.what, 0, 0);
	return !run->wrong.what && read_tree(run);
}

/* ---- Live accesses. */

/* Somewhere that the tree leaves free. */
static int map_code(struct run *run)
{
	uint64_t granule = UINT64_C(1) << table.config.granule_lg2;
	struct fh_attr attr = { FH_READ | FH_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER };
	uint64_t va;

	if (table.config.lpa2)
		attr.share = table.config.share;
	if (run->stage_2 && !run->cpu.xnx)
		attr.access |= FH_USER_EXEC;
	for (unsigned int i = 0; i < 1000; i++) {
		int err;

		va = fh_align_down(readers_address(&readers), granule);
		err = fh_pgtable_map(&table, fh_dma(va), fh_phys(run->code), granule, attr);
		if (err == -EEXIST)
			continue;
		if (!err)
			el1_place((void *)(uintptr_t)run->code, va);
		return err;
	}
	return -ENOSPC;
}

/* Each word of the RAM that is mapped holds its own address, and stores leave it so. */
static bool live_agrees(struct run *run, uint64_t va, const struct oracle_verdict *verdict,
			enum at_access access)
{
	unsigned int status = status_of(verdict, access);
	struct el1_outcome cpu = el1_access(va, access, verdict->pa);

	if (differs(run, va, "EL1: strange", cpu.strange ? cpu.value : 0, 0) ||
	    differs(run, va, "EL1: fault", cpu.fault, status != 0))
		return false;
	if (cpu.fault)
		return !differs(run, va, "EL1: fault status", cpu.status, status) &&
		       !differs(run, va, "EL1: address of the fault", cpu.far, va) &&
		       !differs(run, va, "EL1: stage", cpu.stage_2, run->stage_2);
	return access == AT_WRITE || access == AT_USER_WRITE ||
	       !differs(run, va, "EL1: value", cpu.value, verdict->pa);
}

static bool touch_tree(struct run *run)
{
	for (unsigned int i = 0; i < LIVE_ADDRESSES; i++) {
		struct oracle_verdict verdict;
		uint64_t va = fh_align_down(readers_address(&readers), 8);

		if (!software_agrees(run, va, &verdict))
			return false;
		/* The page of EL1's code has no words of ours. */
		if (verdict.kind == ORACLE_TRANSLATION &&
		    verdict.pa - run->code < UINT64_C(4096) << CODE_ORDER)
			continue;
		for (unsigned int access = AT_READ; access <= AT_USER_WRITE; access++)
			if (!live_agrees(run, va, &verdict, (enum at_access)access))
				return false;
	}
	return true;
}

/* EL1's code is in the tree as well, so an operation may take it away: then it is mapped anew. */
static bool code_is_there(void)
{
	uint64_t va = arch_read_sysreg(vbar_el1);
	struct oracle_verdict verdict = oracle_translate(&readers.strict, va);

	return verdict.kind == ORACLE_TRANSLATION && verdict.accessed &&
	       verdict.access & ORACLE_EXECUTE;
}

static bool one_live_tree(struct run *run)
{
	readers.ram = run->ram;
	readers.ram_lg2 = RAM_LG2;
	for (unsigned int i = 0; i < LIVE_OPERATIONS; i++) {
		int err = 0;

		run->wrong = readers_grow(&readers, 1);
		if (!run->wrong.what && (i == 0 || !code_is_there()))
			err = map_code(run);
		/* Two pages are soon full: that is all of this tree. */
		if (err == -ENOSPC)
			break;
		if (err)
			run->wrong = (struct readers_wrong){ "EL1's code cannot be mapped", 0 };
		if (run->wrong.what)
			say(run, run->wrong.what, 0, 0);
		if (run->wrong.what || !touch_tree(run))
			return false;
	}
	run->wrong = readers_check(&readers);
	return !run->wrong.what;
}

/* ---- Cases. */

static bool get_memory(struct run *run, struct fh_page **ram, struct fh_page **code)
{
	struct fh_frames *frames = &run->test->machine->frames;
	uint64_t *word;

	*ram = fh_page_alloc(frames, RAM_ORDER, 0);
	*code = fh_page_alloc(frames, CODE_ORDER, FH_PAGE_ZERO);
	if (!*ram || !*code)
		return false;
	run->ram = fh_page_to_phys(frames, *ram).raw;
	run->code = fh_page_to_phys(frames, *code).raw;
	word = fh_page_address(frames, *ram);
	for (uint64_t i = 0; i < UINT64_C(1) << (RAM_LG2 - 3); i++)
		word[i] = run->ram + 8 * i;
	return true;
}

/* What a case has done. */
struct tally {
	uint64_t translations;
	uint64_t faults;
	unsigned int trees;
	unsigned int concatenated; /* of them */
	unsigned int left;
};

static int one_form(struct run *run, const struct form *form, bool (*tree)(struct run *run),
		    struct tally *tally)
{
	bool good = true;
	bool walked;
	int err = begin(run, form);
	int after;

	if (err)
		return err;
	err = probe_start(run, &walked);
	if (!err && walked)
		good = tree(run);
	after = end();
	if (!good)
		return -EIO;
	tally->translations += walked ? readers.translations : 0;
	tally->faults += walked ? readers.faults : 0;
	tally->trees += walked;
	tally->left += !walked;
	tally->concatenated += walked && table.config.concat_lg2;
	return err ? err : after;
}

static void read_by(struct test *test, bool stage_2, bool (*tree)(struct run *run))
{
	struct run run = { .test = test, .cpu = at_cpu(), .stage_2 = stage_2 };
	uint64_t wanted = addresses_wanted(test);
	struct tally tally = { 0 };
	struct fh_page *ram, *code;

	EXPECT(test, get_memory(&run, &ram, &code));
	for (unsigned int i = 0;
	     tally.translations + tally.faults < wanted || i < FH_ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i % FH_ARRAY_SIZE(forms)];

		if (walks(&run, form))
			EXPECT_EQUAL(test, one_form(&run, form, tree, &tally), 0);
	}
	printf("    # iommu.readers: %u trees (%u with several roots), %u left: %llu translations, "
	       "%llu faults\n",
	       tally.trees, tally.concatenated, tally.left, (unsigned long long)tally.translations,
	       (unsigned long long)tally.faults);
	EXPECT(test, tally.translations > 0);
	EXPECT_EQUAL(test, fh_page_free(&test->machine->frames, ram), 0);
	EXPECT_EQUAL(test, fh_page_free(&test->machine->frames, code), 0);
}

static void stage1(struct test *test)
{
	read_by(test, false, one_tree);
}

static void stage2(struct test *test)
{
	if (arch_current_el() != 2)
		SKIP(test, "stage 2 belongs to EL2");
	read_by(test, true, one_tree);
}

static void live1(struct test *test)
{
	if (arch_current_el() != 2)
		SKIP(test, "EL1 runs this: nobody is there to come back to");
	read_by(test, false, one_live_tree);
}

static void live2(struct test *test)
{
	if (arch_current_el() != 2)
		SKIP(test, "stage 2 belongs to EL2");
	read_by(test, true, one_live_tree);
}

static const struct test_case cases[] = {
	{ "stage1", stage1 },
	{ "stage2", stage2 },
	{ "live1", live1 },
	{ "live2", live2 },
};

SUITE(iommu_readers, "iommu.readers", cases);
