/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that runs at EL1 under tables of a test, an access at a time, and the way there and back.
 * At EL1 no stack is used, and no register but x0 to x2 and x30.
 */
#include "boot/el.h"

	/* A page of code for EL1: its vectors first. To be copied, so nothing in it has an address. */
	.section .rodata
	.balign 2048
	.globl el1_code, el1_code_end
el1_code:
	.rept 16
	.balign 128
	hvc	#1			/* ESR_EL1 and FAR_EL1 say what happened */
	b	.
	.endr
	.balign 128
	.globl el1_load, el1_store, el1_load_user, el1_store_user, el1_execute
el1_load:
	ldr	x0, [x1]
	hvc	#0
el1_store:
	str	x2, [x1]
	hvc	#0
el1_load_user:
	ldtr	x0, [x1]
	hvc	#0
el1_store_user:
	sttr	x2, [x1]
	hvc	#0
el1_execute:
	br	x1			/* where there is an hvc #0 */
el1_code_end:

	.text
	/* What EL2 takes its exceptions by meanwhile: its own go where they always do. */
	.balign 2048
el1_catch:
	.set offset, 0
	.rept 8
	.balign 128
	b	vectors + offset
	.set offset, offset + 128
	.endr
	.rept 8
	.balign 128
	b	el1_back
	.endr

/*
 * uint64_t el1_enter(uint64_t code, uint64_t address, uint64_t value)
 * Runs @code at EL1 until its first exception to EL2. Return: x0 then.
 */
	.balign 128
	.globl el1_enter
	.type el1_enter, %function
el1_enter:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	mrs	x3, vbar_el2
	str	x3, [sp, #16]
	adr	x3, el1_catch
	msr	vbar_el2, x3
	msr	elr_el2, x0
	mov	x3, #SPSR_EL1H
	msr	spsr_el2, x3
	isb
	eret
el1_back:
	msr	spsel, #0
	ldr	x3, [sp, #16]
	msr	vbar_el2, x3
	isb
	ldp	x29, x30, [sp], #32
	ret
	.size el1_enter, . - el1_enter
