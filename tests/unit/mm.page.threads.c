/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads on one instance of page frames; built with the thread sanitizer. */
#include <pthread.h>

#include "tests/unit/mm_fixture.h"

#define THREAD_STEPS 100000u
#define THREAD_PAGES 8u

struct worker {
	struct fixture *f;
	pthread_t thread;
	pthread_barrier_t *start;
	uint64_t seed;
	unsigned int number;
	const char *wrong;
};

#define WORKER_CHECK(w, condition)                                                                 \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(w)->wrong = #condition;                                                   \
			return NULL;                                                               \
		}                                                                                  \
	} while (0)

/* Owns pages, writes its number, gives them away and takes them back; nobody else may interfere. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct fh_frames *frames = &w->f->frames;
	struct fh_page *pages[THREAD_PAGES] = { NULL };

	host_cpu = w->number;
	pthread_barrier_wait(w->start);
	for (unsigned int step = 0; step < THREAD_STEPS; step++) {
		struct fh_page **page = &pages[unit_random_below(&w->seed, THREAD_PAGES)];
		uint64_t word = w->number;
		fh_phys_addr_t pa;
		fh_phys_addr_t last;

		if (!*page) {
			unsigned int order = (unsigned int)unit_random_below(&w->seed, 3);

			*page = fh_page_alloc(frames, order, 0);
			if (*page)
				WORKER_CHECK(w, !fh_page_write(frames, *page, 0, &word, 8));
			continue;
		}
		pa = fh_page_to_phys(frames, *page);
		last = fh_phys(pa.raw + (FRAME << fh_page_order(frames, *page)) - 1);
		WORKER_CHECK(w, fh_frame_state(frames, last) == FH_FRAME_OWNED);
		WORKER_CHECK(w, fh_page_into_phys(frames, *page).raw == pa.raw);
		WORKER_CHECK(w, fh_frame_state(frames, last) == FH_FRAME_HELD);
		WORKER_CHECK(w, fh_page_borrow_phys(frames, last, NULL) != NULL);
		WORKER_CHECK(w, fh_page_from_phys(frames, pa) == *page);
		WORKER_CHECK(w, !fh_page_read(frames, *page, 0, &word, 8) && word == w->number);
		WORKER_CHECK(w, fh_page_free(frames, *page) == 0);
		*page = NULL;
	}
	for (unsigned int i = 0; i < THREAD_PAGES; i++)
		WORKER_CHECK(w, !pages[i] || fh_page_free(frames, pages[i]) == 0);
	return NULL;
}

static void two_threads(void **state)
{
	pthread_barrier_t start;
	struct worker workers[2] = { { .f = *state, .start = &start, .seed = 1, .number = 1 },
				     { .f = *state, .start = &start, .seed = 2, .number = 2 } };

	assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		if (workers[i].wrong)
			fail_msg("thread %u: %s", i, workers[i].wrong);
	}
	pthread_barrier_destroy(&start);
	expect_stats(*state, 0, 0);
}

static const struct CMUnitTest tests[] = {
	CASE("threads.two", two_threads),
};

UNIT_MAIN("mm.page.threads", tests)
