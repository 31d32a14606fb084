# SPDX-License-Identifier: BSD-2-Clause
"""
Device trees for raw starts: the machine's own, as QEMU dumps it, changed step by step.

A step is a table with one key:
  overlay = "dts/x.dtso"                              compiled and applied
  set = { node, property, type = "x"|"s"|"u", values } fdtput; x: cells in hex, s: strings
  regions = { count, first }                          no-map regions, each second frame from first
  remove = "/node"                                    a node and what is below it
  unset = { node, property }                          a property
  poke = { offset, hex }                              bytes; negative offsets count from the end
  truncate = N                                        the first N bytes; negative: N less
"""
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class TreeError(Exception):
    """A tool refused; the text is the tool's."""


def run(*words):
    if not shutil.which(words[0]):
        raise TreeError(f"{words[0]}: not found: install device-tree-compiler (ENOENT)")
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise TreeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")


def dump(qemu, options, blob):
    machine = options[options.index("-M") + 1]
    options = [f"{word},dumpdtb={blob}" if word == machine else word for word in options]
    run(*qemu, *options, "-nodefaults", "-display", "none", "-nic", "none", "-S")
    # QEMU leaves room at the end, which would hide a truncation.
    run("dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", f"{blob}.packed", str(blob))
    shutil.move(f"{blob}.packed", blob)


def put(blob, node, name, values, kind):
    words = ["fdtput"]
    if kind:
        words += ["-t", kind]
    run(*words, str(blob), node, name, *map(str, values))


def overlay(blob, source):
    run("dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", f"{blob}o", str(ROOT.joinpath(source)))
    run("fdtoverlay", "-i", str(blob), "-o", f"{blob}.merged", f"{blob}o")
    shutil.move(f"{blob}.merged", blob)


def regions(blob, count, first):
    """Many regions; dtc runs out of memory on more than some 9,000 siblings at a time."""
    for start in range(0, count, 5000):
        bases = [first + 0x2000 * i for i in range(start, min(start + 5000, count))]
        nodes = [f"r@{base:x} {{ reg = <{base >> 32:#x} {base & 0xffffffff:#x} 0 0x1000>; no-map; }};"
                 for base in bases]
        source = pathlib.Path(f"{blob}.regions.dtso")
        source.write_text("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { "
                          "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; "
                          + "\n".join(nodes) + " }; }; }; };")
        overlay(blob, source)


def poke(blob, offset, data):
    content = bytearray(blob.read_bytes())
    offset %= len(content)
    if offset + len(data) > len(content):
        raise TreeError(f"{blob}: poke at {offset}: outside its {len(content)} bytes")
    content[offset:offset + len(data)] = data
    blob.write_bytes(content)


def apply(blob, step):
    ((what, how),) = step.items()
    if what == "overlay":
        overlay(blob, how)
    elif what == "set":
        put(blob, how["node"], how["property"], how.get("values", []), how.get("type", "x"))
    elif what == "regions":
        regions(blob, how["count"], int(how["first"], 16))
    elif what == "remove":
        run("fdtput", "-r", str(blob), how)
    elif what == "unset":
        run("fdtput", "-d", str(blob), how["node"], how["property"])
    elif what == "poke":
        poke(blob, how["offset"], bytes.fromhex(how["hex"]))
    elif what == "truncate":
        blob.write_bytes(blob.read_bytes()[:how])
    else:
        raise TreeError(f"{what}: no such step")


def make(qemu, options, bootargs, steps, blob):
    """Write the tree of the machine that qemu and options describe, changed by steps, to blob."""
    dump(qemu, options, blob)
    if bootargs:
        put(blob, "/chosen", "bootargs", [bootargs], "s")
    for step in steps:
        apply(blob, step)
