#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/embed against the installed library and nothing else of the tree, on the host and on the
# machine: built with its own platform headers, it runs and accounts for every frame.
. "$(dirname "$0")/tap.sh"

into=$(realpath "$O")/embed
source=$PWD/examples/embed
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
flags=(-std=gnu17 -O2 -Wall -Wextra -Werror)
rm -rf "$into"
mkdir -p "$into"

# The example's sources alone, without its platform: that is in the library.
cp "$source"/*.[ch] "$into"

installed() { # SIDE MAKE-VARIABLE...
    local side=$1
    shift
    fresh_make -s install O="$into/build-$side" DESTDIR="$into/$side" PREFIX=/usr ARCH_DIR=examples/embed/platform "$@"
}
cflags() { PKG_CONFIG_SYSROOT_DIR= PKG_CONFIG_LIBDIR="$into/$1/usr/lib/pkgconfig" pkg-config --define-variable=prefix="$into/$1/usr" --cflags freehold; }
libs() { PKG_CONFIG_LIBDIR="$into/$1/usr/lib/pkgconfig" pkg-config --define-variable=prefix="$into/$1/usr" --libs freehold; }

# shellcheck disable=SC2046
build_host() { (cd "$into" && "${HOSTCC:-gcc}" "${flags[@]}" $(cflags host) -o embed-host embed.c host.c $(libs host)); }
# Of headers it gets the compiler's own: a firmware has no others, and those of the host are not for it.
# shellcheck disable=SC2046
build_target() {
    (cd "$into" && "${cross}gcc" "${flags[@]}" -nostdinc -isystem "$("${cross}gcc" -print-file-name=include)" -ffreestanding -fno-pie -mstrict-align -mgeneral-regs-only $(cflags target) \
        -nostdlib -static -no-pie -Wl,-Ttext=0x40200000,-e,embed_start,--build-id=none -o embed-target embed.c target.c $(libs target))
}

expected() { # FILE
    local line
    while read -r line; do
        grep -qxE "$line" "$1" || { echo "no line: $line"; cat "$1"; return 1; }
    done <<'LINES'
embed: frames: 1024
embed: offset that the device reaches in the page: 12293
embed: invalidations: 1
fh: page: 0x[0-9a-f]+: 0x[0-9a-f]+: double-free, frame is free, declared by embed memory.* \(ENOENT\)
embed: refusals: 1
embed: frames missing at the end: 0
embed: done: status 0
LINES
}
run_host() { "$into/embed-host" >"$into/host.log" && expected "$into/host.log"; }
run_target() {
    # shellcheck disable=SC2086
    timeout 60 ${QEMU:-qemu-system-aarch64} -M virt -cpu cortex-a72 -m 64 -display none -monitor none -nic none \
        -semihosting -serial "file:$into/target.log" -kernel "$into/embed-target" </dev/null && expected "$into/target.log"
}

check build.embed.install_host installed host CROSS_COMPILE= ARCH_FLAGS=
check build.embed.build_host build_host
check build.embed.run_host run_host
check build.embed.install_target installed target
check build.embed.build_target build_target
check build.embed.run_target run_target
plan
