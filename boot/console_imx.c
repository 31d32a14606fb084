/* SPDX-License-Identifier: BSD-2-Clause */
/* The UART of i.MX: NXP IMX8MPRM, 16.2. */
#include "boot/console.h"

#include <mmio.h>

#define IMX_UTXD 0x40
#define IMX_USR2 0x98
#define IMX_USR2_TXDC (1u << 3) /* all is sent */
#define IMX_UTS 0xb4
#define IMX_UTS_TXFULL (1u << 4)

static void imx_put(const struct console_uart *uart, char c)
{
	for (uint32_t i = 0; i < CONSOLE_PATIENCE; i++)
		if (!(arch_mmio_read32(uart->base + IMX_UTS) & IMX_UTS_TXFULL))
			break;
	arch_mmio_write32(uart->base + IMX_UTXD, (unsigned char)c);
}

static void imx_drain(const struct console_uart *uart)
{
	for (uint32_t i = 0; i < CONSOLE_PATIENCE; i++)
		if (arch_mmio_read32(uart->base + IMX_USR2) & IMX_USR2_TXDC)
			return;
}

const struct console_driver console_imx = { .put = imx_put, .drain = imx_drain };
