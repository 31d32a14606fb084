/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzzing program holds once: the library's hooks, and how a broken promise ends. */
#ifndef FH_TESTS_FUZZ_FUZZ_H
#define FH_TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hooks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void fh_hook_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "fh: bug: %s:%d: %s\n", file, line, what);
	abort();
}

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fh_hook_bug(#condition, __FILE__, __LINE__);                               \
	} while (0)

int fh_hook_read(void *dst, const void *src, size_t bytes)
{
	memcpy(dst, src, bytes);
	return 0;
}

#endif
