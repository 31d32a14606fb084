/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live accesses at EL1: from EL2, one load, store or fetch under tables that boot/at.h put in
 * place, through the TLB, which AT need not ask.
 */
#ifndef FH_TESTS_TARGET_EL1_H
#define FH_TESTS_TARGET_EL1_H

#include "boot/at.h"

/* Bytes that el1_place() is to have; it needs no more of what it is mapped by. */
#define EL1_CODE_BYTES 4096u

/**
 * struct el1_outcome - What became of an access.
 * @fault: it faulted; @status as of enum at_status, of stage 2 where @stage_2.
 * @strange: something else happened; then @value is ESR_EL2.
 * @value: what a load found.
 * @far: the address that faulted.
 */
struct el1_outcome {
	bool fault;
	bool stage_2;
	bool strange;
	uint8_t status;
	uint64_t value;
	uint64_t far;
};

/**
 * el1_place() - Write the code for EL1 to @memory.
 * @memory: EL1_CODE_BYTES in RAM.
 * @iova: where EL1 will find it; the caller maps it there, to be read and executed.
 */
void el1_place(void *memory, uint64_t iova);

/* Loads and stores are of eight bytes, at a multiple of them. */
struct el1_outcome el1_access(uint64_t iova, enum at_access access, uint64_t value);

/* Go to @iova, where an EL1_RETURN stands. */
struct el1_outcome el1_fetch(uint64_t iova);

#define EL1_RETURN 0xd4000002u /* hvc #0 */

#endif
