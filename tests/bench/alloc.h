/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a page allocator looks like to the benchmarks. Each has a file of its own, alloc_*.c, and
 * knows frames 0 to @frames - 1, all of them free at the start.
 */
#ifndef FH_TESTS_BENCH_ALLOC_H
#define FH_TESTS_BENCH_ALLOC_H

#include "lib/types.h"

/* A program of its own measures the allocator as HARDEN=1 builds it. */
#ifndef BENCH_HARDENED
#define BENCH_HARDENED false
#endif

/**
 * struct alloc - One implementation.
 * @name: of its column.
 * @self: first argument of all calls.
 * @order_max: the highest order that it has.
 * @hollow: hands out nothing at all: what is measured then is the loops and the calls. Not
 * verified.
 * @checked: refuses a second free of the same block.
 * @metadata_bytes: enough for so many frames.
 * @init: start over; the metadata are aligned to 4096 and may be full of anything. False: cannot.
 * @alloc: a handle of 2^order frames, naturally aligned; 0 when there are none.
 * @free: 0, or an error.
 * @alloc_many: NULL, or as many handles of order 0 as there are, up to @count.
 * @frame_of: the first frame of a handle.
 * @check: NULL when the metadata are sound and @taken frames are not free, else what is wrong.
 */
struct alloc {
	const char *name;
	void *self;
	unsigned int order_max;
	bool hollow;
	bool checked;
	size_t (*metadata_bytes)(uint64_t frames);
	bool (*init)(void *self, void *metadata, size_t bytes, uint64_t frames);
	uint64_t (*alloc)(void *self, unsigned int order);
	int (*free)(void *self, uint64_t handle, unsigned int order);
	size_t (*alloc_many)(void *self, uint64_t *handles, size_t count);
	uint64_t (*frame_of)(void *self, uint64_t handle);
	const char *(*check)(void *self, uint64_t taken);
};

extern const struct alloc alloc_loop;
extern const struct alloc alloc_lifo;
extern const struct alloc alloc_bitmap;
extern const struct alloc alloc_buddy;
extern const struct alloc alloc_freehold;

/* Of those that count frames from 0: a handle is never 0. */
static inline uint64_t handle_of(uint64_t frame)
{
	return frame + 1;
}

static inline uint64_t handle_frame(void *self, uint64_t handle)
{
	(void)self;
	return handle - 1;
}

#endif
