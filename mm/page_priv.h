/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of mm/page share: the layout of handles and of the metadata,
 * and the checks that every call makes.
 *
 * A handle is the physical address of the block; its low 12 bits, which no frame uses, are
 *
 *   11        7 6      2     1       0
 *   | instance | order | borrowed |  1  |
 *
 * The metadata is a table of spans, then one byte a frame:
 *
 *   7        3 2     0
 *   | order    | state |   first frame of a block (FREE, OWNED, HELD)
 *   | marks    | state |   RESERVED
 *   |    0     |   0   |   a tail: any other frame of a block, which is found by alignment
 *
 * Bytes change under the lock only (marks apart), in such an order that at each moment every
 * frame is covered by the nearest first frame below it. Readers therefore need no lock, and may
 * have interrupted the writer: a frame that nobody frees or allocates meanwhile has one answer
 * throughout.
 */
#ifndef FH_MM_PAGE_PRIV_H
#define FH_MM_PAGE_PRIV_H

#include <stdatomic.h>

#include <cpu.h>

#include "lib/bits.h"
#include "mm/page.h"

#define HANDLE_VALID FH_BIT(0)
#define HANDLE_BORROWED FH_BIT(1)
#define HANDLE_ORDER_SHIFT 2
#define HANDLE_ORDER_WIDTH 5
#define HANDLE_INSTANCE_SHIFT 7
#define HANDLE_INSTANCE_WIDTH 5
#define HANDLE_FLAGS FH_MASK(11, 0)

#define META_STATE_SHIFT 0
#define META_STATE_WIDTH 3
#define META_ORDER_SHIFT 3
#define META_ORDER_WIDTH 5
#define META_TAIL 0u

/* The end of a free list. */
#define PFN_NONE UINT64_MAX

struct fh_frames_span {
	uint64_t first; /* frame number */
	uint64_t count;
	_Atomic(uint8_t) *meta;
};

/* The head of a list lies in the instance, the links in the free frames themselves. */
struct free_node {
	uint64_t next;
	uint64_t previous;
};

/* The block that a frame lies in. A RESERVED frame is a block of its own. */
struct block {
	const struct fh_frames_span *span;
	uint64_t first; /* frame number; PFN_NONE where there is no frame */
	enum fh_frame_state state;
	unsigned int order;
};

static inline uint8_t meta_byte(enum fh_frame_state state, unsigned int order)
{
	return (uint8_t)(FH_FIELD(META_STATE, state) | FH_FIELD(META_ORDER, order));
}

static inline uint8_t meta_get(const struct fh_frames_span *span, uint64_t pfn)
{
	return atomic_load_explicit(&span->meta[pfn - span->first], memory_order_acquire);
}

/* Release, so that a reader who sees this byte sees those that were stored before it. */
static inline void meta_set(const struct fh_frames_span *span, uint64_t pfn, uint8_t value)
{
	atomic_store_explicit(&span->meta[pfn - span->first], value, memory_order_release);
}

static inline enum fh_frame_state meta_state(uint8_t meta)
{
	return (enum fh_frame_state)FH_FIELD_GET(META_STATE, meta);
}

static inline unsigned int meta_order(uint8_t meta)
{
	return (unsigned int)FH_FIELD_GET(META_ORDER, meta);
}

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
	uint64_t instance = FH_FIELD(HANDLE_INSTANCE, frames->config.instance);

	return (struct fh_page *)(uintptr_t)(pa | instance | FH_FIELD(HANDLE_ORDER, order) | flags |
					     HANDLE_VALID);
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

static inline void frames_lock(struct fh_frames *frames)
{
	while (atomic_exchange_explicit(&frames->lock, 1, memory_order_acquire))
		while (atomic_load_explicit(&frames->lock, memory_order_relaxed))
			arch_cpu_relax();
}

static inline void frames_unlock(struct fh_frames *frames)
{
	atomic_store_explicit(&frames->lock, 0, memory_order_release);
}

static inline void count_move(struct fh_frames *frames, enum fh_frame_state from,
			      enum fh_frame_state to, uint64_t frame_count)
{
	atomic_fetch_sub_explicit(&frames->count[from], frame_count, memory_order_relaxed);
	atomic_fetch_add_explicit(&frames->count[to], frame_count, memory_order_relaxed);
}

/* The span of a frame, or NULL. */
const struct fh_frames_span *fh_frames_span_of(const struct fh_frames *frames, uint64_t pfn);

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
 */
struct refusal {
	enum fh_fault_code code;
	uint64_t pa;
	uint64_t value;
	enum fh_frame_state state;
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

/* The free lists; the lock is held. Blocks are given back merged with their free buddies. */
uint64_t fh_buddy_take(struct fh_frames *frames, unsigned int order);
void fh_buddy_give(struct fh_frames *frames, const struct fh_frames_span *span, uint64_t pfn,
		   unsigned int order);
void fh_buddy_push(struct fh_frames *frames, const struct fh_frames_span *span, uint64_t pfn,
		   unsigned int order);

/* A stretch of frames without a gap, or of usable frames without a gap. */
struct fh_frames_run {
	uint64_t first; /* frame number */
	uint64_t end;
};

/**
 * fh_frames_next_run() - The next run of RAM in a map's ranges.
 * @at: index of the range to begin with; moves on.
 * @usable_only: reserved ranges end a run.
 */
bool fh_frames_next_run(const struct fh_memmap *map, size_t *at, bool usable_only,
			struct fh_frames_run *run);

#endif
