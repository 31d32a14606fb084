/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception vectors, and the two places where an exception is an answer: the probe for
 * semihosting and reads of memory that may abort.
 */
	.text

	/* struct trapframe (boot/trap.h): x0..x30, sp, elr, spsr, esr, far, vector */
	.macro vector number
	.balign 128
	sub	sp, sp, #304
	stp	x0, x1, [sp, #0]
	mov	x0, #\number
	b	trap_save
	.endm

	.balign 2048
	.globl vectors
vectors:
	/* current level with SP_EL0: ordinary code */
	vector 0
	vector 1
	vector 2
	vector 3
	/* current level with SP_ELx: an exception in an exception */
	vector 4
	vector 5
	vector 6
	vector 7
	/* lower level, AArch64 */
	vector 8
	vector 9
	vector 10
	vector 11
	/* lower level, AArch32 */
	vector 12
	vector 13
	vector 14
	vector 15

trap_save:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, currentel
	cmp	x1, #(2 << 2)
	b.eq	1f
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	mrs	x4, esr_el1
	mrs	x5, far_el1
	b	2f
1:	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
2:	mrs	x6, sp_el0
	tst	x0, #4
	add	x7, sp, #304
	csel	x6, x6, x7, eq
	stp	x30, x6, [sp, #240]
	stp	x2, x3, [sp, #256]
	stp	x4, x5, [sp, #272]
	str	x0, [sp, #288]
	mov	x0, sp
	bl	trap_handle		/* returns only when the frame says where to go on */
	ldp	x2, x3, [sp, #256]
	mrs	x1, currentel
	cmp	x1, #(2 << 2)
	b.eq	3f
	msr	elr_el1, x2
	msr	spsr_el1, x3
	b	4f
3:	msr	elr_el2, x2
	msr	spsr_el2, x3
4:	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #304
	eret

/*
 * int fh_hook_read(void *dst, const void *src, size_t bytes)
 * Whole words while both sides are 8-byte aligned, then bytes. A data abort between _start and _end
 * goes on at _fixup.
 */
	.globl fh_hook_read, fh_hook_read_start, fh_hook_read_end, fh_hook_read_fixup
	.type fh_hook_read, %function
fh_hook_read:
	orr	x3, x0, x1
	tst	x3, #7
	b.ne	2f
1:	subs	x4, x2, #8
	b.lo	2f
fh_hook_read_start:
	ldr	x5, [x1], #8
	str	x5, [x0], #8
	mov	x2, x4
	b	1b
2:	cbz	x2, 3f
	ldrb	w5, [x1], #1
	strb	w5, [x0], #1
	sub	x2, x2, #1
	b	2b
fh_hook_read_end:
3:	mov	w0, wzr
	ret
fh_hook_read_fixup:
	mov	w0, #-14		/* -EFAULT */
	ret
	.size fh_hook_read, . - fh_hook_read

/*
 * uint64_t semihosting_call(uint64_t operation, uint64_t parameter)
 * Undefined where no debugger or emulator listens; then SEMIHOSTING_NONE comes back.
 */
	.globl semihosting_call, semihosting_probe, semihosting_fixup
	.type semihosting_call, %function
semihosting_call:
semihosting_probe:
	hlt	#0xf000
	ret
semihosting_fixup:
	mov	x0, #-1
	movk	x0, #0xdead
	ret
	.size semihosting_call, . - semihosting_call

/*
 * int64_t psci_call(uint64_t function, uint64_t first, uint64_t second, uint64_t third, bool by_hvc)
 * Undefined, or an exception to our own level, where nobody is above; then NOT_SUPPORTED comes
 * back. What the convention lets the other side change, a function may change anyway.
 */
	.globl psci_call, psci_call_smc, psci_call_hvc, psci_call_fixup
	.type psci_call, %function
psci_call:
	cbnz	w4, psci_call_hvc
psci_call_smc:
	smc	#0
	ret
psci_call_hvc:
	hvc	#0
	ret
psci_call_fixup:
	mov	x0, #-1
	ret
	.size psci_call, . - psci_call

/*
 * bool trap_call(struct trap_expect *expect, void (*function)(void *), void *argument)
 * The exception handler goes on at trap_landing with x0 = expect.
 */
	.globl trap_call, trap_landing
	.type trap_call, %function
trap_call:
	stp	x29, x30, [sp, #-112]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x0, [sp, #96]
	mov	x9, sp
	str	x9, [x0]
	mov	x19, x1
	mov	x20, x2
	bl	trap_expect_set
	mov	x0, x20
	blr	x19
	mov	x0, xzr
	bl	trap_expect_set
	mov	w0, wzr
	b	1f
trap_landing:
	ldr	x1, [x0]
	mov	sp, x1
	mov	w0, #1
1:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret
	.size trap_call, . - trap_call
