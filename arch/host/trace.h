/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's stand-in for the machine: what real hardware would have seen of a page table's
 * life (stores to descriptors, cache maintenance, barriers, TLB operations), in program order,
 * for tests to replay.
 */
#ifndef FH_ARCH_HOST_TRACE_H
#define FH_ARCH_HOST_TRACE_H

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
};

/**
 * struct host_event - One thing that hardware would have seen.
 * @address, @size: memory it is about; 0 for barriers.
 * @old, @value: contents of a descriptor before and after; the operand of a TLB operation.
 * @el: regime of a TLB operation.
 */
struct host_event {
	enum host_event_kind kind;
	uintptr_t address;
	size_t size;
	uint64_t old;
	uint64_t value;
	unsigned int el;
};

/* Record into @buffer, which stays the caller's. Context: no other thread changes tables. */
void host_trace_start(struct host_event *buffer, size_t capacity);

/* Return: events recorded. More than there was room for end the program: a cut trace proves
 * nothing. */
size_t host_trace_stop(void);

/* Called by the headers of this folder; free when nothing records. */
void host_trace_add(const struct host_event *event);

/*
 * Called before each compare-and-swap of a descriptor, unless NULL, with what is about to be
 * stored: a test interferes there as another CPU or the firmware would. Not called from within.
 */
void host_interfere_set(void (*interfere)(void *ctx, uint64_t *slot, uint64_t desired), void *ctx);
void host_interfere(uint64_t *slot, uint64_t desired);

/* Cache geometry that arch_cache_*() report, for tests of the writeback granule. */
extern size_t host_cache_line;
extern size_t host_cache_writeback_granule;

#endif
