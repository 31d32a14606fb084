/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.firmware: a second CPU plays the firmware of an adopted table, in an instance of frames of
 * its own: for fh.storm= ms it changes its own entries while others work beside it; then it breaks
 * its promise. With four CPUs there are two of each.
 *
 *   frame  0         4       5     6        7      8        256
 *          | tables  | decoy |     | no-map | hole | usable |
 *           reserved                                no-map and hole are nobody's to touch
 */
#include <stdio.h>
#include <string.h>

#include "boot/smp.h"
#include "iommu/tlb_cpu.h"
#include "tests/oracle/beside.h"
#include "tests/oracle/no_tlb.h"
#include "tests/target/all_cpus.h"
#include "tests/target/harness.h"

#define FRAME UINT64_C(4096)
#define ORDER 8u
#define DECOY 4u
#define NOMAP 6u
#define HOLE 7u
#define USABLE 8u
#define METADATA_ORDER 4u
#define PATTERN 0x5a

static struct fh_memmap map;
static struct fh_frames frames;
static struct fh_pgtable table;
static struct fh_page *ram, *metadata;
static struct beside beside;
static struct promise promise;

/* ---- Memory that is partly the firmware's. */

static unsigned char *frame_at(const struct test *test, unsigned int number)
{
	return (unsigned char *)fh_page_address(&test->machine->frames, ram) + number * FRAME;
}

static int declare(uint64_t pa)
{
	static _Alignas(16) unsigned char buffer[1024];
	int err = fh_memmap_init(&map, buffer, sizeof(buffer), 12);

	if (!err)
		err = fh_memmap_add(&map, pa, HOLE * FRAME, FH_MEM_USABLE, "ram");
	if (!err)
		err = fh_memmap_add(&map, pa + USABLE * FRAME, (FRAME << ORDER) - USABLE * FRAME,
				    FH_MEM_USABLE, "ram");
	if (!err)
		err = fh_memmap_add(&map, pa, NOMAP * FRAME, FH_MEM_RESERVED, "firmware");
	if (!err)
		err = fh_memmap_add(&map, pa + NOMAP * FRAME, FRAME, FH_MEM_NOMAP, "secure");
	return err ? err : fh_memmap_resolve(&map);
}

/* What nobody may touch is full of PATTERN. */
static int begin(struct test *test)
{
	struct fh_frames *all = &test->machine->frames;
	struct fh_frames_config config = { .map = &map, .instance = 9 };
	int err;

	ram = fh_page_alloc(all, ORDER, FH_PAGE_ZERO);
	metadata = fh_page_alloc(all, METADATA_ORDER, 0);
	if (!ram || !metadata)
		return -1;
	memset(frame_at(test, NOMAP), PATTERN, 2 * FRAME);
	config.metadata = fh_page_address(all, metadata);
	config.metadata_bytes = FRAME << METADATA_ORDER;
	err = declare(fh_page_to_phys(all, ram).raw);
	return err ? err : fh_frames_init(&frames, &config);
}

static bool is_untouched(const struct test *test)
{
	const unsigned char *at = frame_at(test, NOMAP);

	for (unsigned int i = 0; i < 2 * FRAME; i++)
		if (at[i] != PATTERN)
			return false;
	return true;
}

static int end(struct test *test)
{
	struct fh_frames *all = &test->machine->frames;
	int err = fh_page_free(all, ram);

	return err ? err : fh_page_free(all, metadata);
}

static bool is_all_free(void)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&frames, &stats);
	return stats.free == (UINT64_C(1) << ORDER) - USABLE && !fh_frames_check(&frames);
}

/* ---- Beside a firmware that keeps its promise. */

static uint64_t begun, ticks;

static bool is_over(void *ctx)
{
	(void)ctx;
	return ticks_since(begun) >= ticks;
}

static void run_beside(void *view)
{
	const unsigned int *cpu = view;

	beside_run(&beside, &table, *cpu);
}

static void keeps_its_promise(struct test *test)
{
	static unsigned int numbers[ALL_CPUS_VIEWS];

	if (smp_cpu_count() < 2)
		SKIP(test, "one CPU");
	EXPECT_EQUAL(test, begin(test), 0);
	beside = (struct beside){ .frames = &frames,
				  .tlb = &no_tlb,
				  .cpus = smp_cpu_count(),
				  .over = is_over,
				  .memory = frame_at(test, 0),
				  .pa = fh_page_to_phys(&test->machine->frames, ram).raw };
	beside_prepare(&beside);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		numbers[cpu] = cpu;
	ticks = storm_ticks(test);
	begun = ticks_since(0);
	all_cpus_run(run_beside, numbers, sizeof(numbers[0]));
	printf("    # iommu.firmware: %u CPUs, %llu rounds, %llu steps, %llu changes of the "
	       "firmware's, %llu calls without memory\n",
	       smp_cpu_count(), (unsigned long long)beside.rounds, (unsigned long long)beside.steps,
	       (unsigned long long)beside.changes, (unsigned long long)beside.no_memory);
	if (beside.wrong) {
		test_fail(test, __FILE__, __LINE__, beside.wrong);
		return;
	}
	EXPECT(test, beside.rounds && beside.changes);
	for (unsigned int i = 0; i < smp_cpu_count() / 2; i++)
		EXPECT(test, firmware_is_whole(&beside.fw, i, smp_cpu_count() / 2));
	EXPECT(test, is_untouched(test) && is_all_free());
	EXPECT_EQUAL(test, end(test), 0);
}

/* ---- Beside one that does not. */

static void run_promise(void *view)
{
	const unsigned int *cpu = view;

	if (*cpu == 0)
		promise_run(&promise, &table);
	else if (*cpu == 1)
		promise_break(&promise);
}

static void breaks_its_promise(struct test *test)
{
	static unsigned int numbers[ALL_CPUS_VIEWS];
	uint64_t pa;

	if (smp_cpu_count() < 2)
		SKIP(test, "one CPU");
	EXPECT_EQUAL(test, begin(test), 0);
	pa = fh_page_to_phys(&test->machine->frames, ram).raw;
	promise = (struct promise){ .frames = &frames,
				    .tlb = &fh_tlb_cpu_ops,
				    .tlb_ctx = &table,
				    .memory = frame_at(test, 0),
				    .pa = pa,
				    .decoy = frame_at(test, DECOY),
				    .target = { [MOVED_TO_HOLE] = pa + HOLE * FRAME,
						[MOVED_TO_NOMAP] = pa + NOMAP * FRAME,
						[MOVED_TO_DECOY] = pa + DECOY * FRAME },
				    .seed = 1 };
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		numbers[cpu] = cpu;
	all_cpus_run(run_promise, numbers, sizeof(numbers[0]));
	printf("    # iommu.firmware: %llu moves, noticed by %llu calls, %llu tables lost\n",
	       (unsigned long long)promise.cases, (unsigned long long)promise.noticed,
	       (unsigned long long)promise.lost);
	if (promise.wrong) {
		test_fail(test, "tests/oracle/promise.c", promise.line, promise.wrong);
		return;
	}
	EXPECT_EQUAL(test, promise.cases, 2 * 2 * MOVED_TO_COUNT);
	EXPECT(test, promise.noticed && promise.lost);
	EXPECT(test, is_untouched(test) && is_all_free());
	EXPECT_EQUAL(test, end(test), 0);
}

static const struct test_case cases[] = {
	{ "keeps_its_promise", keeps_its_promise },
	{ "breaks_its_promise", breaks_its_promise },
};

SUITE(iommu_firmware, "iommu.firmware", cases);
