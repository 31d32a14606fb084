/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations against a model with one entry a page, in every format and granule, on both
 * sides of an edge between tables. After each step the walker of the fixture, the engine's lookup
 * and the model agree; frames add up, plans were exact, contiguous runs are whole, and the TLB
 * holds nothing that is gone.
 */
#include "tests/unit/iommu_fixture.h"

#define PAGES_MAX 16384u

struct page_model {
	bool mapped;
	int8_t level; /* as the walker saw it */
	uint64_t pa;
	struct fh_attr attr;
};

struct kind {
	enum fh_format format;
	uint8_t granule, bbm;
	bool contiguous, large;
	unsigned int steps;
};

struct model {
	struct world *w;
	const struct kind *kind;
	const struct fh_attr *attrs;
	size_t attr_count;
	uint64_t random;
	uint64_t granule, start;
	unsigned int pages, block; /* pages of a block */
	struct page_model page[PAGES_MAX];
	struct snapshot before;
};

static const struct kind kinds[] = {
	{ FH_FORMAT_S1, 12, 0, false, false, 3000 }, { FH_FORMAT_S1, 12, 1, true, false, 2000 },
	{ FH_FORMAT_S1, 12, 2, true, false, 3000 },  { FH_FORMAT_S1, 12, 2, true, true, 1000 },
	{ FH_FORMAT_S2, 12, 2, true, false, 1000 },  { FH_FORMAT_S1, 14, 1, true, false, 500 },
	{ FH_FORMAT_S2, 14, 2, true, true, 500 },    { FH_FORMAT_S1, 16, 2, true, false, 200 },
	{ FH_FORMAT_S2, 16, 0, true, true, 200 },    { FH_FORMAT_UAT, 14, 0, false, false, 500 },
};

static const struct fh_attr s1_attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_NONE },
	{ FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
	{ FH_READ | FH_EXEC | FH_NOT_GLOBAL, FH_MEMTYPE_WB, FH_SHARE_OUTER },
	{ FH_READ | FH_USER_READ | FH_USER_EXEC, FH_MEMTYPE_STRICT, FH_SHARE_OUTER },
};

/* Of one shareability, as LPA2 has it. */
static const struct fh_attr plain_attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_INNER },
	{ FH_READ | FH_WRITE, FH_MEMTYPE_STRICT, FH_SHARE_OUTER },
};

static const struct fh_attr s2_attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ | FH_EXEC, FH_MEMTYPE_NC, FH_SHARE_INNER },
	{ FH_READ | FH_USER_EXEC | FH_UNACCESSED, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
};

static const struct fh_attr uat_attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE },
	{ FH_USER_READ | FH_USER_WRITE | FH_NOT_GLOBAL, FH_MEMTYPE_WB, FH_SHARE_NONE },
	{ FH_READ | FH_WRITE | FH_USER_READ, FH_MEMTYPE_NC, FH_SHARE_NONE },
	{ FH_READ, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
};

static uint64_t below(struct model *m, uint64_t bound)
{
	return unit_random_below(&m->random, bound);
}

static uint64_t iova_of(const struct model *m, unsigned int page)
{
	return m->start + page * m->granule;
}

static void check_page(struct model *m, unsigned int i)
{
	const struct page_model *page = &m->page[i];
	uint64_t offset = below(m, m->granule);
	struct seen seen = agree(m->w, &m->w->table, iova_of(m, i) + offset);

	assert_int_equal(seen.mapped, page->mapped);
	if (!page->mapped)
		return;
	assert_int_equal(seen.pa, page->pa + offset);
	assert_int_equal(seen.level, page->level);
	assert_true(same_attr(&seen, page->attr));
}

static void check_all(struct model *m)
{
	struct world *w = m->w;

	for (unsigned int i = 0; i < m->pages; i++) {
		check_page(m, i);
		assert_true(m->page[i].mapped || !w->tlb[i]);
	}
	world_runs(w);
	world_adds_up(w);
	world_idle(w);
}

/* What the walker sees of the pages that a change may have made smaller, or mapped. */
static void note_levels(struct model *m, unsigned int first, unsigned int count)
{
	unsigned int end = (first + count + m->block - 1) / m->block * m->block;

	for (unsigned int i = first / m->block * m->block; i < end && i < m->pages; i++)
		if (m->page[i].mapped) {
			int level = arm_walk(m->w, &m->w->table, iova_of(m, i)).level;
			bool edge = i / m->block == first / m->block ||
				    i / m->block == (first + count - 1) / m->block;

			/* Only what was cut, and never larger. */
			assert_true(level == m->page[i].level || (edge && level == 3) ||
				    m->page[i].level == -2);
			m->page[i].level = (int8_t)level;
		}
}

static void pick(struct model *m, unsigned int *first, unsigned int *count)
{
	static const unsigned int sizes[] = { 16, 64, 600, PAGES_MAX };

	if (below(m, 4) == 0) {
		*first = m->block * (unsigned int)below(m, m->pages / m->block);
		*count = m->block;
		return;
	}
	*first = (unsigned int)below(m, m->pages);
	if (below(m, 3) == 0)
		*first &= ~31u;
	*count = 1 + (unsigned int)below(m, sizes[below(m, FH_ARRAY_SIZE(sizes))]);
	if (below(m, 3) == 0)
		*count = (*count + 31) & ~31u;
	if (*count > m->pages - *first)
		*count = m->pages - *first;
}

static unsigned int count_mapped(const struct model *m, unsigned int first, unsigned int count)
{
	unsigned int mapped = 0;

	for (unsigned int i = first; i < first + count; i++)
		mapped += m->page[i].mapped;
	return mapped;
}

/* In step with the device address, often, for the sake of blocks. */
static uint64_t pick_pa(struct model *m, uint64_t iova)
{
	uint64_t span = m->block * m->granule;
	uint64_t pa = (1 + below(m, 60)) * span;

	return pa + (below(m, 2) ? iova % span : below(m, m->block) * m->granule);
}

static void step_map(struct model *m)
{
	struct world *w = m->w;
	struct fh_attr attr = m->attrs[below(m, m->attr_count)];
	uint64_t tables = w->table.tables;
	struct fh_segment list[4];
	size_t pieces = 1 + below(m, FH_ARRAY_SIZE(list));
	unsigned int first, count, left;
	int64_t plan;
	int err;

	pick(m, &first, &count);
	left = count;
	for (size_t i = 0; i < pieces; i++) {
		unsigned int part = 1 + (unsigned int)below(m, left);

		if (i == FH_ARRAY_SIZE(list) - 1 || i == pieces - 1 || part == left) {
			part = left;
			pieces = i + 1;
		}
		list[i].pa = fh_phys(pick_pa(m, iova_of(m, first + count - left)));
		list[i].size = part * m->granule;
		left -= part;
	}
	plan = fh_pgtable_plan_list(&w->table, fh_dma(iova_of(m, first)), list, pieces, attr);
	if (count_mapped(m, first, count)) {
		snapshot_take(&m->before, w);
		err = fh_pgtable_map_list(&w->table, fh_dma(iova_of(m, first)), list, pieces, attr);
		assert_int_equal(err, -EEXIST);
		assert_int_equal(plan, -EEXIST);
		snapshot_equal(&m->before, w);
		return;
	}
	fh_frames_fail_after(&w->frames, (uint64_t)plan);
	MUST(fh_pgtable_map_list(&w->table, fh_dma(iova_of(m, first)), list, pieces, attr));
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	assert_int_equal(w->table.tables, tables + (uint64_t)plan);
	for (size_t i = 0, page = first; i < pieces; i++)
		for (uint64_t at = 0; at < list[i].size; at += m->granule, page++) {
			m->page[page] = (struct page_model){ true, -2, list[i].pa.raw + at, attr };
			w->tlb[page] = true;
		}
	note_levels(m, first, count);
	for (unsigned int i = first; i < first + count; i += 1 + count / 64)
		check_page(m, i);
}

static bool cuts_block(const struct model *m, unsigned int first, unsigned int count)
{
	unsigned int end = first + count;

	return (first % m->block && m->page[first].mapped && m->page[first].level < 3) ||
	       (end % m->block && end < m->pages && m->page[end - 1].mapped &&
		m->page[end - 1].level < 3);
}

/* Memory type, shareability of what has one, nG: not while it is live. */
static bool must_break(const struct model *m, unsigned int first, unsigned int count,
		       const struct fh_attr *attr)
{
	for (unsigned int i = first; i < first + count; i++) {
		const struct fh_attr *old = &m->page[i].attr;

		if (old->memtype != attr->memtype || old->share != attr->share ||
		    ((old->access ^ attr->access) & FH_NOT_GLOBAL))
			return true;
	}
	return false;
}

/* What the BBM level says to it. Where there are runs below level 2 the engine may know better. */
static void expect_busy(const struct model *m, int err, unsigned int first, unsigned int count,
			const struct fh_attr *attr, bool quiescent)
{
	bool breaks = attr && must_break(m, first, count, attr);
	bool busy = !quiescent && (breaks || (m->kind->bbm == 0 && cuts_block(m, first, count)));

	if (quiescent || m->kind->bbm == 2 || !m->kind->contiguous)
		assert_int_equal(err, busy ? -EBUSY : 0);
	else if (busy)
		assert_int_equal(err, -EBUSY);
	else
		assert_true(err == 0 || err == -EBUSY);
}

/* Unmap, or protect with @attr. */
static void step_change(struct model *m, const struct fh_attr *attr)
{
	struct world *w = m->w;
	bool quiescent = below(m, 4) == 0;
	unsigned int first, count, mapped;
	uint64_t tables = w->table.tables;
	struct fh_gather gather;
	int64_t plan;
	int err;

	pick(m, &first, &count);
	mapped = count_mapped(m, first, count);
	snapshot_take(&m->before, w);
	plan = fh_pgtable_plan_unmap(&w->table, fh_dma(iova_of(m, first)), count * m->granule);
	fh_gather_init(&gather, &w->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	/* Often enough without the last page that it would take. */
	if (plan > 0 && below(m, 3) == 0) {
		fh_frames_fail_after(&w->frames, (uint64_t)plan - 1);
		err = attr ? fh_pgtable_protect(&w->table, fh_dma(iova_of(m, first)),
						count * m->granule, *attr, &gather)
			   : fh_pgtable_unmap(&w->table, fh_dma(iova_of(m, first)),
					      count * m->granule, &gather);
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		assert_true(err == -ENOMEM || err == -EBUSY || (attr && err == -ENOENT));
		assert_false(gather.pending);
		snapshot_equal(&m->before, w);
	}
	fh_frames_fail_after(&w->frames, plan < 0 ? 0 : (uint64_t)plan);
	err = attr ? fh_pgtable_protect(&w->table, fh_dma(iova_of(m, first)), count * m->granule,
					*attr, &gather)
		   : fh_pgtable_unmap(&w->table, fh_dma(iova_of(m, first)), count * m->granule,
				      &gather);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	/* Unmapping takes away tables without a page as well. */
	if (attr ? mapped < count : !mapped && err)
		assert_int_equal(err, -ENOENT);
	else if (mapped)
		expect_busy(m, err, first, count, attr, quiescent);
	if (err) {
		assert_false(gather.pending);
		snapshot_equal(&m->before, w);
		return;
	}
	if (attr)
		assert_int_equal(w->table.tables, tables + (uint64_t)plan);
	MUST(fh_gather_flush(&gather));
	for (unsigned int i = first; i < first + count; i++) {
		m->page[i].mapped = attr != NULL;
		if (attr)
			m->page[i].attr = *attr;
		assert_false(w->tlb[i]);
		w->tlb[i] = attr != NULL;
	}
	note_levels(m, first, count);
	for (unsigned int i = first; i < first + count; i += 1 + count / 64)
		check_page(m, i);
}

static void choose(struct model *m, const struct kind *kind)
{
	struct fh_pgtable_config *config = &m->w->config;

	m->kind = kind;
	m->granule = UINT64_C(1) << kind->granule;
	m->block = 1u << (kind->granule - 3);
	m->pages = kind->granule == 12 ? 4 * m->block : 2 * m->block;
	/* Where one table of level 2 ends and the next one begins. */
	m->start = ((uint64_t)m->block << (2 * kind->granule - 3)) - m->pages / 2 * m->granule;
	m->attrs = s1_attrs;
	m->attr_count = FH_ARRAY_SIZE(s1_attrs);
	if (kind->format == FH_FORMAT_S2 || kind->format == FH_FORMAT_UAT) {
		m->attrs = kind->format == FH_FORMAT_S2 ? s2_attrs : uat_attrs;
		m->attr_count = 4;
	} else if (kind->large) {
		m->attrs = plain_attrs;
		m->attr_count = FH_ARRAY_SIZE(plain_attrs);
	}
	config->format = kind->format;
	config->regime = kind->format == FH_FORMAT_S2 ? FH_REGIME_STAGE2 : FH_REGIME_EL1;
	config->granule_lg2 = kind->granule;
	config->ias = kind->format == FH_FORMAT_UAT ? 39 : kind->large ? 51 : 47;
	config->oas = kind->large ? 52 : 48;
	config->lpa2 = kind->large && kind->granule != 16;
	config->share = config->lpa2 ? FH_SHARE_INNER : 0;
	config->bbm_level = kind->bbm;
	config->contiguous = kind->contiguous;
	memset(m->page, 0, sizeof(m->page));
	memset(m->w->tlb, 0, sizeof(m->w->tlb));
	m->w->tlb_base = m->start;
	m->w->tlb_lg2 = kind->granule;
}

static void run_kind(struct model *m, const struct kind *kind)
{
	uint64_t free_before = world_count(m->w, FH_FRAME_FREE);

	choose(m, kind);
	MUST(fh_pgtable_init(&m->w->table, &m->w->config));
	for (unsigned int i = 0; i < kind->steps; i++) {
		uint64_t what = below(m, 6);

		if (what < 3)
			step_map(m);
		else if (what == 3)
			step_change(m, &m->attrs[below(m, m->attr_count)]);
		else
			step_change(m, NULL);
		if (i % 64 == 0)
			check_all(m);
	}
	check_all(m);
	MUST(fh_pgtable_release(&m->w->table));
	assert_int_equal(world_count(m->w, FH_FRAME_FREE), free_before);
	assert_int_equal(m->w->faults, 0);
	for (unsigned int i = 0; i < m->pages; i++)
		assert_false(m->w->tlb[i]);
}

static void random_run(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->w = *state;
	m->random = unit_seed("iommu.pgtable.random");
	for (size_t k = 0; k < FH_ARRAY_SIZE(kinds); k++)
		run_kind(m, &kinds[k]);
	free(m);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.random.model", random_run),
};

UNIT_MAIN("iommu.pgtable.random", tests)
