# SPDX-License-Identifier: BSD-2-Clause
"""Reads a flattened device tree and says which memory is whose: a second opinion on fh-memmap.

parse() turns the binary into the few nodes that matter, answer() decides; read() does both.
Every question about memory is answered by cutting the address space at every boundary that anyone
names and counting, per elementary interval, how many of each layer cover it.
"""

import argparse
import dataclasses
import itertools
import json
import re
import struct
import sys
from bisect import bisect_right

MAGIC = 0xD00DFEED
HEADER_BYTES = 40
TAG_BEGIN, TAG_END_NODE, TAG_PROP, TAG_NOP, TAG_END = 1, 2, 3, 4, 9
TOP = 1 << 64
LEAST_IMAGE_ALIGNMENT = 4096

CELLS = (b"#address-cells", b"#size-cells")
MEMORY_PROPS = (b"device_type", b"status", b"reg", b"linux,usable-memory", b"hotpluggable",
                b"numa-node-id")
CHOSEN_PROPS = (b"linux,usable-memory-range", b"linux,initrd-start", b"linux,initrd-end")
RESERVED_PROPS = CELLS + (b"ranges",)
REGION_PROPS = (b"status", b"reg", b"size", b"alignment", b"alloc-ranges", b"no-map", b"reusable")


class Refused(Exception):
    """The tree is refused; slug names the rule and does not change with the wording."""

    def __init__(self, slug, text, status=1):
        super().__init__(text)
        self.slug = slug
        self.status = status


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line can say. kernel, memory: (base, size); dtb: (base, size or None)."""

    kernel: tuple = None
    dtb: tuple = None
    memory: tuple = ()
    page: int = 4096
    pa_bits: int = 64
    no_dynamic: bool = False


class Node:
    """One node that may matter, with its properties in order, twins included."""

    def __init__(self, path, name):
        self.path = path
        self.name = name
        self.props = []
        self.children = []

    def called(self, base):
        """Is this `base`, with or without a unit address?"""
        return self.name.split(b"@", 1)[0] == base

    def values(self, name):
        return [value for key, value in self.props if key == name]

    def pick(self, wanted):
        """The wanted properties that are there; one that stands twice is refused."""
        found = {}
        for name, value in self.props:
            if name not in wanted:
                continue
            if name in found:
                refuse("property-twice", f"{self.path}: {show(name)}: stands twice")
            found[name] = value
        return found


@dataclasses.dataclass
class Tree:
    """The parsed binary: totalsize, the /memreserve/ list as (base, size), the root."""

    totalsize: int
    memreserve: list
    root: Node


def refuse(slug, text):
    raise Refused(slug, text)


def show(name):
    """A name or path as it is printed: every byte outside 0x21..0x7e is '?'."""
    return "".join(chr(byte) if 0x21 <= byte <= 0x7E else "?" for byte in name)


# The binary


def parse(blob):
    """The Tree in `blob`, or Refused."""
    if len(blob) < 4 or int.from_bytes(blob[:4], "big") != MAGIC:
        raise Refused("not-a-tree", "does not begin with the magic number", 2)
    if len(blob) < HEADER_BYTES:
        refuse("header-cut", "shorter than its header")
    (_, totalsize, off_struct, off_strings, off_memreserve, version, compatible, _,
     size_strings, size_struct) = struct.unpack_from(">10I", blob)
    if not HEADER_BYTES <= totalsize <= len(blob):
        refuse("totalsize", f"totalsize {totalsize}, the file has {len(blob)}")
    if version < 17 or compatible > 17:
        refuse("version", f"version {version}, compatible with {compatible}")
    if off_memreserve % 8 or off_struct % 4:
        refuse("offset-unaligned", f"off_mem_rsvmap {off_memreserve}, off_dt_struct {off_struct}")
    memreserve, memreserve_end = parse_memreserve(blob, off_memreserve, totalsize)
    check_blocks([(off_memreserve, memreserve_end), (off_struct, off_struct + size_struct),
                  (off_strings, off_strings + size_strings)], totalsize)
    return Tree(totalsize, memreserve,
                parse_structure(blob[off_struct:off_struct + size_struct],
                                blob[off_strings:off_strings + size_strings]))


def parse_memreserve(blob, offset, totalsize):
    """The reservation list and the offset behind its (0, 0)."""
    found = []
    if offset < HEADER_BYTES:
        refuse("block-bounds", f"memory reservations at {offset}: inside the header")
    while offset + 16 <= totalsize:
        base, size = struct.unpack_from(">QQ", blob, offset)
        offset += 16
        if not base and not size:
            return found, offset
        if not size:
            refuse("memreserve-empty", f"memory reservation at {base:#x}: size 0")
        if base + size > TOP:
            refuse("wrap", f"memory reservation {base:#x}: {size:#x}: beyond 2^64")
        found.append((base, size))
    return refuse("memreserve-unterminated", "memory reservations without (0, 0)")


def check_blocks(blocks, totalsize):
    """Blocks lie between the header and totalsize and share no byte; an empty one has none."""
    for low, high in blocks:
        if low < HEADER_BYTES or high > totalsize:
            refuse("block-bounds", f"block {low}..{high}: outside {HEADER_BYTES}..{totalsize}")
    held = sorted(block for block in blocks if block[0] < block[1])
    for (_, end), (start, _) in zip(held, held[1:]):
        if start < end:
            refuse("block-overlap", f"block at {start}: the one before it ends at {end}")


class Properties:
    """Reads the properties of a structure block; each name is looked up once."""

    def __init__(self, block, strings):
        self.block = block
        self.strings = strings
        self.last_end = strings.rfind(b"\0")
        self.names = {}

    def read(self, words, at, node):
        """Read the property whose header is words[at], into `node` if any: the index behind it."""
        if at + 2 > len(words):
            refuse("property-cut", "property header beyond the block")
        length, name_at = words[at], words[at + 1]
        start = 4 * (at + 2)
        if start + length > len(self.block):
            refuse("property-cut", f"property of {length} bytes: beyond the block")
        # A name that begins at or before the last NUL has an end, and no other does.
        if name_at > self.last_end:
            refuse("property-name", f"property name at {name_at}: no end in the strings")
        if node is not None:
            if name_at not in self.names:
                end = self.strings.index(b"\0", name_at)
                self.names[name_at] = self.strings[name_at:end]
            node.props.append((self.names[name_at], self.block[start:start + length]))
        return (start + length + 3) // 4


def parse_structure(block, strings):
    """Walk every token once; keep the root, its children and those of /reserved-memory."""
    words = struct.unpack_from(f">{len(block) // 4}I", block)
    properties = Properties(block, strings)
    root, top, node = None, None, None
    at, depth, takes_props = 0, 0, False
    while at < len(words):
        tag = words[at]
        at += 1
        if tag == TAG_PROP:
            if not takes_props:
                refuse("property-misplaced", "property after a subnode or outside any node")
            at = properties.read(words, at, node)
        elif tag == TAG_BEGIN:
            end = block.find(b"\0", 4 * at)
            if end < 0:
                refuse("node-name", "node name without an end")
            if depth == 0 and root is not None:
                refuse("roots", "a second root")
            name = block[4 * at:end]
            at = end // 4 + 1
            depth += 1
            takes_props = True
            node = keep(depth, name, root, top)
            root = node if depth == 1 else root
            top = node if depth == 2 else top
        elif tag == TAG_END_NODE:
            if depth == 0:
                refuse("unbalanced", "end of a node that did not begin")
            depth -= 1
            takes_props = False
        elif tag == TAG_END:
            if depth or root is None:
                refuse("unbalanced" if depth else "roots", f"end of the tree at depth {depth}")
            return root
        elif tag != TAG_NOP:
            refuse("tag", f"tag {tag:#x}")
    return refuse("no-end", "the structure block has no end tag")


def keep(depth, name, root, top):
    """A Node for what begins at `depth`, or None when nobody asks for it."""
    if depth == 1:
        if name:
            refuse("root-name", f"root {show(name)}: has a name")
        return Node("/", name)
    if depth == 2:
        root.children.append(Node("/" + show(name), name))
        return root.children[-1]
    if depth == 3 and top.called(b"reserved-memory"):
        top.children.append(Node(top.path + "/" + show(name), name))
        return top.children[-1]
    return None


# Values


def first_string(value):
    """The bytes before the first NUL; None without one, so that it equals no word."""
    return value.split(b"\0", 1)[0] if b"\0" in value else None


def number(value):
    return int.from_bytes(value, "big")


def cells_of(node, found, slug):
    """(#address-cells, #size-cells), each 1 or 2."""
    for name in CELLS:
        if len(found.get(name, b"")) != 4:
            refuse(slug, f"{node.path}: {show(name)}: absent, or not one cell")
        if number(found[name]) not in (1, 2):
            refuse(slug, f"{node.path}: {show(name)}: {number(found[name])}: neither 1 nor 2")
    return number(found[CELLS[0]]), number(found[CELLS[1]])


def entries(value, cells, where, slug):
    """The (base, size) pairs of a list; empty, ragged and wrapping lists are refused."""
    base_bytes = 4 * cells[0]
    step = base_bytes + 4 * cells[1]
    if not value or len(value) % step:
        refuse(slug, f"{where}: {len(value)} bytes: not whole entries of {step}")
    found = []
    for at in range(0, len(value), step):
        base = number(value[at:at + base_bytes])
        size = number(value[at + base_bytes:at + step])
        if base + size > TOP:
            refuse("wrap", f"{where}: {base:#x}: {size:#x}: beyond 2^64")
        found.append((base, size))
    return found


# Intervals


def elementary(*layers):
    """Cut at every boundary of every layer's (low, high)s: (low, high, [covered by layer n?])."""
    steps = {}
    for index, layer in enumerate(layers):
        for low, high in layer:
            if low < high:
                steps.setdefault(low, [0] * len(layers))[index] += 1
                steps.setdefault(high, [0] * len(layers))[index] -= 1
    depths = [0] * len(layers)
    edges = sorted(steps)
    for low, high in zip(edges, edges[1:]):
        depths = [depth + step for depth, step in zip(depths, steps[low])]
        yield low, high, [depth > 0 for depth in depths]


def joined(pieces):
    """Sorted (low, high, kind) with touching pieces of one kind made one."""
    whole = []
    for low, high, kind in pieces:
        if whole and whole[-1][1] == low and whole[-1][2] == kind:
            whole[-1] = (whole[-1][0], high, kind)
        else:
            whole.append((low, high, kind))
    return whole


def union(spans):
    return [(low, high) for low, high, _ in
            joined((low, high, True) for low, high, (held,) in elementary(spans) if held)]


def grow(low, high, page):
    return low // page * page, -(-high // page) * page


class FreeSpace:
    """Usable ranges in short blocks; each remembers, per alignment, the most it has room for.

    Ten thousand requests in ten thousand holes must not cost their product.
    """

    LONGEST = 128

    def __init__(self, ranges):
        self.blocks = [ranges[at:at + self.LONGEST]
                       for at in range(0, len(ranges), self.LONGEST)]
        self.rooms = [{} for _ in self.blocks]

    def place(self, size, alignment, low, high):
        """Take the highest aligned `size` bytes within [low, high): their base, or None."""
        for index in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[index]
            if block[-1][1] <= low:
                return None
            if block[0][0] >= high or self.room(index, alignment) < size:
                continue
            for at in range(len(block) - 1, -1, -1):
                base = (min(block[at][1], high) - size) // alignment * alignment
                if base >= max(block[at][0], low):
                    self.take(index, at, base, base + size)
                    return base
        return None

    def room(self, index, alignment):
        rooms = self.rooms[index]
        if alignment not in rooms:
            rooms[alignment] = max(high - -(-low // alignment) * alignment
                                   for low, high in self.blocks[index])
        return rooms[alignment]

    def take(self, index, at, low, high):
        block = self.blocks[index]
        old_low, old_high = block[at]
        block[at:at + 1] = [(start, end) for start, end in ((old_low, low), (high, old_high))
                            if start < end]
        half = len(block) // 2 if len(block) > self.LONGEST else 0
        parts = [part for part in (block[:half], block[half:]) if part]
        self.blocks[index:index + 1] = parts
        self.rooms[index:index + 1] = [{} for _ in parts]


# The map


class Claims:
    """Who says what about which bytes, per kind: kind -> declarer -> [(low, high)]."""

    def __init__(self, page):
        self.page = page
        self.by_kind = {"usable": {}, "reserved": {}, "no-map": {}}

    def add(self, kind, declarer, low, high):
        """Claim [low, high), grown to whole frames; an empty claim touches no frame."""
        if low < high:
            self.by_kind[kind].setdefault(declarer, []).append(grow(low, high, self.page))

    def spans(self, kind):
        return list(itertools.chain.from_iterable(self.by_kind[kind].values()))

    def ranges(self, ram):
        """RAM frames as (low, high, kind), neighbours of one kind merged."""
        pieces = elementary(ram, self.spans("reserved"), self.spans("no-map"))
        return joined((low, high, "no-map" if unmapped else "reserved" if held else "usable")
                      for low, high, (here, held, unmapped) in pieces if here)

    def declarers(self, ranges):
        """For each of `ranges`, the sorted declarers of its kind that touch it."""
        names = [set() for _ in ranges]
        for kind, claims in self.by_kind.items():
            mine = [at for at, span in enumerate(ranges) if span[2] == kind]
            ends = [ranges[at][1] for at in mine]
            for declarer, spans in claims.items():
                for low, high in union(spans):
                    for turn in range(bisect_right(ends, low), len(mine)):
                        if ranges[mine[turn]][0] >= high:
                            break
                        names[mine[turn]].add(declarer)
        return [sorted(found) for found in names]


def only(root, base):
    """The root's child `base`, with or without a unit address; None; two are refused."""
    found = [child for child in root.children if child.called(base)]
    if len(found) > 1:
        refuse("node-twice", f"/{show(base)}: stands {len(found)} times")
    return found[0] if found else None


class Reading:
    """One tree with one set of options on the way to its answer."""

    def __init__(self, tree, options):
        self.tree = tree
        self.options = options
        self.warnings = []
        self.claims = Claims(options.page)
        self.requests = []
        self.placed = []
        self.ranges = []

    def decide(self):
        root = self.tree.root
        reserved = only(root, b"reserved-memory")
        chosen = only(root, b"chosen")
        chosen_props = chosen.pick(CHOSEN_PROPS) if chosen else {}
        self.cells = cells_of(root, root.pick(CELLS), "cells-root")
        self.ram = self.find_ram(chosen_props)
        for base, size in self.tree.memreserve:
            self.claims.add("reserved", "memreserve", base, base + size)
        if reserved:
            self.read_reserved(reserved)
        self.hold_images(self.images(chosen_props))
        self.place_requests()
        self.ranges = self.claims.ranges(self.ram)
        if not any(kind == "usable" for _, _, kind in self.ranges):
            refuse("no-usable", "no usable frame is left")

    def find_ram(self, chosen_props):
        """Whole frames of RAM as (low, high); banks are claimed for their nodes on the way."""
        banks = []
        for node in self.tree.root.children:
            banks += self.memory_node(node)
        if not banks:
            if not self.options.memory:
                refuse("no-ram", "no RAM: was it filled in?")
            banks = [("--memory", base, base + size, "usable")
                     for base, size in self.options.memory]
        windows = [(0, TOP)]
        if b"linux,usable-memory-range" in chosen_props:
            windows = self.usable_windows(chosen_props[b"linux,usable-memory-range"])
        spans = []
        for path, low, high, kind in banks:
            self.claims.add(kind, path, low, high)
            spans.append((low, high))
        limit = 1 << self.options.pa_bits
        ram = [(low, high) for low, high, (bank, window) in elementary(spans, windows)
               if bank and window]
        if any(high > limit for _, high in ram):
            self.warnings.append(f"RAM at or above {limit:#x}: cut off")
        page = self.options.page
        whole = [(-(-low // page) * page, min(high, limit) // page * page)
                 for low, high in union(ram)]
        return [(low, high) for low, high in whole if low < high]

    def memory_node(self, node):
        """(path, low, high, kind) of each entry above size 0 of a child of the root."""
        types = [first_string(value) for value in node.values(b"device_type")]
        if b"memory" not in types:
            if node.called(b"memory"):
                self.warnings.append(f"{node.path}: device_type is not memory: not RAM")
            return []
        props = node.pick(MEMORY_PROPS)
        if b"status" in props and first_string(props[b"status"]) not in (b"okay", b"ok"):
            return []
        if len(props.get(b"numa-node-id", b"1234")) != 4:
            refuse("numa-node-id", f"{node.path}: numa-node-id: not one cell")
        name = b"linux,usable-memory" if b"linux,usable-memory" in props else b"reg"
        if name not in props:
            refuse("memory-no-reg", f"{node.path}: reg: absent")
        kind = "reserved" if b"hotpluggable" in props else "usable"
        found = entries(props[name], self.cells, f"{node.path}: {show(name)}", "reg-length")
        return [(node.path, base, base + size, kind) for base, size in found if size]

    def usable_windows(self, value):
        found = entries(value, self.cells, "/chosen: linux,usable-memory-range",
                        "usable-range-length")
        if not all(size for _, size in found):
            refuse("usable-range-empty", "/chosen: linux,usable-memory-range: an entry of size 0")
        return [(base, base + size) for base, size in found]

    def read_reserved(self, node):
        props = node.pick(RESERVED_PROPS)
        if cells_of(node, props, "cells-reserved") != self.cells:
            refuse("cells-differ", f"{node.path}: cells: not the root's")
        if b"ranges" not in props:
            refuse("ranges-absent", f"{node.path}: ranges: absent")
        if props[b"ranges"]:
            refuse("ranges-not-empty", f"{node.path}: ranges: not empty")
        for child in node.children:
            self.read_region(child)

    def read_region(self, node):
        props = node.pick(REGION_PROPS)
        if first_string(props.get(b"status", b"")) == b"disabled":
            self.warnings.append(f"{node.path}: disabled: ignored")
            return
        if b"no-map" in props and b"reusable" in props:
            refuse("no-map-reusable", f"{node.path}: no-map with reusable")
        kind = "no-map" if b"no-map" in props else "reserved"
        if b"reg" not in props:
            self.read_request(node, props, kind)
            return
        for base, size in entries(props[b"reg"], self.cells, f"{node.path}: reg", "reg-length"):
            if not size:
                self.warnings.append(f"{node.path}: reg: {base:#x}: size 0 reserves nothing")
            self.claims.add(kind, node.path, base, base + size)

    def read_request(self, node, props, kind):
        size = props.get(b"size")
        if size is not None and len(size) != 4 * self.cells[1]:
            refuse("size-length", f"{node.path}: size: {len(size)} bytes")
        if not size or not number(size):
            self.warnings.append(f"{node.path}: neither reg nor a size: ignored")
            return
        page = self.options.page
        alignment = page
        if b"alignment" in props:
            value = props[b"alignment"]
            if len(value) not in (4, 8):
                refuse("alignment-length", f"{node.path}: alignment: {len(value)} bytes")
            alignment = number(value)
            if alignment.bit_count() != 1:
                refuse("alignment", f"{node.path}: alignment: {alignment:#x}: no power of two")
        windows = [(0, TOP)]
        if b"alloc-ranges" in props:
            found = entries(props[b"alloc-ranges"], self.cells, f"{node.path}: alloc-ranges",
                            "alloc-ranges-length")
            windows = [(base, base + span) for base, span in found if span]
        self.requests.append((node.path, kind, grow(0, number(size), page)[1],
                              max(alignment, page), windows))

    def images(self, chosen_props):
        """(declarer, low, high, alignment) of the images that the options and /chosen name."""
        found = []
        if self.options.kernel:
            base, size = self.options.kernel
            found.append(("kernel image", base, base + size, LEAST_IMAGE_ALIGNMENT))
        if self.options.dtb:
            base, size = self.options.dtb
            size = self.tree.totalsize if size is None else size
            if size < self.tree.totalsize:
                refuse("dtb-size", f"device tree: {size:#x}: less than its totalsize")
            found.append(("device tree", base, base + size, 8))
        bounds = [chosen_props.get(name) for name in (b"linux,initrd-start", b"linux,initrd-end")]
        if bounds == [None, None]:
            return found
        if any(bound is None or len(bound) not in (4, 8) for bound in bounds):
            refuse("initrd-bounds", "/chosen: initrd: one bound, or neither 4 nor 8 bytes")
        low, high = map(number, bounds)
        if high <= low:
            refuse("initrd-bounds", f"/chosen: initrd: {low:#x}..{high:#x}: ends first")
        return found + [("initrd", low, high, LEAST_IMAGE_ALIGNMENT)]

    def hold_images(self, images):
        page = self.options.page
        for name, low, high, alignment in images:
            if low % alignment:
                refuse("image-unaligned", f"{name}: {low:#x}: not aligned to {alignment}")
            frames = [grow(low, high, page)]
            for _, _, (image, ram, unmapped) in elementary(frames, self.ram,
                                                           self.claims.spans("no-map")):
                if image and not ram:
                    refuse("image-outside-ram", f"{name}: {low:#x}: not wholly RAM")
                if image and unmapped:
                    refuse("image-no-map", f"{name}: {low:#x}: on a no-map region")
        for one, other in itertools.combinations(images, 2):
            if max(one[1], other[1]) < min(one[2], other[2]):
                refuse("images-overlap", f"{one[0]}: {one[1]:#x}: shares bytes with {other[0]}")
        for name, low, high, _ in images:
            self.claims.add("reserved", name, low, high)

    def place_requests(self):
        """Top-down, in tree order, after everything that has an address of its own."""
        free = FreeSpace([(low, high) for low, high, kind in self.claims.ranges(self.ram)
                          if kind == "usable"])
        for path, kind, size, alignment, windows in self.requests:
            base = None
            for low, high in [] if self.options.no_dynamic else windows:
                base = free.place(size, alignment, low, high)
                if base is not None:
                    self.claims.add(kind, path, base, base + size)
                    break
            if base is None and not self.options.no_dynamic:
                self.warnings.append(f"{path}: {size:#x} bytes: no room")
            self.placed.append((path, base, size))


def answer(tree, options=Options()):
    """The answer to a parsed tree: status, reason and the keys of the JSON line."""
    reading = Reading(tree, options)
    try:
        reading.decide()
    except Refused as refused:
        return refusal(refused, reading.warnings)
    names = reading.claims.declarers(reading.ranges)
    return {
        "status": 0, "reason": None, "error": None, "warnings": reading.warnings,
        "ranges": [{"base": hex(low), "size": hex(high - low), "kind": kind, "by": by}
                   for (low, high, kind), by in zip(reading.ranges, names)],
        "dynamic": [{"by": path, "base": None if base is None else hex(base), "size": hex(size)}
                    for path, base, size in reading.placed],
    }


def refusal(refused, warnings=()):
    return {"status": refused.status, "reason": refused.slug, "error": str(refused),
            "warnings": list(warnings), "ranges": [], "dynamic": []}


def read(blob, options=Options()):
    """What fh-memmap --json must say about `blob`, with its exit status and our reason."""
    try:
        tree = parse(blob)
    except Refused as refused:
        return refusal(refused)
    return answer(tree, options)


# The command


def parse_number(text):
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)([KMGT]?)", text)
    value = int(match[1], 0) << 10 * " KMGT".index(match[2] or " ") if match else TOP
    if value >= TOP:
        raise argparse.ArgumentTypeError(f"{text}: no number below 2^64")
    return value


def parse_span(text):
    base, _, size = text.partition(":")
    span = parse_number(base), parse_number(size)
    if not span[1] or sum(span) > TOP:
        raise argparse.ArgumentTypeError(f"{text}: empty, or beyond 2^64")
    return span


def parse_place(text):
    return parse_span(text) if ":" in text else (parse_number(text), None)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Says which memory is whose, as fh-memmap does.")
    parser.add_argument("--kernel", type=parse_span, metavar="BASE:SIZE")
    parser.add_argument("--dtb", type=parse_place, metavar="BASE[:SIZE]")
    parser.add_argument("--memory", type=parse_span, action="append", default=[],
                        metavar="BASE:SIZE")
    parser.add_argument("--page", type=parse_number, default=4096, choices=(4096, 16384, 65536))
    parser.add_argument("--pa-bits", type=int, default=64, choices=range(32, 65), metavar="N")
    parser.add_argument("--no-dynamic", action="store_true")
    parser.add_argument("--json", action="store_true", help="always so here")
    parser.add_argument("files", nargs="+", metavar="FILE.dtb")
    given = parser.parse_args(arguments)
    options = Options(given.kernel, given.dtb, tuple(given.memory), given.page, given.pa_bits,
                      given.no_dynamic)
    worst = 0
    for name in given.files:
        try:
            with open(name, "rb") as file:
                found = read(file.read(), options)
        except OSError as error:
            found = refusal(Refused("unreadable", error.strerror, 2))
        worst = max(worst, found["status"])
        keys = ("ranges", "dynamic", "warnings", "error")
        print(json.dumps({"file": name} | {key: found[key] for key in keys}))
    return worst


if __name__ == "__main__":
    sys.exit(main())
