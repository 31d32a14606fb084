/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /cpus on the host: which CPUs can be had and how, as text; and for each thing that may be wrong
 * the line that says so, while the CPU beside it is still found.
 */
#include "boot/devtree_cpus.h"
#include "boot/devtree_priv.h"
#include "tests/unit/devtree_fixture.h"

#define CPUS(a, body) "cpus { #address-cells = <" #a ">; #size-cells = <0>; " body " }; "
#define CPU(unit, reg_cells, body)                                                                 \
	"cpu@" unit " { device_type = \"cpu\"; reg = <" reg_cells ">; " body " }; "
#define PSCI_CPU(unit, reg_cells) CPU(unit, reg_cells, "enable-method = \"psci\";")
#define SPIN_CPU(unit, release)                                                                    \
	CPU(unit, "0x" unit, "enable-method = \"spin-table\"; cpu-release-addr = <" release ">;")

/* RAM from 1 GiB to 1 GiB + 16 MiB; of it a page each is reserved, no-map and initrd. */
#define BOARD(body)                                                                                \
	"/memreserve/ 0x40200000 0x1000; " ROOT(                                                   \
	    2, 2,                                                                                  \
	    MEMORY RESERVED(                                                                       \
		"mailbox@40100000 { reg = <0 0x40100000 0 0x1000>; }; "                            \
		"secure@40101000 { reg = <0 0x40101000 0 0x1000>; no-map; };") "chosen { "         \
									       "linux,initrd-"     \
									       "start = "          \
									       "<0x40300000>; "    \
									       "linux,initrd-end " \
									       "= <0x40301000>; "  \
									       "}; " body)

static const struct devtree_images images = { 0x40400000, 0x8000, 0x40500000, 0x1000, { 0, 0 } };

struct found {
	char text[1024];
	size_t bytes;
	unsigned int count;
	unsigned int stop_at; /* the visit that ends the walk, or 0 */
};

static int visit(void *ctx, const struct devtree_cpu *cpu)
{
	static const char *const method[] = { "runs", "psci", "spin-table" };
	struct found *found = ctx;
	char path[DEVTREE_PATH_MAX];

	devtree_path(&tree, cpu->node, path);
	found->bytes +=
	    (size_t)snprintf(found->text + found->bytes, sizeof(found->text) - found->bytes,
			     "%s %" PRIx64 " %s", path, cpu->mpidr, method[cpu->method]);
	if (cpu->method == DEVTREE_CPU_SPIN_TABLE)
		found->bytes +=
		    (size_t)snprintf(found->text + found->bytes, sizeof(found->text) - found->bytes,
				     " %" PRIx64, cpu->release);
	found->bytes +=
	    (size_t)snprintf(found->text + found->bytes, sizeof(found->text) - found->bytes, "\n");
	return ++found->count == found->stop_at ? -EIO : 0;
}

static struct found found;
static struct devtree_cpus cpus;

static int read_cpus(uint64_t boot_mpidr, unsigned int stop_at)
{
	if (read_map(&images))
		fail_msg("refused: %s", log_text.text);
	found = (struct found){ .stop_at = stop_at };
	cpus = (struct devtree_cpus){ .map = &map,
				      .images = &images,
				      .boot_mpidr = boot_mpidr,
				      .visit = visit,
				      .ctx = &found };
	return devtree_cpus(&tree, &cpus);
}

static void expect_cpus(const char *dts, unsigned int named, const char *expected, const char *log)
{
	assert_int_equal(open_dts(dts), 0);
	assert_int_equal(read_cpus(0, 0), 0);
	assert_string_equal(found.text, expected);
	assert_string_equal(log_text.text, log);
	assert_int_equal(cpus.named, named);
}

static void cells(void **state)
{
	(void)state;
	expect_cpus(BOARD(CPUS(1, PSCI_CPU("0", "0") PSCI_CPU("101", "0x101"))), 2,
		    "/cpus/cpu@0 0 runs\n/cpus/cpu@101 101 psci\n", "");
	expect_cpus(BOARD(CPUS(2, PSCI_CPU("0", "0 0") PSCI_CPU("1", "0x12 0x10203"))), 2,
		    "/cpus/cpu@0 0 runs\n/cpus/cpu@1 1200010203 psci\n", "");
	/* Not the CPUs alone live there. */
	expect_cpus(BOARD(CPUS(1, "cpu-map { }; " PSCI_CPU("0", "0") "l2-cache { };")), 1,
		    "/cpus/cpu@0 0 runs\n", "");
}

/* The boot CPU needs no method, wherever it stands in the order. */
static void boot_cpu(void **state)
{
	(void)state;
	assert_int_equal(open_dts(BOARD(CPUS(1, PSCI_CPU("0", "0") CPU("1", "1", "")))), 0);
	assert_int_equal(read_cpus(1, 0), 0);
	assert_string_equal(found.text, "/cpus/cpu@0 0 psci\n/cpus/cpu@1 1 runs\n");
	assert_string_equal(log_text.text, "");
	/* And it may be in none of the nodes. */
	assert_int_equal(open_dts(BOARD(CPUS(1, PSCI_CPU("0", "0")))), 0);
	assert_int_equal(read_cpus(1, 0), 0);
	assert_string_equal(found.text, "/cpus/cpu@0 0 psci\n");
}

static void none(void **state)
{
	(void)state;
	assert_int_equal(open_dts(BOARD("")), 0);
	assert_int_equal(read_cpus(0, 0), -ENOENT);
	assert_int_equal(cpus.named, 0);
	assert_int_equal(devtree_cpus_count(&tree, 0), 0);
	assert_string_equal(log_text.text, "");
	expect_cpus(BOARD(CPUS(1, "")), 0, "", "");
}

/* What @visit gives ends the walk. */
static void stopped(void **state)
{
	(void)state;
	assert_int_equal(
	    open_dts(BOARD(CPUS(1, PSCI_CPU("0", "0") PSCI_CPU("1", "1") PSCI_CPU("2", "2")))), 0);
	assert_int_equal(read_cpus(0, 2), -EIO);
	assert_int_equal(found.count, 2);
}

/* Disabled ones are those that are to be started; broken ones and somebody else's are not ours. */
static void status(void **state)
{
	(void)state;
	expect_cpus(
	    BOARD(CPUS(
		1, "enable-method = \"psci\"; " CPU("0", "0", "status = \"okay\";")
		       CPU("1", "1", "status = \"disabled\";") CPU("2", "2", "status = \"fail\";")
			   CPU("3", "3", "status = \"fail-ecc\";") CPU("4", "4", "status = \"ok\";")
			       CPU("5", "5", "status = \"reserved\";") CPU("6", "6", ""))),
	    4, "/cpus/cpu@0 0 runs\n/cpus/cpu@1 1 psci\n/cpus/cpu@4 4 psci\n/cpus/cpu@6 6 psci\n",
	    "");
	assert_int_equal(devtree_cpus_count(&tree, 0), 3);
	expect_cpus(BOARD(CPUS(1, "enable-method = \"psci\"; " CPU("1", "1", "status = \"busy\";")
				      CPU("2", "2", "status = [6f 6b];") CPU("3", "3", ""))),
		    3, "/cpus/cpu@3 3 psci\n",
		    "fh: devtree: /cpus/cpu@1:status: 0x0: is none that a cpu can have (EINVAL)\n"
		    "fh: devtree: /cpus/cpu@2:status: 0x0: is none that a cpu can have (EINVAL)\n");
}

/* A method and an address of the CPU's own come before those of /cpus. */
static void inherited(void **state)
{
	(void)state;
	expect_cpus(
	    BOARD(CPUS(1, "enable-method = \"spin-table\"; cpu-release-addr = <0 0x40100000>; " CPU(
			      "1", "1", "") CPU("2", "2", "cpu-release-addr = <0x40100008>;")
			      PSCI_CPU("3", "3"))),
	    3,
	    "/cpus/cpu@1 1 spin-table 40100000\n/cpus/cpu@2 2 spin-table 40100008\n"
	    "/cpus/cpu@3 3 psci\n",
	    "");
}

/* The first that is known counts. */
static void methods(void **state)
{
	(void)state;
	expect_cpus(
	    BOARD(CPUS(1, CPU("1", "1", "enable-method = \"vendor,pen\", \"psci\", \"spin-table\";")
			      CPU("2", "2", "enable-method = \"vendor,pen\";") CPU("3", "3", "")
				  CPU("4", "4", "enable-method;")
				      CPU("5", "5", "enable-method = [70];"))),
	    5, "/cpus/cpu@1 1 psci\n",
	    "fh: devtree: /cpus/cpu@2:enable-method: 0x1: none of these is known (EINVAL)\n"
	    "fh: devtree: /cpus/cpu@3:enable-method: 0x0: is missing (EINVAL)\n"
	    "fh: devtree: /cpus/cpu@4:enable-method: 0x0: none of these is known (EINVAL)\n"
	    "fh: devtree: /cpus/cpu@5:enable-method: 0x0: none of these is known (EINVAL)\n");
}

static void releases(void **state)
{
	(void)state;
	/* One and two cells, reserved by node and by memreserve, outside RAM; shared. */
	expect_cpus(BOARD(CPUS(1, SPIN_CPU("1", "0x40100ff8") SPIN_CPU("2", "0 0x40100ff8")
				      SPIN_CPU("3", "0x40200000") SPIN_CPU("4", "0xd8")
					  SPIN_CPU("5", "0xffffffff 0xfffffff8"))),
		    5,
		    "/cpus/cpu@1 1 spin-table 40100ff8\n/cpus/cpu@2 2 spin-table 40100ff8\n"
		    "/cpus/cpu@3 3 spin-table 40200000\n/cpus/cpu@4 4 spin-table d8\n"
		    "/cpus/cpu@5 5 spin-table fffffffffffffff8\n",
		    "");
}

/* One CPU with this release address is refused with @why, and the one after it is not. */
static void expect_release_refused(const char *release, const char *value, const char *why)
{
	char dts[2048], line[256];

	snprintf(
	    dts, sizeof(dts),
	    BOARD(CPUS(1, CPU("1", "1", "enable-method = \"spin-table\"; %s") PSCI_CPU("2", "2"))),
	    release);
	snprintf(line, sizeof(line), "fh: devtree: /cpus/cpu@1:cpu-release-addr: %s: %s (EINVAL)\n",
		 value, why);
	expect_cpus(dts, 2, "/cpus/cpu@2 2 psci\n", line);
}

static void bad_releases(void **state)
{
	(void)state;
	expect_release_refused("", "0x0", "is missing");
	expect_release_refused("cpu-release-addr;", "0x0", "is neither 4 nor 8 bytes");
	expect_release_refused("cpu-release-addr = <0 0 0x40100000>;", "0xc",
			       "is neither 4 nor 8 bytes");
	expect_release_refused("cpu-release-addr = <0x40100004>;", "0x40100004",
			       "is not 8-byte aligned");
	expect_release_refused("cpu-release-addr = <0x40000000>;", "0x40000000",
			       "lies in RAM that nobody has reserved");
	expect_release_refused("cpu-release-addr = <0x40101ff8>;", "0x40101ff8",
			       "lies under no-map");
	expect_release_refused("cpu-release-addr = <0x40300000>;", "0x40300000",
			       "lies in the initrd");
	expect_release_refused("cpu-release-addr = <0x40407ff8>;", "0x40407ff8",
			       "lies in the kernel image");
	expect_release_refused("cpu-release-addr = <0x40500000>;", "0x40500000",
			       "lies in the device tree");
}

/* A reservation of our own makes nobody else's address good. */
static void own_reservation(void **state)
{
	fh_phys_addr_t placed;

	(void)state;
	assert_int_equal(open_dts(BOARD(CPUS(1, SPIN_CPU("1", "0x40fff000")))), 0);
	assert_int_equal(read_cpus(0, 0), 0);
	assert_int_equal(fh_memmap_place(&map, 4096, 4096, 0, UINT64_MAX, FH_MEM_RESERVED,
					 "cpu stacks", &placed),
			 0);
	assert_int_equal(placed.raw, 0x40fff000);
	log_out = unit_out(&log_text);
	assert_int_equal(devtree_cpus(&tree, &cpus), 0);
	assert_string_equal(log_text.text,
			    "fh: devtree: /cpus/cpu@1:cpu-release-addr: 0x40fff000: lies in RAM "
			    "that nobody has reserved (EINVAL)\n");
}

static void bad_reg(void **state)
{
	(void)state;
	expect_cpus(
	    BOARD(CPUS(
		1, "enable-method = \"psci\"; " PSCI_CPU("0", "0") CPU("1", "0x1000000", "")
		       CPU("2", "0 2", "") "cpu@3 { device_type = \"cpu\"; }; " CPU("4", "4", ""))),
	    5, "/cpus/cpu@0 0 runs\n/cpus/cpu@4 4 psci\n",
	    "fh: devtree: /cpus/cpu@1:reg: 0x1000000: holds more than affinity fields "
	    "(EINVAL)\n"
	    "fh: devtree: /cpus/cpu@2:reg: 0x8: length is not that of one affinity "
	    "(EINVAL)\n"
	    "fh: devtree: /cpus/cpu@3:reg: 0x0: is missing (EINVAL)\n");
	assert_int_equal(devtree_cpus_count(&tree, 0), 1);
	expect_cpus(BOARD(CPUS(2, PSCI_CPU("1", "0x100 1") PSCI_CPU("2", "0 0x80000002")
				      PSCI_CPU("3", "3") PSCI_CPU("4", "0 4"))),
		    4, "/cpus/cpu@4 4 psci\n",
		    "fh: devtree: /cpus/cpu@1:reg: 0x10000000001: holds more than affinity fields "
		    "(EINVAL)\n"
		    "fh: devtree: /cpus/cpu@2:reg: 0x80000002: holds more than affinity fields "
		    "(EINVAL)\n"
		    "fh: devtree: /cpus/cpu@3:reg: 0x4: length is not that of one affinity "
		    "(EINVAL)\n");
}

/* The later one goes, also when it claims to be the boot CPU; a broken one is nobody's twin. */
static void duplicates(void **state)
{
	(void)state;
	expect_cpus(BOARD(CPUS(1, "enable-method = \"psci\"; " CPU("9", "9", "status = \"fail\";")
				      CPU("0", "0", "") CPU("1", "1", "") CPU("2", "1", "")
					  CPU("3", "0", "") CPU("4", "9", ""))),
		    5, "/cpus/cpu@0 0 runs\n/cpus/cpu@1 1 psci\n/cpus/cpu@4 9 psci\n",
		    "fh: devtree: /cpus/cpu@2:reg: 0x1: another cpu has it already (EINVAL)\n"
		    "fh: devtree: /cpus/cpu@3:reg: 0x0: another cpu has it already (EINVAL)\n");
}

static void not_a_cpu(void **state)
{
	(void)state;
	expect_cpus(BOARD(CPUS(1, "enable-method = \"psci\"; cpu@1 { reg = <1>; }; "
				  "core@2 { device_type = \"cpu\"; reg = <2>; }; ")),
		    1, "/cpus/core@2 2 psci\n",
		    "fh: devtree: warning: /cpus/cpu@1:device_type: 0x0: is not \"cpu\": not "
		    "used\n");
}

static void expect_none_read(const char *dts, const char *log)
{
	assert_int_equal(open_dts(dts), 0);
	assert_int_equal(read_cpus(0, 0), -EINVAL);
	assert_string_equal(log_text.text, log);
	assert_int_equal(found.count, 0);
	assert_int_equal(devtree_cpus_count(&tree, 0), 0);
}

static void bad_cells(void **state)
{
	(void)state;
	expect_none_read(BOARD("cpus { " PSCI_CPU("1", "1") " };"),
			 "fh: devtree: /cpus:#address-cells: 0x0: is missing (EINVAL)\n");
	expect_none_read(BOARD(CPUS(3, PSCI_CPU("1", "0 0 1"))),
			 "fh: devtree: /cpus:#address-cells: 0x3: is neither 1 nor 2 (EINVAL)\n");
	expect_none_read(BOARD(CPUS(0, PSCI_CPU("1", "1"))),
			 "fh: devtree: /cpus:#address-cells: 0x0: is neither 1 nor 2 (EINVAL)\n");
	expect_none_read(BOARD("cpus { #address-cells = <0 1>; " PSCI_CPU("1", "1") " };"),
			 "fh: devtree: /cpus:#address-cells: 0x8: is not one cell (EINVAL)\n");
}

/* Every CPU but the boot CPU counts, whatever its method. */
static void counts(void **state)
{
	(void)state;
	assert_int_equal(open_dts(BOARD(CPUS(1, PSCI_CPU("0", "0") PSCI_CPU("1", "1")
						    CPU("2", "2", "enable-method = \"?\";")))),
			 0);
	assert_int_equal(devtree_cpus_count(&tree, 0), 2);
	assert_int_equal(devtree_cpus_count(&tree, 7), 3);
}

static void expect_cpu_on(const char *psci, int err, uint64_t number)
{
	char dts[512];
	uint64_t function = 0;

	snprintf(dts, sizeof(dts), ROOT(2, 2, MEMORY "%s"), psci);
	assert_int_equal(open_dts(dts), 0);
	assert_int_equal(devtree_psci_cpu_on(&tree, &function), err);
	if (!err)
		assert_int_equal(function, number);
}

static void cpu_on_number(void **state)
{
	(void)state;
	expect_cpu_on("psci { compatible = \"arm,psci-1.0\", \"arm,psci\"; cpu_on = <5>; };", 0,
		      PSCI_CPU_ON);
	expect_cpu_on("psci { compatible = \"arm,psci-0.2\"; };", 0, PSCI_CPU_ON);
	expect_cpu_on("psci { compatible = \"arm,psci\"; cpu_on = <0x95c1ba60>; };", 0, 0x95c1ba60);
	expect_cpu_on("psci { compatible = \"arm,psci\"; };", -ENOENT, 0);
	expect_cpu_on("psci { compatible = \"arm,psci\"; cpu_on = <0 5>; };", -ENOENT, 0);
	expect_cpu_on("", -ENOENT, 0);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("boot.devtree.cpus.cells", cells),
	UNIT_TEST("boot.devtree.cpus.boot_cpu", boot_cpu),
	UNIT_TEST("boot.devtree.cpus.none", none),
	UNIT_TEST("boot.devtree.cpus.stopped", stopped),
	UNIT_TEST("boot.devtree.cpus.status", status),
	UNIT_TEST("boot.devtree.cpus.inherited", inherited),
	UNIT_TEST("boot.devtree.cpus.methods", methods),
	UNIT_TEST("boot.devtree.cpus.releases", releases),
	UNIT_TEST("boot.devtree.cpus.bad_releases", bad_releases),
	UNIT_TEST("boot.devtree.cpus.own_reservation", own_reservation),
	UNIT_TEST("boot.devtree.cpus.bad_reg", bad_reg),
	UNIT_TEST("boot.devtree.cpus.duplicates", duplicates),
	UNIT_TEST("boot.devtree.cpus.not_a_cpu", not_a_cpu),
	UNIT_TEST("boot.devtree.cpus.bad_cells", bad_cells),
	UNIT_TEST("boot.devtree.cpus.counts", counts),
	UNIT_TEST("boot.devtree.cpus.cpu_on_number", cpu_on_number),
};

UNIT_MAIN("boot.devtree.cpus", tests)
