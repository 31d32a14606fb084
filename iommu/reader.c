/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections in which a CPU reads often, and the short walk in them. A section copies what a walk
 * needs of the table, so that each translation finds it in a line or two of the cache.
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"

#define LINK (FH_DESC_VALID | FH_DESC_TABLE_OR_PAGE)

void fh_reader_begin(struct fh_reader *reader, const struct fh_pgtable *table)
{
	const struct fh_shape *shape = &table->shape;

	*reader = (struct fh_reader){
		.table = table,
		.end = table->direct ? UINT64_C(1) << shape->ias : 0,
		.root = table_at(table, table->root.raw),
		.offset = table->direct_offset - LINK,
		.address = shape->address,
		.other = ~shape->address,
		.page = LINK | (shape->address >> shape->oas << shape->oas),
		.start_level = shape->start_level,
		.root_shift = shape->root_shift,
		.stride = (uint8_t)fh_shape_stride(shape),
		.up = (uint8_t)(64 - fh_shape_stride(shape)),
		.begun = fh_read_enter(table),
	};
}

void fh_reader_end(struct fh_reader *reader)
{
	if (reader->begun)
		fh_read_leave(reader->table, true);
	*reader = (struct fh_reader){ 0 };
}

static __attribute__((noinline)) fh_phys_addr_t translate_otherwise(const struct fh_reader *reader,
								    fh_dma_addr_t iova)
{
	struct fh_translation answer;

	if (!reader->table || fh_pgtable_lookup(reader->table, iova, &answer))
		return FH_PHYS_INVALID;
	return answer.pa;
}

/* @desc ends the walk above level 3. */
static __attribute__((noinline)) fh_phys_addr_t
translate_block(const struct fh_reader *reader, fh_dma_addr_t iova, uint64_t desc, int level)
{
	const struct fh_shape *shape = &reader->table->shape;
	uint64_t inside = fh_shape_span(shape, level) - 1;
	uint64_t output = (desc & reader->address & ~inside) | (iova.raw & inside);

	if (!fh_desc_is_leaf(shape, desc, level) || output >> shape->oas)
		return translate_otherwise(reader, iova);
	return fh_phys(output);
}

/*
 * From the entry @desc, when it is a link, to that of the level below. @rest: what is left of the
 * address, from the highest bit on. A link of ours is an address and two bits; anything else is for
 * others to look at.
 */
static inline bool go_down(uint64_t *desc, uint64_t *rest, uint64_t other, uintptr_t offset,
			   unsigned int stride, unsigned int up)
{
	const uint64_t *below = (const uint64_t *)(uintptr_t)(*desc + offset);

	if (__builtin_expect((*desc & other) != LINK, 0))
		return false;
	*desc = fh_pte_read(&below[*rest >> (up & 63)]);
	*rest <<= stride & 63;
	return true;
}

/*
 * A walk of as few instructions as it can be, for a processor to overlap it with those that follow:
 * each level has its step, and what is not a page in a table of our own takes another way.
 */
fh_phys_addr_t fh_reader_translate(const struct fh_reader *reader, fh_dma_addr_t iova)
{
	uint64_t address = reader->address, other = reader->other;
	unsigned int stride = reader->stride, up = reader->up;
	uintptr_t offset = reader->offset;
	uint64_t rest, desc;

	if (__builtin_expect(iova.raw >= reader->end, 0))
		return translate_otherwise(reader, iova);
	desc = fh_pte_read(&reader->root[iova.raw >> (reader->root_shift & 63)]);
	rest = iova.raw << (-reader->root_shift & 63);
	switch (__builtin_expect(reader->start_level, 0)) {
	case 0:
		if (!go_down(&desc, &rest, other, offset, stride, up))
			return translate_block(reader, iova, desc, 0);
		/* fall through */
	case 1:
		if (!go_down(&desc, &rest, other, offset, stride, up))
			return translate_block(reader, iova, desc, 1);
		/* fall through */
	case 2:
		if (!go_down(&desc, &rest, other, offset, stride, up))
			return translate_block(reader, iova, desc, 2);
		/* fall through */
	default:
		break;
	}
	if (__builtin_expect((desc & reader->page) != LINK, 0))
		return translate_otherwise(reader, iova);
	return fh_phys((desc & address) | rest >> ((up - 3) & 63));
}
