/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader of VMSAv8-64 tables, written from the Arm ARM (DDI 0487) alone: it shares no line with
 * iommu/. Where a CPU or an emulator looks away (a broken contiguous run, RES0 bits, low bits of
 * a block's address, a misaligned root) it refuses, and says what.
 */
#ifndef FH_TESTS_ORACLE_WALKER_H
#define FH_TESTS_ORACLE_WALKER_H

#include <stdbool.h>
#include <stdint.h>

enum oracle_stage {
	ORACLE_STAGE_1 = 1,
	ORACLE_STAGE_2,
};

/**
 * struct oracle_config - What the registers of the walker hold.
 * @two_privileges: stage 1 of EL1&0; otherwise of EL2 or EL3.
 * @xnx: stage 2 has XN[1:0] (FEAT_XNX); else XN[0] is RES0.
 * @ds: TCR_ELx.DS or VTCR_EL2.DS.
 * @granule_lg2: 12, 14 or 16.
 * @ias: 64 - TxSZ.
 * @oas: bits that PS or IPS stands for.
 * @start_level: of stage 2, what SL0 and SL2 say. Stage 1 has no choice.
 * @share: SH0: shareability with @ds.
 * @mair: MAIR_ELx; stage 2 has none.
 * @defined: bits of a leaf that optional features define, RES0 else: GP (50), DBM (51), FnXS (11).
 * @root: the table, or tables, that TTBR points to.
 * @read: descriptor at a physical address; false where there is no memory.
 */
struct oracle_config {
	enum oracle_stage stage;
	bool two_privileges;
	bool xnx;
	bool ds;
	unsigned int granule_lg2;
	unsigned int ias;
	unsigned int oas;
	int start_level;
	unsigned int share;
	uint64_t mair;
	uint64_t defined;
	uint64_t root;
	bool (*read)(void *ctx, uint64_t pa, uint64_t *desc);
	void *ctx;
};

enum oracle_kind {
	ORACLE_TRANSLATION,
	ORACLE_FAULT,	/* a translation fault at ->level, as it should be: an invalid entry */
	ORACLE_REFUSED, /* ->why */
};

enum oracle_error {
	ORACLE_OK,
	ORACLE_GRANULE,
	ORACLE_INPUT_SIZE,
	ORACLE_OUTPUT_SIZE,
	ORACLE_START_LEVEL,
	ORACLE_ROOT_ALIGNMENT,
	ORACLE_ROOT_ADDRESS,
	ORACLE_INPUT_ADDRESS,
	ORACLE_NO_MEMORY,
	ORACLE_RESERVED_TYPE,
	ORACLE_BLOCK_LEVEL,
	ORACLE_TABLE_RES0,
	ORACLE_TABLE_ADDRESS,
	ORACLE_LEAF_RES0,
	ORACLE_LEAF_RES1,
	ORACLE_LOW_BITS,
	ORACLE_OUTPUT_ADDRESS,
	ORACLE_SHARE,
	ORACLE_MEMORY_TYPE,
	ORACLE_RUN_LEVEL,
	ORACLE_RUN_CUT,
	ORACLE_RUN_HINT,
	ORACLE_RUN_ADDRESS,
	ORACLE_RUN_ATTRIBUTES,
	ORACLE_ERRORS,
};

/* What an error is, in words. */
const char *oracle_error_name(enum oracle_error error);

enum oracle_access {
	ORACLE_READ = 1u << 0, /* EL1, or the one privilege; stage 2: both */
	ORACLE_WRITE = 1u << 1,
	ORACLE_EXECUTE = 1u << 2,
	ORACLE_EL0_READ = 1u << 3,
	ORACLE_EL0_WRITE = 1u << 4,
	ORACLE_EL0_EXECUTE = 1u << 5,
};

/**
 * struct oracle_verdict - What becomes of an address.
 * @level: of the entry that ended the walk.
 * @at: physical address of that entry; @desc: the entry.
 * @span_lg2: log2 of the bytes that it covers.
 * @access: of enum oracle_access, with what the tables above take away.
 * @memory: as a byte of MAIR.
 * @share: the field SH of the entry, or of the register.
 * @accessed: the access flag. @not_global: nG.
 */
struct oracle_verdict {
	enum oracle_kind kind;
	enum oracle_error why;
	int level;
	unsigned int span_lg2;
	uint64_t at;
	uint64_t desc;
	uint64_t pa;
	unsigned int access;
	uint8_t memory;
	uint8_t share;
	bool accessed;
	bool not_global;
};

/* The way to @va, every entry on it and its run looked at. */
struct oracle_verdict oracle_translate(const struct oracle_config *config, uint64_t va);

/**
 * oracle_check() - Every entry of the whole tree.
 *
 * Return: the first refusal, or a verdict of another kind.
 */
struct oracle_verdict oracle_check(const struct oracle_config *config);

/* D8.5.2: what accesses find; Device and non-cacheable memory is outer shareable always. */
unsigned int oracle_share(const struct oracle_verdict *verdict);

/* Entries of @level that the contiguous hint joins, 0 for none (D8.6.1). */
unsigned int oracle_run(unsigned int granule_lg2, int level);

#endif
