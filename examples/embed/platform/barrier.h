/* SPDX-License-Identifier: BSD-2-Clause */
/* What orders stores to a table before its walker, or a TLB invalidation, comes to see them. */
#ifndef FH_ARCH_BARRIER_H
#define FH_ARCH_BARRIER_H

#ifdef __aarch64__
#define EMBED_BARRIER(name, text)                                                                  \
	static inline void arch_##name(void)                                                       \
	{                                                                                          \
		__asm__ volatile(text ::: "memory");                                               \
	}
#else
#define EMBED_BARRIER(name, text)                                                                  \
	static inline void arch_##name(void)                                                       \
	{                                                                                          \
		__atomic_thread_fence(__ATOMIC_SEQ_CST);                                           \
	}
#endif

EMBED_BARRIER(dsb_ishst, "dsb ishst")
EMBED_BARRIER(dsb_ish, "dsb ish")
EMBED_BARRIER(dsb_st, "dsb st")
EMBED_BARRIER(dsb_sy, "dsb sy")
EMBED_BARRIER(dmb_ishst, "dmb ishst")
EMBED_BARRIER(isb, "isb")

#endif
