/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.storm: all CPUs at once in one table, for fh.storm= ms.
 *
 *   own        pages that alternate between the CPUs, so that they share leaf tables
 *   blocks     2 MiB of each CPU in a row: mapped as a block, cut, protected, mapped again
 *   contested  pages that everybody maps, unmaps and gives back with their table
 *
 * Of its own entries a CPU knows what every call must answer, and looks them up as it goes; of
 * contested ones each call may be first or too late, and nothing else. In the end the table is
 * checked against its frames, and all of them come back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sysreg.h>

#include "boot/smp.h"
#include "iommu/pgtable_check.h"
#include "iommu/tlb_cpu.h"
#include "tests/bench/random.h"
#include "tests/target/all_cpus.h"
#include "tests/target/harness.h"

#define STEPS_MIN 32u
#define FRAME UINT64_C(4096)
#define OWN_BASE FH_GIB
#define OWN_PAGES 1024u
#define BLOCK_BASE (4 * FH_GIB)
#define BLOCK (2 * FH_MIB)
#define CONTESTED_BASE (8 * FH_GIB)
#define CONTESTED_PAGES 1024u
/* Where translations lead: nobody goes there. */
#define OUTPUT UINT64_C(0x800000000)

struct worker {
	const char *wrong; /* the first thing that was */
	uint64_t seed;
	uint64_t steps;
	uint64_t lost; /* contested calls that came too late */
	uint64_t ticks;
	unsigned int cpu;
	unsigned int cpus;
	bool mapped[OWN_PAGES];
	bool read_only[OWN_PAGES];
};

static struct worker workers[ALL_CPUS_VIEWS];
static struct fh_pgtable table;

static const struct fh_attr data = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

#define WORKER_EXPECT(w, condition)                                                                \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(w)->wrong = #condition;                                                   \
			return false;                                                              \
		}                                                                                  \
	} while (0)

static int map(uint64_t iova, uint64_t pa, uint64_t size)
{
	return fh_pgtable_map(&table, fh_dma(iova), fh_phys(pa), size, data);
}

static int unmap(uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	err = fh_pgtable_unmap(&table, fh_dma(iova), size, &gather);
	return err ? err : fh_gather_flush(&gather);
}

static int protect(uint64_t iova, uint64_t size, struct fh_attr attr)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	err = fh_pgtable_protect(&table, fh_dma(iova), size, attr, &gather);
	return err ? err : fh_gather_flush(&gather);
}

static uint64_t own_iova(const struct worker *w, unsigned int page)
{
	return OWN_BASE + (page * w->cpus + w->cpu) * FRAME;
}

static bool look(struct worker *w, unsigned int page)
{
	struct fh_translation answer;
	uint64_t iova = own_iova(w, page);
	int err = fh_pgtable_lookup(&table, fh_dma(iova + 8), &answer);

	WORKER_EXPECT(w, err == (w->mapped[page] ? 0 : -ENOENT));
	if (!w->mapped[page])
		return true;
	WORKER_EXPECT(w, answer.pa.raw == OUTPUT + iova + 8);
	WORKER_EXPECT(w, !(answer.attr.access & FH_WRITE) == w->read_only[page]);
	return true;
}

static bool step_own(struct worker *w)
{
	unsigned int page = (unsigned int)random_below(&w->seed, OWN_PAGES);
	uint64_t iova = own_iova(w, page);

	switch (random_below(&w->seed, 4)) {
	case 0:
		WORKER_EXPECT(w,
			      map(iova, OUTPUT + iova, FRAME) == (w->mapped[page] ? -EEXIST : 0));
		w->read_only[page] = w->mapped[page] && w->read_only[page];
		w->mapped[page] = true;
		break;
	case 1:
		WORKER_EXPECT(w, unmap(iova, FRAME) == (w->mapped[page] ? 0 : -ENOENT));
		w->mapped[page] = false;
		break;
	case 2:
		WORKER_EXPECT(w,
			      protect(iova, FRAME, read_only) == (w->mapped[page] ? 0 : -ENOENT));
		w->read_only[page] = w->mapped[page];
		break;
	default:
		break;
	}
	return look(w, page);
}

static bool step_block(struct worker *w)
{
	uint64_t base = BLOCK_BASE + w->cpu * BLOCK;
	uint64_t cut = base + random_below(&w->seed, BLOCK / FRAME) * FRAME;
	struct fh_translation answer;

	WORKER_EXPECT(w, map(base, OUTPUT, BLOCK) == 0);
	WORKER_EXPECT(w, fh_pgtable_lookup(&table, fh_dma(cut), &answer) == 0);
	WORKER_EXPECT(w, answer.level == 2);
	WORKER_EXPECT(w, protect(cut, FRAME, read_only) == 0);
	WORKER_EXPECT(w, fh_pgtable_lookup(&table, fh_dma(cut), &answer) == 0);
	WORKER_EXPECT(w, answer.level == 3 && !(answer.attr.access & FH_WRITE));
	WORKER_EXPECT(w, unmap(cut, FRAME) == 0);
	WORKER_EXPECT(w, fh_pgtable_lookup(&table, fh_dma(cut), &answer) == -ENOENT);
	WORKER_EXPECT(w, unmap(base, BLOCK) == 0);
	WORKER_EXPECT(w, fh_pgtable_lookup(&table, fh_dma(base), &answer) == -ENOENT);
	return true;
}

static bool step_contested(struct worker *w)
{
	uint64_t first = random_below(&w->seed, CONTESTED_PAGES);
	uint64_t count = 1 + random_below(&w->seed, CONTESTED_PAGES - first);
	uint64_t iova = CONTESTED_BASE + first * FRAME;
	struct fh_reader reader;
	bool right = true;
	int err;

	switch (random_below(&w->seed, 4)) {
	case 0:
		err = map(iova, OUTPUT + iova, count * FRAME);
		WORKER_EXPECT(w, err == 0 || err == -EEXIST);
		break;
	case 1:
		err = unmap(iova, count * FRAME);
		WORKER_EXPECT(w, err == 0 || err == -ENOENT);
		break;
	case 2:
		err = unmap(CONTESTED_BASE, CONTESTED_PAGES * FRAME);
		WORKER_EXPECT(w, err == 0 || err == -ENOENT);
		break;
	default:
		fh_reader_begin(&reader, &table);
		for (uint64_t i = 0; i < 8; i++) {
			uint64_t at = iova + i % count * FRAME;
			fh_phys_addr_t pa = fh_reader_translate(&reader, fh_dma(at));

			right = right && (!fh_phys_is_valid(pa) || pa.raw == OUTPUT + at);
		}
		fh_reader_end(&reader);
		WORKER_EXPECT(w, right);
		err = 0;
	}
	w->lost += err != 0;
	return true;
}

static void storm(void *ctx)
{
	struct worker *w = ctx;
	bool right = true;
	uint64_t begin;

	all_cpus_meet();
	begin = ticks_since(0);
	/* Some steps at least, however long the host lets this CPU wait. */
	while (right && (w->steps < STEPS_MIN || ticks_since(begin) < w->ticks)) {
		uint64_t what = random_below(&w->seed, 16);

		right = what == 0 ? step_block(w) : what < 5 ? step_contested(w) : step_own(w);
		w->steps++;
	}
	for (unsigned int page = 0; page < OWN_PAGES && right; page++)
		right = look(w, page);
}

static void storm_table(struct test *test)
{
	struct fh_pgtable_config config = {
		.format = FH_FORMAT_S1,
		.regime = FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 39,
		.oas = 48,
		.bbm_level = 2,
		.coherent = true,
		.mair = UINT64_C(0x4404ff),
		.frames = &test->machine->frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &table,
	};
	struct fh_check_report report = { 0 };
	struct fh_frames_stats before, after;
	uint64_t steps = 0, lost = 0;

	fh_frames_stats(&test->machine->frames, &before);
	EXPECT_EQUAL(test, fh_pgtable_init(&table, &config), 0);
	memset(workers, 0, sizeof(workers));
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		workers[cpu].cpu = cpu;
		workers[cpu].cpus = smp_cpu_count();
		workers[cpu].seed = cpu + 1;
		workers[cpu].ticks = storm_ticks(test);
	}
	all_cpus_run(storm, workers, sizeof(workers[0]));
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		if (workers[cpu].wrong) {
			test_fail(test, __FILE__, __LINE__, workers[cpu].wrong);
			return;
		}
		EXPECT(test, workers[cpu].steps >= STEPS_MIN);
		steps += workers[cpu].steps;
		lost += workers[cpu].lost;
	}
	printf("# iommu.storm: %u CPUs, %llu steps, %llu lost\n", smp_cpu_count(),
	       (unsigned long long)steps, (unsigned long long)lost);
	EXPECT_EQUAL(test, fh_pgtable_check(&table, &report), 0);
	EXPECT_EQUAL(test, fh_pgtable_release(&table), 0);
	fh_frames_stats(&test->machine->frames, &after);
	EXPECT_EQUAL(test, after.free, before.free);
	EXPECT_EQUAL(test, after.held, before.held);
}

static const struct test_case cases[] = {
	{ "table", storm_table },
};

SUITE(iommu_storm, "iommu.storm", cases);
