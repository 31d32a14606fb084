/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every host test shares: cmocka, case names with dots, the filter FH_T,
 * random numbers with a printed seed (FH_SEED repeats a run), and control over the host's hooks.
 */
#ifndef FH_TESTS_UNIT_UNIT_H
#define FH_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/out.h"
#include "lib/types.h"

#if defined(FH_ANALYZE) || defined(__clang_analyzer__)
/* A failed assertion does not return, which cmocka's header does not say. */
_Noreturn void unit_over(void);
#undef assert_true
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef fail
#define assert_true(condition) ((condition) ? (void)0 : unit_over())
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_int_equal(a, b)                                                                     \
	assert_true(cast_to_largest_integral_type(a) == cast_to_largest_integral_type(b))
#define assert_int_not_equal(a, b)                                                                 \
	assert_true(cast_to_largest_integral_type(a) != cast_to_largest_integral_type(b))
#define fail() unit_over()
#endif

/* One case of a table; @name is `<component>.<topic>.<case>`. */
#define UNIT_TEST(name, function)                                                                  \
	{                                                                                          \
		(name), (function), NULL, NULL, NULL                                               \
	}

/* The program: all cases of the array @tests that FH_T selects. */
#define UNIT_MAIN(name, tests)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		unit_init();                                                                       \
		return cmocka_run_group_tests_name(name, tests, NULL, NULL);                       \
	}

/* Set the filter from FH_T: a pattern with * and ?, else the beginning of case names. */
void unit_init(void);

/* The seed of a random test, printed: FH_SEED, else another one each time. */
uint64_t unit_seed(const char *name);

/* The next random number; *@state is a seed first. */
uint64_t unit_random(uint64_t *state);

/* Memory for frames, zero, of which the host sets aside what is touched; a failed test without. */
void *unit_memory(size_t bytes);
void unit_memory_free(void *memory, size_t bytes);

/* A random number below @bound, which is not 0. */
static inline uint64_t unit_random_below(uint64_t *state, uint64_t bound)
{
	return unit_random(state) % bound;
}

/**
 * unit_abort_at() - Let fh_hook_read() meet an external abort.
 * @start: reads that touch [@start, @start + @bytes) copy what lies before, then give -EFAULT.
 * @bytes: 0 for no abort.
 */
void unit_abort_at(const void *start, size_t bytes);

/* Text written to a struct fh_out; always NUL-terminated. Too much fails the test. */
struct unit_text {
	char text[8192];
	size_t len;
};

/* A sink that appends to @text, which it empties first. */
struct fh_out unit_out(struct unit_text *text);

/* An action that succeeds. */
#define MUST(call) assert_int_equal((call), 0)

#endif
