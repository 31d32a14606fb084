/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random inherited trees of every format, from as they should be to garbage. A judge that shares
 * nothing with iommu/ says which must be adopted and which refused, and for what. Then the engine
 * works in the windows of those that are ours, some of it out of memory, and in the end every
 * byte is as it was. FH_STEPS says how many; FH_SEED repeats a run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hooks.h"
#include "tests/unit/inherited_fixture.h"
#include "tests/unit/replay.h"

#define TREES 2000u
/* A step of FH_STEPS is a small thing elsewhere; here it is a part of a tree. */
#define STEPS_A_TREE 25u
#define WORDS (FW_BYTES / 8)
#define EVENTS (UINT64_C(1) << 17)
#define OPERATIONS 24u
#define PAGES_MOST 2048u

struct codes {
	const char *name;
	unsigned int why;
};

static const struct codes codes[] = {
	{ "root-misaligned", INHERITED_ROOT },
	{ "outside-ram", INHERITED_OUTSIDE },
	{ "no-map", INHERITED_NOMAP },
	{ "allocatable", INHERITED_UNRESERVED },
	{ "allocated", INHERITED_UNRESERVED },
	{ "cycle", INHERITED_CYCLE },
	{ "two-levels", INHERITED_CYCLE },
	{ "illegal", INHERITED_ILLEGAL },
	{ "illegal-block", INHERITED_ILLEGAL },
	{ "output", INHERITED_OUTPUT },
	{ "reserved-bits", INHERITED_RESERVED },
	{ "misaligned", INHERITED_RESERVED },
	{ "no-software-bit", INHERITED_SOFTWARE },
	{ "window-range", INHERITED_RANGE },
	{ "window-align", INHERITED_ALIGN },
	{ "window-overlap", INHERITED_OVERLAP },
	{ "window-count", INHERITED_COUNT },
	{ "writeback", INHERITED_WRITEBACK },
	{ "unreadable", INHERITED_UNREADABLE },
};

struct run {
	struct tree t;
	struct inherited_verdict verdict;
	unsigned int found; /* of enum inherited_why, as adoption says it */
	unsigned int first;
	uint64_t seed; /* of this tree, which is the first one of a run with it */
	uint64_t before[WORDS];
	uint64_t last[WORDS];		   /* before an operation */
	unsigned char takeable[WORDS / 8]; /* a bit for each zero descriptor inside a window */
	struct host_event event[EVENTS];
	uint64_t pages; /* table pages of ours that may come back */
	/* of the whole test */
	uint64_t adopted;
	uint64_t done; /* operations that succeeded */
	uint64_t no_memory;
	uint64_t stores;
	unsigned int seen;
};

static uint64_t *fw(const struct run *r)
{
	return ram_at(r->t.w, FW_PA);
}

/* Bytes of the firmware's memory that hold tables; the others are zero. */
static size_t used(const struct run *r)
{
	return (size_t)(r->t.next - FW_PA);
}

static unsigned int why_of(enum fh_adopt_code code)
{
	const char *name = fh_adopt_code_name(code);

	if (fh_adopt_code_errno(code) == 0)
		return 0;
	for (size_t i = 0; i < FH_ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i].name, name) == 0)
			return codes[i].why;
	fail_msg("the judge knows nothing of %s", name);
	return 0;
}

static void on_finding(void *ctx, const struct fh_adopt_finding *finding)
{
	struct run *r = ctx;

	r->found |= why_of(finding->code);
}

static void on_ours(void *ctx, uint64_t pa)
{
	struct run *r = ctx; /* the tree is its first member */

	r->takeable[(pa - FW_PA) / 64] |= (unsigned char)(1u << ((pa - FW_PA) / 8 % 8));
}

_Static_assert(offsetof(struct run, t) == 0, "on_ours() gets the tree");

/* ---- Every store that is seen is one that may be. */

/* Also while it is broken, to be made anew: then it is not valid, and not zero. */
static bool marked_ours(const struct run *r, uint64_t desc)
{
	return desc & r->t.w->table.ours;
}

static void judge_event(struct run *r, const struct host_event *event)
{
	uint64_t word = (event->address - (uintptr_t)fw(r)) / 8;

	if ((event->kind != HOST_STORE && event->kind != HOST_CAS) ||
	    event->address < (uintptr_t)fw(r) || word >= WORDS)
		return;
	r->stores++;
	if (event->kind != HOST_CAS)
		fail_msg("a plain store to word %llu", (unsigned long long)word);
	if (word < used(r) / 8 && r->before[word])
		fail_msg("word %llu is the firmware's", (unsigned long long)word);
	if (!(r->takeable[word / 8] >> word % 8 & 1))
		fail_msg("word %llu is in no window", (unsigned long long)word);
	if ((event->old && !marked_ours(r, event->old)) ||
	    (event->value && !marked_ours(r, event->value)))
		fail_msg("word %llu: 0x%llx becomes 0x%llx", (unsigned long long)word,
			 (unsigned long long)event->old, (unsigned long long)event->value);
}

static void trace_begin(struct run *r)
{
	host_trace_start(r->event, EVENTS);
}

static void trace_end(struct run *r)
{
	size_t events = host_trace_stop();

	for (size_t i = 0; i < events; i++)
		judge_event(r, &r->event[i]);
}

/* ---- Adoption: as the judge says, and without a store. */

static void check_verdict(const struct run *r, int err)
{
	unsigned int why = r->verdict.why;

	if (why & INHERITED_TOO_LARGE)
		fail_msg("too large for the judge");
	if (!err != !why)
		fail_msg("adoption says %d, the judge 0x%x", err, why);
	if (r->found & ~why)
		fail_msg("found 0x%x, the judge 0x%x", r->found, why);
	/* What lies below a table that was not entered, or not read, is the judge's alone. */
	if (!(why & (INHERITED_CYCLE | INHERITED_UNREADABLE)) && r->found != why)
		fail_msg("found 0x%x, the judge 0x%x", r->found, why);
	if (err && !(r->first & why))
		fail_msg("the first is 0x%x, the judge 0x%x", r->first, why);
}

static void to_nobody(const struct host_event *event)
{
	(void)event;
}

/* The judge of the order knows no firmware that breaks the rules of a walker, nor one table at two
 * places. */
static void choose_replay(const struct run *r)
{
	if (r->t.spoiled || r->verdict.shared)
		replay_expect(to_nobody);
	else
		replay_expect_end();
}

static int adopt(struct run *r)
{
	struct shape_world *w = r->t.w;
	struct fh_handover handover = { fh_phys(r->t.root), r->t.window, r->t.window_count };
	struct fh_adopt_report report = { .finding = on_finding, .ctx = r };
	int err;

	memcpy(r->before, fw(r), used(r));
	memset(r->takeable, 0, sizeof(r->takeable));
	r->found = 0;
	r->verdict = tree_judge(&r->t, on_ours);
	choose_replay(r);
	host_trace_start(r->event, EVENTS);
	err = fh_pgtable_adopt(&w->table, &w->config, &handover, &report);
	assert_int_equal(host_trace_stop(), 0);
	assert_memory_equal(r->before, fw(r), used(r));
	assert_int_equal(err, fh_adopt_code_errno(report.first));
	r->first = why_of(report.first);
	check_verdict(r, err);
	r->seen |= r->verdict.why;
	return err;
}

/* ---- Work in the windows, and beside them. */

struct range {
	uint64_t base;
	uint64_t size;
};

static struct range random_range(struct run *r)
{
	struct tree *t = &r->t;
	const struct fh_window *window = &t->window[tree_below(t, t->window_count)];
	uint64_t granule = granule_of(t->w);
	int level = t->shape.start_level +
		    (int)tree_below(t, (uint64_t)(FH_LEVEL_PAGE - t->shape.start_level + 1));
	uint64_t unit = fh_shape_span(&t->shape, level);
	struct range range;

	/* What takes more pages than it is worth is done in small pieces. */
	if (!fh_shape_has_leaf(&t->shape, level) || unit > FH_GIB || tree_below(t, 2))
		unit = granule;
	range.base = window->base.raw + tree_below(t, window->size / granule) * granule;
	range.base = fh_align_down(range.base, unit);
	if (range.base < window->base.raw && tree_below(t, 8))
		range.base = window->base.raw;
	range.size = (1 + tree_below(t, unit == granule ? PAGES_MOST / 8 : 3)) * unit;
	if (range.size > FH_GIB || range.size / granule > PAGES_MOST * 4)
		range.size = granule * (1 + tree_below(t, PAGES_MOST));
	if (tree_below(t, 4) && range.size > window->base.raw + window->size - range.base)
		range.size = window->base.raw + window->size - range.base;
	if (tree_below(t, 16) == 0)
		range.base = fh_align_down(tree_spot(t), granule);
	if (range.size > FH_GIB)
		range.size = granule;
	return range;
}

static struct fh_attr attr_of(const struct run *r, unsigned int access)
{
	struct fh_attr attr = shape_rw(r->t.w);

	attr.access = (uint16_t)access;
	if (r->t.w->config.lpa2)
		attr.share = r->t.w->config.share;
	return attr;
}

static void must_lead(struct run *r, uint64_t iova, uint64_t pa)
{
	struct fh_translation answer;

	MUST(fh_pgtable_lookup(&r->t.w->table, fh_dma(iova), &answer));
	assert_int_equal(answer.pa.raw, pa);
	assert_int_equal(answer.owner, FH_OWNER_OURS);
}

static int map(struct run *r, struct range range)
{
	struct shape_world *w = r->t.w;
	uint64_t granule = granule_of(w);
	/* No RAM lies there; aligned as the device address, or not. */
	uint64_t pa = (range.base & (FH_GIB - 1)) + (tree_below(&r->t, 4) ? 0 : granule);
	int err = fh_pgtable_map(&w->table, fh_dma(range.base), fh_phys(pa), range.size,
				 attr_of(r, FH_READ | (tree_below(&r->t, 2) ? FH_WRITE : 0)));

	if (!err) {
		must_lead(r, range.base, pa);
		must_lead(r, range.base + range.size - 1, pa + range.size - 1);
	}
	return err;
}

static int change(struct run *r, struct range range, uint64_t what)
{
	struct shape_world *w = r->t.w;
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &w->table);
	if (tree_below(&r->t, 2))
		fh_gather_quiescent(&gather);
	if (what == 0)
		err = fh_pgtable_protect(&w->table, fh_dma(range.base), range.size,
					 attr_of(r, FH_READ), &gather);
	else if (what == 1)
		err = fh_pgtable_trim(&w->table, fh_dma(range.base), range.size, &gather);
	else
		err = fh_pgtable_unmap(&w->table, fh_dma(range.base), range.size, &gather);
	MUST(fh_gather_flush(&gather));
	return err;
}

static void check_result(struct run *r, int err)
{
	switch (err) {
	case 0:
		r->done++;
		return;
	case -ENOMEM:
		r->no_memory++;
		break;
	case -EPERM:
	case -EEXIST:
	case -ENOENT:
	case -EBUSY:
	case -ERANGE:
		break;
	default:
		fail_msg("an operation says %d", err);
	}
	/* One that failed has changed nothing. Where a table is reached twice, a range may meet
	 * itself, which is as if somebody had stepped in. */
	if (!r->verdict.shared)
		assert_memory_equal(r->last, fw(r), used(r));
}

static void operate(struct run *r)
{
	struct shape_world *w = r->t.w;
	struct range range = random_range(r);
	uint64_t what = tree_below(&r->t, 8);
	int err;

	memcpy(r->last, fw(r), used(r));
	trace_begin(r);
	if (tree_below(&r->t, 4) == 0)
		fh_frames_fail_after(&w->frames, tree_below(&r->t, 4));
	err = what < 4 ? map(r, range) : change(r, range, what - 4);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	trace_end(r);
	check_result(r, err);
}

static void work(struct run *r)
{
	for (unsigned int i = 0; i < OPERATIONS; i++)
		operate(r);
	trace_begin(r);
	MUST(fh_pgtable_release(&r->t.w->table));
	trace_end(r);
}

static uint64_t free_frames(const struct shape_world *w)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&w->frames, &stats);
	return stats.free;
}

static void one_tree(struct run *r, struct shape_world *w, uint64_t seed)
{
	uint64_t before = free_frames(w);

	r->seed = seed;
	tree_make(&r->t, w, seed);
	if (adopt(r) == 0) {
		r->adopted++;
		work(r);
		assert_memory_equal(r->before, fw(r), used(r));
	}
	unit_abort_at(NULL, 0);
	assert_int_equal(free_frames(w), before);
	memset(fw(r), 0, used(r));
}

static void random_trees(void **state)
{
	struct run *r = *state;
	struct shape_world *w = r->t.w;
	const char *text = getenv("FH_STEPS");
	uint64_t trees = text ? strtoull(text, NULL, 0) / STEPS_A_TREE : TREES;
	uint64_t seed = unit_seed("iommu.adopt.random");

	for (uint64_t i = 0; i < trees; i++)
		one_tree(r, w, seed + i);
	for (size_t word = 0; word < WORDS; word++)
		assert_int_equal(fw(r)[word], 0);
	print_message("%llu trees, %llu adopted; %llu operations, %llu without memory, %llu stores "
		      "to the firmware's tables\n",
		      (unsigned long long)trees, (unsigned long long)r->adopted,
		      (unsigned long long)r->done, (unsigned long long)r->no_memory,
		      (unsigned long long)r->stores);
	if (trees >= TREES) {
		assert_in_range(r->adopted, trees / 4, trees / 4 * 3);
		assert_int_equal(r->seen, INHERITED_TOO_LARGE - 1);
	}
}

static int setup(void **state)
{
	struct run *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->t.w = shape_world_new(&shape_cases[0]);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct run *r = *state;

	/* What failed, failed there. */
	printf("# iommu.adopt.random: the last tree: FH_SEED=0x%016llx FH_STEPS=%u\n",
	       (unsigned long long)r->seed, STEPS_A_TREE);
	unit_abort_at(NULL, 0);
	host_cache_writeback_granule = 64;
	shape_world_delete(r->t.w);
	free(r);
	return 0;
}

static const struct CMUnitTest tests[] = {
	{ "iommu.adopt.random.trees", random_trees, setup, teardown, NULL },
};

UNIT_MAIN("iommu.adopt.random", tests)
