/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device registers. Single loads and stores of plain base-register form, which a
 * hypervisor can emulate; the compiler may neither merge nor split them.
 */
#ifndef FH_ARCH_MMIO_H
#define FH_ARCH_MMIO_H

#include "lib/types.h"

#define FH_ARCH_MMIO(bits, suffix, reg)                                                            \
	static inline uint##bits##_t arch_mmio_read##bits(uintptr_t address)                       \
	{                                                                                          \
		uint##bits##_t value;                                                              \
                                                                                                   \
		__asm__ volatile("ldr" suffix " %" reg "0, [%1]"                                   \
				 : "=r"(value)                                                     \
				 : "r"(address)                                                    \
				 : "memory");                                                      \
		return value;                                                                      \
	}                                                                                          \
	static inline void arch_mmio_write##bits(uintptr_t address, uint##bits##_t value)          \
	{                                                                                          \
		__asm__ volatile("str" suffix " %" reg "0, [%1]" ::"r"(value), "r"(address)        \
				 : "memory");                                                      \
	}

FH_ARCH_MMIO(8, "b", "w")
FH_ARCH_MMIO(16, "h", "w")
FH_ARCH_MMIO(32, "", "w")
FH_ARCH_MMIO(64, "", "x")

#endif
