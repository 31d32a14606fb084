/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.uat: UAT tables between this CPU and a coprocessor, which another CPU plays
 * (tests/oracle/uat_model.h). Pages come and go in a lower half and in windows of the adopted upper
 * one for fh.storm= ms, while it uses them; then it is dead, or keeps the lock, and no frame may be
 * given away. The firmware's tables lie in the image, which is reserved memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cpu.h>

#include "boot/smp.h"
#include "tests/oracle/uat_mapper.h"
#include "tests/target/all_cpus.h"
#include "tests/target/harness.h"

#define STEPS_MIN 200u
#define LOOKS 2000000000u
#define COPROCESSOR 1u

static struct uat_scene scene;
static uint64_t tree[UAT_TREE_WORDS] __attribute__((aligned(0x4000)));

static void run_model(void *ctx)
{
	uat_model_run(ctx);
}

static void mode_set(enum uat_model_mode mode)
{
	scene.model.mode = mode;
	while (scene.model.seen != (uint32_t)mode)
		arch_cpu_relax();
}

static int begin(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	uint64_t base = (uintptr_t)tree;
	int err;

	memset(&scene, 0, sizeof(scene));
	scene.uat.looks = LOOKS;
	err = uat_scene_init(&scene, frames, tree, base, 0, UINT64_MAX);
	if (err)
		return err;
	smp_run(COPROCESSOR, run_model, &scene.model);
	return fh_uat_handoff_check(&scene.handoff, FH_UAT_AP, LOOKS);
}

/* Return: NULL, or what was wrong. */
static const char *end(void)
{
	const char *wrong = uat_scene_end(&scene), *found;

	mode_set(UAT_MODEL_STOP);
	smp_wait(COPROCESSOR);
	found = uat_scene_check(&scene);
	return found ? found : wrong;
}

#define EXPECT_NOTHING(test, wrong)                                                                \
	do {                                                                                       \
		const char *wrong_ = (wrong);                                                      \
                                                                                                   \
		if (wrong_) {                                                                      \
			test_fail(test, __FILE__, __LINE__, wrong_);                               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Turns of the mappers, both on this CPU. Return: how many there were. */
static unsigned int map_for(uint64_t ticks)
{
	uint64_t start = ticks_since(0);
	unsigned int steps = 0;
	bool well = true;

	while (well && (steps < STEPS_MIN || ticks_since(start) < ticks)) {
		well = uat_mapper_step(&scene.mapper[steps % UAT_MAPPERS]);
		steps++;
	}
	return steps;
}

static void storm(struct test *test)
{
	struct fh_frames_stats before, after;
	unsigned int steps;

	if (smp_cpu_count() < 2)
		SKIP(test, "one CPU");
	fh_frames_stats(&test->machine->frames, &before);
	EXPECT_EQUAL(test, begin(test), 0);
	steps = map_for(storm_ticks(test) / 2);
	mode_set(UAT_MODEL_SLOW);
	steps += map_for(storm_ticks(test) / 2);
	printf("# iommu.uat: %u steps, %llu uses, of which by TLB %llu, %llu answers, %llu "
	       "enters\n",
	       steps, (unsigned long long)scene.model.uses, (unsigned long long)scene.model.hits,
	       (unsigned long long)scene.model.answers, (unsigned long long)scene.model.enters);
	EXPECT_NOTHING(test, end());
	EXPECT(test, scene.model.hits && scene.model.answers && scene.model.enters);
	fh_frames_stats(&test->machine->frames, &after);
	EXPECT_EQUAL(test, after.free, before.free);
	EXPECT_EQUAL(test, after.held, before.held);
}

/* What is unmapped while it does not answer is given away when it answers, and not before. */
static int kept(struct test *test, unsigned int number, enum uat_model_mode mode)
{
	struct uat_mapper *m = &scene.mapper[0];
	struct uat_part *part = &m->part[number];
	struct fh_frames_stats before, after;
	struct fh_gather gather;
	int err = uat_mapper_map(m, part, UAT_MAPPER_FIRST);

	if (err)
		return err;
	mode_set(mode);
	scene.uat.looks = 1000;
	fh_gather_init(&gather, part->table);
	err = fh_pgtable_unmap(part->table, fh_dma(part->sweep), part->sweep_bytes, &gather);
	fh_frames_stats(&test->machine->frames, &before);
	if (!err && fh_gather_flush(&gather) != -ETIMEDOUT)
		err = -EIO;
	fh_frames_stats(&test->machine->frames, &after);
	if (after.held != before.held)
		err = -EIO;
	scene.uat.looks = LOOKS;
	mode_set(UAT_MODEL_RUN);
	if (!err)
		err = fh_gather_flush(&gather);
	fh_frames_stats(&test->machine->frames, &after);
	if (!err && after.held >= before.held)
		err = -EIO;
	return err ? err : uat_mapper_gone(m, part, UAT_MAPPER_FIRST);
}

static void dead(struct test *test)
{
	int err = 0;

	if (smp_cpu_count() < 2)
		SKIP(test, "one CPU");
	EXPECT_EQUAL(test, begin(test), 0);
	scene.model.pin = 1;
	while (scene.handoff.current != 1)
		arch_cpu_relax();
	for (unsigned int part = 0; part < 2 && !err; part++) {
		err = kept(test, part, UAT_MODEL_DEAD);
		if (!err)
			err = kept(test, part, UAT_MODEL_HOLD);
	}
	EXPECT_NOTHING(test, end());
	EXPECT_EQUAL(test, err, 0);
}

static const struct test_case cases[] = {
	{ "storm", storm },
	{ "dead", dead },
};

SUITE(iommu_uat, "iommu.uat", cases);
