/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stage that hands over whatever it likes: examples/bootloader with tables and windows that are
 * random, and in half of all runs wrong. fh.hostile-seed=<number> says which.
 */
#ifndef FH_TESTS_HOSTILE_H
#define FH_TESTS_HOSTILE_H

#include "boot/start.h"
#include "examples/bootloader/handover.h"

#define HOSTILE_TABLE_ORDER 4
#define HOSTILE_WINDOWS 9 /* one more than there may be */

/**
 * struct hostile - What is handed over beside struct handover, all of it random.
 * @nomap, @nobody: a page that the tree declares no-map, and one that it does not speak of.
 */
struct hostile {
	uint64_t seed;
	uint64_t random;
	uint64_t nomap;
	uint64_t nobody;
	unsigned int input_bits;
	bool coherent;
	struct handover_window window[HOSTILE_WINDOWS];
	unsigned int windows;
};

extern struct hostile hostile;

/* Random windows, near the addresses at @spot. */
void hostile_choose_windows(const uint64_t *spot, unsigned int spots);

/* One of the windows becomes one that must be refused. */
void hostile_spoil_windows(void);

#endif
