/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm PrimeCell UART PL011: DDI 0183, 3.3. */
#include "boot/console.h"

#include <mmio.h>

#define PL011_DR 0x00
#define PL011_FR 0x18
#define PL011_FR_BUSY (1u << 3)
#define PL011_FR_TXFF (1u << 5)

/* A device that stays busy must not stop the boot: about a hundred characters at 9600 baud. */
#define PL011_PATIENCE 10000000u

static void pl011_wait(uintptr_t base, uint32_t busy)
{
	for (uint32_t i = 0; i < PL011_PATIENCE; i++)
		if (!(arch_mmio_read32(base + PL011_FR) & busy))
			return;
}

static void pl011_put(uintptr_t base, char c)
{
	pl011_wait(base, PL011_FR_TXFF);
	arch_mmio_write32(base + PL011_DR, (unsigned char)c);
}

static void pl011_drain(uintptr_t base)
{
	pl011_wait(base, PL011_FR_BUSY);
}

const struct console_driver console_pl011 = {
	.compatible = "arm,pl011",
	.put = pl011_put,
	.drain = pl011_drain,
};
