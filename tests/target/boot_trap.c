/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.trap: each kind of access that the map forbids takes the exception that the architecture
 * gives for it, and what comes after still runs.
 */
#include <sysreg.h>

#include "boot/trap.h"
#include "lib/bits.h"
#include "lib/hooks.h"
#include "tests/target/harness.h"

/* Never mapped: above any RAM, below 2^48. */
#define NOWHERE UINT64_C(0x7ffffffff000)

#define FSC_TRANSLATION_LAST 0x07
#define FSC_TRANSLATION_FIRST 0x04
#define FSC_PERMISSION_FIRST 0x0c
#define FSC_PERMISSION_LAST 0x0f

extern char stack_guard[], trap_stack_guard[];

static const uint64_t in_rodata = 1;
static uint32_t in_data[] = { 0xd65f03c0 /* ret */ };

static void read_at(void *address)
{
	(void)*(volatile uint64_t *)address;
}

static void write_at(void *address)
{
	*(volatile uint64_t *)address = 0;
}

static void execute_at(void *address)
{
	((void (*)(void))(uintptr_t)address)();
}

static void undefined(void *unused)
{
	(void)unused;
	__asm__ volatile(".word 0");
}

static void do_nothing(void *unused)
{
	(void)unused;
}

static void expect_abort(struct test *test, void (*function)(void *), const void *at,
			 enum esr_class class, unsigned int fsc_first, unsigned int fsc_last)
{
	struct trap_expect expect;
	uint64_t fsc;

	EXPECT(test, trap_call(&expect, function, (void *)(uintptr_t)at));
	EXPECT_EQUAL(test, FH_FIELD_GET(ESR_EC, expect.esr), class);
	fsc = FH_FIELD_GET(ESR_FSC, expect.esr);
	EXPECT(test, fsc >= fsc_first && fsc <= fsc_last);
	EXPECT_EQUAL(test, expect.far, (uintptr_t)at);
	/* And the next expectation works as well. */
	EXPECT(test, !trap_call(&expect, do_nothing, NULL));
}

static void read_unmapped(struct test *test)
{
	expect_abort(test, read_at, (void *)NOWHERE, ESR_EC_DABT_SAME, FSC_TRANSLATION_FIRST,
		     FSC_TRANSLATION_LAST);
}

static void write_text(struct test *test)
{
	expect_abort(test, write_at, (void *)(uintptr_t)trap_call, ESR_EC_DABT_SAME,
		     FSC_PERMISSION_FIRST, FSC_PERMISSION_LAST);
}

static void write_rodata(struct test *test)
{
	expect_abort(test, write_at, &in_rodata, ESR_EC_DABT_SAME, FSC_PERMISSION_FIRST,
		     FSC_PERMISSION_LAST);
}

static void write_tree(struct test *test)
{
	expect_abort(test, write_at, test->machine->tree.blob, ESR_EC_DABT_SAME,
		     FSC_PERMISSION_FIRST, FSC_PERMISSION_LAST);
}

static void execute_data(struct test *test)
{
	expect_abort(test, execute_at, in_data, ESR_EC_IABT_SAME, FSC_PERMISSION_FIRST,
		     FSC_PERMISSION_LAST);
}

static void execute_ram(struct test *test)
{
	struct fh_page *page = fh_page_alloc(&test->machine->frames, 0, FH_PAGE_ZERO);

	EXPECT(test, page);
	expect_abort(test, execute_at, fh_page_address(&test->machine->frames, page),
		     ESR_EC_IABT_SAME, FSC_PERMISSION_FIRST, FSC_PERMISSION_LAST);
	EXPECT_EQUAL(test, fh_page_free(&test->machine->frames, page), 0);
}

static void stack_guards(struct test *test)
{
	expect_abort(test, write_at, stack_guard + 4088, ESR_EC_DABT_SAME, FSC_TRANSLATION_FIRST,
		     FSC_TRANSLATION_LAST);
	if (!test->failed)
		expect_abort(test, write_at, trap_stack_guard + 4088, ESR_EC_DABT_SAME,
			     FSC_TRANSLATION_FIRST, FSC_TRANSLATION_LAST);
}

static void undefined_instruction(struct test *test)
{
	struct trap_expect expect;

	EXPECT(test, trap_call(&expect, undefined, NULL));
	EXPECT_EQUAL(test, FH_FIELD_GET(ESR_EC, expect.esr), ESR_EC_UNKNOWN);
	EXPECT_EQUAL(test, *(const uint32_t *)(uintptr_t)expect.elr, 0);
}

static void checked_read(struct test *test)
{
	uint64_t word = 1;
	unsigned char bytes[3] = { 0 };

	EXPECT_EQUAL(test, fh_hook_read(&word, (const void *)NOWHERE, sizeof(word)), -14);
	EXPECT_EQUAL(test, word, 1);
	EXPECT_EQUAL(test, fh_hook_read(bytes, (const void *)(NOWHERE + 1), 3), -14);
	word = UINT64_C(0x0807060504030201);
	EXPECT_EQUAL(test, fh_hook_read(bytes, (const char *)&word + 1, 3), 0);
	EXPECT(test, bytes[0] == 2 && bytes[1] == 3 && bytes[2] == 4);
}

static const struct test_case cases[] = {
	{ "read_unmapped", read_unmapped }, { "write_text", write_text },
	{ "write_rodata", write_rodata },   { "write_tree", write_tree },
	{ "execute_data", execute_data },   { "execute_ram", execute_ram },
	{ "stack_guards", stack_guards },   { "undefined_instruction", undefined_instruction },
	{ "checked_read", checked_read },
};

SUITE(boot_trap, "boot.trap", cases);
