/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a build with HARDEN=1 does more. It keeps a record of each frame:
 *
 *   use     FREED   no owner; its bytes are poison
 *           BUSY    a step of its owner's is on the way
 *           LOST    somebody wrote to it while it was FREED: it is never handed out again
 *           else    how often it is mapped
 *
 * A free begins by taking the use of each frame of the block from 0 to FREED, so that of two CPUs
 * that free one block only one writes poison. Parts of the metadata have a line of guard values
 * before them, and the last one behind it.
 *
 * In other builds all of this is empty, and the compiler leaves nothing of it.
 */
#ifndef FH_MM_PAGE_HARDEN_H
#define FH_MM_PAGE_HARDEN_H

#include "mm/page_priv.h"

#ifdef FH_HARDEN

/* Before each part of the metadata. */
#define HARDEN_GUARD_BYTES 64u

struct frame_record {
	_Atomic(uint32_t) use;
	_Atomic(uintptr_t) owner;    /* return address: who allocated it, or took it back */
	_Atomic(uintptr_t) mapper;   /* the same of who mapped it last */
	_Atomic(uint64_t) mapped_at; /* where, in the mapper's addresses */
};

void fh_harden_guard_init(void *guard);

/* Records of frames [@first, @end), none of which was ever handed out. */
void fh_harden_init(struct fh_frames_span *span, uint64_t first, uint64_t end);

/* Are all guard values whole? Else the allocation is refused (reported). */
bool fh_harden_sound(struct fh_frames *frames, const void *caller);

/**
 * fh_harden_take() - May a block that has just become OWNED be handed out?
 * @caller: becomes its owner.
 * Return: false when it is disturbed (reported); it stays OWNED, by nobody.
 */
bool fh_harden_take(struct fh_frames *frames, uint64_t pfn, unsigned int order, const void *caller);

/**
 * fh_harden_give() - May an owned page be freed? Then it is poison, and nobody else can take any
 * step with it until it is FREE.
 * Return: 0, or what it was refused with (reported). A bad handle is not refused here.
 */
int fh_harden_give(struct fh_frames *frames, const struct fh_page *page, const void *caller);

/* A step of the block's owner begins: FH_FAULT_NONE, or what it is refused with; and ends. */
enum fh_fault_code fh_harden_step(const struct block *block);
void fh_harden_step_end(const struct block *block);

/* Somebody took a block back. */
void fh_harden_own(const struct block *block, const void *caller);

/* Who owns a frame, or owned it last: a return address; NULL when nobody ever did. */
const void *fh_harden_owner(const struct fh_frames *frames, uint64_t pfn);

/* NULL, or the invariant that does not hold. */
const char *fh_harden_check(const struct fh_frames *frames);

#else

#define HARDEN_GUARD_BYTES 0u

static inline void fh_harden_guard_init(void *guard)
{
	(void)guard;
}

static inline void fh_harden_init(struct fh_frames_span *span, uint64_t first, uint64_t end)
{
	(void)span;
	(void)first;
	(void)end;
}

static inline bool fh_harden_sound(struct fh_frames *frames, const void *caller)
{
	(void)frames;
	(void)caller;
	return true;
}

static inline bool fh_harden_take(struct fh_frames *frames, uint64_t pfn, unsigned int order,
				  const void *caller)
{
	(void)frames;
	(void)pfn;
	(void)order;
	(void)caller;
	return true;
}

static inline int fh_harden_give(struct fh_frames *frames, const struct fh_page *page,
				 const void *caller)
{
	(void)frames;
	(void)page;
	(void)caller;
	return 0;
}

static inline enum fh_fault_code fh_harden_step(const struct block *block)
{
	(void)block;
	return FH_FAULT_NONE;
}

static inline void fh_harden_step_end(const struct block *block)
{
	(void)block;
}

static inline void fh_harden_own(const struct block *block, const void *caller)
{
	(void)block;
	(void)caller;
}

static inline const void *fh_harden_owner(const struct fh_frames *frames, uint64_t pfn)
{
	(void)frames;
	(void)pfn;
	return NULL;
}

static inline const char *fh_harden_check(const struct fh_frames *frames)
{
	(void)frames;
	return NULL;
}

#endif
#endif
