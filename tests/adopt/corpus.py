# SPDX-License-Identifier: BSD-2-Clause
"""
Inherited trees for tests/fuzz/adopt.c, in its own bytes, as tests/fuzz/adopt_world.h reads them.

    corpus.py --out FOLDER    writes them, as seeds of the fuzzer

Of each shape a friendly tree (tables of all levels, leaves, notes, windows whose edges lie inside
shared tables) with work in it, coherent and not, and that tree with one thing wrong in it.
"""
import argparse
import pathlib
import struct

# Shape by shape as `choices` of adopt_world.h: granule, input bits, log2 of root tables in a row.
SHAPES = [(12, 39, 0), (12, 48, 0), (14, 47, 0), (16, 42, 0), (16, 52, 0), (12, 52, 0),
          (14, 52, 0), (12, 40, 1), (14, 40, 4), (16, 42, 0), (12, 48, 0), (14, 39, 0),
          (12, 30, 0), (12, 25, 0), (12, 34, 4), (14, 36, 0)]
COHERENT, CONTIGUOUS, BBM_2, WRITEBACK_64 = 1, 2, 8, 2 << 4
LINK, LEAF, PAGES, NOTE, ELSEWHERE, RAW, FLIP = range(7)
PAGE = 32  # of LEAF: level 3
MAP, _, UNMAP, PROTECT, TRIM, READ, RESERVE, FAIL = range(8)


def levels(shape):
    """How many levels a tree of a shape has."""
    granule, bits, concat = shape
    return -(-(bits - concat - granule) // (granule - 3))


def edit(what, table, index, *rest):
    return struct.pack("<BBH", what, table, index) + b"".join(rest)


def link(table, index, to, flags=0):
    return edit(LINK, table, index, bytes([to, flags]))


def friendly_tree(shape):
    """Edits: one table a level, the root first (16 tables in a row fill all), leaves in the last."""
    depth = levels(shape)
    root_tables = 1 << shape[2]
    tables = [0] + [min(root_tables + i, 15) for i in range(depth - 1)]
    edits = []
    for level, (table, below) in enumerate(zip(tables, tables[1:])):
        if root_tables < 16:
            edits.append(link(table, 0, below))
        edits.append(edit(NOTE | level << 3, table, 3, struct.pack("<H", 0xdead)))
    last = tables[-1]
    edits.append(edit(PAGES, last, 16, bytes([7]), struct.pack("<HB", 0x90, 0)))
    edits.append(edit(LEAF | PAGE, last, 40, struct.pack("<HB", 0x123, 0)))
    return edits


# Scales of base and size, 2 bits each; a size is one more than it says.
def window(base, size, base_scale=0, size_scale=0):
    return struct.pack("<BHH", base_scale | size_scale << 2, base, size - 1)


def operation(what, where=0, scale=0, offset=0, pages=1, pa=0):
    return struct.pack("<BBBHBH", what, where, scale, offset, pages - 1, pa)


def work():
    return b"".join([
        operation(READ), operation(MAP, 0, 0, 5, 3, 0x100), operation(MAP, 0, 0, 0, 16),
        operation(MAP, 1, 4, 0, 2), operation(UNMAP, 1, 0, 3, 2), operation(PROTECT, 0, 0, 5, 3),
        operation(FAIL), operation(MAP, 1, 0, 9, 1), operation(FAIL | 1 << 3),
        operation(MAP, 17, 0, 1, 1), operation(RESERVE | 3 << 3), operation(MAP, 1, 0, 77, 1),
        operation(UNMAP, 0, 0, 5, 3), operation(TRIM, 1, 4, 0, 2), operation(READ)])


def tree(number, flags, edits, root=0, frame=0, windows=None, other=0):
    windows = windows if windows is not None else [window(64, 64), window(1, 1, 1, 1)]
    return (bytes([number, flags, other, frame, root, len(windows)]) + b"".join(windows) +
            bytes([len(edits)]) + b"".join(edits) + work())


def broken(number, shape):
    """What is wrong, and the tree with it."""
    good = friendly_tree(shape)
    flags = COHERENT | BBM_2
    last = 1 << shape[2]
    wrong = {
        "no-map": [edit(ELSEWHERE, 0, 1, bytes([0]))],
        "hole": [edit(ELSEWHERE, 0, 1, bytes([1]))],
        "output": [edit(ELSEWHERE, 0, 1, bytes([3 + 8 * 23]))],
        "allocatable": [edit(ELSEWHERE, 0, 1, bytes([5]))],
        "cycle": [link(0, 1, 0)],
        "shared": [link(0, 1, last), link(0, 2, last)],
        "block": [edit(LEAF, 0, 1, struct.pack("<HB", 0, 0))],
        "reserved": [edit(FLIP, last, 16, bytes([50]))],
        "software": [edit(LEAF | PAGE, last, 20 + i, struct.pack("<HB", 0, 64 + i))
                     for i in range(4)],
        "raw": [edit(RAW, 0, 1, bytes(range(0xf1, 0xf9)))],
    }
    for name, edits in wrong.items():
        yield name, tree(number, flags, good + edits)
    yield "root", tree(number, flags, good, root=1 << 4)
    yield "frames", tree(number, flags, good, frame=130)
    yield "overlap", tree(number, flags, good, windows=[window(64, 64), window(100, 64)])
    yield "range", tree(number, flags, good, windows=[window(0xffff, 0xffff, 3, 3)])
    yield "align", tree(number, flags, good, windows=[b"\x80" + window(64, 64)[1:]])
    yield "none", tree(number, flags, good, windows=[])


def corpus():
    for number, shape in enumerate(SHAPES):
        for name, flags in (("coherent", COHERENT | BBM_2 | WRITEBACK_64),
                            ("hints", COHERENT | CONTIGUOUS | BBM_2), ("not", WRITEBACK_64),
                            ("bbm-0", COHERENT)):
            yield f"{number:02}-friendly-{name}", tree(number, flags, friendly_tree(shape))
        yield from ((f"{number:02}-{name}", data) for name, data in broken(number, shape))


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in corpus():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
