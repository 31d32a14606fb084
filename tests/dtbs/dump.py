# SPDX-License-Identifier: BSD-2-Clause
"""Has QEMU write down the device trees of its arm64 machines, with many options each.

    dump.py --qemu PROGRAM [--qemu PROGRAM]... --out FOLDER

A machine or an option that a QEMU does not know is named on stderr and left out.
"""

import argparse
import concurrent.futures
import itertools
import pathlib
import re
import subprocess
import sys

SECONDS = 20

MACHINES = [
    "", "secure=on", "virtualization=on", "secure=on,virtualization=on", "highmem=off",
    "gic-version=2", "gic-version=3", "gic-version=max", "its=off,gic-version=3", "iommu=smmuv3",
    "mte=on", "acpi=off", "dtb-randomness=off", "compact-highmem=off",
    "secure=on,iommu=smmuv3,gic-version=3", "highmem=off,secure=on,mte=on",
]
OLD = ["virt-2.12", "virt-4.2", "virt-5.2", "virt-6.2", "virt-7.2", "virt-9.1"]
# Sizes in MiB: round ones, odd ones, below and above the 4 GiB border and the first terabyte.
SIZES = [64, 100, 511, 513, 1023, 3072, 4096, 40961, 255 * 1024, 1024 * 1024]
CPUS = [1, 4, 8]
NODES = [1, 2, 3]
OTHERS = ["sbsa-ref", "xlnx-versal-virt"]


def memory(size, nodes=0):
    """Options for so many MiB: address space alone, in so many NUMA nodes or none."""
    if not nodes:
        return ["-m", f"{size}M", "-object", f"memory-backend-ram,id=ram,size={size}M,reserve=off"]
    words = ["-m", f"{size}M"]
    part = size // (nodes + 1)
    for node in range(nodes):
        share = size - part * (nodes - 1) if node == 0 else part
        words += ["-object", f"memory-backend-ram,id=n{node},size={share}M,reserve=off",
                  "-numa", f"node,memdev=n{node}"]
    return words


def virt(machine, extra, size, cpus=1, nodes=0, files=()):
    parts = [machine] + [extra] * bool(extra) + ["memory-backend=ram"] * (not nodes)
    return [",".join(parts), "-cpu", "max", "-smp", str(cpus), *memory(size, nodes), *files]


def machines(folder):
    """Every command line, but for where the tree goes: the machine with its options first."""
    image = folder / "image"
    image.write_bytes(bytes(range(1, 256)) * 64)
    boot = ["-kernel", str(image), "-initrd", str(image), "-append", "fh.run=main"]
    for extra, size in itertools.product(MACHINES, SIZES):
        yield virt("virt", extra, size)
    for extra, cpus, nodes in itertools.product(MACHINES[:6], CPUS, NODES):
        yield virt("virt", extra, 1027, cpus, nodes)
    for extra, size in itertools.product(MACHINES[:5], SIZES[:6]):
        yield virt("virt", extra, size, files=boot)
    for machine, size in itertools.product(OLD, (513, 5000)):
        yield virt(machine, "", size)
    for machine in OTHERS:
        yield [machine]
        yield [machine, *boot]


def label(words):
    """The options as a file's name: without what divides options from each other."""
    told = [word for word in words if not word.startswith(("memory-backend", "/", "-object"))]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", "_".join(told))[:180]


def dump(qemu, words, out):
    """Return: None, or why there is no tree."""
    blob = out / f"{label(words)}.dtb"
    command = [qemu, "-M", f"{words[0]},dumpdtb={blob}", *words[1:], "-display", "none",
               "-nic", "none", "-vga", "none", "-nodefaults"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"still running after {SECONDS} s"
    if blob.exists():
        return None
    return (done.stderr.strip().splitlines() or ["wrote no tree"])[0]


def main():
    parser = argparse.ArgumentParser(description="Dump the trees of QEMU's machines.")
    parser.add_argument("--qemu", action="append", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    count = 0
    for number, qemu in enumerate(args.qemu):
        out = args.out / f"qemu{number}"
        out.mkdir(parents=True, exist_ok=True)
        lines = list(machines(args.out))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for words, why in zip(lines, pool.map(lambda w: dump(qemu, w, out), lines)):
                if why:
                    print(f"fh: dump: {label(words)}: {why}", file=sys.stderr)
                count += not why
    print(f"{count} trees dumped")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
