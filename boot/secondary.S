/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of every CPU but the boot CPU, from its release to C.
 *
 *   MMU off: smp_cold, which the boot CPU has cleaned to the point of coherency, and code
 *   MMU on:  wait for an invitation, take it, and with it stacks and number
 *
 * A CPU may come without being asked: where several watch one release address, all of them come
 * at once. It may come too late: then the invitation has been taken back. Either way it waits.
 */
	.text
	.globl smp_secondary_entry
	.type smp_secondary_entry, %function
smp_secondary_entry:
	msr	daifset, #0xf
	adrp	x19, smp_cold
	add	x19, x19, :lo12:smp_cold
	ldp	x20, x21, [x19]		/* root of the tables, exception level */
	mov	x0, x21
	bl	el_prepare
	mrs	x1, currentel
	cmp	x21, x1, lsr #2
	b.ne	cpu_park		/* below the boot CPU: its tables are for another regime */
	mov	x0, x20
	bl	mmu_enable

	mrs	x1, mpidr_el1
	ubfx	x20, x1, #32, #8
	and	x1, x1, #0xffffff
	orr	x20, x1, x20, lsl #32
	adrp	x19, smp_invitation
	add	x19, x19, :lo12:smp_invitation
1:	ldaxr	x1, [x19]
	cmp	x1, x20
	b.eq	2f
	wfe				/* a store to what the exclusive load watches is an event */
	b	1b
2:	mov	x1, #-1			/* SMP_NOBODY: taken, and nobody else gets it */
	stxr	w2, x1, [x19]
	cbnz	w2, 1b
	ldr	x0, [x19, #8]		/* ours alone until we say that we run */

	ldr	x1, [x0, #8]		/* struct percpu: trap_stack.end, stack.end, id */
	ldr	x2, [x0, #24]
	ldr	x3, [x0, #32]
	msr	spsel, #1
	mov	sp, x1
	msr	spsel, #0
	mov	sp, x2
	mov	x29, xzr
	mov	x30, xzr
	msr	tpidrro_el0, x3
	adr	x1, vectors
	mrs	x2, currentel
	cmp	x2, #(2 << 2)
	b.eq	3f
	msr	vbar_el1, x1
	b	4f
3:	msr	vbar_el2, x1
4:	isb
	msr	daifclr, #4		/* an SError is news */
	bl	smp_secondary		/* does not return, but a backtrace ends here */
	b	cpu_park
	.size smp_secondary_entry, . - smp_secondary_entry
