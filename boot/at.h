/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU as a second reader of a device's table: AT S1E1R and S1E1W walk it in hardware, and
 * PAR_EL1 holds the answer.
 *
 *   at EL2: the table stands in TTBR0_EL1, the EL1&0 regime is free
 *   at EL1: it stands in TTBR1_EL1, above the kernel's own half
 */
#ifndef FH_BOOT_AT_H
#define FH_BOOT_AT_H

#include "iommu/pgtable.h"

/**
 * struct at_answer - What the CPU says.
 * @fault: no translation; then @status is the fault status (Arm ARM DDI 0487, PAR_EL1.FST).
 * @pa: of the very byte.
 * @attr: the byte of MAIR that holds; @share: shareability, as in the descriptor.
 */
struct at_answer {
	bool fault;
	uint8_t status;
	uint8_t attr;
	uint8_t share;
	fh_phys_addr_t pa;
};

/**
 * at_begin() - Let the CPU walk @table.
 *
 * Context: boot CPU; until at_end() nothing else may use the EL1&0 regime (at EL1: TTBR1_EL1).
 * Return: 0, or -ENOTSUP with a reason in *@why: at EL1 the table's MAIR must be the kernel's own,
 * for a page must have one memory type only.
 */
int at_begin(const struct fh_pgtable *table, const char **why);

/* Ask for a privileged read, or write, of @iova. */
struct at_answer at_read(const struct fh_pgtable *table, fh_dma_addr_t iova);
struct at_answer at_write(const struct fh_pgtable *table, fh_dma_addr_t iova);

void at_end(void);

#endif
