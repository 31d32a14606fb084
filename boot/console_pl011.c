/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm PrimeCell UART PL011: DDI 0183, 3.3; the part of it that SBSA calls generic UART. */
#include "boot/console.h"

#include <mmio.h>

#define PL011_DR 0x00
#define PL011_FR 0x18
#define PL011_FR_BUSY (1u << 3)
#define PL011_FR_TXFF (1u << 5)

static void pl011_wait(const struct console_uart *uart, uint32_t busy)
{
	for (uint32_t i = 0; i < CONSOLE_PATIENCE; i++)
		if (!(arch_mmio_read32(uart->base + PL011_FR) & busy))
			return;
}

static void pl011_put(const struct console_uart *uart, char c)
{
	pl011_wait(uart, PL011_FR_TXFF);
	arch_mmio_write32(uart->base + PL011_DR, (unsigned char)c);
}

static void pl011_drain(const struct console_uart *uart)
{
	pl011_wait(uart, PL011_FR_BUSY);
}

const struct console_driver console_pl011 = { .put = pl011_put, .drain = pl011_drain };
