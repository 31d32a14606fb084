/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a tree: all that libfdt takes for granted is checked before it sees the tree, so that
 * no length overflows it and no node or property is hidden from it.
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

int devtree_header_bytes(const void *blob, size_t *bytes)
{
	const uint32_t *word = blob;

	if (fdt32_to_cpu(word[0]) != FDT_MAGIC)
		return -EINVAL;
	*bytes = fdt32_to_cpu(word[1]);
	return 0;
}

/* Like devtree_refuse(), while nothing in the blob can be trusted with a name. */
static int refuse_blob(const struct devtree *tree, const char *field, uint64_t value,
		       const char *why)
{
	return devtree_refuse(tree, -1, field, value, why, -EINVAL);
}

/* Does [@offset, @offset + @bytes) lie in the blob behind its header? */
static bool block_fits(const struct devtree *tree, uint32_t offset, uint32_t bytes)
{
	return offset >= sizeof(struct fdt_header) && offset <= tree->bytes &&
	       bytes <= tree->bytes - offset;
}

/* All that libfdt takes for granted. */
static int check_header(const struct devtree *tree)
{
	const struct fdt_header *h = tree->blob;
	uint32_t reserve = fdt32_to_cpu(h->off_mem_rsvmap);
	uint32_t structs = fdt32_to_cpu(h->off_dt_struct);

	if (fdt32_to_cpu(h->version) < 17)
		return refuse_blob(tree, "version", fdt32_to_cpu(h->version), "not version 17");
	if (fdt32_to_cpu(h->last_comp_version) > 17)
		return refuse_blob(tree, "last_comp_version", fdt32_to_cpu(h->last_comp_version),
				   "cannot be read as version 17");
	if (tree->bytes > INT32_MAX)
		return refuse_blob(tree, "totalsize", tree->bytes, "larger than libfdt can count");
	if (reserve % 8 || !block_fits(tree, reserve, 16))
		return refuse_blob(tree, "off_mem_rsvmap", reserve,
				   "misaligned or outside the tree");
	if (structs % 4 || !block_fits(tree, structs, fdt32_to_cpu(h->size_dt_struct)))
		return refuse_blob(tree, "off_dt_struct", structs,
				   "misaligned or outside the tree");
	if (!block_fits(tree, fdt32_to_cpu(h->off_dt_strings), fdt32_to_cpu(h->size_dt_strings)))
		return refuse_blob(tree, "off_dt_strings", fdt32_to_cpu(h->off_dt_strings),
				   "outside the tree");
	return 0;
}

/* The reservations and the end of their list; an entry of size 0 that is not the end hides others.
 */
static int check_reservations(const struct devtree *tree, uint32_t *bytes)
{
	int count = fdt_num_mem_rsv(tree->blob);
	uint64_t base, size;

	if (count < 0 || fdt_get_mem_rsv(tree->blob, count, &base, &size))
		return refuse_blob(tree, "memreserve", tree->bytes, "the list has no end");
	if (base)
		return refuse_blob(tree, "memreserve", base, "entry of size 0 inside the list");
	*bytes = ((uint32_t)count + 1) * (uint32_t)sizeof(struct fdt_reserve_entry);
	return 0;
}

static int check_overlap(const struct devtree *tree, uint32_t reserve_bytes)
{
	const struct fdt_header *h = tree->blob;
	const struct {
		const char *name;
		uint32_t offset;
		uint32_t bytes;
	} block[] = {
		{ "off_mem_rsvmap", fdt32_to_cpu(h->off_mem_rsvmap), reserve_bytes },
		{ "off_dt_struct", fdt32_to_cpu(h->off_dt_struct),
		  fdt32_to_cpu(h->size_dt_struct) },
		{ "off_dt_strings", fdt32_to_cpu(h->off_dt_strings),
		  fdt32_to_cpu(h->size_dt_strings) },
	};

	for (size_t i = 0; i < FH_ARRAY_SIZE(block); i++)
		for (size_t j = 0; j < i; j++)
			if (block[i].bytes && block[j].bytes &&
			    fh_ranges_overlap(block[i].offset, block[i].bytes, block[j].offset,
					      block[j].bytes))
				return refuse_blob(tree, block[i].name, block[i].offset,
						   "overlaps another block");
	return 0;
}

/*
 * The structure block, tag by tag. libfdt adds a property's length to an int, and stops at the
 * first subnode when it looks for a property: both are settled here. Depth is only a number.
 */
struct scan {
	const struct devtree *tree;
	const unsigned char *block;
	uint32_t bytes;
	uint32_t at;
	uint32_t depth;
	uint32_t roots;
	bool closed; /* the tag before was the end of a node */
};

static int refuse_scan(const struct scan *scan, const char *why)
{
	return refuse_blob(scan->tree, "structure", scan->at, why);
}

static uint32_t scan_word(const struct scan *scan, uint32_t at)
{
	return fdt32_ld((const fdt32_t *)(const void *)(scan->block + at));
}

/* Is there a NUL among the @bytes at @text? */
static bool ends(const unsigned char *text, uint32_t bytes)
{
	return memchr(text, 0, bytes) != NULL;
}

/* Each gives the bytes that the tag takes, in whole cells, or -EINVAL after a line. */
static int64_t scan_begin(struct scan *scan)
{
	const unsigned char *name = scan->block + scan->at + 4;
	uint32_t left = scan->bytes - scan->at - 4;

	if (!ends(name, left))
		return refuse_scan(scan, "a node's name has no end");
	if (!scan->depth && scan->roots++)
		return refuse_scan(scan, "a second root");
	if (!scan->depth && *name)
		return refuse_scan(scan, "the root has a name");
	scan->depth++;
	return 4 + (int64_t)strlen((const char *)name) + 1;
}

static int64_t scan_property(const struct scan *scan)
{
	const struct fdt_header *h = scan->tree->blob;
	uint32_t left = scan->bytes - scan->at;
	uint32_t strings = fdt32_to_cpu(h->size_dt_strings);
	uint32_t length, name;

	if (left < sizeof(struct fdt_property))
		return refuse_scan(scan, "a property is cut");
	length = scan_word(scan, scan->at + 4);
	name = scan_word(scan, scan->at + 8);
	if (length > left - sizeof(struct fdt_property))
		return refuse_scan(scan, "a property is longer than the block");
	if (!scan->depth)
		return refuse_scan(scan, "a property outside all nodes");
	if (scan->closed)
		return refuse_scan(scan, "a property follows a subnode");
	if (name >= strings ||
	    !ends((const unsigned char *)scan->tree->blob + fdt32_to_cpu(h->off_dt_strings) + name,
		  strings - name))
		return refuse_scan(scan, "a property's name lies outside the strings");
	return (int64_t)sizeof(struct fdt_property) + length;
}

static int64_t scan_tag(struct scan *scan, uint32_t tag)
{
	switch (tag) {
	case FDT_BEGIN_NODE:
		return scan_begin(scan);
	case FDT_PROP:
		return scan_property(scan);
	case FDT_END_NODE:
		if (!scan->depth)
			return refuse_scan(scan, "ends a node that never began");
		scan->depth--;
		return 4;
	case FDT_NOP:
		return 4;
	default:
		return refuse_scan(scan, "is no tag");
	}
}

static int check_structure(const struct devtree *tree)
{
	const struct fdt_header *h = tree->blob;
	struct scan scan = {
		.tree = tree,
		.block = (const unsigned char *)tree->blob + fdt32_to_cpu(h->off_dt_struct),
		.bytes = fdt32_to_cpu(h->size_dt_struct),
	};

	while (scan.bytes - scan.at >= 4) {
		uint32_t tag = scan_word(&scan, scan.at);
		int64_t used;

		if (tag == FDT_END && (scan.depth || !scan.roots))
			return refuse_scan(&scan, "ends inside a node, or without a root");
		if (tag == FDT_END)
			return 0;
		used = scan_tag(&scan, tag);
		if (used < 0)
			return (int)used;
		if (tag != FDT_NOP)
			scan.closed = tag == FDT_END_NODE;
		/* The last cell may be cut: then there is no room for a tag. */
		scan.at += (uint32_t)fh_align_up((uint64_t)used, 4);
		if (scan.at > scan.bytes)
			break;
	}
	scan.at = scan.bytes;
	return refuse_scan(&scan, "has no end");
}

static bool is_named(const char *name, const char *wanted)
{
	size_t bytes = strlen(wanted);

	return name && strncmp(name, wanted, bytes) == 0 && (!name[bytes] || name[bytes] == '@');
}

/* The nodes that there may be one of. Which of two counts would be anybody's guess. */
static int find_root_nodes(struct devtree *tree)
{
	int node;

	tree->chosen = -FDT_ERR_NOTFOUND;
	tree->reserved_memory = -FDT_ERR_NOTFOUND;
	fdt_for_each_subnode(node, tree->blob, 0)
	{
		const char *name = fdt_get_name(tree->blob, node, NULL);
		int *slot = NULL;

		if (is_named(name, "chosen"))
			slot = &tree->chosen;
		else if (is_named(name, "reserved-memory"))
			slot = &tree->reserved_memory;
		if (slot && *slot >= 0)
			return devtree_refuse(tree, node, NULL, 2,
					      slot == &tree->chosen ? "a second /chosen"
								    : "a second /reserved-memory",
					      -EINVAL);
		if (slot)
			*slot = node;
	}
	return 0;
}

static int check_blob(const struct devtree *tree)
{
	uint32_t reserve_bytes = 0;
	int err = check_header(tree);

	if (!err)
		err = check_structure(tree);
	if (!err && fdt_check_full(tree->blob, tree->bytes))
		err = refuse_blob(tree, "structure", tree->bytes, "libfdt does not accept it");
	if (!err)
		err = check_reservations(tree, &reserve_bytes);
	return err ? err : check_overlap(tree, reserve_bytes);
}

int devtree_open(struct devtree *tree, const void *blob, size_t limit, const struct fh_out *log)
{
	struct cells cells;
	int err;

	*tree = (struct devtree){ .blob = blob, .log = log, .chosen = -1, .reserved_memory = -1 };
	if ((uintptr_t)blob % 8)
		return refuse_blob(tree, NULL, (uintptr_t)blob, "address is not 8-byte aligned");
	if (limit < sizeof(struct fdt_header))
		return refuse_blob(tree, NULL, limit, "shorter than a header");
	if (devtree_header_bytes(blob, &tree->bytes))
		return refuse_blob(tree, "magic", fdt32_to_cpu(*(const fdt32_t *)blob),
				   "not a device tree");
	if (tree->bytes > limit || tree->bytes < sizeof(struct fdt_header))
		return refuse_blob(tree, "totalsize", tree->bytes, "truncated");
	err = check_blob(tree);
	if (!err)
		err = devtree_unique(tree, 0, NODE_ROOT);
	if (!err)
		err = devtree_cells(tree, 0, &cells);
	return err ? err : find_root_nodes(tree);
}
