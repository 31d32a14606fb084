/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table pages: from the allocator or the table's reserve, HELD, and back. What an operation will
 * need it takes before it changes anything.
 */
#include <stdatomic.h>

#include <cpu.h>

#include "iommu/pgtable_priv.h"
#include "lib/error.h"
#include "lib/hooks.h"

void fh_pgtable_free(struct fh_frames *frames, struct fh_page *page)
{
	int err = fh_page_free(frames, page);

	FH_BUG_ON(err && err != -EBUSY && err != -EIO);
}

fh_phys_addr_t fh_pgtable_alloc(const struct fh_pgtable_config *config,
				const struct fh_shape *shape, uint64_t bytes)
{
	struct fh_page_request request = { .flags = FH_PAGE_ZERO };
	struct fh_page *page;

	while (UINT64_C(1) << (config->frames->frame_lg2 + request.order) < bytes)
		request.order++;
	page = fh_page_alloc(config->frames, request.order, request.flags);
	/* The walker cannot reach what lies beyond its output size; memory seldom does. */
	if (page && !fh_range_fits(fh_page_to_phys(config->frames, page).raw, bytes, shape->oas)) {
		fh_pgtable_free(config->frames, page);
		request.last = (UINT64_C(1) << shape->oas) - 1;
		page = fh_page_alloc_request(config->frames, &request);
	}
	return page ? fh_page_into_phys(config->frames, page) : FH_PHYS_INVALID;
}

static void push(const struct fh_pgtable *table, fh_phys_addr_t *chain, fh_phys_addr_t pa)
{
	fh_pte_init(table_at(table, pa.raw), chain->raw);
	*chain = pa;
}

static fh_phys_addr_t pop(const struct fh_pgtable *table, fh_phys_addr_t *chain)
{
	fh_phys_addr_t pa = *chain;
	uint64_t *word = table_at(table, pa.raw);

	*chain = fh_phys(fh_pte_read(word));
	fh_pte_init(word, 0);
	return pa;
}

static void page_give_back(struct fh_pgtable *table, fh_phys_addr_t pa)
{
	struct fh_page *page = fh_page_from_phys(table->config.frames, pa);

	FH_BUG_ON(!page);
	fh_pgtable_free(table->config.frames, page);
}

/* The reserve is seldom used: a lock will do. */
static void reserve_lock(struct fh_pgtable *table)
{
	while (atomic_exchange_explicit(&table->reserve_lock, 1, memory_order_acquire))
		arch_cpu_relax();
}

static void reserve_unlock(struct fh_pgtable *table)
{
	atomic_store_explicit(&table->reserve_lock, 0, memory_order_release);
}

static void take_reserve(struct fh_pgtable *table, struct pool *pool, uint64_t pages)
{
	if (!atomic_load_explicit(&table->reserve_pages, memory_order_relaxed))
		return;
	reserve_lock(table);
	while (table->reserve_pages && pool->pages < pages) {
		push(table, &pool->chain, pop(table, &table->reserve));
		table->reserve_pages--;
		pool->pages++;
		pool->reserved++;
	}
	reserve_unlock(table);
}

/*
 * At least @pages in the pool, the missing ones from the allocator, or none. Inlined: the deepest
 * way of a map goes through here.
 */
static inline __attribute__((always_inline)) int allocate(struct fh_pgtable *table,
							  struct pool *pool, uint64_t pages)
{
	while (pool->pages < pages) {
		fh_phys_addr_t pa = fh_pgtable_alloc(&table->config, &table->shape,
						     UINT64_C(1) << table->shape.granule_lg2);

		if (!fh_phys_is_valid(pa)) {
			fh_pool_drain(table, pool);
			return -ENOMEM;
		}
		push(table, &pool->chain, pa);
		pool->pages++;
	}
	return 0;
}

int fh_pool_fill(struct fh_pgtable *table, struct pool *pool, uint64_t pages)
{
	if (pool->pages < pages)
		take_reserve(table, pool, pages);
	return allocate(table, pool, pages);
}

uint64_t fh_pool_pop(struct fh_pgtable *table, struct pool *pool)
{
	FH_BUG_ON(!pool->pages);
	pool->pages--;
	if (pool->reserved > pool->pages)
		pool->reserved = pool->pages;
	return pop(table, &pool->chain).raw;
}

void fh_pool_push(struct fh_pgtable *table, struct pool *pool, uint64_t pa)
{
	uint64_t *slot = table_at(table, pa);

	fh_pte_init_run(slot, 1u << fh_shape_stride(&table->shape), 0, 0);
	push(table, &pool->chain, fh_phys(pa));
	pool->pages++;
}

void fh_pool_drain(struct fh_pgtable *table, struct pool *pool)
{
	/* The allocator's were pushed last. */
	for (; pool->pages > pool->reserved; pool->pages--)
		page_give_back(table, pop(table, &pool->chain));
	if (!pool->pages)
		return;
	reserve_lock(table);
	for (; pool->pages; pool->pages--) {
		push(table, &table->reserve, pop(table, &pool->chain));
		table->reserve_pages++;
	}
	reserve_unlock(table);
	pool->reserved = 0;
}

int fh_pgtable_preallocate(struct fh_pgtable *table, uint64_t pages)
{
	uint64_t have = atomic_load_explicit(&table->reserve_pages, memory_order_relaxed);
	struct pool pool = POOL_EMPTY;
	int err = 0;

	/* What is kept stays where it is: others may need it meanwhile. */
	if (pages < have) {
		take_reserve(table, &pool, have - pages);
		pool.reserved = 0;
	} else {
		err = allocate(table, &pool, pages - have);
		pool.reserved = pool.pages;
	}
	fh_pool_drain(table, &pool);
	return err;
}
