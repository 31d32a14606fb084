/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to a person: stdout of the C library, and a struct fh_out of the same text. What is
 * written before a console is known is kept and shown when there is one; without any it goes to
 * semihosting at the end of the run.
 *
 * Each CPU's text goes out by whole lines, so that several may print at the same time.
 */
#ifndef FH_BOOT_CONSOLE_H
#define FH_BOOT_CONSOLE_H

#include "lib/out.h"

/**
 * struct console_uart - A UART as its driver sees it.
 * @base: where its registers are mapped, as device memory.
 * @shift, @width: of the 8250 family: register r of @width bytes lies at @base + (r << @shift).
 */
struct console_uart {
	uintptr_t base;
	uint8_t shift;
	uint8_t width;
};

/**
 * struct console_driver - One kind of UART.
 * @start: once before all else, or NULL: lets it send where a reset has stopped that.
 * @put: sends one byte, waiting while the device is busy, for a bounded time.
 * @drain: waits, for a bounded time, until everything is on the wire.
 *
 * The bootloader has set speed and clocks, and they stay.
 */
struct console_driver {
	void (*start)(const struct console_uart *uart);
	void (*put)(const struct console_uart *uart, char c);
	void (*drain)(const struct console_uart *uart);
};

/* A row of the table in boot/console_models.c: @shift and @width where the tree does not say. */
struct console_model {
	const char *compatible;
	const struct console_driver *driver;
	uint8_t shift;
	uint8_t width;
};

/* A device that stays busy must not stop the boot: about a hundred characters at 9600 baud. */
#define CONSOLE_PATIENCE 10000000u

extern const struct console_driver console_8250;
extern const struct console_driver console_cadence;
extern const struct console_driver console_imx;
extern const struct console_driver console_pl011;

/* The row of one compatible string, or NULL. */
const struct console_model *console_find(const char *compatible);

/* The sink of everything that boot/ prints. */
extern const struct fh_out console_out;

/* Use @uart, which is copied, and show what was kept. */
void console_start(const struct console_driver *driver, const struct console_uart *uart);

/*
 * From here on only the calling CPU prints, and each other one stops when it wants to; a line that
 * this CPU has not completed is ended. For the end of the run.
 */
void console_seize(void);

/* All that this CPU printed is out, or the device takes nothing any more. */
void console_flush(void);

#endif
