/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations of several CPUs, one after another, against a naive model, on memory with
 * banks, holes, reservations and NUMA nodes, that is large enough for chunks to be split, to come
 * together, and for regions of several CPUs. A request is met whenever the model has an aligned
 * run of free frames for it. FH_STEPS says how many steps; FH_SEED repeats a run.
 */
#include <cpu.h>
#include <stdlib.h>
#include <string.h>

#include "mm/page_priv.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)
#define FIRST UINT64_C(0xfe000) /* 32 MiB below 4 GiB, so that an address limit cuts the bank */
#define FRAMES 40000u
#define ORDERS 13u
#define STEPS 100000u
#define CPUS 5u
#define BLOCKS_MAX 20000u

struct unit {
	uint8_t state; /* enum fh_frame_state */
	uint8_t order;
	uint8_t node;
	bool first;
};

struct model {
	struct fh_memmap map;
	struct fh_frames frames;
	struct unit unit[FRAMES];
	uint32_t block[BLOCKS_MAX]; /* first frames of what is OWNED or HELD */
	unsigned int blocks;
	uint64_t owned;
	uint64_t held;
	uint64_t usable;
	unsigned int reports;
	uint64_t seed;
	unsigned int met[ORDERS];
	unsigned int unmet;
	void *metadata;
	void *memory;
};

/* Bank, kind, node; frames from FIRST. Nothing but the first bank's start is aligned. */
static const struct {
	uint32_t first;
	uint32_t count;
	enum fh_mem_kind kind;
	uint32_t node;
} ranges[] = {
	{ 0, 20000, FH_MEM_USABLE, 0 },	   { 300, 7, FH_MEM_RESERVED, 0 },
	{ 1024, 512, FH_MEM_RESERVED, 0 }, { 2000, 3, FH_MEM_NOMAP, 0 },
	{ 5000, 1500, FH_MEM_NOMAP, 0 },   { 20003, 1, FH_MEM_USABLE, 0 },
	{ 20100, 4000, FH_MEM_USABLE, 1 }, { 24100, 4300, FH_MEM_USABLE, 0 },
	{ 38000, 2000, FH_MEM_USABLE, 1 }, { 39999, 1, FH_MEM_RESERVED, 1 },
};

static void count_report(void *ctx, const struct fh_fault *fault)
{
	struct model *m = ctx;

	(void)fault;
	m->reports++;
}

static uint64_t pa_of(uint64_t unit)
{
	return (FIRST + unit) * FRAME;
}

static unsigned int unit_of(const struct model *m, const struct fh_page *page)
{
	return (unsigned int)(fh_page_to_phys(&m->frames, page).raw / FRAME - FIRST);
}

static int model_setup(void **state)
{
	static _Alignas(16) unsigned char buffer[4096];
	struct model *m = calloc(1, sizeof(*m));
	struct fh_frames_config config = { .instance = 3, .report = { count_report, m } };

	assert_non_null(m);
	MUST(fh_memmap_init(&m->map, buffer, sizeof(buffer), 12));
	for (size_t i = 0; i < FH_ARRAY_SIZE(ranges); i++) {
		uint64_t base = pa_of(ranges[i].first);
		uint64_t size = ranges[i].count * FRAME;

		if (ranges[i].kind == FH_MEM_USABLE)
			MUST(fh_memmap_add_ram(&m->map, base, size, ranges[i].node, "ram"));
		else
			MUST(fh_memmap_add(&m->map, base, size, ranges[i].kind, "other"));
		for (uint32_t n = 0; n < ranges[i].count; n++) {
			struct unit *unit = &m->unit[ranges[i].first + n];

			unit->first = true;
			unit->node = (uint8_t)ranges[i].node;
			unit->state = FH_FRAME_NONE;
			if (ranges[i].kind == FH_MEM_USABLE)
				unit->state = FH_FRAME_FREE;
			if (ranges[i].kind == FH_MEM_RESERVED)
				unit->state = FH_FRAME_RESERVED;
		}
	}
	MUST(fh_memmap_resolve(&m->map));
	config.map = &m->map;
	config.metadata_bytes = fh_frames_metadata_bytes(&m->map);
	m->metadata = malloc(config.metadata_bytes);
	assert_non_null(m->metadata);
	memset(m->metadata, 0xa5, config.metadata_bytes);
	config.metadata = m->metadata;
	m->memory = unit_memory(FRAMES * FRAME);
	config.direct_offset = (uintptr_t)m->memory - FIRST * FRAME;
	MUST(fh_frames_init(&m->frames, &config));
	for (unsigned int i = 0; i < FRAMES; i++)
		m->usable += m->unit[i].state == FH_FRAME_FREE;
	*state = m;
	return 0;
}

static int model_teardown(void **state)
{
	struct model *m = *state;

	host_cpu = 0;
	free(m->metadata);
	unit_memory_free(m->memory, FRAMES * FRAME);
	free(m);
	return 0;
}

static bool run_is_free(const struct model *m, uint64_t first, unsigned int order)
{
	for (uint64_t i = first; i < first + (UINT64_C(1) << order); i++)
		if (i >= FRAMES || m->unit[i].state != FH_FRAME_FREE ||
		    m->unit[i].node != m->unit[first].node)
			return false;
	return true;
}

/* A block never lies in two nodes, or on both sides of an address limit. */
static bool model_has(const struct model *m, const struct fh_page_request *request)
{
	unsigned int align =
	    request->align_order > request->order ? request->align_order : request->order;
	uint64_t step = UINT64_C(1) << align;
	uint64_t last = request->last ? request->last : UINT64_MAX;

	for (uint64_t pfn = fh_align_up(FIRST, step); pfn < FIRST + FRAMES; pfn += step) {
		uint64_t end = (pfn + (UINT64_C(1) << request->order)) * FRAME - 1;

		if (run_is_free(m, pfn - FIRST, request->order) && end <= last &&
		    (!request->on_node || m->unit[pfn - FIRST].node == request->node))
			return true;
	}
	return false;
}

static void set_block(struct model *m, unsigned int first, unsigned int order,
		      enum fh_frame_state state)
{
	for (unsigned int i = first; i < first + (1u << order); i++) {
		m->unit[i].state = (uint8_t)state;
		m->unit[i].order = (uint8_t)order;
		m->unit[i].first = i == first || state == FH_FRAME_FREE;
	}
}

/* What is wrong, in words that a failed assertion cannot say. */
static void must_be(const struct model *m, bool condition, const char *what)
{
	if (!condition)
		fail_msg("%s (%u blocks, %llu frames owned)", what, m->blocks,
			 (unsigned long long)m->owned);
}

static void step_alloc(struct model *m)
{
	struct fh_page_request request = { 0 };
	struct fh_page *page;
	unsigned int first;

	while (request.order < ORDERS - 1 && unit_random_below(&m->seed, 2))
		request.order++;
	if (unit_random_below(&m->seed, 8) == 0)
		request.order = (unsigned int)unit_random_below(&m->seed, ORDERS);
	/* Most requests are plain ones. */
	if (unit_random_below(&m->seed, 6) == 0)
		request.align_order = (unsigned int)unit_random_below(&m->seed, ORDERS);
	if (unit_random_below(&m->seed, 6) == 0)
		request.last = unit_random_below(&m->seed, 2)
				   ? UINT32_MAX
				   : pa_of(unit_random_below(&m->seed, FRAMES));
	if (unit_random_below(&m->seed, 6) == 0) {
		request.on_node = true;
		request.node = (uint32_t)unit_random_below(&m->seed, 3);
	}
	if (request.align_order || request.last || request.on_node)
		page = fh_page_alloc_request(&m->frames, &request);
	else
		page = fh_page_alloc(&m->frames, request.order, 0);
	must_be(m, (page != NULL) == model_has(m, &request),
		page ? "a block that is not free" : "a request that could be met is not");
	if (!page) {
		m->unmet++;
		return;
	}
	first = unit_of(m, page);
	must_be(m, run_is_free(m, first, request.order), "a block that is not free");
	must_be(m, fh_is_aligned(FIRST + first, UINT64_C(1) << request.order), "not aligned");
	must_be(m, fh_is_aligned(FIRST + first, UINT64_C(1) << request.align_order),
		"not aligned as asked");
	must_be(m, !request.last || pa_of(first) + (FRAME << request.order) - 1 <= request.last,
		"beyond the highest address");
	must_be(m, !request.on_node || m->unit[first].node == request.node, "another node");
	set_block(m, first, request.order, FH_FRAME_OWNED);
	m->owned += UINT64_C(1) << request.order;
	m->block[m->blocks++] = first;
	m->met[request.order]++;
}

static void step_alloc_many(struct model *m)
{
	struct fh_page *pages[100];
	size_t count = 1 + unit_random_below(&m->seed, FH_ARRAY_SIZE(pages));
	uint64_t left = m->usable - m->owned - m->held;
	size_t got = fh_page_alloc_many(&m->frames, pages, count);

	must_be(m, got == (count < left ? count : left), "fewer frames than there are");
	for (size_t i = 0; i < got; i++) {
		unsigned int first = unit_of(m, pages[i]);

		must_be(m, run_is_free(m, first, 0), "a frame that is not free");
		set_block(m, first, 0, FH_FRAME_OWNED);
		m->block[m->blocks++] = first;
	}
	m->owned += got;
	m->met[0] += (unsigned int)got;
}

static struct fh_page *handle_of(unsigned int first, unsigned int order)
{
	return (struct fh_page *)(uintptr_t)(pa_of(first) | UINT64_C(3) << 7 |
					     (uint64_t)order << 2 | 1);
}

/* Any block, and for one in ten any frame and any order: then what the model says must happen. */
static void step_free(struct model *m)
{
	unsigned int at = m->blocks ? (unsigned int)unit_random_below(&m->seed, m->blocks) : 0;
	unsigned int first = m->blocks ? m->block[at] : 0;
	unsigned int order = m->unit[first].order;
	unsigned int before = m->reports;
	bool wild = unit_random_below(&m->seed, 10) == 0;
	bool right;

	if (wild) {
		order = (unsigned int)unit_random_below(&m->seed, ORDERS);
		first = (unsigned int)unit_random_below(&m->seed, FRAMES);
		first = (unsigned int)((FIRST + first) >> order << order) - (unsigned int)FIRST;
		if (first >= FRAMES)
			return;
	}
	right = m->unit[first].state == FH_FRAME_OWNED && m->unit[first].first &&
		m->unit[first].order == order;
	must_be(m, (fh_page_free(&m->frames, handle_of(first, order)) == 0) == right,
		right ? "a free that is refused" : "a free that is not refused");
	must_be(m, m->reports - before == !right, "reports");
	if (!right)
		return;
	set_block(m, first, order, FH_FRAME_FREE);
	m->owned -= UINT64_C(1) << order;
	for (at = 0; m->block[at] != first;)
		at++;
	m->block[at] = m->block[--m->blocks];
}

static void step_held(struct model *m)
{
	unsigned int first = m->blocks ? m->block[unit_random_below(&m->seed, m->blocks)] : 0;
	unsigned int order = m->unit[first].order;
	uint64_t count = UINT64_C(1) << order;

	if (!m->blocks)
		return;
	if (m->unit[first].state == FH_FRAME_OWNED) {
		fh_phys_addr_t pa = fh_page_into_phys(&m->frames, handle_of(first, order));

		must_be(m, pa.raw == pa_of(first), "into_phys");
		set_block(m, first, order, FH_FRAME_HELD);
		m->owned -= count;
		m->held += count;
	} else {
		struct fh_page *page = fh_page_from_phys(&m->frames, fh_phys(pa_of(first)));

		must_be(m, page == handle_of(first, order), "from_phys");
		set_block(m, first, order, FH_FRAME_OWNED);
		m->held -= count;
		m->owned += count;
	}
}

/* Of a hundred frames, and of all now and then. */
static void check_states(struct model *m, unsigned int count)
{
	const char *broken = fh_frames_check(&m->frames);
	struct fh_frames_stats stats;

	must_be(m, !broken, broken ? broken : "");
	fh_frames_stats(&m->frames, &stats);
	must_be(m, stats.owned == m->owned && stats.held == m->held, "counters");
	for (unsigned int i = 0; i < count; i++) {
		uint64_t unit = count == FRAMES ? i : unit_random_below(&m->seed, FRAMES);
		struct block block = fh_frames_block_of(&m->frames, FIRST + unit);

		must_be(m, block.state == m->unit[unit].state, "state of a frame");
		if (block.state == FH_FRAME_OWNED || block.state == FH_FRAME_HELD)
			must_be(m, block.order == m->unit[unit].order, "order of a block");
	}
}

/* More is allocated in some thousand steps, more is freed in the next. */
static void random_steps(void **state)
{
	struct model *m = *state;
	const char *text = getenv("FH_STEPS");
	unsigned long steps = text ? strtoul(text, NULL, 0) : STEPS;
	unsigned long check_every = steps / 400 + 1;

	m->seed = unit_seed("mm.page.model");
	for (unsigned long i = 0; i < steps; i++) {
		uint64_t what = unit_random_below(&m->seed, 100);
		bool grow = i / 3000 % 2 == 0;

		host_cpu = (unsigned int)unit_random_below(&m->seed, CPUS);
		if (what < 2 && m->blocks < BLOCKS_MAX - 100)
			step_alloc_many(m);
		else if (what < (grow ? 50 : 30) && m->blocks < BLOCKS_MAX)
			step_alloc(m);
		else if (what < 85)
			step_free(m);
		else
			step_held(m);
		if (i % check_every == 0)
			check_states(m, i % (check_every * 50) ? 100 : FRAMES);
	}
	check_states(m, FRAMES);
	/* Of all sorts, and memory was full at times. */
	for (unsigned int order = 0; order <= CHUNK_ORDER; order++)
		assert_in_range(m->met[order], 1, UINT32_MAX);
	assert_in_range(m->unmet, steps / 200, steps);
	while (m->blocks) {
		unsigned int first = m->block[0];

		if (m->unit[first].state == FH_FRAME_HELD)
			assert_non_null(fh_page_from_phys(&m->frames, fh_phys(pa_of(first))));
		MUST(fh_page_free(&m->frames, handle_of(first, m->unit[first].order)));
		set_block(m, first, m->unit[first].order, FH_FRAME_FREE);
		m->block[0] = m->block[--m->blocks];
	}
	m->owned = 0;
	m->held = 0;
	check_states(m, FRAMES);
}

/* Everything freed in single frames, by other CPUs than took it, is whole again. */
static void all_together_again(void **state)
{
	struct model *m = *state;
	static struct fh_page *pages[FRAMES];
	struct fh_page_request nine = { .order = 9 };
	size_t count = 0;
	size_t whole = 0;
	size_t most = 0;

	for (uint64_t pfn = fh_align_up(FIRST, 512); pfn + 512 <= FIRST + FRAMES; pfn += 512)
		most += run_is_free(m, pfn - FIRST, 9);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		host_cpu = cpu;
		count += fh_page_alloc_many(&m->frames, pages + count, m->usable / CPUS);
	}
	while ((pages[count] = fh_page_alloc(&m->frames, 0, 0)))
		count++;
	assert_int_equal(count, m->usable);
	assert_null(fh_page_alloc_request(&m->frames, &nine));
	while (count) {
		host_cpu = (unsigned int)(count % CPUS);
		MUST(fh_page_free(&m->frames, pages[--count]));
	}
	assert_null(fh_frames_check(&m->frames));
	while (fh_page_alloc_request(&m->frames, &nine))
		whole++;
	assert_int_equal(whole, most);
}

static void requests_refused(void **state)
{
	struct model *m = *state;
	struct fh_page_request request = { .order = 19 };

	assert_null(fh_page_alloc_request(&m->frames, &request));
	request = (struct fh_page_request){ .flags = 2 };
	assert_null(fh_page_alloc_request(&m->frames, &request));
	request = (struct fh_page_request){ .align_order = 19 };
	assert_null(fh_page_alloc_request(&m->frames, &request));
	assert_int_equal(m->reports, 3);
	/* Cannot be met, and that is no fault: no such node, nothing so low, nothing so aligned. */
	request = (struct fh_page_request){ .on_node = true, .node = 7 };
	assert_null(fh_page_alloc_request(&m->frames, &request));
	request = (struct fh_page_request){ .last = pa_of(0) + FRAME - 2 };
	assert_null(fh_page_alloc_request(&m->frames, &request));
	request = (struct fh_page_request){ .align_order = 18, .on_node = true, .node = 1 };
	assert_null(fh_page_alloc_request(&m->frames, &request));
	assert_int_equal(m->reports, 3);
	request = (struct fh_page_request){ .last = pa_of(0) + FRAME - 1 };
	assert_int_equal(unit_of(m, fh_page_alloc_request(&m->frames, &request)), 0);
	/* What needs no low memory does not take it while there is other. */
	assert_in_range(unit_of(m, fh_page_alloc(&m->frames, 0, 0)), 0x2000, FRAMES);
	assert_null(fh_frames_check(&m->frames));
}

/* Each of fifty allocations fails in its turn; every byte of the metadata is as it was. */
static void fail_each(void **state)
{
	struct model *m = *state;
	size_t bytes = fh_frames_metadata_bytes(&m->map);
	unsigned char *before = malloc(bytes);

	assert_non_null(before);
	for (uint64_t failing = 0; failing < 50; failing++) {
		struct fh_page *pages[50];

		for (uint64_t i = 0; i < 50; i++) {
			unsigned int order = (unsigned int)(i % ORDERS);
			struct fh_page_request request = { .order = order,
							   .align_order = order + 1 };

			host_cpu = (unsigned int)(i % CPUS);
			if (i == failing) {
				fh_frames_fail_after(&m->frames, 0);
				memcpy(before, m->metadata, bytes);
				if (i % 3 == 0)
					assert_null(fh_page_alloc_request(&m->frames, &request));
				else if (i % 3 == 1)
					assert_int_equal(
					    fh_page_alloc_many(&m->frames, pages + i, 1), 0);
				else
					assert_null(fh_page_alloc(&m->frames, order, 0));
				assert_memory_equal(before, m->metadata, bytes);
			}
			pages[i] = i % 3 ? fh_page_alloc(&m->frames, order, 0)
					 : fh_page_alloc_request(&m->frames, &request);
		}
		for (uint64_t i = 0; i < 50; i++)
			assert_true(!pages[i] || fh_page_free(&m->frames, pages[i]) == 0);
		assert_null(fh_frames_check(&m->frames));
	}
	assert_int_equal(m->reports, 0);
	free(before);
}

#define MODEL(name, function)                                                                      \
	{                                                                                          \
		"mm.page.model." name, function, model_setup, model_teardown, NULL                 \
	}

static const struct CMUnitTest tests[] = {
	MODEL("random", random_steps),
	MODEL("together", all_together_again),
	MODEL("requests", requests_refused),
	MODEL("fail_each", fail_each),
};

UNIT_MAIN("mm.page.model", tests)
