/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checker has to know of descriptors. Source: Arm ARM DDI 0487, D8.3 and D8.6.1. */
#include "tools/replay/replay_priv.h"

#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

unsigned int level_shift(const struct table *t, int level)
{
	return t->is.granule_lg2 + (unsigned int)(LEVEL_PAGE - level) * (t->is.granule_lg2 - 3u);
}

bool is_link(uint64_t desc, int level)
{
	return level < LEVEL_PAGE && (desc & 3) == (VALID | TABLE_OR_PAGE);
}

bool is_leaf(uint64_t desc, int level)
{
	return (desc & 3) == (level == LEVEL_PAGE ? VALID | TABLE_OR_PAGE : VALID);
}

/* The address field, whole. */
static uint64_t address(const struct table *t, uint64_t desc)
{
	if (has(t, HOST_TABLE_LPA2))
		return (desc & BITS(49, t->is.granule_lg2)) | (desc & BITS(9, 8)) << 42;
	if (has(t, HOST_TABLE_64K52))
		return (desc & BITS(47, 16)) | (desc & BITS(15, 12)) << 36;
	return desc & BITS(47, t->is.granule_lg2);
}

uintptr_t link_target(const struct table *t, uint64_t desc)
{
	return (uintptr_t)(address(t, desc) + t->direct);
}

uint64_t leaf_output(const struct table *t, uint64_t desc, int level, uint64_t va)
{
	uint64_t low = level_span(t, level) - 1;

	return (address(t, desc) & ~low) | (va & low);
}

uint64_t leaf_type(const struct table *t, uint64_t desc)
{
	uint64_t share = has(t, HOST_TABLE_LPA2) ? 0 : BITS(9, 8);

	return desc & (share | (has(t, HOST_TABLE_STAGE2) ? BITS(5, 2) : BITS(4, 2) | NOT_GLOBAL));
}

unsigned int run_lg2(const struct table *t, int level)
{
	switch (t->is.granule_lg2) {
	case 12:
		return level >= 1 ? 4 : 0;
	case 14:
		return level == LEVEL_PAGE ? 7 : level == 2 ? 5 : 0;
	default:
		return level >= 2 ? 5 : 0;
	}
}
