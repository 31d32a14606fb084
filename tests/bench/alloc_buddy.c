/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plain binary buddy allocator: one list of free blocks for each order, split and merged at once,
 * what was freed last is handed out first. A byte of state and two links for each frame, 72 bits;
 * one CPU. A second free is refused, and one of another order.
 */
#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "tests/bench/alloc.h"

#define ORDER_MAX 18u
#define NONE UINT32_MAX

/* State of a block's first frame; of all its other frames it is 0. */
#define STATE_FREE 0x40u
#define STATE_TAKEN 0x80u

struct link {
	uint32_t next;
	uint32_t prev;
};

struct buddy {
	struct link *link; /* of free blocks' first frames */
	uint8_t *state;
	uint64_t frames;
	uint32_t filled; /* a bit for each order with a free block */
	uint32_t head[ORDER_MAX + 1];
};

static struct buddy buddy;

static void push(struct buddy *b, uint32_t frame, unsigned int order)
{
	uint32_t next = b->head[order];

	b->state[frame] = (uint8_t)(STATE_FREE | order);
	b->link[frame] = (struct link){ .next = next, .prev = NONE };
	if (next != NONE)
		b->link[next].prev = frame;
	b->head[order] = frame;
	b->filled |= 1u << order;
}

/* Out of the list, wherever it stands there; its state is left to the caller. */
static void drop(struct buddy *b, uint32_t frame, unsigned int order)
{
	struct link link = b->link[frame];

	if (link.next != NONE)
		b->link[link.next].prev = link.prev;
	if (link.prev != NONE) {
		b->link[link.prev].next = link.next;
	} else {
		b->head[order] = link.next;
		if (link.next == NONE)
			b->filled &= ~(1u << order);
	}
}

static size_t metadata_bytes(uint64_t frames)
{
	return (size_t)frames * (sizeof(struct link) + sizeof(uint8_t));
}

/* The largest blocks that are aligned and fit; the lowest is pushed last. */
static void add_all(struct buddy *b)
{
	uint64_t left = b->frames;

	while (left) {
		unsigned int order = (unsigned int)__builtin_ctzll(left);

		if (order > ORDER_MAX)
			order = ORDER_MAX;
		left -= FH_BIT(order);
		push(b, (uint32_t)left, order);
	}
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	struct buddy *b = self;

	if (bytes < metadata_bytes(frames) || frames >= NONE)
		return false;
	*b = (struct buddy){ .link = metadata, .frames = frames };
	b->state = (uint8_t *)(b->link + frames);
	memset(b->state, 0, (size_t)frames);
	for (unsigned int order = 0; order <= ORDER_MAX; order++)
		b->head[order] = NONE;
	add_all(b);
	return true;
}

static uint64_t take(void *self, unsigned int order)
{
	struct buddy *b = self;
	uint32_t fits = b->filled >> order << order;
	unsigned int from;
	uint32_t frame;

	if (!fits)
		return 0;
	from = (unsigned int)__builtin_ctz(fits);
	frame = b->head[from];
	drop(b, frame, from);
	while (from > order) {
		from--;
		push(b, frame + (1u << from), from);
	}
	b->state[frame] = (uint8_t)(STATE_TAKEN | order);
	return handle_of(frame);
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	struct buddy *b = self;
	uint64_t given = handle_frame(b, handle);
	uint32_t frame = (uint32_t)given;

	if (given >= b->frames)
		return -EINVAL;
	if (b->state[frame] != (STATE_TAKEN | order))
		return -ENOENT;
	b->state[frame] = 0;
	for (; order < ORDER_MAX; order++) {
		uint32_t other = frame ^ (1u << order);

		if (other >= b->frames || b->state[other] != (STATE_FREE | order))
			break;
		drop(b, other, order);
		b->state[other] = 0;
		frame &= ~(1u << order);
	}
	push(b, frame, order);
	return 0;
}

static const char *check(void *self, uint64_t taken)
{
	const struct buddy *b = self;
	uint64_t free = 0;

	for (unsigned int order = 0; order <= ORDER_MAX; order++) {
		uint32_t prev = NONE;

		if ((b->head[order] != NONE) != (b->filled >> order & 1))
			return "the mask of filled lists is wrong";
		for (uint32_t at = b->head[order]; at != NONE; at = b->link[at].next) {
			if (b->link[at].prev != prev || b->state[at] != (STATE_FREE | order))
				return "a list is broken";
			prev = at;
			free += FH_BIT(order);
			if (free > b->frames)
				return "a list has a loop";
		}
	}
	return free == b->frames - taken ? NULL : "not so many frames in lists as are free";
}

const struct alloc alloc_buddy = {
	.name = "buddy",
	.self = &buddy,
	.order_max = ORDER_MAX,
	.checked = true,
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = handle_frame,
	.check = check,
};
