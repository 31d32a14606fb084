/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the deliberately broken guests share: a text for QEMU virt's PL011, then a status for
 * semihosting, or no end at all. They test the harness, and need nothing of the firmware.
 */

#define UART 0x09000000
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

	/* Print the NUL-terminated text at the label `text`. */
	.macro print_text
	adr	x0, text
	mov	x1, #UART
1:	ldrb	w2, [x0], #1
	cbz	w2, 2f
	str	w2, [x1]
	b	1b
2:
	.endm

	.macro finish status
	adr	x1, exit_block
	mov	x0, #SYS_EXIT_EXTENDED
	hlt	#0xf000
3:	wfi
	b	3b
	.balign	8
exit_block:
	.quad	APPLICATION_EXIT, \status
	.endm

	.text
	.globl	_start
