/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges a trace of arch/host: could a walker, a TLB or a walk cache have seen what it must not?
 *
 *   struct replay *replay = replay_new(on_violation, ctx);
 *   host_trace_stream(replay_event, replay);  or events from a file
 *   ...
 *   replay_delete(replay);
 *
 * It shares nothing with iommu/: what descriptors mean, and in which order they may change, is
 * written from the Arm ARM. docs/ordering.md lists the rules.
 */
#ifndef FH_TOOLS_REPLAY_REPLAY_H
#define FH_TOOLS_REPLAY_REPLAY_H

#include "arch/host/trace.h"

/* The step that is missing. Stable: names and numbers are only ever added. */
enum replay_step {
	REPLAY_OK = 0,
	/* before a link */
	REPLAY_CHILD_BARRIER = 1,   /* no barrier between a table's stores and its link */
	REPLAY_CHILD_CLEAN = 2,	    /* no clean of the table */
	REPLAY_CHILD_CLEAN_DSB = 3, /* no DSB between that clean and the link */
	REPLAY_CHILD_CONTENTS = 4,  /* part of the table was never written */
	/* before others rely on a store */
	REPLAY_STORE_DSB = 10,
	REPLAY_STORE_CLEAN = 11,
	REPLAY_STORE_CLEAN_DSB = 12,
	/* valid to valid */
	REPLAY_BREAK_ADDRESS = 20, /* another output address, or another table */
	REPLAY_BREAK_TYPE = 21,	   /* memory type, shareability, global or not */
	REPLAY_BREAK_SIZE = 22,	   /* block to table or back, BBM level 0 */
	REPLAY_BREAK_NT = 23,	   /* the same, level 1: the block had no nT */
	REPLAY_BREAK_RUN = 24,	   /* the contiguous hint, below level 2 */
	REPLAY_NT_LEVEL = 25,	   /* nT, where level 0 has none */
	REPLAY_RUN_WHOLE = 26,	   /* only a part of a contiguous run has the hint */
	/* invalidation */
	REPLAY_TLBI = 30,	/* none at all */
	REPLAY_TLBI_AFTER = 31, /* only one before the old descriptor was gone: DSB ISHST first */
	REPLAY_TLBI_AFTER_CLEAN = 32,	  /* the same: clean first */
	REPLAY_TLBI_AFTER_CLEAN_DSB = 33, /* the same: DSB of the clean first */
	REPLAY_TLBI_ASID = 34,
	REPLAY_TLBI_REGIME = 35,
	REPLAY_TLBI_RANGE = 36,	  /* those that came do not cover the address */
	REPLAY_TLBI_TABLES = 37,  /* those that came leave walk caches alone */
	REPLAY_TLBI_STAGE_1 = 38, /* stage 2: combined entries stay without TLBI VMALLE1IS */
	REPLAY_TLBI_DSB = 39,	  /* not completed */
	REPLAY_ISB = 40,	  /* completed, but not for the instructions of this CPU */
	/* table frames */
	REPLAY_UNLINK = 50,	      /* given back while a descriptor links it */
	REPLAY_REUSE_VALID = 51,      /* a valid descriptor where walkers still look */
	REPLAY_REUSE_TRANSLATES = 52, /* they still translate by what was overwritten */
};

/* When it was missed. */
enum replay_moment {
	REPLAY_AT_LINK,	 /* a table became reachable */
	REPLAY_AT_STORE, /* a descriptor was stored */
	REPLAY_AT_RETURN,
	REPLAY_AT_FLUSH, /* a flush returned */
	REPLAY_AT_GIVEN, /* a table's frame was given back */
};

/**
 * struct replay_violation - One rule that was broken.
 * @event: number of the event, from 1.
 * @level, @iova: of the descriptor that it is about; @slot: where that stands.
 * @old: what a walker, TLB or walk cache may still use. @now: what was stored.
 */
struct replay_violation {
	enum replay_step step;
	enum replay_moment moment;
	uint64_t event;
	int level;
	uint64_t iova;
	uintptr_t slot;
	uint64_t old;
	uint64_t now;
};

struct replay;

typedef void replay_report(void *ctx, const struct replay_violation *violation);

struct replay *replay_new(replay_report *report, void *ctx);
void replay_delete(struct replay *replay);

/* A sink for host_trace_stream(), whose @ctx is the struct replay. */
void replay_event(void *replay, const struct host_event *event);

/* What was judged, so that a test can tell that something was. */
struct replay_counts {
	uint64_t events;
	uint64_t stores; /* to tables that walkers reach */
	uint64_t links;
	uint64_t stale; /* copies that TLBs may have held of what had gone */
	uint64_t given; /* table frames */
	uint64_t calls;
};

struct replay_counts replay_counts(const struct replay *replay);

/* "tlbi-asid"; the same in words. */
const char *replay_step_name(enum replay_step step);
const char *replay_step_text(enum replay_step step);

/* One line, without its end. */
void replay_print(char *text, size_t bytes, const struct replay_violation *violation);

#endif
