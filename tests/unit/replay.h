/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker of tools/replay, attached to a host test. The programs of iommu/ are linked with
 * tests/unit/replay.c, which stands between the tests and the engine (ld --wrap) and notes what
 * the trace does not show; a test need not know. A broken rule fails the test when the call that
 * broke it returns. FH_REPLAY=0 leaves it out; FH_REPLAY_SAVE=FILE keeps the trace for fh-replay.
 */
#ifndef FH_TESTS_UNIT_REPLAY_H
#define FH_TESTS_UNIT_REPLAY_H

#include "tools/replay/replay.h"

/* Pass an event on, changed or not, by replay_pass(), or swallow it. */
typedef void replay_filter(const struct host_event *event);

/**
 * replay_expect() - From here on the checker sees what @filter passes on, and fails no test.
 *
 * Starts afresh. @filter NULL: everything passes. Violations are counted by step.
 */
void replay_expect(replay_filter *filter);
void replay_pass(const struct host_event *event);

/* Violations since replay_expect(); the first one's step, REPLAY_OK for none. */
unsigned int replay_found(enum replay_step step);
enum replay_step replay_first(void);

/* Back to failing tests. */
void replay_expect_end(void);

/* What has been judged in this program so far. */
struct replay_counts replay_judged(void);

#endif
