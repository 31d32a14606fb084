/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of /chosen/bootargs. */
#include "boot/bootargs.h"

#include <string.h>

#include "tests/unit/unit.h"

static void get(void **state)
{
	char value[8] = "before";

	(void)state;
	assert_false(bootargs_get("", "run", value, sizeof(value)));
	assert_false(
	    bootargs_get("run=main xfh.run=a fh.runs=b fh.ru=c", "run", value, sizeof(value)));
	assert_string_equal(value, "before");
	assert_true(bootargs_get("quiet fh.run=main fh.x", "run", value, sizeof(value)));
	assert_string_equal(value, "main");
	/* The last one counts; a value that is too long does not. */
	assert_true(
	    bootargs_get("fh.run=a\tfh.run=b fh.run=12345678", "run", value, sizeof(value)));
	assert_string_equal(value, "b");
	assert_true(bootargs_get("fh.run=1234567", "run", value, sizeof(value)));
	assert_string_equal(value, "1234567");
	assert_true(bootargs_get("fh.run", "run", value, sizeof(value)));
	assert_string_equal(value, "");
}

static void unknown(void **state)
{
	static const char *const known[] = { "run", "test" };
	struct unit_text text;
	struct fh_out out = unit_out(&text);

	(void)state;
	assert_int_equal(bootargs_check("fh.run=a b=c fh.test=d", known, 2, &out), 0);
	assert_string_equal(text.text, "");
	assert_int_equal(bootargs_check("fh.rum=a fh.=x", known, 2, &out), 2);
	assert_string_equal(text.text, "fh: bootargs: warning: fh.rum: a: unknown key, ignored\n"
				       "fh: bootargs: warning: fh.: x: unknown key, ignored\n");
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.bootargs.get", get),
	UNIT_TEST("boot.bootargs.unknown", unknown),
};

UNIT_MAIN("boot.bootargs", tests)
