# SPDX-License-Identifier: BSD-2-Clause
"""
A start without -kernel: image, device tree and x0 are what the guest's declaration says, wherever
it says. A few instructions, one page below the tree, load x0 and jump.
"""
import struct

import machine
import tree

#   ldr x0, 1f;  ldr x1, 2f;  br x1;  nop;  1: .quad x0;  2: .quad kernel
TRAMPOLINE = (0x58000080, 0x580000A1, 0xD61F0020, 0xD503201F)


def number(text, dtb):
    return dtb if text == "dtb" else int(str(text), 0)


def load(path, address):
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


def prepare(guest, image, bootargs, folder):
    """Write the files into folder. Return: QEMU options that load them and start the CPU."""
    dtb = int(guest.raw["dtb"], 0)
    kernel = int(guest.raw["kernel"], 0)
    x0 = number(guest.raw["x0"], dtb)
    folder.mkdir(parents=True, exist_ok=True)
    blob = folder / "tree.dtb"
    tree.make(machine.qemu(guest.qemu), machine.options(guest), bootargs, guest.raw["tree"], blob)
    start = folder / "start.bin"
    start.write_bytes(struct.pack("<4I2Q", *TRAMPOLINE, x0, kernel))
    return (
        load(image, kernel) + load(blob, dtb) + load(start, dtb - 4096)
        + ["-device", f"loader,addr={dtb - 4096:#x},cpu-num=0"]
    )
