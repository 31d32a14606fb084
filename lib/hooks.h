/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an integrator of libfreehold.a must link, beside memcpy, memset and memcmp.
 * Nothing else is expected from the program around the library.
 */
#ifndef FH_LIB_HOOKS_H
#define FH_LIB_HOOKS_H

#include "lib/types.h"

/**
 * fh_hook_bug() - An invariant of the library itself is broken.
 * @what: the invariant, as text.
 * @file: source file.
 * @line: line in it.
 *
 * Never called for bad input or exhaustion. Must not return. The integrator defines it.
 * Context: any, locks may be held.
 */
_Noreturn void fh_hook_bug(const char *what, const char *file, int line);

/**
 * fh_hook_read() - Read memory that may answer with a synchronous external abort.
 * @dst: @bytes of storage.
 * @src: readable mapping of borrowed memory.
 * @bytes: how many, at least 1.
 *
 * Eight-byte aligned words must be read by single loads (they are tear-free then). The integrator
 * defines it; fh_page_read() and fh_page_copy() call it.
 * Return: 0, or -EFAULT when the memory faulted; @dst then holds what was read before.
 * Context: any CPU; the exception is taken on the calling one.
 */
int fh_hook_read(void *dst, const void *src, size_t bytes);

/* fh_hook_bug() when @condition holds: an invariant of the library's own. */
#define FH_BUG_ON(condition)                                                                       \
	do {                                                                                       \
		if (__builtin_expect(!!(condition), 0))                                            \
			fh_hook_bug(#condition, __FILE__, __LINE__);                               \
	} while (0)

#endif
