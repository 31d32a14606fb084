/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walkers of this platform read through its caches, so there is nothing to clean; every table
 * is configured with coherent = true.
 */
#ifndef FH_ARCH_CACHE_H
#define FH_ARCH_CACHE_H

#include <string.h>

#include "lib/types.h"

static inline size_t arch_cache_line_bytes(void)
{
	return 64;
}

static inline size_t arch_cache_writeback_granule(void)
{
	return 64;
}

static inline void arch_cache_clean(const void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}

static inline void arch_cache_clean_invalidate(const void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}

static inline void arch_cache_invalidate(const void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}

static inline void arch_zero(void *start, size_t bytes)
{
	memset(start, 0, bytes);
}

#endif
