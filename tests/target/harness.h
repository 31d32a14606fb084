/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test suites that run on the machine. A file declares its cases and one SUITE(); the
 * linker collects suites, the image runs them and prints KTAP:
 *
 *   KTAP version 1
 *   1..1
 *       KTAP version 1
 *       # Subtest: boot.trap
 *       1..2
 *       ok 1 boot.trap.undefined
 *       ok 2 boot.trap.write_to_text # SKIP reason
 *   ok 1 boot.trap
 */
#ifndef FH_TESTS_TARGET_HARNESS_H
#define FH_TESTS_TARGET_HARNESS_H

#include "boot/start.h"

/* One run of one case. A case ends at its first failure or skip. */
struct test {
	struct machine *machine;
	const char *skipped; /* the reason */
	bool failed;
};

struct test_case {
	const char *name; /* after the suite's */
	void (*run)(struct test *test);
};

struct test_suite {
	const char *name;
	const struct test_case *cases;
	size_t count;
};

#define SUITE(id, suite_name, suite_cases)                                                         \
	const struct test_suite *const id##_suite __attribute__((used, section(".suites"))) =      \
	    &(const struct test_suite)                                                             \
	{                                                                                          \
		suite_name, suite_cases, FH_ARRAY_SIZE(suite_cases)                                \
	}

/* Prints where and what; marks the test as failed. */
void test_fail(struct test *test, const char *file, int line, const char *text);
void test_fail_equal(struct test *test, const char *file, int line, const char *text, uint64_t have,
		     uint64_t want);

/*
 * What a case that fails still owns is not given back. For an analyzer (gcc has no macro of its
 * own) it ends there, or each EXPECT() were a leak.
 */
#if defined(FH_ANALYZE) || defined(__clang_analyzer__)
_Noreturn void test_over(void);
#else
static inline void test_over(void)
{
}
#endif

/* The same handle as another one in the eyes of the compiler, for cases that use it once more. */
static inline struct fh_page *test_twin(struct fh_page *page)
{
	struct fh_page *twin;

	__asm__("" : "=r"(twin) : "0"(page));
	return twin;
}

#define EXPECT(test, condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			test_fail(test, __FILE__, __LINE__, #condition);                           \
			test_over();                                                               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define EXPECT_EQUAL(test, have, want)                                                             \
	do {                                                                                       \
		uint64_t have_ = (uint64_t)(have);                                                 \
		uint64_t want_ = (uint64_t)(want);                                                 \
                                                                                                   \
		if (have_ != want_) {                                                              \
			test_fail_equal(test, __FILE__, __LINE__, #have " == " #want, have_,       \
					want_);                                                    \
			test_over();                                                               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define SKIP(test, reason)                                                                         \
	do {                                                                                       \
		(test)->skipped = reason;                                                          \
		return;                                                                            \
	} while (0)

#endif
