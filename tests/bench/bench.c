/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs workloads on allocators; keeps the best of the passes of all workloads and prints them. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

const struct bench_workload bench_workloads[] = {
	{ .test = "order-0 pair", .run = bench_run_pairs, .light = true },
	{ .test = "64 allocs then 64 frees", .run = bench_run_batches, .light = true },
	{ .test = "bulk alloc", .run = bench_run_bulk },
	{ .test = "random free + alloc at 90% fill", .run = bench_run_replace },
	{ .test = "order-9 pair", .run = bench_run_pairs, .order = 9 },
	{ .test = "mixed geometric", .run = bench_run_mix, .order = 9 },
	{ .test = "mixed uniform", .run = bench_run_mix, .order = 9, .uniform = true },
	{ .test = "mixed churn", .run = bench_run_churn, .order = 9, .real = true, .once = true },
	{ .test = "start-up 1 GiB", .run = bench_run_start, .real = true },
	{ .test = "start-up 1 TiB", .run = bench_run_start, .large = true, .real = true },
	{ .test = "metadata bits per frame",
	  .run = bench_run_metadata,
	  .real = true,
	  .once = true,
	  .light = true },
};
const size_t bench_workload_count = FH_ARRAY_SIZE(bench_workloads);

/* The row of this test and implementation, made when there is none. */
static struct bench_row *find_row(struct bench *b, const char *test, bool *made)
{
	struct bench_row *row = b->row;

	*made = false;
	for (; row < b->row + b->rows; row++)
		if (row->impl == b->impl && !strcmp(row->test, test))
			return row;
	if (b->rows == BENCH_ROWS) {
		bench_fail(b, test, "no row is left for it");
		return &b->row[0];
	}
	b->rows++;
	*made = true;
	*row = (struct bench_row){ .test = test, .impl = b->impl };
	return row;
}

void bench_time(struct bench *b, const char *test, uint64_t total, uint64_t operations)
{
	bool made;
	struct bench_row *row = find_row(b, test, &made);

	if (!made && row->amount <= total)
		return;
	row->amount = total;
	row->divisor = operations;
}

void bench_value(struct bench *b, const char *test, uint64_t numerator, uint64_t denominator)
{
	bool made;
	struct bench_row *row = find_row(b, test, &made);

	row->is_value = true;
	row->amount = numerator;
	row->divisor = denominator;
}

void bench_fail(struct bench *b, const char *test, const char *why)
{
	b->failures++;
	printf("bench\tfail\t%s\t%s\t%s\n", test, b->impl, why);
}

void bench_print(struct bench *b)
{
	for (unsigned int i = 0; i < b->rows; i++) {
		const struct bench_row *row = &b->row[i];

		printf("bench\t%s\t%s\t%s\t", row->is_value ? "value" : "time", row->test,
		       row->impl);
		if (!row->is_value)
			printf("%s\t", bench_unit);
		printf("%llu\t%llu\n", (unsigned long long)row->amount,
		       (unsigned long long)row->divisor);
	}
	b->rows = 0;
}

static void choose(struct bench *b, const struct alloc *a)
{
	b->alloc = a;
	b->impl = a->name;
}

bool bench_open(struct bench *b, const char *test)
{
	const struct alloc *a = b->alloc;

	b->metadata_bytes = a->metadata_bytes(b->size->frames);
	b->metadata = bench_take(b->metadata_bytes, true);
	if (b->metadata && a->init(a->self, b->metadata, b->metadata_bytes, b->size->frames))
		return true;
	bench_fail(b, test, b->metadata ? "it does not start" : "no memory for its metadata");
	bench_close(b);
	return false;
}

void bench_close(struct bench *b)
{
	if (b->metadata)
		bench_give(b->metadata, b->metadata_bytes);
	b->metadata = NULL;
}

/* An allocator that says it checks is the only one that may be compared with one that does. */
static void test_double_free(struct bench *b)
{
	static const char test[] = "double free";
	const struct alloc *a = b->alloc;
	uint64_t handle;

	if (!a->checked || !bench_open(b, test))
		return;
	handle = a->alloc(a->self, 0);
	if (!handle || a->free(a->self, handle, 0))
		bench_fail(b, test, "one frame cannot be allocated and freed");
	else if (!a->free(a->self, handle, 0))
		bench_fail(b, test, "was not refused");
	else
		(void)bench_verify(b, test, NULL, 0, NULL);
	bench_close(b);
}

/* The passes of different allocators alternate, so that all of them see the machine's moods. */
static void run_workload(struct bench *b, const struct bench_workload *w,
			 const struct alloc *const *alloc, size_t allocs)
{
	unsigned int passes = w->once ? 1 : b->size->passes;

	for (unsigned int pass = 0; pass < passes; pass++) {
		for (size_t i = 0; i < allocs; i++) {
			choose(b, alloc[i]);
			if (b->alloc->order_max >= w->order && !(b->alloc->hollow && w->real))
				w->run(b, w);
		}
	}
	bench_print(b);
}

void bench_run(struct bench *b, const struct bench_workload *workload, size_t workloads,
	       const struct alloc *const *alloc, size_t allocs)
{
	for (size_t i = 0; i < allocs; i++) {
		choose(b, alloc[i]);
		test_double_free(b);
	}
	for (size_t i = 0; i < workloads; i++)
		run_workload(b, &workload[i], alloc, allocs);
}
