/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads on one allocator, each with blocks of its own. A time is the slower thread's, and of
 * the processor: what else runs on the host at that moment is not in it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <cpu.h>

#include "lib/error.h"
#include "tests/bench/host.h"
#include "tests/bench/random.h"

#define THREADS 2u

/* Its own cache lines, twice: processors fetch them in pairs. */
struct worker {
	_Alignas(128) const struct bench *bench;
	pthread_barrier_t *start;
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

/* A thread that cannot be had ends the program: one that waits for it would wait for ever. */
static void run_threads(struct worker *worker, void *(*work)(void *worker))
{
	pthread_barrier_t start;
	int err = pthread_barrier_init(&start, NULL, THREADS);

	for (unsigned int i = 0; i < THREADS && !err; i++) {
		worker[i].start = &start;
		worker[i].number = i;
		err = pthread_create(&worker[i].thread, NULL, work, &worker[i]);
	}
	if (err) {
		fprintf(stderr, "fh: bench: threads: %u: not to be had (%s)\n", THREADS,
			fh_error_name(err));
		exit(EXIT_FAILURE);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(worker[i].thread, NULL);
	pthread_barrier_destroy(&start);
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
	run_threads(worker, work_pairs);
	if (bench_verify(b, w->test, NULL, 0, NULL))
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
		run_threads(worker, work_mix);
		finish_mix(b, w, worker);
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
