/* SPDX-License-Identifier: BSD-2-Clause */
/* Announcements of ranges: what a word covers, and when two are in each other's way; brute force.
 */
#include "iommu/range.h"
#include "tests/unit/unit.h"

#define PAGE UINT64_C(0x1000)
#define PAGES 40u

/* The smallest aligned power of two of pages around [@first, @last], by trying each. */
struct block {
	uint64_t first, last;
};

static struct block smallest(uint64_t first, uint64_t last)
{
	for (uint64_t pages = 1;; pages *= 2) {
		uint64_t start = first / PAGE / pages * pages;

		if (last / PAGE < start + pages)
			return (struct block){ start, start + pages - 1 };
	}
}

static bool intersect(struct block a, struct block b)
{
	return a.first <= b.last && b.first <= a.last;
}

static void check(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last)
{
	uint64_t a = range_word(a_first, a_last), b = range_word(b_first, b_last);
	bool overlap = range_words_overlap(a, b);

	assert_int_equal(overlap, range_words_overlap(b, a));
	assert_int_equal(overlap, intersect(smallest(a_first, a_last), smallest(b_first, b_last)));
	/* Whatever it covers beside: ranges that share an address are seen. */
	if (a_first <= b_last && b_first <= a_last)
		assert_true(overlap);
	assert_true(range_words_overlap(a, a));
	/* None is in nobody's way. */
	assert_int_not_equal(a, 0);
	assert_false(range_words_overlap(a, 0));
	assert_false(range_words_overlap(0, a));
	assert_false(range_words_overlap(0, 0));
}

static void overlap_every(void **state)
{
	(void)state;
	for (uint64_t a = 0; a < PAGES; a++)
		for (uint64_t a_last = a; a_last < PAGES; a_last++)
			for (uint64_t b = 0; b < PAGES; b++)
				for (uint64_t b_last = b; b_last < PAGES; b_last++)
					check(a * PAGE, a_last * PAGE + (PAGE - 1), b * PAGE,
					      b_last * PAGE + (PAGE - 1));
}

/* Anywhere in 52 bits, of all sizes, with edges inside of pages. */
static void overlap_random(void **state)
{
	uint64_t random = unit_seed("iommu.range");
	unsigned int seen[2] = { 0 };

	(void)state;
	for (unsigned int n = 0; n < 200000; n++) {
		uint64_t edge[4];

		for (unsigned int i = 0; i < 4; i++)
			edge[i] = unit_random(&random) >> (12 + unit_random_below(&random, 40));
		/* Often close to each other. */
		if (n % 2)
			edge[2] = edge[0] ^ unit_random_below(&random, 1u << 20);
		edge[1] = edge[0] + (edge[1] >> unit_random_below(&random, 52));
		edge[3] = edge[2] + (edge[3] >> unit_random_below(&random, 52));
		if ((edge[1] | edge[3]) >> 52)
			continue;
		check(edge[0], edge[1], edge[2], edge[3]);
		seen[range_words_overlap(range_word(edge[0], edge[1]),
					 range_word(edge[2], edge[3]))]++;
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

static void overlap_ends(void **state)
{
	const uint64_t end = (UINT64_C(1) << 52) - 1;

	(void)state;
	check(0, end, 0, PAGE - 1);
	check(0, end, end, end);
	check(0, end, UINT64_C(1) << 51, UINT64_C(1) << 51);
	check(0, 0, end, end);
	check(end, end, end, end);
	check((UINT64_C(1) << 51) - PAGE, UINT64_C(1) << 51, 0, 0);
	check((UINT64_C(1) << 51) - PAGE, UINT64_C(1) << 51, end, end);
	/* The largest word holds its order. */
	assert_true(range_word(0, end) != 0 && range_word(end, end) >> 63 == 0);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.range.overlap.every", overlap_every),
	UNIT_TEST("iommu.range.overlap.random", overlap_random),
	UNIT_TEST("iommu.range.overlap.ends", overlap_ends),
};

UNIT_MAIN("iommu.range", tests)
