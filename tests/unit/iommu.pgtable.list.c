/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of memory pieces mapped behind each other, and memory set aside ahead: exact plans, the
 * largest blocks inside pieces, all or nothing. Gathers that somebody has yet to flush.
 */
#include <cpu.h>

#include "tests/unit/iommu_fixture.h"

#define PIECES 64u

static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

static struct world *begin(void **state)
{
	struct world *w = *state;

	MUST(fh_pgtable_init(&w->table, &w->config));
	return w;
}

static void end(struct world *w)
{
	MUST(fh_pgtable_release(&w->table));
	assert_int_equal(world_count(w, FH_FRAME_HELD) + world_count(w, FH_FRAME_OWNED), 0);
	assert_null(fh_frames_check(&w->frames));
}

static int map_list(struct world *w, uint64_t iova, const struct fh_segment *list, size_t count)
{
	return fh_pgtable_map_list(&w->table, fh_dma(iova), list, count, ATTR_RW);
}

static int64_t plan_list(struct world *w, uint64_t iova, const struct fh_segment *list,
			 size_t count)
{
	return fh_pgtable_plan_list(&w->table, fh_dma(iova), list, count, ATTR_RW);
}

#define PIECE(at, bytes) ((struct fh_segment){ fh_phys(at), (bytes) })

/* Every page of the list is where the list says. */
static void expect_list(struct world *w, uint64_t iova, const struct fh_segment *list, size_t count,
			uint64_t step)
{
	for (size_t i = 0; i < count; i++) {
		for (uint64_t at = 0; at < list[i].size; at += step) {
			struct seen seen = agree(w, &w->table, iova + at);

			assert_true(seen.mapped && same_attr(&seen, ATTR_RW));
			assert_int_equal(seen.pa, list[i].pa.raw + at);
		}
		iova += list[i].size;
	}
}

static void refused(struct world *w, int err, uint64_t iova, const struct fh_segment *list,
		    size_t count)
{
	static struct snapshot before;

	snapshot_take(&before, w);
	assert_int_equal(plan_list(w, iova, list, count), err);
	assert_int_equal(map_list(w, iova, list, count), err);
	snapshot_equal(&before, w);
}

static void refusals(void **state)
{
	struct world *w = begin(state);
	uint64_t ias_end = UINT64_C(1) << 39, oas_end = UINT64_C(1) << 40;
	struct fh_segment list[3] = { PIECE(0, FRAME), PIECE(FRAME * 7, 2 * FRAME),
				      PIECE(FRAME * 5, FRAME) };

	refused(w, -EINVAL, 0, list, 0);
	refused(w, -EINVAL, 8, list, 3);
	refused(w, -ERANGE, ias_end - 3 * FRAME, list, 3);
	for (size_t i = 0; i < 3; i++) {
		struct fh_segment good = list[i];

		list[i].size = 0;
		refused(w, -EINVAL, 0, list, 3);
		list[i].size = FRAME / 2;
		refused(w, -EINVAL, 0, list, 3);
		list[i].size = FRAME;
		list[i].pa = fh_phys(8);
		refused(w, -EINVAL, 0, list, 3);
		list[i].pa = fh_phys(oas_end);
		refused(w, -ERANGE, 0, list, 3);
		list[i] = PIECE(oas_end - FRAME, 2 * FRAME);
		refused(w, -ERANGE, 0, list, 3);
		list[i] = PIECE(0 - FRAME, 2 * FRAME);
		refused(w, -ERANGE, 0, list, 3);
		list[i] = PIECE(FRAME, 0 - FRAME);
		refused(w, -ERANGE, 0, list, 3);
		list[i] = good;
	}
	/* Something is in the way of each page in turn. */
	for (uint64_t i = 0; i < 4; i++) {
		MUST(fh_pgtable_map(&w->table, fh_dma(i * FRAME), fh_phys(0), FRAME, ATTR_RW));
		refused(w, -EEXIST, 0, list, 3);
		MUST(world_unmap(w, i * FRAME, FRAME));
	}
	assert_int_equal(plan_list(w, 0, list, 3), 0);
	MUST(map_list(w, 0, list, 3));
	expect_list(w, 0, list, 3, FRAME);
	end(w);
}

/* Pieces end in the middle of tables, blocks lie inside of pieces; leaves by level. */
static void blocks(void **state)
{
	static const struct {
		uint64_t iova;
		struct fh_segment list[4];
		size_t count;
		unsigned int leaves[4];
	} rows[] = {
		/* One piece as if it were mapped alone. */
		{ FH_GIB, { { { FH_GIB }, FH_GIB } }, 1, { 0, 1, 0, 0 } },
		/* Two that could be one block: pieces do not join. */
		{ 0,
		  { { { 0 }, TWO_MIB / 2 }, { { TWO_MIB / 2 }, TWO_MIB / 2 } },
		  2,
		  { 0, 0, 0, 512 } },
		/* A block in the middle. */
		{ TWO_MIB - FRAME,
		  { { { 0x5000 }, FRAME }, { { 4 * TWO_MIB }, TWO_MIB }, { { 0x9000 }, FRAME } },
		  3,
		  { 0, 0, 1, 2 } },
		/* A piece that has blocks and edges of its own. */
		{ 0,
		  { { { FRAME }, 3 * FRAME },
		    { { FH_GIB + 3 * FRAME }, 3 * TWO_MIB },
		    { { FH_GIB + 3 * FRAME }, TWO_MIB - 3 * FRAME } },
		  3,
		  { 0, 0, 2, 512 + 512 } },
		/* Misaligned against each other. */
		{ TWO_MIB,
		  { { { FRAME }, TWO_MIB }, { { TWO_MIB }, 2 * TWO_MIB } },
		  2,
		  { 0, 0, 2, 512 } },
		/* A gigabyte block behind an edge of blocks. */
		{ FH_GIB - TWO_MIB,
		  { { { 7 * TWO_MIB }, TWO_MIB }, { { 3 * FH_GIB }, FH_GIB } },
		  2,
		  { 0, 1, 1, 0 } },
	};

	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++) {
		struct world *w = begin(state);
		unsigned int leaves[4] = { 0 };
		uint64_t size = 0;
		int64_t plan = plan_list(w, rows[r].iova, rows[r].list, rows[r].count);

		for (size_t i = 0; i < rows[r].count; i++)
			size += rows[r].list[i].size;
		fh_frames_fail_after(&w->frames, (uint64_t)plan);
		MUST(map_list(w, rows[r].iova, rows[r].list, rows[r].count));
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		assert_int_equal(w->table.tables, plan);
		expect_list(w, rows[r].iova, rows[r].list, rows[r].count, FRAME);
		for (uint64_t at = 0; at < size;) {
			struct seen seen = arm_walk(w, &w->table, rows[r].iova + at);

			leaves[seen.level]++;
			at += UINT64_C(1) << seen.span_lg2;
		}
		assert_memory_equal(leaves, rows[r].leaves, sizeof(leaves));
		world_adds_up(w);
		end(w);
	}
}

/* Each allocation fails in turn: nothing has moved. */
static void no_memory(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);
	const struct fh_segment list[] = { PIECE(FRAME, TWO_MIB), PIECE(4 * TWO_MIB, FH_GIB),
					   PIECE(FRAME, FRAME) };
	int64_t plan = plan_list(w, FH_GIB - TWO_MIB - FRAME, list, 3);

	assert_true(plan > 3);
	snapshot_take(&before, w);
	for (int64_t i = 0; i < plan; i += i < 8 || i > plan - 8 ? 1 : 37) {
		fh_frames_fail_after(&w->frames, (uint64_t)i);
		assert_int_equal(map_list(w, FH_GIB - TWO_MIB - FRAME, list, 3), -ENOMEM);
		snapshot_equal(&before, w);
	}
	fh_frames_fail_after(&w->frames, (uint64_t)plan);
	MUST(map_list(w, FH_GIB - TWO_MIB - FRAME, list, 3));
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	end(w);
}

/* Random lists in every granule, with contiguous runs: the plan is exact, runs are whole. */
static void random_lists(void **state)
{
	struct world *w = *state;
	uint64_t random = unit_seed("iommu.pgtable.list");

	w->config.contiguous = true;
	for (unsigned int n = 0; n < 300; n++) {
		struct fh_segment list[PIECES];
		uint64_t granule, iova, size = 0;
		size_t count = 1 + unit_random_below(&random, PIECES);
		int64_t plan;

		w->config.granule_lg2 = (uint8_t)(12 + 2 * unit_random_below(&random, 3));
		w->config.bbm_level = 2;
		granule = UINT64_C(1) << w->config.granule_lg2;
		begin(state);
		iova = unit_random_below(&random, 4096) * granule;
		for (size_t i = 0; i < count; i++) {
			uint64_t pages = 1 + unit_random_below(&random, 256);
			/* Often in step with where it goes. */
			uint64_t pa = unit_random_below(&random, 2)
					  ? (iova + size) % (FH_GIB / 2) + FH_GIB
					  : unit_random_below(&random, 10000) * granule;

			if (unit_random_below(&random, 8) == 0)
				pages *= 8;
			list[i] = PIECE(pa, pages * granule);
			size += pages * granule;
		}
		plan = plan_list(w, iova, list, count);
		MUST(fh_pgtable_preallocate(&w->table, (uint64_t)plan));
		fh_frames_fail_after(&w->frames, 0);
		MUST(map_list(w, iova, list, count));
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		assert_int_equal(w->table.tables, plan);
		assert_int_equal(w->table.reserve_pages, 0);
		expect_list(w, iova, list, count, granule);
		world_runs(w);
		world_adds_up(w);
		/* All of it is there to be unmapped, in two halves. */
		MUST(world_unmap(w, iova, (size / granule / 2 + 1) * granule));
		world_runs(w);
		if (size / granule > 1 && size / granule / 2 + 1 < size / granule)
			MUST(world_unmap(w, iova + (size / granule / 2 + 1) * granule,
					 size - (size / granule / 2 + 1) * granule));
		for (uint64_t at = 0; at < size; at += granule)
			assert_false(arm_walk(w, &w->table, iova + at).mapped);
		end(w);
	}
}

/* Pieces that are all in reach, of which one more than 2^64 bytes hold come to one of them again.
 */
static void wraps(void **state)
{
	static struct fh_segment list[4097];
	struct world *w = *state;

	w->config.granule_lg2 = 16;
	w->config.ias = w->config.oas = 52;
	begin(state);
	for (size_t i = 0; i < FH_ARRAY_SIZE(list); i++)
		list[i] = PIECE(0, UINT64_C(1) << 52);
	refused(w, -ERANGE, 0, list, 4095);
	refused(w, -ERANGE, 0, list, 4096);
	refused(w, -ERANGE, 0, list, 4097);
	end(w);
}

/* Where a carry would leave the address field: 2^48 with 64K, 2^50 and each 2^48 with LPA2. */
static void high_addresses(void **state)
{
	static const unsigned int edges[] = { 48, 49, 50, 51 };

	for (unsigned int granule = 12; granule <= 16; granule += 2)
		for (size_t e = 0; e < FH_ARRAY_SIZE(edges); e++)
			for (unsigned int warm = 0; warm < 2; warm++) {
				struct world *w = *state;
				uint64_t bytes = UINT64_C(1) << granule;
				uint64_t block = bytes << (granule - 3);
				struct fh_segment list[2];

				w->config.granule_lg2 = (uint8_t)granule;
				w->config.ias = 48;
				w->config.oas = 52;
				w->config.lpa2 = granule != 16;
				w->config.share = FH_SHARE_INNER;
				w->config.contiguous = true;
				begin(state);
				/* Into tables that are new, and into some that walkers see. */
				if (warm) {
					MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), bytes,
							    ATTR_RW));
					MUST(fh_pgtable_map(&w->table, fh_dma(3 * block),
							    fh_phys(0), block, ATTR_RW));
				}
				list[0] = PIECE((UINT64_C(1) << edges[e]) - 8 * bytes, 16 * bytes);
				MUST(map_list(w, 16 * bytes, list, 1));
				expect_list(w, 16 * bytes, list, 1, bytes);
				list[0] = PIECE((UINT64_C(1) << edges[e]) - 2 * block, 4 * block);
				MUST(map_list(w, 16 * block, list, 1));
				assert_int_equal(agree(w, &w->table, 17 * block).level, 2);
				expect_list(w, 16 * block, list, 1, block / 4);
				world_runs(w);
				end(w);
			}
}

/* ---- Pages set aside */

static void preallocate(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);
	uint64_t free_before = world_count(w, FH_FRAME_FREE);

	for (uint64_t pages = 5; pages != UINT64_MAX; pages--) {
		MUST(fh_pgtable_preallocate(&w->table, pages));
		assert_int_equal(w->table.reserve_pages, pages);
		assert_int_equal(world_count(w, FH_FRAME_FREE), free_before - pages);
		world_adds_up(w);
	}
	MUST(fh_pgtable_preallocate(&w->table, 3));
	/* Not enough for more: the reserve is as it was. */
	snapshot_take(&before, w);
	for (uint64_t i = 0; i < 4; i++) {
		fh_frames_fail_after(&w->frames, i);
		assert_int_equal(fh_pgtable_preallocate(&w->table, 7), -ENOMEM);
		before.table.reserve = w->table.reserve;
		snapshot_equal(&before, w);
	}
	/* As many as there are, or fewer, take no memory. */
	fh_frames_fail_after(&w->frames, 0);
	MUST(fh_pgtable_preallocate(&w->table, 3));
	MUST(fh_pgtable_preallocate(&w->table, 2));
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	assert_int_equal(w->table.reserve_pages, 2);
	/* One page short. */
	MUST(fh_pgtable_preallocate(&w->table, 1));
	snapshot_take(&before, w);
	fh_frames_fail_after(&w->frames, 0);
	assert_int_equal(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), FRAME, ATTR_RW), -ENOMEM);
	before.table.reserve = w->table.reserve;
	snapshot_equal(&before, w);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	/* What is left of it goes at release. */
	MUST(fh_pgtable_preallocate(&w->table, 9));
	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(0), FRAME, ATTR_RW));
	assert_int_equal(w->table.reserve_pages, 7);
	end(w);
	assert_int_equal(world_count(w, FH_FRAME_FREE), free_before + 1);
}

/* Plan, set aside, and then with an allocator that gives nothing. */
static void exact_budget(void **state)
{
	static const struct {
		uint64_t iova, pa, size;
	} rows[] = {
		{ 0, FRAME, FRAME },
		{ FH_GIB - FRAME, 0, FH_GIB + 2 * FRAME },
		{ FH_GIB - FRAME, 2 * FH_GIB - FRAME, FH_GIB + 2 * FRAME },
		{ 7 * FH_GIB, FRAME, 5 * TWO_MIB },
		{ 0, 0, FH_GIB },
	};

	for (size_t r = 0; r < FH_ARRAY_SIZE(rows); r++) {
		struct world *w = begin(state);
		int64_t plan;

		MUST(fh_pgtable_map(&w->table, fh_dma(7 * FH_GIB + TWO_MIB / 2 * 11), fh_phys(0),
				    FRAME, ATTR_RW));
		plan = fh_pgtable_plan(&w->table, fh_dma(rows[r].iova), fh_phys(rows[r].pa),
				       rows[r].size, ATTR_RW);
		MUST(fh_pgtable_preallocate(&w->table, (uint64_t)plan));
		fh_frames_fail_after(&w->frames, 0);
		MUST(fh_pgtable_map(&w->table, fh_dma(rows[r].iova), fh_phys(rows[r].pa),
				    rows[r].size, ATTR_RW));
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		assert_int_equal(w->table.reserve_pages, 0);
		assert_int_equal(agree(w, &w->table, rows[r].iova + rows[r].size - 1).pa,
				 rows[r].pa + rows[r].size - 1);
		world_adds_up(w);
		end(w);
	}
}

/* ---- Gathers */

/* Release waits for nobody's flush: it says so, and does nothing. */
static void release_pending(void **state)
{
	static struct snapshot before;
	struct world *w = begin(state);
	struct fh_gather a, b, unused;

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB, ATTR_RW));
	MUST(fh_pgtable_map(&w->table, fh_dma(TWO_MIB), fh_phys(FRAME), TWO_MIB, ATTR_RW));
	fh_gather_init(&a, &w->table);
	fh_gather_init(&b, &w->table);
	fh_gather_init(&unused, &w->table);
	MUST(fh_gather_flush(&unused));
	/* What fails leaves nothing to flush. */
	assert_int_equal(fh_pgtable_unmap(&w->table, fh_dma(FH_GIB), FRAME, &unused), -ENOENT);
	MUST(fh_pgtable_unmap(&w->table, fh_dma(0), FRAME, &a));
	MUST(fh_pgtable_unmap(&w->table, fh_dma(FRAME), FRAME, &a));
	MUST(fh_pgtable_protect(&w->table, fh_dma(TWO_MIB), FRAME, read_only, &b));
	for (unsigned int i = 0; i < 2; i++) {
		snapshot_take(&before, w);
		assert_int_equal(fh_pgtable_release(&w->table), -EBUSY);
		snapshot_equal(&before, w);
		/* By whichever CPU. */
		host_cpu = 3 + i;
		MUST(fh_gather_flush(i ? &b : &a));
		host_cpu = 0;
	}
	/* One that was flushed, filled again and flushed in vain is still pending. */
	MUST(fh_pgtable_unmap(&w->table, fh_dma(TWO_MIB), TWO_MIB, &a));
	w->sync_err = -ETIMEDOUT;
	assert_int_equal(fh_gather_flush(&a), -ETIMEDOUT);
	w->sync_err = 0;
	assert_int_equal(fh_pgtable_release(&w->table), -EBUSY);
	MUST(fh_gather_flush(&a));
	end(w);
}

/* A visitor unmaps what it sees, and flushes: the tables that it may still stand in stay. */
struct visit {
	struct world *w;
	struct fh_gather gather;
	int err;
};

static int unmap_and_flush(void *ctx, const struct fh_walk_entry *entry)
{
	struct visit *v = ctx;
	uint64_t held = world_count(v->w, FH_FRAME_HELD);
	struct fh_translation answer;

	if (entry->kind == FH_DESC_TABLE)
		return 0;
	MUST(fh_pgtable_unmap(&v->w->table, fh_dma(0), TWO_MIB, &v->gather));
	/* Looking up from within is allowed, and does not end the walk's reading. */
	assert_int_equal(fh_pgtable_lookup(&v->w->table, fh_dma(0), &answer), -ENOENT);
	v->err = fh_gather_flush(&v->gather);
	assert_int_equal(world_count(v->w, FH_FRAME_HELD), held);
	return 7;
}

static void flush_in_walk(void **state)
{
	struct world *w = begin(state);
	struct visit v = { .w = w };

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB, ATTR_RW));
	fh_gather_init(&v.gather, &w->table);
	assert_int_equal(fh_pgtable_walk(&w->table, fh_dma(0), FH_GIB, unmap_and_flush, &v), 7);
	assert_int_equal(v.err, -EBUSY);
	assert_int_equal(world_count(w, FH_FRAME_HELD), 3);
	MUST(fh_gather_flush(&v.gather));
	assert_int_equal(world_count(w, FH_FRAME_HELD), 2);
	end(w);
}

/* Without tables in it, a flush from within a walk is no matter. */
static int unmap_page_and_flush(void *ctx, const struct fh_walk_entry *entry)
{
	struct visit *v = ctx;

	if (entry->kind == FH_DESC_TABLE)
		return 0;
	MUST(fh_pgtable_unmap(&v->w->table, entry->iova, FRAME, &v->gather));
	MUST(fh_gather_flush(&v->gather));
	return 0;
}

static void flush_leaves_in_walk(void **state)
{
	struct world *w = begin(state);
	struct visit v = { .w = w };

	MUST(fh_pgtable_map(&w->table, fh_dma(0), fh_phys(FRAME), TWO_MIB, ATTR_RW));
	fh_gather_init(&v.gather, &w->table);
	MUST(fh_pgtable_walk(&w->table, fh_dma(0), FH_GIB, unmap_page_and_flush, &v));
	for (uint64_t at = 0; at < TWO_MIB; at += FRAME)
		assert_false(agree(w, &w->table, at).mapped);
	world_idle(w);
	end(w);
}

static const struct CMUnitTest tests[] = {
	WORLD_TEST("iommu.pgtable.list.refusals", refusals),
	WORLD_TEST("iommu.pgtable.list.blocks", blocks),
	WORLD_TEST("iommu.pgtable.list.no_memory", no_memory),
	WORLD_TEST("iommu.pgtable.list.random", random_lists),
	WORLD_TEST("iommu.pgtable.list.wraps", wraps),
	WORLD_TEST("iommu.pgtable.list.high_addresses", high_addresses),
	WORLD_TEST("iommu.pgtable.preallocate.counts", preallocate),
	WORLD_TEST("iommu.pgtable.preallocate.exact_budget", exact_budget),
	WORLD_TEST("iommu.pgtable.gather.release_pending", release_pending),
	WORLD_TEST("iommu.pgtable.gather.flush_in_walk", flush_in_walk),
	WORLD_TEST("iommu.pgtable.gather.flush_leaves_in_walk", flush_leaves_in_walk),
};

UNIT_MAIN("iommu.pgtable.list", tests)
