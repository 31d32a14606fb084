/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of the input space, in shapes of every kind: roots of a few entries, of one level, of
 * several tables in a row, of level -1. Random operations against a model with one entry a page,
 * up to the last page of the input and of the output, in tables of our own and below a root of the
 * firmware's, of which not a bit may change.
 */
#include "iommu/pgtable_check.h"
#include "tests/unit/iommu_fixture.h"

#define PAGES_MAX 2048u
#define STEPS 40u
/* Pages at the start that are the firmware's, where it has a tree down to them. */
#define FOREIGN 8u

struct kind {
	enum fh_format format;
	uint8_t granule, ias, oas, concat, bbm;
	bool lpa2, coherent;
};

#define S1 FH_FORMAT_S1
#define S2 FH_FORMAT_S2

static const struct kind kinds[] = {
	{ S1, 12, 16, 48, 0, 2, false, true },	{ S1, 12, 21, 48, 0, 2, false, false },
	{ S1, 12, 22, 48, 0, 0, false, true },	{ S1, 12, 30, 48, 0, 1, false, true },
	{ S1, 12, 31, 32, 0, 2, false, true },	{ S1, 12, 48, 48, 0, 2, false, true },
	{ S1, 12, 49, 52, 0, 2, true, true },	{ S1, 12, 52, 52, 0, 1, true, true },
	{ S2, 12, 22, 48, 1, 2, false, true },	{ S2, 12, 25, 48, 4, 2, false, false },
	{ S2, 12, 34, 40, 4, 1, false, true },	{ S2, 12, 43, 48, 4, 0, false, true },
	{ S2, 12, 52, 52, 4, 2, true, true },	{ S1, 14, 17, 48, 0, 2, false, true },
	{ S1, 14, 26, 48, 0, 1, false, false }, { S1, 14, 48, 48, 0, 2, false, true },
	{ S1, 14, 52, 52, 0, 2, true, true },	{ S2, 14, 40, 48, 4, 2, false, true },
	{ S2, 14, 29, 48, 4, 0, false, true },	{ S1, 16, 17, 48, 0, 2, false, true },
	{ S1, 16, 30, 48, 0, 1, false, true },	{ S1, 16, 48, 48, 0, 2, false, true },
	{ S1, 16, 52, 52, 0, 2, false, true },	{ S2, 16, 30, 52, 1, 2, false, true },
};

struct page_model {
	bool mapped;
	uint64_t pa;
	struct fh_attr attr;
};

/* One end: pages from @start on, of which the first @foreign are not ours. */
struct end {
	uint64_t start;
	unsigned int foreign;
	struct page_model page[PAGES_MAX];
};

struct model {
	struct world *w;
	const struct kind *kind;
	uint64_t random, granule;
	unsigned int pages;
	struct end end[2];
	struct snapshot before;
	unsigned char fw[FW_COUNT * 4096];
};

/* What one pass of the loop is about. */
struct op {
	struct end *end;
	unsigned int first, count, mapped;
	fh_dma_addr_t iova;
	uint64_t size;
	bool quiescent;
	struct fh_attr attr;
	struct fh_gather gather;
};

static uint64_t below(struct model *m, uint64_t bound)
{
	return unit_random_below(&m->random, bound);
}

static struct fh_attr pick_attr(struct model *m)
{
	static const struct fh_attr attrs[] = {
		{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_INNER },
	};

	return attrs[below(m, FH_ARRAY_SIZE(attrs))];
}

/* Often at one of the two edges. */
static struct op pick(struct model *m)
{
	struct op op = { .end = &m->end[below(m, 2)], .attr = pick_attr(m) };
	unsigned int ours = m->pages - op.end->foreign;

	op.quiescent = below(m, 2);
	op.count = 1 + (unsigned int)below(m, below(m, 2) || ours < 40 ? ours : 40);
	switch (below(m, 3)) {
	case 0:
		op.first = op.end->foreign;
		break;
	case 1:
		op.first = m->pages - op.count;
		break;
	default:
		op.first = op.end->foreign + (unsigned int)below(m, ours - op.count + 1);
	}
	op.iova = fh_dma(op.end->start + op.first * m->granule);
	op.size = op.count * m->granule;
	for (unsigned int i = op.first; i < op.first + op.count; i++)
		op.mapped += op.end->page[i].mapped;
	fh_gather_init(&op.gather, &m->w->table);
	if (op.quiescent)
		fh_gather_quiescent(&op.gather);
	return op;
}

/* Often in step with the device address, or up to the last byte of the output; never in RAM. */
static uint64_t pick_pa(struct model *m, const struct op *op)
{
	uint64_t end = UINT64_C(1) << m->kind->oas;
	uint64_t pa = below(m, 3) * FH_GIB;

	if (below(m, 3) == 0)
		return end - op->size;
	pa += below(m, 2) ? op->iova.raw % FH_GIB : below(m, 1024) * m->granule;
	return pa + op->size > BASE ? below(m, 1024) * m->granule : pa;
}

static void step_map(struct model *m, struct op *op)
{
	struct fh_pgtable *table = &m->w->table;
	fh_phys_addr_t pa = fh_phys(pick_pa(m, op));
	int64_t plan = fh_pgtable_plan(table, op->iova, pa, op->size, op->attr);
	uint64_t tables = table->tables;
	int err = fh_pgtable_map(table, op->iova, pa, op->size, op->attr);

	if (op->mapped) {
		assert_int_equal(err, -EEXIST);
		assert_int_equal(plan, -EEXIST);
		snapshot_equal(&m->before, m->w);
		return;
	}
	assert_int_equal(err, 0);
	assert_int_equal(table->tables, tables + (uint64_t)plan);
	for (unsigned int i = 0; i < op->count; i++)
		op->end->page[op->first + i] =
		    (struct page_model){ true, pa.raw + i * m->granule, op->attr };
}

/* Unmap, or protect with @attr. */
static void step_change(struct model *m, struct op *op, const struct fh_attr *attr)
{
	struct fh_pgtable *table = &m->w->table;
	int err = attr ? fh_pgtable_protect(table, op->iova, op->size, *attr, &op->gather)
		       : fh_pgtable_unmap(table, op->iova, op->size, &op->gather);

	/* An unmap takes away empty tables as well. */
	if (attr ? op->mapped < op->count : !op->mapped)
		assert_true(err == -ENOENT || (!attr && !err));
	else
		assert_true(!err || (err == -EBUSY && !op->quiescent));
	if (err) {
		assert_false(op->gather.pending);
		snapshot_equal(&m->before, m->w);
		return;
	}
	for (unsigned int i = op->first; i < op->first + op->count; i++) {
		op->end->page[i].mapped = attr != NULL;
		if (attr)
			op->end->page[i].attr = *attr;
	}
}

static void check_end(struct model *m, const struct end *end)
{
	for (unsigned int i = end->foreign; i < m->pages; i += 1 + (unsigned int)below(m, 16)) {
		uint64_t offset = below(m, m->granule);
		struct seen seen = agree(m->w, &m->w->table, end->start + i * m->granule + offset);

		assert_int_equal(seen.mapped, end->page[i].mapped);
		if (!seen.mapped)
			continue;
		assert_int_equal(seen.pa, end->page[i].pa + offset);
		assert_true(same_attr(&seen, end->page[i].attr));
	}
}

static void step(struct model *m)
{
	struct fh_check_report report = { .finding = NULL };
	struct op op = pick(m);
	uint64_t what = below(m, 8);

	snapshot_take(&m->before, m->w);
	if (what < 3)
		step_map(m, &op);
	else if (what < 7)
		step_change(m, &op, what < 5 ? NULL : &op.attr);
	else
		MUST(fh_pgtable_trim(&m->w->table, op.iova, op.size, &op.gather));
	MUST(fh_gather_flush(&op.gather));
	MUST(fh_pgtable_check(&m->w->table, &report));
	world_runs(m->w);
	world_adds_up(m->w);
	for (unsigned int e = 0; e < 2; e++)
		check_end(m, &m->end[e]);
}

/* Nothing but zero ends of the input space: one page more is refused, by every operation. */
static void step_over(struct model *m)
{
	struct fh_pgtable *table = &m->w->table;
	uint64_t last = (UINT64_C(1) << m->kind->ias) - m->granule;
	uint64_t beyond = (UINT64_C(1) << m->kind->oas) - m->granule;
	struct fh_attr attr = pick_attr(m);
	struct fh_gather gather;
	struct fh_translation answer;

	fh_gather_init(&gather, table);
	for (uint64_t size = 2 * m->granule; size; size *= 2) {
		assert_int_equal(fh_pgtable_map(table, fh_dma(last), fh_phys(0), size, attr),
				 -ERANGE);
		assert_int_equal(fh_pgtable_unmap(table, fh_dma(last), size, &gather), -ERANGE);
		assert_int_equal(fh_pgtable_protect(table, fh_dma(last), size, attr, &gather),
				 -ERANGE);
		assert_int_equal(fh_pgtable_trim(table, fh_dma(last), size, &gather), -ERANGE);
		assert_int_equal(fh_pgtable_map(table, fh_dma(FOREIGN * m->granule),
						fh_phys(beyond), size, attr),
				 -ERANGE);
	}
	assert_int_equal(fh_pgtable_lookup(table, fh_dma(last + m->granule), &answer), -ERANGE);
	assert_false(gather.pending);
}

/* Tables of the firmware's from the root to the pages at the start, as far as there is room. */
static bool firmware_tree(struct model *m)
{
	struct arm arm = arm_of(&m->w->config);
	unsigned int frames = 1u << (arm.granule - 12);
	uint64_t root_bytes = (uint64_t)arm_entries(&arm, arm.start) * sizeof(uint64_t);
	unsigned int next = root_bytes > m->granule ? (unsigned int)(root_bytes / FRAME) : frames;
	uint64_t *slot = fw_table(m->w, 0);

	memset(slot, 0, FW_COUNT * FRAME);
	if (next + (unsigned int)(3 - arm.start) * frames > FW_COUNT || m->pages <= FOREIGN)
		return false;
	for (int level = arm.start; level < 3; level++, next += frames) {
		slot[0] = fw_pa(next) | 3;
		slot = fw_table(m->w, next);
	}
	for (unsigned int i = 0; i < FOREIGN / 2; i++)
		slot[i] = (i * m->granule) | (arm.stage2 ? 0x4ff : 0x703 & ~(arm.lpa2 ? 0x300 : 0));
	return true;
}

static void adopt(struct model *m)
{
	struct fh_window window[2];
	struct fh_handover handover = { fh_phys(fw_pa(0)), window, FH_ARRAY_SIZE(window) };
	struct fh_adopt_report report = { .table = NULL };

	m->end[0].foreign = firmware_tree(m) ? FOREIGN : 0;
	for (unsigned int e = 0; e < 2; e++)
		window[e] = (struct fh_window){
			fh_dma(m->end[e].start + m->end[e].foreign * m->granule),
			(m->pages - m->end[e].foreign) * m->granule,
		};
	MUST(fh_pgtable_adopt(&m->w->table, &m->w->config, &handover, &report));
}

static void choose(struct model *m, const struct kind *kind)
{
	struct fh_pgtable_config *config = &m->w->config;
	uint64_t pages = UINT64_C(1) << (kind->ias - kind->granule);

	m->kind = kind;
	m->granule = UINT64_C(1) << kind->granule;
	m->pages = pages / 2 < PAGES_MAX ? (unsigned int)pages / 2 : PAGES_MAX;
	memset(m->end, 0, sizeof(m->end));
	m->end[1].start = (pages - m->pages) * m->granule;
	config->format = kind->format;
	config->regime = kind->format == S2 ? FH_REGIME_STAGE2 : FH_REGIME_EL1;
	config->granule_lg2 = kind->granule;
	config->ias = kind->ias;
	config->oas = kind->oas;
	config->concat_lg2 = kind->concat;
	config->lpa2 = kind->lpa2;
	config->share = kind->lpa2 ? FH_SHARE_INNER : 0;
	config->bbm_level = kind->bbm;
	config->contiguous = true;
	config->coherent = kind->coherent;
}

static void run(struct model *m, const struct kind *kind, bool adopted)
{
	uint64_t free_before = world_count(m->w, FH_FRAME_FREE);

	choose(m, kind);
	/* A line may hold the last entry of theirs and the first of ours. */
	m->w->config.coherent = kind->coherent || adopted;
	if (adopted)
		adopt(m);
	else
		MUST(fh_pgtable_init(&m->w->table, &m->w->config));
	memcpy(m->fw, fw_table(m->w, 0), sizeof(m->fw));
	for (unsigned int i = 0; i < STEPS; i++)
		step(m);
	step_over(m);
	MUST(fh_pgtable_release(&m->w->table));
	assert_int_equal(world_count(m->w, FH_FRAME_FREE), free_before);
	assert_memory_equal(m->fw, fw_table(m->w, 0), sizeof(m->fw));
	assert_int_equal(m->w->faults, 0);
}

static void run_all(void **state, bool adopted)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->w = *state;
	m->random = unit_seed("iommu.pgtable.ends");
	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++)
		run(m, &kinds[k], adopted);
	free(m);
}

static void own(void **state)
{
	run_all(state, false);
}

static void adopted(void **state)
{
	run_all(state, true);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.ends.own", own),
	WORLD_TEST("iommu.pgtable.ends.adopted", adopted),
};

UNIT_MAIN("iommu.pgtable.ends", tests)
