/* SPDX-License-Identifier: BSD-2-Clause */
/* Work beside a firmware: see neighbour.h. */
#include "tests/oracle/neighbour.h"

#include <string.h>

#include "lib/error.h"
#include "tests/bench/random.h"

#define PAGE FIRMWARE_PAGE
#define BLOCK (2 * FH_MIB)
#define GROUP 4u
/* Where ours lead: nobody goes there. */
#define OUTPUT UINT64_C(0x800000000)

static const struct fh_attr data = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };
static const struct fh_attr read_only = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };

#define EXPECT(n, condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(n)->wrong = #condition;                                                   \
			return false;                                                              \
		}                                                                                  \
	} while (0)

/* ---- Calls. */

static int map(struct neighbour *n, uint64_t iova, uint64_t size)
{
	int err = fh_pgtable_map(n->table, fh_dma(iova), fh_phys(OUTPUT + iova), size, data);

	n->no_memory += err == -ENOMEM;
	return err;
}

static int unmap(struct neighbour *n, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err, flushed;

	fh_gather_init(&gather, n->table);
	err = fh_pgtable_unmap(n->table, fh_dma(iova), size, &gather);
	flushed = fh_gather_flush(&gather);
	n->no_memory += err == -ENOMEM;
	return err ? err : flushed;
}

static int protect(struct neighbour *n, uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err, flushed;

	fh_gather_init(&gather, n->table);
	err = fh_pgtable_protect(n->table, fh_dma(iova), size, read_only, &gather);
	flushed = fh_gather_flush(&gather);
	n->no_memory += err == -ENOMEM;
	return err ? err : flushed;
}

static int look_up(const struct neighbour *n, uint64_t iova, struct fh_translation *answer)
{
	return fh_pgtable_lookup(n->table, fh_dma(iova), answer);
}

/* ---- Pages in tables of the firmware's. */

/* Some pages of one leaf table, next to each other in a group that is this one's. */
struct pages {
	unsigned int table, first, count;
	unsigned int theirs, mapped;
	int in_the_way; /* what a map meets first */
};

static struct pages some_pages(struct neighbour *n)
{
	unsigned int groups = FIRMWARE_LENT_PAGES / GROUP / n->count;
	unsigned int group = (unsigned int)random_below(&n->seed, groups) * n->count + n->number;
	unsigned int skip = (unsigned int)random_below(&n->seed, GROUP);
	struct pages p = {
		.table = (unsigned int)random_below(&n->seed, 2),
		.first = FIRMWARE_LENT_PAGE + group * GROUP + skip,
		.count = 1 + (unsigned int)random_below(&n->seed, GROUP - skip),
	};

	for (unsigned int i = p.first; i < p.first + p.count; i++) {
		p.theirs += firmware_owns(i);
		p.mapped += n->mapped[p.table][i];
		if (!p.in_the_way)
			p.in_the_way = firmware_owns(i)	       ? -EPERM
				       : n->mapped[p.table][i] ? -EEXIST
							       : 0;
	}
	return p;
}

static bool look_at_page(struct neighbour *n, unsigned int table, unsigned int page)
{
	uint64_t iova = table * BLOCK + page * PAGE;
	struct fh_translation answer;
	int err = look_up(n, iova + 8, &answer);

	if (firmware_owns(page)) {
		EXPECT(n, answer.owner == FH_OWNER_FOREIGN);
		EXPECT(n,
		       err == -ENOENT || (err == 0 && answer.pa.raw - FIRMWARE_OUTPUT <
							  FIRMWARE_OUTPUT_END - FIRMWARE_OUTPUT));
		return true;
	}
	EXPECT(n, err == (n->mapped[table][page] ? 0 : -ENOENT));
	if (err)
		return true;
	EXPECT(n, answer.owner == FH_OWNER_OURS && answer.pa.raw == OUTPUT + iova + 8);
	EXPECT(n, !(answer.attr.access & FH_WRITE) == n->read_only[table][page]);
	return true;
}

static bool step_pages(struct neighbour *n)
{
	struct pages p = some_pages(n);
	uint64_t iova = p.table * BLOCK + p.first * PAGE, size = p.count * PAGE;
	bool *mapped = &n->mapped[p.table][p.first], *ro = &n->read_only[p.table][p.first];
	int want = p.theirs ? -EPERM : p.mapped ? 0 : -ENOENT;

	switch (random_below(&n->seed, 4)) {
	case 0:
		EXPECT(n, fh_pgtable_plan(n->table, fh_dma(iova), fh_phys(OUTPUT + iova), size,
					  data) == p.in_the_way);
		EXPECT(n, map(n, iova, size) == p.in_the_way);
		if (!p.in_the_way) {
			memset(mapped, true, p.count);
			memset(ro, false, p.count);
		}
		break;
	case 1:
		EXPECT(n, unmap(n, iova, size) == want);
		if (!want)
			memset(mapped, false, p.count);
		break;
	case 2:
		if (!want && p.mapped != p.count)
			want = -ENOENT;
		EXPECT(n, protect(n, iova, size) == want);
		if (!want)
			memset(ro, true, p.count);
		break;
	default:
		break;
	}
	for (unsigned int i = p.first; i < p.first + p.count; i++)
		if (!look_at_page(n, p.table, i))
			return false;
	return true;
}

/* ---- Blocks in a table of the firmware's, which become tables of ours. */

static bool cut_block(struct neighbour *n, uint64_t base)
{
	uint64_t cut = base + random_below(&n->seed, BLOCK / PAGE) * PAGE;
	struct fh_translation answer;
	int err = protect(n, cut, PAGE);

	EXPECT(n, err == 0 || err == -ENOMEM);
	EXPECT(n, look_up(n, cut, &answer) == 0 && answer.pa.raw == OUTPUT + cut);
	EXPECT(n, answer.level == (err ? 2 : 3));
	EXPECT(n, !(answer.attr.access & FH_WRITE) == !err);
	err = unmap(n, cut, PAGE);
	EXPECT(n, err == 0 || err == -ENOMEM);
	EXPECT(n, look_up(n, cut, &answer) == (err ? 0 : -ENOENT));
	EXPECT(n, answer.level == (err ? answer.level : 3));
	return true;
}

static bool step_block(struct neighbour *n)
{
	unsigned int number =
	    (unsigned int)random_below(&n->seed, FIRMWARE_LENT_MIDS / n->count) * n->count +
	    n->number;
	uint64_t base = (FIRMWARE_LENT_MID + number) * BLOCK;
	struct fh_translation answer;

	if (FIRMWARE_LENT_MID + number == FIRMWARE_OWN_MID) {
		EXPECT(n, map(n, base, BLOCK) == -EPERM && unmap(n, base, BLOCK) == -EPERM);
		return true;
	}
	if (n->block[number]) {
		EXPECT(n, map(n, base, BLOCK) == -EEXIST);
		EXPECT(n, unmap(n, base, BLOCK) == 0);
	}
	EXPECT(n, look_up(n, base, &answer) == -ENOENT && answer.owner == FH_OWNER_NOBODY);
	EXPECT(n, map(n, base, BLOCK) == 0);
	EXPECT(n, look_up(n, base, &answer) == 0 && answer.level == 2);
	EXPECT(n, answer.pa.raw == OUTPUT + base);
	n->block[number] = random_below(&n->seed, 2);
	if (!cut_block(n, base))
		return false;
	if (!n->block[number])
		EXPECT(n, unmap(n, base, BLOCK) == 0);
	return true;
}

/* ---- A gigabyte: tables of ours below the firmware's root. */

static bool step_tables(struct neighbour *n)
{
	uint64_t base = (FIRMWARE_LENT_ROOT + n->number) * FH_GIB;
	uint64_t iova = base + (1 + random_below(&n->seed, 8)) * BLOCK - PAGE, size = 3 * PAGE;
	int64_t plan = fh_pgtable_plan(n->table, fh_dma(iova), fh_phys(OUTPUT + iova), size, data);
	struct fh_translation answer;
	int err;

	EXPECT(n, plan >= 0 && plan <= 3);
	err = map(n, iova, size);
	EXPECT(n, err == 0 || (plan > 0 && err == -ENOMEM));
	for (uint64_t at = iova; at < iova + size; at += PAGE) {
		EXPECT(n, look_up(n, at, &answer) == (err ? -ENOENT : 0));
		EXPECT(n, err || (answer.pa.raw == OUTPUT + at && answer.owner == FH_OWNER_OURS));
	}
	if (!err)
		EXPECT(n, unmap(n, iova, size) == 0);
	if (random_below(&n->seed, 4) == 0) {
		err = unmap(n, base, FH_GIB);
		EXPECT(n, err == 0 || err == -ENOENT);
	}
	return true;
}

/* ---- Reading all of it, whoever changes it. */

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	bool ours = entry->owner == FH_OWNER_OURS;

	(void)ctx;
	if (entry->kind == FH_DESC_INVALID)
		return ours;
	if (entry->kind == FH_DESC_TABLE)
		return 0;
	if (ours)
		return entry->pa.raw != OUTPUT + entry->iova.raw;
	return entry->pa.raw - FIRMWARE_OUTPUT >= FIRMWARE_OUTPUT_END - FIRMWARE_OUTPUT;
}

static bool step_read(struct neighbour *n)
{
	uint64_t base = random_below(&n->seed, 2) ? 0 : FIRMWARE_LENT_MID * BLOCK;

	EXPECT(n, fh_pgtable_walk(n->table, fh_dma(base), 2 * BLOCK, visit, NULL) == 0);
	EXPECT(n, map(n, (FIRMWARE_LENT_PAGE - 1) * PAGE, 2 * PAGE) == -EPERM);
	return true;
}

bool neighbour_step(struct neighbour *n)
{
	uint64_t what = random_below(&n->seed, 64);

	n->steps++;
	if (what == 0)
		return step_read(n);
	if (what < 6)
		return step_block(n);
	return what < 12 ? step_tables(n) : step_pages(n);
}

void neighbour_begin(struct neighbour *n, struct fh_pgtable *table)
{
	n->table = table;
	memset(n->mapped, 0, sizeof(n->mapped));
	memset(n->read_only, 0, sizeof(n->read_only));
	memset(n->block, 0, sizeof(n->block));
}

void neighbour_config(struct fh_pgtable_config *config)
{
	config->format = FH_FORMAT_S1;
	config->regime = FH_REGIME_EL1;
	config->granule_lg2 = 12;
	config->ias = 39;
	config->oas = 40;
	config->bbm_level = 2;
	config->coherent = true;
	config->mair = UINT64_C(0x4404ff);
}

struct fh_handover neighbour_handover(const struct firmware *fw)
{
	static const struct fh_window windows[] = {
		{ { FIRMWARE_LENT_PAGE * PAGE }, FIRMWARE_LENT_PAGES * PAGE },
		{ { BLOCK + FIRMWARE_LENT_PAGE * PAGE }, FIRMWARE_LENT_PAGES * PAGE },
		{ { FIRMWARE_LENT_MID * BLOCK }, FIRMWARE_LENT_MIDS * BLOCK },
		{ { FIRMWARE_LENT_ROOT * FH_GIB }, FIRMWARE_LENT_ROOTS * FH_GIB },
	};

	return (struct fh_handover){ fh_phys(fw->pa), windows, FH_ARRAY_SIZE(windows) };
}

unsigned int neighbour_warnings(const struct firmware *fw)
{
	unsigned int lent = 0;

	for (unsigned int i = 0; i < fw->count; i++)
		lent += fw->entry[i].lent;
	return lent;
}
