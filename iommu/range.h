/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is where in a table: changes of ranges that overlap wait for each other, and tables that are
 * unlinked stay until no reader can be in them.
 *
 *   change   announce the range -> look at what others announced -> change -> take it back
 *   read     announce reading -> read -> take it back
 *   reuse    unlink -> invalidate -> wait for those who were reading -> free
 *
 * An announcement is a store, and the look at the others' a load, both sequentially consistent:
 * of two CPUs at least one sees the other. That is one ordered store for a change instead of a
 * read-modify-write for each descriptor or each table. A range is announced as the smallest
 * aligned power of two that covers it, so that it fits into one word; it may cover more than
 * needed, and then two wait that need not have.
 */
#ifndef FH_IOMMU_RANGE_H
#define FH_IOMMU_RANGE_H

#include <stdatomic.h>

#include <cpu.h>

#include "iommu/pgtable.h"

/* An announcement: the first address in units of 4 KiB, and above its zero bits the order. */
#define RANGE_ORDER_BITS 6u

static inline uint64_t range_word(uint64_t first, uint64_t last)
{
	uint64_t page = first >> 12;
	uint64_t differ = page ^ last >> 12;
	unsigned int order = differ ? 64u - (unsigned int)__builtin_clzll(differ) : 0;

	return (page >> order << order) << RANGE_ORDER_BITS | (order + 1);
}

/* Do two announcements share an address? 0 is none; others have an order of 1 to 53. */
static inline bool range_words_overlap(uint64_t a, uint64_t b)
{
	uint64_t order_a = a & ((1u << RANGE_ORDER_BITS) - 1);
	uint64_t order_b = b & ((1u << RANGE_ORDER_BITS) - 1);
	uint64_t order = order_a > order_b ? order_a : order_b;

	return a && b && (a ^ b) >> (RANGE_ORDER_BITS - 1 + order) == 0;
}

#if FH_CPU_MAX > 1

/* What @word announces is announced; wait for those who are in the way, after joining if need be.
 */
void fh_range_settle(struct fh_pgtable *table, unsigned int self, uint64_t word);

/*
 * Announce only. One look tells whether that is all: whether this CPU has used the table before and
 * no other ever has. Return: whether; if not, fh_range_settle() comes next.
 */
static inline bool fh_range_announce(struct fh_pgtable *table, unsigned int self, uint64_t word)
{
	atomic_store_explicit(&table->cpu[self].range, word, memory_order_seq_cst);
	return FH_CPU_MAX <= 64 &&
	       atomic_load_explicit(&table->cpus, memory_order_seq_cst) == UINT64_C(1) << self % 64;
}

static inline void fh_range_withdraw(struct fh_pgtable_cpu *cpu)
{
	atomic_store_explicit(&cpu->range, 0, memory_order_release);
}

#else

/* One CPU: nobody to wait for. */
static inline void fh_range_settle(struct fh_pgtable *table, unsigned int self, uint64_t word)
{
	(void)table;
	(void)self;
	(void)word;
}

static inline bool fh_range_announce(struct fh_pgtable *table, unsigned int self, uint64_t word)
{
	(void)table;
	(void)self;
	(void)word;
	return true;
}

static inline void fh_range_withdraw(struct fh_pgtable_cpu *cpu)
{
	(void)cpu;
}

#endif

static inline void fh_range_enter(struct fh_pgtable *table, uint64_t first, uint64_t last)
{
	unsigned int self = cpu_id();
	uint64_t word = range_word(first, last);

	if (!fh_range_announce(table, self, word))
		fh_range_settle(table, self, word);
}

static inline void fh_range_leave(struct fh_pgtable *table)
{
	fh_range_withdraw(&table->cpu[cpu_id()]);
}

/* Is this CPU announced as reading? Nobody else writes its word. */
static inline bool fh_reads(const struct fh_pgtable *table)
{
	return atomic_load_explicit(&table->cpu[cpu_id()].reading, memory_order_relaxed) & 1;
}

/**
 * fh_read_enter() - A lookup, walk or section begins.
 *
 * Also from an exception that has interrupted another one on this CPU.
 * Return: what fh_read_leave() takes.
 */
static inline bool fh_read_enter(const struct fh_pgtable *table)
{
	/* The announcement is no part of what the table says. */
	struct fh_pgtable *mine = (struct fh_pgtable *)(uintptr_t)table;
	unsigned int self = cpu_id();
	_Atomic(uint64_t) *reading = &mine->cpu[self].reading;
	uint64_t now = atomic_load_explicit(reading, memory_order_relaxed);

	if (now & 1)
		return false;
	/*
	 * Before the first load of the walk, which must not find a table that is being given back:
	 * a store-release is ordered before later load-acquires alone (B2.3.2), so there is one.
	 */
	if (FH_CPU_MAX == 1) {
		atomic_store_explicit(reading, now + 1, memory_order_relaxed);
	} else {
		atomic_store_explicit(reading, now + 1, memory_order_seq_cst);
		(void)atomic_load_explicit(&mine->cpus, memory_order_seq_cst);
	}
	return true;
}

static inline void fh_read_leave(const struct fh_pgtable *table, bool entered)
{
	struct fh_pgtable *mine = (struct fh_pgtable *)(uintptr_t)table;
	_Atomic(uint64_t) *reading = &mine->cpu[cpu_id()].reading;

	if (entered)
		atomic_store_explicit(reading,
				      atomic_load_explicit(reading, memory_order_relaxed) + 1,
				      memory_order_release);
}

/**
 * fh_read_wait() - All who were reading when it was called have ended.
 *
 * Return: 0, or -EBUSY when this CPU is one of them.
 */
int fh_read_wait(struct fh_pgtable *table);

#endif
