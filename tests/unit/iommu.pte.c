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
	return event->kind >= HOST_TLBI_VA && event->kind <= HOST_TLBI_ALL;
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
	/* All of it has reached the walker when map returns. */
	for (size_t i = 0; i < trace_count; i++)
		if (trace[i].kind == HOST_CAS)
			assert_true(reached(i, trace_count, coherent));
	MUST(fh_pgtable_release(&w->table));
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
	size_t first, last, tlbi, dsb;

	begin(w, coherent);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB + 2 * FRAME, ATTR_RW));
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
	for (size_t i = 0; i < trace_count; i++) {
		if (trace[i].kind != HOST_CAS)
			continue;
		assert_int_equal(trace[i].value, 0);
		assert_true(i < tlbi && reached(i, tlbi, coherent));
	}
	/* 513 pages are more than one by one is worth. */
	assert_int_equal(trace[tlbi].kind, HOST_TLBI_ALL);
	last = tlbi;
	dsb = last + 1;
	assert_int_equal(trace[dsb].kind, HOST_DSB_ISH);
	/* Nothing touches a descriptor from there on: what was unlinked is the
	 * allocator's. */
	assert_int_equal(find_from(dsb, is_store), NONE);
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

	begin(w, false);
	host_trace_stop();
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), FRAME, ATTR_RW));
	host_trace_start(trace, EVENTS);
	MUST(fh_pgtable_map(&w->table, fh_dma(8 * FRAME), fh_phys(0), 8 * FRAME, ATTR_RW));
	trace_count = host_trace_stop();
	for (size_t i = 0; i < trace_count; i++)
		if (trace[i].kind == HOST_CLEAN)
			assert_true(trace[i].address % 4096 >= 64 &&
				    trace[i].address % 4096 + trace[i].size <= 128);
	MUST(fh_pgtable_release(&w->table));
}

static void primitives(void **state)
{
	uint64_t slot = 0, found = 7;

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
	WORLD_TEST("iommu.pte.order.unmap_coherent", order_unmap_coherent),
	WORLD_TEST("iommu.pte.order.unmap_not_coherent", order_unmap_not_coherent),
	WORLD_TEST("iommu.pte.order.chain", order_chain),
	WORLD_TEST("iommu.pte.clean.no_neighbours", clean_no_neighbours),
};

UNIT_MAIN("iommu.pte", tests)
