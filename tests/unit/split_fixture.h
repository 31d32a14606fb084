/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of what changes live translations: a block of every level and granule between two
 * neighbours, ranges that cut it, and an onlooker who sees at every compare-and-swap and every
 * invalidation that nobody else's translation changes.
 */
#ifndef FH_TESTS_UNIT_SPLIT_FIXTURE_H
#define FH_TESTS_UNIT_SPLIT_FIXTURE_H

#include "tests/unit/iommu_fixture.h"

/* A block of @level, whose span is 2^@block_lg2. */
struct block_kind {
	uint8_t granule, level, block_lg2;
	bool large; /* 52 bits */
};

/* A build that counts what is mapped looks at each frame of it: not of terabytes. */
static const struct block_kind block_kinds[] = {
	{ 12, 2, 21, false }, { 12, 1, 30, false }, { 12, 2, 21, true },
	{ 14, 2, 25, false }, { 16, 2, 29, false },
#if !FH_FRAMES_COUNT_MAPPINGS
	{ 12, 0, 39, true },  { 14, 1, 36, true },  { 16, 1, 42, true },
#endif
};

#define PROBES 32u

struct split {
	struct world *w;
	const struct block_kind *kind;
	enum fh_format format;
	struct fh_attr attr;
	uint64_t granule;
	uint64_t block;	      /* its address; the block before and the one behind are mapped too */
	uint64_t first, last; /* what is changed */
	bool live;	      /* no address may be without its translation */
	uint64_t probe[PROBES];
	struct seen before[PROBES];
	unsigned int probes;
	unsigned int looks;
	unsigned int sync_fails; /* which sync does, from 1 */
};

static inline uint64_t block_bytes(const struct split *s)
{
	return UINT64_C(1) << s->kind->block_lg2;
}

static inline bool in_range(const struct split *s, uint64_t at)
{
	return at >= s->first && at <= s->last;
}

static inline bool same_seen(const struct seen *a, const struct seen *b)
{
	return a->mapped == b->mapped && a->pa == b->pa && a->access == b->access &&
	       a->memtype == b->memtype && a->share == b->share;
}

/* Every translation is that of before; those of the range too, unless @changed says not to look. */
static inline void probe_all(struct split *s, bool changed)
{
	for (unsigned int i = 0; i < s->probes; i++) {
		struct seen now;

		if (changed && in_range(s, s->probe[i]))
			continue;
		now = arm_walk(s->w, &s->w->table, s->probe[i]);
		assert_true(same_seen(&now, &s->before[i]));
	}
}

/* In between: outside of the range nothing is missing when it is done live. */
static inline void look(struct split *s)
{
	s->looks++;
	if (s->kind->granule == 12 && s->kind->level == 2 && s->w->config.contiguous)
		world_runs_now(s->w);
	if (s->live)
		probe_all(s, true);
}

static inline void look_at_swap(void *ctx, uint64_t *slot, uint64_t desired)
{
	(void)slot;
	(void)desired;
	look(ctx);
}

static inline void look_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size,
				   unsigned int leaf_lg2, bool tables)
{
	struct split *s = ctx;

	look(s);
	world_invalidate(s->w, iova, size, leaf_lg2, tables);
}

static inline int look_sync(void *ctx)
{
	struct split *s = ctx;

	look(s);
	s->w->syncs++;
	return s->w->syncs == s->sync_fails ? -ETIMEDOUT : 0;
}

static const struct fh_tlb_ops look_ops = { look_invalidate, look_sync };

static inline void add_probe(struct split *s, uint64_t at)
{
	if (at < s->block - block_bytes(s) || at >= s->block + 2 * block_bytes(s))
		return;
	assert_in_range(s->probes, 0, PROBES - 1);
	s->probe[s->probes] = at;
	s->before[s->probes++] = arm_walk(s->w, &s->w->table, at);
}

/* Around both edges of the range and of the block, and some more. */
static inline void choose_probes(struct split *s)
{
	uint64_t edges[] = { s->first, s->last + 1, s->block, s->block + block_bytes(s) };
	uint64_t random = s->first;

	s->probes = 0;
	for (size_t i = 0; i < FH_ARRAY_SIZE(edges); i++)
		for (int step = -2; step <= 2; step++)
			add_probe(s, edges[i] + (uint64_t)step * s->granule);
	for (unsigned int i = 0; i < 6; i++)
		add_probe(s, s->block + unit_random_below(&random, block_bytes(s)));
}

static inline void configure(struct split *s, unsigned int bbm, bool contiguous)
{
	struct world *w = s->w;

	w->config.format = s->format;
	w->config.regime = s->format == FH_FORMAT_S2 ? FH_REGIME_STAGE2 : FH_REGIME_EL1;
	w->config.granule_lg2 = s->kind->granule;
	w->config.oas = s->kind->large ? 52 : 48;
	w->config.ias = s->kind->large ? 50 : 48;
	w->config.lpa2 = s->kind->large && s->kind->granule != 16;
	/* 16K without LPA2 has no level 0 at stage 2. */
	w->config.concat_lg2 = 0;
	if (s->format == FH_FORMAT_S2 && s->kind->granule == 14 && !s->kind->large)
		w->config.ias = 47;
	w->config.share = s->attr.share;
	w->config.bbm_level = (uint8_t)bbm;
	w->config.contiguous = contiguous;
	w->config.tlb = &look_ops;
	w->config.tlb_ctx = s;
	w->tlb_lg2 = s->kind->granule;
	s->granule = UINT64_C(1) << s->kind->granule;
}

/* Three blocks, of which the one in the middle is to be cut. */
static inline void build(struct split *s)
{
	struct world *w = s->w;
	uint64_t start;

	s->block = 37 * block_bytes(s);
	start = s->block - block_bytes(s);
	MUST(fh_pgtable_init(&w->table, &w->config));
	MUST(fh_pgtable_map(&w->table, fh_dma(start), fh_phys(8 * block_bytes(s)),
			    3 * block_bytes(s), s->attr));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(agree(w, &w->table, start + i * block_bytes(s)).level,
				 s->kind->level);
	w->tlb_base = s->block;
	memset(w->tlb, true, sizeof(w->tlb));
	w->syncs = 0;
	s->sync_fails = 0;
	s->looks = 0;
}

static inline void choose_range(struct split *s, uint64_t first, uint64_t size)
{
	s->first = s->block + first;
	s->last = s->first + size - 1;
	choose_probes(s);
}

/* Ranges of a block that are worth a look: number @i. */
#define RANGES 18u
static inline void nth_range(struct split *s, unsigned int i)
{
	uint64_t g = s->granule, b = block_bytes(s);
	/* A block, or page, of the next level. */
	uint64_t sub = b >> (s->kind->granule - 3);
	const struct {
		uint64_t first, size;
	} ranges[] = {
		{ 0, g },
		{ b - g, g },
		{ b / 2, g },
		{ b / 2 - g, 2 * g },
		{ 0, b - g },
		{ g, b - g },
		{ g, b - 2 * g },
		{ sub, sub },
		{ 0, b / 2 },
		{ b / 2, b / 2 },
		{ sub, 2 * sub },
		{ 16 * sub, 21 * g },
		{ 16 * sub, 5 * sub },
		{ 16 * sub + 3 * g, 128 * sub },
		{ 32 * sub, 128 * sub },
		{ 128 * sub, g },
		{ 128 * sub, 128 * sub + g },
		{ 128 * sub - g, 256 * sub + g },
	};

	_Static_assert(FH_ARRAY_SIZE(ranges) == RANGES, "RANGES counts them");
	choose_range(s, ranges[i].first, ranges[i].size);
}

/* Tables that must stand where the block is now: those that an edge lies in the middle of. */
static inline uint64_t count_tables(const struct split *s)
{
	uint64_t edges[] = { s->first, s->last + 1 };
	uint64_t count = 0;
	unsigned int stride = s->kind->granule - 3u;

	for (unsigned int above = s->kind->block_lg2; above > s->kind->granule; above -= stride) {
		uint64_t table[2] = { 1, 1 };

		for (unsigned int e = 0; e < 2; e++)
			if (edges[e] & ((UINT64_C(1) << above) - 1))
				table[e] = edges[e] >> above << above;
		if (table[0] != 1)
			count++;
		if (table[1] != 1 && table[1] != table[0])
			count++;
	}
	return count;
}

static inline int split_setup(void **state)
{
	struct split *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->w = world_new();
	s->format = FH_FORMAT_S1;
	s->attr = ATTR_RW;
	*state = s;
	return 0;
}

static inline int split_teardown(void **state)
{
	struct split *s = *state;

	world_delete(s->w);
	free(s);
	return 0;
}

#define SPLIT_TEST(name, function)                                                                 \
	{                                                                                          \
		(name), (function), split_setup, split_teardown, NULL                              \
	}

#endif
