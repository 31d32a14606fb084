/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that mm/addr.h has, used rightly: what refuses this refuses too much. */
#include "tests/build/types/snippet.h"

static bool frames(unsigned int frame_lg2)
{
	fh_resource_size_t offset = fh_phys_frame_offset(pa, frame_lg2);
	fh_pfn_t first = fh_phys_to_pfn_down(pa, frame_lg2);
	fh_pfn_t next = fh_phys_to_pfn_up(pa, frame_lg2);
	fh_pfn_t exact;
	fh_phys_addr_t base;

	if (!fh_pfn_to_phys(first, frame_lg2, &base) || !fh_phys_add(base, offset, &base))
		return false;
	if (!fh_phys_to_pfn_exact(base, frame_lg2, &exact))
		return fh_pfn_below(first, next);
	return fh_pfn_equal(exact, next) && fh_frames_to_size(integer, frame_lg2, &size);
}

static bool physical(void)
{
	fh_phys_addr_t last;

	if (!fh_phys_is_valid(pa) || !fh_phys_last(pa, size, &last) || fh_phys_below(last, pa))
		return false;
	if (!fh_phys_is_aligned(pa, 12) && !fh_phys_align_up(pa, 12, &pa))
		return false;
	return fh_phys_diff(last, pa, &size) && fh_resource_size_align_up(size, 12, &size) &&
	       fh_resource_size_below(fh_resource_size(0), size) && !fh_phys_equal(last, pa);
}

static bool device(void)
{
	fh_dma_addr_t end;
	fh_dma_addr_t last;

	if (!fh_dma_is_aligned(iova, 12) && !fh_dma_align_up(iova, 12, &iova))
		return false;
	if (!fh_dma_last(iova, size, &last) || !fh_dma_add(iova, size, &end))
		return false;
	return fh_dma_below(last, end) && !fh_dma_equal(last, end) && fh_dma_diff(end, last, &size);
}

bool snippet(void)
{
	pa = fh_phys(integer);
	iova = fh_dma(integer);
	pfn = fh_pfn(integer);
	size = fh_resource_size(pa.raw ^ iova.raw ^ pfn.raw);
	return frames(12) && physical() && device() &&
	       fh_resource_size_equal(size, fh_resource_size(4096)) && takes_pa(FH_PHYS_INVALID);
}
