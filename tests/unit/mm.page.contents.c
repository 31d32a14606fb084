/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the contents of pages, of the marks on reserved frames, and of the
 * check of all metadata: it must notice each code, hint and counter that is wrong.
 */
#include "mm/page_priv.h"
#include "tests/unit/mm_fixture.h"

static void fill(unsigned char *bytes, size_t count, unsigned int from)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (unsigned char)(from + i * 7 + i / 251);
}

static void contents_address(void **state)
{
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 1);
	unsigned char *at = f->arena + (must_phys(f, page) - BASE);

	assert_ptr_equal(fh_page_address(&f->frames, page), at);
	assert_ptr_equal(fh_page_borrowed_address(&f->frames, page), at);
}

/* Offsets and lengths around every edge; the bytes beside what is written stay. */
static void contents_read_write(void **state)
{
	static const size_t edges[] = { 0, 1, 7, 8, 9, 4095, 4096, 4097, 8191, 8192 };
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 1);
	unsigned char *at = fh_page_address(&f->frames, page);
	unsigned char want[8192];
	unsigned char got[8192];
	unsigned char data[8192];

	fill(want, sizeof(want), 1);
	assert_int_equal(fh_page_write(&f->frames, page, 0, want, sizeof(want)), 0);
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(edges) * FH_ARRAY_SIZE(edges); i++) {
		size_t offset = edges[i % FH_ARRAY_SIZE(edges)];
		size_t end = edges[i / FH_ARRAY_SIZE(edges)];

		if (end < offset)
			continue;
		fill(data, end - offset, i);
		memcpy(want + offset, data, end - offset);
		assert_int_equal(fh_page_write(&f->frames, page, offset, data, end - offset), 0);
		assert_memory_equal(at, want, sizeof(want));
		memset(got, 0, sizeof(got));
		assert_int_equal(fh_page_read(&f->frames, page, offset, got, end - offset), 0);
		assert_memory_equal(got, data, end - offset);
		for (size_t k = end - offset; k < sizeof(got); k++)
			assert_int_equal(got[k], 0);
	}
	assert_int_equal(fh_page_read(&f->frames, page, 0, NULL, 0), 0);
	assert_int_equal(fh_page_write(&f->frames, page, 8192, NULL, 0), 0);
	assert_int_equal(f->reports, 0);
}

static void contents_bounds(void **state)
{
	static const struct {
		size_t offset;
		size_t bytes;
		uint64_t value;
	} cases[] = {
		{ 8193, 0, 8193 },
		{ 8192, 1, 1 },
		{ 0, 8193, 8193 },
		{ 8185, 8, 8 },
		{ 1, SIZE_MAX, SIZE_MAX },
		{ 8192, SIZE_MAX, SIZE_MAX },
		{ SIZE_MAX, 1, SIZE_MAX },
		{ SIZE_MAX, 0, SIZE_MAX },
		{ SIZE_MAX - 7, 8, SIZE_MAX - 7 },
		{ 0, SIZE_MAX, SIZE_MAX },
	};
	struct fixture *f = *state;
	struct fh_page *page = must_alloc(f, 1);
	const struct fh_page *borrow;
	uint64_t buffer[1] = { 0x1122334455667788 };

	for (size_t i = 0; i < FH_ARRAY_SIZE(cases); i++) {
		REFUSED(f, FH_FAULT_BOUNDS, -EINVAL,
			assert_int_equal(
			    fh_page_read(&f->frames, page, cases[i].offset, buffer, cases[i].bytes),
			    -EINVAL));
		assert_true(f->fault.value == cases[i].value);
		REFUSED(f, FH_FAULT_BOUNDS, -EINVAL,
			assert_int_equal(fh_page_write(&f->frames, page, cases[i].offset, buffer,
						       cases[i].bytes),
					 -EINVAL));
		assert_true(f->fault.value == cases[i].value);
		assert_string_equal(f->fault.state, "owned");
	}
	/* A borrow of a block is of one frame. */
	borrow = fh_page_borrow_phys(&f->frames, fh_page_to_phys(&f->frames, page), NULL);
	assert_int_equal(fh_page_read(&f->frames, borrow, 4088, buffer, 8), 0);
	REFUSED(f, FH_FAULT_BOUNDS, -EINVAL,
		assert_int_equal(fh_page_read(&f->frames, borrow, 4089, buffer, 8), -EINVAL));
}

static void contents_borrowed(void **state)
{
	struct fixture *f = *state;
	struct fh_page *own = must_alloc(f, 0);
	struct fh_page *gone = must_alloc(f, 0);
	fh_phys_addr_t gone_pa = fh_page_to_phys(&f->frames, gone);
	const struct fh_page *fw;
	const struct fh_page *stray;
	unsigned char got[16];

	fw = fh_page_borrow_phys(&f->frames, fh_phys(pa_of(18) + 77), NULL);
	assert_non_null(fw);
	assert_int_equal(fh_page_read(&f->frames, fw, 4080, got, 16), 0);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(got[i], 0xa5);
	memset(fh_page_address(&f->frames, own), 0, FRAME);
	assert_int_equal(fh_page_copy(&f->frames, own, fw), 0);
	assert_memory_equal(fh_page_address(&f->frames, own), f->arena + 18 * FRAME, FRAME);
	/* Onto itself. */
	assert_int_equal(fh_page_copy(&f->frames, own, own), 0);
	/* The lender vouches: what was freed since can still be read, what is no frame never. */
	stray = fh_page_borrow_phys(&f->frames, gone_pa, NULL);
	assert_int_equal(fh_page_free(&f->frames, gone), 0);
	assert_int_equal(fh_page_read(&f->frames, stray, 64, got, 16), 0);
	stray = fh_page_borrow_phys_unchecked(&f->frames, fh_phys(pa_of(24)));
	REFUSED(f, FH_FAULT_BAD_HANDLE, -EINVAL,
		assert_int_equal(fh_page_read(&f->frames, stray, 0, got, 16), -EINVAL));
	assert_string_equal(f->declared_by, "/reserved-memory/secure");
	REFUSED(f, FH_FAULT_BAD_HANDLE, -EINVAL,
		assert_int_equal(fh_page_copy(&f->frames, own, stray), -EINVAL));
}

static void contents_zero(void **state)
{
	struct fixture *f = *state;
	struct fh_page *low = must_alloc(f, 1);
	struct fh_page *page = must_alloc(f, 2);
	unsigned char *at = fh_page_address(&f->frames, page);

	memset(at, 0x5a, 4 * FRAME);
	memset(fh_page_address(&f->frames, low), 0x5a, 2 * FRAME);
	assert_int_equal(fh_page_zero(&f->frames, page), 0);
	for (uint64_t i = 0; i < 4 * FRAME; i++)
		assert_int_equal(at[i], 0);
	at = fh_page_address(&f->frames, low);
	for (uint64_t i = 0; i < 2 * FRAME; i++)
		assert_int_equal(at[i], 0x5a);
	assert_null(fh_frames_check(&f->frames));
}

static void contents_copy(void **state)
{
	struct fixture *f = *state;
	struct fh_page *src = must_alloc(f, 1);
	struct fh_page *dst = must_alloc(f, 1);
	struct fh_page *small = must_alloc(f, 0);

	fill(fh_page_address(&f->frames, src), 2 * FRAME, 3);
	assert_int_equal(fh_page_copy(&f->frames, dst, src), 0);
	assert_memory_equal(fh_page_address(&f->frames, dst), fh_page_address(&f->frames, src),
			    2 * FRAME);
	REFUSED(f, FH_FAULT_BOUNDS, -EINVAL,
		assert_int_equal(fh_page_copy(&f->frames, dst, small), -EINVAL));
	REFUSED(f, FH_FAULT_BOUNDS, -EINVAL,
		assert_int_equal(fh_page_copy(&f->frames, small, src), -EINVAL));
}

/* A carve-out behind a firewall: an errno, a report, no refusal, and what came before the abort. */
static void contents_abort(void **state)
{
	struct fixture *f = *state;
	struct fh_page *own = must_alloc(f, 0);
	const struct fh_page *fw = fh_page_borrow_phys(&f->frames, fh_phys(pa_of(17)), NULL);
	unsigned char got[32] = { 0 };

	unit_abort_at(f->arena + 17 * FRAME + 112, 1);
	assert_int_equal(fh_page_read(&f->frames, fw, 96, got, 32), -EFAULT);
	assert_int_equal(f->reports, 1);
	assert_int_equal(f->fault.code, FH_FAULT_ABORT);
	assert_int_equal(f->fault.err, -EFAULT);
	assert_true(f->fault.addr == pa_of(17));
	assert_string_equal(f->fault.state, "reserved");
	assert_string_equal(f->declared_by, "/reserved-memory/fw");
	assert_non_null(f->fault.caller);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(got[i], i < 16 ? 0xa5 : 0);
	assert_int_equal(fh_page_copy(&f->frames, own, fw), -EFAULT);
	assert_int_equal(f->reports, 2);
	assert_int_equal(fh_page_read(&f->frames, fw, 120, got, 8), 0);
	unit_abort_at(NULL, 0);
	assert_int_equal(fh_page_read(&f->frames, fw, 96, got, 32), 0);
	assert_int_equal(f->reports, 2);
	assert_int_equal(f->frames.refusals, 0);
}

static void mark_scan(void **state)
{
	struct fixture *f = *state;
	const struct fh_page *fw[4];

	for (uint64_t i = 0; i < 4; i++) {
		fw[i] = fh_page_borrow_phys(&f->frames, fh_phys(pa_of(16 + i)), NULL);
		assert_int_equal(fh_page_mark(&f->frames, fw[i], 0), 0);
		assert_int_equal(fh_page_mark(&f->frames, fw[i], 1u << i), 0);
	}
	assert_int_equal(fh_page_mark(&f->frames, fw[2], 16), 4);
	assert_int_equal(fh_page_mark(&f->frames, fw[2], 11), 20);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(fh_page_mark(&f->frames, fw[i], 0), i == 2 ? 31 : 1 << i);
		assert_int_equal(fh_frame_state(&f->frames, fh_phys(pa_of(16 + i))),
				 FH_FRAME_RESERVED);
	}
	assert_null(fh_frames_check(&f->frames));
	assert_ptr_equal(fh_page_borrow_phys(&f->frames, fh_phys(pa_of(18)), NULL), fw[2]);
	fh_frames_clear_marks(&f->frames);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(fh_page_mark(&f->frames, fw[i], 0), 0);
	expect_stats(f, 0, 0);
}

static void mark_refused(void **state)
{
	struct fixture *f = *state;
	struct fh_page *own = must_alloc(f, 0);
	const struct fh_page *fw = fh_page_borrow_phys(&f->frames, fh_phys(pa_of(16)), NULL);
	const struct fh_page *pages[] = {
		own,
		fh_page_borrow_phys(&f->frames, fh_page_to_phys(&f->frames, own), NULL),
		fh_page_borrow_phys_unchecked(&f->frames, fh_phys(pa_of(24))),
		fh_page_borrow_phys_unchecked(&f->frames, fh_phys(pa_of(41))),
		forge(pa_of(16), 0, INSTANCE, 0),
		forge(pa_of(16), 0, INSTANCE + 1, BORROWED_BIT),
	};

	for (size_t i = 0; i < FH_ARRAY_SIZE(pages); i++)
		REFUSED(f, FH_FAULT_BAD_HANDLE, -EINVAL,
			assert_int_equal(fh_page_mark(&f->frames, pages[i], 1), -EINVAL));
	REFUSED(f, FH_FAULT_NULL_PAGE, -EINVAL,
		assert_int_equal(fh_page_mark(&f->frames, NULL, 1), -EINVAL));
	REFUSED(f, FH_FAULT_ORDER, -EINVAL,
		assert_int_equal(fh_page_mark(&f->frames, fw, 32), -EINVAL));
}

/* An instance in which there is something of everything. */
static void populate(struct fixture *f)
{
	struct fh_page *page;

	must_alloc(f, 0);
	must_alloc(f, 2);
	page = must_alloc(f, 0);
	must_into(f, must_alloc(f, 1));
	must_into(f, must_alloc(f, 0));
	assert_int_equal(fh_page_free(&f->frames, page), 0);
	assert_null(fh_frames_check(&f->frames));
}

/* What the frames' codes say, read naively: the length of a block is its head and the tails behind.
 * False when that is no block. */
static bool read_codes(const unsigned char *code, uint64_t count[4])
{
	for (unsigned int i = 0; i < FRAMES;) {
		unsigned int length = 1;
		bool ours = fixture_kind(i) == FH_MEM_USABLE;

		if (code[i] == CODE_TAIL || (!ours && code[i] != CODE_HELD))
			return false;
		while (code[i] != CODE_FREE && i + length < FRAMES && code[i + length] == CODE_TAIL)
			length++;
		if ((length & (length - 1)) || i % length || (!ours && length > 1))
			return false;
		for (unsigned int j = i; j < i + length; j++)
			if (ours && fixture_kind(j) != FH_MEM_USABLE)
				return false;
		if (ours)
			count[code[i]] += length;
		i += length;
	}
	return true;
}

/* Each code of each frame as any other: noticed, unless it tells of another state that could be. */
static void check_codes(void **state)
{
	struct fixture *f = *state;
	uint64_t base = BASE / FRAME;
	struct fh_frames_span *span;
	unsigned char code[FRAMES];
	uint64_t right[4] = { 0 };
	unsigned int noticed = 0;

	populate(f);
	/* Both runs of RAM have one chunk, the codes of which follow each other in no order. */
	for (unsigned int i = 0; i < FRAMES; i++) {
		uint64_t pfn = base + i;

		span = fh_frames_span_of(&f->frames, pfn);
		code[i] = CODE_HELD;
		if (span)
			code[i] = (unsigned char)code_at(word_load(frame_word_of(span, pfn)),
							 i % 32, FRAME_BITS);
	}
	assert_true(read_codes(code, right));
	for (unsigned int i = 0; i < FRAMES; i++) {
		_Atomic(uint64_t) *word;
		uint64_t value;

		span = fh_frames_span_of(&f->frames, base + i);
		if (!span)
			continue;
		word = frame_word_of(span, base + i);
		value = word_load(word);
		for (unsigned int other = 0; other < 4; other++) {
			unsigned char was = code[i];
			uint64_t count[4] = { 0 };
			bool fine;

			code[i] = (unsigned char)other;
			fine = read_codes(code, count) && !memcmp(count, right, sizeof(count));
			word_store(word, (value & ~(UINT64_C(3) << (i % 32 * FRAME_BITS))) |
					     (uint64_t)other << (i % 32 * FRAME_BITS));
			if (fine != (fh_frames_check(&f->frames) == NULL))
				fail_msg("frame %u: code %u for %u", i, other, was);
			noticed += !fine;
			code[i] = was;
		}
		word_store(word, value);
	}
	assert_in_range(noticed, 150, 4 * FRAMES);
}

/* Chunks, hints, spans and counters. */
static void check_rest(void **state)
{
	struct fixture *f = *state;

	populate(f);
#define NOTICED(change, undo)                                                                      \
	do {                                                                                       \
		change;                                                                            \
		if (!fh_frames_check(&f->frames))                                                  \
			fail_msg("not noticed: %s", #change);                                      \
		undo;                                                                              \
		assert_null(fh_frames_check(&f->frames));                                          \
	} while (0)
	for (size_t i = 0; i < f->frames.span_count; i++) {
		struct fh_frames_span *span = &f->frames.span[i];
		uint64_t chunks = word_load(span->chunk_word);

		NOTICED(span->first++, span->first--);
		NOTICED(span->end--, span->end++);
		NOTICED(span->numa++, span->numa--);
		NOTICED(orders_set(&span->region->orders[0], 2048),
			orders_set(&span->region->orders[0], 1));
		NOTICED(orders_set(&span->region->orders[1], 1),
			orders_set(&span->region->orders[1], 0));
		for (unsigned int unit = 0; unit < REGION_CHUNKS; unit++)
			for (unsigned int code = 0; code < 16; code++)
				if (code != code_at(chunks, unit, CHUNK_BITS) && code != CODE_SPLIT)
					NOTICED(
					    word_store(span->chunk_word,
						       (chunks & ~(UINT64_C(15) << (4 * unit))) |
							   (uint64_t)code << (4 * unit)),
					    word_store(span->chunk_word, chunks));
	}
	NOTICED(f->frames.span_count--, f->frames.span_count++);
	NOTICED(f->frames.usable_count--, f->frames.usable_count++);
	NOTICED(f->frames.reserved_count--, f->frames.reserved_count++);
	NOTICED(f->frames.motion++, f->frames.motion--);
	NOTICED(count_add(&f->frames.cpu[3].taken, 1), count_add(&f->frames.cpu[3].freed, 1));
	NOTICED(count_add(&f->frames.cpu[7].held, 1),
		count_add(&f->frames.cpu[2].held, UINT64_MAX));
#undef NOTICED
}

static const struct CMUnitTest tests[] = {
	CASE("contents.address", contents_address),
	CASE("contents.read_write", contents_read_write),
	CASE("contents.bounds", contents_bounds),
	CASE("contents.borrowed", contents_borrowed),
	CASE("contents.zero", contents_zero),
	CASE("contents.copy", contents_copy),
	CASE("contents.abort", contents_abort),
	CASE("mark.scan", mark_scan),
	CASE("mark.refused", mark_refused),
	CASE("check.codes", check_codes),
	CASE("check.rest", check_rest),
};

UNIT_MAIN("mm.page.contents", tests)
