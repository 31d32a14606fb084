/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model behind the checker.
 *
 *   chunk   4 KiB of memory that hold descriptors, and which table they are part of
 *   slot    a descriptor: its newest value, and how far that is on its way to walkers
 *   copy    what a TLB or walk cache may hold of a descriptor that was changed since
 *   table   a root, and the copies of all that was below
 *
 * Weak order: an older value stays visible until the store that replaced it is complete: a DSB, or
 * a clean and then a DSB when the walker is not coherent. In that time a TLB may fetch it.
 */
#ifndef FH_TOOLS_REPLAY_REPLAY_PRIV_H
#define FH_TOOLS_REPLAY_REPLAY_PRIV_H

#include "tools/replay/replay.h"

#define CHUNK_LG2 12
#define CHUNK_SLOTS 512u
#define CHUNK_BUCKETS 4096u
#define COPY_BUCKETS 4096u
#define TABLES_MAX 16u
#define CPUS_MAX 64u
#define CALLS_MAX 8u /* deep, on one CPU */
#define LEVEL_PAGE 3

#define VALID UINT64_C(1)
#define TABLE_OR_PAGE UINT64_C(2)
#define NOT_GLOBAL (UINT64_C(1) << 11)
#define NT (UINT64_C(1) << 16)
#define CONTIGUOUS (UINT64_C(1) << 52)

/* How far a store is: event numbers. */
struct progress {
	uint64_t stored;
	uint64_t cleaned; /* 0: not since */
	uint8_t cpu;
	uint8_t cleaner;
};

struct slot {
	uint64_t value;
	struct progress progress;
	bool known; /* somebody has written it */
};

enum reach {
	UNSEEN, /* no walker can reach it */
	LINKED,
	OFF, /* nothing links it, but walk caches may */
};

struct table {
	uint64_t id; /* 0: free */
	struct host_table is;
	uint64_t direct; /* host address minus physical address */
	uintptr_t root;
	uint64_t tlbis; /* that were for its regime */
	struct copy *copies;
	uint64_t copies_at[LEVEL_PAGE + 2]; /* by level + 1 */
	uint64_t hints;			    /* copies that have the contiguous hint */
};

/* @start, @bytes, @level, @va: of the table that the chunk is part of. */
struct chunk {
	uintptr_t base;
	struct chunk *next;
	enum reach reach;
	struct table *table;
	uintptr_t start;
	uint64_t bytes;
	int level;
	uint64_t va;
	unsigned int holders; /* copies of links to it */
	bool shared;	      /* reached at several addresses: of the firmware */
	struct slot slot[CHUNK_SLOTS];
};

enum copy_state {
	COPY_HELD,
	COPY_STAGE_2,	   /* TLBI of stage 2 issued */
	COPY_STAGE_2_DONE, /* and complete; combined entries remain */
	COPY_TLBI,	   /* all TLBI issued */
	COPY_BACKEND,	   /* a backend was told */
};

struct copy {
	struct copy *bucket_next, **bucket_link;
	struct copy *table_next, **table_link;
	struct table *table;
	int level;
	uint64_t va;
	uint64_t value;
	uintptr_t slot;	  /* where it stood, or where the link above was taken off */
	uintptr_t target; /* of a link: the table */
	struct progress progress;
	enum copy_state state;
	uint8_t cpu; /* who issued the TLBI */
	uint64_t tlbis_before;
	uint64_t call;
	uint64_t gather;
	/* what came in vain */
	enum replay_step early;
	bool other_asid;
	bool other_regime;
	bool last_level;
};

struct call {
	uint64_t number;
	uint64_t table;
	uint64_t gather;
	unsigned int kind;
};

/* A store to a table that walkers reach, until somebody may rely on it. */
struct open_store {
	struct chunk *chunk;
	unsigned int index;
	uint8_t cpu;
	uint64_t call;
	uint64_t gather;
};

struct cpu {
	uint64_t ordered; /* the last barrier that orders stores */
	uint64_t stored;  /* the last that completes them */
	uint64_t done;	  /* the last that completes cleans and TLBI too */
	bool needs_isb;
	unsigned int tlbi_open;
	struct call call[CALLS_MAX];
	unsigned int calls;
};

struct replay {
	replay_report *report;
	void *ctx;
	uint64_t now; /* number of the present event */
	uint64_t call_number;
	struct cpu cpu[CPUS_MAX];
	struct table table[TABLES_MAX];
	struct chunk *chunk[CHUNK_BUCKETS];
	struct copy *copy[COPY_BUCKETS];
	struct chunk *spare_chunks;
	struct copy *spare_copies;
	struct open_store *store;
	size_t store_count, store_room;
	struct replay_counts counts;
};

/* ---- What a descriptor says (descriptor.c): Arm ARM DDI 0487, D8.3 */

unsigned int level_shift(const struct table *t, int level);
bool is_link(uint64_t desc, int level);
bool is_leaf(uint64_t desc, int level);

static inline bool is_live(uint64_t desc, int level)
{
	return is_link(desc, level) || is_leaf(desc, level);
}

/* Where a link leads, in host addresses. */
uintptr_t link_target(const struct table *t, uint64_t desc);

/* Output address of @va, which the leaf @desc of @level covers. */
uint64_t leaf_output(const struct table *t, uint64_t desc, int level, uint64_t va);

/* The bits that must not change while a leaf is live: type, shareability, nG. */
uint64_t leaf_type(const struct table *t, uint64_t desc);

/* log2 of the entries of a contiguous run; 0: no such hint at this level. */
unsigned int run_lg2(const struct table *t, int level);

static inline uint64_t level_span(const struct table *t, int level)
{
	return UINT64_C(1) << level_shift(t, level);
}

static inline bool has(const struct table *t, unsigned int flag)
{
	return t->is.flags & flag;
}

/* ---- Memory (memory.c) */

struct chunk *chunk_find(const struct replay *r, uintptr_t address);
struct chunk *chunk_make(struct replay *r, uintptr_t address);
void chunk_drop(struct replay *r, struct chunk *chunk);

struct slot *slot_find(const struct replay *r, uintptr_t address);

static inline unsigned int slot_index(uintptr_t address)
{
	return (unsigned int)(address >> 3) & (CHUNK_SLOTS - 1);
}

static inline uintptr_t slot_address(const struct chunk *chunk, unsigned int index)
{
	return chunk->base + index * sizeof(uint64_t);
}

static inline uint64_t slot_va(const struct chunk *chunk, unsigned int index)
{
	return chunk->va + ((slot_address(chunk, index) - chunk->start) >> 3) *
			       level_span(chunk->table, chunk->level);
}

void memory_zeroed(struct replay *r, uintptr_t address, uint64_t bytes, uint8_t cpu);
void memory_cleaned(struct replay *r, uintptr_t address, uint64_t bytes, uint8_t cpu);

/* What a store lacks before walkers of @t are sure to see it; REPLAY_OK: nothing. */
enum replay_step store_lacks(const struct replay *r, const struct table *t,
			     const struct progress *progress);

/* The newest leaf that translates @va. */
bool memory_lookup(const struct replay *r, const struct table *t, uint64_t va, uint64_t *desc,
		   int *level);

/* ---- Copies in TLBs and walk caches (tlb.c) */

/* Of @value, which a store with @progress to @slot has made unreachable. */
void copy_add(struct replay *r, struct chunk *chunk, unsigned int index, uint64_t value,
	      uintptr_t slot, const struct progress *progress);
void copy_remove(struct replay *r, struct copy *copy);
struct copy *copy_first(const struct replay *r, const struct table *t, int level, uint64_t va);
struct copy *copy_next(const struct copy *copy);

/* @value stands there again: copies of it are right. */
void copy_renew(struct replay *r, const struct table *t, int level, uint64_t va, uint64_t value);

/* What it takes that this copy is gone. */
enum replay_step copy_lacks(const struct replay *r, const struct copy *copy);

void tlb_operation(struct replay *r, const struct host_event *event);
void tlb_backend(struct replay *r, const struct host_event *event);
void tlb_complete(struct replay *r, uint8_t cpu);

/* ---- Rules about stores (store.c) */

void store_event(struct replay *r, const struct host_event *event);

/* Everything below the table at @start becomes reachable. @check: what it takes, first. */
void tree_link(struct replay *r, struct table *t, uintptr_t start, uint64_t bytes, int level,
	       uint64_t va, bool check);

/* ---- */

void violation(struct replay *r, enum replay_step step, enum replay_moment moment, int level,
	       uint64_t iova, uintptr_t slot, uint64_t old, uint64_t now);

static inline struct call *call_of(struct replay *r, uint8_t cpu)
{
	return r->cpu[cpu].calls ? &r->cpu[cpu].call[r->cpu[cpu].calls - 1] : NULL;
}

#endif
