/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the tree to the memory map:
 *
 *   what the tree declares (devtree_declare.c)   ->  resolve
 *   regions that state only a size               ->  placed, in the order of the tree
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

/* What start-up declares itself: frame metadata, page tables, stacks; and some more. */
#define SPARE_DECLS 16u
#define SPARE_NAME_BYTES 64u

struct builder {
	const struct devtree *tree;
	const struct devtree_given *given;
	struct fh_memmap *map;
};

static int refuse_full(const struct builder *builder, const char *path, const char *property)
{
	return devtree_say(builder->tree, path, property, builder->map->buffer_bytes,
			   "bytes for the memory map do not suffice", -ENOMEM);
}

static int visit_add(void *ctx, const struct declaration *d)
{
	const struct builder *builder = ctx;
	int err = d->kind == FH_MEM_USABLE
		      ? fh_memmap_add_ram(builder->map, d->base, d->size, d->numa, d->by)
		      : fh_memmap_add(builder->map, d->base, d->size, d->kind, d->by);

	if (err == -ENOMEM)
		return refuse_full(builder, d->by, d->property);
	return err ? devtree_say(builder->tree, d->by, d->property, d->base, "cannot be declared",
				 err)
		   : 0;
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

static int visit_nothing(void *ctx, uint64_t base, uint64_t size)
{
	(void)ctx, (void)base, (void)size;
	return 0;
}

static int read_size(const struct builder *builder, int node, struct cells cells, uint64_t *size)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(builder->tree->blob, node, "size", &bytes);

	*size = 0;
	if (!data)
		return 0;
	if (bytes != 4 * cells.size)
		return devtree_refuse(builder->tree, node, "size", (uint64_t)bytes,
				      "bytes are not #size-cells cells", -EINVAL);
	*size = devtree_number(data, cells.size);
	return 0;
}

/* Of one or two cells, whatever the parent's count: bindings and trees differ. */
static int read_alignment(const struct builder *builder, int node, uint64_t *align)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(builder->tree->blob, node, "alignment", &bytes);

	*align = UINT64_C(1) << builder->map->frame_lg2;
	if (!data)
		return 0;
	if (bytes != 4 && bytes != 8)
		return devtree_refuse(builder->tree, node, "alignment", (uint64_t)bytes,
				      "is neither one cell nor two", -EINVAL);
	*align = devtree_number(data, bytes / 4);
	if (!fh_is_power_of_two(*align))
		return devtree_refuse(builder->tree, node, "alignment", *align,
				      "is no power of two", -EINVAL);
	return 0;
}

/* Place it, unless it is only told of. Return: as try_place(). */
static int place(const struct builder *builder, int node, struct cells cells,
		 struct request *request)
{
	bool only_told = builder->given->no_dynamic;
	int err = devtree_regions(builder->tree, node, "alloc-ranges", cells,
				  only_told ? visit_nothing : visit_alloc_range, request);

	if (err == -ENOENT && !only_told)
		err = try_place(request, 0, UINT64_MAX);
	return err == -ENOENT ? 0 : err;
}

static void tell(const struct builder *builder, const struct request *request, bool placed)
{
	uint64_t frame = UINT64_C(1) << request->map->frame_lg2;
	struct devtree_dynamic dynamic = {
		.path = request->by,
		.base = placed ? request->placed.raw : 0,
		.size = fh_align_up(request->size, frame),
		.placed = placed,
	};

	if (builder->given->dynamic)
		builder->given->dynamic(builder->given->ctx, &dynamic);
}

static int place_region(const struct builder *builder, int node, struct cells cells,
			const char *path)
{
	struct request request = {
		.map = builder->map,
		.by = path,
		.kind = devtree_region_kind(builder->tree, node),
	};
	int err = read_size(builder, node, cells, &request.size);

	if (err)
		return err;
	if (!request.size)
		return devtree_say(builder->tree, path, "size", 0,
				   "neither reg nor a size: reserves nothing", 0);
	err = read_alignment(builder, node, &request.align);
	if (!err)
		err = place(builder, node, cells, &request);
	if (err == -ENOMEM)
		return refuse_full(builder, path, "size");
	if (err < 0)
		return err;
	tell(builder, &request, err == 1);
	if (!err && !builder->given->no_dynamic)
		return devtree_say(builder->tree, path, "size", request.size,
				   "no usable RAM holds it: not placed", 0);
	return 0;
}

int devtree_each_request(const struct devtree *tree,
			 int (*visit)(void *ctx, int node, const char *path), void *ctx)
{
	char parent[DEVTREE_PATH_MAX];
	char path[DEVTREE_PATH_MAX];
	int node;

	if (tree->reserved_memory < 0)
		return 0;
	devtree_path(tree, tree->reserved_memory, parent);
	fdt_for_each_subnode(node, tree->blob, tree->reserved_memory)
	{
		int err;

		if (devtree_region_disabled(tree, node) ||
		    fdt_getprop(tree->blob, node, "reg", NULL))
			continue;
		devtree_child_path(tree, parent, node, path);
		err = visit(ctx, node, path);
		if (err)
			return err;
	}
	return 0;
}

static int visit_request(void *ctx, int node, const char *path)
{
	const struct builder *builder = ctx;
	struct cells cells;
	int err = devtree_cells(builder->tree, 0, &cells);

	return err ? err : place_region(builder, node, cells, path);
}

static int judge_image(const struct builder *builder, const char *name, uint64_t base,
		       uint64_t size)
{
	fh_phys_addr_t where;
	bool nomap;

	if (!size || !fh_memmap_first_not_ram(builder->map, base, size, &where))
		return 0;
	nomap = fh_memmap_classify(builder->map, where).kind == FH_MEM_NOMAP;
	return devtree_refuse(builder->tree, -1, name, where.raw,
			      nomap ? "lies under no-map" : "lies outside RAM", -EINVAL);
}

static int judge_images(const struct builder *builder)
{
	const struct devtree_images *images = &builder->given->images;
	uint64_t base = 0, size = 0;
	int err = judge_image(builder, "kernel image", images->kernel_base, images->kernel_size);

	if (!err)
		err = judge_image(builder, "device tree", images->tree_base, images->tree_size);
	if (!err && devtree_initrd(builder->tree, &base, &size) == 0)
		err = judge_image(builder, "initrd", base, size);
	return err;
}

int devtree_memmap(const struct devtree *tree, const struct devtree_given *given,
		   struct fh_memmap *map)
{
	struct builder builder = { tree, given, map };
	int err = devtree_declare(tree, given, &(struct declare){ visit_add, &builder });

	if (err)
		return err;
	if (fh_memmap_resolve(map))
		return refuse_full(&builder, "(tree)", "memory map");
	err = judge_images(&builder);
	if (!err)
		err = devtree_each_request(tree, visit_request, &builder);
	if (!err && !fh_memmap_bytes(map, FH_MEM_USABLE))
		err = devtree_refuse(tree, 0, "memory", map->range_count,
				     map->range_count ? "all RAM is reserved"
						      : "no RAM: not one whole frame",
				     -ENOENT);
	return err;
}

struct tally {
	size_t decls;
	size_t name_bytes;
};

static void count(struct tally *tally, const char *by)
{
	tally->decls++;
	tally->name_bytes += strlen(by) + 1;
}

static int visit_count(void *ctx, const struct declaration *declaration)
{
	count(ctx, declaration->by);
	return 0;
}

static int visit_count_request(void *ctx, int node, const char *path)
{
	(void)node;
	count(ctx, path);
	return 0;
}

size_t devtree_memmap_bytes(const struct devtree *tree, const struct devtree_given *given)
{
	struct devtree quiet = *tree;
	struct tally tally = { SPARE_DECLS, SPARE_DECLS * SPARE_NAME_BYTES };

	/* What is wrong with the tree is told when the map is made. */
	quiet.log = &devtree_silence;
	(void)devtree_declare(&quiet, given, &(struct declare){ visit_count, &tally });
	(void)devtree_each_request(&quiet, visit_count_request, &tally);
	return fh_memmap_buffer_bytes(tally.decls, tally.name_bytes);
}
