/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads on one allocator, each with blocks of its own. A time is the slower thread's, and of
 * the processor: what else runs on the host at that moment is not in it.
 */
#include <pthread.h>
#include <sched.h>

#include <cpu.h>

#include "tests/bench/host.h"
#include "tests/bench/random.h"

#define THREADS 2u

/* Its own cache lines, twice: processors fetch them in pairs. */
struct worker {
	_Alignas(128) const struct bench *bench;
	pthread_barrier_t *start;
	void *(*work)(void *worker);
	pthread_t thread;
	unsigned int number;
	struct bench_mix mix;
	uint64_t took;
	bool bad;
};

static void *work_pairs(void *arg)
{
	struct worker *w = arg;

	host_cpu = w->number;
	pthread_barrier_wait(w->start);
	w->took = bench_pairs(w->bench->alloc, 0, w->bench->size->pairs, &w->bad);
	return NULL;
}

static void *work_mix(void *arg)
{
	struct worker *w = arg;

	host_cpu = w->number;
	bench_mix_fill(&w->mix);
	pthread_barrier_wait(w->start);
	w->took = bench_mix_walk(&w->mix);
	w->bad = w->mix.bad;
	return NULL;
}

/* Return: false when a thread cannot be had; then none was. */
static bool run_threads(struct worker *worker, void *(*work)(void *worker))
{
	pthread_barrier_t start;

	if (pthread_barrier_init(&start, NULL, THREADS))
		return false;
	for (unsigned int i = 0; i < THREADS; i++) {
		worker[i].start = &start;
		worker[i].number = i;
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			return false;
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(worker[i].thread, NULL);
	pthread_barrier_destroy(&start);
	return true;
}

static void record(struct bench *b, const char *test, const struct worker *worker,
		   uint64_t operations)
{
	uint64_t took = 0;
	bool bad = false;

	for (unsigned int i = 0; i < THREADS; i++) {
		bad |= worker[i].bad;
		if (worker[i].took > took)
			took = worker[i].took;
	}
	if (bad)
		bench_fail(b, test, "an allocation or a free failed");
	else
		bench_time(b, test, took, operations);
}

static void run_pairs(struct bench *b, const struct bench_workload *w)
{
	struct worker worker[THREADS] = { { .bench = b }, { .bench = b } };

	if (!bench_open(b, w->test))
		return;
	if (!run_threads(worker, work_pairs))
		bench_fail(b, w->test, "no threads");
	else if (bench_verify(b, w->test, NULL, 0, NULL))
		record(b, w->test, worker, b->size->pairs);
	bench_close(b);
}

static void finish_mix(struct bench *b, const struct bench_workload *w, struct worker *worker)
{
	struct bench_set set[THREADS];
	uint64_t failed = 0;
	uint64_t asked = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		set[i] = worker[i].mix.set;
		failed += worker[i].mix.failed;
		asked += worker[i].mix.asked;
	}
	if (bench_verify(b, w->test, set, THREADS, NULL))
		record(b, w->test, worker, b->size->steps);
	bench_value(b, "failed requests in 2 threads mixed geometric", failed, asked);
	for (unsigned int i = 0; i < THREADS; i++)
		bench_set_free(b, w->test, &set[i]);
	(void)bench_verify(b, w->test, NULL, 0, NULL);
}

static void run_mix(struct bench *b, const struct bench_workload *w)
{
	struct worker worker[THREADS] = { { .bench = b }, { .bench = b } };
	unsigned int opened = 0;

	while (opened < THREADS && bench_mix_open(b, w->test, &worker[opened].mix, false, THREADS,
						  BENCH_SEED + 6 + opened))
		opened++;
	if (opened == THREADS && bench_open(b, w->test)) {
		if (run_threads(worker, work_mix))
			finish_mix(b, w, worker);
		else
			bench_fail(b, w->test, "no threads");
		bench_close(b);
	}
	while (opened)
		bench_mix_close(&worker[--opened].mix);
}

const struct bench_workload bench_thread_workloads[] = {
	{ .test = "2 threads order-0 pair", .run = run_pairs },
	{ .test = "2 threads mixed geometric", .run = run_mix, .order = 9 },
};
const size_t bench_thread_workload_count = FH_ARRAY_SIZE(bench_thread_workloads);
