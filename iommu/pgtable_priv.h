/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine's files share: how a table is reached, and whose a descriptor is.
 */
#ifndef FH_IOMMU_PGTABLE_PRIV_H
#define FH_IOMMU_PGTABLE_PRIV_H

#include <stdatomic.h>

#include <cpu.h>

#include "iommu/descriptor.h"
#include "iommu/pgtable.h"
#include "iommu/pte.h"
#include "lib/out.h"

/* The part [@first, @last] of a range that lies below one entry. */
struct part {
	uint64_t first;
	uint64_t last;
};

/*
 * A table that an operation stands in. @foreign: it is the firmware's, who may write to it at any
 * time; a table of ours holds only what is ours, and only we and hardware write to it.
 */
struct place {
	uint64_t *slot;
	int level;
	bool foreign;
};

/* All that may differ in a descriptor of ours since it was written: access flag, AP[2], DBM. */
#define HARDWARE_UPDATES (FH_DESC_ACCESSED | FH_BIT(7) | FH_DESC_DIRTY_MODIFIER)

/*
 * The entries of one table that a range touches, in their order: the present one, and what of the
 * range lies below it. Who has dealt with those that follow too moves @part.last on to their end.
 */
struct entries {
	unsigned int index;
	unsigned int shift;
	struct part part;
	uint64_t last;
};

/* The first of them. The range lies below one table of @level. */
struct entries fh_entries_of(const struct fh_shape *shape, int level, struct part range);

/* Return: whether there is a next one; it is the present one then. */
bool fh_entries_next(struct entries *entries);

/* Is all of the present entry in the range? */
static inline bool entry_is_whole(const struct entries *entries)
{
	return (entries->part.last - entries->part.first + 1) >> entries->shift != 0;
}

static inline bool part_is_whole(const struct fh_shape *shape, int level, struct part part)
{
	return part.last - part.first == fh_shape_span(shape, level) - 1;
}

/*
 * Where a table is mapped. The one place where a borrowed table becomes writable: the engine
 * stores to it only through fh_pte_take() and fh_pte_give(), zero to ours and ours to zero, and
 * to entries of ours.
 */
static inline uint64_t *table_at(const struct fh_pgtable *table, uint64_t pa)
{
	return (uint64_t *)(uintptr_t)(pa + table->direct_offset);
}

static inline struct place root_place(const struct fh_pgtable *table)
{
	return (struct place){ table_at(table, table->root.raw), table->shape.start_level,
			       table->adopted };
}

/* Is a descriptor that is not zero ours? In a table of our own everything is. */
static inline bool is_ours(const struct fh_pgtable *table, uint64_t desc)
{
	return !table->adopted || ((desc & FH_DESC_VALID) && (desc & table->ours));
}

static inline enum fh_owner owner_of(const struct fh_pgtable *table, uint64_t desc)
{
	if (!desc)
		return FH_OWNER_NOBODY;
	return is_ours(table, desc) ? FH_OWNER_OURS : FH_OWNER_FOREIGN;
}

/* Are mappings of frames counted? */
static inline bool counts_mappings(const struct fh_pgtable *table)
{
	return FH_FRAMES_COUNT_MAPPINGS && !table->config.direct_map;
}

/* Is every frame of a table at @pa in @state? */
static inline bool is_state(const struct fh_pgtable *table, uint64_t pa, uint64_t bytes,
			    enum fh_frame_state state)
{
	const struct fh_frames *frames = table->config.frames;

	for (uint64_t end = pa + bytes; pa < end; pa += UINT64_C(1) << frames->frame_lg2)
		if (fh_frame_state(frames, fh_phys(pa)) != state)
			return false;
	return true;
}

/**
 * fh_pgtable_below() - Follow a link that stands in a foreign table, checked.
 * @at: the foreign table; becomes the one below.
 *
 * Our links lead to HELD frames, foreign ones to RESERVED memory, whole tables of it; a link that
 * does not is a broken promise (or a broken invariant) and is reported.
 * Return: 0, or -EIO.
 */
int fh_pgtable_below(const struct fh_pgtable *table, uint64_t iova, uint64_t desc,
		     struct place *at);

/* The same, but nothing is reported: does the link lead where it may? */
bool fh_pgtable_leads(const struct fh_pgtable *table, uint64_t desc);

/*
 * Follow a link. One that stands in a table of ours was made by us: only foreign ones are checked
 * at each descent, which is what keeps descents of our own short. Return: 0, or -EIO as
 * fh_pgtable_below().
 */
int fh_pgtable_descend(const struct fh_pgtable *table, uint64_t iova, uint64_t desc,
		       struct place *at);

/*
 * How far find_place() goes: not below a link whose span the range is; below it too; likewise, with
 * links of ours on the way cleaned, which another CPU may have made just now.
 */
enum find_how { FIND_LINK, FIND_LOWEST, FIND_TO_MAP };

/**
 * find_place() - The lowest table that holds all entries of @range.
 *
 * Return: 0, or -EIO as fh_pgtable_below().
 */
static inline int find_place(const struct fh_pgtable *table, struct part range, enum find_how how,
			     struct place *at)
{
	const struct fh_shape *shape = &table->shape;
	int err = 0;

	while (at->level != FH_LEVEL_PAGE && !err) {
		unsigned int index = fh_shape_index(shape, at->level, range.first);
		const uint64_t *slot = &at->slot[index];
		uint64_t desc = fh_pte_read(slot);

		if (index != fh_shape_index(shape, at->level, range.last) ||
		    !fh_desc_is_link(desc, at->level) ||
		    (how == FIND_LINK && part_is_whole(shape, at->level, range)))
			break;
		if (how == FIND_TO_MAP && is_ours(table, desc))
			fh_pte_reach(slot, table->config.coherent);
		err = fh_pgtable_descend(table, range.first, desc, at);
	}
	return err;
}

/* log2 of the bytes that a leaf table spans. */
static inline unsigned int leaf_table_lg2(const struct fh_shape *shape)
{
	return shape->granule_lg2 + fh_shape_stride(shape);
}

/*
 * Are @count entries all zero? Four at a time, as fh_pte_init_run(); without looking at each, as
 * they nearly always are.
 */
static inline bool all_zero(const uint64_t *slot, uint64_t count)
{
	uint64_t any = 0;

	for (; count >= 4; count -= 4, slot += 4)
		any |= fh_pte_read(&slot[0]) | fh_pte_read(&slot[1]) | fh_pte_read(&slot[2]) |
		       fh_pte_read(&slot[3]);
	for (; count; count--)
		any |= fh_pte_read(slot++);
	return any == 0;
}

/* The smallest leaf that an entry of @level can be, for invalidation. */
static inline unsigned int leaf_lg2(const struct fh_pgtable *table, int level)
{
	return fh_shape_shift(&table->shape, level);
}

/* The bytes of a contiguous run of @level, or of one entry where runs are not in use. */
static inline uint64_t run_bytes(const struct fh_pgtable *table, int level)
{
	return fh_shape_span(&table->shape, level) << fh_shape_run_lg2(&table->shape, level);
}

/* Where a descriptor stands. */
struct desc_spot {
	fh_phys_addr_t table;
	fh_dma_addr_t iova;
	uint64_t desc;
	unsigned int index;
	int level;
};

/* In a message: a level, of which the first one may be -1; all of a spot. */
void fh_put_level(const struct fh_out *out, int level);
void fh_put_spot(const struct fh_out *out, const struct desc_spot *spot);

/**
 * fh_pgtable_check_config() - Can a table be what @config says?
 * Return: 0 and *@shape, or -EINVAL or -ENOTSUP as fh_pgtable_init().
 */
int fh_pgtable_check_config(const struct fh_pgtable_config *config, struct fh_shape *shape);

/* What is derived from the configuration and the shape; the rest of @table is filled in. */
void fh_pgtable_derive(struct fh_pgtable *table);

/* Is [@first, @last] inside our windows? Always, in a table of our own. */
bool fh_pgtable_in_windows(const struct fh_pgtable *table, uint64_t first, uint64_t last);

/* Which of @count windows share an address with [@base, @base + @span), a bit each; never one of
 * size 0. */
unsigned int fh_windows_touched(const struct fh_window *window, unsigned int count, uint64_t base,
				uint64_t span);

/* Arguments that map, unmap and walk share: -EINVAL (alignment, size 0), -ERANGE (beyond ias). */
int fh_pgtable_check_range(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size);

/* The same, and -EPERM (reported) outside our windows: for what changes translations. */
int fh_pgtable_check_change(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size);

/* A refusal about a descriptor; gives @err back. */
int fh_pgtable_refuse(const struct fh_pgtable *table, enum fh_fault_code code, uint64_t iova,
		      uint64_t desc, int err);

/* ---- Table pages (pool.c) */

/*
 * A table page that no walker reaches. Built with HARDEN=1 this is refused, and reported by
 * @frames, where somebody has mapped the page for a device or has damaged the metadata: then it
 * is lost.
 */
void fh_pgtable_free(struct fh_frames *frames, struct fh_page *page);

/* Zeroed memory of @bytes, HELD and within the walker's reach, or FH_PHYS_INVALID. */
fh_phys_addr_t fh_pgtable_alloc(const struct fh_pgtable_config *config,
				const struct fh_shape *shape, uint64_t bytes);

/* Table pages that an operation has at hand, chained by their first word. */
struct pool {
	fh_phys_addr_t chain;
	uint64_t pages;
	uint64_t reserved; /* of these, how many are the reserve's */
};

#define POOL_EMPTY ((struct pool){ .chain = FH_PHYS_INVALID })

/* At least @pages at hand, or -ENOMEM and none. From the table's reserve first. */
int fh_pool_fill(struct fh_pgtable *table, struct pool *pool, uint64_t pages);

/* One of them, zeroed; there is one. */
uint64_t fh_pool_pop(struct fh_pgtable *table, struct pool *pool);

/* Give one back that was not used; it is zeroed. */
void fh_pool_push(struct fh_pgtable *table, struct pool *pool, uint64_t pa);

/* All of them back where they came from. */
void fh_pool_drain(struct fh_pgtable *table, struct pool *pool);

/* ---- What unmapping leaves to do (gather.c) */

/*
 * The first descriptor of a gathered table names the next one. Bit 0 is clear, so a walker that
 * still holds the table finds nothing there; bit 1 tells it from all that a table of ours can hold.
 */
#define CHAIN_BITS 3u
#define CHAIN_MARK 2u
#define CHAIN_END ((FH_PHYS_INVALID.raw & ~(uint64_t)CHAIN_BITS) | CHAIN_MARK)

static inline bool is_gathered(const uint64_t *slot)
{
	return (fh_pte_read(slot) & CHAIN_BITS) == CHAIN_MARK;
}

/* A table page that was unlinked, and all of ours below it: into the gather. */
void fh_gather_subtree(struct fh_gather *gather, int level, uint64_t pa);

/* A table page alone, whatever it holds: what it maps stays mapped by something else. */
void fh_gather_table(struct fh_gather *gather, uint64_t pa);

/*
 * A gather of @table has its first range (1) or was flushed (-1): a number for each CPU, whose sum
 * counts, so that adding to it takes no read-modify-write.
 */
static inline void count_gather(struct fh_pgtable *table, int64_t change)
{
	_Atomic(int64_t) *gathers = &table->cpu[cpu_id()].gathers;

	atomic_store_explicit(gathers, atomic_load_explicit(gathers, memory_order_relaxed) + change,
			      memory_order_relaxed);
}

/* [@first, @last] must be invalidated; @tables says that a table was unlinked. */
static inline void fh_gather_range(struct fh_gather *gather, uint64_t first, uint64_t last,
				   unsigned int leaf_lg2, bool tables)
{
	if (!gather->pending) {
		gather->first = first;
		gather->last = last;
		gather->leaf_lg2 = (uint8_t)leaf_lg2;
		gather->pending = true;
		count_gather(gather->table, 1);
	}
	if (first < gather->first)
		gather->first = first;
	if (last > gather->last)
		gather->last = last;
	if (leaf_lg2 < gather->leaf_lg2)
		gather->leaf_lg2 = (uint8_t)leaf_lg2;
	gather->tables |= tables;
}

/* Does any gather of the table have something to flush? Context: exclusive. */
bool fh_gathers_pending(const struct fh_pgtable *table);

/* Nobody will flush it: its frames stay HELD for good. */
void fh_gather_abandon(struct fh_gather *gather);

/* ---- Map and unmap, where the short way (pages.c) does not lead to the end */

int fh_map_long(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
		struct fh_attr attr, const void *caller);
int fh_unmap_long(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		  struct fh_gather *gather);

/* ---- Taking away (unmap.c) */

/*
 * Take away what is ours in [@first, @last], stepping over what is foreign. @whole_links says
 * that a link of ours goes even when the range covers only a part of it.
 */
int fh_pgtable_clear(struct fh_pgtable *table, uint64_t first, uint64_t last, bool whole_links,
		     struct fh_gather *gather);

/* ---- What an operation on live entries finds (decide.c) */

/**
 * struct verdict - What unmapping or protecting a range comes to.
 * @range: it.
 * @attr: the new attribute bits when it is protected, else NULL.
 * @touched: the range, and the blocks and runs that it covers only in part.
 * @pages: table pages that splitting takes.
 * @bbm: BBM level that it takes to do it live; BBM_NEVER when no level lets it.
 * @found: something of ours is there. @hole: something is missing.
 * @runs: contiguous runs get other attributes.
 */
struct verdict {
	struct part range;
	const uint64_t *attr;
	struct part touched;
	uint64_t pages;
	uint8_t bbm;
	bool found;
	bool hole;
	bool runs;
};

#define BBM_BLOCKS 1 /* nT: a block's size may change */
#define BBM_RUNS 2   /* nothing need be broken to change sizes */
#define BBM_NEVER 3  /* memory type, shareability, global or not */

/* Fill in @verdict, whose range and attributes are set. Return: 0, -EPERM (reported), -EIO. */
int fh_decide(const struct fh_pgtable *table, struct verdict *verdict);

/**
 * fh_decide_announced() - Announce the range, wider where it cuts blocks or runs, and decide.
 *
 * Return: as fh_decide(), -EBUSY when the BBM level forbids it and @gather does not say that the
 *         range is quiescent, -ENOMEM when @pool cannot be filled. The range is announced only
 *         when 0 is returned; @pool then holds what is needed.
 */
int fh_decide_announced(struct fh_pgtable *table, struct verdict *verdict, struct pool *pool,
			const struct fh_gather *gather);

/* ---- Blocks and runs that an operation covers in part (split.c) */

/* Table pages that splitting a block of @level takes so that @part of it stands alone. */
uint64_t fh_split_pages(const struct fh_shape *shape, int level, struct part part);

/**
 * fh_split_edges() - Make both edges of a range edges of an entry and of a run.
 * @pool: holds enough.
 *
 * Everything there is ours, and the BBM level, or @gather, allows it. Translations do not change.
 * Return: 0, -EIO as fh_entry_update(), or the error of an invalidation that did not complete;
 *         what was split before stays so.
 */
int fh_split_edges(struct fh_pgtable *table, struct part range, struct pool *pool,
		   struct fh_gather *gather);

/* Take the contiguous hint from the run that the entry at @iova of table @at is in. Likewise. */
int fh_split_run(struct fh_pgtable *table, struct place at, uint64_t iova,
		 struct fh_gather *gather);

/**
 * fh_entry_update() - Change some bits of an entry of ours, which may stand in a foreign table.
 * @desc: the entry as it was found.
 *
 * Return: 0, or -EIO (reported) when the firmware has put something else there; that stays.
 */
int fh_entry_update(const struct fh_pgtable *table, struct place at, uint64_t iova, uint64_t desc,
		    uint64_t clear, uint64_t set);

/**
 * fh_break_wait() - Entries of [@first, @last] were made invalid: wait until no TLB holds them.
 * Return: 0, or the error of the backend's sync.
 */
int fh_break_wait(struct fh_pgtable *table, uint64_t first, uint64_t last, unsigned int leaf_lg2);

#endif
