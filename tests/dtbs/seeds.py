# SPDX-License-Identifier: BSD-2-Clause
"""Alters a device tree in one place that a reader must judge, the same way for the same seed.

Half of the blows damage what is there, half add sound or odd properties and regions; both land on
the few nodes, tags and header fields that decide who owns memory.
"""

import random
import struct

FLAGS = (b"hotpluggable", b"no-map", b"ranges", b"reusable")
LISTS = (b"alloc-ranges", b"linux,usable-memory", b"linux,usable-memory-range", b"reg")
NUMBERS = (b"#address-cells", b"#size-cells", b"alignment", b"linux,initrd-end",
           b"linux,initrd-start", b"numa-node-id", b"size")
STRINGS = {b"device_type": (b"memory\0", b"cpu\0"),
           b"status": (b"okay\0", b"ok\0", b"disabled\0", b"fail\0", b"\0")}
NAMES = FLAGS + LISTS + NUMBERS + tuple(STRINGS)
BOUNDS = (b"linux,initrd-start", b"linux,initrd-end")
# Sets of properties that are added together, per kind of node.
ADDED = {"root": ((b"#address-cells",), (b"#size-cells",)),
         "memory": ((b"linux,usable-memory",), (b"hotpluggable",), (b"numa-node-id",),
                    (b"status",), (b"linux,usable-memory", b"hotpluggable")),
         "chosen": ((b"linux,usable-memory-range",), BOUNDS, BOUNDS, BOUNDS[:1], BOUNDS[1:]),
         "region": ((b"size",), (b"alignment",), (b"alloc-ranges",), (b"no-map",), (b"reusable",),
                    (b"status",), (b"size", b"alignment"), (b"reg",))}
MARKS = ((), (), (), (b"no-map",), (b"no-map",), (b"no-map",), (b"reusable",), (b"reusable",))
TAGS = (0, 1, 2, 3, 4, 5, 9, 0xFFFFFFFF)
WORDS = (0, 1, 2, 3, 0xFFF, 0x1000, 0x1800, 0x40000000, 0x80000000, 0xFFFFF000, 0xFFFFFFFF)


def kind_of(path):
    """Which of the nodes that matter `path`, names without unit addresses, is; or None."""
    if len(path) == 1:
        return "root"
    if len(path) == 3 and path[1] == b"reserved-memory":
        return "region"
    return {b"memory": "memory", b"chosen": "chosen", b"reserved-memory": "reserved"}.get(
        path[1] if len(path) == 2 else None)


class Seeded:
    """A copy to alter, with the places of the tags, nodes and properties that matter."""

    def __init__(self, blob, seed, span):
        self.dice = random.Random(seed)
        self.base, self.span = span
        self.cells = [2, 2]
        (total, self.off_struct, off_strings, self.off_memreserve, _, _, _, size_strings,
         self.size_struct) = struct.unpack_from(">9I", blob, 4)
        # The strings move to the end, where every name that may be added follows them.
        self.strings = blob[off_strings:off_strings + size_strings] + b"\0".join((b"",) + NAMES)
        self.blob = bytearray(blob[:total])
        self.tags, self.props, self.nodes, self.closers = [], [], [], {}
        self.walk()
        self.strings += b"\0"
        self.put(12, len(self.blob))
        self.put(32, len(self.strings))
        self.blob += self.strings
        self.put(4, len(self.blob))

    def put(self, at, value):
        struct.pack_into(">I", self.blob, at, value & 0xFFFFFFFF)

    def get(self, at):
        return struct.unpack_from(">I", self.blob, at)[0]

    def walk(self):
        path = []
        at = self.off_struct
        while at < self.off_struct + self.size_struct:
            tag = self.get(at)
            self.tags.append(at)
            at += 4
            if tag == 1:
                end = self.blob.index(b"\0", at)
                path.append(bytes(self.blob[at:end]).split(b"@")[0])
                at = (end + 4) // 4 * 4
                if kind_of(path):
                    self.nodes.append((kind_of(path), at))
            elif tag == 2:
                self.closers.setdefault(kind_of(path), at - 4)
                path.pop()
            elif tag == 3:
                at = self.prop(at, kind_of(path))
            elif tag == 9:
                break

    def prop(self, at, kind):
        length, name_at = self.get(at), self.get(at + 4)
        name = self.strings[name_at:self.strings.index(b"\0", name_at)]
        if kind == "root" and name in NUMBERS[:2]:
            self.cells[NUMBERS.index(name)] = self.get(at + 8)
        if kind and name in NAMES:
            # Every tree has the root's cells: they are not to eat up the seeds.
            self.props += [(at, name, length)] * (1 if kind == "root" else 4)
        return (at + 8 + length + 3) // 4 * 4

    def name_offset(self, name):
        return (b"\0" + self.strings).index(b"\0" + name + b"\0")

    def insert(self, at, tokens):
        """Put `tokens` before `at` in the structure block, which moves to the end."""
        end = self.off_struct + self.size_struct
        block = self.blob[self.off_struct:at] + tokens + self.blob[at:end]
        self.blob += bytes(-len(self.blob) % 4)
        self.put(8, len(self.blob))
        self.put(36, len(block))
        self.blob += block
        self.put(4, len(self.blob))

    # What is there is damaged

    def hit_header(self):
        at = 4 * self.dice.randrange(1, 10)
        old = self.get(at)
        self.put(at, self.dice.choice((old + 1, old - 1, old + 4, old - 4, old + 8, old - 8,
                                       old + 16, old * 2, 0, 40, len(self.blob), 0xFFFFFFFF)))
        return f"header word {at // 4}"

    def hit_tag(self):
        at = self.dice.choice(self.tags)
        self.put(at, self.dice.choice(TAGS))
        return f"tag at {at}"

    def hit_value(self):
        at, name, length = self.dice.choice(self.props)
        if length < 4:
            return self.hit_name()
        word = at + 8 + 4 * self.dice.randrange(length // 4)
        old = self.get(word)
        self.put(word, self.dice.choice(WORDS + (old + 1, old - 1, old ^ 0x800, old * 2,
                                                 old // 2)))
        return f"{name.decode()} at {at}"

    def hit_length(self):
        at, name, length = self.dice.choice(self.props)
        self.put(at, self.dice.choice((0, 1, length - 1, length - 3, length // 2, length + 1,
                                       length + 4, 0x7FFFFFFF, 0xFFFFFFFF)))
        return f"length of {name.decode()} at {at}"

    def hit_name(self):
        at, name, _ = self.dice.choice(self.props)
        other = self.dice.choice(NAMES)
        self.put(at + 4, self.dice.choice((self.name_offset(other),) * 5 + (
            len(self.strings) - 1, len(self.strings), 0xFFFFFFFF)))
        return f"name of {name.decode()} at {at}, {other.decode()}"

    def hit_byte(self):
        at = self.off_struct + self.dice.randrange(self.size_struct)
        self.blob[at] ^= 1 << self.dice.randrange(8)
        return f"byte {at}"

    def hit_end(self):
        del self.blob[self.dice.randrange(len(self.blob)):]
        return f"cut to {len(self.blob)}"

    # Something is added

    def amount(self):
        """A size, mostly of some frames, sometimes odd."""
        dice = self.dice
        return dice.choice((0x1000 * dice.randint(1, 64), 1 << dice.randint(12, 30),
                            dice.randint(0, 1 << 22)))

    def address(self):
        dice = self.dice
        near = self.base + dice.randrange(self.span)
        return dice.choice((near, near & ~0xFFF, near & ~0xFFFFF, self.base, self.base + self.span,
                            self.base - 0x1000 & 0xFFFFFFFF))

    def entry(self):
        """One entry in the root's cells; what does not fit them loses its top."""
        widths = [4 * min(cells, 4) for cells in self.cells]
        return b"".join((value % (1 << 8 * width)).to_bytes(width, "big")
                        for value, width in zip((self.address(), self.amount()), widths))

    def value(self, name):
        dice = self.dice
        if name in FLAGS:
            return dice.choice((b"",) * 19 + (self.entry(),))
        if name in STRINGS:
            return dice.choice(STRINGS[name])
        if name in LISTS:
            odd = dice.choice((b"",) * 19 + (b"\0\0\0\0",))
            return b"".join(self.entry() for _ in range(dice.randint(1, 3))) + odd
        if name in (b"numa-node-id",) + NUMBERS[:2]:
            return struct.pack(">I", dice.choice((1, 2, 2, 3)))
        if name == b"size":
            width = 4 * min(self.cells[1], 2)
            return (self.amount() % (1 << 8 * width)).to_bytes(width, "big")
        if name == b"alignment":
            number = self.amount() if dice.random() < 0.1 else 1 << dice.randint(0, 26)
        else:
            number = self.base + dice.randint(1, 8) * 0x800000 * (1 + BOUNDS.index(name))
        return number.to_bytes(dice.choice((4, 8)) if number < 1 << 32 else 8, "big")

    def token(self, name):
        value = self.value(name)
        return struct.pack(">III", 3, len(value), self.name_offset(name)) + value + bytes(
            -len(value) % 4)

    def add_property(self):
        there = {kind for kind, _ in self.nodes}
        kind = self.dice.choice([kind for kind in ("memory", "chosen", "region") if kind in there]
                                or ["root"])
        _, at = self.dice.choice([each for each in self.nodes if each[0] == kind])
        names = self.dice.choice(ADDED[kind])
        self.insert(at, b"".join(map(self.token, names)))
        return f"{', '.join(name.decode() for name in names)} added at {at}"

    def region(self, turn):
        """A child of /reserved-memory that has an address or asks for one."""
        dice = self.dice
        names = [dice.choice((b"reg", b"size")), *dice.choice(MARKS)]
        names += [name for name, chance in ((b"alignment", 0.2), (b"alloc-ranges", 0.3),
                                            (b"status", 0.1)) if dice.random() < chance]
        return (struct.pack(">I12s", 1, b"seeded@%d" % turn)
                + b"".join(map(self.token, names)) + struct.pack(">I", 2))

    def add_regions(self):
        regions = [self.region(turn) for turn in range(self.dice.randint(1, 6))]
        if "reserved" in self.closers:
            self.insert(self.closers["reserved"], b"".join(regions))
        else:
            props = b"".join(struct.pack(">IIII", 3, 4, self.name_offset(name), cells)
                             for name, cells in zip(NUMBERS, self.cells))
            props += struct.pack(">III", 3, 0, self.name_offset(b"ranges"))
            self.insert(self.closers["root"], struct.pack(">I16s", 1, b"reserved-memory")
                        + props + b"".join(regions) + struct.pack(">I", 2))
        return f"{len(regions)} regions added"

    def add_memreserve(self):
        """A reservation list of its own behind everything else."""
        self.blob += bytes(-len(self.blob) % 8)
        self.put(16, len(self.blob))
        for _ in range(self.dice.randint(1, 3)):
            self.blob += struct.pack(">QQ", self.address(), self.amount())
        self.blob += bytes(self.dice.choice((16, 16, 16, 8)))
        self.put(4, len(self.blob))
        return "memory reservations added"


HITS = ("hit_value",) * 5 + ("hit_length",) * 2 + ("hit_name",) * 2 + (
    "hit_header", "hit_tag", "hit_byte", "hit_end") + (
    "add_property",) * 6 + ("add_regions",) * 6 + ("add_memreserve",)


def altered(blob, seed, span):
    """(an altered copy of a tree that parses, what was done); `span` is where RAM may be."""
    copy = Seeded(blob, seed, span)
    hits = [hit for hit in HITS if copy.props or hit not in ("hit_value", "hit_length", "hit_name")]
    what = getattr(copy, copy.dice.choice(hits))()
    return bytes(copy.blob), what
