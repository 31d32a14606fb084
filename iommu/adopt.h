/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adoption of a table whose root, and some entries, belong to a bootloader or to a
 * coprocessor's firmware.
 *
 *            root (theirs)
 *   index 0  [ table ] -> theirs -> ...             never changed, never freed
 *         1  [ table ] -> theirs -> [ zero ]        in our window: taken by compare-and-swap,
 *         2  [ zero  ]                              marked with a software bit, then zero again
 *         3  [ 0x...0] invalid, not zero: theirs    never changed, even inside our window
 *
 * The firmware may change its own leaf entries at any time; it has promised never to free, move
 * or repoint a table that intersects one of our windows, nor to use one at two levels.
 *
 * Its links are checked at each descent, which detects a broken promise and cannot prevent one:
 * behind a link that leads to anything but reserved memory nothing is read or written (-EIO), while
 * one that leads to other reserved memory looks right. What was ours and is out of reach stays as
 * it is, its tables HELD, and fh_pgtable_release() says so (-EIO).
 *
 * Context: any; names, texts and lines touch nothing but their sink.
 * Source: Arm ARM DDI 0487, D8.3 (descriptor formats).
 */
#ifndef FH_IOMMU_ADOPT_H
#define FH_IOMMU_ADOPT_H

#include "iommu/pgtable.h"
#include "lib/out.h"

/**
 * struct fh_handover - What the firmware declares.
 * @root: physical address of the root table.
 * @windows: what is ours; sorted or not, without overlap. Needed during the call only.
 * @window_count: how many, 1 to FH_WINDOW_MAX.
 *
 * Granule, sizes, stage, coherency and regime are those of the fh_pgtable_config beside it.
 */
struct fh_handover {
	fh_phys_addr_t root;
	const struct fh_window *windows;
	unsigned int window_count;
};

/*
 * Stable: numbers and names are only ever added. Refusals below 64, warnings from there. What each
 * means to the firmware, and a tree that provokes it: docs/adoption.md.
 */
enum fh_adopt_code {
	FH_ADOPT_OK = 0,		 /* nothing to refuse */
	FH_ADOPT_ROOT_MISALIGNED = 1,	 /* the root is not aligned to its size */
	FH_ADOPT_OUTSIDE_RAM = 2,	 /* a table in MMIO or a hole */
	FH_ADOPT_NOMAP = 3,		 /* a table in no-map memory */
	FH_ADOPT_ALLOCATABLE = 4,	 /* a table in RAM that the allocator may hand out */
	FH_ADOPT_CYCLE = 5,		 /* a table that is its own ancestor */
	FH_ADOPT_ILLEGAL = 6,		 /* in a table of level 3, a descriptor that is no page */
	FH_ADOPT_OUTPUT = 7,		 /* an address beyond oas */
	FH_ADOPT_RESERVED_BITS = 8,	 /* RES0 bits set, nT among them */
	FH_ADOPT_NO_SOFTWARE_BIT = 9,	 /* foreign entries use all that there are */
	FH_ADOPT_WINDOW_RANGE = 10,	 /* a window beyond ias */
	FH_ADOPT_WINDOW_ALIGN = 11,	 /* a window that is empty or not in whole granules */
	FH_ADOPT_WINDOW_OVERLAP = 12,	 /* a window that shares addresses with another */
	FH_ADOPT_WINDOW_COUNT = 13,	 /* none, or more than FH_WINDOW_MAX */
	FH_ADOPT_WRITEBACK = 14,	 /* not coherent, and a line holds ours and theirs */
	FH_ADOPT_UNREADABLE = 15,	 /* a table answered with an external abort */
	FH_ADOPT_ALLOCATED = 16,	 /* a table in a frame that the allocator has handed out */
	FH_ADOPT_MISALIGNED = 17,	 /* an address that is not aligned to what it leads to */
	FH_ADOPT_ILLEGAL_BLOCK = 18,	 /* a block where the format has none */
	FH_ADOPT_TWO_LEVELS = 19,	 /* a table that stands at two levels */
	FH_ADOPT_TOO_SHARED = 20,	 /* tables shared so that a walk takes too long */
	FH_ADOPT_SHARED_TABLE = 64,	 /* warning: a table that was reached before */
	FH_ADOPT_LIVE_IN_WINDOW = 65,	 /* warning: a foreign entry inside a window */
	FH_ADOPT_SOFTWARE_BIT_USED = 66, /* warning: a software bit set in a foreign entry */
	FH_ADOPT_BROKEN_RUN = 67	 /* warning: a contiguous run that is not whole */
};

/**
 * struct fh_adopt_table - One inherited table page.
 * @pa: its address.
 * @iova: the first device address that it covers.
 * @level: architectural; 3 is the last.
 * @owner: whose it is; the firmware's, FH_OWNER_FOREIGN, as all that can be inherited.
 * @windows: bit w is set when it covers addresses of window w of the hand-over.
 * @by: what declared the memory it lies in.
 * @used: descriptors that are not zero.
 *
 * One that is reached again is not shown again.
 */
struct fh_adopt_table {
	fh_phys_addr_t pa;
	fh_dma_addr_t iova;
	int8_t level;
	uint8_t windows;
	enum fh_owner owner;
	unsigned int used;
	const char *by;
};

/**
 * struct fh_adopt_finding - One refusal or warning.
 * @code: what it is.
 * @table, @desc: the descriptor and where it stands; FH_PHYS_INVALID and 0 for what is about the
 *                hand-over.
 * @index: of the descriptor in its table, or of the window that it is about.
 * @level: of the table, architectural.
 * @iova: the first device address that the descriptor, or the window, covers.
 * @value: the offending address; of a window its size, or how many there are; of reserved and
 *         software bits those that are set; of too-shared, how many tables a walk would meet again.
 * @by: what declared the memory at @value where that is an address, or NULL.
 */
struct fh_adopt_finding {
	enum fh_adopt_code code;
	fh_phys_addr_t table;
	unsigned int index;
	int8_t level;
	uint64_t desc;
	fh_dma_addr_t iova;
	uint64_t value;
	const char *by;
};

/**
 * struct fh_adopt_report - What the scan of the inherited tree found.
 * @table, @finding: called as each is found, if not NULL; arguments are valid during the call.
 * @ctx: for both.
 * @tables, @entries, @refusals, @warnings: counts, filled in.
 * @first: code of the first refusal.
 */
struct fh_adopt_report {
	void (*table)(void *ctx, const struct fh_adopt_table *table);
	void (*finding)(void *ctx, const struct fh_adopt_finding *finding);
	void *ctx;
	uint64_t tables;
	uint64_t entries;
	uint64_t refusals;
	uint64_t warnings;
	enum fh_adopt_code first;
};

/**
 * fh_pgtable_adopt() - Take over a table from somebody else.
 * @config: as of fh_pgtable_init(); copied.
 * @handover: what the firmware declares; copied.
 * @report: required; callbacks may be NULL.
 *
 * The whole tree is scanned before anything is written, and nothing is written by adoption itself.
 * Scanning goes on after a refusal, so that one run names them all.
 * Context: exclusive; the firmware may change its own leaf entries meanwhile. No other scan, and no
 * marks of fh_page_mark(), on the same instance of frames.
 * Ownership: the tree stays the firmware's; what is mapped later in zero entries of the windows is
 * @table's, until fh_pgtable_release().
 * Return: 0; -EINVAL (shape, windows, root alignment, illegal or malformed descriptors), -EPERM
 *         (a table where none may lie), -ELOOP (cycle, two levels), -ENOTSUP (frames larger than
 *         the granule, software bits all used, writeback granule, shared too much), -EFAULT
 *         (unreadable). Of several, that of @report->first.
 */
FH_MUST_CHECK int fh_pgtable_adopt(struct fh_pgtable *table, const struct fh_pgtable_config *config,
				   const struct fh_handover *handover,
				   struct fh_adopt_report *report);

/**
 * fh_adopt_code_name() - The printable name of a @code.
 *
 * Return: "root-misaligned" and the like; "unknown" for a number that has no name. Never NULL.
 */
const char *fh_adopt_code_name(enum fh_adopt_code code);

/**
 * fh_adopt_code_text() - A @code in words.
 *
 * Return: "table in no-map memory" and the like; "unknown" for a number that has none. Never NULL.
 */
const char *fh_adopt_code_text(enum fh_adopt_code code);

/**
 * fh_adopt_code_errno() - The errno that fh_pgtable_adopt() gives for a @code.
 *
 * Return: negative; 0 for FH_ADOPT_OK and for warnings; -EINVAL for a number that is no code.
 */
int fh_adopt_code_errno(enum fh_adopt_code code);

/**
 * fh_adopt_table_describe() - One line about an inherited table.
 * @table: as the report's callback gets it.
 */
void fh_adopt_table_describe(const struct fh_adopt_table *table, const struct fh_out *out);

/**
 * fh_adopt_finding_describe() - One line about a refusal or a warning.
 * @finding: as the report's callback gets it.
 */
void fh_adopt_finding_describe(const struct fh_adopt_finding *finding, const struct fh_out *out);

#endif
