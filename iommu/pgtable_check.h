/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a table what it should be? Its descriptors, the states of its frames and the memory map are
 * compared:
 *
 *   each table of ours    one HELD block, linked from one place
 *   each entry            legal at its level, no reserved bits, within the output size, runs whole
 *   each leaf of ours     leads to no free frame and into no no-map memory
 *   in an adopted table   entries of ours are marked and lie in our windows, and links of the
 *                         firmware lead to memory that was reserved
 *   the counters          as many tables and entries in foreign tables as were linked
 *
 * Context: any, but for the check itself.
 * Source: Arm ARM DDI 0487, D8.3.
 */
#ifndef FH_IOMMU_PGTABLE_CHECK_H
#define FH_IOMMU_PGTABLE_CHECK_H

#include "iommu/pgtable.h"
#include "lib/out.h"

/* Stable: numbers and names are only ever added. */
enum fh_check_code {
	FH_CHECK_OK = 0,
	FH_CHECK_TABLE_STATE = 1,     /* a table of ours in frames that are not HELD */
	FH_CHECK_TABLE_TWICE = 2,     /* a table of ours that is linked from two places */
	FH_CHECK_TABLE_COUNT = 3,     /* not as many tables of ours as were linked */
	FH_CHECK_TAKEN_COUNT = 4,     /* entries of ours in foreign tables, likewise */
	FH_CHECK_ILLEGAL = 5,	      /* a descriptor that its level does not have */
	FH_CHECK_INVALID = 6,	      /* invalid and not zero, in a table of ours */
	FH_CHECK_RESERVED_BITS = 7,   /* RES0 bits set, low bits of a block address */
	FH_CHECK_OUTPUT = 8,	      /* an output address beyond oas */
	FH_CHECK_RUN = 9,	      /* a contiguous hint on entries that are no run */
	FH_CHECK_UNMARKED = 10,	      /* in a table of ours of an adopted tree, without our bit */
	FH_CHECK_OUTSIDE_WINDOW = 11, /* ours, and in no window */
	FH_CHECK_FOREIGN_MOVED = 12,  /* a link of the firmware's that leads out of reserved RAM */
	FH_CHECK_MAPS_FREE = 13,      /* a leaf of ours that leads to a free frame */
	FH_CHECK_MAPS_NOMAP = 14,     /* a leaf of ours that leads into no-map memory */
};

/**
 * struct fh_check_finding - One thing that is not as it should be.
 * @code: what.
 * @table, @index, @level, @desc: the descriptor, where there is one; else FH_PHYS_INVALID, 0.
 * @iova: first device address that it is about.
 * @value: the offending address or number.
 * @by: what declared the memory at @value, or NULL.
 */
struct fh_check_finding {
	enum fh_check_code code;
	fh_phys_addr_t table;
	unsigned int index;
	int8_t level;
	uint64_t desc;
	fh_dma_addr_t iova;
	uint64_t value;
	const char *by;
};

/**
 * struct fh_check_report - What was found.
 * @finding: called for each, if not NULL; the argument is valid during the call.
 * @ctx: for it.
 * @tables, @leaves, @findings: counts, filled in; tables and leaves of ours.
 */
struct fh_check_report {
	void (*finding)(void *ctx, const struct fh_check_finding *finding);
	void *ctx;
	uint64_t tables;
	uint64_t leaves;
	uint64_t findings;
};

/**
 * fh_pgtable_check() - Compare a table with its frames and the memory map.
 * @report: required; its callback may be NULL.
 *
 * Reads only, but for the marks of reserved frames (mm/page.h). What hangs below a broken link is
 * not looked at, and counts are compared only when nothing else was found.
 * Context: exclusive.
 * Return: 0, -EIO (something was found), -EBUSY (a gather of this table has not been flushed).
 * Source: Arm ARM DDI 0487, D8.3.
 */
FH_MUST_CHECK int fh_pgtable_check(const struct fh_pgtable *table, struct fh_check_report *report);

/**
 * fh_check_code_name() - "table-state" and the like.
 * @code: of a finding.
 *
 * Return: a name; "unknown" for a number that has none.
 */
const char *fh_check_code_name(enum fh_check_code code);

/**
 * fh_check_finding_describe() - Write a finding in one line.
 * @finding: it.
 */
void fh_check_finding_describe(const struct fh_check_finding *finding, const struct fh_out *out);

#endif
