/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a table: one address, or every descriptor in order. */
#include "iommu/pgtable_priv.h"
#include "lib/error.h"

int fh_pgtable_lookup(const struct fh_pgtable *table, fh_dma_addr_t iova,
		      struct fh_translation *answer)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t pa = table->root.raw;
	uint64_t limits = 0;

	*answer = (struct fh_translation){ .pa = FH_PHYS_INVALID };
	if (!fh_range_fits(iova.raw, 1, shape->ias))
		return -ERANGE;
	for (int level = shape->start_level;; level++) {
		const uint64_t *slot = table_at(table, pa);
		uint64_t desc = fh_pte_read(&slot[fh_shape_index(shape, level, iova.raw)]);
		enum fh_desc_kind kind = fh_s1_kind(desc, level);
		int err;

		answer->level = (int8_t)level;
		answer->span_lg2 = (uint8_t)fh_shape_shift(shape, level);
		answer->desc = desc;
		answer->owner = owner_of(table, desc);
		if (kind == FH_DESC_BLOCK || kind == FH_DESC_PAGE) {
			uint64_t mask = fh_shape_span(shape, level) - 1;
			uint64_t output = fh_s1_output(desc, level) | (iova.raw & mask);

			/* Beyond the output size a walker faults (D8.2). */
			if (!fh_range_fits(output, 1, shape->oas))
				return -ENOENT;
			answer->pa = fh_phys(output);
			answer->attr = fh_s1_decode_attr(table->config.regime, table->config.mair,
							 desc, limits);
			return 0;
		}
		if (kind != FH_DESC_TABLE)
			return -ENOENT;
		limits |= desc & FH_S1_TABLE_LIMITS;
		err = fh_pgtable_below(table, iova.raw, desc, &pa);
		if (err)
			return err;
	}
}

struct walk {
	const struct fh_pgtable *table;
	fh_walk_fn *visit;
	void *ctx;
};

/* Show one descriptor; @below is set for a table that can be entered. */
static int show(const struct walk *walk, int level, uint64_t pa, unsigned int index, uint64_t base,
		uint64_t desc, uint64_t limits)
{
	const struct fh_pgtable *table = walk->table;
	struct fh_walk_entry entry = {
		.iova = fh_dma(base),
		.desc = desc,
		.table = fh_phys(pa),
		.pa = fh_phys(fh_s1_address(desc)),
		.index = index,
		.level = (int8_t)level,
		.span_lg2 = (uint8_t)fh_shape_shift(&table->shape, level),
		.kind = fh_s1_kind(desc, level),
		.owner = owner_of(table, desc),
	};

	if (entry.kind == FH_DESC_BLOCK || entry.kind == FH_DESC_PAGE)
		entry.attr =
		    fh_s1_decode_attr(table->config.regime, table->config.mair, desc, limits);
	else if (entry.kind != FH_DESC_TABLE)
		entry.pa = FH_PHYS_INVALID;
	return walk->visit(walk->ctx, &entry);
}

static int walk_level(const struct walk *walk, int level, uint64_t pa, uint64_t first,
		      uint64_t last, uint64_t limits)
{
	const struct fh_shape *shape = &walk->table->shape;
	const uint64_t *slot = table_at(walk->table, pa);

	for (unsigned int i = fh_shape_index(shape, level, first);
	     i <= fh_shape_index(shape, level, last); i++) {
		uint64_t base = entry_base(shape, level, first, i);
		struct part part = entry_part(shape, level, base, first, last);
		uint64_t desc = fh_pte_read(&slot[i]);
		uint64_t below;
		int err;

		if (!desc)
			continue;
		err = show(walk, level, pa, i, base, desc, limits);
		if (!err && fh_s1_kind(desc, level) == FH_DESC_TABLE) {
			err = fh_pgtable_below(walk->table, part.first, desc, &below);
			if (!err)
				err = walk_level(walk, level + 1, below, part.first, part.last,
						 limits | (desc & FH_S1_TABLE_LIMITS));
		}
		if (err)
			return err;
	}
	return 0;
}

int fh_pgtable_walk(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		    fh_walk_fn *visit, void *ctx)
{
	struct walk walk = { .table = table, .visit = visit, .ctx = ctx };
	int err = fh_pgtable_check_range(table, iova, size);

	if (err)
		return err;
	return walk_level(&walk, table->shape.start_level, table->root.raw, iova.raw,
			  iova.raw + (size - 1), 0);
}
