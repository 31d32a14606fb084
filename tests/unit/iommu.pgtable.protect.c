/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other attributes for what is mapped: in place where they may change in a live entry, by way of an
 * invalid one where they may not; holes, refusals, blocks in part, contiguous runs.
 */
#include "tests/unit/iommu_fixture.h"

static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr read_exec = { FH_READ | FH_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr uncached = { FH_READ | FH_WRITE, FH_MEMTYPE_NC, FH_SHARE_INNER };

static struct world *begin(void **state, unsigned int bbm, bool contiguous)
{
	struct world *w = *state;

	w->config.bbm_level = (uint8_t)bbm;
	w->config.contiguous = contiguous;
	MUST(fh_pgtable_init(&w->table, &w->config));
	return w;
}

static void end(struct world *w)
{
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
}

static int protect(struct world *w, uint64_t iova, uint64_t size, struct fh_attr attr,
		   bool quiescent)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &w->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	err = fh_pgtable_protect(&w->table, fh_dma(iova), size, attr, &gather);
	MUST(fh_gather_flush(&gather));
	return err;
}

static void expect(struct world *w, uint64_t first, uint64_t size, uint64_t pa, struct fh_attr attr)
{
	for (uint64_t at = 0; at < size; at += FRAME) {
		struct seen seen = agree(w, &w->table, first + at);

		assert_true(seen.mapped && seen.pa == pa + at && same_attr(&seen, attr));
	}
}

static void refused(struct world *w, int err, uint64_t iova, uint64_t size, struct fh_attr attr)
{
	static struct snapshot before;
	unsigned int invalidations = w->invalidations;

	snapshot_take(&before, w);
	assert_int_equal(protect(w, iova, size, attr, false), err);
	snapshot_equal(&before, w);
	assert_int_equal(w->invalidations, invalidations);
}

static void refusals(void **state)
{
	struct world *w = begin(state, 2, false);
	uint64_t ias_end = UINT64_C(1) << 39;
	struct fh_attr bad = { FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), 8 * FRAME, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(9 * FRAME), fh_phys(FRAME), 8 * FRAME, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(2 * TWO_MIB), fh_phys(0), TWO_MIB, ATTR_RW));
	refused(w, -EINVAL, 8, FRAME, read_only);
	refused(w, -EINVAL, 0, 8, read_only);
	refused(w, -EINVAL, 0, 0, read_only);
	refused(w, -EINVAL, 0, FRAME, bad);
	bad.access = FH_READ;
	bad.share = 1;
	refused(w, -EINVAL, 0, FRAME, bad);
	refused(w, -ERANGE, ias_end, FRAME, read_only);
	refused(w, -ERANGE, ias_end - FRAME, 2 * FRAME, read_only);
	refused(w, -ERANGE, FRAME, 0 - FRAME, read_only);
	/* A hole, at the end, in the middle, at the beginning, and nothing else; of every size. */
	refused(w, -ENOENT, 7 * FRAME, 2 * FRAME, read_only);
	refused(w, -ENOENT, 0, 17 * FRAME, read_only);
	refused(w, -ENOENT, 8 * FRAME, 2 * FRAME, read_only);
	refused(w, -ENOENT, 8 * FRAME, FRAME, read_only);
	refused(w, -ENOENT, TWO_MIB, 2 * TWO_MIB, read_only);
	refused(w, -ENOENT, 2 * TWO_MIB + FRAME, TWO_MIB, read_only);
	refused(w, -ENOENT, 5 * FH_GIB, FH_GIB, read_only);
	refused(w, -ENOENT, 0, ias_end, read_only);
	end(w);
	/* A type that no index of the MAIR has. */
	w->config.mair = UINT64_MAX;
	begin(state, 2, false);
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), FRAME, ATTR_RW));
	refused(w, -ENOTSUP, 0, FRAME, uncached);
	end(w);
}

/* Permissions change in place, at every BBM level: nothing is ever missing, nothing is allocated.
 */
struct onlooker {
	struct world *w;
	unsigned int swaps;
};

static void nothing_missing(void *ctx, uint64_t *slot, uint64_t desired)
{
	struct onlooker *o = ctx;

	(void)slot;
	o->swaps++;
	assert_true(desired & 1);
	for (uint64_t at = 0; at < 8 * FRAME; at += FRAME)
		assert_int_equal(arm_walk(o->w, &o->w->table, at).pa, FRAME + at);
}

static void in_place(void **state)
{
	for (unsigned int bbm = 0; bbm <= 2; bbm++) {
		struct world *w = begin(state, bbm, false);
		struct onlooker o = { .w = w };

		MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), 8 * FRAME, ATTR_RW));
		MUST(fh_pgtable_map(&w->table, fh_dma(TWO_MIB), fh_phys(0), TWO_MIB, ATTR_RW));
		memset(w->tlb, true, sizeof(w->tlb));
		w->tlb_base = 0;
		w->table_invalidation = false;
		host_interfere_set(nothing_missing, &o);
		fh_frames_fail_after(&w->frames, 0);
		MUST(protect(w, 2 * FRAME, 3 * FRAME, read_only, false));
		MUST(protect(w, TWO_MIB, TWO_MIB, read_exec, false));
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		host_interfere_set(NULL, NULL);
		assert_int_equal(o.swaps, 3 + 1);
		expect(w, 0, 2 * FRAME, FRAME, ATTR_RW);
		expect(w, 2 * FRAME, 3 * FRAME, 3 * FRAME, read_only);
		expect(w, 5 * FRAME, 3 * FRAME, 6 * FRAME, ATTR_RW);
		expect(w, TWO_MIB, TWO_MIB, 0, read_exec);
		assert_int_equal(agree(w, &w->table, TWO_MIB).level, 2);
		for (unsigned int i = 0; i < 1024; i++)
			assert_int_equal(w->tlb[i], !((i >= 2 && i < 5) || i >= 512));
		assert_false(w->table_invalidation);
		/* The whole table, empty entries and all that is not in the range aside. */
		MUST(protect(w, 0, 8 * FRAME, ATTR_RW, false));
		expect(w, 0, 8 * FRAME, FRAME, ATTR_RW);
		world_idle(w);
		end(w);
	}
}

/* Every attribute to every other: in place or not, by what D8.16.1 says may change live. */
static void every_pair(void **state)
{
	static const struct fh_attr attrs[] = {
		{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ | FH_EXEC | FH_USER_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ | FH_UNACCESSED, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ | FH_NOT_GLOBAL, FH_MEMTYPE_WB, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_OUTER },
		{ FH_READ, FH_MEMTYPE_NC, FH_SHARE_INNER },
		{ FH_READ, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
		{ FH_READ | FH_WRITE, FH_MEMTYPE_STRICT, FH_SHARE_OUTER },
	};
	struct world *w = *state;

	for (unsigned int bbm = 0; bbm <= 2; bbm++)
		for (size_t a = 0; a < FH_ARRAY_SIZE(attrs); a++)
			for (size_t b = 0; b < FH_ARRAY_SIZE(attrs); b++) {
				bool breaks = attrs[a].memtype != attrs[b].memtype ||
					      attrs[a].share != attrs[b].share ||
					      (attrs[a].access ^ attrs[b].access) & FH_NOT_GLOBAL;

				begin(state, bbm, false);
				MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), TWO_MIB,
						    attrs[a]));
				MUST(fh_pgtable_map(&w->table, fh_dma(TWO_MIB), fh_phys(FRAME),
						    4 * FRAME, attrs[a]));
				if (breaks)
					refused(w, -EBUSY, 0, TWO_MIB + 4 * FRAME, attrs[b]);
				w->syncs = 0;
				MUST(protect(w, 0, TWO_MIB + 4 * FRAME, attrs[b], breaks));
				assert_int_equal(w->syncs, breaks ? 2 : 1);
				expect(w, TWO_MIB, 4 * FRAME, FRAME, attrs[b]);
				assert_int_equal(agree(w, &w->table, 0).level, 2);
				expect(w, 0, 2 * FRAME, 0, attrs[b]);
				end(w);
			}
}

/* What waits for the TLB, and gets no answer: nothing has changed. */
static void sync_fails(void **state)
{
	struct world *w = begin(state, 2, true);

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 40 * FRAME, ATTR_RW));
	for (unsigned int i = 0; i < 2; i++) {
		struct fh_gather gather;

		fh_gather_init(&gather, &w->table);
		fh_gather_quiescent(&gather);
		w->sync_err = -ETIMEDOUT;
		assert_int_equal(
		    fh_pgtable_protect(&w->table, fh_dma(0), 32 * FRAME, uncached, &gather),
		    -ETIMEDOUT);
		expect(w, 0, 40 * FRAME, 0, ATTR_RW);
		assert_int_equal(world_runs(w), 32);
		world_idle(w);
		w->sync_err = 0;
		MUST(fh_gather_flush(&gather));
	}
	MUST(protect(w, 0, 32 * FRAME, uncached, true));
	expect(w, 0, 32 * FRAME, 0, uncached);
	/* Nothing was live in between: the hint is kept. */
	assert_int_equal(world_runs(w), 32);
	end(w);
}

/* Runs: live they lose the hint at level 2, and cannot change below; quiescent they keep it. */
static void runs(void **state)
{
	for (unsigned int bbm = 0; bbm <= 2; bbm++)
		for (unsigned int quiescent = 0; quiescent < 2; quiescent++) {
			struct world *w = begin(state, bbm, true);

			MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 64 * FRAME, ATTR_RW));
			assert_int_equal(world_runs(w), 64);
			if (bbm < 2 && !quiescent) {
				refused(w, -EBUSY, 16 * FRAME, 32 * FRAME, read_only);
				refused(w, -EBUSY, 20 * FRAME, FRAME, read_only);
			} else {
				MUST(protect(w, 16 * FRAME, 32 * FRAME, read_only, quiescent));
				expect(w, 0, 16 * FRAME, 0, ATTR_RW);
				expect(w, 16 * FRAME, 32 * FRAME, 16 * FRAME, read_only);
				expect(w, 48 * FRAME, 16 * FRAME, 48 * FRAME, ATTR_RW);
				assert_int_equal(world_runs(w), bbm < 2 ? 64 : 32);
				/* Cut one, in the middle. */
				MUST(protect(w, 50 * FRAME, 3 * FRAME, read_exec, quiescent));
				expect(w, 50 * FRAME, 3 * FRAME, 50 * FRAME, read_exec);
				expect(w, 53 * FRAME, 11 * FRAME, 53 * FRAME, ATTR_RW);
				assert_int_equal(world_runs(w), bbm < 2 ? 48 : 16);
			}
			/* What changes nothing forbids nothing, and takes no hint. */
			MUST(protect(w, 0, 16 * FRAME, ATTR_RW, false));
			assert_int_equal(world_runs(w) % 16, 0);
			assert_true(agree(w, &w->table, 0).desc >> 52 & 1);
			end(w);
		}
}

/* Across tables and blocks of all sizes, cut at both ends; the plan is what it takes. */
static void across(void **state)
{
	static const struct {
		uint64_t first, size;
	} rows[] = {
		{ FH_GIB - 3 * TWO_MIB - 5 * FRAME, FH_GIB + 4 * TWO_MIB },
		{ FRAME, 3 * FH_GIB - 2 * FRAME },
		{ 0, 3 * FH_GIB },
		{ 2 * FH_GIB - FRAME, 2 * FRAME },
		{ FH_GIB + TWO_MIB, FRAME },
	};

	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++)
		for (unsigned int fail = 0; fail < 2; fail++) {
			static struct snapshot before;
			struct world *w = begin(state, 2, false);
			uint64_t end_at = rows[r].first + rows[r].size;
			uint64_t tables;
			int64_t plan;

			MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(4 * FH_GIB), 3 * FH_GIB,
					    ATTR_RW));
			tables = w->table.tables;
			plan =
			    fh_pgtable_plan_unmap(&w->table, fh_dma(rows[r].first), rows[r].size);
			assert_in_range(plan, 0, 4);
			snapshot_take(&before, w);
			for (int64_t i = 0; fail && i < plan; i++) {
				fh_frames_fail_after(&w->frames, (uint64_t)i);
				assert_int_equal(
				    protect(w, rows[r].first, rows[r].size, read_only, false),
				    -ENOMEM);
				snapshot_equal(&before, w);
			}
			fh_frames_fail_after(&w->frames, (uint64_t)plan);
			MUST(protect(w, rows[r].first, rows[r].size, read_only, false));
			fh_frames_fail_after(&w->frames, UINT64_MAX);
			assert_int_equal(w->table.tables, tables + (uint64_t)plan);
			for (uint64_t at = 0; at < 3 * FH_GIB; at += 511 * FRAME) {
				struct seen seen = agree(w, &w->table, at);
				bool inside = at >= rows[r].first && at < end_at;

				assert_int_equal(seen.pa, 4 * FH_GIB + at);
				assert_true(same_attr(&seen, inside ? read_only : ATTR_RW));
			}
			if (rows[r].first)
				expect(w, rows[r].first - FRAME, FRAME,
				       4 * FH_GIB + rows[r].first - FRAME, ATTR_RW);
			expect(w, rows[r].first, FRAME, 4 * FH_GIB + rows[r].first, read_only);
			expect(w, end_at - FRAME, FRAME, 4 * FH_GIB + end_at - FRAME, read_only);
			if (end_at < 3 * FH_GIB)
				expect(w, end_at, FRAME, 4 * FH_GIB + end_at, ATTR_RW);
			world_adds_up(w);
			end(w);
		}
}

/* Stage 2 and UAT have their own permissions. */
static void other_formats(void **state)
{
	struct world *w = *state;
	struct fh_attr a = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };
	struct fh_attr b = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE };
	struct fh_attr c = { FH_USER_READ | FH_USER_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };
	uint64_t granule = UINT64_C(0x4000);

	w->config.format = FH_FORMAT_UAT;
	w->config.granule_lg2 = 14;
	begin(state, 0, false);
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 4 * granule, a));
	MUST(protect(w, granule, granule, b, false));
	MUST(protect(w, 2 * granule, granule, c, false));
	for (uint64_t i = 0; i < 4; i++) {
		struct seen seen = agree(w, &w->table, i * granule);

		assert_true(same_attr(&seen, i == 1 ? b : i == 2 ? c : a));
		assert_int_equal(seen.pa, i * granule);
		/* Still ours. */
		assert_int_equal(seen.desc >> 55 & 1, 1);
	}
	refused(w, -EINVAL, 0, granule, read_exec);
	end(w);
	w->config.format = FH_FORMAT_S2;
	w->config.regime = FH_REGIME_STAGE2;
	w->config.granule_lg2 = 12;
	begin(state, 0, false);
	a.access = FH_WRITE;
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), 4 * FRAME, b));
	MUST(protect(w, FRAME, FRAME, a, false));
	refused(w, -EINVAL, 0, FRAME, c);
	expect(w, FRAME, FRAME, FRAME, a);
	expect(w, 2 * FRAME, FRAME, 2 * FRAME, b);
	end(w);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.protect.refusals", refusals),
	WORLD_TEST("iommu.pgtable.protect.in_place", in_place),
	WORLD_TEST("iommu.pgtable.protect.every_pair", every_pair),
	WORLD_TEST("iommu.pgtable.protect.sync_fails", sync_fails),
	WORLD_TEST("iommu.pgtable.protect.runs", runs),
	WORLD_TEST("iommu.pgtable.protect.across", across),
	WORLD_TEST("iommu.pgtable.protect.other_formats", other_formats),
};

UNIT_MAIN("iommu.pgtable.protect", tests)
