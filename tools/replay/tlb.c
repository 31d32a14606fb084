/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What TLBs and walk caches may still hold of descriptors that were changed, and which operations
 * take it away. Source: Arm ARM DDI 0487, D8.13 and D8.14; C5.5 for the operands.
 */
#include <stdlib.h>

#include "tools/replay/replay_priv.h"

static uint64_t bucket_of(const struct table *t, int level, uint64_t va)
{
	return ((va >> level_shift(t, level)) * 7 + (uint64_t)(level + 1)) % COPY_BUCKETS;
}

static struct copy *copy_same(struct copy *copy, const struct table *t, int level, uint64_t va)
{
	while (copy && (copy->table != t || copy->level != level || copy->va != va))
		copy = copy->bucket_next;
	return copy;
}

struct copy *copy_first(const struct replay *r, const struct table *t, int level, uint64_t va)
{
	va = va >> level_shift(t, level) << level_shift(t, level);
	return copy_same(r->copy[bucket_of(t, level, va)], t, level, va);
}

struct copy *copy_next(const struct copy *copy)
{
	return copy_same(copy->bucket_next, copy->table, copy->level, copy->va);
}

static void hold(const struct replay *r, const struct table *t, uintptr_t target, int change)
{
	uintptr_t end = target + (UINT64_C(1) << t->is.granule_lg2);

	for (uintptr_t at = target; at < end; at += UINT64_C(1) << CHUNK_LG2) {
		struct chunk *chunk = chunk_find(r, at);

		if (!chunk || (change < 0 && !chunk->holders))
			continue;
		chunk->holders += (unsigned int)change;
		if (!chunk->holders && chunk->reach == OFF)
			chunk->reach = UNSEEN;
	}
}

static bool has_hint(const struct copy *copy)
{
	return !copy->target && copy->value & CONTIGUOUS;
}

static void link_in(struct copy *copy, struct copy **bucket)
{
	struct table *t = copy->table;

	copy->bucket_link = bucket;
	copy->bucket_next = *bucket;
	if (*bucket)
		(*bucket)->bucket_link = &copy->bucket_next;
	*bucket = copy;
	copy->table_link = &t->copies;
	copy->table_next = t->copies;
	if (t->copies)
		t->copies->table_link = &copy->table_next;
	t->copies = copy;
	t->copies_at[copy->level + 1]++;
	t->hints += has_hint(copy);
}

void copy_add(struct replay *r, struct chunk *chunk, unsigned int index, uint64_t value,
	      uintptr_t slot, const struct progress *progress)
{
	struct table *t = chunk->table;
	struct call *call = call_of(r, progress->cpu);
	struct copy *copy;

	if (chunk->shared)
		return;
	copy = r->spare_copies;
	if (copy)
		r->spare_copies = copy->table_next;
	else
		copy = malloc(sizeof(*copy));
	if (!copy)
		abort();
	*copy = (struct copy){
		.table = t,
		.level = chunk->level,
		.va = slot_va(chunk, index),
		.value = value,
		.slot = slot,
		.target = is_link(value, chunk->level) ? link_target(t, value) : 0,
		.progress = *progress,
		.tlbis_before = t->tlbis,
		.call = call ? call->number : 0,
		.gather = call ? call->gather : 0,
	};
	link_in(copy, &r->copy[bucket_of(t, copy->level, copy->va)]);
	if (copy->target)
		hold(r, t, copy->target, 1);
	r->counts.stale++;
}

void copy_remove(struct replay *r, struct copy *copy)
{
	*copy->bucket_link = copy->bucket_next;
	if (copy->bucket_next)
		copy->bucket_next->bucket_link = copy->bucket_link;
	*copy->table_link = copy->table_next;
	if (copy->table_next)
		copy->table_next->table_link = copy->table_link;
	copy->table->copies_at[copy->level + 1]--;
	copy->table->hints -= has_hint(copy);
	if (copy->target)
		hold(r, copy->table, copy->target, -1);
	copy->table_next = r->spare_copies;
	r->spare_copies = copy;
}

void copy_renew(struct replay *r, const struct table *t, int level, uint64_t va, uint64_t value)
{
	for (struct copy *copy = copy_first(r, t, level, va), *next; copy; copy = next) {
		next = copy_next(copy);
		/* A block that had nT for a while translates the same. */
		if (copy->value == value ||
		    (is_leaf(value, level) && level < LEVEL_PAGE && copy->value == (value | NT)))
			copy_remove(r, copy);
	}
}

enum replay_step copy_lacks(const struct replay *r, const struct copy *copy)
{
	enum replay_step store = store_lacks(r, copy->table, &copy->progress);

	if (copy->state == COPY_STAGE_2_DONE)
		return REPLAY_TLBI_STAGE_1;
	if (copy->state != COPY_HELD)
		return REPLAY_TLBI_DSB;
	if (copy->early)
		return copy->early;
	if (store)
		return store;
	if (copy->other_asid)
		return REPLAY_TLBI_ASID;
	if (copy->last_level)
		return REPLAY_TLBI_TABLES;
	if (copy->table->tlbis > copy->tlbis_before)
		return REPLAY_TLBI_RANGE;
	return copy->other_regime ? REPLAY_TLBI_REGIME : REPLAY_TLBI;
}

/* An operation that is for this copy. */
static void take_away(struct replay *r, struct copy *copy, enum copy_state state, uint8_t cpu)
{
	switch (store_lacks(r, copy->table, &copy->progress)) {
	case REPLAY_OK:
		break;
	case REPLAY_STORE_CLEAN:
		copy->early = REPLAY_TLBI_AFTER_CLEAN;
		return;
	case REPLAY_STORE_CLEAN_DSB:
		copy->early = REPLAY_TLBI_AFTER_CLEAN_DSB;
		return;
	default:
		copy->early = REPLAY_TLBI_AFTER;
		return;
	}
	/* What was issued on this CPU before is completed by the same DSB. */
	if (copy->state == COPY_TLBI || (state == COPY_STAGE_2 && copy->state != COPY_HELD))
		return;
	copy->state = state;
	copy->cpu = cpu;
	r->cpu[cpu].tlbi_open++;
}

void tlb_complete(struct replay *r, uint8_t cpu)
{
	if (!r->cpu[cpu].tlbi_open)
		return;
	r->cpu[cpu].tlbi_open = 0;
	for (struct table *t = r->table; t < r->table + TABLES_MAX; t++)
		for (struct copy *copy = t->copies, *next; copy; copy = next) {
			next = copy->table_next;
			if (copy->cpu != cpu)
				continue;
			if (copy->state == COPY_STAGE_2) {
				copy->state = COPY_STAGE_2_DONE;
			} else if (copy->state == COPY_TLBI) {
				if (has(t, HOST_TABLE_SELF))
					r->cpu[cpu].needs_isb = true;
				copy_remove(r, copy);
			}
		}
}

/* ---- TLB operations of CPUs */

struct operation {
	uint64_t first; /* addresses */
	uint64_t last;
	unsigned int el;
	unsigned int asid;
	bool stage2;	 /* IPAS2 */
	bool both;	 /* VMALLS12 */
	bool all;	 /* every ASID, every address */
	bool whole_asid; /* every address */
	bool last_level;
	uint8_t cpu;
};

static struct operation decode_range(const struct host_event *event, struct operation op)
{
	/* C5.5: TG, SCALE, NUM, BaseADDR. */
	unsigned int tg = event->value >> 46 & 3;
	unsigned int scale = event->value >> 44 & 3;
	uint64_t num = event->value >> 39 & 31;
	unsigned int granule = 10 + 2 * tg;

	op.first = (event->value & ((UINT64_C(1) << 37) - 1)) << granule;
	op.last = op.first + (((num + 1) << (5 * scale + 1)) << granule) - 1;
	return op;
}

static struct operation decode(const struct host_event *event)
{
	struct operation op = { .el = event->el,
				.asid = (unsigned int)(event->value >> 48),
				.cpu = (uint8_t)event->cpu,
				.first = (event->value & ((UINT64_C(1) << 44) - 1)) << 12 };

	op.last = op.first;
	switch (event->kind) {
	case HOST_TLBI_VA_LAST:
	case HOST_TLBI_RANGE_LAST:
	case HOST_TLBI_IPA_LAST:
	case HOST_TLBI_IPA_RANGE_LAST:
		op.last_level = true;
		break;
	case HOST_TLBI_ASID:
		op.whole_asid = true;
		break;
	case HOST_TLBI_ALL:
		op.all = true;
		op.both = event->value == HOST_TLBI_STAGES_1_AND_2;
		break;
	default:
		break;
	}
	op.stage2 = event->kind == HOST_TLBI_IPA || event->kind == HOST_TLBI_IPA_LAST ||
		    event->kind == HOST_TLBI_IPA_RANGE || event->kind == HOST_TLBI_IPA_RANGE_LAST;
	if (event->kind == HOST_TLBI_RANGE || event->kind == HOST_TLBI_RANGE_LAST ||
	    event->kind == HOST_TLBI_IPA_RANGE || event->kind == HOST_TLBI_IPA_RANGE_LAST)
		op = decode_range(event, op);
	if (op.all || op.whole_asid) {
		op.first = 0;
		op.last = UINT64_MAX;
	}
	return op;
}

/* Is the operation for the regime of the table? Stage 2 also has use for EL1's VMALLE1IS. */
static bool is_regime(const struct table *t, const struct operation *op)
{
	if (has(t, HOST_TABLE_STAGE2))
		return op->stage2 || op->both || (op->all && op->el == 1);
	if (op->stage2)
		return false;
	return op->both ? t->is.el == 1 : t->is.el == op->el;
}

static void operate(struct replay *r, struct copy *copy, const struct operation *op)
{
	const struct table *t = copy->table;
	bool link = is_link(copy->value, copy->level);

	if (has(t, HOST_TABLE_STAGE2)) {
		if (op->stage2 && op->last_level && link)
			copy->last_level = true;
		else if (op->stage2)
			take_away(r, copy, COPY_STAGE_2, op->cpu);
		else if (op->both || copy->state == COPY_STAGE_2_DONE)
			take_away(r, copy, COPY_TLBI, op->cpu);
		return;
	}
	if (op->last_level && link) {
		copy->last_level = true;
		return;
	}
	/* D8.13: a global leaf goes whatever the ASID, but not with all of an ASID. */
	if (t->is.el == 1 && !op->all) {
		bool global = !link && !(copy->value & NOT_GLOBAL);

		if (op->whole_asid && global)
			return;
		if (!global && op->asid != t->is.asid) {
			copy->other_asid = true;
			return;
		}
	}
	take_away(r, copy, COPY_TLBI, op->cpu);
}

static bool covers(const struct copy *copy, uint64_t first, uint64_t last)
{
	uint64_t end = copy->va + (level_span(copy->table, copy->level) - 1);

	return first <= end && copy->va <= last;
}

static void operate_table(struct replay *r, struct table *t, const struct operation *op)
{
	if (op->first == op->last) {
		for (int level = t->is.start_level; level <= LEVEL_PAGE; level++)
			for (struct copy *copy = copy_first(r, t, level, op->first); copy;
			     copy = copy_next(copy))
				operate(r, copy, op);
		return;
	}
	for (struct copy *copy = t->copies; copy; copy = copy->table_next)
		if (covers(copy, op->first, op->last))
			operate(r, copy, op);
}

void tlb_operation(struct replay *r, const struct host_event *event)
{
	struct operation op = decode(event);

	for (struct table *t = r->table; t < r->table + TABLES_MAX; t++) {
		if (!t->id || !has(t, HOST_TABLE_CPU))
			continue;
		if (is_regime(t, &op)) {
			t->tlbis++;
			operate_table(r, t, &op);
			continue;
		}
		for (struct copy *copy = t->copies; copy; copy = copy->table_next)
			copy->other_regime = copy->other_regime || covers(copy, op.first, op.last);
	}
}

/* ---- Backends, by what they were asked for */

/* Does one of the addresses @first, @first + 2^@step_lg2, ... up to @last lie in the copy? */
static bool stepped_on(const struct copy *copy, uint64_t first, uint64_t last,
		       unsigned int step_lg2)
{
	uint64_t end = copy->va + (level_span(copy->table, copy->level) - 1);
	uint64_t steps;

	first = first >> step_lg2 << step_lg2;
	if (first >= copy->va)
		return first <= end;
	steps = ((copy->va - first) + (UINT64_C(1) << step_lg2) - 1) >> step_lg2;
	first += steps << step_lg2;
	return first <= end && first <= last;
}

static void backend_invalidate(struct replay *r, struct table *t, const struct host_event *event)
{
	uint64_t last = event->value + (event->size - 1);

	t->tlbis++;
	for (struct copy *copy = t->copies; copy; copy = copy->table_next) {
		if (!stepped_on(copy, event->value, last, event->old & 0xff))
			continue;
		if (copy->target && !(event->old & HOST_INVALIDATE_TABLES))
			copy->last_level = true;
		else
			take_away(r, copy, COPY_BACKEND, (uint8_t)event->cpu);
	}
}

void tlb_backend(struct replay *r, const struct host_event *event)
{
	for (struct table *t = r->table; t < r->table + TABLES_MAX; t++) {
		if (t->id != event->table || !t->id || has(t, HOST_TABLE_CPU))
			continue;
		if (event->kind == HOST_NOTE_INVALIDATE) {
			backend_invalidate(r, t, event);
			continue;
		}
		for (struct copy *copy = t->copies, *next; copy && !event->value; copy = next) {
			next = copy->table_next;
			if (copy->state == COPY_BACKEND)
				copy_remove(r, copy);
		}
	}
}
