/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: a table of drivers, the C library's stdout, and the text kept until one is
 * known.
 */
#include "boot/console.h"

#include <stdio.h>
#include <string.h>

#include "boot/exit.h"

static const struct console_driver *const drivers[] = {
	&console_pl011,
};

static const struct console_driver *console_driver;
static uintptr_t console_base;

/* Early text; what does not fit is dropped from the end, the first lines tell most. */
static char kept[8192];
static size_t kept_bytes;

static void console_put(char c)
{
	if (!console_driver) {
		if (kept_bytes < sizeof(kept) - 1)
			kept[kept_bytes++] = c;
		return;
	}
	if (c == '\n')
		console_driver->put(console_base, '\r');
	console_driver->put(console_base, c);
}

static void console_write(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		console_put(text[i]);
}

const struct fh_out console_out = { .write = console_write };

static int console_putc(char c, FILE *file)
{
	(void)file;
	console_put(c);
	return (unsigned char)c;
}

static FILE console_file = FDEV_SETUP_STREAM(console_putc, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &console_file;

const struct console_driver *console_find(const char *compatible)
{
	for (size_t i = 0; i < FH_ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i]->compatible, compatible) == 0)
			return drivers[i];
	return NULL;
}

void console_start(const struct console_driver *driver, uintptr_t base)
{
	console_driver = driver;
	console_base = base;
	console_write(NULL, kept, kept_bytes);
	kept_bytes = 0;
}

void console_flush(void)
{
	if (console_driver) {
		console_driver->drain(console_base);
	} else if (kept_bytes) {
		kept[kept_bytes] = '\0';
		kept_bytes = 0;
		semihosting_write(kept);
	}
}
