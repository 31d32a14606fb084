/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache maintenance, recorded; the geometry is the test's to choose. */
#ifndef FH_ARCH_CACHE_H
#define FH_ARCH_CACHE_H

#include <string.h>

#include "arch/host/trace.h"

static inline size_t arch_cache_line_bytes(void)
{
	return host_cache_line;
}

static inline size_t arch_cache_writeback_granule(void)
{
	return host_cache_writeback_granule;
}

#define FH_ARCH_CACHE_OP(name, event)                                                              \
	static inline void arch_cache_##name(const void *start, size_t bytes)                      \
	{                                                                                          \
		host_record(&(struct host_event){                                                  \
		    .kind = (event), .address = (uintptr_t)start, .size = bytes });                \
	}

FH_ARCH_CACHE_OP(clean, HOST_CLEAN)
FH_ARCH_CACHE_OP(clean_invalidate, HOST_CLEAN_INVALIDATE)
FH_ARCH_CACHE_OP(invalidate, HOST_INVALIDATE)

static inline void arch_zero(void *start, size_t bytes)
{
	memset(start, 0, bytes);
	host_record(&(struct host_event){
	    .kind = HOST_NOTE_ZEROED, .address = (uintptr_t)start, .size = bytes });
}

#ifdef FH_TEST_HOOKS
#define arch_cache_clean(start, bytes) HOST_AT(cache_clean, start, bytes)
#define arch_cache_clean_invalidate(start, bytes) HOST_AT(cache_clean_invalidate, start, bytes)
#define arch_cache_invalidate(start, bytes) HOST_AT(cache_invalidate, start, bytes)
#endif

#endif
