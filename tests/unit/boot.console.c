/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console drivers against registers in memory, and what trees say of consoles: the layout of the
 * registers, and the options of stdout-path.
 */
#include "boot/console.h"

#include "tests/unit/devtree_fixture.h"

static _Alignas(8) unsigned char registers[4096];

/* All registers hold 0, then those named their byte. Return: the UART. */
static struct console_uart uart_at(uint8_t shift, uint8_t width)
{
	memset(registers, 0, sizeof(registers));
	return (struct console_uart){ (uintptr_t)registers, shift, width };
}

static void expect_only(size_t at, const void *bytes, size_t count)
{
	assert_memory_equal(registers + at, bytes, count);
	memset(registers + at, 0, count);
	for (size_t i = 0; i < sizeof(registers); i++)
		assert_int_equal(registers[i], 0);
}

/* The byte goes to register 0, the status is register 5; both of the width stated. */
static void the_8250_family(void **state)
{
	static const uint8_t widths[] = { 1, 2, 4 };

	(void)state;
	for (uint8_t shift = 0; shift <= 4; shift++)
		for (size_t w = 0; w < FH_ARRAY_SIZE(widths); w++) {
			struct console_uart uart = uart_at(shift, widths[w]);
			uint32_t value = 'x';
			size_t status = (size_t)5 << shift;

			if (status % widths[w])
				continue;
			/* A wider store would clear the neighbours, a narrower one leave these. */
			memset(registers, 0xff, widths[w]);
			registers[status] = 0x60;
			console_8250.put(&uart, 'x');
			console_8250.drain(&uart);
			registers[status] = 0;
			expect_only(0, &value, widths[w]);
		}
}

static void others(void **state)
{
	struct console_uart uart = uart_at(0, 4);
	uint32_t value = 'x';
	uint32_t *word = (uint32_t *)(void *)registers;

	(void)state;
	console_pl011.put(&uart, 'x');
	console_pl011.drain(&uart);
	expect_only(0, &value, 4);

	word[0x2c / 4] = 1u << 3;
	console_cadence.put(&uart, 'x');
	console_cadence.drain(&uart);
	word[0x2c / 4] = 0;
	expect_only(0x30, &value, 4);

	word[0x98 / 4] = 1u << 3;
	console_imx.put(&uart, 'x');
	console_imx.drain(&uart);
	word[0x98 / 4] = 0;
	expect_only(0x40, &value, 4);

	/* A transmitter that a reset has stopped is started, one that runs is left alone. */
	word[0] = 0x128;
	console_cadence.start(&uart);
	assert_int_equal(word[0], 0x118);
	word[0] = 0x114;
	console_cadence.start(&uart);
	assert_int_equal(word[0], 0x114);
}

/* A device that is busy for good: the byte goes out late, but the call ends. */
static void never_ready(void **state)
{
	struct console_uart uart = uart_at(2, 4);
	uint32_t value = 'x';
	uint32_t *word = (uint32_t *)(void *)registers;

	(void)state;
	console_8250.put(&uart, 'x');
	console_8250.drain(&uart);
	expect_only(0, &value, 4);
	word[0x18 / 4] = 0xffffffff;
	console_pl011.put(&uart, 'x');
	console_pl011.drain(&uart);
	word[0x18 / 4] = 0;
	expect_only(0, &value, 4);
}

static void models(void **state)
{
	(void)state;
	assert_null(console_find("arm,pl01"));
	assert_null(console_find(""));
	assert_ptr_equal(console_find("arm,pl011")->driver, &console_pl011);
	assert_ptr_equal(console_find("ns16550a")->driver, &console_8250);
	assert_int_equal(console_find("ns16550a")->shift, 0);
	assert_int_equal(console_find("ns16550a")->width, 1);
	assert_int_equal(console_find("brcm,bcm2835-aux-uart")->shift, 2);
	assert_int_equal(console_find("brcm,bcm2835-aux-uart")->width, 4);
	assert_ptr_equal(console_find("cdns,uart-r1p12")->driver, &console_cadence);
	assert_ptr_equal(console_find("fsl,imx21-uart")->driver, &console_imx);
}

#define UART(path, more)                                                                           \
	ROOT(2, 2,                                                                                 \
	     "aliases { serial0 = \"/uart@9000000\"; }; chosen { stdout-path = \"" path "\"; }; "  \
	     "uart@9000000 { compatible = \"ns16550a\"; reg = <0 0x9000000 0 0x100>; " more " };")

static void layout(void **state)
{
	static const struct {
		const char *dts;
		const char *line;
	} bad[] = {
		{ UART("serial0", "reg-shift = <5>;"),
		  "fh: devtree: /uart@9000000:reg-shift: 0x5: is not 0 to 4 (EINVAL)\n" },
		{ UART("serial0", "reg-shift = <0 2>;"),
		  "fh: devtree: /uart@9000000:reg-shift: 0x8: is not one cell (EINVAL)\n" },
		{ UART("serial0", "reg-io-width = <8>;"),
		  "fh: devtree: /uart@9000000:reg-io-width: 0x8: is not 1, 2 or 4 (EINVAL)\n" },
		{ UART("serial0", "reg-io-width = <0>;"),
		  "fh: devtree: /uart@9000000:reg-io-width: 0x0: is not 1, 2 or 4 (EINVAL)\n" },
		{ UART("serial0", "reg-offset = <0x100>;"),
		  "fh: devtree: /uart@9000000:reg-offset: 0x100: lies outside the registers "
		  "(EINVAL)\n" },
	};
	struct devtree_uart uart;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(bad); i++) {
		assert_int_equal(open_dts(bad[i].dts), 0);
		assert_int_equal(devtree_stdout(&tree, &uart), -ENOENT);
		assert_string_equal(log_text.text, bad[i].line);
	}
	assert_int_equal(open_dts(UART("serial0", "")), 0);
	assert_int_equal(devtree_stdout(&tree, &uart), 0);
	assert_true(!uart.has_shift && uart.width == 0 && uart.base == 0x9000000 &&
		    uart.size == 0x100);
	assert_int_equal(open_dts(UART("serial0", "reg-shift = <0>; reg-io-width = <4>; "
						  "reg-offset = <0x40>;")),
			 0);
	assert_int_equal(devtree_stdout(&tree, &uart), 0);
	assert_true(uart.has_shift && uart.shift == 0 && uart.width == 4 &&
		    uart.base == 0x9000040 && uart.size == 0xc0);
	assert_string_equal(log_text.text, "");
}

static void options(void **state)
{
	static const struct {
		const char *dts;
		const char *options;
		bool good;
	} said[] = {
		{ UART("serial0", ""), "", true },
		{ UART("serial0:115200", ""), "115200", true },
		{ UART("serial0:115200n8", ""), "115200n8", true },
		{ UART("/uart@9000000:9600e7r", ""), "9600e7r", true },
		{ UART("serial0:1500000", ""), "1500000", true },
		{ UART("serial0:", ""), "", false },
		{ UART("serial0:n8", ""), "n8", false },
		{ UART("serial0:115200x8", ""), "115200x8", false },
		{ UART("serial0:115200n9", ""), "115200n9", false },
		{ UART("serial0:115200n8rr", ""), "115200n8rr", false },
		{ UART("serial0:11520000000000000000000000n8", ""), "11520000000000000000000",
		  true },
	};
	struct devtree_uart uart;

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(said); i++) {
		assert_int_equal(open_dts(said[i].dts), 0);
		assert_int_equal(devtree_stdout(&tree, &uart), 0);
		assert_string_equal(uart.options, said[i].options);
		if (said[i].good)
			assert_string_equal(log_text.text, "");
		else
			assert_non_null(
			    strstr(log_text.text, "fh: devtree: warning: /chosen:stdout-path: \""));
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.console.the_8250_family", the_8250_family),
	UNIT_TEST("boot.console.others", others),
	UNIT_TEST("boot.console.never_ready", never_ready),
	UNIT_TEST("boot.console.models", models),
	UNIT_TEST("boot.console.layout", layout),
	UNIT_TEST("boot.console.options", options),
};

UNIT_MAIN("boot.console", tests)
