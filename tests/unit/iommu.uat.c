/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UAT step by step: the layout, every state of the lock, waits to the very look, what a flush asks
 * for and when, and the order in which walkers see contexts. The firmware moves between two looks:
 * arch_cpu_relax() is sched_yield() here, and this program has its own.
 */
#include "iommu/uat.h"

#include <cpu.h>

#include "iommu/pte.h"
#include "tests/unit/iommu_fixture.h"

#define PAGE UINT64_C(0x4000)
#define LOOKS 10u
#define EVENTS 512u
#define LOWER fh_phys(0x80400000)
#define UPPER fh_phys(0x80500000)

/* ---- Whoever waits lets the other side do something */

struct desk {
	struct fh_uat_handoff handoff;
	struct fh_uat_roots contexts[FH_UAT_CONTEXTS];
	struct fh_uat uat;
	struct fh_uat_half lower;
	struct fh_uat_half upper;
	/* at look number @when, counted from 1 */
	unsigned int when;
	void (*then)(struct desk *desk);
	unsigned int posts;
	uint64_t record;
	uint64_t address;
	uint64_t size;
};

static unsigned int yields;
static struct desk *desk_now;

int sched_yield(void)
{
	struct desk *desk = desk_now;

	if (++yields && desk && desk->then && yields == desk->when)
		desk->then(desk);
	return 0;
}

static struct host_event trace[EVENTS];

static int desk_setup(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	assert_non_null(desk);
	memset(&desk->handoff, 0xee, sizeof(desk->handoff));
	desk->handoff.lock[FH_UAT_FW] = 0;
	desk->handoff.turn = 0;
	fh_uat_handoff_init(&desk->handoff, FH_UAT_AP);
	desk->uat = (struct fh_uat){ &desk->handoff, desk->contexts, LOOKS, true, 0 };
	desk->lower.uat = desk->upper.uat = &desk->uat;
	desk->lower.number = FH_UAT_NONE;
	desk->upper.number = FH_UAT_UPPER;
	yields = 0;
	desk_now = desk;
	*state = desk;
	return 0;
}

static int desk_teardown(void **state)
{
	desk_now = NULL;
	free(*state);
	return 0;
}

#define DESK_TEST(name, function)                                                                  \
	{                                                                                          \
		(name), (function), desk_setup, desk_teardown, NULL                                \
	}

static void at_look(struct desk *desk, unsigned int when, void (*then)(struct desk *desk))
{
	yields = 0;
	desk->when = when;
	desk->then = then;
}

/* ---- Layout */

static uint64_t word_at(const struct desk *desk, size_t offset, size_t bytes)
{
	uint64_t word = 0;

	memcpy(&word, (const unsigned char *)&desk->handoff + offset, bytes);
	return word;
}

/* Offsets as the Asahi Linux project's tools have them. */
static void layout(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(word_at(desk, 0x00, 8), 0x4b1d000000000002);
	assert_int_equal(word_at(desk, 0x08, 8), 0xeeeeeeeeeeeeeeee);
	assert_int_equal(word_at(desk, 0x10, 2), 0);
	assert_int_equal(word_at(desk, 0x18, 4), 0);
	for (size_t i = 0; i <= 64; i++)
		assert_int_equal(word_at(desk, 0x20 + 0x18 * i, 8), 0);
	assert_int_equal(word_at(desk, 0x640, 8), 0);
	fh_uat_handoff_init(&desk->handoff, FH_UAT_FW);
	assert_int_equal(word_at(desk, 0x08, 8), 0x4b1d000000000002);
	MUST(fh_uat_handoff_lock(&desk->handoff, FH_UAT_AP, 1));
	assert_int_equal(word_at(desk, 0x10, 2), 0x0001);
	fh_uat_handoff_unlock(&desk->handoff, FH_UAT_AP);
	assert_int_equal(word_at(desk, 0x14, 4), 1);
	MUST(fh_uat_handoff_lock(&desk->handoff, FH_UAT_FW, 1));
	assert_int_equal(word_at(desk, 0x10, 2), 0x0100);
	fh_uat_handoff_unlock(&desk->handoff, FH_UAT_FW);
	assert_int_equal(word_at(desk, 0x14, 4), 0);
	MUST(fh_uat_bind(&desk->lower, 5, LOWER, UPPER));
	assert_int_equal(desk->contexts[5].lower, 0x0005000080400001);
	assert_int_equal(desk->contexts[5].upper, 0x0005000080500001);
}

static void give_magic(struct desk *desk)
{
	desk->handoff.magic[FH_UAT_FW] = FH_UAT_MAGIC;
}

static void magic(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(fh_uat_handoff_check(&desk->handoff, FH_UAT_AP, 3), -ENOTSUP);
	desk->handoff.magic[FH_UAT_FW] = 0;
	yields = 0;
	assert_int_equal(fh_uat_handoff_check(&desk->handoff, FH_UAT_AP, 3), -ETIMEDOUT);
	assert_int_equal(yields, 3);
	MUST(fh_uat_handoff_check(&desk->handoff, FH_UAT_FW, 1));
	/* Given after the last look, and before it. */
	at_look(desk, 3, give_magic);
	assert_int_equal(fh_uat_handoff_check(&desk->handoff, FH_UAT_AP, 3), -ETIMEDOUT);
	desk->handoff.magic[FH_UAT_FW] = 0;
	at_look(desk, 2, give_magic);
	MUST(fh_uat_handoff_check(&desk->handoff, FH_UAT_AP, 3));
}

/* ---- The lock */

static void free_both(struct desk *desk)
{
	desk->handoff.lock[FH_UAT_AP] = 0;
	desk->handoff.lock[FH_UAT_FW] = 0;
}

static void free_other(struct desk *desk)
{
	desk->handoff.lock[desk->record] = 0;
}

/* Each side, with the other's claim there until a look: whose turn it is decides who steps back. */
static void lock(void **state)
{
	struct desk *desk = *state;
	struct fh_uat_handoff *h = &desk->handoff;

	for (unsigned int side = 0; side < 2; side++)
		for (unsigned int turn = 0; turn < 2; turn++)
			for (unsigned int when = 1; when <= LOOKS; when++) {
				/* Who has stepped back needs a look to claim anew. */
				bool wins = when + (turn != side) < LOOKS;

				h->turn = turn;
				h->lock[!side] = 1;
				desk->record = !side;
				at_look(desk, when, free_other);
				assert_int_equal(
				    fh_uat_handoff_lock(h, (enum fh_uat_side)side, LOOKS),
				    wins ? 0 : -ETIMEDOUT);
				assert_int_equal(yields, wins ? when + (turn != side) : LOOKS);
				assert_int_equal(h->lock[side], wins);
				free_both(desk);
			}
}

static void note_claim(struct desk *desk)
{
	desk->posts = 1 + desk->handoff.lock[FH_UAT_AP];
}

/* It gives way when it is the other's turn, does not when it is its own, and goes without a trace.
 */
static void turn(void **state)
{
	struct desk *desk = *state;
	struct fh_uat_handoff *h = &desk->handoff;

	for (unsigned int turn = 0; turn < 2; turn++)
		for (unsigned int when = 1; when <= 4; when++) {
			h->turn = turn;
			h->lock[FH_UAT_FW] = 1;
			at_look(desk, when, note_claim);
			assert_int_equal(fh_uat_handoff_lock(h, FH_UAT_AP, 4), -ETIMEDOUT);
			assert_int_equal(yields, 4);
			assert_int_equal(desk->posts, turn == FH_UAT_AP ? 2 : 1);
			assert_int_equal(h->lock[FH_UAT_AP], 0);
			assert_int_equal(h->lock[FH_UAT_FW], 1);
			/* Whoever waits for its turn waits no longer. */
			assert_int_equal(h->turn, FH_UAT_FW);
		}
}

/* The claim stands before the look: who is free already may not be any more. */
static void give_turn(struct desk *desk)
{
	desk->handoff.turn = FH_UAT_AP;
	at_look(desk, yields + 1, note_claim);
	yields = desk->when - 1;
}

static void claims_anew(void **state)
{
	struct desk *desk = *state;
	struct fh_uat_handoff *h = &desk->handoff;

	h->turn = FH_UAT_FW;
	h->lock[FH_UAT_FW] = 1;
	at_look(desk, 2, give_turn);
	assert_int_equal(fh_uat_handoff_lock(h, FH_UAT_AP, 4), -ETIMEDOUT);
	assert_int_equal(desk->posts, 2);
}

/* ---- Contexts */

static size_t find(size_t count, size_t from, enum host_event_kind kind, const void *address)
{
	for (size_t i = from; i < count; i++)
		if (trace[i].kind == kind && (!address || trace[i].address == (uintptr_t)address))
			return i;
	fail_msg("no event %d", kind);
	return count;
}

static void bind_order(void **state)
{
	struct desk *desk = *state;
	const struct fh_uat_roots *roots = &desk->contexts[7];

	for (unsigned int coherent = 0; coherent < 2; coherent++) {
		size_t count, at;

		desk->uat.coherent = coherent;
		host_trace_start(trace, EVENTS);
		MUST(fh_uat_bind(&desk->lower, 7, LOWER, UPPER));
		count = host_trace_stop();
		assert_int_equal(desk->lower.number, 7);
		/* Nothing is left of who had the number, then the upper root, then the lower. */
		at = find(count, 0, HOST_TLBI_ALL, NULL);
		assert_int_equal(trace[at].el, 1);
		assert_int_equal(trace[at + 1].kind, HOST_DSB_SY);
		at = find(count, at, HOST_STORE, &roots->upper);
		if (!coherent) {
			assert_int_equal(trace[at + 1].kind, HOST_CLEAN);
			assert_int_equal(trace[at + 1].address, &roots->upper);
			assert_int_equal(trace[at + 2].kind, HOST_DSB_SY);
			at += 2;
		}
		assert_int_equal(trace[at + 1].kind, HOST_DSB_ISHST);
		assert_int_equal(trace[at + 2].kind, HOST_STORE);
		assert_int_equal(trace[at + 2].address, &roots->lower);
		at += 3;
		if (!coherent) {
			assert_int_equal(trace[at].kind, HOST_CLEAN);
			assert_int_equal(trace[at].address, &roots->lower);
			assert_int_equal(trace[at + 1].kind, HOST_DSB_SY);
			at += 2;
		}
		assert_int_equal(trace[at].kind, HOST_DSB_ISHST);
		assert_int_equal(at + 1, count);

		host_trace_start(trace, EVENTS);
		MUST(fh_uat_unbind(&desk->lower));
		count = host_trace_stop();
		assert_int_equal(desk->lower.number, FH_UAT_NONE);
		assert_int_equal(roots->lower | roots->upper, 0);
		at = find(count, 0, HOST_STORE, &roots->lower);
		at = find(count, at, HOST_DSB_ISHST, NULL);
		at = find(count, at, HOST_STORE, &roots->upper);
		if (!coherent)
			at = find(count, at, HOST_CLEAN, &roots->upper) + 1;
		assert_int_equal(trace[at + 1].kind, HOST_DSB_SY);
		assert_int_equal(trace[at + 2].kind, HOST_TLBI_ALL);
		assert_int_equal(trace[at + 3].kind, HOST_DSB_SY);
		assert_int_equal(at + 4, count);
	}
}

static void free_lock(struct desk *desk)
{
	desk->handoff.lock[FH_UAT_FW] = 0;
}

static void bind_refused(void **state)
{
	struct desk *desk = *state;
	struct fh_uat_half other = { .uat = &desk->uat, .number = FH_UAT_NONE };

	assert_int_equal(fh_uat_bind(&desk->lower, 0, LOWER, UPPER), -EINVAL);
	assert_int_equal(fh_uat_bind(&desk->lower, FH_UAT_CONTEXTS, LOWER, UPPER), -EINVAL);
	assert_int_equal(fh_uat_bind(&desk->lower, UINT32_MAX, LOWER, UPPER), -EINVAL);
	assert_int_equal(fh_uat_bind(&desk->upper, 1, LOWER, UPPER), -EINVAL);
	assert_int_equal(fh_uat_unbind(&desk->upper), -EINVAL);
	assert_int_equal(fh_uat_unbind(&desk->lower), -EINVAL);
	desk->handoff.current = 1;
	assert_int_equal(fh_uat_bind(&desk->lower, 1, LOWER, UPPER), -EBUSY);
	desk->handoff.current = 0;
	desk->contexts[1].upper = 1;
	assert_int_equal(fh_uat_bind(&desk->lower, 1, LOWER, UPPER), -EBUSY);
	desk->contexts[1] = (struct fh_uat_roots){ 1, 0 };
	assert_int_equal(fh_uat_bind(&desk->lower, 1, LOWER, UPPER), -EBUSY);
	desk->contexts[1].lower = 0;
	desk->handoff.lock[FH_UAT_FW] = 1;
	assert_int_equal(fh_uat_bind(&desk->lower, 1, LOWER, UPPER), -ETIMEDOUT);
	assert_int_equal(desk->lower.number, FH_UAT_NONE);
	assert_int_equal(desk->contexts[1].lower | desk->contexts[1].upper, 0);
	/* Nothing is claimed: it can be had when it is free. */
	at_look(desk, LOOKS - 2, free_lock);
	MUST(fh_uat_bind(&desk->lower, 1, LOWER, FH_PHYS_INVALID));
	assert_int_equal(desk->contexts[1].upper, 0);
	assert_int_equal(fh_uat_bind(&desk->lower, 2, LOWER, UPPER), -EINVAL);
	assert_int_equal(fh_uat_bind(&other, 1, LOWER, UPPER), -EBUSY);
	desk->handoff.current = 1;
	assert_int_equal(fh_uat_unbind(&desk->lower), -EBUSY);
	desk->handoff.lock[FH_UAT_FW] = 1;
	assert_int_equal(fh_uat_unbind(&desk->lower), -ETIMEDOUT);
	assert_int_not_equal(desk->contexts[1].lower, 0);
	free_both(desk);
	desk->handoff.current = 2;
	MUST(fh_uat_unbind(&desk->lower));
	assert_int_equal(desk->uat.busy, 0);
}

/* Another CPU of ours is at the handoff. */
static void busy(void **state)
{
	struct desk *desk = *state;

	desk->uat.busy = 1;
	assert_int_equal(fh_uat_bind(&desk->lower, 1, LOWER, UPPER), -ETIMEDOUT);
	assert_int_equal(yields, LOOKS);
	assert_int_equal(desk->uat.busy, 1);
	assert_int_equal(desk->handoff.lock[FH_UAT_AP], 0);
}

/* ---- Flushes */

static void invalidate(struct fh_uat_half *half, uint64_t iova, uint64_t size)
{
	fh_uat_tlb_ops.invalidate(half, fh_dma(iova), size, 14, false);
}

static int sync_now(struct fh_uat_half *half)
{
	return fh_uat_tlb_ops.sync(half);
}

static int flush(struct fh_uat_half *half, uint64_t iova, uint64_t size)
{
	invalidate(half, iova, size);
	return sync_now(half);
}

/* The firmware reads what it is asked, with our claim on the lock before it, and does it. */
static void answer(struct desk *desk)
{
	for (uint64_t i = 0; i <= 64; i++) {
		struct fh_uat_flush *f = &desk->handoff.flush[i];

		if (f->state != FH_UAT_FLUSH_POSTED)
			continue;
		assert_int_equal(desk->handoff.lock[FH_UAT_AP], 1);
		desk->posts++;
		desk->record = i;
		desk->address = f->address;
		desk->size = f->size;
		f->state = FH_UAT_FLUSH_DONE;
	}
}

static void expect_post(struct desk *desk, uint64_t record, uint64_t address, uint64_t size)
{
	assert_int_equal(desk->posts, 1);
	assert_int_equal(desk->record, record);
	assert_int_equal(desk->address, address);
	assert_int_equal(desk->size, size);
	assert_int_equal(desk->handoff.flush[record].state, FH_UAT_FLUSH_IDLE);
	assert_int_equal(desk->handoff.lock[FH_UAT_AP], 0);
	assert_int_equal(desk->uat.busy, 0);
	desk->posts = 0;
}

static void ranges(void **state)
{
	struct desk *desk = *state;

	/* In no context, it has nobody who could know it. */
	host_trace_start(trace, EVENTS);
	MUST(flush(&desk->lower, PAGE, PAGE));
	assert_int_equal(host_trace_stop(), 0);
	MUST(fh_uat_bind(&desk->lower, 9, LOWER, UPPER));
	/* Bound, and the firmware is elsewhere, or nowhere in either way of saying so. */
	desk->handoff.current = 8;
	MUST(flush(&desk->lower, PAGE, PAGE));
	desk->handoff.current = 0;
	MUST(flush(&desk->lower, PAGE, PAGE));
	desk->handoff.current = FH_UAT_NONE;
	MUST(flush(&desk->lower, PAGE, PAGE));
	assert_int_equal(desk->posts, 0);
	/* Two pages that are not neighbours: what lies between goes too. */
	desk->handoff.current = 9;
	at_look(desk, 1, answer);
	invalidate(&desk->lower, 7 * PAGE, 2 * PAGE);
	invalidate(&desk->lower, 3 * PAGE, PAGE);
	invalidate(&desk->lower, 5 * PAGE, PAGE);
	MUST(sync_now(&desk->lower));
	expect_post(desk, 9, 3 * PAGE, 6 * PAGE);
	/* Nothing is left of it, and nothing to do. */
	MUST(sync_now(&desk->lower));
	assert_int_equal(desk->posts, 0);
	at_look(desk, 1, answer);
	MUST(flush(&desk->lower, 0, UINT64_C(1) << 39));
	expect_post(desk, 9, 0, UINT64_C(1) << 39);
	/* The upper half, wherever the firmware is. */
	for (uint32_t current = 8; current <= 9; current++) {
		desk->handoff.current = current;
		at_look(desk, 1, answer);
		MUST(flush(&desk->upper, PAGE, PAGE));
		expect_post(desk, FH_UAT_UPPER, UINT64_C(0xffffff8000004000), PAGE);
	}
	at_look(desk, 1, answer);
	MUST(flush(&desk->upper, 0, UINT64_C(1) << 39));
	expect_post(desk, FH_UAT_UPPER, UINT64_C(0xffffff8000000000), UINT64_C(1) << 39);
}

/* The half is unbound meanwhile, which has let TLBs forget all of it, and the firmware says
 * nowhere. */
static void unbound(void **state)
{
	struct desk *desk = *state;

	MUST(fh_uat_bind(&desk->lower, 9, LOWER, UPPER));
	invalidate(&desk->lower, PAGE, PAGE);
	MUST(fh_uat_unbind(&desk->lower));
	desk->handoff.current = FH_UAT_NONE;
	MUST(sync_now(&desk->lower));
}

static void own_operations(void **state)
{
	struct desk *desk = *state;
	size_t count;

	MUST(fh_uat_bind(&desk->lower, 9, LOWER, UPPER));
	for (uint64_t pages = 1; pages <= 64; pages += 21) {
		host_trace_start(trace, EVENTS);
		MUST(flush(&desk->lower, UINT64_C(0x7ff0000000), pages * PAGE));
		count = host_trace_stop();
		assert_int_equal(count, pages + 1);
		for (uint64_t i = 0; i < pages; i++) {
			assert_int_equal(trace[i].kind, HOST_TLBI_VA);
			assert_int_equal(trace[i].el, 1);
			assert_int_equal(trace[i].value, UINT64_C(9) << 48 | (0x7ff0000 + 4 * i));
		}
		assert_int_equal(trace[pages].kind, HOST_DSB_SY);
	}
	host_trace_start(trace, EVENTS);
	MUST(flush(&desk->lower, 0, 65 * PAGE));
	assert_int_equal(host_trace_stop(), 2);
	assert_int_equal(trace[0].kind, HOST_TLBI_ALL);
	assert_int_equal(trace[0].el, 1);
	assert_int_equal(trace[1].kind, HOST_DSB_SY);
	at_look(desk, 1, answer);
	host_trace_start(trace, EVENTS);
	MUST(flush(&desk->upper, 0, PAGE));
	assert_int_equal(host_trace_stop(), 2);
	assert_int_equal(trace[0].kind, HOST_TLBI_ALL);
	assert_int_equal(trace[0].el, 1);
	assert_int_equal(trace[1].kind, HOST_DSB_SY);
}

/* To the look; then the request is still the firmware's, and the next one waits for it. */
static void timeouts(void **state)
{
	struct desk *desk = *state;
	struct fh_uat_flush *record = &desk->handoff.flush[9];

	MUST(fh_uat_bind(&desk->lower, 9, LOWER, UPPER));
	desk->handoff.current = 9;
	at_look(desk, LOOKS - 1, answer);
	MUST(flush(&desk->lower, PAGE, PAGE));
	assert_int_equal(yields, LOOKS - 1);
	expect_post(desk, 9, PAGE, PAGE);
	at_look(desk, 0, NULL);
	assert_int_equal(flush(&desk->lower, PAGE, PAGE), -ETIMEDOUT);
	assert_int_equal(yields, LOOKS);
	assert_int_equal(desk->handoff.lock[FH_UAT_AP], 0);
	assert_int_equal(desk->uat.busy, 0);
	assert_int_equal(record->state, FH_UAT_FLUSH_POSTED);
	/* Again, with more: nothing of the record changes under the firmware's eyes. */
	at_look(desk, 0, NULL);
	assert_int_equal(flush(&desk->lower, 4 * PAGE, PAGE), -ETIMEDOUT);
	assert_int_equal(yields, LOOKS);
	assert_int_equal(record->address, PAGE);
	assert_int_equal(record->size, PAGE);
	/* It answers, first what it was asked, then all that was not done yet. */
	record->state = FH_UAT_FLUSH_DONE;
	at_look(desk, 1, answer);
	MUST(sync_now(&desk->lower));
	expect_post(desk, 9, PAGE, 4 * PAGE);
	/* The lock is not to be had. */
	desk->handoff.lock[FH_UAT_FW] = 1;
	at_look(desk, 0, NULL);
	assert_int_equal(flush(&desk->lower, PAGE, PAGE), -ETIMEDOUT);
	assert_int_equal(yields, LOOKS);
	assert_int_equal(record->state, FH_UAT_FLUSH_IDLE);
	free_both(desk);
	at_look(desk, 1, answer);
	MUST(sync_now(&desk->lower));
	expect_post(desk, 9, PAGE, PAGE);
}

/* What one CPU has still to flush is not another's. */
static void cpus(void **state)
{
	struct desk *desk = *state;

	MUST(fh_uat_bind(&desk->lower, 9, LOWER, UPPER));
	desk->handoff.current = 9;
	invalidate(&desk->lower, PAGE, PAGE);
	host_cpu = 1;
	MUST(sync_now(&desk->lower));
	at_look(desk, 1, answer);
	MUST(flush(&desk->lower, 8 * PAGE, PAGE));
	expect_post(desk, 9, 8 * PAGE, PAGE);
	host_cpu = 0;
	at_look(desk, 1, answer);
	MUST(sync_now(&desk->lower));
	expect_post(desk, 9, PAGE, PAGE);
}

/* ---- With the engine */

/* A dead coprocessor: the gather keeps the frames, and so does release. */
static void gather(void **state)
{
	struct world *w = world_new();
	struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };
	struct desk *desk = *state;
	struct fh_gather gather;

	w->config.format = FH_FORMAT_UAT;
	w->config.granule_lg2 = 14;
	w->config.tlb = &fh_uat_tlb_ops;
	w->config.tlb_ctx = &desk->lower;
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_uat_bind(&desk->lower, 3, w->table.root, UPPER));
	desk->handoff.current = 3;
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FH_GIB), PAGE, attr));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3 * 4);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), UINT64_C(1) << 25, &gather));
	assert_int_equal(fh_gather_flush(&gather), -ETIMEDOUT);
	assert_int_equal(fh_gather_flush(&gather), -ETIMEDOUT);
	assert_int_equal(fh_pgtable_release(&w->table), -EBUSY);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3 * 4);
	desk->handoff.flush[3].state = FH_UAT_FLUSH_DONE;
	at_look(desk, 1, answer);
	MUST(fh_gather_flush(&gather));
	expect_post(desk, 3, 0, UINT64_C(1) << 25);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 2 * 4);
	desk->handoff.current = 0;
	MUST(fh_uat_unbind(&desk->lower));
	MUST(fh_pgtable_release(&w->table));
	world_delete(w);
}

static const struct CMUnitTest tests[] = {
	DESK_TEST("iommu.uat.layout", layout),
	DESK_TEST("iommu.uat.magic", magic),
	DESK_TEST("iommu.uat.lock", lock),
	DESK_TEST("iommu.uat.turn", turn),
	DESK_TEST("iommu.uat.claims_anew", claims_anew),
	DESK_TEST("iommu.uat.bind_order", bind_order),
	DESK_TEST("iommu.uat.bind_refused", bind_refused),
	DESK_TEST("iommu.uat.busy", busy),
	DESK_TEST("iommu.uat.ranges", ranges),
	DESK_TEST("iommu.uat.unbound", unbound),
	DESK_TEST("iommu.uat.own_operations", own_operations),
	DESK_TEST("iommu.uat.timeouts", timeouts),
	DESK_TEST("iommu.uat.cpus", cpus),
	DESK_TEST("iommu.uat.gather", gather),
};

UNIT_MAIN("iommu.uat", tests)
