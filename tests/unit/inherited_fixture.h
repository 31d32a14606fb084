/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random inherited trees of every format, in the firmware's memory of shape_world.h: tables that
 * are as they should be, most of them with something changed afterwards.
 */
#ifndef FH_TESTS_UNIT_INHERITED_FIXTURE_H
#define FH_TESTS_UNIT_INHERITED_FIXTURE_H

#include "arch/host/trace.h"
#include "tests/oracle/inherited.h"
#include "tests/oracle/readers.h"
#include "tests/unit/shape_world.h"

#define TREE_TABLES 12u
#define TREE_SPOTS 64u
#define TREE_ENTRIES 10u
#define TREE_GARBAGE 40u
#define TREE_FAULTS 12u

/* What a walker has, all of it; ias are those that can be. */
struct tree_variant {
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	uint8_t oas;
	bool lpa2;
	uint8_t ias_least;
	uint8_t ias_most;
};

#define TREES_OF(format, regime)                                                                   \
	{ format, regime, 12, 32, false, 16, 48 }, { format, regime, 12, 48, false, 31, 48 },      \
	    { format, regime, 12, 52, true, 16, 52 }, { format, regime, 12, 48, true, 40, 52 },    \
	    { format, regime, 14, 40, false, 16, 48 }, { format, regime, 14, 52, true, 16, 52 },   \
	    { format, regime, 14, 48, true, 37, 52 }, { format, regime, 16, 44, false, 17, 48 },   \
	{                                                                                          \
		format, regime, 16, 52, false, 17, 52                                              \
	}

static const struct tree_variant tree_variants[] = {
	TREES_OF(FH_FORMAT_S1, FH_REGIME_EL1),
	TREES_OF(FH_FORMAT_S1, FH_REGIME_EL2),
	TREES_OF(FH_FORMAT_S2, FH_REGIME_STAGE2),
	{ FH_FORMAT_S1, FH_REGIME_EL3, 12, 48, false, 25, 48 },
	{ FH_FORMAT_UAT, FH_REGIME_EL1, 14, 40, false, 39, 39 },
	{ FH_FORMAT_UAT, FH_REGIME_EL1, 14, 48, false, 39, 39 },
};

struct tree_table {
	uint64_t pa;
	uint64_t iova;
	int level;
};

/* @next: where in the firmware's memory nothing is yet. @spot: addresses near which there is
 * something. */
struct tree {
	struct shape_world *w;
	uint64_t random;
	struct fh_shape shape;
	uint64_t root;
	uint64_t root_bytes;
	uint64_t next;
	struct tree_table table[TREE_TABLES];
	unsigned int tables;
	uint64_t spot[TREE_SPOTS];
	unsigned int spots;
	struct fh_window window[FH_WINDOW_MAX + 1];
	unsigned int window_count;
	bool spoiled;
};

static inline uint64_t tree_below(struct tree *t, uint64_t bound)
{
	return unit_random_below(&t->random, bound);
}

static inline void tree_shape(struct tree *t)
{
	const struct tree_variant *variant =
	    &tree_variants[tree_below(t, FH_ARRAY_SIZE(tree_variants))];
	struct fh_pgtable_config *config = &t->w->config;

	config->format = variant->format;
	config->regime = variant->regime;
	config->granule_lg2 = variant->granule_lg2;
	config->oas = variant->oas;
	config->lpa2 = variant->lpa2;
	config->bbm_level = (uint8_t)tree_below(t, 3);
	config->coherent = tree_below(t, 4) != 0;
	readers_shape(&t->random, config, variant->ias_least, variant->ias_most);
	host_cache_writeback_granule = (size_t)64 << tree_below(t, 6);
	MUST(readers_shape_of(config, &t->shape));
}

/* A root of less than a granule lies anywhere in one. */
static inline void tree_root(struct tree *t)
{
	uint64_t granule = granule_of(t->w);
	uint64_t align;

	t->root_bytes = UINT64_C(1) << t->shape.root_lg2;
	align = t->root_bytes < 64 ? 64 : t->root_bytes;
	t->root = FW_PA;
	if (align < granule)
		t->root += tree_below(t, granule / align) * align;
	t->next = fh_align_up(t->root + t->root_bytes, granule);
	t->table[0] = (struct tree_table){ t->root, 0, t->shape.start_level };
	t->tables = 1;
}

static inline uint64_t tree_entries(const struct tree *t, const struct tree_table *table)
{
	return table == &t->table[0] ? t->root_bytes / 8 : granule_of(t->w) / 8;
}

/* Index 0 for what may be the root, which has none of the full tables' entries. */
static inline uint64_t *tree_slot(struct tree *t, const struct tree_table *table, uint64_t index)
{
	return ram_at(t->w, table->pa) + index;
}

static inline uint64_t tree_index(struct tree *t, const struct tree_table *table)
{
	uint64_t entries = tree_entries(t, table);
	uint64_t few = entries < 24 ? entries : 24;

	switch (tree_below(t, 4)) {
	case 0:
		return entries - 1 - tree_below(t, few);
	case 1:
		return tree_below(t, entries);
	default:
		return tree_below(t, few);
	}
}

/* Whatever bits a leaf may have: the firmware's own business. */
static inline uint64_t tree_leaf(struct tree *t, int level)
{
	const struct fh_shape *shape = &t->shape;
	uint64_t span = fh_shape_span(shape, level);
	uint64_t field = fh_desc_place(shape, UINT64_MAX);
	uint64_t attr = unit_random(&t->random) & ~field & ~shape->software & ~UINT64_C(3);
	uint64_t pa = unit_random(&t->random) & ((UINT64_C(1) << shape->oas) - 1) & ~(span - 1);
	uint64_t desc;

	if (tree_below(t, 16) == 0)
		attr |= shape->software & -shape->software;
	if (tree_below(t, 2))
		attr &= FH_MASK(11, 2) & ~field;
	/* Alone it would be a broken run. */
	attr &= ~FH_DESC_CONTIGUOUS;
	desc = fh_desc_leaf(shape, pa, level, attr);
	return desc & ~fh_format_reserved(shape, desc, level);
}

static inline uint64_t tree_note(struct tree *t)
{
	uint64_t note = unit_random(&t->random) & ~UINT64_C(1);

	return note ? note : 0xdead0000;
}

static inline uint64_t tree_limits(struct tree *t, uint64_t link, int level)
{
	link |= unit_random(&t->random) & (FH_MASK(63, 59) | FH_MASK(11, 10));
	return link & ~fh_format_reserved(&t->shape, link, level);
}

/* A link to a table that is made, or that stands there already at the same level; 0 for none. */
static inline uint64_t tree_link(struct tree *t, int level, uint64_t iova)
{
	struct tree_table *known = &t->table[tree_below(t, t->tables)];
	uint64_t granule = granule_of(t->w);
	uint64_t pa = t->next;

	if (tree_below(t, 8) == 0 && known->level == level + 1) {
		pa = known->pa;
	} else {
		if (t->tables == TREE_TABLES || pa + granule > FW_PA + FW_BYTES)
			return 0;
		t->next += granule;
		t->table[t->tables++] = (struct tree_table){ pa, iova, level + 1 };
	}
	return tree_limits(t, fh_desc_link(&t->shape, pa), level);
}

static inline uint64_t tree_entry(struct tree *t, int level, uint64_t iova)
{
	uint64_t link = 0;

	if (tree_below(t, 8) == 0)
		return tree_note(t);
	if (level != FH_LEVEL_PAGE && tree_below(t, 2))
		link = tree_link(t, level, iova);
	if (link || !fh_shape_has_leaf(&t->shape, level))
		return link;
	return tree_leaf(t, level);
}

/* Tables that it links to come later in the list, and are filled in their turn. */
static inline void tree_fill(struct tree *t, unsigned int which)
{
	struct tree_table table = t->table[which];
	uint64_t span = fh_shape_span(&t->shape, table.level);
	uint64_t count = tree_below(t, TREE_ENTRIES);

	for (uint64_t i = 0; i < count; i++) {
		uint64_t index = tree_index(t, &t->table[which]);
		uint64_t iova = table.iova + index * span;
		uint64_t *slot = tree_slot(t, &table, index);

		if (*slot)
			continue;
		*slot = tree_entry(t, table.level, iova);
		t->spot[t->spots++ % TREE_SPOTS] = iova;
	}
	/* Few trees end at their root. */
	if (which < 3 && t->tables == which + 1 && table.level != FH_LEVEL_PAGE) {
		uint64_t *slot = tree_slot(t, &table, 0);

		if (!*slot)
			*slot = tree_link(t, table.level, table.iova);
	}
}

static inline uint64_t tree_spot(struct tree *t)
{
	uint64_t count = t->spots < TREE_SPOTS ? t->spots : TREE_SPOTS;

	return count ? t->spot[tree_below(t, count)] : 0;
}

static inline bool tree_window_fits(const struct tree *t, struct fh_window window)
{
	if (!window.size || !fh_range_fits(window.base.raw, window.size, t->shape.ias))
		return false;
	for (unsigned int w = 0; w < t->window_count; w++)
		if (fh_ranges_overlap(window.base.raw, window.size, t->window[w].base.raw,
				      t->window[w].size))
			return false;
	return true;
}

/* Edges anywhere on a granule; with a walker that is not coherent mostly where a line ends. */
static inline struct fh_window tree_window(struct tree *t)
{
	int levels = FH_LEVEL_PAGE - t->shape.start_level + 1;
	int level = FH_LEVEL_PAGE - (tree_below(t, 2) ? 0 : (int)tree_below(t, (uint64_t)levels));
	uint64_t unit = fh_shape_span(&t->shape, level);
	uint64_t base;

	if (!t->w->config.coherent && tree_below(t, 8))
		unit *= host_cache_writeback_granule / 8;
	base = fh_align_down(tree_spot(t), unit) + tree_below(t, 4) * unit;
	return (struct fh_window){ fh_dma(base), (1 + tree_below(t, 40)) * unit };
}

static inline void tree_windows(struct tree *t)
{
	unsigned int wanted = tree_below(t, 8) ? 1 + (unsigned int)tree_below(t, 3) : FH_WINDOW_MAX;

	for (unsigned int tries = 0; tries < 200 && t->window_count < wanted; tries++) {
		struct fh_window window = tree_window(t);

		if (tree_window_fits(t, window))
			t->window[t->window_count++] = window;
	}
	if (!t->window_count)
		t->window[t->window_count++] =
		    (struct fh_window){ fh_dma(0), UINT64_C(1) << t->shape.ias };
}

/* An entry that is there already, where a few tries find one. */
static inline uint64_t *tree_used_slot(struct tree *t, struct tree_table *table)
{
	uint64_t *slot = NULL;

	for (unsigned int tries = 0; tries < 60; tries++) {
		*table = t->table[tree_below(t, t->tables)];
		slot = tree_slot(t, table, tree_index(t, &t->table[table->pa == t->root ? 0 : 1]));
		if (*slot & 1)
			break;
	}
	return slot;
}

/* Memory that no table may lie in. */
static inline uint64_t tree_bad_place(struct tree *t)
{
	switch (tree_below(t, 8)) {
	case 0:
		return HOLE_PA + tree_below(t, HOLE_BYTES);
	case 1:
		return SECURE_PA + tree_below(t, SECURE_BYTES);
	case 2:
		return MMIO_PA + tree_below(t, RAM_BASE);
	case 3:
		return RAM_BASE + RAM_BYTES;
	case 4:
		return unit_random(&t->random);
	case 5:
		return SECURE_PA - granule_of(t->w) / 2;
	default:
		return RAM_BASE + tree_below(t, 8 * FH_MIB);
	}
}

static inline void tree_bad_window(struct tree *t)
{
	struct fh_window *window = &t->window[t->window_count ? tree_below(t, t->window_count) : 0];

	switch (tree_below(t, 7)) {
	case 0:
		window->base.raw += 1 + tree_below(t, granule_of(t->w));
		break;
	case 1:
		window->size -= 1 + tree_below(t, 8);
		break;
	case 2:
		window->size = 0;
		break;
	case 3:
		window->base.raw = fh_align_down(unit_random(&t->random), granule_of(t->w));
		break;
	case 4:
		window->size = fh_align_down(unit_random(&t->random), granule_of(t->w));
		break;
	case 5:
		t->window[FH_WINDOW_MAX] = *window;
		t->window_count = tree_below(t, 2) ? 0 : FH_WINDOW_MAX + 1;
		break;
	default:
		t->window[t->window_count % FH_WINDOW_MAX] = *window;
		t->window_count += t->window_count < FH_WINDOW_MAX;
	}
}

static inline void tree_garbage(struct tree *t)
{
	struct tree_table *table = &t->table[tree_below(t, t->tables)];

	for (uint64_t count = 1 + tree_below(t, TREE_GARBAGE); count; count--)
		*tree_slot(t, table, tree_index(t, table)) = unit_random(&t->random);
}

static inline struct tree_table *tree_at_level(struct tree *t, int level)
{
	struct tree_table *table = &t->table[tree_below(t, t->tables)];

	for (unsigned int tries = 0; tries < 20 && table->level != level; tries++)
		table = &t->table[tree_below(t, t->tables)];
	return table->level == level ? table : NULL;
}

static inline void tree_relink(struct tree *t, struct tree_table *from, uint64_t pa)
{
	*tree_slot(t, from, tree_below(t, 8) & (tree_entries(t, from) - 1)) =
	    fh_desc_link(&t->shape, pa);
}

/* A table below itself, where another way leads to what is between. */
static inline void tree_knot(struct tree *t)
{
	int level = t->shape.start_level + (int)tree_below(t, 4);
	struct tree_table *above = tree_at_level(t, level);
	struct tree_table *beside = tree_at_level(t, level);
	struct tree_table *below = tree_at_level(t, level + 1);

	if (!above || !beside || !below || level + 1 >= FH_LEVEL_PAGE)
		return;
	tree_relink(t, above, below->pa);
	tree_relink(t, beside, below->pa);
	tree_relink(t, below, above->pa);
}

/* One thing is not as it should be; now and then it still is. */
static inline void tree_spoil(struct tree *t)
{
	struct tree_table table = t->table[tree_below(t, t->tables)];
	struct tree_table *other = &t->table[tree_below(t, t->tables)];
	uint64_t *slot =
	    tree_slot(t, &table, tree_index(t, &t->table[table.pa == t->root ? 0 : 1]));

	switch (tree_below(t, TREE_FAULTS)) {
	case 0:
		*slot = fh_desc_link(&t->shape, other->pa);
		break;
	case 1:
		*slot = fh_desc_link(&t->shape, tree_bad_place(t));
		break;
	case 2:
		slot = tree_used_slot(t, &table);
		*slot |= unit_random(&t->random) & unit_random(&t->random);
		break;
	case 3:
		slot = tree_used_slot(t, &table);
		*slot ^= UINT64_C(1) << tree_below(t, 64);
		break;
	case 4:
		*slot = tree_leaf(t, table.level) ^ (tree_below(t, 2) ? 2 : 0);
		break;
	case 5:
		tree_garbage(t);
		break;
	case 6:
		t->root =
		    tree_below(t, 2) ? t->root + 8 * (1 + tree_below(t, 64)) : tree_bad_place(t);
		break;
	case 7:
		tree_bad_window(t);
		break;
	case 8:
		slot = tree_used_slot(t, &table);
		*slot |= t->shape.software;
		break;
	case 9:
		unit_abort_at(slot, 8);
		break;
	case 10:
		tree_knot(t);
		break;
	default:
		/* The same table at another level: below itself, or not. */
		if (other->level != FH_LEVEL_PAGE)
			tree_relink(t, other, table.pa);
	}
}

/* Another tree in the firmware's memory, which is zero. */
static inline void tree_make(struct tree *t, struct shape_world *w, uint64_t seed)
{
	*t = (struct tree){ .w = w, .random = seed };
	tree_shape(t);
	tree_root(t);
	for (unsigned int i = 0; i < t->tables; i++)
		tree_fill(t, i);
	tree_windows(t);
	t->spoiled = tree_below(t, 3) != 0;
	if (t->spoiled)
		for (uint64_t count = 1 + tree_below(t, 2); count; count--)
			tree_spoil(t);
}

/* ---- What the judge is told. */

static inline enum inherited_memory tree_memory(void *ctx, uint64_t pa)
{
	(void)ctx;
	if (pa < RAM_BASE || pa >= RAM_BASE + RAM_BYTES ||
	    (pa >= HOLE_PA && pa < HOLE_PA + HOLE_BYTES))
		return INHERITED_IS_NOTHING;
	if (pa >= SECURE_PA && pa < SECURE_PA + SECURE_BYTES)
		return INHERITED_IS_NOMAP;
	return pa >= FW_PA && pa < FW_PA + FW_BYTES ? INHERITED_IS_RESERVED : INHERITED_IS_USABLE;
}

static inline bool tree_read(void *ctx, uint64_t pa, uint64_t *desc)
{
	struct tree *t = ctx;

	return fh_hook_read(desc, ram_at(t->w, pa), sizeof(*desc)) == 0;
}

static inline struct inherited_verdict tree_judge(struct tree *t,
						  void (*ours)(void *ctx, uint64_t pa))
{
	const struct fh_pgtable_config *config = &t->w->config;
	struct inherited_window window[FH_WINDOW_MAX + 1];
	struct inherited inherited = {
		.stage_2 = config->format == FH_FORMAT_S2,
		.uat = config->format == FH_FORMAT_UAT,
		.two_privileges = config->regime == FH_REGIME_EL1,
		.ds = config->lpa2,
		.granule_lg2 = config->granule_lg2,
		.ias = config->ias,
		.oas = config->oas,
		.concat_lg2 = config->concat_lg2,
		.coherent = config->coherent,
		.writeback = host_cache_writeback_granule,
		.root = t->root,
		.window = window,
		.window_count = t->window_count,
		.memory = tree_memory,
		.read = tree_read,
		.ours = ours,
		.ctx = t,
	};

	for (unsigned int w = 0; w <= FH_WINDOW_MAX; w++)
		window[w] = (struct inherited_window){ t->window[w].base.raw, t->window[w].size };
	return inherited_judge(&inherited);
}

#endif
