/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a parked CPU waits: copied to a page that is reserved, so it may use nothing but registers
 * and its own words there.
 *
 *   x0 = its release address; what it watches, and jumps to once it is not zero
 *   [x0 + HANDOVER_SPIN_ARRIVED]: 1 when it has come, and needs nothing of this stage any more
 *
 * MMU and data cache are off: it reads and writes memory itself.
 */
#include "examples/bootloader/spin.h"

	.text
	.balign 8
	.globl spin_start, spin_end
spin_start:
	mov	x1, #1
	str	x1, [x0, #HANDOVER_SPIN_ARRIVED]
	dsb	sy
	sev
1:	ldr	x4, [x0]
	cbnz	x4, 2f
	wfe
	b	1b
	/* Linux Documentation/arch/arm64/booting.rst: x0 to x3 are zero. */
2:	mov	x0, xzr
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4
spin_end:
