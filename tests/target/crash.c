/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that nobody expects: each must end in registers, a backtrace, and a failing status. */
#include "tests/target/crash.h"

#include <string.h>

#include "lib/hooks.h"

static void crash_read(void)
{
	/* Above any RAM and below 2^48: never mapped. */
	(void)*(volatile uint64_t *)UINT64_C(0x7ffffffff000);
}

/* A frame larger than the next one's share of the stack, over and over. */
static unsigned int __attribute__((noinline)) crash_deeper(unsigned int depth)
{
	volatile unsigned char frame[256];

	frame[0] = (unsigned char)depth;
	if (depth == UINT32_MAX)
		return 0;
	return crash_deeper(depth + 1) + frame[0];
}

static void __attribute__((noinline)) crash_fill(volatile unsigned char *at, unsigned int bytes)
{
	while (bytes--)
		*at++ = 0x5a;
}

/* Over the guard, and not as far as the frame above. */
static void __attribute__((noinline)) crash_smash(void)
{
	volatile unsigned char buffer[16];

	crash_fill(buffer, 24);
}

static void crash_bug(void)
{
	volatile bool broken = true;

	FH_BUG_ON(broken);
}

bool crash(const char *how)
{
	if (strcmp(how, "crash-read") == 0)
		crash_read();
	else if (strcmp(how, "crash-stack") == 0)
		(void)crash_deeper(0);
	else if (strcmp(how, "crash-smash") == 0)
		crash_smash();
	else if (strcmp(how, "crash-bug") == 0)
		crash_bug();
	else
		return false;
	return true;
}
