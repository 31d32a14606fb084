/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles: whether one is good, whose frame it is, borrowing, and what happens
 * to the caller of an illegal step. Nothing in here takes the lock or changes a frame.
 */
#include "lib/error.h"
#include "mm/page_harden.h"
#include "mm/page_priv.h"

struct fh_frames_span *fh_frames_span_of(const struct fh_frames *frames, uint64_t pfn)
{
	size_t low = 0;
	size_t high = frames->span_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct fh_frames_span *span = &frames->span[middle];

		if (pfn < span->first)
			high = middle;
		else if (pfn >= span->end)
			low = middle + 1;
		else
			return span;
	}
	return NULL;
}

/*
 * The block around @unit, counted over all of memory, in the words of codes that are given; word 0
 * is the @base-th of all. Return: the block's code; CODE_TAIL when no block is there (just now).
 */
static inline __attribute__((always_inline)) unsigned int look_up(_Atomic(uint64_t) *word,
								  uint64_t base, uint64_t unit,
								  unsigned int bits,
								  struct block *block)
{
	unsigned int word_order = code_word_order(bits);
	uint64_t at = (unit >> word_order) - base;
	unsigned int in_word = (unsigned int)(unit % (1u << word_order));
	uint64_t value = word_load(&word[at]);

	/* Within this word: as blocks are naturally aligned, the nearest aligned head below. */
	for (unsigned int order = 0; value != 0 && order <= word_order; order++) {
		unsigned int first = in_word & ~((1u << order) - 1);
		unsigned int code;

		if (code_is_large(value, bits))
			first = 0;
		code = code_at(value, first, bits);
		if (code == CODE_TAIL)
			continue;
		block->word = &word[at];
		block->value = value;
		block->shift = first * bits;
		block->first = ((base + at) << word_order) + first;
		block->order = code_is_head(code) ? code_order(value, first, bits) : 0;
		return unit - block->first < UINT64_C(1) << block->order ? code : CODE_TAIL;
	}
	/* Words of a larger block: its first one is the nearest aligned one below that has codes.
	 */
	for (unsigned int more = 1; value == 0 && more <= FH_ORDER_MAX - CHUNK_ORDER; more++) {
		uint64_t first = (base + at) & ~((UINT64_C(1) << more) - 1);
		uint64_t head;

		if (first < base)
			break;
		head = word_load(&word[first - base]);
		if (head == 0)
			continue;
		if (!code_is_large(head, bits) || code_large_more(head, bits) < more)
			break;
		block->word = &word[first - base];
		block->value = head;
		block->shift = 0;
		block->first = first << word_order;
		block->order = code_order(head, 0, bits);
		return code_at(head, 0, bits);
	}
	return CODE_TAIL;
}

static enum fh_frame_state state_by_map(const struct fh_frames *frames, uint64_t pfn)
{
	enum fh_mem_kind kind =
	    fh_memmap_classify(frames->config.map, fh_phys(pfn << frames->frame_lg2)).kind;

	if (kind == FH_MEM_RESERVED)
		return FH_FRAME_RESERVED;
	return kind == FH_MEM_USABLE ? FH_FRAME_FREE : FH_FRAME_NONE;
}

struct block fh_frames_block_of(const struct fh_frames *frames, uint64_t pfn)
{
	struct block block = { .first = PFN_NONE, .state = FH_FRAME_NONE };
	struct fh_frames_span *span = fh_frames_span_of(frames, pfn);
	unsigned int chunk = CODE_OTHER;
	unsigned int code = CODE_HELD;

	if (!span)
		return block;
	block.span = span;
	if (pfn - span->base < atomic_load_explicit(&span->ready, memory_order_acquire)) {
		chunk = look_up(span->chunk_word, span->region_first, pfn >> CHUNK_ORDER,
				CHUNK_BITS, &block);
		block.first <<= CHUNK_ORDER;
		block.order += CHUNK_ORDER;
		code = chunk;
	}
	if (chunk == CODE_SPLIT || chunk == CODE_MIXED)
		code = look_up(span->frame_word, span->base >> WORD_ORDER, pfn, FRAME_BITS, &block);
	switch (code) {
	case CODE_OWNED:
		block.state = FH_FRAME_OWNED;
		return block;
	case CODE_HELD:
		block.state = FH_FRAME_HELD;
		/* Of what is whole, or split but nobody else's, no frame is reserved. */
		if (chunk == CODE_HELD || chunk == CODE_SPLIT)
			return block;
		if (state_by_map(frames, pfn) == FH_FRAME_FREE && chunk == CODE_MIXED)
			return block;
		break;
	default:
		break;
	}
	block.first = pfn;
	block.order = 0;
	block.state = FH_FRAME_FREE;
	if (chunk == CODE_OTHER || code == CODE_HELD)
		block.state = state_by_map(frames, pfn);
	if (block.state == FH_FRAME_NONE)
		block.first = PFN_NONE;
	return block;
}

enum fh_fault_code fh_page_check_handle(const struct fh_frames *frames, const struct fh_page *page)
{
	unsigned int order = handle_order(page);

	if (!page)
		return FH_FAULT_NULL_PAGE;
	if (!((uintptr_t)page & HANDLE_VALID) || order > FH_ORDER_MAX)
		return FH_FAULT_BAD_HANDLE;
	if (FH_FIELD_GET(HANDLE_INSTANCE, (uintptr_t)page) != frames->config.instance)
		return FH_FAULT_BAD_HANDLE;
	if (handle_is_borrowed(page) && order != 0)
		return FH_FAULT_BAD_HANDLE;
	if (!fh_is_aligned(handle_pa(page), block_bytes(frames, order)))
		return FH_FAULT_BAD_HANDLE;
	return FH_FAULT_NONE;
}

enum fh_fault_code fh_page_check_owned(const struct fh_frames *frames, const struct fh_page *page,
				       struct block *block)
{
	enum fh_fault_code code = fh_page_check_handle(frames, page);
	uint64_t pfn = handle_pa(page) >> frames->frame_lg2;

	*block = (struct block){ .first = PFN_NONE, .state = FH_FRAME_NONE };
	if (code != FH_FAULT_NONE)
		return code;
	*block = fh_frames_block_of(frames, pfn);
	if (handle_is_borrowed(page))
		return FH_FAULT_BORROWED;
	switch (block->state) {
	case FH_FRAME_NONE:
		return FH_FAULT_BAD_HANDLE;
	case FH_FRAME_RESERVED:
		return FH_FAULT_RESERVED;
	case FH_FRAME_FREE:
		return FH_FAULT_STALE_HANDLE;
	case FH_FRAME_HELD:
		return block->first == pfn ? FH_FAULT_STALE_HANDLE : FH_FAULT_TAIL;
	case FH_FRAME_OWNED:
		break;
	}
	if (block->first != pfn)
		return FH_FAULT_TAIL;
	/* Freed and handed out again as a block of another size. */
	return block->order == handle_order(page) ? FH_FAULT_NONE : FH_FAULT_STALE_HANDLE;
}

int fh_page_fault_errno(enum fh_fault_code code)
{
	switch (code) {
	case FH_FAULT_NONE:
		return 0;
	case FH_FAULT_STALE_HANDLE:
	case FH_FAULT_DOUBLE_FREE:
	case FH_FAULT_NOT_HELD:
		return -ENOENT;
	case FH_FAULT_BORROWED:
	case FH_FAULT_TAIL:
	case FH_FAULT_RESERVED:
		return -EPERM;
	case FH_FAULT_ABORT:
		return -EFAULT;
	case FH_FAULT_MAPPED:
		return -EBUSY;
	case FH_FAULT_DISTURBED:
	case FH_FAULT_METADATA:
		return -EIO;
	default:
		return -EINVAL;
	}
}

static int page_report(const struct fh_frames *frames, const struct refusal *refusal,
		       const void *caller)
{
	struct fh_fault fault = {
		.code = refusal->code,
		.err = fh_page_fault_errno(refusal->code),
		.part = "page",
		.addr = refusal->pa,
		.value = refusal->value,
		.by = refusal->by,
		.at = refusal->at,
		.caller = caller,
	};

	/* These two are about no address. */
	if (refusal->code != FH_FAULT_NULL_PAGE && refusal->code != FH_FAULT_ORDER) {
		fault.declared_by = fh_memmap_classify(frames->config.map, fh_phys(refusal->pa)).by;
		if (!fault.by)
			fault.by = fh_harden_owner(frames, refusal->pa >> frames->frame_lg2);
	}
	if (refusal->state != FH_FRAME_NONE)
		fault.state = fh_frame_state_name(refusal->state);
	fh_report(&frames->config.report, &fault);
	return fault.err;
}

int fh_page_refuse(const struct fh_frames *frames, const struct refusal *refusal,
		   const void *caller)
{
	/* Calls that only look take a const instance, and can be refused all the same. */
	struct fh_frames *counted = (struct fh_frames *)(uintptr_t)frames;

	atomic_fetch_add_explicit(&counted->refusals, 1, memory_order_relaxed);
	return page_report(frames, refusal, caller);
}

int fh_page_refuse_handle(const struct fh_frames *frames, enum fh_fault_code code,
			  const struct fh_page *page, enum fh_frame_state state, const void *caller)
{
	struct refusal refusal = {
		.code = code,
		.pa = handle_pa(page),
		.value = (uintptr_t)page,
		.state = state,
	};

	return fh_page_refuse(frames, &refusal, caller);
}

void fh_page_report_abort(const struct fh_frames *frames, const struct fh_page *page,
			  const void *caller)
{
	struct refusal abort = {
		.code = FH_FAULT_ABORT,
		.pa = handle_pa(page),
		.value = (uintptr_t)page,
		.state = fh_frame_state(frames, fh_phys(handle_pa(page))),
	};

	page_report(frames, &abort, caller);
}

fh_phys_addr_t fh_page_to_phys(const struct fh_frames *frames, const struct fh_page *page)
{
	enum fh_fault_code code = fh_page_check_handle(frames, page);

	if (code == FH_FAULT_NONE)
		return fh_phys(handle_pa(page));
	fh_page_refuse_handle(frames, code, page, FH_FRAME_NONE, __builtin_return_address(0));
	return FH_PHYS_INVALID;
}

unsigned int fh_page_order(const struct fh_frames *frames, const struct fh_page *page)
{
	enum fh_fault_code code = fh_page_check_handle(frames, page);

	if (code == FH_FAULT_NONE)
		return handle_order(page);
	fh_page_refuse_handle(frames, code, page, FH_FRAME_NONE, __builtin_return_address(0));
	return 0;
}

const struct fh_page *fh_page_borrow_phys_unchecked(const struct fh_frames *frames,
						    fh_phys_addr_t pa)
{
	uint64_t frame = fh_align_down(pa.raw, block_bytes(frames, 0));

	return handle_make(frames, frame, 0, HANDLE_BORROWED);
}

const struct fh_page *fh_page_borrow_phys(const struct fh_frames *frames, fh_phys_addr_t pa,
					  enum fh_borrow_refusal *why)
{
	enum fh_borrow_refusal answer = FH_BORROW_OK;

	switch (fh_frame_state(frames, pa)) {
	case FH_FRAME_OWNED:
	case FH_FRAME_HELD:
	case FH_FRAME_RESERVED:
		break;
	case FH_FRAME_FREE:
		answer = FH_BORROW_FREE;
		break;
	case FH_FRAME_NONE:
		if (fh_memmap_classify(frames->config.map, pa).kind == FH_MEM_NOMAP)
			answer = FH_BORROW_NOMAP;
		else
			answer = FH_BORROW_NO_RAM;
		break;
	}
	if (why)
		*why = answer;
	return answer == FH_BORROW_OK ? fh_page_borrow_phys_unchecked(frames, pa) : NULL;
}

const char *fh_borrow_refusal_name(enum fh_borrow_refusal why)
{
	switch (why) {
	case FH_BORROW_OK:
		return "ok";
	case FH_BORROW_FREE:
		return "free";
	case FH_BORROW_NOMAP:
		return "no-map";
	case FH_BORROW_NO_RAM:
		return "not RAM";
	}
	return "unknown";
}

enum fh_frame_state fh_frame_state(const struct fh_frames *frames, fh_phys_addr_t pa)
{
	return fh_frames_block_of(frames, pa.raw >> frames->frame_lg2).state;
}

const char *fh_frame_state_name(enum fh_frame_state state)
{
	switch (state) {
	case FH_FRAME_NONE:
		return "no frame";
	case FH_FRAME_FREE:
		return "free";
	case FH_FRAME_OWNED:
		return "owned";
	case FH_FRAME_HELD:
		return "held";
	case FH_FRAME_RESERVED:
		return "reserved";
	}
	return "unknown";
}
