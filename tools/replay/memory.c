/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors in memory, and how far their stores are on the way to walkers. */
#include <stdlib.h>
#include <string.h>

#include "tools/replay/replay_priv.h"

static struct chunk **bucket_of(struct replay *r, uintptr_t address)
{
	return &r->chunk[(address >> CHUNK_LG2) % CHUNK_BUCKETS];
}

struct chunk *chunk_find(const struct replay *r, uintptr_t address)
{
	uintptr_t base = address >> CHUNK_LG2 << CHUNK_LG2;
	struct chunk *chunk = r->chunk[(address >> CHUNK_LG2) % CHUNK_BUCKETS];

	while (chunk && chunk->base != base)
		chunk = chunk->next;
	return chunk;
}

struct chunk *chunk_make(struct replay *r, uintptr_t address)
{
	struct chunk *chunk = chunk_find(r, address);
	struct chunk **bucket = bucket_of(r, address);

	if (chunk)
		return chunk;
	chunk = r->spare_chunks;
	if (chunk) {
		r->spare_chunks = chunk->next;
		memset(chunk, 0, sizeof(*chunk));
	} else {
		chunk = calloc(1, sizeof(*chunk));
	}
	if (!chunk)
		abort();
	chunk->base = address >> CHUNK_LG2 << CHUNK_LG2;
	chunk->next = *bucket;
	*bucket = chunk;
	return chunk;
}

void chunk_drop(struct replay *r, struct chunk *chunk)
{
	struct chunk **link = bucket_of(r, chunk->base);
	size_t kept = 0;

	for (size_t i = 0; i < r->store_count; i++)
		if (r->store[i].chunk != chunk)
			r->store[kept++] = r->store[i];
	r->store_count = kept;
	while (*link != chunk)
		link = &(*link)->next;
	*link = chunk->next;
	chunk->next = r->spare_chunks;
	r->spare_chunks = chunk;
}

struct slot *slot_find(const struct replay *r, uintptr_t address)
{
	struct chunk *chunk = chunk_find(r, address);

	return chunk ? &chunk->slot[slot_index(address)] : NULL;
}

/* Only whole frames: what is smaller is not a table. */
void memory_zeroed(struct replay *r, uintptr_t address, uint64_t bytes, uint8_t cpu)
{
	uintptr_t frame = UINT64_C(1) << CHUNK_LG2;
	struct progress progress = { .stored = r->now, .cpu = cpu };

	if ((address | bytes) & (frame - 1))
		return;
	for (uintptr_t at = address; at < address + bytes; at += frame) {
		struct chunk *chunk = chunk_make(r, at);

		for (unsigned int i = 0; i < CHUNK_SLOTS; i++)
			chunk->slot[i] = (struct slot){ .progress = progress, .known = true };
	}
}

/* Lines may be as small as they like: exactly what was asked for (CTR_EL0.DminLine can be 0). */
void memory_cleaned(struct replay *r, uintptr_t address, uint64_t bytes, uint8_t cpu)
{
	for (uintptr_t at = address; at + sizeof(uint64_t) <= address + bytes;
	     at += sizeof(uint64_t)) {
		struct slot *slot = slot_find(r, at);

		if (!slot || slot->progress.cleaned)
			continue;
		slot->progress.cleaned = r->now;
		slot->progress.cleaner = cpu;
	}
	for (struct table *t = r->table; t < r->table + TABLES_MAX; t++)
		for (struct copy *copy = t->copies; copy; copy = copy->table_next)
			if (copy->slot >= address && copy->slot + 8 <= address + bytes &&
			    !copy->progress.cleaned) {
				copy->progress.cleaned = r->now;
				copy->progress.cleaner = cpu;
			}
}

enum replay_step store_lacks(const struct replay *r, const struct table *t,
			     const struct progress *progress)
{
	if (!progress->stored)
		return REPLAY_OK;
	if (has(t, HOST_TABLE_COHERENT))
		return r->cpu[progress->cpu].stored > progress->stored ? REPLAY_OK
								       : REPLAY_STORE_DSB;
	if (!progress->cleaned)
		return REPLAY_STORE_CLEAN;
	return r->cpu[progress->cleaner].done > progress->cleaned ? REPLAY_OK
								  : REPLAY_STORE_CLEAN_DSB;
}

bool memory_lookup(const struct replay *r, const struct table *t, uint64_t va, uint64_t *desc,
		   int *level)
{
	uintptr_t start = t->root;
	uint64_t entries = UINT64_C(1) << (t->is.root_lg2 - 3);

	for (*level = t->is.start_level; *level <= LEVEL_PAGE; ++*level) {
		uint64_t index = va >> level_shift(t, *level) & (entries - 1);
		const struct slot *slot = slot_find(r, start + index * sizeof(uint64_t));

		*desc = slot ? slot->value : 0;
		if (!is_link(*desc, *level))
			return is_leaf(*desc, *level);
		start = link_target(t, *desc);
		entries = UINT64_C(1) << (t->is.granule_lg2 - 3);
	}
	return false;
}
