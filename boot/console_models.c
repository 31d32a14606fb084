/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver a compatible string stands for. */
#include <string.h>

#include "boot/console.h"

/* Shift and width as the bindings say for trees that do not; the 8250 family's are 0 and 1. */
static const struct console_model models[] = {
	{ "arm,pl011", &console_pl011, 0, 4 },
	{ "arm,sbsa-uart", &console_pl011, 0, 4 },
	{ "ns16550a", &console_8250, 0, 1 },
	{ "ns16550", &console_8250, 0, 1 },
	{ "ns16450", &console_8250, 0, 1 },
	{ "ns8250", &console_8250, 0, 1 },
	{ "snps,dw-apb-uart", &console_8250, 0, 1 },
	{ "nvidia,tegra20-uart", &console_8250, 2, 4 },
	{ "brcm,bcm2835-aux-uart", &console_8250, 2, 4 },
	{ "cdns,uart-r1p12", &console_cadence, 0, 4 },
	{ "xlnx,xuartps", &console_cadence, 0, 4 },
	{ "fsl,imx6q-uart", &console_imx, 0, 4 },
	{ "fsl,imx21-uart", &console_imx, 0, 4 },
};

const struct console_model *console_find(const char *compatible)
{
	for (size_t i = 0; i < FH_ARRAY_SIZE(models); i++)
		if (strcmp(models[i].compatible, compatible) == 0)
			return &models[i];
	return NULL;
}
