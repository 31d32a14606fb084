/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of pages. Reads go through fh_hook_read(), because the memory of
 * someone else may answer with an external abort; what is written is our own and does not.
 *
 * No lock: a frame that its caller owns does not change state meanwhile, and for any other the
 * answer would be as old as the lock's release.
 */
#include <string.h>

#include <cache.h>

#include "lib/error.h"
#include "lib/hooks.h"
#include "mm/page_priv.h"

static bool in_bounds(const struct fh_frames *frames, const struct fh_page *page, size_t offset,
		      size_t bytes)
{
	uint64_t size = block_bytes(frames, handle_order(page));

	return offset <= size && bytes <= size - offset;
}

static int refuse_bounds(const struct fh_frames *frames, const struct fh_page *page, size_t offset,
			 size_t bytes, const void *caller)
{
	uint64_t size = block_bytes(frames, handle_order(page));
	struct refusal refusal = {
		.code = FH_FAULT_BOUNDS,
		.pa = handle_pa(page),
		/* An offset that is outside, else a length that is too much. */
		.value = offset > size ? offset : bytes,
		.state = fh_frame_state(frames, fh_phys(handle_pa(page))),
	};

	return fh_page_refuse(frames, &refusal, caller);
}

/* A page to read: one that is owned, or any frame for a borrowed one, whose lender vouches. */
static enum fh_fault_code check_readable(const struct fh_frames *frames, const struct fh_page *page,
					 struct block *block)
{
	enum fh_fault_code code = fh_page_check_owned(frames, page, block);

	if (code != FH_FAULT_BORROWED)
		return code;
	return block->state == FH_FRAME_NONE ? FH_FAULT_BAD_HANDLE : FH_FAULT_NONE;
}

void *fh_page_address(const struct fh_frames *frames, struct fh_page *page)
{
	enum fh_fault_code code = fh_page_check_handle(frames, page);

	if (code == FH_FAULT_NONE && handle_is_borrowed(page))
		code = FH_FAULT_BORROWED;
	if (code == FH_FAULT_NONE)
		return frame_address(frames, handle_pa(page));
	fh_page_refuse_handle(frames, code, page, FH_FRAME_NONE, __builtin_return_address(0));
	return NULL;
}

const void *fh_page_borrowed_address(const struct fh_frames *frames, const struct fh_page *page)
{
	enum fh_fault_code code = fh_page_check_handle(frames, page);

	if (code == FH_FAULT_NONE)
		return frame_address(frames, handle_pa(page));
	fh_page_refuse_handle(frames, code, page, FH_FRAME_NONE, __builtin_return_address(0));
	return NULL;
}

int fh_page_read(const struct fh_frames *frames, const struct fh_page *page, size_t offset,
		 void *dst, size_t bytes)
{
	const void *caller = __builtin_return_address(0);
	enum fh_fault_code code;
	struct block block;

	code = check_readable(frames, page, &block);
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, page, block.state, caller);
	if (!in_bounds(frames, page, offset, bytes))
		return refuse_bounds(frames, page, offset, bytes, caller);
	if (bytes && fh_hook_read(dst, frame_address(frames, handle_pa(page) + offset), bytes)) {
		fh_page_report_abort(frames, page, caller);
		return -EFAULT;
	}
	return 0;
}

int fh_page_write(struct fh_frames *frames, struct fh_page *page, size_t offset, const void *src,
		  size_t bytes)
{
	const void *caller = __builtin_return_address(0);
	enum fh_fault_code code;
	struct block block;

	code = fh_page_check_owned(frames, page, &block);
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, page, block.state, caller);
	if (!in_bounds(frames, page, offset, bytes))
		return refuse_bounds(frames, page, offset, bytes, caller);
	if (bytes)
		memcpy(frame_address(frames, handle_pa(page) + offset), src, bytes);
	return 0;
}

int fh_page_zero(struct fh_frames *frames, struct fh_page *page)
{
	enum fh_fault_code code;
	struct block block;

	code = fh_page_check_owned(frames, page, &block);
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, page, block.state,
					     __builtin_return_address(0));
	arch_zero(frame_address(frames, handle_pa(page)),
		  (size_t)block_bytes(frames, handle_order(page)));
	return 0;
}

int fh_page_copy(struct fh_frames *frames, struct fh_page *dst, const struct fh_page *src)
{
	const void *caller = __builtin_return_address(0);
	const struct fh_page *blamed = dst;
	enum fh_fault_code code;
	struct block block;
	size_t bytes;

	code = fh_page_check_owned(frames, dst, &block);
	if (code == FH_FAULT_NONE) {
		blamed = src;
		code = check_readable(frames, src, &block);
	}
	if (code != FH_FAULT_NONE)
		return fh_page_refuse_handle(frames, code, blamed, block.state, caller);
	bytes = (size_t)block_bytes(frames, handle_order(dst));
	if (handle_order(src) != handle_order(dst))
		return refuse_bounds(frames, src, 0, bytes, caller);
	if (handle_pa(dst) == handle_pa(src))
		return 0;
	if (fh_hook_read(frame_address(frames, handle_pa(dst)),
			 frame_address(frames, handle_pa(src)), bytes)) {
		fh_page_report_abort(frames, src, caller);
		return -EFAULT;
	}
	return 0;
}
