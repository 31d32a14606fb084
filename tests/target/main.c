/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test image: runs the suites whose names fh.test= selects (a prefix of a case, or all),
 * or with fh.run=crash-… provokes an exception that nobody expects.
 */
#include <stdio.h>
#include <string.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/exit.h"
#include "boot/smp.h"
#include "tests/target/crash.h"
#include "tests/target/harness.h"

extern const struct test_suite *const suites_start[];
extern const struct test_suite *const suites_end[];

void test_fail(struct test *test, const char *file, int line, const char *text)
{
	printf("    # %s:%d: %s does not hold\n", file, line, text);
	test->failed = true;
}

void test_fail_equal(struct test *test, const char *file, int line, const char *text, uint64_t have,
		     uint64_t want)
{
	printf("    # %s:%d: %s: %#llx, expected %#llx\n", file, line, text,
	       (unsigned long long)have, (unsigned long long)want);
	test->failed = true;
}

/* Does the filter select this case? "mm", "mm.page" and "mm.page.alloc" all select mm.page.alloc.
 */
static bool selected(const struct test_suite *suite, const struct test_case *test_case,
		     const char *filter)
{
	char name[96];
	size_t bytes = strlen(filter);

	snprintf(name, sizeof(name), "%s.%s", suite->name, test_case->name);
	return strncmp(name, filter, bytes) == 0;
}

static size_t count_selected(const struct test_suite *suite, const char *filter)
{
	size_t count = 0;

	for (size_t i = 0; i < suite->count; i++)
		count += selected(suite, &suite->cases[i], filter);
	return count;
}

static bool run_case(struct machine *machine, const struct test_suite *suite,
		     const struct test_case *test_case, size_t number)
{
	struct test test = { .machine = machine };

	test_case->run(&test);
	printf("    %s %zu %s.%s%s%s\n", test.failed ? "not ok" : "ok", number, suite->name,
	       test_case->name, test.skipped ? " # SKIP " : "", test.skipped ? test.skipped : "");
	return !test.failed;
}

static bool run_suite(struct machine *machine, const struct test_suite *suite, const char *filter)
{
	size_t number = 0;
	bool good = true;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%zu\n", suite->name,
	       count_selected(suite, filter));
	for (size_t i = 0; i < suite->count; i++)
		if (selected(suite, &suite->cases[i], filter))
			good &= run_case(machine, suite, &suite->cases[i], ++number);
	return good;
}

static int run_suites(struct machine *machine, const char *filter)
{
	size_t count = 0;
	size_t number = 0;
	bool good = true;

	for (const struct test_suite *const *s = suites_start; s < suites_end; s++)
		count += count_selected(*s, filter) != 0;
	printf("KTAP version 1\n1..%zu\n", count);
	for (const struct test_suite *const *s = suites_start; s < suites_end; s++) {
		bool suite_good;

		if (!count_selected(*s, filter))
			continue;
		suite_good = run_suite(machine, *s, filter);
		printf("%s %zu %s\n", suite_good ? "ok" : "not ok", ++number, (*s)->name);
		good &= suite_good;
	}
	if (!count)
		printf("Bail out! fh.test=%s selects no test\n", filter);
	return good && count ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

int freehold_main(struct machine *machine)
{
	static const char *const known[] = { "run", "test", "cpus", "late", "storm", "readers" };
	char filter[96] = "";
	char run[32] = "test";

	smp_start(machine);
	bootargs_check(machine->args, known, FH_ARRAY_SIZE(known), &console_out);
	(void)bootargs_get(machine->args, "test", filter, sizeof(filter));
	(void)bootargs_get(machine->args, "run", run, sizeof(run));
	if (strcmp(run, "test") == 0)
		return run_suites(machine, filter);
	if (crash(run))
		return EXIT_STATUS_OK;
	printf("fh: test: fh.run: %s: neither test nor a crash- of tests/target/crash.h (EINVAL)\n",
	       run);
	return EXIT_STATUS_REFUSED;
}
