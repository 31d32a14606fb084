/* SPDX-License-Identifier: BSD-2-Clause */
/* The Cadence UART of Zynq and its successors: Xilinx UG585, B.33. */
#include "boot/console.h"

#include <mmio.h>

#define CADENCE_CR 0x00
#define CADENCE_CR_TXEN (1u << 4)
#define CADENCE_CR_TXDIS (1u << 5)
#define CADENCE_SR 0x2c
#define CADENCE_SR_TXEMPTY (1u << 3)
#define CADENCE_SR_TXFULL (1u << 4)
#define CADENCE_SR_TACTIVE (1u << 11)
#define CADENCE_FIFO 0x30

/* Until the bits of @mask are @value. */
static void cadence_wait(const struct console_uart *uart, uint32_t mask, uint32_t value)
{
	for (uint32_t i = 0; i < CONSOLE_PATIENCE; i++)
		if ((arch_mmio_read32(uart->base + CADENCE_SR) & mask) == value)
			return;
}

static void cadence_put(const struct console_uart *uart, char c)
{
	cadence_wait(uart, CADENCE_SR_TXFULL, 0);
	arch_mmio_write32(uart->base + CADENCE_FIFO, (unsigned char)c);
}

static void cadence_drain(const struct console_uart *uart)
{
	cadence_wait(uart, CADENCE_SR_TXEMPTY | CADENCE_SR_TACTIVE, CADENCE_SR_TXEMPTY);
}

/* After reset it sends nothing: a bootloader that never printed has left it so. */
static void cadence_start(const struct console_uart *uart)
{
	uint32_t control = arch_mmio_read32(uart->base + CADENCE_CR);

	if (control & CADENCE_CR_TXDIS || !(control & CADENCE_CR_TXEN))
		arch_mmio_write32(uart->base + CADENCE_CR,
				  (control & ~CADENCE_CR_TXDIS) | CADENCE_CR_TXEN);
}

const struct console_driver console_cadence = {
	.start = cadence_start,
	.put = cadence_put,
	.drain = cadence_drain,
};
