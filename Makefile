# SPDX-License-Identifier: BSD-2-Clause
# Build, run and test Freehold. `make help` lists targets and variables.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

# ---- Variables that a user may set; `make help` prints the text after ##
HARDEN ?=##                1 checks much more of page frames at run time
ifeq ($(HARDEN),1)
O ?= build/harden
endif
O ?= build##               output folder; with HARDEN=1 build/harden
V ?= 0##                   1 shows the commands
CROSS_COMPILE ?= aarch64-linux-gnu-##  prefix of the GNU toolchain, e.g. aarch64-none-elf-
LLVM ?=##                  1 builds with clang and lld, -19 with clang-19 and lld-19
HOSTCC ?= gcc##             compiler of host tests
ARCH_DIR ?= arch/aarch64##  folder with barrier.h, cache.h, ... for `make lib`
ARCH_FLAGS ?= -mstrict-align -mgeneral-regs-only -mno-outline-atomics##  options of the compiler that belong to ARCH_DIR
LIBFDT_SRC ?=##            build libfdt from this source folder instead of Debian's package
T ?=##                     run only the tests whose name starts so, e.g. T=mm.page
PICOLIBC ?= /usr/lib/picolibc/aarch64-linux-gnu##  C library for the target
FH_CPU_MAX ?= 8##          highest number of CPUs
EARLY ?=##                 console before the tree is read: COMPATIBLE@BASE[:SHIFT[:WIDTH]], e.g. arm,pl011@0x9000000
PREFIX ?= /usr/local##     where `make install` puts things
DESTDIR ?=##               staging folder in front of it
LINUX ?=##                 1, or a folder of Linux' source: its page tables in `make bench`, too
FUZZ_SECONDS ?= 60##       how long `make fuzz` runs
APPEND ?=##                bootargs of `make run` and `make run-uboot`, e.g. APPEND="fh.run=main"
UBOOT ?= /usr/lib/u-boot/qemu_arm64/u-boot.bin##  U-Boot for QEMU's virt, of `make run-uboot` and tests

.DEFAULT_GOAL := all
VERSION := $(shell sed -n 's/^.define FH_VERSION "\(.*\)"/\1/p' lib/version.h)

ifeq ($(V),1)
Q :=
else
Q := @
endif
say = @printf '  %-7s %s\n' $(1) $(2)

# ---- Set-up: which goals need packages, and where the private ones lie
goals := $(or $(MAKECMDGOALS),all)
needs_long := $(filter check-long check-dtbs,$(goals))
needs_check := $(filter-out check-fresh check-readme,$(filter check check-% analyze unit bench fuzz coverage mutants $(O)/unit/% $(O)/bench/% $(O)/bench-linux/%,$(goals)))
needs_run := $(filter all run images stack $(O)/%.img $(O)/%.elf compile_commands.json $(O)/commands.json,$(goals))
ifneq ($(filter lint,$(goals)),)
setup_level := lint
else ifneq ($(needs_long),)
setup_level := long
else ifneq ($(strip $(needs_check)),)
setup_level := check
else ifneq ($(filter run-uboot,$(goals)),)
setup_level := u-boot
else ifneq ($(strip $(needs_run)),)
setup_level := run
else ifneq ($(filter fh-memmap fh-replay $(O)/fh-memmap $(O)/fh-replay,$(goals)),)
setup_level := host
endif
ifdef setup_level
setup_done := $(shell mkdir -p $(O) && LLVM='$(LLVM)' LIBFDT_SRC='$(LIBFDT_SRC)' LINUX='$(LINUX)' \
	FH_SETUP_MK='$(O)/setup.mk' CROSS_COMPILE='$(CROSS_COMPILE)' tools/setup.sh $(setup_level))
ifneq ($(.SHELLSTATUS),0)
$(error set-up failed; the lines above say what is missing)
endif
include $(O)/setup.mk
endif

comma := ,

# ---- Toolchains
ifneq ($(LLVM),)
llvm_suffix := $(filter -%,$(LLVM))
CC := clang$(llvm_suffix) --target=aarch64-none-elf
AR := llvm-ar$(llvm_suffix)
OBJCOPY := llvm-objcopy$(llvm_suffix)
LD_FLAGS := -fuse-ld=lld
ifneq ($(llvm_suffix),)
LD_FLAGS := -fuse-ld=lld$(llvm_suffix)
endif
else
CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
OBJCOPY := $(CROSS_COMPILE)objcopy
LD_FLAGS :=
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wvla -Werror
# Paths in messages and debug data are relative, whatever the folder: images are reproducible.
COMMON := -std=gnu17 -g $(WARNINGS) -ffile-prefix-map=$(CURDIR)=. -I. -I$(O)/include \
	-include $(O)/include/config.h
cc_include = $(shell $(CC) -print-file-name=include)
TARGET_FLAGS = $(COMMON) $(if $(filter $(cold_sources),$<),-Os,-O2) -ffreestanding -fno-common -ffunction-sections -fdata-sections -fPIE \
	-fvisibility=hidden $(ARCH_FLAGS) -fstack-protector-strong \
	-fno-omit-frame-pointer -ftls-model=local-exec \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -nostdinc -isystem $(PICOLIBC)/include \
	-isystem $(cc_include) -I$(ARCH_DIR)
# Only what is not the library may see libfdt.
fdt_flags = $(if $(filter lib/% mm/% iommu/%,$<),,-isystem $(fdt_include))
LINK_FLAGS := -nostdlib -static -Wl,-pie,--no-dynamic-linker,-z,text,-z,max-page-size=4096 \
	-Wl,--gc-sections,--build-id=none,--fatal-warnings,--defsym=vfprintf=__i_vfprintf \
	-Wl,-T,linker.ld $(LD_FLAGS)
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_THREADS ?= -fsanitize=thread
HOST_OPTIMIZE := -O1
HOST_FLAGS = $(COMMON) $(HOST_OPTIMIZE) -Iarch/host -DFH_TEST_HOOKS -fno-omit-frame-pointer

# ---- Sources: what lies in a folder belongs to it
# Of the library, what runs once, describes, checks, or waits for a TLB anyway: small rather than fast.
cold_sources := $(wildcard lib/*.c) mm/memmap.c mm/memmap_resolve.c mm/page_check.c mm/page_contents.c mm/page_handle.c mm/page_init.c mm/page_mark.c \
	$(addprefix iommu/,$(addsuffix .c,adopt adopt_describe adopt_tell decide describe format_s2 format_uat map pgtable pgtable_dump pool \
	protect range shape split tlb_cpu trim uat unmap whose))
lib_sources := $(sort $(wildcard lib/*.c mm/*.c iommu/*.c))
boot_sources := $(sort $(wildcard boot/*.c boot/*.S))
kernel_only := boot/main.c $(sort $(wildcard boot/job*.c))
runtime_sources := $(filter-out $(kernel_only),$(boot_sources))
loader_sources := $(sort $(wildcard examples/bootloader/*.c examples/bootloader/*.S))
# The stage of examples/, with tables and windows that no firmware should leave.
hostile_own := $(sort $(wildcard tests/hostile/*.c))
hostile_sources := $(filter-out examples/bootloader/table.c,$(loader_sources)) $(hostile_own)
suite_sources := $(sort $(wildcard tests/target/*.c tests/target/*.S tests/oracle/*.c))
unit_names := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*.*.c)))
thread_names := $(filter %.threads,$(unit_names))
bench_host := $(sort $(wildcard tests/bench/host_*.c))
bench_target := $(sort $(wildcard tests/bench/target_*.c))
bench_common := $(filter-out $(bench_host) $(bench_target),$(sort $(wildcard tests/bench/*.c)))
broken_names := $(patsubst tests/qemu/broken/%.S,%,$(sort $(wildcard tests/qemu/broken/*.S)))

objects = $(addprefix $(O)/$(1)/,$(addsuffix .o,$(basename $(2))))

kernel_objects := $(call objects,target,$(runtime_sources) $(kernel_only) $(lib_sources))
loader_objects := $(call objects,target,$(runtime_sources) $(loader_sources) $(lib_sources))
hostile_objects := $(call objects,target,$(runtime_sources) $(hostile_sources) $(lib_sources))
test_objects := $(call objects,target-test,$(runtime_sources) $(suite_sources) $(lib_sources))
bench_objects := $(call objects,target,$(runtime_sources) $(bench_common) $(bench_target) $(lib_sources))

# ---- libfdt for the target
ifneq ($(LIBFDT_SRC),)
fdt_include := $(LIBFDT_SRC)
fdt_library := $(O)/libfdt/libfdt.a
fdt_objects := $(patsubst $(LIBFDT_SRC)/%.c,$(O)/libfdt/%.o,$(wildcard $(LIBFDT_SRC)/fdt*.c))
$(O)/libfdt/%.o: $(LIBFDT_SRC)/%.c $(O)/include/config.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -W%,$(TARGET_FLAGS)) -I$(LIBFDT_SRC) -c -o $@ $<
$(fdt_library): $(fdt_objects)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^
else
fdt_include := $(SETUP_LIBFDT)/include
fdt_library := $(SETUP_LIBFDT)/lib/libfdt.a
endif


.PHONY: analyze lint all stack coverage mutants images lib install fh-memmap fh-replay fuzz bench run run-uboot check check-long check-dtbs check-readme check-fresh unit clean help FORCE
all: images lib ## images and library (the default)
images: $(O)/freehold.img $(O)/freehold-test.img $(O)/bootloader.img
lib: $(O)/libfreehold.a ## libfreehold.a alone, with ARCH_DIR's headers

# config.h changes only when its text does.
early := $(subst :, ,$(subst @, ,$(EARLY)))
ifneq ($(filter-out 0 2 3 4,$(words $(early))),)
$(error fh: EARLY: $(EARLY): is not COMPATIBLE@BASE[:SHIFT[:WIDTH]] (EINVAL))
endif
early_lines := $(if $(early),'#define FH_EARLY_COMPATIBLE "$(word 1,$(early))"' \
	'#define FH_EARLY_BASE UINT64_C($(word 2,$(early)))' \
	'#define FH_EARLY_SHIFT $(or $(word 3,$(early)),-1)' \
	'#define FH_EARLY_WIDTH $(or $(word 4,$(early)),0)')
harden_lines := $(if $(filter 1,$(HARDEN)),'#define FH_HARDEN 1')
$(O)/include/config.h: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '/* Made by make from its variables. */' '#define FH_CPU_MAX $(FH_CPU_MAX)' $(harden_lines) $(early_lines) > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Objects are made again when the command that makes them changes (LLVM=1, CROSS_COMPILE, ...).
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(TARGET_FLAGS)' '$(cold_sources)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

define target_rules
$(O)/$(1)/%.o: %.c $(O)/include/config.h $(O)/flags
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(TARGET_FLAGS) $$(fdt_flags) $(2) -MMD -MP -c -o $$@ $$<
$(O)/$(1)/%.o: %.S $(O)/include/config.h $(O)/flags
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(TARGET_FLAGS) $(2) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call target_rules,target,))
$(eval $(call target_rules,target-test,-DFH_TEST_HOOKS))
$(eval $(call target_rules,stack,-fcallgraph-info=su))

link = $(Q)$(CC) $(LINK_FLAGS) -o $@ $(filter %.o,$^) $(fdt_library) $(PICOLIBC)/lib/libc.a

$(O)/freehold.elf: $(kernel_objects) linker.ld $(fdt_library)
	$(call say,LD,$@)
	$(link)
$(O)/bootloader.elf: $(loader_objects) linker.ld $(fdt_library)
	$(call say,LD,$@)
	$(link)
$(O)/hostile.elf: $(hostile_objects) linker.ld $(fdt_library)
	$(call say,LD,$@)
	$(link) -Wl,--wrap=handover_tree
$(O)/freehold-test.elf: $(test_objects) linker.ld $(fdt_library)
	$(call say,LD,$@)
	$(link)
$(O)/freehold-bench.elf: $(bench_objects) linker.ld $(fdt_library)
	$(call say,LD,$@)
	$(link)
$(O)/%.img: $(O)/%.elf
	$(call say,IMAGE,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

$(O)/libfreehold.a: $(call objects,target,$(lib_sources))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

stack: $(call objects,stack,$(lib_sources)) ## bytes of stack that each call of the library takes at most (gcc)
	$(Q)/usr/bin/python3 -B tools/stack.py $(O)/stack

public_headers := $(filter-out %_priv.h mm/page_code.h mm/page_harden.h iommu/pte.h iommu/range.h,$(wildcard lib/*.h mm/*.h iommu/*.h))
# Includes from the root of the tree become <freehold/...>, so that nothing else is found by them. The
# sizes of structs depend on config.h: lib/types.h, which every header includes, brings it along.
install: lib ## headers, libfreehold.a and freehold.pc below DESTDIR and PREFIX
	$(Q)for h in $(public_headers); do \
		install -d $(DESTDIR)$(PREFIX)/include/freehold/$$(dirname $$h); \
		sed -E 's@^#include "((lib|mm|iommu)/[^"]+)"@#include <freehold/\1>@; s@^#define FH_LIB_TYPES_H@&\n\n#include <freehold/config.h>@' $$h \
			> $(DESTDIR)$(PREFIX)/include/freehold/$$h; \
	done
	$(Q){ echo '/* How libfreehold.a was built. */'; grep -E '^#define FH_(CPU_MAX|HARDEN) ' $(O)/include/config.h; } \
		> $(DESTDIR)$(PREFIX)/include/freehold/config.h
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	$(Q)install -m 644 $(O)/libfreehold.a $(DESTDIR)$(PREFIX)/lib/
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'Name: freehold' \
		'Description: page ownership and shared IOMMU page tables for AArch64 firmware' \
		'Version: $(VERSION)' 'Cflags: -I$${prefix}/include' \
		'Libs: -L$${prefix}/lib -lfreehold' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/freehold.pc

# ---- The API manual
.PHONY: docs public-headers
docs: ## the API manual, from the comments of the public headers: O/docs/index.html
	$(Q)tools/setup.sh docs
	$(call say,DOXYGEN,$(O)/docs)
	$(Q)rm -rf $(O)/docs && mkdir -p $(O)/docs
	$(Q){ cat docs/Doxyfile && printf '%s\n' 'PROJECT_NUMBER = $(VERSION)' 'OUTPUT_DIRECTORY = $(O)/docs' \
		'INPUT = docs/manual.md docs/embedding.md docs/boot-protocol.md docs/adoption.md docs/uat.md $(public_headers)'; } | doxygen -
# For tests/build/docs.t.
public-headers:
	@printf '%s\n' $(public_headers)

# ---- Run
QEMU_VIRT := -M virt,virtualization=on -cpu cortex-a72 -m 512 -display none -monitor none -nic none \
	-no-reboot -semihosting -serial stdio
run: images ## the main job in QEMU: the bootloader stage, then the kernel
	$(Q)$(SETUP_QEMU) $(QEMU_VIRT) -kernel $(O)/bootloader.img -initrd $(O)/freehold.img \
		-append '$(APPEND)'
run-uboot: $(O)/freehold.img ## the main job in QEMU, on a table that U-Boot builds: examples/u-boot/boot.cmd
	$(Q)QEMU='$(SETUP_QEMU)' UBOOT='$(UBOOT)' BOOTARGS='$(APPEND)' examples/u-boot/run.sh $(O)/u-boot examples/u-boot/boot.cmd $< \
		$(QEMU_VIRT) </dev/null

# ---- The tree's reader as a program of the host
memmap_sources := $(wildcard tools/memmap/*.c) mm/memmap.c mm/memmap_resolve.c lib/error.c lib/out.c \
	boot/devtree.c boot/devtree_declare.c boot/devtree_memory.c boot/devtree_open.c
memmap_objects := $(call objects,tool,$(memmap_sources))
$(O)/tool/%.o: %.c $(O)/include/config.h
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(COMMON) -O2 -Iarch/host $(SANITIZE_TOOL) -MMD -MP -c -o $@ $<
$(O)/fh-memmap: $(memmap_objects)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(SANITIZE_TOOL) -o $@ $^ -lfdt
fh-memmap: $(O)/fh-memmap ## the reader of device trees for the host: O/fh-memmap --help

# ---- Judge of the host tests' traces, as a program
$(O)/fh-replay: $(call objects,tool,$(wildcard tools/replay/*.c))
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(SANITIZE_TOOL) -o $@ $^
fh-replay: $(O)/fh-replay ## judge of a trace that FH_REPLAY_SAVE=FILE of a host test has kept

# ---- Host tests
# Not boot/console.c: it is the target's C library's.
host_console := $(filter-out boot/console.c,$(wildcard boot/console*.c))
host_library = $(call objects,host,$(lib_sources) $(wildcard arch/host/*.c) \
	$(wildcard boot/devtree*.c) $(host_console) boot/bootargs.c tests/unit/hooks.c $(wildcard tests/oracle/*.c))
tsan_library = $(subst $(O)/host/,$(O)/tsan/,$(host_library))
define host_rules
$(O)/$(1)/%.o: %.c $(O)/include/config.h
	$$(call say,HOSTCC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(HOSTCC) $$(HOST_FLAGS) $(2) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call host_rules,host,$(SANITIZE)))
$(eval $(call host_rules,tsan,$(SANITIZE_THREADS)))

# Calls of the page tables go by tests/unit/replay.c, which has tools/replay judge their trace.
replayed := $(filter-out %.threads,$(filter iommu.% tools.%,$(unit_names)))
replay_objects = $(call objects,host,$(filter-out %/main.c,$(wildcard tools/replay/*.c)) tests/unit/replay.c tests/unit/mutant.c)
replay_calls := fh_frames_init fh_page_from_phys fh_gather_flush $(addprefix fh_pgtable_,init adopt map map_list \
	unmap protect trim release)
$(addprefix $(O)/unit/,$(replayed)): $(replay_objects)
$(addprefix $(O)/unit/,$(replayed)): unit_flags := $(addprefix -Wl$(comma)--wrap=,$(replay_calls))
# The part of the example stage that other firmware may take.
$(O)/unit/examples.bootloader: $(call objects,host,examples/bootloader/edit.c examples/bootloader/tree.c)
$(addprefix $(O)/unit/,$(filter-out %.threads,$(unit_names))): $(O)/unit/%: $(O)/host/tests/unit/%.o $(host_library)
	$(call say,HOSTLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(SANITIZE) $(unit_flags) -o $@ $^ -lcmocka -lfdt -lpthread
$(addprefix $(O)/unit/,$(thread_names)): $(O)/unit/%: $(O)/tsan/tests/unit/%.o $(tsan_library)
	$(call say,HOSTLD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(SANITIZE_THREADS) -o $@ $^ -lcmocka -lfdt -lpthread
unit: $(addprefix $(O)/unit/,$(unit_names)) ## build the host tests
.SECONDARY:

# ---- Fuzzing: the host's library without the files of tests/unit, under clang
fuzz_names := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c)))
fuzz_sources := $(lib_sources) $(wildcard arch/host/*.c) $(wildcard boot/devtree*.c) boot/bootargs.c
FUZZ_CC := clang$(filter -%,$(LLVM))
$(O)/fuzz/%.o: %.c $(O)/include/config.h
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(HOST_FLAGS) -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all -MMD -MP -c -o $@ $<
$(addprefix $(O)/fuzz/,$(fuzz_names)): $(O)/fuzz/%: $(O)/fuzz/tests/fuzz/%.o $(call objects,fuzz,$(fuzz_sources))
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ -lfdt
fuzz: $(addprefix $(O)/fuzz/,$(filter $(fuzz_names),$(T))) ## fuzz T for FUZZ_SECONDS, e.g. T=devtree; seeds from the corpus
	$(if $(filter $(fuzz_names),$(T)),,$(error fh: fuzz: T: $(or $(T),empty): not one of $(fuzz_names)))
	$(Q)mkdir -p $(O)/fuzz/corpus/$(T) $(O)/fuzz/findings
	$(Q)/usr/bin/python3 -B tests/$(T)/corpus.py --out $(O)/fuzz/seeds/$(T)
	$(Q)cd $(O)/fuzz && ./$(T) -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 -print_final_stats=1 \
		-artifact_prefix=findings/$(T)- corpus/$(T) seeds/$(T)

# ---- Benchmarks: as users build the library, without hooks of tests and without sanitizers
bench_program_objects := $(call objects,bench,$(bench_common) $(bench_host) $(lib_sources) $(wildcard arch/host/*.c))
$(O)/bench/%.o: %.c $(O)/include/config.h
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(COMMON) -O2 -Iarch/host -MMD -MP -c -o $@ $<
$(O)/bench/bench: $(bench_program_objects)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -o $@ $^ -lpthread
# With LINUX=: io-pgtable-arm as the kernel has it, warnings and all, behind tests/bench/linux/shim.h.
linux_source := $(if $(filter 1,$(LINUX)),$(SETUP_LINUX),$(LINUX))
linux_include := $(O)/bench/linux/include
linux_flags := -std=gnu17 -O2 -g -mgeneral-regs-only -include tests/bench/linux/shim.h -I$(linux_include) -I.
ifneq ($(LINUX),)
$(O)/bench/linux/source: FORCE
	@mkdir -p $(@D)
	@echo '$(linux_source)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(linux_include)/linux/io-pgtable.h: $(linux_source)/include/linux/io-pgtable.h $(O)/bench/linux/source
	$(Q)rm -rf $(linux_include) && mkdir -p $(linux_include)/linux $(linux_include)/asm
	$(Q)sed -n 's@^#include <\(.*\)>@\1@p' $(linux_source)/drivers/iommu/io-pgtable-arm.c $< | \
		while read -r header; do : > $(linux_include)/$$header || exit 1; done
	$(Q): > $(linux_include)/iommu-pages.h && cp $< $@
$(O)/bench/linux/io-pgtable-arm.o: $(linux_source)/drivers/iommu/io-pgtable-arm.c tests/bench/linux/shim.h $(linux_include)/linux/io-pgtable.h
	$(call say,HOSTCC,$<)
	$(Q)$(HOSTCC) $(linux_flags) -w -c -o $@ $<
$(O)/bench/linux/tables_linux.o: tests/bench/linux/tables_linux.c tests/bench/linux/shim.h $(linux_include)/linux/io-pgtable.h $(O)/include/config.h
	$(call say,HOSTCC,$<)
	$(Q)$(HOSTCC) $(linux_flags) -I$(O)/include -include $(O)/include/config.h -Iarch/host $(WARNINGS) -c -o $@ $<
$(O)/bench-linux/host_main.o: tests/bench/host_main.c $(O)/include/config.h
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(COMMON) -DBENCH_LINUX=true -O2 -Iarch/host -MMD -MP -c -o $@ $<
$(O)/bench-linux/bench: $(filter-out %/host_main.o,$(bench_program_objects)) $(O)/bench-linux/host_main.o \
		$(O)/bench/linux/io-pgtable-arm.o $(O)/bench/linux/tables_linux.o
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -o $@ $^ -lpthread
endif
# The same, as HARDEN=1 builds it.
bench_hardened_objects := $(patsubst $(O)/bench/%,$(O)/bench-hardened/%,$(bench_program_objects))
$(O)/bench-hardened/%.o: %.c $(O)/include/config.h
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(COMMON) -DFH_HARDEN=1 -DBENCH_HARDENED=true -O2 -Iarch/host -MMD -MP -c -o $@ $<
$(O)/bench-hardened/bench: $(bench_hardened_objects)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -o $@ $^ -lpthread
bench_products := $(O)/bench/bench $(O)/bench-hardened/bench $(O)/freehold-bench.img
bench: $(bench_products) $(if $(LINUX),$(O)/bench-linux/bench) ## page allocators and page tables compared: time on the host, instructions in QEMU; O/bench.json
	$(Q)O='$(O)' QEMU='$(SETUP_QEMU)' /usr/bin/python3 -B tests/bench/run.py $(if $(LINUX),--linux)

$(O)/broken/%.elf: tests/qemu/broken/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -Wl,-Ttext=0x40200000 -Wl,--build-id=none $(LD_FLAGS) -o $@ $<

check_env = O='$(O)' QEMU='$(SETUP_QEMU)' QEMU10='$(SETUP_QEMU10)' DTBS='$(SETUP_DTBS)' UBOOT='$(UBOOT)' T='$(T)' MAKE='$(MAKE)' HOSTCC='$(HOSTCC)'
check_needs := images $(O)/hostile.img unit $(O)/commands.json $(O)/fh-memmap $(bench_products) $(patsubst %,$(O)/broken/%.elf,$(broken_names))
check: $(check_needs) ## every test but the long ones; T= picks
	$(Q)$(check_env) /usr/bin/python3 tests/check.py
check-%: images lib ## check-symbols, -deps, -docs, -repro, -size, -compilers, -install, -types: one part of tests/build
	$(Q)$(check_env) tests/build/$*.t
analyze: $(O)/commands.json ## gcc's and clang's analyzer on all sources, and on what they must find
	$(Q)$(check_env) /usr/bin/python3 -B tests/analyze/run.py snippets tree clang
check-dtbs: $(O)/fh-memmap ## every device tree of Debian's kernels and QEMU's machines, against a second reader
	$(Q)$(check_env) /usr/bin/python3 -B tests/dtbs/run.py
# Unoptimised, so that each line has code of its own; atomic counters, because some tests have threads.
coverage_unit = $(Q)$(MAKE) --no-print-directory SANITIZE= SANITIZE_THREADS= HOST_OPTIMIZE=-O0 \
	HOSTCC='$(HOSTCC) --coverage -fprofile-update=atomic' unit
coverage: ## lines of the library that host tests run; tests/coverage.allow has those that none does, and why
	$(if $(findstring gcc,$(HOSTCC)),,$(error fh: coverage: HOSTCC: $(HOSTCC): is not gcc, which gcov belongs to (ENOTSUP)))
	$(coverage_unit) O='$(O)/coverage/plain' HARDEN=
	$(coverage_unit) O='$(O)/coverage/harden' HARDEN=1
	$(Q)GCOV='$(subst gcc,gcov,$(firstword $(HOSTCC)))' /usr/bin/python3 -B tests/coverage.py \
		$(O)/coverage $(O)/coverage/plain $(O)/coverage/harden
mutants: unit ## bugs put into page tables, one at a time: some host test fails for each; docs/mutants.md
	$(Q)O='$(O)' /usr/bin/python3 -B tests/mutants/run.py
check-readme: ## the README's commands, verbatim, in a clone
	$(Q)O='$(O)' tests/fresh/readme.sh
check-fresh: ## clone, run and check in a fresh Debian 12 and 13 (root, debootstrap)
	$(Q)tools/setup.sh fresh && O='$(O)' tests/fresh/fresh.sh
check-long: $(check_needs) ## every test, and those of `make check` with HARDEN=1
	$(Q)$(check_env) LONG=1 /usr/bin/python3 tests/check.py
	$(if $(filter 1,$(HARDEN)),,+$(Q)$(MAKE) --no-print-directory HARDEN=1 O='$(O)/harden' check)

# ---- For editors
database = $(foreach s,$(filter %.c,$(2)),{"directory":"$(CURDIR)"$(comma)"file":"$(s)"$(comma)"command":"$(subst ",\",$(3)) -c $(s)"}$(comma))
# By make itself: as an argument it would be too long for a shell.
compile_commands.json $(O)/commands.json: $(O)/include/config.h FORCE ## the database that clangd and clang-tidy read
	$(call say,JSON,$@)
	$(file > $@.new,[$(call database,,$(lib_sources) $(boot_sources) $(loader_sources) $(hostile_own) $(bench_common) $(bench_target),$(CC) $(TARGET_FLAGS) -isystem $(fdt_include))$(call database,,$(suite_sources),$(CC) $(TARGET_FLAGS) -DFH_TEST_HOOKS -isystem $(fdt_include))$(call database,,$(bench_host) $(wildcard tests/unit/*.c tests/fuzz/*.c tools/memmap/*.c tools/replay/*.c arch/host/*.c),$(HOSTCC) $(HOST_FLAGS))])
	$(Q)sed 's/,]$$/]/' $@.new > $@ && rm $@.new

lint_sources = $(sort $(shell find lib arch mm iommu boot examples tests tools -name '*.[ch]' -not -path 'tests/qemu/*'))
lint: $(O)/include/config.h ## clang-format, cppcheck and clang-tidy find nothing
	$(Q)clang-format --dry-run -Werror $(lint_sources)
	$(Q)cppcheck -q --std=c11 --enable=warning,portability,performance --error-exitcode=1 --suppress=missingIncludeSystem \
		--suppress=comparePointers -I. -I$(O)/include -Iarch/aarch64 lib mm iommu boot examples tests/target tests/hostile tests/bench tools/memmap tools/replay
	$(Q)clang-tidy --quiet $(filter %.c,$(lib_sources) $(boot_sources) $(loader_sources) $(hostile_own) $(suite_sources) $(bench_common) $(bench_target)) -- \
		--target=aarch64-none-elf -include $(O)/include/config.h -std=gnu17 -ffreestanding -I. -I$(O)/include -Iarch/aarch64 -nostdinc \
		-isystem $(PICOLIBC)/include -isystem $$(clang -print-file-name=include) -isystem $(fdt_include)

clean: ## remove the output folder
	rm -rf $(O) compile_commands.json

help: ## this list
	@echo 'Targets:'
	@sed -n 's/^\([a-z%-]*\):[^#]*## \(.*\)/  \1#\2/p' Makefile | awk -F'#' '{printf "%-24s %s\n", $$1, $$2}'
	@echo 'Variables:'
	@sed -n 's/^\([A-Z_]*\) ?= *\([^#]*\)## *\(.*\)/\1#\2#\3/p' Makefile | awk -F'#' '{printf "  %-22s %s (%s)\n", $$1, $$3, $$2}'

object_folders := target target-test stack host tsan bench bench-hardened tool fuzz libfdt
-include $(wildcard $(foreach f,$(object_folders),$(O)/$(f)/*/*.d $(O)/$(f)/*/*/*.d))
