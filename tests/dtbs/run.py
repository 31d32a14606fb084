# SPDX-License-Identifier: BSD-2-Clause
"""`make check-dtbs`: every device tree that is to be had, read by fh-memmap and by reader.py.

Debian's kernels' trees lie in DTBS, a folder a kernel; QEMU's are dumped into O/dtbs, those of
tests/devtree are compiled there. Prints a table a folder; fails on any difference, and when fewer
filled trees are accepted than were once.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

# Accepted with RAM filled in, by series of the kernel; of a series not known yet:
RECORDED = {"6.1": 575, "6.12": 1023}
RECORDED_OTHERS = 1000
# By number of QEMUs.
RECORDED_QEMU = {1: 230, 2: 480}
RECORDED_CORPUS = 90


def refuse(subject, value, why, name):
    print(f"fh: check-dtbs: {subject}: {value}: {why} ({name})", file=sys.stderr)
    sys.exit(1)


def compare(folder, least):
    print(f"\n{folder.name}: at least {least} of its trees are to be accepted", flush=True)
    words = [sys.executable, "-B", str(HERE / "check.py"), "--program",
             str(pathlib.Path(os.environ.get("O") or "build") / "fh-memmap"),
             "--jobs", str(os.cpu_count() or 1), "--least", str(least), "--seeded", str(folder)]
    return subprocess.run(words, check=False).returncode


def dump(qemus):
    """Return: the folder of QEMU's trees. What a QEMU does not know stands in a log beside it."""
    folder = pathlib.Path(os.environ.get("O") or "build") / "dtbs" / "qemu"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = [sys.executable, "-B", str(HERE / "dump.py"), "--out", str(folder)]
    for qemu in qemus:
        words += ["--qemu", qemu]
    with open(f"{folder}.log", "w", encoding="utf-8") as log:
        if subprocess.run(words, stderr=log, check=False).returncode:
            refuse("QEMU", " ".join(qemus), f"dumped no tree: {folder}.log says why", "ENOENT")
    return folder


def corpus():
    folder = pathlib.Path(os.environ.get("O") or "build") / "dtbs" / "corpus"
    shutil.rmtree(folder, ignore_errors=True)
    words = [sys.executable, "-B", str(HERE.parent / "devtree" / "corpus.py"), "--out", str(folder)]
    if subprocess.run(words, check=False).returncode:
        refuse("corpus", folder, "cannot be made", "EIO")
    return folder


def main():
    dtbs = pathlib.Path(os.environ.get("DTBS") or "/nonexistent")
    kernels = sorted(path for path in dtbs.glob("linux-image-*") if path.is_dir())
    if not kernels:
        refuse("DTBS", dtbs, "holds no linux-image-*: make check-dtbs sets it", "ENOENT")
    failed = 0
    for kernel in kernels:
        series = re.match(r"linux-image-(\d+\.\d+)", kernel.name)
        failed += compare(kernel, RECORDED.get(series and series.group(1), RECORDED_OTHERS)) != 0
    qemus = []
    for name in ("QEMU", "QEMU10"):
        qemus += [word for word in shlex.split(os.environ.get(name, ""))[:1] if word not in qemus]
    failed += compare(dump(qemus), RECORDED_QEMU.get(len(qemus), 0)) != 0
    failed += compare(corpus(), RECORDED_CORPUS) != 0
    print(f"\n{'FAILED: ' + str(failed) + ' folders' if failed else 'no difference'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
