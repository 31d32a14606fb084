/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of the registers that decide how each exception level runs; for assembly.
 * Field positions: Arm ARM DDI 0487, D19.2.
 */
#ifndef FH_BOOT_EL_H
#define FH_BOOT_EL_H

/* SCR_EL3: NS, RES1 bits 5:4, SMC stays enabled, HVC enabled, the next level is AArch64. */
#define SCR_EL3_VALUE 0x531
/* HCR_EL2: RW (EL1 is AArch64). */
#define HCR_EL2_VALUE 0x80000000
/* CPTR_EL2 with E2H=0: RES1 bits, nothing trapped (TZ is RES1 without SVE). */
#define CPTR_EL2_VALUE 0x33ff

/* Mode field with D, A, I and F masked. */
#define SPSR_EL2H 0x3c9
#define SPSR_EL1H 0x3c5

/* SCTLR: RES1 bits; off = no MMU, no caches; on = M, C, SA, I, WXN. Alignment stays unchecked. */
#define SCTLR_EL1_OFF 0x30d00800
#define SCTLR_EL2_OFF 0x30c50830
#define SCTLR_ON 0x8100d
#define SCTLR_EL1_ON (SCTLR_EL1_OFF | SCTLR_ON)
#define SCTLR_EL2_ON (SCTLR_EL2_OFF | SCTLR_ON)

/* Index 0 write-back, 1 non-cacheable, 2 Device-nGnRE, 3 Device-nGnRnE. */
#define MAIR_VALUE 0x000444ff
#define FH_BOOT_MAIR ((uint64_t)MAIR_VALUE)

/* 48-bit input, 4 KiB granule, walks inner shareable and write-back; no walks by TTBR1. */
#define TCR_WALKS 0x3510
#define TCR_EL1_VALUE (0x800000 | TCR_WALKS)
#define TCR_EL2_VALUE (0x80800000 | TCR_WALKS)

#endif
