#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A console that the build names: it says what is wrong with a tree that names none, because
# nothing of it can be read.
. "$(dirname "$0")/../build/tap.sh"

qemu=${QEMU:-qemu-system-aarch64}
folder=$O/early
blob=$folder/twice.dtb
options=(-cpu cortex-a72 -m 512 -nic none -display none -monitor none)
refusal='^fh: devtree: /:#address-cells: 0x2: stands twice \(EINVAL\)$'

# #address-cells stands twice in the root.
make_tree() {
    mkdir -p "$folder" &&
        "$qemu" -M "virt,dumpdtb=$blob" "${options[@]}" &&
        fdtput -t u "$blob" / '#address-cellz' 2 &&
        sed -i 's/#address-cellz/#address-cells/' "$blob"
}

# boot IMAGE: what the serial port says. Semihosting ends the run; its own text goes to stderr.
boot() {
    timeout 60 "$qemu" -M virt "${options[@]}" -no-reboot -semihosting -serial stdio \
        -kernel "$1" -dtb "$blob" </dev/null 2>/dev/null | tr -d '\r'
}

silent() { [ -z "$(boot "$O/freehold.img")" ]; }

early() {
    boot "$folder/freehold.img" >"$folder/serial.log"
    cat "$folder/serial.log"
    grep -qE '^fh: boot: early console: arm,pl011 at 0x9000000$' "$folder/serial.log" &&
        grep -qE "$refusal" "$folder/serial.log"
}

# With a good tree its own console goes on.
both() {
    timeout 60 "$qemu" -M virt "${options[@]}" -no-reboot -semihosting -serial stdio \
        -kernel "$folder/freehold.img" </dev/null | tr -d '\r' >"$folder/both.log"
    tail -n 3 "$folder/both.log"
    grep -qE '^fh: boot: early console: ' "$folder/both.log" &&
        grep -qE '^fh: main: done: status 0$' "$folder/both.log"
}

refused() { ! fresh_make -s O="$folder" EARLY=arm,pl011 images; }

check early.tree make_tree
check early.build fresh_make -s O="$folder" EARLY=arm,pl011@0x9000000 images
check early.console early
check early.silent_without silent
check early.goes_on both
check early.bad_value refused
plan
