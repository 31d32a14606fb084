/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on a table of its own: each error, blocks, lookup and walk,
 * failing allocations, gathers whose invalidation fails, release.
 */
#include "tests/unit/iommu_fixture.h"

#define IOVA(x) fh_dma(x)
#define PA(x) fh_phys(x)

static struct world *begin(void **state)
{
	struct world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	return w;
}

static void end(struct world *w)
{
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 0);
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
}

static void init_refusals(void **state)
{
	struct world *w = *state;
	struct fh_pgtable_config good = w->config;
	uint64_t held = world_count(w, FH_FRAME_HELD);

#define REFUSES(field, bad, err)                                                                   \
	do {                                                                                       \
		w->config = good;                                                                  \
		w->config.field = (bad);                                                           \
		assert_int_equal(fh_pgtable_init(&w->table, &w->config), err);                     \
		assert_int_equal(world_count(w, FH_FRAME_HELD), held);                             \
	} while (0)
	REFUSES(format, FH_FORMAT_S2, -EINVAL);
	REFUSES(format, FH_FORMAT_UAT, -EINVAL);
	REFUSES(format, (enum fh_format)9, -EINVAL);
	REFUSES(regime, (enum fh_regime)0, -EINVAL);
	REFUSES(regime, FH_REGIME_STAGE2, -EINVAL);
	REFUSES(granule_lg2, 13, -EINVAL);
	REFUSES(ias, 15, -EINVAL);
	REFUSES(ias, 49, -EINVAL);
	REFUSES(oas, 52, -EINVAL);
	REFUSES(oas, 39, -EINVAL);
	REFUSES(concat_lg2, 1, -EINVAL);
	REFUSES(bbm_level, 3, -EINVAL);
	REFUSES(frames, NULL, -EINVAL);
	REFUSES(tlb, NULL, -EINVAL);
	good.lpa2 = true;
	REFUSES(granule_lg2, 16, -EINVAL);
	REFUSES(share, 1, -EINVAL);
	good.lpa2 = false;
	/* A table is made of whole frames. */
	w->frames.frame_lg2 = 14;
	REFUSES(granule_lg2, 12, -ENOTSUP);
	w->frames.frame_lg2 = 12;
#undef REFUSES
	w->config = good;
	fh_frames_fail_after(&w->frames, 0);
	assert_int_equal(fh_pgtable_init(&w->table, &w->config), -ENOMEM);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
}

static void expect_map(struct world *w, int err, uint64_t iova, uint64_t pa, uint64_t size,
		       struct fh_attr attr)
{
	static struct snapshot before;

	snapshot_take(&before, w);
	assert_int_equal(fh_pgtable_plan(&w->table, IOVA(iova), PA(pa), size, attr), err);
	snapshot_equal(&before, w);
	assert_int_equal(fh_pgtable_map(&w->table, IOVA(iova), PA(pa), size, attr), err);
	if (err)
		snapshot_equal(&before, w);
}

static void map_refusals(void **state)
{
	struct world *w = begin(state);
	uint64_t ias_end = UINT64_C(1) << 39;
	uint64_t oas_end = UINT64_C(1) << 40;
	struct fh_attr bad = ATTR_RW;

	MUST(fh_pgtable_map(&w->table, IOVA(0x200000), PA(0x400000), TWO_MIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, IOVA(0x5000), PA(0x7000), FRAME, ATTR_RW));
	expect_map(w, -EINVAL, 0x800, 0, FRAME, ATTR_RW);
	expect_map(w, -EINVAL, 0, 0x10, FRAME, ATTR_RW);
	expect_map(w, -EINVAL, 0, 0, FRAME + 8, ATTR_RW);
	expect_map(w, -EINVAL, 0, 0, 0, ATTR_RW);
	bad.access = FH_WRITE;
	expect_map(w, -EINVAL, 0, 0, FRAME, bad);
	expect_map(w, -ERANGE, ias_end, 0, FRAME, ATTR_RW);
	expect_map(w, -ERANGE, ias_end - FRAME, 0, 2 * FRAME, ATTR_RW);
	expect_map(w, -ERANGE, UINT64_MAX & ~(FRAME - 1), 0, FRAME, ATTR_RW);
	expect_map(w, -ERANGE, FRAME, 0, 0 - FRAME, ATTR_RW);
	expect_map(w, -ERANGE, 0, oas_end - FRAME, 2 * FRAME, ATTR_RW);
	expect_map(w, -ERANGE, 0, oas_end, FRAME, ATTR_RW);
	/* In the way: a block, a page at either end, a table whose leaf is in the
	 * middle. */
	expect_map(w, -EEXIST, 0x200000, 0, FRAME, ATTR_RW);
	expect_map(w, -EEXIST, 0x3ff000, 0, FRAME, ATTR_RW);
	expect_map(w, -EEXIST, 0x4000, 0, 2 * FRAME, ATTR_RW);
	expect_map(w, -EEXIST, 0x5000, 0, 2 * FRAME, ATTR_RW);
	expect_map(w, -EEXIST, 0, 0, FH_GIB, ATTR_RW);
	/* The very last page of either side. */
	MUST(fh_pgtable_map(&w->table, IOVA(ias_end - FRAME), PA(oas_end - FRAME), FRAME, ATTR_RW));
	assert_int_equal(agree(w, &w->table, ias_end - 1).pa, oas_end - 1);
	end(w);
	/* No index of the MAIR says what is asked for. */
	w->config.mair = UINT64_MAX;
	begin(state);
	expect_map(w, -ENOTSUP, 0, 0, FRAME, ATTR_RO);
	end(w);
}

static void map_blocks(void **state)
{
	static const struct {
		uint64_t iova, pa, size;
		unsigned int leaves[4]; /* by level */
	} rows[] = {
		{ 0, 0, FH_GIB, { 0, 1, 0, 0 } },
		{ FH_GIB, 0, FH_GIB, { 0, 1, 0, 0 } },
		{ 0, TWO_MIB, FH_GIB, { 0, 0, 512, 0 } },
		{ 0, FRAME, TWO_MIB, { 0, 0, 0, 512 } },
		{ FH_GIB - FRAME, 2 * FH_GIB - FRAME, FH_GIB + 2 * FRAME, { 0, 1, 0, 2 } },
		{ FH_GIB - TWO_MIB - FRAME,
		  3 * FH_GIB - TWO_MIB - FRAME,
		  TWO_MIB + FRAME + FH_GIB + TWO_MIB + FRAME,
		  { 0, 1, 2, 2 } },
		{ TWO_MIB, FH_GIB + TWO_MIB, FH_GIB - TWO_MIB, { 0, 0, 511, 0 } },
		{ TWO_MIB - FRAME, TWO_MIB - FRAME, 2 * FRAME, { 0, 0, 0, 2 } },
	};
	struct world *w = begin(state);

	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++) {
		unsigned int leaves[4] = { 0 };
		int64_t plan = fh_pgtable_plan(&w->table, IOVA(rows[r].iova), PA(rows[r].pa),
					       rows[r].size, ATTR_RW);
		uint64_t held = world_count(w, FH_FRAME_HELD);

		MUST(fh_pgtable_map(&w->table, IOVA(rows[r].iova), PA(rows[r].pa), rows[r].size,
				    ATTR_RW));
		assert_int_equal(world_count(w, FH_FRAME_HELD) - held, plan);
		for (uint64_t at = 0; at < rows[r].size;) {
			struct seen seen = agree(w, &w->table, rows[r].iova + at);

			assert_true(seen.mapped && same_attr(&seen, ATTR_RW));
			assert_int_equal(seen.pa, rows[r].pa + at);
			leaves[seen.level]++;
			at += UINT64_C(1) << (39 - 9 * seen.level);
		}
		assert_memory_equal(leaves, rows[r].leaves, sizeof(leaves));
		assert_false(agree(w, &w->table, rows[r].iova + rows[r].size).mapped);
		MUST(world_unmap(w, rows[r].iova & ~(FH_GIB - 1), 4 * FH_GIB));
		/* All tables were covered whole. */
		assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	}
	end(w);
}

/* First and last address of a table; what lies between is not there. */
static void first_and_last(void **state)
{
	struct world *w = *state;
	struct fh_attr attr = ATTR_RW;
	uint64_t granule = UINT64_C(1) << w->config.granule_lg2;
	uint64_t last = (UINT64_C(1) << w->config.ias) - granule;
	uint64_t end_pa = UINT64_C(1) << w->config.oas;

	if (w->config.format == FH_FORMAT_UAT)
		attr = (struct fh_attr){ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };
	w->config.share = attr.share;
	begin(state);
	MUST(fh_pgtable_map(&w->table, IOVA(0), PA(granule), granule, attr));
	MUST(fh_pgtable_map(&w->table, IOVA(last), PA(end_pa - granule), granule, attr));
	assert_int_equal(agree(w, &w->table, 0x123).pa, granule + 0x123);
	assert_int_equal(agree(w, &w->table, last + granule - 1).pa, end_pa - 1);
	assert_false(agree(w, &w->table, granule).mapped);
	assert_false(agree(w, &w->table, last - 1).mapped);
	expect_map(w, -ERANGE, last + granule, 0, granule, attr);
	expect_map(w, -ERANGE, granule, end_pa, granule, attr);
	expect_map(w, -EINVAL, granule, granule / 2, granule, attr);
	world_adds_up(w);
	end(w);
}

/* Every start level of every granule, each regime. */
static void map_every_shape(void **state)
{
	struct world *w = *state;

	for (unsigned int granule = 12; granule <= 16; granule += 2)
		for (unsigned int ias = granule == 16 ? 18 : 16; ias <= 52; ias++) {
			bool large = ias > 48;

			w->config.granule_lg2 = (uint8_t)granule;
			w->config.ias = (uint8_t)ias;
			w->config.oas = large ? 52 : 48;
			w->config.lpa2 = large && granule != 16;
			w->config.format = FH_FORMAT_S1;
			w->config.concat_lg2 = 0;
			for (unsigned int regime = FH_REGIME_EL1; regime <= FH_REGIME_EL3;
			     regime++) {
				w->config.regime = (enum fh_regime)regime;
				first_and_last(state);
			}
			w->config.format = FH_FORMAT_S2;
			w->config.regime = FH_REGIME_STAGE2;
			for (unsigned int concat = 0; concat <= 4; concat++) {
				struct fh_shape shape;

				w->config.concat_lg2 = (uint8_t)concat;
				if (fh_shape_init(&shape, &(struct fh_shape_request){
							      .format = FH_FORMAT_S2,
							      .regime = FH_REGIME_STAGE2,
							      .granule_lg2 = (uint8_t)granule,
							      .ias = (uint8_t)ias,
							      .oas = w->config.oas,
							      .concat_lg2 = (uint8_t)concat,
							      .lpa2 = w->config.lpa2 }))
					continue;
				first_and_last(state);
			}
		}
	w->config.format = FH_FORMAT_UAT;
	w->config.regime = FH_REGIME_EL1;
	w->config.granule_lg2 = 14;
	w->config.ias = 39;
	w->config.oas = 42;
	w->config.concat_lg2 = 0;
	w->config.lpa2 = false;
	first_and_last(state);
}

/* Each allocation of a map fails once, in turn: nothing has moved. */
static void map_no_memory(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);
	uint64_t iova = FH_GIB - FRAME;
	uint64_t size = FH_GIB + 2 * FRAME;
	int64_t plan;

	MUST(fh_pgtable_map(&w->table, IOVA(3 * FH_GIB), PA(0), FRAME, ATTR_RO));
	plan = fh_pgtable_plan(&w->table, IOVA(iova), PA(FRAME), size, ATTR_RW);
	/* Each of the two edges its level 2 and 3; the middle one level 2 and 512 of
	 * level 3. */
	assert_int_equal(plan, 2 + 2 + 1 + 512);
	snapshot_take(&before, w);
	for (int64_t i = 0; i < plan; i++) {
		fh_frames_fail_after(&w->frames, (uint64_t)i);
		assert_int_equal(fh_pgtable_map(&w->table, IOVA(iova), PA(FRAME), size, ATTR_RW),
				 -ENOMEM);
		snapshot_equal(&before, w);
		if (i % 64 == 0)
			assert_null(fh_frames_check(&w->frames));
	}
	fh_frames_fail_after(&w->frames, (uint64_t)plan);
	MUST(fh_pgtable_map(&w->table, IOVA(iova), PA(FRAME), size, ATTR_RW));
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	end(w);
}

/* More than there is: nothing has moved either. */
static void map_too_large(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);

	snapshot_take(&before, w);
	assert_int_equal(fh_pgtable_map(&w->table, IOVA(0), PA(FRAME), 4 * FH_GIB, ATTR_RW),
			 -ENOMEM);
	snapshot_equal(&before, w);
	end(w);
}

/* A table page that the walker's output size does not reach is no table page.
 */
static void map_table_beyond_oas(void **state)
{
	struct world *w = *state;
	uint64_t held = world_count(w, FH_FRAME_HELD);

	w->config.oas = 32;
	MUST(fh_pgtable_init(&w->table, &w->config));
	w->table.shape.oas = 31; /* RAM begins at 2 GiB */
	assert_int_equal(fh_pgtable_map(&w->table, IOVA(0), PA(0), FRAME, ATTR_RW), -ENOMEM);
	assert_int_equal(world_count(w, FH_FRAME_HELD), held + 1);
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	w->table.shape.oas = 32;
	end(w);
}

static void expect_unmap(struct world *w, int err, uint64_t iova, uint64_t size)
{
	static struct snapshot before;

	snapshot_take(&before, w);
	assert_int_equal(world_unmap(w, iova, size), err);
	snapshot_equal(&before, w);
}

/* For its arguments: the plan says so too. */
static void refuse_unmap(struct world *w, int err, uint64_t iova, uint64_t size)
{
	expect_unmap(w, err, iova, size);
	assert_int_equal(fh_pgtable_plan_unmap(&w->table, IOVA(iova), size), err);
}

static void unmap_refusals(void **state)
{
	struct world *w = begin(state);
	uint64_t ias_end = UINT64_C(1) << 39;

	MUST(fh_pgtable_map(&w->table, IOVA(TWO_MIB), PA(TWO_MIB), TWO_MIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, IOVA(FH_GIB), PA(FH_GIB), FH_GIB, ATTR_RW));
	refuse_unmap(w, -EINVAL, 8, FRAME);
	refuse_unmap(w, -EINVAL, 0, 8);
	refuse_unmap(w, -EINVAL, 0, 0);
	refuse_unmap(w, -ERANGE, ias_end, FRAME);
	refuse_unmap(w, -ERANGE, ias_end - FRAME, 2 * FRAME);
	refuse_unmap(w, -ERANGE, UINT64_MAX & ~(FRAME - 1), FRAME);
	expect_unmap(w, -EBUSY, TWO_MIB, FRAME);
	expect_unmap(w, -EBUSY, 0, TWO_MIB + FRAME);
	expect_unmap(w, -EBUSY, 2 * TWO_MIB - FRAME, TWO_MIB);
	expect_unmap(w, -EBUSY, FH_GIB, TWO_MIB);
	expect_unmap(w, -EBUSY, TWO_MIB, 2 * FH_GIB - 2 * TWO_MIB);
	expect_unmap(w, -ENOENT, 4 * FH_GIB, 4 * FH_GIB);
	expect_unmap(w, -ENOENT, 0, TWO_MIB);
	assert_int_equal(w->invalidations, 0);
	assert_int_equal(w->syncs, 0);
	/* Holes beside something are no error. */
	MUST(world_unmap(w, 0, 3 * TWO_MIB));
	assert_false(agree(w, &w->table, TWO_MIB).mapped);
	end(w);
}

/* Frames come back only when sync has said so. */
static void gather_failing_sync(void **state)
{
	struct world *w = begin(state);
	struct fh_gather gather;
	uint64_t held;

	MUST(fh_pgtable_map(&w->table, IOVA(0), PA(FRAME), TWO_MIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, IOVA(5 * FH_GIB), PA(FRAME), TWO_MIB, ATTR_RW));
	held = world_count(w, FH_FRAME_HELD);
	assert_int_equal(held, 1 + 2 + 2);
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, IOVA(0), FH_GIB, &gather));
	MUST(fh_pgtable_unmap(&w->table, IOVA(5 * FH_GIB), FH_GIB, &gather));
	assert_int_equal(w->invalidations, 0);
	assert_int_equal(world_count(w, FH_FRAME_HELD), held);
	w->sync_err = -ETIMEDOUT;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fh_gather_flush(&gather), -ETIMEDOUT);
		assert_int_equal(world_count(w, FH_FRAME_HELD), held);
	}
	assert_null(fh_frames_check(&w->frames));
	w->sync_err = 0;
	w->table_invalidation = false;
	MUST(fh_gather_flush(&gather));
	assert_true(w->table_invalidation);
	assert_int_equal(w->held_at_sync, held);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 1);
	/* Empty after: no second invalidation. */
	held = w->invalidations;
	MUST(fh_gather_flush(&gather));
	assert_int_equal(w->invalidations, held);
	end(w);
}

static void release_failing_sync(void **state)
{
	struct world *w = begin(state);

	MUST(fh_pgtable_map(&w->table, IOVA(0), PA(0), FRAME, ATTR_RW));
	w->sync_err = -ETIMEDOUT;
	assert_int_equal(fh_pgtable_release(&w->table), -ETIMEDOUT);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3);
	w->sync_err = 0;
	/* What was unlinked in vain is HELD for good; the root is not. */
	assert_int_equal(fh_pgtable_release(&w->table), 0);
}

/* Without a table among what was unmapped, walk caches may stay. */
static void gather_only_leaves(void **state)
{
	struct world *w = begin(state);
	struct fh_gather gather;

	MUST(fh_pgtable_map(&w->table, IOVA(0), PA(0), 4 * FRAME, ATTR_RW));
	w->tlb_base = 0;
	memset(w->tlb, true, sizeof(w->tlb));
	MUST(world_unmap(w, FRAME, 2 * FRAME));
	assert_false(w->table_invalidation);
	assert_true(w->tlb[0] && !w->tlb[1] && !w->tlb[2] && w->tlb[3]);
	/* Two ranges in one gather, the lower one second. */
	MUST(fh_pgtable_map(&w->table, IOVA(FRAME), PA(0), 2 * FRAME, ATTR_RW));
	memset(w->tlb, true, sizeof(w->tlb));
	fh_gather_init(&gather, &w->table);
	MUST(fh_pgtable_unmap(&w->table, IOVA(2 * FRAME), FRAME, &gather));
	MUST(fh_pgtable_unmap(&w->table, IOVA(FRAME), FRAME, &gather));
	MUST(fh_gather_flush(&gather));
	assert_true(w->tlb[0] && !w->tlb[1] && !w->tlb[2] && w->tlb[3]);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3);
	/* An empty table stays until a range covers it, and may be filled again. */
	MUST(world_unmap(w, 0, 4 * FRAME));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3);
	assert_int_equal(fh_pgtable_plan(&w->table, IOVA(0), PA(0), FRAME, ATTR_RW), 0);
	MUST(world_unmap(w, 0, TWO_MIB));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 2);
	assert_true(w->table_invalidation);
	end(w);
}

struct visits {
	const struct world *w;
	unsigned int count;
	unsigned int leaves;
	unsigned int stop_at;
	uint64_t last;
	int last_level;
};

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	struct visits *v = ctx;
	const uint64_t *slot = at_pa(v->w, entry->table.raw);

	v->count++;
	assert_int_equal(slot[entry->index], entry->desc);
	assert_int_equal(entry->span_lg2, 39 - 9 * entry->level);
	assert_int_equal(entry->iova.raw >> entry->span_lg2 & 511, entry->index);
	assert_int_equal(entry->owner, FH_OWNER_OURS);
	if (v->count > 1)
		assert_true(entry->iova.raw > v->last ||
			    (entry->iova.raw == v->last && entry->level > v->last_level));
	v->last = entry->iova.raw;
	v->last_level = entry->level;
	if (entry->kind != FH_DESC_TABLE) {
		struct seen seen = arm_walk(v->w, &v->w->table, entry->iova.raw);

		v->leaves++;
		assert_int_equal(seen.pa, entry->pa.raw);
		assert_int_equal(seen.level, entry->level);
		assert_true(same_attr(&seen, entry->attr));
	} else {
		assert_int_equal(entry->pa.raw, entry->desc & UINT64_C(0xfffffffff000));
	}
	return v->count == v->stop_at ? 1234 : 0;
}

static void walk_order(void **state)
{
	struct world *w = begin(state);
	struct visits v = { .w = w };

	MUST(fh_pgtable_map(&w->table, IOVA(0x3000), PA(0x3000), 3 * FRAME, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, IOVA(TWO_MIB), PA(0), TWO_MIB, ATTR_RO));
	MUST(fh_pgtable_map(&w->table, IOVA(FH_GIB), PA(0), 2 * FH_GIB, ATTR_RO));
	MUST(fh_pgtable_walk(&w->table, IOVA(0), UINT64_C(1) << 39, visit, &v));
	assert_int_equal(v.leaves, 3 + 1 + 2);
	assert_int_equal(v.count, 6 + 2);
	/* Only what the range touches. */
	v = (struct visits){ .w = w };
	MUST(fh_pgtable_walk(&w->table, IOVA(0x4000), FRAME, visit, &v));
	assert_int_equal(v.leaves, 1);
	assert_int_equal(v.count, 3);
	v = (struct visits){ .w = w, .stop_at = 4 };
	assert_int_equal(fh_pgtable_walk(&w->table, IOVA(0), FH_GIB, visit, &v), 1234);
	assert_int_equal(v.count, 4);
	assert_int_equal(fh_pgtable_walk(&w->table, IOVA(1), FH_GIB, visit, &v), -EINVAL);
	assert_int_equal(fh_pgtable_walk(&w->table, IOVA(0), 0, visit, &v), -EINVAL);
	assert_int_equal(fh_pgtable_walk(&w->table, IOVA(UINT64_C(1) << 39), FRAME, visit, &v),
			 -ERANGE);
	end(w);
}

static int keep_entry(void *ctx, const struct fh_walk_entry *entry)
{
	*(struct fh_walk_entry *)ctx = *entry;
	return 0;
}

/* What is not 0 and leads nowhere is shown, without an address. */
static void walk_invalid(void **state)
{
	struct world *w = begin(state);
	uint64_t *root = at_pa(w, w->table.root.raw);
	struct fh_walk_entry entry;

	root[5] = 0xdead0000;
	MUST(fh_pgtable_walk(&w->table, IOVA(0), UINT64_C(1) << 39, keep_entry, &entry));
	assert_int_equal(entry.kind, FH_DESC_INVALID);
	assert_int_equal(entry.iova.raw, 5 * FH_GIB);
	assert_int_equal(entry.desc, 0xdead0000);
	assert_false(fh_phys_is_valid(entry.pa));
	root[5] = 0;
	end(w);
}

/* A table that somebody took back is not entered: it stays linked, and the release can be repeated.
 */
static void release_table_not_held(void **state)
{
	struct world *w = begin(state);
	struct fh_page *page;
	uint64_t link;

	MUST(fh_pgtable_map(&w->table, IOVA(FH_GIB), PA(0x3000), FRAME, ATTR_RW));
	link = at_pa(w, w->table.root.raw)[1];
	page = fh_page_from_phys(&w->frames, fh_phys(link & UINT64_C(0xfffffffff000)));
	assert_non_null(page);
	assert_int_equal(fh_pgtable_release(&w->table), -EIO);
	assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
	assert_int_equal(at_pa(w, w->table.root.raw)[1], link);
	assert_true(fh_phys_is_valid(fh_page_into_phys(&w->frames, page)));
	end(w);
}

/*
 * One level deeper, below the table that is unlinked, which goes back alone: what somebody took
 * back is that somebody's. By an unmap of all that the upper one spans, or by the release.
 */
static void deep_table_not_held(void **state)
{
	for (unsigned int unmaps = 0; unmaps < 2; unmaps++) {
		struct world *w = begin(state);
		struct fh_page *page;
		uint64_t link, upper;

		MUST(fh_pgtable_map(&w->table, IOVA(FH_GIB), PA(0x3000), FRAME, ATTR_RW));
		upper = at_pa(w, w->table.root.raw)[1] & UINT64_C(0xfffffffff000);
		link = at_pa(w, upper)[0];
		page = fh_page_from_phys(&w->frames, fh_phys(link & UINT64_C(0xfffffffff000)));
		assert_non_null(page);
		w->faults = 0;
		if (unmaps) {
			MUST(world_unmap(w, FH_GIB, FH_GIB));
			assert_int_equal(w->faults, 1);
			assert_int_equal(w->fault.code, FH_FAULT_TABLE_STATE);
			assert_int_equal(w->fault.value, link);
		}
		assert_int_equal(fh_pgtable_release(&w->table), -EIO);
		assert_int_equal(w->faults, 2);
		assert_int_equal(w->fault.code, FH_FAULT_LINK_LOST);
		assert_int_equal(w->fault.value, 1);
		assert_int_equal(at_pa(w, w->table.root.raw)[1], 0);
		assert_int_equal(fh_frame_state(&w->frames, fh_phys(upper)), FH_FRAME_FREE);
		assert_int_equal(fh_page_to_phys(&w->frames, page).raw,
				 link & UINT64_C(0xfffffffff000));
		assert_int_equal(world_count(w, FH_FRAME_OWNED), 1);
		assert_int_equal(world_count(w, FH_FRAME_HELD), unmaps + 1);
		MUST(fh_page_free(&w->frames, page));
	}
}

static void lookup_answers(void **state)
{
	struct world *w = begin(state);
	struct fh_translation answer;
	uint64_t *root = at_pa(w, w->table.root.raw);

	MUST(fh_pgtable_map(&w->table, IOVA(FH_GIB), PA(FH_GIB), FH_GIB, ATTR_RW));
	assert_int_equal(fh_pgtable_lookup(&w->table, IOVA(UINT64_C(1) << 39), &answer), -ERANGE);
	assert_int_equal(fh_pgtable_lookup(&w->table, IOVA(5), &answer), -ENOENT);
	assert_int_equal(answer.owner, FH_OWNER_NOBODY);
	assert_int_equal(answer.level, 1);
	assert_false(fh_phys_is_valid(answer.pa));
	MUST(fh_pgtable_lookup(&w->table, IOVA(FH_GIB + 0x12345), &answer));
	assert_int_equal(answer.pa.raw, FH_GIB + 0x12345);
	assert_int_equal(answer.span_lg2, 30);
	assert_int_equal(answer.owner, FH_OWNER_OURS);
	/* An output address that the walker refuses. */
	root[1] |= UINT64_C(1) << 40;
	assert_int_equal(fh_pgtable_lookup(&w->table, IOVA(FH_GIB), &answer), -ENOENT);
	root[1] &= ~(UINT64_C(1) << 40);
	end(w);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.init.refusals", init_refusals),
	WORLD_TEST("iommu.pgtable.map.refusals", map_refusals),
	WORLD_TEST("iommu.pgtable.map.blocks", map_blocks),
	WORLD_TEST("iommu.pgtable.map.every_shape", map_every_shape),
	WORLD_TEST("iommu.pgtable.map.no_memory", map_no_memory),
	WORLD_TEST("iommu.pgtable.map.too_large", map_too_large),
	WORLD_TEST("iommu.pgtable.map.table_beyond_oas", map_table_beyond_oas),
	WORLD_TEST("iommu.pgtable.unmap.refusals", unmap_refusals),
	WORLD_TEST("iommu.pgtable.gather.failing_sync", gather_failing_sync),
	WORLD_TEST("iommu.pgtable.gather.only_leaves", gather_only_leaves),
	WORLD_TEST("iommu.pgtable.release.failing_sync", release_failing_sync),
	WORLD_TEST("iommu.pgtable.release.table_not_held", release_table_not_held),
	WORLD_TEST("iommu.pgtable.release.deep_table_not_held", deep_table_not_held),
	WORLD_TEST("iommu.pgtable.walk.order", walk_order),
	WORLD_TEST("iommu.pgtable.walk.invalid", walk_invalid),
	WORLD_TEST("iommu.pgtable.lookup.answers", lookup_answers),
};

UNIT_MAIN("iommu.pgtable", tests)
