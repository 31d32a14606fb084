/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware that is not Freehold's, with Freehold's library in it. embed.c is the firmware;
 * host.c and target.c are what is around it: memory, a place for text, an end.
 */
#ifndef EMBED_H
#define EMBED_H

#include <stddef.h>
#include <stdint.h>

#define EMBED_MEMORY (4u << 20)

/* Text for the user. */
void embed_write(const char *text, size_t len);

/**
 * embed_run() - Own frames, give them away, map them for a device, and account for all of them.
 * @memory: EMBED_MEMORY bytes, aligned to 4 KiB, where the program can reach them.
 * @base: their physical address.
 * Return: 0 or a negative errno.
 */
int embed_run(void *memory, uint64_t base);

#endif
