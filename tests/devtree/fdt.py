# SPDX-License-Identifier: BSD-2-Clause
"""Writes flattened device trees, and damages them: what dtc cannot or would not."""
import struct

BEGIN, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
HEADER = ("magic", "totalsize", "off_dt_struct", "off_dt_strings", "off_mem_rsvmap", "version",
          "last_comp_version", "boot_cpuid_phys", "size_dt_strings", "size_dt_struct")


def cells(*values):
    return b"".join(struct.pack(">I", value) for value in values)


def numbers(*values):
    return b"".join(struct.pack(">Q", value) for value in values)


def padded(data):
    return data + bytes(-len(data) % 4)


class Writer:
    """A tree, node by node, without a limit on their number."""

    def __init__(self):
        self.parts = []
        self.strings = bytearray()
        self.offsets = {}
        self.reservations = []

    def begin(self, name):
        self.parts.append(cells(BEGIN) + padded(name.encode() + b"\0"))

    def end(self):
        self.parts.append(cells(END_NODE))

    def put(self, name, value=b""):
        if name not in self.offsets:
            self.offsets[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        self.parts.append(cells(PROP, len(value), self.offsets[name]) + padded(value))

    def blob(self):
        tags = b"".join(self.parts) + cells(END)
        reserved = b"".join(numbers(*entry) for entry in self.reservations + [(0, 0)])
        at = 40 + len(reserved)
        return cells(0xd00dfeed, at + len(tags) + len(self.strings), at, at + len(tags), 40, 17, 16, 0,
                     len(self.strings), len(tags)) + reserved + tags + bytes(self.strings)


def begin_root(size):
    tree = Writer()
    tree.begin("")
    tree.put("#address-cells", cells(2))
    tree.put("#size-cells", cells(2))
    tree.begin("memory@40000000")
    tree.put("device_type", b"memory\0")
    tree.put("reg", numbers(0x40000000, size))
    tree.end()
    return tree


def put_regions(tree, count, properties):
    """properties: of the region whose frame begins at an address."""
    tree.begin("reserved-memory")
    tree.put("#address-cells", cells(2))
    tree.put("#size-cells", cells(2))
    tree.put("ranges")
    for base in range(0x50000000, 0x50000000 + 0x2000 * count, 0x2000):
        tree.begin(f"region@{base:x}")
        for name, value in properties(base).items():
            tree.put(name, value)
        tree.end()
    tree.end()


def make(what, count):
    """The tree called `what`, with `count` of something."""
    tree = begin_root(0x1000000 if what == "deep" else 0x80000000)
    if what == "banks":
        for bank in range(1, count):
            tree.begin(f"memory@{bank:x}00000000")
            tree.put("device_type", b"memory\0")
            tree.put("reg", numbers(bank << 32, 0x1800))
            tree.end()
    elif what == "regions":
        put_regions(tree, count, lambda base: {"reg": numbers(base + 0x10, 0x20), "no-map": b""})
    elif what == "disabled":
        put_regions(tree, count, lambda base: {"reg": numbers(base, 1), "status": b"disabled\0"})
    elif what == "requests":
        put_regions(tree, count, lambda base: {"size": numbers(0x1000)})
    elif what == "memreserves":
        tree.reservations = [(0x40000000 + 0x2000 * i, 1) for i in range(count)]
    elif what == "deep":
        for _ in range(count):
            tree.begin("n")
        for _ in range(count):
            tree.end()
    else:
        raise ValueError(f"{what}: no such tree")
    tree.end()
    return tree.blob()


def field(blob, name):
    return struct.unpack_from(">I", blob, 4 * HEADER.index(name))[0]


def set_header(blob, values):
    for name, value in values.items():
        struct.pack_into(">I", blob, 4 * HEADER.index(name), value)


def rename(blob, old, new):
    """A node or property whose name stands there once, with its end."""
    there, then = old.encode() + b"\0", new.encode() + b"\0"
    if blob.count(there) != 1 or len(there) != len(then):
        raise ValueError(f"{old}: stands {blob.count(there)} times, or {new} is not as long")
    at = blob.index(there)
    blob[at:at + len(then)] = then


def set_structure(blob, at, data):
    start = field(blob, "off_dt_struct") + at
    if at < 0:
        start += field(blob, "size_dt_struct")
    blob[start:start + len(data)] = data


def swap(blob, at, count):
    """Two neighbours of `count` bytes in the structure."""
    at += field(blob, "off_dt_struct")
    blob[at:at + 2 * count] = blob[at + count:at + 2 * count] + blob[at:at + count]


def nop(blob, name):
    """The property without a value called `name` becomes tags that say nothing."""
    offset = blob.index(b"\0" + name.encode() + b"\0", field(blob, "off_dt_strings")) + 1
    wanted = cells(PROP, 0, offset - field(blob, "off_dt_strings"))
    at = blob.index(wanted)
    blob[at:at + len(wanted)] = cells(NOP, NOP, NOP)


def endless_reservations(blob):
    """The list moves to the end of the blob, and goes on until there."""
    blob += bytes(-len(blob) % 8)
    set_header(blob, {"off_mem_rsvmap": len(blob), "totalsize": len(blob) + 32})
    blob += numbers(0x40000000, 0x1000, 0x40002000, 0x1000)


def patch(blob, how):
    """Return: the blob, changed in one way."""
    ((what, value),) = how.items()
    if what == "rename":
        rename(blob, *value)
    elif what == "header":
        set_header(blob, value)
    elif what == "cut":
        blob = blob[:value]
    elif what == "append":
        blob += bytes.fromhex(value)
    elif what == "reserve":
        struct.pack_into(">Q", blob, field(blob, "off_mem_rsvmap") + 16 * value["entry"] + 8,
                         value["size"])
    elif what == "endless_reservations":
        endless_reservations(blob)
    elif what == "overlap_strings":
        set_header(blob, {"off_dt_strings": field(blob, "off_dt_strings") - 4,
                          "size_dt_strings": field(blob, "size_dt_strings") + 4})
    elif what == "structure":
        set_structure(blob, value["at"], bytes.fromhex(value["hex"]))
    elif what == "swap":
        swap(blob, value["at"], value["bytes"])
    elif what == "nop":
        nop(blob, value)
    else:
        raise ValueError(f"{what}: no such patch")
    return blob
