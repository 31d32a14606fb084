/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of every illegal step between the states of a frame, and of every bad
 * handle in every call that takes one: refused, named, reported once, and without a trace.
 */
#include "tests/unit/mm_fixture.h"

struct bad {
	const char *name;
	struct fh_page *page;
	enum fh_fault_code code;
	int err;
};

static void try_all_calls(struct fixture *f, struct fh_page *good, const struct bad *bad)
{
	enum fh_fault_code freeing = bad->code;
	char bytes[8] = "unused";

	if (bad->code == FH_FAULT_STALE_HANDLE && !strcmp(bad->name, "freed"))
		freeing = FH_FAULT_DOUBLE_FREE;
	print_message("# %s\n", bad->name);
	REFUSED(f, freeing, bad->err,
		assert_int_equal(fh_page_free(&f->frames, bad->page), bad->err));
	assert_int_equal(f->fault.value, (uintptr_t)bad->page);
	REFUSED(f, bad->code, bad->err,
		assert_false(fh_phys_is_valid(fh_page_into_phys(&f->frames, bad->page))));
	REFUSED(f, bad->code, bad->err,
		assert_int_equal(fh_page_write(&f->frames, bad->page, 0, bytes, 8), bad->err));
	REFUSED(f, bad->code, bad->err,
		assert_int_equal(fh_page_zero(&f->frames, bad->page), bad->err));
	REFUSED(f, bad->code, bad->err,
		assert_int_equal(fh_page_copy(&f->frames, bad->page, good), bad->err));
	if (bad->code == FH_FAULT_BORROWED)
		return;
	REFUSED(f, bad->code, bad->err,
		assert_int_equal(fh_page_copy(&f->frames, good, bad->page), bad->err));
	REFUSED(f, bad->code, bad->err,
		assert_int_equal(fh_page_read(&f->frames, bad->page, 0, bytes, 8), bad->err));
	assert_string_equal(bytes, "unused");
}

static void handle_bad_bits(void **state)
{
	struct fixture *f = *state;
	struct fixture *other = fixture_new(INSTANCE + 1);
	struct fh_page *good = must_alloc(f, 0);
	uint64_t pa = must_phys(f, good);
	struct bad bad[] = {
		{ "null", NULL, FH_FAULT_NULL_PAGE, -EINVAL },
		{ "no valid bit", (struct fh_page *)((uintptr_t)good ^ 1), FH_FAULT_BAD_HANDLE,
		  -EINVAL },
		{ "address", (struct fh_page *)(uintptr_t)pa, FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "pointer", (struct fh_page *)f->arena, FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "other instance", must_alloc(other, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "order 19", forge(0, 19, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "order 31", forge(0, 31, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "misaligned block", forge(pa_of(1), 1, INSTANCE, 0), FH_FAULT_BAD_HANDLE,
		  -EINVAL },
		{ "borrowed block", forge(pa_of(0), 1, INSTANCE, BORROWED_BIT), FH_FAULT_BAD_HANDLE,
		  -EINVAL },
		{ "below", forge(BASE - FRAME, 0, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "beyond", forge(pa_of(FRAMES), 0, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "hole", forge(pa_of(40), 0, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "no-map", forge(pa_of(24), 0, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
		{ "end of space", forge(0 - FRAME, 0, INSTANCE, 0), FH_FAULT_BAD_HANDLE, -EINVAL },
	};

	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		try_all_calls(f, good, &bad[i]);
		/* These are no handles at all: even to look at them fails. */
		if (i < 9) {
			enum fh_fault_code code = bad[i].code;

			REFUSED(f, code, -EINVAL,
				assert_false(
				    fh_phys_is_valid(fh_page_to_phys(&f->frames, bad[i].page))));
			REFUSED(f, code, -EINVAL,
				assert_int_equal(fh_page_order(&f->frames, bad[i].page), 0));
			REFUSED(f, code, -EINVAL,
				assert_null(fh_page_address(&f->frames, bad[i].page)));
			REFUSED(f, code, -EINVAL,
				assert_null(fh_page_borrowed_address(&f->frames, bad[i].page)));
		}
	}
	/* All single bits of a good handle: none of the changed ones passes for it. */
	for (unsigned int bit = 0; bit < 64; bit++) {
		struct fh_page *flipped =
		    (struct fh_page *)((uintptr_t)good ^ (UINT64_C(1) << bit));
		unsigned int reports = f->reports;

		assert_true(fh_page_free(&f->frames, flipped) < 0);
		assert_int_equal(f->reports, reports + 1);
	}
	expect_stats(f, 1, 0);
	fixture_delete(other);
}

static void handle_wrong_state(void **state)
{
	struct fixture *f = *state;
	struct fh_page *good = must_alloc(f, 0);
	struct fh_page *held = must_alloc(f, 0);
	struct fh_page *freed = must_alloc(f, 0);
	struct fh_page *block = must_alloc(f, 2);
	struct fh_page *held_block = must_alloc(f, 2);
	uint64_t block_pa = must_phys(f, block);
	uint64_t held_pa = must_phys(f, held_block);
	const struct fh_page *borrow;
	struct bad bad[] = {
		{ "held", held, FH_FAULT_STALE_HANDLE, -ENOENT },
		{ "freed", freed, FH_FAULT_STALE_HANDLE, -ENOENT },
		{ "held block", held_block, FH_FAULT_STALE_HANDLE, -ENOENT },
		{ "tail", forge(block_pa + FRAME, 0, INSTANCE, 0), FH_FAULT_TAIL, -EPERM },
		{ "middle", forge(block_pa + 2 * FRAME, 1, INSTANCE, 0), FH_FAULT_TAIL, -EPERM },
		{ "held tail", forge(held_pa + 3 * FRAME, 0, INSTANCE, 0), FH_FAULT_TAIL, -EPERM },
		{ "smaller", forge(block_pa, 1, INSTANCE, 0), FH_FAULT_STALE_HANDLE, -ENOENT },
		{ "reserved", forge(pa_of(17), 0, INSTANCE, 0), FH_FAULT_RESERVED, -EPERM },
		{ "reserved block", forge(pa_of(16), 2, INSTANCE, 0), FH_FAULT_RESERVED, -EPERM },
		{ "borrowed reserved", NULL, FH_FAULT_BORROWED, -EPERM },
		{ "borrowed own", NULL, FH_FAULT_BORROWED, -EPERM },
		{ "borrowed held", NULL, FH_FAULT_BORROWED, -EPERM },
	};

	must_into(f, held);
	must_into(f, held_block);
	assert_int_equal(fh_page_free(&f->frames, freed), 0);
	borrow = fh_page_borrow_phys(&f->frames, fh_phys(pa_of(16)), NULL);
	bad[9].page = (struct fh_page *)(uintptr_t)borrow;
	borrow = fh_page_borrow_phys(&f->frames, fh_phys(block_pa), NULL);
	bad[10].page = (struct fh_page *)(uintptr_t)borrow;
	borrow = fh_page_borrow_phys(&f->frames, fh_phys(held_pa), NULL);
	bad[11].page = (struct fh_page *)(uintptr_t)borrow;
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		assert_non_null(bad[i].page);
		try_all_calls(f, good, &bad[i]);
	}
	REFUSED(f, FH_FAULT_BORROWED, -EPERM,
		assert_null(fh_page_address(&f->frames, bad[9].page)));
	expect_stats(f, 5, 5);
}

/* A frame that was merged into a larger block is still free when its old handle comes again. */
static void free_twice_merged(void **state)
{
	struct fixture *f = *state;
	struct fh_page *pages[USABLE_FRAMES];

	for (unsigned int i = 0; i < USABLE_FRAMES; i++)
		pages[i] = must_alloc(f, 0);
	for (unsigned int i = 0; i < USABLE_FRAMES; i++)
		assert_int_equal(fh_page_free(&f->frames, pages[i]), 0);
	for (unsigned int i = 0; i < USABLE_FRAMES; i++) {
		REFUSED(f, FH_FAULT_DOUBLE_FREE, -ENOENT,
			assert_int_equal(fh_page_free(&f->frames, pages[i]), -ENOENT));
		assert_string_equal(f->fault.state, "free");
		REFUSED(f, FH_FAULT_NOT_HELD, -ENOENT,
			assert_null(
			    fh_page_from_phys(&f->frames, fh_page_to_phys(&f->frames, pages[i]))));
	}
}

static void from_phys_refused(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	struct fh_page *block = must_alloc(f, 2);
	uint64_t pa = must_phys(f, page);
	fh_phys_addr_t held = must_into(f, block);
	struct fh_page *freed = must_alloc(f, 0);
	uint64_t freed_pa = must_phys(f, freed);

#define FROM_REFUSED(code, err, address)                                                           \
	do {                                                                                       \
		REFUSED(f, code, err,                                                              \
			assert_null(fh_page_from_phys(&f->frames, fh_phys(address))));             \
		assert_true(f->fault.addr == (address));                                           \
	} while (0)
	assert_int_equal(fh_page_free(&f->frames, freed), 0);
	FROM_REFUSED(FH_FAULT_NOT_HELD, -ENOENT, pa);
	assert_string_equal(f->fault.state, "owned");
	FROM_REFUSED(FH_FAULT_NOT_HELD, -ENOENT, freed_pa);
	FROM_REFUSED(FH_FAULT_TAIL, -EPERM, held.raw + FRAME);
	FROM_REFUSED(FH_FAULT_TAIL, -EPERM, held.raw + 2 * FRAME);
	FROM_REFUSED(FH_FAULT_TAIL, -EPERM, held.raw + 3 * FRAME);
	FROM_REFUSED(FH_FAULT_UNALIGNED, -EINVAL, held.raw + 1);
	FROM_REFUSED(FH_FAULT_UNALIGNED, -EINVAL, held.raw + 2048);
	FROM_REFUSED(FH_FAULT_UNALIGNED, -EINVAL, UINT64_MAX);
	FROM_REFUSED(FH_FAULT_RESERVED, -EPERM, pa_of(19));
	assert_string_equal(f->declared_by, "/reserved-memory/fw");
	assert_string_equal(f->fault.state, "reserved");
	FROM_REFUSED(FH_FAULT_NO_FRAME, -EINVAL, pa_of(25));
	assert_string_equal(f->declared_by, "/reserved-memory/secure");
	assert_null(f->fault.state);
	FROM_REFUSED(FH_FAULT_NO_FRAME, -EINVAL, pa_of(40));
	assert_string_equal(f->declared_by, "");
	FROM_REFUSED(FH_FAULT_NO_FRAME, -EINVAL, pa_of(FRAMES));
	FROM_REFUSED(FH_FAULT_NO_FRAME, -EINVAL, BASE - FRAME);
	assert_ptr_equal(fh_page_from_phys(&f->frames, held), block);
	/* Taken back already. */
	FROM_REFUSED(FH_FAULT_NOT_HELD, -ENOENT, held.raw);
	FROM_REFUSED(FH_FAULT_NOT_HELD, -ENOENT, held.raw + FRAME);
}

/* Two call sites, two callers; and no reporter is no problem. */
static void report_caller(void **state)
{
	struct fixture *f = *state;
	const void *first;

	REFUSED(f, FH_FAULT_NULL_PAGE, -EINVAL,
		assert_int_equal(fh_page_free(&f->frames, NULL), -EINVAL));
	first = f->fault.caller;
	assert_null(f->fault.state);
	assert_null(f->fault.declared_by);
	REFUSED(f, FH_FAULT_NULL_PAGE, -EINVAL,
		assert_int_equal(fh_page_free(&f->frames, NULL), -EINVAL));
	assert_ptr_not_equal(first, f->fault.caller);
	f->frames.config.report.report = NULL;
	assert_int_equal(fh_page_free(&f->frames, NULL), -EINVAL);
	assert_int_equal(f->reports, 2);
	assert_int_equal(f->frames.refusals, 3);
}

static const struct CMUnitTest tests[] = {
	CASE("handle.bad_bits", handle_bad_bits),
	CASE("handle.wrong_state", handle_wrong_state),
	CASE("free.twice_merged", free_twice_merged),
	CASE("from_phys.refused", from_phys_refused),
	CASE("report.caller", report_caller),
};

UNIT_MAIN("mm.page.refuse", tests)
