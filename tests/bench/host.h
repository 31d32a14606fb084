/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host has beside the machine: threads, locks, and what must be caught. */
#ifndef FH_TESTS_BENCH_HOST_H
#define FH_TESTS_BENCH_HOST_H

#include "tests/bench/bench.h"
#include "tests/bench/tables.h"

/* Allocators for one CPU under a spin lock of POSIX threads, for two. */
extern const struct alloc alloc_bitmap_locked;
extern const struct alloc alloc_buddy_locked;

/* The floor, but of five pages it maps one to the wrong memory. */
const struct tables *bench_broken_tables(void);

/* Hands out a frame that somebody has, now and then: the checks of the benchmarks find it. */
extern const struct alloc alloc_broken;

extern const struct bench_workload bench_thread_workloads[];
extern const size_t bench_thread_workload_count;

#endif
