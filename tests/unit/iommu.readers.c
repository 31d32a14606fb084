/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random trees of every shape, read by the engine's lookup and by the strict walker of
 * tests/oracle/, which find the same at every address and nothing that the architecture forbids;
 * and the same trees with one bit wrong, which fh_pgtable_check() must find when the walker does.
 * FH_STEPS says how many addresses; FH_SEED repeats a run.
 */
#include <stdlib.h>
#include <string.h>

#include "iommu/pgtable_check.h"
#include "lib/error.h"
#include "tests/oracle/no_tlb.h"
#include "tests/oracle/readers.h"
#include "tests/unit/unit.h"

#define BASE UINT64_C(0x80000000)
#define ARENA_BYTES (UINT64_C(48) << 20)
#define STEPS 20000u
#define ADDRESSES 200u
#define OPERATIONS 60u
#define DAMAGES 10u
#define BIT(n) (UINT64_C(1) << (n))

/* The usual one, and one that has the types elsewhere and twice. */
static const uint64_t mairs[] = { UINT64_C(0x000444ff), UINT64_C(0xff04440000ff4404) };

/* What a walker has, all of it; ias are those that can be. */
struct variant {
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	uint8_t oas;
	bool lpa2;
	uint8_t ias_least;
	uint8_t ias_most;
};

#define OF_GRANULES(format, regime)                                                                \
	{ format, regime, 12, 32, false, 16, 48 }, { format, regime, 12, 48, false, 31, 48 },      \
	    { format, regime, 12, 52, true, 16, 52 }, { format, regime, 12, 52, true, 40, 52 },    \
	    { format, regime, 12, 48, true, 40, 52 }, { format, regime, 14, 40, false, 16, 48 },   \
	    { format, regime, 14, 48, false, 32, 48 }, { format, regime, 14, 52, true, 16, 52 },   \
	    { format, regime, 14, 52, true, 40, 52 }, { format, regime, 14, 48, true, 37, 52 },    \
	    { format, regime, 16, 44, false, 17, 52 }, { format, regime, 16, 48, false, 36, 52 },  \
	    { format, regime, 16, 52, false, 17, 52 },                                             \
	{                                                                                          \
		format, regime, 16, 52, false, 43, 52                                              \
	}

static const struct variant variants[] = {
	OF_GRANULES(FH_FORMAT_S1, FH_REGIME_EL1),
	OF_GRANULES(FH_FORMAT_S1, FH_REGIME_EL2),
	OF_GRANULES(FH_FORMAT_S2, FH_REGIME_STAGE2),
	{ FH_FORMAT_S1, FH_REGIME_EL3, 12, 48, false, 16, 48 },
};

struct world {
	unsigned char *arena;
	struct fh_memmap map;
	struct fh_frames frames;
	_Alignas(16) unsigned char buffer[1024];
	_Alignas(16) unsigned char metadata[1 << 20];
	struct fh_pgtable table;
	uint64_t random;
	/* translations by stage, granule, level, and with the contiguous hint */
	uint64_t seen[2][3][5][2];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fh_frames_config config;

	assert_non_null(w);
	w->arena = unit_memory(ARENA_BYTES);
	/* What nobody has zeroed would be a valid descriptor of every level. */
	memset(w->arena, 0xa7, ARENA_BYTES);
	MUST(fh_memmap_init(&w->map, w->buffer, sizeof(w->buffer), 12));
	MUST(fh_memmap_add(&w->map, BASE, ARENA_BYTES, FH_MEM_USABLE, "ram"));
	MUST(fh_memmap_resolve(&w->map));
	config = (struct fh_frames_config){
		.map = &w->map,
		.metadata = w->metadata,
		.metadata_bytes = sizeof(w->metadata),
		.direct_offset = (uintptr_t)w->arena - BASE,
	};
	MUST(fh_frames_init(&w->frames, &config));
	w->random = unit_seed("iommu.readers");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	unit_memory_free(w->arena, ARENA_BYTES);
	free(w);
	return 0;
}

static uint64_t free_frames(const struct world *w)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&w->frames, &stats);
	return stats.free;
}

static struct fh_pgtable_config config_of(struct world *w, const struct variant *variant)
{
	struct fh_pgtable_config config = {
		.format = variant->format,
		.regime = variant->regime,
		.granule_lg2 = variant->granule_lg2,
		.oas = variant->oas,
		.lpa2 = variant->lpa2,
		.bbm_level = (uint8_t)(2 - unit_random_below(&w->random, 4) % 3),
		.coherent = true,
		.mair = variant->format == FH_FORMAT_S1 ? mairs[unit_random(&w->random) & 1] : 0,
		.frames = &w->frames,
		.tlb = &no_tlb,
	};

	readers_shape(&w->random, &config, variant->ias_least, variant->ias_most);
	return config;
}

static void agree(const struct fh_pgtable_config *config, struct readers_wrong wrong)
{
	if (wrong.what)
		fail_msg("%#llx: %s (format %u, granule %u, ias %u, oas %u, concat %u, lpa2 %u)",
			 (unsigned long long)wrong.at, wrong.what, (unsigned int)config->format,
			 config->granule_lg2, config->ias, config->oas, config->concat_lg2,
			 config->lpa2);
}

static void count(struct world *w, const struct fh_pgtable_config *config,
		  const struct oracle_verdict *verdict)
{
	if (verdict->kind == ORACLE_TRANSLATION)
		w->seen[config->format == FH_FORMAT_S2][(config->granule_lg2 - 12) / 2]
		       [verdict->level + 1][verdict->desc >> 52 & 1]++;
}

/* Every leaf that a granule has was looked at, with the hint and without, where there is one. */
static void saw_all(const struct world *w)
{
	static const int largest[] = { 0, 1, 1 };

	for (unsigned int stage = 0; stage < 2; stage++)
		for (unsigned int granule = 0; granule < 3; granule++)
			for (int level = largest[granule]; level <= 3; level++) {
				const uint64_t *seen = w->seen[stage][granule][level + 1];
				unsigned int run = oracle_run(12 + 2 * granule, level);

				if (!seen[0] || !seen[1] != !run)
					fail_msg("stage %u, granule %u, level %d: %llu leaves, "
						 "%llu in runs",
						 stage + 1, 12 + 2 * granule, level,
						 (unsigned long long)seen[0],
						 (unsigned long long)seen[1]);
			}
}

/* A bit of an address may lead to memory that is free: nothing that a walker can know. */
static void count_finding(void *ctx, const struct fh_check_finding *finding)
{
	uint64_t *count = ctx;

	*count += finding->code != FH_CHECK_MAPS_FREE;
}

static uint64_t findings(const struct world *w)
{
	uint64_t count = 0;
	struct fh_check_report report = { .finding = count_finding, .ctx = &count };
	int err = fh_pgtable_check(&w->table, &report);

	assert_int_equal(err, report.findings ? -EIO : 0);
	return count;
}

/* One tree from its first entry to its last. */
static void one_tree(struct world *w, const struct variant *variant, uint64_t *compared)
{
	struct fh_pgtable_config config = config_of(w, variant);
	uint64_t before = free_frames(w);
	struct readers r;

	MUST(fh_pgtable_init(&w->table, &config));
	readers_init(&r, &w->table, unit_random(&w->random), true);
	agree(&config, readers_grow(&r, OPERATIONS));
	agree(&config, readers_check(&r));
	for (unsigned int i = 0; i < ADDRESSES; i++) {
		struct oracle_verdict verdict;

		agree(&config, readers_compare(&r, readers_address(&r), &verdict));
		count(w, &config, &verdict);
	}
	assert_int_equal(findings(w), 0);
	assert_true(r.done > 0);
	*compared += r.translations;
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(free_frames(w), before);
}

/* Each variant in turn, until as many addresses had a translation. */
static void trees(void **state)
{
	struct world *w = *state;
	const char *text = getenv("FH_STEPS");
	uint64_t wanted = text ? strtoull(text, NULL, 0) : STEPS;
	uint64_t compared = 0;

	for (unsigned int i = 0; compared < wanted || i < 2 * FH_ARRAY_SIZE(variants); i++)
		one_tree(w, &variants[i % FH_ARRAY_SIZE(variants)], &compared);
	/* In fewer some may be missing. */
	if (wanted >= 10 * STEPS)
		saw_all(w);
}

/* ---- Damage. */

/*
 * What the walker refuses and the check lets pass: bits of optional features (FnXS, GP, DBM) and
 * NS, which firmware may have reason to set; what hardware updates in one entry of a run (AF, the
 * dirty state); values that no bit by itself makes wrong.
 */
static bool tolerated(enum oracle_error why, uint64_t bit)
{
	switch (why) {
	case ORACLE_LEAF_RES0:
		return bit & (BIT(5) | BIT(11) | BIT(50) | BIT(51));
	case ORACLE_RUN_ATTRIBUTES:
		return bit & (BIT(7) | BIT(10) | BIT(51));
	case ORACLE_LEAF_RES1:
	case ORACLE_SHARE:
	case ORACLE_MEMORY_TYPE:
		return true;
	default:
		return false;
	}
}

/* The entry that ends the walk, or that of the root that it begins with. */
static uint64_t *some_entry(struct world *w, struct readers *r, bool *last)
{
	const struct fh_shape *shape = &w->table.shape;
	uint64_t va = readers_address(r);
	uint64_t at = w->table.root.raw + 8 * fh_shape_index(shape, shape->start_level, va);

	*last = unit_random_below(&w->random, 3) != 0;
	if (*last)
		at = oracle_translate(&r->strict, va).at;
	return (uint64_t *)(void *)(w->arena + (at - BASE));
}

static void damage_one(struct world *w, struct readers *r)
{
	uint64_t bit = BIT(unit_random_below(&w->random, 64));
	bool last;
	uint64_t *slot = some_entry(w, r, &last);
	struct oracle_verdict strict;
	uint64_t found;

	if (!*slot)
		return;
	*slot ^= bit;
	strict = oracle_check(&r->strict);
	found = findings(w);
	if (strict.kind == ORACLE_REFUSED && !found && !tolerated(strict.why, bit))
		fail_msg("format %u, granule %u, level %d: 0x%llx: %s: not found",
			 (unsigned int)w->table.config.format, w->table.config.granule_lg2,
			 strict.level, (unsigned long long)*slot, oracle_error_name(strict.why));
	/* Invalid and not zero is nothing to a walker; a link to another table may be a good one.
	 */
	if (strict.kind != ORACLE_REFUSED && last)
		assert_int_equal(found, *slot & 1 ? 0 : 1);
	*slot ^= bit;
}

static void damage(void **state)
{
	struct world *w = *state;

	for (unsigned int i = 0; i < FH_ARRAY_SIZE(variants); i++) {
		struct fh_pgtable_config config = config_of(w, &variants[i]);
		struct readers r;

		MUST(fh_pgtable_init(&w->table, &config));
		readers_init(&r, &w->table, unit_random(&w->random), true);
		agree(&config, readers_grow(&r, OPERATIONS));
		for (unsigned int n = 0; n < DAMAGES; n++)
			damage_one(w, &r);
		assert_int_equal(findings(w), 0);
		MUST(fh_pgtable_release(&w->table));
	}
}

/* Which shapes there are: the engine takes those that the strict walker takes, and no other. */
static bool engine_takes(const struct fh_shape_request *request, int *level)
{
	struct fh_shape shape;
	int err = fh_shape_init(&shape, request);

	if (!err)
		*level = shape.start_level;
	return err == 0;
}

static bool nowhere(void *ctx, uint64_t pa, uint64_t *desc)
{
	(void)ctx;
	(void)pa;
	*desc = 0;
	return true;
}

static void compare_shape(const struct fh_shape_request *request)
{
	struct oracle_config strict = {
		.stage = request->format == FH_FORMAT_S2 ? ORACLE_STAGE_2 : ORACLE_STAGE_1,
		.two_privileges = request->regime == FH_REGIME_EL1,
		.ds = request->lpa2,
		.granule_lg2 = request->granule_lg2,
		.ias = request->ias,
		.oas = request->oas,
		.read = nowhere,
	};
	int taken[6] = { 0 };
	struct fh_shape_request asked = *request;

	for (asked.concat_lg2 = 0; asked.concat_lg2 <= 5; asked.concat_lg2++) {
		int level;

		if (engine_takes(&asked, &level))
			taken[level + 1] = 1;
	}
	for (int level = -1; level <= 3; level++) {
		struct oracle_verdict verdict;

		strict.start_level = level;
		verdict = oracle_translate(&strict, 0);
		if (strict.stage == ORACLE_STAGE_1 && verdict.kind == ORACLE_FAULT &&
		    verdict.level != level)
			continue;
		if ((verdict.kind == ORACLE_FAULT) != taken[level + 1])
			fail_msg("format %u, granule %u, ias %u, oas %u, lpa2 %u, level %d: %s",
				 (unsigned int)request->format, request->granule_lg2, request->ias,
				 request->oas, request->lpa2, level,
				 oracle_error_name(verdict.why));
	}
}

static void shapes(void **state)
{
	static const uint8_t oas[] = { 0, 31, 32, 36, 40, 42, 44, 47, 48, 50, 52, 56 };
	static const enum fh_regime regimes[] = { FH_REGIME_EL1, FH_REGIME_EL2, FH_REGIME_STAGE2 };

	(void)state;
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(regimes) * FH_ARRAY_SIZE(oas) * 2; i++)
		for (uint8_t granule = 11; granule <= 17; granule++)
			for (uint8_t ias = 0; ias <= 64; ias++) {
				enum fh_regime regime = regimes[i / 2 / FH_ARRAY_SIZE(oas)];

				compare_shape(&(struct fh_shape_request){
				    .format =
					regime == FH_REGIME_STAGE2 ? FH_FORMAT_S2 : FH_FORMAT_S1,
				    .regime = regime,
				    .granule_lg2 = granule,
				    .ias = ias,
				    .oas = oas[i / 2 % FH_ARRAY_SIZE(oas)],
				    .lpa2 = i % 2,
				});
			}
}

/* And the levels of blocks and the lengths of runs that they have. */
static void runs(void **state)
{
	(void)state;
	for (uint8_t granule = 12; granule <= 16; granule = (uint8_t)(granule + 2))
		for (unsigned int lpa2 = 0; lpa2 < 2; lpa2++) {
			struct fh_shape_request request = {
				.format = FH_FORMAT_S1,
				.regime = FH_REGIME_EL1,
				.granule_lg2 = granule,
				.ias = lpa2 || granule == 16 ? 52 : 48,
				.oas = lpa2 || granule == 16 ? 52 : 48,
				.lpa2 = lpa2 && granule != 16,
			};
			struct fh_shape shape;

			MUST(fh_shape_init(&shape, &request));
			for (int level = shape.start_level; level <= 3; level++) {
				unsigned int lg2 = fh_shape_run_lg2(&shape, level);

				if (fh_shape_entries(&shape, level) < oracle_run(granule, level))
					continue;
				assert_int_equal(lg2 ? 1u << lg2 : 0, oracle_run(granule, level));
			}
		}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.readers.shapes", shapes),
	UNIT_TEST("iommu.readers.runs", runs),
	{ "iommu.readers.trees", trees, setup, teardown, NULL },
	{ "iommu.readers.damage", damage, setup, teardown, NULL },
};

UNIT_MAIN("iommu.readers", tests)
