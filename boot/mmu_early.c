/* SPDX-License-Identifier: BSD-2-Clause */
/* Four levels of 4 KiB tables from a static pool; safe with the MMU off. */
#include "boot/mmu_early.h"

#include <sysreg.h>

#include "boot/el.h"
#include "iommu/descriptor.h"
#include "iommu/pte.h"
#include "lib/error.h"
#include "lib/hooks.h"

#define ENTRIES 512u

/* Zero from the start: they are in .bss. */
static _Alignas(MMU_PAGE_BYTES) uint64_t pool[MMU_EARLY_PAGES][ENTRIES];
static unsigned int used;
static struct fh_shape shape;

uint64_t mmu_early_pool(void)
{
	return (uintptr_t)pool;
}

unsigned int mmu_early_used(void)
{
	return used;
}

uint64_t mmu_early_root(void)
{
	return (uintptr_t)pool[0];
}

struct fh_attr mmu_attr(enum mmu_use use)
{
	static const struct fh_attr attr[] = {
		[MMU_TEXT] = { FH_READ | FH_EXEC, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_RODATA] = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_DATA] = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER },
		[MMU_DEVICE] = { FH_READ | FH_WRITE, FH_MEMTYPE_DEVICE, FH_SHARE_OUTER },
	};

	return attr[use];
}

/* What TCR says (boot/el.h): 4 KiB granule, 48 bits both ways. */
static void start(void)
{
	struct fh_shape_request request = {
		.format = FH_FORMAT_S1,
		.regime = arch_current_el() == 2 ? FH_REGIME_EL2 : FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 48,
		.oas = 48,
		.mair = FH_BOOT_MAIR,
	};

	FH_BUG_ON(fh_shape_init(&shape, &request));
	used = 1;
}

/* The table below @slot, made when there is none. NULL: out of pages, or a block is in the way. */
static uint64_t *table_below(uint64_t *slot, int *err)
{
	uint64_t desc = fh_pte_read(slot);
	uint64_t *table;

	*err = 0;
	if (desc) {
		if (!fh_desc_is_link(desc, 2))
			*err = -EEXIST;
		return (uint64_t *)(uintptr_t)fh_desc_address(&shape, desc);
	}
	if (used == MMU_EARLY_PAGES) {
		*err = -ENOMEM;
		return NULL;
	}
	table = pool[used++];
	fh_pte_publish(slot, fh_desc_link(&shape, (uintptr_t)table));
	return table;
}

/* The largest leaf that alignment and the rest of the range allow. */
static int leaf_level(uint64_t base, uint64_t size)
{
	int level = 1;

	while (level < FH_LEVEL_PAGE && (size < fh_shape_span(&shape, level) ||
					 !fh_is_aligned(base, fh_shape_span(&shape, level))))
		level++;
	return level;
}

static int map_leaf(uint64_t base, int level, uint64_t attr)
{
	uint64_t *table = pool[0];
	uint64_t *slot;
	int err;

	for (int l = shape.start_level;; l++) {
		slot = &table[fh_shape_index(&shape, l, base)];
		if (l == level)
			break;
		table = table_below(slot, &err);
		if (err)
			return err;
	}
	if (fh_pte_read(slot))
		return -EEXIST;
	fh_pte_publish(slot, fh_desc_leaf(&shape, base, level, attr));
	return 0;
}

int mmu_early_map(uint64_t base, uint64_t size, enum mmu_use use)
{
	uint64_t attr = 0;

	if (!used)
		start();
	/* Every use can be said in both regimes. */
	FH_BUG_ON(fh_format_encode(&shape, mmu_attr(use), &attr));
	while (size) {
		int level = leaf_level(base, size);
		int err = map_leaf(base, level, attr);

		if (err)
			return err;
		base += fh_shape_span(&shape, level);
		size -= fh_shape_span(&shape, level);
	}
	/* Our own regime: the walker is this CPU, which may run on before the store is seen. */
	fh_pte_sync_self();
	return 0;
}
