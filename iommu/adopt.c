/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan of an inherited tree. Nothing is written: not to the tables, and not to the caller's
 * struct until all of it was seen. A loop over at most five open tables, no recursion.
 *
 *   windows     sorted out first: the scan asks whether an entry lies in one
 *   each table  is it where a table may lie? was it here before? is it its own ancestor?
 *   each entry  legal, aligned, without reserved bits, within the output size?
 *   then        can a walk come to its end? is there a software bit that no foreign entry has?
 */
#include "iommu/adopt.h"

#include <cache.h>

#include "iommu/adopt_priv.h"
#include "lib/error.h"

unsigned int fh_windows_touched(const struct fh_window *window, unsigned int count, uint64_t base,
				uint64_t span)
{
	unsigned int touched = 0;

	for (unsigned int w = 0; w < count; w++)
		if (window[w].size &&
		    fh_ranges_overlap(base, span, window[w].base.raw, window[w].size))
			touched |= 1u << w;
	return touched;
}

unsigned int fh_adopt_windows(const struct scan *scan, uint64_t base, uint64_t span)
{
	return fh_windows_touched(scan->window, scan->window_count, base, span);
}

/* What is wrong with a window, beside those before it. */
static enum fh_adopt_code judge_window(const struct scan *scan, uint64_t base, uint64_t size)
{
	if (size == 0 || !fh_is_aligned(base | size, UINT64_C(1) << scan->shape.granule_lg2))
		return FH_ADOPT_WINDOW_ALIGN;
	if (!fh_range_fits(base, size, scan->shape.ias))
		return FH_ADOPT_WINDOW_RANGE;
	return fh_adopt_windows(scan, base, size) ? FH_ADOPT_WINDOW_OVERLAP : FH_ADOPT_OK;
}

static void scan_windows(struct scan *scan)
{
	const struct fh_handover *handover = scan->handover;

	if (handover->window_count == 0 || handover->window_count > FH_WINDOW_MAX) {
		fh_adopt_find(scan, FH_ADOPT_WINDOW_COUNT, NULL, handover->window_count);
		return;
	}
	for (unsigned int w = 0; w < handover->window_count; w++) {
		const struct fh_window *window = &handover->windows[w];
		enum fh_adopt_code code = judge_window(scan, window->base.raw, window->size);

		if (code)
			fh_adopt_find_window(scan, code, w);
		else
			scan->window[w] = *window;
		scan->window_count++;
	}
}

/* May a table lie at @pa? It must be RAM of somebody else, which we may read and they keep. */
static enum fh_adopt_code judge_frame(const struct scan *scan, uint64_t pa)
{
	const struct fh_frames *frames = scan->config->frames;

	switch (fh_frame_state(frames, fh_phys(pa))) {
	case FH_FRAME_RESERVED:
		return FH_ADOPT_OK;
	case FH_FRAME_FREE:
		return FH_ADOPT_ALLOCATABLE;
	case FH_FRAME_OWNED:
	case FH_FRAME_HELD:
		return FH_ADOPT_ALLOCATED;
	default:
		return fh_memmap_classify(frames->config.map, fh_phys(pa)).kind == FH_MEM_NOMAP
			   ? FH_ADOPT_NOMAP
			   : FH_ADOPT_OUTSIDE_RAM;
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
 * The entry that a table is at. Each read asks whose the memory is, so entries are read some at a
 * time; one by one where a part of them does not answer.
 */
static bool read_entry(struct scan *scan, struct open_table *table)
{
	unsigned int first = table->index & ~(PART_ENTRIES - 1);
	unsigned int count = fh_shape_entries(&scan->shape, table->level) - first;
	uint64_t pa = table->pa + first * sizeof(table->desc);

	if (scan->part_pa != pa) {
		scan->part_pa = pa;
		if (!read_entries(scan, pa, scan->part,
				  count < PART_ENTRIES ? count : PART_ENTRIES))
			scan->part_pa = FH_PHYS_INVALID.raw;
	}
	table->desc = 0;
	if (scan->part_pa == pa)
		table->desc = scan->part[table->index - first];
	else if (!read_entries(scan, table->pa + table->index * sizeof(table->desc), &table->desc,
			       1)) {
		fh_adopt_find(scan, FH_ADOPT_UNREADABLE, table, table->pa);
		return false;
	}
	return true;
}

/* What is wrong with a descriptor itself. */
static enum fh_adopt_code judge_desc(const struct fh_shape *shape, uint64_t desc, int level)
{
	bool link = fh_desc_is_link(desc, level);
	uint64_t reserved;

	if (!(desc & FH_DESC_VALID))
		return FH_ADOPT_OK;
	if (!link && !fh_desc_is_leaf(shape, desc, level))
		return level == FH_LEVEL_PAGE ? FH_ADOPT_ILLEGAL : FH_ADOPT_ILLEGAL_BLOCK;
	reserved = fh_format_reserved(shape, desc, level);
	/* Bit 16 of a block is nT, however its address is aligned. */
	if (reserved & fh_desc_low_bits(shape, level) & ~FH_DESC_NT)
		return FH_ADOPT_MISALIGNED;
	if (reserved)
		return FH_ADOPT_RESERVED_BITS;
	if (!fh_range_fits(fh_desc_address(shape, desc), link ? 1 : fh_shape_span(shape, level),
			   shape->oas))
		return FH_ADOPT_OUTPUT;
	return FH_ADOPT_OK;
}

static void scan_entry(struct scan *scan, const struct open_table *table)
{
	const struct fh_shape *shape = &scan->shape;
	uint64_t desc = table->desc;
	enum fh_adopt_code code = judge_desc(shape, desc, table->level);

	scan->report->entries++;
	if (desc & FH_DESC_VALID)
		scan->software_used |= desc & shape->software;
	if (code)
		fh_adopt_find(scan, code, table,
			      code == FH_ADOPT_RESERVED_BITS
				  ? fh_format_reserved(shape, desc, table->level)
				  : fh_desc_address(shape, desc));
	fh_adopt_warn(scan, table);
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

static bool line_is_mixed(const struct scan *scan, const struct open_table *table,
			  struct line *line)
{
	uint64_t granule = arch_cache_writeback_granule();
	uint64_t pa = table->pa + table->index * sizeof(table->desc);

	if (scan->config->coherent)
		return false;
	if (table->index == 0 || fh_is_aligned(pa, granule))
		line_at(line, scan, pa);
	if (!entry_touches_window(scan, table))
		line->theirs = true;
	else if (!table->desc)
		line->ours = true;
	else if (!fh_desc_is_link(table->desc, table->level))
		line->theirs = true;
	if (table->index + 1 == fh_shape_entries(&scan->shape, table->level) &&
	    !fh_is_aligned(pa + sizeof(table->desc), granule))
		line->theirs = true;
	return line->ours && line->theirs;
}

/* All entries of one table, before any of those below it is entered. */
static bool scan_entries(struct scan *scan, struct open_table *table)
{
	struct line line = { false, false };
	struct run run = { .hinted = false };
	unsigned int used = 0;
	bool mixed = false;

	for (table->index = 0; table->index < fh_shape_entries(&scan->shape, table->level);
	     table->index++) {
		if (!read_entry(scan, table))
			return false;
		if (!mixed && line_is_mixed(scan, table, &line)) {
			mixed = true;
			fh_adopt_find(scan, FH_ADOPT_WRITEBACK, table,
				      table->pa + table->index * sizeof(table->desc));
		}
		if (table->desc) {
			used++;
			scan_entry(scan, table);
		}
		adopt_warn_run(scan, table, &run);
	}
	table->index = 0;
	fh_adopt_show(scan, table, used);
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

/* What speaks against a table at @pa, or FH_ADOPT_OK; *@at is where. */
static enum fh_adopt_code judge_table(const struct scan *scan, uint64_t pa, uint64_t bytes,
				      uint64_t *at)
{
	enum fh_adopt_code code = judge_place(scan, pa, bytes, at);

	if (code)
		return code;
	*at = pa;
	for (int i = 0; i < scan->depth; i++)
		if (is_ancestor(scan, &scan->open[i], pa))
			return FH_ADOPT_CYCLE;
	return FH_ADOPT_OK;
}

/*
 * All below @table was seen. A walk reads a table each time that it is led there, the scan once:
 * where tables of several levels are shared, a few pages are a tree that no walk comes to the end
 * of. What it would read is counted, for one that is met again as for the largest of its level.
 */
static void count_walked(struct scan *scan, struct open_table *parent, int level, uint64_t walked)
{
	uint64_t *most = &scan->walked[level - FH_LEVEL_FIRST];

	if (walked > *most)
		*most = walked;
	if (parent)
		parent->walked += walked;
}

static void count_again(struct scan *scan, struct open_table *parent, int level)
{
	uint64_t walked = scan->walked[level - FH_LEVEL_FIRST];

	if (scan->again > SHARED_MOST)
		return;
	scan->again += walked;
	if (parent)
		parent->walked += walked;
}

/*
 * Open the table at @pa, which the entry that @parent is at (NULL: the hand-over) leads to, unless
 * something speaks against it.
 */
static void enter(struct scan *scan, struct open_table *parent, uint64_t pa)
{
	struct fh_frames *frames = scan->config->frames;
	struct open_table *table = &scan->open[scan->depth];
	int level = parent ? parent->level + 1 : scan->shape.start_level;
	uint64_t bytes = UINT64_C(1) << (parent ? scan->shape.granule_lg2 : scan->shape.root_lg2);
	int here = 1 << (level + 1);
	uint64_t at;
	enum fh_adopt_code code = judge_table(scan, pa, bytes, &at);
	int marks = 0;

	if (!code)
		marks = fh_page_mark(frames, fh_page_borrow_phys(frames, fh_phys(pa), NULL),
				     (unsigned int)here);
	/*
	 * At another level the same bits say something else: a link of ours would be a page to
	 * whoever comes by the other way. A ring that is not seen from within, because a part of it
	 * was here before, has such a table too.
	 */
	if (marks & ~here)
		code = FH_ADOPT_TWO_LEVELS;
	if (code) {
		fh_adopt_find(scan, code, parent, at);
		return;
	}
	*table = (struct open_table){
		.pa = pa, .iova = parent ? entry_iova(scan, parent) : 0, .walked = 1, .level = level
	};
	if (!marks) {
		if (scan_entries(scan, table) && level != FH_LEVEL_PAGE)
			scan->depth++;
		else
			count_walked(scan, parent, level, 1);
		return;
	}
	count_again(scan, parent, level);
	fh_adopt_find(scan, FH_ADOPT_SHARED_TABLE, parent, pa);
	/*
	 * Seen at this level before: what lies below is known. Whether a line is mixed depends on
	 * the place, though, and looking again at each place would have no bound.
	 */
	if (!scan->config->coherent && parent && entry_touches_window(scan, parent))
		fh_adopt_find(scan, FH_ADOPT_WRITEBACK, parent, pa);
}

/* One step: enter what the innermost open table's next entry points to, or close that table. */
static void step(struct scan *scan)
{
	const struct fh_shape *shape = &scan->shape;
	struct open_table *table = &scan->open[scan->depth - 1];

	if (table->index >= fh_shape_entries(shape, table->level)) {
		scan->depth--;
		count_walked(scan, scan->depth ? table - 1 : NULL, table->level, table->walked);
		return;
	}
	/* It may have changed since all were looked at. */
	if (read_entry(scan, table) && fh_desc_is_link(table->desc, table->level) &&
	    !judge_desc(shape, table->desc, table->level))
		enter(scan, table, fh_desc_address(shape, table->desc));
	table->index++;
}

static void scan_tree(struct scan *scan)
{
	uint64_t root = scan->handover->root.raw;
	uint64_t bytes = UINT64_C(1) << scan->shape.root_lg2;

	if (!fh_is_aligned(root, bytes) || !fh_is_aligned(root, 64)) {
		fh_adopt_find(scan, FH_ADOPT_ROOT_MISALIGNED, NULL, root);
		return;
	}
	if (!fh_range_fits(root, bytes, scan->shape.oas)) {
		fh_adopt_find(scan, FH_ADOPT_OUTPUT, NULL, root);
		return;
	}
	enter(scan, NULL, root);
	while (scan->depth)
		step(scan);
	fh_frames_clear_marks(scan->config->frames);
	if (scan->again > SHARED_MOST)
		fh_adopt_find(scan, FH_ADOPT_TOO_SHARED, NULL, scan->again);
	if (scan->software_used == scan->shape.software)
		fh_adopt_find(scan, FH_ADOPT_NO_SOFTWARE_BIT, NULL, scan->software_used);
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
		.reserve = FH_PHYS_INVALID,
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
