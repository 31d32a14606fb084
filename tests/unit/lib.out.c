/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of lib/: text output, the line of a refusal, names of errors, arithmetic, fields. */
#include "lib/out.h"

#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "lib/fault.h"
#include "tests/unit/unit.h"

static struct unit_text text;

static void out_str(void **state)
{
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_out_str(&out, "abc");
	fh_out_str(&out, "");
	fh_out_str(&out, NULL);
	assert_string_equal(text.text, "abc(none)");
}

static void out_pad(void **state)
{
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_out_pad(&out, "abc", 5);
	fh_out_pad(&out, "abc", 3);
	fh_out_pad(&out, "abc", 2);
	fh_out_pad(&out, NULL, 8);
	fh_out_str(&out, "|");
	assert_string_equal(text.text, "abc  abcabc(none)  |");
	out = unit_out(&text);
	fh_out_pad(&out, "", 40);
	assert_int_equal(text.len, 40);
	assert_int_equal(strspn(text.text, " "), 40);
}

static void out_hex(void **state)
{
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_out_hex(&out, 0, 0);
	fh_out_str(&out, " ");
	fh_out_hex(&out, 0xabc, 1);
	fh_out_str(&out, " ");
	fh_out_hex(&out, 0xabc, 5);
	fh_out_str(&out, " ");
	fh_out_hex(&out, UINT64_MAX, 0);
	fh_out_str(&out, " ");
	fh_out_hex(&out, UINT64_C(0x123456789abcdef0), 16);
	fh_out_str(&out, " ");
	fh_out_hex(&out, 0, 16);
	fh_out_str(&out, " ");
	fh_out_hex(&out, 1, 99);
	assert_string_equal(text.text, "0x0 0xabc 0x00abc 0xffffffffffffffff 0x123456789abcdef0 "
				       "0x0000000000000000 0x0000000000000001");
}

static void out_dec(void **state)
{
	struct fh_out out = unit_out(&text);

	(void)state;
	fh_out_dec(&out, 0, 0);
	fh_out_dec(&out, 7, 3);
	fh_out_dec(&out, 1234, 3);
	fh_out_str(&out, "|");
	fh_out_dec(&out, UINT64_MAX, 20);
	fh_out_str(&out, "|");
	fh_out_dec(&out, 90, 20);
	assert_string_equal(text.text, "0  71234|18446744073709551615|                  90");
}

static void out_size(void **state)
{
	static const struct {
		uint64_t bytes;
		unsigned int width;
		const char *expected;
	} cases[] = {
		{ 0, 0, "0 bytes" },
		{ 3, 0, "3 bytes" },
		{ 1023, 0, "1023 bytes" },
		{ FH_KIB, 0, "1 KiB" },
		{ FH_KIB + 1, 0, "1025 bytes" },
		{ 64 * FH_KIB, 0, "64 KiB" },
		{ 512 * FH_MIB, 12, "     512 MiB" },
		{ FH_MIB + FH_KIB, 0, "1025 KiB" },
		{ FH_GIB, 5, "1 GiB" },
		{ FH_TIB, 0, "1 TiB" },
		{ 2048 * FH_TIB, 0, "2048 TiB" },
		{ UINT64_MAX, 0, "18446744073709551615 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(cases); i++) {
		struct fh_out out = unit_out(&text);

		fh_out_size(&out, cases[i].bytes, cases[i].width);
		assert_string_equal(text.text, cases[i].expected);
	}
}

/* Every number of the enum, listed once more: a code whose number moves is noticed. */
static const struct {
	int code;
	const char *name;
} fault_codes[] = {
	{ 0, "none" },
	{ 1, "null-page" },
	{ 2, "bad-handle" },
	{ 3, "stale-handle" },
	{ 4, "borrowed" },
	{ 5, "double-free" },
	{ 6, "not-held" },
	{ 7, "tail" },
	{ 8, "no-frame" },
	{ 9, "unaligned" },
	{ 10, "bounds" },
	{ 11, "external-abort" },
	{ 12, "order" },
	{ 13, "reserved" },
	{ 14, "mapped" },
	{ 15, "disturbed" },
	{ 16, "metadata" },
	{ 64, "foreign-entry" },
	{ 65, "outside-window" },
	{ 66, "link-lost" },
	{ 67, "table-moved" },
	{ 68, "table-state" },
};

static void fault_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(fault_codes); i++)
		assert_string_equal(fh_fault_name((enum fh_fault_code)fault_codes[i].code),
				    fault_codes[i].name);
	assert_string_equal(fh_fault_name((enum fh_fault_code)63), "unknown");
}

static void fault_describe(void **state)
{
	struct fh_out out = unit_out(&text);
	struct fh_fault fault = {
		.code = FH_FAULT_DOUBLE_FREE,
		.err = -ENOENT,
		.part = "page",
		.addr = 0x40001000,
		.value = 0x40001001,
		.state = "free",
		.declared_by = "/memory@40000000",
		.caller = (const void *)(uintptr_t)0x1234,
	};

	(void)state;
	fh_fault_describe(&fault, &out);
	assert_string_equal(text.text,
			    "fh: page: 0x40001000: 0x40001001: double-free, frame is free, "
			    "declared by /memory@40000000, caller 0x1234 (ENOENT)\n");
	fault = (struct fh_fault){
		.code = FH_FAULT_LINK_LOST,
		.err = -EIO,
		.part = "pgtable",
		.addr = 1,
		.value = 0,
	};
	out = unit_out(&text);
	fh_fault_describe(&fault, &out);
	assert_string_equal(text.text, "fh: pgtable: 0x1: 0x0: link-lost (EIO)\n");
	fault = (struct fh_fault){
		.code = FH_FAULT_MAPPED,
		.err = -EBUSY,
		.part = "page",
		.addr = 0x40001000,
		.value = 0x40001001,
		.by = (const void *)(uintptr_t)0x5678,
		.at = 0x7000,
	};
	out = unit_out(&text);
	fh_fault_describe(&fault, &out);
	assert_string_equal(text.text, "fh: page: 0x40001000: 0x40001001: mapped, mapped at 0x7000 "
				       "by 0x5678 (EBUSY)\n");
	fault.code = FH_FAULT_DISTURBED;
	fault.err = -EIO;
	out = unit_out(&text);
	fh_fault_describe(&fault, &out);
	assert_string_equal(text.text, "fh: page: 0x40001000: 0x40001001: disturbed, last owner "
				       "0x5678 (EIO)\n");
}

static int reports;

static void count_report(void *ctx, const struct fh_fault *fault)
{
	assert_ptr_equal(ctx, &reports);
	assert_int_equal(fault->code, FH_FAULT_TAIL);
	reports++;
}

static void fault_report(void **state)
{
	struct fh_reporter to = { .report = count_report, .ctx = &reports };
	struct fh_fault fault = { .code = FH_FAULT_TAIL };

	(void)state;
	reports = 0;
	fh_report(&to, &fault);
	assert_int_equal(reports, 1);
	to.report = NULL;
	fh_report(&to, &fault);
	assert_int_equal(reports, 1);
}

static void error_names(void **state)
{
	static const struct {
		int err;
		const char *name;
	} cases[] = {
		{ 0, "OK" },	      { EPERM, "EPERM" },     { ENOENT, "ENOENT" },
		{ EIO, "EIO" },	      { ENOMEM, "ENOMEM" },   { EFAULT, "EFAULT" },
		{ EBUSY, "EBUSY" },   { EEXIST, "EEXIST" },   { ENODEV, "ENODEV" },
		{ EINVAL, "EINVAL" }, { ENOSPC, "ENOSPC" },   { ERANGE, "ERANGE" },
		{ ELOOP, "ELOOP" },   { ENOTSUP, "ENOTSUP" }, { ETIMEDOUT, "ETIMEDOUT" },
		{ 4095, "E?" },
	};

	(void)state;
	for (size_t i = 0; i < FH_ARRAY_SIZE(cases); i++) {
		assert_string_equal(fh_error_name(cases[i].err), cases[i].name);
		assert_string_equal(fh_error_name(-cases[i].err), cases[i].name);
	}
}

static void types_align(void **state)
{
	(void)state;
	assert_true(fh_is_aligned(0, 4096));
	assert_true(fh_is_aligned(8192, 4096));
	assert_false(fh_is_aligned(4097, 4096));
	assert_true(fh_is_aligned(3, 1));
	assert_int_equal(fh_align_down(4097, 4096), 4096);
	assert_int_equal(fh_align_down(4095, 4096), 0);
	assert_int_equal(fh_align_up(4097, 4096), 8192);
	assert_int_equal(fh_align_up(4096, 4096), 4096);
	assert_int_equal(fh_align_up(0, 4096), 0);
	assert_true(fh_align_up(UINT64_MAX - 4095, 4096) == UINT64_MAX - 4095);
	assert_false(fh_is_power_of_two(0));
	assert_true(fh_is_power_of_two(1));
	assert_false(fh_is_power_of_two(3));
	assert_true(fh_is_power_of_two(UINT64_C(1) << 63));
}

static void types_range_fits(void **state)
{
	(void)state;
	assert_true(fh_range_fits(0, UINT64_MAX, 64));
	assert_true(fh_range_fits(1, UINT64_MAX, 64));
	assert_false(fh_range_fits(2, UINT64_MAX, 64));
	assert_true(fh_range_fits(UINT64_MAX, 1, 64));
	assert_false(fh_range_fits(UINT64_MAX, 2, 64));
	assert_false(fh_range_fits(5, 0, 64));
	assert_true(fh_range_fits(0, 256, 8));
	assert_false(fh_range_fits(0, 257, 8));
	assert_true(fh_range_fits(255, 1, 8));
	assert_false(fh_range_fits(255, 2, 8));
	assert_false(fh_range_fits(256, 1, 8));
}

/* Both against what counting bytes says, on a space of 8 bytes at either end of the addresses. */
static void types_ranges(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * 8 * 8 * 8 * 8; i++) {
		uint64_t at = i & 1 ? UINT64_MAX - 7 : 0;
		uint64_t a = (i >> 1) & 7, a_size = ((i >> 4) & 7) + 1;
		uint64_t b = (i >> 7) & 7, b_size = ((i >> 10) & 7) + 1;
		bool overlap = false;
		bool within = true;

		if (a + a_size > 8 || b + b_size > 8)
			continue;
		for (uint64_t byte = 0; byte < 8; byte++) {
			bool in_a = byte >= a && byte < a + a_size;
			bool in_b = byte >= b && byte < b + b_size;

			overlap = overlap || (in_a && in_b);
			within = within && (!in_a || in_b);
		}
		assert_int_equal(fh_ranges_overlap(at + a, a_size, at + b, b_size), overlap);
		assert_int_equal(fh_range_within(at + a, a_size, at + b, b_size), within);
	}
}

#define LOW_SHIFT 0
#define LOW_WIDTH 6
#define HIGH_SHIFT 60
#define HIGH_WIDTH 4
#define ALL_SHIFT 0
#define ALL_WIDTH 64

static void bits_fields(void **state)
{
	(void)state;
	assert_true(FH_MASK(63, 0) == UINT64_MAX);
	assert_true(FH_MASK(11, 4) == 0xff0);
	assert_true(FH_MASK(63, 63) == FH_BIT(63));
	assert_true(FH_FIELD_MASK(ALL) == UINT64_MAX);
	assert_true(FH_FIELD(LOW, 0x7f) == 0x3f);
	assert_true(FH_FIELD(HIGH, 0x19) == UINT64_C(0x9000000000000000));
	assert_true(FH_FIELD_GET(HIGH, UINT64_MAX) == 0xf);
	assert_true(FH_FIELD_GET(LOW, FH_FIELD(LOW, 25) | FH_FIELD(HIGH, 3)) == 25);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("lib.out.str", out_str),
	UNIT_TEST("lib.out.pad", out_pad),
	UNIT_TEST("lib.out.hex", out_hex),
	UNIT_TEST("lib.out.dec", out_dec),
	UNIT_TEST("lib.out.size", out_size),
	UNIT_TEST("lib.fault.names", fault_names),
	UNIT_TEST("lib.fault.describe", fault_describe),
	UNIT_TEST("lib.fault.report", fault_report),
	UNIT_TEST("lib.error.names", error_names),
	UNIT_TEST("lib.types.align", types_align),
	UNIT_TEST("lib.types.range_fits", types_range_fits),
	UNIT_TEST("lib.types.ranges", types_ranges),
	UNIT_TEST("lib.bits.fields", bits_fields),
};

UNIT_MAIN("lib.out", tests)
