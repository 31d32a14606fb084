/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a build with HARDEN=1 refuses that others cannot see: frees of what is mapped, writes to
 * what was freed, damage to the metadata. In other builds there is one case, which holds that they
 * do none of it.
 */
#include "mm/page_harden.h"
#include "tests/unit/mm_fixture.h"

#define WHERE UINT64_C(0x7000)

/* Two places in the program, for reports to name. */
static const char mapper, other_mapper;

static uint64_t quarantined(const struct fixture *f)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&f->frames, &stats);
	return stats.quarantined;
}

#ifdef FH_HARDEN

static void map_pages(struct fixture *f, const struct fh_page *page, uint64_t first, uint64_t count,
		      const void *by)
{
	fh_frames_mapped(&f->frames, fh_phys(must_phys(f, page) + first * FRAME), count * FRAME,
			 WHERE, by);
}

static void unmap_pages(struct fixture *f, const struct fh_page *page, uint64_t first,
			uint64_t count)
{
	fh_frames_unmapped(&f->frames, fh_phys(must_phys(f, page) + first * FRAME), count * FRAME);
}

static void expect_mapped(struct fixture *f, struct fh_page *page, uint64_t frame, uint64_t at,
			  const void *by)
{
	REFUSED(f, FH_FAULT_MAPPED, -EBUSY,
		assert_int_equal(fh_page_free(&f->frames, page), -EBUSY));
	assert_true(f->fault.addr == must_phys(f, page) + frame * FRAME);
	assert_true(f->fault.at == at);
	assert_ptr_equal(f->fault.by, by);
	assert_string_equal(f->fault.state, "owned");
}

static void mapped(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);

	map_pages(f, page, 0, 1, &mapper);
	expect_mapped(f, page, 0, WHERE, &mapper);
	/* Once more, by somebody else: both must go. */
	map_pages(f, page, 0, 1, &other_mapper);
	expect_mapped(f, page, 0, WHERE, &other_mapper);
	unmap_pages(f, page, 0, 1);
	expect_mapped(f, page, 0, WHERE, &other_mapper);
	/* It may change hands meanwhile. */
	page = fh_page_from_phys(&f->frames, fh_phys(must_into(f, page).raw));
	assert_non_null(page);
	expect_mapped(f, page, 0, WHERE, &other_mapper);
	unmap_pages(f, page, 0, 1);
	MUST(fh_page_free(&f->frames, page));
	/* What is not there is not counted. */
	page = must_alloc(f, 0);
	unmap_pages(f, page, 0, 1);
	MUST(fh_page_free(&f->frames, page));
	expect_stats(f, 0, 0);
}

/* A block of a petabyte, nearly none of which is RAM, takes the time of the RAM. */
static void mapped_wide(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	uint64_t pa = must_phys(f, page);

	fh_frames_mapped(&f->frames, fh_phys(0), UINT64_C(1) << 50, WHERE - pa, &mapper);
	expect_mapped(f, page, 0, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(0), UINT64_C(1) << 50);
	MUST(fh_page_free(&f->frames, page));
	expect_stats(f, 0, 0);
}

/* Any frame of a block, and a part of a byte range. */
static void mapped_tail(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 2);

	for (uint64_t first = 0; first < 4; first++) {
		for (uint64_t count = 1; first + count <= 4; count++) {
			map_pages(f, page, first, count, &mapper);
			expect_mapped(f, page, first, WHERE, &mapper);
			unmap_pages(f, page, first, 1);
			if (count > 1) {
				expect_mapped(f, page, first + 1, WHERE + FRAME, &mapper);
				unmap_pages(f, page, first + 1, count - 1);
			}
		}
	}
	fh_frames_mapped(&f->frames, fh_phys(must_phys(f, page) + FRAME - 1), 2, WHERE, &mapper);
	expect_mapped(f, page, 0, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(must_phys(f, page) + FRAME - 1), 1);
	expect_mapped(f, page, 1, WHERE + FRAME, &mapper);
	unmap_pages(f, page, 1, 1);
	MUST(fh_page_free(&f->frames, page));
}

/* More mappings than can be counted: no number of unmaps makes it free. */
static void mapped_beyond_count(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	const struct fh_frames_span *span = &f->frames.span[0];
	struct frame_record *record = &span->record[must_phys(f, page) / FRAME - span->first];
	uint32_t most = (UINT32_C(1) << 29) - 1;

	atomic_store(&record->use, most - 1);
	for (unsigned int i = 0; i < 3; i++)
		map_pages(f, page, 0, 1, &mapper);
	assert_int_equal(atomic_load(&record->use), most);
	for (unsigned int i = 0; i < 3; i++)
		unmap_pages(f, page, 0, 1);
	expect_mapped(f, page, 0, WHERE, &mapper);
	atomic_store(&record->use, 0);
	MUST(fh_page_free(&f->frames, page));
}

/* The check knows a record of a free frame whose frame is not. */
static void freed_but_owned(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	const struct fh_frames_span *span = &f->frames.span[0];
	struct frame_record *record = &span->record[must_phys(f, page) / FRAME - span->first];

	atomic_store(&record->use, UINT32_C(1) << 31);
	assert_string_equal(fh_frames_check(&f->frames),
			    "what was freed and not handed out again is free");
	atomic_store(&record->use, 0);
	MUST(fh_page_free(&f->frames, page));
}

/* Device registers, firmware's memory, holes: passed over. */
static void mapped_elsewhere(void **state)
{
	struct fixture *f = *state;

	fh_frames_mapped(&f->frames, fh_phys(0), FRAME, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(0), FRAME);
	fh_frames_mapped(&f->frames, fh_phys(0 - FRAME), FRAME, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(0 - FRAME), FRAME);
	fh_frames_mapped(&f->frames, fh_phys(pa_of(40)), 8 * FRAME, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(pa_of(40)), 8 * FRAME);
	assert_null(fh_frames_check(&f->frames));
	assert_int_equal(f->reports, 0);
}

static void poisoned(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 1);
	uint64_t *word = fh_page_address(&f->frames, page);
	uint64_t poison;

	memset(word, 0x11, 2 * FRAME);
	MUST(fh_page_free(&f->frames, page));
	poison = word[0];
	assert_true(poison != UINT64_C(0x1111111111111111) && poison != 0);
	for (size_t i = 0; i < 2 * FRAME / 8; i++)
		assert_true(word[i] == poison);
	for (unsigned int i = 0; i < USABLE_FRAMES; i++) {
		const uint64_t *zero;

		page = fh_page_alloc(&f->frames, 0, FH_PAGE_ZERO);
		assert_non_null(page);
		zero = fh_page_address(&f->frames, page);
		for (size_t n = 0; n < FRAME / 8; n++)
			assert_true(zero[n] == 0);
	}
	assert_int_equal(f->reports, 0);
}

/* All of memory at once, so that whatever could be handed out is. */
static unsigned int take_all(struct fixture *f, struct fh_page **pages)
{
	unsigned int count = 0;

	while (count < USABLE_FRAMES && (pages[count] = fh_page_alloc(&f->frames, 0, 0)))
		count++;
	return count;
}

/* A frame that a device can still reach is nobody's to have. */
static void mapped_when_handed_out(void **state)
{
	struct fixture *f = *state;
	struct fh_page *pages[USABLE_FRAMES];
	struct fh_page *page = must_alloc(f, 0);
	uint64_t pa = must_phys(f, page);

	MUST(fh_page_free(&f->frames, page));
	fh_frames_mapped(&f->frames, fh_phys(pa), FRAME, WHERE, &mapper);
	assert_int_equal(take_all(f, pages), USABLE_FRAMES - 1);
	for (unsigned int i = 0; i < USABLE_FRAMES - 1; i++)
		assert_true(must_phys(f, pages[i]) != pa);
	assert_int_equal(f->reports, 1);
	assert_int_equal(f->fault.code, FH_FAULT_MAPPED);
	assert_true(f->fault.addr == pa && f->fault.at == WHERE);
	assert_int_equal(quarantined(f), 1);
	assert_null(fh_frames_check(&f->frames));
}

/* Any word of a frame that was freed, by any width. */
static void disturbed(void **state)
{
	static const size_t offsets[] = { 0, 1, 8, 2047, 4088, 4095 };
	struct fixture *f = *state;
	struct fh_page *pages[USABLE_FRAMES];
	unsigned int left = USABLE_FRAMES;

	for (size_t i = 0; i < FH_ARRAY_SIZE(offsets); i++) {
		struct fh_page *page = must_alloc(f, 0);
		unsigned char *bytes = fh_page_address(&f->frames, page);
		uint64_t pa = must_phys(f, page);
		unsigned int count;

		MUST(fh_page_free(&f->frames, page));
		bytes[offsets[i]] ^= 0x80;
		f->reports = 0;
		count = take_all(f, pages);
		assert_int_equal(count, --left);
		assert_int_equal(f->reports, 1);
		assert_int_equal(f->fault.code, FH_FAULT_DISTURBED);
		assert_int_equal(f->fault.err, -EIO);
		assert_true(f->fault.addr == pa + offsets[i] / 8 * 8);
		assert_non_null(f->fault.by);
		assert_int_equal(quarantined(f), i + 1);
		for (unsigned int n = 0; n < count; n++)
			assert_true(must_phys(f, pages[n]) != pa);
		/* Nor does anybody get it into circulation again. */
		REFUSED(f, FH_FAULT_DISTURBED, -EIO,
			assert_int_equal(fh_page_free(&f->frames, page), -EIO));
		REFUSED(f, FH_FAULT_DISTURBED, -EIO,
			assert_false(fh_phys_is_valid(fh_page_into_phys(&f->frames, page))));
		while (count)
			MUST(fh_page_free(&f->frames, pages[--count]));
		assert_null(fh_frames_check(&f->frames));
	}
}

/* A block that was put together from single frames, one of which somebody wrote to. */
static void disturbed_block(void **state)
{
	struct fixture *f = *state;
	struct fh_page *pages[USABLE_FRAMES];
	unsigned int count = take_all(f, pages);
	uint64_t *last = fh_page_address(&f->frames, pages[3]);
	struct fh_page *block;

	assert_int_equal(count, USABLE_FRAMES);
	while (count)
		MUST(fh_page_free(&f->frames, pages[--count]));
	*last = 0;
	for (unsigned int i = 0; i < 20; i++) {
		block = fh_page_alloc(&f->frames, 2, 0);
		if (!block)
			break;
		assert_false(
		    fh_ranges_overlap(must_phys(f, block), 4 * FRAME, must_phys(f, pages[3]), 1));
	}
	assert_null(block);
	assert_int_equal(f->reports, 1);
	assert_int_equal(quarantined(f), 4);
	assert_null(fh_frames_check(&f->frames));
}

static __attribute__((noinline)) struct fh_page *alloc_here(struct fixture *f)
{
	struct fh_page *page = fh_page_alloc(&f->frames, 0, 0);

	assert_non_null(page);
	return page;
}

static __attribute__((noinline)) struct fh_page *alloc_there(struct fixture *f)
{
	struct fh_page *page = fh_page_alloc(&f->frames, 0, 0);

	assert_non_null(page);
	return page;
}

static const void *owner_by(struct fixture *f, struct fh_page *(*alloc)(struct fixture *f))
{
	struct fh_page *page = alloc(f);

	MUST(fh_page_free(&f->frames, page));
	/* Refused for it is free: the report says whose it was. */
	assert_int_equal(fh_page_free(&f->frames, page), -ENOENT);
	assert_int_equal(f->fault.code, FH_FAULT_DOUBLE_FREE);
	return f->fault.by;
}

static void last_owner(void **state)
{
	struct fixture *f = *state;
	const void *here = owner_by(f, alloc_here);
	const void *there = owner_by(f, alloc_there);
	struct fh_page *page;

	assert_non_null(here);
	assert_non_null(there);
	assert_ptr_not_equal(here, there);
	assert_ptr_equal(owner_by(f, alloc_here), here);
	/* Whoever takes a page back owns it. */
	page = alloc_here(f);
	page = fh_page_from_phys(&f->frames, fh_phys(must_into(f, page).raw));
	MUST(fh_page_free(&f->frames, page));
	assert_int_equal(fh_page_free(&f->frames, page), -ENOENT);
	assert_ptr_not_equal(f->fault.by, here);
	assert_ptr_not_equal(f->fault.by, there);
	assert_non_null(f->fault.by);
}

/* Each line of guard values, damaged in each word. */
static void guards(void **state)
{
	struct fixture *f = *state;
	const struct fh_frames_span *span = &f->frames.span[0];
	struct fh_page *page = must_alloc(f, 0);
	struct fh_page *many[2];
	struct fh_page_request request = { .order = 1 };
	const void *part[] = {
		f->frames.cpu,	  f->frames.span,
		f->frames.mark,	  f->frames.mark_offset,
		span->frame_word, span->region,
		span->chunk_word, span->group,
		span->record,	  f->frames.span[f->frames.span_count].record,
	};

	for (size_t i = 0; i < FH_ARRAY_SIZE(part); i++) {
		for (size_t byte = 1; byte <= HARDEN_GUARD_BYTES; byte += 9) {
			unsigned char *guard = (unsigned char *)(uintptr_t)part[i] - byte;

			*guard ^= 0x40;
			REFUSED(f, FH_FAULT_METADATA, -EIO,
				assert_null(fh_page_alloc(&f->frames, 0, 0)));
			REFUSED(f, FH_FAULT_METADATA, -EIO,
				assert_null(fh_page_alloc_request(&f->frames, &request)));
			REFUSED(f, FH_FAULT_METADATA, -EIO,
				assert_int_equal(fh_page_alloc_many(&f->frames, many, 2), 0));
			REFUSED(f, FH_FAULT_METADATA, -EIO,
				assert_int_equal(fh_page_free(&f->frames, page), -EIO));
			assert_string_equal(fh_frames_check(&f->frames), "guard values are whole");
			*guard ^= 0x40;
			assert_null(fh_frames_check(&f->frames));
		}
	}
	MUST(fh_page_free(&f->frames, page));
}

static void described(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	struct unit_text text = { .len = 0 };
	struct fh_out out = unit_out(&text);
	char at[32];

	map_pages(f, page, 0, 1, (const void *)0x1230);
	expect_mapped(f, page, 0, WHERE, (const void *)0x1230);
	fh_fault_describe(&f->fault, &out);
	snprintf(at, sizeof(at), "fh: page: 0x%llx: ", (unsigned long long)must_phys(f, page));
	assert_int_equal(strncmp(text.text, at, strlen(at)), 0);
	assert_non_null(strstr(text.text, ": mapped, frame is owned, "));
	assert_non_null(strstr(text.text, ", mapped at 0x7000 by 0x1230, caller 0x"));
	assert_non_null(strstr(text.text, " (EBUSY)\n"));
	unmap_pages(f, page, 0, 1);
	MUST(fh_page_free(&f->frames, page));
}

static const struct CMUnitTest tests[] = {
	CASE("harden.mapped", mapped),
	CASE("harden.mapped_wide", mapped_wide),
	CASE("harden.mapped_tail", mapped_tail),
	CASE("harden.mapped_beyond_count", mapped_beyond_count),
	CASE("harden.mapped_elsewhere", mapped_elsewhere),
	CASE("harden.mapped_when_handed_out", mapped_when_handed_out),
	CASE("harden.poisoned", poisoned),
	CASE("harden.disturbed", disturbed),
	CASE("harden.disturbed_block", disturbed_block),
	CASE("harden.freed_but_owned", freed_but_owned),
	CASE("harden.last_owner", last_owner),
	CASE("harden.guards", guards),
	CASE("harden.described", described),
};

#else

static void off(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 0);
	uint64_t *word = fh_page_address(&f->frames, page);

	assert_int_equal(HARDEN_GUARD_BYTES, 0);
	*word = WHERE;
	fh_frames_mapped(&f->frames, fh_phys(must_phys(f, page)), FRAME, WHERE, &mapper);
	fh_frames_unmapped(&f->frames, fh_phys(must_phys(f, page)), FRAME);
	fh_frames_mapped(&f->frames, fh_phys(must_phys(f, page)), FRAME, WHERE, &other_mapper);
	MUST(fh_page_free(&f->frames, page));
	assert_true(*word == WHERE);
	assert_int_equal(quarantined(f), 0);
}

static const struct CMUnitTest tests[] = {
	CASE("harden.off", off),
};

#endif

UNIT_MAIN("mm.page.harden", tests)
