/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8250 and its many descendants, whose registers lie at distances and have widths of the
 * integrator's choice. National Semiconductor PC16550D, 8.0.
 */
#include "boot/console.h"

#include <mmio.h>

#define UART_THR 0u
#define UART_LSR 5u
#define UART_LSR_THRE (1u << 5) /* takes another byte */
#define UART_LSR_TEMT (1u << 6) /* and has sent the last */

static uint32_t uart_read(const struct console_uart *uart, unsigned int reg)
{
	uintptr_t address = uart->base + ((uintptr_t)reg << uart->shift);

	switch (uart->width) {
	case 4:
		return arch_mmio_read32(address);
	case 2:
		return arch_mmio_read16(address);
	default:
		return arch_mmio_read8(address);
	}
}

static void uart_write(const struct console_uart *uart, unsigned int reg, unsigned char value)
{
	uintptr_t address = uart->base + ((uintptr_t)reg << uart->shift);

	switch (uart->width) {
	case 4:
		arch_mmio_write32(address, value);
		break;
	case 2:
		arch_mmio_write16(address, value);
		break;
	default:
		arch_mmio_write8(address, value);
		break;
	}
}

static void uart_wait(const struct console_uart *uart, uint32_t ready)
{
	for (uint32_t i = 0; i < CONSOLE_PATIENCE; i++)
		if (uart_read(uart, UART_LSR) & ready)
			return;
}

static void uart_put(const struct console_uart *uart, char c)
{
	uart_wait(uart, UART_LSR_THRE);
	uart_write(uart, UART_THR, (unsigned char)c);
}

static void uart_drain(const struct console_uart *uart)
{
	uart_wait(uart, UART_LSR_TEMT);
}

const struct console_driver console_8250 = { .put = uart_put, .drain = uart_drain };
