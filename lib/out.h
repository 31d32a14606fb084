/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text goes. A function of the library that describes something writes to
 * a struct fh_out of the caller's (a console, a file, a buffer) and to nothing else.
 *
 * Context: any that the sink's @write may be called from; nothing is kept from call to call.
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

/**
 * fh_out_str() - Write a string.
 * @text: ends with a NUL; NULL writes "(none)".
 */
void fh_out_str(const struct fh_out *out, const char *text);
/**
 * fh_out_pad() - Write a string, then spaces up to a width.
 * @text: ends with a NUL; NULL writes "(none)".
 * @width: characters; a longer text is written whole.
 */
void fh_out_pad(const struct fh_out *out, const char *text, unsigned int width);
/**
 * fh_out_hex() - Write a number as "0x" and hexadecimal digits in lower case.
 * @value: all 64 bits.
 * @digits: least number of digits, filled with zeros on the left; more than 16 is 16.
 */
void fh_out_hex(const struct fh_out *out, uint64_t value, unsigned int digits);
/**
 * fh_out_dec() - Write a number in decimal.
 * @value: all 64 bits.
 * @width: least number of characters, padded with spaces on the left.
 */
void fh_out_dec(const struct fh_out *out, uint64_t value, unsigned int width);
/**
 * fh_out_size() - Write a size in the largest unit that divides it, up to TiB.
 * @bytes: the size: "64 KiB", "512 MiB", "3 bytes".
 * @width: least number of characters with the unit, padded with spaces on the left.
 */
void fh_out_size(const struct fh_out *out, uint64_t bytes, unsigned int width);

#endif
