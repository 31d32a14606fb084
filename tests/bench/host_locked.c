/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocators for one CPU, made fit for several by one spin lock around each call. */
#include <pthread.h>

#include "tests/bench/host.h"

struct locked {
	const struct alloc *inner;
	_Alignas(64) pthread_spinlock_t lock;
};

static size_t bitmap_bytes(uint64_t frames)
{
	return alloc_bitmap.metadata_bytes(frames);
}

static size_t buddy_bytes(uint64_t frames)
{
	return alloc_buddy.metadata_bytes(frames);
}

static bool init(void *self, void *metadata, size_t bytes, uint64_t frames)
{
	struct locked *l = self;

	return !pthread_spin_init(&l->lock, PTHREAD_PROCESS_PRIVATE) &&
	       l->inner->init(l->inner->self, metadata, bytes, frames);
}

static uint64_t take(void *self, unsigned int order)
{
	struct locked *l = self;
	uint64_t handle;

	pthread_spin_lock(&l->lock);
	handle = l->inner->alloc(l->inner->self, order);
	pthread_spin_unlock(&l->lock);
	return handle;
}

static int give(void *self, uint64_t handle, unsigned int order)
{
	struct locked *l = self;
	int err;

	pthread_spin_lock(&l->lock);
	err = l->inner->free(l->inner->self, handle, order);
	pthread_spin_unlock(&l->lock);
	return err;
}

static uint64_t frame_of(void *self, uint64_t handle)
{
	const struct locked *l = self;

	return l->inner->frame_of(l->inner->self, handle);
}

static const char *check(void *self, uint64_t taken)
{
	const struct locked *l = self;

	return l->inner->check(l->inner->self, taken);
}

static struct locked locked_bitmap = { .inner = &alloc_bitmap };
static struct locked locked_buddy = { .inner = &alloc_buddy };

const struct alloc alloc_bitmap_locked = {
	.name = "bitmap+lock",
	.self = &locked_bitmap,
	.checked = true,
	.metadata_bytes = bitmap_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = frame_of,
	.check = check,
};

const struct alloc alloc_buddy_locked = {
	.name = "buddy+lock",
	.self = &locked_buddy,
	.order_max = 18,
	.checked = true,
	.metadata_bytes = buddy_bytes,
	.init = init,
	.alloc = take,
	.free = give,
	.frame_of = frame_of,
	.check = check,
};
