/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs beside each other, for tests on the host and on the machine: the odd ones are a firmware
 * that changes its entries all the while (firmware.h), the even ones work in what it has lent
 * (neighbour.h). CPU 0 adopts the tree, lets all of them work, gives it back, and looks at what is
 * left; and again.
 *
 * Then one firmware that breaks its promise: it moves a table while CPU 0 works below it.
 */
#ifndef FH_TESTS_ORACLE_BESIDE_H
#define FH_TESTS_ORACLE_BESIDE_H

#include <stdatomic.h>

#include "tests/oracle/neighbour.h"

/**
 * struct beside - What they share.
 * @frames: where tables of ours come from; nobody else uses it.
 * @tlb, @tlb_ctx: of the configuration.
 * @cpus: 2 to 8, numbered from 0.
 * @over: asked on CPU 0 after each round: is it enough?
 * @memory, @pa: FIRMWARE_PAGES pages, reserved in @frames.
 * @wrong: the first thing that was, or NULL.
 */
struct beside {
	struct fh_frames *frames;
	const struct fh_tlb_ops *tlb;
	void *tlb_ctx;
	unsigned int cpus;
	bool (*over)(void *ctx);
	void *over_ctx;
	void *memory;
	uint64_t pa;
	const char *_Atomic wrong;
	_Atomic(bool) done;
	_Atomic(unsigned int) waiting; /* of those who meet */
	_Atomic(unsigned int) turn;
	_Atomic(uint64_t) changes;
	_Atomic(uint64_t) faults;
	uint64_t rounds;
	uint64_t steps;
	uint64_t no_memory;
	struct firmware fw;
	struct neighbour neighbour[NEIGHBOURS_MAX];
};

/* Before any CPU runs. */
void beside_prepare(struct beside *b);

/* What CPU @cpu does with the one @table; returns when @b->over said so, or something was wrong. */
void beside_run(struct beside *b, struct fh_pgtable *table, unsigned int cpu);

/* Where a link is moved to. */
enum moved_to {
	MOVED_TO_HOLE,
	MOVED_TO_NOMAP,
	MOVED_TO_OURS,	/* RAM of the allocator */
	MOVED_TO_DECOY, /* memory that is reserved, and looks right */
	MOVED_TO_COUNT,
};

/**
 * struct promise - A firmware that breaks its promise, and who works beside it.
 * @frames, @tlb, @tlb_ctx, @memory, @pa: as of struct beside.
 * @decoy: a page, reserved in @frames; its address is @target[MOVED_TO_DECOY].
 * @target: addresses; that of MOVED_TO_OURS is filled in.
 * @wrong, @line: the first thing that was, or NULL, and where.
 */
struct promise {
	struct fh_frames *frames;
	const struct fh_tlb_ops *tlb;
	void *tlb_ctx;
	void *memory;
	uint64_t pa;
	void *decoy;
	uint64_t target[MOVED_TO_COUNT];
	const char *wrong;
	int line;
	uint64_t cases;
	uint64_t noticed; /* calls that said so */
	uint64_t lost;	  /* tables that stayed HELD */
	struct firmware fw;
	uint64_t seed;
	/* what the firmware is to do: store @desc to @slot, when @go is not what it was */
	uint64_t *slot;
	uint64_t desc;
	_Atomic(uint64_t) go;
	_Atomic(uint64_t) gone;
	_Atomic(bool) done;
	/* the last fault that was reported, and codes of all, as bits from FH_FAULT_FOREIGN_ENTRY
	 */
	struct fh_fault fault;
	uint64_t faults;
};

/* CPU 0, which works, and another, which breaks the promise. */
void promise_run(struct promise *p, struct fh_pgtable *table);
void promise_break(struct promise *p);

#endif
