/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm.storm: all CPUs at once on the machine's own frames, for fh.storm= ms each case. A stamp in
 * both ends of every page says whose it is; pages change hands between CPUs; of two that do the
 * same to one page at the same moment, one is refused. With one CPU, its own storm.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cpu.h>
#include <sysreg.h>

#include "boot/smp.h"
#include "tests/bench/random.h"
#include "tests/target/all_cpus.h"
#include "tests/target/harness.h"

#define FRAME UINT64_C(4096)
#define SLOTS 256u
#define ORDERS 12u
/* Frames that a storm leaves to itself for each CPU, so that memory is full at times. */
#define LEFT 1024u
#define WORDS 512u

/* What a CPU does, and what came of it. */
struct worker {
	struct fh_frames *frames;
	const char *wrong; /* the first thing that was */
	uint64_t seed;
	uint64_t begin;
	uint64_t ticks;
	uint64_t steps;
	uint64_t unmet;
	uint64_t won;
	unsigned int cpu;
	struct fh_page *slot[SLOTS];
};

static struct worker workers[ALL_CPUS_VIEWS];
/* Pages on their way from one CPU to another. */
static _Atomic(uintptr_t) passed[FH_CPU_MAX];

#define WORKER_EXPECT(w, condition)                                                                \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(w)->wrong = #condition;                                                   \
			test_over();                                                               \
			return false;                                                              \
		}                                                                                  \
	} while (0)

static void start(struct test *test, struct fh_frames *frames, void (*function)(void *))
{
	memset(workers, 0, sizeof(workers));
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		workers[cpu].frames = frames;
		workers[cpu].cpu = cpu;
		workers[cpu].seed = cpu + 1;
		workers[cpu].ticks = storm_ticks(test);
	}
	all_cpus_run(function, workers, sizeof(workers[0]));
}

static uint64_t free_frames(const struct fh_frames *frames)
{
	struct fh_frames_stats stats;

	fh_frames_stats(frames, &stats);
	return stats.free;
}

static uint64_t refusals(const struct fh_frames *frames)
{
	struct fh_frames_stats stats;

	fh_frames_stats(frames, &stats);
	return stats.refusals;
}

/* ---- Storm. */

/* First and last word of a page. */
static volatile uint64_t *page_end(struct worker *w, struct fh_page *page, bool last)
{
	uint64_t bytes = FRAME << fh_page_order(w->frames, page);
	unsigned char *start_of = fh_page_address(w->frames, page);

	return (volatile uint64_t *)(start_of + (last ? bytes - 8 : 0));
}

static uint64_t stamp_of(struct worker *w, const struct fh_page *page)
{
	return fh_page_to_phys(w->frames, page).raw | UINT64_C(0x5a) << 56;
}

static bool take(struct worker *w, struct fh_page **slot)
{
	struct fh_page_request request = { .order = 0 };
	struct fh_page *page;

	while (request.order < ORDERS && random_below(&w->seed, 2))
		request.order++;
	if (random_below(&w->seed, 8) == 0)
		request.align_order = (unsigned int)random_below(&w->seed, ORDERS);
	page = request.align_order ? fh_page_alloc_request(w->frames, &request)
				   : fh_page_alloc(w->frames, request.order, 0);
	w->unmet += !page;
	if (!page)
		return true;
	/* Whoever has it as well finds our stamp, or we find its. */
	WORKER_EXPECT(w, *page_end(w, page, false) != stamp_of(w, page));
	WORKER_EXPECT(w, *page_end(w, page, true) != stamp_of(w, page));
	*page_end(w, page, false) = stamp_of(w, page);
	*page_end(w, page, true) = stamp_of(w, page);
	*slot = page;
	return true;
}

static bool give(struct worker *w, struct fh_page *page)
{
	fh_phys_addr_t pa = fh_page_to_phys(w->frames, page);
	struct fh_page *again;

	WORKER_EXPECT(w, *page_end(w, page, false) == stamp_of(w, page));
	WORKER_EXPECT(w, *page_end(w, page, true) == stamp_of(w, page));
	*page_end(w, page, false) = 0;
	*page_end(w, page, true) = 0;
	if (random_below(&w->seed, 4) == 0) {
		WORKER_EXPECT(w, fh_page_into_phys(w->frames, page).raw == pa.raw);
		WORKER_EXPECT(w, fh_frame_state(w->frames, pa) == FH_FRAME_HELD);
		WORKER_EXPECT(w, fh_page_borrow_phys(w->frames, pa, NULL) != NULL);
		again = fh_page_from_phys(w->frames, pa);
		WORKER_EXPECT(w, again == page);
		page = again;
	}
	WORKER_EXPECT(w, fh_frame_state(w->frames, pa) == FH_FRAME_OWNED);
	WORKER_EXPECT(w, fh_page_free(w->frames, page) == 0);
	return true;
}

static bool step(struct worker *w)
{
	struct fh_page **slot = &w->slot[random_below(&w->seed, SLOTS)];
	uintptr_t page;

	if (!*slot && !take(w, slot))
		return false;
	if (!*slot || random_below(&w->seed, 2))
		return true;
	page = (uintptr_t)*slot;
	*slot = NULL;
	if (random_below(&w->seed, 4) == 0)
		page = atomic_exchange(&passed[random_below(&w->seed, smp_cpu_count())], page);
	return !page || give(w, (struct fh_page *)page);
}

static void storm_on_cpu(void *view)
{
	struct worker *w = view;

	all_cpus_meet();
	w->begin = arch_read_sysreg(cntvct_el0);
	do {
		for (unsigned int i = 0; i < 64; i++, w->steps++)
			if (!step(w))
				return;
	} while (ticks_since(w->begin) < w->ticks);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (w->slot[i] && !give(w, w->slot[i]))
			return;
}

/* Take blocks, the largest first, until @left frames are free; each leads to the next. */
static uint64_t take_all_but(struct fh_frames *frames, uint64_t left)
{
	uint64_t chain = 0;

	for (unsigned int order = FH_ORDER_MAX + 1; order-- > 0;) {
		while (free_frames(frames) >= left + (UINT64_C(1) << order)) {
			struct fh_page *page = fh_page_alloc(frames, order, 0);

			if (!page)
				break;
			*(uint64_t *)fh_page_address(frames, page) = chain;
			chain = fh_page_into_phys(frames, page).raw;
		}
	}
	return chain;
}

static int give_chain(struct fh_frames *frames, uint64_t chain)
{
	while (chain) {
		struct fh_page *page = fh_page_from_phys(frames, fh_phys(chain));
		int err;

		if (!page)
			return -ENOENT;
		chain = *(uint64_t *)fh_page_address(frames, page);
		err = fh_page_free(frames, page);
		if (err)
			return err;
	}
	return 0;
}

/* Every frame accounted for. */
static void storm(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	uint64_t before = free_frames(frames);
	uint64_t refused = refusals(frames);
	uint64_t left = LEFT * smp_cpu_count();
	uint64_t chain = take_all_but(frames, left);
	uint64_t unmet = 0;
	const char *wrong = NULL;

	EXPECT(test, free_frames(frames) <= left);
	start(test, frames, storm_on_cpu);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		struct worker *w = &workers[cpu];
		struct fh_page *page = (struct fh_page *)atomic_exchange(&passed[cpu], 0);

		if (!w->wrong && page)
			(void)give(w, page);
		printf("    # mm.storm: CPU %u: %llu steps, %llu requests unmet\n", cpu,
		       (unsigned long long)w->steps, (unsigned long long)w->unmet);
		unmet += w->unmet;
		wrong = wrong ? wrong : w->wrong;
	}
	if (wrong) {
		test_fail(test, __FILE__, __LINE__, wrong);
		return;
	}
	EXPECT(test, unmet > 0);
	EXPECT_EQUAL(test, give_chain(frames, chain), 0);
	EXPECT_EQUAL(test, free_frames(frames), before);
	EXPECT_EQUAL(test, refusals(frames), refused);
	EXPECT(test, !fh_frames_check(frames));
}

/* ---- Races for one page, in an instance whose refusals are counted and not printed. */

static struct fh_memmap race_map;
static struct fh_frames race_frames;
static _Atomic(uint64_t) race_reports;
static struct fh_page *race_page;
static fh_phys_addr_t race_pa;

static void count_report(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	(void)fault;
	atomic_fetch_add(&race_reports, 1);
}

/* An instance of the 64 frames at @pa, with its metadata at @metadata. */
static int race_init(uint64_t pa, void *metadata)
{
	static _Alignas(16) unsigned char buffer[512];
	struct fh_frames_config config = {
		.map = &race_map,
		.metadata = metadata,
		.metadata_bytes = 16 * FRAME,
		.instance = 7,
		.report = { count_report, NULL },
	};
	int err = fh_memmap_init(&race_map, buffer, sizeof(buffer), 12);

	if (!err)
		err = fh_memmap_add(&race_map, pa, 64 * FRAME, FH_MEM_USABLE, "race");
	if (!err)
		err = fh_memmap_resolve(&race_map);
	if (!err)
		err = fh_frames_init(&race_frames, &config);
	return err;
}

/* Each CPU frees it. */
static bool try_free(struct worker *w)
{
	(void)w;
	return fh_page_free(&race_frames, race_page) == 0;
}

/* Each second CPU gives it away, the others free it. */
static bool try_give(struct worker *w)
{
	if (w->cpu % 2)
		return fh_phys_is_valid(fh_page_into_phys(&race_frames, race_page));
	return fh_page_free(&race_frames, race_page) == 0;
}

/* Each CPU takes it back. */
static bool try_take_back(struct worker *w)
{
	struct fh_page *page = fh_page_from_phys(&race_frames, race_pa);

	(void)w;
	if (!page)
		return false;
	race_page = page;
	return true;
}

static bool (*race_try)(struct worker *w);
static bool race_goes_on;

/* CPU 0 sets the stage, and clears it. */
static void race_set(unsigned int round)
{
	race_page = fh_page_alloc(&race_frames, round % 6, 0);
	race_pa = race_page ? fh_page_to_phys(&race_frames, race_page) : FH_PHYS_INVALID;
	if (race_try == try_take_back)
		race_pa = fh_page_into_phys(&race_frames, race_page);
}

static void race_clear(struct worker *w)
{
	enum fh_frame_state state = fh_frame_state(&race_frames, race_pa);

	if (state == FH_FRAME_HELD)
		race_page = fh_page_from_phys(&race_frames, race_pa);
	if (state != FH_FRAME_FREE && fh_page_free(&race_frames, race_page) != 0)
		w->wrong = "the page is left";
}

/* Where the host has fewer CPUs than the machine, a round takes milliseconds. */
static void race_on_cpu(void *view)
{
	struct worker *w = view;
	bool more;

	w->begin = arch_read_sysreg(cntvct_el0);
	do {
		if (w->cpu == 0) {
			race_set((unsigned int)w->steps);
			race_goes_on = ticks_since(w->begin) < w->ticks;
		}
		all_cpus_meet();
		more = race_goes_on;
		w->won += race_try(w);
		w->steps++;
		all_cpus_meet();
		if (w->cpu == 0)
			race_clear(w);
	} while (more);
}

/* One wins each round; whoever loses is refused and heard of. */
static void race(struct test *test, bool (*try)(struct worker *w))
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *ram = fh_page_alloc(frames, 6, 0);
	struct fh_page *metadata = fh_page_alloc(frames, 4, 0);
	uint64_t won = 0;
	uint64_t lost;

	EXPECT(test, ram && metadata);
	EXPECT_EQUAL(test,
		     race_init(fh_page_to_phys(frames, ram).raw, fh_page_address(frames, metadata)),
		     0);
	atomic_store(&race_reports, 0);
	race_try = try;
	start(test, frames, race_on_cpu);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++)
		won += workers[cpu].won;
	EXPECT(test, !workers[0].wrong);
	EXPECT_EQUAL(test, won, workers[0].steps);
	printf("    # mm.storm: %llu rounds\n", (unsigned long long)won);
	lost = workers[0].steps * (smp_cpu_count() - 1);
	EXPECT_EQUAL(test, refusals(&race_frames), lost);
	EXPECT_EQUAL(test, atomic_load(&race_reports), lost);
	EXPECT_EQUAL(test, free_frames(&race_frames), 64);
	EXPECT(test, !fh_frames_check(&race_frames));
	EXPECT_EQUAL(test, fh_page_free(frames, ram), 0);
	EXPECT_EQUAL(test, fh_page_free(frames, metadata), 0);
}

static void race_free(struct test *test)
{
	race(test, try_free);
}

static void race_give(struct test *test)
{
	race(test, try_give);
}

static void race_take_back(struct test *test)
{
	race(test, try_take_back);
}

/* ---- Words that CPU 0 writes while the others copy the page. */

static struct fh_page *shared;
static _Atomic(bool) writing;

static void write_words(struct worker *w)
{
	volatile uint64_t *word = fh_page_address(w->frames, shared);

	w->begin = arch_read_sysreg(cntvct_el0);
	for (uint64_t n = 1; ticks_since(w->begin) < w->ticks; n++)
		for (unsigned int i = 0; i < WORDS; i++)
			word[i] = (n & UINT32_MAX) * UINT64_C(0x100000001);
	atomic_store(&writing, false);
}

/* Both halves of a word were written together. */
static bool read_words(struct worker *w, const struct fh_page *borrowed)
{
	static uint64_t copies[FH_CPU_MAX][WORDS];
	uint64_t *copy = copies[w->cpu];

	WORKER_EXPECT(w, fh_page_read(w->frames, borrowed, 8, copy, FRAME - 8) == 0);
	for (unsigned int i = 0; i < WORDS - 1; i++)
		WORKER_EXPECT(w, (uint32_t)copy[i] == copy[i] >> 32);
	w->won += copy[0] != copy[WORDS - 2];
	w->steps++;
	return true;
}

static void tear_on_cpu(void *view)
{
	struct worker *w = view;
	const struct fh_page *borrowed =
	    fh_page_borrow_phys(w->frames, fh_page_to_phys(w->frames, shared), NULL);

	all_cpus_meet();
	if (w->cpu == 0)
		write_words(w);
	else
		while (atomic_load(&writing) && read_words(w, borrowed))
			;
}

static void whole_words(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	uint64_t steps = 0;
	uint64_t amid = 0;

	if (smp_cpu_count() < 2)
		SKIP(test, "one CPU");
	shared = fh_page_alloc(frames, 0, FH_PAGE_ZERO);
	EXPECT(test, shared);
	atomic_store(&writing, true);
	start(test, frames, tear_on_cpu);
	for (unsigned int cpu = 1; cpu < smp_cpu_count(); cpu++) {
		if (workers[cpu].wrong)
			test_fail(test, __FILE__, __LINE__, workers[cpu].wrong);
		steps += workers[cpu].steps;
		amid += workers[cpu].won;
	}
	EXPECT_EQUAL(test, fh_page_free(frames, shared), 0);
	printf("    # mm.storm: %llu copies, %llu of them amid a change\n",
	       (unsigned long long)steps, (unsigned long long)amid);
	EXPECT(test, steps > 0);
}

static const struct test_case cases[] = {
	{ "storm", storm },
	{ "race_free", race_free },
	{ "race_give", race_give },
	{ "race_take_back", race_take_back },
	{ "whole_words", whole_words },
};

SUITE(mm_storm, "mm.storm", cases);
