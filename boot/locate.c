/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the device tree before anything is known, with the MMU off: aligned reads that survive
 * an abort, because x0 may hold anything. What was found is kept, for with the MMU on only a tree
 * that was found is mapped.
 */
#include "boot/start.h"
#include "lib/error.h"
#include "lib/hooks.h"

#define TREE_BYTES_MAX (16 * FH_MIB)

static struct {
	bool looked;
	int err;
	uint64_t base;
	size_t bytes;
} located;

static int look_at(uint64_t address, size_t *bytes)
{
	/* Magic and size, the first two words of the header. */
	uint64_t header;
	int err;

	if (!fh_is_aligned(address, sizeof(header)))
		return -EINVAL;
	err = fh_hook_read(&header, (const void *)(uintptr_t)address, sizeof(header));
	if (!err)
		err = devtree_header_bytes(&header, bytes);
	if (!err && *bytes > TREE_BYTES_MAX)
		err = -ERANGE;
	return err;
}

int devtree_locate(uint64_t x0, uint64_t *base, size_t *bytes)
{
	if (!located.looked) {
		located.looked = true;
		located.base = x0 ? x0 : fh_align_down(image_base(), FH_GIB);
		located.err = look_at(located.base, &located.bytes);
	}
	*base = located.base;
	*bytes = located.bytes;
	return located.err;
}
