/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the snippets have at hand: one value of each type, and what takes one of it. A snippet is
 * wrong in one line, which ends in a comment with the kind of the message and a pattern of its
 * text, or right with -DRIGHT. Nothing here is ever linked.
 */
#ifndef FH_TESTS_BUILD_TYPES_SNIPPET_H
#define FH_TESTS_BUILD_TYPES_SNIPPET_H

#include "mm/addr.h"

extern fh_phys_addr_t pa;
extern fh_dma_addr_t iova;
extern fh_pfn_t pfn;
extern fh_resource_size_t size;
extern uint64_t integer;

bool takes_pa(fh_phys_addr_t value);
bool takes_iova(fh_dma_addr_t value);
bool takes_pfn(fh_pfn_t value);
bool takes_size(fh_resource_size_t value);
bool takes_integer(uint64_t value);

bool snippet(void);

#endif
