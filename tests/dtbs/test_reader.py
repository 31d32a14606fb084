# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the second reader on small trees that a writer of its own builds.

Every rule has a case on each side of it; the map and the placement are also held against a
frame by frame count of random trees.
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import reader
from reader import Options

MIB = 1 << 20
RAM = (0x40000000, 0x10000000)


# The writer


def cells(*words):
    return struct.pack(f">{len(words)}I", *words)


def pairs(*spans):
    """(base, size)... in cells of 2/2."""
    return b"".join(struct.pack(">QQ", *span) for span in spans)


def text(words):
    return words.encode("latin-1") + b"\0"


def node(name, props=(), *children):
    """The tokens of a node; props is a dict, or pairs where one name shall stand twice."""
    props = props.items() if isinstance(props, dict) else props
    return [("begin", name), *(("prop", *prop) for prop in props),
            *(token for child in children for token in child), ("end",)]


def structure(tokens, strings):
    """The structure block of `tokens`; names go to `strings`, a bytearray."""
    out = bytearray()
    known = {}
    for kind, *rest in tokens:
        if kind == "begin":
            out += cells(1) + text(rest[0])
        elif kind == "end":
            out += cells(2)
        elif kind == "raw":
            out += rest[0]
        elif kind == "prop":
            if rest[0] not in known:
                known[rest[0]] = len(strings)
                strings += text(rest[0])
            out += cells(3, len(rest[1]), known[rest[0]]) + rest[1]
        out += bytes(-len(out) % 4)
    return out


def flatten(tokens, memreserve=((0, 0),), end=cells(9), **header):
    """A whole tree; `header` overrides fields of the header."""
    strings = bytearray()
    block = structure(tokens, strings) + end
    reservations = b"".join(struct.pack(">QQ", *span) for span in memreserve)
    fields = {"magic": 0xD00DFEED, "totalsize": 0, "off_struct": 40 + len(reservations),
              "off_strings": 40 + len(reservations) + len(block), "off_memreserve": 40,
              "version": 17, "compatible": 16, "cpu": 0, "size_strings": len(strings),
              "size_struct": len(block)}
    fields["totalsize"] = fields["off_strings"] + len(strings)
    return cells(*(fields | header).values()) + reservations + block + strings


CELLS = {"#address-cells": cells(2), "#size-cells": cells(2)}


def memory(*spans, name="memory@40000000", **props):
    return node(name, {"device_type": text("memory"), "reg": pairs(*spans or (RAM,))}
                | {key.replace("_", "-"): value for key, value in props.items()})


def reserved(*children, props=None):
    return node("reserved-memory", CELLS | {"ranges": b""} if props is None else props, *children)


def root(*children, props=None):
    return node("", CELLS if props is None else props, *children)


def tree(*children, **header):
    return flatten(root(*children), **header)


def region(name, *spans, **props):
    return node(name, {"reg": pairs(*spans)} | {key.replace("_", "-"): value
                                                for key, value in props.items()})


def request(name, size=pairs((0, MIB))[8:], **props):
    return node(name, ({"size": size} if size is not None else {})
                | {key.replace("_", "-"): value for key, value in props.items()})


def spans_of(answer, kind=None):
    """(base, end, kind, by) of the ranges, or (base, end, by) of those of one kind."""
    found = [(int(span["base"], 16), int(span["base"], 16) + int(span["size"], 16),
              span["kind"], span["by"]) for span in answer["ranges"]]
    return found if kind is None else [(low, high, by) for low, high, is_kind, by in found
                                       if is_kind == kind]


class Case(unittest.TestCase):
    """Helpers to say what a tree must come to."""

    def refused(self, slug, blob, **options):
        answer = reader.read(bytes(blob), Options(**options))
        self.assertEqual((answer["status"], answer["reason"]), (1, slug))
        self.assertEqual((answer["ranges"], answer["dynamic"]), ([], []))
        self.assertIsNotNone(answer["error"])

    def accepted(self, blob, **options):
        answer = reader.read(bytes(blob), Options(**options))
        self.assertEqual((answer["status"], answer["error"], answer["reason"]), (0, None, None))
        return answer

    def split(self, blob, kind, **options):
        return spans_of(self.accepted(blob, **options), kind)


class Structure(Case):
    def test_header(self):
        good = tree(memory())
        self.accepted(good)
        self.accepted(good + b"behind")
        for blob in (b"", good[:3], b"\xd0\x0d\xfe\xee" + good[4:]):
            self.assertEqual(reader.read(blob)["status"], 2)
        self.refused("header-cut", good[:39])
        self.refused("totalsize", good[:-1])
        self.refused("totalsize", tree(memory(), totalsize=39))
        self.refused("block-bounds", tree(memory(), totalsize=len(good) - 1))
        self.refused("version", tree(memory(), version=16))
        self.refused("version", tree(memory(), compatible=18))
        self.accepted(tree(memory(), version=18, compatible=17))

    def test_blocks(self):
        good = tree(memory())
        self.refused("offset-unaligned", tree(memory(), off_memreserve=44))
        self.refused("offset-unaligned", tree(memory(), off_struct=58))
        self.refused("block-bounds", tree(memory(), off_memreserve=32))
        self.refused("block-bounds", tree(memory(), off_struct=36))
        self.refused("block-bounds", tree(memory(), size_struct=0xFFFFFFFF))
        self.refused("block-bounds", tree(memory(), off_strings=0xFFFFFFFF))
        self.refused("block-overlap", tree(memory(), off_struct=52))
        self.refused("block-overlap", tree(memory(), off_strings=struct.unpack_from(
            ">I", good, 12)[0] - 1))

    def test_memreserve(self):
        self.refused("memreserve-unterminated", tree(memory(), off_memreserve=len(
            tree(memory())) // 8 * 8 - 8))
        self.refused("memreserve-empty", tree(memory(), memreserve=((1, 0), (0, 0))))
        self.refused("wrap", tree(memory(), memreserve=((2, reader.TOP - 1), (0, 0))))
        self.accepted(tree(memory(), memreserve=((0, 4096), (1 << 63, 1 << 63), (0, 0))))
        held = self.split(tree(memory(), memreserve=((RAM[0] + 0x1FFF, 2), (0, 0))), "reserved")
        self.assertEqual(held, [(RAM[0] + 0x1000, RAM[0] + 0x3000, ["memreserve"])])

    def test_tokens(self):
        nop = ("raw", cells(4))
        good = root(memory())
        self.accepted(flatten([nop, *good[:2], nop, *good[2:], nop]))
        self.accepted(flatten(good, end=cells(9, 77)))
        self.refused("tag", flatten(good, end=cells(5)))
        self.refused("no-end", flatten(good, end=b""))
        self.refused("unbalanced", flatten(good[:-1]))
        self.refused("unbalanced", flatten([*good, ("end",)]))
        self.refused("roots", flatten([]))
        self.refused("roots", flatten(good + good))
        self.refused("root-name", flatten(node("x", CELLS, memory())))
        self.refused("node-name", flatten(good, end=cells(1) + b"none"))

    def test_properties(self):
        late = [*root(memory())[:-1], ("prop", "late", b""), ("end",)]
        self.refused("property-misplaced", flatten(late))
        self.refused("property-misplaced", flatten([("prop", "early", b""), *root(memory())]))
        for blow in (cells(3, 0x7FFFFFFF, 0), cells(3, 0xFFFFFFFF, 0), cells(3, 5, 0), cells(3, 0),
                     cells(3)):
            self.refused("property-cut", flatten([("begin", "")], end=blow))
        blob = tree(memory())
        strings = struct.unpack_from(">I", blob, 32)[0]
        self.refused("property-name", blob[:-1] + b"x")
        for at in (strings, strings + 1, 0xFFFFFFFF):
            self.refused("property-name", flatten([("begin", ""), ("raw", cells(3, 0, at))]))

    def test_depth(self):
        deep = [("begin", "")] + [("prop", key, value) for key, value in CELLS.items()] + memory()
        deep += [("begin", "d")] * 20000 + [("end",)] * 20001
        self.accepted(flatten(deep))


class Twice(Case):
    def test_nodes(self):
        for name in ("reserved-memory", "chosen"):
            one = node(name, CELLS | {"ranges": b""})
            other = node(name + "@0", CELLS | {"ranges": b""})
            self.accepted(tree(memory(), other))
            self.refused("node-twice", tree(memory(), one, other))
            self.refused("node-twice", tree(memory(), one, one))
            self.accepted(tree(memory(), one, node("soc", (), one)))
        below = node("reserved-memory@1", CELLS | {"ranges": b""}, region("a", (RAM[0], 1)))
        self.assertEqual(self.split(tree(memory(), below), "reserved")[0][2],
                         ["/reserved-memory@1/a"])

    def test_properties(self):
        reg = ("reg", pairs(RAM))
        kind = ("device_type", text("memory"))
        self.refused("property-twice", tree(node("memory", (kind, reg, reg))))
        self.refused("property-twice", tree(node("memory", (kind, kind, reg))))
        self.accepted(tree(node("memory", (kind, reg, ("x", b""), ("x", b"")))))
        self.accepted(tree(memory(), node("soc", (reg, reg))))
        self.refused("property-twice", flatten(root(
            memory(), props=[*CELLS.items(), ("#size-cells", cells(2))])))
        self.refused("property-twice", tree(memory(), reserved(props=[
            *CELLS.items(), ("ranges", b""), ("ranges", b"")])))
        for name in ("status", "reg", "size", "alignment", "alloc-ranges", "no-map", "reusable"):
            twin = (name, b"\0\0\0\0")
            self.refused("property-twice", tree(memory(), reserved(node("a", (twin, twin)))))
        for name in ("linux,usable-memory-range", "linux,initrd-start", "linux,initrd-end"):
            self.refused("property-twice", tree(memory(), node("chosen", [(name, b"")] * 2)))


class Cells(Case):
    def test_root(self):
        for value in (None, b"", cells(0), cells(3), cells(2, 2), b"\0\2"):
            for name in CELLS:
                props = {key: each for key, each in (CELLS | {name: value}).items()
                         if each is not None}
                self.refused("cells-root", flatten(root(memory(), props=props)))
        small = {"#address-cells": cells(1), "#size-cells": cells(1)}
        whole = node("memory", {"device_type": text("memory"), "reg": cells(0xFFFFF000, 0x2000)})
        self.assertEqual(self.split(flatten(root(whole, props=small)), "usable"),
                         [(0xFFFFF000, 0x100001000, ["/memory"])])
        mixed = {"#address-cells": cells(2), "#size-cells": cells(1)}
        one = node("memory", {"device_type": text("memory"), "reg": cells(1, 0, 0x1000)})
        self.assertEqual(self.split(flatten(root(one, props=mixed)), "usable")[0][0], 1 << 32)

    def test_reserved(self):
        for name in CELLS:
            for value, slug in ((cells(1), "cells-differ"), (cells(3), "cells-reserved"),
                                (b"", "cells-reserved")):
                props = CELLS | {name: value, "ranges": b""}
                self.refused(slug, tree(memory(), reserved(props=props)))
        self.refused("cells-reserved", tree(memory(), reserved(props={"ranges": b""})))
        self.refused("ranges-absent", tree(memory(), reserved(props=CELLS)))
        self.refused("ranges-not-empty", tree(memory(), reserved(
            props=CELLS | {"ranges": pairs((0, 0))})))

    def test_lists(self):
        for value in (b"", cells(1), pairs(RAM) + cells(0)):
            self.refused("reg-length", tree(memory(reg=value)))
            self.refused("reg-length", tree(memory(), reserved(region("a", reg=value))))
            self.refused("usable-range-length", tree(memory(), node(
                "chosen", {"linux,usable-memory-range": value})))
            self.refused("alloc-ranges-length", tree(memory(), reserved(
                request("a", alloc_ranges=value))))
        over = (2, reader.TOP - 1)
        self.refused("wrap", tree(memory(RAM, over)))
        self.refused("wrap", tree(memory(), reserved(region("a", over))))
        self.refused("wrap", tree(memory(), reserved(request("a", alloc_ranges=pairs(over)))))
        self.refused("wrap", tree(memory(), node("chosen", {
            "linux,usable-memory-range": pairs(RAM, over)})))
        top = (reader.TOP - 0x2000, 0x2000)
        self.assertEqual(self.split(tree(memory(top)), "usable")[0][:2], (top[0], reader.TOP))


class Ram(Case):
    def test_who_is_memory(self):
        self.assertEqual(self.split(tree(memory(name="dimm")), "usable")[0][2], ["/dimm"])
        self.refused("no-ram", tree(node("soc", (), memory())))
        for types in ({}, {"device_type": text("ram")}, {"device_type": b"memory"}):
            odd = node("memory@0", types | {"reg": b"odd"})
            answer = self.accepted(tree(memory(), odd))
            self.assertEqual(len(answer["warnings"]), 1)
            self.refused("no-ram", tree(odd))
        for status in ("okay", "ok"):
            self.accepted(tree(memory(status=text(status))))
        for status in (text("disabled"), text("fail"), text("okay "), text(""), b"", b"okay"):
            self.refused("no-ram", tree(memory(status=status, reg=b"odd")))

    def test_entries(self):
        self.refused("memory-no-reg", tree(memory(), node("m", {"device_type": text("memory")})))
        self.refused("no-ram", tree(memory((RAM[0], 0))))
        self.refused("no-ram", tree())
        other = {"linux,usable-memory": pairs((RAM[0], 0x1000))}
        self.assertEqual(self.split(tree(memory(reg=b"odd", **other)), "usable")[0][:2],
                         (RAM[0], RAM[0] + 0x1000))
        self.accepted(tree(memory(numa_node_id=cells(1))))
        self.refused("numa-node-id", tree(memory(numa_node_id=b"")))
        self.refused("numa-node-id", tree(memory(numa_node_id=cells(0, 1))))

    def test_frames(self):
        banks = memory((0x1800, 0x1000), (0x2800, 0x900), (0x5000, 0xFFF), (0x7001, 0x1FFF))
        self.assertEqual([span[:2] for span in self.split(tree(banks), "usable")],
                         [(0x2000, 0x3000), (0x8000, 0x9000)])
        joint = self.split(tree(memory((0, 0x1800), name="a"), memory((0x1800, 0x800), name="b"),
                                memory((0x3000, 0x1000), name="c")), "usable")
        self.assertEqual(joint, [(0, 0x2000, ["/a", "/b"]), (0x3000, 0x4000, ["/c"])])
        self.assertEqual(self.split(tree(memory((0x1000, 0x2F000))), "usable", page=65536),
                         [(0x10000, 0x30000, ["/memory@40000000"])])

    def test_hotpluggable(self):
        found = spans_of(self.accepted(tree(
            memory((0, 0x1800), name="a"), memory((0x1800, 0x1800), name="b", hotpluggable=b""))))
        self.assertEqual(found, [(0, 0x1000, "usable", ["/a"]),
                                 (0x1000, 0x3000, "reserved", ["/b"])])
        self.refused("no-usable", tree(memory(hotpluggable=b"")))

    def test_usable_range(self):
        def chosen(*spans):
            return node("chosen", {"linux,usable-memory-range": pairs(*spans)})
        low = RAM[0]
        self.assertEqual(
            [span[:2] for span in self.split(tree(memory(), chosen(
                (0, low + 0x1800), (low + 0x1800, 0x800), (low + 0x4000, 0x1FFF))), "usable")],
            [(low, low + 0x2000), (low + 0x4000, low + 0x5000)])
        self.refused("usable-range-empty", tree(memory(), chosen(RAM, (low, 0))))
        self.refused("no-usable", tree(memory(), chosen((0, 0x1000))))
        self.assertEqual(self.split(tree(chosen((0x1000, 0x1000))), "usable",
                                    memory=((0, 0x8000),)), [(0x1000, 0x2000, ["--memory"])])

    def test_filled(self):
        given = ((0, 0x1000), (0x1000, 0x1000))
        expected = [(0, 0x2000, ["--memory"])]
        self.assertEqual(self.split(tree(), "usable", memory=given), expected)
        self.assertEqual(self.split(tree(memory((5, 0))), "usable", memory=given), expected)
        self.assertEqual(self.split(tree(memory()), "usable", memory=given)[0][2],
                         ["/memory@40000000"])

    def test_pa_bits(self):
        answer = self.accepted(tree(memory((0xFFFFF000, 0x2000))), pa_bits=32)
        self.assertEqual(spans_of(answer)[0][:2], (0xFFFFF000, 1 << 32))
        self.assertEqual(len(answer["warnings"]), 1)
        self.assertEqual(self.accepted(tree(memory((0, 1 << 32))), pa_bits=32)["warnings"], [])
        self.refused("no-usable", tree(memory((1 << 32, 0x1000))), pa_bits=32)
        self.refused("no-usable", tree(memory((1 << 32, 0x1000))), pa_bits=32,
                     memory=((0, 0x1000),))


class Regions(Case):
    def test_static(self):
        low = RAM[0]
        found = spans_of(self.accepted(tree(memory(), reserved(
            region("a", (low + 0x800, 0x1000), (low + 0x5000, 1), (low + 0x9800, 0)),
            region("b@1", (low + 0x1FFF, 1), no_map=b""), region("c", (0, 0x1000))))))
        self.assertEqual(found[:5], [
            (low, low + 0x1000, "reserved", ["/reserved-memory/a"]),
            (low + 0x1000, low + 0x2000, "no-map", ["/reserved-memory/b@1"]),
            (low + 0x2000, low + 0x5000, "usable", ["/memory@40000000"]),
            (low + 0x5000, low + 0x6000, "reserved", ["/reserved-memory/a"]),
            (low + 0x6000, low + RAM[1], "usable", ["/memory@40000000"])])
        self.assertEqual(len(found), 5)

    def test_by(self):
        low = RAM[0]
        held = self.split(tree(memory(), reserved(
            region("z", (low, 0x2000)), region("a", (low + 0x2000, 1), size=b"odd", alignment=b""),
            region("n", (low + 0x3000, 0x1000), no_map=b""),
            region("in", (low + 0x3800, 1)), region("a", (low + 1, 1)))), "reserved")
        self.assertEqual(held, [(low, low + 0x3000, ["/reserved-memory/a", "/reserved-memory/z"])])
        odd = self.split(tree(memory(), reserved(region("s p\xe9\x7f", (low, 1)))), "reserved")
        self.assertEqual(odd[0][2], ["/reserved-memory/s?p??"])

    def test_status(self):
        def held(**props):
            answer = self.accepted(tree(memory(), reserved(region("a", (RAM[0], 1), **props))))
            return len(spans_of(answer, "reserved")), len(answer["warnings"])
        self.assertEqual(held(status=text("disabled")), (0, 1))
        self.assertEqual(held(status=text("disabled"), reg=b"odd"), (0, 1))
        for status in (b"", b"disabled", text("fail"), text("Disabled"), text("okay")):
            self.assertEqual(held(status=status), (1, 0))

    def test_refused(self):
        both = {"no_map": b"", "reusable": b""}
        self.refused("no-map-reusable", tree(memory(), reserved(region("a", RAM, **both))))
        self.refused("no-map-reusable", tree(memory(), reserved(request("a", **both))))
        self.refused("no-map-reusable", tree(memory(), reserved(request("a", size=None, **both))))
        self.refused("no-usable", tree(memory(), reserved(region("a", RAM))))
        self.refused("no-usable", tree(memory(), reserved(request("a", size=pairs(RAM)[8:]))))

    def test_deeper_children_do_not_count(self):
        inner = node("a", {"reg": pairs((RAM[0] + 0x1000, 1))}, region("b", (RAM[0], 1)))
        self.assertEqual(len(self.split(tree(memory(), reserved(inner)), "reserved")), 1)


class Dynamic(Case):
    def bases(self, *requests, banks=(RAM,), blob=None, **options):
        answer = self.accepted(blob or tree(memory(*banks), reserved(*requests)), **options)
        return [(span["by"].split("/")[-1], span["base"] and int(span["base"], 16),
                 int(span["size"], 16)) for span in answer["dynamic"]]

    def test_size(self):
        for size in (cells(1), b"", cells(0, 0, 1)):
            self.refused("size-length", tree(memory(), reserved(request("a", size=size))))
        for size in (None, cells(0, 0)):
            answer = self.accepted(tree(memory(), reserved(request("a", size=size))))
            self.assertEqual((answer["dynamic"], len(answer["warnings"])), ([], 1))
        top = RAM[0] + RAM[1]
        self.assertEqual(self.bases(request("a", cells(0, 1)), request("b", cells(0, 0x1001))),
                         [("a", top - 0x1000, 0x1000), ("b", top - 0x3000, 0x2000)])
        self.assertEqual(self.bases(request("a", cells(0, 1)), page=65536),
                         [("a", top - 0x10000, 0x10000)])

    def test_alignment(self):
        for value in (cells(0), cells(3), cells(1, 1)):
            self.refused("alignment", tree(memory(), reserved(request("a", alignment=value))))
        for value in (b"", cells(0, 0, 1), b"\1"):
            self.refused("alignment-length", tree(memory(), reserved(
                request("a", alignment=value))))
        top = RAM[0] + RAM[1]
        for value, step in ((cells(1), 0x1000), (cells(0, 0x200000), 0x200000)):
            self.assertEqual(self.bases(request("a", cells(0, 0x1000), alignment=value)),
                             [("a", top - step, 0x1000)])
        self.assertEqual(self.bases(request("a", alignment=cells(1 << 31, 0))),
                         [("a", None, MIB)])

    def test_windows(self):
        low = RAM[0]
        def one(*spans):
            return self.bases(request("a", cells(0, 0x2000), alloc_ranges=pairs(*spans)))[0][1]
        self.assertEqual(one((low, 0x4000), (low + 0x8000, 0x8000)), low + 0x2000)
        self.assertEqual(one((0, low + 0x1FFF), (low + 0x8800, 0x3000)), low + 0x9000)
        self.assertEqual(one((low, 0x3FFF)), low + 0x1000)
        self.assertEqual(one((low, 0), (low + 0x4000, 0x2000)), low + 0x4000)
        self.assertIsNone(one((low, 0)))
        self.assertIsNone(one((low, 0x1000), (low + 0x1000, 0x1000)))

    def test_order(self):
        answer = self.accepted(tree(memory((0, 0x6000)), reserved(
            request("d", cells(0, 0x1000), no_map=b""), request("e", cells(0, 0x1000)),
            region("s", (0x5000, 1)), request("f", cells(0, 0x3000))),
            memreserve=((0x3000, 1), (0, 0))))
        self.assertEqual([(span["by"][-1], span["base"]) for span in answer["dynamic"]],
                         [("d", "0x4000"), ("e", "0x2000"), ("f", None)])

    def test_kinds(self):
        low, size = RAM
        found = spans_of(self.accepted(tree(memory(), reserved(
            request("d", no_map=b""), request("e"), request("f", pairs(RAM)[8:])))))
        self.assertEqual(found[1:], [
            (low + size - 2 * MIB, low + size - MIB, "reserved", ["/reserved-memory/e"]),
            (low + size - MIB, low + size, "no-map", ["/reserved-memory/d"])])

    def test_touching_banks(self):
        self.assertEqual(self.bases(request("a", cells(0, 0x3000)), banks=(
            (0, 0x1800), (0x1800, 0x2800), (0x8000, 0x2000))), [("a", 0x1000, 0x3000)])

    def test_none_placed(self):
        answer = self.accepted(tree(memory(), reserved(request("a"), request("b"))),
                               no_dynamic=True)
        self.assertEqual([span["base"] for span in answer["dynamic"]], [None, None])
        self.assertEqual((len(answer["ranges"]), answer["warnings"]), (1, []))
        answer = self.accepted(tree(memory(), reserved(request("a", pairs((0, 1 << 40))[8:]))))
        self.assertEqual((answer["dynamic"][0]["base"], len(answer["warnings"])), (None, 1))


class Images(Case):
    def chosen(self, start=None, end=None):
        return node("chosen", {name: value for name, value in (
            ("linux,initrd-start", start), ("linux,initrd-end", end)) if value is not None})

    def test_reserved(self):
        low = RAM[0]
        blob = tree(memory(), self.chosen(cells(low + 0x8000), cells(0, low + 0x8001)))
        answer = self.accepted(blob, kernel=(low, 0x1001), dtb=(low + 0x1008, None))
        self.assertEqual(spans_of(answer, "reserved"), [
            (low, low + 0x2000, ["device tree", "kernel image"]),
            (low + 0x8000, low + 0x9000, ["initrd"])])

    def test_initrd(self):
        low, four = cells(RAM[0]), cells(RAM[0] + 1)
        for bounds in ((low, None), (None, four), (low, low), (four, low), (low[:3], four),
                       (b"", four), (low, b"\0" * 8 + four)):
            self.refused("initrd-bounds", tree(memory(), self.chosen(*bounds)))

    def test_placed(self):
        low, size = RAM
        for image in ((low - 0x1000, 0x2000), (low + size - 0x1000, 0x1001), (0, 1)):
            self.refused("image-outside-ram", tree(memory()), kernel=image)
        self.refused("image-outside-ram", tree(memory((low, 0x11000))), kernel=(low + 0x10000, 1),
                     page=65536)
        for kernel in (low + 8, low + 0x800):
            self.refused("image-unaligned", tree(memory()), kernel=(kernel, 1))
        self.accepted(tree(memory()), kernel=(low + 0x1000, 1), page=65536)
        self.refused("image-unaligned", tree(memory()), dtb=(low + 4, None))
        self.accepted(tree(memory()), dtb=(low + 8, None))
        self.refused("image-unaligned", tree(memory(), self.chosen(cells(low + 8),
                                                                   cells(low + 9))))

    def test_dtb_size(self):
        blob = tree(memory())
        self.accepted(blob, dtb=(RAM[0], len(blob)))
        self.refused("dtb-size", blob, dtb=(RAM[0], len(blob) - 1))

    def test_against_others(self):
        low = RAM[0]
        self.refused("images-overlap", tree(memory()), kernel=(low, 0x1001),
                     dtb=(low + 0x1000, None))
        self.refused("image-no-map", tree(memory(), reserved(region(
            "a", (low + 0x1800, 1), no_map=b""))), kernel=(low, 0x1001))
        self.accepted(tree(memory(), reserved(region("a", (low, 0x1000)))), kernel=(low, 0x1001))
        dynamic = self.accepted(tree(memory((low, 0x10000)), reserved(request(
            "a", cells(0, 0x1000), no_map=b""))), kernel=(low + 0xF000, 1))["dynamic"]
        self.assertEqual(dynamic[0]["base"], hex(low + 0xE000))


class Brute(Case):
    """Random trees in 64 frames of four quarters each, counted one by one."""

    QUARTER = 1024

    def spans(self, dice, count, longest):
        found = []
        for _ in range(count):
            base = dice.randrange(256)
            found.append((base, dice.randint(1, min(longest, 256 - base))))
        return found

    def scaled(self, spans):
        return pairs(*((base * self.QUARTER, size * self.QUARTER) for base, size in spans))

    def touched(self, spans):
        return {quarter // 4 for base, size in spans for quarter in range(base, base + size)}

    def draw(self, dice):
        banks = {f"/m{n}": self.spans(dice, dice.randint(1, 2), 128) for n in range(3)}
        held = {f"/reserved-memory/{n}": (dice.choice((None, "no-map")), self.spans(
            dice, dice.randint(1, 2), 12)) for n in range(dice.randrange(5))}
        wanted = {f"/reserved-memory/d{n}": (
            dice.choice((None, "no-map")), dice.randint(1, 40), dice.choice((1, 4, 8, 16)),
            self.spans(dice, dice.randint(1, 2), 90) if dice.random() < 0.6 else None)
            for n in range(dice.randrange(4))}
        return banks, held, wanted

    def blob(self, banks, held, wanted):
        quarter = self.QUARTER
        nodes = []
        for path, (mark, spans) in held.items():
            nodes.append(node(path.split("/")[2], {"reg": self.scaled(spans)}
                              | ({mark: b""} if mark else {})))
        for path, (mark, size, alignment, windows) in wanted.items():
            nodes.append(node(
                path.split("/")[2], {"size": cells(0, size * quarter),
                                     "alignment": cells(alignment * quarter)}
                | ({mark: b""} if mark else {})
                | ({"alloc-ranges": self.scaled(windows)} if windows else {})))
        return tree(*(memory(name=path[1:], reg=self.scaled(spans))
                      for path, spans in banks.items()), reserved(*nodes))

    def place(self, size, alignment, windows, usable):
        frames = -(-size // 4)
        step = max(1, alignment // 4)
        for low, length in windows or [(0, 256)]:
            for frame in range(63, -1, -1):
                if (frame % step == 0 and 4 * frame >= low
                        and 4 * (frame + frames) <= low + length
                        and set(range(frame, frame + frames)) <= usable):
                    return frame
        return None

    def count(self, banks, held, wanted):
        """{frame: (kind, declarers)} and the base frame of each request."""
        ram_quarters = {quarter for spans in banks.values() for base, size in spans
                        for quarter in range(base, base + size)}
        ram = {frame for frame in range(64) if set(range(4 * frame, 4 * frame + 4))
               <= ram_quarters}
        says = {"no-map": {}, None: {}, "usable": {path: self.touched(spans)
                                                   for path, spans in banks.items()}}
        for path, (mark, spans) in held.items():
            says[mark][path] = self.touched(spans)
        bases = []
        for path, (mark, size, alignment, windows) in wanted.items():
            taken = set().union(*says["no-map"].values(), *says[None].values())
            bases.append(self.place(size, alignment, windows, ram - taken))
            if bases[-1] is not None:
                says[mark][path] = set(range(bases[-1], bases[-1] - (-size // 4)))
        frames = {}
        for frame in ram:
            for mark in ("no-map", None, "usable"):
                who = {path for path, frames_of in says[mark].items() if frame in frames_of}
                if who:
                    frames[frame] = mark or "reserved", who
                    break
        return frames, bases

    def expected(self, frames):
        ranges = []
        for frame in sorted(frames):
            kind, who = frames[frame]
            if ranges and ranges[-1][1] == frame and ranges[-1][2] == kind:
                ranges[-1] = (ranges[-1][0], frame + 1, kind, ranges[-1][3] | who)
            else:
                ranges.append((frame, frame + 1, kind, who))
        return [(low * 4096, high * 4096, kind, sorted(who)) for low, high, kind, who in ranges]

    def test_random(self):
        dice = random.Random(1)
        accepted = placed = 0
        for _ in range(2000):
            drawn = self.draw(dice)
            frames, bases = self.count(*drawn)
            answer = reader.read(self.blob(*drawn))
            if not any(kind == "usable" for kind, _ in frames.values()):
                self.assertEqual(answer["reason"], "no-usable")
                continue
            accepted += 1
            placed += sum(base is not None for base in bases)
            self.assertEqual(spans_of(answer), self.expected(frames))
            self.assertEqual([span["base"] for span in answer["dynamic"]],
                             [None if base is None else hex(base * 4096) for base in bases])
        self.assertGreater(accepted, 1000)
        self.assertGreater(placed, 500)


class Size(Case):
    """Big trees take seconds, not minutes."""

    def setUp(self):
        self.start = time.monotonic()

    def tearDown(self):
        self.assertLess(time.monotonic() - self.start, 20)

    def test_regions(self):
        spans = [(RAM[0] + 0x3000 * turn, 0x1000) for turn in range(10000)]
        nodes = [region(f"r@{turn}", span, **({"no_map": b""} if turn % 2 else {}))
                 for turn, span in enumerate(spans)]
        blob = flatten(root(memory((RAM[0], 1 << 34)), reserved(*nodes)),
                       memreserve=(*spans, (0, 0)))
        self.assertEqual(len(self.accepted(blob)["ranges"]), 20000)

    def test_nested(self):
        nodes = [region(f"r{turn}", (RAM[0] + 0x1000 * turn, 0x10000000 - 0x2000 * turn))
                 for turn in range(10000)]
        found = self.accepted(tree(memory((RAM[0], 1 << 34)), reserved(*nodes)))["ranges"]
        self.assertEqual([len(span["by"]) for span in found], [10000, 1])

    def test_requests(self):
        holes = [region(f"r{turn}", (RAM[0] + 0x3000 * turn, 0x1000)) for turn in range(10000)]
        for size, alignment in ((0x1000, 1 << 21), (0x1000, 1), (0x3000, 1)):
            wanted = [request(f"d{turn}", cells(0, size + (turn << 12 if size > 0x2000 else 0)),
                              alignment=cells(alignment)) for turn in range(10000)]
            blob = tree(memory((RAM[0], 0x3000 * 10001)), reserved(*holes, *wanted))
            self.assertEqual(len(self.accepted(blob)["dynamic"]), 10000)


class Command(Case):
    def run_on(self, *arguments):
        here = os.path.dirname(os.path.abspath(__file__))
        return subprocess.run([sys.executable, os.path.join(here, "reader.py"), *arguments],
                              capture_output=True, text=True, check=False)

    def test_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            names = [os.path.join(folder, name) for name in ("good", "bad", "none", "absent")]
            for name, blob in zip(names, (tree(memory()), tree(), b"none")):
                with open(name, "wb") as file:
                    file.write(blob)
            done = self.run_on("--json", "--pa-bits", "40", "--kernel", "1G:1M", *names)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(done.returncode, 2)
            self.assertEqual([line["file"] for line in lines], names)
            self.assertEqual([line["error"] is None for line in lines],
                             [True, False, False, False])
            self.assertEqual(set(lines[0]), {"file", "ranges", "dynamic", "warnings", "error"})
            self.assertEqual(self.run_on("--memory", "0x40000000:1M", *names[:2]).returncode, 0)
            self.assertEqual(self.run_on(*names[:2]).returncode, 1)

    def test_numbers(self):
        for words, value in (("0x10", 16), ("10", 10), ("0", 0), ("4K", 4096), ("0x2M", 2 << 20),
                             ("3G", 3 << 30), ("1T", 1 << 40), ("0Xf", 15)):
            self.assertEqual(reader.parse_number(words), value)
        for words in ("", "K", "-1", "1k", "0x", "1KB", "0x10000000000000000", "16777216T", "010"):
            with self.assertRaises(reader.argparse.ArgumentTypeError):
                reader.parse_number(words)
        for words in ("1", "1:0", "0xffffffffffffffff:2", "1:", ":1"):
            with self.assertRaises(reader.argparse.ArgumentTypeError):
                reader.parse_span(words)


if __name__ == "__main__":
    unittest.main()
