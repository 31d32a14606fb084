/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A coprocessor on a CPU of its own, which shares UAT tables and the handoff with iommu/uat.c. Of
 * that it takes nothing but the layout: the walker, the lock and the TLB are its own.
 *
 *   enters and leaves contexts with the lock held, uses pages of the one it is in and of the upper
 *   half through a TLB that forgets only what it is asked to, changes its own entries all the
 *   while, and answers flushes; or is slow, or dead, or keeps the lock
 *
 * Whoever maps says beforehand that a page may be there, and after the flush that it is gone, by an
 * odd and an even epoch. A translation of a page that is gone is stale, and a page whose first word
 * is not its tag was given to somebody else.
 */
#ifndef FH_TESTS_ORACLE_UAT_MODEL_H
#define FH_TESTS_ORACLE_UAT_MODEL_H

#include "iommu/uat.h"

#define UAT_MODEL_TLB 64u
#define UAT_MODEL_OWN 8u
#define UAT_MODEL_LAST 3u /* contexts 1 to this are used */

/* What whoever maps fills a page with once it is his again: no descriptor of any level. */
#define UAT_POISON UINT64_C(0xa5a5a5a5a5a5a5a5)

enum uat_model_mode {
	UAT_MODEL_RUN,
	UAT_MODEL_SLOW, /* lets many looks go by before it answers */
	UAT_MODEL_DEAD, /* does nothing any more */
	UAT_MODEL_HOLD, /* likewise, with the lock */
	UAT_MODEL_STOP, /* leaves its context and returns */
};

/**
 * struct uat_model_page - A page that comes and goes.
 * @address: as the firmware sees it.
 * @context: whose, or FH_UAT_UPPER.
 * @tag: its first word.
 * @epoch: odd while it may be mapped.
 */
struct uat_model_page {
	uint64_t address;
	uint32_t context;
	uint64_t tag;
	_Atomic(uint64_t) epoch;
};

struct uat_model_entry {
	uint64_t page; /* address, with bit 0 set; 0: empty */
	uint64_t pa;
};

/**
 * struct uat_model - The coprocessor. Zero-initialise it, then:
 * @handoff, @contexts: shared.
 * @upper: root of the upper half.
 * @direct_offset: what makes a pointer of a physical address.
 * @ram, @ram_bytes: where tables and pages may lie.
 * @page, @pages: what it uses.
 * @own: UAT_MODEL_OWN leaf entries of its own.
 * @random: not 0.
 * @mode: what it is to do. @seen: what it does.
 * @pin: the context that it is to enter and stay in; 0: any.
 * @wrong: the first thing that was, or NULL.
 * @uses, @hits, @answers, @enters: how often, for whoever wants to know that something was tested.
 */
struct uat_model {
	struct fh_uat_handoff *handoff;
	struct fh_uat_roots *contexts;
	uint64_t upper;
	uintptr_t direct_offset;
	uint64_t ram;
	uint64_t ram_bytes;
	struct uat_model_page *page;
	unsigned int pages;
	uint64_t *own;
	uint64_t random;
	_Atomic(uint32_t) mode;
	_Atomic(uint32_t) seen;
	_Atomic(uint32_t) pin;
	const char *_Atomic wrong;
	_Atomic(uint64_t) uses;
	_Atomic(uint64_t) hits;
	_Atomic(uint64_t) answers;
	_Atomic(uint64_t) enters;
	/* private */
	uint32_t in;
	uint64_t lower;
	uint64_t own_value[UAT_MODEL_OWN];
	struct uat_model_entry tlb[2][UAT_MODEL_TLB]; /* lower, upper */
};

/* Runs until @mode is UAT_MODEL_STOP. */
void uat_model_run(struct uat_model *model);

/* One step of it, for whoever has but one CPU. */
void uat_model_step(struct uat_model *model);

/* Entries of its own are as it left them. Context: it has stopped. */
bool uat_model_own_intact(const struct uat_model *model);

#endif
