/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From reset or bootloader to C: image header, exception level, relocation, stack, early
 * tables, MMU.
 *
 *   x0 = device tree (or anything), MMU and data cache off, any 4 KiB-aligned address
 *   EL3 -> Non-secure EL2 or EL1;  EL2 and EL1 stay
 *
 * Until the MMU is on: no unaligned access, no exclusives, no DC ZVA, and what is written
 * goes to memory past the caches.
 */
#include "boot/el.h"

	/* A constant of up to 32 bits. */
	.macro mov_q, reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
	.endm

	.section .head.text, "ax"
	.balign 4096
	.globl image_start_code
image_start_code:
	/* Linux arm64 Image header: Documentation/arch/arm64/booting.rst */
	b	entry
	.long	0
	.quad	0			/* text_offset */
	.long	image_bytes, 0		/* below 4 GiB; 64 bits would want a relocation */
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

entry:
	mov	x19, x0
	msr	daifset, #0xf
	mrs	x1, currentel
	lsr	x21, x1, #2		/* told at boot: the level that we were entered at */
	cmp	x21, #3
	b.ne	1f
	/*
	 * At EL3 there may have been nobody to hold the other CPUs back. The one without
	 * affinity boots; nothing could choose among them, for exclusives need the MMU.
	 */
	mrs	x1, mpidr_el1
	ubfx	x2, x1, #32, #8
	and	x1, x1, #0xffffff
	orr	x1, x1, x2, lsl #32
	cbnz	x1, cpu_park
1:	mov	x0, #2
	bl	el_prepare

	/* Count instructions from here (PMUv3 event 8), where there is a PMU to do it. */
	mrs	x1, id_aa64dfr0_el1
	ubfx	x1, x1, #8, #4
	cbz	x1, 0f
	cmp	x1, #15
	b.eq	0f
	mrs	x1, pmcr_el0
	ubfx	x1, x1, #11, #5		/* N: event counters that are ours */
	cbz	x1, 0f
	mov_q	x1, 0x08000008		/* INST_RETIRED, at EL2 as well */
	msr	pmevtyper0_el0, x1
	msr	pmevcntr0_el0, xzr
	mov	x1, #1
	msr	pmcntenset_el0, x1
	mrs	x1, pmcr_el0
	orr	x1, x1, #1
	msr	pmcr_el0, x1
0:
	/*
	 * An ELF loader may have left .bss alone, and a loader with caches on may have stale
	 * lines for it: write past the caches, then discard lines (before the MMU is on, so
	 * nothing dirty can appear in between).
	 */
	adrp	x1, bss_start
	adrp	x2, bss_end
1:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	1b

	/* Relocate: all are R_AARCH64_RELATIVE (1027), the image is linked against itself alone. */
	adrp	x1, image_rela_start
	add	x1, x1, :lo12:image_rela_start
	adrp	x2, image_rela_end
	add	x2, x2, :lo12:image_rela_end
	adr	x3, image_start_code
	ldr	w4, link_address
	sub	x3, x3, x4		/* where we run minus where we were linked */
2:	cmp	x1, x2
	b.hs	4f
	ldp	x4, x5, [x1], #16
	ldr	x6, [x1], #8
	cmp	w5, #1027
	b.ne	3f
	add	x4, x4, x3
	add	x6, x6, x3
	str	x6, [x4]
	b	2b
3:	wfi				/* a relocation that the build should not have let through */
	b	3b

4:	adrp	x0, image_data_start
	adrp	x1, bss_end
	bl	discard_lines

	/* SP_EL0 for ordinary code, SP_ELx for exceptions, so that an overflow can be told of. */
	msr	spsel, #1
	adrp	x1, trap_stack_end
	mov	sp, x1
	msr	spsel, #0
	adrp	x1, stack_end
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	msr	tpidrro_el0, xzr	/* cpu_id() 0 */

	adr	x0, vectors
	mrs	x1, currentel
	cmp	x1, #(2 << 2)
	b.eq	5f
	msr	vbar_el1, x0
	b	6f
5:	msr	vbar_el2, x0
6:	isb
	msr	daifclr, #4		/* an SError is news */

	mov	x0, x19
	bl	boot_early_map		/* -> x0: root of the early tables */
	mov	x20, x0
	adrp	x0, image_data_start
	adrp	x1, bss_end
	bl	discard_lines
	mov	x0, x20
	bl	mmu_enable

	bl	boot_thread_pointer
	mov	x0, x19
	mov	x1, x21
	bl	boot_main
7:	wfi
	b	7b

	.balign 8
link_address:
	.long	link_base

/*
 * el_prepare(x0 = highest level wanted, 2 or 1): return at that level or below it, which must not
 * be below the one that we are at, with MMU off, nothing trapped and nothing left to chance. Needs
 * no stack; keeps x19 and above, and the stack pointers.
 */
	.globl el_prepare
el_prepare:
	mrs	x1, currentel
	cmp	x1, #(3 << 2)
	b.eq	from_el3
	cmp	x1, #(2 << 2)
	b.eq	at_el2
	b	at_el1

	/*
	 * EL3: hand the rest of the machine to the Non-secure state. Nothing of EL3 is kept;
	 * its vectors are not ours to keep either.
	 */
from_el3:
	mov_q	x1, SCR_EL3_VALUE
	msr	scr_el3, x1
	msr	cptr_el3, xzr
	/* After reset the lower levels' MMU enables are unknown: off before the first fetch there. */
	mov_q	x1, SCTLR_EL1_OFF
	msr	sctlr_el1, x1
	mrs	x2, id_aa64pfr0_el1
	ubfx	x2, x2, #8, #4		/* EL2 field */
	adr	x3, at_el1
	mov	x4, #SPSR_EL1H
	cbz	x2, 1f
	mov_q	x1, HCR_EL2_VALUE
	msr	hcr_el2, x1
	mov_q	x1, SCTLR_EL2_OFF
	msr	sctlr_el2, x1
	adr	x3, at_el2
	mov	x4, #SPSR_EL2H
1:	msr	elr_el3, x3
	msr	spsr_el3, x4
	isb
	eret

at_el2:
	/* EL1 is AArch64, nothing is trapped, no stage 2, E2H off (its registers would change place). */
	mov_q	x1, HCR_EL2_VALUE
	msr	hcr_el2, x1
	isb
	mov	x1, #CPTR_EL2_VALUE
	msr	cptr_el2, x1
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	msr	cntvoff_el2, xzr
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	/* No debug or counter traps; all event counters (PMCR_EL0.N) are EL1's as well: HPMN. */
	mrs	x1, id_aa64dfr0_el1
	ubfx	x1, x1, #8, #4		/* PMUVer: 0 or 15, none of the architecture's */
	cbz	x1, 2f
	cmp	x1, #15
	csel	x1, xzr, x1, eq
	b.eq	2f
	mrs	x1, pmcr_el0
	ubfx	x1, x1, #11, #5
2:	msr	mdcr_el2, x1
	mov_q	x1, SCTLR_EL2_OFF
	msr	sctlr_el2, x1
	mov_q	x1, SCTLR_EL1_OFF
	msr	sctlr_el1, x1
	isb
	cmp	x0, #1
	b.eq	from_el2
	ret

	/* The counters belong to EL1 then, too. */
from_el2:
	mov	x1, #3			/* CNTHCTL_EL2.EL1PCEN, EL1PCTEN */
	msr	cnthctl_el2, x1
	adr	x1, at_el1
	msr	elr_el2, x1
	mov	x1, #SPSR_EL1H
	msr	spsr_el2, x1
	eret

at_el1:
	mov_q	x1, SCTLR_EL1_OFF
	msr	sctlr_el1, x1
	mov	x1, #(3 << 20)		/* CPACR_EL1.FPEN: the C library uses q registers */
	msr	cpacr_el1, x1
	isb
	ret

/* Nothing for this CPU to do, ever. */
	.globl cpu_park
cpu_park:
	wfe
	b	cpu_park

/*
 * DC IVAC over [x0, x1), page aligned: memory that was written with the MMU off and will be
 * read through the caches. The loader cleaned the image to the point of coherency
 * (docs/boot-protocol.md), so nothing dirty is lost.
 */
discard_lines:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2
	dsb	sy
1:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

/*
 * mmu_enable(x0 = root): MAIR, TCR, TTBR, ISB; TLBI, IC IALLU, DSB, ISB; SCTLR, ISB.
 */
	.text
	.globl mmu_enable
	.type mmu_enable, %function
mmu_enable:
	mov_q	x1, MAIR_VALUE
	mrs	x5, id_aa64mmfr0_el1
	and	x5, x5, #0xf		/* PARange */
	cmp	x5, #5			/* 48 bits; more needs LPA2 descriptors */
	mov	x6, #5
	csel	x5, x5, x6, ls
	mrs	x2, currentel
	cmp	x2, #(2 << 2)
	b.eq	1f
	mov_q	x3, TCR_EL1_VALUE
	orr	x3, x3, x5, lsl #32
	msr	mair_el1, x1
	msr	tcr_el1, x3
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, xzr
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	mov_q	x4, SCTLR_EL1_ON
	msr	sctlr_el1, x4
	isb
	ret
1:	mov_q	x3, TCR_EL2_VALUE
	orr	x3, x3, x5, lsl #16
	msr	mair_el2, x1
	msr	tcr_el2, x3
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	mov_q	x4, SCTLR_EL2_ON
	msr	sctlr_el2, x4
	isb
	ret
	.size mmu_enable, . - mmu_enable

/*
 * mmu_switch(x0 = root): tables that map this code, the stack and all that is in use as the present
 * ones do. The MMU is off in between, because a TLB may not hold blocks of both (Arm ARM DDI 0487,
 * D8.16.1); no memory is read or written meanwhile but this code. Caches keep what they hold.
 */
	.globl mmu_switch
	.type mmu_switch, %function
mmu_switch:
	mov	x9, x30
	mrs	x10, daif
	msr	daifset, #0xf
	dsb	sy
	mrs	x2, currentel
	cmp	x2, #(2 << 2)
	b.eq	1f
	mov_q	x3, SCTLR_EL1_OFF
	msr	sctlr_el1, x3
	b	2f
1:	mov_q	x3, SCTLR_EL2_OFF
	msr	sctlr_el2, x3
2:	isb
	bl	mmu_enable
	msr	daif, x10
	ret	x9
	.size mmu_switch, . - mmu_switch

/*
 * stage_jump(x0 = entry, x1 = its x0, x2 = 1 for EL1): MMU and data cache off, jump, as the boot
 * protocol wants it. The caller has cleaned and invalidated all that the next stage reads;
 * this code runs from the identity map, and needs no stack.
 */
	.globl stage_jump
	.type stage_jump, %function
stage_jump:
	mov	x19, x0
	mov	x20, x1
	mov	x21, x2
	msr	daifset, #0xf
	mrs	x2, currentel
	cmp	x2, #(2 << 2)
	b.eq	1f
	mov_q	x3, SCTLR_EL1_OFF
	msr	sctlr_el1, x3
	isb
	tlbi	vmalle1
	b	2f
1:	mov_q	x3, SCTLR_EL2_OFF
	msr	sctlr_el2, x3
	isb
	tlbi	alle2
2:	ic	iallu
	dsb	sy
	isb
	msr	spsel, #1
	mov	x0, x21
	cmp	x0, #1
	b.ne	3f
	bl	el_prepare
3:	mov	x0, x20
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x19
	.size stage_jump, . - stage_jump
