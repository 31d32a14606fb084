/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table engine. A table is new (fh_pgtable_init) or adopted from somebody who keeps
 * its root and some of its entries (iommu/adopt.h); everything else is the same for both:
 *
 *   map:    prepare (allocate and build what is missing, unseen by a walker), then link
 *   unmap:  clear entries, unlink tables that the range covers whole, into a gather
 *   protect: change permissions in place; what may not change in place is broken first
 *   flush:  invalidate, wait, and only then give frames back (iommu/gather.h)
 *
 * Several CPUs may map, unmap and protect at once. Each announces its range first, and ranges that
 * overlap wait for each other, so that within its range an operation finds nobody but the walkers
 * (and, in tables of the firmware, the firmware). Lookups and walks announce that they read, one by
 * one or many in a section (fh_reader_begin()), and frames of tables are not given back before all
 * that were reading have ended.
 *
 * The frame's state (HELD) and the descriptor that points to it are the only record of a
 * table page.
 *
 * Context: any CPU, for map and unmap also while others work on the same table; not from an
 * exception that may have interrupted a call on the same frames on this CPU. Lookup, walk, plan and
 * sections may be anywhere; what others change meanwhile they see or not.
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

#ifndef FH_CPU_MAX
#error "FH_CPU_MAX must be what the library was built with"
#endif

/* A range of device addresses that is ours. */
struct fh_window {
	fh_dma_addr_t base; /* a multiple of the granule */
	uint64_t size;	    /* bytes, a multiple of the granule, not 0 */
};

/**
 * struct fh_pgtable_config - What a table is. Zero-initialise it, then:
 * @format, @granule_lg2, @ias, @oas, @concat_lg2, @lpa2, @share: as fh_shape_init() takes them.
 * @regime: who walks it.
 * @mair: the MAIR value that the walker uses; entries pick the index that holds their type.
 * @asid: for invalidation, FH_REGIME_EL1.
 * @coherent: the walker reads through the caches of this CPU. When false, every descriptor is
 *            cleaned to the point of coherency.
 * @bbm_level: lowest FEAT_BBM level of all walkers, 0 to 2: whether a block can be split while
 *             it is live (1 and 2), and a contiguous run be broken up (2).
 * @contiguous: set the contiguous hint where one map fills a whole run.
 * @direct_map: the table is where a CPU reaches all frames of @frames, whoever owns them: what it
 *              maps does not count as mapped (HARDEN=1).
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
	bool contiguous;
	bool direct_map;
	bool lpa2;
	uint8_t share;
	uint8_t concat_lg2;
	uint16_t asid;
	uint64_t mair;
	struct fh_frames *frames;
	const struct fh_tlb_ops *tlb;
	void *tlb_ctx;
	struct fh_reporter report;
};

/* At most this many windows in an adopted table. */
#define FH_WINDOW_MAX 8

/* What a CPU is doing in a table; private. */
struct fh_pgtable_cpu {
	_Atomic(uint64_t) range;   /* a block of addresses that is being changed; 0: none */
	_Atomic(uint64_t) reading; /* odd while the CPU is in a lookup, walk or section */
	_Atomic(int64_t) gathers;  /* gathers that it filled first, less those that it flushed */
	uint64_t attr;		   /* what it mapped pages with last, and a mark; 0: nothing yet */
	uint64_t attr_bits;	   /* a page's descriptor but for the address */
	uint64_t leaf_number;  /* the leaf table that it changed last, counted from 1; 0: none */
	uintptr_t leaf_origin; /* where the entry of address 0 would be if it were that table's */
	uint64_t leaf_unlinks; /* valid as long as @unlinks of the table is this */
};

/**
 * struct fh_pgtable - One table; the caller's storage, private fields.
 * @root: physical address of the root.
 * @direct_offset: the allocator's, at hand for each step of a walk.
 * @alike_bytes: pages of this many bytes, and no more, differ by nothing but their address: none of
 *               them gets the contiguous hint.
 * @simple: of our own, and the walker is coherent.
 * @direct: of our own, and its descriptors hold addresses as they are.
 * @ours: descriptor bit that marks our entries in an adopted table; 0 for a table of our own.
 * @window: of an adopted table.
 * @tables: table pages of ours that are linked: what release expects to find.
 * @taken: entries of ours in foreign tables, likewise.
 * @reserve: table pages allocated ahead, chained by their first word.
 * @unlinks: how often a table page of ours was unlinked, in a table of our own.
 * @cpus: CPUs that have used the table, by number modulo 64.
 */
struct fh_pgtable {
	struct fh_pgtable_config config;
	struct fh_shape shape;
	fh_phys_addr_t root;
	uintptr_t direct_offset;
	uint64_t alike_bytes;
	bool simple;
	bool direct;
	bool adopted;
	uint64_t ours;
	struct fh_window window[FH_WINDOW_MAX];
	unsigned int window_count;
	_Atomic(uint64_t) tables;
	_Atomic(uint64_t) taken;
	_Atomic(uint32_t) reserve_lock;
	fh_phys_addr_t reserve;
	_Atomic(uint64_t) reserve_pages;
	_Atomic(uint64_t) unlinks;
	_Atomic(uint64_t) cpus;
	struct fh_pgtable_cpu cpu[FH_CPU_MAX];
};

/**
 * fh_pgtable_init() - A new, empty table.
 * @config: copied; its frames and TLB operations outlive the table.
 *
 * Context: nobody else knows @table yet.
 * Ownership: the root frame belongs to @table until fh_pgtable_release().
 * Return: 0, -EINVAL (shape, regime, BBM level; no frames or TLB operations), -ENOTSUP (frames
 *         larger than the granule), -ENOMEM. On error nothing has changed.
 */
FH_MUST_CHECK int fh_pgtable_init(struct fh_pgtable *table, const struct fh_pgtable_config *config);

/**
 * fh_pgtable_map() - Map [@iova, @iova + @size) to [@pa, @pa + @size).
 * @size: bytes; @iova, @pa and @size are multiples of the granule.
 * @attr: what the range grants; nothing but stage 2 and UAT can leave out FH_READ.
 *
 * Uses the largest blocks that alignment allows; where a table of ours stands already, also an
 * empty one, it is filled instead. All or nothing. Who vouches for @pa is the caller: the engine
 * maps RAM and MMIO alike.
 * Context: any CPU, any ranges at the same time; those that overlap wait for each other. Not from
 *          an exception that may have interrupted an operation on the same table.
 * Ownership: new table pages belong to @table until they are unmapped or released.
 * TLB: nothing to do (only invalid-to-valid changes). What was unmapped from the range before
 *      was flushed: a TLB must not hold the old translation beside the new one.
 * Return: 0, -EINVAL (misaligned, size 0, attributes that the format cannot say), -ERANGE
 *         (beyond ias or oas), -EPERM (outside our windows, or a foreign descriptor in the
 *         way), -EEXIST (an entry of ours in the way), -ENOMEM, -ENOTSUP (no MAIR index has the
 *         memory type), -EIO (a foreign link no longer leads where it may). On error no
 *         translation has changed and every new table page was given back; only when the firmware
 *         took an entry of the range meanwhile, tables at its edges may stay linked, empty.
 * Source: Arm ARM DDI 0487, D8.3.
 */
FH_MUST_CHECK int fh_pgtable_map(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa,
				 uint64_t size, struct fh_attr attr);

/**
 * struct fh_segment - A piece of physical memory.
 * @pa, @size: multiples of the granule; @size is not 0.
 */
struct fh_segment {
	fh_phys_addr_t pa;
	uint64_t size;
};

/**
 * fh_pgtable_map_list() - Map pieces of memory one behind the other from @iova on.
 * @segments: the pieces, in the order of their device addresses.
 * @count: how many there are, 1 or more.
 * @attr: of all of them.
 *
 * All or nothing, in every respect as one fh_pgtable_map() of the whole range.
 * Return: as fh_pgtable_map(); -EINVAL also for no pieces at all.
 */
FH_MUST_CHECK int fh_pgtable_map_list(struct fh_pgtable *table, fh_dma_addr_t iova,
				      const struct fh_segment *segments, size_t count,
				      struct fh_attr attr);

/**
 * fh_pgtable_unmap() - Take away every translation in [@iova, @iova + @size).
 * @size: bytes; @iova and @size are multiples of the granule. Holes are allowed.
 * @gather: of this table; flush it before the memory behind is used for anything else.
 *
 * Tables that the range covers whole are unlinked and go into the gather. A block of ours that
 * the range covers in part is split, a contiguous run broken up, which may need table pages
 * (fh_pgtable_plan_unmap()) and a BBM level: 1 for blocks, 2 for runs; or fh_gather_quiescent().
 * Context: as fh_pgtable_map().
 * Return: 0, -EINVAL (misaligned, size 0), -ERANGE (beyond ias), -ENOENT (nothing is there at
 *         all, no empty table either), -EPERM (outside our windows, or a foreign entry in the
 *         range), -EBUSY (must split what the BBM level does not let it), -ENOMEM (no page to
 *         split with), -ETIMEDOUT (the invalidation that splitting at BBM level 0 or 1 waits for
 *         did not complete), -EIO (as fh_pgtable_map()). On error no translation has changed; after
 *         -ETIMEDOUT a block may be split that was whole.
 * TLB: the gather's.
 * Source: Arm ARM DDI 0487, D8.16 (break-before-make and its levels).
 */
FH_MUST_CHECK int fh_pgtable_unmap(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				   struct fh_gather *gather);

/**
 * fh_pgtable_protect() - Give every translation in [@iova, @iova + @size) other attributes.
 * @size: bytes; @iova and @size are multiples of the granule. No holes.
 * @attr: the new ones.
 * @gather: of this table; the old permissions hold in TLBs until it is flushed.
 *
 * All or nothing, unless the firmware overwrites an entry of the range meanwhile (-EIO): that one
 * stays, and the others may have the new attributes. Permissions change in place, by
 * compare-and-swap. Memory type, shareability and
 * FH_NOT_GLOBAL cannot change while a translation is live, whatever the BBM level: that takes
 * fh_gather_quiescent(), and then every entry is made invalid, invalidated, and made anew.
 * Splits as fh_pgtable_unmap() does.
 * Context: as fh_pgtable_map().
 * Return: 0, or as fh_pgtable_unmap() and fh_pgtable_map() for @attr; -ENOENT for a hole; -EBUSY
 *         also where attributes would have to change that cannot.
 * TLB: the gather's.
 * Source: Arm ARM DDI 0487, D8.16.
 */
FH_MUST_CHECK int fh_pgtable_protect(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				     struct fh_attr attr, struct fh_gather *gather);

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
 * struct fh_reader - A section in which a CPU reads a table often; the caller's storage, private
 * fields.
 * @end: the first address that the short way does not translate.
 * @root: where the root is mapped.
 * @offset: from a link as it stands in the table to where its table is mapped.
 * @address: bits of a descriptor that hold an address.
 * @other: all others.
 * @page: bits of a descriptor that say whether it can be a page.
 * @begun: the section is not within another one.
 */
struct fh_reader {
	const struct fh_pgtable *table;
	uint64_t end;
	const uint64_t *root;
	uint64_t offset;
	uint64_t address;
	uint64_t other;
	uint64_t page;
	int8_t start_level;
	uint8_t root_shift;
	uint8_t stride;
	uint8_t up; /* 64 less @stride */
	bool begun;
};

/**
 * fh_reader_begin() - A section begins, in which this CPU reads @table often.
 * @reader: becomes the section.
 *
 * A lookup, walk or plan first announces that it reads, and waits until all CPUs can see that.
 * Within a section that is done already, once for all of them. Sections may lie in each other, also
 * one of an exception in that of the code which it has interrupted.
 *
 * Who gives back tables, with fh_gather_flush(), waits for every CPU that is in a section: keep it
 * short, some hundred translations. Until it has ended, on this CPU a flush that has tables to give
 * back and fh_pgtable_release() say -EBUSY, and nothing else that changes @table may be called:
 * two CPUs could wait for each other.
 * Context: any; the section ends on the CPU where it has begun.
 */
void fh_reader_begin(struct fh_reader *reader, const struct fh_pgtable *table);

/**
 * fh_reader_end() - The section ends.
 * @reader: of fh_reader_begin(); translates nothing from here on, and may end again.
 *
 * Sections that lie in each other end in the opposite order.
 */
void fh_reader_end(struct fh_reader *reader);

/**
 * fh_reader_translate() - Where does @iova lead?
 * @reader: a section.
 *
 * fh_pgtable_lookup() without attributes, and short for pages and blocks of a table of our own.
 * Return: the output address of the very byte asked for; FH_PHYS_INVALID where
 *         fh_pgtable_lookup() does not return 0, which then says why.
 */
FH_MUST_CHECK fh_phys_addr_t fh_reader_translate(const struct fh_reader *reader,
						 fh_dma_addr_t iova);

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
 * fh_pgtable_plan_list() - How many table pages would this fh_pgtable_map_list() take?
 * @iova, @segments, @count, @attr: as it takes them.
 *
 * Return: as fh_pgtable_plan().
 */
FH_MUST_CHECK int64_t fh_pgtable_plan_list(const struct fh_pgtable *table, fh_dma_addr_t iova,
					   const struct fh_segment *segments, size_t count,
					   struct fh_attr attr);

/**
 * fh_pgtable_plan_unmap() - How many table pages would an unmap or protect take to split blocks?
 * @iova: as fh_pgtable_unmap() and fh_pgtable_protect() take it.
 * @size: likewise, bytes.
 *
 * Exact as long as nothing changes.
 * Return: the number, or the negative errno as fh_pgtable_unmap(); never -EBUSY.
 */
FH_MUST_CHECK int64_t fh_pgtable_plan_unmap(const struct fh_pgtable *table, fh_dma_addr_t iova,
					    uint64_t size);

/**
 * fh_pgtable_preallocate() - Keep table pages in reserve.
 * @pages: how many there are afterwards: missing ones are allocated, others given back.
 *
 * Operations that need table pages take them from here first, and so with what a plan says they
 * do not fail with -ENOMEM, nor call the allocator.
 * Context: any CPU. Ownership: the pages are HELD by @table.
 * Return: 0, or -ENOMEM: the reserve is as it was.
 */
FH_MUST_CHECK int fh_pgtable_preallocate(struct fh_pgtable *table, uint64_t pages);

/**
 * fh_pgtable_trim() - Give back tables of ours in [@iova, @iova + @size) that hold nothing.
 * @iova, @size: multiples of the granule.
 * @gather: of this table, with nothing in it; gets the tables.
 *
 * Also those of which the range covers only a part. With @bbm_level 2, tables of ours that map
 * what one block, or a contiguous run, could map become that.
 * Context: exclusive.
 * Return: 0, -EINVAL, -ERANGE, -EPERM (outside our windows), -EBUSY (a gather of this table has
 *         not been flushed), -ETIMEDOUT (the invalidation of tables that became blocks did not
 *         complete), -EIO (as fh_pgtable_map()). On error no translation has changed; after the
 *         last two a part may be done, so flush the gather.
 * TLB: the gather's.
 */
FH_MUST_CHECK int fh_pgtable_trim(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
				  struct fh_gather *gather);

/**
 * fh_pgtable_release() - Take away everything that is ours and give up the table.
 *
 * An adopted table is left with zero where our entries were and not a bit else changed; of
 * our own the root goes too, and so does the reserve. Invalidates and waits.
 * Context: exclusive.
 * Return: 0; -EBUSY (a gather of this table has not been flushed, or this CPU is in a section or
 *         walk of it; nothing was done); -EIO when a link of ours had vanished from a foreign table
 *         (what hung below it stays HELD and is reported; all else was released); -ETIMEDOUT when
 *         invalidation did not complete (the frames stay HELD).
 */
FH_MUST_CHECK int fh_pgtable_release(struct fh_pgtable *table);

#endif
