/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which the tree of inherited_tree.h can be broken, one at a time: what is built, and
 * what a finding must say of it. All descriptors are written from the Arm ARM (DDI 0487, D8.3).
 */
#ifndef FH_TESTS_UNIT_BROKEN_TREES_H
#define FH_TESTS_UNIT_BROKEN_TREES_H

#include "tests/unit/inherited_tree.h"

#define WINDOW(b, n) ((struct fh_window){ fh_dma(b), (n) })
#define NOWHERE UINT64_MAX
#define ODD_PA (RAM_BASE + 20 * FH_MIB)

/* What the finding must say. */
struct expected {
	uint64_t table; /* or NOWHERE: about the hand-over */
	unsigned int index;
	uint64_t value;
};

struct made {
	struct tree t;
	struct expected expected;
	struct fh_page *page; /* owned or held meanwhile */
	bool held;
};

/* ---- Where a link leads */

static bool at(struct made *m, int level, unsigned int index, uint64_t value)
{
	m->expected = (struct expected){ tree_pa(&m->t, level), index, value };
	return true;
}

static bool at_handover(struct made *m, unsigned int index, uint64_t value)
{
	m->expected = (struct expected){ NOWHERE, index, value };
	return true;
}

/* Entry 1 of the table of level 2, which no window touches, leads to @pa. */
static bool leads_to(struct made *m, uint64_t pa)
{
	if (m->t.start > 2)
		return false;
	*tree_slot(&m->t, 2, 1) = tree_link(&m->t, pa);
	return at(m, 2, 1, pa);
}

static bool root_at(struct made *m, uint64_t pa)
{
	m->t.handover.root = fh_phys(pa);
	return at_handover(m, 0, pa);
}

static bool link_to_hole(struct made *m)
{
	return leads_to(m, HOLE_PA);
}

static bool link_to_mmio(struct made *m)
{
	return leads_to(m, 0x9000000);
}

static bool link_behind_ram(struct made *m)
{
	return leads_to(m, RAM_BASE + RAM_BYTES);
}

static bool link_to_nomap(struct made *m)
{
	return leads_to(m, SECURE_PA);
}

static bool link_to_free(struct made *m)
{
	return leads_to(m, RAM_BASE + FH_MIB);
}

static uint64_t allocate(struct made *m)
{
	unsigned int order = m->t.granule - 12;

	if (tree_root_bytes(&m->t) > UINT64_C(1) << m->t.granule)
		while (UINT64_C(0x1000) << order < tree_root_bytes(&m->t))
			order++;
	m->page = fh_page_alloc(&m->t.w->frames, order, FH_PAGE_ZERO);
	assert_non_null(m->page);
	return fh_page_to_phys(&m->t.w->frames, m->page).raw;
}

static bool link_to_owned(struct made *m)
{
	return leads_to(m, allocate(m));
}

static bool link_to_held(struct made *m)
{
	uint64_t pa = allocate(m);

	m->held = true;
	assert_int_equal(fh_page_into_phys(&m->t.w->frames, m->page).raw, pa);
	return leads_to(m, pa);
}

/* Of a table that is larger than a frame, a frame alone is not the firmware's. */
static bool first_frame_free(struct made *m)
{
	return m->t.granule > 12 && leads_to(m, ODD_PA);
}

static bool last_frame_free(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	if (m->t.granule == 12 || !leads_to(m, ODD_PA + 0x20000 - granule))
		return false;
	m->expected.value = ODD_PA + 0x1f000;
	return true;
}

/* The same of tables in a row. */
static bool last_root_table_free(struct made *m)
{
	uint64_t bytes = tree_root_bytes(&m->t);

	if (bytes <= UINT64_C(1) << m->t.granule || bytes >= 0x20000)
		return false;
	root_at(m, ODD_PA + 0x20000 - bytes);
	return at_handover(m, 0, ODD_PA + 0x1f000);
}

static bool root_in_nomap(struct made *m)
{
	return root_at(m, SECURE_PA);
}

static bool root_in_hole(struct made *m)
{
	return root_at(m, HOLE_PA);
}

static bool root_free(struct made *m)
{
	return root_at(m, RAM_BASE + FH_MIB);
}

static bool root_owned(struct made *m)
{
	return root_at(m, allocate(m));
}

static bool root_misaligned(struct made *m)
{
	uint64_t bytes = tree_root_bytes(&m->t);

	return root_at(m, FW_PA + (bytes > 64 ? bytes / 2 : 32));
}

static bool root_second_table(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return tree_root_bytes(&m->t) > granule && root_at(m, FW_PA + granule);
}

static bool root_beyond_output(struct made *m)
{
	return root_at(m, UINT64_C(1) << m->t.shape->oas);
}

/* ---- Tables among themselves */

static bool cycle_to_root(struct made *m)
{
	return leads_to(m, FW_PA);
}

static bool cycle_to_last_root_table(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return tree_root_bytes(&m->t) > granule &&
	       leads_to(m, FW_PA + tree_root_bytes(&m->t) - granule);
}

static bool cycle_to_itself(struct made *m)
{
	return m->t.start < 2 && leads_to(m, tree_pa(&m->t, 2));
}

static bool cycle_to_parent(struct made *m)
{
	return m->t.start < 1 && leads_to(m, tree_pa(&m->t, 1));
}

/* The root leads to A (entry 0) and B (entry 1), both to C, and C to B, as a table of pages. */
static bool ring_behind_another(struct made *m)
{
	struct tree *t = &m->t;
	uint64_t c = tree_pa(t, 2), b = spare_pa(0);

	if (t->start > 0)
		return false;
	*tree_slot(t, 2, 1) = tree_link(t, b);
	*spare_slot(t, 0, 0) = tree_link(t, c);
	*tree_slot(t, 0, 1) = tree_link(t, b);
	return at(m, 0, 1, b);
}

static bool two_levels(struct made *m)
{
	struct tree *t = &m->t;

	if (t->start > 1)
		return false;
	*tree_slot(t, 2, 1) = tree_link(t, spare_pa(0));
	*tree_slot(t, 1, 1) = tree_link(t, spare_pa(0));
	return at(m, 1, 1, spare_pa(0));
}

static bool shared_pages(struct made *m)
{
	return leads_to(m, tree_pa(&m->t, 3));
}

static bool shared_between_windows(struct made *m)
{
	if (m->t.start > 2)
		return false;
	*tree_slot(&m->t, 2, 8) = tree_link(&m->t, tree_pa(&m->t, 3));
	return at(m, 2, 8, tree_pa(&m->t, 3));
}

/* Each entry of each table leads to the one table of the next level; how often that is met again.
 */
static bool shared_at_every_level(struct made *m)
{
	uint64_t again = 0, walked = 1;

	for (int level = 2; level >= m->t.start; level--) {
		unsigned int entries = tree_entries(&m->t, level);
		uint64_t below = walked;

		for (unsigned int i = 1; i < entries; i++) {
			*tree_slot(&m->t, level, i) = *tree_slot(&m->t, level, 0);
			if (again <= UINT64_C(1) << 20)
				again += below;
		}
		walked = 1 + entries * below;
	}
	return again > UINT64_C(1) << 20 && at_handover(m, 0, again);
}

static bool shared_tables(struct made *m)
{
	if (m->t.start > 1)
		return false;
	*tree_slot(&m->t, 1, 1) = tree_link(&m->t, tree_pa(&m->t, 2));
	return at(m, 1, 1, tree_pa(&m->t, 2));
}

/* ---- Descriptors */

/* Entry 1 of the table of level 3. */
static bool page_is(struct made *m, uint64_t desc, uint64_t value)
{
	*tree_slot(&m->t, 3, 1) = desc;
	return at(m, 3, 1, value);
}

static bool link_is(struct made *m, uint64_t desc, uint64_t value)
{
	if (m->t.start > 2)
		return false;
	*tree_slot(&m->t, 2, 1) = desc;
	return at(m, 2, 1, value);
}

/* Entry 1 of the table of the lowest level that has blocks, or has none. */
static bool block_is(struct made *m, bool legal, uint64_t desc, uint64_t value)
{
	for (int level = 2; level >= m->t.start; level--) {
		if (tree_has_block(&m->t, level) != legal)
			continue;
		*tree_slot(&m->t, level, 1) = desc;
		return at(m, level, 1, value);
	}
	return false;
}

static bool page_type_1(struct made *m)
{
	return page_is(m, tree_page(&m->t, TREE_OUTPUT) & ~UINT64_C(2), TREE_OUTPUT);
}

static bool block_without_level(struct made *m)
{
	return block_is(m, false, tree_block(&m->t, 0), 0);
}

static bool block_misaligned(struct made *m)
{
	uint64_t low = UINT64_C(1) << (m->t.granule == 16 ? 17 : m->t.granule);

	return block_is(m, true, tree_block(&m->t, low), low);
}

/* The bits between 12 and the granule, where they hold no address. */
static bool link_misaligned(struct made *m)
{
	return m->t.granule > 12 && !tree_wide(&m->t) &&
	       link_is(m, tree_link(&m->t, spare_pa(0)) | 0x1000, spare_pa(0));
}

static bool page_misaligned(struct made *m)
{
	return m->t.granule > 12 && !tree_wide(&m->t) &&
	       page_is(m, tree_page(&m->t, TREE_OUTPUT) | 0x2000, TREE_OUTPUT);
}

static bool block_nt(struct made *m)
{
	return block_is(m, true, tree_block(&m->t, 0) | UINT64_C(1) << 16, UINT64_C(1) << 16);
}

static bool link_bit_50(struct made *m)
{
	uint64_t bit = UINT64_C(1) << 50;

	return link_is(m, tree_link(&m->t, spare_pa(0)) | bit, bit);
}

static bool page_bit_48(struct made *m)
{
	uint64_t bit = UINT64_C(1) << 48;

	return !m->t.shape->lpa2 && page_is(m, tree_page(&m->t, TREE_OUTPUT) | bit, bit);
}

/* Only stage 1 has limits in links. */
static bool link_with_limits(struct made *m)
{
	uint64_t bit = UINT64_C(1) << 62;

	return m->t.shape->format != FH_FORMAT_S1 &&
	       link_is(m, tree_link(&m->t, spare_pa(0)) | bit, bit);
}

static bool single_privilege(const struct made *m)
{
	return m->t.shape->regime == FH_REGIME_EL2 || m->t.shape->regime == FH_REGIME_EL3;
}

static bool page_ng_without_asid(struct made *m)
{
	return single_privilege(m) &&
	       page_is(m, tree_page(&m->t, TREE_OUTPUT) | UINT64_C(1) << 11, UINT64_C(1) << 11);
}

static bool page_pxn_without_el0(struct made *m)
{
	return single_privilege(m) &&
	       page_is(m, tree_page(&m->t, TREE_OUTPUT) | UINT64_C(1) << 53, UINT64_C(1) << 53);
}

static bool link_pxn_without_el0(struct made *m)
{
	return single_privilege(m) &&
	       link_is(m, tree_link(&m->t, spare_pa(0)) | UINT64_C(1) << 59, UINT64_C(1) << 59);
}

/* UAT: pages have neither the contiguous hint nor the dirty bit modifier. */
static bool uat_page_contiguous(struct made *m)
{
	uint64_t bit = UINT64_C(1) << 52;

	return m->t.shape->format == FH_FORMAT_UAT &&
	       page_is(m, tree_page(&m->t, TREE_OUTPUT) | bit, bit);
}

/* A bit above the output size, where the field has one. */
static uint64_t beyond(const struct made *m)
{
	unsigned int most = m->t.shape->lpa2 || tree_wide(&m->t) ? 52 : 48;

	return m->t.shape->oas < most ? UINT64_C(1) << m->t.shape->oas : 0;
}

static bool link_beyond_output(struct made *m)
{
	return beyond(m) && leads_to(m, beyond(m));
}

static bool page_beyond_output(struct made *m)
{
	return beyond(m) && page_is(m, tree_page(&m->t, beyond(m)), beyond(m));
}

static bool block_beyond_output(struct made *m)
{
	return beyond(m) && block_is(m, true, tree_block(&m->t, beyond(m)), beyond(m));
}

/* It begins within the output size, and ends beyond. */
static bool block_larger_than_output(struct made *m)
{
	int level = m->t.start;

	if (!tree_has_block(&m->t, level) || tree_shift(&m->t, level) <= m->t.shape->oas)
		return false;
	*tree_slot(&m->t, level, 1) = tree_block(&m->t, 0);
	return at(m, level, 1, 0);
}

/* ---- Software bits, runs, live entries */

static uint64_t software(const struct made *m)
{
	switch (m->t.shape->format) {
	case FH_FORMAT_S1:
		return UINT64_C(15) << 55;
	case FH_FORMAT_S2:
		return UINT64_C(3) << 56;
	default:
		return UINT64_C(1) << 55;
	}
}

static bool software_bit(struct made *m)
{
	uint64_t bit = software(m) & ~(software(m) - 1);

	return bit != software(m) && page_is(m, tree_page(&m->t, TREE_OUTPUT) | bit, bit);
}

static bool software_bit_of_link(struct made *m)
{
	uint64_t bit = software(m) & ~(software(m) - 1);

	return bit != software(m) && link_is(m, tree_link(&m->t, spare_pa(0)) | bit, bit);
}

static bool software_bits_of_one(struct made *m)
{
	page_is(m, tree_page(&m->t, TREE_OUTPUT) | software(m), 0);
	return at_handover(m, 0, software(m));
}

static bool software_bits_of_many(struct made *m)
{
	unsigned int index = 1;

	for (uint64_t bit = software(m) & ~(software(m) - 1); bit & software(m); bit <<= 1)
		*tree_slot(&m->t, 3, index++) = tree_page(&m->t, TREE_OUTPUT) | bit;
	return at_handover(m, 0, software(m));
}

/* A whole run of pages from entry 0 on; then something is wrong with it. */
static bool run_from(struct made *m, uint64_t pa)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	if (m->t.shape->format == FH_FORMAT_UAT)
		return false;
	for (unsigned int i = 0; i < tree_run(&m->t); i++)
		*tree_slot(&m->t, 3, i) = tree_page(&m->t, pa + i * granule) | UINT64_C(1) << 52;
	return at(m, 3, 0, pa);
}

static bool run_with_gap(struct made *m)
{
	if (!run_from(m, TREE_OUTPUT))
		return false;
	*tree_slot(&m->t, 3, 5) = 0;
	return true;
}

static bool run_without_a_hint(struct made *m)
{
	if (!run_from(m, TREE_OUTPUT))
		return false;
	*tree_slot(&m->t, 3, tree_run(&m->t) - 1) &= ~(UINT64_C(1) << 52);
	return true;
}

/* The first that has the hint is named. */
static bool run_without_the_first_hint(struct made *m)
{
	if (!run_from(m, TREE_OUTPUT))
		return false;
	*tree_slot(&m->t, 3, 0) &= ~(UINT64_C(1) << 52);
	return at(m, 3, 1, TREE_OUTPUT + (UINT64_C(1) << m->t.granule));
}

static bool run_misordered(struct made *m)
{
	if (!run_from(m, TREE_OUTPUT))
		return false;
	*tree_slot(&m->t, 3, 2) = *tree_slot(&m->t, 3, 3);
	return true;
}

static bool run_misaligned(struct made *m)
{
	return run_from(m, TREE_OUTPUT + (UINT64_C(1) << m->t.granule));
}

/* One entry's memory type, of stage 1 an index. */
static bool run_of_two_types(struct made *m)
{
	if (!run_from(m, TREE_OUTPUT))
		return false;
	*tree_slot(&m->t, 3, 4) ^= 8;
	return true;
}

static unsigned int half(const struct made *m)
{
	return tree_entries(&m->t, 3) / 2;
}

static bool page_in_window(struct made *m)
{
	*tree_slot(&m->t, 3, half(m)) = tree_page(&m->t, TREE_OUTPUT);
	return at(m, 3, half(m), TREE_OUTPUT);
}

static bool data_in_window(struct made *m)
{
	*tree_slot(&m->t, 3, half(m) + 1) = 0xdead0000;
	return at(m, 3, half(m) + 1, 0xdead0000);
}

static bool block_in_window(struct made *m)
{
	if (!tree_has_block(&m->t, 2) || m->t.start > 2)
		return false;
	*tree_slot(&m->t, 2, 9) = tree_block(&m->t, 0);
	return at(m, 2, 9, 0);
}

/* ---- Windows */

static bool window_is(struct made *m, uint64_t base, uint64_t size)
{
	unsigned int w = m->t.handover.window_count++;

	m->t.window[w] = WINDOW(base, size);
	return at_handover(m, w, size);
}

static bool window_empty(struct made *m)
{
	return window_is(m, 0, 0);
}

static bool window_odd_base(struct made *m)
{
	return window_is(m, UINT64_C(1) << (m->t.granule - 1), UINT64_C(1) << m->t.granule);
}

static bool window_odd_size(struct made *m)
{
	return window_is(m, 0, (UINT64_C(1) << m->t.granule) + 8);
}

static bool window_beyond_input(struct made *m)
{
	return window_is(m, UINT64_C(1) << m->t.shape->ias, UINT64_C(1) << m->t.granule);
}

static bool window_over_the_end(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return window_is(m, (UINT64_C(1) << m->t.shape->ias) - granule, 2 * granule);
}

static bool window_wraps(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return window_is(m, 0 - granule, 2 * granule);
}

static bool windows_overlap(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return window_is(m, m->t.window[0].base.raw - granule, 2 * granule);
}

static bool window_in_another(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	return window_is(m, m->t.window[0].base.raw + granule, granule);
}

static bool no_window(struct made *m)
{
	m->t.handover.window_count = 0;
	return at_handover(m, 0, 0);
}

static bool too_many_windows(struct made *m)
{
	m->t.handover.window_count = FH_WINDOW_MAX + 1;
	return at_handover(m, 0, FH_WINDOW_MAX + 1);
}

/* ---- Memory that does not answer, and caches */

static bool last_entry_aborts(struct made *m)
{
	unsigned int last = tree_entries(&m->t, 3) - 1;

	unit_abort_at(tree_slot(&m->t, 3, last), 8);
	return at(m, 3, last, tree_pa(&m->t, 3));
}

static bool root_aborts(struct made *m)
{
	unit_abort_at(tree_slot(&m->t, m->t.start, 0), 8);
	return at(m, m->t.start, 0, FW_PA);
}

static bool mixed_at(struct made *m, int level, unsigned int index)
{
	m->t.w->config.coherent = false;
	return at(m, level, index, tree_pa(&m->t, level) + index * UINT64_C(8));
}

static bool window_edge_in_line(struct made *m)
{
	uint64_t granule = UINT64_C(1) << m->t.granule;

	m->t.window[0].base.raw += granule;
	m->t.window[0].size -= granule;
	return mixed_at(m, 3, half(m) + 1);
}

static bool window_end_in_line(struct made *m)
{
	m->t.window[0].size -= UINT64_C(1) << m->t.granule;
	return mixed_at(m, 3, 2 * half(m) - 1);
}

static bool foreign_in_our_line(struct made *m)
{
	*tree_slot(&m->t, 3, half(m) + 3) = tree_page(&m->t, TREE_OUTPUT);
	return mixed_at(m, 3, half(m) + 3);
}

static bool large_lines(struct made *m)
{
	if (m->t.start > 2)
		return false;
	host_cache_writeback_granule = 128;
	m->t.handover.window_count = 2;
	return mixed_at(m, 2, 8);
}

static bool shared_by_lines(struct made *m)
{
	m->t.w->config.coherent = false;
	return shared_between_windows(m);
}

/* ---- All of them */

struct broken {
	const char *name;
	enum fh_adopt_code code;
	enum fh_adopt_code also; /* a warning that comes with it */
	bool (*build)(struct made *m);
};

/* docs/adoption.md has the names: one line each. */
static const struct broken corpus[] = {
	{ "root-misaligned", FH_ADOPT_ROOT_MISALIGNED, 0, root_misaligned },
	{ "root-second-table", FH_ADOPT_ROOT_MISALIGNED, 0, root_second_table },
	{ "root-in-hole", FH_ADOPT_OUTSIDE_RAM, 0, root_in_hole },
	{ "link-to-hole", FH_ADOPT_OUTSIDE_RAM, 0, link_to_hole },
	{ "link-to-mmio", FH_ADOPT_OUTSIDE_RAM, 0, link_to_mmio },
	{ "link-behind-ram", FH_ADOPT_OUTSIDE_RAM, 0, link_behind_ram },
	{ "root-in-no-map", FH_ADOPT_NOMAP, 0, root_in_nomap },
	{ "link-to-no-map", FH_ADOPT_NOMAP, 0, link_to_nomap },
	{ "root-free", FH_ADOPT_ALLOCATABLE, 0, root_free },
	{ "link-to-free", FH_ADOPT_ALLOCATABLE, 0, link_to_free },
	{ "first-frame-free", FH_ADOPT_ALLOCATABLE, 0, first_frame_free },
	{ "last-frame-free", FH_ADOPT_ALLOCATABLE, 0, last_frame_free },
	{ "last-root-table-free", FH_ADOPT_ALLOCATABLE, 0, last_root_table_free },
	{ "root-owned", FH_ADOPT_ALLOCATED, 0, root_owned },
	{ "link-to-owned", FH_ADOPT_ALLOCATED, 0, link_to_owned },
	{ "link-to-held", FH_ADOPT_ALLOCATED, 0, link_to_held },
	{ "cycle-to-root", FH_ADOPT_CYCLE, 0, cycle_to_root },
	{ "cycle-to-last-root-table", FH_ADOPT_CYCLE, 0, cycle_to_last_root_table },
	{ "cycle-to-itself", FH_ADOPT_CYCLE, 0, cycle_to_itself },
	{ "cycle-to-parent", FH_ADOPT_CYCLE, 0, cycle_to_parent },
	{ "ring-behind-another", FH_ADOPT_TWO_LEVELS, 0, ring_behind_another },
	{ "two-levels", FH_ADOPT_TWO_LEVELS, 0, two_levels },
	{ "page-type-1", FH_ADOPT_ILLEGAL, 0, page_type_1 },
	{ "block-without-level", FH_ADOPT_ILLEGAL_BLOCK, 0, block_without_level },
	{ "block-misaligned", FH_ADOPT_MISALIGNED, 0, block_misaligned },
	{ "link-misaligned", FH_ADOPT_MISALIGNED, 0, link_misaligned },
	{ "page-misaligned", FH_ADOPT_MISALIGNED, 0, page_misaligned },
	{ "block-nt", FH_ADOPT_RESERVED_BITS, 0, block_nt },
	{ "link-bit-50", FH_ADOPT_RESERVED_BITS, 0, link_bit_50 },
	{ "page-bit-48", FH_ADOPT_RESERVED_BITS, 0, page_bit_48 },
	{ "link-with-limits", FH_ADOPT_RESERVED_BITS, 0, link_with_limits },
	{ "page-ng-without-asid", FH_ADOPT_RESERVED_BITS, 0, page_ng_without_asid },
	{ "page-pxn-without-el0", FH_ADOPT_RESERVED_BITS, 0, page_pxn_without_el0 },
	{ "link-pxn-without-el0", FH_ADOPT_RESERVED_BITS, 0, link_pxn_without_el0 },
	{ "uat-page-contiguous", FH_ADOPT_RESERVED_BITS, 0, uat_page_contiguous },
	{ "root-beyond-output", FH_ADOPT_OUTPUT, 0, root_beyond_output },
	{ "link-beyond-output", FH_ADOPT_OUTPUT, 0, link_beyond_output },
	{ "page-beyond-output", FH_ADOPT_OUTPUT, 0, page_beyond_output },
	{ "block-beyond-output", FH_ADOPT_OUTPUT, 0, block_beyond_output },
	{ "block-larger-than-output", FH_ADOPT_OUTPUT, 0, block_larger_than_output },
	{ "software-bits-of-one", FH_ADOPT_NO_SOFTWARE_BIT, FH_ADOPT_SOFTWARE_BIT_USED,
	  software_bits_of_one },
	{ "software-bits-of-many", FH_ADOPT_NO_SOFTWARE_BIT, FH_ADOPT_SOFTWARE_BIT_USED,
	  software_bits_of_many },
	{ "window-beyond-input", FH_ADOPT_WINDOW_RANGE, 0, window_beyond_input },
	{ "window-over-the-end", FH_ADOPT_WINDOW_RANGE, 0, window_over_the_end },
	{ "window-wraps", FH_ADOPT_WINDOW_RANGE, 0, window_wraps },
	{ "window-empty", FH_ADOPT_WINDOW_ALIGN, 0, window_empty },
	{ "window-odd-base", FH_ADOPT_WINDOW_ALIGN, 0, window_odd_base },
	{ "window-odd-size", FH_ADOPT_WINDOW_ALIGN, 0, window_odd_size },
	{ "windows-overlap", FH_ADOPT_WINDOW_OVERLAP, 0, windows_overlap },
	{ "window-in-another", FH_ADOPT_WINDOW_OVERLAP, 0, window_in_another },
	{ "no-window", FH_ADOPT_WINDOW_COUNT, 0, no_window },
	{ "too-many-windows", FH_ADOPT_WINDOW_COUNT, 0, too_many_windows },
	{ "window-edge-in-line", FH_ADOPT_WRITEBACK, 0, window_edge_in_line },
	{ "window-end-in-line", FH_ADOPT_WRITEBACK, 0, window_end_in_line },
	{ "foreign-in-our-line", FH_ADOPT_WRITEBACK, FH_ADOPT_LIVE_IN_WINDOW, foreign_in_our_line },
	{ "large-lines", FH_ADOPT_WRITEBACK, 0, large_lines },
	{ "shared-by-lines", FH_ADOPT_WRITEBACK, FH_ADOPT_SHARED_TABLE, shared_by_lines },
	{ "last-entry-aborts", FH_ADOPT_UNREADABLE, 0, last_entry_aborts },
	{ "root-aborts", FH_ADOPT_UNREADABLE, 0, root_aborts },
	{ "shared-at-every-level", FH_ADOPT_TOO_SHARED, FH_ADOPT_SHARED_TABLE,
	  shared_at_every_level },
	{ "shared-pages", FH_ADOPT_SHARED_TABLE, 0, shared_pages },
	{ "shared-between-windows", FH_ADOPT_SHARED_TABLE, 0, shared_between_windows },
	{ "shared-tables", FH_ADOPT_SHARED_TABLE, 0, shared_tables },
	{ "page-in-window", FH_ADOPT_LIVE_IN_WINDOW, 0, page_in_window },
	{ "data-in-window", FH_ADOPT_LIVE_IN_WINDOW, 0, data_in_window },
	{ "block-in-window", FH_ADOPT_LIVE_IN_WINDOW, 0, block_in_window },
	{ "software-bit", FH_ADOPT_SOFTWARE_BIT_USED, 0, software_bit },
	{ "software-bit-of-link", FH_ADOPT_SOFTWARE_BIT_USED, 0, software_bit_of_link },
	{ "run-with-gap", FH_ADOPT_BROKEN_RUN, 0, run_with_gap },
	{ "run-without-a-hint", FH_ADOPT_BROKEN_RUN, 0, run_without_a_hint },
	{ "run-without-the-first-hint", FH_ADOPT_BROKEN_RUN, 0, run_without_the_first_hint },
	{ "run-misordered", FH_ADOPT_BROKEN_RUN, 0, run_misordered },
	{ "run-misaligned", FH_ADOPT_BROKEN_RUN, 0, run_misaligned },
	{ "run-of-two-types", FH_ADOPT_BROKEN_RUN, 0, run_of_two_types },
};

#endif
