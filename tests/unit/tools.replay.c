/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker of tools/replay itself: traces made by hand, right and with one step missing, and
 * the engine's own with one kind of step taken out of it.
 */
#include "tools/replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/types.h"
#include "tests/unit/unit.h"

/* Memory that nobody touches: four tables, of 4K granule, from level 1 on. */
#define ROOT UINT64_C(0x100000)
#define L2 UINT64_C(0x101000)
#define L3 UINT64_C(0x102000)
#define OTHER UINT64_C(0x103000)
#define TABLE 1u
#define GATHER 2u
#define ASID 7u
#define STEPS 64u

#define LINK(table) ((table) | 3u)
#define ATTR UINT64_C(0x700) /* AF, inner shareable, index 0 */
#define PAGE(pa) ((pa) | ATTR | 3u)
#define BLOCK(pa) ((pa) | ATTR | 1u)
#define PAGE_NG(pa) (PAGE(pa) | FH_BIT(11))
#define DESC_NT FH_BIT(16)
#define HINT FH_BIT(52)
#define PA UINT64_C(0x40000000)

struct play {
	struct replay *replay;
	unsigned int found[STEPS];
	unsigned int all;
	struct replay_violation first;
	bool coherent;
	unsigned int bbm;
	bool stage2;
	const char *without; /* leave this step out */
	const char *wrong;   /* do this step another way */
	bool used;	     /* the step was met */
	uint64_t memory[4][512];
};

static void on_violation(void *ctx, const struct replay_violation *violation)
{
	struct play *p = ctx;

	p->found[violation->step]++;
	if (!p->all++)
		p->first = *violation;
}

static bool is(struct play *p, const char *wanted, const char *step)
{
	bool same = wanted && strcmp(wanted, step) == 0;

	p->used = p->used || same;
	return same;
}

static void emit(struct play *p, const char *step, struct host_event event)
{
	if (!is(p, p->without, step))
		replay_event(p->replay, &event);
}

static bool wrong(struct play *p, const char *step)
{
	return is(p, p->wrong, step);
}

static void store(struct play *p, const char *step, uint64_t table, unsigned int index,
		  uint64_t value)
{
	uint64_t *slot = &p->memory[(table - ROOT) >> 12][index];
	uint64_t old = *slot;

	if (is(p, p->without, step))
		return;
	*slot = value;
	replay_event(p->replay, &(struct host_event){ .kind = HOST_STORE,
						      .address = table + 8 * index,
						      .size = 8,
						      .old = old,
						      .value = value });
}

static void just(struct play *p, const char *step, enum host_event_kind kind)
{
	emit(p, step, (struct host_event){ .kind = kind });
}

/* Clean and DSB, or a DSB alone. */
static void publish(struct play *p, const char *clean, const char *dsb, uint64_t address,
		    uint64_t bytes)
{
	if (!p->coherent)
		emit(p, clean,
		     (struct host_event){ .kind = HOST_CLEAN, .address = address, .size = bytes });
	just(p, dsb, p->coherent ? HOST_DSB_ISHST : HOST_DSB_SY);
}

static void call(struct play *p, enum host_event_kind kind, enum host_call what)
{
	bool gathers = what != HOST_CALL_MAP;

	emit(p, "",
	     (struct host_event){ .kind = kind,
				  .table = TABLE,
				  .el = (unsigned int)what,
				  .value = gathers ? GATHER : 0 });
}

static void zero(struct play *p, const char *step, uint64_t table)
{
	memset(p->memory[(table - ROOT) >> 12], 0, sizeof(p->memory[0]));
	emit(p, step,
	     (struct host_event){ .kind = HOST_NOTE_ZEROED, .address = table, .size = 4096 });
}

static void tlbi(struct play *p, const char *step, uint64_t va, bool tables)
{
	uint64_t asid = wrong(p, "asid") ? ASID + 1 : ASID;
	unsigned int el = wrong(p, "regime") ? 2 : 1;
	enum host_event_kind kind =
	    tables && !wrong(p, "last-level") ? HOST_TLBI_VA : HOST_TLBI_VA_LAST;

	if (wrong(p, "address"))
		va += FH_GIB;
	if (p->stage2)
		kind = kind == HOST_TLBI_VA ? HOST_TLBI_IPA : HOST_TLBI_IPA_LAST;
	emit(p, step,
	     (struct host_event){ .kind = kind,
				  .el = p->stage2 ? 2 : el,
				  .value = (p->stage2 ? 0 : asid << 48) | va >> 12 });
	if (!p->stage2)
		return;
	just(p, "ipas2-dsb", HOST_DSB_ISH);
	emit(p, "vmalle1", (struct host_event){ .kind = HOST_TLBI_ALL, .el = 1 });
}

static void sync(struct play *p)
{
	just(p, "tlbi-dsb", HOST_DSB_ISH);
	just(p, "isb", HOST_ISB);
}

/* ---- Scenarios: each right as it stands */

static void begin(struct play *p)
{
	struct host_table table = {
		.granule_lg2 = 12,
		.start_level = 1,
		.root_lg2 = 12,
		.flags = (uint8_t)(HOST_TABLE_CPU | (p->coherent ? HOST_TABLE_COHERENT : 0) |
				   (p->stage2 ? HOST_TABLE_STAGE2 : HOST_TABLE_SELF)),
		.bbm_level = (uint8_t)p->bbm,
		.el = p->stage2 ? 2 : 1,
		.asid = ASID,
	};
	struct host_event event = { .kind = HOST_NOTE_TABLE, .table = TABLE, .address = ROOT };

	memcpy(&event.old, &table, sizeof(event.old));
	zero(p, "zero-root", ROOT);
	publish(p, "clean-root", "dsb-root", ROOT, 4096);
	emit(p, "", event);
}

/* Two new tables, and a page. */
static void map(struct play *p, uint64_t desc)
{
	call(p, HOST_NOTE_CALL, HOST_CALL_MAP);
	zero(p, "zero", L3);
	store(p, "leaf", L3, 0, desc);
	store(p, "leaf", L3, 1, desc + 0x1000);
	publish(p, "clean-l3", "dsb-l3", L3, 4096);
	zero(p, "zero-l2", L2);
	store(p, "link-l3", L2, 0, LINK(L3));
	publish(p, "clean-l2", "dsb-l2", L2, 4096);
	store(p, "link-l2", ROOT, 0, LINK(L2));
	publish(p, "clean-link", "dsb-link", ROOT, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_MAP);
}

static void scenario_map(struct play *p)
{
	begin(p);
	map(p, PAGE(PA));
}

static void flush(struct play *p, uint64_t va, bool tables)
{
	call(p, HOST_NOTE_CALL, HOST_CALL_FLUSH);
	tlbi(p, "tlbi", va, tables);
	sync(p);
	call(p, HOST_NOTE_RETURN, HOST_CALL_FLUSH);
}

/* A page goes. */
static void scenario_unmap(struct play *p)
{
	begin(p);
	map(p, PAGE_NG(PA));
	call(p, HOST_NOTE_CALL, HOST_CALL_UNMAP);
	store(p, "clear", L3, 0, 0);
	publish(p, "clean", "dsb", L3, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_UNMAP);
	flush(p, 0, false);
}

/* A table goes, with the two pages in it. */
static void scenario_unlink(struct play *p)
{
	bool linked = wrong(p, "linked");

	begin(p);
	map(p, PAGE(PA));
	call(p, HOST_NOTE_CALL, HOST_CALL_UNMAP);
	if (!linked) {
		store(p, "", L2, 0, 0);
		publish(p, "", "", L2, 8);
		store(p, "", L3, 0, 2);
	}
	if (wrong(p, "valid"))
		store(p, "", L3, 5, PAGE(PA));
	call(p, HOST_NOTE_RETURN, HOST_CALL_UNMAP);
	call(p, HOST_NOTE_CALL, HOST_CALL_FLUSH);
	tlbi(p, "tlbi", 0, true);
	tlbi(p, "tlbi", 0x1000, true);
	if (!wrong(p, "early"))
		sync(p);
	emit(p, "", (struct host_event){ .kind = HOST_NOTE_GIVEN, .address = L3, .size = 4096 });
	if (wrong(p, "early"))
		sync(p);
	call(p, HOST_NOTE_RETURN, HOST_CALL_FLUSH);
}

/* Other permissions in place; with something else that cannot change so. */
static void scenario_protect(struct play *p)
{
	uint64_t now = PAGE(PA) | FH_BIT(7);

	begin(p);
	map(p, PAGE(PA));
	if (wrong(p, "output"))
		now += 0x5000;
	if (wrong(p, "type"))
		now |= 4;
	if (wrong(p, "share"))
		now ^= 0x100;
	if (wrong(p, "global"))
		now |= FH_BIT(11);
	if (wrong(p, "hint"))
		now |= HINT;
	call(p, HOST_NOTE_CALL, HOST_CALL_PROTECT);
	store(p, "change", L3, 0, now);
	publish(p, "clean", "dsb", L3, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_PROTECT);
	flush(p, 0, false);
}

/* Another output address, by way of invalid. */
static void scenario_break(struct play *p)
{
	begin(p);
	map(p, PAGE(PA));
	call(p, HOST_NOTE_CALL, HOST_CALL_PROTECT);
	store(p, "break", L3, 0, 0);
	publish(p, "clean", "dsb", L3, 8);
	tlbi(p, "tlbi", 0, false);
	sync(p);
	store(p, "make", L3, 0, PAGE(2 * PA));
	publish(p, "clean-2", "dsb-2", L3, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_PROTECT);
}

/* A block becomes a table, as the BBM level wants it. */
static void scenario_split(struct play *p)
{
	begin(p);
	zero(p, "", L2);
	store(p, "", L2, 0, BLOCK(PA));
	publish(p, "", "", L2, 4096);
	store(p, "", ROOT, 0, LINK(L2));
	publish(p, "", "", ROOT, 8);
	call(p, HOST_NOTE_CALL, HOST_CALL_UNMAP);
	if (p->bbm < 2) {
		store(p, "break", L2, 0, p->bbm ? BLOCK(PA) | DESC_NT : 0);
		publish(p, "clean", "dsb", L2, 8);
		tlbi(p, "tlbi", 0, false);
		sync(p);
	}
	zero(p, "", L3);
	for (unsigned int i = 0; i < 512; i++)
		store(p, "fill", L3, i, PAGE(PA + i * 0x1000 + (wrong(p, "output") ? 0x1000 : 0)));
	publish(p, "clean-l3", "dsb-l3", L3, 4096);
	store(p, "link", L2, 0, LINK(L3));
	publish(p, "clean-link", "dsb-link", L2, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_UNMAP);
	flush(p, 0, true);
}

/* BBM level 2: a table becomes a block again; walkers may use the table until it is invalidated. */
static void scenario_fold(struct play *p)
{
	scenario_split(p);
	call(p, HOST_NOTE_CALL, HOST_CALL_TRIM);
	store(p, "", L2, 0, BLOCK(PA));
	publish(p, "", "", L2, 8);
	if (wrong(p, "chain"))
		store(p, "", L3, 0, 2);
	for (unsigned int i = 0; i < 512; i++)
		tlbi(p, "tlbi-fold", i * 0x1000, true);
	sync(p);
	store(p, "", L3, 0, 2);
	call(p, HOST_NOTE_RETURN, HOST_CALL_TRIM);
	flush(p, 0, true);
	emit(p, "", (struct host_event){ .kind = HOST_NOTE_GIVEN, .address = L3, .size = 4096 });
}

/* A run of pages gets the hint, before it is linked. */
static void scenario_run(struct play *p)
{
	begin(p);
	call(p, HOST_NOTE_CALL, HOST_CALL_MAP);
	zero(p, "", L2);
	zero(p, "", L3);
	store(p, "", L2, 0, LINK(L3));
	publish(p, "", "", L3, 4096);
	publish(p, "", "", L2, 4096);
	store(p, "", ROOT, 0, LINK(L2));
	for (unsigned int i = 0; i < 16; i++)
		store(p, i == 3 ? "third" : "", L3, i, PAGE(PA + i * 0x1000) | HINT);
	publish(p, "", "", L3, 4096);
	publish(p, "", "", ROOT, 8);
	call(p, HOST_NOTE_RETURN, HOST_CALL_MAP);
}

/* ---- One step less */

struct row {
	void (*scenario)(struct play *p);
	const char *without;
	const char *wrong;
	enum replay_step step;
	enum replay_moment moment;
	bool cached; /* the walker is coherent */
	unsigned int bbm;
	bool stage2;
};

/* clang-format off */
static const struct row rows[] = {
	{ scenario_map, "dsb-l2", NULL, REPLAY_CHILD_BARRIER, REPLAY_AT_LINK, true, 0, false },
	{ scenario_map, "clean-l2", NULL, REPLAY_CHILD_CLEAN, REPLAY_AT_LINK, false, 0, false },
	{ scenario_map, "clean-l3", NULL, REPLAY_CHILD_CLEAN, REPLAY_AT_LINK, false, 0, false },
	{ scenario_map, "dsb-l2", NULL, REPLAY_CHILD_CLEAN_DSB, REPLAY_AT_LINK, false, 0, false },
	{ scenario_map, "zero", NULL, REPLAY_CHILD_CONTENTS, REPLAY_AT_LINK, true, 0, false },
	{ scenario_map, "dsb-link", NULL, REPLAY_STORE_DSB, REPLAY_AT_RETURN, true, 0, false },
	{ scenario_map, "clean-link", NULL, REPLAY_STORE_CLEAN, REPLAY_AT_RETURN, false, 0, false },
	{ scenario_map, "dsb-link", NULL, REPLAY_STORE_CLEAN_DSB, REPLAY_AT_RETURN, false, 0, false },
	{ scenario_map, "dsb-root", NULL, REPLAY_STORE_DSB, REPLAY_AT_RETURN, true, 0, false },
	{ scenario_map, "clean-root", NULL, REPLAY_STORE_CLEAN, REPLAY_AT_RETURN, false, 0, false },
	{ scenario_unmap, "dsb", NULL, REPLAY_TLBI_AFTER, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, "clean", NULL, REPLAY_TLBI_AFTER_CLEAN, REPLAY_AT_FLUSH, false, 0, false },
	{ scenario_unmap, "dsb", NULL, REPLAY_TLBI_AFTER_CLEAN_DSB, REPLAY_AT_FLUSH, false, 0, false },
	{ scenario_unmap, "tlbi", NULL, REPLAY_TLBI, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, "tlbi-dsb", NULL, REPLAY_TLBI_DSB, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, "isb", NULL, REPLAY_ISB, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, NULL, "asid", REPLAY_TLBI_ASID, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, NULL, "regime", REPLAY_TLBI_REGIME, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, NULL, "address", REPLAY_TLBI_RANGE, REPLAY_AT_FLUSH, true, 0, false },
	{ scenario_unmap, "vmalle1", NULL, REPLAY_TLBI_STAGE_1, REPLAY_AT_FLUSH, true, 0, true },
	{ scenario_unmap, "ipas2-dsb", NULL, REPLAY_TLBI_STAGE_1, REPLAY_AT_FLUSH, true, 0, true },
	{ scenario_unlink, NULL, "last-level", REPLAY_TLBI_TABLES, REPLAY_AT_GIVEN, true, 0, false },
	{ scenario_unlink, NULL, "linked", REPLAY_UNLINK, REPLAY_AT_GIVEN, true, 0, false },
	{ scenario_unlink, NULL, "early", REPLAY_TLBI_DSB, REPLAY_AT_GIVEN, true, 0, false },
	{ scenario_unlink, NULL, "valid", REPLAY_REUSE_VALID, REPLAY_AT_STORE, true, 0, false },
	{ scenario_protect, NULL, "output", REPLAY_BREAK_ADDRESS, REPLAY_AT_STORE, true, 2, false },
	{ scenario_protect, NULL, "type", REPLAY_BREAK_TYPE, REPLAY_AT_STORE, true, 2, false },
	{ scenario_protect, NULL, "share", REPLAY_BREAK_TYPE, REPLAY_AT_STORE, true, 2, false },
	{ scenario_protect, NULL, "global", REPLAY_BREAK_TYPE, REPLAY_AT_STORE, true, 2, false },
	{ scenario_break, "break", NULL, REPLAY_BREAK_ADDRESS, REPLAY_AT_STORE, true, 2, false },
	{ scenario_break, "tlbi", NULL, REPLAY_TLBI, REPLAY_AT_STORE, true, 2, false },
	{ scenario_break, "dsb", NULL, REPLAY_TLBI_AFTER, REPLAY_AT_STORE, true, 0, false },
	{ scenario_break, "clean", NULL, REPLAY_TLBI_AFTER_CLEAN, REPLAY_AT_STORE, false, 0, false },
	{ scenario_break, "tlbi-dsb", NULL, REPLAY_TLBI_DSB, REPLAY_AT_STORE, true, 0, false },
	{ scenario_split, "break", NULL, REPLAY_BREAK_SIZE, REPLAY_AT_STORE, true, 0, false },
	{ scenario_split, "break", NULL, REPLAY_BREAK_NT, REPLAY_AT_STORE, true, 1, false },
	{ scenario_split, "tlbi", NULL, REPLAY_TLBI, REPLAY_AT_STORE, true, 1, false },
	{ scenario_split, "tlbi", NULL, REPLAY_TLBI, REPLAY_AT_STORE, true, 0, false },
	{ scenario_split, NULL, "output", REPLAY_BREAK_ADDRESS, REPLAY_AT_STORE, true, 2, false },
	{ scenario_fold, NULL, "chain", REPLAY_REUSE_TRANSLATES, REPLAY_AT_STORE, true, 2, false },
	{ scenario_run, "third", NULL, REPLAY_RUN_WHOLE, REPLAY_AT_RETURN, true, 2, false },
};
/* clang-format on */

static void play(struct play *p, const struct row *row, bool right)
{
	*p = (struct play){ .coherent = row->cached,
			    .bbm = row->bbm,
			    .stage2 = row->stage2,
			    .without = right ? NULL : row->without,
			    .wrong = right ? NULL : row->wrong };
	p->replay = replay_new(on_violation, p);
	row->scenario(p);
	replay_delete(p->replay);
}

static void by_hand(void **state)
{
	static struct play p;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		play(&p, row, true);
		replay_print(text, sizeof(text), &p.first);
		if (p.all)
			fail_msg("row %zu, right: %s", i, text);
		play(&p, row, false);
		replay_print(text, sizeof(text), &p.first);
		if (!p.used)
			fail_msg("row %zu: no such step", i);
		if (!p.all)
			fail_msg("row %zu: %s was not missed", i, replay_step_name(row->step));
		if (p.found[row->step] != p.all)
			fail_msg("row %zu: not %s: %s", i, replay_step_name(row->step), text);
		assert_int_equal(p.first.moment, row->moment);
		assert_non_null(strstr(text, replay_step_name(row->step)));
	}
}

/* Hints in a live run below level 2, and nT at level 0, have no sequence to be right by. */
static void never(void **state)
{
	static struct play p;
	struct row row = { scenario_protect, NULL, "hint", REPLAY_BREAK_RUN,
			   REPLAY_AT_STORE,  true, 1,	   false };

	(void)state;
	play(&p, &row, false);
	assert_true(p.found[REPLAY_BREAK_RUN] == 1);
	p = (struct play){ .coherent = true };
	p.replay = replay_new(on_violation, &p);
	begin(&p);
	store(&p, "", ROOT, 0, BLOCK(PA));
	store(&p, "", ROOT, 0, BLOCK(PA) | DESC_NT);
	assert_int_equal(p.found[REPLAY_NT_LEVEL], 1);
	assert_int_equal(p.all, 1);
	replay_delete(p.replay);
}

/* Every step has a name of its own and a text, and a row above, or is in never(). */
static void names(void **state)
{
	(void)state;
	for (unsigned int a = 1; a < STEPS; a++) {
		const char *name = replay_step_name((enum replay_step)a);
		bool seen = a == REPLAY_BREAK_RUN || a == REPLAY_NT_LEVEL;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			seen = seen || rows[i].step == a;
		assert_int_equal(strcmp(name, "unknown") != 0, seen);
		for (unsigned int b = 1; b < a && seen; b++)
			assert_string_not_equal(name, replay_step_name((enum replay_step)b));
	}
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("tools.replay.by_hand", by_hand),
	UNIT_TEST("tools.replay.never", never),
	UNIT_TEST("tools.replay.names", names),
};

UNIT_MAIN("tools.replay", tests)
