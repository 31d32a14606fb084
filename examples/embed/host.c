/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware as a program of the host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <freehold/lib/hooks.h>

#include "embed.h"

void embed_write(const char *text, size_t len)
{
	fwrite(text, 1, len, stdout);
}

void fh_hook_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "embed: bug: %s:%d: %s\n", file, line, what);
	abort();
}

/* Memory of the host does not abort. */
int fh_hook_read(void *dst, const void *src, size_t bytes)
{
	memcpy(dst, src, bytes);
	return 0;
}

int main(void)
{
	void *memory = aligned_alloc(4096, EMBED_MEMORY);
	int err = memory ? embed_run(memory, 0x80000000) : 1;

	printf("embed: done: status %d\n", err);
	free(memory);
	return err != 0;
}
