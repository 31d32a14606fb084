/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room for the memory map itself, before there is one: a bank is divided into as many cells as
 * the scratch has numbers, every reservation adds one where it begins and takes it away behind
 * its end, and a run of cells whose sum is 0 is free.
 *
 *   edges   0  +1   0  -1  +1  +1  -2   0   0
 *   sums    0   1   1   0   1   2   0   0   0     free from the end: 3 cells
 *
 * One walk over the tree a bank, whatever the number of reservations.
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

#define FRAME_LG2 12u
#define FRAME (UINT64_C(1) << FRAME_LG2)
/* Of a machine with more banks the largest suffice. */
#define TRIES 16u

struct room {
	/* looking for the largest bank below the last: */
	struct devtree_region last;
	struct devtree_region bank;
	/* and for its free cells: */
	int32_t *edge;
	uint64_t cells;
	uint64_t cell_bytes;
};

/* By size, of one size by address. */
static bool is_less(const struct devtree_region *a, const struct devtree_region *b)
{
	return a->size != b->size ? a->size < b->size : a->base < b->base;
}

/* Whole frames of it. */
static struct devtree_region whole_frames(const struct declaration *d)
{
	uint64_t last = d->base + (d->size - 1);
	fh_phys_addr_t base;

	/* The bank ends below the last frame of all addresses: sums stay below 2^64. */
	if (last >= 0 - FRAME)
		last = 0 - FRAME - 1;
	if (!fh_phys_align_up(fh_phys(d->base), FRAME_LG2, &base) || base.raw > last)
		return (struct devtree_region){ 0, 0 };
	return (struct devtree_region){ base.raw, fh_align_down(last + 1 - base.raw, FRAME) };
}

static int visit_bank(void *ctx, const struct declaration *d)
{
	struct room *room = ctx;
	struct devtree_region bank;

	if (d->kind != FH_MEM_USABLE)
		return 0;
	bank = whole_frames(d);
	if (is_less(&bank, &room->last) && is_less(&room->bank, &bank))
		room->bank = bank;
	return 0;
}

static int visit_reservation(void *ctx, const struct declaration *d)
{
	struct room *room = ctx;
	uint64_t low = d->base;
	uint64_t last = d->base + (d->size - 1);
	uint64_t bank_last = room->bank.base + (room->bank.size - 1);

	if (d->kind == FH_MEM_USABLE || last < room->bank.base || low > bank_last)
		return 0;
	if (low < room->bank.base)
		low = room->bank.base;
	if (last > bank_last)
		last = bank_last;
	room->edge[(low - room->bank.base) / room->cell_bytes]++;
	room->edge[(last - room->bank.base) / room->cell_bytes + 1]--;
	return 0;
}

/* The highest run of free cells that holds @bytes. */
static bool find_run(const struct room *room, uint64_t bytes, uint64_t *base)
{
	uint64_t wanted = (bytes + room->cell_bytes - 1) / room->cell_bytes;
	uint64_t run = 0;
	bool found = false;
	int32_t sum = 0;

	for (uint64_t i = 0; i < room->cells; i++) {
		sum += room->edge[i];
		run = sum ? 0 : run + 1;
		if (run >= wanted) {
			*base = room->bank.base + (i + 1 - wanted) * room->cell_bytes;
			found = true;
		}
	}
	return found;
}

int devtree_find_room(const struct devtree *tree, const struct devtree_given *given, uint64_t bytes,
		      void *scratch, size_t scratch_bytes, uint64_t *base)
{
	struct devtree quiet = *tree;
	size_t edges = scratch_bytes / sizeof(int32_t);
	struct room room = { .bank = { UINT64_MAX, UINT64_MAX }, .edge = scratch };

	quiet.log = &devtree_silence;
	if (edges < 2)
		return -ENOSPC;
	for (unsigned int i = 0; i < TRIES; i++) {
		int err;

		room.last = room.bank;
		room.bank = (struct devtree_region){ 0, 0 };
		err = devtree_declare(&quiet, given, &(struct declare){ visit_bank, &room });
		if (err)
			return err;
		if (room.bank.size < bytes)
			return -ENOSPC;
		room.cell_bytes = fh_align_up(room.bank.size / (edges - 1) + 1, FRAME);
		room.cells = room.bank.size / room.cell_bytes;
		memset(scratch, 0, scratch_bytes);
		err = devtree_declare(&quiet, given, &(struct declare){ visit_reservation, &room });
		if (err)
			return err;
		if (find_run(&room, bytes, base))
			return 0;
	}
	return -ENOSPC;
}
