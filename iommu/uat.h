/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What UAT tables (FH_FORMAT_UAT) need beside the tables: the memory that the application
 * processor (AP) shares with the coprocessor's firmware (FW), and invalidation on both sides.
 *
 *   contexts            roots                    handoff
 *   0  FW's own                                  magic AP, FW
 *   1  [lower][upper]   lower: ours, one each    lock  AP, FW, turn    who may change contexts
 *   :                   upper: adopted, one      current               the context FW is in
 *   63 [lower][upper]          for all           flush[0 to 63, 64]    what FW is to forget
 *
 *   fh_uat_handoff_init(), fh_uat_handoff_check()    once
 *   fh_pgtable_init() or _adopt() with fh_uat_tlb_ops, fh_uat_bind(); map, unmap, flush as ever
 *
 * Of the firmware it expects: it enters and leaves a context with the lock held, and has no
 * translations of the context when it has entered; it answers a flush of the context that it is
 * in, and of the upper half, also while it waits for the lock, and then uses nothing of the range
 * that it has from before. The GPU's TLBs hear TLB operations.
 *
 * All waiting is bounded by a number of looks at memory. The handoff is cached where all who use it
 * are coherent, else mapped non-cacheable.
 *
 * Context: any CPU of the AP, several at once; not from an exception that may have interrupted a
 *          call on the same struct fh_uat on this CPU.
 * Source: layout, numbers and lock as the Asahi Linux project has found them; Apple publishes
 *         nothing.
 */
#ifndef FH_IOMMU_UAT_H
#define FH_IOMMU_UAT_H

#include "iommu/gather.h"
#include "lib/bits.h"
#include "lib/types.h"
#include "mm/addr.h"

#ifndef FH_CPU_MAX
#error "FH_CPU_MAX must be what the library was built with"
#endif

#define FH_UAT_MAGIC UINT64_C(0x4b1d000000000002) /* of each side, when it is ready */
#define FH_UAT_CONTEXTS 64u			  /* contexts; 0 is the firmware's own */
#define FH_UAT_UPPER FH_UAT_CONTEXTS		  /* the flush record of the upper half */
#define FH_UAT_NONE UINT32_MAX			  /* a lower half that no context has */
/* What an address of the upper half has above its 39 bits. */
#define FH_UAT_UPPER_BASE UINT64_C(0xffffff8000000000)

#define FH_UAT_ROOT_VALID FH_BIT(0) /* a walker may use the root */
#define FH_UAT_ROOT_ASID_SHIFT 48   /* the context's number */
#define FH_UAT_ROOT_ASID_WIDTH 16   /* likewise */

/* The sides of the handoff: index of @magic and @lock, value of @turn. */
enum fh_uat_side {
	FH_UAT_AP = 0, /* who owns the lower halves: us */
	FH_UAT_FW = 1, /* the coprocessor */
};

/* States of a flush record. */
enum fh_uat_flush_state {
	FH_UAT_FLUSH_IDLE = 0,	 /* nothing was asked */
	FH_UAT_FLUSH_POSTED = 1, /* AP: please; range and state are the firmware's */
	FH_UAT_FLUSH_DONE = 2,	 /* FW: done; they are ours */
};

/**
 * struct fh_uat_flush - What the firmware is to forget.
 * @state: of enum fh_uat_flush_state.
 * @address: first byte, as the firmware sees it: FH_UAT_UPPER_BASE included.
 * @size: bytes, a multiple of 16 KiB.
 */
struct fh_uat_flush {
	_Atomic(uint64_t) state;
	_Atomic(uint64_t) address;
	_Atomic(uint64_t) size;
};

/**
 * struct fh_uat_handoff - The memory that both sides share, as the firmware knows it.
 * @magic: FH_UAT_MAGIC, by side.
 * @lock: 1: this side wants the lock or has it.
 * @turn: who goes first when both want it.
 * @current: the context that the firmware is in; 0 for none.
 * @flush: by context, and FH_UAT_UPPER.
 * @zero: set to 0 by AP; meaning unknown.
 */
struct fh_uat_handoff {
	_Atomic(uint64_t) magic[2];
	_Atomic(uint8_t) lock[2];
	uint8_t pad[2]; /* nothing */
	_Atomic(uint32_t) turn;
	_Atomic(uint32_t) current;
	uint32_t pad2; /* nothing */
	struct fh_uat_flush flush[FH_UAT_CONTEXTS + 1];
	uint64_t unknown; /* left alone */
	_Atomic(uint64_t) zero;
};

/**
 * struct fh_uat_roots - A context: address of the root, FH_UAT_ROOT_VALID and _ASID; 0 for none.
 * @lower, @upper: of the halves.
 */
struct fh_uat_roots {
	uint64_t lower;
	uint64_t upper;
};

/**
 * fh_uat_handoff_init() - This @side is ready.
 * @handoff: the shared memory.
 *
 * AP's also sets the records to idle and the context to none before it gives its magic, so it is to
 * come before the firmware runs.
 */
void fh_uat_handoff_init(struct fh_uat_handoff *handoff, enum fh_uat_side side);

/**
 * fh_uat_handoff_check() - Is the side that faces @side ready?
 * @handoff: the shared memory.
 * @looks: how often to look, 1 or more.
 *
 * Return: 0, -ETIMEDOUT (no magic yet), -ENOTSUP (one that is not FH_UAT_MAGIC).
 */
FH_MUST_CHECK int fh_uat_handoff_check(const struct fh_uat_handoff *handoff, enum fh_uat_side side,
				       uint32_t looks);

/**
 * fh_uat_handoff_lock() - Take the lock of the handoff for @side.
 * @handoff: the shared memory.
 * @looks: how often to look whether it is free, 1 or more.
 *
 * Dekker's algorithm; the first look may be the one that finds it free. Of each side one CPU at a
 * time.
 * Return: 0, or -ETIMEDOUT: nothing is claimed, and the turn is the other's.
 * Source: E. W. Dijkstra, EWD 123, 2.1 (T. J. Dekker's solution).
 */
FH_MUST_CHECK int fh_uat_handoff_lock(struct fh_uat_handoff *handoff, enum fh_uat_side side,
				      uint32_t looks);

/**
 * fh_uat_handoff_unlock() - Give back the lock that @side has; the turn is the other's.
 * @handoff: the shared memory.
 */
void fh_uat_handoff_unlock(struct fh_uat_handoff *handoff, enum fh_uat_side side);

/**
 * struct fh_uat - The AP's view; the caller's storage.
 * @handoff: shared, with the firmware ready.
 * @contexts: FH_UAT_CONTEXTS of them.
 * @looks: at most so many at a time, 1 or more: for the lock, and for an answer.
 * @coherent: walkers see @contexts through the caches of this CPU.
 * @busy: private; 0 at first. One of our CPUs is at the handoff.
 */
struct fh_uat {
	struct fh_uat_handoff *handoff;
	struct fh_uat_roots *contexts;
	uint32_t looks;
	bool coherent;
	_Atomic(uint32_t) busy;
};

/**
 * struct fh_uat_half - Half of a context's addresses: @tlb_ctx of its table. The caller's storage.
 * @uat: whose.
 * @number: FH_UAT_UPPER, or FH_UAT_NONE: a lower half, whose number fh_uat_bind() then sets.
 * @pending: private; zero at first. What each CPU has still to flush, from, and to below.
 */
struct fh_uat_half {
	struct fh_uat *uat;
	_Atomic(uint32_t) number;
	struct {
		uint64_t from;
		uint64_t to;
	} pending[FH_CPU_MAX];
};

/**
 * fh_uat_bind() - Give a lower half, and the upper one with it, to context @number.
 * @number: 1 to FH_UAT_CONTEXTS - 1, which becomes the ASID.
 * @half: lower, not bound.
 * @lower: root of its table.
 * @upper: root of the adopted table; FH_PHYS_INVALID: the context has no upper half.
 *
 * Whoever finds the lower root finds the upper one too, and no TLB has anything of the context's
 * ASID from before.
 * Context: nobody else binds or unbinds @half at the same time.
 * TLB: complete when it returns.
 * Return: 0, -EINVAL (@number, @half is bound or not lower), -EBUSY (the context has roots, or
 *         the firmware is in it), -ETIMEDOUT (no lock). On error nothing has changed.
 */
FH_MUST_CHECK int fh_uat_bind(struct fh_uat_half *half, uint32_t number, fh_phys_addr_t lower,
			      fh_phys_addr_t upper);

/**
 * fh_uat_unbind() - Take a lower half out of its context, which has no roots then.
 * @half: bound; its table may be released afterwards.
 *
 * Context: as fh_uat_bind().
 * TLB: complete when it returns 0.
 * Return: 0, -EINVAL (not bound), -EBUSY (the firmware is in the context), -ETIMEDOUT (no lock). On
 *         error nothing has changed.
 */
FH_MUST_CHECK int fh_uat_unbind(struct fh_uat_half *half);

/**
 * fh_uat_tlb_ops - struct fh_pgtable_config's @tlb; @tlb_ctx is a struct fh_uat_half.
 *
 * TLBI by address and ASID, which also finds global translations; of the upper half, and from 65
 * pages on, of everything. Then, with the lock held from before until the answer, a flush record
 * where the firmware is in the context; of the upper half always. A half that no context has needs
 * neither. After -ETIMEDOUT the record may stay posted, and the next flush waits for it first.
 * Source: Arm ARM DDI 0487, D8.13.
 */
extern const struct fh_tlb_ops fh_uat_tlb_ops;

#endif
