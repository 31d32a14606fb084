/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine under the checker of tools/replay: as it is, in every format at every BBM level, and
 * with steps taken out of its trace, all of one kind or one alone, which must be missed by name.
 */
#include <cpu.h>

#include "tests/unit/replay_fixture.h"

static int map(struct world *w, uint64_t iova, uint64_t size)
{
	return fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(PA_BASE + iova), size, attr_of(w));
}

static void unmap(struct world *w, uint64_t iova, uint64_t size, bool quiescent)
{
	struct fh_gather gather;

	fh_gather_init(&gather, &w->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(iova), size, &gather));
	MUST(fh_gather_flush(&gather));
}

static void protect(struct world *w, uint64_t iova, uint64_t size, struct fh_attr attr,
		    bool quiescent)
{
	struct fh_gather gather;

	fh_gather_init(&gather, &w->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	MUST(fh_pgtable_protect(&w->table, fh_dma(iova), size, attr, &gather));
	MUST(fh_gather_flush(&gather));
}

static void trim(struct world *w)
{
	struct fh_gather gather;

	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_trim(&w->table, fh_dma(0), UINT64_C(1) << w->config.ias, &gather));
	MUST(fh_gather_flush(&gather));
}

/* Something of everything. */
static void exercise(struct world *w)
{
	uint64_t page = UINT64_C(1) << w->config.granule_lg2;
	struct fh_attr attr = attr_of(w);
	uint64_t block, run;

	MUST(fh_pgtable_init(&w->table, &w->config));
	block = fh_shape_span(&w->table.shape, 2);
	run = page << fh_shape_run_lg2(&w->table.shape, 3);
	MUST(map(w, 0, 4 * page));
	MUST(map(w, block, block));
	MUST(map(w, 2 * block, run));
	MUST(map(w, 4 * block - page, 2 * page));
	/* Permissions, in place; a type, which is not; a part of a block, and of a run. */
	attr.access &= (uint16_t)~FH_WRITE;
	protect(w, 0, 2 * page, attr, false);
	attr.memtype = FH_MEMTYPE_NC;
	protect(w, page, 2 * page, attr, true);
	unmap(w, block + page, page, w->config.bbm_level == 0);
	unmap(w, 2 * block, page, w->config.bbm_level < 2);
	/* Pages, a table, and all that is left. */
	unmap(w, 0, 3 * page, false);
	unmap(w, 4 * block - page, page, false);
	unmap(w, block, block, false);
	/* What could be a block, and what is empty. */
	MUST(map(w, block, block / 2));
	MUST(map(w, block + block / 2, block / 2));
	trim(w);
	MUST(fh_pgtable_release(&w->table));
}

static void run(const struct variant *v, replay_filter *filter)
{
	struct world *w = world_new();

	configure(w, v);
	if (filter)
		replay_expect(filter);
	exercise(w);
	world_delete(w);
	host_tlbi_range = false;
}

/* ---- As it is */

static void right(void **state)
{
	static const uint8_t granules[] = { 12, 14, 16 };
	struct replay_counts before = replay_judged(), after;
	unsigned int runs = 0;

	(void)state;
	for (unsigned int regime = FH_REGIME_EL1; regime <= FH_REGIME_STAGE2; regime++)
		for (unsigned int g = 0; g < 3; g++)
			for (unsigned int bits = 0; bits < 24; bits++) {
				struct variant v = {
					(enum fh_regime)regime, granules[g], bits & 1,
					(uint8_t)(bits / 8),	bits & 2,    bits & 4
				};

				run(&v, NULL);
				runs++;
			}
	after = replay_judged();
	if (!after.events)
		skip();
	/* It has looked. */
	assert_true(after.stores - before.stores > runs * 100);
	assert_true(after.stale - before.stale > runs * 100);
	assert_true(after.given - before.given > runs * 4);
	assert_true(after.links - before.links > runs * 4);
}

/* ---- One kind of step missing, or done another way */

static struct mutant {
	const char *name;
	bool (*is)(const struct host_event *event);
	void (*change)(struct host_event *event); /* NULL: it is dropped */
	struct variant of;
	enum replay_step first;
	enum replay_step among;
} mutant;

static bool is_dsb_ishst(const struct host_event *event)
{
	return event->kind == HOST_DSB_ISHST;
}

static bool is_dsb_ish(const struct host_event *event)
{
	return event->kind == HOST_DSB_ISH;
}

static bool is_dsb_sy(const struct host_event *event)
{
	return event->kind == HOST_DSB_SY;
}

static bool is_isb(const struct host_event *event)
{
	return event->kind == HOST_ISB;
}

static bool is_clean(const struct host_event *event)
{
	return event->kind == HOST_CLEAN;
}

static bool is_tlbi(const struct host_event *event)
{
	return event->kind >= HOST_TLBI_VA && event->kind < HOST_NOTE;
}

static bool is_tlbi_el1(const struct host_event *event)
{
	return is_tlbi(event) && event->el == 1;
}

static bool is_invalidate(const struct host_event *event)
{
	return event->kind == HOST_NOTE_INVALIDATE;
}

static bool is_sync(const struct host_event *event)
{
	return event->kind == HOST_NOTE_SYNC;
}

static bool is_zeroing(const struct host_event *event)
{
	return event->kind == HOST_NOTE_ZEROED;
}

static void make_short(struct host_event *event)
{
	event->size -= event->size > 8 ? 8 : 0;
}

static void make_half(struct host_event *event)
{
	event->size = event->size / 2 ? event->size / 2 : 1;
}

static void leave_tables(struct host_event *event)
{
	event->old &= ~(uint64_t)HOST_INVALIDATE_TABLES;
}

static void make_coarse(struct host_event *event)
{
	event->old += 9;
}

static void other_asid(struct host_event *event)
{
	if (event->kind != HOST_TLBI_ALL)
		event->value ^= UINT64_C(1) << 48;
}

static void other_regime(struct host_event *event)
{
	event->el = 3;
}

static void next_page(struct host_event *event)
{
	if (event->kind != HOST_TLBI_ALL)
		event->value++;
}

static void last_level(struct host_event *event)
{
	if (event->kind == HOST_TLBI_VA)
		event->kind = HOST_TLBI_VA_LAST;
}

static void weaker(struct host_event *event)
{
	event->kind = HOST_DSB_ISHST;
}

static void filter_mutant(const struct host_event *event)
{
	struct host_event changed = *event;

	if (!mutant.is(event)) {
		replay_pass(event);
		return;
	}
	if (mutant.change) {
		mutant.change(&changed);
		replay_pass(&changed);
	}
}

#define CACHED(bbm)                                                                                \
	{                                                                                          \
		FH_REGIME_EL1, 12, true, (bbm), true, false                                        \
	}
#define UNCACHED(bbm)                                                                              \
	{                                                                                          \
		FH_REGIME_EL1, 12, false, (bbm), true, false                                       \
	}
#define BACKEND(bbm)                                                                               \
	{                                                                                          \
		FH_REGIME_EL1, 12, true, (bbm), false, false                                       \
	}
#define STAGE2(bbm)                                                                                \
	{                                                                                          \
		FH_REGIME_STAGE2, 12, true, (bbm), true, false                                     \
	}

/* clang-format off */
#define AT_BBM(bbm)                                                                                \
	{ "no DSB ISHST", is_dsb_ishst, NULL, CACHED(bbm), REPLAY_STORE_DSB, REPLAY_CHILD_BARRIER }, \
	{ "no DSB ISHST", is_dsb_ishst, NULL, CACHED(bbm), REPLAY_STORE_DSB, REPLAY_TLBI_AFTER },  \
	{ "no DSB SY", is_dsb_sy, NULL, UNCACHED(bbm), REPLAY_STORE_CLEAN_DSB, REPLAY_CHILD_CLEAN_DSB }, \
	{ "weak DSB", is_dsb_sy, weaker, UNCACHED(bbm), REPLAY_STORE_CLEAN_DSB, REPLAY_CHILD_CLEAN_DSB }, \
	{ "no clean", is_clean, NULL, UNCACHED(bbm), REPLAY_STORE_CLEAN, REPLAY_CHILD_CLEAN },     \
	{ "no clean", is_clean, NULL, UNCACHED(bbm), REPLAY_STORE_CLEAN, REPLAY_TLBI_AFTER_CLEAN }, \
	{ "short clean", is_clean, make_short, UNCACHED(bbm), REPLAY_CHILD_CLEAN, REPLAY_CHILD_CLEAN }, \
	{ "no TLBI", is_tlbi, NULL, CACHED(bbm), REPLAY_TLBI, REPLAY_TLBI },                       \
	{ "other ASID", is_tlbi, other_asid, CACHED(bbm), REPLAY_TLBI_ASID, REPLAY_TLBI_ASID },    \
	{ "other regime", is_tlbi, other_regime, CACHED(bbm), REPLAY_TLBI_REGIME, REPLAY_TLBI_REGIME }, \
	{ "next page", is_tlbi, next_page, CACHED(bbm), REPLAY_TLBI_RANGE, REPLAY_TLBI_RANGE },    \
	{ "last level", is_tlbi, last_level, CACHED(bbm), REPLAY_TLBI_TABLES, REPLAY_TLBI_TABLES }, \
	{ "no DSB ISH", is_dsb_ish, NULL, CACHED(bbm), REPLAY_TLBI_DSB, REPLAY_TLBI_DSB },         \
	{ "weak DSB ISH", is_dsb_ish, weaker, CACHED(bbm), REPLAY_TLBI_DSB, REPLAY_TLBI_DSB },     \
	{ "no ISB", is_isb, NULL, CACHED(bbm), REPLAY_ISB, REPLAY_ISB },                           \
	{ "no zeros", is_zeroing, NULL, CACHED(bbm), REPLAY_CHILD_CONTENTS, REPLAY_CHILD_CONTENTS }, \
	{ "no VMALLE1IS", is_tlbi_el1, NULL, STAGE2(bbm), REPLAY_TLBI_STAGE_1, REPLAY_TLBI_STAGE_1 }, \
	{ "no invalidate", is_invalidate, NULL, BACKEND(bbm), REPLAY_TLBI, REPLAY_TLBI },          \
	{ "no sync", is_sync, NULL, BACKEND(bbm), REPLAY_TLBI_DSB, REPLAY_TLBI_DSB },              \
	{ "half a range", is_invalidate, make_half, BACKEND(bbm), REPLAY_TLBI_RANGE, REPLAY_TLBI_RANGE }, \
	{ "walk caches", is_invalidate, leave_tables, BACKEND(bbm), REPLAY_TLBI_TABLES, REPLAY_TLBI_TABLES }, \
	{ "coarse", is_invalidate, make_coarse, BACKEND(bbm), REPLAY_TLBI_RANGE, REPLAY_TLBI_RANGE }

static const struct mutant mutants[] = { AT_BBM(0), AT_BBM(1), AT_BBM(2) };
/* clang-format on */

static void each_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(mutants); i++) {
		mutant = mutants[i];
		run(&mutant.of, filter_mutant);
		if (replay_first() != mutant.first || !replay_found(mutant.among))
			fail_msg("%s, BBM level %u: first %s, %u times %s", mutant.name,
				 mutant.of.bbm, replay_step_name(replay_first()),
				 replay_found(mutant.among), replay_step_name(mutant.among));
		replay_expect_end();
	}
}

/* The link before what makes its table ready. */
static struct host_event held[2];
static unsigned int held_count;

static void filter_swap(const struct host_event *event)
{
	if (event->kind == HOST_CLEAN || event->kind == HOST_DSB_SY ||
	    event->kind == HOST_DSB_ISHST) {
		/* Cleans go with their barrier; two in a row are let go. */
		if (held_count == 2 || (held_count && event->kind != HOST_DSB_SY))
			while (held_count)
				replay_pass(&held[--held_count]);
		held[held_count++] = *event;
		return;
	}
	replay_pass(event);
	for (unsigned int i = 0; i < held_count; i++)
		replay_pass(&held[i]);
	held_count = 0;
}

static void swapped(void **state)
{
	(void)state;
	for (uint8_t bbm = 0; bbm < 3; bbm++) {
		struct variant cached = CACHED(bbm), uncached = UNCACHED(bbm);

		run(&cached, filter_swap);
		assert_true(replay_found(REPLAY_CHILD_BARRIER) > 0);
		replay_expect_end();
		run(&uncached, filter_swap);
		assert_true(replay_found(REPLAY_CHILD_CLEAN) > 0);
		replay_expect_end();
	}
}

/* ---- One step alone */

static uint64_t steps_seen, step_dropped;
static struct host_event dropped;

static bool is_step(const struct host_event *event)
{
	return event->kind >= HOST_CLEAN && event->kind < HOST_NOTE;
}

static void filter_one(const struct host_event *event)
{
	if (is_step(event) && steps_seen++ == step_dropped) {
		dropped = *event;
		return;
	}
	replay_pass(event);
}

/* Is the loss of an event of @kind noticed as often as it is seldom redundant? */
static bool is_enough(enum host_event_kind kind, bool coherent, unsigned int noticed,
		      unsigned int all)
{
	switch (kind) {
	case HOST_CLEAN:
		/* Not when another store to the same descriptor follows at once, nor that of a link
		 * which turns out to be this CPU's. */
		return noticed >= all / 2;
	case HOST_DSB_ISHST:
		/* Not coherent: all is complete by the DSB of its clean. Coherent: of those of
		 * several new tables one is enough. */
		return !coherent || noticed >= all / 2;
	case HOST_DSB_SY:
		/* Of cleans in a row, the last one's is enough. */
		return noticed >= all / 4;
	case HOST_ISB:
		/* That of a break, when the flush has its own. */
		return noticed >= all / 4;
	default:
		/* A flush after a break has nothing left to invalidate. */
		return noticed >= all - all / 4;
	}
}

static void each_step(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < 6; bits++) {
		struct variant v = { FH_REGIME_EL1, 12, bits & 1, (uint8_t)(bits / 2), true, true };
		unsigned int all[HOST_NOTE] = { 0 }, noticed[HOST_NOTE] = { 0 };
		struct world *w = world_new();

		configure(w, &v);
		for (step_dropped = 0;; step_dropped++) {
			steps_seen = 0;
			replay_expect(filter_one);
			exercise(w);
			if (steps_seen <= step_dropped)
				break;
			all[dropped.kind]++;
			noticed[dropped.kind] += replay_first() != REPLAY_OK;
		}
		assert_int_equal(replay_first(), REPLAY_OK);
		replay_expect_end();
		for (unsigned int kind = 0; kind < HOST_NOTE; kind++)
			if (!is_enough((enum host_event_kind)kind, v.coherent, noticed[kind],
				       all[kind]))
				fail_msg("kind %u: %u of %u noticed", kind, noticed[kind],
					 all[kind]);
		assert_true(all[HOST_DSB_ISH] > 3 && all[v.coherent ? HOST_DSB_ISHST : HOST_CLEAN]);
		world_delete(w);
	}
	host_tlbi_range = false;
}

/* ---- Another CPU maps below a link that this one has made and not cleaned yet */

static struct world *shared;
static unsigned int stepped_in;

static void filter_step_in(const struct host_event *event)
{
	replay_pass(event);
	if (event->kind != HOST_CAS || (event->value & 3) != 3 || host_cpu)
		return;
	stepped_in++;
	host_cpu = 1;
	MUST(fh_pgtable_map(&shared->table, fh_dma(8 * FRAME), fh_phys(PA_BASE), FRAME, ATTR_RW));
	host_cpu = 0;
}

static void behind_link(void **state)
{
	(void)state;
	for (unsigned int coherent = 0; coherent < 2; coherent++) {
		struct variant v = { FH_REGIME_EL1, 12, coherent, 0, true, false };

		shared = world_new();
		stepped_in = 0;
		configure(shared, &v);
		replay_expect(filter_step_in);
		MUST(fh_pgtable_init(&shared->table, &shared->config));
		MUST(fh_pgtable_map(&shared->table, fh_dma(0), fh_phys(PA_BASE), FRAME, ATTR_RW));
		MUST(fh_pgtable_release(&shared->table));
		assert_int_equal(stepped_in, 1);
		if (replay_first())
			fail_msg("coherent %u: %s", coherent, replay_step_name(replay_first()));
		replay_expect_end();
		world_delete(shared);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("tools.replay.engine.right", right),
	UNIT_TEST("tools.replay.engine.behind_link", behind_link),
	UNIT_TEST("tools.replay.engine.each_kind", each_kind),
	UNIT_TEST("tools.replay.engine.swapped", swapped),
	UNIT_TEST("tools.replay.engine.each_step", each_step),
};

UNIT_MAIN("tools.replay.engine", tests)
