/* SPDX-License-Identifier: BSD-2-Clause */
/* A firmware and its neighbours on several CPUs: see beside.h. */
#include "tests/oracle/beside.h"

#include <cpu.h>

#include "iommu/pgtable_check.h"
#include "lib/error.h"
#include "tests/bench/random.h"

#define STEPS_A_ROUND 1000u
#define CHANGES_AT_ONCE 256u
#define ADOPTIONS_A_ROUND 4u

static void complain(struct beside *b, const char *wrong)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&b->wrong, &none, wrong);
}

#define EXPECT(b, condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			complain(b, #condition);                                                   \
			return;                                                                    \
		}                                                                                  \
	} while (0)

static unsigned int neighbours(const struct beside *b)
{
	return (b->cpus + 1) / 2;
}

/* ---- The firmware. */

static void be_firmware(struct beside *b, unsigned int part)
{
	unsigned int parts = b->cpus / 2;
	uint64_t seed = 1000 + part;

	while (!atomic_load(&b->done)) {
		for (unsigned int i = 0; i < CHANGES_AT_ONCE; i++)
			EXPECT(b, firmware_change(&b->fw, part, parts, &seed));
		EXPECT(b, firmware_is_whole(&b->fw, part, parts));
		atomic_fetch_add(&b->changes, CHANGES_AT_ONCE);
	}
}

/* ---- Those who work. */

static void meet(struct beside *b)
{
	unsigned int turn = atomic_load(&b->turn);

	if (atomic_fetch_add(&b->waiting, 1) + 1 == neighbours(b)) {
		atomic_store(&b->waiting, 0);
		atomic_fetch_add(&b->turn, 1);
	}
	while (atomic_load(&b->turn) == turn)
		arch_cpu_relax();
}

static void on_fault(void *ctx, const struct fh_fault *fault)
{
	struct beside *b = ctx;

	atomic_fetch_add(&b->faults, 1);
	if (fault->code != FH_FAULT_FOREIGN_ENTRY)
		complain(b, fh_fault_name(fault->code));
}

static struct fh_pgtable_config config_of(struct beside *b)
{
	struct fh_pgtable_config config = {
		.frames = b->frames,
		.tlb = b->tlb,
		.tlb_ctx = b->tlb_ctx,
		.report = { on_fault, b },
	};

	neighbour_config(&config);
	return config;
}

/* While the firmware changes what is looked at. */
static void adopt(struct beside *b, struct fh_pgtable *table)
{
	struct fh_pgtable_config config = config_of(b);
	struct fh_handover handover = neighbour_handover(&b->fw);
	struct fh_adopt_report report = { .ctx = NULL };

	for (unsigned int i = 0; i < ADOPTIONS_A_ROUND; i++) {
		config.coherent = false;
		EXPECT(b, fh_pgtable_adopt(table, &config, &handover, &report) == -ENOTSUP);
		EXPECT(b, report.first == FH_ADOPT_WRITEBACK);
		config.coherent = true;
		EXPECT(b, fh_pgtable_adopt(table, &config, &handover, &report) == 0);
		EXPECT(b, report.tables == FIRMWARE_PAGES);
		EXPECT(b, report.warnings == neighbour_warnings(&b->fw));
	}
}

static void trim(struct beside *b, struct fh_pgtable *table)
{
	struct fh_handover handover = neighbour_handover(&b->fw);

	for (unsigned int w = 0; w < handover.window_count; w++) {
		const struct fh_window *window = &handover.windows[w];
		struct fh_gather gather;

		fh_gather_init(&gather, table);
		EXPECT(b, fh_pgtable_trim(table, window->base, window->size, &gather) == 0);
		EXPECT(b, fh_gather_flush(&gather) == 0);
	}
}

/* Alone but for the firmware. */
static void give_back(struct beside *b, struct fh_pgtable *table)
{
	struct fh_check_report report = { 0 };
	struct fh_frames_stats stats;

	fh_frames_fail_after(b->frames, UINT64_MAX);
	if (b->rounds % 2)
		trim(b, table);
	EXPECT(b, fh_pgtable_check(table, &report) == 0);
	EXPECT(b, fh_pgtable_release(table) == 0);
	EXPECT(b, firmware_is_alone(&b->fw));
	fh_frames_stats(b->frames, &stats);
	EXPECT(b, stats.held == 0 && stats.owned == 0 && stats.refusals == 0);
}

static void work(struct beside *b, struct neighbour *n)
{
	for (unsigned int i = 0; i < STEPS_A_ROUND && !atomic_load(&b->wrong); i++) {
		/* The next of somebody's. */
		if (n->number == 0 && random_below(&n->seed, 16) == 0)
			fh_frames_fail_after(b->frames, random_below(&n->seed, 4));
		if (!neighbour_step(n))
			complain(b, n->wrong);
	}
}

static void lead(struct beside *b, struct fh_pgtable *table)
{
	do {
		adopt(b, table);
		for (unsigned int i = 0; i < neighbours(b); i++)
			neighbour_begin(&b->neighbour[i], table);
		meet(b);
		work(b, &b->neighbour[0]);
		meet(b);
		if (!atomic_load(&b->wrong))
			give_back(b, table);
		b->rounds++;
	} while (!atomic_load(&b->wrong) && !b->over(b->over_ctx));
	atomic_store(&b->done, true);
	meet(b);
	for (unsigned int i = 0; i < neighbours(b); i++) {
		b->steps += b->neighbour[i].steps;
		b->no_memory += b->neighbour[i].no_memory;
	}
}

static void follow(struct beside *b, struct neighbour *n)
{
	for (;;) {
		meet(b);
		if (atomic_load(&b->done))
			return;
		work(b, n);
		meet(b);
	}
}

void beside_prepare(struct beside *b)
{
	firmware_build(&b->fw, b->memory, b->pa);
	for (unsigned int i = 0; i < neighbours(b); i++)
		b->neighbour[i] =
		    (struct neighbour){ .number = i, .count = neighbours(b), .seed = i + 1 };
}

void beside_run(struct beside *b, struct fh_pgtable *table, unsigned int cpu)
{
	if (cpu == 0)
		lead(b, table);
	else if (cpu % 2)
		be_firmware(b, cpu / 2);
	else
		follow(b, &b->neighbour[cpu / 2]);
}
