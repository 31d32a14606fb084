/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-over of a page table: dts/bindings/freehold,shared-table.yaml. Every value is judged
 * before anything is made of it; the tables themselves are read by iommu/adopt.c.
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

#define COMPATIBLE "freehold,shared-table"

_Static_assert(FH_WINDOW_MAX == 8, "the message about freehold,windows names the number");

struct reader {
	const struct devtree *tree;
	const struct fh_memmap *map;
	struct devtree_handover *handover;
	int node;
};

static int refuse(const struct reader *reader, const char *property, uint64_t value,
		  const char *why, int err)
{
	return devtree_refuse(reader->tree, reader->node, property, value, why, err);
}

/* A property of exactly @count cells. */
static int read_cells(const struct reader *reader, const char *name, int count, uint64_t *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(reader->tree->blob, reader->node, name, &bytes);

	if (!data)
		return refuse(reader, name, 0, "is missing", -EINVAL);
	if (bytes != 4 * count)
		return refuse(reader, name, (uint64_t)bytes,
			      count == 1 ? "is not one cell" : "is not two cells", -EINVAL);
	*value = devtree_number(data, count);
	return 0;
}

static int read_sizes(struct reader *reader)
{
	struct devtree_handover *handover = reader->handover;
	uint64_t granule = 0, stage = 0, ias = 0, oas = 0;
	int err = read_cells(reader, "freehold,granule", 1, &granule);

	if (!err)
		err = read_cells(reader, "freehold,stage", 1, &stage);
	if (!err)
		err = read_cells(reader, "freehold,input-bits", 1, &ias);
	if (!err)
		err = read_cells(reader, "freehold,output-bits", 1, &oas);
	if (!err)
		err = read_cells(reader, "freehold,mair", 2, &handover->mair);
	if (err)
		return err;
	if (granule != 4096 && granule != 16384 && granule != 65536)
		return refuse(reader, "freehold,granule", granule, "is not 4096, 16384 or 65536",
			      -EINVAL);
	if (stage != 1 && stage != 2)
		return refuse(reader, "freehold,stage", stage, "is neither 1 nor 2", -EINVAL);
	if (ias < 16 || ias > 52)
		return refuse(reader, "freehold,input-bits", ias, "is not 16 to 52", -EINVAL);
	if (oas < 32 || oas > 52)
		return refuse(reader, "freehold,output-bits", oas, "is not 32 to 52", -EINVAL);
	handover->granule_lg2 = (uint8_t)__builtin_ctzll(granule);
	handover->stage = (uint8_t)stage;
	handover->ias = (uint8_t)ias;
	handover->oas = (uint8_t)oas;
	return 0;
}

static int read_regime(struct reader *reader)
{
	const char *name =
	    fdt_stringlist_get(reader->tree->blob, reader->node, "freehold,regime", 0, NULL);

	reader->handover->regime = FH_REGIME_EL1;
	if (!fdt_getprop(reader->tree->blob, reader->node, "freehold,regime", NULL))
		return 0;
	if (name && strcmp(name, "el1") == 0)
		return 0;
	if (!name || strcmp(name, "el2") != 0)
		return refuse(reader, "freehold,regime", 0, "is neither el1 nor el2", -EINVAL);
	reader->handover->regime = FH_REGIME_EL2;
	return 0;
}

static int check_window(const struct reader *reader, unsigned int w)
{
	const struct fh_window *window = reader->handover->window;
	uint64_t base = window[w].base.raw;
	uint64_t size = window[w].size;

	if (!size)
		return refuse(reader, "freehold,windows", base, "window is empty", -EINVAL);
	if (!fh_is_aligned(base | size, UINT64_C(1) << reader->handover->granule_lg2))
		return refuse(reader, "freehold,windows", base, "window is not in whole granules",
			      -EINVAL);
	if (!fh_range_fits(base, size, reader->handover->ias))
		return refuse(reader, "freehold,windows", base, "window ends beyond the input size",
			      -EINVAL);
	for (unsigned int v = 0; v < w; v++)
		if (fh_ranges_overlap(base, size, window[v].base.raw, window[v].size))
			return refuse(reader, "freehold,windows", base, "window overlaps another",
				      -EINVAL);
	return 0;
}

static int read_windows(struct reader *reader)
{
	struct devtree_handover *handover = reader->handover;
	int bytes;
	const fdt32_t *data =
	    fdt_getprop(reader->tree->blob, reader->node, "freehold,windows", &bytes);
	unsigned int count;

	if (!data)
		return refuse(reader, "freehold,windows", 0, "is missing", -EINVAL);
	count = (unsigned int)bytes / 16;
	if (bytes % 16 || count < 1 || count > FH_WINDOW_MAX)
		return refuse(reader, "freehold,windows", (uint64_t)bytes,
			      "bytes are not 1 to 8 pairs of base and size", -EINVAL);
	for (unsigned int w = 0; w < count; w++) {
		int err;

		handover->window[w].base = fh_dma(devtree_number(data + 4 * w, 2));
		handover->window[w].size = devtree_number(data + 4 * w + 2, 2);
		err = check_window(reader, w);
		if (err)
			return err;
	}
	handover->window_count = count;
	return 0;
}

struct pieces {
	struct devtree_region region;
	unsigned int count;
};

static int visit_region(void *ctx, uint64_t base, uint64_t size)
{
	struct pieces *pieces = ctx;

	if (size) {
		pieces->region = (struct devtree_region){ base, size };
		pieces->count++;
	}
	return 0;
}

/* Is every frame of the region RAM that somebody reserved? */
static int judge_memory(const struct reader *reader, int node, const struct devtree_region *region)
{
	const struct devtree *tree = reader->tree;
	uint64_t at = region->base;
	uint64_t last = region->base + (region->size - 1);

	for (;;) {
		struct fh_memmap_range range = fh_memmap_classify(reader->map, fh_phys(at));

		switch (range.kind) {
		case FH_MEM_NOMAP:
			return devtree_refuse(tree, node, "reg", at, "lies under no-map", -EPERM);
		case FH_MEM_NONE:
			return devtree_refuse(tree, node, "reg", at, "lies outside RAM", -EPERM);
		case FH_MEM_USABLE:
			return devtree_refuse(tree, node, "reg", at,
					      "lies in RAM that nobody reserved", -EPERM);
		case FH_MEM_RESERVED:
			break;
		}
		if (fh_range_within(last, 1, range.base.raw, range.size))
			return 0;
		at = range.base.raw + range.size;
	}
}

/*
 * Tables and what the device may read are nobody else's: no image, no other region. The same
 * range in /memreserve/ is how some bootloaders say it twice.
 */
static int judge_others(const struct reader *reader, int node, const struct devtree_region *region)
{
	char path[DEVTREE_PATH_MAX];
	char why[DEVTREE_PATH_MAX + sizeof("overlaps ")];

	devtree_path(reader->tree, node, path);
	for (size_t d = 0; d < reader->map->decl_count; d++) {
		const struct fh_memmap_decl *decl = &reader->map->decl[d];

		if (decl->kind == FH_MEM_USABLE || strcmp(decl->by, path) == 0 ||
		    strcmp(decl->by, "memreserve") == 0 ||
		    !fh_ranges_overlap(region->base, region->size, decl->base, decl->size))
			continue;
		strcpy(why, "overlaps ");
		strncat(why, decl->by, DEVTREE_PATH_MAX - 1);
		return devtree_say(reader->tree, path, "reg", region->base, why, -EPERM);
	}
	return 0;
}

/*
 * The node that has @phandle: -ENOENT, -EEXIST when two have it. Values are compared before
 * names: in the whole tree few properties hold this number.
 */
static int node_by_phandle(const struct devtree *tree, uint32_t phandle)
{
	int found = -ENOENT;
	int node = 0;
	int next = 0;
	uint32_t tag;

	do {
		int offset = next;
		const struct fdt_property *property;
		const char *name;
		int bytes;

		tag = fdt_next_tag(tree->blob, offset, &next);
		if (tag == FDT_BEGIN_NODE)
			node = offset;
		if (tag != FDT_PROP || node == found)
			continue;
		property = fdt_get_property_by_offset(tree->blob, offset, &bytes);
		if (!property || bytes != 4 ||
		    fdt32_ld((const fdt32_t *)(const void *)property->data) != phandle)
			continue;
		name = fdt_string(tree->blob, (int)fdt32_ld(&property->nameoff));
		if (!name || (strcmp(name, "phandle") != 0 && strcmp(name, "linux,phandle") != 0))
			continue;
		if (found >= 0)
			return -EEXIST;
		found = node;
	} while (tag != FDT_END);
	return found;
}

/* The child of /reserved-memory that a phandle of memory-region names. */
static int find_region(const struct reader *reader, uint32_t phandle)
{
	const struct devtree *tree = reader->tree;
	int node;

	/* Devicetree Specification v0.4, 2.3.3, and what dtc keeps for itself. */
	if (phandle == 0 || phandle == UINT32_MAX)
		return refuse(reader, "memory-region", phandle, "is no phandle", -EINVAL);
	node = node_by_phandle(tree, phandle);
	if (node == -EEXIST)
		return refuse(reader, "memory-region", phandle,
			      "phandle leads to more than one node", -EINVAL);
	if (node < 0)
		return refuse(reader, "memory-region", phandle, "phandle leads nowhere", -EINVAL);
	if (tree->reserved_memory < 0 ||
	    fdt_parent_offset(tree->blob, node) != tree->reserved_memory)
		return refuse(reader, "memory-region", phandle,
			      "phandle leads to no child of /reserved-memory", -EINVAL);
	return node;
}

/* The memory that a phandle of memory-region stands for. */
static int read_region(const struct reader *reader, uint32_t phandle, struct devtree_region *region)
{
	const struct devtree *tree = reader->tree;
	int node = find_region(reader, phandle);
	struct pieces pieces = { .count = 0 };
	struct cells cells;
	int err;

	if (node < 0)
		return node;
	err = devtree_cells(tree, fdt_parent_offset(tree->blob, node), &cells);
	if (!err)
		err = devtree_regions(tree, node, "reg", cells, visit_region, &pieces);
	if (err == -ENOENT || (!err && !pieces.count))
		return devtree_refuse(tree, node, "reg", 0, "is missing or empty", -EINVAL);
	if (err)
		return err;
	if (pieces.count > 1)
		return devtree_refuse(tree, node, "reg", pieces.count, "is more than one range",
				      -EINVAL);
	*region = pieces.region;
	if (!fh_is_aligned(region->base | region->size, UINT64_C(1)
							    << reader->handover->granule_lg2))
		return devtree_refuse(tree, node, "reg", region->base, "is not in whole granules",
				      -EINVAL);
	/* What the memory is decides before what the node says: it names the real danger. */
	err = judge_memory(reader, node, region);
	if (!err)
		err = judge_others(reader, node, region);
	if (err)
		return err;
	if (!devtree_enabled(tree, node)) {
		char path[DEVTREE_PATH_MAX];

		devtree_path(tree, node, path);
		return devtree_say_text(tree, path, node, "status", "region is disabled", -EINVAL);
	}
	return 0;
}

static struct devtree_region *region_named(struct devtree_handover *handover, const char *name)
{
	if (strcmp(name, "root") == 0)
		return &handover->root_region;
	if (strcmp(name, "pagetables") == 0)
		return &handover->tables;
	if (strcmp(name, "shared") == 0)
		return &handover->shared;
	return NULL;
}

/* No byte has two uses. */
static int judge_overlap(const struct reader *reader)
{
	const struct devtree_region *region[] = { &reader->handover->root_region,
						  &reader->handover->tables,
						  &reader->handover->shared };

	for (size_t i = 0; i < FH_ARRAY_SIZE(region); i++)
		for (size_t j = 0; j < i; j++)
			if (region[i]->size && region[j]->size &&
			    fh_ranges_overlap(region[i]->base, region[i]->size, region[j]->base,
					      region[j]->size))
				return refuse(reader, "memory-region", region[i]->base,
					      "two of the regions overlap", -EINVAL);
	return 0;
}

static int read_regions(struct reader *reader)
{
	const void *blob = reader->tree->blob;
	int names = fdt_stringlist_count(blob, reader->node, "memory-region-names");
	int bytes, err;
	const fdt32_t *phandle = fdt_getprop(blob, reader->node, "memory-region", &bytes);

	if (!phandle || names < 0)
		return refuse(reader, phandle ? "memory-region-names" : "memory-region", 0,
			      "is missing or malformed", -EINVAL);
	if (bytes != 4 * names)
		return refuse(reader, "memory-region-names", (uint64_t)names,
			      "names, and memory-region has another count", -EINVAL);
	for (int i = 0; i < names; i++) {
		const char *name =
		    fdt_stringlist_get(blob, reader->node, "memory-region-names", i, NULL);
		struct devtree_region *region = region_named(reader->handover, name);

		/* A region for something else is no business of ours. */
		if (!region)
			continue;
		if (region->size)
			return refuse(reader, "memory-region-names", (uint64_t)i,
				      "a name stands twice", -EINVAL);
		err = read_region(reader, fdt32_ld(&phandle[i]), region);
		if (err)
			return err;
	}
	if (!reader->handover->root_region.size)
		return refuse(reader, "memory-region-names", (uint64_t)names,
			      "\"root\" is not among them", -EINVAL);
	if (!reader->handover->tables.size)
		return refuse(reader, "memory-region-names", (uint64_t)names,
			      "\"pagetables\" is not among them", -EINVAL);
	err = judge_overlap(reader);
	if (err)
		return err;
	reader->handover->root = fh_phys(reader->handover->root_region.base);
	return 0;
}

static int visit_device(void *ctx, uint64_t base, uint64_t size)
{
	*(struct devtree_region *)ctx = (struct devtree_region){ base, size };
	return 1;
}

/* Device memory is no RAM: one page with two memory types would be anybody's guess. */
static int judge_registers(const struct reader *reader, const struct devtree_region *device)
{
	struct fh_memmap_range range = fh_memmap_classify(reader->map, fh_phys(device->base));

	if (range.kind == FH_MEM_NONE &&
	    fh_range_within(device->base, device->size, range.base.raw, range.size))
		return 0;
	return refuse(reader, "reg", device->base,
		      range.kind == FH_MEM_NOMAP ? "registers lie under no-map"
						 : "registers lie in RAM or reach into it",
		      -EPERM);
}

static int read_device(struct reader *reader)
{
	struct devtree_region *device = &reader->handover->device;
	struct cells cells;
	int err = devtree_cells(reader->tree, fdt_parent_offset(reader->tree->blob, reader->node),
				&cells);

	if (!err)
		err =
		    devtree_regions(reader->tree, reader->node, "reg", cells, visit_device, device);
	if (err == -EINVAL)
		return err;
	if (device->size && devtree_translate(reader->tree, reader->node, device))
		return refuse(reader, "reg", device->base,
			      "no ranges translate it to a physical address", -EINVAL);
	if (device->size && !fh_is_aligned(device->base, 4096))
		return refuse(reader, "reg", device->base, "registers do not start on a page",
			      -EINVAL);
	return device->size ? judge_registers(reader, device) : 0;
}

int devtree_handover(const struct devtree *tree, const struct fh_memmap *map,
		     struct devtree_handover *handover)
{
	struct reader reader = { .tree = tree, .map = map, .handover = handover };
	int err;

	memset(handover, 0, sizeof(*handover));
	reader.node = fdt_node_offset_by_compatible(tree->blob, -1, COMPATIBLE);
	while (reader.node >= 0 && !devtree_enabled(tree, reader.node))
		reader.node = fdt_node_offset_by_compatible(tree->blob, reader.node, COMPATIBLE);
	if (reader.node < 0)
		return -ENOENT;
	devtree_path(tree, reader.node, handover->path);
	handover->coherent = fdt_getprop(tree->blob, reader.node, "dma-coherent", NULL) != NULL;
	err = read_sizes(&reader);
	if (!err)
		err = read_regime(&reader);
	if (!err)
		err = read_windows(&reader);
	if (!err)
		err = read_regions(&reader);
	return err ? err : read_device(&reader);
}
