/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few things that every file needs: fixed-width types, alignment and
 * overflow-checked arithmetic, and the annotation that a result must be used.
 */
#ifndef FH_LIB_TYPES_H
#define FH_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FH_MUST_CHECK __attribute__((warn_unused_result))
#define FH_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FH_KIB UINT64_C(0x400)
#define FH_MIB UINT64_C(0x100000)
#define FH_GIB UINT64_C(0x40000000)
#define FH_TIB UINT64_C(0x10000000000)

/* @align is a power of two in all four. */
static inline bool fh_is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

static inline uint64_t fh_align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

/* The caller knows that @value is at most 2^64 - @align. */
static inline uint64_t fh_align_up(uint64_t value, uint64_t align)
{
	return fh_align_down(value + align - 1, align);
}

static inline bool fh_is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/**
 * fh_range_fits() - Does [@base, @base + @size) end at 2^@bits or below?
 * @bits: 1 to 64.
 *
 * True for a range that ends exactly there, false for @size 0.
 */
static inline bool fh_range_fits(uint64_t base, uint64_t size, unsigned int bits)
{
	uint64_t last_max = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	return size != 0 && base <= last_max && size - 1 <= last_max - base;
}

/* Do two non-empty ranges, neither of which wraps, share a byte? */
static inline bool fh_ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

/* Does the non-empty [@base, +@size) lie in the non-empty [@outer, +@outer_size)? */
static inline bool fh_range_within(uint64_t base, uint64_t size, uint64_t outer,
				   uint64_t outer_size)
{
	return base >= outer && base - outer <= outer_size - 1 &&
	       size - 1 <= outer_size - 1 - (base - outer);
}

#endif
