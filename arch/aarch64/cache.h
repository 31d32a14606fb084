/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data-cache maintenance by address, never by set and way (set/way is not broadcast and
 * does not reach a system cache). No barrier is included: the caller orders several at once.
 */
#ifndef FH_ARCH_CACHE_H
#define FH_ARCH_CACHE_H

#include "lib/bits.h"
#include "lib/types.h"

#define CTR_DMINLINE_SHIFT 16
#define CTR_DMINLINE_WIDTH 4
#define CTR_CWG_SHIFT 24
#define CTR_CWG_WIDTH 4

static inline uint64_t arch_ctr(void)
{
	uint64_t ctr;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	return ctr;
}

/* Bytes of the smallest data-cache line: CTR_EL0.DminLine, log2 of words. */
static inline size_t arch_cache_line_bytes(void)
{
	return (size_t)4 << FH_FIELD_GET(CTR_DMINLINE, arch_ctr());
}

/*
 * Bytes that a clean may write back around an address: CTR_EL0.CWG; 0 means not given, and
 * then the architectural maximum of 2 KiB holds.
 */
static inline size_t arch_cache_writeback_granule(void)
{
	uint64_t cwg = FH_FIELD_GET(CTR_CWG, arch_ctr());

	return cwg ? (size_t)4 << cwg : 2048;
}

#define FH_ARCH_CACHE_OP(function, op)                                                             \
	static inline void function(const void *start, size_t bytes)                               \
	{                                                                                          \
		size_t line = arch_cache_line_bytes();                                             \
		uintptr_t at = (uintptr_t)start & ~(uintptr_t)(line - 1);                          \
                                                                                                   \
		for (; at < (uintptr_t)start + bytes; at += line)                                  \
			__asm__ volatile("dc " #op ", %0" ::"r"(at) : "memory");                   \
	}

/* To the point of coherency. */
FH_ARCH_CACHE_OP(arch_cache_clean, cvac)
FH_ARCH_CACHE_OP(arch_cache_clean_invalidate, civac)
/* Discards what the lines hold, neighbours in the first and last one included. */
FH_ARCH_CACHE_OP(arch_cache_invalidate, ivac)

/*
 * @bytes and @start are multiples of 64. Paired stores: the C library's memset goes byte by
 * byte, and DC ZVA is not allowed on every memory type.
 */
static inline void arch_zero(void *start, size_t bytes)
{
	char *at = start;
	char *end = at + bytes;

	for (; at != end; at += 64)
		__asm__ volatile("stp xzr, xzr, [%0]\n\t"
				 "stp xzr, xzr, [%0, #16]\n\t"
				 "stp xzr, xzr, [%0, #32]\n\t"
				 "stp xzr, xzr, [%0, #48]" ::"r"(at)
				 : "memory");
}

#endif
