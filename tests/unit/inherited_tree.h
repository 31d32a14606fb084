/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of the firmware's in every shape: one table of each level, of which entry 0 leads to the
 * next. All descriptors are written from the Arm ARM (DDI 0487, D8.3).
 *
 *   level 3   0: a page   first half: the firmware's   second half: window 0
 *   level 2   0: a link   8 to 15: window 1
 *   level 1   0: a link   8 to 15: window 2
 */
#ifndef FH_TESTS_UNIT_INHERITED_TREE_H
#define FH_TESTS_UNIT_INHERITED_TREE_H

#include "arch/host/trace.h"
#include "tests/unit/shape_world.h"

/* Roots of every size, and every level that a walk may begin at. */
static const struct shape_case more_shapes[] = {
	{ "s1 4K 48", FH_FORMAT_S1, FH_REGIME_EL1, 12, 48, 48, 0, false },
	{ "s1 4K 31 el3", FH_FORMAT_S1, FH_REGIME_EL3, 12, 31, 36, 0, false },
	{ "s1 4K 25", FH_FORMAT_S1, FH_REGIME_EL1, 12, 25, 32, 0, false },
	{ "s1 4K 21", FH_FORMAT_S1, FH_REGIME_EL1, 12, 21, 40, 0, false },
	{ "s1 16K 48", FH_FORMAT_S1, FH_REGIME_EL2, 14, 48, 48, 0, false },
	{ "s1 16K 36", FH_FORMAT_S1, FH_REGIME_EL1, 14, 36, 42, 0, false },
	{ "s1 64K 48", FH_FORMAT_S1, FH_REGIME_EL1, 16, 48, 48, 0, false },
	{ "s1 64K 29", FH_FORMAT_S1, FH_REGIME_EL1, 16, 29, 44, 0, false },
	{ "s1 4K 50 lpa2", FH_FORMAT_S1, FH_REGIME_EL2, 12, 50, 52, 0, true },
	{ "s1 4K 48 lpa2", FH_FORMAT_S1, FH_REGIME_EL1, 12, 48, 36, 0, true },
	{ "s2 4K 48", FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 48, 48, 0, false },
	{ "s2 4K 43", FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 43, 44, 4, false },
	{ "s2 64K 44", FH_FORMAT_S2, FH_REGIME_STAGE2, 16, 44, 48, 2, false },
	{ "s2 64K 52", FH_FORMAT_S2, FH_REGIME_STAGE2, 16, 52, 52, 0, false },
	{ "s2 16K lpa2", FH_FORMAT_S2, FH_REGIME_STAGE2, 14, 48, 52, 1, true },
};

#define TREE_SHAPES (FH_ARRAY_SIZE(shape_cases) + FH_ARRAY_SIZE(more_shapes))
#define TREE_LEVELS 5u
/* From one table to the next: the largest root. */
#define TREE_STEP UINT64_C(0x40000)
#define TREE_OUTPUT UINT64_C(0x90000000)
#define SPARE_STEP UINT64_C(0x10000)

struct tree {
	struct shape_world *w;
	const struct shape_case *shape;
	unsigned int granule, stride;
	int start;
	unsigned int root_entries;
	struct fh_window window[FH_WINDOW_MAX + 1];
	struct fh_handover handover;
};

static inline const struct shape_case *tree_shape(size_t number)
{
	return number < FH_ARRAY_SIZE(shape_cases)
		   ? &shape_cases[number]
		   : &more_shapes[number - FH_ARRAY_SIZE(shape_cases)];
}

/* log2 of what an entry of @level spans. */
static inline unsigned int tree_shift(const struct tree *t, int level)
{
	return t->granule + t->stride * (unsigned int)(3 - level);
}

static inline uint64_t tree_span(const struct tree *t, int level)
{
	return UINT64_C(1) << tree_shift(t, level);
}

static inline unsigned int tree_entries(const struct tree *t, int level)
{
	return level == t->start ? t->root_entries : 1u << t->stride;
}

static inline uint64_t tree_root_bytes(const struct tree *t)
{
	return t->root_entries * UINT64_C(8);
}

static inline uint64_t tree_pa(const struct tree *t, int level)
{
	return FW_PA + (uint64_t)(level - t->start) * TREE_STEP;
}

static inline uint64_t *tree_slot(const struct tree *t, int level, unsigned int index)
{
	return ram_at(t->w, tree_pa(t, level)) + index;
}

/* Table pages of the firmware's that no link leads to. */
static inline uint64_t spare_pa(unsigned int number)
{
	return FW_PA + TREE_LEVELS * TREE_STEP + number * SPARE_STEP;
}

static inline uint64_t *spare_slot(const struct tree *t, unsigned int number, unsigned int index)
{
	return ram_at(t->w, spare_pa(number)) + index;
}

static inline bool tree_wide(const struct tree *t)
{
	return t->granule == 16 && t->shape->oas == 52;
}

/* D8.3: bits 51:48 in 15:12 for 64K, 51:50 in 9:8 with LPA2. */
static inline uint64_t tree_place(const struct tree *t, uint64_t pa)
{
	if (tree_wide(t))
		return (pa & 0xffffffffffff) | (pa >> 48) << 12;
	if (t->shape->lpa2)
		return (pa & 0x3ffffffffffff) | (pa >> 50) << 8;
	return pa;
}

static inline uint64_t tree_link(const struct tree *t, uint64_t pa)
{
	return tree_place(t, pa) | 3;
}

/* AF; at stage 2 also MemAttr of write-back memory, and S2AP. Shareability 0, as LPA2 has none. */
static inline uint64_t tree_attr(const struct tree *t)
{
	return 0x400 | (t->shape->format == FH_FORMAT_S2 ? 0xfc : 0);
}

static inline uint64_t tree_page(const struct tree *t, uint64_t pa)
{
	return tree_place(t, pa) | tree_attr(t) | 3;
}

static inline uint64_t tree_block(const struct tree *t, uint64_t pa)
{
	return tree_place(t, pa) | tree_attr(t) | 1;
}

/* D8.3, table of block sizes: one level more with 52 bits of output. */
static inline bool tree_has_block(const struct tree *t, int level)
{
	int first = (t->granule == 12 ? 1 : 2) - (t->shape->lpa2 || tree_wide(t));

	return t->shape->format != FH_FORMAT_UAT && level >= first && level < 3;
}

/* D8.6.1: entries of a contiguous run of pages. */
static inline unsigned int tree_run(const struct tree *t)
{
	return t->granule == 12 ? 16 : t->granule == 14 ? 128 : 32;
}

static inline void tree_windows(struct tree *t)
{
	unsigned int half = tree_entries(t, 3) / 2;

	t->window[0] = (struct fh_window){ fh_dma(half * tree_span(t, 3)), half * tree_span(t, 3) };
	t->handover.window_count = 1;
	for (int level = 2; level >= 1 && level >= t->start; level--)
		if (tree_entries(t, level) >= 16)
			t->window[t->handover.window_count++] =
			    (struct fh_window){ fh_dma(8 * tree_span(t, level)),
						8 * tree_span(t, level) };
}

/* The tree as it was handed over, whatever was there before. */
static inline void tree_plant(struct tree *t)
{
	memset(ram_at(t->w, FW_PA), 0, FW_BYTES);
	for (int level = t->start; level < 3; level++)
		*tree_slot(t, level, 0) = tree_link(t, tree_pa(t, level + 1));
	*tree_slot(t, 3, 0) = tree_page(t, TREE_OUTPUT);
	t->handover = (struct fh_handover){ .root = fh_phys(FW_PA), .windows = t->window };
	memset(t->window, 0, sizeof(t->window));
	tree_windows(t);
	t->w->config.coherent = true;
}

static inline void tree_new(struct tree *t, const struct shape_case *shape)
{
	*t = (struct tree){ .w = shape_world_new(shape),
			    .shape = shape,
			    .granule = shape->granule_lg2,
			    .stride = shape->granule_lg2 - 3u,
			    .start = 3 };
	while (tree_shift(t, t->start) + t->stride + shape->concat_lg2 < shape->ias)
		t->start--;
	t->root_entries = 1u << (shape->ias - tree_shift(t, t->start));
	assert_in_range(tree_root_bytes(t), 8, TREE_STEP);
	tree_plant(t);
}

static inline void tree_delete(struct tree *t)
{
	shape_world_delete(t->w);
}

#endif
