/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed addresses. Each is a struct of one word, so that a physical address, a
 * device address and a frame number cannot be mixed; the code is that of a uint64_t.
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

/* No frame has it: it is odd, and beyond any output size. */
#define FH_PHYS_INVALID ((fh_phys_addr_t){ UINT64_MAX })

static inline fh_phys_addr_t fh_phys(uint64_t raw)
{
	return (fh_phys_addr_t){ raw };
}

static inline fh_dma_addr_t fh_dma(uint64_t raw)
{
	return (fh_dma_addr_t){ raw };
}

static inline bool fh_phys_is_valid(fh_phys_addr_t pa)
{
	return pa.raw != UINT64_MAX;
}

static inline bool fh_phys_equal(fh_phys_addr_t a, fh_phys_addr_t b)
{
	return a.raw == b.raw;
}

#endif
