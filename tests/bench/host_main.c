/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks as a program of the host, which measures processor time.
 *
 *   bench [--quick] [--broken] [alloc | pgtable]
 *
 * --quick: sizes of a thousandth, to see that everything works. --broken: only an allocator and
 * page tables that fail. Exits with 0 when all checks held.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/error.h"
#include "lib/hooks.h"
#include "tests/bench/host.h"
#include "tests/bench/random.h"

static const struct bench_size full = {
	.frames = 1u << 20,
	.pairs = 10000000,
	.steps = 10000000,
	.small = FH_GIB / 4096,
	.large = FH_TIB / 4096,
	.rounds = 50,
	.lookups = 1000000,
	.lookup_small = FH_GIB,
	.lookup_large = 16 * FH_GIB,
	.passes = 3,
};

static const struct bench_size quick = {
	.frames = 1u << 14,
	.pairs = 10000,
	.steps = 10000,
	.small = FH_MIB / 4096,
	.large = FH_GIB / 4096,
	.rounds = 1,
	.lookups = 1000,
	.lookup_small = 32 * FH_MIB,
	.lookup_large = 256 * FH_MIB,
	.passes = 1,
};

static const struct alloc *const everything[] = {
	&alloc_loop, &alloc_lifo, &alloc_bitmap, &alloc_buddy, &alloc_freehold,
};
static const struct alloc *const locked[] = { &alloc_bitmap_locked, &alloc_buddy_locked };
static const struct alloc *const for_threads[] = { &alloc_bitmap_locked, &alloc_buddy_locked,
						   &alloc_freehold };
static const struct alloc *const broken[] = { &alloc_broken };
static const struct tables *const all_tables[] = {
	&tables_loop,	      &tables_floor,	       &tables_freehold,
	&tables_freehold_16k, &tables_freehold_stage2, &tables_freehold_adopted,
#ifdef BENCH_LINUX
	&tables_linux,
#endif
};

/* What two threads are compared with. */
static const struct bench_workload alone[] = {
	{ .test = "order-0 pair", .run = bench_run_pairs },
	{ .test = "mixed geometric", .run = bench_run_mix, .order = 9 },
};

const char bench_unit[] = "ns";
static void *frames_memory;

_Noreturn void fh_hook_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "fh: bug: %s:%d: %s\n", file, line, what);
	abort();
}

int fh_hook_read(void *dst, const void *src, size_t bytes)
{
	memcpy(dst, src, bytes);
	return 0;
}

uint64_t bench_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t bench_since(uint64_t start)
{
	return bench_now() - start;
}

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * In large pages where there are such: firmware maps RAM in blocks, and which small pages the host
 * picks made one run three times as slow as the next.
 */
void *bench_take(size_t bytes, bool warm)
{
	void *memory = map(bytes);

	if (memory && warm) {
		(void)madvise(memory, bytes, MADV_HUGEPAGE);
		memset(memory, 0, bytes);
	}
	return memory;
}

void bench_give(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}

uintptr_t bench_direct_offset(void)
{
	return (uintptr_t)frames_memory - BENCH_BASE;
}

/* Addresses for every frame; none is touched but those of page tables. */
static bool reserve_frames(const struct bench_size *size)
{
	uint64_t frames = size->frames > size->large ? size->frames : size->large;

	frames_memory = map((size_t)frames * 4096);
	/* Where page tables lie: as bench_take(). */
	if (frames_memory)
		(void)madvise(frames_memory, TABLES_FIRMWARE - BENCH_BASE, MADV_HUGEPAGE);
	else
		fprintf(stderr, "fh: bench: frames: %llu: no address space for them (ENOMEM)\n",
			(unsigned long long)frames);
	return frames_memory;
}

/* Workloads that do not free all of memory: a free writes to every byte. */
static void run_hardened(struct bench *b)
{
	static const struct alloc *const hardened[] = { &alloc_freehold };

	for (size_t i = 0; i < bench_workload_count; i++)
		if (bench_workloads[i].light)
			bench_run(b, &bench_workloads[i], 1, hardened, 1);
}

static void run_tables(struct bench *b, bool only_broken)
{
	const struct tables *const broken_tables[] = { bench_broken_tables() };

	printf("bench\tsuite\tpgtable\n");
	if (only_broken)
		bench_run_tables(b, broken_tables, 1);
	else if (!BENCH_HARDENED)
		bench_run_tables(b, all_tables, FH_ARRAY_SIZE(all_tables));
}

static void run_alloc(struct bench *b, bool only_broken)
{
	printf("bench\tsuite\talloc\n");
	if (only_broken) {
		bench_run(b, bench_workloads, bench_workload_count, broken, FH_ARRAY_SIZE(broken));
		return;
	}
	if (BENCH_HARDENED) {
		run_hardened(b);
		return;
	}
	bench_run(b, bench_workloads, bench_workload_count, everything, FH_ARRAY_SIZE(everything));
	bench_run(b, alone, FH_ARRAY_SIZE(alone), locked, FH_ARRAY_SIZE(locked));
	bench_run(b, bench_thread_workloads, bench_thread_workload_count, for_threads,
		  FH_ARRAY_SIZE(for_threads));
}

int main(int argc, char **argv)
{
	struct bench b = { .size = &full };
	bool only_broken = false;
	const char *suite = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			b.size = &quick;
		} else if (!strcmp(argv[i], "--broken")) {
			only_broken = true;
		} else if (!strcmp(argv[i], "alloc") || !strcmp(argv[i], "pgtable")) {
			suite = argv[i];
		} else {
			fprintf(stderr, "fh: bench: argument: %s: not known (EINVAL)\n", argv[i]);
			return EXIT_FAILURE;
		}
	}
	if (!reserve_frames(b.size))
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("bench\tseed\t%#llx\n", (unsigned long long)BENCH_SEED);
	if (!suite || !strcmp(suite, "alloc"))
		run_alloc(&b, only_broken);
	if (!suite || !strcmp(suite, "pgtable"))
		run_tables(&b, only_broken);
	return b.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
