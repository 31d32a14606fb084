/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware that breaks its promise: while CPU 0 works below one of its tables, it moves that to
 * where no table may lie, or to memory that looks right.
 *
 *   root[0] -> mid        moved: pages of ours in leaf, tables of ours below mid are out of reach
 *   mid[0]  -> leaf[0]    moved: pages of ours in leaf are
 *
 * Out of reach is lost: release says so, and tables stay HELD. All else comes back, and nothing is
 * written to where the link leads.
 */
#include <cpu.h>
#include <string.h>

#include "lib/error.h"
#include "tests/bench/random.h"
#include "tests/oracle/beside.h"

#define PAGE FIRMWARE_PAGE
#define BLOCK (2 * FH_MIB)
#define OUTPUT UINT64_C(0x800000000)
#define PATTERN 0x5a
#define TABLE UINT64_C(3)
#define ADDRESS UINT64_C(0xfffffffff000)

/* Below the link that is moved: for the work, and what stays as it was mapped before. */
#define PAGES_AT (FIRMWARE_LENT_PAGE * PAGE)
#define BLOCK_AT (FIRMWARE_LENT_MID * BLOCK)
#define KEPT_PAGE (PAGES_AT + 20 * PAGE)
#define KEPT_BLOCK (BLOCK_AT + 3 * BLOCK)
/* Not below it. */
#define ASIDE_AT (FIRMWARE_LENT_ROOT * FH_GIB)

static const struct fh_attr data = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

#define EXPECT(p, condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(p)->wrong = #condition;                                                   \
			(p)->line = __LINE__;                                                      \
			return false;                                                              \
		}                                                                                  \
	} while (0)

/* ---- The firmware. */

void promise_break(struct promise *p)
{
	uint64_t last = 0, seed = 99;

	for (;;) {
		uint64_t go = atomic_load(&p->go);

		if (go == last) {
			if (atomic_load(&p->done))
				return;
			arch_cpu_relax();
			continue;
		}
		/* In the middle of whatever CPU 0 does. */
		for (uint64_t wait = random_below(&seed, 2000); wait; wait--)
			(void)atomic_load(&p->go);
		firmware_store(p->slot, p->desc);
		atomic_store(&p->gone, go);
		last = go;
	}
}

static void order(struct promise *p, uint64_t *slot, uint64_t desc)
{
	p->slot = slot;
	p->desc = desc;
	atomic_fetch_add(&p->go, 1);
}

static bool is_done(struct promise *p)
{
	return atomic_load(&p->gone) == atomic_load(&p->go);
}

/* ---- Who works. */

static void on_fault(void *ctx, const struct fh_fault *fault)
{
	struct promise *p = ctx;

	p->fault = *fault;
	p->faults |= UINT64_C(1) << (fault->code - FH_FAULT_FOREIGN_ENTRY);
}

static bool was_reported(const struct promise *p, enum fh_fault_code code)
{
	return p->faults >> (code - FH_FAULT_FOREIGN_ENTRY) & 1;
}

static int map(struct fh_pgtable *table, uint64_t iova, uint64_t size)
{
	return fh_pgtable_map(table, fh_dma(iova), fh_phys(OUTPUT + iova), size, data);
}

static int unmap(struct fh_pgtable *table, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err, flushed;

	fh_gather_init(&gather, table);
	err = fh_pgtable_unmap(table, fh_dma(iova), size, &gather);
	flushed = fh_gather_flush(&gather);
	return err ? err : flushed;
}

static int protect(struct fh_pgtable *table, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err, flushed;

	fh_gather_init(&gather, table);
	err = fh_pgtable_protect(table, fh_dma(iova), size, read_only, &gather);
	flushed = fh_gather_flush(&gather);
	return err ? err : flushed;
}

static int look_up(struct fh_pgtable *table, uint64_t iova)
{
	struct fh_translation answer;

	return fh_pgtable_lookup(table, fh_dma(iova), &answer);
}

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	(void)ctx;
	(void)entry;
	return 0;
}

/* Something below the link, which may be moved in the middle of it. */
static int do_something(struct promise *p, struct fh_pgtable *table)
{
	uint64_t page = PAGES_AT + random_below(&p->seed, 5) * PAGE;
	uint64_t size = (1 + random_below(&p->seed, 4)) * PAGE;
	uint64_t block = BLOCK_AT + random_below(&p->seed, 3) * BLOCK;

	switch (random_below(&p->seed, 8)) {
	case 0:
		return map(table, page, size);
	case 1:
		return unmap(table, page, size);
	case 2:
		return protect(table, page, size);
	case 3:
		return look_up(table, page);
	case 4:
		return map(table, block, BLOCK);
	case 5:
		return protect(table, block + size, PAGE);
	case 6:
		return unmap(table, block, BLOCK);
	default:
		return fh_pgtable_walk(table, fh_dma(0), FH_GIB, visit, NULL);
	}
}

static bool is_an_answer(int err)
{
	return err == 0 || err == -EIO || err == -EEXIST || err == -ENOENT || err == -EPERM ||
	       err == -ENOMEM;
}

static bool work_until_done(struct promise *p, struct fh_pgtable *table)
{
	unsigned int more = 8;

	while (!is_done(p) || more--) {
		int err = do_something(p, table);

		EXPECT(p, is_an_answer(err));
		p->noticed += err == -EIO;
		/* Next to it all goes on. */
		EXPECT(p, map(table, ASIDE_AT + BLOCK, PAGE) == 0);
		EXPECT(p, unmap(table, ASIDE_AT + BLOCK, PAGE) == 0);
	}
	return true;
}

/* Every call below a link that leads where no table may lie. */
static bool all_notice(struct promise *p, struct fh_pgtable *table)
{
	uint64_t at = PAGES_AT + 30 * PAGE;

	p->faults = 0;
	EXPECT(p, map(table, at, PAGE) == -EIO);
	EXPECT(p, p->fault.code == FH_FAULT_TABLE_MOVED && p->fault.value == p->desc);
	EXPECT(p, p->fault.err == -EIO);
	EXPECT(p, unmap(table, KEPT_PAGE, PAGE) == -EIO);
	EXPECT(p, protect(table, KEPT_PAGE, PAGE) == -EIO);
	EXPECT(p, look_up(table, KEPT_PAGE) == -EIO);
	EXPECT(p, fh_pgtable_plan(table, fh_dma(at), fh_phys(0), PAGE, data) == -EIO);
	EXPECT(p, fh_pgtable_walk(table, fh_dma(0), FH_GIB, visit, NULL) == -EIO);
	EXPECT(p, p->faults == UINT64_C(1) << (FH_FAULT_TABLE_MOVED - FH_FAULT_FOREIGN_ENTRY));
	p->noticed += 6;
	return true;
}

/* ---- Before and after. */

static bool begin(struct promise *p, struct fh_pgtable *table)
{
	struct fh_pgtable_config config = {
		.frames = p->frames,
		.tlb = p->tlb,
		.tlb_ctx = p->tlb_ctx,
		.report = { on_fault, p },
	};
	struct fh_adopt_report report = { .ctx = NULL };
	struct fh_handover handover;

	firmware_build(&p->fw, p->memory, p->pa);
	handover = neighbour_handover(&p->fw);
	neighbour_config(&config);
	/* To the eye a table: every other entry is free. */
	for (unsigned int i = 0; i < FIRMWARE_ENTRIES; i++)
		firmware_store((uint64_t *)p->decoy + i, i % 2 ? 0 : 0xdead0000 + 2 * i);
	p->faults = 0;
	EXPECT(p, fh_pgtable_adopt(table, &config, &handover, &report) == 0);
	EXPECT(p, map(table, KEPT_PAGE, PAGE) == 0);
	EXPECT(p, map(table, KEPT_BLOCK, BLOCK) == 0);
	EXPECT(p, protect(table, KEPT_BLOCK, PAGE) == 0);
	EXPECT(p, map(table, ASIDE_AT, PAGE) == 0);
	return true;
}

static bool decoy_is_whole(const struct promise *p)
{
	const uint64_t *slot = p->decoy;

	for (unsigned int i = 0; i < FIRMWARE_ENTRIES; i++)
		if (firmware_load(&slot[i]) != (i % 2 ? 0 : 0xdead0000 + 2 * i))
			return false;
	return true;
}

/* What was ours in a table of the firmware's that is out of reach. */
struct lost {
	uint64_t entries;
	uint64_t tables;
	bool held; /* all of those tables */
};

/*
 * The firmware wipes away what is ours in its @table, of level 3 or above; whoever knows of tables
 * below gets their frames back, which are HELD.
 */
static struct lost wipe(struct promise *p, uint64_t *table, uint64_t ours, bool leaves)
{
	struct lost lost = { .held = true };

	for (unsigned int i = 0; i < FIRMWARE_ENTRIES; i++) {
		uint64_t desc = firmware_load(&table[i]);
		struct fh_page *page;

		if (!(desc & 1) || !(desc & ours))
			continue;
		firmware_store(&table[i], 0);
		lost.entries++;
		if (leaves || (desc & TABLE) != TABLE)
			continue;
		lost.tables++;
		lost.held &= fh_frame_state(p->frames, fh_phys(desc & ADDRESS)) == FH_FRAME_HELD;
		page = fh_page_from_phys(p->frames, fh_phys(desc & ADDRESS));
		lost.held &= page && fh_page_free(p->frames, page) == 0;
	}
	return lost;
}

static uint64_t held(const struct promise *p)
{
	struct fh_frames_stats stats;

	fh_frames_stats(p->frames, &stats);
	return stats.held;
}

/* Release could not reach what hung below the link: that is lost, and nothing else. */
static bool look_at_loss(struct promise *p, const struct fh_pgtable *table, uint64_t *slot,
			 enum moved_to to)
{
	bool root = slot == &p->fw.root[0];
	uint64_t kept = held(p);
	struct lost lost;

	EXPECT(p, was_reported(p, FH_FAULT_LINK_LOST));
	EXPECT(p, was_reported(p, FH_FAULT_TABLE_MOVED) == (to != MOVED_TO_DECOY));
	EXPECT(p, p->fault.code == FH_FAULT_LINK_LOST && p->fault.value == kept);
	EXPECT(p, firmware_load(slot) == p->desc);
	EXPECT(p, decoy_is_whole(p));
	lost = wipe(p, p->fw.leaf[0], table->ours, true);
	EXPECT(p, lost.entries);
	if (root)
		lost = wipe(p, p->fw.mid, table->ours, false);
	EXPECT(p, lost.held && lost.tables == kept && !root == !kept);
	p->lost += kept;
	return true;
}

/*
 * Everything is where it was, but for what went into memory that looked right: no check can tell
 * that from a table, and when the link has moved on it is out of reach.
 */
static bool look_at_decoy(struct promise *p, const struct fh_pgtable *table, bool root, int err)
{
	uint64_t kept = held(p);
	struct lost lost = wipe(p, p->decoy, table->ours, !root);

	EXPECT(p, err == (lost.entries ? -EIO : 0));
	EXPECT(p, lost.held && lost.tables == kept);
	EXPECT(p, decoy_is_whole(p));
	return true;
}

static bool run_case(struct promise *p, struct fh_pgtable *table, uint64_t *slot, enum moved_to to,
		     bool back)
{
	uint64_t good;
	struct fh_frames_stats stats;
	int err;

	if (!begin(p, table))
		return false;
	good = firmware_load(slot);
	order(p, slot, p->target[to] | TABLE);
	if (!work_until_done(p, table))
		return false;
	if (to != MOVED_TO_DECOY && !all_notice(p, table))
		return false;
	if (back) {
		order(p, slot, good);
		if (!work_until_done(p, table))
			return false;
		EXPECT(p, look_up(table, KEPT_PAGE) == 0 && look_up(table, KEPT_BLOCK) == 0);
	}
	p->faults = 0;
	err = fh_pgtable_release(table);
	EXPECT(p, back || err == -EIO);
	EXPECT(p, !back || to == MOVED_TO_DECOY || err == 0);
	if (back ? !look_at_decoy(p, table, slot == &p->fw.root[0], err)
		 : !look_at_loss(p, table, slot, to))
		return false;
	firmware_store(slot, good);
	EXPECT(p, firmware_is_whole(&p->fw, 0, 1));
	EXPECT(p, firmware_is_alone(&p->fw));
	fh_frames_stats(p->frames, &stats);
	EXPECT(p, stats.held == 0 && stats.refusals == 0);
	p->cases++;
	return true;
}

/* Nobody has written to a page that is ours. */
static bool is_pattern(const unsigned char *page)
{
	for (unsigned int i = 0; i < PAGE; i++)
		if (page[i] != PATTERN)
			return false;
	return true;
}

static bool run_all(struct promise *p, struct fh_pgtable *table)
{
	firmware_build(&p->fw, p->memory, p->pa);
	for (unsigned int i = 0; i < 2 * 2 * MOVED_TO_COUNT; i++)
		if (!run_case(p, table, i & 1 ? &p->fw.mid[0] : &p->fw.root[0],
			      (enum moved_to)(i / 4), i & 2))
			return false;
	return true;
}

void promise_run(struct promise *p, struct fh_pgtable *table)
{
	struct fh_page *page = fh_page_alloc(p->frames, 0, 0);

	if (!page) {
		p->wrong = "no page";
	} else {
		memset(fh_page_address(p->frames, page), PATTERN, PAGE);
		p->target[MOVED_TO_OURS] = fh_page_to_phys(p->frames, page).raw;
		if (run_all(p, table) && !is_pattern(fh_page_address(p->frames, page)))
			p->wrong = "written through a link that was moved";
		if (fh_page_free(p->frames, page) && !p->wrong)
			p->wrong = "the page";
	}
	atomic_store(&p->done, true);
}
