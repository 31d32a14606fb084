/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU as a second reader of a device's table: AT walks it in hardware, and PAR_EL1 holds the
 * answer.
 *
 *   at EL2: the table stands in TTBR0_EL1 or VTTBR_EL2, the EL1&0 regime is free
 *   at EL1: it stands in TTBR1_EL1, above the kernel's own half; of stage 1 alone
 */
#ifndef FH_BOOT_AT_H
#define FH_BOOT_AT_H

#include "iommu/pgtable.h"

/* Fault status (Arm ARM DDI 0487, PAR_EL1.FST): what it is, with the level in the low bits. */
enum at_status {
	AT_ADDRESS_SIZE = 0x00,
	AT_TRANSLATION = 0x04,
	AT_ACCESS_FLAG = 0x08,
	AT_PERMISSION = 0x0c,
	AT_TRANSLATION_FIRST = 0x2b, /* a translation fault at level -1 */
};

/* Who asks for what. */
enum at_access {
	AT_READ,
	AT_WRITE,
	AT_USER_READ,
	AT_USER_WRITE,
};

/**
 * struct at_answer - What the CPU says.
 * @fault: no translation; then @status is the fault status, of stage 2 where @stage_2.
 * @pa: of the very byte.
 * @attr: the byte of MAIR that holds; @share: shareability, as in the descriptor.
 */
struct at_answer {
	bool fault;
	bool stage_2;
	uint8_t status;
	uint8_t attr;
	uint8_t share;
	fh_phys_addr_t pa;
};

/**
 * struct at_cpu - What the CPU can walk, from its ID registers.
 * @pa_bits: 32 to 52.
 * @ias_least: 16 with FEAT_TTST, else 25.
 * @large_input: stage 1 with the 64K granule takes 52 bits (FEAT_LVA).
 * @xnx: stage 2 tells EL1 and EL0 apart where it allows execution (FEAT_XNX).
 */
struct at_cpu {
	uint8_t pa_bits;
	uint8_t ias_least;
	bool large_input;
	bool xnx;
};

struct at_cpu at_cpu(void);

/* Does the CPU have this granule at this stage, with @lpa2 in the 52-bit form? */
bool at_has_granule(bool stage_2, unsigned int granule_lg2, bool lpa2);

/**
 * at_begin() - Let the CPU walk @table: of the EL1&0 regime, or, at EL2, of stage 2.
 *
 * Stage 1 of a stage-2 table is off, and says write-back (HCR_EL2.DC).
 * Context: boot CPU; until at_end() nothing else may use the EL1&0 regime (at EL1: TTBR1_EL1).
 * Return: 0, or -ENOTSUP with a reason in *@why: at EL1 the table's MAIR must be the kernel's own,
 * for a page must have one memory type only; the CPU does not have such tables.
 */
int at_begin(const struct fh_pgtable *table, const char **why);

/* Ask for an access to @iova. */
struct at_answer at_ask(const struct fh_pgtable *table, fh_dma_addr_t iova, enum at_access access);

/* The privileged ones. */
struct at_answer at_read(const struct fh_pgtable *table, fh_dma_addr_t iova);
struct at_answer at_write(const struct fh_pgtable *table, fh_dma_addr_t iova);

void at_end(void);

#endif
