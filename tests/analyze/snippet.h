/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the snippets have at hand. A bad_*.c names at its head what gcc and clang must find in it,
 * and they find nothing else; in an ok_*.c they find nothing. Nothing here is ever linked.
 */
#ifndef FH_TESTS_ANALYZE_SNIPPET_H
#define FH_TESTS_ANALYZE_SNIPPET_H

#include "lib/error.h"
#include "mm/page.h"

/* Of a C library, so that the compilers know them. */
void *malloc(size_t bytes);
void free(void *memory);

int snippet(struct fh_frames *frames);
bool somehow(void);
void look_at(const struct fh_page *page);

#endif
