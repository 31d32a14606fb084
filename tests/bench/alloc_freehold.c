/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/page.h on a memory map with one usable range. It starts at 4 GiB: memory between 4 and 64 GiB
 * is one run to the allocator, as it is to the others.
 */
#include "mm/page.h"

#include "tests/bench/alloc.h"
#include "tests/bench/bench.h"

#define FRAME_LG2 12u

struct freehold {
	struct fh_frames frames;
	struct fh_memmap map;
	_Alignas(16) unsigned char map_buffer[1024];
};

static struct freehold freehold;

static bool make_map(struct freehold *f, uint64_t frames)
{
	return !fh_memmap_init(&f->map, f->map_buffer, sizeof(f->map_buffer), FRAME_LG2) &&
	       !fh_memmap_add(&f->map, BENCH_BASE, frames << FRAME_LG2, FH_MEM_USABLE, "bench") &&
	       !fh_memmap_resolve(&f->map);
}

static size_t metadata_bytes(uint64_t frames)
{
	return make_map(&freehold, frames) ? fh_frames_metadata_bytes(&freehold.map) : SIZE_MAX;
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	struct freehold *f = self;
	struct fh_frames_config config = {
		.map = &f->map,
		.metadata = metadata,
		.metadata_bytes = bytes,
		.direct_offset = bench_direct_offset(),
		.instance = 1,
	};

	return make_map(f, frames) && !fh_frames_init(&f->frames, &config);
}

static uint64_t take(void *self, unsigned int order)
{
	struct freehold *f = self;

	return (uintptr_t)fh_page_alloc(&f->frames, order, 0);
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	struct freehold *f = self;

	(void)order;
	return fh_page_free(&f->frames, (struct fh_page *)(uintptr_t)handle);
}

static size_t take_many(void *self, uint64_t *handles, size_t count)
{
	struct freehold *f = self;

	_Static_assert(sizeof(struct fh_page *) == sizeof(*handles), "a handle is 64 bits");
	return fh_page_alloc_many(&f->frames, (struct fh_page **)(void *)handles, count);
}

static uint64_t frame_of(void *self, uint64_t handle)
{
	const struct freehold *f = self;
	const struct fh_page *page = (const struct fh_page *)(uintptr_t)handle;

	return (fh_page_to_phys(&f->frames, page).raw - BENCH_BASE) >> FRAME_LG2;
}

static const char *check(void *self, uint64_t taken)
{
	const struct freehold *f = self;
	struct fh_frames_stats stats;
	const char *wrong = fh_frames_check(&f->frames);

	if (wrong)
		return wrong;
	fh_frames_stats(&f->frames, &stats);
	return stats.owned == taken && stats.free == stats.frames - taken && !stats.held
		   ? NULL
		   : "the counters do not fit what was taken";
}

const struct alloc alloc_freehold = {
	.name = BENCH_HARDENED ? "hardened" : "freehold",
	.self = &freehold,
	.order_max = FH_ORDER_MAX,
	.checked = true,
	.metadata_bytes = metadata_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.alloc_many = take_many,
	.frame_of = frame_of,
	.check = check,
};
