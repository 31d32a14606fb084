/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed addresses. Each is a struct of one word, so that a physical address, a device
 * address, a frame number and a count of bytes cannot be mixed; the code is that of a uint64_t.
 *
 * What may fail returns false and leaves its result as it was. In all of it:
 *   frame_lg2, align_lg2: log2 of bytes, 0 to 63; that of a frame is 12, 14 or 16.
 *   addresses: all 64 bits. A range may end at exactly 2^64, which is no address: its last
 *              byte has one, and that is what fh_phys_last() gives.
 * Pure arithmetic: any context, nothing is touched.
 */
#ifndef FH_MM_ADDR_H
#define FH_MM_ADDR_H

#include "lib/types.h"

/* A physical address, as the CPU and a walker of page tables put it on the bus. */
typedef struct {
	uint64_t raw;
} fh_phys_addr_t;

/* A device address (IOVA): the input of an IOMMU page table. */
typedef struct {
	uint64_t raw;
} fh_dma_addr_t;

/* The number of a page frame: a physical address divided by the frame size. */
typedef struct {
	uint64_t raw;
} fh_pfn_t;

/* How many bytes a resource or a range has, all 64 bits; 2^64 bytes have no size. */
typedef struct {
	uint64_t raw;
} fh_resource_size_t;

/* No frame has it: it is odd, and beyond any output size. */
#define FH_PHYS_INVALID ((fh_phys_addr_t){ UINT64_MAX })

/* ---- From integers; back is .raw, so that both can be searched for */

static inline fh_phys_addr_t fh_phys(uint64_t raw)
{
	return (fh_phys_addr_t){ raw };
}

static inline fh_dma_addr_t fh_dma(uint64_t raw)
{
	return (fh_dma_addr_t){ raw };
}

static inline fh_pfn_t fh_pfn(uint64_t raw)
{
	return (fh_pfn_t){ raw };
}

static inline fh_resource_size_t fh_resource_size(uint64_t bytes)
{
	return (fh_resource_size_t){ bytes };
}

/* ---- Comparisons, of one type each; "below" is less than */

static inline bool fh_phys_is_valid(fh_phys_addr_t pa)
{
	return pa.raw != UINT64_MAX;
}

static inline bool fh_phys_equal(fh_phys_addr_t a, fh_phys_addr_t b)
{
	return a.raw == b.raw;
}

static inline bool fh_phys_below(fh_phys_addr_t a, fh_phys_addr_t b)
{
	return a.raw < b.raw;
}

static inline bool fh_dma_equal(fh_dma_addr_t a, fh_dma_addr_t b)
{
	return a.raw == b.raw;
}

static inline bool fh_dma_below(fh_dma_addr_t a, fh_dma_addr_t b)
{
	return a.raw < b.raw;
}

static inline bool fh_pfn_equal(fh_pfn_t a, fh_pfn_t b)
{
	return a.raw == b.raw;
}

static inline bool fh_pfn_below(fh_pfn_t a, fh_pfn_t b)
{
	return a.raw < b.raw;
}

static inline bool fh_resource_size_equal(fh_resource_size_t a, fh_resource_size_t b)
{
	return a.raw == b.raw;
}

static inline bool fh_resource_size_below(fh_resource_size_t a, fh_resource_size_t b)
{
	return a.raw < b.raw;
}

/* ---- Frames */

/* The bytes from the start of its frame to @pa: 0 to the frame size less 1. */
static inline fh_resource_size_t fh_phys_frame_offset(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	return fh_resource_size(pa.raw & ((UINT64_C(1) << frame_lg2) - 1));
}

/* The frame that @pa lies in. */
static inline fh_pfn_t fh_phys_to_pfn_down(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	return fh_pfn(pa.raw >> frame_lg2);
}

/*
 * The first frame that begins at or above @pa. Inside the last frame of all that is 2^64 divided
 * by the frame size, good as the end of a range of frames; fh_pfn_to_phys() refuses it.
 */
static inline fh_pfn_t fh_phys_to_pfn_up(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	bool inside = fh_phys_frame_offset(pa, frame_lg2).raw != 0;

	return fh_pfn((pa.raw >> frame_lg2) + inside);
}

/* The frame that begins at @pa; false when none does. */
FH_MUST_CHECK static inline bool fh_phys_to_pfn_exact(fh_phys_addr_t pa, unsigned int frame_lg2,
						      fh_pfn_t *pfn)
{
	if (fh_phys_frame_offset(pa, frame_lg2).raw)
		return false;
	*pfn = fh_phys_to_pfn_down(pa, frame_lg2);
	return true;
}

/* Where frame @pfn begins; false when that is 2^64 or above. */
FH_MUST_CHECK static inline bool fh_pfn_to_phys(fh_pfn_t pfn, unsigned int frame_lg2,
						fh_phys_addr_t *pa)
{
	uint64_t raw;

	if (__builtin_mul_overflow(pfn.raw, UINT64_C(1) << frame_lg2, &raw))
		return false;
	*pa = fh_phys(raw);
	return true;
}

/* The bytes of @count frames; false when they are 2^64 or more. */
FH_MUST_CHECK static inline bool fh_frames_to_size(uint64_t count, unsigned int frame_lg2,
						   fh_resource_size_t *size)
{
	uint64_t raw;

	if (__builtin_mul_overflow(count, UINT64_C(1) << frame_lg2, &raw))
		return false;
	*size = fh_resource_size(raw);
	return true;
}

/* ---- Checked arithmetic */

/* @pa + @size, which for a range is the byte behind it; false when that is 2^64 or above. */
FH_MUST_CHECK static inline bool fh_phys_add(fh_phys_addr_t pa, fh_resource_size_t size,
					     fh_phys_addr_t *sum)
{
	uint64_t raw;

	if (__builtin_add_overflow(pa.raw, size.raw, &raw))
		return false;
	*sum = fh_phys(raw);
	return true;
}

/* As fh_phys_add(). */
FH_MUST_CHECK static inline bool fh_dma_add(fh_dma_addr_t iova, fh_resource_size_t size,
					    fh_dma_addr_t *sum)
{
	uint64_t raw;

	if (__builtin_add_overflow(iova.raw, size.raw, &raw))
		return false;
	*sum = fh_dma(raw);
	return true;
}

/* The last byte of [@base, @base + @size); false for @size 0 and beyond 2^64. */
FH_MUST_CHECK static inline bool fh_phys_last(fh_phys_addr_t base, fh_resource_size_t size,
					      fh_phys_addr_t *last)
{
	uint64_t raw;

	if (size.raw == 0 || __builtin_add_overflow(base.raw, size.raw - 1, &raw))
		return false;
	*last = fh_phys(raw);
	return true;
}

/* As fh_phys_last(). */
FH_MUST_CHECK static inline bool fh_dma_last(fh_dma_addr_t base, fh_resource_size_t size,
					     fh_dma_addr_t *last)
{
	uint64_t raw;

	if (size.raw == 0 || __builtin_add_overflow(base.raw, size.raw - 1, &raw))
		return false;
	*last = fh_dma(raw);
	return true;
}

/* The bytes from @from up to @to; false when @to is below @from. */
FH_MUST_CHECK static inline bool fh_phys_diff(fh_phys_addr_t to, fh_phys_addr_t from,
					      fh_resource_size_t *size)
{
	uint64_t raw;

	if (__builtin_sub_overflow(to.raw, from.raw, &raw))
		return false;
	*size = fh_resource_size(raw);
	return true;
}

/* As fh_phys_diff(). */
FH_MUST_CHECK static inline bool fh_dma_diff(fh_dma_addr_t to, fh_dma_addr_t from,
					     fh_resource_size_t *size)
{
	uint64_t raw;

	if (__builtin_sub_overflow(to.raw, from.raw, &raw))
		return false;
	*size = fh_resource_size(raw);
	return true;
}

/* ---- Alignment */

static inline bool fh_phys_is_aligned(fh_phys_addr_t pa, unsigned int align_lg2)
{
	return fh_is_aligned(pa.raw, UINT64_C(1) << align_lg2);
}

static inline bool fh_dma_is_aligned(fh_dma_addr_t iova, unsigned int align_lg2)
{
	return fh_is_aligned(iova.raw, UINT64_C(1) << align_lg2);
}

/* The first aligned address at or above @pa; false when that is 2^64. */
FH_MUST_CHECK static inline bool fh_phys_align_up(fh_phys_addr_t pa, unsigned int align_lg2,
						  fh_phys_addr_t *up)
{
	uint64_t align = UINT64_C(1) << align_lg2;
	uint64_t raw;

	if (__builtin_add_overflow(pa.raw, align - 1, &raw))
		return false;
	*up = fh_phys(fh_align_down(raw, align));
	return true;
}

/* As fh_phys_align_up(). */
FH_MUST_CHECK static inline bool fh_dma_align_up(fh_dma_addr_t iova, unsigned int align_lg2,
						 fh_dma_addr_t *up)
{
	uint64_t align = UINT64_C(1) << align_lg2;
	uint64_t raw;

	if (__builtin_add_overflow(iova.raw, align - 1, &raw))
		return false;
	*up = fh_dma(fh_align_down(raw, align));
	return true;
}

/* @size grown to whole pieces of 2^@align_lg2 bytes; false when they are 2^64. */
FH_MUST_CHECK static inline bool
fh_resource_size_align_up(fh_resource_size_t size, unsigned int align_lg2, fh_resource_size_t *up)
{
	uint64_t align = UINT64_C(1) << align_lg2;
	uint64_t raw;

	if (__builtin_add_overflow(size.raw, align - 1, &raw))
		return false;
	*up = fh_resource_size(fh_align_down(raw, align));
	return true;
}

#endif
