/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, and the small things that a tree says: cells, strings, bootargs, initrd, PSCI. */
#include "boot/devtree.h"

#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

static void write_nothing(void *ctx, const char *text, size_t len)
{
	(void)ctx, (void)text, (void)len;
}

const struct fh_out devtree_silence = { .write = write_nothing };

/* libfdt takes any byte in a name; a message must stay one line of text. */
static void make_printable(char *path)
{
	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || (unsigned char)*path > '~')
			*path = '?';
}

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
	make_printable(path);
}

void devtree_child_path(const struct devtree *tree, const char *parent, int node,
			char path[DEVTREE_PATH_MAX])
{
	const char *name = fdt_get_name(tree->blob, node, NULL);
	size_t above = strlen(parent);

	if (!name)
		name = "?";
	if (above + strlen(name) + sizeof("/") > DEVTREE_PATH_MAX) {
		parent = "/...";
		above = sizeof("/...") - 1;
	}
	strcpy(path, parent);
	path[above] = '/';
	path[above + 1] = '\0';
	strncat(path, name, DEVTREE_PATH_MAX - 2 - above);
	make_printable(path);
}

/* `fh: devtree: <path>[:<property>]: `, of a warning or an error. */
static void say_where(const struct devtree *tree, const char *path, const char *property, int err)
{
	fh_out_str(tree->log, err ? "fh: devtree: " : "fh: devtree: warning: ");
	fh_out_str(tree->log, path);
	if (property) {
		fh_out_str(tree->log, ":");
		fh_out_str(tree->log, property);
	}
	fh_out_str(tree->log, ": ");
}

static int say_why(const struct devtree *tree, const char *why, int err)
{
	fh_out_str(tree->log, ": ");
	fh_out_str(tree->log, why);
	if (err) {
		fh_out_str(tree->log, " (");
		fh_out_str(tree->log, fh_error_name(err));
		fh_out_str(tree->log, ")");
	}
	fh_out_str(tree->log, "\n");
	return err;
}

int devtree_say(const struct devtree *tree, const char *path, const char *property, uint64_t value,
		const char *why, int err)
{
	say_where(tree, path, property, err);
	fh_out_hex(tree->log, value, 0);
	return say_why(tree, why, err);
}

int devtree_refuse(const struct devtree *tree, int node, const char *property, uint64_t value,
		   const char *why, int err)
{
	char path[DEVTREE_PATH_MAX];

	devtree_path(tree, node, path);
	return devtree_say(tree, path, property, value, why, err);
}

int devtree_say_text(const struct devtree *tree, const char *path, int node, const char *property,
		     const char *why, int err)
{
	int bytes;
	const char *text = fdt_getprop(tree->blob, node, property, &bytes);
	char shown[32];
	size_t count = 0;

	say_where(tree, path, property, err);
	if (!text) {
		fh_out_str(tree->log, "(none)");
		return say_why(tree, why, err);
	}
	while (count < (size_t)bytes && count < sizeof(shown) - 1 && text[count]) {
		shown[count] = text[count];
		count++;
	}
	shown[count] = '\0';
	make_printable(shown);
	fh_out_str(tree->log, "\"");
	fh_out_str(tree->log, shown);
	fh_out_str(tree->log, "\"");
	return say_why(tree, why, err);
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

/* What is read of each kind of node, and decides about memory. */
static const char *const decisive[][9] = {
	[NODE_ROOT] = { "#address-cells", "#size-cells" },
	[NODE_MEMORY] = { "device_type", "status", "reg", "linux,usable-memory", "hotpluggable",
			  "numa-node-id" },
	[NODE_CHOSEN] = { "linux,usable-memory-range", "linux,initrd-start", "linux,initrd-end" },
	[NODE_RESERVED_MEMORY] = { "#address-cells", "#size-cells", "ranges" },
	[NODE_REGION] = { "status", "reg", "size", "alignment", "alloc-ranges", "no-map",
			  "reusable" },
};

int devtree_unique(const struct devtree *tree, int node, enum node_kind kind)
{
	uint32_t seen = 0;
	int property;

	fdt_for_each_property_offset(property, tree->blob, node)
	{
		const char *name = NULL;

		if (!fdt_getprop_by_offset(tree->blob, property, &name, NULL) || !name)
			continue;
		for (size_t i = 0; decisive[kind][i]; i++) {
			if (strcmp(name, decisive[kind][i]) != 0)
				continue;
			if (seen >> i & 1)
				return devtree_refuse(tree, node, name, 2, "stands twice", -EINVAL);
			seen |= UINT32_C(1) << i;
		}
	}
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

bool devtree_says(const struct devtree *tree, int node, const char *name, const char *text)
{
	const char *value = fdt_stringlist_get(tree->blob, node, name, 0, NULL);

	return value && strcmp(value, text) == 0;
}

bool devtree_enabled(const struct devtree *tree, int node)
{
	return !fdt_getprop(tree->blob, node, "status", NULL) ||
	       devtree_says(tree, node, "status", "okay") ||
	       devtree_says(tree, node, "status", "ok");
}

const char *devtree_chosen_string(const struct devtree *tree, const char *name)
{
	return tree->chosen < 0 ? NULL
				: fdt_stringlist_get(tree->blob, tree->chosen, name, 0, NULL);
}

const char *devtree_bootargs(const struct devtree *tree)
{
	const char *args = devtree_chosen_string(tree, "bootargs");

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
	int node = tree->chosen;
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
