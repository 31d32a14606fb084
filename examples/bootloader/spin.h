/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that parked CPUs wait in; for assembly, too.
 *
 *   0     the loop (spin_loop.S)
 *   1024  release addresses: a word for each CPU, by its number
 *   3072  a word for each CPU that says it has come
 *
 * The first half is written by boot CPUs, through their caches; the second by the parked ones,
 * past them. No cache writes back more than 2 KiB at once, so neither overwrites the other.
 */
#ifndef FH_EXAMPLES_SPIN_H
#define FH_EXAMPLES_SPIN_H

#define HANDOVER_SPIN_RELEASE 1024
#define HANDOVER_SPIN_ARRIVED 3072

#endif
