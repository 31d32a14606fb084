/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/page_harden.h"

#ifdef FH_HARDEN

#define USE_FREED (UINT32_C(1) << 31)
#define USE_BUSY (UINT32_C(1) << 30)
#define USE_LOST (UINT32_C(1) << 29)
#define USE_FLAGS (USE_FREED | USE_BUSY | USE_LOST)

/* No address, no descriptor of a table, and no small number. */
#define POISON UINT64_C(0xdead4ead5f5e5d5a)
#define GUARD UINT64_C(0x9a4dfe2c8a11ed6b)
#define GUARD_WORDS (HARDEN_GUARD_BYTES / sizeof(uint64_t))

/* ---- Guard values: each word has its own, so that a copy from elsewhere is none. */

void fh_harden_guard_init(void *guard)
{
	uint64_t *word = guard;

	for (size_t i = 0; i < GUARD_WORDS; i++)
		word[i] = GUARD ^ (uintptr_t)&word[i];
}

/* The one before a part of the metadata. */
static bool guard_holds(const void *part)
{
	const uint64_t *word = (const uint64_t *)part - GUARD_WORDS;

	for (size_t i = 0; i < GUARD_WORDS; i++)
		if (word[i] != (GUARD ^ (uintptr_t)&word[i]))
			return false;
	return true;
}

static bool span_guards_hold(const struct fh_frames_span *span)
{
	return guard_holds((const void *)span->frame_word) && guard_holds(span->region) &&
	       guard_holds((const void *)span->chunk_word) && guard_holds(span->group) &&
	       guard_holds(span->record);
}

/* Those that have no span, and the last one of all. */
static bool common_guards_hold(const struct fh_frames *frames)
{
	return guard_holds(frames->cpu) && guard_holds(frames->span) &&
	       guard_holds(frames->mark_offset) && guard_holds((const void *)frames->mark) &&
	       guard_holds(frames->span[frames->span_count].record);
}

static bool guards_hold(const struct fh_frames *frames)
{
	bool hold = common_guards_hold(frames);

	for (size_t i = 0; hold && i < frames->span_count; i++)
		hold = span_guards_hold(&frames->span[i]);
	return hold;
}

bool fh_harden_sound(struct fh_frames *frames, const void *caller)
{
	struct refusal refusal = {
		.code = FH_FAULT_METADATA,
		.pa = (uintptr_t)frames->config.metadata - frames->config.direct_offset,
	};

	if (guards_hold(frames))
		return true;
	fh_page_refuse(frames, &refusal, caller);
	return false;
}

/* ---- Poison. */

static uint64_t *frame_words(const struct fh_frames *frames, uint64_t pfn)
{
	return frame_address(frames, pfn << frames->frame_lg2);
}

static void poison(const struct fh_frames *frames, uint64_t pfn, unsigned int order)
{
	uint64_t *word = frame_words(frames, pfn);
	uint64_t *end = word + block_bytes(frames, order) / sizeof(*word);

	while (word < end)
		*word++ = POISON;
}

/* The first word of a frame that is not poison any more, or NULL. */
static const uint64_t *find_disturbed(const struct fh_frames *frames, uint64_t pfn)
{
	const uint64_t *word = frame_words(frames, pfn);
	const uint64_t *end = word + block_bytes(frames, 0) / sizeof(*word);

	for (; word < end; word++)
		if (*word != POISON)
			return word;
	return NULL;
}

/* ---- Records. */

static struct frame_record *record_of(const struct fh_frames_span *span, uint64_t pfn)
{
	return &span->record[pfn - span->first];
}

static uint32_t use_of(const struct frame_record *record)
{
	return atomic_load_explicit(&record->use, memory_order_acquire);
}

/* Is there a record of this frame? */
static struct frame_record *find_record(const struct fh_frames *frames, uint64_t pfn)
{
	const struct fh_frames_span *span = fh_frames_span_of(frames, pfn);

	if (!span || pfn - span->base >= atomic_load_explicit(&span->ready, memory_order_acquire))
		return NULL;
	return record_of(span, pfn);
}

void fh_harden_init(struct fh_frames_span *span, uint64_t first, uint64_t end)
{
	for (; first < end; first++) {
		struct frame_record *record = record_of(span, first);

		atomic_store_explicit(&record->use, 0, memory_order_relaxed);
		atomic_store_explicit(&record->owner, 0, memory_order_relaxed);
		atomic_store_explicit(&record->mapper, 0, memory_order_relaxed);
		atomic_store_explicit(&record->mapped_at, 0, memory_order_relaxed);
	}
}

static void set_owner(struct frame_record *record, const void *caller)
{
	atomic_store_explicit(&record->owner, (uintptr_t)caller, memory_order_relaxed);
}

static const void *owner_of(const struct frame_record *record)
{
	return (const void *)atomic_load_explicit(&record->owner, memory_order_relaxed);
}

/* ---- Steps. */

/* What speaks against handing out a frame, with what there is to say of it. */
static bool is_sound(const struct fh_frames *frames, const struct fh_frames_span *span,
		     uint64_t pfn, struct refusal *refusal)
{
	const struct frame_record *record = record_of(span, pfn);
	uint32_t use = use_of(record);
	const uint64_t *word = use & USE_FREED ? find_disturbed(frames, pfn) : NULL;

	if (word) {
		*refusal = (struct refusal){
			.code = FH_FAULT_DISTURBED,
			.pa = (uintptr_t)word - frames->config.direct_offset,
			.value = *word,
			.state = FH_FRAME_FREE,
			.by = owner_of(record),
		};
	} else if (use & ~USE_FLAGS) {
		*refusal = (struct refusal){
			.code = FH_FAULT_MAPPED,
			.pa = pfn << frames->frame_lg2,
			.value = use & ~USE_FLAGS,
			.state = FH_FRAME_FREE,
			.by = (const void *)atomic_load_explicit(&record->mapper,
								 memory_order_relaxed),
			.at = atomic_load_explicit(&record->mapped_at, memory_order_relaxed),
		};
	} else {
		return true;
	}
	return false;
}

static void quarantine(struct fh_frames *frames, const struct fh_frames_span *span, uint64_t pfn,
		       unsigned int order)
{
	for (uint64_t i = pfn; i < pfn + frames_of(order); i++)
		atomic_fetch_or_explicit(&record_of(span, i)->use, USE_LOST, memory_order_release);
	atomic_fetch_add_explicit(&frames->quarantined, frames_of(order), memory_order_relaxed);
}

bool fh_harden_take(struct fh_frames *frames, uint64_t pfn, unsigned int order, const void *caller)
{
	const struct fh_frames_span *span = fh_frames_span_of(frames, pfn);
	uint64_t end = pfn + frames_of(order);
	struct refusal refusal;
	bool sound = true;

	for (uint64_t i = pfn; sound && i < end; i++)
		sound = is_sound(frames, span, i, &refusal);
	if (!sound) {
		quarantine(frames, span, pfn, order);
		fh_page_refuse(frames, &refusal, caller);
		return false;
	}
	for (uint64_t i = pfn; i < end; i++) {
		set_owner(record_of(span, i), caller);
		atomic_fetch_and_explicit(&record_of(span, i)->use, ~USE_FREED,
					  memory_order_release);
	}
	return true;
}

static void unclaim(const struct fh_frames_span *span, uint64_t pfn, uint64_t end)
{
	for (; pfn < end; pfn++)
		atomic_fetch_and_explicit(&record_of(span, pfn)->use, ~USE_FREED,
					  memory_order_release);
}

/* Each frame's use from 0 to FREED, or none and why. */
static enum fh_fault_code claim(const struct block *block, uint64_t *which)
{
	uint64_t end = block->first + frames_of(block->order);

	for (uint64_t pfn = block->first; pfn < end; pfn++) {
		uint32_t use = 0;

		if (atomic_compare_exchange_strong_explicit(&record_of(block->span, pfn)->use, &use,
							    USE_FREED, memory_order_acq_rel,
							    memory_order_acquire))
			continue;
		unclaim(block->span, block->first, pfn);
		*which = pfn;
		if (use & USE_LOST)
			return FH_FAULT_DISTURBED;
		return use & USE_FLAGS ? FH_FAULT_DOUBLE_FREE : FH_FAULT_MAPPED;
	}
	return FH_FAULT_NONE;
}

static int refuse_free(const struct fh_frames *frames, enum fh_fault_code code,
		       const struct fh_page *page, const struct block *block, uint64_t pfn,
		       const void *caller)
{
	const struct frame_record *record = record_of(block->span, pfn);
	struct refusal refusal = {
		.code = code,
		.pa = pfn << frames->frame_lg2,
		.value = (uintptr_t)page,
		.state = block->state,
		.by = owner_of(record),
	};

	if (code == FH_FAULT_MAPPED) {
		refusal.by =
		    (const void *)atomic_load_explicit(&record->mapper, memory_order_relaxed);
		refusal.at = atomic_load_explicit(&record->mapped_at, memory_order_relaxed);
	}
	return fh_page_refuse(frames, &refusal, caller);
}

int fh_harden_give(struct fh_frames *frames, const struct fh_page *page, const void *caller)
{
	enum fh_fault_code code;
	struct block block;
	uint64_t which;

	if (fh_page_check_owned(frames, page, &block) != FH_FAULT_NONE)
		return 0;
	which = block.first;
	code = guards_hold(frames) ? claim(&block, &which) : FH_FAULT_METADATA;
	if (code != FH_FAULT_NONE)
		return refuse_free(frames, code, page, &block, which, caller);
	/* It may have changed hands before the claim. */
	if (fh_page_check_owned(frames, page, &block) != FH_FAULT_NONE) {
		uint64_t first = handle_pa(page) >> frames->frame_lg2;

		unclaim(fh_frames_span_of(frames, first), first,
			first + frames_of(handle_order(page)));
		return 0;
	}
	poison(frames, block.first, block.order);
	return 0;
}

enum fh_fault_code fh_harden_step(const struct block *block)
{
	uint32_t use = atomic_fetch_or_explicit(&record_of(block->span, block->first)->use,
						USE_BUSY, memory_order_acq_rel);

	if (!(use & USE_FLAGS))
		return FH_FAULT_NONE;
	if (!(use & USE_BUSY))
		fh_harden_step_end(block);
	return use & USE_LOST ? FH_FAULT_DISTURBED : FH_FAULT_STALE_HANDLE;
}

void fh_harden_step_end(const struct block *block)
{
	atomic_fetch_and_explicit(&record_of(block->span, block->first)->use, ~USE_BUSY,
				  memory_order_release);
}

void fh_harden_own(const struct block *block, const void *caller)
{
	for (uint64_t i = 0; i < frames_of(block->order); i++)
		set_owner(record_of(block->span, block->first + i), caller);
}

const void *fh_harden_owner(const struct fh_frames *frames, uint64_t pfn)
{
	const struct frame_record *record = find_record(frames, pfn);

	return record ? owner_of(record) : NULL;
}

/* ---- Mappings. */

static void count_mapped(struct frame_record *record, uint64_t at, const void *caller)
{
	uint32_t use = use_of(record);

	/* Where the count ends it stays, and the frame is never free again. */
	do {
		if ((use & ~USE_FLAGS) == ~USE_FLAGS)
			return;
	} while (!atomic_compare_exchange_weak_explicit(
	    &record->use, &use, use + 1, memory_order_acq_rel, memory_order_acquire));
	atomic_store_explicit(&record->mapper, (uintptr_t)caller, memory_order_relaxed);
	atomic_store_explicit(&record->mapped_at, at, memory_order_relaxed);
}

static void count_unmapped(struct frame_record *record)
{
	uint32_t use = use_of(record);

	/* Mapped before the frame had a record: it was nobody's then. */
	do {
		if (!(use & ~USE_FLAGS) || (use & ~USE_FLAGS) == ~USE_FLAGS)
			return;
	} while (!atomic_compare_exchange_weak_explicit(
	    &record->use, &use, use - 1, memory_order_acq_rel, memory_order_acquire));
}

/*
 * The part of the frames *@first to *@last that @span has records of; false where it has none. By
 * spans, because a block may be terabytes of which no byte is RAM.
 */
static bool recorded(const struct fh_frames_span *span, uint64_t *first, uint64_t *last)
{
	uint64_t end = span->base + atomic_load_explicit(&span->ready, memory_order_acquire);

	if (*first < span->first)
		*first = span->first;
	if (*last >= end)
		*last = end - 1;
	return end > span->first && *first <= *last;
}

void fh_frames_mapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes, uint64_t at,
		      const void *caller)
{
	uint64_t start = pa.raw >> frames->frame_lg2;

	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		uint64_t pfn = start;
		uint64_t last = (pa.raw + (bytes - 1)) >> frames->frame_lg2;

		if (!recorded(span, &pfn, &last))
			continue;
		for (; pfn <= last; pfn++)
			count_mapped(record_of(span, pfn),
				     at + ((pfn - start) << frames->frame_lg2), caller);
	}
}

void fh_frames_unmapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes)
{
	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		uint64_t pfn = pa.raw >> frames->frame_lg2;
		uint64_t last = (pa.raw + (bytes - 1)) >> frames->frame_lg2;

		if (!recorded(span, &pfn, &last))
			continue;
		for (; pfn <= last; pfn++)
			count_unmapped(record_of(span, pfn));
	}
}

/* ---- All of it. */

const char *fh_harden_check(const struct fh_frames *frames)
{
	if (!guards_hold(frames))
		return "guard values are whole";
	for (size_t i = 0; i < frames->span_count; i++) {
		const struct fh_frames_span *span = &frames->span[i];
		uint64_t end = span->base + count_get(&span->ready);

		for (uint64_t pfn = span->first; pfn < end; pfn++)
			if (use_of(record_of(span, pfn)) & USE_FREED &&
			    !(use_of(record_of(span, pfn)) & USE_LOST) &&
			    fh_frames_block_of(frames, pfn).state != FH_FRAME_FREE)
				return "what was freed and not handed out again is free";
	}
	return NULL;
}

#else

void fh_frames_mapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes, uint64_t at,
		      const void *caller)
{
	(void)frames;
	(void)pa;
	(void)bytes;
	(void)at;
	(void)caller;
}

void fh_frames_unmapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes)
{
	(void)frames;
	(void)pa;
	(void)bytes;
}

#endif
