/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine at work in the windows of a foreign tree, and what is left of that afterwards: the
 * bytes that were there before. Then firmware that breaks its promise.
 */
#include "tests/unit/adopt_fixture.h"

#define MAP(iova, pa, size) fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(pa), size, ATTR_RW)

static bool in_window(const struct stage *s, uint64_t iova, uint64_t span)
{
	for (unsigned int i = 0; i < s->handover.window_count; i++)
		if (iova < s->window[i].base.raw + s->window[i].size &&
		    s->window[i].base.raw < iova + span)
			return true;
	return false;
}

/* Every store to the firmware's tables went to a zero slot inside a window, or
 * back to zero. */
static unsigned int judge_stores(const struct stage *s, size_t events)
{
	static const uint64_t spans[] = { FH_GIB, TWO_MIB, FRAME };
	const unsigned char *fw = (const unsigned char *)fw_table(s->w, 0);
	unsigned int stores = 0;

	for (size_t i = 0; i < events; i++) {
		const struct host_event *event = &s->event[i];
		size_t at = event->address - (uintptr_t)fw;
		uint64_t before;

		if (event->kind != HOST_STORE && event->kind != HOST_CAS)
			continue;
		if (event->address < (uintptr_t)fw || at >= sizeof(s->tables))
			continue;
		stores++;
		assert_int_equal(event->kind, HOST_CAS);
		assert_int_equal(event->old == 0, event->value != 0);
		memcpy(&before, s->tables + at, sizeof(before));
		assert_int_equal(before, 0);
		assert_in_range(at, 0, 3 * 4096 - 1);
		assert_true(in_window(s, at % 4096 / 8 * spans[at / 4096], spans[at / 4096]));
		if (event->value)
			assert_true(event->value & s->w->table.ours);
	}
	return stores;
}

static void work_in_windows(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;
	uint64_t held = world_count(w, FH_FRAME_HELD);
	uint64_t end_0 = TWO_MIB;
	size_t events;

	MUST(adopt(s));
	host_trace_start(s->event, EVENTS);
	/* Edges inside shared tables: one page to either side is foreign. */
	MUST(MAP(256 * FRAME, 0x1000, FRAME));
	MUST(MAP(end_0 - FRAME, 0x2000, FRAME));
	assert_int_equal(MAP(255 * FRAME, 0x3000, FRAME), -EPERM);
	assert_int_equal(MAP(255 * FRAME, 0x3000, 2 * FRAME), -EPERM);
	assert_int_equal(MAP(end_0, 0x3000, FRAME), -EPERM);
	assert_int_equal(MAP(end_0 - 2 * FRAME, 0x3000, 3 * FRAME), -EPERM);
	assert_int_equal(MAP(0, 0x3000, FRAME), -EPERM);
	MUST(MAP(8 * TWO_MIB, 8 * TWO_MIB, 2 * TWO_MIB));
	MUST(MAP(71 * TWO_MIB, FRAME, TWO_MIB));
	assert_int_equal(MAP(72 * TWO_MIB, 0, TWO_MIB), -EPERM);
	assert_int_equal(MAP(7 * TWO_MIB, 0, 2 * TWO_MIB), -EPERM);
	MUST(MAP(8 * FH_GIB, 0, FH_GIB));
	MUST(MAP(15 * FH_GIB, FRAME, 4 * FRAME));
	assert_int_equal(MAP(8 * FH_GIB, 0, FRAME), -EEXIST);
	for (uint64_t at = 0; at < 16 * FH_GIB; at += 17 * FRAME)
		agree(w, &w->table, at);
	assert_int_equal(agree(w, &w->table, 256 * FRAME).pa, 0x1000);
	assert_int_equal(agree(w, &w->table, 71 * TWO_MIB + 0x5000).pa, 0x6000);
	assert_int_equal(agree(w, &w->table, 3 * FRAME).pa, 0x90003000);
	/* Unmap some, refuse some. */
	assert_int_equal(world_unmap(w, 255 * FRAME, 2 * FRAME), -EPERM);
	assert_int_equal(world_unmap(w, 8 * FH_GIB, TWO_MIB), -EBUSY);
	MUST(world_unmap(w, 256 * FRAME, FRAME));
	MUST(world_unmap(w, 71 * TWO_MIB, TWO_MIB));
	MUST(MAP(256 * FRAME, 0x9000, 2 * FRAME));
	MUST(fh_pgtable_release(&w->table));
	events = host_trace_stop();
	/* Nine entries taken, nine given back. */
	assert_int_equal(judge_stores(s, events), 9 + 9);
	tables_equal(s);
	assert_int_equal(world_count(w, FH_FRAME_HELD), held);
	assert_null(fh_frames_check(&w->frames));
}

/* What is refused without a descriptor has nothing to do with whoever declared address 0. */
static void refusal_without_descriptor(void **state)
{
	static _Alignas(16) unsigned char buffer[1024];
	struct stage *s = *state;
	struct world *w = s->w;
	struct fh_memmap low;

	MUST(adopt(s));
	MUST(fh_memmap_init(&low, buffer, sizeof(buffer), 12));
	MUST(fh_memmap_add(&low, 0, FRAME, FH_MEM_USABLE, "/memory@0"));
	MUST(fh_memmap_resolve(&low));
	w->frames.config.map = &low;
	assert_int_equal(world_unmap(w, 0, FRAME), -EPERM);
	w->frames.config.map = &w->map;
	assert_int_equal(w->fault.code, FH_FAULT_OUTSIDE_WINDOW);
	assert_null(w->fault.declared_by);
	MUST(fh_pgtable_release(&w->table));
}

/* Foreign entries inside a window: never changed, and in the way of both
 * operations. */
static void foreign_in_window(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;
	struct fh_translation answer;

	fw_table(w, 2)[300] = 0x90000000 | PAGE_DESC;
	/* Also one that has, by chance, the bit that marks ours. */
	fw_table(w, 2)[400] = INVALID_DESC | UINT64_C(1) << 55;
	fw_table(w, 0)[12] = 4 * FH_GIB | LEAF;
	MUST(adopt(s));
	MUST(MAP(299 * FRAME, 0x1000, FRAME));
	MUST(MAP(401 * FRAME, 0x2000, FRAME));
	assert_int_equal(MAP(300 * FRAME, 0, FRAME), -EPERM);
	assert_int_equal(MAP(400 * FRAME, 0, FRAME), -EPERM);
	assert_int_equal(MAP(310 * FRAME, 0, 91 * FRAME), -EPERM);
	assert_int_equal(MAP(12 * FH_GIB, 0, FRAME), -EPERM);
	assert_int_equal(MAP(11 * FH_GIB, 0, 2 * FH_GIB), -EPERM);
	assert_int_equal(world_unmap(w, 299 * FRAME, 2 * FRAME), -EPERM);
	assert_int_equal(w->fault.code, FH_FAULT_FOREIGN_ENTRY);
	assert_int_equal(world_unmap(w, 400 * FRAME, 2 * FRAME), -EPERM);
	assert_int_equal(agree(w, &w->table, 299 * FRAME).pa, 0x1000);
	MUST(fh_pgtable_lookup(&w->table, fh_dma(299 * FRAME), &answer));
	assert_int_equal(answer.owner, FH_OWNER_OURS);
	MUST(fh_pgtable_lookup(&w->table, fh_dma(300 * FRAME), &answer));
	assert_int_equal(answer.owner, FH_OWNER_FOREIGN);
	assert_int_equal(fh_pgtable_lookup(&w->table, fh_dma(400 * FRAME), &answer), -ENOENT);
	assert_int_equal(answer.owner, FH_OWNER_FOREIGN);
	MUST(fh_pgtable_release(&w->table));
	tables_equal(s);
}

/* Each allocation of a map inside an adopted table fails in turn. */
static void map_no_memory(void **state)
{
	static struct snapshot before;
	struct stage *s = *state;
	struct world *w = s->w;
	int64_t plan;

	MUST(adopt(s));
	plan = fh_pgtable_plan(&w->table, fh_dma(9 * FH_GIB - FRAME), fh_phys(0), 2 * TWO_MIB,
			       ATTR_RW);
	assert_int_equal(plan, 2 + 1 + 2);
	snapshot_take(&before, w);
	for (int64_t i = 0; i < plan; i++) {
		fh_frames_fail_after(&w->frames, (uint64_t)i);
		assert_int_equal(MAP(9 * FH_GIB - FRAME, 0, 2 * TWO_MIB), -ENOMEM);
		snapshot_equal(&before, w);
		tables_equal(s);
	}
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	MUST(MAP(9 * FH_GIB - FRAME, 0, 2 * TWO_MIB));
	MUST(fh_pgtable_release(&w->table));
	tables_equal(s);
}

/* A link of ours vanishes: said at release, and what hung there stays HELD. */
static void link_vanished(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	MUST(adopt(s));
	MUST(MAP(8 * FH_GIB, FRAME, FRAME));
	MUST(MAP(9 * FH_GIB, FRAME, FRAME));
	MUST(MAP(300 * FRAME, FRAME, FRAME));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 4);
	fw_table(w, 0)[8] = 0;
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	assert_int_equal(w->faults, 1);
	assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
	assert_int_equal(w->fault.value, 2);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 2);
	/* All else was given back. */
	tables_equal(s);
}

static void leaf_vanished(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	MUST(adopt(s));
	MUST(MAP(300 * FRAME, FRAME, 2 * FRAME));
	fw_table(w, 2)[300] = 0x90000000 | PAGE_DESC;
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
	/* What the firmware has put there instead is not ours to remove. */
	assert_int_equal(fw_table(w, 2)[300], 0x90000000 | PAGE_DESC);
	assert_int_equal(fw_table(w, 2)[301], 0);
}

/* Links that break their promise after adoption: noticed on each descent, never
 * followed. */
static void link_moved(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;
	struct fh_translation answer;
	uint64_t *root = fw_table(w, 0);
	uint64_t good = root[0];
	static const uint64_t bad[] = { BASE + HOLE_FIRST * 4096, BASE + SECURE_FIRST * 4096,
					BASE + 7 * 4096, 0 };

	MUST(adopt(s));
	MUST(MAP(300 * FRAME, FRAME, FRAME));
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		unsigned int faults = w->faults;

		root[0] = bad[i] | TABLE_DESC;
		assert_int_equal(MAP(301 * FRAME, 0, FRAME), -EIO);
		assert_int_equal(w->fault.code, FH_FAULT_TABLE_MOVED);
		assert_int_equal(world_unmap(w, 300 * FRAME, FRAME), -EIO);
		assert_int_equal(fh_pgtable_lookup(&w->table, fh_dma(300 * FRAME), &answer), -EIO);
		assert_int_equal(w->faults, faults + 3);
	}
	/* A frame of ours under a link that is not. */
	MUST(MAP(8 * FH_GIB, FRAME, FRAME));
	root[0] = root[8] & ~w->table.ours;
	assert_int_equal(MAP(301 * FRAME, 0, FRAME), -EIO);
	assert_int_equal(w->fault.code, FH_FAULT_TABLE_MOVED);
	/* Our bit on what is not a frame of ours. */
	root[0] = good | w->table.ours;
	assert_int_equal(MAP(301 * FRAME, 0, FRAME), -EIO);
	assert_int_equal(w->fault.code, FH_FAULT_TABLE_STATE);
	root[0] = good;
	MUST(fh_pgtable_release(&w->table));
	tables_equal(s);
}

/* At release too: what is behind a broken link stays, all else goes. */
static void link_moved_at_release(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	/* One window: what follows the broken link in the same table goes, too. */
	s->window[0] = (struct fh_window){ fh_dma(0), UINT64_C(1) << 39 };
	s->handover.window_count = 1;
	MUST(adopt(s));
	MUST(MAP(300 * FRAME, FRAME, FRAME));
	MUST(MAP(8 * FH_GIB, FRAME, FRAME));
	fw_table(w, 0)[0] = frame_pa(HOLE_FIRST) | TABLE_DESC;
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	assert_int_equal(fw_table(w, 0)[8], 0);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

/*
 * The firmware copies a link of ours to where zero was: the table is given back once, and what
 * says so a second time stays.
 */
static void link_copied(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;
	struct fh_gather gather;
	uint64_t copy;

	MUST(adopt(s));
	/* At the end of the chain of what goes, and in it; then an empty one, which is trimmed. */
	for (unsigned int i = 0; i < 3; i++) {
		MUST(MAP(8 * FH_GIB, FRAME, FRAME));
		MUST(MAP(11 * FH_GIB, FRAME, FRAME));
		if (i == 2)
			MUST(world_unmap(w, 8 * FH_GIB, FRAME));
		copy = fw_table(w, 0)[i == 1 ? 11 : 8];
		fw_table(w, 0)[i == 1 ? 12 : 9] = copy;
		fh_gather_init(&gather, &w->table);
		if (i < 2)
			assert_int_equal(
			    fh_pgtable_unmap(&w->table, fh_dma(8 * FH_GIB), 5 * FH_GIB, &gather),
			    -EIO);
		else
			MUST(fh_pgtable_trim(&w->table, fh_dma(8 * FH_GIB), 2 * FH_GIB, &gather));
		MUST(fh_gather_flush(&gather));
		assert_int_equal(fw_table(w, 0)[i == 1 ? 12 : 9], copy);
		fw_table(w, 0)[i == 1 ? 12 : 9] = 0;
		MUST(fh_pgtable_release(&w->table));
		tables_equal(s);
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
		MUST(adopt(s));
	}
}

/* A link inside a table of ours vanishes: nothing is missing in the firmware's tables. */
static void inner_link_vanished(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;
	uint64_t link;

	MUST(adopt(s));
	MUST(MAP(8 * FH_GIB, FRAME, FRAME));
	link = fw_table(w, 0)[8];
	at_pa(w, link & UINT64_C(0xfffffffff000))[0] = 0;
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
	assert_int_equal(w->fault.value, 1);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	tables_equal(s);
}

/* A link of ours whose span begins inside a window and ends outside. */
static void link_at_window_edge(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	s->window[1].size = TWO_MIB + FRAME;
	MUST(adopt(s));
	MUST(MAP(9 * TWO_MIB, FRAME, FRAME));
	assert_int_equal(MAP(9 * TWO_MIB + FRAME, FRAME, FRAME), -EPERM);
	/* The range does not cover the table whole. */
	MUST(world_unmap(w, 9 * TWO_MIB, FRAME));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	MUST(MAP(9 * TWO_MIB, FRAME, FRAME));
	MUST(fh_pgtable_release(&w->table));
	tables_equal(s);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
}

/* What tables above take away is taken from the answer; every combination. */
static void table_limits(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	for (uint64_t limits = 0; limits < 256; limits++) {
		fw_table(w, 0)[0] = fw_pa(1) | TABLE_DESC | (limits & 15) << 59;
		fw_table(w, 1)[0] = fw_pa(2) | TABLE_DESC | (limits >> 4) << 59;
		for (uint64_t i = 0; i < 8; i++)
			fw_table(w, 2)[i] = 0x90000000 | 0x703 | (i & 3) << 6 | (i >> 2) << 53;
		MUST(adopt(s));
		for (uint64_t i = 0; i < 8; i++)
			assert_true(agree(w, &w->table, i * FRAME).mapped);
	}
}

/* A root of 8 entries in the middle of a page, all start levels. */
static void small_roots(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	for (unsigned int ias = 25; ias <= 48; ias++) {
		uint64_t bytes = 8 * (uint64_t)arm_root_entries(ias);
		uint64_t offset = bytes < 64 ? 64 : bytes < 4096 ? bytes : 0;

		w->config.ias = (uint8_t)ias;
		s->handover.root = fh_phys(fw_pa(9) + offset);
		s->window[0] = (struct fh_window){ fh_dma(0), UINT64_C(1) << ias };
		s->handover.window_count = 1;
		MUST(adopt(s));
		MUST(MAP(0, FRAME, FRAME));
		MUST(MAP((UINT64_C(1) << ias) - FRAME, 2 * FRAME, FRAME));
		assert_int_equal(agree(w, &w->table, 0).pa, FRAME);
		assert_int_equal(agree(w, &w->table, (UINT64_C(1) << ias) - 1).pa, 3 * FRAME - 1);
		MUST(fh_pgtable_release(&w->table));
		tables_equal(s);
		assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	}
}

/* What hardware may change in an entry of ours does not keep it from being
 * taken away. */
static void hardware_updates(void **state)
{
	struct stage *s = *state;
	struct world *w = s->w;

	MUST(adopt(s));
	MUST(MAP(300 * FRAME, FRAME, FRAME));
	fw_table(w, 2)[300] ^= UINT64_C(1) << 10 | UINT64_C(1) << 7;
	MUST(fh_pgtable_release(&w->table));
	tables_equal(s);
}

static const struct CMUnitTest tests[] = {
	STAGE_TEST("iommu.adopt.work.refusal_without_descriptor", refusal_without_descriptor),
	STAGE_TEST("iommu.adopt.work.in_windows", work_in_windows),
	STAGE_TEST("iommu.adopt.work.foreign_in_window", foreign_in_window),
	STAGE_TEST("iommu.adopt.work.no_memory", map_no_memory),
	STAGE_TEST("iommu.adopt.work.small_roots", small_roots),
	STAGE_TEST("iommu.adopt.work.hardware_updates", hardware_updates),
	STAGE_TEST("iommu.adopt.broken.link_vanished", link_vanished),
	STAGE_TEST("iommu.adopt.work.link_at_window_edge", link_at_window_edge),
	STAGE_TEST("iommu.adopt.work.table_limits", table_limits),
	STAGE_TEST("iommu.adopt.broken.link_copied", link_copied),
	STAGE_TEST("iommu.adopt.broken.inner_link_vanished", inner_link_vanished),
	STAGE_TEST("iommu.adopt.broken.leaf_vanished", leaf_vanished),
	STAGE_TEST("iommu.adopt.broken.link_moved", link_moved),
	STAGE_TEST("iommu.adopt.broken.link_moved_at_release", link_moved_at_release),
};

UNIT_MAIN("iommu.adopt.work", tests)
