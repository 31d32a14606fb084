/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways to end the test image that the host must see as failures. */
#ifndef FH_TESTS_TARGET_CRASH_H
#define FH_TESTS_TARGET_CRASH_H

#include "lib/types.h"

/**
 * crash() - Provoke what @how names.
 * @how: "crash-read", "crash-stack", "crash-smash", "crash-bug"; on the last CPU "crash-secondary",
 *	 "crash-secondary-stack", "crash-secondary-bug"; on all CPUs at once "crash-all"; on one
 *	 while the others print "crash-amid".
 *
 * Return: false when there is no such way. It returns true only if nothing happened.
 */
bool crash(const char *how);

#endif
