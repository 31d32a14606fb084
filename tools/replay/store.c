/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a store to a descriptor may do at that moment. Source: Arm ARM DDI 0487, D8.2 (walks of
 * what is reachable), D8.16.1 (break-before-make and its levels), B2.3 (order).
 */
#include <stdlib.h>

#include "tools/replay/replay_priv.h"

/* What is about to happen, for the rules below. */
struct change {
	struct replay *r;
	struct table *t;
	struct chunk *chunk;
	unsigned int index;
	int level;
	uint64_t va;
	uint64_t was;
	uint64_t now;
	bool told; /* one broken rule for one store */
};

static void tell(struct change *c, enum replay_step step, uint64_t old)
{
	if (c->told)
		return;
	c->told = true;
	violation(c->r, step, REPLAY_AT_STORE, c->level, c->va, slot_address(c->chunk, c->index),
		  old, c->now);
}

/* ---- A table becomes reachable */

/* For the order of a link and what it leads to, a barrier is enough where caches are seen. */
static enum replay_step child_lacks(const struct replay *r, const struct table *t,
				    const struct slot *slot)
{
	if (!slot->known)
		return REPLAY_CHILD_CONTENTS;
	if (has(t, HOST_TABLE_COHERENT) &&
	    r->cpu[slot->progress.cpu].ordered > slot->progress.stored)
		return REPLAY_OK;
	switch (store_lacks(r, t, &slot->progress)) {
	case REPLAY_OK:
		return REPLAY_OK;
	case REPLAY_STORE_CLEAN:
		return REPLAY_CHILD_CLEAN;
	case REPLAY_STORE_CLEAN_DSB:
		return REPLAY_CHILD_CLEAN_DSB;
	default:
		return REPLAY_CHILD_BARRIER;
	}
}

static void reach(struct chunk *chunk, struct table *t, uintptr_t start, uint64_t bytes, int level,
		  uint64_t va)
{
	if (chunk->reach == LINKED && chunk->table == t &&
	    (chunk->va != va || chunk->level != level))
		chunk->shared = true;
	else if (chunk->reach != LINKED || chunk->table != t)
		chunk->shared = false;
	chunk->reach = LINKED;
	chunk->table = t;
	chunk->start = start;
	chunk->bytes = bytes;
	chunk->level = level;
	chunk->va = va;
}

void tree_link(struct replay *r, struct table *t, uintptr_t start, uint64_t bytes, int level,
	       uint64_t va, bool check)
{
	enum replay_step lacks = REPLAY_OK;
	bool back = false;

	for (uintptr_t at = start; at < start + bytes; at += sizeof(uint64_t)) {
		struct chunk *chunk = chunk_make(r, at);
		struct slot *slot = &chunk->slot[slot_index(at)];
		uint64_t below = va + ((at - start) >> 3) * level_span(t, level);

		if (at == start || !(at & ((1u << CHUNK_LG2) - 1))) {
			/* Seen before: it was judged then. */
			check = check && chunk->reach == UNSEEN;
			back = chunk->reach == OFF && chunk->table == t;
			reach(chunk, t, start, bytes, level, va);
		}
		if (check && !lacks) {
			lacks = child_lacks(r, t, slot);
			if (lacks)
				violation(r, lacks, REPLAY_AT_LINK, level, below, at, 0,
					  slot->value);
		}
		if (back && is_live(slot->value, level))
			copy_renew(r, t, level, below, slot->value);
		if (is_link(slot->value, level))
			tree_link(r, t, link_target(t, slot->value),
				  UINT64_C(1) << t->is.granule_lg2, level + 1, below, check);
	}
}

/* Nothing links it any more: what it holds lives on in TLBs, and it in walk caches. */
static void tree_off(struct change *c, uintptr_t start, const struct progress *progress)
{
	uintptr_t end = start + (UINT64_C(1) << c->t->is.granule_lg2);

	for (uintptr_t at = start; at < end; at += sizeof(uint64_t)) {
		struct chunk *chunk = chunk_find(c->r, at);
		uint64_t value;

		if (!chunk || chunk->reach != LINKED || chunk->table != c->t)
			return;
		value = chunk->slot[slot_index(at)].value;
		if (!is_live(value, chunk->level))
			continue;
		copy_add(c->r, chunk, slot_index(at), value, slot_address(c->chunk, c->index),
			 progress);
		if (is_link(value, chunk->level))
			tree_off(c, link_target(c->t, value), progress);
	}
	for (uintptr_t at = start; at < end; at += UINT64_C(1) << CHUNK_LG2) {
		struct chunk *chunk = chunk_find(c->r, at);

		if (chunk)
			chunk->reach = OFF;
	}
}

/* ---- Does the new descriptor agree with what may be cached of an old one? */

/* Two leaves, of any levels, that both translate @va. */
static enum replay_step leaves_differ(const struct table *t, uint64_t a, int level_a, uint64_t b,
				      int level_b, uint64_t va)
{
	if (leaf_output(t, a, level_a, va) != leaf_output(t, b, level_b, va))
		return REPLAY_BREAK_ADDRESS;
	return leaf_type(t, a) != leaf_type(t, b) ? REPLAY_BREAK_TYPE : REPLAY_OK;
}

/*
 * All leaves below the table at @start (of @level, which translates from @va on) against the leaf
 * @leaf of @leaf_level at @leaf_va. *@any: there is one.
 */
static enum replay_step tree_differs(const struct replay *r, const struct table *t, uintptr_t start,
				     int level, uint64_t va, uint64_t leaf, int leaf_level,
				     uint64_t leaf_va, bool *any)
{
	uint64_t end = leaf_va + (level_span(t, leaf_level) - 1);
	unsigned int entries = 1u << (t->is.granule_lg2 - 3u);

	for (unsigned int i = 0; i < entries; i++) {
		uint64_t at = va + i * level_span(t, level);
		const struct slot *slot = slot_find(r, start + i * sizeof(uint64_t));
		enum replay_step step = REPLAY_OK;

		if (!slot || at > end || at + (level_span(t, level) - 1) < leaf_va)
			continue;
		if (is_link(slot->value, level)) {
			step = tree_differs(r, t, link_target(t, slot->value), level + 1, at, leaf,
					    leaf_level, leaf_va, any);
		} else if (is_leaf(slot->value, level)) {
			*any = true;
			step = leaves_differ(t, slot->value, level, leaf, leaf_level,
					     at > leaf_va ? at : leaf_va);
		}
		if (step)
			return step;
	}
	return REPLAY_OK;
}

/* Sizes may differ at once: at level 2, and at level 1 beside a block that has nT. */
static bool sizes_mix(const struct table *t, uint64_t block, int level)
{
	return t->is.bbm_level >= 2 || (t->is.bbm_level == 1 && level < LEVEL_PAGE && block & NT);
}

static bool leaf_conflicts(const struct change *c, const struct copy *copy)
{
	const struct table *t = c->t;
	bool any = false;
	enum replay_step step;

	if (is_link(c->now, c->level)) {
		step = tree_differs(c->r, t, link_target(t, c->now), c->level + 1, c->va,
				    copy->value, copy->level, copy->va, &any);
		return step || (any && !sizes_mix(t, copy->value, copy->level));
	}
	if (leaves_differ(t, copy->value, copy->level, c->now, c->level,
			  copy->va > c->va ? copy->va : c->va))
		return true;
	if (copy->level != c->level)
		return !sizes_mix(t, copy->level < c->level ? copy->value : c->now,
				  copy->level < c->level ? copy->level : c->level);
	return (copy->value ^ c->now) & CONTIGUOUS && t->is.bbm_level < 2;
}

/* One entry of a TLB may stand for the whole run: it answers for its neighbours too. */
static bool run_conflicts(const struct change *c, const struct copy *copy)
{
	unsigned int shift = level_shift(c->t, c->level) + run_lg2(c->t, c->level);

	return copy->level == c->level && copy->va != c->va && copy->value & CONTIGUOUS &&
	       is_leaf(copy->value, copy->level) && c->t->is.bbm_level < 2 &&
	       copy->va >> shift == c->va >> shift && !(c->now & CONTIGUOUS);
}

/* @copy is of what was valid before: does it contradict what is stored now? */
static bool conflicts(const struct change *c, const struct copy *copy)
{
	uint64_t span = level_span(c->t, c->level);

	if (run_conflicts(c, copy))
		return true;
	if (copy->va > c->va + (span - 1) || c->va > copy->va + (level_span(c->t, copy->level) - 1))
		return false;
	if (!copy->target)
		return leaf_conflicts(c, copy);
	/* A walk cache leads another way. */
	if (copy->level != c->level)
		return false;
	if (is_link(c->now, c->level))
		return link_target(c->t, c->now) != copy->target;
	return c->t->is.bbm_level < 2;
}

static void judge_chain(struct change *c, struct copy *copy)
{
	for (; copy && !c->told; copy = copy_next(copy))
		if (conflicts(c, copy))
			tell(c, copy_lacks(c->r, copy), copy->value);
}

/* Those of this address and of larger ones around it, of its run, and of all that is smaller. */
static void judge_copies(struct change *c)
{
	struct table *t = c->t;
	uint64_t span = level_span(t, c->level);
	uint64_t run = span << run_lg2(t, c->level);
	uint64_t base = c->va & ~(run - 1);
	bool smaller = false;

	if (!t->copies)
		return;
	for (int level = t->is.start_level; level <= c->level; level++)
		judge_chain(c, copy_first(c->r, t, level, c->va));
	if (t->hints && t->is.bbm_level < 2 && !(c->now & CONTIGUOUS))
		for (uint64_t at = base; at < base + run; at += span)
			judge_chain(c, copy_first(c->r, t, c->level, at));
	for (int level = c->level + 1; level <= LEVEL_PAGE; level++)
		smaller = smaller || t->copies_at[level + 1];
	for (struct copy *copy = smaller ? t->copies : NULL; copy && !c->told;
	     copy = copy->table_next)
		if (copy->level > c->level && (copy->va ^ c->va) < span && conflicts(c, copy))
			tell(c, copy_lacks(c->r, copy), copy->value);
}

/* ---- Valid to valid, without an invalid one in between */

static void judge_leaf_to_leaf(struct change *c)
{
	enum replay_step step = leaves_differ(c->t, c->was, c->level, c->now, c->level, c->va);

	if (step)
		tell(c, step, c->was);
	else if ((c->was ^ c->now) & CONTIGUOUS && c->t->is.bbm_level < 2)
		tell(c, REPLAY_BREAK_RUN, c->was);
	else if (c->now & ~c->was & NT && c->level < LEVEL_PAGE && c->t->is.bbm_level == 0)
		tell(c, REPLAY_NT_LEVEL, c->was);
}

/* @block: the one of the two that is. The table must translate as it does. */
static void judge_size(struct change *c, uint64_t block, uint64_t link)
{
	bool any = false;
	enum replay_step step;

	if (c->t->is.bbm_level == 0)
		tell(c, REPLAY_BREAK_SIZE, c->was);
	else if (!sizes_mix(c->t, block, c->level))
		tell(c, REPLAY_BREAK_NT, c->was);
	step = tree_differs(c->r, c->t, link_target(c->t, link), c->level + 1, c->va, block,
			    c->level, c->va, &any);
	if (step)
		tell(c, step, c->was);
}

static void judge_valid_to_valid(struct change *c)
{
	bool was_link = is_link(c->was, c->level);
	bool now_link = is_link(c->now, c->level);

	if (was_link && now_link) {
		if (link_target(c->t, c->was) != link_target(c->t, c->now))
			tell(c, REPLAY_BREAK_ADDRESS, c->was);
	} else if (was_link) {
		judge_size(c, c->now, c->was);
	} else if (now_link) {
		judge_size(c, c->was, c->now);
	} else {
		judge_leaf_to_leaf(c);
	}
}

/* ---- */

static void remember_store(struct replay *r, struct chunk *chunk, unsigned int index, uint8_t cpu)
{
	struct call *call = call_of(r, cpu);

	if (r->store_count == r->store_room) {
		r->store_room = r->store_room ? 2 * r->store_room : 1024;
		r->store = realloc(r->store, r->store_room * sizeof(*r->store));
		if (!r->store)
			abort();
	}
	r->store[r->store_count++] = (struct open_store){
		.chunk = chunk,
		.index = index,
		.cpu = cpu,
		.call = call ? call->number : 0,
		.gather = call ? call->gather : 0,
	};
}

static void store_linked(struct change *c, const struct progress *progress)
{
	bool was_link = is_link(c->was, c->level);
	bool same_table = was_link && is_link(c->now, c->level) &&
			  link_target(c->t, c->was) == link_target(c->t, c->now);

	c->r->counts.stores++;
	if (is_link(c->now, c->level) && !same_table) {
		c->r->counts.links++;
		tree_link(c->r, c->t, link_target(c->t, c->now),
			  UINT64_C(1) << c->t->is.granule_lg2, c->level + 1, c->va, true);
	}
	if (is_live(c->now, c->level) && !c->chunk->shared) {
		if (is_live(c->was, c->level))
			judge_valid_to_valid(c);
		judge_copies(c);
	}
	if (is_live(c->was, c->level) && c->was != c->now) {
		copy_add(c->r, c->chunk, c->index, c->was, slot_address(c->chunk, c->index),
			 progress);
		if (was_link && !same_table)
			tree_off(c, link_target(c->t, c->was), progress);
	}
	if (is_live(c->now, c->level))
		copy_renew(c->r, c->t, c->level, c->va, c->now);
}

/* Into a table that was taken off, and that walk caches may still lead to. */
static void store_off(struct change *c)
{
	uint64_t desc;
	int level;

	if (c->now & VALID) {
		if (c->now != c->was)
			tell(c, REPLAY_REUSE_VALID, c->was);
	} else if (is_leaf(c->was, c->level) && memory_lookup(c->r, c->t, c->va, &desc, &level) &&
		   !leaves_differ(c->t, c->was, c->level, desc, level, c->va)) {
		tell(c, REPLAY_REUSE_TRANSLATES, c->was);
	}
}

void store_event(struct replay *r, const struct host_event *event)
{
	struct chunk *chunk = chunk_make(r, event->address);
	unsigned int index = slot_index(event->address);
	struct slot *slot = &chunk->slot[index];
	struct progress progress = { .stored = r->now, .cpu = (uint8_t)event->cpu };
	struct change c = { .r = r,
			    .t = chunk->table,
			    .chunk = chunk,
			    .index = index,
			    .level = chunk->level,
			    .was = event->old,
			    .now = event->value };

	slot->known = true;
	slot->value = event->value;
	slot->progress = progress;
	if (chunk->reach == UNSEEN || event->address < chunk->start ||
	    event->address >= chunk->start + chunk->bytes)
		return;
	c.va = slot_va(chunk, index);
	if (chunk->reach == OFF) {
		store_off(&c);
		return;
	}
	store_linked(&c, &progress);
	remember_store(r, chunk, index, progress.cpu);
}
