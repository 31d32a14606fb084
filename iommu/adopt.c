/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan of an inherited tree. Nothing is written: not to the tables, and not to the caller's
 * struct until all of it was seen. A loop over at most five open tables, no recursion.
 *
 *   windows     sorted out first: the scan asks whether an entry lies in one
 *   each table  is it where a table may lie? was it here before? is it its own ancestor?
 *   each entry  legal, within the output size, without reserved bits?
 *   then        a software bit that no foreign entry has
 */
#include "iommu/adopt.h"

#include <cache.h>

#include "iommu/pgtable_priv.h"
#include "lib/error.h"

#define LEVELS (FH_LEVEL_PAGE - FH_LEVEL_FIRST + 1)

/* Entries that are read at once. */
#define PART_ENTRIES 32u

/* A table that is open: the scan goes on at @index when what lies below is done. */
struct open_table {
	uint64_t pa;
	uint64_t iova;
	unsigned int index;
	int level;
};

struct scan {
	const struct fh_pgtable_config *config;
	const struct fh_handover *handover;
	struct fh_shape shape;
	struct fh_adopt_report *report;
	struct open_table open[LEVELS];
	int depth;				/* open tables */
	struct fh_window window[FH_WINDOW_MAX]; /* those in which nothing is wrong */
	unsigned int window_count;
	uint64_t software_used;
	uint64_t part_pa; /* where @part was read, or FH_PHYS_INVALID */
	uint64_t part[PART_ENTRIES];
};

static const char *declared_by(const struct scan *scan, uint64_t pa)
{
	return fh_memmap_classify(scan->config->frames->config.map, fh_phys(pa)).by;
}

/* @table NULL: it is about the hand-over itself. */
static void find(struct scan *scan, enum fh_adopt_code code, const struct open_table *table,
		 uint64_t desc, uint64_t iova, uint64_t value)
{
	struct fh_adopt_report *report = scan->report;
	struct fh_adopt_finding finding = {
		.code = code,
		.table = table ? fh_phys(table->pa) : FH_PHYS_INVALID,
		.index = table ? table->index : 0,
		.level = (int8_t)(table ? table->level : 0),
		.desc = desc,
		.iova = fh_dma(iova),
		.value = value,
		.by = declared_by(scan, value),
	};

	if (code >= FH_ADOPT_SHARED_TABLE) {
		report->warnings++;
	} else {
		if (!report->refusals++)
			report->first = code;
	}
	if (report->finding)
		report->finding(report->ctx, &finding);
}

static bool touches_window(const struct scan *scan, uint64_t base, uint64_t span)
{
	for (unsigned int w = 0; w < scan->window_count; w++)
		if (fh_ranges_overlap(base, span, scan->window[w].base.raw, scan->window[w].size))
			return true;
	return false;
}

static void scan_windows(struct scan *scan)
{
	const struct fh_handover *handover = scan->handover;
	uint64_t granule = UINT64_C(1) << scan->shape.granule_lg2;

	if (handover->window_count == 0 || handover->window_count > FH_WINDOW_MAX) {
		find(scan, FH_ADOPT_WINDOW_COUNT, NULL, 0, 0, handover->window_count);
		return;
	}
	for (unsigned int w = 0; w < handover->window_count; w++) {
		uint64_t base = handover->windows[w].base.raw;
		uint64_t size = handover->windows[w].size;

		if (size == 0 || !fh_is_aligned(base | size, granule)) {
			find(scan, FH_ADOPT_WINDOW_ALIGN, NULL, 0, base, size);
			continue;
		}
		if (!fh_range_fits(base, size, scan->shape.ias)) {
			find(scan, FH_ADOPT_WINDOW_RANGE, NULL, 0, base, size);
			continue;
		}
		if (touches_window(scan, base, size)) {
			find(scan, FH_ADOPT_WINDOW_OVERLAP, NULL, 0, base, size);
			continue;
		}
		scan->window[scan->window_count++] = handover->windows[w];
	}
}

/* May a table lie at @pa? It must be RAM of somebody else, which we may read and they keep. */
static enum fh_adopt_code judge_frame(const struct scan *scan, uint64_t pa)
{
	enum fh_borrow_refusal why;

	if (fh_page_borrow_phys(scan->config->frames, fh_phys(pa), &why))
		return fh_frame_state(scan->config->frames, fh_phys(pa)) == FH_FRAME_RESERVED
			   ? FH_ADOPT_OK
			   : FH_ADOPT_ALLOCATABLE;
	switch (why) {
	case FH_BORROW_NOMAP:
		return FH_ADOPT_NOMAP;
	case FH_BORROW_NO_RAM:
		return FH_ADOPT_OUTSIDE_RAM;
	default:
		return FH_ADOPT_ALLOCATABLE;
	}
}

/* Every frame of it; *@at is the one that the answer is about. */
static enum fh_adopt_code judge_place(const struct scan *scan, uint64_t pa, uint64_t bytes,
				      uint64_t *at)
{
	uint64_t frame = UINT64_C(1) << scan->config->frames->frame_lg2;
	enum fh_adopt_code code = FH_ADOPT_OK;

	for (*at = pa; *at < pa + bytes; *at = fh_align_down(*at, frame) + frame) {
		code = judge_frame(scan, *at);
		if (code)
			break;
	}
	return code;
}

/* Survives an abort. Return: false when the memory did not answer. */
static bool read_entries(const struct scan *scan, uint64_t pa, uint64_t *desc, unsigned int count)
{
	const struct fh_frames *frames = scan->config->frames;
	const struct fh_page *page = fh_page_borrow_phys(frames, fh_phys(pa), NULL);
	size_t offset = (size_t)fh_phys_frame_offset(fh_phys(pa), frames->frame_lg2).raw;

	return page && !fh_page_read(frames, page, offset, desc, count * sizeof(*desc));
}

/*
 * Entry @index of a table. Each read asks whose the memory is, so entries are read some at a time;
 * one by one where a part of them does not answer.
 */
static bool read_entry(struct scan *scan, const struct open_table *table, unsigned int index,
		       uint64_t *desc)
{
	unsigned int first = index & ~(PART_ENTRIES - 1);
	unsigned int count = fh_shape_entries(&scan->shape, table->level) - first;
	uint64_t pa = table->pa + first * sizeof(*desc);

	if (scan->part_pa != pa) {
		scan->part_pa = pa;
		if (!read_entries(scan, pa, scan->part,
				  count < PART_ENTRIES ? count : PART_ENTRIES))
			scan->part_pa = FH_PHYS_INVALID.raw;
	}
	if (scan->part_pa != pa)
		return read_entries(scan, table->pa + index * sizeof(*desc), desc, 1);
	*desc = scan->part[index - first];
	return true;
}

static void scan_leaf(struct scan *scan, const struct open_table *table, uint64_t desc,
		      enum fh_desc_kind kind, uint64_t iova)
{
	uint64_t span = fh_shape_span(&scan->shape, table->level);
	uint64_t pa = fh_desc_address(&scan->shape, desc);

	if (kind == FH_DESC_BLOCK || kind == FH_DESC_PAGE) {
		if (fh_format_reserved(&scan->shape, desc, table->level))
			find(scan, FH_ADOPT_RESERVED_BITS, table, desc, iova, pa);
		else if (!fh_range_fits(pa, span, scan->shape.oas))
			find(scan, FH_ADOPT_OUTPUT, table, desc, iova, pa);
	}
	if (touches_window(scan, iova, span))
		find(scan, FH_ADOPT_LIVE_IN_WINDOW, table, desc, iova, pa);
}

static void scan_entry(struct scan *scan, const struct open_table *table, uint64_t desc,
		       uint64_t iova)
{
	enum fh_desc_kind kind = fh_desc_kind(&scan->shape, desc, table->level);

	scan->report->entries++;
	if ((desc & FH_DESC_VALID) && (desc & scan->shape.software)) {
		scan->software_used |= desc & scan->shape.software;
		find(scan, FH_ADOPT_SOFTWARE_BIT_USED, table, desc, iova,
		     fh_desc_address(&scan->shape, desc));
	}
	if (kind == FH_DESC_ILLEGAL)
		find(scan, FH_ADOPT_ILLEGAL, table, desc, iova,
		     fh_desc_address(&scan->shape, desc));
	else if (kind != FH_DESC_TABLE)
		scan_leaf(scan, table, desc, kind, iova);
	else if (fh_format_reserved(&scan->shape, desc, table->level))
		find(scan, FH_ADOPT_RESERVED_BITS, table, desc, iova,
		     fh_desc_address(&scan->shape, desc));
	else if (!fh_range_fits(fh_desc_address(&scan->shape, desc), 1, scan->shape.oas))
		find(scan, FH_ADOPT_OUTPUT, table, desc, iova, fh_desc_address(&scan->shape, desc));
}

/*
 * With a walker that is not coherent, what we clean we write back whole: nothing that is written
 * back together may hold both a descriptor that we may take and something that the firmware may
 * write. It has promised not to change links that touch our windows.
 */
struct line {
	bool ours;
	bool theirs;
};

/* A new one begins at @pa. What lies there outside of the table is theirs. */
static void line_at(struct line *line, const struct scan *scan, uint64_t pa)
{
	uint64_t granule = arch_cache_writeback_granule();

	if (scan->config->coherent || fh_is_aligned(pa, granule))
		*line = (struct line){ false, false };
	else
		line->theirs = true;
}

static bool line_is_mixed(const struct scan *scan, const struct open_table *table, uint64_t desc,
			  uint64_t iova, struct line *line)
{
	bool in_window = touches_window(scan, iova, fh_shape_span(&scan->shape, table->level));
	uint64_t pa = table->pa + table->index * sizeof(desc);

	if (scan->config->coherent)
		return false;
	if (table->index == 0 || fh_is_aligned(pa, arch_cache_writeback_granule()))
		line_at(line, scan, pa);
	if (!in_window)
		line->theirs = true;
	else if (!desc)
		line->ours = true;
	else if (fh_desc_kind(&scan->shape, desc, table->level) != FH_DESC_TABLE)
		line->theirs = true;
	if (table->index + 1 == fh_shape_entries(&scan->shape, table->level) &&
	    !fh_is_aligned(pa + sizeof(desc), arch_cache_writeback_granule()))
		line->theirs = true;
	return line->ours && line->theirs;
}

/* All entries of one table, before any of those below it is entered. */
static bool scan_entries(struct scan *scan, struct open_table *table)
{
	struct fh_adopt_table shown = { .pa = fh_phys(table->pa),
					.iova = fh_dma(table->iova),
					.level = (int8_t)table->level,
					.by = declared_by(scan, table->pa) };
	struct line line = { false, false };
	bool mixed = false;

	for (table->index = 0; table->index < fh_shape_entries(&scan->shape, table->level);
	     table->index++) {
		uint64_t span = fh_shape_span(&scan->shape, table->level);
		uint64_t iova = table->iova + table->index * span;
		uint64_t desc;

		if (!read_entry(scan, table, table->index, &desc)) {
			find(scan, FH_ADOPT_UNREADABLE, table, 0, iova, table->pa);
			return false;
		}
		if (line_is_mixed(scan, table, desc, iova, &line) && !mixed) {
			mixed = true;
			find(scan, FH_ADOPT_WRITEBACK, table, desc, iova,
			     table->pa + table->index * sizeof(desc));
		}
		if (desc) {
			shown.used++;
			scan_entry(scan, table, desc, iova);
		}
	}
	table->index = 0;
	scan->report->tables++;
	if (scan->report->table)
		scan->report->table(scan->report->ctx, &shown);
	return true;
}

/* Does the table at @pa share a granule with one that is open? A root may be several in a row. */
static bool is_ancestor(const struct scan *scan, const struct open_table *open, uint64_t pa)
{
	uint64_t granule = UINT64_C(1) << scan->shape.granule_lg2;
	uint64_t first = fh_align_down(open->pa, granule);
	uint64_t bytes = fh_shape_entries(&scan->shape, open->level) * sizeof(uint64_t);

	return pa == first || (pa > first && pa - first < bytes);
}

/* Open the table at @pa, found in @parent (NULL: the root), unless something speaks against it. */
static void enter(struct scan *scan, const struct open_table *parent, uint64_t desc, uint64_t pa,
		  uint64_t iova)
{
	int level = parent ? parent->level + 1 : scan->shape.start_level;
	uint64_t granule = UINT64_C(1) << scan->shape.granule_lg2;
	uint64_t bytes = parent ? granule : UINT64_C(1) << scan->shape.root_lg2;
	uint64_t at;
	enum fh_adopt_code code = judge_place(scan, pa, bytes, &at);
	const struct fh_page *page;
	int marks;

	for (int i = 0; i < scan->depth && !code; i++)
		if (is_ancestor(scan, &scan->open[i], pa))
			code = FH_ADOPT_CYCLE;
	if (code) {
		find(scan, code, parent, desc, iova, code == FH_ADOPT_CYCLE ? pa : at);
		return;
	}
	page = fh_page_borrow_phys(scan->config->frames, fh_phys(pa), NULL);
	marks = fh_page_mark(scan->config->frames, page, 1u << (level + 1));
	if (marks > 0)
		find(scan, FH_ADOPT_SHARED_TABLE, parent, desc, iova, pa);
	if (marks < 0)
		return;
	/*
	 * Seen at this level before: what lies below is known. Whether a line is mixed depends on
	 * the place, though, and looking again at each place would have no bound.
	 */
	if (marks & (1 << (level + 1))) {
		if (!scan->config->coherent &&
		    touches_window(scan, iova, fh_shape_span(&scan->shape, level - 1)))
			find(scan, FH_ADOPT_WRITEBACK, parent, desc, iova, pa);
		return;
	}
	scan->open[scan->depth] = (struct open_table){ .pa = pa, .iova = iova, .level = level };
	if (scan_entries(scan, &scan->open[scan->depth]) && level != FH_LEVEL_PAGE)
		scan->depth++;
}

/* One step: enter what the innermost open table's next entry points to, or close that table. */
static void step(struct scan *scan)
{
	struct open_table *table = &scan->open[scan->depth - 1];
	struct open_table parent;
	uint64_t desc;

	if (table->index >= fh_shape_entries(&scan->shape, table->level)) {
		scan->depth--;
		return;
	}
	parent = *table;
	if (read_entry(scan, table, table->index, &desc) &&
	    fh_desc_kind(&scan->shape, desc, table->level) == FH_DESC_TABLE &&
	    !fh_format_reserved(&scan->shape, desc, table->level) &&
	    fh_range_fits(fh_desc_address(&scan->shape, desc), 1, scan->shape.oas))
		enter(scan, &parent, desc, fh_desc_address(&scan->shape, desc),
		      table->iova + table->index * fh_shape_span(&scan->shape, table->level));
	table->index++;
}

static void scan_tree(struct scan *scan)
{
	uint64_t root = scan->handover->root.raw;
	uint64_t bytes = UINT64_C(1) << scan->shape.root_lg2;

	if (!fh_is_aligned(root, bytes) || !fh_is_aligned(root, 64)) {
		find(scan, FH_ADOPT_ROOT_MISALIGNED, NULL, 0, 0, root);
		return;
	}
	if (!fh_range_fits(root, bytes, scan->shape.oas)) {
		find(scan, FH_ADOPT_OUTPUT, NULL, 0, 0, root);
		return;
	}
	enter(scan, NULL, 0, root, 0);
	while (scan->depth)
		step(scan);
	fh_frames_clear_marks(scan->config->frames);
	if (scan->software_used == scan->shape.software)
		find(scan, FH_ADOPT_NO_SOFTWARE_BIT, NULL, 0, 0, scan->software_used);
}

static void fill_table(struct fh_pgtable *table, const struct scan *scan)
{
	uint64_t free_bits = scan->shape.software & ~scan->software_used;

	*table = (struct fh_pgtable){
		.config = *scan->config,
		.shape = scan->shape,
		.root = scan->handover->root,
		.adopted = true,
		.ours = free_bits & (~free_bits + 1), /* the lowest */
		.window_count = scan->window_count,
	};
	for (unsigned int w = 0; w < table->window_count; w++)
		table->window[w] = scan->window[w];
	fh_pgtable_derive(table);
}

int fh_pgtable_adopt(struct fh_pgtable *table, const struct fh_pgtable_config *config,
		     const struct fh_handover *handover, struct fh_adopt_report *report)
{
	struct scan scan = {
		.config = config,
		.handover = handover,
		.report = report,
		.part_pa = FH_PHYS_INVALID.raw,
	};
	int err = fh_pgtable_check_config(config, &scan.shape);

	report->tables = report->entries = report->refusals = report->warnings = 0;
	report->first = FH_ADOPT_OK;
	if (err)
		return err;
	scan_windows(&scan);
	scan_tree(&scan);
	if (report->refusals)
		return fh_adopt_code_errno(report->first);
	fill_table(table, &scan);
	return 0;
}
