/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 100,000 random steps, legal and not, against a model that knows the owner of
 * each frame; a signal handler that looks in the middle of any call; 1 TiB of frames.
 */
#include <signal.h>
#include <sys/time.h>

#include "tests/unit/mm_fixture.h"

#define STEPS 100000u
#define HANDLES_MAX 256u

struct model {
	struct fixture *f;
	uint64_t seed;
	enum fh_frame_state state[FRAMES];
	unsigned int first[FRAMES]; /* of the block that an OWNED or HELD frame lies in */
	unsigned int order[FRAMES];
	struct fh_page *handle[HANDLES_MAX]; /* live and dead ones */
	unsigned int handles;
	unsigned int done[8]; /* steps of each sort that were legal */
};

static bool model_free_run(const struct model *m, unsigned int first, unsigned int order)
{
	if (first + (1u << order) > FRAMES)
		return false;
	for (unsigned int i = first; i < first + (1u << order); i++)
		if (m->state[i] != FH_FRAME_FREE)
			return false;
	return true;
}

/* With buddies always merged, a block is to be had when an aligned run of frames is free. */
static bool model_has(const struct model *m, unsigned int order)
{
	for (unsigned int first = 0; first < FRAMES; first += 1u << order)
		if (model_free_run(m, first, order))
			return true;
	return false;
}

static void model_set(struct model *m, unsigned int first, unsigned int order,
		      enum fh_frame_state state)
{
	for (unsigned int i = first; i < first + (1u << order); i++) {
		m->state[i] = state;
		m->first[i] = first;
		m->order[i] = order;
	}
}

/* What is wrong with @page as an owned one, from the model alone. */
static enum fh_fault_code model_judge(const struct model *m, unsigned int frame, unsigned int order)
{
	switch (m->state[frame]) {
	case FH_FRAME_NONE:
		return FH_FAULT_BAD_HANDLE;
	case FH_FRAME_RESERVED:
		return FH_FAULT_RESERVED;
	case FH_FRAME_FREE:
		return FH_FAULT_STALE_HANDLE;
	case FH_FRAME_OWNED:
	case FH_FRAME_HELD:
		break;
	}
	if (m->first[frame] != frame)
		return FH_FAULT_TAIL;
	if (m->state[frame] == FH_FRAME_HELD || m->order[frame] != order)
		return FH_FAULT_STALE_HANDLE;
	return FH_FAULT_NONE;
}

static uint64_t stamp(unsigned int first, unsigned int order)
{
	return UINT64_C(0x5eed000000000000) + first * 64 + order;
}

/* Who owns a block finds in all its frames what was written there. */
static void check_stamps(struct model *m, unsigned int first, unsigned int order)
{
	for (unsigned int i = first; i < first + (1u << order); i++) {
		uint64_t word;

		memcpy(&word, m->f->arena + i * FRAME, sizeof(word));
		assert_true(word == stamp(first, order));
	}
}

static void step_alloc(struct model *m)
{
	unsigned int order = (unsigned int)unit_random_below(&m->seed, 6);
	bool zero = unit_random_below(&m->seed, 4) == 0;
	struct fh_page *page;
	unsigned int first;

	if (order > 1 && unit_random_below(&m->seed, 2))
		order = 0;
	page = fh_page_alloc(&m->f->frames, order, zero ? FH_PAGE_ZERO : 0);
	assert_int_equal(page != NULL, model_has(m, order));
	if (!page)
		return;
	first = (unsigned int)((must_phys(m->f, page) - BASE) / FRAME);
	assert_true(model_free_run(m, first, order));
	assert_int_equal(first % (1u << order), 0);
	model_set(m, first, order, FH_FRAME_OWNED);
	for (unsigned int i = first; i < first + (1u << order); i++) {
		uint64_t word = stamp(first, order);
		unsigned char *at = m->f->arena + i * FRAME;

		assert_true(!zero || (at[0] == 0 && !memcmp(at, at + 1, FRAME - 1)));
		memcpy(at, &word, sizeof(word));
		memset(at + 8, 0xcc, 24);
	}
	if (m->handles < HANDLES_MAX)
		m->handle[m->handles++] = page;
	else
		m->handle[unit_random_below(&m->seed, HANDLES_MAX)] = page;
	m->done[0]++;
}

/* A handle: one that was given out at some time, or one of a random block. */
static struct fh_page *pick_handle(struct model *m, unsigned int *frame, unsigned int *order)
{
	struct fh_page *page;

	if (m->handles && unit_random_below(&m->seed, 4)) {
		page = m->handle[unit_random_below(&m->seed, m->handles)];
		*order = fh_page_order(&m->f->frames, page);
		*frame = (unsigned int)((must_phys(m->f, page) - BASE) / FRAME);
		return page;
	}
	*order = (unsigned int)unit_random_below(&m->seed, 3);
	*frame = (unsigned int)unit_random_below(&m->seed, FRAMES) & ~((1u << *order) - 1);
	return forge(pa_of(*frame), *order, INSTANCE, 0);
}

static void expect_report(struct model *m, unsigned int before, enum fh_fault_code code)
{
	assert_int_equal(m->f->reports, before + (code != FH_FAULT_NONE));
	if (code != FH_FAULT_NONE)
		assert_int_equal(m->f->fault.code, code);
}

static void step_free(struct model *m)
{
	unsigned int before = m->f->reports;
	enum fh_fault_code code;
	unsigned int frame;
	unsigned int order;
	struct fh_page *page = pick_handle(m, &frame, &order);
	int err;

	code = model_judge(m, frame, order);
	if (code == FH_FAULT_STALE_HANDLE && m->state[frame] == FH_FRAME_FREE)
		code = FH_FAULT_DOUBLE_FREE;
	if (code == FH_FAULT_NONE)
		check_stamps(m, frame, order);
	err = fh_page_free(&m->f->frames, page);
	assert_int_equal(err == 0, code == FH_FAULT_NONE);
	expect_report(m, before, code);
	if (code == FH_FAULT_NONE) {
		model_set(m, frame, order, FH_FRAME_FREE);
		m->done[1]++;
	}
}

static void step_into(struct model *m)
{
	unsigned int before = m->f->reports;
	enum fh_fault_code code;
	unsigned int frame;
	unsigned int order;
	struct fh_page *page = pick_handle(m, &frame, &order);
	fh_phys_addr_t pa = fh_page_into_phys(&m->f->frames, page);

	code = model_judge(m, frame, order);
	expect_report(m, before, code);
	assert_true(pa.raw == (code == FH_FAULT_NONE ? pa_of(frame) : UINT64_MAX));
	if (code == FH_FAULT_NONE) {
		model_set(m, frame, order, FH_FRAME_HELD);
		m->done[2]++;
	}
}

static enum fh_fault_code model_judge_held(const struct model *m, unsigned int frame)
{
	switch (m->state[frame]) {
	case FH_FRAME_NONE:
		return FH_FAULT_NO_FRAME;
	case FH_FRAME_RESERVED:
		return FH_FAULT_RESERVED;
	case FH_FRAME_FREE:
	case FH_FRAME_OWNED:
		return FH_FAULT_NOT_HELD;
	case FH_FRAME_HELD:
		break;
	}
	return m->first[frame] == frame ? FH_FAULT_NONE : FH_FAULT_TAIL;
}

static void step_from(struct model *m)
{
	unsigned int frame = (unsigned int)unit_random_below(&m->seed, FRAMES);
	enum fh_fault_code code = model_judge_held(m, frame);
	unsigned int before = m->f->reports;
	struct fh_page *page = fh_page_from_phys(&m->f->frames, fh_phys(pa_of(frame)));

	expect_report(m, before, code);
	assert_int_equal(page != NULL, code == FH_FAULT_NONE);
	if (!page)
		return;
	assert_int_equal(fh_page_order(&m->f->frames, page), m->order[frame]);
	assert_true(must_phys(m->f, page) == pa_of(frame));
	check_stamps(m, frame, m->order[frame]);
	model_set(m, frame, m->order[frame], FH_FRAME_OWNED);
	m->done[3]++;
}

static void step_look(struct model *m)
{
	unsigned int frame = (unsigned int)unit_random_below(&m->seed, FRAMES);
	fh_phys_addr_t pa = fh_phys(pa_of(frame) + unit_random_below(&m->seed, FRAME));
	const struct fh_page *page = fh_page_borrow_phys(&m->f->frames, pa, NULL);
	uint64_t word;

	assert_int_equal(page != NULL,
			 m->state[frame] != FH_FRAME_NONE && m->state[frame] != FH_FRAME_FREE);
	if (page && m->state[frame] != FH_FRAME_RESERVED) {
		assert_int_equal(fh_page_read(&m->f->frames, page, 0, &word, sizeof(word)), 0);
		assert_true(word == stamp(m->first[frame], m->order[frame]));
	}
	m->done[4]++;
}

/* An allocation that fails by command is one that would have succeeded, and changes nothing. */
static void step_fail(struct model *m)
{
	unsigned int order = (unsigned int)unit_random_below(&m->seed, 3);

	if (!model_has(m, order))
		return;
	fh_frames_fail_after(&m->f->frames, 0);
	assert_null(fh_page_alloc(&m->f->frames, order, 0));
	m->done[5]++;
}

static void check_states(struct model *m)
{
	const char *broken = fh_frames_check(&m->f->frames);

	if (broken)
		fail_msg("broken: %s", broken);
	for (unsigned int i = 0; i < FRAMES; i++)
		assert_int_equal(fh_frame_state(&m->f->frames, fh_phys(pa_of(i))), m->state[i]);
}

static void random_steps(void **state)
{
	static void (*const steps[])(struct model *) = { step_alloc, step_alloc, step_free,
							 step_free,  step_into,	 step_from,
							 step_from,  step_look,	 step_fail };
	struct model m = { .f = *state, .seed = unit_seed("mm.page.random") };

	for (unsigned int i = 0; i < FRAMES; i++) {
		if (fixture_kind(i) == FH_MEM_USABLE)
			m.state[i] = FH_FRAME_FREE;
		if (fixture_kind(i) == FH_MEM_RESERVED)
			m.state[i] = FH_FRAME_RESERVED;
	}
	for (unsigned int i = 0; i < STEPS; i++) {
		steps[unit_random_below(&m.seed, FH_ARRAY_SIZE(steps))](&m);
		check_states(&m);
	}
	/* The run was one of all sorts of steps. */
	for (unsigned int i = 0; i < 6; i++)
		assert_in_range(m.done[i], STEPS / 100, STEPS);
	assert_in_range(m.f->reports, STEPS / 100, STEPS);
}

static struct fixture *looked_at;
static fh_phys_addr_t looked_own;
static _Atomic(unsigned int) looks;
static _Atomic(unsigned int) wrong_looks;

/* What an exception handler may do in the middle of any call: look at every frame. */
static void look_around(int number)
{
	(void)number;
	for (uint64_t frame = 0; frame < FRAMES; frame++) {
		enum fh_frame_state got = fh_frame_state(&looked_at->frames, fh_phys(pa_of(frame)));
		bool usable = fixture_kind(frame) == FH_MEM_USABLE;

		if (usable != (got == FH_FRAME_FREE || got == FH_FRAME_OWNED))
			wrong_looks += fixture_kind(frame) != FH_MEM_RESERVED;
	}
	if (fh_frame_state(&looked_at->frames, looked_own) != FH_FRAME_OWNED)
		wrong_looks++;
	looks++;
}

static void look_in_handler(void **state)
{
	struct fixture *f = *state;
	struct sigaction action = { .sa_handler = look_around };
	struct sigaction old;
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct fh_page *own = must_alloc(f, 1);

	looked_at = f;
	looked_own = fh_phys(must_phys(f, own) + FRAME);
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (looks < 500) {
		struct fh_page *page = must_alloc(f, 0);

		assert_int_equal(fh_page_free(&f->frames, page), 0);
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_int_equal(wrong_looks, 0);
}

/* With HARDEN=1 there are 32 bytes a frame more: too much of this machine for 1 TiB. */
#define LARGE (FH_FRAMES_COUNT_MAPPINGS ? 16 * FH_GIB : FH_TIB)

/* The metadata decide how long it takes, not the memory. */
static void large_init(void **state)
{
	unsigned char *arena = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	_Alignas(16) unsigned char buffer[512];
	struct fh_frames_config config = { .direct_offset = (uintptr_t)arena - LARGE };
	struct fh_memmap map;
	struct fh_frames frames;
	uint64_t bytes;

	(void)state;
	if (arena == MAP_FAILED)
		skip();
	assert_int_equal(fh_memmap_init(&map, buffer, sizeof(buffer), 16), 0);
	assert_int_equal(fh_memmap_add(&map, LARGE, LARGE, FH_MEM_USABLE, "ram"), 0);
	assert_int_equal(fh_memmap_resolve(&map), 0);
	config.map = &map;
	config.metadata_bytes = fh_frames_metadata_bytes(&map);
	/* 2.3 bits a frame. */
	bytes = config.metadata_bytes;
	/* And records and guards. */
	if (FH_FRAMES_COUNT_MAPPINGS)
		bytes -= (LARGE >> 16) * 32 + 2048;
	assert_in_range(bytes, (LARGE >> 16) / 4, (LARGE >> 16) * 3 / 10);
	config.metadata = malloc(config.metadata_bytes);
	assert_non_null(config.metadata);
	memset(config.metadata, 0xff, config.metadata_bytes);
	assert_int_equal(fh_frames_init(&frames, &config), 0);
	for (uint64_t i = 0; i < LARGE >> (16 + FH_ORDER_MAX); i++)
		assert_non_null(fh_page_alloc(&frames, FH_ORDER_MAX, 0));
	assert_null(fh_page_alloc(&frames, 0, 0));
	assert_int_equal(fh_frame_state(&frames, fh_phys(2 * LARGE - 1)), FH_FRAME_OWNED);
	free(config.metadata);
	munmap(arena, LARGE);
}

static const struct CMUnitTest tests[] = {
	CASE("random.steps", random_steps),
	CASE("look.in_handler", look_in_handler),
	UNIT_TEST("mm.page.large.init", large_init),
};

UNIT_MAIN("mm.page.random", tests)
