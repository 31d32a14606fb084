/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree for the next stage: written, read again, and compared frame by frame. */
#include <stdio.h>

#include "boot/console.h"
#include "boot/devtree_next.h"
#include "boot/job.h"
#include "lib/error.h"

static struct fh_page *alloc_bytes(struct machine *machine, size_t bytes)
{
	unsigned int order = 0;

	while (order < FH_ORDER_MAX && (UINT64_C(4096) << order) < bytes)
		order++;
	return fh_page_alloc(&machine->frames, order, 0);
}

static uint64_t page_bytes(const struct machine *machine, const struct fh_page *page)
{
	return UINT64_C(4096) << fh_page_order(&machine->frames, page);
}

/* The end of a range, or 0 at 2^64. */
static uint64_t end_of(const struct fh_memmap_range *range)
{
	return range->base.raw + range->size;
}

/* The frames that the machine's map calls usable and @again does not are the @held ones of ours. */
static int compare_maps(const struct machine *machine, const struct fh_memmap *again, uint64_t held)
{
	uint64_t at = 0;

	do {
		struct fh_memmap_range was = fh_memmap_classify(&machine->map, fh_phys(at));
		struct fh_memmap_range is = fh_memmap_classify(again, fh_phys(at));
		uint64_t end = end_of(&was) - 1 < end_of(&is) - 1 ? end_of(&was) : end_of(&is);
		bool ours = was.kind == FH_MEM_USABLE && is.kind == FH_MEM_RESERVED;

		if (was.kind != is.kind && !ours)
			return job_refuse("next tree", at, "read again it says something else",
					  -EIO);
		for (; ours && at < end; at += 4096) {
			enum fh_frame_state state = fh_frame_state(&machine->frames, fh_phys(at));

			if (state != FH_FRAME_OWNED && state != FH_FRAME_HELD)
				return job_refuse("next tree", at, "declares a frame that is free",
						  -EIO);
			held--;
		}
		at = end;
	} while (at);
	return held ? job_refuse("next tree", held, "frames of ours are not declared", -EIO) : 0;
}

/* With the tree where the next stage finds it. */
static int read_again(struct machine *machine, const void *blob, size_t limit)
{
	struct devtree_given given = { .pa_bits = machine_output_bits() };
	struct fh_frames_stats stats;
	struct devtree tree;
	struct fh_memmap map;
	struct fh_page *page;
	size_t bytes;
	int err = devtree_open(&tree, blob, limit, &console_out);

	if (err)
		return err;
	given.images.tree_base = (uintptr_t)blob;
	given.images.tree_size = tree.bytes;
	bytes = devtree_memmap_bytes(&tree, &given);
	fh_frames_stats(&machine->frames, &stats);
	page = alloc_bytes(machine, bytes);
	if (!page)
		return job_refuse("next tree", bytes, "no memory for its map", -ENOMEM);
	err = fh_memmap_init(&map, fh_page_address(&machine->frames, page),
			     page_bytes(machine, page), 12);
	if (!err)
		err = devtree_memmap(&tree, &given, &map);
	if (!err)
		err = compare_maps(machine, &map, stats.owned + stats.held);
	if (fh_page_free(&machine->frames, page))
		return -EIO;
	return err;
}

int job_next(struct machine *machine)
{
	struct devtree_next next = { &machine->tree, &machine->map, &machine->frames };
	/* The block that it gets is one more to declare. */
	size_t bytes = devtree_next_bytes(&next) + 4096;
	struct fh_page *page = alloc_bytes(machine, bytes);
	unsigned int declared = 0;
	fh_phys_addr_t pa;
	void *blob;
	int err;

	if (!page)
		return job_refuse("next tree", bytes, "no memory for it", -ENOMEM);
	blob = fh_page_address(&machine->frames, page);
	err = devtree_next(&next, blob, page_bytes(machine, page), &declared);
	if (!err)
		err = read_again(machine, blob, page_bytes(machine, page));
	if (err) {
		(void)fh_page_free(&machine->frames, page);
		return err;
	}
	pa = fh_page_into_phys(&machine->frames, page);
	if (devtree_header_bytes(blob, &bytes) || !fh_phys_is_valid(pa))
		return job_refuse("next tree", pa.raw, "is gone", -EIO);
	printf("fh: main: next tree: %#llx: %zu bytes, %u ranges of ours declared, read again: the "
	       "same\n",
	       (unsigned long long)pa.raw, bytes, declared);
	return 0;
}
