/* SPDX-License-Identifier: BSD-2-Clause */
/* mm.page on the machine: its own memory, its own device tree. */
#include <string.h>

#include "tests/target/harness.h"

extern char image_start_code[], image_end[];

static bool all_zero(const uint64_t *word, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (word[i])
			return false;
	return true;
}

static void zeroed(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	EXPECT(test, page);
	memset(fh_page_address(frames, page), 0xa5, 4096);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	for (unsigned int order = 0; order <= 9; order++) {
		page = fh_page_alloc(frames, order, FH_PAGE_ZERO);
		EXPECT(test, page);
		EXPECT(test,
		       fh_is_aligned(fh_page_to_phys(frames, page).raw, UINT64_C(4096) << order));
		EXPECT(test, all_zero(fh_page_address(frames, page), ((size_t)4096 << order) / 8));
		EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	}
	EXPECT(test, !fh_frames_check(frames));
}

static void states(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 1, 0);
	fh_phys_addr_t pa;

	EXPECT(test, page);
	pa = fh_page_to_phys(frames, page);
	EXPECT_EQUAL(test, fh_frame_state(frames, pa), FH_FRAME_OWNED);
	pa = fh_page_into_phys(frames, page);
	EXPECT(test, fh_phys_is_valid(pa));
	EXPECT_EQUAL(test, fh_frame_state(frames, pa), FH_FRAME_HELD);
	EXPECT(test, fh_page_borrow_phys(frames, fh_phys(pa.raw + 4096), NULL));
	page = fh_page_from_phys(frames, pa);
	EXPECT(test, page);
	EXPECT_EQUAL(test, fh_page_order(frames, page), 1);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	EXPECT_EQUAL(test, fh_frame_state(frames, pa), FH_FRAME_FREE);
}

/* Refusals are printed: the lines are part of what this image shows. */
static void double_free(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	struct fh_page *stale = test_twin(page);
	struct fh_frames_stats before, after;

	EXPECT(test, page);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	fh_frames_stats(frames, &before);
	EXPECT_EQUAL(test, fh_page_free(frames, stale), -2);
	fh_frames_stats(frames, &after);
	EXPECT_EQUAL(test, after.free, before.free);
	EXPECT_EQUAL(test, after.refusals, before.refusals + 1);
}

static void own_image_is_reserved(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	enum fh_borrow_refusal why;

	for (uint64_t pa = image_base(); pa < image_base() + image_size(); pa += 4096)
		EXPECT_EQUAL(test, fh_frame_state(frames, fh_phys(pa)), FH_FRAME_RESERVED);
	EXPECT(test, fh_page_borrow_phys(frames, fh_phys(image_base()), &why));
	EXPECT_EQUAL(test, fh_frame_state(frames, fh_phys((uintptr_t)test->machine->tree.blob)),
		     FH_FRAME_RESERVED);
}

/* Every block the allocator can give, taken and given back; nothing of ours is among them. */
static void exhaustion(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_frames_stats before, after;
	uint64_t chain = 0;
	uint64_t count = 0;

	fh_frames_stats(frames, &before);
	if (before.free > 40000)
		SKIP(test, "more than 160 MiB of free memory");
	for (;;) {
		struct fh_page *page = fh_page_alloc(frames, 0, 0);
		uint64_t *word;

		if (!page)
			break;
		word = fh_page_address(frames, page);
		EXPECT(test, (uintptr_t)word < image_base() ||
				 (uintptr_t)word >= image_base() + image_size());
		*word = chain;
		chain = fh_page_into_phys(frames, page).raw;
		count++;
	}
	EXPECT_EQUAL(test, count, before.free);
	while (chain) {
		struct fh_page *page = fh_page_from_phys(frames, fh_phys(chain));

		EXPECT(test, page);
		chain = *(uint64_t *)fh_page_address(frames, page);
		EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	}
	fh_frames_stats(frames, &after);
	EXPECT_EQUAL(test, after.free, before.free);
	EXPECT(test, !fh_frames_check(frames));
}

static const struct test_case cases[] = {
	{ "zeroed", zeroed },		{ "states", states },
	{ "double_free", double_free }, { "own_image_is_reserved", own_image_is_reserved },
	{ "exhaustion", exhaustion },
};

SUITE(mm_page, "mm.page", cases);
