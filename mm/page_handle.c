/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles: whether one is good, whose frame it is, borrowing, and what happens
 * to the caller of an illegal step. Nothing in here takes the lock or changes a frame.
 */
#include "lib/error.h"
#include "mm/page_priv.h"

const struct fh_frames_span *fh_frames_span_of(const struct fh_frames *frames, uint64_t pfn)
{
	size_t low = 0;
	size_t high = frames->span_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct fh_frames_span *span = &frames->span[middle];

		if (pfn < span->first)
			high = middle;
		else if (pfn - span->first >= span->count)
			low = middle + 1;
		else
			return span;
	}
	return NULL;
}

struct block fh_frames_block_of(const struct fh_frames *frames, uint64_t pfn)
{
	struct block block = { .first = PFN_NONE, .state = FH_FRAME_NONE };

	block.span = fh_frames_span_of(frames, pfn);
	if (!block.span)
		return block;
	/*
	 * Blocks are naturally aligned, so the first frame is the nearest aligned one below that is
	 * no tail: everything between it and @pfn lies in the same block.
	 */
	for (unsigned int order = 0; order <= FH_ORDER_MAX; order++) {
		uint64_t first = fh_align_down(pfn, frames_of(order));
		uint8_t meta;

		if (first < block.span->first)
			break;
		meta = meta_get(block.span, first);
		if (meta == META_TAIL)
			continue;
		if (meta_state(meta) != FH_FRAME_RESERVED)
			block.order = meta_order(meta);
		if (pfn - first >= frames_of(block.order))
			break;
		block.first = first;
		block.state = meta_state(meta);
		return block;
	}
	/*
	 * Only a reader without the lock comes here: blocks were split or merged under its eyes,
	 * and that happens to free ones alone.
	 */
	block.first = pfn;
	block.order = 0;
	block.state = FH_FRAME_FREE;
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
		.caller = caller,
	};

	/* These two are about no address. */
	if (refusal->code != FH_FAULT_NULL_PAGE && refusal->code != FH_FAULT_ORDER)
		fault.declared_by = fh_memmap_classify(frames->config.map, fh_phys(refusal->pa)).by;
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
