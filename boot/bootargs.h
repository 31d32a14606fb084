/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options at run time: words `fh.<key>=<value>` of /chosen/bootargs. Other words are
 * somebody else's and are ignored.
 */
#ifndef FH_BOOT_BOOTARGS_H
#define FH_BOOT_BOOTARGS_H

#include "lib/out.h"
#include "lib/types.h"

/**
 * bootargs_get() - The value of one key.
 * @args: the whole line.
 * @key: without "fh.".
 * @value: gets the NUL-terminated value; unchanged when there is none.
 * @bytes: size of @value; a longer value counts as absent.
 *
 * Of several the last one counts. Return: true when the key is there.
 */
bool bootargs_get(const char *args, const char *key, char *value, size_t bytes);

/**
 * bootargs_check() - Warn of keys that nobody knows.
 * @known: @count keys without "fh.".
 * @log: gets a line for each unknown one.
 *
 * Return: how many were unknown.
 */
unsigned int bootargs_check(const char *args, const char *const *known, size_t count,
			    const struct fh_out *log);

#endif
