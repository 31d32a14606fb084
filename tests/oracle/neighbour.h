/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who works in what the firmware of firmware.h has lent, on one CPU or several, while that changes
 * its own: each has pages, blocks and a gigabyte to itself, and knows what every call must answer.
 */
#ifndef FH_TESTS_ORACLE_NEIGHBOUR_H
#define FH_TESTS_ORACLE_NEIGHBOUR_H

#include "iommu/adopt.h"
#include "tests/oracle/firmware.h"

#define NEIGHBOURS_MAX FIRMWARE_LENT_ROOTS

/**
 * struct neighbour - One of them.
 * @number, @count: which, of how many.
 * @wrong: the first thing that was, or NULL.
 * @no_memory: how often a call found none.
 */
struct neighbour {
	struct fh_pgtable *table;
	unsigned int number;
	unsigned int count;
	uint64_t seed;
	const char *wrong;
	uint64_t steps;
	uint64_t no_memory;
	bool mapped[2][FIRMWARE_ENTRIES];
	bool read_only[2][FIRMWARE_ENTRIES];
	bool block[FIRMWARE_LENT_MIDS]; /* something was left there */
};

/* A table has been adopted: nothing of ours is in it. */
void neighbour_begin(struct neighbour *n, struct fh_pgtable *table);

/* One step. Return: whether all was right; if not, @n->wrong says what was not. */
bool neighbour_step(struct neighbour *n);

/* What is lent, and the rest of a configuration and a hand-over; @config->frames is set. */
void neighbour_config(struct fh_pgtable_config *config);
struct fh_handover neighbour_handover(const struct firmware *fw);

/* Entries of the firmware's in the windows: what adoption warns of. */
unsigned int neighbour_warnings(const struct firmware *fw);

#endif
