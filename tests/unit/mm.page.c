/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the ownership of frames: an instance from its map, every way between
 * two states, exhaustion, failure, and borrowing. The illegal steps are in mm.page.refuse.c.
 */
#include "tests/unit/mm_fixture.h"

static void init_states(void **state)
{
	struct fixture *f = *state;
	struct fh_frames_stats stats;

	for (uint64_t frame = 0; frame < FRAMES + 8; frame++) {
		enum fh_frame_state want = FH_FRAME_NONE;

		if (fixture_kind(frame) == FH_MEM_USABLE)
			want = FH_FRAME_FREE;
		if (fixture_kind(frame) == FH_MEM_RESERVED)
			want = FH_FRAME_RESERVED;
		assert_int_equal(fh_frame_state(&f->frames, fh_phys(pa_of(frame))), want);
		assert_int_equal(fh_frame_state(&f->frames, fh_phys(pa_of(frame) + 4095)), want);
	}
	assert_int_equal(fh_frame_state(&f->frames, fh_phys(BASE - 1)), FH_FRAME_NONE);
	assert_int_equal(fh_frame_state(&f->frames, FH_PHYS_INVALID), FH_FRAME_NONE);
	expect_stats(f, 0, 0);
	fh_frames_stats(&f->frames, &stats);
	assert_in_range(stats.metadata_bytes, 1, fh_frames_metadata_bytes(&f->map) - 1);
	assert_in_range(stats.metadata_bytes, 54 * 10 / 8, METADATA_MAX);
}

static void init_refused(void **state)
{
	struct fixture *f = *state;
	struct fh_frames_config good = fixture_config(f, 31);
	struct fh_frames_config bad;
	struct fh_frames *frames = &f->frames;
	struct fh_frames_stats stats;

	fh_frames_stats(frames, &stats);
#define INIT_REFUSED(err, change)                                                                  \
	do {                                                                                       \
		bad = good;                                                                        \
		change;                                                                            \
		QUIET(f, assert_int_equal(fh_frames_init(frames, &bad), err));                     \
	} while (0)
	INIT_REFUSED(-EINVAL, bad.instance = 32);
	INIT_REFUSED(-EINVAL, bad.map = NULL);
	INIT_REFUSED(-EINVAL, bad.metadata = NULL);
	INIT_REFUSED(-EINVAL, bad.metadata = f->metadata + 1);
	INIT_REFUSED(-ENOMEM, bad.metadata_bytes = stats.metadata_bytes - 1);
	INIT_REFUSED(-EBUSY, bad.metadata = f->arena + 20 * FRAME);
	INIT_REFUSED(-EBUSY, bad.metadata = f->arena + 40 * FRAME - 8);
	INIT_REFUSED(-EBUSY, bad.metadata = f->arena + 48 * FRAME - sizeof(f->metadata) + 8);
	f->map.resolved = false;
	INIT_REFUSED(-EINVAL, (void)0);
	f->map.resolved = true;
	/* Exactly enough, and in RAM that is reserved. */
	fixture_protect(f, 16, 4, PROT_READ | PROT_WRITE);
	good.metadata = f->arena + 16 * FRAME;
	good.metadata_bytes = stats.metadata_bytes;
	assert_int_equal(fh_frames_init(frames, &good), 0);
	assert_null(fh_frames_check(frames));
	assert_int_equal(f->arena[16 * FRAME + good.metadata_bytes], 0xa5);
}

static void init_no_ram(void **state)
{
	struct fixture *f = *state;
	struct fh_frames_config config = fixture_config(f, 0);
	struct fh_memmap empty;
	struct fh_frames frames;
	_Alignas(16) unsigned char buffer[64];

	assert_int_equal(fh_memmap_init(&empty, buffer, sizeof(buffer), 12), 0);
	assert_in_range(fh_frames_metadata_bytes(&empty), 1, METADATA_MAX);
	assert_int_equal(fh_memmap_resolve(&empty), 0);
	config.map = &empty;
	assert_int_equal(fh_frames_init(&frames, &config), 0);
	assert_null(fh_page_alloc(&frames, 0, 0));
	assert_null(fh_frames_check(&frames));
	assert_int_equal(fh_frame_state(&frames, fh_phys(0)), FH_FRAME_NONE);
	/* The fixture's instance had the same metadata. */
	config = fixture_config(f, INSTANCE);
	assert_int_equal(fh_frames_init(&f->frames, &config), 0);
}

/* A memory map of a single frame: the smallest instance, with the least metadata that it takes. */
static void init_one_frame(void **state)
{
	struct fixture *f = *state;
	struct fh_frames_config config = fixture_config(f, INSTANCE);
	struct fh_page_request request = { .align_order = FH_ORDER_MAX };
	_Alignas(16) unsigned char buffer[256];
	struct fh_frames_stats stats;
	struct fh_page *pages[2];
	struct fh_frames frames;
	struct fh_memmap map;

	MUST(fh_memmap_init(&map, buffer, sizeof(buffer), 12));
	MUST(fh_memmap_add(&map, BASE + 3 * FRAME, FRAME, FH_MEM_USABLE, "ram"));
	MUST(fh_memmap_resolve(&map));
	config.map = &map;
	config.metadata_bytes = fh_frames_metadata_bytes(&map);
	assert_in_range(config.metadata_bytes, 1, METADATA_MAX);
	memset(f->metadata, 0xa5, sizeof(f->metadata));
	MUST(fh_frames_init(&frames, &config));
	assert_int_equal(f->metadata[config.metadata_bytes], 0xa5);
	fh_frames_stats(&frames, &stats);
	assert_int_equal(stats.frames, 1);
	assert_int_equal(stats.free, 1);
	for (unsigned int round = 0; round < 3; round++) {
		host_cpu = round;
		assert_null(fh_page_alloc(&frames, 1, 0));
		assert_null(fh_page_alloc_request(&frames, &request));
		assert_int_equal(fh_page_alloc_many(&frames, pages, 2), 1);
		assert_int_equal(fh_page_to_phys(&frames, pages[0]).raw, BASE + 3 * FRAME);
		assert_null(fh_page_alloc(&frames, 0, 0));
		assert_null(fh_frames_check(&frames));
		MUST(fh_page_free(&frames, pages[0]));
		assert_int_equal(fh_page_free(&frames, pages[0]), -ENOENT);
		assert_null(fh_frames_check(&frames));
	}
	host_cpu = 0;
	/* One byte less than it needs is refused. */
	config.metadata_bytes = stats.metadata_bytes - 1;
	assert_int_equal(fh_frames_init(&frames, &config), -ENOMEM);
	/* The fixture's instance had the same metadata. */
	config = fixture_config(f, INSTANCE);
	MUST(fh_frames_init(&f->frames, &config));
}

/* alloc, into, from, free: the states, the counters and the handle on each step. */
static void life(void **state)
{
	struct fixture *f = *state;

	for (unsigned int order = 0; order <= 4; order++) {
		struct fh_page *page = must_alloc(f, order);
		uint64_t bytes = FRAME << order;
		uint64_t pa = must_phys(f, page);
		fh_phys_addr_t last = fh_phys(pa + bytes - 1);

		assert_int_equal(pa % bytes, 0);
		assert_int_equal(fh_frame_state(&f->frames, fh_phys(pa)), FH_FRAME_OWNED);
		assert_int_equal(fh_frame_state(&f->frames, last), FH_FRAME_OWNED);
		expect_stats(f, bytes / FRAME, 0);
		assert_true(must_into(f, page).raw == pa);
		assert_int_equal(fh_frame_state(&f->frames, fh_phys(pa)), FH_FRAME_HELD);
		assert_int_equal(fh_frame_state(&f->frames, last), FH_FRAME_HELD);
		expect_stats(f, 0, bytes / FRAME);
		assert_ptr_equal(fh_page_from_phys(&f->frames, fh_phys(pa)), page);
		expect_stats(f, bytes / FRAME, 0);
		assert_int_equal(fh_page_free(&f->frames, page), 0);
		assert_int_equal(fh_frame_state(&f->frames, last), FH_FRAME_FREE);
		expect_stats(f, 0, 0);
	}
	assert_int_equal(f->reports, 0);
}

static void alloc_zero(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page;
	unsigned char *at;

	for (unsigned int order = 0; order <= 4; order++) {
		page = must_alloc(f, order);
		memset(fh_page_address(&f->frames, page), 0x77, FRAME << order);
		assert_int_equal(fh_page_free(&f->frames, page), 0);
		page = fh_page_alloc(&f->frames, order, FH_PAGE_ZERO);
		assert_non_null(page);
		at = fh_page_address(&f->frames, page);
		for (uint64_t i = 0; i < FRAME << order; i++)
			assert_int_equal(at[i], 0);
		assert_int_equal(fh_page_free(&f->frames, page), 0);
	}
}

static void alloc_refused(void **state)
{
	struct fixture *f = *state;

	REFUSED(f, FH_FAULT_ORDER, -EINVAL, assert_null(fh_page_alloc(&f->frames, 19, 0)));
	assert_int_equal(f->fault.value, 19);
	REFUSED(f, FH_FAULT_ORDER, -EINVAL, assert_null(fh_page_alloc(&f->frames, UINT32_MAX, 0)));
	REFUSED(f, FH_FAULT_ORDER, -EINVAL, assert_null(fh_page_alloc(&f->frames, 0, 2)));
	assert_int_equal(f->fault.value, 2);
	REFUSED(f, FH_FAULT_ORDER, -EINVAL,
		assert_null(fh_page_alloc(&f->frames, 0, FH_PAGE_ZERO | 0x80000000u)));
}

/* No memory is on the node that stands for none: nothing to report. */
static void alloc_on_no_node(void **state)
{
	struct fixture *f = *state;
	struct fh_page_request request = { .on_node = true, .node = FH_NUMA_NONE };

	QUIET(f, assert_null(fh_page_alloc_request(&f->frames, &request)));
}

/* All memory, no block twice, a NULL that is no fault, and all of it again. */
static void alloc_exhaustion(void **state)
{
	struct fixture *f = *state;
	struct fh_page *pages[USABLE_FRAMES];
	bool seen[FRAMES];

	for (unsigned int round = 0; round < 2; round++) {
		memset(seen, 0, sizeof(seen));
		for (unsigned int i = 0; i < USABLE_FRAMES; i++) {
			uint64_t frame;

			pages[i] = must_alloc(f, 0);
			frame = (must_phys(f, pages[i]) - BASE) / FRAME;
			assert_int_equal(fixture_kind(frame), FH_MEM_USABLE);
			assert_false(seen[frame]);
			seen[frame] = true;
		}
		expect_stats(f, USABLE_FRAMES, 0);
		for (unsigned int order = 0; order <= FH_ORDER_MAX; order++)
			EXHAUSTED(f, fh_page_alloc(&f->frames, order, FH_PAGE_ZERO));
		/* The two halves in different orders, so that buddies meet from both sides. */
		for (unsigned int i = 0; i < USABLE_FRAMES; i += 2)
			assert_int_equal(fh_page_free(&f->frames, pages[i]), 0);
		assert_null(fh_frames_check(&f->frames));
		for (unsigned int i = USABLE_FRAMES; i-- > 0;)
			if (i & 1)
				assert_int_equal(fh_page_free(&f->frames, pages[i]), 0);
		expect_stats(f, 0, 0);
	}
	/* Whole again: two blocks of 16 frames (0 and 48), 8 at 32, 4 at 20 and 28, 2 at 26. */
	must_alloc(f, 4);
	must_alloc(f, 4);
	EXHAUSTED(f, fh_page_alloc(&f->frames, 4, 0));
	must_alloc(f, 3);
	EXHAUSTED(f, fh_page_alloc(&f->frames, 3, 0));
	must_alloc(f, 2);
	must_alloc(f, 2);
	must_alloc(f, 1);
	expect_stats(f, USABLE_FRAMES, 0);
}

/* Each of ten allocations fails once, and the one after it succeeds. */
static void alloc_fail_each(void **state)
{
	struct fixture *f = *state;

	for (uint64_t failing = 0; failing < 10; failing++) {
		struct fh_page *pages[10];

		fh_frames_fail_after(&f->frames, failing);
		for (uint64_t i = 0; i < 10; i++) {
			unsigned int order = (unsigned int)(i % 3);

			if (i == failing) {
				uint64_t left = f->frames.fail_after;

				assert_int_equal(left, 1);
				fixture_before(f);
				assert_null(fh_page_alloc(&f->frames, order, FH_PAGE_ZERO));
				f->old_frames.fail_after = 0;
				fixture_unchanged(f, 0, __LINE__);
			}
			pages[i] = must_alloc(f, order);
		}
		for (uint64_t i = 0; i < 10; i++)
			assert_int_equal(fh_page_free(&f->frames, pages[i]), 0);
		expect_stats(f, 0, 0);
	}
	fh_frames_fail_after(&f->frames, 0);
	fh_frames_fail_after(&f->frames, UINT64_MAX);
	must_alloc(f, 0);
	assert_int_equal(f->reports, 0);
}

/* Every order there is, on 4 GiB of addresses that are backed only where they are touched. */
static void alloc_orders(void **state)
{
	const uint64_t base = FH_GIB;
	const uint64_t size = 4 * FH_GIB;
	unsigned char *arena = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	_Alignas(16) unsigned char buffer[512];
	struct fh_frames_config config = { .instance = 0,
					   .direct_offset = (uintptr_t)arena - base };
	struct fh_memmap map;
	struct fh_frames frames;
	struct fh_frames_stats stats;
	struct fh_page *page;

	(void)state;
	assert_true(arena != MAP_FAILED);
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 12), 0);
	/* Neither end is aligned; in the middle are two blocks of order 18, which do not merge. */
	fh_memmap_add(&map, base + FH_GIB / 2 + FRAME, 3 * FH_GIB - 3 * FRAME, FH_MEM_USABLE,
		      "ram");
	assert_int_equal(fh_memmap_resolve(&map), 0);
	config.map = &map;
	config.metadata_bytes = fh_frames_metadata_bytes(&map);
	config.metadata = malloc(config.metadata_bytes);
	assert_non_null(config.metadata);
	memset(config.metadata, 0xff, config.metadata_bytes);
	assert_int_equal(fh_frames_init(&frames, &config), 0);
	assert_null(fh_frames_check(&frames));
	for (unsigned int order = 0; order <= FH_ORDER_MAX; order++) {
		uint64_t pa;

		page = fh_page_alloc(&frames, order, 0);
		assert_non_null(page);
		pa = fh_page_to_phys(&frames, page).raw;
		assert_true(fh_is_aligned(pa, FRAME << order));
		assert_int_equal(fh_page_order(&frames, page), order);
		fh_frames_stats(&frames, &stats);
		assert_int_equal(stats.owned, UINT64_C(1) << order);
		assert_int_equal(fh_frame_state(&frames, fh_phys(pa + (FRAME << order) - 1)),
				 FH_FRAME_OWNED);
		assert_ptr_equal(fh_page_from_phys(&frames, fh_page_into_phys(&frames, page)),
				 page);
		assert_int_equal(fh_page_free(&frames, page), 0);
		assert_null(fh_frames_check(&frames));
	}
	for (unsigned int i = 0; i < 2; i++)
		assert_non_null(fh_page_alloc(&frames, FH_ORDER_MAX, 0));
	assert_null(fh_page_alloc(&frames, FH_ORDER_MAX, 0));
	assert_non_null(fh_page_alloc(&frames, FH_ORDER_MAX - 2, 0));
	free(config.metadata);
	munmap(arena, size);
}

static void borrow_states(void **state)
{
	struct fixture *f = *state;
	struct fh_page *owned = must_alloc(f, 2);
	struct fh_page *page = must_alloc(f, 2);
	uint64_t owned_pa = must_phys(f, owned);
	fh_phys_addr_t held = must_into(f, page);
	enum fh_borrow_refusal why;

	fixture_before(f);
	for (uint64_t frame = 0; frame < FRAMES + 1; frame++) {
		uint64_t pa = pa_of(frame);
		const struct fh_page *borrow;
		bool live = (pa >= owned_pa && pa < owned_pa + 4 * FRAME) ||
			    (pa >= held.raw && pa < held.raw + 4 * FRAME) ||
			    fixture_kind(frame) == FH_MEM_RESERVED;
		enum fh_borrow_refusal want = FH_BORROW_NO_RAM;

		if (live)
			want = FH_BORROW_OK;
		else if (fixture_kind(frame) == FH_MEM_USABLE)
			want = FH_BORROW_FREE;
		else if (fixture_kind(frame) == FH_MEM_NOMAP)
			want = FH_BORROW_NOMAP;
		why = (enum fh_borrow_refusal)99;
		borrow = fh_page_borrow_phys(&f->frames, fh_phys(pa + 0x123), &why);
		assert_int_equal(why, want);
		assert_int_equal(borrow != NULL, want == FH_BORROW_OK);
		assert_ptr_equal(fh_page_borrow_phys(&f->frames, fh_phys(pa), NULL), borrow);
		if (!borrow)
			continue;
		assert_true(fh_page_to_phys(&f->frames, borrow).raw == pa);
		assert_int_equal(fh_page_order(&f->frames, borrow), 0);
		assert_ptr_equal(fh_page_borrowed_address(&f->frames, borrow),
				 f->arena + frame * FRAME);
		assert_ptr_equal(fh_page_borrow_phys_unchecked(&f->frames, fh_phys(pa + 4095)),
				 borrow);
	}
	assert_null(fh_page_borrow_phys(&f->frames, FH_PHYS_INVALID, &why));
	assert_int_equal(why, FH_BORROW_NO_RAM);
	assert_int_equal(f->reports, 0);
	fixture_unchanged(f, 0, __LINE__);
	assert_string_equal(fh_borrow_refusal_name(FH_BORROW_FREE), "free");
	assert_string_equal(fh_borrow_refusal_name(FH_BORROW_NOMAP), "no-map");
	assert_string_equal(fh_borrow_refusal_name(FH_BORROW_NO_RAM), "not RAM");
	assert_string_equal(fh_frame_state_name(FH_FRAME_HELD), "held");
}

/* Eight frames at 0 and eight that end at 2^64: in the direct map they are neighbours. */
static void alloc_edges(void **state)
{
	struct fixture *f = *state;
	struct fh_frames_config config = fixture_config(f, INSTANCE);
	_Alignas(16) unsigned char buffer[512];
	_Alignas(16) unsigned char metadata[METADATA_MAX];
	struct fh_page *pages[16];
	struct fh_memmap map;
	struct fh_frames frames;

	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 12), 0);
	assert_int_equal(fh_memmap_add(&map, 0, 8 * FRAME, FH_MEM_USABLE, "low"), 0);
	assert_int_equal(fh_memmap_add(&map, 0 - 8 * FRAME, 8 * FRAME, FH_MEM_USABLE, "high"), 0);
	assert_int_equal(fh_memmap_resolve(&map), 0);
	config.map = &map;
	config.metadata = metadata;
	config.metadata_bytes = sizeof(metadata);
	config.direct_offset = (uintptr_t)f->arena + 8 * FRAME;
	assert_int_equal(fh_frames_init(&frames, &config), 0);
	for (unsigned int i = 0; i < 16; i++) {
		pages[i] = fh_page_alloc(&frames, 0, FH_PAGE_ZERO);
		assert_non_null(pages[i]);
	}
	assert_null(fh_page_alloc(&frames, 0, 0));
	assert_null(fh_frames_check(&frames));
	assert_int_equal(fh_frame_state(&frames, fh_phys(0)), FH_FRAME_OWNED);
	assert_int_equal(fh_frame_state(&frames, FH_PHYS_INVALID), FH_FRAME_OWNED);
	assert_int_equal(fh_page_free(&frames, NULL), -EINVAL);
	/* About no address, not about address 0. */
	assert_null(f->fault.declared_by);
	assert_null(fh_page_alloc(&frames, 19, 0));
	assert_null(f->fault.declared_by);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(fh_page_free(&frames, pages[i]), 0);
	assert_non_null(fh_page_alloc(&frames, 3, 0));
	assert_non_null(fh_page_alloc(&frames, 3, 0));
	assert_null(fh_frames_check(&frames));
	/* The fixture's instance lay in the same memory. */
	config = fixture_config(f, INSTANCE);
	assert_int_equal(fh_frames_init(&f->frames, &config), 0);
}

struct walked {
	struct fixture *f;
	uint64_t last;
	unsigned int owned;
	unsigned int held;
	uint64_t frames;
	unsigned int stop_at;
};

static int visit_block(void *ctx, fh_phys_addr_t pa, unsigned int order, enum fh_frame_state state)
{
	struct walked *walked = ctx;

	assert_true(pa.raw >= walked->last);
	assert_int_equal(fh_frame_state(&walked->f->frames, pa), state);
	walked->last = pa.raw + (FRAME << order);
	walked->frames += UINT64_C(1) << order;
	walked->owned += state == FH_FRAME_OWNED;
	walked->held += state == FH_FRAME_HELD;
	return walked->owned + walked->held == walked->stop_at ? -EIO : 0;
}

/* Every block that is owned or held once, upwards, whatever lies between them. */
static void walk(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page[5];
	struct walked walked = { .f = f };

	assert_int_equal(fh_frames_walk(&f->frames, visit_block, &walked), 0);
	assert_int_equal(walked.frames, 0);
	for (unsigned int i = 0; i < 5; i++)
		page[i] = must_alloc(f, i % 3);
	(void)must_into(f, page[1]);
	(void)must_into(f, page[3]);
	assert_int_equal(fh_page_free(&f->frames, page[2]), 0);
	assert_int_equal(fh_frames_walk(&f->frames, visit_block, &walked), 0);
	assert_int_equal(walked.owned, 2);
	assert_int_equal(walked.held, 2);
	assert_int_equal(walked.frames, 1 + 2 + 1 + 2);
	walked = (struct walked){ .f = f, .stop_at = 3 };
	assert_int_equal(fh_frames_walk(&f->frames, visit_block, &walked), -EIO);
	assert_int_equal(walked.owned + walked.held, 3);
}

static void names(void **state)
{
	static const char *const states[] = { "no frame", "free", "owned", "held", "reserved" };
	static const char *const borrows[] = { "ok", "free", "no-map", "not RAM" };

	(void)state;
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(states); i++)
		assert_string_equal(fh_frame_state_name((enum fh_frame_state)i), states[i]);
	assert_string_equal(fh_frame_state_name((enum fh_frame_state)99), "unknown");
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(borrows); i++)
		assert_string_equal(fh_borrow_refusal_name((enum fh_borrow_refusal)i), borrows[i]);
	assert_string_equal(fh_borrow_refusal_name((enum fh_borrow_refusal)99), "unknown");
	assert_int_equal(fh_page_fault_errno(FH_FAULT_NONE), 0);
	assert_int_equal(fh_page_fault_errno((enum fh_fault_code)99), -EINVAL);
}

static const struct CMUnitTest tests[] = {
	CASE("init.states", init_states),
	CASE("init.refused", init_refused),
	CASE("init.no_ram", init_no_ram),
	CASE("init.one_frame", init_one_frame),
	CASE("life.orders", life),
	CASE("alloc.zero", alloc_zero),
	CASE("alloc.refused", alloc_refused),
	CASE("alloc.on_no_node", alloc_on_no_node),
	CASE("alloc.exhaustion", alloc_exhaustion),
	CASE("alloc.fail_each", alloc_fail_each),
	CASE("alloc.orders", alloc_orders),
	CASE("alloc.edges", alloc_edges),
	CASE("borrow.states", borrow_states),
	CASE("walk", walk),
	CASE("names", names),
};

UNIT_MAIN("mm.page", tests)
