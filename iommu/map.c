/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map, in three steps:
 *
 *   plan      may every entry be taken, and how many table pages will that need?
 *   allocate  all of them, or nothing
 *   fill      subtrees are built unseen and linked last; in tables of ours nothing can go wrong any
 *             more, in the firmware's it may have taken an entry first, and then all that was
 *             filled is taken away again
 *
 * A range that one leaf table of ours holds whole takes one look at the entries and one run of
 * stores; a few pages of one piece do not come here but take an even shorter way (pages.c).
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"
#include "lib/hooks.h"

/* What is mapped: pieces of memory behind each other, and which one the operation is at. */
struct source {
	const struct fh_segment *next;
	uint64_t last;	/* last device address of the present piece */
	uint64_t delta; /* its physical address minus its device address, modulo 2^64 */
};

/* Addresses only ever grow. */
static inline void source_at(struct source *source, uint64_t iova)
{
	while (iova > source->last) {
		uint64_t first = source->last + 1;

		source->delta = source->next->pa.raw - first;
		source->last = first + (source->next->size - 1);
		source->next++;
	}
}

static struct source source_of(const struct fh_segment *segments, uint64_t iova)
{
	return (struct source){
		.next = segments + 1,
		.last = iova + (segments->size - 1),
		.delta = segments->pa.raw - iova,
	};
}

struct mapping {
	struct fh_pgtable *table;
	struct source source;
	uint64_t bits; /* attributes and our software bit */
	struct pool pool;
	uint64_t filled; /* first address that is not filled yet */
	const struct fh_segment *segments;
	struct part range;
	const void *caller;
};

/*
 * Blocks of @level from @first on, where the source is: the address up to which they go, at most
 * @last; 0 when @first cannot begin one.
 */
static uint64_t blocks_end(const struct fh_shape *shape, int level, uint64_t first, uint64_t last,
			   const struct source *source)
{
	uint64_t span = fh_shape_span(shape, level);
	uint64_t bytes;

	if (!fh_shape_has_leaf(shape, level) ||
	    !fh_is_aligned(first | (first + source->delta), span))
		return 0;
	if (last > source->last)
		last = source->last;
	bytes = fh_align_down(last - first + 1, span);
	return bytes ? first + (bytes - 1) : 0;
}

/* Pages of a new table of @level that holds @range: it, and those below where blocks will not do.
 */
static uint64_t count_new(const struct fh_pgtable *table, int level, struct part range,
			  struct source *source)
{
	const struct fh_shape *shape = &table->shape;
	struct entries entries = fh_entries_of(shape, level, range);
	uint64_t count = 1;

	do {
		uint64_t blocks;

		if (level == FH_LEVEL_PAGE)
			break;
		source_at(source, entries.part.first);
		blocks = blocks_end(shape, level, entries.part.first, range.last, source);
		if (blocks)
			entries.part.last = blocks;
		else
			count += count_new(table, level + 1, entries.part, source);
	} while (fh_entries_next(&entries));
	return count;
}

/* Somebody's entry where we would map: -EEXIST ours, -EPERM not. */
static int in_the_way(const struct fh_pgtable *table, uint64_t desc)
{
	return is_ours(table, desc) ? -EEXIST : -EPERM;
}

static int64_t plan_level(const struct fh_pgtable *table, struct place at, struct part range,
			  struct source *source)
{
	const struct fh_shape *shape = &table->shape;
	struct entries entries = fh_entries_of(shape, at.level, range);
	int64_t count = 0;

	do {
		struct part part = entries.part;
		const uint64_t *slot = &at.slot[entries.index];
		uint64_t desc = fh_pte_read(slot);
		struct place below = at;
		int64_t more;

		if (!desc) {
			uint64_t blocks;

			source_at(source, part.first);
			blocks = blocks_end(shape, at.level, part.first, range.last, source);
			/* As many as are zero: large memory is a row of them. */
			while (blocks > entries.part.last && !fh_pte_read(++slot))
				entries.part.last += fh_shape_span(shape, at.level);
			if (!blocks && at.level != FH_LEVEL_PAGE)
				count += (int64_t)count_new(table, at.level + 1, part, source);
			continue;
		}
		if (!fh_desc_is_link(desc, at.level))
			return in_the_way(table, desc);
		more = fh_pgtable_descend(table, part.first, desc, &below);
		if (!more)
			more = plan_level(table, below, part, source);
		if (more < 0)
			return more;
		count += more;
	} while (fh_entries_next(&entries));
	return count;
}

static int check_segments(const struct fh_pgtable *table, fh_dma_addr_t iova,
			  const struct fh_segment *segments, size_t count, uint64_t *size)
{
	uint64_t granule = UINT64_C(1) << table->shape.granule_lg2;

	*size = 0;
	for (size_t i = 0; i < count; i++) {
		if (segments[i].size == 0 ||
		    !fh_is_aligned(segments[i].pa.raw | segments[i].size, granule))
			return -EINVAL;
		if (!fh_range_fits(segments[i].pa.raw, segments[i].size, table->shape.oas))
			return -ERANGE;
		if (segments[i].size > UINT64_MAX - *size)
			return -ERANGE;
		*size += segments[i].size;
	}
	return fh_pgtable_check_range(table, iova, *size);
}

/* Everything that can be refused without looking into the table. */
static int check_arguments(const struct fh_pgtable *table, fh_dma_addr_t iova,
			   const struct fh_segment *segments, size_t count, struct fh_attr attr,
			   uint64_t *size, uint64_t *bits)
{
	int err = check_segments(table, iova, segments, count, size);

	if (!err)
		err = fh_format_encode(&table->shape, attr, bits);
	if (!err && !fh_pgtable_in_windows(table, iova.raw, iova.raw + (*size - 1)))
		err = -EPERM;
	return err;
}

int64_t fh_pgtable_plan_list(const struct fh_pgtable *table, fh_dma_addr_t iova,
			     const struct fh_segment *segments, size_t count, struct fh_attr attr)
{
	struct source source;
	uint64_t size, bits;
	int64_t pages;
	bool entered;
	int err = check_arguments(table, iova, segments, count, attr, &size, &bits);

	if (err)
		return err;
	source = source_of(segments, iova.raw);
	entered = fh_read_enter(table);
	pages = plan_level(table, root_place(table),
			   (struct part){ iova.raw, iova.raw + (size - 1) }, &source);
	fh_read_leave(table, entered);
	return pages;
}

int64_t fh_pgtable_plan(const struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa,
			uint64_t size, struct fh_attr attr)
{
	struct fh_segment segment = { pa, size };

	return fh_pgtable_plan_list(table, iova, &segment, 1, attr);
}

/*
 * The last address up to which leaves from @first on differ by nothing but the span in their
 * address: to the end of the piece, of what the high address bits allow, and, when runs are
 * joined, of the run, or of what comes before the next one. @bits gets the hint.
 */
static uint64_t stretch(const struct mapping *mapping, int level, uint64_t first, uint64_t last,
			uint64_t *bits)
{
	const struct fh_pgtable *table = mapping->table;
	uint64_t pa = first + mapping->source.delta;

	if (table->shape.high != FH_HIGH_NONE) {
		uint64_t same_high = (pa | FH_MASK(47, 0)) - mapping->source.delta;

		last = same_high < last ? same_high : last;
	}
	if (table->config.contiguous && fh_shape_run_lg2(&table->shape, level)) {
		uint64_t run = run_bytes(table, level);
		uint64_t edge = fh_align_down(first, run) + (run - 1);

		if (fh_is_aligned(first | pa, run) && last >= edge) {
			*bits |= FH_DESC_CONTIGUOUS;
			return fh_align_down(last + 1, run) - 1;
		}
		last = edge < last ? edge : last;
	}
	return last;
}

/* Leaves for [@first, @last], which are of one piece and one table. @seen: by walkers. */
static void put_leaves(const struct mapping *mapping, struct place at, struct part part, bool seen)
{
	const struct fh_pgtable *table = mapping->table;
	const struct fh_shape *shape = &table->shape;
	unsigned int shift = fh_shape_shift(shape, at.level);
	uint64_t *slot = &at.slot[fh_shape_index(shape, at.level, part.first)];
	uint64_t first = part.first;

	while (first <= part.last) {
		uint64_t bits = mapping->bits;
		uint64_t last = stretch(mapping, at.level, first, part.last, &bits);
		unsigned int count = (unsigned int)((last - first) >> shift) + 1;
		uint64_t desc = fh_desc_leaf(shape, first + mapping->source.delta, at.level, bits);

		if (seen)
			fh_pte_fill(slot, count, desc, UINT64_C(1) << shift,
				    table->config.coherent);
		else
			fh_pte_init_run(slot, count, desc, UINT64_C(1) << shift);
		slot += count;
		first = last + 1;
	}
}

/* Pages of a table of ours, piece by piece. */
static void put_pages(struct mapping *mapping, struct place at, struct part range, bool seen)
{
	while (range.first <= range.last) {
		struct part part = range;

		source_at(&mapping->source, part.first);
		if (part.last > mapping->source.last)
			part.last = mapping->source.last;
		put_leaves(mapping, at, part, seen);
		range.first = part.last + 1;
	}
}

/* A subtree that no walker ever saw. */
static void drop_unseen(struct fh_pgtable *table, int level, uint64_t pa)
{
	const uint64_t *slot = table_at(table, pa);
	struct fh_page *page;

	for (unsigned int i = 0; level < FH_LEVEL_PAGE && i >> fh_shape_stride(&table->shape) == 0;
	     i++)
		if (fh_desc_is_link(slot[i], level))
			drop_unseen(table, level + 1, fh_desc_address(&table->shape, slot[i]));
	page = fh_page_from_phys(table->config.frames, fh_phys(pa));
	FH_BUG_ON(!page);
	fh_pgtable_free(table->config.frames, page);
}

/* A table page and all below it, unseen by any walker and ready to be linked. */
static uint64_t build_unseen(struct mapping *mapping, int level, struct part range)
{
	struct fh_pgtable *table = mapping->table;
	const struct fh_shape *shape = &table->shape;
	uint64_t pa = fh_pool_pop(table, &mapping->pool);
	struct place at = { table_at(table, pa), level, false };
	struct entries entries = fh_entries_of(shape, level, range);

	do {
		uint64_t blocks, below;

		if (level == FH_LEVEL_PAGE) {
			put_pages(mapping, at, range, false);
			break;
		}
		source_at(&mapping->source, entries.part.first);
		blocks = blocks_end(shape, level, entries.part.first, range.last, &mapping->source);
		if (blocks) {
			entries.part.last = blocks;
			put_leaves(mapping, at, entries.part, false);
		} else {
			below = build_unseen(mapping, level + 1, entries.part);
			fh_pte_init(&at.slot[entries.index],
				    fh_desc_link(shape, below) | table->ours);
		}
	} while (fh_entries_next(&entries));
	fh_pte_ready(at.slot, UINT64_C(1) << shape->granule_lg2, table->config.coherent);
	return pa;
}

/* What became of an entry that was zero. */
enum fill {
	FILL_TAKEN,
	FILL_LOST, /* somebody else has put something there: look again */
	FILL_NO_MEMORY,
};

/* A new subtree where zero is. Not inlined, nor the next: what recurses keeps a small frame. */
static __attribute__((noinline)) enum fill fill_link(struct mapping *mapping, struct place at,
						     uint64_t *slot, struct part part)
{
	struct fh_pgtable *table = mapping->table;
	struct source source = mapping->source;
	uint64_t below, count, found;

	/* Enough was allocated, unless a link of the firmware's has gone meanwhile. */
	count = count_new(table, at.level + 1, part, &source);
	if (fh_pool_fill(table, &mapping->pool, count))
		return FILL_NO_MEMORY;
	source = mapping->source;
	below = build_unseen(mapping, at.level + 1, part);
	/* Before the link: whoever unlinks it uncounts. */
	table->tables += count;
	if (fh_pte_take(slot, fh_desc_link(&table->shape, below) | table->ours,
			table->config.coherent, &found))
		return FILL_TAKEN;
	table->tables -= count;
	drop_unseen(table, at.level + 1, below);
	mapping->source = source;
	return FILL_LOST;
}

/* Put a leaf or a new subtree where zero is. */
static enum fill fill_zero(struct mapping *mapping, struct place at, uint64_t *slot,
			   struct part part)
{
	struct fh_pgtable *table = mapping->table;
	uint64_t found, desc;

	source_at(&mapping->source, part.first);
	if (at.level != FH_LEVEL_PAGE &&
	    !blocks_end(&table->shape, at.level, part.first, part.last, &mapping->source))
		return fill_link(mapping, at, slot, part);
	desc = fh_desc_leaf(&table->shape, part.first + mapping->source.delta, at.level,
			    mapping->bits);
	return fh_pte_take(slot, desc, table->config.coherent, &found) ? FILL_TAKEN : FILL_LOST;
}

static int fill_level(struct mapping *mapping, struct place at, struct part range);

/*
 * Blocks of one piece that follow each other in a table of ours, where zeros are: the last address
 * that is filled, or 0 for none. Several at once, for the sake of the contiguous hint.
 */
static __attribute__((noinline)) uint64_t put_blocks(struct mapping *mapping, struct place at,
						     struct part part, uint64_t end)
{
	const struct fh_shape *shape = &mapping->table->shape;
	uint64_t span = fh_shape_span(shape, at.level);
	const uint64_t *slot = &at.slot[fh_shape_index(shape, at.level, part.first)];

	source_at(&mapping->source, part.first);
	end = blocks_end(shape, at.level, part.first, end, &mapping->source);
	if (!end || fh_pte_read(slot))
		return 0;
	while (part.last < end && !fh_pte_read(++slot))
		part.last += span;
	put_leaves(mapping, at, part, true);
	return part.last;
}

/* One entry, whatever others do to it meanwhile. */
static int fill_entry(struct mapping *mapping, struct place at, uint64_t *slot, struct part part)
{
	struct fh_pgtable *table = mapping->table;
	enum fill fill = FILL_LOST;
	uint64_t desc = 0;
	int err;

	while (fill == FILL_LOST) {
		desc = fh_pte_read(slot);
		if (desc)
			break;
		fill = fill_zero(mapping, at, slot, part);
	}
	if (fill == FILL_NO_MEMORY)
		return -ENOMEM;
	if (fill == FILL_TAKEN) {
		if (at.foreign)
			table->taken++;
		return 0;
	}
	if (!fh_desc_is_link(desc, at.level))
		return in_the_way(table, desc);
	if (is_ours(table, desc))
		fh_pte_reach(slot, table->config.coherent);
	err = fh_pgtable_descend(table, part.first, desc, &at);
	return err ? err : fill_level(mapping, at, part);
}

static int fill_level(struct mapping *mapping, struct place at, struct part range)
{
	struct entries entries = fh_entries_of(&mapping->table->shape, at.level, range);

	if (at.level == FH_LEVEL_PAGE && !at.foreign) {
		put_pages(mapping, at, range, true);
		mapping->filled = range.last + 1;
		return 0;
	}
	do {
		uint64_t *slot = &at.slot[entries.index];
		uint64_t blocks =
		    at.foreign ? 0 : put_blocks(mapping, at, entries.part, range.last);
		int err = blocks ? 0 : fill_entry(mapping, at, slot, entries.part);

		if (err)
			return err;
		if (blocks)
			entries.part.last = blocks;
		mapping->filled = entries.part.last + 1;
	} while (fh_entries_next(&entries));
	return 0;
}

/*
 * Before any walker can reach what is mapped, but after the table pages were allocated: a range
 * that covers RAM makes frames of it mapped ones, which the allocator would neither give nor take.
 */
static void count_mappings(const struct mapping *mapping)
{
	const struct fh_segment *segment = mapping->segments;
	uint64_t iova = mapping->range.first;

	for (; counts_mappings(mapping->table) && iova <= mapping->range.last; segment++) {
		fh_frames_mapped(mapping->table->config.frames, segment->pa, segment->size, iova,
				 mapping->caller);
		iova += segment->size;
	}
}

/* Those from @mapping->filled on were counted and then not made. */
static void uncount_mappings(const struct mapping *mapping)
{
	const struct fh_segment *segment = mapping->segments;
	uint64_t iova = mapping->range.first;

	for (; counts_mappings(mapping->table) && iova <= mapping->range.last; segment++) {
		uint64_t skip = mapping->filled > iova ? mapping->filled - iova : 0;

		if (skip < segment->size)
			fh_frames_unmapped(mapping->table->config.frames,
					   fh_phys(segment->pa.raw + skip), segment->size - skip);
		iova += segment->size;
	}
}

/* Everything in [@first, mapping->filled) was zero before and is ours: take it away again. */
static void undo(struct mapping *mapping, uint64_t first)
{
	struct fh_gather gather;
	int err;

	if (mapping->filled <= first)
		return;
	fh_gather_init(&gather, mapping->table);
	fh_pgtable_clear(mapping->table, first, mapping->filled - 1, false, &gather);
	err = fh_gather_flush(&gather);
	/* When the backend does not answer, the tables stay HELD: lost, but never reused. */
	if (err) {
		fh_gather_abandon(&gather);
		fh_pgtable_refuse(mapping->table, FH_FAULT_TABLE_STATE, first, 0, err);
	}
}

/* In a leaf table of ours: nothing to allocate, nobody to lose an entry to. */
static int map_pages(struct mapping *mapping, struct place at, struct part range)
{
	const struct fh_shape *shape = &mapping->table->shape;
	unsigned int index = fh_shape_index(shape, FH_LEVEL_PAGE, range.first);

	if (!all_zero(at.slot + index, ((range.last - range.first) >> shape->granule_lg2) + 1))
		return -EEXIST;
	count_mappings(mapping);
	put_pages(mapping, at, range, true);
	mapping->filled = range.last + 1;
	return 0;
}

static int map_planned(struct mapping *mapping, struct place at, struct part range)
{
	struct source source = mapping->source;
	int64_t pages = plan_level(mapping->table, at, range, &source);
	int err;

	if (pages < 0)
		return (int)pages;
	err = fh_pool_fill(mapping->table, &mapping->pool, (uint64_t)pages);
	if (err)
		return err;
	count_mappings(mapping);
	err = fill_level(mapping, at, range);
	if (err) {
		undo(mapping, range.first);
		uncount_mappings(mapping);
	}
	fh_pool_drain(mapping->table, &mapping->pool);
	return err;
}

static int map_announced(struct mapping *mapping, struct part range)
{
	struct place at = root_place(mapping->table);
	int err = find_place(mapping->table, range, FIND_TO_MAP, &at);

	if (err)
		return err;
	if (at.level == FH_LEVEL_PAGE && !at.foreign)
		err = map_pages(mapping, at, range);
	else
		err = map_planned(mapping, at, range);
	fh_pte_complete();
	return err;
}

static int map_segments(struct fh_pgtable *table, fh_dma_addr_t iova,
			const struct fh_segment *segments, size_t count, struct fh_attr attr,
			const void *caller)
{
	struct mapping mapping = { .table = table,
				   .pool = POOL_EMPTY,
				   .filled = iova.raw,
				   .segments = segments,
				   .caller = caller };
	struct part range;
	uint64_t size;
	int err = check_arguments(table, iova, segments, count, attr, &size, &mapping.bits);

	if (err)
		return err;
	range = (struct part){ iova.raw, iova.raw + (size - 1) };
	mapping.bits |= table->ours;
	mapping.source = source_of(segments, iova.raw);
	mapping.range = range;
	fh_range_enter(table, range.first, range.last);
	err = map_announced(&mapping, range);
	fh_range_leave(table);
	return err;
}

int fh_pgtable_map_list(struct fh_pgtable *table, fh_dma_addr_t iova,
			const struct fh_segment *segments, size_t count, struct fh_attr attr)
{
	return map_segments(table, iova, segments, count, attr, __builtin_return_address(0));
}

int fh_map_long(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
		struct fh_attr attr, const void *caller)
{
	struct fh_segment segment = { pa, size };

	return map_segments(table, iova, &segment, 1, attr, caller);
}
