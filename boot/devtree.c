/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a tree, and the small things that it says: console, bootargs, initrd, PSCI. */
#include "boot/devtree.h"

#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

void devtree_path(const struct devtree *tree, int node, char path[DEVTREE_PATH_MAX])
{
	const char *name;

	if (node < 0) {
		strcpy(path, "(tree)");
		return;
	}
	if (fdt_get_path(tree->blob, node, path, DEVTREE_PATH_MAX)) {
		/* Too long: the end of it tells more than the beginning. */
		name = fdt_get_name(tree->blob, node, NULL);
		strcpy(path, "/.../");
		strncat(path, name ? name : "?", DEVTREE_PATH_MAX - sizeof("/.../"));
	}
	/* libfdt takes any byte in a name; a message must stay one line of text. */
	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || (unsigned char)*path > '~')
			*path = '?';
}

int devtree_refuse(const struct devtree *tree, int node, const char *property, uint64_t value,
		   const char *why, int err)
{
	const struct fh_out *log = tree->log;
	char path[DEVTREE_PATH_MAX];

	devtree_path(tree, node, path);
	fh_out_str(log, err ? "fh: devtree: " : "fh: devtree: warning: ");
	fh_out_str(log, path);
	if (property) {
		fh_out_str(log, ":");
		fh_out_str(log, property);
	}
	fh_out_str(log, ": ");
	fh_out_hex(log, value, 0);
	fh_out_str(log, ": ");
	fh_out_str(log, why);
	if (err) {
		fh_out_str(log, " (");
		fh_out_str(log, fh_error_name(err));
		fh_out_str(log, ")");
	}
	fh_out_str(log, "\n");
	return err;
}

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
		return refuse_blob(tree, "memreserve", 0, "has no end");
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

/* libfdt stops at the first subnode when it looks for a property: one behind it would be lost. */
static int check_order(const struct devtree *tree)
{
	uint32_t before = FDT_BEGIN_NODE;
	int offset = 0;

	for (;;) {
		int next;
		uint32_t tag = fdt_next_tag(tree->blob, offset, &next);

		if (tag == FDT_END)
			return 0;
		if (tag == FDT_PROP && before == FDT_END_NODE)
			return refuse_blob(tree, "structure", (uint64_t)offset,
					   "a property follows a subnode");
		if (tag != FDT_NOP)
			before = tag;
		offset = next;
	}
}

int devtree_open(struct devtree *tree, const void *blob, size_t limit, const struct fh_out *log)
{
	uint32_t reserve_bytes = 0;
	struct cells cells;
	int err;

	*tree = (struct devtree){ .blob = blob, .log = log };
	if ((uintptr_t)blob % 8)
		return refuse_blob(tree, NULL, (uintptr_t)blob, "address is not 8-byte aligned");
	if (limit < sizeof(struct fdt_header))
		return refuse_blob(tree, NULL, limit, "shorter than a header");
	if (devtree_header_bytes(blob, &tree->bytes))
		return refuse_blob(tree, "magic", fdt32_to_cpu(*(const fdt32_t *)blob),
				   "not a device tree");
	if (tree->bytes > limit || tree->bytes < sizeof(struct fdt_header))
		return refuse_blob(tree, "totalsize", tree->bytes, "truncated");
	err = check_header(tree);
	if (err)
		return err;
	err = fdt_check_full(blob, tree->bytes);
	if (err)
		return refuse_blob(tree, "structure", (uint64_t)-err, fdt_strerror(err));
	err = check_reservations(tree, &reserve_bytes);
	if (!err)
		err = check_overlap(tree, reserve_bytes);
	if (!err)
		err = check_order(tree);
	return err ? err : devtree_cells(tree, 0, &cells);
}

uint64_t devtree_number(const fdt32_t *data, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_ld(&data[i]);
	return value;
}

static int one_cell(const struct devtree *tree, int node, const char *name, int *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, name, &bytes);

	if (!data)
		return devtree_refuse(tree, node, name, 0, "is missing", -EINVAL);
	if (bytes != 4)
		return devtree_refuse(tree, node, name, (uint64_t)bytes, "is not one cell",
				      -EINVAL);
	if (fdt32_ld(data) < 1 || fdt32_ld(data) > 2)
		return devtree_refuse(tree, node, name, fdt32_ld(data), "is neither 1 nor 2",
				      -EINVAL);
	*value = (int)fdt32_ld(data);
	return 0;
}

int devtree_cells(const struct devtree *tree, int node, struct cells *cells)
{
	int err = one_cell(tree, node, "#address-cells", &cells->address);

	return err ? err : one_cell(tree, node, "#size-cells", &cells->size);
}

int devtree_regions(const struct devtree *tree, int node, const char *name, struct cells cells,
		    int (*visit)(void *ctx, uint64_t base, uint64_t size), void *ctx)
{
	int entry = cells.address + cells.size;
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, name, &bytes);

	if (!data)
		return -ENOENT;
	if (bytes == 0 || bytes % (4 * entry))
		return devtree_refuse(tree, node, name, (uint64_t)bytes,
				      "length is not a whole number of entries", -EINVAL);
	for (int at = 0; at < bytes / 4; at += entry) {
		uint64_t base = devtree_number(data + at, cells.address);
		uint64_t size = devtree_number(data + at + cells.address, cells.size);
		int err;

		if (size && !fh_range_fits(base, size, 64))
			return devtree_refuse(tree, node, name, base, "ends beyond 2^64", -EINVAL);
		err = visit(ctx, base, size);
		if (err)
			return err;
	}
	return 0;
}

bool devtree_has_string(const struct devtree *tree, int node, const char *name, const char *text)
{
	return fdt_stringlist_search(tree->blob, node, name, text) >= 0;
}

bool devtree_enabled(const struct devtree *tree, int node)
{
	return !fdt_getprop(tree->blob, node, "status", NULL) ||
	       devtree_has_string(tree, node, "status", "okay") ||
	       devtree_has_string(tree, node, "status", "ok");
}

/* A string property of /chosen that ends in NUL, or NULL. */
static const char *chosen_string(const struct devtree *tree, const char *name)
{
	int node = fdt_path_offset(tree->blob, "/chosen");

	return node < 0 ? NULL : fdt_stringlist_get(tree->blob, node, name, 0, NULL);
}

const char *devtree_bootargs(const struct devtree *tree)
{
	const char *args = chosen_string(tree, "bootargs");

	return args ? args : "";
}

int devtree_psci(const struct devtree *tree, enum psci_conduit *conduit)
{
	int node = fdt_path_offset(tree->blob, "/psci");

	*conduit = PSCI_NONE;
	if (node < 0 || !devtree_enabled(tree, node))
		return -ENOENT;
	if (devtree_has_string(tree, node, "method", "smc"))
		*conduit = PSCI_SMC;
	else if (devtree_has_string(tree, node, "method", "hvc"))
		*conduit = PSCI_HVC;
	else
		return -ENOENT;
	return 0;
}

static int chosen_address(const struct devtree *tree, int node, const char *name, uint64_t *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, name, &bytes);

	if (!data)
		return -ENOENT;
	if (bytes != 4 && bytes != 8)
		return devtree_refuse(tree, node, name, (uint64_t)bytes, "is neither 4 nor 8 bytes",
				      -EINVAL);
	*value = devtree_number(data, bytes / 4);
	return 0;
}

int devtree_initrd(const struct devtree *tree, uint64_t *base, uint64_t *size)
{
	int node = fdt_path_offset(tree->blob, "/chosen");
	uint64_t start, end;
	int first, second;

	if (node < 0)
		return -ENOENT;
	first = chosen_address(tree, node, "linux,initrd-start", &start);
	second = chosen_address(tree, node, "linux,initrd-end", &end);
	if (first == -ENOENT && second == -ENOENT)
		return -ENOENT;
	if (first == -EINVAL || second == -EINVAL)
		return -EINVAL;
	if (first || second)
		return devtree_refuse(tree, node, first ? "linux,initrd-start" : "linux,initrd-end",
				      0, "is missing beside the other bound", -EINVAL);
	if (end <= start)
		return devtree_refuse(tree, node, "linux,initrd-end", end, "is not after the start",
				      -EINVAL);
	*base = start;
	*size = end - start;
	return 0;
}

/*
 * The node that a path or an alias names; options after `:` do not count. An alias is looked up
 * here, because libfdt would follow one that names itself for ever.
 */
static int find_node(const struct devtree *tree, const char *name)
{
	int bytes = (int)strcspn(name, ":");
	int aliases;
	const char *path;

	if (*name == '/')
		return fdt_path_offset_namelen(tree->blob, name, bytes);
	aliases = fdt_path_offset(tree->blob, "/aliases");
	if (aliases < 0)
		return aliases;
	path = fdt_getprop_namelen(tree->blob, aliases, name, bytes, &bytes);
	if (!path || bytes < 1 || path[bytes - 1] || *path != '/')
		return -FDT_ERR_BADPATH;
	return fdt_path_offset(tree->blob, path);
}

/* The entry of one `ranges` that holds the region: translate it. -ENOENT when none does. */
static int translate_once(const struct devtree *tree, int bus, struct cells child,
			  struct cells parent, struct devtree_region *region)
{
	int entry = child.address + parent.address + child.size;
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, bus, "ranges", &bytes);

	if (!data)
		return -ENOENT;
	for (int at = 0; at + entry <= bytes / 4; at += entry) {
		uint64_t from = devtree_number(data + at, child.address);
		uint64_t to = devtree_number(data + at + child.address, parent.address);
		uint64_t size =
		    devtree_number(data + at + child.address + parent.address, child.size);

		if (size && fh_range_within(region->base, region->size, from, size)) {
			region->base += to - from;
			return 0;
		}
	}
	return bytes == 0 ? 0 : -ENOENT;
}

int devtree_translate(const struct devtree *tree, int node, struct devtree_region *region)
{
	int bus = fdt_parent_offset(tree->blob, node);

	while (bus > 0) {
		int above = fdt_parent_offset(tree->blob, bus);
		struct cells child, parent;

		if (above < 0 || devtree_cells(tree, bus, &child) ||
		    devtree_cells(tree, above, &parent) ||
		    translate_once(tree, bus, child, parent, region))
			return -ENOENT;
		bus = above;
	}
	return fh_range_fits(region->base, region->size, 64) ? 0 : -ENOENT;
}

int devtree_stdout(const struct devtree *tree, struct devtree_uart *uart)
{
	const char *name = chosen_string(tree, "stdout-path");
	int node = name ? find_node(tree, name) : -1;
	int parent = node > 0 ? fdt_parent_offset(tree->blob, node) : -1;
	struct devtree_region region;
	struct cells cells;
	const fdt32_t *reg;
	int bytes;

	if (parent < 0 || devtree_cells(tree, parent, &cells))
		return -ENOENT;
	reg = fdt_getprop(tree->blob, node, "reg", &bytes);
	if (!reg || bytes < 4 * (cells.address + cells.size))
		return -ENOENT;
	region.base = devtree_number(reg, cells.address);
	region.size = devtree_number(reg + cells.address, cells.size);
	uart->compatible = fdt_getprop(tree->blob, node, "compatible", &bytes);
	if (!uart->compatible || bytes < 1 || uart->compatible[bytes - 1] || !region.size ||
	    devtree_translate(tree, node, &region))
		return -ENOENT;
	uart->compatible_bytes = (size_t)bytes;
	uart->base = region.base;
	uart->size = region.size;
	devtree_path(tree, node, uart->path);
	return 0;
}
