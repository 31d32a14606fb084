/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed addresses. Each is a struct of one word, so that a physical address, a device
 * address, a frame number and a count of bytes cannot be mixed; the code is that of a uint64_t.
 *
 * What may fail returns false and leaves its result as it was. In all of it:
 *   frame_lg2, align_lg2: log2 of bytes, 0 to 63; that of a frame is 12, 14 or 16.
 *   addresses: all 64 bits. A range may end at exactly 2^64, which is no address: its last
 *              byte has one, and that is what fh_phys_last() gives.
 *
 * Context: any; pure arithmetic, nothing is touched.
 */
#ifndef FH_MM_ADDR_H
#define FH_MM_ADDR_H

#include "lib/types.h"

/* A physical address, as the CPU and a walker of page tables put it on the bus. */
typedef struct {
	uint64_t raw; /* the integer */
} fh_phys_addr_t;

/* A device address (IOVA): the input of an IOMMU page table. */
typedef struct {
	uint64_t raw; /* the integer */
} fh_dma_addr_t;

/* The number of a page frame: a physical address divided by the frame size. */
typedef struct {
	uint64_t raw; /* the integer */
} fh_pfn_t;

/* How many bytes a resource or a range has, all 64 bits; 2^64 bytes have no size. */
typedef struct {
	uint64_t raw; /* the integer */
} fh_resource_size_t;

/* No frame has it: it is odd, and beyond any output size. */
#define FH_PHYS_INVALID ((fh_phys_addr_t){ UINT64_MAX })

/* ---- From integers; back is .raw, so that both can be searched for */

/**
 * fh_phys() - Make a physical address of an integer.
 * @raw: its value, all 64 bits.
 *
 * Return: the same value, typed.
 */
static inline fh_phys_addr_t fh_phys(uint64_t raw)
{
	return (fh_phys_addr_t){ raw };
}

/**
 * fh_dma() - Make a device address of an integer.
 * @raw: its value, all 64 bits.
 *
 * Return: the same value, typed.
 */
static inline fh_dma_addr_t fh_dma(uint64_t raw)
{
	return (fh_dma_addr_t){ raw };
}

/**
 * fh_pfn() - Make a frame number of an integer.
 * @raw: its value, all 64 bits: the address divided by the frame size.
 *
 * Return: the same value, typed.
 */
static inline fh_pfn_t fh_pfn(uint64_t raw)
{
	return (fh_pfn_t){ raw };
}

/**
 * fh_resource_size() - Make a size of an integer.
 * @bytes: all 64 bits.
 *
 * Return: the same value, typed.
 */
static inline fh_resource_size_t fh_resource_size(uint64_t bytes)
{
	return (fh_resource_size_t){ bytes };
}

/* ---- Comparisons, of one type each; "below" is less than */

/** fh_phys_is_valid() - Is @pa another address than FH_PHYS_INVALID? */
static inline bool fh_phys_is_valid(fh_phys_addr_t pa)
{
	return pa.raw != UINT64_MAX;
}

/** fh_phys_equal() - Are @a and @b the same physical address? */
static inline bool fh_phys_equal(fh_phys_addr_t a, fh_phys_addr_t b)
{
	return a.raw == b.raw;
}

/** fh_phys_below() - Is @a less than @b? */
static inline bool fh_phys_below(fh_phys_addr_t a, fh_phys_addr_t b)
{
	return a.raw < b.raw;
}

/** fh_dma_equal() - Are @a and @b the same device address? */
static inline bool fh_dma_equal(fh_dma_addr_t a, fh_dma_addr_t b)
{
	return a.raw == b.raw;
}

/** fh_dma_below() - Is @a less than @b? */
static inline bool fh_dma_below(fh_dma_addr_t a, fh_dma_addr_t b)
{
	return a.raw < b.raw;
}

/** fh_pfn_equal() - Are @a and @b the same frame number? */
static inline bool fh_pfn_equal(fh_pfn_t a, fh_pfn_t b)
{
	return a.raw == b.raw;
}

/** fh_pfn_below() - Is @a less than @b? */
static inline bool fh_pfn_below(fh_pfn_t a, fh_pfn_t b)
{
	return a.raw < b.raw;
}

/** fh_resource_size_equal() - Are @a and @b the same size? */
static inline bool fh_resource_size_equal(fh_resource_size_t a, fh_resource_size_t b)
{
	return a.raw == b.raw;
}

/** fh_resource_size_below() - Is @a less than @b? */
static inline bool fh_resource_size_below(fh_resource_size_t a, fh_resource_size_t b)
{
	return a.raw < b.raw;
}

/* ---- Frames */

/**
 * fh_phys_frame_offset() - Where in its frame @pa lies.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 *
 * Return: bytes from the start of the frame, 0 to the frame size less 1.
 */
static inline fh_resource_size_t fh_phys_frame_offset(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	return fh_resource_size(pa.raw & ((UINT64_C(1) << frame_lg2) - 1));
}

/**
 * fh_phys_to_pfn_down() - The frame that @pa lies in.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 *
 * Return: its number.
 */
static inline fh_pfn_t fh_phys_to_pfn_down(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	return fh_pfn(pa.raw >> frame_lg2);
}

/**
 * fh_phys_to_pfn_up() - The first frame that begins at or above @pa.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 *
 * Return: its number. For an address inside the last frame of all it is 2^64 divided by the frame
 *         size: good as the end of a range of frames, and fh_pfn_to_phys() refuses it.
 */
static inline fh_pfn_t fh_phys_to_pfn_up(fh_phys_addr_t pa, unsigned int frame_lg2)
{
	bool inside = fh_phys_frame_offset(pa, frame_lg2).raw != 0;

	return fh_pfn((pa.raw >> frame_lg2) + inside);
}

/**
 * fh_phys_to_pfn_exact() - The frame that begins at @pa.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 * @pfn: gets its number.
 *
 * Return: false when no frame begins there; *@pfn is as it was then.
 */
FH_MUST_CHECK static inline bool fh_phys_to_pfn_exact(fh_phys_addr_t pa, unsigned int frame_lg2,
						      fh_pfn_t *pfn)
{
	if (fh_phys_frame_offset(pa, frame_lg2).raw)
		return false;
	*pfn = fh_phys_to_pfn_down(pa, frame_lg2);
	return true;
}

/**
 * fh_pfn_to_phys() - Where frame @pfn begins.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 * @pa: gets the address of its first byte.
 *
 * Return: false when that is 2^64 or above; *@pa is as it was then.
 */
FH_MUST_CHECK static inline bool fh_pfn_to_phys(fh_pfn_t pfn, unsigned int frame_lg2,
						fh_phys_addr_t *pa)
{
	uint64_t raw;

	if (__builtin_mul_overflow(pfn.raw, UINT64_C(1) << frame_lg2, &raw))
		return false;
	*pa = fh_phys(raw);
	return true;
}

/**
 * fh_frames_to_size() - The bytes of a number of frames.
 * @count: frames.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 * @size: gets the bytes.
 *
 * Return: false when they are 2^64 or more; *@size is as it was then.
 */
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

/**
 * fh_phys_add() - @pa + @size, which for a range is the byte behind it.
 * @sum: gets the address.
 *
 * Return: false when that is 2^64 or above; *@sum is as it was then.
 */
FH_MUST_CHECK static inline bool fh_phys_add(fh_phys_addr_t pa, fh_resource_size_t size,
					     fh_phys_addr_t *sum)
{
	uint64_t raw;

	if (__builtin_add_overflow(pa.raw, size.raw, &raw))
		return false;
	*sum = fh_phys(raw);
	return true;
}

/**
 * fh_dma_add() - @iova + @size, which for a range is the byte behind it.
 * @sum: gets the address.
 *
 * Return: as fh_phys_add().
 */
FH_MUST_CHECK static inline bool fh_dma_add(fh_dma_addr_t iova, fh_resource_size_t size,
					    fh_dma_addr_t *sum)
{
	uint64_t raw;

	if (__builtin_add_overflow(iova.raw, size.raw, &raw))
		return false;
	*sum = fh_dma(raw);
	return true;
}

/**
 * fh_phys_last() - The last byte of [@base, @base + @size).
 * @last: gets its address.
 *
 * Return: false for @size 0 and for a range that ends beyond 2^64; *@last is as it was then.
 */
FH_MUST_CHECK static inline bool fh_phys_last(fh_phys_addr_t base, fh_resource_size_t size,
					      fh_phys_addr_t *last)
{
	uint64_t raw;

	if (size.raw == 0 || __builtin_add_overflow(base.raw, size.raw - 1, &raw))
		return false;
	*last = fh_phys(raw);
	return true;
}

/**
 * fh_dma_last() - The last byte of [@base, @base + @size).
 * @last: gets its address.
 *
 * Return: as fh_phys_last().
 */
FH_MUST_CHECK static inline bool fh_dma_last(fh_dma_addr_t base, fh_resource_size_t size,
					     fh_dma_addr_t *last)
{
	uint64_t raw;

	if (size.raw == 0 || __builtin_add_overflow(base.raw, size.raw - 1, &raw))
		return false;
	*last = fh_dma(raw);
	return true;
}

/**
 * fh_phys_diff() - The bytes from @from up to @to.
 * @size: gets them.
 *
 * Return: false when @to is below @from; *@size is as it was then.
 */
FH_MUST_CHECK static inline bool fh_phys_diff(fh_phys_addr_t to, fh_phys_addr_t from,
					      fh_resource_size_t *size)
{
	uint64_t raw;

	if (__builtin_sub_overflow(to.raw, from.raw, &raw))
		return false;
	*size = fh_resource_size(raw);
	return true;
}

/**
 * fh_dma_diff() - The bytes from @from up to @to.
 * @size: gets them.
 *
 * Return: as fh_phys_diff().
 */
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

/**
 * fh_phys_is_aligned() - Is @pa a multiple of 2^@align_lg2?
 * @align_lg2: log2 of the alignment in bytes, 0 to 63.
 */
static inline bool fh_phys_is_aligned(fh_phys_addr_t pa, unsigned int align_lg2)
{
	return fh_is_aligned(pa.raw, UINT64_C(1) << align_lg2);
}

/**
 * fh_dma_is_aligned() - Is @iova a multiple of 2^@align_lg2?
 * @align_lg2: log2 of the alignment in bytes, 0 to 63.
 */
static inline bool fh_dma_is_aligned(fh_dma_addr_t iova, unsigned int align_lg2)
{
	return fh_is_aligned(iova.raw, UINT64_C(1) << align_lg2);
}

/**
 * fh_phys_align_up() - The first aligned address at or above @pa.
 * @align_lg2: log2 of the alignment in bytes, 0 to 63.
 * @up: gets it.
 *
 * Return: false when that is 2^64; *@up is as it was then.
 */
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

/**
 * fh_dma_align_up() - The first aligned address at or above @iova.
 * @align_lg2: log2 of the alignment in bytes, 0 to 63.
 * @up: gets it.
 *
 * Return: as fh_phys_align_up().
 */
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

/**
 * fh_resource_size_align_up() - @size grown to whole pieces of 2^@align_lg2 bytes.
 * @align_lg2: log2 of a piece in bytes, 0 to 63.
 * @up: gets the bytes.
 *
 * Return: false when they are 2^64; *@up is as it was then.
 */
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
