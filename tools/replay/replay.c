/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as they come, and what must hold when a call returns. */
#include "tools/replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/replay/replay_priv.h"

struct replay *replay_new(replay_report *report, void *ctx)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->report = report;
	r->ctx = ctx;
	return r;
}

static void forget_table(struct replay *r, struct table *t)
{
	size_t kept = 0;

	while (t->copies)
		copy_remove(r, t->copies);
	for (size_t i = 0; i < r->store_count; i++)
		if (r->store[i].chunk->table != t)
			r->store[kept++] = r->store[i];
	r->store_count = kept;
	for (unsigned int b = 0; b < CHUNK_BUCKETS; b++)
		for (struct chunk *chunk = r->chunk[b]; chunk; chunk = chunk->next)
			if (chunk->table == t) {
				chunk->table = NULL;
				chunk->reach = UNSEEN;
			}
	memset(t, 0, sizeof(*t));
}

static void reset(struct replay *r)
{
	for (struct table *t = r->table; t < r->table + TABLES_MAX; t++)
		if (t->id)
			forget_table(r, t);
	for (unsigned int b = 0; b < CHUNK_BUCKETS; b++)
		while (r->chunk[b])
			chunk_drop(r, r->chunk[b]);
	memset(r->cpu, 0, sizeof(r->cpu));
}

void replay_delete(struct replay *r)
{
	reset(r);
	while (r->spare_chunks) {
		struct chunk *next = r->spare_chunks->next;

		free(r->spare_chunks);
		r->spare_chunks = next;
	}
	while (r->spare_copies) {
		struct copy *next = r->spare_copies->table_next;

		free(r->spare_copies);
		r->spare_copies = next;
	}
	free(r->store);
	free(r);
}

struct replay_counts replay_counts(const struct replay *r)
{
	return r->counts;
}

void violation(struct replay *r, enum replay_step step, enum replay_moment moment, int level,
	       uint64_t iova, uintptr_t slot, uint64_t old, uint64_t now)
{
	struct replay_violation found = { .step = step,
					  .moment = moment,
					  .event = r->now,
					  .level = level,
					  .iova = iova,
					  .slot = slot,
					  .old = old,
					  .now = now };

	r->report(r->ctx, &found);
}

/* ---- Barriers */

static void barrier(struct replay *r, const struct host_event *event)
{
	struct cpu *cpu = &r->cpu[event->cpu];

	if (event->kind == HOST_ISB) {
		cpu->needs_isb = false;
		return;
	}
	cpu->ordered = r->now;
	if (event->kind == HOST_DMB_ISHST)
		return;
	cpu->stored = r->now;
	if (event->kind != HOST_DSB_ISH && event->kind != HOST_DSB_SY)
		return;
	/* Of loads and stores: it waits for cleans and TLB operations too (D7.5, D8.14.5). */
	cpu->done = r->now;
	tlb_complete(r, (uint8_t)event->cpu);
}

/* ---- Tables */

static struct table *table_find(struct replay *r, uint64_t id)
{
	struct table *t = r->table;

	while (t < r->table + TABLES_MAX && t->id != id)
		t++;
	return t < r->table + TABLES_MAX ? t : NULL;
}

/* A root of our own is complete when it is handed out: it may go into a register at once. */
static void judge_root(struct replay *r, const struct table *t, uint64_t bytes)
{
	for (uintptr_t at = t->root; at < t->root + bytes; at += sizeof(uint64_t)) {
		const struct slot *slot = slot_find(r, at);
		enum replay_step step =
		    slot->known ? store_lacks(r, t, &slot->progress) : REPLAY_CHILD_CONTENTS;

		if (step) {
			violation(r, step, REPLAY_AT_RETURN, t->is.start_level,
				  ((at - t->root) >> 3) * level_span(t, t->is.start_level), at, 0,
				  slot->value);
			return;
		}
	}
}

static void table_begin(struct replay *r, const struct host_event *event)
{
	struct table *t = table_find(r, event->table);
	uint64_t bytes;

	if (t)
		forget_table(r, t);
	else
		t = table_find(r, 0);
	if (!t)
		abort();
	t->id = event->table;
	t->root = event->address;
	t->direct = event->value;
	memcpy(&t->is, &event->old, sizeof(t->is));
	bytes = UINT64_C(1) << t->is.root_lg2;
	tree_link(r, t, t->root, bytes, t->is.start_level, 0, false);
	if (!has(t, HOST_TABLE_FOREIGN))
		judge_root(r, t, bytes);
}

static void contents(struct replay *r, const struct host_event *event)
{
	struct slot *slot = &chunk_make(r, event->address)->slot[slot_index(event->address)];

	*slot = (struct slot){ .value = event->value, .known = true };
}

/* ---- Frames */

static void given(struct replay *r, const struct host_event *event)
{
	for (uintptr_t at = event->address; at < event->address + event->size;
	     at += UINT64_C(1) << CHUNK_LG2) {
		struct chunk *chunk = chunk_find(r, at);

		if (!chunk)
			continue;
		if (chunk->reach == LINKED && chunk->start != chunk->table->root)
			violation(r, REPLAY_UNLINK, REPLAY_AT_GIVEN, chunk->level, chunk->va, at, 0,
				  0);
		for (struct copy *copy = chunk->reach == OFF ? chunk->table->copies : NULL; copy;
		     copy = copy->table_next)
			if (copy->target == chunk->start) {
				violation(r, copy_lacks(r, copy), REPLAY_AT_GIVEN, copy->level,
					  copy->va, copy->slot, copy->value, 0);
				break;
			}
		if (chunk->reach != UNSEEN)
			r->counts.given++;
		chunk_drop(r, chunk);
	}
}

/* ---- Calls */

static bool is_part(const struct slot *slot, const struct slot *first, const struct table *t,
		    int level, unsigned int i)
{
	uint64_t va = i * level_span(t, level);

	return is_leaf(slot->value, level) && slot->value & CONTIGUOUS &&
	       leaf_output(t, slot->value, level, 0) ==
		   leaf_output(t, first->value, level, 0) + va &&
	       leaf_type(t, slot->value) == leaf_type(t, first->value);
}

/* D8.6.1: all entries of a run have the hint, and then are alike and in a row, or none has it. */
static void judge_run(struct replay *r, const struct chunk *chunk, unsigned int index)
{
	const struct table *t = chunk->table;
	unsigned int count = 1u << run_lg2(t, chunk->level);
	uintptr_t offset =
	    (slot_address(chunk, index) - chunk->start) & ~(8 * (uintptr_t)count - 1);
	const struct slot *first = slot_find(r, chunk->start + offset);
	unsigned int hints = 0, parts = 0;

	if (count == 1 || offset + 8 * count > chunk->bytes)
		return;
	for (unsigned int i = 0; i < count; i++) {
		const struct slot *slot = slot_find(r, chunk->start + offset + 8 * i);

		hints += is_leaf(slot->value, chunk->level) && slot->value & CONTIGUOUS;
		parts += is_part(slot, first, t, chunk->level, i);
	}
	if (hints && parts != count)
		violation(r, REPLAY_RUN_WHOLE, REPLAY_AT_RETURN, chunk->level,
			  slot_va(chunk, index), slot_address(chunk, index), first->value,
			  chunk->slot[index].value);
}

static void judge_runs(struct replay *r, const struct call *call)
{
	uintptr_t judged = 0;

	for (size_t i = 0; i < r->store_count; i++) {
		const struct open_store *store = &r->store[i];
		uintptr_t run;

		if (store->call != call->number || store->chunk->reach != LINKED)
			continue;
		run = slot_address(store->chunk, store->index) >>
		      (3 + run_lg2(store->chunk->table, store->chunk->level));
		if (run != judged)
			judge_run(r, store->chunk, store->index);
		judged = run;
	}
}

/*
 * A link above that walkers may not see yet. One that another CPU has made, and this one has seen,
 * is seen by all who look into the caches (B2.3, multi-copy atomicity), and by nobody else.
 */
static const struct slot *path_lacks(const struct replay *r, const struct chunk *chunk, uint64_t va,
				     uint8_t cpu, enum replay_step *lacks)
{
	const struct table *t = chunk->table;
	uintptr_t start = t->root;
	uint64_t entries = UINT64_C(1) << (t->is.root_lg2 - 3);

	for (int level = t->is.start_level; level < chunk->level; level++) {
		uint64_t index = va >> level_shift(t, level) & (entries - 1);
		const struct slot *slot = slot_find(r, start + index * sizeof(uint64_t));

		if (!slot || !is_link(slot->value, level))
			return NULL;
		*lacks = store_lacks(r, t, &slot->progress);
		if (*lacks && (slot->progress.cpu == cpu || !has(t, HOST_TABLE_COHERENT)))
			return slot;
		start = link_target(t, slot->value);
		entries = UINT64_C(1) << (t->is.granule_lg2 - 3);
	}
	return NULL;
}

/* Once for each chunk that the call has stored to. */
static void judge_paths(struct replay *r, const struct call *call)
{
	const struct chunk *judged = NULL;

	for (size_t i = 0; i < r->store_count; i++) {
		const struct open_store *store = &r->store[i];
		enum replay_step lacks = REPLAY_OK;
		const struct slot *slot;
		uint64_t va;

		if (store->call != call->number || store->chunk->reach != LINKED ||
		    store->chunk == judged)
			continue;
		judged = store->chunk;
		va = slot_va(store->chunk, store->index);
		slot = path_lacks(r, store->chunk, va, store->cpu, &lacks);
		if (slot)
			violation(r, lacks, REPLAY_AT_RETURN, store->chunk->level, va,
				  slot_address(store->chunk, store->index), 0, slot->value);
	}
}

/*
 * Stores that others may rely on from now on: those of the call, and of the gather. @told: the
 * same missing step has been reported already.
 */
static void judge_stores(struct replay *r, const struct call *call, uint64_t gather,
			 enum replay_moment moment, bool told)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->store_count; i++) {
		const struct open_store store = r->store[i];
		const struct slot *slot = &store.chunk->slot[store.index];
		enum replay_step lacks = REPLAY_OK;

		if (!(call && store.call == call->number) && !(gather && store.gather == gather)) {
			r->store[kept++] = store;
			continue;
		}
		if (store.chunk->reach == LINKED)
			lacks = store_lacks(r, store.chunk->table, &slot->progress);
		if (lacks && !told)
			violation(r, lacks, moment, store.chunk->level,
				  slot_va(store.chunk, store.index),
				  slot_address(store.chunk, store.index), 0, slot->value);
		told = told || lacks;
	}
	r->store_count = kept;
}

/* What was gathered is in no TLB. An undo's gather is its caller's alone. */
static bool judge_flush(struct replay *r, struct table *t, const struct call *flush,
			const struct call *outer, uint8_t cpu)
{
	bool told = false;

	for (struct copy *copy = t->copies, *next; copy; copy = next) {
		next = copy->table_next;
		if (copy->gather != flush->gather && !(outer && copy->call == outer->number))
			continue;
		if (!told)
			violation(r, copy_lacks(r, copy), REPLAY_AT_FLUSH, copy->level, copy->va,
				  copy->slot, copy->value, 0);
		told = true;
		copy_remove(r, copy);
	}
	if (r->cpu[cpu].needs_isb)
		violation(r, REPLAY_ISB, REPLAY_AT_FLUSH, t->is.start_level, 0, t->root, 0, 0);
	r->cpu[cpu].needs_isb = false;
	return told;
}

static void call_begin(struct replay *r, const struct host_event *event)
{
	struct cpu *cpu = &r->cpu[event->cpu];

	if (cpu->calls == CALLS_MAX)
		abort();
	cpu->call[cpu->calls++] = (struct call){ .number = ++r->call_number,
						 .table = event->table,
						 .gather = event->value,
						 .kind = event->el };
	r->counts.calls++;
}

static void call_end(struct replay *r, const struct host_event *event)
{
	struct cpu *cpu = &r->cpu[event->cpu];
	struct table *t = table_find(r, event->table);
	struct call call, *outer;
	bool told;

	/* Begun before it was recorded. */
	if (!cpu->calls || !t)
		return;
	call = cpu->call[--cpu->calls];
	outer = cpu->calls ? &cpu->call[cpu->calls - 1] : NULL;
	if (outer && outer->table != call.table)
		outer = NULL;
	if (call.kind == HOST_CALL_FLUSH) {
		if (event->old)
			return;
		told = judge_flush(r, t, &call, outer, (uint8_t)event->cpu);
		judge_stores(r, outer, call.gather, REPLAY_AT_FLUSH, told);
		return;
	}
	judge_runs(r, &call);
	/* What unmap has taken away is done when it is flushed. */
	if (call.kind == HOST_CALL_MAP && !event->old)
		judge_paths(r, &call);
	if (call.kind != HOST_CALL_UNMAP && call.kind != HOST_CALL_RELEASE)
		judge_stores(r, &call, 0, REPLAY_AT_RETURN, false);
}

/* ---- */

static void note(struct replay *r, const struct host_event *event)
{
	struct table *t = table_find(r, event->table);

	switch (event->kind) {
	case HOST_NOTE_RESET:
		reset(r);
		break;
	case HOST_NOTE_ZEROED:
		memory_zeroed(r, event->address, event->size, (uint8_t)event->cpu);
		break;
	case HOST_NOTE_CONTENTS:
		contents(r, event);
		break;
	case HOST_NOTE_TABLE:
		table_begin(r, event);
		break;
	case HOST_NOTE_TABLE_END:
		if (t)
			forget_table(r, t);
		break;
	case HOST_NOTE_GIVEN:
		given(r, event);
		break;
	case HOST_NOTE_INVALIDATE:
	case HOST_NOTE_SYNC:
		tlb_backend(r, event);
		break;
	case HOST_NOTE_CALL:
		call_begin(r, event);
		break;
	case HOST_NOTE_RETURN:
		call_end(r, event);
		break;
	default:
		break;
	}
}

void replay_event(void *replay, const struct host_event *event)
{
	struct replay *r = replay;

	if (event->cpu >= CPUS_MAX)
		abort();
	r->now++;
	r->counts.events++;
	if (event->kind >= HOST_NOTE)
		note(r, event);
	else if (event->kind == HOST_STORE || event->kind == HOST_CAS)
		store_event(r, event);
	else if (event->kind == HOST_CLEAN || event->kind == HOST_CLEAN_INVALIDATE)
		memory_cleaned(r, event->address, event->size, (uint8_t)event->cpu);
	else if (event->kind >= HOST_DSB_ISHST && event->kind <= HOST_ISB)
		barrier(r, event);
	else if (event->kind >= HOST_TLBI_VA)
		tlb_operation(r, event);
}
