/* SPDX-License-Identifier: BSD-2-Clause */
/* The scan of an inherited tree (adopt.c), and what it tells of it (adopt_tell.c). */
#ifndef FH_IOMMU_ADOPT_PRIV_H
#define FH_IOMMU_ADOPT_PRIV_H

#include "iommu/adopt.h"
#include "iommu/pgtable_priv.h"

#define SCAN_LEVELS (FH_LEVEL_PAGE - FH_LEVEL_FIRST + 1)

/* Entries that are read at once. */
#define PART_ENTRIES 32u

/* How many tables a walk may meet again: half a thousand million descriptors of 4K tables. */
#define SHARED_MOST (UINT64_C(1) << 20)

/*
 * A table that is open, and the entry of it that the scan is at: all are looked at, and then what
 * lies below them.
 * @iova: of its first entry. @desc: what entry @index holds. @walked: tables that a walk meets from
 * here on, this one and those met again counted.
 */
struct open_table {
	uint64_t pa;
	uint64_t iova;
	uint64_t desc;
	uint64_t walked;
	unsigned int index;
	int level;
};

struct scan {
	const struct fh_pgtable_config *config;
	const struct fh_handover *handover;
	struct fh_shape shape;
	struct fh_adopt_report *report;
	struct open_table open[SCAN_LEVELS];
	int depth;				/* open tables */
	struct fh_window window[FH_WINDOW_MAX]; /* size 0: something is wrong with it */
	unsigned int window_count;
	uint64_t software_used;
	uint64_t walked[SCAN_LEVELS]; /* the most that any table of a level has had */
	uint64_t again;		      /* tables that a walk meets more than once */
	uint64_t part_pa;	      /* where @part was read, or FH_PHYS_INVALID */
	uint64_t part[PART_ENTRIES];
};

/*
 * A contiguous run of which an entry has the hint.
 * @first, @index: the first that has it.
 * @hinted: there is such a run. @whole: all have it from the run's first entry on, go on in address
 * and differ by nothing else.
 */
struct run {
	uint64_t first;
	unsigned int index;
	bool hinted;
	bool whole;
};

/* What an entry spans, and the first device address of it. */
static inline uint64_t entry_span(const struct scan *scan, const struct open_table *table)
{
	return fh_shape_span(&scan->shape, table->level);
}

static inline uint64_t entry_iova(const struct scan *scan, const struct open_table *table)
{
	return table->iova + table->index * entry_span(scan, table);
}

/* The windows that an entry touches, a bit each. */
unsigned int fh_adopt_windows(const struct scan *scan, uint64_t base, uint64_t span);

static inline bool entry_touches_window(const struct scan *scan, const struct open_table *table)
{
	return fh_adopt_windows(scan, entry_iova(scan, table), entry_span(scan, table)) != 0;
}

/* What the value of a finding is, and so what it is about. */
enum adopt_about {
	ADOPT_ADDRESS,
	ADOPT_BITS,
	ADOPT_WINDOW, /* its size */
	ADOPT_COUNT,
};

enum adopt_about fh_adopt_about(enum fh_adopt_code code);

/* A finding about the entry that @table is at; NULL: about the hand-over itself. */
void fh_adopt_find(const struct scan *scan, enum fh_adopt_code code, const struct open_table *table,
		   uint64_t value);

/* A finding about window @index of the hand-over. */
void fh_adopt_find_window(const struct scan *scan, enum fh_adopt_code code, unsigned int index);

/* A table whose entries, of which @used are not zero, have been looked at. */
void fh_adopt_show(const struct scan *scan, const struct open_table *table, unsigned int used);

/* The warnings about the entry that @table is at; about the run that ends there. */
void fh_adopt_warn(const struct scan *scan, const struct open_table *table);
void fh_adopt_warn_hint(const struct scan *scan, const struct open_table *table, struct run *run);

/* Most entries are zero, and most of the others have no hint. */
static inline void adopt_warn_run(const struct scan *scan, const struct open_table *table,
				  struct run *run)
{
	if (run->hinted || (table->desc & FH_DESC_CONTIGUOUS))
		fh_adopt_warn_hint(scan, table, run);
}

#endif
