/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console that a tree asks for: /chosen:stdout-path, an alias or a path, to a node whose
 * registers are translated bus by bus.
 *
 * Source: Devicetree Specification v0.4, 2.3.8, 3.3, 3.6, 4.2.2 (reg-shift, reg-io-width).
 */
#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

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

/* A property of one cell; @value stays when it is missing. */
static int read_cell(const struct devtree *tree, int node, const char *name, uint32_t *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, name, &bytes);

	if (!data)
		return 0;
	if (bytes != 4)
		return devtree_refuse(tree, node, name, (uint64_t)bytes, "is not one cell",
				      -EINVAL);
	*value = fdt32_ld(data);
	return 0;
}

/* How far apart the registers are, how they are read, and where the first is. */
static int read_layout(const struct devtree *tree, int node, struct devtree_uart *uart)
{
	uint32_t shift = 0, width = 0, offset = 0;
	int err = read_cell(tree, node, "reg-shift", &shift);

	if (!err)
		err = read_cell(tree, node, "reg-io-width", &width);
	if (!err)
		err = read_cell(tree, node, "reg-offset", &offset);
	if (err)
		return err;
	if (shift > 4)
		return devtree_refuse(tree, node, "reg-shift", shift, "is not 0 to 4", -EINVAL);
	if (fdt_getprop(tree->blob, node, "reg-io-width", NULL) && width != 1 && width != 2 &&
	    width != 4)
		return devtree_refuse(tree, node, "reg-io-width", width, "is not 1, 2 or 4",
				      -EINVAL);
	if (offset >= uart->size)
		return devtree_refuse(tree, node, "reg-offset", offset,
				      "lies outside the registers", -EINVAL);
	uart->has_shift = fdt_getprop(tree->blob, node, "reg-shift", NULL) != NULL;
	uart->shift = (uint8_t)shift;
	uart->width = (uint8_t)width;
	uart->base += offset;
	uart->size -= offset;
	return 0;
}

/* Speed, parity, bits and flow control as in "115200n8r": digits, then at most one of each. */
static bool is_line_setting(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	text += digits;
	if (*text && strchr("noe", *text))
		text++;
	if (*text && strchr("5678", *text))
		text++;
	if (*text == 'r')
		text++;
	return digits && !*text;
}

/* What stands behind the colon of @name. The bootloader has set the line, and it stays so. */
static void read_options(const struct devtree *tree, const char *name, struct devtree_uart *uart)
{
	const char *options = strchr(name, ':');

	uart->options[0] = '\0';
	if (!options)
		return;
	strncat(uart->options, options + 1, sizeof(uart->options) - 1);
	if (!is_line_setting(options + 1))
		(void)devtree_say_text(tree, "/chosen", tree->chosen, "stdout-path",
				       "its options are no speed, parity and bits: ignored", 0);
}

static int read_registers(const struct devtree *tree, int node, struct devtree_uart *uart)
{
	int parent = fdt_parent_offset(tree->blob, node);
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
	if (!region.size || devtree_translate(tree, node, &region))
		return -ENOENT;
	uart->base = region.base;
	uart->size = region.size;
	return 0;
}

int devtree_stdout(const struct devtree *tree, struct devtree_uart *uart)
{
	const char *name = devtree_chosen_string(tree, "stdout-path");
	int node = name ? find_node(tree, name) : -1;
	int bytes;

	if (node <= 0)
		return -ENOENT;
	uart->compatible = fdt_getprop(tree->blob, node, "compatible", &bytes);
	if (!uart->compatible || bytes < 1 || uart->compatible[bytes - 1] ||
	    read_registers(tree, node, uart) || read_layout(tree, node, uart))
		return -ENOENT;
	uart->compatible_bytes = (size_t)bytes;
	devtree_path(tree, node, uart->path);
	read_options(tree, name, uart);
	return 0;
}
