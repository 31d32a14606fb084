/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few things that every file needs: fixed-width types, alignment and
 * overflow-checked arithmetic, and the annotation that a result must be used.
 *
 * Context: any; pure arithmetic.
 */
#ifndef FH_LIB_TYPES_H
#define FH_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiler warns when the result is not used. */
#define FH_MUST_CHECK __attribute__((warn_unused_result))
/* How many elements the array @a has. */
#define FH_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FH_KIB UINT64_C(0x400)	       /* 2^10 bytes */
#define FH_MIB UINT64_C(0x100000)      /* 2^20 bytes */
#define FH_GIB UINT64_C(0x40000000)    /* 2^30 bytes */
#define FH_TIB UINT64_C(0x10000000000) /* 2^40 bytes */

/**
 * fh_is_aligned() - Is @value a multiple of @align?
 * @value: any.
 * @align: a power of two.
 */
static inline bool fh_is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

/**
 * fh_align_down() - The last multiple at or below a value.
 * @value: any.
 * @align: a power of two.
 *
 * Return: the multiple of @align.
 */
static inline uint64_t fh_align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

/**
 * fh_align_up() - The first multiple at or above a value.
 * @value: at most 2^64 - @align, which the caller knows; see fh_phys_align_up() for who does not.
 * @align: a power of two.
 *
 * Return: the multiple of @align.
 */
static inline uint64_t fh_align_up(uint64_t value, uint64_t align)
{
	return fh_align_down(value + align - 1, align);
}

/**
 * fh_is_power_of_two() - Has @value exactly one bit?
 * @value: any; 0 is none.
 */
static inline bool fh_is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/**
 * fh_range_fits() - Does [@base, @base + @size) end at 2^@bits or below?
 * @base: first of the range.
 * @size: how many; a range of 0 fits nowhere.
 * @bits: 1 to 64.
 *
 * True for a range that ends exactly there, false for @size 0.
 */
static inline bool fh_range_fits(uint64_t base, uint64_t size, unsigned int bits)
{
	uint64_t last_max = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	return size != 0 && base <= last_max && size - 1 <= last_max - base;
}

/**
 * fh_ranges_overlap() - Do two ranges share a byte?
 * @a: first byte of one.
 * @a_size: its bytes, at least 1; it ends at 2^64 or below.
 * @b: first byte of the other.
 * @b_size: its bytes, likewise.
 */
static inline bool fh_ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

/**
 * fh_range_within() - Does [@base, @base + @size) lie in [@outer, @outer + @outer_size)?
 * @base: first byte of the inner range.
 * @size: its bytes, at least 1.
 * @outer: first byte of the outer range.
 * @outer_size: its bytes, at least 1; it ends at 2^64 or below.
 */
static inline bool fh_range_within(uint64_t base, uint64_t size, uint64_t outer,
				   uint64_t outer_size)
{
	return base >= outer && base - outer <= outer_size - 1 &&
	       size - 1 <= outer_size - 1 - (base - outer);
}

#endif
