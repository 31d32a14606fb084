# SPDX-License-Identifier: BSD-2-Clause
"""The QEMU command line of a guest."""
import os
import pathlib
import re
import shlex
import shutil

import raw


class SetupError(Exception):
    """Something that the run needs is not there; the text says what and how to get it."""


def build_folder():
    return pathlib.Path(os.environ.get("O") or "build")


def qemu(which):
    """The program for `system` or `10`, as make names it in QEMU and QEMU10."""
    variable = "QEMU10" if which == "10" else "QEMU"
    default = "qemu-system-aarch64" if which == "system" else ""
    words = shlex.split(os.environ.get(variable) or default)
    if not words:
        raise SetupError(f"{variable}: not set: name a qemu-system-aarch64 of version 10 or later")
    if not shutil.which(words[0]):
        raise SetupError(f"{variable}: {words[0]}: not found (ENOENT)")
    return words


def built(name):
    path = build_folder() / name
    if not path.exists():
        raise SetupError(f"{path}: no such image: run make first (ENOENT)")
    return str(path)


def kib(size):
    """A size as -m takes it, in KiB."""
    return int(size[:-1]) << {"K": 0, "M": 10, "G": 20, "T": 30}[size[-1]]


def numa(guest):
    """The memory in as many nodes as the guest declares, the first the largest."""
    whole = kib(guest.memory)
    part = whole // (guest.numa + 1) // 1024 * 1024
    sizes = [whole - part * (guest.numa - 1)] + [part] * (guest.numa - 1)
    words = []
    for node, size in enumerate(sizes):
        words += ["-object", f"memory-backend-ram,id=node{node},size={size}K,reserve=off",
                  "-numa", f"node,memdev=node{node}"]
    return words


def board_tree(name):
    """A tree of Debian's kernels, of the newest one that has it; make check-long sets DTBS."""
    folder = os.environ.get("DTBS") or ""
    found = sorted(pathlib.Path(folder).glob(f"linux-image-*/{name}"),
                   key=lambda path: [int(n) for n in re.findall(r"\d+", path.parts[-3])])
    if not folder or not found:
        raise SetupError(f"DTBS: {folder or 'not set'}: no {name} below it: use make check-long")
    return str(found[-1])


def board(guest):
    """A board of QEMU's own, with the tree that Linux has for it."""
    words = ["-M", guest.board["machine"], "-dtb", board_tree(guest.board["dtb"])]
    if "memory" in guest.board:
        words += ["-m", guest.board["memory"]]
    return words + ["-smp", str(guest.smp)]


def options(guest):
    """What makes the machine: enough to have QEMU describe it as a device tree."""
    if guest.board:
        return board(guest)
    machine = ["virt"]
    if guest.el == 2:
        machine.append("virtualization=on")
    if guest.el == 3:
        machine.append("secure=on")
    if guest.machine:
        machine.append(guest.machine)
    memory = []
    if guest.numa:
        memory = numa(guest)
    elif guest.memory.endswith("T"):
        # Address space alone: nothing is set aside for what the guest never touches.
        memory = ["-object", f"memory-backend-ram,id=ram,size={guest.memory},reserve=off"]
        machine.append("memory-backend=ram")
    return memory + [
        "-M", ",".join(machine), "-cpu", guest.cpu, "-m", guest.memory, "-smp", str(guest.smp),
    ]


QUIET = [
    "-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
]


def initrd(folder, count):
    """A file of so many bytes, none of which is zero."""
    path = pathlib.Path(folder) / "initrd"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(i % 251 + 1 for i in range(count)))
    return str(path)


def command(guest, folder, append):
    """
    The whole command.
    folder: for files that a raw start is made of.
    append: bootargs beside the guest's own.
    """
    bootargs = " ".join(word for word in (guest.append, append) if word)
    names = {"test": "freehold-test"}
    image = built(f"{names.get(guest.image, guest.image)}.{guest.format}")
    words = qemu(guest.qemu) + options(guest) + QUIET
    words += ["-serial", "null"] * guest.board.get("serial", 0) + ["-serial", "stdio"]
    words += ["-semihosting"] if guest.semihosting else []
    if guest.raw:
        return words + raw.prepare(guest, image, bootargs, folder)
    if guest.stage:
        words += ["-kernel", built(f"{guest.stage}.img"), "-initrd", image]
    else:
        words += ["-kernel", image]
    if guest.initrd:
        words += ["-initrd", initrd(folder, guest.initrd)]
    return words + (["-append", bootargs] if bootargs else [])
