/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the tree to the memory map:
 *
 *   memory nodes, /memreserve/, static regions, the images   ->  resolve
 *   regions that state only a size                           ->  placed, in tree order
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

#define LIMITS "linux,usable-memory-range"

/* Where one property's ranges go. */
struct sink {
	const struct devtree *tree;
	struct fh_memmap *map;
	int node;
	const char *property;
	const char *by;
	enum fh_mem_kind kind;
	int limits; /* the node of linux,usable-memory-range, or below 0 */
	struct cells cells;
	struct devtree_region ram; /* that is held against the limits */
	unsigned int empty;
	unsigned int excluded;
};

static int add(const struct devtree *tree, int node, const char *property, struct fh_memmap *map,
	       struct devtree_region region, enum fh_mem_kind kind, const char *by)
{
	int err = fh_memmap_add(map, region.base, region.size, kind, by);

	if (err == -ENOMEM)
		return devtree_refuse(tree, node, property, map->buffer_bytes,
				      "bytes for the memory map do not suffice", err);
	return err ? devtree_refuse(tree, node, property, region.base, "cannot be declared", err)
		   : 0;
}

/* Declare what one entry of linux,usable-memory-range leaves of @ram. */
static int visit_limit(void *ctx, uint64_t base, uint64_t size)
{
	struct sink *sink = ctx;
	struct devtree_region region = sink->ram;
	uint64_t last = region.base + (region.size - 1);

	if (last < base || region.base > base + (size - 1))
		return 0;
	if (region.base < base)
		region.base = base;
	if (last > base + (size - 1))
		last = base + (size - 1);
	region.size = last - region.base + 1;
	return add(sink->tree, sink->node, sink->property, sink->map, region, sink->kind, sink->by);
}

static int visit_ram(void *ctx, uint64_t base, uint64_t size)
{
	struct sink *sink = ctx;
	size_t before = sink->map->decl_count;
	int err;

	if (!size) {
		sink->empty++;
		return 0;
	}
	sink->ram = (struct devtree_region){ base, size };
	if (sink->limits < 0)
		return add(sink->tree, sink->node, sink->property, sink->map, sink->ram, sink->kind,
			   sink->by);
	err = devtree_regions(sink->tree, sink->limits, LIMITS, sink->cells, visit_limit, sink);
	sink->excluded += sink->map->decl_count == before;
	return err;
}

static int visit_static(void *ctx, uint64_t base, uint64_t size)
{
	struct sink *sink = ctx;

	if (!size)
		return devtree_refuse(sink->tree, sink->node, sink->property, base,
				      "reserves nothing: size 0", 0);
	return add(sink->tree, sink->node, sink->property, sink->map,
		   (struct devtree_region){ base, size }, sink->kind, sink->by);
}

static int visit_check(void *ctx, uint64_t base, uint64_t size)
{
	const struct sink *sink = ctx;

	if (size)
		return 0;
	return devtree_refuse(sink->tree, sink->limits, LIMITS, base, "size 0", -EINVAL);
}

/* All of /chosen:linux,usable-memory-range is judged before any of it is used. */
static int find_limits(struct sink *sink)
{
	int err = -ENOENT;

	sink->limits = fdt_path_offset(sink->tree->blob, "/chosen");
	if (sink->limits >= 0)
		err = devtree_regions(sink->tree, sink->limits, LIMITS, sink->cells, visit_check,
				      sink);
	if (err != -ENOENT)
		return err;
	sink->limits = -1;
	return 0;
}

static int add_memory_node(struct sink *sink)
{
	struct cells cells = sink->cells;
	char path[DEVTREE_PATH_MAX];
	int err;

	devtree_path(sink->tree, sink->node, path);
	if (fdt_getprop(sink->tree->blob, sink->node, "hotpluggable", NULL))
		return devtree_refuse(sink->tree, sink->node, "hotpluggable", 0,
				      "may be removed: not used", 0);
	sink->by = path;
	sink->property = "linux,usable-memory";
	err = devtree_regions(sink->tree, sink->node, sink->property, cells, visit_ram, sink);
	if (err != -ENOENT)
		return err;
	sink->property = "reg";
	err = devtree_regions(sink->tree, sink->node, sink->property, cells, visit_ram, sink);
	if (err == -ENOENT)
		return devtree_refuse(sink->tree, sink->node, "reg", 0, "is missing", -EINVAL);
	return err;
}

/* Is it RAM, as far as its node says? Names do not count, device_type does (3.4). */
static bool is_memory(const struct devtree *tree, int node)
{
	const char *name = fdt_get_name(tree->blob, node, NULL);

	if (devtree_has_string(tree, node, "device_type", "memory"))
		return devtree_enabled(tree, node);
	if (!name || strncmp(name, "memory", 6) != 0 || (name[6] && name[6] != '@'))
		return false;
	(void)devtree_refuse(tree, node, "device_type", 0, "is not \"memory\": not used as RAM", 0);
	return false;
}

static int add_memory(const struct devtree *tree, struct cells cells, struct fh_memmap *map)
{
	struct sink sink = { .tree = tree, .map = map, .kind = FH_MEM_USABLE, .cells = cells };
	const char *why = "no RAM: no memory node";
	int err = find_limits(&sink);

	if (err)
		return err;
	fdt_for_each_subnode(sink.node, tree->blob, 0)
	{
		if (is_memory(tree, sink.node))
			err = add_memory_node(&sink);
		if (err)
			return err;
	}
	if (map->decl_count)
		return 0;
	if (sink.empty)
		why = "no RAM: only ranges of size 0; was it filled in?";
	if (sink.excluded)
		why = "no RAM: linux,usable-memory-range excludes all of it";
	return devtree_refuse(tree, 0, "memory", (uint64_t)sink.empty + sink.excluded, why,
			      -ENOENT);
}

static int add_memreserve(const struct devtree *tree, struct fh_memmap *map)
{
	int count = fdt_num_mem_rsv(tree->blob);

	for (int i = 0; i < count; i++) {
		uint64_t base, size;
		int err;

		if (fdt_get_mem_rsv(tree->blob, i, &base, &size))
			return devtree_refuse(tree, -1, "memreserve", (uint64_t)i, "cannot be read",
					      -EINVAL);
		if (!fh_range_fits(base, size, 64))
			return devtree_refuse(tree, -1, "memreserve", base, "ends beyond 2^64",
					      -EINVAL);
		err = add(tree, -1, "memreserve", map, (struct devtree_region){ base, size },
			  FH_MEM_RESERVED, "memreserve");
		if (err)
			return err;
	}
	return 0;
}

static enum fh_mem_kind region_kind(const struct devtree *tree, int node)
{
	return fdt_getprop(tree->blob, node, "no-map", NULL) ? FH_MEM_NOMAP : FH_MEM_RESERVED;
}

/* Erring towards reserving: only what says "disabled" is left out. */
static bool is_disabled(const struct devtree *tree, int node)
{
	const char *status = fdt_stringlist_get(tree->blob, node, "status", 0, NULL);

	return status && strcmp(status, "disabled") == 0;
}

int devtree_reserved_memory(const struct devtree *tree)
{
	static const char wanted[] = "reserved-memory";
	int found = -ENOENT;
	int node;

	fdt_for_each_subnode(node, tree->blob, 0)
	{
		const char *name = fdt_get_name(tree->blob, node, NULL);

		if (!name || strncmp(name, wanted, sizeof(wanted) - 1) != 0 ||
		    (name[sizeof(wanted) - 1] && name[sizeof(wanted) - 1] != '@'))
			continue;
		if (found >= 0)
			return devtree_refuse(tree, node, NULL, 2, "a second /reserved-memory",
					      -EINVAL);
		found = node;
	}
	return found;
}

/* Its cells are the root's, and its addresses the CPU's: `ranges` is there and empty. */
static int check_reserved_memory(const struct devtree *tree, int parent, struct cells root)
{
	struct cells own;
	int bytes;
	int err = devtree_cells(tree, parent, &own);

	if (err)
		return err;
	if (own.address != root.address || own.size != root.size)
		return devtree_refuse(tree, parent, "#address-cells", (uint64_t)own.address,
				      "cell counts differ from the root's", -EINVAL);
	if (!fdt_getprop(tree->blob, parent, "ranges", &bytes))
		return devtree_refuse(tree, parent, "ranges", 0, "is missing", -EINVAL);
	if (bytes)
		return devtree_refuse(tree, parent, "ranges", (uint64_t)bytes, "is not empty",
				      -EINVAL);
	return 0;
}

static int check_region(const struct devtree *tree, int node)
{
	if (fdt_getprop(tree->blob, node, "no-map", NULL) &&
	    fdt_getprop(tree->blob, node, "reusable", NULL))
		return devtree_refuse(tree, node, "reusable", 0, "contradicts no-map", -EINVAL);
	return 0;
}

static int add_static_regions(const struct devtree *tree, int parent, struct cells cells,
			      struct fh_memmap *map)
{
	struct sink sink = { .tree = tree, .map = map, .property = "reg" };

	fdt_for_each_subnode(sink.node, tree->blob, parent)
	{
		char path[DEVTREE_PATH_MAX];
		int err;

		if (is_disabled(tree, sink.node)) {
			(void)devtree_refuse(tree, sink.node, "status", 0, "disabled: ignored", 0);
			continue;
		}
		devtree_path(tree, sink.node, path);
		sink.by = path;
		sink.kind = region_kind(tree, sink.node);
		err = check_region(tree, sink.node);
		if (!err)
			err = devtree_regions(tree, sink.node, "reg", cells, visit_static, &sink);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

/* What a region that is still to be placed asks for. */
struct request {
	struct fh_memmap *map;
	const char *by;
	uint64_t size;
	uint64_t align;
	enum fh_mem_kind kind;
	fh_phys_addr_t placed;
};

/* Return: 1 when it was placed, 0 when there is no room between @low and @last. */
static int try_place(struct request *request, uint64_t low, uint64_t last)
{
	int err = fh_memmap_place(request->map, request->size, request->align, low, last,
				  request->kind, request->by, &request->placed);

	return err == -ENOSPC ? 0 : err ? err : 1;
}

static int visit_alloc_range(void *ctx, uint64_t base, uint64_t size)
{
	return size ? try_place(ctx, base, base + (size - 1)) : 0;
}

/* A number of one or two cells; 0 when there is none. */
static int number(const struct devtree *tree, int node, const char *name, uint64_t *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, name, &bytes);

	*value = 0;
	if (!data)
		return 0;
	if (bytes != 4 && bytes != 8)
		return devtree_refuse(tree, node, name, (uint64_t)bytes,
				      "is neither one cell nor two", -EINVAL);
	*value = devtree_number(data, bytes / 4);
	return 0;
}

static int place_region(const struct devtree *tree, int node, struct cells cells,
			struct fh_memmap *map)
{
	char path[DEVTREE_PATH_MAX];
	struct request request = { .map = map, .by = path, .kind = region_kind(tree, node) };
	int err;

	devtree_path(tree, node, path);
	err = number(tree, node, "size", &request.size);
	if (!err)
		err = number(tree, node, "alignment", &request.align);
	if (err)
		return err;
	if (!request.size)
		return devtree_refuse(tree, node, "size", 0, "neither reg nor a size: ignored", 0);
	if (!request.align)
		request.align = UINT64_C(1) << map->frame_lg2;
	if (!fh_is_power_of_two(request.align))
		return devtree_refuse(tree, node, "alignment", request.align, "is no power of two",
				      -EINVAL);
	err = devtree_regions(tree, node, "alloc-ranges", cells, visit_alloc_range, &request);
	if (err == -ENOENT)
		err = try_place(&request, 0, UINT64_MAX);
	if (err < 0)
		return err == -ENOMEM ? devtree_refuse(tree, node, "size", request.size,
						       "no room in the memory map's buffer", err)
				      : err;
	if (!err)
		return devtree_refuse(tree, node, "size", request.size,
				      "no usable RAM holds it: not placed", 0);
	return 0;
}

static int place_regions(const struct devtree *tree, int parent, struct cells cells,
			 struct fh_memmap *map)
{
	int node;

	fdt_for_each_subnode(node, tree->blob, parent)
	{
		int err;

		if (is_disabled(tree, node) || fdt_getprop(tree->blob, node, "reg", NULL))
			continue;
		err = place_region(tree, node, cells, map);
		if (err)
			return err;
	}
	return 0;
}

/* Declared whatever lies there; that it is RAM which we may touch is judged when all is known. */
struct image {
	const char *name;
	const char *overlaps; /* of another image that shares a byte with it */
	uint64_t base;
	uint64_t size;
};

static int add_images(const struct devtree *tree, const struct image *image, size_t count,
		      struct fh_memmap *map)
{
	for (size_t i = 0; i < count; i++) {
		int err = 0;

		if (image[i].size)
			err = add(tree, -1, image[i].name, map,
				  (struct devtree_region){ image[i].base, image[i].size },
				  FH_MEM_RESERVED, image[i].name);
		if (err)
			return err;
		for (size_t j = 0; j < i; j++)
			if (image[i].size && image[j].size &&
			    fh_ranges_overlap(image[i].base, image[i].size, image[j].base,
					      image[j].size))
				return devtree_refuse(tree, -1, image[i].name, image[i].base,
						      image[j].overlaps, -EINVAL);
	}
	return 0;
}

static int judge_images(const struct devtree *tree, const struct image *image, size_t count,
			const struct fh_memmap *map)
{
	for (size_t i = 0; i < count; i++) {
		fh_phys_addr_t where;

		if (!image[i].size ||
		    !fh_memmap_first_not_ram(map, image[i].base, image[i].size, &where))
			continue;
		return devtree_refuse(tree, -1, image[i].name, where.raw,
				      fh_memmap_classify(map, where).kind == FH_MEM_NOMAP
					  ? "lies under no-map"
					  : "lies outside RAM",
				      -EINVAL);
	}
	return 0;
}

int devtree_memmap(const struct devtree *tree, const struct devtree_images *images,
		   struct fh_memmap *map)
{
	struct image image[3] = {
		{ "kernel image", "overlaps the kernel image", images->kernel_base,
		  images->kernel_size },
		{ "device tree", "overlaps the device tree", images->tree_base, images->tree_size },
		{ "initrd", "overlaps the initrd", 0, 0 },
	};
	int parent = devtree_reserved_memory(tree);
	struct cells cells;
	int err = parent == -EINVAL ? parent : devtree_cells(tree, 0, &cells);

	if (!err)
		err = add_memory(tree, cells, map);
	if (!err)
		err = add_memreserve(tree, map);
	if (!err && parent >= 0)
		err = check_reserved_memory(tree, parent, cells);
	if (!err && parent >= 0)
		err = add_static_regions(tree, parent, cells, map);
	if (!err && devtree_initrd(tree, &image[2].base, &image[2].size) == -EINVAL)
		err = -EINVAL;
	if (!err)
		err = add_images(tree, image, FH_ARRAY_SIZE(image), map);
	if (err)
		return err;
	err = fh_memmap_resolve(map);
	if (err)
		return devtree_refuse(tree, -1, "memory map", map->buffer_bytes,
				      "bytes for the memory map do not suffice", err);
	err = judge_images(tree, image, FH_ARRAY_SIZE(image), map);
	if (!err && parent >= 0)
		err = place_regions(tree, parent, cells, map);
	if (!err && !fh_memmap_bytes(map, FH_MEM_USABLE))
		err = devtree_refuse(tree, 0, "memory", map->range_count,
				     map->range_count ? "all RAM is reserved"
						      : "no RAM: not one whole frame",
				     -ENOENT);
	return err;
}
