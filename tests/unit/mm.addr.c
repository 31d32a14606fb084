/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the typed addresses at both ends of 64 bits and for every frame size; beside them
 * random numbers, against the same sums in 128 bits.
 */
#include "mm/addr.h"

#include <string.h>

#include "tests/unit/unit.h"

#define TOP UINT64_MAX
/* What a result holds before, and still holds after a refusal. */
#define UNTOUCHED UINT64_C(0x5aa5)
#define ROUNDS 200000u

/* @call gives @expected in @result.raw. */
#define GIVES(result, call, expected)                                                              \
	do {                                                                                       \
		(result).raw = UNTOUCHED;                                                          \
		assert_true(call);                                                                 \
		assert_true((result).raw == (expected));                                           \
	} while (0)

#define REFUSES(result, call)                                                                      \
	do {                                                                                       \
		(result).raw = UNTOUCHED;                                                          \
		assert_false(call);                                                                \
		assert_true((result).raw == UNTOUCHED);                                            \
	} while (0)

static const unsigned int frame_lg2s[] = { 12, 14, 16 };

/* The numbers where something may go wrong for one frame size. */
#define EDGES 16

static void edges(unsigned int lg2, uint64_t edge[EDGES])
{
	uint64_t frame = UINT64_C(1) << lg2;
	uint64_t at[EDGES] = {
		0,
		1,
		frame - 1,
		frame,
		frame + 1,
		2 * frame - 1,
		(UINT64_C(1) << 63) - 1,
		UINT64_C(1) << 63,
		(UINT64_C(1) << (64 - lg2)) - 1,
		UINT64_C(1) << (64 - lg2),
		(UINT64_C(1) << (64 - lg2)) + 1,
		TOP - frame,
		TOP - frame + 1,
		TOP - frame + 2,
		TOP - 1,
		TOP,
	};

	memcpy(edge, at, sizeof(at));
}

static void constructors(void **state)
{
	uint64_t edge[EDGES];

	(void)state;
	edges(12, edge);
	for (size_t i = 0; i < EDGES; i++) {
		assert_true(fh_phys(edge[i]).raw == edge[i]);
		assert_true(fh_dma(edge[i]).raw == edge[i]);
		assert_true(fh_pfn(edge[i]).raw == edge[i]);
		assert_true(fh_resource_size(edge[i]).raw == edge[i]);
		assert_true(fh_phys_is_valid(fh_phys(edge[i])) == (edge[i] != TOP));
	}
	assert_false(fh_phys_is_valid(FH_PHYS_INVALID));
}

static void compare(uint64_t a, uint64_t b)
{
	assert_true(fh_phys_equal(fh_phys(a), fh_phys(b)) == (a == b));
	assert_true(fh_dma_equal(fh_dma(a), fh_dma(b)) == (a == b));
	assert_true(fh_pfn_equal(fh_pfn(a), fh_pfn(b)) == (a == b));
	assert_true(fh_resource_size_equal(fh_resource_size(a), fh_resource_size(b)) == (a == b));
	assert_true(fh_phys_below(fh_phys(a), fh_phys(b)) == (a < b));
	assert_true(fh_dma_below(fh_dma(a), fh_dma(b)) == (a < b));
	assert_true(fh_pfn_below(fh_pfn(a), fh_pfn(b)) == (a < b));
	assert_true(fh_resource_size_below(fh_resource_size(a), fh_resource_size(b)) == (a < b));
}

static void comparisons(void **state)
{
	uint64_t edge[EDGES];

	(void)state;
	edges(16, edge);
	for (size_t i = 0; i < EDGES; i++)
		for (size_t k = 0; k < EDGES; k++)
			compare(edge[i], edge[k]);
}

static void frames_of_zero(void **state)
{
	fh_phys_addr_t pa;
	fh_pfn_t pfn;
	fh_resource_size_t size;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(frame_lg2s); i++) {
		unsigned int lg2 = frame_lg2s[i];

		assert_true(fh_phys_frame_offset(fh_phys(0), lg2).raw == 0);
		assert_true(fh_phys_to_pfn_down(fh_phys(0), lg2).raw == 0);
		assert_true(fh_phys_to_pfn_up(fh_phys(0), lg2).raw == 0);
		GIVES(pfn, fh_phys_to_pfn_exact(fh_phys(0), lg2, &pfn), 0);
		GIVES(pa, fh_pfn_to_phys(fh_pfn(0), lg2, &pa), 0);
		GIVES(size, fh_frames_to_size(0, lg2, &size), 0);
	}
}

static void frames_round(void **state)
{
	fh_pfn_t pfn;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(frame_lg2s); i++) {
		unsigned int lg2 = frame_lg2s[i];
		uint64_t frame = UINT64_C(1) << lg2;

		assert_true(fh_phys_to_pfn_down(fh_phys(7 * frame), lg2).raw == 7);
		assert_true(fh_phys_to_pfn_up(fh_phys(7 * frame), lg2).raw == 7);
		assert_true(fh_phys_to_pfn_down(fh_phys(7 * frame + 1), lg2).raw == 7);
		assert_true(fh_phys_to_pfn_up(fh_phys(7 * frame + 1), lg2).raw == 8);
		assert_true(fh_phys_to_pfn_down(fh_phys(8 * frame - 1), lg2).raw == 7);
		assert_true(fh_phys_to_pfn_up(fh_phys(8 * frame - 1), lg2).raw == 8);
		assert_true(fh_phys_frame_offset(fh_phys(7 * frame), lg2).raw == 0);
		assert_true(fh_phys_frame_offset(fh_phys(7 * frame + 1), lg2).raw == 1);
		assert_true(fh_phys_frame_offset(fh_phys(8 * frame - 1), lg2).raw == frame - 1);
		GIVES(pfn, fh_phys_to_pfn_exact(fh_phys(7 * frame), lg2, &pfn), 7);
		REFUSES(pfn, fh_phys_to_pfn_exact(fh_phys(7 * frame + 1), lg2, &pfn));
		REFUSES(pfn, fh_phys_to_pfn_exact(fh_phys(8 * frame - 1), lg2, &pfn));
	}
}

/* The last frame of all, and the one that there is not. */
static void frames_at_the_top(void **state)
{
	fh_phys_addr_t pa;
	fh_pfn_t pfn;
	fh_resource_size_t size;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(frame_lg2s); i++) {
		unsigned int lg2 = frame_lg2s[i];
		uint64_t frame = UINT64_C(1) << lg2;
		uint64_t end = UINT64_C(1) << (64 - lg2);

		assert_true(fh_phys_frame_offset(fh_phys(TOP), lg2).raw == frame - 1);
		assert_true(fh_phys_to_pfn_down(fh_phys(TOP), lg2).raw == end - 1);
		assert_true(fh_phys_to_pfn_up(fh_phys(0 - frame), lg2).raw == end - 1);
		assert_true(fh_phys_to_pfn_up(fh_phys(0 - frame + 1), lg2).raw == end);
		assert_true(fh_phys_to_pfn_up(fh_phys(TOP), lg2).raw == end);
		REFUSES(pfn, fh_phys_to_pfn_exact(fh_phys(TOP), lg2, &pfn));
		GIVES(pfn, fh_phys_to_pfn_exact(fh_phys(0 - frame), lg2, &pfn), end - 1);
		GIVES(pa, fh_pfn_to_phys(fh_pfn(end - 1), lg2, &pa), 0 - frame);
		REFUSES(pa, fh_pfn_to_phys(fh_pfn(end), lg2, &pa));
		REFUSES(pa, fh_pfn_to_phys(fh_pfn(TOP), lg2, &pa));
		GIVES(size, fh_frames_to_size(end - 1, lg2, &size), 0 - frame);
		REFUSES(size, fh_frames_to_size(end, lg2, &size));
		REFUSES(size, fh_frames_to_size(end + 1, lg2, &size));
		REFUSES(size, fh_frames_to_size(TOP, lg2, &size));
	}
}

/* Shifts by nothing and by nearly everything are defined. */
static void shifts(void **state)
{
	fh_phys_addr_t pa;

	(void)state;
	assert_true(fh_phys_to_pfn_up(fh_phys(TOP), 0).raw == TOP);
	assert_true(fh_phys_frame_offset(fh_phys(TOP), 0).raw == 0);
	GIVES(pa, fh_pfn_to_phys(fh_pfn(TOP), 0, &pa), TOP);
	assert_true(fh_phys_to_pfn_up(fh_phys(TOP), 63).raw == 2);
	GIVES(pa, fh_pfn_to_phys(fh_pfn(1), 63, &pa), UINT64_C(1) << 63);
	REFUSES(pa, fh_pfn_to_phys(fh_pfn(2), 63, &pa));
	GIVES(pa, fh_phys_align_up(fh_phys(TOP), 0, &pa), TOP);
	GIVES(pa, fh_phys_align_up(fh_phys(1), 63, &pa), UINT64_C(1) << 63);
	REFUSES(pa, fh_phys_align_up(fh_phys((UINT64_C(1) << 63) + 1), 63, &pa));
}

static void add(void **state)
{
	fh_phys_addr_t pa;
	fh_dma_addr_t iova;

	(void)state;
	GIVES(pa, fh_phys_add(fh_phys(0), fh_resource_size(0), &pa), 0);
	GIVES(pa, fh_phys_add(fh_phys(0), fh_resource_size(TOP), &pa), TOP);
	GIVES(pa, fh_phys_add(fh_phys(TOP), fh_resource_size(0), &pa), TOP);
	REFUSES(pa, fh_phys_add(fh_phys(TOP), fh_resource_size(1), &pa));
	REFUSES(pa, fh_phys_add(fh_phys(1), fh_resource_size(TOP), &pa));
	REFUSES(pa, fh_phys_add(fh_phys(TOP), fh_resource_size(TOP), &pa));
	GIVES(iova, fh_dma_add(fh_dma(0), fh_resource_size(0), &iova), 0);
	GIVES(iova, fh_dma_add(fh_dma(0), fh_resource_size(TOP), &iova), TOP);
	GIVES(iova, fh_dma_add(fh_dma(TOP), fh_resource_size(0), &iova), TOP);
	REFUSES(iova, fh_dma_add(fh_dma(TOP), fh_resource_size(1), &iova));
	REFUSES(iova, fh_dma_add(fh_dma(1), fh_resource_size(TOP), &iova));
	REFUSES(iova, fh_dma_add(fh_dma(TOP), fh_resource_size(TOP), &iova));
}

/* A range that ends at 2^64 has no end that could be written down, and a last byte. */
static void last(void **state)
{
	fh_phys_addr_t pa;
	fh_dma_addr_t iova;

	(void)state;
	REFUSES(pa, fh_phys_last(fh_phys(0), fh_resource_size(0), &pa));
	REFUSES(pa, fh_phys_last(fh_phys(TOP), fh_resource_size(0), &pa));
	GIVES(pa, fh_phys_last(fh_phys(0), fh_resource_size(1), &pa), 0);
	GIVES(pa, fh_phys_last(fh_phys(TOP), fh_resource_size(1), &pa), TOP);
	REFUSES(pa, fh_phys_last(fh_phys(TOP), fh_resource_size(2), &pa));
	GIVES(pa, fh_phys_last(fh_phys(1), fh_resource_size(TOP), &pa), TOP);
	REFUSES(pa, fh_phys_last(fh_phys(2), fh_resource_size(TOP), &pa));
	GIVES(pa, fh_phys_last(fh_phys(0 - FH_GIB), fh_resource_size(FH_GIB), &pa), TOP);
	REFUSES(pa, fh_phys_add(fh_phys(0 - FH_GIB), fh_resource_size(FH_GIB), &pa));
	REFUSES(iova, fh_dma_last(fh_dma(0), fh_resource_size(0), &iova));
	REFUSES(iova, fh_dma_last(fh_dma(TOP), fh_resource_size(0), &iova));
	GIVES(iova, fh_dma_last(fh_dma(0), fh_resource_size(1), &iova), 0);
	GIVES(iova, fh_dma_last(fh_dma(TOP), fh_resource_size(1), &iova), TOP);
	REFUSES(iova, fh_dma_last(fh_dma(TOP), fh_resource_size(2), &iova));
	GIVES(iova, fh_dma_last(fh_dma(1), fh_resource_size(TOP), &iova), TOP);
	REFUSES(iova, fh_dma_last(fh_dma(2), fh_resource_size(TOP), &iova));
}

static void diff(void **state)
{
	fh_resource_size_t size;

	(void)state;
	GIVES(size, fh_phys_diff(fh_phys(0), fh_phys(0), &size), 0);
	GIVES(size, fh_phys_diff(fh_phys(TOP), fh_phys(0), &size), TOP);
	GIVES(size, fh_phys_diff(fh_phys(TOP), fh_phys(TOP), &size), 0);
	REFUSES(size, fh_phys_diff(fh_phys(0), fh_phys(1), &size));
	REFUSES(size, fh_phys_diff(fh_phys(TOP - 1), fh_phys(TOP), &size));
	REFUSES(size, fh_phys_diff(fh_phys(0), fh_phys(TOP), &size));
	GIVES(size, fh_dma_diff(fh_dma(0), fh_dma(0), &size), 0);
	GIVES(size, fh_dma_diff(fh_dma(TOP), fh_dma(0), &size), TOP);
	GIVES(size, fh_dma_diff(fh_dma(TOP), fh_dma(TOP), &size), 0);
	REFUSES(size, fh_dma_diff(fh_dma(0), fh_dma(1), &size));
	REFUSES(size, fh_dma_diff(fh_dma(TOP - 1), fh_dma(TOP), &size));
	REFUSES(size, fh_dma_diff(fh_dma(0), fh_dma(TOP), &size));
}

/* All three at @raw, which grows to @expected, or does not when that is 0 and @raw is not. */
static void align_three(uint64_t raw, unsigned int lg2, uint64_t expected)
{
	fh_phys_addr_t pa;
	fh_dma_addr_t iova;
	fh_resource_size_t size;

	if (raw && !expected) {
		REFUSES(pa, fh_phys_align_up(fh_phys(raw), lg2, &pa));
		REFUSES(iova, fh_dma_align_up(fh_dma(raw), lg2, &iova));
		REFUSES(size, fh_resource_size_align_up(fh_resource_size(raw), lg2, &size));
	} else {
		GIVES(pa, fh_phys_align_up(fh_phys(raw), lg2, &pa), expected);
		GIVES(iova, fh_dma_align_up(fh_dma(raw), lg2, &iova), expected);
		GIVES(size, fh_resource_size_align_up(fh_resource_size(raw), lg2, &size), expected);
	}
	assert_true(fh_phys_is_aligned(fh_phys(raw), lg2) == (raw == expected));
	assert_true(fh_dma_is_aligned(fh_dma(raw), lg2) == (raw == expected));
}

static void align_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(frame_lg2s); i++) {
		unsigned int lg2 = frame_lg2s[i];
		uint64_t frame = UINT64_C(1) << lg2;

		align_three(0, lg2, 0);
		align_three(1, lg2, frame);
		align_three(frame - 1, lg2, frame);
		align_three(frame, lg2, frame);
		align_three(frame + 1, lg2, 2 * frame);
		align_three(0 - frame - 1, lg2, 0 - frame);
		align_three(0 - frame, lg2, 0 - frame);
		align_three(0 - frame + 1, lg2, 0);
		align_three(TOP, lg2, 0);
	}
}

/* Where the result is one of the arguments. */
static void in_place(void **state)
{
	fh_phys_addr_t pa = fh_phys(0x1001);
	fh_resource_size_t size = fh_resource_size(0x10);

	(void)state;
	assert_true(fh_phys_add(pa, size, &pa) && pa.raw == 0x1011);
	assert_true(fh_phys_align_up(pa, 12, &pa) && pa.raw == 0x2000);
	assert_true(fh_phys_diff(pa, fh_phys(0x1ff0), &size) && size.raw == 0x10);
	assert_true(fh_resource_size_align_up(size, 16, &size) && size.raw == 0x10000);
	assert_false(fh_phys_add(pa, fh_resource_size(TOP), &pa));
	assert_true(pa.raw == 0x2000);
}

__extension__ typedef unsigned __int128 wide;

#define BEYOND ((wide)1 << 64)

/* @call gives @exact when that is below 2^64, else nothing. */
#define JUDGE(result, call, exact)                                                                 \
	do {                                                                                       \
		bool done;                                                                         \
                                                                                                   \
		(result).raw = UNTOUCHED;                                                          \
		done = (call);                                                                     \
		assert_true(done == ((exact) < BEYOND));                                           \
		assert_true((result).raw == (done ? (uint64_t)(exact) : UNTOUCHED));               \
	} while (0)

static void against_wide(uint64_t a, uint64_t b, unsigned int lg2)
{
	wide frame = (wide)1 << lg2;
	wide end = (wide)a + b;
	wide up = (a + frame - 1) / frame;
	fh_phys_addr_t pa;
	fh_dma_addr_t iova;
	fh_resource_size_t size;

	JUDGE(pa, fh_phys_add(fh_phys(a), fh_resource_size(b), &pa), end);
	JUDGE(iova, fh_dma_add(fh_dma(a), fh_resource_size(b), &iova), end);
	JUDGE(pa, fh_phys_last(fh_phys(a), fh_resource_size(b), &pa), b ? end - 1 : BEYOND);
	JUDGE(iova, fh_dma_last(fh_dma(a), fh_resource_size(b), &iova), b ? end - 1 : BEYOND);
	JUDGE(size, fh_phys_diff(fh_phys(a), fh_phys(b), &size), (wide)a - b);
	JUDGE(size, fh_dma_diff(fh_dma(a), fh_dma(b), &size), (wide)a - b);
	JUDGE(pa, fh_pfn_to_phys(fh_pfn(a), lg2, &pa), a * frame);
	JUDGE(size, fh_frames_to_size(a, lg2, &size), a * frame);
	JUDGE(pa, fh_phys_align_up(fh_phys(a), lg2, &pa), up * frame);
	JUDGE(iova, fh_dma_align_up(fh_dma(a), lg2, &iova), up * frame);
	JUDGE(size, fh_resource_size_align_up(fh_resource_size(a), lg2, &size), up * frame);
	assert_true(fh_phys_to_pfn_up(fh_phys(a), lg2).raw == up);
	assert_true(fh_phys_to_pfn_down(fh_phys(a), lg2).raw == a / frame);
	assert_true(fh_phys_frame_offset(fh_phys(a), lg2).raw == a % frame);
}

static void edges_against_wide(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(frame_lg2s); i++) {
		uint64_t edge[EDGES];

		edges(frame_lg2s[i], edge);
		for (size_t k = 0; k < EDGES * EDGES; k++)
			against_wide(edge[k / EDGES], edge[k % EDGES], frame_lg2s[i]);
	}
}

/* A number of any width: half of all 64-bit sums would overflow, and no multiple would fit. */
static uint64_t any(uint64_t *random)
{
	uint64_t value = unit_random(random) >> unit_random_below(random, 64);

	return unit_random_below(random, 4) ? value : 0 - value;
}

static void random_against_wide(void **state)
{
	uint64_t random = unit_seed("mm.addr.random");

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t a = any(&random);
		uint64_t b = any(&random);

		against_wide(a, b, frame_lg2s[i % FH_ARRAY_SIZE(frame_lg2s)]);
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("mm.addr.constructors", constructors),
	UNIT_TEST("mm.addr.comparisons", comparisons),
	UNIT_TEST("mm.addr.frames.zero", frames_of_zero),
	UNIT_TEST("mm.addr.frames.round", frames_round),
	UNIT_TEST("mm.addr.frames.top", frames_at_the_top),
	UNIT_TEST("mm.addr.frames.shifts", shifts),
	UNIT_TEST("mm.addr.add", add),
	UNIT_TEST("mm.addr.last", last),
	UNIT_TEST("mm.addr.diff", diff),
	UNIT_TEST("mm.addr.align_up", align_up),
	UNIT_TEST("mm.addr.in_place", in_place),
	UNIT_TEST("mm.addr.edges", edges_against_wide),
	UNIT_TEST("mm.addr.random", random_against_wide),
};

UNIT_MAIN("mm.addr", tests)
