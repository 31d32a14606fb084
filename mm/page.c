/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps between the states of a frame:
 *
 *   fh_page_alloc      FREE  -> OWNED     NULL -> handle
 *   fh_page_free       OWNED -> FREE      the handle dies
 *   fh_page_into_phys  OWNED -> HELD      handle -> address
 *   fh_page_from_phys  HELD  -> OWNED     address -> handle
 *
 * Each is decided by one compare-and-swap, so that of two CPUs that take the same step one is
 * refused.
 */
#include <cache.h>

#include "lib/error.h"
#include "mm/page_harden.h"
#include "mm/page_priv.h"

#ifdef FH_TEST_HOOKS
/* Is this the allocation that fh_frames_fail_after() chose? */
static bool must_fail(struct fh_frames *frames)
{
	uint64_t left = atomic_load_explicit(&frames->fail_after, memory_order_relaxed);

	while (left && !atomic_compare_exchange_weak(&frames->fail_after, &left, left - 1))
		continue;
	return left == 1;
}

/* How many may be allocated at once without passing over that one. */
static size_t at_once(struct fh_frames *frames)
{
	return atomic_load_explicit(&frames->fail_after, memory_order_relaxed) ? 1 : SIZE_MAX;
}
#else
static inline bool must_fail(struct fh_frames *frames)
{
	(void)frames;
	return false;
}

static inline size_t at_once(struct fh_frames *frames)
{
	(void)frames;
	return SIZE_MAX;
}
#endif

/*
 * Order 0 from the word of codes that this CPU used last; PFN_NONE when nothing is free in it.
 * What the word was then is a guess that the swap verifies: loading it here would wait for the
 * swap before.
 */
static inline uint64_t take_at_hand(struct fh_frames_cpu *cpu)
{
	uint64_t value = cpu->guess;
	uint64_t fit;

	while ((fit = code_free_units(value, FRAME_BITS))) {
		fit &= -fit;
		/* From FREE to OWNED is one more. */
		if (word_cas(cpu->word, &value, value + fit)) {
			cpu->guess = value + fit;
			count_add(&cpu->taken, 1);
			return cpu->word_pfn + code_unit_of(fit, FRAME_BITS);
		}
	}
	return PFN_NONE;
}

static struct fh_page *alloc_want(struct fh_frames *frames, const struct want *want,
				  unsigned int flags, const void *caller)
{
	uint64_t pfn;
	uint64_t pa;

	do {
		pfn = fh_frames_find(frames, want);
		if (pfn == PFN_NONE)
			return NULL;
		count_add(&frames_cpu(frames)->taken, frames_of(want->order));
	} while (!fh_harden_take(frames, pfn, want->order, caller));
	pa = pfn << frames->frame_lg2;
	if (flags & FH_PAGE_ZERO)
		arch_zero(frame_address(frames, pa), (size_t)block_bytes(frames, want->order));
	return handle_make(frames, pa, want->order, 0);
}

static struct fh_page *refuse_request(struct fh_frames *frames, uint64_t value, const void *caller)
{
	struct refusal refusal = { .code = FH_FAULT_ORDER, .value = value };

	fh_page_refuse(frames, &refusal, caller);
	return NULL;
}

/* Everything but a frame at hand. Apart, so that the common case saves no registers for it. */
static __attribute__((noinline)) struct fh_page *
alloc_slowly(struct fh_frames *frames, unsigned int order, unsigned int flags, const void *caller)
{
	struct want want = {
		.order = order, .align = order, .end = UINT64_MAX, .numa = FH_NUMA_NONE
	};

	if (order > FH_ORDER_MAX || (flags & ~FH_PAGE_ZERO))
		return refuse_request(frames, order > FH_ORDER_MAX ? order : flags, caller);
	return alloc_want(frames, &want, flags, caller);
}

struct fh_page *fh_page_alloc(struct fh_frames *frames, unsigned int order, unsigned int flags)
{
	uint64_t pfn;

	if (must_fail(frames) || !fh_harden_sound(frames, __builtin_return_address(0)))
		return NULL;
	if ((order | flags) == 0) {
		pfn = take_at_hand(frames_cpu(frames));
		if (pfn != PFN_NONE && fh_harden_take(frames, pfn, 0, __builtin_return_address(0)))
			return handle_make(frames, pfn << frames->frame_lg2, 0, 0);
	}
	return alloc_slowly(frames, order, flags, __builtin_return_address(0));
}

struct fh_page *fh_page_alloc_request(struct fh_frames *frames,
				      const struct fh_page_request *request)
{
	const void *caller = __builtin_return_address(0);
	struct want want = {
		.order = request->order,
		.align = request->order,
		.end = UINT64_MAX,
		.numa = request->on_node ? request->node : FH_NUMA_NONE,
	};

	if (request->order > FH_ORDER_MAX || (request->flags & ~FH_PAGE_ZERO))
		return refuse_request(
		    frames, request->order > FH_ORDER_MAX ? request->order : request->flags,
		    caller);
	if (request->align_order > FH_ORDER_MAX)
		return refuse_request(frames, request->align_order, caller);
	if (request->on_node && request->node == FH_NUMA_NONE)
		return NULL;
	if (must_fail(frames) || !fh_harden_sound(frames, caller))
		return NULL;
	if (request->align_order > want.align)
		want.align = request->align_order;
	if (request->last && request->last != UINT64_MAX)
		want.end = (request->last + 1) >> frames->frame_lg2;
	return alloc_want(frames, &want, request->flags, caller);
}

/* Up to @count frames of the word at hand by one swap. Return: a bit for each, at its code. */
static uint64_t take_many_at_hand(struct fh_frames_cpu *cpu, size_t count)
{
	uint64_t value = word_load(cpu->word);
	uint64_t fits;

	do {
		uint64_t rest;

		fits = code_free_units(value, FRAME_BITS);
		rest = fits;
		for (size_t n = 0; rest && n < count; n++)
			rest &= rest - 1;
		fits ^= rest;
	} while (fits && !word_cas(cpu->word, &value, value + fits));
	cpu->guess = value + fits;
	return fits;
}

size_t fh_page_alloc_many(struct fh_frames *frames, struct fh_page **pages, size_t count)
{
	const void *caller = __builtin_return_address(0);
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	size_t done = 0;

	if (!fh_harden_sound(frames, caller))
		return 0;
	while (done < count && !must_fail(frames)) {
		size_t most = at_once(frames);
		uint64_t fits = take_many_at_hand(cpu, count - done < most ? count - done : most);
		uint64_t taken = 0;

		for (; fits; fits &= fits - 1) {
			uint64_t pfn = cpu->word_pfn + code_unit_of(fits & -fits, FRAME_BITS);

			taken++;
			if (fh_harden_take(frames, pfn, 0, caller))
				pages[done++] = handle_make(frames, pfn << frames->frame_lg2, 0, 0);
		}
		count_add(&cpu->taken, taken);
		if (!taken) {
			/* Settles at another word. */
			pages[done] = alloc_slowly(frames, 0, 0, caller);
			if (!pages[done])
				break;
			done++;
		}
	}
	return done;
}

/* Anything but one frame of a word that is easily found. */
static __attribute__((noinline)) int free_slowly(struct fh_frames *frames, struct fh_page *page,
						 const void *caller)
{
	enum fh_fault_code code;
	struct block block;

	do {
		code = fh_page_check_owned(frames, page, &block);
	} while (code == FH_FAULT_NONE && !fh_block_give(frames, &block));
	if (code == FH_FAULT_NONE) {
		struct fh_frames_cpu *cpu = frames_cpu(frames);

		cpu->span = block.span;
		count_add(&cpu->freed, frames_of(block.order));
		return 0;
	}
	if (code == FH_FAULT_STALE_HANDLE && block.state == FH_FRAME_FREE)
		code = FH_FAULT_DOUBLE_FREE;
	return fh_page_refuse_handle(frames, code, page, block.state, caller);
}

/*
 * A frame of a word that this CPU does not allocate from has become free; @value: that word now.
 * Of which orders it has blocks now is found out when somebody looks for one.
 */
static inline void free_elsewhere(struct fh_frames *frames, struct fh_frames_cpu *cpu, uint64_t pfn,
				  uint64_t value)
{
	struct fh_frames_span *span = cpu->span;
	unsigned int unit = (unsigned int)(pfn % 32);
	unsigned int at = (unsigned int)(pfn % CHUNK_FRAMES) >> WORD_ORDER;
	struct region *region = &span->region[region_index(span, pfn)];

	if (value == code_ones(FRAME_BITS)) {
		fh_frames_freed(frames, span, pfn - unit, WORD_ORDER);
	} else if (!code_free_units(cpu->guess, FRAME_BITS) &&
		   (orders_get(chunk_hints(span, pfn).orders) == 0 || pfn < cpu->word_pfn) &&
		   region_cpu(region) == cpu_id() + 1) {
		/*
		 * Nothing is at hand, and all else in the chunk is taken, or it is lower than where
		 * this CPU was: the next page comes from here.
		 */
		cpu->word = frame_word_of(span, pfn);
		cpu->word_span = span;
		cpu->word_pfn = pfn - unit;
		cpu->guess = value;
	} else if (!(orders_get(&region->words[chunk_in_region(pfn)][WORDS_CHANGED]) >> at & 1)) {
		fh_hints_changed(span, pfn);
	}
}

/* Is @unit of a word of codes one frame that is OWNED? In a larger block the next is a tail. */
static inline bool is_owned_frame(uint64_t value, unsigned int unit)
{
	uint64_t units = value >> (unit * FRAME_BITS);

	return code_at(units, 0, FRAME_BITS) == CODE_OWNED &&
	       (unit % 2 || code_at(units, 1, FRAME_BITS));
}

/* The same of a larger block, smaller than a word, in the span of the last one. */
static __attribute__((noinline)) int free_block(struct fh_frames *frames, struct fh_page *page,
						const void *caller)
{
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	const struct fh_frames_span *span = cpu->span;
	unsigned int order = handle_order(page);
	uint64_t pfn = handle_pa(page) >> frames->frame_lg2;
	unsigned int unit = (unsigned int)(pfn % 32);
	_Atomic(uint64_t) *word;
	uint64_t value;

	if (fh_page_check_handle(frames, page) != FH_FAULT_NONE || handle_is_borrowed(page) ||
	    order >= WORD_ORDER ||
	    pfn - span->base >= atomic_load_explicit(&span->ready, memory_order_acquire))
		return free_slowly(frames, page, caller);
	word = frame_word_of(span, pfn);
	value = word_load(word);
	do {
		if (code_at(value, unit, FRAME_BITS) != CODE_OWNED ||
		    code_order(value, unit, FRAME_BITS) != order)
			return free_slowly(frames, page, caller);
	} while (!word_cas(word, &value, value ^ code_flip(unit, order, CODE_OWNED, FRAME_BITS)));
	count_add(&cpu->freed, frames_of(order));
	if (word != cpu->word)
		free_elsewhere(frames, cpu, pfn,
			       value ^ code_flip(unit, order, CODE_OWNED, FRAME_BITS));
	return 0;
}

/* One frame, of a word that is not at hand. */
static __attribute__((noinline)) int free_frame(struct fh_frames *frames, struct fh_page *page,
						const void *caller)
{
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	const struct fh_frames_span *span = cpu->span;
	uint64_t pfn = (uintptr_t)page >> frames->frame_lg2;
	unsigned int unit = (unsigned int)(pfn % 32);
	uint64_t freed = UINT64_C(1) << (unit * FRAME_BITS);
	_Atomic(uint64_t) *word;
	uint64_t value;

	if (((uintptr_t)page & (block_bytes(frames, 0) - 1)) != frames->handle_bits ||
	    pfn - span->base >= atomic_load_explicit(&span->ready, memory_order_acquire))
		return free_block(frames, page, caller);
	word = frame_word_of(span, pfn);
	value = word_load(word);
	do {
		if (!is_owned_frame(value, unit))
			return free_slowly(frames, page, caller);
	} while (!word_cas(word, &value, value - freed));
	count_add(&cpu->freed, 1);
	if (word == cpu->word)
		cpu->guess = value - freed;
	else
		free_elsewhere(frames, cpu, pfn, value - freed);
	return 0;
}

/*
 * The common case is a frame of the word that this CPU allocates from. What such a handle must look
 * like is one comparison, and that it is the owner's is seen in the word that is changed anyway; a
 * guess of that saves waiting for the swap before, as in take_at_hand().
 */
static inline __attribute__((always_inline)) int give(struct fh_frames *frames,
						      struct fh_page *page, const void *caller)
{
	struct fh_frames_cpu *cpu = frames_cpu(frames);
	uint64_t pfn = (uintptr_t)page >> frames->frame_lg2;
	unsigned int unit = (unsigned int)(pfn % 32);
	uint64_t freed = UINT64_C(1) << (unit * FRAME_BITS);
	uint64_t value = cpu->guess;

	if (((uintptr_t)page & (block_bytes(frames, 0) - 1)) == frames->handle_bits &&
	    pfn - unit == cpu->word_pfn && is_owned_frame(value, unit) &&
	    word_cas(cpu->word, &value, value - freed)) {
		cpu->guess = value - freed;
		count_add(&cpu->freed, 1);
		return 0;
	}
	return free_frame(frames, page, caller);
}

int fh_page_free(struct fh_frames *frames, struct fh_page *page)
{
	int err = fh_harden_give(frames, page, __builtin_return_address(0));

	return err ? err : give(frames, page, __builtin_return_address(0));
}

/* One step of @block's state, which is one more or less in its code. */
static bool step(const struct block *block, enum code from, enum code to)
{
	uint64_t value = block->value;

	return word_cas(block->word, &value,
			value + ((uint64_t)to << block->shift) - ((uint64_t)from << block->shift));
}

/* OWNED to HELD, after fh_harden_step(). */
static bool give_away(const struct block *block)
{
	bool done = step(block, CODE_OWNED, CODE_HELD);

	fh_harden_step_end(block);
	return done;
}

fh_phys_addr_t fh_page_into_phys(struct fh_frames *frames, struct fh_page *page)
{
	enum fh_fault_code code;
	struct block block;

	do {
		code = fh_page_check_owned(frames, page, &block);
		if (code == FH_FAULT_NONE)
			code = fh_harden_step(&block);
	} while (code == FH_FAULT_NONE && !give_away(&block));
	if (code == FH_FAULT_NONE) {
		count_add(&frames_cpu(frames)->held, frames_of(block.order));
		return fh_phys(handle_pa(page));
	}
	fh_page_refuse_handle(frames, code, page, block.state, __builtin_return_address(0));
	return FH_PHYS_INVALID;
}

/* Is this the first frame of a HELD block? */
static enum fh_fault_code check_held(const struct fh_frames *frames, fh_phys_addr_t pa,
				     struct block *block)
{
	uint64_t pfn = pa.raw >> frames->frame_lg2;

	*block = fh_frames_block_of(frames, pfn);
	if (!fh_is_aligned(pa.raw, block_bytes(frames, 0)))
		return FH_FAULT_UNALIGNED;
	switch (block->state) {
	case FH_FRAME_NONE:
		return FH_FAULT_NO_FRAME;
	case FH_FRAME_RESERVED:
		return FH_FAULT_RESERVED;
	case FH_FRAME_FREE:
	case FH_FRAME_OWNED:
		return FH_FAULT_NOT_HELD;
	case FH_FRAME_HELD:
		break;
	}
	return block->first == pfn ? FH_FAULT_NONE : FH_FAULT_TAIL;
}

struct fh_page *fh_page_from_phys(struct fh_frames *frames, fh_phys_addr_t pa)
{
	enum fh_fault_code code;
	struct block block;

	do {
		code = check_held(frames, pa, &block);
	} while (code == FH_FAULT_NONE && !step(&block, CODE_HELD, CODE_OWNED));
	if (code != FH_FAULT_NONE) {
		struct refusal refusal = {
			.code = code,
			.pa = pa.raw,
			.value = pa.raw,
			.state = block.state,
		};

		fh_page_refuse(frames, &refusal, __builtin_return_address(0));
		return NULL;
	}
	fh_harden_own(&block, __builtin_return_address(0));
	count_add(&frames_cpu(frames)->held, -frames_of(block.order));
	return handle_make(frames, pa.raw, block.order, 0);
}
