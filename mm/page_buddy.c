/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Free blocks: a binary buddy allocator. For each order there is a doubly
 * linked list of free blocks, its links in the first bytes of the blocks themselves.
 * All of it runs under the instance's lock.
 */
#include "mm/page_priv.h"

static struct free_node *node_at(const struct fh_frames *frames, uint64_t pfn)
{
	return frame_address(frames, pfn << frames->frame_lg2);
}

void fh_buddy_push(struct fh_frames *frames, const struct fh_frames_span *span, uint64_t pfn,
		   unsigned int order)
{
	uint64_t *head = &frames->free_head[order];

	*node_at(frames, pfn) = (struct free_node){ .next = *head, .previous = PFN_NONE };
	if (*head != PFN_NONE)
		node_at(frames, *head)->previous = pfn;
	*head = pfn;
	meta_set(span, pfn, meta_byte(FH_FRAME_FREE, order));
}

static void list_remove(struct fh_frames *frames, uint64_t pfn, unsigned int order)
{
	struct free_node node = *node_at(frames, pfn);

	if (node.previous != PFN_NONE)
		node_at(frames, node.previous)->next = node.next;
	else
		frames->free_head[order] = node.next;
	if (node.next != PFN_NONE)
		node_at(frames, node.next)->previous = node.previous;
}

uint64_t fh_buddy_take(struct fh_frames *frames, unsigned int order)
{
	const struct fh_frames_span *span;
	unsigned int from = order;
	uint64_t pfn;

	while (from <= FH_ORDER_MAX && frames->free_head[from] == PFN_NONE)
		from++;
	if (from > FH_ORDER_MAX)
		return PFN_NONE;
#ifdef FH_TEST_HOOKS
	if (frames->fail_after && --frames->fail_after == 0)
		return PFN_NONE;
#endif
	pfn = frames->free_head[from];
	span = fh_frames_span_of(frames, pfn);
	list_remove(frames, pfn, from);
	while (from > order) {
		from--;
		/* The upper half gets its own byte before the lower one stops covering it. */
		fh_buddy_push(frames, span, pfn + frames_of(from), from);
		meta_set(span, pfn, meta_byte(FH_FRAME_FREE, from));
	}
	meta_set(span, pfn, meta_byte(FH_FRAME_OWNED, order));
	count_move(frames, FH_FRAME_FREE, FH_FRAME_OWNED, frames_of(order));
	return pfn;
}

/* A neighbour that is free as a whole; one that runs into the next span would not be. */
static bool buddy_is_free(const struct fh_frames_span *span, uint64_t buddy, unsigned int order)
{
	/* A buddy below the span wraps to a large difference. */
	if (buddy - span->first >= span->count)
		return false;
	return meta_get(span, buddy) == meta_byte(FH_FRAME_FREE, order);
}

void fh_buddy_give(struct fh_frames *frames, const struct fh_frames_span *span, uint64_t pfn,
		   unsigned int order)
{
	count_move(frames, FH_FRAME_OWNED, FH_FRAME_FREE, frames_of(order));
	meta_set(span, pfn, meta_byte(FH_FRAME_FREE, order));
	while (order < FH_ORDER_MAX) {
		uint64_t buddy = pfn ^ frames_of(order);
		uint64_t upper = pfn | frames_of(order);

		if (!buddy_is_free(span, buddy, order))
			break;
		list_remove(frames, buddy, order);
		pfn &= ~frames_of(order);
		order++;
		/* The lower half covers the upper one before that loses its own byte. */
		meta_set(span, pfn, meta_byte(FH_FRAME_FREE, order));
		meta_set(span, upper, META_TAIL);
	}
	fh_buddy_push(frames, span, pfn, order);
}
