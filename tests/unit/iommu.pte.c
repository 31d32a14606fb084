/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which walkers see what the engine does, from the trace: children
 * before links, cleans before barriers, invalidation after the clearing and
 * before frames are free.
 */
#include "iommu/pte.h"
#include "iommu/tlb_cpu.h"
#include "tests/unit/iommu_fixture.h"

#define EVENTS 8192u
#define NONE SIZE_MAX

static struct host_event trace[EVENTS];
static size_t trace_count;

static bool is_barrier(const struct host_event *event, bool complete)
{
	if (event->kind == HOST_DSB_SY || event->kind == HOST_DSB_ISH)
		return true;
	/* A clean is complete only after a DSB of both loads and stores. */
	return !complete && (event->kind == HOST_DSB_ISHST || event->kind == HOST_DSB_ST);
}

static bool is_store(const struct host_event *event)
{
	return event->kind == HOST_STORE || event->kind == HOST_CAS;
}

static bool is_tlbi(const struct host_event *event)
{
	return event->kind >= HOST_TLBI_VA && event->kind <= HOST_TLBI_IPA_RANGE_LAST;
}

/*
 * Has what event @store put into memory reached a walker before event @before?
 * Coherent: a barrier lies between. Not coherent: a clean of its line, and then
 * a complete barrier.
 */
static bool reached(size_t store, size_t before, bool coherent)
{
	bool cleaned = coherent;

	for (size_t i = store + 1; i < before; i++) {
		const struct host_event *event = &trace[i];

		if (event->kind == HOST_CLEAN && event->address <= trace[store].address &&
		    trace[store].address + 8 <= event->address + event->size)
			cleaned = true;
		else if (cleaned && is_barrier(event, !coherent))
			return true;
	}
	return false;
}

/* The page that a store's slot lies in. */
static uint64_t page_of(const struct world *w, const struct host_event *event)
{
	return BASE + ((event->address - (uintptr_t)w->arena) & ~(FRAME - 1));
}

/* Was the whole page cleaned before event @before? */
static bool page_cleaned(const struct world *w, uint64_t page, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (trace[i].kind == HOST_CLEAN && trace[i].size == FRAME &&
		    page_of(w, &trace[i]) == page)
			return true;
	return false;
}

/*
 * Replays the trace: a page becomes reachable when a link to it is stored into
 * a reachable one; at that moment all stores to it (and to what hangs below)
 * have reached the walker. Return: links to pages that were not reachable
 * before.
 */
static unsigned int judge_links(const struct world *w, bool coherent)
{
	unsigned int links = 0;

	for (size_t i = 0; i < trace_count; i++) {
		uint64_t child = trace[i].value & UINT64_C(0xfffffffff000);

		if (!is_store(&trace[i]) || (trace[i].value & 3) != 3 || child < BASE ||
		    child >= BASE + FRAMES * FRAME)
			continue;
		links++;
		for (size_t j = 0; j < i; j++)
			if (is_store(&trace[j]) && page_of(w, &trace[j]) == child)
				assert_true(reached(j, i, coherent));
		/* Where nothing was stored there are zeros, and they have to get there too. */
		if (!coherent)
			assert_true(page_cleaned(w, child, i));
		/* And nothing is initialised after it was linked, but by compare-and-swap.
		 */
		for (size_t j = i + 1; j < trace_count; j++)
			if (trace[j].kind == HOST_STORE && page_of(w, &trace[j]) == child)
				assert_false(trace[j].value & 1);
	}
	return links;
}

/* All that was stored in events [@from, @to), but to page @except, is seen before event @to. */
static void judge_reached_except(const struct world *w, size_t from, size_t to, uint64_t except,
				 bool coherent)
{
	for (size_t i = from; i < to; i++)
		if (is_store(&trace[i]) && (!w || page_of(w, &trace[i]) != except))
			assert_true(reached(i, to, coherent));
}

static void judge_reached(size_t from, size_t to, uint64_t except, bool coherent)
{
	judge_reached_except(NULL, from, to, except, coherent);
}

static void begin(struct world *w, bool coherent)
{
	w->config.coherent = coherent;
	w->config.tlb = &fh_tlb_cpu_ops;
	w->config.tlb_ctx = &w->table;
	MUST(fh_pgtable_init(&w->table, &w->config));
	host_trace_start(trace, EVENTS);
}

static void order_map(struct world *w, bool coherent)
{
	begin(w, coherent);
	/* Two edges of pages, blocks between; the leaf addresses are no RAM of the
	 * fixture. */
	MUST(fh_pgtable_map(&w->table, fh_dma(FH_GIB - TWO_MIB - FRAME),
			    fh_phys(FH_GIB - TWO_MIB - FRAME), 2 * TWO_MIB + 2 * FRAME, ATTR_RW));
	trace_count = host_trace_stop();
	/* Below each of the root's two entries: a level 2 and a level 3. */
	assert_int_equal(judge_links(w, coherent), 4);
	judge_reached(0, trace_count, 0, coherent);
	MUST(fh_pgtable_release(&w->table));
}

/* Leaves and blocks in tables that walkers see: stored, and there when map returns. */
static void order_fill(struct world *w, bool coherent)
{
	uint64_t at[] = { 0x10000, FH_GIB + 4 * TWO_MIB };

	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), FRAME, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(FH_GIB), fh_phys(TWO_MIB), TWO_MIB, ATTR_RW));
	for (size_t i = 0; i < FH_ARRAY_SIZE(at); i++) {
		uint64_t size = i ? 4 * TWO_MIB : 37 * FRAME;
		unsigned int stores = 0, cleans = 0;

		host_trace_start(trace, EVENTS);
		MUST(fh_pgtable_map(&w->table, fh_dma(at[i]), fh_phys(at[i]), size, ATTR_RW));
		trace_count = host_trace_stop();
		judge_reached(0, trace_count, 0, coherent);
		for (size_t j = 0; j < trace_count; j++) {
			assert_int_not_equal(trace[j].kind, HOST_CAS);
			stores += trace[j].kind == HOST_STORE;
			cleans += trace[j].kind == HOST_CLEAN && trace[j].size > 8;
		}
		assert_int_equal(stores, i ? 4 : 37);
		/* One for all of them; those of links on the way are another matter. */
		assert_int_equal(cleans, !coherent);
	}
	MUST(fh_pgtable_release(&w->table));
}

static void order_fill_coherent(void **state)
{
	order_fill(*state, true);
}

static void order_fill_not_coherent(void **state)
{
	order_fill(*state, false);
}

static void order_map_coherent(void **state)
{
	order_map(*state, true);
}

static void order_map_not_coherent(void **state)
{
	order_map(*state, false);
}

/* A new table's own page, where nothing was ever stored but zeros, is cleaned
 * too. */
/* The link at @slot was cleaned, and the clean is complete. */
static bool link_reached(const uint64_t *slot)
{
	bool cleaned = false;

	for (size_t i = 0; i < trace_count; i++) {
		if (trace[i].kind == HOST_CLEAN && trace[i].address <= (uintptr_t)slot &&
		    (uintptr_t)(slot + 1) <= trace[i].address + trace[i].size)
			cleaned = true;
		else if (cleaned && is_barrier(&trace[i], true))
			return true;
	}
	return false;
}

/* Another CPU may have made the links on the way just now, and not yet have cleaned them: before a
 * map returns they have reached the walker, whichever way it went. */
static void order_links(void **state)
{
	struct world *w = *state;
	struct fh_segment pieces[2] = { { fh_phys(0x7000), FRAME }, { fh_phys(0x3000), FRAME } };
	uint64_t *root, *middle;

	begin(w, false);
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), FRAME, ATTR_RW));
	host_trace_stop();
	root = at_pa(w, w->table.root.raw);
	middle = at_pa(w, root[0] & UINT64_C(0xfffffffff000));
	host_trace_start(trace, EVENTS);
	MUST(fh_pgtable_map_list(&w->table, fh_dma(8 * FRAME), pieces, 2, ATTR_RW));
	trace_count = host_trace_stop();
	assert_true(link_reached(root) && link_reached(middle));
	host_trace_start(trace, EVENTS);
	MUST(fh_pgtable_map(&w->table, fh_dma(TWO_MIB), fh_phys(TWO_MIB), TWO_MIB, ATTR_RW));
	trace_count = host_trace_stop();
	assert_true(link_reached(root));
	MUST(fh_pgtable_release(&w->table));
}

static void order_root(void **state)
{
	struct world *w = *state;
	uintptr_t root;

	w->config.coherent = false;
	host_trace_start(trace, EVENTS);
	MUST(fh_pgtable_init(&w->table, &w->config));
	trace_count = host_trace_stop();
	root = (uintptr_t)at_pa(w, w->table.root.raw);
	assert_int_equal(trace_count, 2);
	assert_int_equal(trace[0].kind, HOST_CLEAN);
	assert_int_equal(trace[0].address, root);
	assert_int_equal(trace[0].size, 4096);
	assert_int_equal(trace[1].kind, HOST_DSB_SY);
	MUST(fh_pgtable_release(&w->table));
}

static size_t find_from(size_t from, bool (*is)(const struct host_event *event))
{
	for (size_t i = from; i < trace_count; i++)
		if (is(&trace[i]))
			return i;
	return NONE;
}

static void order_unmap(struct world *w, bool coherent)
{
	struct fh_gather gather;
	uint64_t unlinked, *root, *level_2;
	size_t first, tlbi, cleared = 0;

	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB + 2 * FRAME, ATTR_RW));
	root = at_pa(w, w->table.root.raw);
	level_2 = at_pa(w, root[0] & UINT64_C(0xfffffffff000));
	unlinked = level_2[0] & UINT64_C(0xfffffffff000);
	host_trace_start(trace, EVENTS);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), TWO_MIB + FRAME, &gather));
	MUST(fh_gather_flush(&gather));
	trace_count = host_trace_stop();
	/* The link of the table that was covered whole, one page, and its chain: all
	 * before a TLBI. */
	first = find_from(0, is_store);
	tlbi = find_from(0, is_tlbi);
	assert_true(first != NONE && tlbi != NONE && first < tlbi);
	judge_reached_except(w, 0, tlbi, unlinked, coherent);
	for (size_t i = 0; i < trace_count; i++) {
		if (!is_store(&trace[i]) || page_of(w, &trace[i]) == unlinked)
			continue;
		assert_int_equal(trace[i].value, 0);
		assert_true(i < tlbi);
		cleared++;
	}
	assert_int_equal(cleared, 2);
	/* 513 pages are more than one by one is worth. */
	assert_int_equal(trace[tlbi].kind, HOST_TLBI_ALL);
	assert_int_equal(trace[tlbi + 1].kind, HOST_DSB_ISH);
	/* Nothing touches a descriptor from there on: what was unlinked is the
	 * allocator's. */
	assert_int_equal(find_from(tlbi + 1, is_store), NONE);
	MUST(fh_pgtable_release(&w->table));
}

static void order_unmap_coherent(void **state)
{
	order_unmap(*state, true);
}

static void order_unmap_not_coherent(void **state)
{
	order_unmap(*state, false);
}

/* The first event from @from on that changes the descriptor at @slot. */
static size_t find_change(size_t from, const uint64_t *slot)
{
	for (size_t i = from; i < trace_count; i++)
		if (is_store(&trace[i]) && trace[i].address == (uintptr_t)slot)
			return i;
	return NONE;
}

/* From event @from on: a TLBI, and a DSB that has completed it; returns where that is. */
static size_t judge_invalidated(size_t from)
{
	size_t tlbi = find_from(from, is_tlbi);

	assert_true(tlbi != NONE);
	for (size_t i = tlbi; i < trace_count; i++)
		if (trace[i].kind == HOST_DSB_ISH)
			return i;
	fail_msg("no DSB completes the invalidation");
	return NONE;
}

/* The gather's own invalidation. */
static size_t last_tlbi(void)
{
	size_t last = find_from(0, is_tlbi);

	for (size_t next = last; next != NONE; next = find_from(next + 1, is_tlbi))
		last = next;
	assert_true(last != NONE);
	return last;
}

/*
 * D8.16.1: a block becomes a table. Level 0: invalid first, level 1: nT first, and in both the TLBs
 * have forgotten it before the link is there; at level 2 the link comes at once.
 */
static void order_split(struct world *w, bool coherent, unsigned int bbm)
{
	struct fh_gather gather, pending;
	uint64_t block, *slot;
	size_t change;

	w->config.bbm_level = (uint8_t)bbm;
	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), TWO_MIB, ATTR_RW));
	slot = at_pa(w, at_pa(w, w->table.root.raw)[0] & UINT64_C(0xfffffffff000));
	block = *slot;
	assert_int_equal(block & 3, 1);
	host_trace_start(trace, EVENTS);
	fh_gather_init(&gather, &w->table);
	if (bbm == 0)
		fh_gather_quiescent(&gather);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), FRAME, &gather));
	pending = gather;
	MUST(fh_gather_flush(&gather));
	trace_count = host_trace_stop();
	assert_int_equal(judge_links(w, coherent), 1);
	judge_reached(0, last_tlbi(), 0, coherent);
	change = find_change(0, slot);
	assert_true(change != NONE);
	if (bbm < 2) {
		size_t tlbi = find_from(0, is_tlbi);

		assert_int_equal(trace[change].value,
				 bbm ? block | UINT64_C(1) << 16 : block & ~UINT64_C(1));
		assert_true(change < tlbi && reached(change, tlbi, coherent));
		change = find_change(change + 1, slot);
		assert_true(change != NONE && judge_invalidated(0) < change);
	}
	assert_int_equal(trace[change].kind, HOST_CAS);
	assert_int_equal(trace[change].value & 3, 3);
	assert_int_equal(find_change(change + 1, slot), NONE);
	/* And what TLBs may hold of the block goes with the gather. */
	assert_true(pending.pending && pending.tables);
	assert_int_equal(pending.first, 0);
	assert_int_equal(pending.last, TWO_MIB - 1);
	MUST(fh_pgtable_release(&w->table));
}

static void order_split_all(void **state)
{
	for (unsigned int bbm = 0; bbm <= 2; bbm++) {
		order_split(*state, true, bbm);
		order_split(*state, false, bbm);
	}
}

/* A contiguous run: level 2 takes the hint off one by one, else all are invalid in between. */
static void order_split_run(struct world *w, bool coherent, unsigned int bbm)
{
	struct fh_gather gather, pending;
	uint64_t *slot, *table;
	struct seen seen;

	w->config.bbm_level = (uint8_t)bbm;
	w->config.contiguous = true;
	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 32 * FRAME, ATTR_RW));
	table = at_pa(w, at_pa(w, w->table.root.raw)[0] & UINT64_C(0xfffffffff000));
	slot = at_pa(w, table[0] & UINT64_C(0xfffffffff000));
	host_trace_start(trace, EVENTS);
	fh_gather_init(&gather, &w->table);
	if (bbm < 2)
		fh_gather_quiescent(&gather);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(20 * FRAME), FRAME, &gather));
	pending = gather;
	MUST(fh_gather_flush(&gather));
	trace_count = host_trace_stop();
	judge_reached(0, last_tlbi(), 0, coherent);
	for (unsigned int i = 0; i < 32; i++) {
		size_t change = find_change(0, &slot[i]);

		if (i < 16) {
			assert_int_equal(change, NONE);
			continue;
		}
		assert_true(change != NONE);
		if (bbm < 2) {
			size_t tlbi = find_from(0, is_tlbi);

			assert_int_equal(trace[change].value & 1, 0);
			assert_true(change < tlbi && reached(change, tlbi, coherent));
			change = find_change(change + 1, &slot[i]);
			assert_true(change != NONE && judge_invalidated(0) < change);
		}
		assert_int_equal(trace[change].kind, HOST_CAS);
		assert_int_equal(trace[change].value & (UINT64_C(1) << 52 | 1), 1);
	}
	seen = arm_walk(w, &w->table, 19 * FRAME);
	assert_true(seen.mapped && seen.pa == 19 * FRAME);
	assert_int_equal(world_runs(w), 16);
	assert_int_equal(pending.first, 16 * FRAME);
	assert_int_equal(pending.last, 32 * FRAME - 1);
	MUST(fh_pgtable_release(&w->table));
}

static void order_split_runs(void **state)
{
	for (unsigned int bbm = 0; bbm <= 2; bbm++) {
		order_split_run(*state, true, bbm);
		order_split_run(*state, false, bbm);
	}
}

/* In place, or by way of an invalid entry for what must not change in a live one. */
static void order_protect(struct world *w, bool coherent, bool breaks)
{
	struct fh_attr attr = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };
	struct fh_gather gather;
	uint64_t *table, *slot;
	size_t tlbi;

	if (breaks)
		attr.memtype = FH_MEMTYPE_NC;
	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 8 * FRAME, ATTR_RW));
	table = at_pa(w, at_pa(w, w->table.root.raw)[0] & UINT64_C(0xfffffffff000));
	slot = at_pa(w, table[0] & UINT64_C(0xfffffffff000));
	host_trace_start(trace, EVENTS);
	fh_gather_init(&gather, &w->table);
	if (breaks)
		fh_gather_quiescent(&gather);
	MUST(fh_pgtable_protect(&w->table, fh_dma(0), 8 * FRAME, attr, &gather));
	MUST(fh_gather_flush(&gather));
	trace_count = host_trace_stop();
	tlbi = find_from(0, is_tlbi);
	judge_reached(0, tlbi, 0, coherent);
	for (unsigned int i = 0; i < 8; i++) {
		size_t change = find_change(0, &slot[i]);

		assert_true(change < tlbi);
		assert_int_equal(trace[change].kind, HOST_CAS);
		if (breaks) {
			assert_int_equal(trace[change].value & 1, 0);
			change = find_change(change + 1, &slot[i]);
			assert_true(change != NONE && judge_invalidated(0) < change);
			/* And another invalidation behind it, the gather's. */
			judge_reached(judge_invalidated(0), find_from(change, is_tlbi), 0,
				      coherent);
		}
		assert_int_equal(trace[change].value, slot[i]);
		assert_int_equal(find_change(change + 1, &slot[i]), NONE);
	}
	MUST(fh_pgtable_release(&w->table));
}

static void order_protect_all(void **state)
{
	for (unsigned int i = 0; i < 4; i++)
		order_protect(*state, i & 1, i & 2);
}

/* While a table waits in a gather, a walker that still holds it finds entry 0
 * invalid. */
static void order_chain(void **state)
{
	struct world *w = *state;
	struct fh_gather gather;
	uint64_t table[3];

	begin(w, true);
	host_trace_stop();
	for (unsigned int i = 0; i < 3; i++) {
		struct seen seen;

		MUST(
		    fh_pgtable_map(&w->table, fh_dma(i * TWO_MIB), fh_phys(FRAME), FRAME, ATTR_RW));
		seen = arm_walk(w, &w->table, i * TWO_MIB);
		assert_int_equal(seen.level, 3);
		table[i] = at_pa(w, at_pa(w, w->table.root.raw)[0] & UINT64_C(0xfffffffff000))[i] &
			   UINT64_C(0xfffffffff000);
	}
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), 3 * TWO_MIB, &gather));
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(fh_frame_state(&w->frames, fh_phys(table[i])), FH_FRAME_HELD);
		assert_false(*at_pa(w, table[i]) & 1);
	}
	MUST(fh_gather_flush(&gather));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(fh_frame_state(&w->frames, fh_phys(table[i])), FH_FRAME_FREE);
	MUST(fh_pgtable_release(&w->table));
}

/* No clean of ours reaches beyond the lines of what was changed. */
static void clean_no_neighbours(void **state)
{
	struct world *w = *state;
	unsigned int links = 0;

	begin(w, false);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), FRAME, ATTR_RW));
	host_trace_start(trace, EVENTS);
	MUST(fh_pgtable_map(&w->table, fh_dma(8 * FRAME), fh_phys(0), 8 * FRAME, ATTR_RW));
	trace_count = host_trace_stop();
	/* The links on the way, each first in its table, may be another CPU's and not clean. */
	for (size_t i = 0; i < trace_count; i++)
		if (trace[i].kind == HOST_CLEAN && trace[i].size == 8 && links < 2)
			links += trace[i].address % 4096 == 0;
		else if (trace[i].kind == HOST_CLEAN)
			assert_true(trace[i].address % 4096 >= 64 &&
				    trace[i].address % 4096 + trace[i].size <= 128);
	MUST(fh_pgtable_release(&w->table));
}

static void primitives(void **state)
{
	uint64_t slot = 0, found = 7;
	uint64_t run[4] = { 0 };

	(void)state;
	assert_true(fh_pte_take(&slot, 5, true, &found));
	assert_int_equal(slot, 5);
	assert_false(fh_pte_take(&slot, 9, true, &found));
	assert_int_equal(found, 5);
	assert_int_equal(fh_pte_read(&slot), 5);
	/* Another descriptor stays; one that differs where hardware may write goes.
	 */
	assert_false(fh_pte_give(&slot, 4, UINT64_MAX, true, &found));
	assert_int_equal(found, 5);
	assert_int_equal(slot, 5);
	assert_true(fh_pte_give(&slot, 4, ~UINT64_C(1), true, &found));
	assert_int_equal(slot, 0);
	/* Some bits change, and those that hardware has set meanwhile stay. */
	slot = 0x73;
	fh_pte_update(&slot, 0x3, 0x100, true);
	assert_int_equal(slot, 0x170);
	found = 0x171;
	assert_false(fh_pte_replace(&slot, &found, 9, true));
	assert_int_equal(found, 0x170);
	assert_true(fh_pte_replace(&slot, &found, 9, true));
	assert_int_equal(slot, 9);
	fh_pte_fill(run, 3, 0x1001, 0x1000, true);
	assert_int_equal(run[0], 0x1001);
	assert_int_equal(run[2], 0x3001);
	assert_int_equal(run[3], 0);
	fh_pte_clear(run + 1, 2, true);
	assert_int_equal(run[0], 0x1001);
	assert_int_equal(run[1] | run[2], 0);
	fh_pte_init_run(run + 2, 2, 5, 0);
	assert_int_equal(run[2], 5);
	assert_int_equal(run[3], 5);
	/* Not coherent: each cleans what it has changed, and that alone, to the end. */
	for (unsigned int i = 0; i < 6; i++) {
		size_t events;

		slot = i == 0 ? 0 : 4;
		found = 4;
		host_trace_start(trace, EVENTS);
		i == 0	 ? (void)fh_pte_take(&slot, 5, false, &found)
		: i == 1 ? (void)fh_pte_give(&slot, 4, UINT64_MAX, false, &found)
		: i == 2 ? fh_pte_update(&slot, 1, 2, false)
		: i == 3 ? (void)fh_pte_replace(&slot, &found, 8, false)
		: i == 4 ? fh_pte_fill(run, 4, 1, 2, false)
			 : fh_pte_clear(run, 4, false);
		events = host_trace_stop();
		assert_int_equal(trace[events - 2].kind, HOST_CLEAN);
		assert_ptr_equal((void *)trace[events - 2].address, i < 4 ? &slot : run);
		assert_int_equal(trace[events - 2].size, i < 4 ? 8 : 32);
		assert_int_equal(trace[events - 1].kind, HOST_DSB_SY);
	}
	host_trace_start(trace, EVENTS);
	fh_pte_publish(&slot, 3);
	fh_pte_sync_self();
	assert_int_equal(host_trace_stop(), 4);
	assert_int_equal(trace[0].kind, HOST_DSB_ISHST);
	assert_int_equal(trace[1].kind, HOST_STORE);
	assert_int_equal(trace[2].kind, HOST_DSB_ISHST);
	assert_int_equal(trace[3].kind, HOST_ISB);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.pte.primitives", primitives),
	WORLD_TEST("iommu.pte.order.map_coherent", order_map_coherent),
	WORLD_TEST("iommu.pte.order.map_not_coherent", order_map_not_coherent),
	WORLD_TEST("iommu.pte.order.root", order_root),
	WORLD_TEST("iommu.pte.order.links", order_links),
	WORLD_TEST("iommu.pte.order.unmap_coherent", order_unmap_coherent),
	WORLD_TEST("iommu.pte.order.unmap_not_coherent", order_unmap_not_coherent),
	WORLD_TEST("iommu.pte.order.fill_coherent", order_fill_coherent),
	WORLD_TEST("iommu.pte.order.fill_not_coherent", order_fill_not_coherent),
	WORLD_TEST("iommu.pte.order.split", order_split_all),
	WORLD_TEST("iommu.pte.order.split_run", order_split_runs),
	WORLD_TEST("iommu.pte.order.protect", order_protect_all),
	WORLD_TEST("iommu.pte.order.chain", order_chain),
	WORLD_TEST("iommu.pte.clean.no_neighbours", clean_no_neighbours),
};

UNIT_MAIN("iommu.pte", tests)
