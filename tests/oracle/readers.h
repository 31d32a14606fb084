/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random trees that the engine builds, and two of their readers set beside each other: the engine's
 * lookup and the strict walker. For the host and the target; the CPU is the target's third.
 */
#ifndef FH_TESTS_ORACLE_READERS_H
#define FH_TESTS_ORACLE_READERS_H

#include "iommu/pgtable.h"
#include "tests/oracle/walker.h"

#define READERS_POINTS 64u
#define READERS_PLACES 4u

/**
 * struct readers - One table, and who reads it.
 * @table: the caller's, initialised.
 * @strict: the strict walker, on the same table.
 * @random: state of the random numbers.
 * @point: ends of ranges that were changed, the last ones.
 * @place: parts of the input space in which most happens, so that operations meet.
 * @no_access_flag: no leaf with a clear access flag.
 * @ram, @ram_lg2: map nothing but this memory, 2^@ram_lg2 bytes at a multiple of so many; with
 *                 @ram_lg2 0 anything within the output size but RAM.
 * @translations, @faults, @done: addresses compared, and operations that succeeded.
 */
struct readers {
	struct fh_pgtable *table;
	struct oracle_config strict;
	uint64_t random;
	uint64_t point[READERS_POINTS];
	unsigned int points;
	uint64_t place[READERS_PLACES];
	bool no_access_flag;
	uint64_t ram;
	unsigned int ram_lg2;
	uint64_t translations;
	uint64_t faults;
	uint64_t done;
};

/* What two readers do not agree on. */
struct readers_wrong {
	const char *what; /* NULL: they agree */
	uint64_t at;
};

/* The registers that make a walker read @config's tables; @start_level as the shape has it. */
struct oracle_config readers_strict(const struct fh_pgtable_config *config, int start_level);

/* The shape of @config's tables. Return: as fh_shape_init(). */
FH_MUST_CHECK int readers_shape_of(const struct fh_pgtable_config *config, struct fh_shape *shape);

/**
 * readers_shape() - Another legal format, granule and sizes in @config.
 * @config: format, regime, granule, lpa2, mair and oas are given and stay.
 *
 * Sets ias, concat_lg2, share and contiguous.
 */
void readers_shape(uint64_t *random, struct fh_pgtable_config *config, unsigned int ias_least,
		   unsigned int ias_most);

/**
 * readers_init() - Look at @table, which is empty, from @seed on.
 * @xnx: the CPU has FEAT_XNX.
 */
void readers_init(struct readers *r, struct fh_pgtable *table, uint64_t seed, bool xnx);

/**
 * readers_grow() - So many random operations: map, map_list, unmap, protect, trim.
 *
 * After each one what it asked for is there.
 */
struct readers_wrong readers_grow(struct readers *r, unsigned int operations);

/* An address: at an edge, near what was mapped, or anywhere. */
uint64_t readers_address(struct readers *r);

/* Lookup and strict walker on one address; @verdict gets the latter's. */
struct readers_wrong readers_compare(struct readers *r, uint64_t va,
				     struct oracle_verdict *verdict);

/* The whole tree, by the strict walker. */
struct readers_wrong readers_check(const struct readers *r);

#endif
