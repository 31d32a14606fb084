/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu/pgtable.h, with a TLB that has nothing to forget: what is measured is the engine and the
 * allocator below it. The walker is coherent.
 */
#include "iommu/adopt.h"

#include <string.h>

#include "lib/bits.h"
#include "mm/page.h"
#include "tests/bench/tables.h"
#include "tests/oracle/no_tlb.h"

#define FRAME_LG2 12u
#define MAIR UINT64_C(0xff)
#define IAS 48u
#define ALL ((uint64_t)TABLES_ROW)

/* What differs between the columns. */
struct kind {
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	bool adopted; /* the root is the firmware's, and all of its addresses are ours */
};

struct freehold {
	struct kind kind;
	struct fh_pgtable table;
	struct fh_gather gather;
	struct fh_reader reader;
	struct fh_attr attr;
	uint64_t free; /* frames, before the table was made */
	struct fh_frames frames;
	struct fh_memmap map;
	void *metadata;
	size_t metadata_bytes;
	_Alignas(16) unsigned char map_buffer[1024];
};

static bool open_frames(struct freehold *f)
{
	if (fh_memmap_init(&f->map, f->map_buffer, sizeof(f->map_buffer), FRAME_LG2) ||
	    fh_memmap_add(&f->map, TABLES_ARENA, TABLES_ARENA_BYTES, FH_MEM_USABLE, "bench") ||
	    fh_memmap_add(&f->map, TABLES_FIRMWARE, TABLES_FIRMWARE_BYTES, FH_MEM_USABLE,
			  "bench") ||
	    fh_memmap_add(&f->map, TABLES_FIRMWARE, TABLES_FIRMWARE_BYTES, FH_MEM_RESERVED,
			  "firmware") ||
	    fh_memmap_resolve(&f->map))
		return false;
	f->metadata_bytes = fh_frames_metadata_bytes(&f->map);
	f->metadata = bench_take(f->metadata_bytes, true);
	return f->metadata &&
	       !fh_frames_init(&f->frames, &(struct fh_frames_config){
					       .map = &f->map,
					       .metadata = f->metadata,
					       .metadata_bytes = f->metadata_bytes,
					       .direct_offset = bench_direct_offset(),
					       .instance = 1,
					   });
}

static bool open_table(struct freehold *f, const struct fh_pgtable_config *config)
{
	struct fh_window window = { fh_dma(0), UINT64_C(1) << IAS };
	struct fh_handover handover = {
		.root = fh_phys(TABLES_FIRMWARE),
		.windows = &window,
		.window_count = 1,
	};
	struct fh_adopt_report report = { 0 };

	if (!f->kind.adopted)
		return !fh_pgtable_init(&f->table, config);
	memset((void *)(uintptr_t)(TABLES_FIRMWARE + bench_direct_offset()), 0, 1u << FRAME_LG2);
	return !fh_pgtable_adopt(&f->table, config, &handover, &report);
}

static uint64_t free_frames(const struct freehold *f)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&f->frames, &stats);
	return stats.free;
}

static bool open_freehold(void *self)
{
	struct freehold *f = self;
	struct fh_pgtable_config config = {
		.format = f->kind.format,
		.regime = f->kind.regime,
		.granule_lg2 = f->kind.granule_lg2,
		.ias = IAS,
		.oas = 48,
		.coherent = true,
		.mair = MAIR,
		.frames = &f->frames,
		.tlb = &no_tlb,
	};

	if (!open_frames(f))
		return false;
	f->free = free_frames(f);
	f->attr = (struct fh_attr){ .access = FH_READ | FH_WRITE,
				    .memtype = FH_MEMTYPE_WB,
				    .share = FH_SHARE_INNER };
	if (!open_table(f, &config))
		return false;
	fh_gather_init(&f->gather, &f->table);
	return true;
}

static const char *close_freehold(void *self)
{
	struct freehold *f = self;
	const char *wrong = NULL;

	if (fh_pgtable_release(&f->table))
		wrong = "the table cannot be released";
	else if (free_frames(f) != f->free)
		wrong = "not all tables came back";
	bench_give(f->metadata, f->metadata_bytes);
	return wrong;
}

static inline int map(struct freehold *f, uint64_t iova, uint64_t pa, uint64_t bytes)
{
	return fh_pgtable_map(&f->table, fh_dma(iova), fh_phys(pa), bytes, f->attr);
}

static inline int unmap(struct freehold *f, uint64_t iova, uint64_t bytes)
{
	return fh_pgtable_unmap(&f->table, fh_dma(iova), bytes, &f->gather);
}

static uint64_t row_bytes(const struct freehold *f)
{
	return ALL << f->kind.granule_lg2;
}

static uint64_t table_bytes(const struct freehold *f)
{
	return UINT64_C(1) << (2 * f->kind.granule_lg2 - 3);
}

static int map_page(void *self, uint64_t iova, uint64_t pa)
{
	struct freehold *f = self;

	return map(f, iova, pa, UINT64_C(1) << f->kind.granule_lg2);
}

static int unmap_page(void *self, uint64_t iova)
{
	struct freehold *f = self;

	return unmap(f, iova, UINT64_C(1) << f->kind.granule_lg2);
}

static int map_pages(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, row_bytes(self));
}

static int unmap_pages(void *self, uint64_t iova)
{
	return unmap(self, iova, row_bytes(self));
}

static int map_tables(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, table_bytes(self));
}

static int unmap_tables(void *self, uint64_t iova)
{
	return unmap(self, iova, table_bytes(self));
}

static int map_block(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, TABLES_BLOCK);
}

static int map_blocks(void *self, uint64_t iova, uint64_t pa)
{
	return map(self, iova, pa, TABLES_BLOCK * ALL);
}

static int unmap_blocks(void *self, uint64_t iova)
{
	return unmap(self, iova, TABLES_BLOCK * ALL);
}

static int flush(void *self)
{
	struct freehold *f = self;

	return fh_gather_flush(&f->gather);
}

static uint64_t lookup(void *self, uint64_t iova)
{
	struct freehold *f = self;
	struct fh_translation answer;

	return fh_pgtable_lookup(&f->table, fh_dma(iova), &answer) ? 0 : answer.pa.raw;
}

static void begin(void *self)
{
	struct freehold *f = self;

	fh_reader_begin(&f->reader, &f->table);
}

static void end(void *self)
{
	struct freehold *f = self;

	fh_reader_end(&f->reader);
}

/* What is not mapped is no 0 here, but spoils the sum as well. */
static uint64_t translate(void *self, uint64_t iova)
{
	const struct freehold *f = self;

	return fh_reader_translate(&f->reader, fh_dma(iova)).raw;
}

#define PAGES(label, kind_of)                                                                      \
	.name = (label), .self = &(kind_of), .open = open_freehold, .close = close_freehold,       \
	.map_page = map_page, .unmap_page = unmap_page, .map_pages = map_pages,                    \
	.unmap_pages = unmap_pages, .map_tables = map_tables, .unmap_tables = unmap_tables,        \
	.flush = flush, .lookup = lookup, .translate = translate, .begin = begin, .end = end
#define BLOCKS .map_block = map_block, .map_blocks = map_blocks, .unmap_blocks = unmap_blocks

static struct freehold plain = { .kind = { FH_FORMAT_S1, FH_REGIME_EL1, 12, false } };
static struct freehold large = { .kind = { FH_FORMAT_S1, FH_REGIME_EL1, 14, false } };
static struct freehold stage2 = { .kind = { FH_FORMAT_S2, FH_REGIME_STAGE2, 12, false } };
static struct freehold adopted = { .kind = { FH_FORMAT_S1, FH_REGIME_EL1, 12, true } };

const struct tables tables_freehold = { PAGES("freehold", plain), BLOCKS, .granule_lg2 = 12 };
const struct tables tables_freehold_16k = { PAGES("16K", large), .granule_lg2 = 14 };
const struct tables tables_freehold_stage2 = { PAGES("stage 2", stage2), BLOCKS,
					       .granule_lg2 = 12 };
const struct tables tables_freehold_adopted = { PAGES("adopted", adopted), BLOCKS,
						.granule_lg2 = 12 };
