/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks as a program of the host, which measures processor time.
 *
 *   alloc [--quick] [--broken]
 *
 * --quick: sizes of a thousandth, to see that everything works. --broken: only an allocator that
 * fails. Exits with 0 when all checks held.
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
	.passes = 3,
};

static const struct bench_size quick = {
	.frames = 1u << 14,
	.pairs = 10000,
	.steps = 10000,
	.small = FH_MIB / 4096,
	.large = FH_GIB / 4096,
	.passes = 1,
};

static const struct alloc *const everything[] = {
	&alloc_loop, &alloc_lifo, &alloc_bitmap, &alloc_buddy, &alloc_freehold,
};
static const struct alloc *const locked[] = { &alloc_bitmap_locked, &alloc_buddy_locked };
static const struct alloc *const for_threads[] = { &alloc_bitmap_locked, &alloc_buddy_locked,
						   &alloc_freehold };
static const struct alloc *const broken[] = { &alloc_broken };

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

/* Addresses for every frame; nobody is expected to touch any. */
static bool reserve_frames(const struct bench_size *size)
{
	uint64_t frames = size->frames > size->large ? size->frames : size->large;

	frames_memory = map((size_t)frames * 4096);
	if (!frames_memory)
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

static void run(struct bench *b)
{
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

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			b.size = &quick;
		} else if (!strcmp(argv[i], "--broken")) {
			only_broken = true;
		} else {
			fprintf(stderr, "fh: bench: argument: %s: not known (EINVAL)\n", argv[i]);
			return EXIT_FAILURE;
		}
	}
	if (!reserve_frames(b.size))
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("bench\tseed\t%#llx\n", (unsigned long long)BENCH_SEED);
	if (only_broken)
		bench_run(&b, bench_workloads, bench_workload_count, broken, FH_ARRAY_SIZE(broken));
	else
		run(&b);
	return b.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
