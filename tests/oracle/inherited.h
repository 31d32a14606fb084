/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A judge of inherited trees: may a tree be adopted, and if not, what speaks against it? Written
 * from the promises of docs/boot-protocol.md and the Arm ARM (DDI 0487, D8.2 and D8.3) alone; it
 * shares no line with iommu/. It goes down every path again, so it is for small trees.
 */
#ifndef FH_TESTS_ORACLE_INHERITED_H
#define FH_TESTS_ORACLE_INHERITED_H

#include <stdbool.h>
#include <stdint.h>

/* What speaks against a tree; bits, or-ed. */
enum inherited_why {
	INHERITED_ROOT = 1 << 0,	/* the root is not aligned to its size, or to 64 bytes */
	INHERITED_OUTSIDE = 1 << 1,	/* a table outside RAM */
	INHERITED_NOMAP = 1 << 2,	/* a table under no-map */
	INHERITED_UNRESERVED = 1 << 3,	/* a table in RAM that nobody reserved */
	INHERITED_CYCLE = 1 << 4,	/* a table below itself, or at two levels */
	INHERITED_ILLEGAL = 1 << 5,	/* a descriptor that its level does not have */
	INHERITED_OUTPUT = 1 << 6,	/* an address beyond the output size */
	INHERITED_RESERVED = 1 << 7,	/* RES0 bits */
	INHERITED_SOFTWARE = 1 << 8,	/* every bit that is left to software is in use */
	INHERITED_RANGE = 1 << 9,	/* a window beyond the input size */
	INHERITED_ALIGN = 1 << 10,	/* a window that is empty or not in whole granules */
	INHERITED_OVERLAP = 1 << 11,	/* windows that overlap */
	INHERITED_COUNT = 1 << 12,	/* no window, or more than 8 */
	INHERITED_WRITEBACK = 1 << 13,	/* what is written back at once is ours and theirs */
	INHERITED_UNREADABLE = 1 << 14, /* a table that does not answer */
	INHERITED_TOO_LARGE = 1 << 15,	/* for the judge: no verdict */
};

/* What the memory map says of an address. */
enum inherited_memory {
	INHERITED_IS_RESERVED,
	INHERITED_IS_USABLE,
	INHERITED_IS_NOMAP,
	INHERITED_IS_NOTHING,
};

struct inherited_window {
	uint64_t base;
	uint64_t size;
};

/**
 * struct inherited - A hand-over.
 * @stage_2: of the format. @uat: pages alone, and the reserved bits of UAT.
 * @two_privileges: of stage 1.
 * @ds: descriptors of LPA2.
 * @granule_lg2, @ias, @oas, @concat_lg2: as the registers of a walker say them; @concat_lg2 is of
 *                                        stage 2.
 * @coherent: the walker is. @writeback: bytes that a cache writes back at once.
 * @root: the table, or tables, to begin with.
 * @window, @window_count: what is to be ours.
 * @memory: whose is the frame of 4 KiB at an address?
 * @read: descriptor at an address; false where the memory does not answer.
 * @ours: unless NULL, called for each descriptor that we may take, once or more often.
 */
struct inherited {
	bool stage_2;
	bool uat;
	bool two_privileges;
	bool ds;
	unsigned int granule_lg2;
	unsigned int ias;
	unsigned int oas;
	unsigned int concat_lg2;
	bool coherent;
	uint64_t writeback;
	uint64_t root;
	const struct inherited_window *window;
	unsigned int window_count;
	enum inherited_memory (*memory)(void *ctx, uint64_t pa);
	bool (*read)(void *ctx, uint64_t pa, uint64_t *desc);
	void (*ours)(void *ctx, uint64_t pa);
	void *ctx;
};

/**
 * struct inherited_verdict - What the judge says.
 * @why: of enum inherited_why; 0 for a tree that must be adopted.
 * @tables: different ones. @shared: one of them is reached twice.
 */
struct inherited_verdict {
	unsigned int why;
	unsigned int tables;
	bool shared;
};

struct inherited_verdict inherited_judge(const struct inherited *tree);

#endif
