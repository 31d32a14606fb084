/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the contents of pages, of the marks on reserved frames, and of the
 * check of all metadata: it must notice each byte, counter and link that is wrong.
 */
#include "mm/page.h"

#include "mm/page_priv.h"
#include "tests/unit/page_fixture.h"

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

/* Any other value of any byte of metadata is noticed, except marks on reserved frames. */
static void check_metadata(void **state)
{
	struct fixture *f = *state;
	size_t bytes = fh_frames_metadata_bytes(&f->map);
	size_t table = f->frames.span_count * sizeof(struct fh_frames_span);

	populate(f);
	for (size_t i = table; i < bytes; i++) {
		unsigned char right = f->metadata[i];

		for (unsigned int value = 0; value < 256; value++) {
			bool reserved = (right & 7) == FH_FRAME_RESERVED;
			bool mark = reserved && (value & 7) == FH_FRAME_RESERVED;

			f->metadata[i] = (unsigned char)value;
			if (value == right || mark)
				assert_null(fh_frames_check(&f->frames));
			else
				assert_non_null(fh_frames_check(&f->frames));
		}
		f->metadata[i] = right;
	}
	for (size_t i = 0; i < f->frames.span_count; i++) {
		struct fh_frames_span *span = &f->frames.span[i];

		span->first++;
		assert_non_null(fh_frames_check(&f->frames));
		span->first--;
		span->count--;
		assert_non_null(fh_frames_check(&f->frames));
		span->count++;
	}
	f->frames.span_count--;
	assert_non_null(fh_frames_check(&f->frames));
	f->frames.span_count++;
}

static void check_counters(void **state)
{
	struct fixture *f = *state;

	populate(f);
	for (unsigned int i = FH_FRAME_FREE; i <= FH_FRAME_RESERVED; i++) {
		f->frames.count[i]++;
		assert_non_null(fh_frames_check(&f->frames));
		f->frames.count[i]--;
	}
}

/* Any other head or link: also one that leads in a circle or to where there is no frame. */
static void check_lists(void **state)
{
	struct fixture *f = *state;

	populate(f);
	for (unsigned int order = 0; order <= FH_ORDER_MAX; order++) {
		uint64_t head = f->frames.free_head[order];

		for (uint64_t i = 0; i <= FRAMES + 1; i++) {
			uint64_t wrong = i <= FRAMES ? BASE / FRAME + i : PFN_NONE;

			f->frames.free_head[order] = wrong;
			assert_int_equal(fh_frames_check(&f->frames) == NULL, wrong == head);
		}
		f->frames.free_head[order] = head;
		while (head != PFN_NONE) {
			struct free_node *node = frame_address(&f->frames, head * FRAME);
			struct free_node right = *node;

			node->next = right.next == head ? PFN_NONE : head;
			assert_non_null(fh_frames_check(&f->frames));
			*node = right;
			node->next = right.next == PFN_NONE ? 0 : PFN_NONE;
			assert_non_null(fh_frames_check(&f->frames));
			*node = right;
			node->previous ^= 1;
			assert_non_null(fh_frames_check(&f->frames));
			*node = right;
			head = right.next;
		}
	}
}

/* Two free buddies side by side, each on its list: all counts are right, and yet. */
static void check_unmerged(void **state)
{
	struct fixture *f = *state;
	uint64_t pfn = BASE / FRAME + 26;
	const struct fh_frames_span *span = fh_frames_span_of(&f->frames, pfn);

	assert_int_equal(meta_get(span, pfn), meta_byte(FH_FRAME_FREE, 1));
	f->frames.free_head[1] = PFN_NONE;
	fh_buddy_push(&f->frames, span, pfn, 0);
	fh_buddy_push(&f->frames, span, pfn + 1, 0);
	assert_string_equal(fh_frames_check(&f->frames), "no two free buddies stay apart");
	f->frames.free_head[0] = PFN_NONE;
	meta_set(span, pfn + 1, META_TAIL);
	fh_buddy_push(&f->frames, span, pfn, 1);
}

/* A reserved frame and an owned one that have changed places: all counts are right. */
static void check_swapped(void **state)
{
	struct fixture *f = *state;
	uint64_t pfn = must_phys(f, must_alloc(f, 0)) / FRAME;
	const struct fh_frames_span *span = fh_frames_span_of(&f->frames, pfn);
	const struct fh_frames_span *fw = fh_frames_span_of(&f->frames, BASE / FRAME + 16);
	uint8_t owned = meta_get(span, pfn);

	meta_set(span, pfn, meta_byte(FH_FRAME_RESERVED, 0));
	meta_set(fw, BASE / FRAME + 16, owned);
	assert_string_equal(fh_frames_check(&f->frames),
			    "the frames that the map calls reserved, and only they, are RESERVED");
	meta_set(span, pfn, owned);
	meta_set(fw, BASE / FRAME + 16, meta_byte(FH_FRAME_RESERVED, 0));
}

/* Four owned frames as 1 + 2 + 1, a map that reserves a tail, and a block that is too long. */
static void check_blocks(void **state)
{
	struct fixture *f = *state;
	uint64_t pfn = must_phys(f, must_alloc(f, 2)) / FRAME;
	const struct fh_frames_span *span = fh_frames_span_of(&f->frames, pfn);
	uint64_t *usable = &f->map.range[0].size;

	meta_set(span, pfn, meta_byte(FH_FRAME_OWNED, 0));
	meta_set(span, pfn + 1, meta_byte(FH_FRAME_OWNED, 1));
	meta_set(span, pfn + 3, meta_byte(FH_FRAME_OWNED, 0));
	assert_string_equal(fh_frames_check(&f->frames), "every block is naturally aligned");
	meta_set(span, pfn, meta_byte(FH_FRAME_OWNED, 2));
	meta_set(span, pfn + 1, META_TAIL);
	meta_set(span, pfn + 3, META_TAIL);
	assert_null(fh_frames_check(&f->frames));

	*usable -= FRAME;
	f->map.range[1].base.raw -= FRAME;
	f->map.range[1].size += FRAME;
	assert_string_equal(fh_frames_check(&f->frames), "no reserved frame lies in a block");
	*usable += FRAME;
	f->map.range[1].base.raw += FRAME;
	f->map.range[1].size -= FRAME;

	pfn = BASE / FRAME + 32;
	span = fh_frames_span_of(&f->frames, pfn);
	assert_int_equal(meta_get(span, pfn), meta_byte(FH_FRAME_FREE, 3));
	meta_set(span, pfn, meta_byte(FH_FRAME_FREE, 4));
	assert_string_equal(fh_frames_check(&f->frames), "every block lies in one span");
	meta_set(span, pfn, meta_byte(FH_FRAME_FREE, 3));
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
	CASE("check.metadata", check_metadata),
	CASE("check.counters", check_counters),
	CASE("check.lists", check_lists),
	CASE("check.unmerged", check_unmerged),
	CASE("check.swapped", check_swapped),
	CASE("check.blocks", check_blocks),
};

UNIT_MAIN("mm.page.contents", tests)
