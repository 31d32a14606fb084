/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No CPU of this platform walks the tables of the library, so fh_tlb_cpu_ops is not for it: tables
 * are invalidated by the device's own operations (embed.c).
 */
#ifndef FH_ARCH_SYSREG_H
#define FH_ARCH_SYSREG_H

#include "lib/hooks.h"
#include "lib/types.h"

static inline bool arch_has_tlbi_range(void)
{
	return false;
}

#define EMBED_NO_TLBI(name)                                                                        \
	static inline void arch_tlbi_##name(uint64_t operand)                                      \
	{                                                                                          \
		(void)operand;                                                                     \
		fh_hook_bug("tlbi " #name, __FILE__, __LINE__);                                    \
	}

#define EMBED_NO_TLBI_ALL(name)                                                                    \
	static inline void arch_tlbi_##name(void)                                                  \
	{                                                                                          \
		fh_hook_bug("tlbi " #name, __FILE__, __LINE__);                                    \
	}

EMBED_NO_TLBI(vae1is)
EMBED_NO_TLBI(vale1is)
EMBED_NO_TLBI(aside1is)
EMBED_NO_TLBI(vae2is)
EMBED_NO_TLBI(vale2is)
EMBED_NO_TLBI(vae3is)
EMBED_NO_TLBI(vale3is)
EMBED_NO_TLBI(ipas2e1is)
EMBED_NO_TLBI(ipas2le1is)
EMBED_NO_TLBI(rvae1is)
EMBED_NO_TLBI(rvale1is)
EMBED_NO_TLBI(rvae2is)
EMBED_NO_TLBI(rvale2is)
EMBED_NO_TLBI(rvae3is)
EMBED_NO_TLBI(rvale3is)
EMBED_NO_TLBI(ripas2e1is)
EMBED_NO_TLBI(ripas2le1is)
EMBED_NO_TLBI_ALL(vmalls12e1is)
EMBED_NO_TLBI_ALL(vmalle1is)
EMBED_NO_TLBI_ALL(alle2is)
EMBED_NO_TLBI_ALL(alle3is)

#endif
