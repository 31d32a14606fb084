/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bugs to order in what descriptors say: a bit of some of them is always 0, or always 1, in what
 * the engine stores.
 *
 *   FH_MUTANT=field:FORMAT:KIND:HIGH:GRANULE:BIT:VALUE
 *
 * FORMAT is s1, single (stage 1 with one privilege), s2 or uat; KIND link, leaf, page or block;
 * HIGH says where output bits from 48 up are: none, 64k or lpa2; HIGH and GRANULE may be *.
 */
#ifndef FH_TESTS_UNIT_MUTANT_H
#define FH_TESTS_UNIT_MUTANT_H

#include "iommu/pgtable.h"

/* What is stored from here on belongs to @table; NULL: to none. */
void mutant_table(const struct fh_pgtable *table);

#endif
