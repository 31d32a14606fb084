/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance of 64 addresses of frames for the tests of mm/page:
 *
 *   0         16     20     24     26          40     48             64
 *   |  usable |  fw  |usable|secure|  usable   | hole |   usable     |
 *               reserved     no-map
 *
 * What may not be written or touched is protected by the host's MMU, so that a stray access ends
 * the test program. Refusals are caught, with everything as it was before the call.
 */
#ifndef FH_TESTS_UNIT_PAGE_FIXTURE_H
#define FH_TESTS_UNIT_PAGE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/error.h"
#include "mm/page_priv.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)
#define BASE UINT64_C(0x80000000)
#define FRAMES 64u
#define METADATA_MAX 8192u
#define USABLE_FRAMES 50u
#define RESERVED_FRAMES 4u
#define INSTANCE 5u

#define ORDER_BITS(order) ((uint64_t)(order) << 2)
#define INSTANCE_BITS(instance) ((uint64_t)(instance) << 7)
#define BORROWED_BIT UINT64_C(2)

struct fixture {
	struct fh_frames frames;
	struct fh_memmap map;
	unsigned char *arena;
	_Alignas(16) unsigned char map_buffer[4096];
	_Alignas(16) unsigned char metadata[METADATA_MAX];
	/* reports */
	unsigned int reports;
	struct fh_fault fault;
	char declared_by[64];
	/* before a call */
	struct fh_frames old_frames;
	unsigned char old_metadata[METADATA_MAX];
	unsigned char old_arena[FRAMES * 4096];
	struct block old_block[FRAMES];
	unsigned int old_reports;
};

static inline uint64_t pa_of(uint64_t frame)
{
	return BASE + frame * FRAME;
}

/* What the picture above says about a frame. */
static inline enum fh_mem_kind fixture_kind(uint64_t frame)
{
	if (frame >= 16 && frame < 20)
		return FH_MEM_RESERVED;
	if (frame >= 24 && frame < 26)
		return FH_MEM_NOMAP;
	return frame >= FRAMES || (frame >= 40 && frame < 48) ? FH_MEM_NONE : FH_MEM_USABLE;
}

static inline bool fixture_is_ram(uint64_t frame)
{
	return fixture_kind(frame) == FH_MEM_USABLE || fixture_kind(frame) == FH_MEM_RESERVED;
}

static inline void fixture_report(void *ctx, const struct fh_fault *fault)
{
	struct fixture *f = ctx;

	f->reports++;
	f->fault = *fault;
	f->declared_by[0] = '\0';
	if (fault->declared_by)
		snprintf(f->declared_by, sizeof(f->declared_by), "%s", fault->declared_by);
	/* No lock is held: otherwise this would hang. */
	assert_int_equal(f->frames.lock, 0);
}

static inline void fixture_protect(struct fixture *f, uint64_t frame, uint64_t count, int prot)
{
	assert_int_equal(mprotect(f->arena + frame * FRAME, count * FRAME, prot), 0);
}

static inline struct fh_frames_config fixture_config(struct fixture *f, unsigned int instance)
{
	return (struct fh_frames_config){
		.map = &f->map,
		.metadata = f->metadata,
		.metadata_bytes = sizeof(f->metadata),
		.direct_offset = (uintptr_t)f->arena - BASE,
		.instance = instance,
		.report = { .report = fixture_report, .ctx = f },
	};
}

/* An instance of number @instance; its free memory is full of junk. */
static inline struct fixture *fixture_new(unsigned int instance)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct fh_frames_config config;

	assert_non_null(f);
	f->arena =
	    mmap(NULL, FRAMES * FRAME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(f->arena != MAP_FAILED);
	memset(f->arena, 0xa5, FRAMES * FRAME);
	memset(f->metadata, 0xff, sizeof(f->metadata));
	assert_int_equal(fh_memmap_init(&f->map, f->map_buffer, sizeof(f->map_buffer), 12), 0);
	fh_memmap_add(&f->map, pa_of(0), 40 * FRAME, FH_MEM_USABLE, "/memory@80000000");
	fh_memmap_add(&f->map, pa_of(48), 16 * FRAME, FH_MEM_USABLE, "/memory@80030000");
	fh_memmap_add(&f->map, pa_of(16), 4 * FRAME, FH_MEM_RESERVED, "/reserved-memory/fw");
	fh_memmap_add(&f->map, pa_of(24), 2 * FRAME, FH_MEM_NOMAP, "/reserved-memory/secure");
	assert_int_equal(fh_memmap_resolve(&f->map), 0);
	fixture_protect(f, 16, 4, PROT_READ);
	fixture_protect(f, 24, 2, PROT_NONE);
	fixture_protect(f, 40, 8, PROT_NONE);
	config = fixture_config(f, instance);
	assert_int_equal(fh_frames_init(&f->frames, &config), 0);
	assert_null(fh_frames_check(&f->frames));
	return f;
}

static inline void fixture_delete(struct fixture *f)
{
	munmap(f->arena, FRAMES * FRAME);
	free(f);
}

/* A row of the table of cases; each has an instance of its own as *@state. */
#define CASE(name, function)                                                                       \
	{                                                                                          \
		"mm.page." name, function, fixture_setup, fixture_teardown, NULL                   \
	}

static inline int fixture_setup(void **state)
{
	*state = fixture_new(INSTANCE);
	return 0;
}

/* Each test ends with metadata that are sound. */
static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	const char *broken = fh_frames_check(&f->frames);

	if (broken)
		print_error("broken: %s\n", broken);
	fixture_delete(f);
	return broken ? -1 : 0;
}

/* Remember everything: metadata, instance, and all RAM. */
static inline void fixture_before(struct fixture *f)
{
	f->old_frames = f->frames;
	f->old_reports = f->reports;
	memcpy(f->old_metadata, f->metadata, sizeof(f->metadata));
	for (uint64_t frame = 0; frame < FRAMES; frame++)
		if (fixture_is_ram(frame))
			memcpy(f->old_arena + frame * FRAME, f->arena + frame * FRAME, FRAME);
	for (uint64_t frame = 0; frame < FRAMES; frame++)
		f->old_block[frame] = fh_frames_block_of(&f->frames, pa_of(frame) / FRAME);
}

/* Every frame is in the same block in the same state; hints may be others. */
static inline void fixture_same_blocks(struct fixture *f, int line)
{
	for (uint64_t frame = 0; frame < FRAMES; frame++) {
		struct block now = fh_frames_block_of(&f->frames, pa_of(frame) / FRAME);
		const struct block *old = &f->old_block[frame];

		/* These three are all of a block, and the struct has padding. */
		if (now.first != old->first || now.state != old->state || now.order != old->order)
			fail_msg("line %d: frame %u has changed", line, (unsigned int)frame);
	}
}

static inline void fixture_unchanged(struct fixture *f, unsigned int refusals, int line)
{
	struct fh_frames now = f->frames;
	bool same;

	now.refusals -= refusals;
	same = !memcmp(&now, &f->old_frames, sizeof(now));
	same = same && !memcmp(f->metadata, f->old_metadata, sizeof(f->metadata));
	for (uint64_t frame = 0; frame < FRAMES; frame++)
		if (fixture_is_ram(frame))
			same = same && !memcmp(f->old_arena + frame * FRAME,
					       f->arena + frame * FRAME, FRAME);
	if (!same)
		fail_msg("line %d: a refused call changed something", line);
}

static inline void fixture_refused(struct fixture *f, enum fh_fault_code code, int err, int line)
{
	if (f->reports != f->old_reports + 1)
		fail_msg("line %d: %u reports, not 1", line, f->reports - f->old_reports);
	if (f->fault.code != code || f->fault.err != err)
		fail_msg("line %d: refused as %s (%s), not as %s (%s)", line,
			 fh_fault_name(f->fault.code), fh_error_name(f->fault.err),
			 fh_fault_name(code), fh_error_name(err));
	assert_string_equal(f->fault.part, "page");
	assert_non_null(f->fault.caller);
	fixture_unchanged(f, 1, line);
}

/* @call is refused: reported once, as @code and @err, and nothing has changed. */
#define REFUSED(f, code, err, call)                                                                \
	do {                                                                                       \
		fixture_before(f);                                                                 \
		call;                                                                              \
		fixture_refused(f, code, err, __LINE__);                                           \
	} while (0)

/* @call answers without a report, and nothing has changed. */
#define QUIET(f, call)                                                                             \
	do {                                                                                       \
		fixture_before(f);                                                                 \
		call;                                                                              \
		assert_int_equal((f)->reports, (f)->old_reports);                                  \
		fixture_unchanged(f, 0, __LINE__);                                                 \
	} while (0)

/* @call finds no memory: no report, no block has changed. What was learnt on the way may be kept.
 */
#define EXHAUSTED(f, call)                                                                         \
	do {                                                                                       \
		fixture_before(f);                                                                 \
		assert_null(call);                                                                 \
		assert_int_equal((f)->reports, (f)->old_reports);                                  \
		fixture_same_blocks(f, __LINE__);                                                  \
		assert_null(fh_frames_check(&(f)->frames));                                        \
	} while (0)

/* A handle that nobody gave out. */
static inline struct fh_page *forge(uint64_t pa, unsigned int order, unsigned int instance,
				    uint64_t flags)
{
	return (struct fh_page *)(uintptr_t)(pa | ORDER_BITS(order) | INSTANCE_BITS(instance) |
					     flags | 1);
}

static inline struct fh_page *must_alloc(struct fixture *f, unsigned int order)
{
	struct fh_page *page = fh_page_alloc(&f->frames, order, 0);

	assert_non_null(page);
	assert_int_equal(fh_page_order(&f->frames, page), order);
	return page;
}

static inline uint64_t must_phys(struct fixture *f, const struct fh_page *page)
{
	fh_phys_addr_t pa = fh_page_to_phys(&f->frames, page);

	assert_true(fh_phys_is_valid(pa));
	return pa.raw;
}

static inline fh_phys_addr_t must_into(struct fixture *f, struct fh_page *page)
{
	fh_phys_addr_t pa = fh_page_into_phys(&f->frames, page);

	assert_true(fh_phys_is_valid(pa));
	return pa;
}

static inline void expect_stats(struct fixture *f, uint64_t owned, uint64_t held)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&f->frames, &stats);
	assert_int_equal(stats.frames, USABLE_FRAMES + RESERVED_FRAMES);
	assert_int_equal(stats.reserved, RESERVED_FRAMES);
	assert_int_equal(stats.owned, owned);
	assert_int_equal(stats.held, held);
	assert_int_equal(stats.free, USABLE_FRAMES - owned - held);
	assert_int_equal(stats.refusals, f->reports);
	assert_null(fh_frames_check(&f->frames));
}

#endif
