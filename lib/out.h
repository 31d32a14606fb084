/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text goes. A function of the library that describes something writes to
 * a struct out of the caller's (a console, a file, a buffer) and to nothing else.
 */
#ifndef FH_LIB_OUT_H
#define FH_LIB_OUT_H

#include "lib/types.h"

/**
 * struct fh_out - A sink for text.
 * @write: takes @len bytes at @text, which need no NUL; it may be called with any length,
 *         also in the middle of a line. It may be called from an exception handler if the
 *         describing function is.
 * @ctx: for @write.
 */
struct fh_out {
	void (*write)(void *ctx, const char *text, size_t len);
	void *ctx;
};

/* A NUL-terminated string; NULL writes "(none)". */
void fh_out_str(const struct fh_out *out, const char *text);
/* @text, then spaces up to @width characters. */
void fh_out_pad(const struct fh_out *out, const char *text, unsigned int width);
/* "0x" and at least @digits hexadecimal digits (0 to 16). */
void fh_out_hex(const struct fh_out *out, uint64_t value, unsigned int digits);
/* Decimal, at least @width characters wide (0 to 20), padded with spaces on the left. */
void fh_out_dec(const struct fh_out *out, uint64_t value, unsigned int width);
/* Bytes in the largest unit that divides them: "64 KiB", "512 MiB", "3 bytes"; @width as above. */
void fh_out_size(const struct fh_out *out, uint64_t bytes, unsigned int width);

#endif
