/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks as an image for QEMU, which counts instructions: PMU event 8 under -icount, in the
 * counter that boot/entry.S starts. fh.quick=1 does little, to see that everything works;
 * fh.suite=alloc or pgtable does one part.
 *
 * It takes RAM as it lies in a machine of 8 GiB: frames from 4 to 8 GiB, and what is kept about
 * them from 2 GiB on. Nobody else allocates in this image.
 */
#include <stdio.h>
#include <string.h>

#include <sysreg.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/exit.h"
#include "boot/start.h"
#include "lib/bits.h"
#include "lib/error.h"
#include "tests/bench/bench.h"
#include "tests/bench/random.h"
#include "tests/bench/tables.h"

#define STORE_BASE (2 * FH_GIB)
#define STORE_END BENCH_BASE
#define FRAMES_END (8 * FH_GIB)

/* Counts are exact: one pass, and as many operations as make the beginning not count. */
static const struct bench_size full = {
	.frames = 1u << 20,
	.pairs = 100000,
	.steps = 200000,
	.small = FH_GIB / 4096,
	.large = FH_TIB / 4096,
	.rounds = 2,
	.lookups = 100000,
	.lookup_small = FH_GIB,
	.lookup_large = 16 * FH_GIB,
	.passes = 1,
};

static const struct bench_size quick = {
	.frames = 1u << 14,
	.pairs = 1000,
	.steps = 1000,
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

static const struct tables *const all_tables[] = {
	&tables_loop,	      &tables_floor,	       &tables_freehold,
	&tables_freehold_16k, &tables_freehold_stage2, &tables_freehold_adopted,
};

const char bench_unit[] = "insns";
static uint64_t store = STORE_BASE;

uint64_t bench_now(void)
{
	return arch_read_sysreg(pmevcntr0_el0);
}

/* Event counters have 32 bits; no workload takes more. */
uint64_t bench_since(uint64_t start)
{
	return (uint32_t)(bench_now() - start);
}

void *bench_take(size_t bytes, bool warm)
{
	void *memory = (void *)(uintptr_t)store;

	(void)warm;
	if (bytes > STORE_END - store - 4096)
		return NULL;
	store += fh_align_up(bytes, 4096);
	return memory;
}

void bench_give(void *memory, size_t bytes)
{
	(void)bytes;
	store = (uintptr_t)memory;
}

uintptr_t bench_direct_offset(void)
{
	return 0;
}

static bool has_memory(const struct fh_memmap *map)
{
	struct fh_memmap_range range = fh_memmap_classify(map, fh_phys(BENCH_BASE));

	return range.kind == FH_MEM_USABLE &&
	       fh_range_within(STORE_BASE, FRAMES_END - STORE_BASE, range.base.raw, range.size);
}

/* Does the counter count? It stands still where QEMU runs without -icount. */
static bool counts(void)
{
	return (arch_read_sysreg(pmceid0_el0) & FH_BIT(8)) && bench_now() != bench_now();
}

static int refuse(const char *subject, const char *why, int err)
{
	printf("fh: bench: %s: %s (%s)\n", subject, why, fh_error_name(err));
	return EXIT_STATUS_REFUSED;
}

int freehold_main(struct machine *machine)
{
	static const char *const known[] = { "quick", "suite" };
	static struct bench b = { .size = &full };
	char word[8] = "0";
	char suite[8] = "";

	bootargs_check(machine->args, known, FH_ARRAY_SIZE(known), &console_out);
	(void)bootargs_get(machine->args, "quick", word, sizeof(word));
	(void)bootargs_get(machine->args, "suite", suite, sizeof(suite));
	if (!strcmp(word, "1"))
		b.size = &quick;
	if (!has_memory(&machine->map))
		return refuse("RAM from 2 to 8 GiB", "not all of it is usable", -ENOMEM);
	if (!counts())
		return refuse("PMU event 8", "instructions are not counted: use -icount", -ENOTSUP);
	printf("bench\tseed\t%#llx\n", (unsigned long long)BENCH_SEED);
	if (strcmp(suite, "pgtable") != 0) {
		printf("bench\tsuite\talloc\n");
		bench_run(&b, bench_workloads, bench_workload_count, everything,
			  FH_ARRAY_SIZE(everything));
	}
	if (strcmp(suite, "alloc") != 0) {
		printf("bench\tsuite\tpgtable\n");
		bench_run_tables(&b, all_tables, FH_ARRAY_SIZE(all_tables));
	}
	printf("bench\tdone\t%u\n", b.failures);
	return b.failures ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}
