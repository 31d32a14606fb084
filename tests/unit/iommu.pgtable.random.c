/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random maps and unmaps against a model with one entry a page, on both sides
 * of a 1 GiB boundary. After each step the walker of the fixture, the engine's
 * lookup and the model agree, frames add up, a plan was exact, and the TLB
 * holds nothing that is gone.
 */
#include "tests/unit/iommu_fixture.h"

#define STEPS 10000u
#define PAGES 2048u
#define START (FH_GIB - PAGES / 2 * FRAME)

struct page_model {
	bool mapped;
	bool block; /* of 2 MiB, as the walker saw it */
	uint64_t pa;
	struct fh_attr attr;
};

struct model {
	struct world *w;
	uint64_t random;
	struct page_model page[PAGES];
	struct snapshot before;
};

static const struct fh_attr attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_NONE },
	{ FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
	{ FH_READ | FH_EXEC | FH_NOT_GLOBAL, FH_MEMTYPE_WB, FH_SHARE_OUTER },
	{ FH_READ | FH_USER_READ | FH_USER_EXEC, FH_MEMTYPE_STRICT, FH_SHARE_OUTER },
};

static void check_page(struct model *m, unsigned int i)
{
	const struct page_model *page = &m->page[i];
	uint64_t va = START + i * FRAME + unit_random_below(&m->random, FRAME);
	struct seen seen = agree(m->w, &m->w->table, va);

	assert_int_equal(seen.mapped, page->mapped);
	if (!page->mapped)
		return;
	assert_int_equal(seen.pa, page->pa + va % FRAME);
	assert_int_equal(seen.level, page->block ? 2 : 3);
	assert_true(same_attr(&seen, page->attr));
}

static void check_all(struct model *m)
{
	struct world *w = m->w;
	uint64_t sum;

	for (unsigned int i = 0; i < PAGES; i++) {
		check_page(m, i);
		assert_true(m->page[i].mapped || !w->tlb[i]);
	}
	assert_int_equal(arm_tables(w, &w->table, &sum), world_count(w, FH_FRAME_HELD));
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	assert_null(fh_frames_check(&w->frames));
}

static void pick(struct model *m, unsigned int *first, unsigned int *count)
{
	if (unit_random_below(&m->random, 4) == 0) {
		*first = 512 * (unsigned int)unit_random_below(&m->random, PAGES / 512);
		*count = 512;
		return;
	}
	*first = (unsigned int)unit_random_below(&m->random, PAGES);
	*count = 1 + (unsigned int)unit_random_below(&m->random,
						     unit_random_below(&m->random, 2) ? PAGES : 16);
	if (*count > PAGES - *first)
		*count = PAGES - *first;
}

static void step_map(struct model *m)
{
	struct world *w = m->w;
	struct fh_attr attr = attrs[unit_random_below(&m->random, FH_ARRAY_SIZE(attrs))];
	uint64_t held = world_count(w, FH_FRAME_HELD);
	unsigned int first, count;
	uint64_t iova, pa;
	bool taken = false;
	int64_t plan;
	int err;

	pick(m, &first, &count);
	iova = START + first * FRAME;
	pa = (1 + unit_random_below(&m->random, 1000)) * TWO_MIB;
	if (unit_random_below(&m->random, 2))
		pa += iova % TWO_MIB;
	else
		pa += unit_random_below(&m->random, 512) * FRAME;
	for (unsigned int i = first; i < first + count; i++)
		taken = taken || m->page[i].mapped;
	plan = fh_pgtable_plan(&w->table, fh_dma(iova), fh_phys(pa), count * FRAME, attr);
	if (taken)
		snapshot_take(&m->before, w);
	err = fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(pa), count * FRAME, attr);
	if (taken) {
		assert_int_equal(err, -EEXIST);
		assert_int_equal(plan, -EEXIST);
		snapshot_equal(&m->before, w);
		return;
	}
	assert_int_equal(err, 0);
	assert_int_equal(plan, world_count(w, FH_FRAME_HELD) - held);
	for (unsigned int i = first; i < first + count; i++) {
		struct page_model *page = &m->page[i];

		page->mapped = true;
		page->pa = pa + (i - first) * FRAME;
		page->attr = attr;
		page->block = arm_walk(w, &w->table, START + i * FRAME).level == 2;
		w->tlb[i] = true;
		check_page(m, i);
	}
}

static bool cuts_block(const struct model *m, unsigned int first, unsigned int count)
{
	unsigned int end = first + count;

	return (first % 512 && m->page[first].mapped && m->page[first].block) ||
	       (end % 512 && end < PAGES && m->page[end - 1].mapped && m->page[end - 1].block);
}

static void step_unmap(struct model *m)
{
	struct world *w = m->w;
	unsigned int first, count;
	bool cut;
	int err;

	pick(m, &first, &count);
	cut = cuts_block(m, first, count);
	if (cut)
		snapshot_take(&m->before, w);
	err = world_unmap(w, START + first * FRAME, count * FRAME);
	if (cut) {
		assert_int_equal(err, -EBUSY);
		snapshot_equal(&m->before, w);
		return;
	}
	assert_int_equal(err, 0);
	for (unsigned int i = first; i < first + count; i++) {
		m->page[i].mapped = false;
		check_page(m, i);
		assert_false(w->tlb[i]);
	}
}

static void random_run(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	uint64_t free_before;

	assert_non_null(m);
	m->w = *state;
	m->w->tlb_base = START;
	m->random = unit_seed("iommu.pgtable.random");
	free_before = world_count(m->w, FH_FRAME_FREE);
	MUST(fh_pgtable_init(&m->w->table, &m->w->config));
	for (unsigned int i = 0; i < STEPS; i++) {
		if (unit_random_below(&m->random, 5) < 2)
			step_map(m);
		else
			step_unmap(m);
		if (i % 64 == 0)
			check_all(m);
	}
	check_all(m);
	MUST(fh_pgtable_release(&m->w->table));
	assert_int_equal(world_count(m->w, FH_FRAME_FREE), free_before);
	assert_int_equal(m->w->faults, 0);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_false(m->w->tlb[i]);
	free(m);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.random.model", random_run),
};

UNIT_MAIN("iommu.pgtable.random", tests)
