/* SPDX-License-Identifier: BSD-2-Clause */
/* Violations in words. */
#include <stdio.h>

#include "tools/replay/replay.h"

struct words {
	enum replay_step step;
	const char *name;
	const char *text;
};

static const struct words words[] = {
	{ REPLAY_CHILD_BARRIER, "child-barrier",
	  "DSB ISHST between the stores to a table and its link" },
	{ REPLAY_CHILD_CLEAN, "child-clean", "clean of a table to the PoC before its link" },
	{ REPLAY_CHILD_CLEAN_DSB, "child-clean-dsb",
	  "DSB of loads and stores between the clean of a table and its link" },
	{ REPLAY_CHILD_CONTENTS, "child-contents", "contents of a table before its link" },
	{ REPLAY_STORE_DSB, "store-dsb", "DSB after a store to a descriptor" },
	{ REPLAY_STORE_CLEAN, "store-clean", "clean to the PoC after a store to a descriptor" },
	{ REPLAY_STORE_CLEAN_DSB, "store-clean-dsb",
	  "DSB of loads and stores after the clean of a descriptor" },
	{ REPLAY_BREAK_ADDRESS, "break-address",
	  "break-before-make: another output address or table" },
	{ REPLAY_BREAK_TYPE, "break-type",
	  "break-before-make: another memory type, shareability or nG" },
	{ REPLAY_BREAK_SIZE, "break-size", "break-before-make: another size, at BBM level 0" },
	{ REPLAY_BREAK_NT, "break-nt", "nT before another size, at BBM level 1" },
	{ REPLAY_BREAK_RUN, "break-run",
	  "break-before-make: the contiguous hint, below BBM level 2" },
	{ REPLAY_NT_LEVEL, "nt-level", "break-before-make: nT is RES0 at BBM level 0" },
	{ REPLAY_RUN_WHOLE, "run-whole", "the contiguous hint in all of a run, alike, or in none" },
	{ REPLAY_TLBI, "tlbi", "TLBI" },
	{ REPLAY_TLBI_AFTER, "tlbi-after", "DSB ISHST before the TLBI: the old one was visible" },
	{ REPLAY_TLBI_AFTER_CLEAN, "tlbi-after-clean",
	  "clean to the PoC before the TLBI: the old one was visible" },
	{ REPLAY_TLBI_AFTER_CLEAN_DSB, "tlbi-after-clean-dsb",
	  "DSB of the clean before the TLBI: the old one was visible" },
	{ REPLAY_TLBI_ASID, "tlbi-asid", "TLBI for the ASID of the table" },
	{ REPLAY_TLBI_REGIME, "tlbi-regime", "TLBI for the regime of the table" },
	{ REPLAY_TLBI_RANGE, "tlbi-range", "TLBI for this address: the range was too short" },
	{ REPLAY_TLBI_TABLES, "tlbi-tables", "TLBI of all levels: a table was taken off" },
	{ REPLAY_TLBI_STAGE_1, "tlbi-stage-1", "TLBI VMALLE1IS: TLBs may hold both stages as one" },
	{ REPLAY_TLBI_DSB, "tlbi-dsb", "DSB ISH, or the backend's sync, after the TLBI" },
	{ REPLAY_ISB, "isb", "ISB: the instructions of this CPU use the old translation" },
	{ REPLAY_UNLINK, "unlink", "taking off a table whose frame is given back" },
	{ REPLAY_REUSE_VALID, "reuse-valid",
	  "TLBI and DSB before a valid descriptor goes into a table that was taken off" },
	{ REPLAY_REUSE_TRANSLATES, "reuse-translates",
	  "TLBI and DSB before a table is overwritten by which walkers may still translate" },
};

static const char *const moments[] = {
	[REPLAY_AT_LINK] = "when it was linked",
	[REPLAY_AT_STORE] = "when it was stored",
	[REPLAY_AT_RETURN] = "when the call returned",
	[REPLAY_AT_FLUSH] = "when the flush returned",
	[REPLAY_AT_GIVEN] = "when the table's frame was given back",
};

static const struct words *find(enum replay_step step)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].step == step)
			return &words[i];
	return NULL;
}

const char *replay_step_name(enum replay_step step)
{
	const struct words *w = find(step);

	return w ? w->name : "unknown";
}

const char *replay_step_text(enum replay_step step)
{
	const struct words *w = find(step);

	return w ? w->text : "unknown";
}

void replay_print(char *text, size_t bytes, const struct replay_violation *v)
{
	snprintf(
	    text, bytes,
	    "fh: replay: 0x%llx: level %d, 0x%llx, before 0x%llx: missing %s: %s (%s, event %llu)",
	    (unsigned long long)v->iova, v->level, (unsigned long long)v->now,
	    (unsigned long long)v->old, moments[v->moment], replay_step_text(v->step),
	    replay_step_name(v->step), (unsigned long long)v->event);
}
