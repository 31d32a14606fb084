/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inherited trees that are broken in one way each, in every format: each is refused, or warned of,
 * with its code, for its descriptor and value. Nothing is written: not to the tables, nor to
 * anything of ours. docs/adoption.md has a line for each: tests/build/adoption.t compares.
 */
#include "tests/unit/broken_trees.h"

struct found {
	unsigned int count[128];
	struct fh_adopt_finding finding[128]; /* the first of each code */
};

static void on_finding(void *ctx, const struct fh_adopt_finding *finding)
{
	struct found *found = ctx;

	assert_in_range(finding->code, 1, 127);
	if (!found->count[finding->code]++)
		found->finding[finding->code] = *finding;
}

static bool is_warning(enum fh_adopt_code code)
{
	return code >= FH_ADOPT_SHARED_TABLE;
}

/* @code once, and @also at least once, and nothing else. */
static void judge(const struct made *m, const struct broken *b, const struct found *found,
		  const struct fh_adopt_report *report)
{
	const struct fh_adopt_finding *finding = &found->finding[b->code];
	uint64_t refusals = 0, warnings = 0;

	for (unsigned int code = 1; code < 128; code++) {
		if (found->count[code] && code != b->code && code != b->also)
			fail_msg("also %s", fh_adopt_code_name((enum fh_adopt_code)code));
		*(is_warning((enum fh_adopt_code)code) ? &warnings : &refusals) +=
		    found->count[code];
	}
	assert_int_equal(found->count[b->code], 1);
	assert_int_equal(found->count[b->also] != 0, b->also != 0);
	assert_int_equal(report->refusals, refusals);
	assert_int_equal(report->warnings, warnings);
	assert_int_equal(report->first, is_warning(b->code) ? FH_ADOPT_OK : b->code);
	assert_int_equal(finding->table.raw, m->expected.table);
	assert_int_equal(finding->index, m->expected.index);
	assert_int_equal(finding->value, m->expected.value);
	if (m->expected.table != NOWHERE && b->code != FH_ADOPT_UNREADABLE)
		assert_int_equal(finding->desc, ram_at(m->t.w, finding->table.raw)[finding->index]);
}

/* A reserved region that does not begin or end with a table of the larger granules. */
static void reserve_odd(struct tree *t)
{
	struct shape_world *w = t->w;
	struct fh_frames_config config = w->frames.config;

	shape_map_begin(w);
	fh_memmap_add(&w->map, ODD_PA + 0x1000, 0x1e000, FH_MEM_RESERVED, "/reserved-memory/odd");
	MUST(fh_memmap_resolve(&w->map));
	free(w->metadata);
	w->metadata_bytes = fh_frames_metadata_bytes(&w->map);
	w->metadata = aligned_alloc(16, fh_align_up(w->metadata_bytes, 16));
	assert_non_null(w->metadata);
	config.metadata = w->metadata;
	config.metadata_bytes = w->metadata_bytes;
	MUST(fh_frames_init(&w->frames, &config));
}

static void give_back(struct made *m)
{
	struct fh_frames *frames = &m->t.w->frames;

	unit_abort_at(NULL, 0);
	host_cache_writeback_granule = 64;
	if (m->held)
		m->page = fh_page_from_phys(frames, fh_phys(m->expected.value));
	if (m->page)
		MUST(fh_page_free(frames, m->page));
}

/* What must be the same afterwards, and is: metadata, and the struct of what is refused. */
struct kept {
	unsigned char *metadata;
	struct fh_pgtable table;
};

/* Memory cannot even be written meanwhile. */
static void keep(struct kept *kept, struct shape_world *w)
{
	fh_frames_clear_marks(&w->frames);
	memset(&w->table, 0x3c, sizeof(w->table));
	kept->metadata = malloc(w->metadata_bytes);
	assert_non_null(kept->metadata);
	memcpy(kept->metadata, w->metadata, w->metadata_bytes);
	kept->table = w->table;
	assert_int_equal(mprotect(w->arena, SECURE_PA - RAM_BASE, PROT_READ), 0);
}

static void is_kept(struct kept *kept, const struct shape_world *w, bool refused)
{
	assert_memory_equal(kept->metadata, w->metadata, w->metadata_bytes);
	if (refused)
		assert_memory_equal(&kept->table, &w->table, sizeof(w->table));
	free(kept->metadata);
}

static void adopt_broken(const struct broken *b, struct made *m)
{
	static struct host_event event[64];
	static struct kept kept;
	struct shape_world *w = m->t.w;
	struct found found = { .count = { 0 } };
	struct fh_adopt_report report = { .finding = on_finding, .ctx = &found };

	keep(&kept, w);
	host_trace_start(event, FH_ARRAY_SIZE(event));
	assert_int_equal(fh_pgtable_adopt(&w->table, &w->config, &m->t.handover, &report),
			 fh_adopt_code_errno(b->code));
	assert_int_equal(host_trace_stop(), 0);
	judge(m, b, &found, &report);
	assert_int_equal(w->faults, 0);
	is_kept(&kept, w, !is_warning(b->code));
	if (is_warning(b->code))
		MUST(fh_pgtable_release(&w->table));
	assert_int_equal(mprotect(w->arena, SECURE_PA - RAM_BASE, PROT_READ | PROT_WRITE), 0);
}

/* @built counts, for each way, the shapes that can be broken so. Return: the sum. */
static unsigned int each_of_shape(const struct shape_case *shape, unsigned int *built)
{
	struct made m = { .page = NULL };
	unsigned int all = 0;

	tree_new(&m.t, shape);
	reserve_odd(&m.t);
	for (size_t i = 0; i < FH_ARRAY_SIZE(corpus); i++) {
		m.page = NULL;
		m.held = false;
		tree_plant(&m.t);
		if (corpus[i].build(&m)) {
			print_message("  %s: %s\n", shape->name, corpus[i].name);
			adopt_broken(&corpus[i], &m);
			built[i]++;
			all++;
		}
		give_back(&m);
	}
	tree_delete(&m.t);
	return all;
}

static void each_alone(void **state)
{
	unsigned int built[FH_ARRAY_SIZE(corpus)] = { 0 };

	(void)state;
	/* At least 30 in every format. */
	for (size_t s = 0; s < TREE_SHAPES; s++)
		assert_in_range(each_of_shape(tree_shape(s), built), 30, FH_ARRAY_SIZE(corpus));
	for (size_t i = 0; i < FH_ARRAY_SIZE(corpus); i++)
		if (!built[i])
			fail_msg("%s: no shape has it", corpus[i].name);
}

/* Every code that has a name is provoked by some tree. */
static void every_code(void **state)
{
	(void)state;
	for (int code = 1; code < 256; code++) {
		bool provoked = false;

		if (!strcmp(fh_adopt_code_name((enum fh_adopt_code)code), "unknown"))
			continue;
		for (size_t i = 0; i < FH_ARRAY_SIZE(corpus); i++)
			provoked = provoked || (int)corpus[i].code == code;
		if (!provoked)
			fail_msg("no tree provokes %d", code);
		assert_int_equal(fh_adopt_code_errno((enum fh_adopt_code)code) == 0,
				 is_warning((enum fh_adopt_code)code));
	}
}

/* Of what is whole nothing is said: the tree itself, also to a walker that is not coherent, and
 * with a run. */
static void whole(void **state)
{
	(void)state;
	for (size_t s = 0; s < TREE_SHAPES; s++) {
		struct found found = { .count = { 0 } };
		struct fh_adopt_report report = { .finding = on_finding, .ctx = &found };
		struct made m = { .page = NULL };

		tree_new(&m.t, tree_shape(s));
		m.t.w->config.coherent = false;
		run_from(&m, TREE_OUTPUT);
		MUST(fh_pgtable_adopt(&m.t.w->table, &m.t.w->config, &m.t.handover, &report));
		assert_int_equal(report.warnings, 0);
		assert_int_equal(report.tables, 4 - m.t.start);
		MUST(fh_pgtable_release(&m.t.w->table));
		tree_delete(&m.t);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.adopt.corpus.whole", whole),
	UNIT_TEST("iommu.adopt.corpus.each_alone", each_alone),
	UNIT_TEST("iommu.adopt.corpus.every_code", every_code),
};

UNIT_MAIN("iommu.adopt.corpus", tests)
