/* SPDX-License-Identifier: BSD-2-Clause */
/* Parsing of `fh.<key>=<value>` words. */
#include "boot/bootargs.h"

#include <string.h>

struct word {
	const char *key; /* after "fh." */
	size_t key_bytes;
	const char *value;
	size_t value_bytes;
};

/* The next of our words at or after *@at; false at the end of the line. */
static bool next_word(const char **at, struct word *word)
{
	for (;;) {
		const char *start = *at + strspn(*at, " \t\n");
		size_t bytes = strcspn(start, " \t\n");
		const char *equals;

		if (bytes == 0)
			return false;
		*at = start + bytes;
		if (bytes < 3 || memcmp(start, "fh.", 3) != 0)
			continue;
		word->key = start + 3;
		equals = memchr(word->key, '=', bytes - 3);
		word->key_bytes = equals ? (size_t)(equals - word->key) : bytes - 3;
		word->value = equals ? equals + 1 : start + bytes;
		word->value_bytes = (size_t)(start + bytes - word->value);
		return true;
	}
}

static bool is_key(const struct word *word, const char *key)
{
	return strlen(key) == word->key_bytes && memcmp(key, word->key, word->key_bytes) == 0;
}

bool bootargs_get(const char *args, const char *key, char *value, size_t bytes)
{
	bool found = false;
	struct word word;

	while (next_word(&args, &word)) {
		if (!is_key(&word, key) || word.value_bytes >= bytes)
			continue;
		memcpy(value, word.value, word.value_bytes);
		value[word.value_bytes] = '\0';
		found = true;
	}
	return found;
}

unsigned int bootargs_check(const char *args, const char *const *known, size_t count,
			    const struct fh_out *log)
{
	unsigned int unknown = 0;
	struct word word;

	while (next_word(&args, &word)) {
		size_t i = 0;

		while (i < count && !is_key(&word, known[i]))
			i++;
		if (i < count)
			continue;
		fh_out_str(log, "fh: bootargs: warning: fh.");
		log->write(log->ctx, word.key, word.key_bytes);
		fh_out_str(log, ": ");
		log->write(log->ctx, word.value, word.value_bytes);
		fh_out_str(log, ": unknown key, ignored\n");
		unknown++;
	}
	return unknown;
}
