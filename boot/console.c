/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: the C library's stdout, the UART that it goes to, and the text kept until one is
 * known.
 *
 *   printf, console_out  ->  line of the CPU  ->  lock  ->  driver, or kept text
 */
#include "boot/console.h"

#include <stdio.h>
#include <string.h>

#include "boot/exit.h"
#include "boot/percpu.h"

static const struct console_driver *console_driver;
static struct console_uart console_uart;

/* Early text; what does not fit is dropped from the end, the first lines tell most. */
static char kept[8192];
static size_t kept_bytes;

/* Whose turn it is to print, and who wants to be the only one: cpu_id() + 1, or 0. */
static _Atomic(uint32_t) console_owner;
static _Atomic(uint32_t) console_seized_by;

/* How often a CPU that ends the run asks: some seconds, more than any line takes. */
#define SEIZE_PATIENCE 100000000u

static bool try_lock(uint32_t self)
{
	uint32_t nobody = 0;
	uint32_t seized_by = atomic_load_explicit(&console_seized_by, memory_order_relaxed);

	return (seized_by == 0 || seized_by == self) &&
	       atomic_load_explicit(&console_owner, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong_explicit(&console_owner, &nobody, self,
						       memory_order_acquire, memory_order_relaxed);
}

/* Send what this CPU has of a line. */
static void put_line(struct percpu *cpu)
{
	size_t bytes = cpu->line_bytes;

	/* First, so that a panic amid this finds an empty line. */
	cpu->line_bytes = 0;
	for (size_t i = 0; i < bytes; i++) {
		char c = cpu->line[i];

		if (console_driver) {
			if (c == '\n')
				console_driver->put(&console_uart, '\r');
			console_driver->put(&console_uart, c);
		} else if (kept_bytes < sizeof(kept) - 1) {
			kept[kept_bytes++] = c;
		}
	}
}

static void put_line_locked(struct percpu *cpu)
{
	uint32_t self = cpu_id() + 1;

	/* Alone, or in a panic that came while this CPU was printing, or seized. */
	if (!percpu_shared || atomic_load_explicit(&console_owner, memory_order_relaxed) == self) {
		put_line(cpu);
		return;
	}
	while (!try_lock(self)) {
		if (atomic_load_explicit(&console_seized_by, memory_order_relaxed))
			percpu_halt();
		arch_cpu_relax();
	}
	put_line(cpu);
	atomic_store_explicit(&console_owner, 0, memory_order_release);
}

static void console_put(char c)
{
	struct percpu *cpu = percpu_self();

	cpu->line[cpu->line_bytes++] = c;
	if (c == '\n' || cpu->line_bytes == sizeof(cpu->line))
		put_line_locked(cpu);
}

void console_seize(void)
{
	uint32_t self = cpu_id() + 1;

	/* Else a CPU that prints without end could keep us waiting. */
	atomic_store_explicit(&console_seized_by, self, memory_order_relaxed);
	for (uint32_t i = 0; percpu_shared && i < SEIZE_PATIENCE; i++) {
		if (atomic_load_explicit(&console_owner, memory_order_relaxed) == self ||
		    try_lock(self))
			break;
		arch_cpu_relax();
	}
	/* Whoever still has it will not come back. It is never given back now. */
	atomic_store_explicit(&console_owner, self, memory_order_relaxed);
	if (percpu_self()->line_bytes)
		console_put('\n');
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

void console_start(const struct console_driver *driver, const struct console_uart *uart)
{
	size_t bytes = kept_bytes;

	if (driver->start)
		driver->start(uart);
	console_driver = driver;
	console_uart = *uart;
	kept_bytes = 0;
	console_write(NULL, kept, bytes);
}

void console_flush(void)
{
	put_line_locked(percpu_self());
	if (console_driver) {
		console_driver->drain(&console_uart);
	} else if (kept_bytes) {
		kept[kept_bytes] = '\0';
		kept_bytes = 0;
		semihosting_write(kept);
	}
}
