/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From /cpus to CPUs that can be started: status, reg, enable-method, cpu-release-addr. Each node
 * is judged by itself; one that is wrong costs its CPU and no other.
 */
#include "boot/devtree_cpus.h"

#include <string.h>

#include "boot/devtree_priv.h"
#include "lib/error.h"

/* Node and cell count of /cpus. */
struct parent {
	int node;
	int cells;
};

static int refuse(const struct devtree *tree, int node, const char *property, uint64_t value,
		  const char *why)
{
	return devtree_refuse(tree, node, property, value, why, -EINVAL);
}

/* What every reader of /cpus needs; NULL in @why when all is well. */
static struct parent find_parent(const struct devtree *tree, const char **why, uint64_t *value)
{
	struct parent parent = { .node = fdt_path_offset(tree->blob, "/cpus") };
	const fdt32_t *data;
	int bytes;

	*why = NULL;
	*value = 0;
	if (parent.node < 0)
		return parent;
	data = fdt_getprop(tree->blob, parent.node, "#address-cells", &bytes);
	if (!data) {
		*why = "is missing";
		return parent;
	}
	*value = (uint64_t)bytes;
	if (bytes != 4) {
		*why = "is not one cell";
		return parent;
	}
	*value = fdt32_ld(data);
	if (*value < 1 || *value > 2)
		*why = "is neither 1 nor 2";
	parent.cells = (int)*value;
	return parent;
}

static bool is_cpu(const struct devtree *tree, int node)
{
	return devtree_has_string(tree, node, "device_type", "cpu");
}

/*
 * 3.8.1: "okay" and "disabled" CPUs exist, a disabled one waits for its enable-method. "fail" and
 * "fail-sss" do not work; "reserved" ones are somebody else's (2.3.4).
 */
enum presence { ABSENT, PRESENT, UNKNOWN };

static enum presence presence(const struct devtree *tree, int node)
{
	const char *status = fdt_stringlist_get(tree->blob, node, "status", 0, NULL);

	if (!fdt_getprop(tree->blob, node, "status", NULL))
		return PRESENT;
	if (!status)
		return UNKNOWN;
	if (strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0 ||
	    strcmp(status, "disabled") == 0)
		return PRESENT;
	if (strcmp(status, "fail") == 0 || strncmp(status, "fail-", 5) == 0 ||
	    strcmp(status, "reserved") == 0)
		return ABSENT;
	return UNKNOWN;
}

/* The affinity that reg holds. Return: NULL, or what is wrong with *@value. */
static const char *read_reg(const struct devtree *tree, int node, int cells, uint64_t *value)
{
	int bytes;
	const fdt32_t *data = fdt_getprop(tree->blob, node, "reg", &bytes);

	*value = 0;
	if (!data)
		return "is missing";
	*value = (uint64_t)bytes;
	if (bytes != 4 * cells)
		return "length is not that of one affinity";
	*value = devtree_number(data, cells);
	if (*value & ~DEVTREE_CPU_AFFINITY)
		return "holds more than affinity fields";
	return NULL;
}

/* Has a node before @node the same affinity? */
static bool is_duplicate(const struct devtree *tree, struct parent parent, int node, uint64_t mpidr)
{
	int before;

	fdt_for_each_subnode(before, tree->blob, parent.node)
	{
		uint64_t other;

		if (before >= node)
			break;
		if (is_cpu(tree, before) && presence(tree, before) != ABSENT &&
		    !read_reg(tree, before, parent.cells, &other) && other == mpidr)
			return true;
	}
	return false;
}

/* A property of the CPU, or of /cpus for all of them. */
static int owner_of(const struct devtree *tree, struct parent parent, int node, const char *name)
{
	return fdt_getprop(tree->blob, node, name, NULL) ? node : parent.node;
}

/* The first method of the list that we know. */
static int read_method(const struct devtree *tree, struct parent parent, int node,
		       enum devtree_cpu_method *method)
{
	static const char name[] = "enable-method";
	int owner = owner_of(tree, parent, node, name);

	if (!fdt_getprop(tree->blob, owner, name, NULL))
		return refuse(tree, node, name, 0, "is missing");
	for (int i = 0;; i++) {
		const char *text = fdt_stringlist_get(tree->blob, owner, name, i, NULL);

		if (!text)
			return refuse(tree, node, name, (uint64_t)i, "none of these is known");
		if (strcmp(text, "psci") == 0) {
			*method = DEVTREE_CPU_PSCI;
			return 0;
		}
		if (strcmp(text, "spin-table") == 0) {
			*method = DEVTREE_CPU_SPIN_TABLE;
			return 0;
		}
	}
}

static bool lies_in(uint64_t address, uint64_t base, uint64_t size)
{
	return size && fh_ranges_overlap(address, sizeof(uint64_t), base, size);
}

/* May we write there? Return: NULL or why not. */
static const char *judge_release(const struct devtree *tree, const struct devtree_cpus *cpus,
				 uint64_t address)
{
	const struct devtree_images *images = cpus->images;
	struct fh_memmap_range range = fh_memmap_classify(cpus->map, fh_phys(address));
	struct devtree_region initrd = { 0, 0 };

	if (!fh_is_aligned(address, sizeof(uint64_t)))
		return "is not 8-byte aligned";
	if (lies_in(address, images->kernel_base, images->kernel_size))
		return "lies in the kernel image";
	if (lies_in(address, images->tree_base, images->tree_size))
		return "lies in the device tree";
	if (!devtree_initrd(tree, &initrd.base, &initrd.size) &&
	    lies_in(address, initrd.base, initrd.size))
		return "lies in the initrd";
	if (range.kind == FH_MEM_NOMAP)
		return "lies under no-map";
	/* What only we have reserved is no place for somebody else's CPU. */
	if (range.kind == FH_MEM_USABLE || (range.kind == FH_MEM_RESERVED && range.by[0] != '/' &&
					    strcmp(range.by, "memreserve") != 0))
		return "lies in RAM that nobody has reserved";
	return NULL;
}

static int read_release(const struct devtree *tree, const struct devtree_cpus *cpus,
			struct parent parent, int node, uint64_t *release)
{
	static const char name[] = "cpu-release-addr";
	int bytes;
	const fdt32_t *data =
	    fdt_getprop(tree->blob, owner_of(tree, parent, node, name), name, &bytes);
	const char *why;

	if (!data)
		return refuse(tree, node, name, 0, "is missing");
	if (bytes != 4 && bytes != 8)
		return refuse(tree, node, name, (uint64_t)bytes, "is neither 4 nor 8 bytes");
	*release = devtree_number(data, bytes / 4);
	why = judge_release(tree, cpus, *release);
	return why ? refuse(tree, node, name, *release, why) : 0;
}

/* Return: 0, or -EINVAL after a line. */
static int read_cpu(const struct devtree *tree, const struct devtree_cpus *cpus,
		    struct parent parent, int node, struct devtree_cpu *cpu)
{
	const char *why;
	int err;

	if (presence(tree, node) == UNKNOWN)
		return refuse(tree, node, "status", 0, "is none that a cpu can have");
	why = read_reg(tree, node, parent.cells, &cpu->mpidr);
	if (why)
		return refuse(tree, node, "reg", cpu->mpidr, why);
	if (is_duplicate(tree, parent, node, cpu->mpidr))
		return refuse(tree, node, "reg", cpu->mpidr, "another cpu has it already");
	cpu->method = DEVTREE_CPU_RUNS;
	if (cpu->mpidr == cpus->boot_mpidr)
		return 0;
	err = read_method(tree, parent, node, &cpu->method);
	if (!err && cpu->method == DEVTREE_CPU_SPIN_TABLE)
		err = read_release(tree, cpus, parent, node, &cpu->release);
	return err;
}

/* Called a cpu, and not said to be one. */
static void warn_of_name(const struct devtree *tree, int node)
{
	const char *name = fdt_get_name(tree->blob, node, NULL);

	if (name && strncmp(name, "cpu", 3) == 0 && (!name[3] || name[3] == '@'))
		(void)devtree_refuse(tree, node, "device_type", 0, "is not \"cpu\": not used", 0);
}

int devtree_cpus(const struct devtree *tree, struct devtree_cpus *cpus)
{
	const char *why;
	uint64_t value;
	struct parent parent = find_parent(tree, &why, &value);
	int node;

	cpus->named = 0;
	if (parent.node < 0)
		return -ENOENT;
	if (why)
		return refuse(tree, parent.node, "#address-cells", value, why);
	fdt_for_each_subnode(node, tree->blob, parent.node)
	{
		struct devtree_cpu cpu = { .node = node };
		int err;

		if (!is_cpu(tree, node)) {
			warn_of_name(tree, node);
			continue;
		}
		if (presence(tree, node) == ABSENT)
			continue;
		cpus->named++;
		if (read_cpu(tree, cpus, parent, node, &cpu))
			continue;
		err = cpus->visit(cpus->ctx, &cpu);
		if (err)
			return err;
	}
	return 0;
}

unsigned int devtree_cpus_count(const struct devtree *tree, uint64_t boot_mpidr)
{
	const char *why;
	uint64_t value;
	struct parent parent = find_parent(tree, &why, &value);
	unsigned int count = 0;
	int node;

	if (parent.node < 0 || why)
		return 0;
	fdt_for_each_subnode(node, tree->blob, parent.node) count +=
	    is_cpu(tree, node) && presence(tree, node) == PRESENT &&
	    !read_reg(tree, node, parent.cells, &value) && value != boot_mpidr;
	return count;
}

int devtree_psci_cpu_on(const struct devtree *tree, uint64_t *function)
{
	int node = fdt_path_offset(tree->blob, "/psci");
	int bytes;
	const fdt32_t *data;

	if (node < 0)
		return -ENOENT;
	*function = PSCI_CPU_ON;
	if (devtree_has_string(tree, node, "compatible", "arm,psci-0.2") ||
	    devtree_has_string(tree, node, "compatible", "arm,psci-1.0"))
		return 0;
	data = fdt_getprop(tree->blob, node, "cpu_on", &bytes);
	if (!data || bytes != 4)
		return -ENOENT;
	*function = fdt32_ld(data);
	return 0;
}
