/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a table: one address, or every descriptor in order. */
#include "iommu/format_priv.h"
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"
#include "lib/error.h"

/* Where the walk to an address ends. @limits: of the links on the way. */
struct end {
	uint64_t desc;
	uint64_t limits;
	unsigned int shift; /* fh_shape_shift() of the level */
	int level;
	int err;
};

/*
 * In a table of our own. Most of a lookup is this loop, where each load waits for the one before: a
 * step is a load, a test, a mask and a shift, because geometry is that of the step before less the
 * stride, and the address is there as it is. Links of ours lead where they should and limit
 * nothing.
 */
static inline struct end walk_direct(const struct fh_pgtable *table, uint64_t iova)
{
	const struct fh_shape *shape = &table->shape;
	uintptr_t offset = table->direct_offset;
	uint64_t address = shape->address;
	unsigned int stride = fh_shape_stride(shape);
	uint64_t mask = (1u << stride) - 1;
	struct end end = { .shift = shape->root_shift, .level = shape->start_level };
	/* Not masked: a root may be several tables in a row. */
	const uint64_t *slot = table_at(table, table->root.raw) + (iova >> end.shift);

	for (;;) {
		end.desc = fh_pte_read(slot);
		if (!fh_desc_is_link(end.desc, end.level))
			return end;
		end.shift -= stride;
		end.level++;
		slot = (const uint64_t *)(uintptr_t)((end.desc & address) + offset) +
		       ((iova >> end.shift) & mask);
	}
}

static void walk_checked(const struct fh_pgtable *table, uint64_t iova, struct end *end)
{
	const struct fh_shape *shape = &table->shape;
	struct place at = root_place(table);
	uint64_t limits = 0;

	*end = (struct end){ 0 };
	while (!end->err) {
		end->desc = fh_pte_read(&at.slot[fh_shape_index(shape, at.level, iova)]);
		if (!fh_desc_is_link(end->desc, at.level))
			break;
		limits |= end->desc;
		end->err = fh_pgtable_descend(table, iova, end->desc, &at);
	}
	end->limits = limits & shape->limits;
	end->level = at.level;
	end->shift = fh_shape_shift(shape, at.level);
}

static inline int translate(const struct fh_pgtable *table, uint64_t iova, const struct end *end,
			    uint64_t address, struct fh_translation *answer)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t inside = (UINT64_C(1) << end->shift) - 1;
	uint64_t output = (address & ~inside) | (iova & inside);
	bool leaf = fh_desc_is_leaf(shape, end->desc, end->level);

	answer->level = (int8_t)end->level;
	answer->span_lg2 = (uint8_t)end->shift;
	answer->desc = end->desc;
	/* Beyond the output size a walker faults (D8.2). */
	if (!leaf || output >> shape->oas) {
		answer->pa = FH_PHYS_INVALID;
		answer->attr = (struct fh_attr){ 0 };
		return -ENOENT;
	}
	answer->pa = fh_phys(output);
	if (end->limits)
		answer->attr = fh_format_decode(shape, end->desc, end->limits);
	else
		fh_format_read(shape, end->desc, &answer->attr);
	return 0;
}

/* Any table, each link that is the firmware's checked. */
static __attribute__((noinline)) int lookup_checked(const struct fh_pgtable *table, uint64_t iova,
						    struct fh_translation *answer)
{
	bool entered = fh_read_enter(table);
	struct end end;
	int err;

	walk_checked(table, iova, &end);
	fh_read_leave(table, entered);
	answer->owner = owner_of(table, end.desc);
	err = translate(table, iova, &end, fh_desc_address(&table->shape, end.desc), answer);
	if (!end.err)
		return err;
	answer->pa = FH_PHYS_INVALID;
	return end.err;
}

int fh_pgtable_lookup(const struct fh_pgtable *table, fh_dma_addr_t iova,
		      struct fh_translation *answer)
{
	struct end end;
	bool entered;

	if (iova.raw >> table->shape.ias) {
		*answer = (struct fh_translation){ .pa = FH_PHYS_INVALID };
		return -ERANGE;
	}
	if (!table->direct)
		return lookup_checked(table, iova.raw, answer);
	entered = fh_read_enter(table);
	end = walk_direct(table, iova.raw);
	fh_read_leave(table, entered);
	answer->owner = end.desc ? FH_OWNER_OURS : FH_OWNER_NOBODY;
	return translate(table, iova.raw, &end, end.desc & table->shape.address, answer);
}

struct walk {
	const struct fh_pgtable *table;
	fh_walk_fn *visit;
	void *ctx;
};

/* Show one descriptor. */
static int show(const struct walk *walk, struct place at, const struct entries *entries,
		uint64_t desc, uint64_t limits)
{
	const struct fh_pgtable *table = walk->table;
	const struct fh_shape *shape = &table->shape;
	struct fh_walk_entry entry = {
		.iova = fh_dma(entries->part.first >> entries->shift << entries->shift),
		.desc = desc,
		.table = fh_phys((uintptr_t)at.slot - table->config.frames->config.direct_offset),
		.pa = FH_PHYS_INVALID,
		.index = entries->index,
		.level = (int8_t)at.level,
		.span_lg2 = (uint8_t)entries->shift,
		.kind = fh_desc_kind(shape, desc, at.level),
		.owner = owner_of(table, desc),
	};

	if (entry.kind == FH_DESC_TABLE)
		entry.pa = fh_phys(fh_desc_address(shape, desc));
	if (entry.kind == FH_DESC_BLOCK || entry.kind == FH_DESC_PAGE) {
		entry.pa = fh_phys(fh_desc_output(shape, desc, at.level));
		entry.attr = fh_format_decode(shape, desc, limits);
	}
	return walk->visit(walk->ctx, &entry);
}

static int walk_level(const struct walk *walk, struct place at, struct part range, uint64_t limits)
{
	const struct fh_pgtable *table = walk->table;
	const struct fh_shape *shape = &table->shape;
	struct entries entries = fh_entries_of(shape, at.level, range);

	do {
		struct part part = entries.part;
		uint64_t desc = fh_pte_read(&at.slot[entries.index]);
		struct place below = at;
		int err;

		if (!desc)
			continue;
		err = show(walk, at, &entries, desc, limits);
		if (!err && fh_desc_is_link(desc, at.level)) {
			err = fh_pgtable_descend(table, part.first, desc, &below);
			if (!err)
				err =
				    walk_level(walk, below, part, limits | (desc & shape->limits));
		}
		if (err)
			return err;
	} while (fh_entries_next(&entries));
	return 0;
}

int fh_pgtable_walk(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		    fh_walk_fn *visit, void *ctx)
{
	struct walk walk = { .table = table, .visit = visit, .ctx = ctx };
	int err = fh_pgtable_check_range(table, iova, size);
	bool entered;

	if (err)
		return err;
	entered = fh_read_enter(table);
	err = walk_level(&walk, root_place(table), (struct part){ iova.raw, iova.raw + (size - 1) },
			 0);
	fh_read_leave(table, entered);
	return err;
}
