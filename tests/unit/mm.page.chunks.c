/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunks and regions, for which the fixture is too small: codes that are damaged and what the check
 * calls them, codes on their way, hints that lie.
 *
 *   chunk  0                            33                 35
 *          | node 0: 2 regions, 1 chunk | node 1: 2 chunks |
 */
#include "mm/page_priv.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)
#define BASE UINT64_C(0x80000000)
#define BASE_PFN (BASE / FRAME)
#define NODE_0_FRAMES (2 * REGION_FRAMES + CHUNK_FRAMES)
#define NODE_1_FRAMES (2 * CHUNK_FRAMES)
#define FRAMES (NODE_0_FRAMES + NODE_1_FRAMES)
#define NODE_1_PFN (BASE_PFN + NODE_0_FRAMES)
#define SPANS 2

struct store {
	struct fh_frames frames;
	struct fh_memmap map;
	_Alignas(16) unsigned char map_buffer[1024];
	void *metadata;
	void *memory;
	struct fh_fault fault;
};

static void keep_fault(void *ctx, const struct fh_fault *fault)
{
	struct store *s = ctx;

	s->fault = *fault;
}

static int store_setup(void **state)
{
	struct store *s = calloc(1, sizeof(*s));
	struct fh_frames_config config = { .instance = 1, .report = { keep_fault, s } };

	assert_non_null(s);
	MUST(fh_memmap_init(&s->map, s->map_buffer, sizeof(s->map_buffer), 12));
	MUST(fh_memmap_add_ram(&s->map, BASE, NODE_0_FRAMES * FRAME, 0, "node 0"));
	MUST(fh_memmap_add_ram(&s->map, NODE_1_PFN * FRAME, NODE_1_FRAMES * FRAME, 1, "node 1"));
	MUST(fh_memmap_resolve(&s->map));
	config.map = &s->map;
	config.metadata_bytes = fh_frames_metadata_bytes(&s->map);
	/* On a line, as arch_zero() wants. */
	s->metadata = aligned_alloc(64, fh_align_up(config.metadata_bytes, 64));
	assert_non_null(s->metadata);
	config.metadata = s->metadata;
	s->memory = unit_memory(FRAMES * FRAME);
	config.direct_offset = (uintptr_t)s->memory - BASE;
	MUST(fh_frames_init(&s->frames, &config));
	assert_int_equal(s->frames.span_count, SPANS);
	*state = s;
	return 0;
}

static int store_teardown(void **state)
{
	struct store *s = *state;
	const char *broken = fh_frames_check(&s->frames);

	if (broken)
		print_error("broken: %s\n", broken);
	unit_memory_free(s->memory, FRAMES * FRAME);
	free(s->metadata);
	free(s);
	return broken ? -1 : 0;
}

static uint64_t alloc_pfn(struct store *s, unsigned int order, struct fh_page **page)
{
	*page = fh_page_alloc(&s->frames, order, 0);
	assert_non_null(*page);
	return fh_page_to_phys(&s->frames, *page).raw / FRAME;
}

static struct fh_page *alloc_on(struct store *s, uint32_t node)
{
	struct fh_page_request request = { .on_node = true, .node = node };
	struct fh_page *page = fh_page_alloc_request(&s->frames, &request);

	assert_non_null(page);
	return page;
}

static unsigned int chunk_code(const struct fh_frames_span *span, uint64_t pfn)
{
	return code_at(word_load(&span->chunk_word[region_index(span, pfn)]), chunk_in_region(pfn),
		       CHUNK_BITS);
}

struct walked {
	unsigned int blocks;
	uint64_t frames;
};

static int count_block(void *ctx, fh_phys_addr_t pa, unsigned int order, enum fh_frame_state state)
{
	struct walked *walked = ctx;

	(void)pa;
	assert_int_equal(state, FH_FRAME_OWNED);
	walked->blocks++;
	walked->frames += frames_of(order);
	return 0;
}

/* Over chunks that are free, one that is a block, and regions that nobody has needed yet. */
static void walk(void **state)
{
	struct store *s = *state;
	struct walked walked = { 0 };
	struct fh_page *page[3];

	/* What is free comes before what is not. */
	(void)alloc_pfn(s, CHUNK_ORDER, &page[0]);
	(void)alloc_pfn(s, CHUNK_ORDER, &page[1]);
	MUST(fh_page_free(&s->frames, page[0]));
	MUST(fh_frames_walk(&s->frames, count_block, &walked));
	assert_int_equal(walked.blocks, 1);
	assert_int_equal(walked.frames, CHUNK_FRAMES);
	MUST(fh_page_free(&s->frames, page[1]));
	walked = (struct walked){ 0 };
	(void)alloc_pfn(s, 0, &page[0]);
	MUST(fh_frames_walk(&s->frames, count_block, &walked));
	assert_int_equal(walked.blocks, 1);
	assert_int_equal(walked.frames, 1);
	(void)alloc_pfn(s, CHUNK_ORDER, &page[1]);
	page[2] = alloc_on(s, 0);
	walked = (struct walked){ 0 };
	MUST(fh_frames_walk(&s->frames, count_block, &walked));
	assert_int_equal(walked.blocks, 3);
	assert_int_equal(walked.frames, CHUNK_FRAMES + 2);
}

/* A CPU keeps its chunk split when all of it is free, until it goes elsewhere. */
static void kept_chunk(void **state)
{
	struct store *s = *state;
	const struct fh_frames_span *span = &s->frames.span[1];
	struct fh_page *page;
	uint64_t pfn = alloc_pfn(s, 0, &page);

	assert_in_range(pfn, NODE_1_PFN, NODE_1_PFN + CHUNK_FRAMES - 1);
	MUST(fh_page_free(&s->frames, page));
	assert_int_equal(chunk_code(span, pfn), CODE_SPLIT);
	(void)alloc_on(s, 0);
	assert_int_equal(chunk_code(span, pfn), CODE_FREE);
}

/* One frame, at a multiple of more than a region. */
static void align_beyond_region(void **state)
{
	struct store *s = *state;
	struct fh_page_request request = { .align_order = REGION_ORDER + 1 };
	struct fh_page *page;

	/* Two of them begin in node 0, none in node 1. */
	for (unsigned int i = 0; i < 2; i++) {
		page = fh_page_alloc_request(&s->frames, &request);
		assert_non_null(page);
		assert_true(fh_is_aligned(fh_page_to_phys(&s->frames, page).raw,
					  FRAME << request.align_order));
	}
	assert_null(fh_page_alloc_request(&s->frames, &request));
}

/* Words are 0 while another CPU takes or frees their block: their frames read as free. */
static void words_on_their_way(void **state)
{
	struct store *s = *state;
	struct fh_page *page;
	uint64_t chunk = alloc_pfn(s, 0, &page);
	_Atomic(uint64_t) *word = frame_word_of(&s->frames.span[1], chunk);
	uint64_t first = word_load(&word[0]);
	struct fh_page *last;

	for (unsigned int at = 1; at < CHUNK_WORDS; at++) {
		uint64_t pfn = chunk + ((uint64_t)at << WORD_ORDER);

		word_store(&word[at], 0);
		for (uint64_t i = 0; i < frames_of(WORD_ORDER); i++)
			assert_int_equal(fh_frame_state(&s->frames, fh_phys((pfn + i) * FRAME)),
					 FH_FRAME_FREE);
		assert_string_equal(fh_frames_check(&s->frames),
				    "every frame lies in a block that has a state");
		word_store(&word[at], code_ones(FRAME_BITS));
	}
	/* All words down to the first of the span. */
	word_store(&word[0], 0);
	word_store(&word[1], 0);
	assert_int_equal(
	    fh_frame_state(&s->frames, fh_phys((chunk + frames_of(WORD_ORDER)) * FRAME)),
	    FH_FRAME_FREE);
	word_store(&word[0], first);
	/* Nor is a handle of such a frame anybody's. */
	last = (struct fh_page *)((uintptr_t)page + ((uintptr_t)FRAME << WORD_ORDER));
	assert_int_equal(fh_page_free(&s->frames, last), -ENOENT);
	assert_int_equal(s->fault.code, FH_FAULT_DOUBLE_FREE);
	word_store(&word[1], code_ones(FRAME_BITS));
}

/* What a block was when somebody looked decides nothing after it has changed hands. */
static void give_stale(void **state)
{
	static const unsigned int orders[] = { 0, WORD_ORDER, WORD_ORDER + 1, CHUNK_ORDER };
	struct store *s = *state;

	for (size_t i = 0; i < FH_ARRAY_SIZE(orders); i++) {
		struct fh_page *page;
		uint64_t pfn = alloc_pfn(s, orders[i], &page);
		struct block block = fh_frames_block_of(&s->frames, pfn);
		fh_phys_addr_t held = fh_page_into_phys(&s->frames, page);

		assert_false(fh_block_give(&s->frames, &block));
		assert_int_equal(fh_frame_state(&s->frames, held), FH_FRAME_HELD);
		assert_null(fh_frames_check(&s->frames));
		assert_ptr_equal(fh_page_from_phys(&s->frames, held), page);
		MUST(fh_page_free(&s->frames, page));
	}
}

/* What is known of a chunk that is split: for each order, the words that have a block of it. */
static void set_hints(struct fh_frames_span *span, uint64_t pfn, unsigned int words)
{
	struct chunk_hints hints = chunk_hints(span, pfn);
	struct region *region = &span->region[region_index(span, pfn)];

	orders_set(hints.orders, words ? ORDERS_ALL : 0);
	for (unsigned int order = 0; order <= WORD_ORDER; order++)
		orders_set(&hints.words[order], words);
	for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
		orders_set(&region->fit[order], words ? 1u << chunk_in_region(pfn) : 0);
		/* The span has one region only. */
		atomic_store(&span->group[region_cpu(region) * span->group_count].fit[order],
			     words != 0);
	}
}

/* Whatever the hints say, nothing is handed out twice, and all that is free can be had. */
static void hints_lie(void **state)
{
	static const unsigned int lies[] = { 0, 0xffff, 0x5555, 0xaaaa, 0x8001 };
	struct store *s = *state;
	struct fh_page_request whole = { .order = CHUNK_ORDER, .on_node = true, .node = 1 };
	static struct fh_page *pages[CHUNK_FRAMES + FH_ARRAY_SIZE(lies)];
	struct fh_page *taken[2] = { alloc_on(s, 1), fh_page_alloc_request(&s->frames, &whole) };
	uint64_t chunk = fh_page_to_phys(&s->frames, taken[0]).raw / FRAME;

	assert_non_null(taken[1]);
	for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
		struct fh_page_request request = { .order = order, .on_node = true, .node = 1 };
		uint64_t there = 0;
		size_t count = 0;

		for (size_t i = 0; i < FH_ARRAY_SIZE(lies); i++) {
			set_hints(&s->frames.span[1], chunk, lies[i]);
			there += alloc_pfn(s, order, &pages[count++]) >= chunk;
			assert_null(fh_frames_check(&s->frames));
		}
		while ((pages[count] = fh_page_alloc_request(&s->frames, &request))) {
			count++;
			there++;
		}
		assert_int_equal(there, (CHUNK_FRAMES >> order) - 1);
		assert_null(fh_frames_check(&s->frames));
		while (count)
			MUST(fh_page_free(&s->frames, pages[--count]));
	}
}

#define BROKEN(s, text) assert_string_equal(fh_frames_check(&(s)->frames), text)

/* Each damage alone, named, and mended. */
static void check_names_damage(void **state)
{
	struct store *s = *state;
	struct fh_frames_span *node_0 = &s->frames.span[0];
	struct fh_frames_span *node_1 = &s->frames.span[1];
	struct fh_page *page;
	uint64_t pfn = alloc_pfn(s, WORD_ORDER + 1, &page);
	_Atomic(uint64_t) *word = frame_word_of(node_1, pfn);

	assert_null(fh_frames_check(&s->frames));
	word_store(&word[1], CODE_FREE);
	BROKEN(s, "no two blocks overlap");
	word_store(&word[1], 0);
	/* The other chunk is free as a whole. */
	pfn = NODE_1_PFN + CHUNK_FRAMES;
	assert_int_equal(chunk_code(node_1, pfn), CODE_FREE);
	word_store(frame_word_of(node_1, pfn), code_ones(FRAME_BITS));
	BROKEN(s, "frames have codes of their own only where their chunk is split");
	word_store(frame_word_of(node_1, pfn), 0);
	node_1->end++;
	BROKEN(s, "every span begins and ends with RAM");
	node_1->end--;
	/* A block of two regions, of which one is not initialised yet. */
	page = alloc_on(s, 0);
	MUST(fh_page_free(&s->frames, page));
	(void)alloc_on(s, 1);
	assert_int_equal(span_regions(node_0), 1);
	for (unsigned int i = 0; i < CHUNK_WORDS; i++)
		word_store(frame_word_of(node_0, node_0->first) + i, 0);
	memset(&node_0->region[0], 0, sizeof(node_0->region[0]));
	word_store(&node_0->chunk_word[0], code_large(CODE_OWNED, 1, CHUNK_BITS));
	BROKEN(s, "every block lies in one span");
	word_store(&node_0->chunk_word[0], code_ones(CHUNK_BITS));
}

#define STORE_TEST(name, function)                                                                 \
	{                                                                                          \
		"mm.page.chunks." name, function, store_setup, store_teardown, NULL                \
	}

static const struct CMUnitTest tests[] = {
	STORE_TEST("walk", walk),
	STORE_TEST("kept_chunk", kept_chunk),
	STORE_TEST("align_beyond_region", align_beyond_region),
	STORE_TEST("words_on_their_way", words_on_their_way),
	STORE_TEST("give_stale", give_stale),
	STORE_TEST("hints_lie", hints_lie),
	STORE_TEST("check_names_damage", check_names_damage),
};

UNIT_MAIN("mm.page.chunks", tests)
