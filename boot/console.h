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
 * struct console_driver - One kind of UART; a row of the table in boot/console.c.
 * @compatible: as in the device tree.
 * @put: sends one byte, waiting while the device is busy, for a bounded time.
 * @drain: waits, for a bounded time, until everything is on the wire.
 *
 * The bootloader has set speed and clocks, and they stay.
 */
struct console_driver {
	const char *compatible;
	void (*put)(uintptr_t base, char c);
	void (*drain)(uintptr_t base);
};

extern const struct console_driver console_pl011;

/* The sink of everything that boot/ prints. */
extern const struct fh_out console_out;

/* The driver for one compatible string, or NULL. */
const struct console_driver *console_find(const char *compatible);

/* Use it, and show what was kept. @base: where its registers are mapped, as device memory. */
void console_start(const struct console_driver *driver, uintptr_t base);

/*
 * From here on only the calling CPU prints, and each other one stops when it wants to; a line that
 * this CPU has not completed is ended. For the end of the run.
 */
void console_seize(void);

/* All that this CPU printed is out, or the device takes nothing any more. */
void console_flush(void);

#endif
