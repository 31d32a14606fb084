/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of UAT at once: the lock excludes, no translation outlives its flush, and no page is
 * used by the coprocessor after it went to somebody else; when it is dead, frames stay. The thread
 * sanitizer judges contents too: a page is written with plain stores on one side, read with plain
 * loads on the other, and only the protocol lies between.
 */
#include <cpu.h>
#include <pthread.h>

#include "tests/oracle/uat_mapper.h"
#include "tests/unit/iommu_fixture.h"

#define LOOKS 50000000u
#define ROUNDS 20000u
#define STEPS 2500u

/* ---- The lock */

struct locker {
	struct fh_uat_handoff *handoff;
	enum fh_uat_side side;
	uint32_t looks;
	unsigned int *counter;
	unsigned int got;
	unsigned int lost;
};

static void *run_locker(void *ctx)
{
	struct locker *l = ctx;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (fh_uat_handoff_lock(l->handoff, l->side, l->looks)) {
			l->lost++;
			continue;
		}
		++*l->counter;
		l->got++;
		fh_uat_handoff_unlock(l->handoff, l->side);
	}
	return NULL;
}

static void both_lock(struct locker *l, uint32_t looks)
{
	static struct fh_uat_handoff handoff;
	unsigned int counter = 0;
	pthread_t other;

	for (unsigned int i = 0; i < 2; i++)
		l[i] = (struct locker){ &handoff, (enum fh_uat_side)i, looks, &counter, 0, 0 };
	assert_int_equal(pthread_create(&other, NULL, run_locker, &l[1]), 0);
	run_locker(&l[0]);
	pthread_join(other, NULL);
	assert_int_equal(counter, l[0].got + l[1].got);
	assert_int_equal(handoff.lock[0] | handoff.lock[1], 0);
}

static void lock(void **state)
{
	struct locker l[2];

	(void)state;
	both_lock(l, LOOKS);
	assert_int_equal(l[0].lost + l[1].lost, 0);
}

/* Who gives up has claimed nothing, and nobody waits for his turn. */
static void impatient(void **state)
{
	struct locker l[2];

	(void)state;
	both_lock(l, 2);
	assert_int_equal(l[0].got + l[0].lost + l[1].got + l[1].lost, 2 * ROUNDS);
	assert_true(l[0].got && l[1].got);
}

/* ---- The coprocessor */

struct show {
	struct uat_scene scene;
	struct world *w;
	pthread_t coprocessor;
};

static void *run_model(void *ctx)
{
	uat_model_run(ctx);
	return NULL;
}

static void mode_set(struct show *show, enum uat_model_mode mode)
{
	show->scene.model.mode = mode;
	while (show->scene.model.seen != (uint32_t)mode)
		arch_cpu_relax();
}

static struct show *begin(void **state)
{
	struct show *show = calloc(1, sizeof(*show));

	assert_non_null(show);
	show->w = *state;
	show->scene.uat.looks = LOOKS;
	MUST(uat_scene_init(&show->scene, &show->w->frames, fw_table(show->w, 0), fw_pa(0), BASE,
			    FRAMES * FRAME));
	assert_int_equal(pthread_create(&show->coprocessor, NULL, run_model, &show->scene.model),
			 0);
	MUST(fh_uat_handoff_check(&show->scene.handoff, FH_UAT_AP, LOOKS));
	return show;
}

static void expect_nothing(const char *wrong)
{
	if (wrong)
		fail_msg("%s", wrong);
}

static void end(struct show *show)
{
	const char *wrong = uat_scene_end(&show->scene);

	mode_set(show, UAT_MODEL_STOP);
	pthread_join(show->coprocessor, NULL);
	/* What it has found is the reason of what failed. */
	expect_nothing(uat_scene_check(&show->scene));
	expect_nothing(wrong);
	assert_int_equal(world_count(show->w, FH_FRAME_HELD), 0);
	assert_int_equal(world_count(show->w, FH_FRAME_OWNED), 0);
	free(show);
}

static void *run_mapper(void *ctx)
{
	struct uat_mapper *m = ctx;

	host_cpu = m->context - 1;
	for (unsigned int i = 0; i < STEPS && uat_mapper_step(m); i++)
		;
	return NULL;
}

static void map_all(struct show *show)
{
	struct uat_mapper *m = show->scene.mapper;
	pthread_t other;

	assert_int_equal(pthread_create(&other, NULL, run_mapper, &m[1]), 0);
	run_mapper(&m[0]);
	pthread_join(other, NULL);
}

static void storm(void **state)
{
	struct show *show = begin(state);
	struct uat_model *model = &show->scene.model;

	map_all(show);
	mode_set(show, UAT_MODEL_SLOW);
	map_all(show);
	print_message("# uses %llu, of which by TLB %llu, answers %llu, enters %llu; binds %u\n",
		      (unsigned long long)model->uses, (unsigned long long)model->hits,
		      (unsigned long long)model->answers, (unsigned long long)model->enters,
		      show->scene.mapper[0].binds + show->scene.mapper[1].binds);
	assert_true(model->uses && model->hits && model->answers && model->enters);
	end(show);
}

/* It goes to the context of mapper 0, and stays. */
static void pin(struct show *show)
{
	show->scene.model.pin = 1;
	while (show->scene.handoff.current != 1)
		arch_cpu_relax();
}

/* A page of @part cannot be given away while the coprocessor does not answer; later it can. */
static void stays(struct show *show, unsigned int part, enum uat_model_mode mode)
{
	struct uat_mapper *m = &show->scene.mapper[0];
	struct uat_part *p = &m->part[part];
	struct fh_gather gather;
	uint64_t held;

	MUST(uat_mapper_map(m, p, UAT_MAPPER_FIRST));
	mode_set(show, mode);
	show->scene.uat.looks = 1000;
	held = world_count(show->w, FH_FRAME_HELD);
	fh_gather_init(&gather, p->table);
	MUST(fh_pgtable_unmap(p->table, fh_dma(p->sweep), p->sweep_bytes, &gather));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(fh_gather_flush(&gather), -ETIMEDOUT);
	assert_int_equal(show->scene.handoff.lock[FH_UAT_AP], 0);
	assert_int_equal(fh_uat_unbind(&m->half), mode == UAT_MODEL_HOLD ? -ETIMEDOUT : -EBUSY);
	assert_int_equal(world_count(show->w, FH_FRAME_HELD), held);
	show->scene.uat.looks = LOOKS;
	mode_set(show, UAT_MODEL_RUN);
	MUST(fh_gather_flush(&gather));
	assert_true(world_count(show->w, FH_FRAME_HELD) < held);
	MUST(uat_mapper_gone(m, p, UAT_MAPPER_FIRST));
}

static void dead(void **state)
{
	struct show *show = begin(state);

	pin(show);
	for (unsigned int part = 0; part < 2; part++) {
		stays(show, part, UAT_MODEL_DEAD);
		stays(show, part, UAT_MODEL_HOLD);
	}
	end(show);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.uat.threads.lock", lock),
	UNIT_TEST("iommu.uat.threads.impatient", impatient),
	WORLD_TEST("iommu.uat.threads.storm", storm),
	WORLD_TEST("iommu.uat.threads.dead", dead),
};

UNIT_MAIN("iommu.uat.threads", tests)
