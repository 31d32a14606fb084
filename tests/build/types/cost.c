/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the types cost: nothing. These functions become the same instructions with a typed
 * address as with a uint64_t (-DPLAIN), and other ones with a struct of two words (-DWIDE).
 * A long sum is not among them: gcc may take its terms in another order, which costs nothing
 * either.
 */
#include "mm/addr.h"

#define SAME_AS_WORD(type)                                                                         \
	_Static_assert(sizeof(type) == sizeof(uint64_t), #type);                                   \
	_Static_assert(_Alignof(type) == _Alignof(uint64_t), #type)

SAME_AS_WORD(fh_phys_addr_t);
SAME_AS_WORD(fh_dma_addr_t);
SAME_AS_WORD(fh_pfn_t);
SAME_AS_WORD(fh_resource_size_t);

#ifdef PLAIN
typedef uint64_t phys;
typedef uint64_t bytes;
#define PHYS(number) (number)
#define BYTES(number) (number)
#define RAW(value) (value)
#elif defined(WIDE)
typedef struct {
	uint64_t raw;
	uint64_t space;
} phys;
typedef fh_resource_size_t bytes;
#define PHYS(number) ((phys){ (number), 0 })
#define BYTES(number) fh_resource_size(number)
#define RAW(value) ((value).raw)
#else
typedef fh_phys_addr_t phys;
typedef fh_resource_size_t bytes;
#define PHYS(number) fh_phys(number)
#define RAW(value) ((value).raw)
#endif

#if defined(PLAIN) || defined(WIDE)
static inline bool diff(phys to, phys from, bytes *size)
{
	uint64_t raw;

	if (__builtin_sub_overflow(RAW(to), RAW(from), &raw))
		return false;
	*size = BYTES(raw);
	return true;
}

static inline bool align_up(phys pa, unsigned int align_lg2, phys *up)
{
	uint64_t align = UINT64_C(1) << align_lg2;
	uint64_t raw;

	if (__builtin_add_overflow(RAW(pa), align - 1, &raw))
		return false;
	*up = PHYS(fh_align_down(raw, align));
	return true;
}
#else
#define diff fh_phys_diff
#define align_up fh_phys_align_up
#endif

phys same(phys pa)
{
	return pa;
}

bool below(phys a, phys b)
{
	return RAW(a) < RAW(b);
}

/* Eight arguments travel in registers; the ninth does not. */
phys ninth(phys a, phys b, phys c, phys d, phys e, phys f, phys g, phys h, phys i)
{
	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
	return i;
}

phys twice(phys (*step)(phys), phys pa)
{
	return step(step(pa));
}

void move(phys *table, size_t to, size_t from)
{
	table[to] = table[from];
}

bool diff_into(phys to, phys from, bytes *size)
{
	return diff(to, from, size);
}

/* A result that somebody points to stays in its register, and asks for no stack protector. */
phys next_frame_or_zero(phys pa)
{
	phys up;

	if (!align_up(pa, 12, &up))
		return PHYS(0);
	return up;
}
