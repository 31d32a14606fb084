/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tree declares about memory, one declaration after the other:
 *
 *   memory nodes, cut to /chosen:linux,usable-memory-range   usable
 *   /memreserve/, regions of /reserved-memory with a place    reserved, no-map
 *   kernel, tree, initrd                                      reserved
 *
 * Nothing is kept here: who counts, who looks for room and who builds the map hears the same.
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

#define LIMITS "linux,usable-memory-range"
#define IMAGE_ALIGN UINT64_C(4096)
#define TREE_ALIGN UINT64_C(8)

struct reader {
	const struct devtree *tree;
	const struct devtree_given *given;
	const struct declare *to;
	struct cells cells; /* of the root */
	/* what is being read */
	struct declaration now;
	char path[DEVTREE_PATH_MAX]; /* of its node */
	struct devtree_region ram;   /* that is held against the limits */
	int limits;		     /* the node of linux,usable-memory-range, or below 0 */
	bool removable;
	/* RAM: entries of some size, of none, and declarations made of them */
	unsigned int found;
	unsigned int empty;
	unsigned int declared;
};

static int warn(const struct reader *reader, uint64_t value, const char *why)
{
	return devtree_say(reader->tree, reader->now.by, reader->now.property, value, why, 0);
}

static int declare(struct reader *reader, struct devtree_region region, enum fh_mem_kind kind)
{
	reader->now.base = region.base;
	reader->now.size = region.size;
	reader->now.kind = kind;
	return reader->to->visit(reader->to->ctx, &reader->now);
}

static int declare_ram(struct reader *reader, struct devtree_region region)
{
	int err = declare(reader, region, FH_MEM_USABLE);

	reader->declared++;
	/* It may be removed later: nothing of ours may lie there. */
	if (!err && reader->removable)
		err = declare(reader, region, FH_MEM_RESERVED);
	return err;
}

/* Declare what one entry of linux,usable-memory-range leaves of the RAM at hand. */
static int visit_limit(void *ctx, uint64_t base, uint64_t size)
{
	struct reader *reader = ctx;
	struct devtree_region region = reader->ram;
	uint64_t last = region.base + (region.size - 1);

	if (last < base || region.base > base + (size - 1))
		return 0;
	if (region.base < base)
		region.base = base;
	if (last > base + (size - 1))
		last = base + (size - 1);
	region.size = last - region.base + 1;
	return declare_ram(reader, region);
}

/* What the CPU cannot address is not there for us. */
static bool cut_to_pa_bits(const struct reader *reader, struct devtree_region *region)
{
	unsigned int bits = reader->given->pa_bits;

	if (!bits || bits > 63 || fh_range_fits(region->base, region->size, bits))
		return true;
	(void)warn(reader, region->base, "reaches beyond the physical addresses: not used there");
	if (region->base >> bits)
		return false;
	region->size = (UINT64_C(1) << bits) - region->base;
	return true;
}

static int visit_ram(void *ctx, uint64_t base, uint64_t size)
{
	struct reader *reader = ctx;

	if (!size) {
		reader->empty++;
		/* A crash kernel's loader says so on purpose, of RAM that is not for us. */
		if (strcmp(reader->now.property, "reg") == 0)
			(void)warn(reader, base, "size 0: was it filled in?");
		return 0;
	}
	reader->found++;
	reader->ram = (struct devtree_region){ base, size };
	if (!cut_to_pa_bits(reader, &reader->ram))
		return 0;
	if (reader->limits < 0)
		return declare_ram(reader, reader->ram);
	return devtree_regions(reader->tree, reader->limits, LIMITS, reader->cells, visit_limit,
			       reader);
}

static int visit_check(void *ctx, uint64_t base, uint64_t size)
{
	const struct reader *reader = ctx;

	if (size)
		return 0;
	return devtree_refuse(reader->tree, reader->limits, LIMITS, base, "size 0", -EINVAL);
}

/* All of /chosen:linux,usable-memory-range is judged before any of it is used. */
static int find_limits(struct reader *reader)
{
	int err = -ENOENT;

	reader->limits = reader->tree->chosen;
	if (reader->limits >= 0)
		err = devtree_regions(reader->tree, reader->limits, LIMITS, reader->cells,
				      visit_check, reader);
	if (err != -ENOENT)
		return err;
	reader->limits = -1;
	return 0;
}

static int read_numa(struct reader *reader, int node)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(reader->tree->blob, node, "numa-node-id", &bytes);

	reader->now.numa = FH_NUMA_NONE;
	if (!data)
		return 0;
	if (bytes != 4)
		return devtree_refuse(reader->tree, node, "numa-node-id", (uint64_t)bytes,
				      "is not one cell", -EINVAL);
	reader->now.numa = fdt32_ld(data);
	return 0;
}

static int read_memory_node(struct reader *reader, int node)
{
	const struct devtree *tree = reader->tree;
	int err = read_numa(reader, node);

	if (err)
		return err;
	reader->removable = fdt_getprop(tree->blob, node, "hotpluggable", NULL) != NULL;
	if (reader->removable)
		(void)devtree_say(tree, reader->now.by, "hotpluggable", 1,
				  "may be removed later: kept reserved", 0);
	reader->now.property = "linux,usable-memory";
	err = devtree_regions(tree, node, reader->now.property, reader->cells, visit_ram, reader);
	if (err != -ENOENT)
		return err;
	reader->now.property = "reg";
	err = devtree_regions(tree, node, reader->now.property, reader->cells, visit_ram, reader);
	if (err == -ENOENT)
		return devtree_refuse(tree, node, "reg", 0, "is missing", -EINVAL);
	return err;
}

/* Does any of the node's device_type, should there be two, say "memory"? */
static bool claims_memory(const struct devtree *tree, int node)
{
	int property;

	fdt_for_each_property_offset(property, tree->blob, node)
	{
		const char *name = NULL;
		int bytes = 0;
		const char *value = fdt_getprop_by_offset(tree->blob, property, &name, &bytes);

		if (value && bytes >= (int)sizeof("memory") && name &&
		    strcmp(name, "device_type") == 0 &&
		    memcmp(value, "memory", sizeof("memory")) == 0)
			return true;
	}
	return false;
}

/* A node of the root: RAM or not? Names do not count, device_type does (3.4). */
static int read_root_node(struct reader *reader, int node)
{
	const struct devtree *tree = reader->tree;
	const char *name = fdt_get_name(tree->blob, node, NULL);
	int err;

	if (!claims_memory(tree, node)) {
		if (name && strncmp(name, "memory", 6) == 0 && (!name[6] || name[6] == '@'))
			(void)devtree_say_text(tree, reader->now.by, node, "device_type",
					       "is not \"memory\": not used as RAM", 0);
		return 0;
	}
	err = devtree_unique(tree, node, NODE_MEMORY);
	if (err)
		return err;
	if (devtree_enabled(tree, node))
		return read_memory_node(reader, node);
	/* Another world's memory is disabled here on purpose; anything else is odd. */
	if (!devtree_says(tree, node, "status", "disabled"))
		(void)devtree_say_text(tree, reader->now.by, node, "status",
				       "neither okay nor disabled: not used as RAM", 0);
	return 0;
}

/* RAM that stands beside the tree, when the tree has none. */
static int declare_given(struct reader *reader)
{
	int err = 0;

	reader->removable = false;
	reader->now.numa = FH_NUMA_NONE;
	reader->now.by = reader->given->ram_name;
	reader->now.property = NULL;
	for (size_t i = 0; i < reader->given->ram_count && !err; i++) {
		reader->ram = reader->given->ram[i];
		reader->found++;
		if (!cut_to_pa_bits(reader, &reader->ram))
			continue;
		err = reader->limits < 0 ? declare_ram(reader, reader->ram)
					 : devtree_regions(reader->tree, reader->limits, LIMITS,
							   reader->cells, visit_limit, reader);
	}
	return err;
}

static int declare_memory(struct reader *reader)
{
	const struct devtree *tree = reader->tree;
	const char *why = "no RAM: no memory node";
	int err = find_limits(reader);
	int node;

	fdt_for_each_subnode(node, tree->blob, 0)
	{
		devtree_child_path(tree, "", node, reader->path);
		reader->now.by = reader->path;
		if (!err)
			err = read_root_node(reader, node);
		if (err)
			return err;
	}
	if (!reader->found)
		err = declare_given(reader);
	if (err || reader->declared)
		return err;
	if (reader->empty)
		why = "no RAM: only ranges of size 0; was it filled in?";
	if (reader->found)
		why = reader->limits >= 0 ? "no RAM: linux,usable-memory-range excludes all of it"
					  : "no RAM: none within the physical addresses";
	return devtree_refuse(tree, 0, "memory", (uint64_t)reader->empty + reader->found, why,
			      -ENOENT);
}

static int declare_memreserve(struct reader *reader)
{
	const struct devtree *tree = reader->tree;
	int count = fdt_num_mem_rsv(tree->blob);
	int err = 0;

	reader->now.by = "memreserve";
	reader->now.property = NULL;
	for (int i = 0; i < count && !err; i++) {
		struct devtree_region region;

		if (fdt_get_mem_rsv(tree->blob, i, &region.base, &region.size))
			return devtree_refuse(tree, -1, "memreserve", (uint64_t)i, "cannot be read",
					      -EINVAL);
		if (!fh_range_fits(region.base, region.size, 64))
			return devtree_refuse(tree, -1, "memreserve", region.base,
					      "ends beyond 2^64", -EINVAL);
		err = declare(reader, region, FH_MEM_RESERVED);
	}
	return err;
}

enum fh_mem_kind devtree_region_kind(const struct devtree *tree, int node)
{
	return fdt_getprop(tree->blob, node, "no-map", NULL) ? FH_MEM_NOMAP : FH_MEM_RESERVED;
}

bool devtree_region_disabled(const struct devtree *tree, int node)
{
	/* Erring towards reserving: what cannot be read is not disabled. */
	return devtree_says(tree, node, "status", "disabled");
}

/* Its cells are the root's, and its addresses the CPU's: `ranges` is there and empty. */
static int check_reserved_memory(const struct reader *reader)
{
	const struct devtree *tree = reader->tree;
	int parent = tree->reserved_memory;
	struct cells own;
	int bytes;
	int err = devtree_unique(tree, parent, NODE_RESERVED_MEMORY);

	if (!err)
		err = devtree_cells(tree, parent, &own);
	if (err)
		return err;
	if (own.address != reader->cells.address)
		return devtree_refuse(tree, parent, "#address-cells", (uint64_t)own.address,
				      "differs from the root's", -EINVAL);
	if (own.size != reader->cells.size)
		return devtree_refuse(tree, parent, "#size-cells", (uint64_t)own.size,
				      "differs from the root's", -EINVAL);
	if (!fdt_getprop(tree->blob, parent, "ranges", &bytes))
		return devtree_refuse(tree, parent, "ranges", 0, "is missing", -EINVAL);
	if (bytes)
		return devtree_refuse(tree, parent, "ranges", (uint64_t)bytes, "is not empty",
				      -EINVAL);
	return 0;
}

static int visit_region(void *ctx, uint64_t base, uint64_t size)
{
	struct reader *reader = ctx;

	if (!size)
		return warn(reader, base, "reserves nothing: size 0");
	return declare(reader, (struct devtree_region){ base, size }, reader->now.kind);
}

static int read_region(struct reader *reader, int node)
{
	const struct devtree *tree = reader->tree;
	int err = devtree_unique(tree, node, NODE_REGION);

	if (err)
		return err;
	if (devtree_region_disabled(tree, node))
		return devtree_say_text(tree, reader->now.by, node, "status", "ignored", 0);
	if (fdt_getprop(tree->blob, node, "no-map", NULL) &&
	    fdt_getprop(tree->blob, node, "reusable", NULL))
		return devtree_refuse(tree, node, "reusable", 0, "contradicts no-map", -EINVAL);
	reader->now.property = "reg";
	reader->now.kind = devtree_region_kind(tree, node);
	err = devtree_regions(tree, node, "reg", reader->cells, visit_region, reader);
	return err == -ENOENT ? 0 : err;
}

static int declare_regions(struct reader *reader)
{
	const struct devtree *tree = reader->tree;
	char parent[DEVTREE_PATH_MAX];
	int err = check_reserved_memory(reader);
	int node;

	devtree_path(tree, tree->reserved_memory, parent);
	fdt_for_each_subnode(node, tree->blob, tree->reserved_memory)
	{
		devtree_child_path(tree, parent, node, reader->path);
		reader->now.by = reader->path;
		if (!err)
			err = read_region(reader, node);
		if (err)
			return err;
	}
	return err;
}

/* Declared whatever lies there; that it is RAM which we may touch is judged when all is known. */
struct image {
	const char *name;
	const char *overlaps; /* of another image that shares a byte with it */
	struct devtree_region at;
	uint64_t align;
};

static int declare_image(struct reader *reader, const struct image *image, size_t before)
{
	if (!image->at.size)
		return 0;
	if (!fh_is_aligned(image->at.base, image->align))
		return devtree_refuse(reader->tree, -1, image->name, image->at.base,
				      image->align == TREE_ALIGN ? "is not 8-byte aligned"
								 : "is not 4 KiB-aligned",
				      -EINVAL);
	if (!fh_range_fits(image->at.base, image->at.size, 64))
		return devtree_refuse(reader->tree, -1, image->name, image->at.base,
				      "ends beyond 2^64", -EINVAL);
	for (const struct image *other = image - before; other < image; other++)
		if (other->at.size && fh_ranges_overlap(image->at.base, image->at.size,
							other->at.base, other->at.size))
			return devtree_refuse(reader->tree, -1, image->name, image->at.base,
					      other->overlaps, -EINVAL);
	reader->now.by = image->name;
	return declare(reader, image->at, FH_MEM_RESERVED);
}

static int declare_images(struct reader *reader)
{
	const struct devtree_images *images = &reader->given->images;
	struct image image[] = {
		{ "kernel image",
		  "overlaps the kernel image",
		  { images->kernel_base, images->kernel_size },
		  IMAGE_ALIGN },
		{ "device tree",
		  "overlaps the device tree",
		  { images->tree_base, images->tree_size },
		  TREE_ALIGN },
		{ "initrd", "overlaps the initrd", { 0, 0 }, IMAGE_ALIGN },
		{ "memory map", NULL, images->storage, IMAGE_ALIGN },
	};
	int err = devtree_initrd(reader->tree, &image[2].at.base, &image[2].at.size);

	reader->now.property = NULL;
	if (err == -ENOENT)
		err = 0;
	for (size_t i = 0; i < FH_ARRAY_SIZE(image) && !err; i++)
		err = declare_image(reader, &image[i], i);
	return err;
}

int devtree_declare(const struct devtree *tree, const struct devtree_given *given,
		    const struct declare *to)
{
	struct reader reader = { .tree = tree, .given = given, .to = to };
	int err = devtree_cells(tree, 0, &reader.cells);

	if (!err && tree->chosen >= 0)
		err = devtree_unique(tree, tree->chosen, NODE_CHOSEN);
	if (!err)
		err = declare_memory(&reader);
	if (!err)
		err = declare_memreserve(&reader);
	if (!err && tree->reserved_memory >= 0)
		err = declare_regions(&reader);
	return err ? err : declare_images(&reader);
}
