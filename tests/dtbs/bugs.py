# SPDX-License-Identifier: BSD-2-Clause
"""Bugs for fh-memmap, one at a time, in a copy of its sources: check-dtbs has to find each.

    bugs.py --list        their names
    bugs.py NAME...       found or not, a line each; status 1 when one was not

Needs what `make check-dtbs` left: the trees of QEMU in O/dtbs. DTBS as there.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Name: file, what stands there once, and what stands there then.
BUGS = {
    "no-map-is-reserved": (
        "boot/devtree_declare.c", '"no-map", NULL) ? FH_MEM_NOMAP : FH_MEM_RESERVED',
        '"no-map", NULL) ? FH_MEM_RESERVED : FH_MEM_RESERVED'),
    "first-entry-only": (
        "boot/devtree.c", "for (int at = 0; at < bytes / 4; at += entry) {",
        "for (int at = 0; at < entry; at += entry) {"),
    "reservations-shrink": (
        "mm/memmap_resolve.c", "return ((decl->base + (decl->size - 1)) >> sweep->lg2) + 1;",
        "return (decl->base + (decl->size - 1) + 1) >> sweep->lg2;"),
    "ram-grows": (
        "mm/memmap_resolve.c", "(base >> sweep->lg2) + ((base & mask) != 0)",
        "(base >> sweep->lg2)"),
    "alignment-ignored": (
        "boot/devtree_memory.c", "request->size, request->align, low, last,",
        "request->size, 4096, low, last,"),
    "alloc-ranges-ignored": (
        "boot/devtree_memory.c", "try_place(ctx, base, base + (size - 1))",
        "try_place(ctx, base & 0, UINT64_MAX)"),
    "disabled-regions-count": (
        "boot/devtree_declare.c", 'return devtree_says(tree, node, "status", "disabled");',
        "return tree->bytes == (size_t)node;"),
    "memreserve-forgotten": (
        "boot/devtree_declare.c", "for (int i = 0; i < count && !err; i++) {",
        "for (int i = 1; i < count && !err; i++) {"),
    "reserved-beats-no-map": (
        "mm/memmap_resolve.c", "if (sweep->active[FH_MEM_NOMAP].count)",
        "if (sweep->active[FH_MEM_NOMAP].count && !sweep->active[FH_MEM_RESERVED].count)"),
    "disabled-memory-is-ram": (
        "boot/devtree_declare.c", "if (devtree_enabled(tree, node))\n\t\treturn read_memory_node",
        "if (node >= 0)\n\t\treturn read_memory_node"),
    "initrd-forgotten": (
        "boot/devtree.c", "*size = end - start;", "*size = (end - start) & 0;"),
    "pa-bits-off-by-one": (
        "boot/devtree_declare.c", "region->size = (UINT64_C(1) << bits) - region->base;",
        "region->size = (UINT64_C(1) << bits) - region->base - 4096;"),
    "placed-from-below": (
        "mm/memmap.c", "at = fh_align_down(in->last - (size - 1), align);",
        "at = fh_align_up(in->low, align);"),
    "reg-without-check": (
        "boot/devtree.c", "if (bytes == 0 || bytes % (4 * entry))", "if (bytes == 0)"),
}


def refuse(subject, value, why, name):
    print(f"fh: bugs: {subject}: {value}: {why} ({name})", file=sys.stderr)
    sys.exit(2)


def build(bug, folder):
    """Return: fh-memmap with the bug."""
    path, there, then = BUGS[bug]
    for part in ("boot", "mm", "lib", "arch", "tools", "iommu"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "Makefile", folder)
    text = (folder / path).read_text(encoding="utf-8")
    if text.count(there) != 1:
        refuse(bug, path, f"holds {text.count(there)} times what the bug replaces", "EINVAL")
    (folder / path).write_text(text.replace(there, then), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "O")}
    done = subprocess.run(["make", "-s", "-C", str(folder), "O=out", "fh-memmap"], check=False,
                          env=environment, capture_output=True, text=True)
    if done.returncode:
        refuse(bug, path, f"does not build: {done.stderr.strip()[-400:]}", "EINVAL")
    return folder / "out" / "fh-memmap"


def differs(program, words):
    done = subprocess.run(
        [sys.executable, "-B", str(HERE / "check.py"), "--program", str(program),
         "--jobs", str(os.cpu_count() or 1), *words],
        check=False, capture_output=True, text=True)
    return done.returncode == 1 and "difference 1:" in done.stdout


def found(bug, folders):
    """By the trees as they are, which takes seconds, or else by their altered copies."""
    words = [str(folder) for folder in folders]
    with tempfile.TemporaryDirectory() as name:
        program = build(bug, pathlib.Path(name))
        return differs(program, words) or differs(program, ["--seeded", *words])


def main():
    parser = argparse.ArgumentParser(description="Seed bugs into fh-memmap; see them found.")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("bug", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if args.list:
        print("\n".join(BUGS))
        return 0
    folders = [pathlib.Path(os.environ.get("DTBS") or "/nonexistent"),
               (pathlib.Path(os.environ.get("O") or "build") / "dtbs" / "qemu").resolve()]
    for folder in folders:
        if not folder.is_dir():
            refuse("trees", folder, "not there: run make check-dtbs first", "ENOENT")
    status = 0
    for bug in args.bug or BUGS:
        if bug not in BUGS:
            refuse("bug", bug, "no such bug: --list names them", "EINVAL")
        good = found(bug, folders)
        print(f"{bug}: {'found' if good else 'NOT FOUND'}", flush=True)
        status |= not good
    return status


if __name__ == "__main__":
    sys.exit(main())
