# SPDX-License-Identifier: BSD-2-Clause
"""
How much stack do the library's calls take at most?

    stack.py FOLDER

FOLDER holds what gcc -fcallgraph-info=su wrote. Functions that call themselves, alone or in a ring,
walk a page table: they count once for each of its LEVELS. What is called through pointers (TLB
operations, visitors, reporters) and the hooks are the integrator's, and come on top.
"""
import pathlib
import re
import sys

LEVELS = 5
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
FRAME = re.compile(r"\\n(\d+) bytes \((\w+(?:,\w+)?)\)")


def read(folder):
    """Frames by function, and who calls whom. Static functions have their file in the title."""
    frames, calls = {}, {}
    for path in sorted(pathlib.Path(folder).rglob("*.ci")):
        text = path.read_text()
        for title, label in NODE.findall(text):
            frame = FRAME.search(label)
            if not frame:
                continue
            if frame[2] not in ("static", "dynamic,bounded"):
                sys.exit(f"fh: stack: {title}: its frame is {frame[2]} (ENOTSUP)")
            frames[title] = int(frame[1])
        for source, target in EDGE.findall(text):
            calls.setdefault(source, set()).add(target)
    if not frames:
        sys.exit(f"fh: stack: {folder}: no call graph in it (ENOENT)")
    return frames, calls


def reach(calls, start):
    seen, pending = set(), [start]
    while pending:
        for target in calls.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen


def bounds(frames, calls):
    below = {name: reach(calls, name) for name in frames}
    ring = {name: frozenset(other for other in below[name] if other in frames and name in below[other])
            | {name} for name in frames}
    done = {}

    def bound(name):
        members = ring[name]
        if members not in done:
            recursive = any(name in below[name] for name in members)
            own = sum(frames[other] for other in members) * (LEVELS if recursive else 1)
            out = {target for other in members for target in calls.get(other, ())
                   if target in frames} - members
            done[members] = own + max((bound(target) for target in out), default=0)
        return done[members]

    return {name: bound(name) for name in frames}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: stack.py FOLDER")
    frames, calls = read(sys.argv[1])
    public = {name: bytes_ for name, bytes_ in bounds(frames, calls).items()
              if name.startswith("fh_") and ":" not in name}
    for name, most in sorted(public.items(), key=lambda row: (-row[1], row[0])):
        print(f"{most:6} {name}")


if __name__ == "__main__":
    main()
