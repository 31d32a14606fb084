/* SPDX-License-Identifier: BSD-2-Clause */
/* The handoff with the coprocessor, its table of contexts, and invalidation: see uat.h. */
#include "iommu/uat.h"

#include <barrier.h>
#include <cpu.h>
#include <stdatomic.h>
#include <sysreg.h>

#include "iommu/pte.h"
#include "lib/error.h"

_Static_assert(offsetof(struct fh_uat_handoff, lock) == 0x10, "as the firmware has it");
_Static_assert(offsetof(struct fh_uat_handoff, turn) == 0x14, "likewise");
_Static_assert(offsetof(struct fh_uat_handoff, current) == 0x18, "likewise");
_Static_assert(offsetof(struct fh_uat_handoff, flush) == 0x20, "likewise");
_Static_assert(sizeof(struct fh_uat_flush) == 0x18, "likewise");
_Static_assert(offsetof(struct fh_uat_handoff, zero) == 0x640, "likewise");
_Static_assert(sizeof(struct fh_uat_handoff) == 0x648, "likewise");
_Static_assert(sizeof(struct fh_uat_roots) == 16, "as the firmware has it");

#define GRANULE_LG2 14
/* From here on one operation for everything. */
#define OPERATIONS_MAX 64u

void fh_uat_handoff_init(struct fh_uat_handoff *handoff, enum fh_uat_side side)
{
	if (side == FH_UAT_AP) {
		handoff->current = 0;
		handoff->zero = 0;
		for (unsigned int i = 0; i < FH_ARRAY_SIZE(handoff->flush); i++)
			handoff->flush[i].state = FH_UAT_FLUSH_IDLE;
	}
	handoff->lock[side] = 0;
	handoff->magic[side] = FH_UAT_MAGIC;
}

int fh_uat_handoff_check(const struct fh_uat_handoff *handoff, enum fh_uat_side side,
			 uint32_t looks)
{
	for (; looks; looks--) {
		uint64_t magic = handoff->magic[!side];

		if (magic)
			return magic == FH_UAT_MAGIC ? 0 : -ENOTSUP;
		arch_cpu_relax();
	}
	return -ETIMEDOUT;
}

/*
 * Sequentially consistent, all of it: the look at the other's claim must not come before our own
 * claim is seen. Stepping back only gives way: who has stepped back claims anew when it is its
 * turn, or when the other wants nothing, which may have given up without passing the turn on.
 */
int fh_uat_handoff_lock(struct fh_uat_handoff *handoff, enum fh_uat_side side, uint32_t looks)
{
	bool claimed = true;

	handoff->lock[side] = 1;
	for (; looks; looks--) {
		bool other = handoff->lock[!side];
		bool first = handoff->turn == (uint32_t)side;

		if (claimed && !other)
			return 0;
		if (claimed != (first || !other)) {
			claimed = !claimed;
			handoff->lock[side] = claimed;
		}
		arch_cpu_relax();
	}
	fh_uat_handoff_unlock(handoff, side);
	return -ETIMEDOUT;
}

void fh_uat_handoff_unlock(struct fh_uat_handoff *handoff, enum fh_uat_side side)
{
	handoff->turn = !side;
	handoff->lock[side] = 0;
}

/* The lock has room for one CPU of a side. */
static int lock(struct fh_uat *uat)
{
	uint32_t looks = uat->looks;
	int err;

	while (atomic_exchange_explicit(&uat->busy, 1, memory_order_acquire)) {
		arch_cpu_relax();
		if (looks-- <= 1)
			return -ETIMEDOUT;
	}
	err = fh_uat_handoff_lock(uat->handoff, FH_UAT_AP, uat->looks);
	if (err)
		atomic_store_explicit(&uat->busy, 0, memory_order_release);
	return err;
}

static void unlock(struct fh_uat *uat)
{
	fh_uat_handoff_unlock(uat->handoff, FH_UAT_AP);
	atomic_store_explicit(&uat->busy, 0, memory_order_release);
}

/* Walkers see it after whatever was stored before. */
static void root_store(const struct fh_uat *uat, uint64_t *root, uint64_t value)
{
	fh_pte_publish(root, value);
	if (!uat->coherent)
		fh_pte_clean(root, 1);
}

static uint64_t root_of(fh_phys_addr_t pa, uint32_t number)
{
	if (!fh_phys_is_valid(pa))
		return 0;
	return pa.raw | FH_FIELD(FH_UAT_ROOT_ASID, number) | FH_UAT_ROOT_VALID;
}

/* Not by ASID: global translations would stay. */
static void forget_everything(void)
{
	arch_dsb_sy();
	arch_tlbi_vmalle1is();
	arch_dsb_sy();
}

int fh_uat_bind(struct fh_uat_half *half, uint32_t number, fh_phys_addr_t lower,
		fh_phys_addr_t upper)
{
	struct fh_uat *uat = half->uat;
	struct fh_uat_roots *roots;
	int err;

	if (half->number != FH_UAT_NONE || number - 1 >= FH_UAT_CONTEXTS - 1)
		return -EINVAL;
	err = lock(uat);
	if (err)
		return err;
	roots = &uat->contexts[number];
	if (fh_pte_read(&roots->lower) || fh_pte_read(&roots->upper) ||
	    uat->handoff->current == number) {
		unlock(uat);
		return -EBUSY;
	}
	/* Flushes that do not find the number had their entries cleared before the roots. */
	half->number = number;
	forget_everything();
	root_store(uat, &roots->upper, root_of(upper, number));
	root_store(uat, &roots->lower, root_of(lower, number));
	fh_pte_complete();
	unlock(uat);
	return 0;
}

int fh_uat_unbind(struct fh_uat_half *half)
{
	struct fh_uat *uat = half->uat;
	uint32_t number = half->number;
	int err;

	if (number >= FH_UAT_CONTEXTS)
		return -EINVAL;
	err = lock(uat);
	if (err)
		return err;
	if (uat->handoff->current == number) {
		unlock(uat);
		return -EBUSY;
	}
	root_store(uat, &uat->contexts[number].lower, 0);
	root_store(uat, &uat->contexts[number].upper, 0);
	forget_everything();
	half->number = FH_UAT_NONE;
	unlock(uat);
	return 0;
}

static void invalidate_own(uint32_t number, uint64_t first, uint64_t size)
{
	uint64_t asid = FH_FIELD(FH_UAT_ROOT_ASID, number);
	uint64_t pages = size >> GRANULE_LG2;

	/* Contexts have the upper half under all their ASIDs. */
	if (number == FH_UAT_UPPER || pages > OPERATIONS_MAX) {
		arch_tlbi_vmalle1is();
		return;
	}
	for (; pages; pages--, first += UINT64_C(1) << GRANULE_LG2)
		arch_tlbi_vae1is(asid | first >> 12);
}

/* Neither the smallest leaf nor whether tables go makes a difference. */
static void uat_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			   bool tables)
{
	struct fh_uat_half *half = ctx;
	uint64_t *from = &half->pending[cpu_id()].from, *to = &half->pending[cpu_id()].to;
	uint32_t number = half->number;

	(void)leaf_lg2;
	(void)tables;
	if (number == FH_UAT_NONE)
		return;
	invalidate_own(number, iova.raw, size);
	if (*from == *to)
		*from = *to = iova.raw;
	if (iova.raw < *from)
		*from = iova.raw;
	if (iova.raw + size > *to)
		*to = iova.raw + size;
}

static bool answered(const struct fh_uat_flush *flush, uint32_t looks)
{
	for (; looks; looks--) {
		if (flush->state != FH_UAT_FLUSH_POSTED)
			return true;
		arch_cpu_relax();
	}
	return false;
}

/* A request that was given up is the firmware's until it answers. */
static int ask(const struct fh_uat *uat, uint32_t number, uint64_t from, uint64_t to)
{
	struct fh_uat_flush *flush = &uat->handoff->flush[number];

	if (!answered(flush, uat->looks))
		return -ETIMEDOUT;
	flush->address = number == FH_UAT_UPPER ? from | FH_UAT_UPPER_BASE : from;
	flush->size = to - from;
	flush->state = FH_UAT_FLUSH_POSTED;
	if (!answered(flush, uat->looks))
		return -ETIMEDOUT;
	flush->state = FH_UAT_FLUSH_IDLE;
	return 0;
}

/*
 * The firmware neither enters nor leaves a context while the lock is ours, so that who is asked is
 * there to answer, and who is not asked has forgotten everything when it enters.
 */
static int uat_sync(void *ctx)
{
	struct fh_uat_half *half = ctx;
	struct fh_uat *uat = half->uat;
	uint64_t *from = &half->pending[cpu_id()].from, *to = &half->pending[cpu_id()].to;
	uint32_t number;
	int err;

	if (*from == *to)
		return 0;
	/* Descriptors, before the firmware is told; and our operations are complete (D8.13). */
	arch_dsb_sy();
	err = lock(uat);
	if (err)
		return err;
	number = half->number;
	/* Firmware that is in no context may also say so by FH_UAT_NONE. */
	if (number == FH_UAT_UPPER || (number < FH_UAT_CONTEXTS && number == uat->handoff->current))
		err = ask(uat, number, *from, *to);
	unlock(uat);
	if (!err)
		*from = *to = 0;
	return err;
}

const struct fh_tlb_ops fh_uat_tlb_ops = {
	.invalidate = uat_invalidate,
	.sync = uat_sync,
};
