/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the MMU on to a machine whose memory is known: tree, console, memory map, stacks for other
 * CPUs, direct map, frames. Each step hands the next one value; the first that fails says why and
 * ends the run.
 */
#include "boot/start.h"

#include <stdio.h>
#include <string.h>

#include <cpu.h>
#include <sysreg.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/exit.h"
#include "boot/mmu.h"
#include "boot/percpu.h"
#include "boot/smp.h"
#include "lib/error.h"
#include "lib/hooks.h"
#include "lib/version.h"

extern char image_start_code[], image_end[];

void boot_thread_pointer(void);
_Noreturn void boot_main(uint64_t x0, unsigned int entry_el);
_Noreturn void __stack_chk_fail(void);

/* Changed at boot, before the first function that is protected by it. */
uintptr_t __stack_chk_guard = 0x5bd1e995c2b2ae35;

static struct machine machine;

/*
 * Declarations, ranges and names of the memory map. A tree that holds more gets RAM, and this is
 * the scratch of the search for it: 8192 cells, of 64 KiB in a bank of 512 MiB.
 */
static _Alignas(16) unsigned char map_storage[32 * 1024];

uint64_t image_base(void)
{
	return (uintptr_t)image_start_code;
}

uint64_t image_size(void)
{
	return (uintptr_t)image_end - (uintptr_t)image_start_code;
}

unsigned int machine_output_bits(void)
{
	static const unsigned char bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t range = arch_read_sysreg(id_aa64mmfr0_el1) & 0xf;

	return range < sizeof(bits) ? bits[range] : 48;
}

_Noreturn void __stack_chk_fail(void)
{
	fh_hook_bug("the stack is intact", "stack protector", 0);
}

/* Called by boot/entry.S. The guard gets what differs from boot to boot. */
__attribute__((no_stack_protector)) void boot_thread_pointer(void)
{
	struct percpu *self = percpu_self();

	percpu_thread_init(self);
	percpu_thread_use(self);
	__stack_chk_guard ^=
	    arch_read_sysreg(cntvct_el0) * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)self;
	/* A string that runs over the guard must not be able to write it. */
	__stack_chk_guard &= ~(uintptr_t)0xff;
}

static _Noreturn void refuse(void)
{
	printf("fh: boot: stopped: status %d\n", EXIT_STATUS_REFUSED);
	exit_now(EXIT_STATUS_REFUSED);
}

static void open_tree(uint64_t x0)
{
	uint64_t base;
	size_t bytes;
	int err = devtree_locate(x0, &base, &bytes);

	if (err) {
		printf("fh: boot: x0: %#llx: %s (%s)\n", (unsigned long long)x0,
		       err == -ERANGE ? "a device tree larger than 16 MiB" : "no device tree there",
		       fh_error_name(err));
		refuse();
	}
	if (devtree_open(&machine.tree, (const void *)(uintptr_t)base, bytes, &console_out))
		refuse();
}

/* Of several that fit, the first: the tree names the closest first. */
static const struct console_model *find_model(const struct devtree_uart *uart)
{
	const struct console_model *model = NULL;
	const char *end = uart->compatible + uart->compatible_bytes;

	for (const char *at = uart->compatible; at < end && !model; at += strlen(at) + 1)
		model = console_find(at);
	return model;
}

/* Without a console the boot goes on: its text is kept for semihosting. */
static void start_console(void)
{
	const struct console_model *model;
	struct devtree_uart uart;

	if (devtree_stdout(&machine.tree, &uart))
		return;
	model = find_model(&uart);
	if (!model) {
		printf("fh: boot: warning: %s: %s: no driver for this console\n", uart.path,
		       uart.compatible);
		return;
	}
	if (mmu_map_device(uart.base, uart.size)) {
		printf("fh: boot: warning: %s: %#llx: console cannot be mapped\n", uart.path,
		       (unsigned long long)uart.base);
		return;
	}
	console_start(model->driver, &(struct console_uart){
					 .base = uart.base,
					 .shift = uart.has_shift ? uart.shift : model->shift,
					 .width = uart.width ? uart.width : model->width,
				     });
	if (uart.options[0])
		printf("fh: boot: console %s: %s: left as it is\n", uart.path, uart.options);
}

/* The console that the build names (EARLY=), for what goes wrong before the tree is read. */
static void start_early_console(void)
{
#ifdef FH_EARLY_COMPATIBLE
	const struct console_model *model = console_find(FH_EARLY_COMPATIBLE);

	if (!model || mmu_map_device(FH_EARLY_BASE, 4096)) {
		printf("fh: boot: warning: early console: " FH_EARLY_COMPATIBLE " at %#llx: %s\n",
		       (unsigned long long)FH_EARLY_BASE,
		       model ? "cannot be mapped" : "no driver for this console");
		return;
	}
	console_start(model->driver,
		      &(struct console_uart){
			  .base = FH_EARLY_BASE,
			  .shift = FH_EARLY_SHIFT < 0 ? model->shift : (uint8_t)FH_EARLY_SHIFT,
			  .width = FH_EARLY_WIDTH ? FH_EARLY_WIDTH : model->width,
		      });
	printf("fh: boot: early console: " FH_EARLY_COMPATIBLE " at %#llx\n",
	       (unsigned long long)FH_EARLY_BASE);
#endif
}

static void print_banner(uint64_t x0, unsigned int entry_el)
{
	printf("fh: boot: freehold " FH_VERSION
	       " at %#llx, EL%u (entered at EL%u), device tree at %#llx "
	       "(x0 %#llx)\n",
	       (unsigned long long)image_base(), arch_current_el(), entry_el,
	       (unsigned long long)(uintptr_t)machine.tree.blob, (unsigned long long)x0);
}

static void report_fault(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	fh_fault_describe(fault, &console_out);
}

static int refuse_storage(size_t bytes, int err)
{
	printf("fh: boot: memory map: %zu bytes: %s (%s)\n", bytes,
	       err == -ENOSPC ? "no RAM holds its bookkeeping" : "its RAM cannot be mapped",
	       fh_error_name(err));
	return err;
}

/* A buffer for the memory map: the static one, or RAM that nothing is said of. */
static int start_map(struct devtree_given *given)
{
	struct devtree_region *storage = &given->images.storage;
	size_t bytes = devtree_memmap_bytes(&machine.tree, given);
	int err;

	if (bytes <= sizeof(map_storage))
		return fh_memmap_init(&machine.map, map_storage, sizeof(map_storage), 12);
	if (bytes > SIZE_MAX - 4095)
		return refuse_storage(bytes, -ENOSPC);
	bytes = fh_align_up(bytes, 4096);
	err = devtree_find_room(&machine.tree, given, bytes, map_storage, sizeof(map_storage),
				&storage->base);
	/* Of a malformed tree the reader speaks, and needs no map for it. */
	if (err == -EINVAL || err == -ENOENT)
		return fh_memmap_init(&machine.map, map_storage, sizeof(map_storage), 12);
	if (!err)
		err = mmu_map(storage->base, bytes, MMU_DATA);
	if (err)
		return refuse_storage(bytes, err);
	storage->size = bytes;
	return fh_memmap_init(&machine.map, (void *)(uintptr_t)storage->base, bytes, 12);
}

/*
 * Metadata last: how much there is depends on all reservations. It makes no difference to the
 * direct map, where usable and reserved RAM are the same.
 */
static int place_metadata(struct fh_frames_config *config)
{
	struct fh_memmap *map = &machine.map;
	size_t bytes = fh_frames_metadata_bytes(map);
	fh_phys_addr_t metadata;
	int err;

	err = fh_memmap_place(map, bytes, 4096, 0, UINT64_MAX, FH_MEM_RESERVED, "frame metadata",
			      &metadata);
	if (err) {
		printf("fh: boot: frame metadata: %zu bytes: no usable range holds them (%s)\n",
		       bytes, fh_error_name(err));
		return err;
	}
	config->metadata = (void *)(uintptr_t)metadata.raw;
	config->metadata_bytes = bytes;
	return 0;
}

static int start_frames(void)
{
	struct fh_memmap *map = &machine.map;
	struct fh_frames_config config = { .map = map, .report = { report_fault, NULL } };
	int err;

	smp_place(&machine.tree, map);
	err = mmu_map_memory(map, &machine.images);
	if (!err)
		err = smp_map();
	if (err) {
		printf("fh: boot: direct map: %zu ranges: cannot be mapped (%s)\n",
		       map->range_count, fh_error_name(err));
		return err;
	}
	err = place_metadata(&config);
	if (err)
		return err;
	fh_memmap_print(map, &console_out);
	err = fh_frames_init(&machine.frames, &config);
	if (err)
		printf("fh: boot: frames: %zu bytes of metadata: refused (%s)\n",
		       config.metadata_bytes, fh_error_name(err));
	return err;
}

static void print_frames(void)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&machine.frames, &stats);
	printf("fh: frames: %llu of 4 KiB: %llu free, %llu reserved; metadata %llu bytes\n",
	       (unsigned long long)stats.frames, (unsigned long long)stats.free,
	       (unsigned long long)stats.reserved, (unsigned long long)stats.metadata_bytes);
}

_Noreturn void boot_main(uint64_t x0, unsigned int entry_el)
{
	struct devtree_given given = { .pa_bits = machine_output_bits() };
	struct devtree_images *images = &given.images;
	enum psci_conduit conduit = PSCI_NONE;

	start_early_console();
	open_tree(x0);
	start_console();
	print_banner(x0, entry_el);
	machine.entry_el = entry_el;
	/* At EL3 we have taken the place of whoever would serve it. */
	if (entry_el != 3 && devtree_psci(&machine.tree, &conduit) == 0)
		psci_use(conduit);
	images->kernel_base = image_base();
	images->kernel_size = image_size();
	images->tree_base = (uintptr_t)machine.tree.blob;
	images->tree_size = machine.tree.bytes;
	if (start_map(&given) || devtree_memmap(&machine.tree, &given, &machine.map))
		refuse();
	machine.images = *images;
	if (start_frames())
		refuse();
	print_frames();
	machine.args = devtree_bootargs(&machine.tree);
	exit_now((enum exit_status)freehold_main(&machine));
}
