/* SPDX-License-Identifier: BSD-2-Clause */
/* No allocator: its column shows what the loops and the calls by pointer cost. */
#include "tests/bench/alloc.h"

static size_t metadata_bytes(uint64_t frames)
{
	(void)frames;
	return 1;
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	(void)self;
	(void)metadata;
	(void)bytes;
	(void)frames;
	return true;
}

static uint64_t take(void *self, unsigned int order)
{
	(void)self;
	(void)order;
	return 1;
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	(void)self;
	(void)handle;
	(void)order;
	return 0;
}

static const char *check(void *self, uint64_t taken)
{
	(void)self;
	(void)taken;
	return NULL;
}

const struct alloc alloc_loop = {
	.name = "loop",
	.order_max = 18,
	.hollow = true,
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = handle_frame,
	.check = check,
};
