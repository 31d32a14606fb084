/* SPDX-License-Identifier: BSD-2-Clause */
/* Text output for freestanding code: strings, numbers, sizes. */
#include "lib/out.h"

static void out_spaces(const struct fh_out *out, size_t have, unsigned int width)
{
	static const char spaces[] = "                ";

	while (have < width) {
		size_t n = width - have;

		if (n > sizeof(spaces) - 1)
			n = sizeof(spaces) - 1;
		out->write(out->ctx, spaces, n);
		have += n;
	}
}

static size_t out_strlen(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len++;
	return len;
}

void fh_out_str(const struct fh_out *out, const char *text)
{
	fh_out_pad(out, text, 0);
}

void fh_out_pad(const struct fh_out *out, const char *text, unsigned int width)
{
	size_t len;

	if (!text)
		text = "(none)";
	len = out_strlen(text);
	if (len)
		out->write(out->ctx, text, len);
	out_spaces(out, len, width);
}

void fh_out_hex(const struct fh_out *out, uint64_t value, unsigned int digits)
{
	char text[2 + 16];
	unsigned int at = sizeof(text);
	unsigned int count = 0;

	do {
		text[--at] = "0123456789abcdef"[value & 0xf];
		value >>= 4;
		count++;
	} while (value || (count < digits && count < 16));
	text[--at] = 'x';
	text[--at] = '0';
	out->write(out->ctx, text + at, sizeof(text) - at);
}

/* Decimal digits at the end of @text; the offset of the first is returned. */
static unsigned int decimal(uint64_t value, char text[20])
{
	unsigned int at = 20;

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return at;
}

void fh_out_dec(const struct fh_out *out, uint64_t value, unsigned int width)
{
	char text[20];
	unsigned int at = decimal(value, text);

	out_spaces(out, sizeof(text) - at, width);
	out->write(out->ctx, text + at, sizeof(text) - at);
}

void fh_out_size(const struct fh_out *out, uint64_t bytes, unsigned int width)
{
	static const char *const unit[] = { " bytes", " KiB", " MiB", " GiB", " TiB" };
	unsigned int i = 0;
	char text[20];
	unsigned int at;

	while (i + 1 < FH_ARRAY_SIZE(unit) && bytes && fh_is_aligned(bytes, 1024)) {
		bytes /= 1024;
		i++;
	}
	at = decimal(bytes, text);
	out_spaces(out, sizeof(text) - at + out_strlen(unit[i]), width);
	out->write(out->ctx, text + at, sizeof(text) - at);
	fh_out_str(out, unit[i]);
}
