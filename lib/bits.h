/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One grammar for the fields of registers and descriptors. A field NAME is
 * declared by NAME_SHIFT and NAME_WIDTH; these macros compose and extract it:
 *
 *   #define TCR_T0SZ_SHIFT 0
 *   #define TCR_T0SZ_WIDTH 6
 *   tcr = FH_FIELD(TCR_T0SZ, 64 - ias);     t0sz = FH_FIELD_GET(TCR_T0SZ, tcr);
 */
#ifndef FH_LIB_BITS_H
#define FH_LIB_BITS_H

#include <stdint.h>

/* Bit @n, 0 to 63, of a word of 64. */
#define FH_BIT(n) (UINT64_C(1) << (n))
/* Bits @high down to @low, both included. */
#define FH_MASK(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* The bits of field @name, where they stand in the word. */
#define FH_FIELD_MASK(name) FH_MASK(name##_SHIFT + name##_WIDTH - 1, name##_SHIFT)
/* @value in its place; what does not fit is cut off. */
#define FH_FIELD(name, value) (((uint64_t)(value) << name##_SHIFT) & FH_FIELD_MASK(name))
/* The value of field @name in @word. */
#define FH_FIELD_GET(name, word) (((uint64_t)(word)&FH_FIELD_MASK(name)) >> name##_SHIFT)

#endif
