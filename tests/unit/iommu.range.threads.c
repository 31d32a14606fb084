/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Announcements at work: of overlapping ranges one is in at a time, and what was taken away is not
 * touched before all that were reading have ended. What they guard are plain variables: the thread
 * sanitizer sees every hole.
 */
#include "iommu/range.h"

#include <pthread.h>

#include "lib/error.h"
#include "tests/unit/unit.h"

#define CPUS 4u
#define ROUNDS 4000u
#define PAGE UINT64_C(0x1000)
#define PAGES 8u

static struct fh_pgtable table;
static unsigned int owner[PAGES]; /* of a page, 1 and up */
static uint64_t changes[PAGES];
static unsigned int broken[CPUS];

static void together(void *(*run)(void *))
{
	static unsigned int number[CPUS];
	pthread_t thread[CPUS];

	for (unsigned int i = 0; i < CPUS; i++) {
		number[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, run, &number[i]), 0);
	}
	for (unsigned int i = 0; i < CPUS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(broken[i], 0);
		assert_int_equal(table.cpu[i].range, 0);
		assert_int_equal(table.cpu[i].reading & 1, 0);
	}
}

static void *enter_and_leave(void *ctx)
{
	unsigned int self = *(unsigned int *)ctx;
	uint64_t random = self;

	host_cpu = self;
	for (unsigned int n = 0; n < ROUNDS; n++) {
		uint64_t first = unit_random_below(&random, PAGES);
		uint64_t count = 1 + unit_random_below(&random, PAGES - first);

		fh_range_enter(&table, first * PAGE, (first + count) * PAGE - 1);
		for (uint64_t page = first; page < first + count; page++) {
			if (owner[page])
				broken[self]++;
			owner[page] = self + 1;
			changes[page]++;
		}
		for (uint64_t page = first; page < first + count; page++) {
			if (owner[page] != self + 1)
				broken[self]++;
			owner[page] = 0;
		}
		fh_range_leave(&table);
	}
	return NULL;
}

static void exclusion(void **state)
{
	uint64_t sum = 0, expected = 0;

	(void)state;
	together(enter_and_leave);
	for (unsigned int page = 0; page < PAGES; page++)
		sum += changes[page];
	for (unsigned int self = 0; self < CPUS; self++) {
		uint64_t random = self;

		for (unsigned int n = 0; n < ROUNDS; n++) {
			uint64_t first = unit_random_below(&random, PAGES);

			expected += 1 + unit_random_below(&random, PAGES - first);
		}
	}
	assert_int_equal(sum, expected);
}

/* One CPU puts a new box in the place of the old one, waits, and breaks the old one up. */
struct box {
	uint64_t a, b; /* the same, until it is broken up */
};

static struct box boxes[2];
static struct box *_Atomic current = &boxes[0];
static _Atomic unsigned int readers_left;

static void *read_or_replace(void *ctx)
{
	unsigned int self = *(unsigned int *)ctx;

	host_cpu = self;
	for (unsigned int n = 0; self && n < ROUNDS; n++) {
		bool entered = fh_read_enter(&table);
		bool inner = fh_read_enter(&table);
		/* As descriptors are read and written. */
		const struct box *box = atomic_load_explicit(&current, memory_order_acquire);

		if (!entered || inner || box->a != box->b)
			broken[self]++;
		fh_read_leave(&table, inner);
		if (box->a != box->b)
			broken[self]++;
		fh_read_leave(&table, entered);
	}
	if (self)
		readers_left--;
	for (unsigned int n = 0; !self && readers_left; n++) {
		struct box *old = current, *fresh = old == &boxes[0] ? &boxes[1] : &boxes[0];

		fresh->a = fresh->b = n;
		atomic_store_explicit(&current, fresh, memory_order_release);
		if (fh_read_wait(&table))
			broken[self]++;
		old->a = UINT64_MAX;
		old->b = 0;
	}
	return NULL;
}

static void grace(void **state)
{
	(void)state;
	readers_left = CPUS - 1;
	together(read_or_replace);
}

/* From within: not for itself to wait for. */
static void grace_own(void **state)
{
	bool entered;

	(void)state;
	host_cpu = 0;
	MUST(fh_read_wait(&table));
	entered = fh_read_enter(&table);
	assert_true(entered);
	assert_int_equal(fh_read_wait(&table), -EBUSY);
	fh_read_leave(&table, entered);
	MUST(fh_read_wait(&table));
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.range.threads.exclusion", exclusion),
	UNIT_TEST("iommu.range.threads.grace", grace),
	UNIT_TEST("iommu.range.threads.grace_own", grace_own),
};

UNIT_MAIN("iommu.range.threads", tests)
