/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware on QEMU's virt machine, by its own first instructions: no boot code of Freehold,
 * no C library. It runs with the MMU off, which QEMU lets atomics do; on silicon turn it on first
 * (exclusives need Normal memory: Arm ARM DDI 0487, B2.12).
 */
#include <freehold/lib/hooks.h>

#include "embed.h"

#define UART (*(volatile uint32_t *)0x9000000)

unsigned long __stack_chk_guard = 0x5bd1e995;

static unsigned char memory[EMBED_MEMORY] __attribute__((aligned(4096)));

void embed_write(const char *text, size_t len)
{
	while (len--)
		UART = (unsigned char)*text++;
}

/* Semihosting SYS_EXIT: ADP_Stopped_ApplicationExit and a status. */
static _Noreturn void leave(unsigned long status)
{
	const unsigned long block[2] = { 0x20026, status };
	register unsigned long operation __asm__("x0") = 0x18;
	register const unsigned long *argument __asm__("x1") = block;

	for (;;)
		__asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
}

void __stack_chk_fail(void)
{
	leave(3);
}

void fh_hook_bug(const char *what, const char *file, int line)
{
	(void)file;
	(void)line;
	while (*what)
		embed_write(what++, 1);
	leave(2);
}

/* A firmware with exception vectors returns -EFAULT when this aborts. */
int fh_hook_read(void *dst, const void *src, size_t bytes)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	while (bytes) {
		if (bytes >= 8 && ((uintptr_t)to | (uintptr_t)from) % 8 == 0) {
			*(uint64_t *)(void *)to = *(const volatile uint64_t *)(const void *)from;
			to += 8;
			from += 8;
			bytes -= 8;
		} else {
			*to++ = *from++;
			bytes--;
		}
	}
	return 0;
}

void *memcpy(void *dst, const void *src, size_t count)
{
	char *to = dst;

	for (const char *from = src; count--;)
		*to++ = *from++;
	return dst;
}

void *memset(void *dst, int value, size_t count)
{
	for (char *to = dst; count--;)
		*to++ = (char)value;
	return dst;
}

_Noreturn void embed_main(void);
_Noreturn void embed_main(void)
{
	static const char done[] = "embed: done: status 0\n";
	int err = embed_run(memory, (uintptr_t)memory);

	if (!err)
		embed_write(done, sizeof(done) - 1);
	leave(err ? 1 : 0);
}

__asm__(".section .text.start, \"ax\"\n"
	".global embed_start\n"
	"embed_start:\n"
	"	adrp	x0, embed_stack_end\n"
	"	add	sp, x0, :lo12:embed_stack_end\n"
	"	b	embed_main\n"
	".bss\n"
	".balign 16\n"
	"	.space	16384\n"
	"embed_stack_end:\n"
	".text\n");
