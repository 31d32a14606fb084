/* SPDX-License-Identifier: BSD-2-Clause */
/* What cases that need every CPU at the same time share. */
#ifndef FH_TESTS_TARGET_ALL_CPUS_H
#define FH_TESTS_TARGET_ALL_CPUS_H

#include <cpu.h>

#include "lib/types.h"

struct test;

/* A view of an array for each CPU is one longer than there can be CPUs: with FH_CPU_MAX=1 the
 * compiler takes loops that never run for overruns. */
#define ALL_CPUS_VIEWS (FH_CPU_MAX + 1)

/* @function on all CPUs at the same time, each with its element of @views, @bytes apart; returns
 * when all are done. */
void all_cpus_run(void (*function)(void *view), void *views, size_t bytes);

/* Goes on when every CPU has come here. */
void all_cpus_meet(void);

/* Ticks of CNTVCT_EL0 in @ms milliseconds, and from @begin to now. */
uint64_t ticks_of_ms(uint64_t ms);
uint64_t ticks_since(uint64_t begin);

/* The same of fh.storm= ms: how long a case that runs by time goes on. */
uint64_t storm_ticks(const struct test *test);

#endif
