/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for tests of tables in every format and granule: 40 MiB of RAM of which a part is the
 * firmware's, a table, and what TLBs are told.
 *
 *   MiB  0        8       10  10.5     12            40
 *        | usable |  fw    |secure|  .. | hole |usable |
 *                  reserved no-map
 */
#ifndef FH_TESTS_UNIT_SHAPE_WORLD_H
#define FH_TESTS_UNIT_SHAPE_WORLD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "iommu/adopt.h"
#include "iommu/descriptor.h"
#include "iommu/pgtable.h"
#include "iommu/pgtable_check.h"
#include "iommu/pgtable_dump.h"
#include "lib/error.h"
#include "tests/unit/unit.h"

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_BYTES (40 * FH_MIB)
#define FW_PA (RAM_BASE + 8 * FH_MIB)
#define FW_BYTES (2 * FH_MIB)
#define SECURE_PA (RAM_BASE + 10 * FH_MIB)
#define SECURE_BYTES (FH_MIB / 2)
#define HOLE_PA (RAM_BASE + 12 * FH_MIB)
#define HOLE_BYTES FH_MIB
/* Below all RAM and aligned to the largest block of any shape but those of LPA2 and level 0. */
#define MMIO_PA UINT64_C(0)

/* Attr0 to Attr3: write-back, device-nGnRE, non-cacheable, device-nGnRnE; Attr7: device-GRE, which
 * no mapping can ask for. */
#define SHAPE_MAIR UINT64_C(0x0cffffff004404ff)

struct shape_case {
	const char *name;
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	uint8_t ias;
	uint8_t oas;
	uint8_t concat_lg2;
	bool lpa2;
};

static const struct shape_case shape_cases[] = {
	{ "s1 4K 39", FH_FORMAT_S1, FH_REGIME_EL1, 12, 39, 40, 0, false },
	{ "s1 4K 48 el2", FH_FORMAT_S1, FH_REGIME_EL2, 12, 48, 48, 0, false },
	{ "s1 16K 47", FH_FORMAT_S1, FH_REGIME_EL1, 14, 47, 48, 0, false },
	{ "s1 64K 42", FH_FORMAT_S1, FH_REGIME_EL1, 16, 42, 48, 0, false },
	{ "s1 64K 52", FH_FORMAT_S1, FH_REGIME_EL3, 16, 52, 52, 0, false },
	{ "s1 4K lpa2", FH_FORMAT_S1, FH_REGIME_EL1, 12, 52, 52, 0, true },
	{ "s1 16K lpa2", FH_FORMAT_S1, FH_REGIME_EL1, 14, 52, 52, 0, true },
	{ "s2 4K 40", FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 40, 40, 1, false },
	{ "s2 16K 40", FH_FORMAT_S2, FH_REGIME_STAGE2, 14, 40, 40, 4, false },
	{ "s2 64K 42", FH_FORMAT_S2, FH_REGIME_STAGE2, 16, 42, 44, 0, false },
	{ "s2 4K lpa2", FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 48, 52, 0, true },
	{ "uat", FH_FORMAT_UAT, FH_REGIME_EL1, 14, 39, 40, 0, false },
};

struct shape_world {
	struct fh_frames frames;
	struct fh_memmap map;
	unsigned char *arena;
	_Alignas(16) unsigned char map_buffer[4096];
	void *metadata;
	size_t metadata_bytes;
	struct fh_pgtable table;
	struct fh_pgtable_config config;
	/* what the TLBs were told */
	unsigned int invalidations;
	uint64_t first, last; /* of the last invalidation */
	bool tables;
	int sync_err;
	void (*on_sync)(struct shape_world *w);
	void *ctx;
	/* reports */
	unsigned int faults;
	struct fh_fault fault;
	/* findings of a check */
	unsigned int findings;
	struct fh_check_finding finding;
	struct fh_check_report report;
};

static inline uint64_t *ram_at(const struct shape_world *w, uint64_t pa)
{
	if (pa < RAM_BASE || pa >= RAM_BASE + RAM_BYTES)
		fail_msg("not in RAM: 0x%llx", (unsigned long long)pa);
	return (uint64_t *)(void *)(w->arena + (pa - RAM_BASE));
}

static inline void shape_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size,
				    unsigned int leaf_lg2, bool tables)
{
	struct shape_world *w = ctx;

	(void)leaf_lg2;
	assert_true(fh_range_fits(iova.raw, size, w->config.ias));
	w->invalidations++;
	w->first = iova.raw;
	w->last = iova.raw + (size - 1);
	w->tables = tables;
}

static inline int shape_sync(void *ctx)
{
	struct shape_world *w = ctx;

	if (w->on_sync)
		w->on_sync(w);
	return w->sync_err;
}

static const struct fh_tlb_ops shape_tlb_ops = { shape_invalidate, shape_sync };

static inline void shape_fault(void *ctx, const struct fh_fault *fault)
{
	struct shape_world *w = ctx;

	w->faults++;
	w->fault = *fault;
}

/* All but its end. */
static inline void shape_map_begin(struct shape_world *w)
{
	MUST(fh_memmap_init(&w->map, w->map_buffer, sizeof(w->map_buffer), 12));
	fh_memmap_add(&w->map, RAM_BASE, HOLE_PA - RAM_BASE, FH_MEM_USABLE, "/memory@80000000");
	fh_memmap_add(&w->map, HOLE_PA + HOLE_BYTES, RAM_BASE + RAM_BYTES - HOLE_PA - HOLE_BYTES,
		      FH_MEM_USABLE, "/memory@80d00000");
	fh_memmap_add(&w->map, FW_PA, FW_BYTES, FH_MEM_RESERVED, "/reserved-memory/fw");
	fh_memmap_add(&w->map, SECURE_PA, SECURE_BYTES, FH_MEM_NOMAP, "/reserved-memory/secure");
}

static inline struct shape_world *shape_world_new(const struct shape_case *c)
{
	struct shape_world *w = calloc(1, sizeof(*w));
	struct fh_frames_config config;

	assert_non_null(w);
	w->arena = unit_memory(RAM_BYTES);
	/* What nobody has zeroed would be a valid descriptor of every level. */
	memset(w->arena, 0xa7, 8 * FH_MIB);
	mprotect(w->arena + (SECURE_PA - RAM_BASE), SECURE_BYTES, PROT_NONE);
	mprotect(w->arena + (HOLE_PA - RAM_BASE), HOLE_BYTES, PROT_NONE);
	shape_map_begin(w);
	MUST(fh_memmap_resolve(&w->map));
	w->metadata_bytes = fh_frames_metadata_bytes(&w->map);
	w->metadata = aligned_alloc(16, fh_align_up(w->metadata_bytes, 16));
	assert_non_null(w->metadata);
	config = (struct fh_frames_config){
		.map = &w->map,
		.metadata = w->metadata,
		.metadata_bytes = w->metadata_bytes,
		.direct_offset = (uintptr_t)w->arena - RAM_BASE,
	};
	MUST(fh_frames_init(&w->frames, &config));
	w->config = (struct fh_pgtable_config){
		.format = c->format,
		.regime = c->regime,
		.granule_lg2 = c->granule_lg2,
		.ias = c->ias,
		.oas = c->oas,
		.concat_lg2 = c->concat_lg2,
		.lpa2 = c->lpa2,
		.share = FH_SHARE_INNER,
		.coherent = true,
		.bbm_level = 2,
		.mair = SHAPE_MAIR,
		.frames = &w->frames,
		.tlb = &shape_tlb_ops,
		.tlb_ctx = w,
		.report = { shape_fault, w },
	};
	return w;
}

static inline void shape_world_delete(struct shape_world *w)
{
	const char *broken = fh_frames_check(&w->frames);

	if (broken)
		fail_msg("frames: %s", broken);
	unit_memory_free(w->arena, RAM_BYTES);
	free(w->metadata);
	free(w);
}

/* A new table of a shape, 4K and 39 bits when @state holds none. */
static inline int shape_setup(void **state)
{
	*state = shape_world_new(&shape_cases[0]);
	return 0;
}

static inline int shape_teardown(void **state)
{
	shape_world_delete(*state);
	return 0;
}

#define SHAPE_TEST(name, function)                                                                 \
	{                                                                                          \
		(name), (function), shape_setup, shape_teardown, NULL                              \
	}

static inline uint64_t granule_of(const struct shape_world *w)
{
	return UINT64_C(1) << w->config.granule_lg2;
}

/* Read and write, which every format can say. */
static inline struct fh_attr shape_rw(const struct shape_world *w)
{
	return (struct fh_attr){ FH_READ | FH_WRITE, FH_MEMTYPE_WB,
				 w->config.format == FH_FORMAT_UAT ? FH_SHARE_NONE
								   : FH_SHARE_INNER };
}

static inline struct fh_attr shape_ro(const struct shape_world *w)
{
	struct fh_attr attr = shape_rw(w);

	attr.access = FH_READ;
	return attr;
}

static inline int shape_map(struct shape_world *w, uint64_t iova, uint64_t pa, uint64_t size)
{
	return fh_pgtable_map(&w->table, fh_dma(iova), fh_phys(pa), size, shape_rw(w));
}

static inline int shape_unmap(struct shape_world *w, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &w->table);
	err = fh_pgtable_unmap(&w->table, fh_dma(iova), size, &gather);
	MUST(fh_gather_flush(&gather));
	return err;
}

static inline int shape_trim(struct shape_world *w, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &w->table);
	err = fh_pgtable_trim(&w->table, fh_dma(iova), size, &gather);
	if (!w->sync_err)
		MUST(fh_gather_flush(&gather));
	return err;
}

/* Where the descriptor of @level for @iova stands; the walk must get there. */
static inline uint64_t *slot_of(const struct shape_world *w, uint64_t iova, int level)
{
	const struct fh_shape *shape = &w->table.shape;
	uint64_t pa = w->table.root.raw;

	for (int at = shape->start_level;; at++) {
		uint64_t *slot = ram_at(w, pa) + fh_shape_index(shape, at, iova);

		if (at == level)
			return slot;
		if (!fh_desc_is_link(*slot, at))
			fail_msg("no link of level %d for 0x%llx", at, (unsigned long long)iova);
		pa = fh_desc_address(shape, *slot);
	}
}

static inline uint64_t pa_of_slot(const struct shape_world *w, const uint64_t *slot)
{
	return RAM_BASE + (uint64_t)((const unsigned char *)slot - w->arena);
}

static inline uint64_t count_of(const struct shape_world *w, enum fh_frame_state state)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&w->frames, &stats);
	return state == FH_FRAME_HELD ? stats.held : stats.owned;
}

/* Table pages that are HELD, the root's too. */
static inline uint64_t tables_held(const struct shape_world *w)
{
	return count_of(w, FH_FRAME_HELD) >> (w->config.granule_lg2 - 12);
}

static inline void keep_finding(void *ctx, const struct fh_check_finding *finding)
{
	struct shape_world *w = ctx;

	w->findings++;
	w->finding = *finding;
}

static inline int shape_check(struct shape_world *w)
{
	w->findings = 0;
	w->report = (struct fh_check_report){ .finding = keep_finding, .ctx = w };
	return fh_pgtable_check(&w->table, &w->report);
}

static inline void expect_clean(struct shape_world *w)
{
	int err = shape_check(w);

	if (err)
		fail_msg("found %s: 0x%llx at 0x%llx", fh_check_code_name(w->finding.code),
			 (unsigned long long)w->finding.value,
			 (unsigned long long)w->finding.iova.raw);
	assert_int_equal(w->findings, 0);
	assert_int_equal(w->report.tables, w->table.tables);
}

/*
 * A table of the firmware, adopted: one table of each level, the first entry of each leads to the
 * next, the first page is the firmware's. Ours are the upper half of the leaf table, and two
 * entries of the table above it.
 */
struct shape_windows {
	uint64_t page;
	uint64_t block;
};

static inline struct shape_windows shape_adopt(struct shape_world *w)
{
	struct fh_pgtable probe;
	struct fh_shape *shape = &probe.shape;
	uint64_t root_bytes, leaf, pa = FW_PA;
	struct fh_window window[2];
	struct fh_handover handover = { fh_phys(FW_PA), window, 2 };
	struct fh_adopt_report report = { .finding = NULL };

	MUST(fh_pgtable_init(&probe, &w->config));
	root_bytes = UINT64_C(1) << (shape->root_lg2 > shape->granule_lg2 ? shape->root_lg2
									  : shape->granule_lg2);
	for (int level = shape->start_level; level < FH_LEVEL_PAGE; level++) {
		uint64_t next = pa + (level == shape->start_level ? root_bytes : granule_of(w));

		*ram_at(w, pa) = fh_desc_link(shape, next);
		pa = next;
	}
	MUST(fh_format_encode(shape, shape_ro(w), &leaf));
	*ram_at(w, pa) = fh_desc_leaf(shape, 0x90000000, FH_LEVEL_PAGE, leaf & ~shape->software);
	window[0] =
	    (struct fh_window){ fh_dma(fh_shape_span(shape, 2) / 2), fh_shape_span(shape, 2) / 2 };
	window[1] =
	    (struct fh_window){ fh_dma(2 * fh_shape_span(shape, 2)), 2 * fh_shape_span(shape, 2) };
	MUST(fh_pgtable_release(&probe));
	MUST(fh_pgtable_adopt(&w->table, &w->config, &handover, &report));
	return (struct shape_windows){ window[0].base.raw, window[1].base.raw };
}

/* Runs @body for a world of every shape. */
static inline void each_shape(void (*body)(struct shape_world *w))
{
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(shape_cases); i++) {
		struct shape_world *w = shape_world_new(&shape_cases[i]);

		print_message("  %s\n", shape_cases[i].name);
		body(w);
		shape_world_delete(w);
	}
}

#endif
