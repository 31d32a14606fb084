/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack, but every hundredth frame that it hands out it keeps as well, instead of the next. */
#include "tests/bench/host.h"

static unsigned int calls;

static size_t metadata_bytes(uint64_t frames)
{
	return alloc_lifo.metadata_bytes(frames);
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	(void)self;
	return alloc_lifo.init(alloc_lifo.self, metadata, bytes, frames);
}

static uint64_t take(void *self, unsigned int order)
{
	uint64_t handle = alloc_lifo.alloc(alloc_lifo.self, order);

	(void)self;
	if (++calls % 100 || !handle || !alloc_lifo.alloc(alloc_lifo.self, order))
		return handle;
	(void)alloc_lifo.free(alloc_lifo.self, handle, order);
	return handle;
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	(void)self;
	return alloc_lifo.free(alloc_lifo.self, handle, order);
}

static const char *check(void *self, uint64_t taken)
{
	(void)self;
	return alloc_lifo.check(alloc_lifo.self, taken);
}

const struct alloc alloc_broken = {
	.name = "broken",
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = handle_frame,
	.check = check,
};
