/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine and an inherited tree, made of any bytes:
 *
 *   granules  0       24       25     32            48
 *             |usable | no-map | hole | the firmware's tables |
 *
 *   header    shape, coherency, frames, root
 *   windows   base and size of each
 *   edits     what stands in the tables: links to each other, leaves, notes, raw words, ...
 *   the rest  work, for adopt.c
 *
 * An edit is a few bytes that say what, where and whereto, so that most inputs are trees.
 */
#ifndef FH_TESTS_FUZZ_ADOPT_WORLD_H
#define FH_TESTS_FUZZ_ADOPT_WORLD_H

#include <sanitizer/asan_interface.h>

#include "arch/host/trace.h"
#include "iommu/adopt.h"
#include "iommu/descriptor.h"
#include "lib/error.h"
#include "tests/fuzz/fuzz.h"

#define BASE UINT64_C(0x80000000)
#define USABLE 24u
#define NOMAP 24u
#define HOLE 25u
#define FW_FIRST 32u
#define FW_COUNT 16u
#define GRANULES (FW_FIRST + FW_COUNT)
#define GRANULE_MAX 65536u

/* Attr0 to Attr3: write-back, device-nGnRE, non-cacheable, device-nGnRnE. */
#define MAIR UINT64_C(0xffffffff004404ff)

struct input {
	const uint8_t *at;
	size_t left;
};

/* 0 when nothing is left. */
static inline unsigned int take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline unsigned int take_16(struct input *in)
{
	unsigned int low = take(in);

	return low | take(in) << 8;
}

static inline uint64_t take_64(struct input *in)
{
	uint64_t word = 0;

	for (unsigned int i = 0; i < 64; i += 8)
		word |= (uint64_t)take(in) << i;
	return word;
}

struct world {
	struct fh_memmap map;
	struct fh_frames frames;
	struct fh_pgtable_config config;
	struct fh_handover handover;
	struct fh_window window[FH_WINDOW_MAX + 2];
	unsigned int granule_lg2;
	unsigned int stride;
	struct fh_fault fault; /* the last that the engine reported */
	_Alignas(16) unsigned char map_buffer[4096];
	_Alignas(16) unsigned char metadata[131072];
};

static _Alignas(GRANULE_MAX) unsigned char arena[GRANULES * GRANULE_MAX];

static inline uint64_t granule_pa(const struct world *w, unsigned int granule)
{
	return BASE + ((uint64_t)granule << w->granule_lg2);
}

static inline uint64_t *fw_table(const struct world *w, unsigned int number)
{
	size_t at = (size_t)(FW_FIRST + number) << w->granule_lg2;

	return (uint64_t *)(void *)(arena + at);
}

static inline size_t fw_bytes(const struct world *w)
{
	return (size_t)FW_COUNT << w->granule_lg2;
}

/* ---- The header. */

struct shape_choice {
	uint8_t format, regime, granule_lg2, ias, oas, concat_lg2;
	bool lpa2;
};

static const struct shape_choice choices[16] = {
	{ FH_FORMAT_S1, FH_REGIME_EL1, 12, 39, 40, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL2, 12, 48, 48, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 14, 47, 48, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 16, 42, 48, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL3, 16, 52, 52, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 12, 52, 52, 0, true },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 14, 52, 52, 0, true },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 40, 40, 1, false },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, 14, 40, 40, 4, false },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, 16, 42, 44, 0, false },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 48, 52, 0, true },
	{ FH_FORMAT_UAT, FH_REGIME_EL1, 14, 39, 40, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 12, 30, 32, 0, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 12, 25, 36, 0, false },
	{ FH_FORMAT_S2, FH_REGIME_STAGE2, 12, 34, 42, 4, false },
	{ FH_FORMAT_S1, FH_REGIME_EL1, 14, 36, 44, 0, false },
};

static inline void invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			      bool tables)
{
	(void)ctx;
	(void)tables;
	REQUIRE(size && leaf_lg2 >= 12 && fh_is_aligned(iova.raw | size, 4096));
}

static inline int sync_at_once(void *ctx)
{
	(void)ctx;
	return 0;
}

static inline void keep_fault(void *ctx, const struct fh_fault *fault)
{
	struct world *w = ctx;

	REQUIRE(fault->code != FH_FAULT_NONE && fault->err < 0);
	w->fault = *fault;
}

/* Shape and more; one of the choices, and seldom something next to it. */
static inline void read_config(struct world *w, struct input *in)
{
	static const struct fh_tlb_ops tlb = { invalidate, sync_at_once };
	const struct shape_choice *choice = &choices[take(in) % FH_ARRAY_SIZE(choices)];
	unsigned int flags = take(in);
	unsigned int other = take(in);

	w->config = (struct fh_pgtable_config){
		.format = choice->format,
		.regime = choice->regime,
		.granule_lg2 = choice->granule_lg2,
		.ias = (uint8_t)(choice->ias - (other & 15)),
		.oas = choice->oas,
		.concat_lg2 = choice->concat_lg2,
		.lpa2 = choice->lpa2,
		.share = FH_SHARE_INNER,
		.coherent = flags & 1,
		.contiguous = flags >> 1 & 1,
		.bbm_level = flags >> 2 & 3,
		.mair = MAIR,
		.frames = &w->frames,
		.tlb = &tlb,
		.report = { keep_fault, w },
	};
	if (other & 16)
		w->config.concat_lg2 = (uint8_t)(other >> 5);
	w->granule_lg2 = choice->granule_lg2;
	w->stride = choice->granule_lg2 - 3u;
	host_cache_writeback_granule = (size_t)16 << (flags >> 4 & 7);
}

/* As large as granules mostly; others are refused, or make a table of several. */
static inline unsigned int read_frame_lg2(const struct world *w, struct input *in)
{
	unsigned int choice = take(in);

	return choice < 128 ? w->granule_lg2 : 12 + choice % 3 * 2;
}

static inline void make_machine(struct world *w, unsigned int frame_lg2)
{
	uint64_t granule = UINT64_C(1) << w->granule_lg2;
	struct fh_frames_config config = {
		.map = &w->map,
		.metadata = w->metadata,
		.metadata_bytes = sizeof(w->metadata),
		.direct_offset = (uintptr_t)arena - BASE,
	};

	REQUIRE(!fh_memmap_init(&w->map, w->map_buffer, sizeof(w->map_buffer), frame_lg2));
	REQUIRE(!fh_memmap_add(&w->map, BASE, USABLE * granule, FH_MEM_USABLE, "ram"));
	REQUIRE(!fh_memmap_add(&w->map, granule_pa(w, NOMAP), granule, FH_MEM_NOMAP, "secure"));
	REQUIRE(!fh_memmap_add(&w->map, granule_pa(w, FW_FIRST), FW_COUNT * granule, FH_MEM_USABLE,
			       "ram"));
	REQUIRE(!fh_memmap_add(&w->map, granule_pa(w, FW_FIRST), FW_COUNT * granule,
			       FH_MEM_RESERVED, "firmware"));
	REQUIRE(!fh_memmap_resolve(&w->map));
	REQUIRE(!fh_frames_init(&w->frames, &config));
	/* A frame that is larger than a granule grows over its neighbours. */
	if (frame_lg2 <= w->granule_lg2)
		ASAN_POISON_MEMORY_REGION(arena + ((size_t)NOMAP << w->granule_lg2),
					  (size_t)(FW_FIRST - NOMAP) << w->granule_lg2);
}

static inline void end_machine(const struct world *w)
{
	(void)w;
	ASAN_UNPOISON_MEMORY_REGION(arena, sizeof(arena));
}

static inline uint64_t take_shifted(const struct world *w, struct input *in, unsigned int scale)
{
	return (uint64_t)take_16(in) << (w->granule_lg2 + scale % 4 * w->stride);
}

static inline void read_handover(struct world *w, struct input *in)
{
	unsigned int place = take(in);
	unsigned int count = take(in) % FH_ARRAY_SIZE(w->window);

	w->handover = (struct fh_handover){
		.root = fh_phys(granule_pa(w, FW_FIRST + place % FW_COUNT) + (place >> 4) * 64),
		.windows = w->window,
		.window_count = count,
	};
	if (place == 255)
		w->handover.root = fh_phys(take_64(in));
	for (unsigned int i = 0; i < count; i++) {
		unsigned int scale = take(in);
		uint64_t base = take_shifted(w, in, scale);
		uint64_t size =
		    take_shifted(w, in, scale >> 2) +
		    (scale & 64 ? 0
				: UINT64_C(1) << (w->granule_lg2 + (scale >> 2) % 4 * w->stride));

		w->window[i] = (struct fh_window){ fh_dma(base + (scale & 128 ? 256 : 0)), size };
	}
}

/* ---- The tables. */

static inline uint64_t odd_bits(unsigned int flags)
{
	return (flags & 64 ? UINT64_C(1) << (55 + (flags & 3)) : 0) |
	       (flags & 128 ? (uint64_t)(flags & 15) << 59 : 0) |
	       (flags & 32 ? FH_DESC_CONTIGUOUS : 0);
}

static inline uint64_t elsewhere(const struct world *w, struct input *in)
{
	unsigned int what = take(in);

	switch (what % 8) {
	case 0:
		return granule_pa(w, NOMAP);
	case 1:
		return granule_pa(w, HOLE);
	case 2:
		return 0;
	case 3:
		return UINT64_C(1) << (28 + what / 8 % 24);
	case 4:
		return granule_pa(w, FW_FIRST) + (UINT64_C(1) << (what / 8 % 16));
	default:
		return granule_pa(w, what / 8 % USABLE);
	}
}

static inline uint64_t leaf_of(const struct world *w, struct input *in, unsigned int op)
{
	uint64_t pa = take_shifted(w, in, op >> 3);
	unsigned int flags = take(in);

	/* AF, SH inner; memory type and permissions that every format has. */
	return fh_desc_place(&(struct fh_shape){ .address = FH_MASK(47, w->granule_lg2) }, pa) |
	       (w->config.format == FH_FORMAT_S2    ? 0x7fd
		: w->config.format == FH_FORMAT_UAT ? 0x401
						    : 0x701) |
	       (op & 32 ? 2 : 0) | odd_bits(flags);
}

static inline void edit(struct world *w, struct input *in)
{
	unsigned int op = take(in);
	uint64_t *table = fw_table(w, take(in) % FW_COUNT);
	unsigned int entries = 1u << w->stride;
	unsigned int index = take_16(in) % entries;
	unsigned int count = 1;
	uint64_t desc, step = 0;

	switch (op % 8) {
	case 0: /* links, to tables in a row */
		count = 1 + (op >> 3) % 8;
		step = UINT64_C(1) << w->granule_lg2;
		desc = granule_pa(w, FW_FIRST + take(in) % FW_COUNT) | 3;
		desc |= odd_bits(take(in));
		break;
	case 1:
		desc = leaf_of(w, in, op);
		break;
	case 2: /* pages in a row */
		count = 1 + take(in);
		step = UINT64_C(1) << w->granule_lg2;
		desc = leaf_of(w, in, op) | 2;
		break;
	case 3: /* a note */
		desc = ((uint64_t)take_16(in) << (op >> 3)) & ~UINT64_C(1);
		break;
	case 4:
		desc = elsewhere(w, in) | 3;
		break;
	case 5:
		desc = take_64(in);
		break;
	case 6:
		desc = table[index] ^ UINT64_C(1) << take(in) % 64;
		break;
	default:
		count = 1 + take(in) * 8;
		desc = 0;
		break;
	}
	for (; count && index < entries; count--, index++, desc += step)
		table[index] = desc;
}

static inline void make_world(struct world *w, struct input *in)
{
	unsigned int frame_lg2, edits;

	read_config(w, in);
	frame_lg2 = read_frame_lg2(w, in);
	make_machine(w, frame_lg2);
	memset(fw_table(w, 0), 0, fw_bytes(w));
	read_handover(w, in);
	for (edits = take(in); edits && in->left; edits--)
		edit(w, in);
}

#endif
