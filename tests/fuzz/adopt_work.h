/* SPDX-License-Identifier: BSD-2-Clause */
/* Work in a tree that was adopted, for adopt.c: any bytes as calls, and what each may answer. */
#ifndef FH_TESTS_FUZZ_ADOPT_WORK_H
#define FH_TESTS_FUZZ_ADOPT_WORK_H

#include "iommu/pgtable_check.h"
#include "iommu/pgtable_dump.h"
#include "tests/fuzz/adopt_world.h"

#define READS_MAX 2u
/* Entries on all paths, for a check: it may look for a window through all of them for each. */
#define SEARCHED_MAX (1u << 13)

static struct fh_pgtable table;
/* Does the firmware keep its promise? Is a table of its in several places? */
static bool kept, shared;
static uint64_t entries_seen; /* on all paths */

static bool is_one_of(int err, const int *list, size_t count)
{
	while (count--)
		if (list[count] == err)
			return true;
	return false;
}

/* -EIO too, when a promise was broken. */
#define MAY_BE(err, ...)                                                                           \
	REQUIRE((!kept && (err) == -EIO) ||                                                        \
		is_one_of((err), (const int[]){ __VA_ARGS__ },                                     \
			  FH_ARRAY_SIZE(((const int[]){ __VA_ARGS__ }))))

/* ---- What a check may find. */

static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	fwrite(text, 1, len, stderr);
}

/* Contiguous hints of the firmware's on what is no run, and leaves of ours that lead anywhere. */
static void on_check(void *ctx, const struct fh_check_finding *finding)
{
	(void)ctx;
	if (!kept)
		return;
	if (finding->code == FH_CHECK_RUN && !(finding->desc & table.ours))
		return;
	if (finding->code == FH_CHECK_MAPS_FREE || finding->code == FH_CHECK_MAPS_NOMAP)
		return;
	fh_check_finding_describe(finding, &(struct fh_out){ print, NULL });
	fh_hook_bug("found by the check", __FILE__, __LINE__);
}

static void check(void)
{
	struct fh_check_report report = { .finding = on_check };

	if ((shared || !kept) && entries_seen > SEARCHED_MAX)
		return;
	MAY_BE(fh_pgtable_check(&table, &report), 0, -EIO);
	REQUIRE(!kept || report.tables == table.tables);
}

/* ---- Work. */

static const struct fh_attr attrs[] = {
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ | FH_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_NONE },
	{ FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE },
	{ FH_READ, FH_MEMTYPE_WB, FH_SHARE_NONE },
	{ FH_READ | FH_EXEC | FH_USER_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_READ | FH_WRITE | FH_UNACCESSED, FH_MEMTYPE_WB, FH_SHARE_INNER },
	{ FH_USER_WRITE, FH_MEMTYPE_OTHER, 1 },
};

struct request {
	struct world *w;
	unsigned int *reads; /* of everything, so far */
	unsigned int op;
	uint64_t iova, size, pa;
	struct fh_attr attr;
};

static struct request read_request(struct world *w, struct input *in)
{
	unsigned int op = take(in);
	unsigned int where = take(in);
	const struct fh_window *window = &table.window[where % table.window_count];
	uint64_t granule = UINT64_C(1) << w->granule_lg2;
	unsigned int scale = take(in);
	uint64_t offset = take_shifted(w, in, scale), pa;
	/* Up to some entries of level 1: to plan for more of them takes long. */
	unsigned int size_lg2 = scale / 4 % 4 * w->stride;
	uint64_t pages = size_lg2 > w->stride ? 1 + take(in) % 4 : 1 + take(in);
	uint64_t size = pages << (w->granule_lg2 + (size_lg2 > 2 * w->stride ? 0 : size_lg2));

	/* Mostly in the window, and from its beginning or end. */
	if (where & 16)
		offset = window->size - granule - offset % window->size;
	else if (!(where & 32))
		offset %= window->size;
	/* Not to RAM: a page of ours that looks like a link must lead to no table of ours. */
	pa = take_shifted(w, in, scale >> 4);
	if (fh_ranges_overlap(pa, size, BASE, sizeof(arena)))
		pa = size <= BASE ? 0 : UINT64_C(1) << 40;
	return (struct request){
		.w = w,
		.op = op,
		.iova = (where & 64 ? 0 : window->base.raw) + offset + (where & 128 ? 256 : 0),
		.size = size,
		.pa = pa,
		.attr = attrs[(scale >> 6 | op >> 3) % FH_ARRAY_SIZE(attrs)],
	};
}

static void look_up(const struct request *r, uint64_t iova)
{
	struct fh_translation answer;
	int err = fh_pgtable_lookup(&table, fh_dma(iova), &answer);

	(void)r;
	MAY_BE(err, 0, -ENOENT, -ERANGE);
	REQUIRE(err || answer.owner != FH_OWNER_NOBODY);
}

static void map(const struct request *r)
{
	fh_dma_addr_t iova = fh_dma(r->iova);
	struct fh_frames_stats stats, now;
	struct fh_translation answer;
	int64_t plan;
	int err;

	fh_frames_stats(&r->w->frames, &stats);
	plan = fh_pgtable_plan(&table, iova, fh_phys(r->pa), r->size, r->attr);
	err = fh_pgtable_map(&table, iova, fh_phys(r->pa), r->size, r->attr);
	fh_frames_stats(&r->w->frames, &now);
	MAY_BE(err, 0, -EINVAL, -ERANGE, -EPERM, -EEXIST, -ENOMEM, -ENOTSUP);
	/* In two places at once, an entry is free when it is planned and then taken. */
	REQUIRE(plan < 0 ? err == plan : err == 0 || err == -ENOMEM || (shared && err == -EEXIST));
	REQUIRE(now.owned == 0);
	/* The reserve is taken from first. */
	if (!table.reserve_pages)
		REQUIRE(now.held - stats.held <=
			(err ? 0 : (uint64_t)plan << (r->w->granule_lg2 - r->w->frames.frame_lg2)));
	if (err)
		return;
	REQUIRE(fh_pgtable_lookup(&table, iova, &answer) == 0);
	REQUIRE(answer.owner == FH_OWNER_OURS && answer.pa.raw == r->pa);
	REQUIRE(fh_pgtable_lookup(&table, fh_dma(r->iova + (r->size - 1)), &answer) == 0);
	REQUIRE(answer.owner == FH_OWNER_OURS && answer.pa.raw == r->pa + (r->size - 1));
}

static void unmap(const struct request *r)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	if (r->op & 128)
		fh_gather_quiescent(&gather);
	err = fh_pgtable_unmap(&table, fh_dma(r->iova), r->size, &gather);
	MAY_BE(err, 0, -EINVAL, -ERANGE, -ENOENT, -EPERM, -EBUSY, -ENOMEM);
	REQUIRE(fh_gather_flush(&gather) == 0);
	if (!err)
		look_up(r, r->iova);
}

static void protect(const struct request *r)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	if (r->op & 128)
		fh_gather_quiescent(&gather);
	err = fh_pgtable_protect(&table, fh_dma(r->iova), r->size, r->attr, &gather);
	MAY_BE(err, 0, -EINVAL, -ERANGE, -ENOENT, -EPERM, -EBUSY, -ENOMEM, -ENOTSUP);
	REQUIRE(fh_gather_flush(&gather) == 0);
}

static void trim(const struct request *r)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	err = fh_pgtable_trim(&table, fh_dma(r->iova), r->size, &gather);
	MAY_BE(err, 0, -EINVAL, -ERANGE, -EPERM);
	REQUIRE(fh_gather_flush(&gather) == 0);
}

static void hear_any(void *ctx, const char *text, size_t len)
{
	(void)text;
	*(size_t *)ctx += len;
}

static int stop_after(void *ctx, const struct fh_walk_entry *entry)
{
	unsigned int *left = ctx;

	REQUIRE(entry->desc && entry->owner != FH_OWNER_NOBODY);
	return --*left ? 0 : 1;
}

static void read_all(const struct request *r)
{
	uint64_t all = UINT64_C(1) << table.shape.ias;
	unsigned int left = 4096;
	size_t len = 0;
	int err = fh_pgtable_walk(&table, fh_dma(0), all, stop_after, &left);

	MAY_BE(err, 0, 1);
	err = fh_pgtable_dump(&table, fh_dma(r->iova), r->size, &(struct fh_out){ hear_any, &len });
	MAY_BE(err, 0, -EINVAL, -ERANGE);
	REQUIRE(fh_pgtable_audit(&table, NULL) >= (kept ? 0 : -EIO));
	err = fh_pgtable_plan_unmap(&table, fh_dma(r->iova), r->size) < 0;
	MAY_BE(err, 0, 1);
	check();
}

static void operate(const struct request *r)
{
	switch (r->op % 8) {
	case 0:
	case 1:
		map(r);
		break;
	case 2:
		unmap(r);
		break;
	case 3:
		protect(r);
		break;
	case 4:
		trim(r);
		break;
	case 5:
		if ((*r->reads)++ < READS_MAX)
			read_all(r);
		break;
	case 6:
		MAY_BE(fh_pgtable_preallocate(&table, r->op >> 3 & 7), 0, -ENOMEM);
		break;
	default:
		fh_frames_fail_after(&r->w->frames, r->op >> 3 & 7);
		break;
	}
	look_up(r, r->iova);
}

static void work(struct world *w, struct input *in, unsigned int most)
{
	unsigned int reads = 0;

	for (unsigned int i = 0; in->left && i < most; i++) {
		struct request request = read_request(w, in);

		request.reads = &reads;
		operate(&request);
	}
}

#endif
