/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four threads on one instance of 16 MiB of frames. A byte for each frame, taken by an atomic
 * exchange, says that nobody else has it; what the header promises of requests that could be met is
 * held against quotas; two threads free one page at the same moment. Built with the thread
 * sanitizer. FH_STEPS says how many steps.
 */
/* Pages go from thread to thread and through arrays, where compilers lose their owner. */
#define FH_OWNERSHIP_OFF
#include "mm/page.h"

#include <cpu.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)
#define FIRST UINT64_C(0x80003)
#define FRAMES 4096u
#define THREADS 4u
#define STEPS 100000u
#define PAGES 512u
#define ROUNDS 4000u
/* Few enough to be all in use at times. */
#define QUOTA 100u
#define FEW (THREADS * QUOTA)

struct worker {
	pthread_t thread;
	unsigned int number;
	uint64_t seed;
	unsigned long steps;
	unsigned long unmet;
	unsigned int freed;
	const char *wrong;
};

static struct fh_memmap map;
static struct fh_frames frames;
static void *metadata;
static void *memory;
static _Atomic(uint8_t) taken[FRAMES];
static pthread_barrier_t barrier;
/* Pages on their way from the thread that took them to one that frees them. */
static _Atomic(uintptr_t) passed[THREADS];
static struct fh_page *contested;

#define WORKER_CHECK(w, condition)                                                                 \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(w)->wrong = #condition;                                                   \
			return false;                                                              \
		}                                                                                  \
	} while (0)

static void start(uint64_t frame_count)
{
	static _Alignas(16) unsigned char buffer[512];
	struct fh_frames_config config = { .map = &map };

	MUST(fh_memmap_init(&map, buffer, sizeof(buffer), 12));
	MUST(fh_memmap_add(&map, FIRST * FRAME, frame_count * FRAME, FH_MEM_USABLE, "ram"));
	MUST(fh_memmap_resolve(&map));
	config.metadata_bytes = fh_frames_metadata_bytes(&map);
	metadata = malloc(config.metadata_bytes);
	assert_non_null(metadata);
	memset(metadata, 0xa5, config.metadata_bytes);
	config.metadata = metadata;
	memory = unit_memory(frame_count * FRAME);
	config.direct_offset = (uintptr_t)memory - FIRST * FRAME;
	MUST(fh_frames_init(&frames, &config));
}

/* All frames are free again, and sound. */
static void finish(uint64_t frame_count, uint64_t refusals)
{
	const char *broken = fh_frames_check(&frames);
	struct fh_frames_stats stats;

	if (broken)
		fail_msg("broken: %s", broken);
	fh_frames_stats(&frames, &stats);
	assert_int_equal(stats.free, frame_count);
	assert_int_equal(stats.refusals, refusals);
	free(metadata);
	unit_memory_free(memory, frame_count * FRAME);
}

static uint64_t index_of(const struct fh_page *page)
{
	return fh_page_to_phys(&frames, page).raw / FRAME - FIRST;
}

/* Nobody had it, or this thread had. */
static bool mark(const struct fh_page *page, uint8_t before, uint8_t now)
{
	uint64_t first = index_of(page);
	bool right = true;

	for (uint64_t i = first; i < first + (UINT64_C(1) << fh_page_order(&frames, page)); i++)
		right = atomic_exchange(&taken[i], now) == before && right;
	return right;
}

static bool take(struct worker *w, struct fh_page **page)
{
	struct fh_page_request request = { .order = 0 };

	while (request.order < 10 && unit_random_below(&w->seed, 2))
		request.order++;
	if (unit_random_below(&w->seed, 8) == 0)
		request.align_order = (unsigned int)unit_random_below(&w->seed, 10);
	*page = request.align_order ? fh_page_alloc_request(&frames, &request)
				    : fh_page_alloc(&frames, request.order, 0);
	w->unmet += !*page;
	WORKER_CHECK(w, !*page || mark(*page, 0, 1));
	return true;
}

static bool give(struct worker *w, struct fh_page *page)
{
	fh_phys_addr_t pa = fh_page_to_phys(&frames, page);

	if (unit_random_below(&w->seed, 4) == 0) {
		WORKER_CHECK(w, fh_page_into_phys(&frames, page).raw == pa.raw);
		WORKER_CHECK(w, fh_frame_state(&frames, pa) == FH_FRAME_HELD);
		WORKER_CHECK(w, fh_page_from_phys(&frames, pa) == page);
	}
	WORKER_CHECK(w, fh_frame_state(&frames, pa) == FH_FRAME_OWNED);
	WORKER_CHECK(w, mark(page, 1, 0));
	WORKER_CHECK(w, fh_page_free(&frames, page) == 0);
	return true;
}

static bool storm(struct worker *w)
{
	struct fh_page *pages[PAGES] = { NULL };

	for (unsigned long i = 0; i < w->steps; i++) {
		struct fh_page **page = &pages[unit_random_below(&w->seed, PAGES)];
		uintptr_t other;

		if (!*page && !take(w, page))
			return false;
		if (!*page || unit_random_below(&w->seed, 2))
			continue;
		/* To somebody else, or away; what somebody left is freed here. */
		other = (uintptr_t)*page;
		*page = NULL;
		if (unit_random_below(&w->seed, 4) == 0)
			other =
			    atomic_exchange(&passed[unit_random_below(&w->seed, THREADS)], other);
		if (other && !give(w, (struct fh_page *)other))
			return false;
	}
	for (unsigned int i = 0; i < PAGES; i++)
		if (pages[i] && !give(w, pages[i]))
			return false;
	return true;
}

/* No thread wants more than its share, so none may ever go without. */
static bool quota(struct worker *w)
{
	struct fh_page *pages[QUOTA];
	unsigned int count = 0;

	for (unsigned long i = 0; i < w->steps; i++) {
		if (count < QUOTA && (count == 0 || unit_random_below(&w->seed, 8))) {
			pages[count] = fh_page_alloc(&frames, 0, 0);
			WORKER_CHECK(w, pages[count]);
			WORKER_CHECK(w, mark(pages[count], 0, 1));
			count++;
		} else {
			unsigned int at = (unsigned int)unit_random_below(&w->seed, count);

			if (!give(w, pages[at]))
				return false;
			pages[at] = pages[--count];
		}
	}
	while (count)
		if (!give(w, pages[--count]))
			return false;
	return true;
}

static bool contest(struct worker *w)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		if (w->number == 0)
			contested = fh_page_alloc(&frames, round % 12, 0);
		pthread_barrier_wait(&barrier);
		w->freed += fh_page_free(&frames, contested) == 0;
		pthread_barrier_wait(&barrier);
	}
	return true;
}

static bool (*job)(struct worker *w);

static void *work(void *arg)
{
	struct worker *w = arg;

	host_cpu = w->number;
	pthread_barrier_wait(&barrier);
	(void)job(w);
	return NULL;
}

static void run(struct worker *workers, bool (*what)(struct worker *w), unsigned long steps)
{
	uint64_t seed = unit_seed("mm.page.model.threads");

	job = what;
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] =
		    (struct worker){ .number = i, .seed = seed + i, .steps = steps / THREADS };
		MUST(pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].wrong)
			fail_msg("thread %u: %s", i, workers[i].wrong);
	}
	pthread_barrier_destroy(&barrier);
}

static unsigned long steps_wanted(void)
{
	const char *text = getenv("FH_STEPS");

	return text ? strtoul(text, NULL, 0) : STEPS;
}

static void threads_storm(void **state)
{
	struct worker workers[THREADS];
	unsigned long unmet = 0;

	(void)state;
	start(FRAMES);
	run(workers, storm, steps_wanted());
	for (unsigned int i = 0; i < THREADS; i++) {
		struct fh_page *page = (struct fh_page *)atomic_exchange(&passed[i], 0);

		unmet += workers[i].unmet;
		assert_true(!page || give(&workers[i], page));
	}
	/* Memory was full at times. */
	assert_in_range(unmet, 1, steps_wanted());
	finish(FRAMES, 0);
}

static void threads_quota(void **state)
{
	struct worker workers[THREADS];

	(void)state;
	start(FEW);
	run(workers, quota, steps_wanted());
	finish(FEW, 0);
}

static void threads_contest(void **state)
{
	struct worker workers[THREADS];
	unsigned int freed = 0;

	(void)state;
	start(FRAMES);
	run(workers, contest, 0);
	for (unsigned int i = 0; i < THREADS; i++)
		freed += workers[i].freed;
	assert_int_equal(freed, ROUNDS);
	finish(FRAMES, ROUNDS * (THREADS - 1));
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("mm.page.model.threads.storm", threads_storm),
	UNIT_TEST("mm.page.model.threads.quota", threads_quota),
	UNIT_TEST("mm.page.model.threads.contest", threads_contest),
};

UNIT_MAIN("mm.page.model.threads", tests)
