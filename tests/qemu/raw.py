# SPDX-License-Identifier: BSD-2-Clause
"""Start an image at any address with anything in x0: no bootloader of QEMU's in between.

A few instructions load x0 and the entry, and jump; QEMU's generic loader puts them, the image and
the tree into memory. The tree is the machine's own, changed step by step.
"""
import struct
import subprocess
import sys

TRAMPOLINE = 0x47000000


def trampoline(x0, entry):
    # ldr x0, .+16; ldr x1, .+20; br x1; nop; .quad x0; .quad entry
    return struct.pack("<IIIIQQ", 0x58000080, 0x580000A1, 0xD61F0020, 0xD503201F, x0, entry)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"fh: guest: {' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")


def overlay(path, source, work):
    compiled = work.with_suffix(".dtbo")
    run("dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", str(compiled), source)
    run("fdtoverlay", "-i", str(path), "-o", str(path) + ".new", str(compiled))
    (path.parent / (path.name + ".new")).replace(path)


def apply(step, path, work):
    """One change of the tree; see tests/qemu/matrix.toml for their kinds."""
    kind, *rest = step
    if kind == "put":
        run("fdtput", *rest[:1] if rest[0].startswith("-") else (), str(path),
            *rest[1 if rest[0].startswith("-") else 0:])
    elif kind == "overlay":
        overlay(path, rest[0], work)
    elif kind == "truncate":
        path.write_bytes(path.read_bytes()[:rest[0]])
    elif kind == "poke":
        data = bytearray(path.read_bytes())
        patch = bytes.fromhex(rest[1])
        data[rest[0]:rest[0] + len(patch)] = patch
        path.write_bytes(data)
    else:
        raise ValueError(f"no such step: {kind}")


def arguments(raw, machine_arguments, qemu, image, work):
    """QEMU arguments that put everything in place. @work: path without suffix for files."""
    tree = work.with_suffix(".dtb")
    plain = [a for a in machine_arguments]
    plain[plain.index("-M") + 1] += f",dumpdtb={tree}"
    run(qemu, *plain, "-display", "none", "-nic", "none")
    # Without the space that QEMU leaves for itself, truncation would cut nothing.
    run("dtc", "-q", "-I", "dtb", "-O", "dtb", "-S", "16384", "-o", str(tree) + ".new", str(tree))
    (tree.parent / (tree.name + ".new")).replace(tree)
    for step in raw.get("steps", []):
        apply(step, tree, work)
    dtb, kernel = int(raw.get("dtb", "0x48000000"), 0), int(raw.get("kernel", "0x40200000"), 0)
    x0 = dtb if raw.get("x0", "dtb") == "dtb" else int(raw["x0"], 0)
    jump = work.with_suffix(".jump")
    jump.write_bytes(trampoline(x0, kernel))
    loads = [(image, kernel), (jump, TRAMPOLINE)]
    if tree.stat().st_size:
        loads.append((tree, dtb))
    result = []
    for file, address in loads:
        result += ["-device", f"loader,file={file},addr={address:#x},force-raw=on"]
    return result + ["-device", f"loader,addr={TRAMPOLINE:#x},cpu-num=0"]
