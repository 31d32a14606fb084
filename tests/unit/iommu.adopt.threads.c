/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adoption and work while other CPUs play the firmware: they change their own entries, in the lines
 * of ours, all the while; or one moves a table, which it has promised not to.
 */
#include <cpu.h>
#include <pthread.h>

#include "tests/oracle/beside.h"
#include "tests/oracle/no_tlb.h"
#include "tests/unit/iommu_fixture.h"

#define ROUNDS 12u
#define DECOY 8u

struct cpu {
	struct beside *beside;
	struct promise *promise;
	struct fh_pgtable *table;
	unsigned int number;
	pthread_t thread;
};

static bool enough(void *ctx)
{
	const struct beside *b = ctx;

	return b->rounds >= ROUNDS;
}

static void *run(void *ctx)
{
	struct cpu *cpu = ctx;

	host_cpu = cpu->number;
	if (cpu->beside)
		beside_run(cpu->beside, cpu->table, cpu->number);
	else if (cpu->number)
		promise_break(cpu->promise);
	else
		promise_run(cpu->promise, cpu->table);
	return NULL;
}

static void run_all(struct cpu like, unsigned int cpus)
{
	struct cpu cpu[FH_CPU_MAX];

	for (unsigned int i = cpus; i-- > 0;) {
		cpu[i] = like;
		cpu[i].number = i;
		if (i)
			assert_int_equal(pthread_create(&cpu[i].thread, NULL, run, &cpu[i]), 0);
	}
	run(&cpu[0]);
	for (unsigned int i = 1; i < cpus; i++)
		pthread_join(cpu[i].thread, NULL);
}

static void beside(struct world *w, unsigned int cpus)
{
	static struct beside b;

	b = (struct beside){ .frames = &w->frames,
			     .tlb = &no_tlb,
			     .cpus = cpus,
			     .over = enough,
			     .over_ctx = &b,
			     .memory = fw_table(w, 0),
			     .pa = fw_pa(0) };
	beside_prepare(&b);
	run_all((struct cpu){ .beside = &b, .table = &w->table }, cpus);
	if (b.wrong)
		fail_msg("%s", b.wrong);
	assert_int_equal(b.rounds, ROUNDS);
	/* All of it has happened. */
	assert_true(b.changes && b.faults && b.no_memory);
	for (unsigned int i = 0; i < cpus / 2; i++)
		assert_true(firmware_is_whole(&b.fw, i, cpus / 2));
	world_idle(w);
}

static void one_and_one(void **state)
{
	beside(*state, 2);
}

static void two_and_two(void **state)
{
	beside(*state, 4);
}

static void moved(void **state)
{
	static struct promise p;
	struct world *w = *state;

	p = (struct promise){ .frames = &w->frames,
			      .tlb = &no_tlb,
			      .memory = fw_table(w, 0),
			      .pa = fw_pa(0),
			      .decoy = fw_table(w, DECOY),
			      .target = { [MOVED_TO_HOLE] = frame_pa(HOLE_FIRST),
					  [MOVED_TO_NOMAP] = frame_pa(SECURE_FIRST),
					  [MOVED_TO_DECOY] = fw_pa(DECOY) },
			      .seed = unit_seed("iommu.adopt.threads.moved") };
	run_all((struct cpu){ .promise = &p, .table = &w->table }, 2);
	if (p.wrong)
		fail_msg("%s (line %d, case %llu)", p.wrong, p.line, (unsigned long long)p.cases);
	assert_int_equal(p.cases, 2 * 2 * MOVED_TO_COUNT);
	assert_true(p.noticed && p.lost);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.adopt.threads.one_and_one", one_and_one),
	WORLD_TEST("iommu.adopt.threads.two_and_two", two_and_two),
	WORLD_TEST("iommu.adopt.threads.moved", moved),
};

UNIT_MAIN("iommu.adopt.threads", tests)
