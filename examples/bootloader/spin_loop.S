/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a parked CPU waits: copied to a page that is reserved, so it may use nothing but registers
 * and its own words there.
 *
 *   x0 = a word of its own: 1 when it has come, and needs nothing of the stage any more
 *   it watches a release address, and jumps to what it finds there once that is not zero:
 *   spin_start its own one, spin_shared the first, which is nobody's own; spin_late as spin_start,
 *   but CPU 1 takes its time
 *
 * MMU and data cache are off: it reads and writes memory itself.
 */
#include "examples/bootloader/spin.h"

	.text
	.balign 8
	.globl spin_start, spin_shared, spin_late, spin_end
spin_start:
	mov	x5, xzr
	b	1f
spin_late:
	and	x5, x0, #4095
	cmp	x5, #HANDOVER_SPIN_ARRIVED + 8
	cset	x5, eq
1:	sub	x2, x0, #HANDOVER_SPIN_ARRIVED - HANDOVER_SPIN_RELEASE
	b	2f
spin_shared:
	mov	x5, xzr
	and	x2, x0, #~4095
	add	x2, x2, #HANDOVER_SPIN_RELEASE

2:	mov	x1, #1
	str	x1, [x0]
	dsb	sy
3:	ldr	x4, [x2]
	cbnz	x4, 4f
	wfe
	b	3b

	/* 2.5 s: some more than the kernel waits. */
4:	cbz	x5, 6f
	mrs	x1, cntfrq_el0
	add	x1, x1, x1, lsl #2
	lsr	x1, x1, #1
	mrs	x2, cntvct_el0
5:	mrs	x3, cntvct_el0
	sub	x3, x3, x2
	cmp	x3, x1
	b.lo	5b

	/* Linux Documentation/arch/arm64/booting.rst: x0 to x3 are zero. */
6:	mov	x0, xzr
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4
spin_end:
