/* SPDX-License-Identifier: BSD-2-Clause */
/* mm.harden: what a build with HARDEN=1 refuses, on the machine's own frames. */
#include <errno.h>

#include "tests/target/harness.h"

#ifdef FH_HARDEN

static void mapped(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 1, 0);
	fh_phys_addr_t second;

	EXPECT(test, page);
	second = fh_phys(fh_page_to_phys(frames, page).raw + 4096);
	fh_frames_mapped(frames, second, 4096, 0x5000, (const void *)(uintptr_t)mapped);
	EXPECT_EQUAL(test, fh_page_free(frames, test_twin(page)), -EBUSY);
	EXPECT_EQUAL(test, fh_frame_state(frames, second), FH_FRAME_OWNED);
	fh_frames_unmapped(frames, second, 4096);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	EXPECT(test, !fh_frames_check(frames));
}

/* Written to after it was freed: found out when it would be handed out, and kept. */
static void disturbed(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	struct fh_page *stale = test_twin(page);
	struct fh_page *next;
	struct fh_frames_stats before, after;
	volatile uint64_t *word;

	EXPECT(test, page);
	word = fh_page_address(frames, page);
	fh_frames_stats(frames, &before);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	word[511] = 1;
	/* A CPU allocates first what it freed last. */
	next = fh_page_alloc(frames, 0, 0);
	EXPECT(test, next);
	EXPECT(test, fh_page_to_phys(frames, next).raw != (uintptr_t)word);
	EXPECT_EQUAL(test, fh_page_free(frames, next), 0);
	fh_frames_stats(frames, &after);
	EXPECT_EQUAL(test, after.quarantined, before.quarantined + 1);
	EXPECT_EQUAL(test, after.owned, before.owned);
	EXPECT_EQUAL(test, fh_page_free(frames, stale), -EIO);
	EXPECT(test, !fh_frames_check(frames));
}

static const struct test_case cases[] = {
	{ "mapped", mapped },
	{ "disturbed", disturbed },
};

#else

/* Nothing is counted, nothing is written. */
static void off(struct test *test)
{
	struct fh_frames *frames = &test->machine->frames;
	struct fh_page *page = fh_page_alloc(frames, 0, 0);
	volatile uint64_t *word = page ? fh_page_address(frames, page) : NULL;

	EXPECT(test, word);
	*word = 0x5000;
	fh_frames_mapped(frames, fh_page_to_phys(frames, page), 4096, 0x5000, NULL);
	EXPECT_EQUAL(test, fh_page_free(frames, page), 0);
	EXPECT_EQUAL(test, *word, 0x5000);
}

static const struct test_case cases[] = {
	{ "off", off },
};

#endif

SUITE(mm_harden, "mm.harden", cases);
