/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers: plain volatile accesses to whatever memory a test puts there. */
#ifndef FH_ARCH_MMIO_H
#define FH_ARCH_MMIO_H

#include "lib/types.h"

#define FH_ARCH_MMIO(bits)                                                                         \
	static inline uint##bits##_t arch_mmio_read##bits(uintptr_t address)                       \
	{                                                                                          \
		return *(volatile uint##bits##_t *)address;                                        \
	}                                                                                          \
	static inline void arch_mmio_write##bits(uintptr_t address, uint##bits##_t value)          \
	{                                                                                          \
		*(volatile uint##bits##_t *)address = value;                                       \
	}

FH_ARCH_MMIO(8)
FH_ARCH_MMIO(16)
FH_ARCH_MMIO(32)
FH_ARCH_MMIO(64)

#endif
