/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack, but every hundredth frame that it hands out it keeps as well, instead of the next; and
 * page tables that map one page of five to the wrong memory.
 */
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

static int map_page_wrong(void *self, uint64_t iova, uint64_t pa)
{
	return tables_floor.map_page(self, iova, ++calls % 5 ? pa : pa + 4096);
}

const struct tables *bench_broken_tables(void)
{
	static struct tables broken;

	broken = tables_floor;
	broken.name = "broken";
	broken.map_page = map_page_wrong;
	return &broken;
}
