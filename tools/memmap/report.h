/* SPDX-License-Identifier: BSD-2-Clause */
/* What fh-memmap found out about one file, and its two forms: a table and a line of JSON. */
#ifndef FH_TOOLS_MEMMAP_REPORT_H
#define FH_TOOLS_MEMMAP_REPORT_H

#include "boot/devtree.h"

/* Text that grows. */
struct text {
	char *at;
	size_t len;
	size_t room;
};

/* A struct devtree_dynamic whose path is kept. */
struct request {
	char *path;
	uint64_t base;
	uint64_t size;
	bool placed;
};

/**
 * struct report - One file.
 * @map: resolved when @error is NULL.
 * @warnings: lines.
 * @error: one line without its end; NULL when the tree was accepted.
 */
struct report {
	const char *file;
	struct fh_memmap map;
	struct request *request;
	size_t request_count;
	struct text warnings;
	char *error;
};

/* Storage that is there, or the program ends with a line. */
void *must_alloc(size_t bytes);
void *must_grow(void *old, size_t bytes);

void text_add(struct text *text, const char *more, size_t len);

/* Warnings go to stderr already; here ranges, requests and the error. */
void report_table(const struct report *report);

/* One object on one line. */
void report_json(const struct report *report);

#endif
