/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the next stage's tree, with libfdt. */
#include "boot/devtree_next.h"

#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

#define PAGES "pages"
/* Tags, name, reg with its header, the name's address, an entry of /memreserve/, padding. */
#define RANGE_BYTES 160u
/* /reserved-memory with its properties, their names, and what libfdt keeps free while it edits. */
#define TREE_BYTES 512u

struct writer {
	const struct devtree_next *next;
	void *blob;
	struct cells cells;
	int parent; /* /reserved-memory */
	unsigned int declared;
	/* touching blocks, not declared yet; size 0 for none */
	struct devtree_region pages;
};

/* Ours is what no node of the tree declared, and no list of its own. */
static bool is_ours(const struct fh_memmap_decl *decl)
{
	return decl->kind != FH_MEM_USABLE && decl->by[0] != '/' &&
	       strcmp(decl->by, "memreserve") != 0 && strcmp(decl->by, "initrd") != 0;
}

static int refuse(const struct writer *writer, const char *what, uint64_t value, int error)
{
	if (error == -FDT_ERR_NOSPACE)
		return devtree_say(writer->next->tree, "(next tree)", what, value,
				   "there is no room for it", -ENOSPC);
	return devtree_say(writer->next->tree, "(next tree)", what, value, fdt_strerror(error),
			   -EINVAL);
}

/* One number of so many cells. Return: how many, or -ERANGE. */
static int put_cells(fdt32_t *at, int cells, uint64_t value)
{
	if (cells == 1 && value > UINT32_MAX)
		return -ERANGE;
	if (cells == 2)
		*at++ = cpu_to_fdt32((uint32_t)(value >> 32));
	*at = cpu_to_fdt32((uint32_t)value);
	return cells;
}

static int set_reg(const struct writer *writer, int node, struct devtree_region region)
{
	fdt32_t reg[4];
	int address = put_cells(reg, writer->cells.address, region.base);
	int size =
	    address < 0 ? address : put_cells(reg + address, writer->cells.size, region.size);
	int error;

	if (size < 0)
		return devtree_say(writer->next->tree, "(next tree)", "reg", region.base,
				   "is more than the root's cells can say", -ERANGE);
	error = fdt_setprop(writer->blob, node, "reg", reg, 4 * (address + size));
	return error ? refuse(writer, "reg", region.base, error) : 0;
}

/* "freehold-<what>@<base>": what is told by its words, joined by dashes. */
static void name_node(char name[64], const char *what, uint64_t base)
{
	static const char digits[] = "0123456789abcdef";
	size_t at;
	int shift = 60;

	strcpy(name, "freehold-");
	strncat(name, what, 32);
	for (char *c = name; *c; c++)
		if (*c == ' ')
			*c = '-';
	at = strlen(name);
	name[at++] = '@';
	while (shift > 0 && !(base >> shift & 0xf))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		name[at++] = digits[base >> shift & 0xf];
	name[at] = '\0';
}

static int declare(struct writer *writer, const char *what, struct devtree_region region)
{
	char name[64];
	int node, error;

	name_node(name, what, region.base);
	error = fdt_add_mem_rsv(writer->blob, region.base, region.size);
	if (error)
		return refuse(writer, name, region.base, error);
	/* In front of it stood something more. */
	writer->parent = fdt_path_offset(writer->blob, "/reserved-memory");
	node = fdt_add_subnode(writer->blob, writer->parent, name);
	if (node < 0)
		return refuse(writer, name, region.base, node);
	writer->declared++;
	return set_reg(writer, node, region);
}

static int add_reserved_memory(struct writer *writer)
{
	int node, error;

	if (writer->next->tree->reserved_memory >= 0)
		return 0;
	node = fdt_add_subnode(writer->blob, 0, "reserved-memory");
	error = node < 0 ? node : 0;
	if (!error)
		error = fdt_setprop_u32(writer->blob, node, "#address-cells",
					(uint32_t)writer->cells.address);
	if (!error)
		error = fdt_setprop_u32(writer->blob, node, "#size-cells",
					(uint32_t)writer->cells.size);
	if (!error)
		error = fdt_setprop_empty(writer->blob, node, "ranges");
	return error ? refuse(writer, "/reserved-memory", 0, error) : 0;
}

/* Where the region that @path asked for was placed; false when it was not. */
static bool find_placed(const struct fh_memmap *map, const char *path,
			struct devtree_region *region)
{
	for (size_t i = 0; i < map->decl_count; i++)
		if (map->decl[i].kind != FH_MEM_USABLE && strcmp(map->decl[i].by, path) == 0) {
			*region = (struct devtree_region){ map->decl[i].base, map->decl[i].size };
			return true;
		}
	return false;
}

/* Requests are found in our tree, which does not move while the copy grows. */
static int visit_request(void *ctx, int node, const char *path)
{
	struct writer *writer = ctx;
	struct devtree_region region;
	const char *name = fdt_get_name(writer->next->tree->blob, node, NULL);
	int copy;

	if (!find_placed(writer->next->map, path, &region))
		return 0;
	writer->parent = fdt_path_offset(writer->blob, "/reserved-memory");
	copy = fdt_subnode_offset(writer->blob, writer->parent, name);
	return copy < 0 ? refuse(writer, path, region.base, copy) : set_reg(writer, copy, region);
}

static int declare_pages(struct writer *writer)
{
	struct devtree_region region = writer->pages;

	writer->pages.size = 0;
	return region.size ? declare(writer, PAGES, region) : 0;
}

static int visit_block(void *ctx, fh_phys_addr_t pa, unsigned int order, enum fh_frame_state state)
{
	struct writer *writer = ctx;
	uint64_t size = UINT64_C(1) << (writer->next->frames->frame_lg2 + order);
	int err;

	(void)state;
	if (writer->pages.size && writer->pages.base + writer->pages.size == pa.raw) {
		writer->pages.size += size;
		return 0;
	}
	err = declare_pages(writer);
	writer->pages = (struct devtree_region){ pa.raw, size };
	return err;
}

static int write_tree(struct writer *writer)
{
	const struct devtree_next *next = writer->next;
	int err = add_reserved_memory(writer);

	if (!err)
		err = devtree_each_request(next->tree, visit_request, writer);
	for (size_t i = 0; i < next->map->decl_count && !err; i++) {
		const struct fh_memmap_decl *decl = &next->map->decl[i];

		if (is_ours(decl))
			err = declare(writer, decl->by,
				      (struct devtree_region){ decl->base, decl->size });
	}
	if (!err && next->frames)
		err = fh_frames_walk(next->frames, visit_block, writer);
	return err ? err : declare_pages(writer);
}

int devtree_next(const struct devtree_next *next, void *buffer, size_t bytes,
		 unsigned int *declared)
{
	struct writer writer = { .next = next, .blob = buffer };
	int room = bytes > INT32_MAX ? INT32_MAX : (int)bytes;
	int err = devtree_cells(next->tree, 0, &writer.cells);
	int error;

	if (err)
		return err;
	error = fdt_open_into(next->tree->blob, buffer, room);
	err = error ? refuse(&writer, NULL, bytes, error) : write_tree(&writer);
	if (!err) {
		fdt_pack(buffer);
		*declared = writer.declared;
		return 0;
	}
	/* Half a tree must not look like one. */
	memset(buffer, 0, bytes < sizeof(struct fdt_header) ? bytes : sizeof(struct fdt_header));
	return err;
}

static int count_block(void *ctx, fh_phys_addr_t pa, unsigned int order, enum fh_frame_state state)
{
	(void)pa, (void)order, (void)state;
	++*(size_t *)ctx;
	return 0;
}

static int count_request(void *ctx, int node, const char *path)
{
	(void)node, (void)path;
	++*(size_t *)ctx;
	return 0;
}

size_t devtree_next_bytes(const struct devtree_next *next)
{
	size_t ranges = 0;

	for (size_t i = 0; i < next->map->decl_count; i++)
		ranges += is_ours(&next->map->decl[i]);
	(void)devtree_each_request(next->tree, count_request, &ranges);
	if (next->frames)
		(void)fh_frames_walk(next->frames, count_block, &ranges);
	return next->tree->bytes + TREE_BYTES + ranges * RANGE_BYTES;
}
