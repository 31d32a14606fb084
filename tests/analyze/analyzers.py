# SPDX-License-Identifier: BSD-2-Clause
"""The compilers as analyzers, with their options, and what they find in a file."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "qemu"))

os.chdir(ROOT)
# The patterns below are of messages in English.
os.environ["LC_ALL"] = "C"
BUILD = pathlib.Path(os.environ.get("O") or "build")
# Sizes of structs depend on it, as of installed headers on the one that is installed with them.
CONFIG = ("-include", str(BUILD / "include/config.h"))
WORK = BUILD / "analyze"
CROSS = os.environ.get("CROSS_COMPILE") or "aarch64-linux-gnu-"
# The host tests may be built by another compiler; only gcc has this analyzer.
HOSTCC = os.environ.get("HOSTCC") or "gcc"
HOSTCC = HOSTCC if "gcc" in HOSTCC else "gcc"
CLANG = "clang"

# gcc 12 does not follow what loops over arrays and copies of structs write, and calls it
# uninitialised (boot/devtree_room.c, tests/unit/mm.memmap.oracle.c). Nothing else is off.
GCC_FLAGS = ["-O0", "-fanalyzer", "-Wall", "-Wno-analyzer-use-of-uninitialized-value", "-DFH_ANALYZE"]
# Optimistic: believe the attributes that FH_OWNED_BY() and FH_TAKES() become.
CLANG_FLAGS = ["--analyze", "-Wno-unused-command-line-argument",
               "-Xclang", "-analyzer-output=text", "-Xanalyzer", "-analyzer-config",
               "-Xanalyzer", "unix.DynamicMemoryModeling:Optimistic=true"]
FINDING = re.compile(r"(?:warning|error): .*?(?:\[CWE-\d+\] )?\[([\w.-]+)\]$")


def run(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    return done.returncode, done.stderr


def own_headers(compiler):
    """The folder of headers that a compiler brings along."""
    words = [*compiler, "-print-file-name=include"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def freestanding(compiler):
    # -fbuiltin: malloc() and free() of the snippets are those of C all the same.
    return [*compiler, "-ffreestanding", "-fbuiltin", "-nostdinc", "-isystem", own_headers(compiler)]


def findings(words):
    """Return: the set of what a compiler finds, and all that it said. No silent failure."""
    status, said = run(words)
    found = {match[1] for match in map(FINDING.search, said.splitlines()) if match}
    if status and not found:
        found = {f"status {status}"}
    if said and not found:
        found = {"a message without a name"}
    return found, said


def each(work, items):
    """work(item) for all items, as many at a time as there are CPUs; in their order."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from zip(items, pool.map(work, items))
