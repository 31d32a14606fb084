/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine's files share: how a table is reached, and whose a descriptor is.
 */
#ifndef FH_IOMMU_PGTABLE_PRIV_H
#define FH_IOMMU_PGTABLE_PRIV_H

#include "iommu/format_s1.h"
#include "iommu/pgtable.h"
#include "iommu/pte.h"

/* The part [@first, @last] of a range that lies below one entry. */
struct part {
	uint64_t first;
	uint64_t last;
};

/* First address below entry @index of the table of @level that covers @at. */
static inline uint64_t entry_base(const struct fh_shape *shape, int level, uint64_t at,
				  unsigned int index)
{
	uint64_t span = fh_shape_span(shape, level);
	uint64_t table_span = span * fh_shape_entries(shape, level);

	return fh_align_down(at, table_span) + index * span;
}

/* What of [@first, @last] lies below the entry that starts at @base. */
static inline struct part entry_part(const struct fh_shape *shape, int level, uint64_t base,
				     uint64_t first, uint64_t last)
{
	uint64_t end = base + (fh_shape_span(shape, level) - 1);

	return (struct part){ first > base ? first : base, last < end ? last : end };
}

static inline bool part_is_whole(const struct fh_shape *shape, int level, struct part part)
{
	return part.last - part.first == fh_shape_span(shape, level) - 1;
}

/*
 * Where a table is mapped. The one place where a borrowed table becomes writable: the engine
 * stores to it only through fh_pte_take() and fh_pte_give(), zero to ours and ours to zero.
 */
static inline uint64_t *table_at(const struct fh_pgtable *table, uint64_t pa)
{
	return (uint64_t *)(uintptr_t)(pa + table->config.frames->config.direct_offset);
}

/* Is a descriptor that is not zero ours? In a table of our own everything is. */
static inline bool is_ours(const struct fh_pgtable *table, uint64_t desc)
{
	return !table->adopted || ((desc & FH_S1_VALID) && (desc & table->ours));
}

/* Does the table at @pa belong to the firmware? It was checked when it was entered. */
static inline bool is_foreign_table(const struct fh_pgtable *table, uint64_t pa)
{
	return table->adopted &&
	       fh_frame_state(table->config.frames, fh_phys(pa)) == FH_FRAME_RESERVED;
}

static inline enum fh_owner owner_of(const struct fh_pgtable *table, uint64_t desc)
{
	if (!desc)
		return FH_OWNER_NOBODY;
	return is_ours(table, desc) ? FH_OWNER_OURS : FH_OWNER_FOREIGN;
}

/**
 * fh_pgtable_below() - Follow a table descriptor, checked.
 *
 * Our links lead to HELD frames, foreign ones to RESERVED memory; a link that does not is a
 * broken promise (or a broken invariant) and is reported.
 * Return: 0 and *@pa, or -EIO.
 */
int fh_pgtable_below(const struct fh_pgtable *table, uint64_t iova, uint64_t desc, uint64_t *pa);

/**
 * fh_pgtable_check_config() - Can a table be what @config says?
 * Return: 0 and *@shape, or -EINVAL or -ENOTSUP as fh_pgtable_init().
 */
int fh_pgtable_check_config(const struct fh_pgtable_config *config, struct fh_shape *shape);

/* Is [@first, @last] inside our windows? Always, in a table of our own. */
bool fh_pgtable_in_windows(const struct fh_pgtable *table, uint64_t first, uint64_t last);

/* Arguments that map, unmap and walk share: -EINVAL (alignment, size 0), -ERANGE (beyond ias). */
int fh_pgtable_check_range(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size);

/*
 * A table page that no walker reaches. Built with HARDEN=1 this is refused, and reported by
 * @frames, where somebody has mapped the page for a device or has damaged the metadata: then it
 * is lost.
 */
void fh_pgtable_free(struct fh_frames *frames, struct fh_page *page);

/* A zeroed table page, HELD and within the walker's reach, or FH_PHYS_INVALID. */
fh_phys_addr_t fh_pgtable_alloc(const struct fh_pgtable_config *config,
				const struct fh_shape *shape);

/* A refusal about a descriptor; gives @err back. */
int fh_pgtable_refuse(const struct fh_pgtable *table, enum fh_fault_code code, uint64_t iova,
		      uint64_t desc, int err);

/* A table page that was unlinked, and all of ours below it: into the gather. */
void fh_gather_subtree(struct fh_gather *gather, int level, uint64_t pa);

/* [@first, @last] must be invalidated; @tables says that a table was unlinked. */
void fh_gather_range(struct fh_gather *gather, uint64_t first, uint64_t last, bool tables);

/*
 * Take away what is ours in [@first, @last], stepping over what is foreign. @whole_links says
 * that a link of ours goes even when the range covers only a part of it.
 */
int fh_pgtable_clear(struct fh_pgtable *table, uint64_t first, uint64_t last, bool whole_links,
		     struct fh_gather *gather);

#endif
