/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the tests of iommu/: RAM, of which some is the firmware's, the
 * walker of arm_walker.h, and a TLB that remembers what nobody told it to
 * forget.
 *
 *   frame  0        256      320     322       512    520       1024
 *          | usable |   fw   |secure | usable  | hole | usable  |
 *                    reserved  no-map
 */
#ifndef FH_TESTS_UNIT_IOMMU_FIXTURE_H
#define FH_TESTS_UNIT_IOMMU_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/host/trace.h"
#include "iommu/adopt.h"
#include "iommu/pgtable.h"
#include "lib/error.h"
#include "tests/unit/arm_walker.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(0x1000)
#define FRAMES 1024u
#define BASE UINT64_C(0x80000000)
#define FW_FIRST 256u
#define FW_COUNT 64u
#define SECURE_FIRST 320u
#define HOLE_FIRST 512u
#define HOLE_COUNT 8u
#define TWO_MIB UINT64_C(0x200000)

/* Attr0 to Attr3: write-back, device-nGnRE, non-cacheable, device-nGnRnE; no
 * index has another. */
#define TEST_MAIR UINT64_C(0xffffffff004404ff)

#define ATTR_RW ((struct fh_attr){ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER })
#define ATTR_RO ((struct fh_attr){ FH_READ, FH_MEMTYPE_NC, FH_SHARE_NONE })

/* One translation that some TLB may hold, for each page of a part of the input
 * space. */
#define TLB_PAGES 16384u

struct world {
	struct fh_frames frames;
	struct fh_memmap map;
	unsigned char *arena;
	_Alignas(16) unsigned char map_buffer[4096];
	_Alignas(16) unsigned char metadata[FH_FRAMES_COUNT_MAPPINGS ? 65536 : 8192];
	struct fh_pgtable table;
	struct fh_pgtable_config config;
	/* the TLB */
	uint64_t tlb_base;
	unsigned int tlb_lg2; /* of its pages */
	bool tlb[TLB_PAGES];
	unsigned int invalidations;
	bool table_invalidation;
	unsigned int syncs;
	int sync_err;
	uint64_t held_at_sync;
	/* reports */
	unsigned int faults;
	struct fh_fault fault;
};

static inline uint64_t frame_pa(uint64_t frame)
{
	return BASE + frame * FRAME;
}

static inline uint64_t *at_pa(const struct world *w, uint64_t pa)
{
	if (pa < BASE || pa >= BASE + FRAMES * FRAME)
		fail_msg("the walk left RAM: 0x%llx", (unsigned long long)pa);
	return (uint64_t *)(void *)(w->arena + (pa - BASE));
}

static inline uint64_t *fw_table(const struct world *w, unsigned int number)
{
	return at_pa(w, frame_pa(FW_FIRST + number));
}

static inline uint64_t fw_pa(unsigned int number)
{
	return frame_pa(FW_FIRST + number);
}

static inline uint64_t world_count(const struct world *w, enum fh_frame_state state)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&w->frames, &stats);
	return state == FH_FRAME_HELD	 ? stats.held
	       : state == FH_FRAME_OWNED ? stats.owned
					 : stats.free;
}

static inline void world_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size,
				    unsigned int leaf_lg2, bool tables)
{
	struct world *w = ctx;

	assert_true(size != 0 && leaf_lg2 >= 12 && leaf_lg2 <= 42);
	assert_true(fh_is_aligned(iova.raw | size, UINT64_C(1) << w->table.config.granule_lg2));
	w->invalidations++;
	w->table_invalidation = w->table_invalidation || tables;
	for (unsigned int i = 0; i < TLB_PAGES; i++) {
		uint64_t page = w->tlb_base + ((uint64_t)i << w->tlb_lg2);

		if (page >= iova.raw && page - iova.raw < size)
			w->tlb[i] = false;
	}
}

static inline int world_sync(void *ctx)
{
	struct world *w = ctx;

	w->syncs++;
	w->held_at_sync = world_count(w, FH_FRAME_HELD);
	return w->sync_err;
}

static const struct fh_tlb_ops world_tlb_ops = {
	.invalidate = world_invalidate,
	.sync = world_sync,
};

static inline void world_fault(void *ctx, const struct fh_fault *fault)
{
	struct world *w = ctx;

	w->faults++;
	w->fault = *fault;
	assert_string_equal(fault->part, "pgtable");
}

static inline struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fh_frames_config config;

	assert_non_null(w);
	w->arena =
	    mmap(NULL, FRAMES * FRAME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(w->arena != MAP_FAILED);
	/* What nobody has zeroed would be a valid descriptor of every level. */
	memset(w->arena, 0xa7, FRAMES * FRAME);
	memset(fw_table(w, 0), 0, FW_COUNT * FRAME);
	assert_int_equal(fh_memmap_init(&w->map, w->map_buffer, sizeof(w->map_buffer), 12), 0);
	fh_memmap_add(&w->map, BASE, HOLE_FIRST * FRAME, FH_MEM_USABLE, "/memory@80000000");
	fh_memmap_add(&w->map, frame_pa(HOLE_FIRST + HOLE_COUNT),
		      (FRAMES - HOLE_FIRST - HOLE_COUNT) * FRAME, FH_MEM_USABLE,
		      "/memory@80208000");
	fh_memmap_add(&w->map, fw_pa(0), FW_COUNT * FRAME, FH_MEM_RESERVED, "/reserved-memory/fw");
	fh_memmap_add(&w->map, frame_pa(SECURE_FIRST), 2 * FRAME, FH_MEM_NOMAP,
		      "/reserved-memory/secure");
	assert_int_equal(fh_memmap_resolve(&w->map), 0);
	mprotect(w->arena + SECURE_FIRST * FRAME, 2 * FRAME, PROT_NONE);
	mprotect(w->arena + HOLE_FIRST * FRAME, HOLE_COUNT * FRAME, PROT_NONE);
	config = (struct fh_frames_config){
		.map = &w->map,
		.metadata = w->metadata,
		.metadata_bytes = sizeof(w->metadata),
		.direct_offset = (uintptr_t)w->arena - BASE,
	};
	assert_int_equal(fh_frames_init(&w->frames, &config), 0);
	w->tlb_lg2 = 12;
	w->config = (struct fh_pgtable_config){
		.format = FH_FORMAT_S1,
		.regime = FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 39,
		.oas = 40,
		.coherent = true,
		.asid = 0x51,
		.mair = TEST_MAIR,
		.frames = &w->frames,
		.tlb = &world_tlb_ops,
		.tlb_ctx = w,
		.report = { .report = world_fault, .ctx = w },
	};
	return w;
}

static inline void world_delete(struct world *w)
{
	const char *broken = fh_frames_check(&w->frames);

	if (broken)
		fail_msg("frames: %s", broken);
	munmap(w->arena, FRAMES * FRAME);
	free(w);
}

static inline int world_setup(void **state)
{
	*state = world_new();
	return 0;
}

static inline int world_teardown(void **state)
{
	world_delete(*state);
	return 0;
}

#define WORLD_TEST(name, function)                                                                 \
	{                                                                                          \
		(name), (function), world_setup, world_teardown, NULL                              \
	}

static inline void *world_copy(const void *from, size_t bytes)
{
	void *copy = malloc(bytes);

	assert_non_null(copy);
	memcpy(copy, from, bytes);
	return copy;
}

/* All that a walker or the allocator could notice: frames, their states, and
 * the table, but for what CPUs say about themselves in it. */
struct snapshot {
	struct fh_frames_stats stats;
	struct fh_pgtable table;
	unsigned char state[FRAMES];
	unsigned char fw[FW_COUNT * 4096];
	uint64_t pages; /* sum over all table pages of the tree */
};

/* Every table that hangs below @pa, as the walker finds it; returns how many
 * are ours to free. */
static inline uint64_t arm_sum(const struct world *w, const struct arm *arm, uint64_t pa, int level,
			       uint64_t *sum)
{
	const uint64_t *slot = at_pa(w, pa);
	uint64_t held = fh_frame_state(&w->frames, fh_phys(pa)) == FH_FRAME_HELD;

	for (unsigned int i = 0; i < arm_entries(arm, level); i++) {
		uint64_t desc = slot[i];

		*sum = (*sum ^ desc) * UINT64_C(0x100000001b3) + i;
		if (level < 3 && (desc & 3) == 3)
			held += arm_sum(w, arm, arm_address(arm, desc), level + 1, sum);
	}
	return held;
}

/* Table pages in HELD frames below the root, the root too if it is one. */
static inline uint64_t arm_tables(const struct world *w, const struct fh_pgtable *t, uint64_t *sum)
{
	struct arm arm = arm_of(&t->config);

	*sum = 0;
	return arm_sum(w, &arm, t->root.raw, arm.start, sum);
}

static inline void world_states(const struct world *w, unsigned char *state)
{
	for (uint64_t frame = 0; frame < FRAMES; frame++)
		state[frame] = (unsigned char)fh_frame_state(&w->frames, fh_phys(frame_pa(frame)));
}

static inline void snapshot_table(struct fh_pgtable *copy, const struct fh_pgtable *table)
{
	memcpy(copy, table, sizeof(*copy));
	copy->cpus = 0;
	memset(copy->cpu, 0, sizeof(copy->cpu));
}

static inline void snapshot_take(struct snapshot *s, const struct world *w)
{
	fh_frames_stats(&w->frames, &s->stats);
	world_states(w, s->state);
	snapshot_table(&s->table, &w->table);
	memcpy(s->fw, fw_table(w, 0), sizeof(s->fw));
	arm_tables(w, &w->table, &s->pages);
}

/* Nobody is announced in the table any more. */
static inline void world_idle(const struct world *w)
{
	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++) {
		assert_int_equal(w->table.cpu[cpu].range, 0);
		assert_int_equal(w->table.cpu[cpu].reading & 1, 0);
	}
}

/* Every table says what it said, and the struct too. */
static inline void snapshot_same_tables(const struct snapshot *s, const struct world *w)
{
	static struct fh_pgtable now;
	uint64_t sum;

	assert_memory_equal(s->fw, fw_table(w, 0), sizeof(s->fw));
	snapshot_table(&now, &w->table);
	assert_memory_equal(&s->table, &now, sizeof(now));
	arm_tables(w, &w->table, &sum);
	assert_int_equal(s->pages, sum);
	world_idle(w);
}

/* Frames and tables are those of the snapshot: every frame in its state, every byte of the tables.
 */
static inline void snapshot_equal(const struct snapshot *s, const struct world *w)
{
	unsigned char state[FRAMES];
	struct fh_frames_stats stats;

	world_states(w, state);
	assert_memory_equal(s->state, state, sizeof(state));
	fh_frames_stats(&w->frames, &stats);
	assert_memory_equal(&s->stats, &stats, sizeof(stats));
	assert_null(fh_frames_check(&w->frames));
	snapshot_same_tables(s, w);
}

/* A translation in a section of its own, FH_PHYS_INVALID for none. */
static inline uint64_t translate_once(const struct fh_pgtable *t, uint64_t va)
{
	struct fh_reader reader;
	fh_phys_addr_t pa;

	fh_reader_begin(&reader, t);
	pa = fh_reader_translate(&reader, fh_dma(va));
	fh_reader_end(&reader);
	return pa.raw;
}

/* The engine's lookup, its translation and the walker say the same about @va; gives the walker's
 * answer. */
static inline struct seen agree(const struct world *w, const struct fh_pgtable *t, uint64_t va)
{
	struct seen seen = arm_walk(w, t, va);
	struct fh_translation answer;
	int err = fh_pgtable_lookup(t, fh_dma(va), &answer);

	assert_int_equal(err, seen.mapped ? 0 : -ENOENT);
	assert_int_equal(translate_once(t, va), seen.mapped ? seen.pa : FH_PHYS_INVALID.raw);
	assert_int_equal(answer.level, seen.level);
	assert_int_equal(answer.span_lg2, seen.span_lg2);
	assert_int_equal(answer.desc, seen.desc);
	if (!seen.mapped)
		return seen;
	assert_int_equal(answer.pa.raw, seen.pa);
	assert_int_equal(answer.attr.access, seen.access);
	assert_int_equal(answer.attr.memtype, seen.memtype);
	if (seen.memtype == FH_MEMTYPE_WB || seen.memtype == FH_MEMTYPE_NC)
		assert_int_equal(answer.attr.share, seen.share);
	return seen;
}

static inline bool same_attr(const struct seen *seen, struct fh_attr attr)
{
	return seen->access == attr.access && seen->memtype == attr.memtype &&
	       (attr.memtype >= FH_MEMTYPE_DEVICE || seen->share == attr.share);
}

/*
 * Every leaf with the contiguous bit is in a run that starts at a multiple of its size, in input
 * and output, and says the same everywhere; what hardware updates may differ. @whole: all of the
 * run have the bit. Return: leaves that have it.
 */
static inline unsigned int arm_runs(const struct world *w, const struct arm *arm, uint64_t pa,
				    int level, bool whole)
{
	const uint64_t same = UINT64_C(0x0ff0000000000bff);
	const uint64_t *slot = at_pa(w, pa);
	unsigned int run = arm_run(arm, level);
	uint64_t span = UINT64_C(1) << arm_low(arm, level);
	unsigned int joined = 0;

	for (unsigned int i = 0; i < arm_entries(arm, level); i++) {
		uint64_t desc = slot[i];

		if (level < 3 && (desc & 3) == 3) {
			joined += arm_runs(w, arm, arm_address(arm, desc), level + 1, whole);
			continue;
		}
		if (!(desc & 1) || !(desc >> 52 & 1))
			continue;
		joined++;
		assert_int_not_equal(run, 0);
		assert_int_equal((arm_address(arm, desc) - i % run * span) % (run * span), 0);
		for (unsigned int j = i / run * run; j < i / run * run + run; j++) {
			uint64_t dirty = desc >> 51 & 1 ? UINT64_C(0x80) : 0;

			if (whole)
				assert_int_equal(slot[j] & (UINT64_C(1) << 52 | 1),
						 UINT64_C(1) << 52 | 1);
			if (!(slot[j] & 1) || !(slot[j] >> 52 & 1))
				continue;
			assert_int_equal(arm_address(arm, slot[j]) + i * span,
					 arm_address(arm, desc) + j * span);
			assert_int_equal((desc ^ slot[j]) & same &
					     ~(dirty | (arm->lpa2 ? UINT64_C(0x300) : 0)),
					 0);
		}
	}
	return joined;
}

static inline unsigned int world_runs(const struct world *w)
{
	struct arm arm = arm_of(&w->table.config);

	return arm_runs(w, &arm, w->table.root.raw, arm.start, true);
}

/* While something changes: one that is only partly joined may be so for a moment. */
static inline void world_runs_now(const struct world *w)
{
	struct arm arm = arm_of(&w->table.config);

	arm_runs(w, &arm, w->table.root.raw, arm.start, false);
}

/* Table pages of ours are HELD frames, all of them, and nothing else is. */
static inline void world_adds_up(const struct world *w)
{
	uint64_t frames = UINT64_C(1) << (w->table.config.granule_lg2 - 12);
	uint64_t root =
	    w->table.shape.root_lg2 > 12 ? UINT64_C(1) << (w->table.shape.root_lg2 - 12) : 1;
	uint64_t sum;

	if (w->table.adopted)
		root = 0;
	else if (root < frames)
		root = frames;
	assert_int_equal(arm_tables(w, &w->table, &sum), w->table.tables + (root != 0));
	assert_int_equal(world_count(w, FH_FRAME_HELD),
			 (w->table.tables + w->table.reserve_pages) * frames + root);
	assert_int_equal(world_count(w, FH_FRAME_OWNED), 0);
	assert_null(fh_frames_check(&w->frames));
}

/* Unmap and flush. */
static inline int world_unmap(struct world *w, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &w->table);
	err = fh_pgtable_unmap(&w->table, fh_dma(iova), size, &gather);
	assert_int_equal(fh_gather_flush(&gather), 0);
	return err;
}

#endif
