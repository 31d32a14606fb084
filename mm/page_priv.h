/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of mm/page share: the layout of handles and of the metadata, and the checks that
 * every call makes.
 *
 * A handle is the physical address of the block; its low 12 bits, which no frame uses, are
 *
 *   11        7 6      2     1       0
 *   | instance | order | borrowed |  1  |
 *
 * The metadata, for each span (a run of RAM that a NUMA node and an address limit do not cut):
 *
 *   chunk codes   4 bits for each 512 frames   \  the truth: every step of a block's life is one
 *   frame codes   2 bits a frame               /  compare-and-swap in here (mm/page_code.h)
 *   region        64 bytes for each 16 chunks  -  hints: where free blocks may be, whose CPU it is
 *
 * Frame codes count where the chunk is SPLIT or MIXED, and are 0 elsewhere. Nothing is kept in
 * the frames, and nothing is kept back by a CPU: what it "has" is where it looks first. Hints may
 * be wrong in both directions; whoever finds nothing by them looks at the codes.
 *
 * Regions are initialised in order of address when somebody first needs memory beyond those that
 * are (span.ready), so that start-up does not depend on the size of RAM.
 *
 * Readers need no lock and may have interrupted a writer: while a block of several words is taken
 * or given back, its words are 0, which reads as free; a frame that nobody frees or allocates
 * meanwhile has one answer throughout.
 */
#ifndef FH_MM_PAGE_PRIV_H
#define FH_MM_PAGE_PRIV_H

/* Handles are made and refused in here, and tests of that break the rules on purpose. */
#ifdef FH_LIB_OWNERSHIP_H
#error "include mm/page_priv.h before mm/page.h"
#endif
#define FH_OWNERSHIP_OFF

#include <stdatomic.h>

#include <cpu.h>

#include "lib/bits.h"
#include "mm/page.h"
#include "mm/page_code.h"

#define HANDLE_VALID FH_BIT(0)
#define HANDLE_BORROWED FH_BIT(1)
#define HANDLE_ORDER_SHIFT 2
#define HANDLE_ORDER_WIDTH 5
#define HANDLE_INSTANCE_SHIFT 7
#define HANDLE_INSTANCE_WIDTH 5
#define HANDLE_FLAGS FH_MASK(11, 0)

#define CHUNK_ORDER 9u
#define CHUNK_FRAMES (UINT64_C(1) << CHUNK_ORDER)
#define CHUNK_WORDS 16u	  /* of frame codes */
#define WORD_ORDER 5u	  /* frames of one word of codes */
#define REGION_CHUNKS 16u /* one word of chunk codes */
#define REGION_ORDER 13u
#define REGION_FRAMES (UINT64_C(1) << REGION_ORDER)

#define GROUP_REGIONS 64u

#define PFN_NONE UINT64_MAX

/* Any order that a chunk that is split may have; those that its words may have within them. */
#define ORDERS_ALL ((1u << CHUNK_ORDER) - 1)
#define ORDERS_WORD ((1u << WORD_ORDER) - 1)
/* In place of an order: which blocks there are is to be found out. */
#define ORDER_CHANGED CHUNK_ORDER
#define WORDS_CHANGED (WORD_ORDER + 1)

/*
 * Orders are searched by classes, so that a small block is not cut from a large one that lies lower
 * while there is another small one: @last of a class and @first.
 */
#define CLASS_ORDERS 8u

static inline unsigned int class_first(unsigned int order)
{
	return order / CLASS_ORDERS * CLASS_ORDERS;
}

static inline unsigned int class_last(unsigned int order)
{
	unsigned int last = class_first(order) + CLASS_ORDERS - 1;

	return last < CHUNK_ORDER ? last : CHUNK_ORDER - 1;
}

/*
 * Sixteen chunks, and hints about those that are split.
 * @fit: for each order a bit for each chunk that may have a free block of it, or of a larger one
 *       of its class.
 * @orders: of each chunk, a bit for each order that a free block, no part of a larger one, may
 * have.
 * @words: of each chunk, for each order up to a word's, the words that may have such a block, and
 *         those that have changed since. What the word has that a CPU allocates from at the moment
 *         is noted when the CPU leaves it.
 */
struct region {
	_Atomic(uint16_t) fit[CHUNK_ORDER];
	/* 1 + the CPU that takes memory here; others look elsewhere first. 0: nobody */
	_Atomic(uint16_t) cpu;
	_Atomic(uint16_t) orders[REGION_CHUNKS];
	/* CPUs with regions of their own share no cache line. */
	uint8_t pad[64 - 2 * (CHUNK_ORDER + 1 + REGION_CHUNKS)];
	_Atomic(uint16_t) words[REGION_CHUNKS][8];
};

/*
 * Sixty-four regions as one CPU, or nobody, has them. @fit: for each order a bit for each region
 * that may have a free block of it or a larger one. Two cache lines.
 */
struct group {
	_Atomic(uint64_t) fit[16];
};

struct fh_frames_span {
	uint64_t first; /* frame number */
	uint64_t end;
	uint64_t base;		 /* @first, down to a chunk */
	_Atomic(uint64_t) ready; /* frames from @base whose regions are initialised */
	_Atomic(uint64_t) *frame_word;
	_Atomic(uint64_t) *chunk_word;
	struct region *region;
	struct group *group; /* those of region.cpu 0, then of 1 */
#ifdef FH_HARDEN
	struct frame_record *record; /* from @first; mm/page_harden.h */
#endif
	uint64_t group_count;
	uint64_t region_first; /* @first, in regions */
	uint64_t region_count;
	_Atomic(uint64_t) whole_from; /* before this region no chunk is free, likely */
	uint32_t numa;
};

/*
 * Where a CPU looks first, and what it has counted. Only the CPU itself writes here; the counts
 * are differences that have a meaning when all CPUs' are added.
 */
struct fh_frames_cpu {
	_Atomic(uint64_t) *word; /* frame codes to allocate from */
	uint64_t word_pfn;	 /* the first frame of them */
	uint64_t guess;		 /* what *@word was after the last step here */
	struct fh_frames_span *word_span;
	struct fh_frames_span *span; /* of the last frame that was freed */
	struct fh_frames_span *chunk_span;
	uint64_t chunk; /* in @chunk_span: kept split even when all of it is free */
	/* frames: FREE to OWNED, OWNED to FREE, OWNED to HELD less HELD to OWNED */
	_Atomic(uint64_t) taken;
	_Atomic(uint64_t) freed;
	_Atomic(uint64_t) held;
	uint64_t pad[6]; /* two cache lines, of nobody else */
};

/* The block that a frame lies in. A RESERVED frame is a block of its own. */
struct block {
	uint64_t first; /* frame number; PFN_NONE where there is no frame */
	enum fh_frame_state state;
	unsigned int order;
	/* OWNED and HELD: where its state stands, and what the word was when it was read */
	struct fh_frames_span *span;
	_Atomic(uint64_t) *word;
	uint64_t value;
	unsigned int shift;
};

/**
 * struct want - A request on its way to where it is met.
 * @align: log2 of frames, at least @order.
 * @end: the block ends at this frame number or below.
 * @numa: the node, or FH_NUMA_NONE for any.
 */
struct want {
	unsigned int order;
	unsigned int align;
	uint64_t end;
	uint32_t numa;
};

static inline uint64_t frames_of(unsigned int order)
{
	return UINT64_C(1) << order;
}

static inline uint64_t block_bytes(const struct fh_frames *frames, unsigned int order)
{
	return UINT64_C(1) << (frames->frame_lg2 + order);
}

static inline void *frame_address(const struct fh_frames *frames, uint64_t pa)
{
	return (void *)(uintptr_t)(pa + frames->config.direct_offset);
}

static inline struct fh_page *handle_make(const struct fh_frames *frames, uint64_t pa,
					  unsigned int order, uint64_t flags)
{
	return (struct fh_page *)(uintptr_t)(pa | frames->handle_bits |
					     FH_FIELD(HANDLE_ORDER, order) | flags);
}

static inline uint64_t handle_pa(const struct fh_page *page)
{
	return (uintptr_t)page & ~HANDLE_FLAGS;
}

static inline unsigned int handle_order(const struct fh_page *page)
{
	return (unsigned int)FH_FIELD_GET(HANDLE_ORDER, (uintptr_t)page);
}

static inline bool handle_is_borrowed(const struct fh_page *page)
{
	return ((uintptr_t)page & HANDLE_BORROWED) != 0;
}

static inline unsigned int region_cpu(const struct region *region)
{
	return atomic_load_explicit(&region->cpu, memory_order_relaxed);
}

static inline struct fh_frames_cpu *frames_cpu(const struct fh_frames *frames)
{
	return &frames->cpu[cpu_id()];
}

static inline uint64_t word_load(const _Atomic(uint64_t) *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

/* Release, so that who takes the frames finds what was done to them before. */
static inline void word_store(_Atomic(uint64_t) *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

/*
 * The one step that changes a word that others may change too: acquire for what is taken, release
 * for what is given. May fail for no reason, with *@expected read again.
 */
static inline bool word_cas(_Atomic(uint64_t) *word, uint64_t *expected, uint64_t desired)
{
#if FH_CPU_MAX == 1
	/* Nobody else is there, and calls do not interrupt each other (struct fh_frames). */
	uint64_t value = atomic_load_explicit(word, memory_order_relaxed);

	if (value != *expected) {
		*expected = value;
		return false;
	}
	atomic_store_explicit(word, desired, memory_order_relaxed);
	return true;
#else
	return atomic_compare_exchange_weak_explicit(word, expected, desired, memory_order_acq_rel,
						     memory_order_acquire);
#endif
}

/* Of hints and of a CPU's own counts: no order, and no read-modify-write. */
static inline uint64_t count_get(const _Atomic(uint64_t) *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

static inline void count_add(_Atomic(uint64_t) *count, uint64_t frame_count)
{
	atomic_store_explicit(count, count_get(count) + frame_count, memory_order_relaxed);
}

static inline unsigned int orders_get(const _Atomic(uint16_t) *orders)
{
	return atomic_load_explicit(orders, memory_order_relaxed);
}

static inline void orders_set(_Atomic(uint16_t) *orders, unsigned int value)
{
	atomic_store_explicit(orders, (uint16_t)value, memory_order_relaxed);
}

/* Words and regions of a frame or chunk that lies in @span. */
static inline _Atomic(uint64_t) *frame_word_of(const struct fh_frames_span *span, uint64_t pfn)
{
	return &span->frame_word[(pfn - span->base) >> WORD_ORDER];
}

static inline uint64_t region_index(const struct fh_frames_span *span, uint64_t pfn)
{
	return (pfn >> REGION_ORDER) - span->region_first;
}

/* How many regions are initialised. */
static inline uint64_t span_regions(const struct fh_frames_span *span)
{
	uint64_t ready = atomic_load_explicit(&span->ready, memory_order_acquire);

	return ready ? region_index(span, span->base + ready - 1) + 1 : 0;
}

static inline unsigned int chunk_in_region(uint64_t pfn)
{
	return (unsigned int)(pfn >> CHUNK_ORDER) % REGION_CHUNKS;
}

/* The hints about the chunk that a frame lies in. */
struct chunk_hints {
	_Atomic(uint16_t) *orders;
	_Atomic(uint16_t) *words; /* for each order */
};

static inline struct chunk_hints chunk_hints(const struct fh_frames_span *span, uint64_t pfn)
{
	struct region *region = &span->region[region_index(span, pfn)];
	unsigned int chunk = chunk_in_region(pfn);

	return (struct chunk_hints){ .orders = &region->orders[chunk],
				     .words = region->words[chunk] };
}

/* ---- page_init.c */

/* Bytes of metadata that an instance on @map uses. */
size_t fh_frames_metadata_used(const struct fh_memmap *map);

/* The first region of @span that is not initialised yet becomes so. False when all are. */
bool fh_frames_extend(struct fh_frames *frames, struct fh_frames_span *span);

/* A stretch of frames without a gap, or of usable frames without a gap. */
struct fh_frames_run {
	uint64_t first; /* frame number */
	uint64_t end;
	uint32_t numa;
};

/**
 * fh_frames_next_run() - The next run of RAM of one NUMA node in a map's ranges.
 * @at: index of the range to begin with; moves on.
 * @usable_only: reserved ranges end a run.
 */
bool fh_frames_next_run(const struct fh_memmap *map, size_t *at, bool usable_only,
			struct fh_frames_run *run);

/* The index of the first range that ends behind a frame. */
size_t fh_frames_range_at(const struct fh_memmap *map, uint64_t pfn);

/* ---- page_find.c: where a request is met */

/* Return: the first frame of a block that is OWNED now, or PFN_NONE. */
uint64_t fh_frames_find(struct fh_frames *frames, const struct want *want);

/* The word that this CPU takes single frames from is about to be another: note what is left. */
void fh_page_leave_word(struct fh_frames *frames);

/* ---- page_block.c: one block's life; nothing in here decides where */

/*
 * Each gives the first frame of a block that is OWNED now, or PFN_NONE:
 * a block smaller than a chunk, out of a chunk that is split;
 */
uint64_t fh_block_take(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn,
		       const struct want *want);
/* the same out of a free chunk of a region, which is split for it; */
uint64_t fh_block_take_splitting(struct fh_frames *frames, struct fh_frames_span *span,
				 uint64_t region, const struct want *want);
/* one or more whole chunks, from a region on. */
uint64_t fh_block_take_chunks(struct fh_frames *frames, struct fh_frames_span *span,
			      uint64_t region, const struct want *want);

/* OWNED to FREE. False when @block is not what it was any more; then it is looked at again. */
bool fh_block_give(struct fh_frames *frames, const struct block *block);

/* A split chunk that is free as a whole becomes a free chunk. False when it is not. */
bool fh_chunk_merge(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn);

/* 2^@order words that are free as one block. */
bool fh_words_take(struct fh_frames *frames, _Atomic(uint64_t) *word, unsigned int more);

/* ---- page_hint.c */

/* What the words of a split chunk say; @words: a bit for each one to look at. */
void fh_hints_renew(struct fh_frames_span *span, uint64_t chunk_pfn, unsigned int words);

/* Frames of a word have become free. */
void fh_hints_changed(struct fh_frames_span *span, uint64_t pfn);

/* A word has a free block of @order, less than a word's, that it had not. */
void fh_hints_add(struct fh_frames_span *span, uint64_t pfn, unsigned int order);

/* A split chunk has become free. */
void fh_hints_chunk_freed(struct fh_frames_span *span, uint64_t pfn);

/* No chunk, or no region, that was searched has a block of @order or a larger one. */
void fh_hints_none_in_chunk(struct fh_frames_span *span, uint64_t chunk_pfn, unsigned int order);
void fh_hints_none_in_region(struct fh_frames_span *span, unsigned int cpu, uint64_t region,
			     unsigned int order);

/* This CPU takes memory from a region from now on. */
void fh_hints_own_region(struct fh_frames_span *span, uint64_t pfn);

/*
 * Return: a block of @order, OWNED, from the smallest free one that the hints know in a chunk;
 * PFN_NONE when there is none, which they know then.
 */
uint64_t fh_hints_take(struct fh_frames *frames, struct fh_frames_span *span, uint64_t chunk_pfn,
		       unsigned int order, unsigned int from);

/* 2^@order frames at @pfn, OWNED before, have become free. */
void fh_frames_freed(struct fh_frames *frames, struct fh_frames_span *span, uint64_t pfn,
		     unsigned int order);

/* ---- page_handle.c */

/* The span of a frame, or NULL. */
struct fh_frames_span *fh_frames_span_of(const struct fh_frames *frames, uint64_t pfn);

/* The block that holds a frame. No lock; state FH_FRAME_NONE where there is no frame. */
struct block fh_frames_block_of(const struct fh_frames *frames, uint64_t pfn);

/**
 * fh_page_check_handle() - Is this a handle that this instance gives out?
 * Looks at the handle alone. Return: FH_FAULT_NONE, FH_FAULT_NULL_PAGE or FH_FAULT_BAD_HANDLE.
 */
enum fh_fault_code fh_page_check_handle(const struct fh_frames *frames, const struct fh_page *page);

/**
 * fh_page_check_owned() - Is this the handle of a block that is OWNED?
 * @block: the block that its first frame lies in.
 * Return: FH_FAULT_NONE or what is wrong.
 */
enum fh_fault_code fh_page_check_owned(const struct fh_frames *frames, const struct fh_page *page,
				       struct block *block);

/* The errno that goes with a refusal. */
int fh_page_fault_errno(enum fh_fault_code code);

/**
 * struct refusal - An illegal step on its way to the reporter.
 * @pa: what it is about.
 * @value: the offending value.
 * @state: of the frame at @pa when it was refused, FH_FRAME_NONE where none was looked at.
 * @by, @at: as in struct fh_fault.
 */
struct refusal {
	enum fh_fault_code code;
	uint64_t pa;
	uint64_t value;
	enum fh_frame_state state;
	const void *by;
	uint64_t at;
};

/* Count it, report it. No lock is held. Return: its errno. */
int fh_page_refuse(const struct fh_frames *frames, const struct refusal *refusal,
		   const void *caller);

/* The same for a bad handle. */
int fh_page_refuse_handle(const struct fh_frames *frames, enum fh_fault_code code,
			  const struct fh_page *page, enum fh_frame_state state,
			  const void *caller);

/* Memory answered with an abort: reported, but nobody took an illegal step. */
void fh_page_report_abort(const struct fh_frames *frames, const struct fh_page *page,
			  const void *caller);

#endif
