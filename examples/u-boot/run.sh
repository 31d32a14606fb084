#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Starts U-Boot in QEMU's virt machine with a disk that holds a script and a kernel Image.
#
#   run.sh FOLDER SCRIPT IMAGE OPTION...
#
# FOLDER is made anew for the files; OPTIONs are QEMU's. From the environment: QEMU; UBOOT, the
# firmware (Debian's u-boot-qemu); BOOTARGS for the kernel.
set -euo pipefail

qemu=${QEMU:-qemu-system-aarch64}
uboot=${UBOOT:-/usr/lib/u-boot/qemu_arm64/u-boot.bin}
folder=$1 script=$2 image=$3
shift 3

fail() { echo "fh: u-boot: $*" >&2; exit 1; }

[ -r "$uboot" ] || fail "$uboot: not there: install u-boot-qemu, or set UBOOT (ENOENT)"
for tool in mkimage mkenvimage; do
    command -v $tool >/dev/null || fail "$tool: not found: install u-boot-tools (ENOENT)"
done

rm -rf "$folder"
mkdir -p "$folder/disk"
cp "$image" "$folder/disk/freehold.img"
mkimage -A arm64 -T script -d "$script" "$folder/disk/boot.scr" >/dev/null || fail "$script: mkimage refuses it"

# U-Boot would find boot.scr by itself, after two seconds for a key. This is its environment instead: no
# delay, and a script that comes back ends the run.
printf '%s\n' bootdelay=-2 scriptaddr=0x40200000 kernel_addr_r=0x40400000 \
    "bootcmd=load virtio 0:1 \${scriptaddr} boot.scr; source \${scriptaddr}; reset" "bootargs=${BOOTARGS:-}" |
    mkenvimage -s 0x40000 -o "$folder/flash.img" - || fail "mkenvimage: fails"
# QEMU wants the whole of the flash.
truncate -s 64M "$folder/flash.img"

# shellcheck disable=SC2086 # words
exec $qemu "$@" -no-reboot -bios "$uboot" \
    -drive "if=pflash,unit=1,format=raw,readonly=on,file=$folder/flash.img" \
    -drive "if=none,id=disk,format=raw,readonly=on,file=fat:$folder/disk" -device virtio-blk-device,drive=disk
