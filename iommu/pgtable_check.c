/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a check. It trusts no link: each is looked at before it is followed, and none leads
 * to a table that is open already.
 *
 * Whether a table was seen before is a bit, of which there are some thousand: a pass looks into the
 * tables whose bits it has, and only through the others, and there are as many passes as stretches
 * of memory in which tables lie. Tables of the firmware have marks of their own (mm/page.h),
 * because several links may rightly lead to one of them.
 */
#include <string.h>

#include "iommu/pgtable_check.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"

#define LEVELS (FH_LEVEL_PAGE - FH_LEVEL_FIRST + 1)
#define PASS_TABLES 1024u

/* Where in a table a walk is. */
struct way {
	const struct fh_pgtable *table;
	uint64_t open[LEVELS]; /* tables on the way from the root, by level + 1 */
};

struct check {
	struct way way;
	const struct fh_pgtable *table;
	struct fh_check_report *report;
	uint64_t taken;
	uint64_t home;			 /* the stretch of the root, which comes first */
	uint64_t stretch;		 /* of this pass */
	uint64_t next;			 /* of the one after it, or UINT64_MAX */
	uint64_t seen[PASS_TABLES / 64]; /* tables of ours */
};

/* Where a descriptor stands. */
struct spot {
	struct place at;
	uint64_t pa; /* of the table */
	unsigned int index;
	uint64_t iova;
	uint64_t desc;
};

/* @spot NULL: it is about the table as a whole. */
static void find(const struct check *check, enum fh_check_code code, const struct spot *spot,
		 uint64_t value)
{
	const struct fh_memmap *map = check->table->config.frames->config.map;
	struct fh_check_finding finding = { .code = code,
					    .table = FH_PHYS_INVALID,
					    .value = value };

	if (spot) {
		finding.table = fh_phys(spot->pa);
		finding.index = spot->index;
		finding.level = (int8_t)spot->at.level;
		finding.desc = spot->desc;
		finding.iova = fh_dma(spot->iova);
		finding.by = fh_memmap_classify(map, fh_phys(value)).by;
	}
	check->report->findings++;
	if (check->report->finding)
		check->report->finding(check->report->ctx, &finding);
}

/* Frame by frame, and past what is no RAM in one step. */
static void check_memory(const struct check *check, const struct spot *spot)
{
	const struct fh_frames *frames = check->table->config.frames;
	const struct fh_shape *shape = &check->table->shape;
	uint64_t pa = fh_desc_output(shape, spot->desc, spot->at.level);
	uint64_t end = pa + fh_shape_span(shape, spot->at.level);

	while (pa < end) {
		struct fh_memmap_range range = fh_memmap_classify(frames->config.map, fh_phys(pa));
		uint64_t last = range.base.raw + (range.size - 1);

		if (range.kind == FH_MEM_NOMAP) {
			find(check, FH_CHECK_MAPS_NOMAP, spot, pa);
			return;
		}
		for (; range.kind == FH_MEM_USABLE && pa < end && pa <= last;
		     pa += UINT64_C(1) << frames->frame_lg2)
			if (fh_frame_state(frames, fh_phys(pa)) == FH_FRAME_FREE) {
				find(check, FH_CHECK_MAPS_FREE, spot, pa);
				return;
			}
		if (last >= end - 1)
			return;
		pa = last + 1;
	}
}

/* The entry whose run it is in has the hint: so must its neighbours, and go on in address. */
static void check_run(const struct check *check, const struct spot *spot)
{
	const struct fh_shape *shape = &check->table->shape;
	unsigned int count = 1u << fh_shape_run_lg2(shape, spot->at.level);
	uint64_t span = fh_shape_span(shape, spot->at.level);
	unsigned int first = spot->index & ~(count - 1);
	uint64_t fixed = ~(fh_desc_place(shape, UINT64_MAX) | HARDWARE_UPDATES);
	uint64_t pa = fh_desc_output(shape, fh_pte_read(&spot->at.slot[first]), spot->at.level);
	bool whole = count > 1 && fh_is_aligned(pa, count * span);

	for (unsigned int i = 0; i < count && whole; i++) {
		uint64_t desc = fh_pte_read(&spot->at.slot[first + i]);

		whole = ((desc ^ spot->desc) & fixed) == 0 &&
			fh_desc_output(shape, desc, spot->at.level) == pa + i * span;
	}
	/* Once a run: by the first entry that has the hint. */
	for (unsigned int i = first; i < spot->index && !whole; i++)
		whole = fh_pte_read(&spot->at.slot[i]) & FH_DESC_CONTIGUOUS;
	if (!whole)
		find(check, FH_CHECK_RUN, spot, fh_desc_address(shape, spot->desc));
}

static void check_leaf(const struct check *check, const struct spot *spot)
{
	const struct fh_pgtable *table = check->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t pa = fh_desc_address(shape, spot->desc);

	check->report->leaves += is_ours(table, spot->desc);
	if (fh_format_reserved(shape, spot->desc, spot->at.level)) {
		find(check, FH_CHECK_RESERVED_BITS, spot, pa);
		return;
	}
	if (!fh_range_fits(pa, fh_shape_span(shape, spot->at.level), shape->oas))
		find(check, FH_CHECK_OUTPUT, spot, pa);
	else if (is_ours(table, spot->desc))
		check_memory(check, spot);
	if (spot->desc & FH_DESC_CONTIGUOUS)
		check_run(check, spot);
}

/* What speaks against following a link, or FH_CHECK_OK. */
static enum fh_check_code judge_link(const struct way *way, const struct spot *spot)
{
	const struct fh_pgtable *table = way->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t pa = fh_desc_address(shape, spot->desc);
	bool ours = is_ours(table, spot->desc);

	if (!spot->at.foreign && !ours)
		return FH_CHECK_UNMARKED;
	if (fh_format_reserved(shape, spot->desc, spot->at.level))
		return FH_CHECK_RESERVED_BITS;
	if (!is_state(table, pa, UINT64_C(1) << shape->granule_lg2,
		      ours ? FH_FRAME_HELD : FH_FRAME_RESERVED))
		return ours ? FH_CHECK_TABLE_STATE : FH_CHECK_FOREIGN_MOVED;
	for (int level = shape->start_level; level <= spot->at.level; level++)
		if (way->open[level + 1] == pa)
			return FH_CHECK_TABLE_TWICE;
	return FH_CHECK_OK;
}

static struct spot spot_of(const struct way *way, struct place at, uint64_t pa, uint64_t base,
			   unsigned int index)
{
	return (struct spot){
		.at = at,
		.pa = pa,
		.index = index,
		.iova = base + index * fh_shape_span(&way->table->shape, at.level),
		.desc = fh_pte_read(&at.slot[index]),
	};
}

static bool is_sound_link(const struct way *way, const struct spot *spot)
{
	return fh_desc_is_link(spot->desc, spot->at.level) && judge_link(way, spot) == FH_CHECK_OK;
}

static struct place below(const struct way *way, const struct spot *spot)
{
	return (
	    struct place){ table_at(way->table, fh_desc_address(&way->table->shape, spot->desc)),
			   spot->at.level + 1, !is_ours(way->table, spot->desc) };
}

/* Where a sound link leads, and FH_PHYS_INVALID for all else. */
static __attribute__((noinline)) fh_phys_addr_t leads_to(const struct way *way, struct place at,
							 unsigned int index, struct place *to)
{
	struct spot spot = spot_of(way, at, 0, 0, index);

	if (!is_sound_link(way, &spot))
		return FH_PHYS_INVALID;
	*to = below(way, &spot);
	return fh_phys(fh_desc_address(&way->table->shape, spot.desc));
}

static bool touches_window(const struct fh_pgtable *table, uint64_t base, uint64_t span)
{
	return fh_windows_touched(table->window, table->window_count, base, span);
}

/* Is what @spot holds, were it at @iova, in our windows? A link may span more than those. */
static bool is_in_window(const struct fh_pgtable *table, const struct spot *spot, uint64_t iova)
{
	uint64_t span = fh_shape_span(&table->shape, spot->at.level);

	return fh_desc_is_link(spot->desc, spot->at.level)
		   ? touches_window(table, iova, span)
		   : fh_pgtable_in_windows(table, iova, iova + (span - 1));
}

/* Does the table that @spot stands in lie below @at also where it is in a window? */
static bool is_in_window_below(struct way *way, struct place at, uint64_t pa, uint64_t base,
			       const struct spot *spot)
{
	const struct fh_shape *shape = &way->table->shape;
	uint64_t span = fh_shape_span(shape, at.level);

	if (pa == spot->pa && at.level == spot->at.level)
		return is_in_window(way->table, spot, base + spot->index * span);
	if (at.level >= spot->at.level)
		return false;
	way->open[at.level + 1] = pa;
	for (unsigned int i = 0; i < fh_shape_entries(shape, at.level); i++, base += span) {
		struct place to;
		fh_phys_addr_t child = touches_window(way->table, base, span)
					   ? leads_to(way, at, i, &to)
					   : FH_PHYS_INVALID;

		if (fh_phys_is_valid(child) && is_in_window_below(way, to, child.raw, base, spot))
			return true;
	}
	return false;
}

/* The firmware may link a table more than once: one of the places will do. */
static bool serves_window(const struct check *check, const struct spot *spot)
{
	const struct fh_pgtable *table = check->table;
	struct way other = { .table = table };

	return is_in_window(table, spot, spot->iova) ||
	       is_in_window_below(&other, root_place(table), table->root.raw, 0, spot);
}

/* The first link to @target, in the order of the walk. */
static const uint64_t *first_link(struct way *way, struct place at, uint64_t pa, uint64_t target)
{
	unsigned int entries = fh_shape_entries(&way->table->shape, at.level);
	const uint64_t *found = NULL;

	way->open[at.level + 1] = pa;
	for (unsigned int i = 0; i < entries && !found; i++) {
		struct place to;
		fh_phys_addr_t child = leads_to(way, at, i, &to);

		if (child.raw == target)
			found = &at.slot[i];
		else if (fh_phys_is_valid(child) && to.level < FH_LEVEL_PAGE)
			found = first_link(way, to, child.raw, target);
	}
	return found;
}

/* Is it another link, and not the same one, reached through a table that is linked twice? */
static bool is_second_link(const struct check *check, const struct spot *spot)
{
	const struct fh_pgtable *table = check->table;
	struct way other = { .table = table };

	return first_link(&other, root_place(table), table->root.raw,
			  fh_desc_address(&table->shape, spot->desc)) !=
	       &spot->at.slot[spot->index];
}

/* Not inlined, like see(): the recursion around them need not hold their frames. */
static __attribute__((noinline)) void check_entry(struct check *check, const struct spot *spot)
{
	const struct fh_pgtable *table = check->table;
	uint64_t pa = fh_desc_address(&table->shape, spot->desc);
	enum fh_desc_kind kind = fh_desc_kind(&table->shape, spot->desc, spot->at.level);
	enum fh_check_code code = FH_CHECK_OK;

	if (kind == FH_DESC_INVALID) {
		code = spot->at.foreign ? FH_CHECK_OK : FH_CHECK_INVALID;
	} else if (kind == FH_DESC_ILLEGAL) {
		code = FH_CHECK_ILLEGAL;
	} else if (kind == FH_DESC_TABLE) {
		code = judge_link(&check->way, spot);
	} else if (!spot->at.foreign && !is_ours(table, spot->desc)) {
		code = FH_CHECK_UNMARKED;
	}
	if (code)
		find(check, code, spot, pa);
	if (kind == FH_DESC_INVALID || kind == FH_DESC_ILLEGAL || code == FH_CHECK_UNMARKED)
		return;
	if (table->adopted && is_ours(table, spot->desc)) {
		check->taken += spot->at.foreign;
		if (!serves_window(check, spot))
			find(check, FH_CHECK_OUTSIDE_WINDOW, spot, pa);
	}
	if (kind != FH_DESC_TABLE)
		check_leaf(check, spot);
}

/* PASS_TABLES tables in a row share a number. */
static uint64_t stretch_of(const struct check *check, uint64_t pa)
{
	return (pa >> check->table->shape.granule_lg2) / PASS_TABLES;
}

/* Is @stretch one for a later pass? */
static bool is_left(const struct check *check, uint64_t stretch)
{
	return stretch != check->home &&
	       (check->stretch == check->home || stretch > check->stretch);
}

/* Was the table seen before? Now it is. */
static __attribute__((noinline)) bool see(struct check *check, const struct spot *spot, uint64_t pa)
{
	struct fh_frames *frames = check->table->config.frames;
	uint64_t bit = (pa >> check->table->shape.granule_lg2) % PASS_TABLES;
	uint64_t *word = &check->seen[bit / 64];

	if (!is_ours(check->table, spot->desc))
		return fh_page_mark(frames, fh_page_borrow_phys(frames, fh_phys(pa), NULL), 1) != 0;
	if (stretch_of(check, pa) != check->stretch)
		return false;
	if (*word >> bit % 64 & 1) {
		if (is_second_link(check, spot))
			find(check, FH_CHECK_TABLE_TWICE, spot, pa);
		return true;
	}
	*word |= UINT64_C(1) << bit % 64;
	check->report->tables++;
	return false;
}

static void check_table(struct check *check, struct place at, uint64_t pa, uint64_t base,
			bool look);

/* What a sound link leads to, unless there is nothing to do below it in this pass. */
static void follow(struct check *check, const struct spot *spot)
{
	uint64_t child = fh_desc_address(&check->table->shape, spot->desc);
	uint64_t stretch = stretch_of(check, child);
	bool look = stretch == check->stretch;

	if (is_left(check, stretch) && stretch < check->next)
		check->next = stretch;
	if (!see(check, spot, child) && (look || spot->at.level + 1 < FH_LEVEL_PAGE))
		check_table(check, below(&check->way, spot), child, spot->iova, look);
}

/* One table: its entries when @look, and the way through it to others. */
static void check_table(struct check *check, struct place at, uint64_t pa, uint64_t base, bool look)
{
	unsigned int entries = fh_shape_entries(&check->table->shape, at.level);

	check->way.open[at.level + 1] = pa;
	for (unsigned int i = 0; i < entries; i++) {
		struct spot spot;

		if (!fh_pte_read(&at.slot[i]))
			continue;
		spot = spot_of(&check->way, at, pa, base, i);
		if (look)
			check_entry(check, &spot);
		if (is_sound_link(&check->way, &spot))
			follow(check, &spot);
	}
}

static void check_tree(struct check *check)
{
	const struct fh_pgtable *table = check->table;
	check->home = check->next = stretch_of(check, table->root.raw);
	do {
		fh_frames_clear_marks(table->config.frames);
		memset(check->seen, 0, sizeof(check->seen));
		check->stretch = check->next;
		check->next = UINT64_MAX;
		check_table(check, root_place(table), table->root.raw, 0,
			    check->stretch == check->home);
	} while (check->next != UINT64_MAX);
	fh_frames_clear_marks(table->config.frames);
}

int fh_pgtable_check(const struct fh_pgtable *table, struct fh_check_report *report)
{
	struct check check = { .way.table = table, .table = table, .report = report };
	uint64_t root_bytes = UINT64_C(1) << table->shape.root_lg2;

	report->tables = report->leaves = report->findings = 0;
	if (fh_gathers_pending(table))
		return -EBUSY;
	if (!is_state(table, table->root.raw, root_bytes,
		      table->adopted ? FH_FRAME_RESERVED : FH_FRAME_HELD))
		find(&check, table->adopted ? FH_CHECK_FOREIGN_MOVED : FH_CHECK_TABLE_STATE, NULL,
		     table->root.raw);
	else
		check_tree(&check);
	/* What hangs below a finding was not counted. */
	if (report->findings)
		return -EIO;
	if (report->tables != table->tables)
		find(&check, FH_CHECK_TABLE_COUNT, NULL, table->tables);
	if (check.taken != table->taken)
		find(&check, FH_CHECK_TAKEN_COUNT, NULL, table->taken);
	return report->findings ? -EIO : 0;
}

const char *fh_check_code_name(enum fh_check_code code)
{
	static const char *const name[] = {
		[FH_CHECK_OK] = "ok",
		[FH_CHECK_TABLE_STATE] = "table-state",
		[FH_CHECK_TABLE_TWICE] = "table-twice",
		[FH_CHECK_TABLE_COUNT] = "table-count",
		[FH_CHECK_TAKEN_COUNT] = "taken-count",
		[FH_CHECK_ILLEGAL] = "illegal",
		[FH_CHECK_INVALID] = "invalid",
		[FH_CHECK_RESERVED_BITS] = "reserved-bits",
		[FH_CHECK_OUTPUT] = "output",
		[FH_CHECK_RUN] = "run",
		[FH_CHECK_UNMARKED] = "unmarked",
		[FH_CHECK_OUTSIDE_WINDOW] = "outside-window",
		[FH_CHECK_FOREIGN_MOVED] = "foreign-moved",
		[FH_CHECK_MAPS_FREE] = "maps-free",
		[FH_CHECK_MAPS_NOMAP] = "maps-no-map",
	};

	return (unsigned int)code < FH_ARRAY_SIZE(name) ? name[code] : "unknown";
}

void fh_check_finding_describe(const struct fh_check_finding *finding, const struct fh_out *out)
{
	fh_out_str(out, "fh: check: ");
	if (fh_phys_is_valid(finding->table)) {
		fh_put_spot(out, &(struct desc_spot){ finding->table, finding->iova, finding->desc,
						      finding->index, finding->level });
	} else {
		fh_out_str(out, "table");
	}
	fh_out_str(out, ": ");
	fh_out_hex(out, finding->value, 0);
	fh_out_str(out, ": ");
	fh_out_str(out, fh_check_code_name(finding->code));
	if (finding->by) {
		fh_out_str(out, ", declared by ");
		fh_out_str(out, finding->by);
	}
	fh_out_str(out, " (EIO)\n");
}
