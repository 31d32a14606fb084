/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusals. An illegal step is refused, changes nothing, returns an error, and is
 * reported through the function that the caller gave at initialisation.
 *
 * Context: any that the reporter or the sink may be called from; nothing else is touched.
 */
#ifndef FH_LIB_FAULT_H
#define FH_LIB_FAULT_H

#include "lib/out.h"
#include "lib/types.h"

/* Stable: numbers and names are only ever added. */
enum fh_fault_code {
	FH_FAULT_NONE = 0, /* nothing is wrong */
	/* mm: ownership of frames */
	FH_FAULT_NULL_PAGE = 1,	   /* a NULL handle */
	FH_FAULT_BAD_HANDLE = 2,   /* not a handle, or of an address that has no frame here */
	FH_FAULT_STALE_HANDLE = 3, /* of a block that was freed or given away since */
	FH_FAULT_BORROWED = 4,	   /* a borrowed page used as an owned one */
	FH_FAULT_DOUBLE_FREE = 5,  /* the block is free already */
	FH_FAULT_NOT_HELD = 6,	   /* page_from_phys() of what was not handed over */
	FH_FAULT_TAIL = 7,	   /* inside a block, not its first frame */
	FH_FAULT_NO_FRAME = 8,	   /* no-map, MMIO or a hole */
	FH_FAULT_UNALIGNED = 9,	   /* the address is not that of a frame */
	FH_FAULT_BOUNDS = 10,	   /* access outside the page */
	FH_FAULT_ABORT = 11,	   /* the memory answered with an external abort */
	FH_FAULT_ORDER = 12,	   /* an order beyond FH_ORDER_MAX, unknown flags */
	FH_FAULT_RESERVED = 13,	   /* someone else's RAM */
	FH_FAULT_MAPPED = 14,	   /* mapped still; built with HARDEN=1, as the next two */
	FH_FAULT_DISTURBED = 15,   /* written to while it was free: kept for ever */
	FH_FAULT_METADATA = 16,	   /* somebody wrote to the metadata */
	/* iommu: page tables */
	FH_FAULT_FOREIGN_ENTRY = 64,  /* a descriptor that is not ours */
	FH_FAULT_OUTSIDE_WINDOW = 65, /* not all of the range lies in our windows */
	FH_FAULT_LINK_LOST = 66,      /* a descriptor of ours has vanished from a foreign table */
	FH_FAULT_TABLE_MOVED = 67,    /* a foreign link no longer leads where it may */
	FH_FAULT_TABLE_STATE = 68,    /* a table of ours is not a HELD frame */
};

/**
 * struct fh_fault - One refusal.
 * @code: what it was.
 * @err: the errno that the call gives, negative, or what it would give.
 * @part: "page", "pgtable", ...
 * @addr: the physical or device address it is about.
 * @value: the offending value: a handle, a descriptor, an order.
 * @state: the frame's state in words, or NULL.
 * @declared_by: what declared the memory at @addr, or where the descriptor @value leads; or NULL.
 *               Valid during the call only.
 * @by: return address of who mapped it (mapped), or owned it last; NULL when nobody knows.
 * @at: where it is mapped, in the mapper's addresses (mapped).
 * @caller: return address of the call that was refused, or NULL.
 */
struct fh_fault {
	enum fh_fault_code code;
	int err;
	const char *part;
	uint64_t addr;
	uint64_t value;
	const char *state;
	const char *declared_by;
	const void *by;
	uint64_t at;
	const void *caller;
};

/**
 * struct fh_reporter - Who hears of refusals.
 * @report: may be NULL. Called from the context of the refused call, with no lock held; the
 *          fault is valid during the call only. It must not call back into the object it is
 *          told about.
 * @ctx: for @report.
 */
struct fh_reporter {
	void (*report)(void *ctx, const struct fh_fault *fault);
	void *ctx;
};

/**
 * fh_report() - Tell of a refusal.
 * @to: who hears of it; nobody when its function is NULL.
 * @fault: what was refused; needed during the call only.
 */
static inline void fh_report(const struct fh_reporter *to, const struct fh_fault *fault)
{
	if (to->report)
		to->report(to->ctx, fault);
}

/**
 * fh_fault_name() - The printable name of a @code.
 *
 * Return: "double-free" and the like; "unknown" for a number that has no name. Never NULL.
 */
const char *fh_fault_name(enum fh_fault_code code);

/**
 * fh_fault_describe() - One line that says what was refused.
 * @fault: as a reporter gets it.
 *
 * `fh: <part>: <addr>: <value>: <code, state, declared by, mapper or owner, caller> (<errno
 * name>)`, with a newline.
 */
void fh_fault_describe(const struct fh_fault *fault, const struct fh_out *out);

#endif
