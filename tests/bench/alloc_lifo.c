/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bare stack of frame numbers, which believes all that it is told: no allocator does less. Order
 * 0 alone, 32 bits a frame, one CPU.
 */
#include "tests/bench/alloc.h"

struct lifo {
	uint32_t *frame;
	uint64_t count;
	uint64_t frames;
};

static struct lifo lifo;

static size_t metadata_bytes(uint64_t frames)
{
	return (size_t)frames * sizeof(uint32_t);
}

/* The lowest frame on top. */
static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	struct lifo *l = self;

	if (bytes < metadata_bytes(frames))
		return false;
	*l = (struct lifo){ .frame = metadata, .count = frames, .frames = frames };
	for (uint64_t i = 0; i < frames; i++)
		l->frame[i] = (uint32_t)(frames - 1 - i);
	return true;
}

static uint64_t take(void *self, unsigned int order)
{
	struct lifo *l = self;

	(void)order;
	return l->count ? handle_of(l->frame[--l->count]) : 0;
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	struct lifo *l = self;

	(void)order;
	l->frame[l->count++] = (uint32_t)handle_frame(l, handle);
	return 0;
}

static const char *check(void *self, uint64_t taken)
{
	const struct lifo *l = self;

	return l->count == l->frames - taken ? NULL : "the stack is not as high as it should be";
}

const struct alloc alloc_lifo = {
	.name = "lifo",
	.self = &lifo,
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = handle_frame,
	.check = check,
};
