/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a device tree: every reader answers, touches nothing outside the tree, and a map
 * that it accepts keeps its promises.
 */
#include <stdlib.h>
#include <string.h>

#include "boot/bootargs.h"
#include "boot/devtree.h"
#include "lib/error.h"
#include "tests/fuzz/fuzz.h"

#define STORAGE_MAX (16 * FH_MIB)

/* How many bytes were logged; an error without a line would be one that nobody can find. */
static void hear(void *ctx, const char *text, size_t len)
{
	(void)text;
	*(size_t *)ctx += len;
}

static void check_ranges(const struct fh_memmap *map)
{
	uint64_t frame = UINT64_C(1) << map->frame_lg2;

	for (size_t i = 0; i < map->range_count; i++) {
		const struct fh_memmap_range *range = &map->range[i];

		REQUIRE(range->size && range->kind != FH_MEM_NONE);
		REQUIRE(fh_is_aligned(range->base.raw | range->size, frame));
		REQUIRE(fh_range_fits(range->base.raw, range->size, 64));
		REQUIRE(i == 0 || range[-1].base.raw + (range[-1].size - 1) < range->base.raw);
	}
}

/* What was declared no-map is no-map, what was declared reserved is never handed out. */
static void check_declarations(const struct fh_memmap *map)
{
	for (size_t i = 0; i < map->decl_count; i++) {
		const struct fh_memmap_decl *decl = &map->decl[i];
		uint64_t last = decl->base + (decl->size - 1);
		enum fh_mem_kind first = fh_memmap_classify(map, fh_phys(decl->base)).kind;
		enum fh_mem_kind end = fh_memmap_classify(map, fh_phys(last)).kind;

		if (decl->kind == FH_MEM_NOMAP)
			REQUIRE(first == FH_MEM_NOMAP && end == FH_MEM_NOMAP);
		if (decl->kind == FH_MEM_RESERVED)
			REQUIRE(first != FH_MEM_USABLE && end != FH_MEM_USABLE);
	}
}

/* Room that was found without a map is usable in the map. */
static void check_room(const struct devtree *tree, const struct devtree_given *given,
		       const struct fh_memmap *map)
{
	static int32_t scratch[64];
	uint64_t base;

	if (map->frame_lg2 != 12 || !given->no_dynamic ||
	    devtree_find_room(tree, given, 8192, scratch, sizeof(scratch), &base))
		return;
	REQUIRE(fh_memmap_classify(map, fh_phys(base)).kind == FH_MEM_USABLE);
	REQUIRE(fh_memmap_classify(map, fh_phys(base + 8191)).kind == FH_MEM_USABLE);
}

static void read_map(const struct devtree *tree, const struct devtree_given *given,
		     unsigned int frame_lg2, const size_t *heard)
{
	struct devtree_handover handover;
	struct fh_memmap map;
	size_t before = *heard;
	size_t bytes = devtree_memmap_bytes(tree, given);
	void *storage;
	int err;

	REQUIRE(*heard == before);
	if (bytes > STORAGE_MAX)
		return;
	storage = malloc(bytes);
	REQUIRE(storage && !fh_memmap_init(&map, storage, bytes, frame_lg2));
	err = devtree_memmap(tree, given, &map);
	REQUIRE(err == 0 || err == -EINVAL || err == -ENOENT);
	if (err) {
		REQUIRE(*heard > before);
	} else {
		REQUIRE(map.resolved && fh_memmap_bytes(&map, FH_MEM_USABLE));
		check_ranges(&map);
		check_declarations(&map);
		check_room(tree, given, &map);
		before = *heard;
		err = devtree_handover(tree, &map, &handover);
		REQUIRE(err == 0 || err == -ENOENT || *heard > before);
	}
	free(storage);
}

static void read_tree(const struct devtree *tree, const size_t *heard)
{
	static const struct devtree_region ram[] = { { 0x40000000, 0x10000000 },
						     { 0x80001000, 0x7fffe000 } };
	struct devtree_given given = { .no_dynamic = true };
	struct devtree_uart uart;
	enum psci_conduit conduit;
	uint64_t base, size;
	char value[16];

	read_map(tree, &given, 12, heard);
	given.no_dynamic = false;
	given.ram = ram;
	given.ram_count = FH_ARRAY_SIZE(ram);
	given.ram_name = "given";
	given.pa_bits = 40;
	given.images.tree_base = 0x48000000;
	given.images.tree_size = tree->bytes;
	read_map(tree, &given, 16, heard);
	(void)devtree_stdout(tree, &uart);
	(void)devtree_psci(tree, &conduit);
	(void)devtree_initrd(tree, &base, &size);
	(void)bootargs_get(devtree_bootargs(tree), "run", value, sizeof(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t heard = 0;
	struct fh_out log = { hear, &heard };
	struct devtree tree;
	void *copy = NULL;

	/* A block of just the size, which the sanitizer watches. */
	if (posix_memalign(&copy, 8, size ? size : 1))
		return 0;
	if (size)
		memcpy(copy, data, size);
	if (devtree_open(&tree, copy, size, &log) == 0)
		read_tree(&tree, &heard);
	else
		REQUIRE(heard);
	free(copy);
	return 0;
}
