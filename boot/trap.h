/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions: the saved state, and how a test expects one.
 */
#ifndef FH_BOOT_TRAP_H
#define FH_BOOT_TRAP_H

#include "lib/types.h"

/* What boot/vectors.S saves; the offsets there are these. */
struct trapframe {
	uint64_t x[31];
	uint64_t sp;
	uint64_t elr;
	uint64_t spsr;
	uint64_t esr;
	uint64_t far;
	uint64_t vector;
	uint64_t pad;
};

_Static_assert(sizeof(struct trapframe) == 304, "boot/vectors.S saves 304 bytes");

/**
 * struct trap_expect - One exception that is an answer and no accident.
 * @sp: of trap_call(), private; boot/vectors.S knows its place.
 * @esr, @far, @elr: of the exception, filled in.
 */
struct trap_expect {
	uint64_t sp;
	uint64_t esr;
	uint64_t far;
	uint64_t elr;
};

/**
 * trap_call() - Call @function(@argument), and come back also when it takes an exception.
 *
 * Return: true when an exception came; @expect tells which. The function's frame is abandoned.
 * Context: any CPU, each with an expectation of its own; not nested.
 */
bool trap_call(struct trap_expect *expect, void (*function)(void *), void *argument);

/* ESR fields: Arm ARM DDI 0487, D19.2.37. */
#define ESR_EC_SHIFT 26
#define ESR_EC_WIDTH 6
#define ESR_FSC_SHIFT 0
#define ESR_FSC_WIDTH 6
#define ESR_WNR (UINT64_C(1) << 6)

enum esr_class {
	ESR_EC_UNKNOWN = 0x00,
	ESR_EC_HVC = 0x16,
	ESR_EC_IABT_SAME = 0x21,
	ESR_EC_PC_ALIGN = 0x22,
	ESR_EC_DABT_SAME = 0x25,
	ESR_EC_SP_ALIGN = 0x26,
	ESR_EC_BRK = 0x3c,
};

/* The exception class and, for aborts, the fault status in words. */
const char *trap_class_name(uint64_t esr);
const char *trap_status_name(uint64_t esr);

/* Called by boot/vectors.S. */
void trap_handle(struct trapframe *frame);

#endif
