/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge of inherited trees: each rule once, and a recursion over every path. */
#include "tests/oracle/inherited.h"

#include <stddef.h>

#define WINDOWS_MAX 8u
#define TABLES_MAX 96u
#define LEVELS 5

#define BIT(n) (UINT64_C(1) << (n))
/* Bits @high to @low. */
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

struct path {
	uint64_t pa;
	uint64_t bytes;
};

struct seen {
	uint64_t pa;
	unsigned int levels;
};

struct judge {
	const struct inherited *tree;
	struct inherited_verdict verdict;
	struct inherited_window window[WINDOWS_MAX]; /* those in which nothing is wrong */
	unsigned int windows;
	struct path path[LEVELS];
	struct seen seen[TABLES_MAX];
	uint64_t software; /* bits in use */
	int start;
};

static unsigned int shift_of(const struct inherited *tree, int level)
{
	return tree->granule_lg2 + (unsigned int)(3 - level) * (tree->granule_lg2 - 3);
}

/* D8.2: the last level whose table, or tables in a row, resolve the whole input. */
static int start_of(const struct inherited *tree)
{
	int level = 3;

	while (shift_of(tree, level - 1) + tree->concat_lg2 < tree->ias)
		level--;
	return level;
}

static uint64_t entries_of(const struct judge *j, int level)
{
	const struct inherited *tree = j->tree;

	return level == j->start ? BIT(tree->ias - shift_of(tree, level))
				 : BIT(tree->granule_lg2 - 3);
}

/* 64 KiB granules with 52 bits of output keep bits 51:48 in 15:12. */
static bool high_is_low(const struct inherited *tree)
{
	return tree->granule_lg2 == 16 && tree->oas == 52;
}

static uint64_t address_of(const struct inherited *tree, uint64_t desc)
{
	uint64_t pa = desc & BITS(tree->ds ? 49 : 47, tree->granule_lg2);

	if (high_is_low(tree))
		pa |= (desc & BITS(15, 12)) << 36;
	if (tree->ds)
		pa |= (desc & BITS(9, 8)) << 42;
	return pa;
}

static bool is_valid(uint64_t desc)
{
	return desc & 1;
}

static bool is_link(uint64_t desc, int level)
{
	return level < 3 && (desc & 3) == 3;
}

/* D8.3: at level 3 bit 1 is set; above it is clear, and blocks stand at few levels. */
static bool is_leaf(const struct inherited *tree, uint64_t desc, int level)
{
	bool large = tree->ds || high_is_low(tree);

	if (!is_valid(desc) || is_link(desc, level))
		return false;
	if (level == 3)
		return desc & 2;
	if (tree->uat)
		return false;
	return level == 2 || (level == 1 && (tree->granule_lg2 == 12 || large)) ||
	       (level == 0 && tree->granule_lg2 == 12 && large);
}

static uint64_t reserved_of_uat(bool link)
{
	return BITS(52, 48) | BITS(13, 12) | (link ? BITS(63, 59) : 0);
}

static uint64_t reserved_of(const struct inherited *tree, uint64_t desc, int level)
{
	bool link = is_link(desc, level);
	unsigned int low = link ? tree->granule_lg2 : shift_of(tree, level);
	unsigned int first = high_is_low(tree) ? 16 : 12;
	uint64_t mask = tree->ds ? 0 : BITS(49, 48);

	if (tree->uat)
		return desc & reserved_of_uat(link);
	if (low > first)
		mask |= BITS(low - 1, first);
	if (tree->stage_2)
		mask |= BIT(50) | (link ? BITS(63, 59) : 0);
	else if (link)
		mask |= BIT(50) | (tree->two_privileges ? 0 : BIT(61) | BIT(59));
	else
		mask |= tree->two_privileges ? 0 : BIT(53) | BIT(11);
	return desc & mask;
}

static uint64_t software_of(const struct inherited *tree)
{
	if (tree->uat)
		return BIT(55);
	return tree->stage_2 ? BITS(57, 56) : BITS(58, 55);
}

static bool overlap(uint64_t base, uint64_t size, const struct inherited_window *window)
{
	return base < window->base + window->size && window->base < base + size;
}

static bool in_window(const struct judge *j, uint64_t base, uint64_t size)
{
	for (unsigned int w = 0; w < j->windows; w++)
		if (overlap(base, size, &j->window[w]))
			return true;
	return false;
}

static void judge_windows(struct judge *j)
{
	const struct inherited *tree = j->tree;

	if (tree->window_count == 0 || tree->window_count > WINDOWS_MAX) {
		j->verdict.why |= INHERITED_COUNT;
		return;
	}
	for (unsigned int w = 0; w < tree->window_count; w++) {
		struct inherited_window window = tree->window[w];

		if (!window.size || (window.base | window.size) & (BIT(tree->granule_lg2) - 1))
			j->verdict.why |= INHERITED_ALIGN;
		else if (window.base >= BIT(tree->ias) ||
			 window.size > BIT(tree->ias) - window.base)
			j->verdict.why |= INHERITED_RANGE;
		else if (in_window(j, window.base, window.size))
			j->verdict.why |= INHERITED_OVERLAP;
		else
			j->window[j->windows++] = window;
	}
}

/* The first frame of a table that is not reserved RAM decides. */
static unsigned int judge_place(const struct judge *j, uint64_t pa, uint64_t bytes)
{
	static const unsigned int why[] = {
		[INHERITED_IS_RESERVED] = 0,
		[INHERITED_IS_USABLE] = INHERITED_UNRESERVED,
		[INHERITED_IS_NOMAP] = INHERITED_NOMAP,
		[INHERITED_IS_NOTHING] = INHERITED_OUTSIDE,
	};
	unsigned int found = 0;

	for (uint64_t at = pa & ~BITS(11, 0); at < pa + bytes && !found; at += 4096)
		found = why[j->tree->memory(j->tree->ctx, at)];
	return found;
}

static struct seen *seen_at(struct judge *j, uint64_t pa)
{
	struct seen *seen = j->seen;

	while (seen < j->seen + j->verdict.tables && seen->pa != pa)
		seen++;
	if (seen == j->seen + j->verdict.tables) {
		if (j->verdict.tables == TABLES_MAX) {
			j->verdict.why |= INHERITED_TOO_LARGE;
			return NULL;
		}
		j->verdict.tables++;
		*seen = (struct seen){ .pa = pa };
	}
	return seen;
}

static bool below_itself(const struct judge *j, uint64_t pa, int level)
{
	for (int at = j->start; at < level; at++) {
		const struct path *path = &j->path[at + 1];
		uint64_t first = path->pa & ~(BIT(j->tree->granule_lg2) - 1);

		if (pa >= first && pa < path->pa + path->bytes)
			return true;
	}
	return false;
}

static void judge_table(struct judge *j, uint64_t pa, uint64_t iova, int level);

static void judge_link(struct judge *j, uint64_t pa, uint64_t iova, int level)
{
	unsigned int why = judge_place(j, pa, BIT(j->tree->granule_lg2));
	uint64_t span = BIT(shift_of(j->tree, level));
	struct seen *seen;

	if (!why && below_itself(j, pa, level + 1))
		why = INHERITED_CYCLE;
	j->verdict.why |= why;
	seen = why ? NULL : seen_at(j, pa);
	if (!seen)
		return;
	if (seen->levels & ~(1u << (level + 2))) {
		j->verdict.why |= INHERITED_CYCLE;
		return;
	}
	if (seen->levels)
		j->verdict.shared = true;
	/* What lies where the walker reads the same bytes at two places cannot be judged line by
	 * line. */
	if (seen->levels & 1u << (level + 2) && !j->tree->coherent && in_window(j, iova, span))
		j->verdict.why |= INHERITED_WRITEBACK;
	seen->levels |= 1u << (level + 2);
	judge_table(j, pa, iova, level + 1);
}

static void judge_entry(struct judge *j, uint64_t pa, uint64_t desc, uint64_t iova, int level,
			bool enter)
{
	const struct inherited *tree = j->tree;
	uint64_t span = BIT(shift_of(tree, level));
	uint64_t output = address_of(tree, desc);

	if (!desc && tree->ours && in_window(j, iova, span))
		tree->ours(tree->ctx, pa);
	if (!is_valid(desc))
		return;
	j->software |= desc & software_of(tree);
	if (!is_link(desc, level) && !is_leaf(tree, desc, level))
		j->verdict.why |= INHERITED_ILLEGAL;
	else if (reserved_of(tree, desc, level))
		j->verdict.why |= INHERITED_RESERVED;
	else if (output >= BIT(tree->oas) ||
		 (!is_link(desc, level) && span > BIT(tree->oas) - output))
		j->verdict.why |= INHERITED_OUTPUT;
	else if (enter && is_link(desc, level))
		judge_link(j, output, iova, level);
}

/* Is an entry something that the firmware may write at any time? A link in a window it may not. */
static bool is_theirs(const struct judge *j, uint64_t desc, uint64_t iova, int level)
{
	if (!in_window(j, iova, BIT(shift_of(j->tree, level))))
		return true;
	return desc && !is_link(desc, level);
}

/* One piece of memory that is written back at once, [@at, @at + @tree->writeback). */
static void judge_line(struct judge *j, uint64_t at, uint64_t pa, uint64_t iova, int level)
{
	uint64_t span = BIT(shift_of(j->tree, level));
	uint64_t end = pa + 8 * entries_of(j, level);
	bool ours = false;
	bool theirs = at < pa || at + j->tree->writeback > end;

	for (uint64_t slot = at < pa ? pa : at; slot < end && slot < at + j->tree->writeback;
	     slot += 8) {
		uint64_t here = iova + (slot - pa) / 8 * span;
		uint64_t desc;

		if (!j->tree->read(j->tree->ctx, slot, &desc))
			break;
		if (is_theirs(j, desc, here, level))
			theirs = true;
		else if (!desc)
			ours = true;
	}
	if (ours && theirs)
		j->verdict.why |= INHERITED_WRITEBACK;
}

static void judge_lines(struct judge *j, uint64_t pa, uint64_t iova, int level)
{
	uint64_t end = pa + 8 * entries_of(j, level);

	for (uint64_t at = pa & ~(j->tree->writeback - 1); at < end; at += j->tree->writeback)
		judge_line(j, at, pa, iova, level);
}

static void judge_table(struct judge *j, uint64_t pa, uint64_t iova, int level)
{
	uint64_t entries = entries_of(j, level);
	uint64_t readable = 0;
	uint64_t desc;

	j->path[level + 1] = (struct path){ pa, 8 * entries };
	if (!j->tree->coherent)
		judge_lines(j, pa, iova, level);
	while (readable < entries && j->tree->read(j->tree->ctx, pa + 8 * readable, &desc))
		readable++;
	if (readable < entries)
		j->verdict.why |= INHERITED_UNREADABLE;
	for (uint64_t i = 0; i < readable; i++) {
		(void)j->tree->read(j->tree->ctx, pa + 8 * i, &desc);
		judge_entry(j, pa + 8 * i, desc, iova + (i << shift_of(j->tree, level)), level,
			    readable == entries);
	}
}

struct inherited_verdict inherited_judge(const struct inherited *tree)
{
	struct judge j = { .tree = tree, .start = start_of(tree) };
	uint64_t bytes = 8 * entries_of(&j, j.start);

	judge_windows(&j);
	if (tree->root & (bytes - 1) || tree->root & 63)
		j.verdict.why |= INHERITED_ROOT;
	else if (tree->root >= BIT(tree->oas) || bytes > BIT(tree->oas) - tree->root)
		j.verdict.why |= INHERITED_OUTPUT;
	else
		j.verdict.why |= judge_place(&j, tree->root, bytes);
	if (j.verdict.why & (INHERITED_ROOT | INHERITED_OUTPUT | INHERITED_OUTSIDE |
			     INHERITED_NOMAP | INHERITED_UNRESERVED))
		return j.verdict;
	j.verdict.tables = 1;
	j.seen[0] = (struct seen){ tree->root, 1u << (j.start + 1) };
	judge_table(&j, tree->root, 0, j.start);
	if (j.software == software_of(tree))
		j.verdict.why |= INHERITED_SOFTWARE;
	return j.verdict;
}
