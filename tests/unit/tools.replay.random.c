/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine at random, in every format at every BBM level, with allocations and invalidations that
 * fail, under the checker of tools/replay. What the engine refuses is none of the checker's
 * business. FH_ROUNDS=N walks through so many tables.
 */
#include "tests/unit/replay_fixture.h"

struct walk {
	struct world *w;
	struct fh_gather gather;
	uint64_t random;
	uint64_t page;
	uint64_t block;
	unsigned int done;
};

static void random_flush(struct walk *k)
{
	k->w->sync_err = unit_random_below(&k->random, 16) ? 0 : -ETIMEDOUT;
	if (fh_gather_flush(&k->gather)) {
		k->w->sync_err = 0;
		MUST(fh_gather_flush(&k->gather));
	}
	k->w->sync_err = 0;
	if (unit_random_below(&k->random, 2))
		fh_gather_init(&k->gather, &k->w->table);
	if (unit_random_below(&k->random, 2))
		fh_gather_quiescent(&k->gather);
}

static void random_range(struct walk *k, uint64_t *iova, uint64_t *size)
{
	uint64_t unit = unit_random_below(&k->random, 3) ? k->page : k->block;
	uint64_t run = 16 * k->page;

	if (unit_random_below(&k->random, 3) == 0)
		unit = unit_random_below(&k->random, 2) ? k->block / 2 : run;
	*iova = unit_random_below(&k->random, 4 * k->block / unit) * unit;
	*size = (1 + unit_random_below(&k->random, 3)) * unit;
}

static int random_change(struct walk *k, uint64_t iova, uint64_t size)
{
	static const struct fh_attr attrs[] = {
		{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_INNER },
	};
	struct fh_pgtable *table = &k->w->table;
	struct fh_attr attr = attrs[unit_random_below(&k->random, FH_ARRAY_SIZE(attrs))];
	int err;

	if (k->w->config.regime == FH_REGIME_EL1 && unit_random_below(&k->random, 4))
		attr.access |= FH_NOT_GLOBAL;
	switch (unit_random_below(&k->random, 8)) {
	case 0:
	case 1:
		return fh_pgtable_unmap(table, fh_dma(iova), size, &k->gather);
	case 2:
	case 3:
		k->w->sync_err = unit_random_below(&k->random, 16) ? 0 : -ETIMEDOUT;
		err = fh_pgtable_protect(table, fh_dma(iova), size, attr, &k->gather);
		k->w->sync_err = 0;
		return err;
	case 4:
		random_flush(k);
		k->w->sync_err = unit_random_below(&k->random, 4) ? 0 : -ETIMEDOUT;
		err = fh_pgtable_trim(table, fh_dma(iova), size, &k->gather);
		k->w->sync_err = 0;
		return err;
	default:
		/* What was unmapped there may be mapped again when it is flushed. */
		random_flush(k);
		return fh_pgtable_map(table, fh_dma(iova), fh_phys(PA_BASE + iova), size, attr);
	}
}

static void random_walk(struct world *w, uint64_t seed)
{
	struct walk k = { .w = w, .random = seed };
	struct variant v = {
		.regime = (enum fh_regime)(1 + unit_random_below(&k.random, 4)),
		.granule_lg2 = (uint8_t)(12 + 2 * unit_random_below(&k.random, 3)),
		.coherent = unit_random_below(&k.random, 2),
		.bbm = (uint8_t)unit_random_below(&k.random, 3),
		.cpu = unit_random_below(&k.random, 2),
		.range = unit_random_below(&k.random, 2),
	};
	uint64_t iova, size;

	configure(w, &v);
	w->config.contiguous = unit_random_below(&k.random, 2);
	MUST(fh_pgtable_init(&w->table, &w->config));
	k.page = UINT64_C(1) << v.granule_lg2;
	k.block = fh_shape_span(&w->table.shape, 2);
	fh_gather_init(&k.gather, &w->table);
	for (unsigned int i = 0; i < 60; i++) {
		if (unit_random_below(&k.random, 8) == 0)
			fh_frames_fail_after(&w->frames, unit_random_below(&k.random, 3));
		random_range(&k, &iova, &size);
		k.done += random_change(&k, iova, size) == 0;
		fh_frames_fail_after(&w->frames, UINT64_MAX);
	}
	random_flush(&k);
	MUST(fh_pgtable_release(&w->table));
	assert_true(k.done > 5);
	w->config.tlb = &world_tlb_ops;
	w->config.tlb_ctx = w;
}

static void at_random(void **state)
{
	uint64_t random = unit_seed("tools.replay.random.walk");
	const char *rounds = getenv("FH_ROUNDS");
	struct world *w = world_new();

	(void)state;
	for (unsigned long i = rounds ? strtoul(rounds, NULL, 0) : 200; i; i--)
		random_walk(w, unit_random(&random));
	host_tlbi_range = false;
	world_delete(w);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("tools.replay.random.walk", at_random),
};

UNIT_MAIN("tools.replay.random", tests)
