/* SPDX-License-Identifier: BSD-2-Clause */
/* How long it takes to take charge of memory, with metadata that nobody has touched yet. */
#include "tests/bench/bench.h"

static void time_start(struct bench *b, const struct bench_workload *w, uint64_t frames,
		       void *metadata, size_t bytes)
{
	const struct alloc *a = b->alloc;
	uint64_t start = bench_now();
	bool good = a->init(a->self, metadata, bytes, frames);
	uint64_t took = bench_since(start);

	if (!good || a->check(a->self, 0))
		bench_fail(b, w->test, "it does not start");
	else
		bench_time(b, w->test, took, 1);
}

/* The machine has no room for what some keep about a TiB: they have no row there. */
void bench_run_start(struct bench *b, const struct bench_workload *w)
{
	uint64_t frames = w->large ? b->size->large : b->size->small;
	size_t bytes = b->alloc->metadata_bytes(frames);
	void *metadata = bench_take(bytes, false);

	if (!metadata)
		return;
	time_start(b, w, frames, metadata, bytes);
	bench_give(metadata, bytes);
}

void bench_run_metadata(struct bench *b, const struct bench_workload *w)
{
	uint64_t frames = b->size->frames;

	bench_value(b, w->test, (uint64_t)b->alloc->metadata_bytes(frames) * 8, frames);
}
