#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The binding is valid dt-schema; the good hand-over keeps it, and so do the trees that the example stage and
# U-Boot hand over, as they lie in the guest's RAM; those that break it are told so.
# Needs Debian's dt-schema; skipped without.
. "$(dirname "$0")/tap.sh"

if ! command -v dt-validate >/dev/null; then
    echo "ok 1 build.bindings # SKIP dt-schema is not installed"
    echo "1..1"
    exit 0
fi
work=$(realpath "$O")/bindings
mkdir -p "$work"

schema() {
    (cd dts/bindings && dt-doc-validate freehold,shared-table.yaml) || return 1
    dt-mk-schema -j dts/bindings >"$work/schema.json"
}
# What the schema says of one overlay on QEMU's own tree; nothing when all is well.
verdict() {
    "${QEMU:-qemu-system-aarch64}" -M "virt,dumpdtb=$work/virt.dtb" -cpu cortex-a72 -m 512 -display none -nic none 2>/dev/null &&
        dtc -q -I dtb -O dtb -S 65536 -o "$work/base.dtb" "$work/virt.dtb" &&
        dtc -q -@ -I dts -O dtb -o "$work/overlay.dtbo" "$1" &&
        fdtoverlay -i "$work/base.dtb" -o "$work/tree.dtb" "$work/overlay.dtbo" || echo "cannot be applied"
    dt-validate -s "$work/schema.json" -l freehold,shared-table "$work/tree.dtb" 2>&1 | grep translated-device
}
accepted() { ! verdict "$1" | grep .; }
refused() { verdict "$1" | grep "$2"; }
# What all schemas, ours among them, say of a tree: complaints without the tree's name.
complaints() { dt-validate -s "$work/schema.json" "$1" 2>&1 | sed "s,^$1: ,," | sort; }
# The tree that a stage hands over draws no complaint that QEMU's own, which it has completed, does not draw.
handed() {
    /usr/bin/python3 -B tests/qemu/ram.py "$1" "$work/$1" &&
        [ "$(fdtget "$work/$1/tree.dtb" /translated-device@9010000 compatible)" = freehold,shared-table ] || return 1
    "${QEMU:-qemu-system-aarch64}" -M "virt,virtualization=on,dumpdtb=$work/$1/virt.dtb" -cpu cortex-a72 -m 128 -smp 2 \
        -display none -nic none 2>/dev/null
    diff <(complaints "$work/$1/virt.dtb") <(complaints "$work/$1/tree.dtb") || return 1
    # A complaint about it would be seen.
    cp "$work/$1/tree.dtb" "$work/$1/wrong.dtb" && fdtput -t u "$work/$1/wrong.dtb" /translated-device@9010000 freehold,granule 8192
    complaints "$work/$1/wrong.dtb" | grep -q 'freehold,granule.*8192 is not one of'
}

check build.bindings.schema schema
check build.bindings.good accepted dts/shared-table.dtso
check build.bindings.granule refused dts/bad/granule.dtso 'freehold,granule.*8192 is not one of'
check build.bindings.names refused dts/bad/names-mismatch.dtso 'memory-region-names.*does not contain'
check build.bindings.stage refused dts/bad/stage-missing.dtso "'freehold,stage' is a required property"
check build.bindings.stage_in_qemu handed stage
check build.bindings.u_boot handed u-boot
plan
