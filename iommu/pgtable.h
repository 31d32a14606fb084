/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table engine. A table is new (fh_pgtable_init) or adopted from somebody who keeps
 * its root and some of its entries (iommu/adopt.h); everything else is the same for both:
 *
 *   map:    prepare (allocate and build what is missing, unseen by a walker), then link
 *   unmap:  clear entries, unlink tables that the range covers whole, into a gather
 *   flush:  invalidate, wait, and only then give frames back (iommu/gather.h)
 *
 * The frame's state (HELD) and the descriptor that points to it are the only record of a
 * table page.
 *
 * Context: any CPU, for map and unmap also while others work on the same table; not from an
 * exception that may have interrupted a call on the same frames on this CPU. Lookup, walk and plan
 * may run anywhere; what others change meanwhile they see or not.
 * Source: Arm ARM DDI 0487, D8.2 (translation process) and D8.3 (descriptor formats).
 */
#ifndef FH_IOMMU_PGTABLE_H
#define FH_IOMMU_PGTABLE_H

#include "iommu/format.h"
#include "iommu/gather.h"
#include "lib/fault.h"
#include "lib/types.h"
#include "mm/addr.h"
#include "mm/page.h"

/* A range of device addresses that is ours. */
struct fh_window {
	fh_dma_addr_t base; /* a multiple of the granule */
	uint64_t size;	    /* bytes, a multiple of the granule, not 0 */
};

/**
 * struct fh_pgtable_config - What a table is.
 * @format, @granule_lg2, @ias, @oas: as fh_shape_init() takes them.
 * @regime: who walks it.
 * @mair: the MAIR value that the walker uses; entries pick the index that holds their type.
 * @asid: for invalidation, FH_REGIME_EL1.
 * @coherent: the walker reads through the caches of this CPU. When false, every descriptor is
 *            cleaned to the point of coherency.
 * @bbm_level: lowest FEAT_BBM level of all walkers: 0 (the only one so far).
 * @frames: where table pages come from; all tables lie in its direct map.
 * @tlb, @tlb_ctx: how translations are invalidated.
 * @report: hears of refusals.
 */
struct fh_pgtable_config {
	enum fh_format format;
	enum fh_regime regime;
	uint8_t granule_lg2;
	uint8_t ias;
	uint8_t oas;
	uint8_t bbm_level;
	bool coherent;
	uint16_t asid;
	uint64_t mair;
	struct fh_frames *frames;
	const struct fh_tlb_ops *tlb;
	void *tlb_ctx;
	struct fh_reporter report;
};

/* At most this many windows in an adopted table. */
#define FH_WINDOW_MAX 8

/**
 * struct fh_pgtable - One table; the caller's storage, private fields.
 * @root: physical address of the root.
 * @ours: descriptor bit that marks our entries in an adopted table; 0 for a table of our own.
 * @window: of an adopted table.
 * @tables: table pages of ours that are linked: what release expects to find.
 * @taken: entries of ours in foreign tables, likewise.
 */
struct fh_pgtable {
	struct fh_pgtable_config config;
	struct fh_shape shape;
	fh_phys_addr_t root;
	bool adopted;
	uint64_t ours;
	struct fh_window window[FH_WINDOW_MAX];
	unsigned int window_count;
	_Atomic(uint64_t) tables;
	_Atomic(uint64_t) taken;
};

/**
 * fh_pgtable_init() - A new, empty table.
 * @config: copied; its frames and TLB operations outlive the table.
 *
 * Context: nobody else knows @table yet.
 * Ownership: the root frame belongs to @table until fh_pgtable_release().
 * Return: 0, -EINVAL (shape, regime, BBM level; no frames or TLB operations), -ENOTSUP (a shape or
 *         BBM level that is not built, frames larger than the granule), -ENOMEM. On error nothing
 *         has changed.
 */
FH_MUST_CHECK int fh_pgtable_init(struct fh_pgtable *table, const struct fh_pgtable_config *config);

/**
 * fh_pgtable_map() - Map [@iova, @iova + @size) to [@pa, @pa + @size).
 * @size: bytes; @iova, @pa and @size are multiples of the granule.
 * @attr: what the range grants; FH_READ is part of it.
 *
 * Uses the largest blocks that alignment allows; where a table of ours stands already, also an
 * empty one, it is filled instead. All or nothing. Who vouches for @pa is the
 * caller: the engine maps RAM and MMIO alike.
 * Context: any CPU; other ranges may change at the same time.
 * Ownership: new table pages belong to @table until they are unmapped or released.
 * TLB: nothing to do (only invalid-to-valid changes).
 * Return: 0, -EINVAL (misaligned, size 0, attributes that the format cannot say), -ERANGE
 *         (beyond ias or oas), -EPERM (outside our windows, or a foreign descriptor in the
 *         way), -EEXIST (an entry of ours in the way), -ENOMEM, -ENOTSUP (no MAIR index has the
 *         memory type), -EIO (a foreign link no longer leads where it may). On error no
 *         translation has changed and every new table page was given back; only when somebody
 *         took an entry of the range meanwhile, tables at its edges may stay linked, empty.
 * Source: Arm ARM DDI 0487, D8.3.
 */
FH_MUST_CHECK int fh_pgtable_map(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa,
				 uint64_t size, struct fh_attr attr);

/**
 * fh_pgtable_unmap() - Take away every translation in [@iova, @iova + @size).
 * @size: bytes; @iova and @size are multiples of the granule. Holes are allowed.
 * @gather: of this table; flush it before the memory behind is used for anything else.
 *
 * Tables that the range covers whole are unlinked and go into the gather.
 * Return: 0, -EINVAL (misaligned, size 0), -ERANGE (beyond ias), -EPERM (outside our windows, or
 *         a foreign entry in the range), -EBUSY (the range ends inside a block of ours, which
 *         BBM level 0 cannot split while it is live), -EIO (as fh_pgtable_map()). On error
 *         nothing has changed.
 * TLB: the gather's.
 */
FH_MUST_CHECK int fh_pgtable_unmap(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				   struct fh_gather *gather);

/* Whose a descriptor is. */
enum fh_owner {
	FH_OWNER_NOBODY = 0, /* a zero descriptor */
	FH_OWNER_OURS,	     /* the engine has written it */
	FH_OWNER_FOREIGN,    /* the firmware's, of an adopted table */
};

/**
 * struct fh_translation - The answer of a lookup.
 * @pa: output address of the very byte asked for.
 * @attr: decoded, hierarchical bits of the tables above applied.
 * @level: of the leaf.
 * @span_lg2: log2 of the bytes that it maps.
 * @owner: of the leaf.
 * @desc: the leaf as it stands in the table.
 */
struct fh_translation {
	fh_phys_addr_t pa;
	struct fh_attr attr;
	int8_t level;
	uint8_t span_lg2;
	enum fh_owner owner;
	uint64_t desc;
};

/**
 * fh_pgtable_lookup() - What does @iova translate to?
 * @answer: gets the translation.
 *
 * Works everywhere in the table, also outside our windows.
 * Return: 0, -ENOENT (no translation; @answer->level and ->owner tell where the walk ended),
 *         -ERANGE (beyond ias), -EIO (a table pointer that leads out of borrowable RAM).
 */
FH_MUST_CHECK int fh_pgtable_lookup(const struct fh_pgtable *table, fh_dma_addr_t iova,
				    struct fh_translation *answer);

/**
 * struct fh_walk_entry - One descriptor that is not zero, as a visitor sees it.
 * @iova: first address it covers.
 * @span_lg2: log2 of the bytes that it covers.
 * @table: address of the table that holds it.
 * @index: where in the table.
 * @level: of the table, architectural.
 * @desc: as it stands there.
 * @kind: what it is.
 * @pa: output address, or the table that it points to; else FH_PHYS_INVALID.
 * @attr: of a leaf, hierarchical bits of the tables above applied.
 * @owner: whose it is.
 */
struct fh_walk_entry {
	fh_dma_addr_t iova;
	uint64_t desc;
	fh_phys_addr_t table;
	fh_phys_addr_t pa;
	struct fh_attr attr;
	unsigned int index;
	int8_t level;
	uint8_t span_lg2;
	enum fh_desc_kind kind;
	enum fh_owner owner;
};

/**
 * fh_walk_fn - A visitor.
 * @ctx: as fh_pgtable_walk() got it.
 * @entry: the descriptor, valid during the call.
 *
 * Return: 0 to go on; anything else stops the walk and is its result.
 */
typedef int fh_walk_fn(void *ctx, const struct fh_walk_entry *entry);

/**
 * fh_pgtable_walk() - Show every descriptor of [@iova, @iova + @size) that is not zero, in
 * address order, a table before what lies below it.
 * @size: bytes; @iova and @size are multiples of the granule.
 * @visit: called for each.
 * @ctx: for @visit.
 *
 * Reads only.
 * Return: 0, what @visit returned, -EINVAL (misaligned, size 0), -ERANGE (beyond ias), or -EIO for
 *         a link that leads out of borrowable RAM (it was shown; what lies below was not).
 */
FH_MUST_CHECK int fh_pgtable_walk(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				  fh_walk_fn *visit, void *ctx);

/**
 * fh_pgtable_plan() - How many table pages would fh_pgtable_map() of @iova to @pa take?
 * @size: bytes; @iova, @pa and @size are multiples of the granule.
 * @attr: as of the map.
 *
 * Exact as long as nothing changes. Reads only.
 * Return: the number, or refused as fh_pgtable_map() for its arguments and what lies in the way.
 */
FH_MUST_CHECK int64_t fh_pgtable_plan(const struct fh_pgtable *table, fh_dma_addr_t iova,
				      fh_phys_addr_t pa, uint64_t size, struct fh_attr attr);

/**
 * fh_pgtable_release() - Take away everything that is ours and give up the table.
 *
 * An adopted table is left with zero where our entries were and not a bit else changed; of
 * our own the root goes too. Invalidates and waits; no gather of this table may be pending.
 * Context: exclusive.
 * Return: 0; -EIO when a link of ours had vanished from a foreign table (what hung below it
 *         stays HELD and is reported; all else was released); -ETIMEDOUT when invalidation
 *         did not complete (the frames stay HELD).
 */
FH_MUST_CHECK int fh_pgtable_release(struct fh_pgtable *table);

#endif
