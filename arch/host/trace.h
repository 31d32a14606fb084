/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's stand-in for the machine: what real hardware would have seen of a page table's
 * life (stores to descriptors, cache maintenance, barriers, TLB operations), in program order,
 * for tests to look at. tools/replay judges it; for that, a stream also carries notes of what is
 * not seen: which tables there are, when calls begin and end, when frames change hands.
 */
#ifndef FH_ARCH_HOST_TRACE_H
#define FH_ARCH_HOST_TRACE_H

#include "arch/host/mutant.h"
#include "lib/types.h"

enum host_event_kind {
	HOST_STORE = 1, /* a descriptor was stored */
	HOST_CAS,	/* a compare-and-swap succeeded */
	HOST_CLEAN,
	HOST_CLEAN_INVALIDATE,
	HOST_INVALIDATE,
	HOST_DSB_ISHST,
	HOST_DSB_ISH,
	HOST_DSB_ST,
	HOST_DSB_SY,
	HOST_DMB_ISHST,
	HOST_ISB,
	HOST_TLBI_VA,	   /* by address, all levels; @value is the operand */
	HOST_TLBI_VA_LAST, /* by address, last level only */
	HOST_TLBI_ASID,
	HOST_TLBI_ALL,
	HOST_TLBI_IPA, /* stage 2, by address */
	HOST_TLBI_IPA_LAST,
	HOST_TLBI_RANGE, /* FEAT_TLBIRANGE */
	HOST_TLBI_RANGE_LAST,
	HOST_TLBI_IPA_RANGE,
	HOST_TLBI_IPA_RANGE_LAST,
	/* Notes, in streams alone. @table names the table that they are about. */
	HOST_NOTE = 64,
	HOST_NOTE_RESET = HOST_NOTE, /* another world: nothing that was noted before holds */
	HOST_NOTE_ZEROED,	     /* @size bytes at @address were set to 0, as by stores */
	HOST_NOTE_CONTENTS,	     /* long ago, and of others: @value stands at @address */
	HOST_NOTE_TABLE,	     /* @address: the root; @value: direct map; @old: host_table */
	HOST_NOTE_TABLE_END,
	HOST_NOTE_GIVEN,      /* @size bytes at @address are no table of ours any more */
	HOST_NOTE_INVALIDATE, /* a backend's: @size bytes from @value; @old: host_invalidate */
	HOST_NOTE_SYNC,	      /* a backend's: what it returned is @value */
	HOST_NOTE_CALL,	      /* @el: enum host_call; @value names the gather, 0 for none */
	HOST_NOTE_RETURN,     /* the same; @old: what it returned */
};

enum host_call {
	HOST_CALL_MAP = 1,
	HOST_CALL_UNMAP,
	HOST_CALL_PROTECT,
	HOST_CALL_TRIM,
	HOST_CALL_FLUSH,
	HOST_CALL_RELEASE,
};

#define HOST_TABLE_COHERENT 1u
#define HOST_TABLE_CPU 2u   /* invalidated by TLB operations; else by a backend's notes */
#define HOST_TABLE_SELF 4u  /* the CPU that changes it also runs by it */
#define HOST_TABLE_64K52 8u /* output address bits 51:48 in bits 15:12 */
#define HOST_TABLE_LPA2 16u
#define HOST_TABLE_STAGE2 32u /* of the format; @el is 2 then */
#define HOST_TABLE_FOREIGN 64u

/**
 * struct host_table - What a checker must know of a table, in eight bytes.
 * @root_lg2: bytes of the root. @el: of the regime.
 */
struct host_table {
	uint8_t granule_lg2;
	int8_t start_level;
	uint8_t root_lg2;
	uint8_t flags;
	uint8_t bbm_level;
	uint8_t el;
	uint16_t asid;
};

_Static_assert(sizeof(struct host_table) == sizeof(uint64_t), "it fits into an event");

#define HOST_INVALIDATE_TABLES 0x100u /* above the log2 of the smallest leaf */
#define HOST_TLBI_STAGES_1_AND_2 12u  /* @value of the HOST_TLBI_ALL for both */

/**
 * struct host_event - One thing that hardware would have seen.
 * @address, @size: memory it is about; 0 for barriers.
 * @old, @value: contents of a descriptor before and after; the operand of a TLB operation.
 * @el: regime of a TLB operation.
 * @cpu: who did it, filled in by the recorder.
 * @table: of notes.
 */
struct host_event {
	enum host_event_kind kind;
	uintptr_t address;
	size_t size;
	uint64_t old;
	uint64_t value;
	unsigned int el;
	unsigned int cpu;
	uint64_t table;
};

/* Record into @buffer, which stays the caller's. Context: no other thread changes tables. */
void host_trace_start(struct host_event *buffer, size_t capacity);

/* Return: events recorded. More than there was room for end the program: a cut trace proves
 * nothing. */
size_t host_trace_stop(void);

/**
 * host_trace_stream() - Hand every event, notes too, to @sink as it happens; NULL: to nobody.
 * Context: as host_trace_start(), and for as long as it streams. @sink may call it.
 */
void host_trace_stream(void (*sink)(void *ctx, const struct host_event *event), void *ctx);

/* Free when nothing records. Tests call it for notes. */
void host_trace_add(const struct host_event *event);

/*
 * Builds without FH_TEST_HOOKS (programs of the host that embed the library, benchmarks) record
 * nothing and let nobody interfere: what the headers of this folder do is then what the machine's
 * do, as far as the host can.
 */
#ifdef FH_TEST_HOOKS
#define HOST_RECORDS true
#else
#define HOST_RECORDS false
#endif

/* Called by the headers of this folder. */
static inline void host_record(struct host_event *event)
{
	if (HOST_RECORDS && (!host_mutant_named || host_mutant_event(event)))
		host_trace_add(event);
}

/*
 * Called before each compare-and-swap of a descriptor, unless NULL, with what is about to be
 * stored: a test interferes there as another CPU or the firmware would. Not called from within.
 */
void host_interfere_set(void (*interfere)(void *ctx, uint64_t *slot, uint64_t desired), void *ctx);
void host_interfere(uint64_t *slot, uint64_t desired);

/* Cache geometry that arch_cache_*() report, for tests of the writeback granule. */
extern size_t host_cache_line;
extern size_t host_cache_writeback_granule;

/* Whether the CPU has FEAT_TLBIRANGE. */
extern bool host_tlbi_range;

#endif
