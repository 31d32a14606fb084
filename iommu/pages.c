/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map and unmap, the short way: a few pages in a leaf table of ours that is there. It makes all the
 * checks of the long way and keeps none of its books; what is not plain (no table yet, a block, an
 * entry in the way, anything that is refused) it leaves alone, and the long way finds out why.
 *
 *   check the arguments -> look up what this CPU remembers -> announce -> look again -> store
 *
 * The announcement makes the processor wait: nothing behind it is loaded before all stores are out.
 * So whatever does not change under the announcement is loaded before it, and as little as can be
 * behind it.
 */
#include "iommu/pgtable_priv.h"
#include "iommu/range.h"

/* Of fh_pgtable_cpu.attr: there is something. Above the bits of an fh_attr. */
#define ATTR_KNOWN FH_BIT(32)

/* 0 for what no descriptor can say; of what one can, it is not 0: a page is valid. */
static __attribute__((noinline)) uint64_t encode(const struct fh_pgtable *table,
						 struct fh_pgtable_cpu *cpu, struct fh_attr attr,
						 uint64_t key)
{
	uint64_t bits;

	if (fh_format_encode(&table->shape, attr, &bits))
		return 0;
	cpu->attr = key;
	cpu->attr_bits = bits | table->ours | FH_DESC_VALID | FH_DESC_TABLE_OR_PAGE;
	return cpu->attr_bits;
}

static inline uint64_t attr_key(struct fh_attr attr)
{
	return ATTR_KNOWN | attr.access | (uint64_t)attr.memtype << 16 | (uint64_t)attr.share << 24;
}

/*
 * What pages of @attr have beside their address, or 0. Nearly always the same as the last time on
 * this CPU, which spares the encoding. Not for what may interrupt a map or unmap on the same CPU,
 * as a plan may.
 */
static inline uint64_t attr_bits(const struct fh_pgtable *table, struct fh_pgtable_cpu *cpu,
				 struct fh_attr attr)
{
	uint64_t key = attr_key(attr);

	return cpu->attr == key ? cpu->attr_bits : encode(table, cpu, attr, key);
}

/* From a table of the firmware's into one of ours, each link checked. *@at may be anywhere after.
 */
static bool leave_foreign(const struct fh_pgtable *table, uint64_t iova, struct place *at)
{
	while (at->foreign) {
		uint64_t *slot = &at->slot[fh_shape_index(&table->shape, at->level, iova)];
		uint64_t desc = fh_pte_read(slot);

		if (!fh_desc_is_link(desc, at->level) || !fh_pgtable_leads(table, desc))
			return false;
		if (is_ours(table, desc))
			fh_pte_reach(slot, table->config.coherent);
		*at = (struct place){ table_at(table, fh_desc_address(&table->shape, desc)),
				      at->level + 1, !is_ours(table, desc) };
	}
	return true;
}

/* The leaf table of ours that holds the page at @iova, or NULL. */
static uint64_t *walk_to_leaf_table(const struct fh_pgtable *table, uint64_t iova)
{
	const struct fh_shape *shape = &table->shape;
	struct place at = root_place(table);

	if (!leave_foreign(table, iova, &at))
		return NULL;
	while (at.level != FH_LEVEL_PAGE) {
		uint64_t *slot = &at.slot[fh_shape_index(shape, at.level, iova)];
		uint64_t desc = fh_pte_read(slot);

		if (!fh_desc_is_link(desc, at.level))
			return NULL;
		/* Another CPU may have made it just now; what is remembered needs it no more. */
		fh_pte_reach(slot, table->config.coherent);
		at.slot = table_at(table, fh_desc_address(shape, desc));
		at.level++;
	}
	/* A root of several leaf tables in a row is the one case where there is something to add.
	 */
	return at.slot + (fh_shape_index(shape, FH_LEVEL_PAGE, iova) >>
			  fh_shape_stride(shape) << fh_shape_stride(shape));
}

static inline uint64_t leaf_table_number(const struct fh_shape *shape, uint64_t iova)
{
	return (iova >> leaf_table_lg2(shape)) + 1;
}

static inline uint64_t *page_slot(const struct fh_shape *shape, uintptr_t origin, uint64_t iova)
{
	return (uint64_t *)(origin + (uintptr_t)(iova >> shape->granule_lg2) * sizeof(uint64_t));
}

/*
 * The entry of the page at @iova, in a leaf table of ours; NULL for none. Its range is announced.
 *
 * Most operations go where the one before went, and behind an announcement four loads that need
 * each other's answers would be most of what an operation takes. So a CPU remembers the leaf table
 * that it was in, as a walker's cache does, and it is forgotten when such a cache is: when any
 * table is unlinked. Who unlinks has announced all that the table spans: one that did so before was
 * seen to have ended, with what it counted; one that comes now waits for us. Tables below a root of
 * the firmware's are looked for each time, because links of the firmware's are checked at each
 * descent.
 */
static inline bool remembers(const struct fh_pgtable *table, const struct fh_pgtable_cpu *cpu,
			     uint64_t iova)
{
	return cpu->leaf_number == leaf_table_number(&table->shape, iova) &&
	       cpu->leaf_unlinks == atomic_load_explicit(&table->unlinks, memory_order_relaxed);
}

static uint64_t *find_page(struct fh_pgtable *table, struct fh_pgtable_cpu *cpu, uint64_t iova)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t pages =
	    fh_align_down(iova, UINT64_C(1) << leaf_table_lg2(shape)) >> shape->granule_lg2;
	uint64_t *leaf;

	if (remembers(table, cpu, iova))
		return page_slot(shape, cpu->leaf_origin, iova);
	leaf = walk_to_leaf_table(table, iova);
	if (!leaf)
		return NULL;
	if (!table->adopted) {
		cpu->leaf_number = leaf_table_number(shape, iova);
		cpu->leaf_unlinks = atomic_load_explicit(&table->unlinks, memory_order_relaxed);
		cpu->leaf_origin = (uintptr_t)leaf - (uintptr_t)pages * sizeof(*leaf);
	}
	return leaf + ((iova >> shape->granule_lg2) - pages);
}

/* Some pages, which differ by nothing but the granule in their address; one or more. */
struct run {
	uint64_t iova;
	uint64_t last;
	unsigned int count;
};

/*
 * Does a range pass all checks of a change, and lie in one leaf table? Not in a build that counts
 * mappings, whose operations go the long way. @also: aligned to pages as well.
 */
static inline bool in_one_leaf_table(const struct fh_pgtable *table, uint64_t iova, uint64_t also,
				     uint64_t size, struct run *run)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t last = iova + (size - 1);

	/* Of 0 bytes and of too many; then nothing below wraps unnoticed. */
	if (FH_FRAMES_COUNT_MAPPINGS || size - 1 >= table->alike_bytes ||
	    !fh_is_aligned(iova | also | size, UINT64_C(1) << shape->granule_lg2))
		return false;
	*run = (struct run){ iova, last, (unsigned int)(size >> shape->granule_lg2) };
	return (iova ^ last) >> leaf_table_lg2(shape) == 0 && last >> shape->ias == 0 &&
	       fh_pgtable_in_windows(table, iova, last);
}

static bool put_run(struct fh_pgtable *table, struct fh_pgtable_cpu *cpu, const struct run *run,
		    uint64_t desc)
{
	uint64_t *slot = find_page(table, cpu, run->iova);
	bool put = slot && all_zero(slot, run->count);

	if (put)
		fh_pte_fill(slot, run->count, desc, UINT64_C(1) << table->shape.granule_lg2,
			    table->config.coherent);
	fh_pte_complete();
	fh_range_withdraw(cpu);
	return put;
}

/* Any number of pages of one leaf table. Return: whether they were mapped. */
static __attribute__((noinline)) bool map_run(struct fh_pgtable *table, fh_dma_addr_t iova,
					      fh_phys_addr_t pa, uint64_t size, struct fh_attr attr)
{
	const struct fh_shape *shape = &table->shape;
	struct fh_pgtable_cpu *cpu = &table->cpu[cpu_id()];
	uint64_t pa_last = pa.raw + (size - 1);
	uint64_t bits;
	struct run run;

	/* High bits of an address lie apart: a run must not change them. */
	if (!in_one_leaf_table(table, iova.raw, pa.raw, size, &run) ||
	    (pa.raw | pa_last) >> shape->oas || (pa.raw ^ pa_last) >> 48)
		return false;
	bits = attr_bits(table, cpu, attr);
	if (!bits)
		return false;
	fh_range_enter(table, run.iova, run.last);
	return put_run(table, cpu, &run, fh_desc_place(shape, pa.raw) | bits);
}

/* The long way follows from here, so that the frames of the ways that came before are gone. */
static __attribute__((noinline)) int map_otherwise(struct fh_pgtable *table, fh_dma_addr_t iova,
						   fh_phys_addr_t pa, uint64_t size,
						   struct fh_attr attr, const void *caller)
{
	if (map_run(table, iova, pa, size, attr))
		return 0;
	return fh_map_long(table, iova, pa, size, attr, caller);
}

/*
 * One page is announced, and so is it known what its attributes are; its entry is not known.
 * Return: whether it was mapped.
 */
static __attribute__((noinline)) bool put_announced(struct fh_pgtable *table, fh_dma_addr_t iova,
						    fh_phys_addr_t pa, uint64_t size)
{
	unsigned int self = cpu_id();
	struct fh_pgtable_cpu *cpu = &table->cpu[self];
	struct run run = { iova.raw, iova.raw + (size - 1), 1 };

	fh_range_settle(table, self, range_word(run.iova, run.last));
	return put_run(table, cpu, &run, fh_desc_place(&table->shape, pa.raw) | cpu->attr_bits);
}

static __attribute__((noinline)) int map_page_announced(struct fh_pgtable *table,
							fh_dma_addr_t iova, fh_phys_addr_t pa,
							uint64_t size, struct fh_attr attr,
							const void *caller)
{
	if (put_announced(table, iova, pa, size))
		return 0;
	return fh_map_long(table, iova, pa, size, attr, caller);
}

/* The announcement of one page: range_word() where the order is known. */
static inline uint64_t page_word(const struct fh_shape *shape, uint64_t iova)
{
	return (iova >> 12) << RANGE_ORDER_BITS | (shape->granule_lg2 - 12u + 1);
}

/* One page of a table of our own, so that there are no windows; for one, less is to be checked. */
static inline bool is_simple_page(const struct fh_pgtable *table, uint64_t iova, uint64_t also,
				  uint64_t size)
{
	uint64_t page = UINT64_C(1) << table->shape.granule_lg2;

	return !FH_FRAMES_COUNT_MAPPINGS && size == page && !((iova | also) & (page - 1)) &&
	       !(iova >> table->shape.ias) && table->simple;
}

/*
 * The shortest way is that of one page in the leaf table that this CPU was in before, while no
 * other CPU uses the table. It is written so that all calls are at its ends: it needs no stack.
 */
int fh_pgtable_map(struct fh_pgtable *table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
		   struct fh_attr attr)
{
	const struct fh_shape *shape = &table->shape;
	const void *caller = __builtin_return_address(0);
	unsigned int self = cpu_id();
	struct fh_pgtable_cpu *cpu = &table->cpu[self];
	uint64_t desc = fh_desc_place(shape, pa.raw) | cpu->attr_bits;
	uint64_t *slot = page_slot(shape, cpu->leaf_origin, iova.raw);

	if (!is_simple_page(table, iova.raw, pa.raw, size) || pa.raw >> shape->oas ||
	    cpu->attr != attr_key(attr))
		return map_otherwise(table, iova, pa, size, attr, caller);
	if (!fh_range_announce(table, self, page_word(shape, iova.raw)) ||
	    !remembers(table, cpu, iova.raw))
		return map_page_announced(table, iova, pa, size, attr, caller);
	if (fh_pte_read(slot)) {
		fh_range_withdraw(cpu);
		return fh_map_long(table, iova, pa, size, attr, caller);
	}
	fh_pte_fill(slot, 1, desc, 0, true);
	fh_pte_complete();
	fh_range_withdraw(cpu);
	return 0;
}

/*
 * Of @count entries it need only be known that one is not zero: the first, nearly always. A
 * contiguous run can be cut at the ends alone.
 */
static inline bool can_clear(const uint64_t *slot, unsigned int count)
{
	uint64_t first = fh_pte_read(&slot[0]);
	uint64_t last = fh_pte_read(&slot[count - 1]);
	uint64_t any = first | last;

	for (unsigned int i = 1; !any && i < count; i++)
		any = fh_pte_read(&slot[i]);
	return any && !((first | last) & FH_DESC_CONTIGUOUS);
}

static bool clear_run(struct fh_pgtable *table, struct fh_pgtable_cpu *cpu, const struct run *run,
		      struct fh_gather *gather)
{
	uint64_t *slot = find_page(table, cpu, run->iova);
	bool clear = slot && can_clear(slot, run->count);

	if (clear) {
		fh_pte_clear(slot, run->count, table->config.coherent);
		fh_gather_range(gather, run->iova, run->last, table->shape.granule_lg2, false);
	}
	fh_range_withdraw(cpu);
	return clear;
}

static __attribute__((noinline)) int unmap_run(struct fh_pgtable *table, fh_dma_addr_t iova,
					       uint64_t size, struct fh_gather *gather)
{
	struct run run;

	/* A table that is unmapped whole is given back. */
	if (!in_one_leaf_table(table, iova.raw, 0, size, &run) ||
	    run.count >> fh_shape_stride(&table->shape))
		return fh_unmap_long(table, iova, size, gather);
	fh_range_enter(table, run.iova, run.last);
	if (clear_run(table, &table->cpu[cpu_id()], &run, gather))
		return 0;
	return fh_unmap_long(table, iova, size, gather);
}

static __attribute__((noinline)) int unmap_page_announced(struct fh_pgtable *table,
							  fh_dma_addr_t iova, uint64_t size,
							  struct fh_gather *gather)
{
	unsigned int self = cpu_id();
	struct run run = { iova.raw, iova.raw + (size - 1), 1 };

	fh_range_settle(table, self, range_word(run.iova, run.last));
	if (clear_run(table, &table->cpu[self], &run, gather))
		return 0;
	return fh_unmap_long(table, iova, size, gather);
}

/* As fh_pgtable_map(). */
int fh_pgtable_unmap(struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		     struct fh_gather *gather)
{
	const struct fh_shape *shape = &table->shape;
	unsigned int self = cpu_id();
	struct fh_pgtable_cpu *cpu = &table->cpu[self];
	uint64_t *slot = page_slot(shape, cpu->leaf_origin, iova.raw);

	if (!is_simple_page(table, iova.raw, 0, size))
		return unmap_run(table, iova, size, gather);
	if (!fh_range_announce(table, self, page_word(shape, iova.raw)) ||
	    !remembers(table, cpu, iova.raw))
		return unmap_page_announced(table, iova, size, gather);
	if (!can_clear(slot, 1)) {
		fh_range_withdraw(cpu);
		return fh_unmap_long(table, iova, size, gather);
	}
	fh_pte_clear(slot, 1, true);
	fh_gather_range(gather, iova.raw, iova.raw + (size - 1), shape->granule_lg2, false);
	fh_range_withdraw(cpu);
	return 0;
}
