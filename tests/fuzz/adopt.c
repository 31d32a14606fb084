/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as an inherited tree (adopt_world.h): adoption answers, what it says of the tree agrees
 * with what it returns, and nothing is written. In a tree that it accepts every operation gives one
 * of the errors that it may give, each store to a table of the firmware's takes a zero entry of a
 * window or gives it back, and after release not a byte of them differs and every frame is back.
 * Or the firmware breaks its promise, and then nobody falls over it.
 */
#include <limits.h>

#include "tests/fuzz/adopt_work.h"

#define OPERATIONS_MAX 64u
#define REPOINTS_MAX 4u
/* Entries on all paths through the tree: where they are more, a walk of it takes too long. */
#define ENTRIES_MAX (1u << 16)

static struct world world;
static unsigned char before[FW_COUNT * GRANULE_MAX];

/* ---- What is said. */

struct heard {
	uint64_t tables;
	uint64_t used;
	uint64_t refusals;
	uint64_t warnings;
};

/* One line of printable characters. */
struct line {
	size_t len;
	bool ended;
};

static void hear_line(void *ctx, const char *text, size_t len)
{
	struct line *line = ctx;

	for (size_t i = 0; i < len; i++) {
		REQUIRE(!line->ended);
		line->ended = text[i] == '\n';
		REQUIRE(line->ended || (text[i] >= ' ' && text[i] <= '~'));
	}
	line->len += len;
}

static void on_table(void *ctx, const struct fh_adopt_table *shown)
{
	struct heard *heard = ctx;
	struct line line = { 0 };

	fh_adopt_table_describe(shown, &(struct fh_out){ hear_line, &line });
	REQUIRE(line.ended && shown->by);
	heard->tables++;
	heard->used += shown->used;
}

static void on_finding(void *ctx, const struct fh_adopt_finding *finding)
{
	struct heard *heard = ctx;
	struct line line = { 0 };

	fh_adopt_finding_describe(finding, &(struct fh_out){ hear_line, &line });
	REQUIRE(line.ended);
	REQUIRE(strcmp(fh_adopt_code_name(finding->code), "unknown") != 0);
	shared |= finding->code == FH_ADOPT_SHARED_TABLE;
	if (fh_adopt_code_errno(finding->code))
		heard->refusals++;
	else
		heard->warnings++;
}

/* ---- The tree, as it must be when it was accepted. */

static bool leads_into_firmware(const struct world *w, uint64_t pa)
{
	uint64_t granule = UINT64_C(1) << w->granule_lg2;

	return pa >= granule_pa(w, FW_FIRST) && pa - granule_pa(w, FW_FIRST) < fw_bytes(w) &&
	       fh_is_aligned(pa, granule);
}

/*
 * Every link of the firmware's leads to a table of its own as long as its promise is kept, and so
 * no descent fails. Paths are followed one by one, as descents do. Return: entries on them, or
 * ENTRIES_MAX for too many.
 */
static uint64_t follow(const struct world *w, uint64_t pa, int level, uint64_t seen)
{
	const uint64_t *slot = (const uint64_t *)(const void *)(arena + (pa - BASE));
	unsigned int entries = fh_shape_entries(&table.shape, level);

	REQUIRE(level <= FH_LEVEL_PAGE);
	seen += entries;
	for (unsigned int i = 0; i < entries && seen < ENTRIES_MAX; i++) {
		if (!fh_desc_is_link(slot[i], level))
			continue;
		pa = fh_desc_address(&table.shape, slot[i]);
		REQUIRE(!kept || slot[i] & table.ours || leads_into_firmware(w, pa));
		if (leads_into_firmware(w, pa))
			seen = follow(w, pa, level + 1, seen);
	}
	return seen;
}

static bool is_small(const struct world *w)
{
	entries_seen = follow(w, table.root.raw, table.shape.start_level, 0);
	return entries_seen < ENTRIES_MAX;
}

/* ---- What reaches the firmware's tables. */

static void judge_store(void *ctx, const struct host_event *event)
{
	const struct world *w = ctx;
	uintptr_t fw = (uintptr_t)fw_table(w, 0);

	if (event->address < fw || event->address - fw >= fw_bytes(w) ||
	    (event->kind != HOST_STORE && event->kind != HOST_CAS))
		return;
	REQUIRE(event->kind == HOST_CAS);
	REQUIRE(event->old == 0 || event->old & table.ours);
	REQUIRE(event->value == 0 || event->value & table.ours);
}

static bool same_bytes(const struct world *w)
{
	return memcmp(before, fw_table(w, 0), fw_bytes(w)) == 0;
}

/* The next word from @i on that is not as before; their number when there is none. */
static size_t next_changed(const struct world *w, size_t i)
{
	const uint64_t *was = (const uint64_t *)(const void *)before, *now = fw_table(w, 0);
	const size_t words = fw_bytes(w) / sizeof(*now), some = 512;

	while (i < words && was[i] == now[i])
		i += i % some || memcmp(&was[i], &now[i], some * sizeof(*now)) ? 1 : some;
	return i < words ? i : words;
}

/* What was not zero is as it was. */
static bool foreign_as_before(const struct world *w)
{
	const uint64_t *was = (const uint64_t *)(const void *)before;
	const size_t words = fw_bytes(w) / sizeof(*was);

	for (size_t i = next_changed(w, 0); i < words; i = next_changed(w, i + 1))
		if (was[i])
			return false;
	return true;
}

/* ---- A firmware that breaks its promise. */

/*
 * At which level each of the firmware's tables was used first. None is moved to another: what we
 * have put into it would say something else there, and no check can tell.
 */
static int level_of[FW_COUNT];
static bool visited[FW_COUNT];

static unsigned int number_of(const struct world *w, uint64_t pa)
{
	return (unsigned int)((pa - granule_pa(w, FW_FIRST)) >> w->granule_lg2);
}

static void keep_levels(const struct world *w, uint64_t pa, int level)
{
	uint64_t *slot = (uint64_t *)(void *)(arena + (pa - BASE));
	unsigned int entries = fh_shape_entries(&table.shape, level);

	for (unsigned int i = 0; i < entries; i++) {
		uint64_t below = fh_desc_address(&table.shape, slot[i]);
		unsigned int number;

		if (!fh_desc_is_link(slot[i], level) || !leads_into_firmware(w, below))
			continue;
		number = number_of(w, below);
		if (level_of[number] == INT_MIN)
			level_of[number] = level + 1;
		if (level_of[number] != level + 1)
			slot[i] = 0;
		else if (!visited[number]) {
			visited[number] = true;
			keep_levels(w, below, level + 1);
		}
	}
}

/* The firmware does what it likes, but for entries that say they are ours. */
static void repoint(struct world *w, struct input *in)
{
	uint64_t *slot = fw_table(w, 0);
	unsigned int root = number_of(w, table.root.raw);

	memcpy(before, slot, fw_bytes(w));
	for (unsigned int edits = 1 + take(in) % 8; edits; edits--)
		edit(w, in);
	for (size_t i = next_changed(w, 0); i < fw_bytes(w) / sizeof(*slot);
	     i = next_changed(w, i + 1))
		if (slot[i] & FH_DESC_VALID)
			slot[i] &= ~table.ours;
	memset(visited, 0, sizeof(visited));
	for (unsigned int i = root;
	     i < FW_COUNT &&
	     i << w->granule_lg2 < (root << w->granule_lg2) + (1u << table.shape.root_lg2);
	     i++)
		level_of[i] = table.shape.start_level;
	keep_levels(w, table.root.raw, table.shape.start_level);
}

/* Nothing is lost but what is out of reach, and nobody falls over it. */
static void break_promise(struct world *w, struct input *in)
{
	struct fh_frames_stats stats;

	for (unsigned int i = 0; i < FW_COUNT; i++)
		level_of[i] = INT_MIN;
	memset(visited, 0, sizeof(visited));
	keep_levels(w, table.root.raw, table.shape.start_level);
	work(w, in, OPERATIONS_MAX / 4);
	kept = false;
	for (unsigned int i = 0; i < REPOINTS_MAX && in->left; i++) {
		repoint(w, in);
		if (!is_small(w))
			break;
		work(w, in, 1 + take(in) % (OPERATIONS_MAX / 4));
	}
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	host_trace_stream(NULL, NULL);
	if (is_small(w))
		MAY_BE(fh_pgtable_release(&table), 0);
	fh_frames_stats(&w->frames, &stats);
	REQUIRE(stats.owned == 0 && stats.refusals == 0);
}

static void accepted(struct world *w, struct input *in)
{
	struct fh_frames_stats stats, after;

	if (!is_small(w))
		return;
	check();
	fh_frames_stats(&w->frames, &stats);
	host_trace_stream(judge_store, w);
	if (take(in) & 1) {
		break_promise(w, in);
		return;
	}
	work(w, in, OPERATIONS_MAX);
	fh_frames_fail_after(&w->frames, UINT64_MAX);
	REQUIRE(foreign_as_before(w));
	host_trace_stream(NULL, NULL);
	REQUIRE(fh_pgtable_release(&table) == 0);
	REQUIRE(same_bytes(w));
	fh_frames_stats(&w->frames, &after);
	REQUIRE(memcmp(&stats, &after, sizeof(stats)) == 0);
	REQUIRE(after.refusals == 0);
}

/* Is it the configuration, without a look at the tree, that is refused? */
static int config_error(const struct world *w)
{
	struct fh_shape shape;
	struct fh_shape_request request = {
		.format = w->config.format,
		.regime = w->config.regime,
		.granule_lg2 = w->config.granule_lg2,
		.ias = w->config.ias,
		.oas = w->config.oas,
		.concat_lg2 = w->config.concat_lg2,
		.lpa2 = w->config.lpa2,
		.share = w->config.share,
		.mair = w->config.mair,
	};

	if (w->config.bbm_level > 2 || fh_shape_init(&shape, &request))
		return -EINVAL;
	return w->frames.frame_lg2 > w->granule_lg2 ? -ENOTSUP : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct heard heard = { 0 };
	struct fh_adopt_report report = { .table = on_table, .finding = on_finding, .ctx = &heard };
	struct world *w = &world;
	int err, want;

	kept = true;
	shared = false;
	make_world(w, &in);
	memcpy(before, fw_table(w, 0), fw_bytes(w));
	err = fh_pgtable_adopt(&table, &w->config, &w->handover, &report);
	want = config_error(w);
	REQUIRE(err == (want ? want : fh_adopt_code_errno(report.first)));
	REQUIRE((report.first == FH_ADOPT_OK) == (report.refusals == 0));
	REQUIRE(heard.refusals == report.refusals && heard.warnings == report.warnings);
	REQUIRE(heard.tables == report.tables && heard.used == report.entries);
	REQUIRE(same_bytes(w));
	if (!err)
		accepted(w, &in);
	REQUIRE(!fh_frames_check(&w->frames));
	end_machine(w);
	return 0;
}
