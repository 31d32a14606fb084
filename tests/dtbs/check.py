# SPDX-License-Identifier: BSD-2-Clause
"""Compares fh-memmap with the independent reader on every *.dtb below some folders.

Each tree is read as it is and with RAM filled in, then with other pages, bits and images; any
difference in exit status, ranges, dynamic regions or refusal is printed and fails the run.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import errno
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import reader
import seeds

CHUNK_TREES = 48
BATCH_FILES = 256
NAMED_DIFFERENCES = 20
SEEDS_PER_TREE = 8
TIMEOUT_SECONDS = 120
GIB = 1 << 30
FALLBACK_BASE = 0x40000000
COLUMNS = ("as-is", "filled", "64K", "no-dynamic", "pa-36", "images", "seeded")


@dataclasses.dataclass
class Case:
    """One tree under one set of options: what to run and what must come out."""

    name: str
    file: str
    column: str
    arguments: tuple
    expected: dict


@dataclasses.dataclass
class Tally:
    """What a chunk of trees came to."""

    reasons: collections.Counter
    differences: list


def complain(subject, value, why, number):
    print(f"fh: check-dtbs: {subject}: {value}: {why} ({errno.errorcode[number]})",
          file=sys.stderr)


# The cases


def regs(nodes, cells):
    """The (base, size) pairs of those nodes whose reg can be read at all."""
    for node in nodes:
        for value in node.values(b"reg")[:1]:
            try:
                yield from reader.entries(value, cells, node.path, "reg-length")
            except reader.Refused:
                continue


def enabled_memory(node):
    types = map(reader.first_string, node.values(b"device_type"))
    status = (node.values(b"status") + [b"okay\0"])[0]
    return b"memory" in types and reader.first_string(status) in (b"okay", b"ok")


def fill_span(tree):
    """(base, size) of the RAM that a bootloader might fill in."""
    root = tree.root
    try:
        cells = reader.cells_of(root, root.pick(reader.CELLS), "cells-root")
    except reader.Refused:
        return FALLBACK_BASE, 8 * GIB
    memory = [node for node in root.children if enabled_memory(node)][:1]
    reserved = [child for node in root.children if node.called(b"reserved-memory")
                for child in node.children]
    base = next((base for base, _ in regs(memory, cells)), None)
    if base is None:
        lowest = min((base for base, _ in regs(reserved, cells)), default=FALLBACK_BASE)
        base = lowest // GIB * GIB
    limit = (1 << 32) if cells[0] == 1 else reader.TOP
    return base, min(8 * GIB, limit - base)


def image_options(options, tree, bare, digest):
    """`options` with a kernel and a tree that share a frame of the largest usable range."""
    usable = [(int(span["size"], 16), int(span["base"], 16)) for span in bare["ranges"]
              if span["kind"] == "usable"]
    size, low = max(usable, default=(0, options.memory[0][0] // 4096 * 4096))
    slack = 0x1000 if digest[0] & 1 else 0
    kernel_bytes = max(1, min(0x2000000, (size - tree.totalsize - slack) // 2) - 0x123)
    dtb = (low + kernel_bytes + 7) // 8 * 8
    return dataclasses.replace(options, kernel=(low, kernel_bytes),
                               dtb=(dtb, tree.totalsize + slack if slack else None))


def arguments_of(options):
    """The command line that says `options`."""
    words = []
    for base, size in options.memory:
        words += ["--memory", f"{base:#x}:{size:#x}"]
    if options.kernel:
        words += ["--kernel", "{:#x}:{:#x}".format(*options.kernel)]
    if options.dtb:
        base, size = options.dtb
        words += ["--dtb", f"{base:#x}" if size is None else f"{base:#x}:{size:#x}"]
    if options.page != 4096:
        words += ["--page", str(options.page)]
    if options.pa_bits != 64:
        words += ["--pa-bits", str(options.pa_bits)]
    if options.no_dynamic:
        words.append("--no-dynamic")
    return tuple(words)


def cases_of(path, blob, seeded, folder):
    """Every case of one tree; altered copies are written into `folder`."""
    digest = hashlib.sha256(blob).digest()
    plain = reader.Options()
    try:
        tree = reader.parse(blob)
    except reader.Refused as refused:
        options = dataclasses.replace(plain, memory=((FALLBACK_BASE, 8 * GIB),))
        for column, each in (("as-is", plain), ("filled", options)):
            yield Case(path, path, column, arguments_of(each), reader.refusal(refused))
        return
    filled = dataclasses.replace(plain, memory=(fill_span(tree),))
    bare_options = dataclasses.replace(filled, no_dynamic=True)
    bare = reader.answer(tree, bare_options)
    for column, options in (
            ("as-is", plain), ("filled", filled),
            ("64K", dataclasses.replace(filled, page=65536)), ("no-dynamic", bare_options),
            ("pa-36", dataclasses.replace(filled, pa_bits=36)),
            ("images", image_options(filled, tree, bare, digest))):
        expected = bare if column == "no-dynamic" else reader.answer(tree, options)
        yield Case(path, path, column, arguments_of(options), expected)
    for turn in range(SEEDS_PER_TREE if seeded else 0):
        copy, what = seeds.altered(blob, digest + bytes([turn]), filled.memory[0])
        file = os.path.join(folder, f"{digest.hex()[:16]}-{turn}.dtb")
        with open(file, "wb") as out:
            out.write(copy)
        yield Case(f"{path} (seed {turn}: {what})", file, "seeded", arguments_of(filled),
                   reader.read(copy, filled))


# The comparison


def run(program, arguments, files):
    """(exit status, the parsed lines, stderr); a line that is no object is None."""
    try:
        done = subprocess.run([program, *arguments, "--json", *files], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"none after {TIMEOUT_SECONDS} s", [], ""
    lines = []
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        lines.append(found if isinstance(found, dict) else None)
    return done.returncode, lines, done.stderr.decode("utf-8", "replace").strip()


def compare_lists(key, ours, theirs):
    if ours == theirs:
        return []
    if not isinstance(theirs, list):
        return [f"{key}: {theirs!r} is no list"]
    at = next((at for at, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]),
              min(len(ours), len(theirs)))
    return [f"{key}: {len(theirs)} entries, the oracle {len(ours)}; apart at {at}"] + [
        f"    {who:8}{json.dumps(entry)}"
        for who, entries in (("program", theirs), ("oracle", ours))
        for entry in entries[at:at + 2] or ["(ends)"]]


def compare_warnings(case, line):
    """Each request that found no room must be named, whatever the words."""
    if "--no-dynamic" in case.arguments or not isinstance(line.get("warnings"), list):
        return []
    text = "\n".join(map(str, line["warnings"]))
    unnamed = [request["by"] for request in case.expected["dynamic"]
               if request["base"] is None and request["by"] not in text]
    return [f"warnings: no room for {path}, and no word about it" for path in unnamed]


def compare(case, line, with_warnings):
    """What differs between the program's line and the expected answer, but for the status."""
    if case.expected["status"] == 2 and line is None:
        return []
    if line is None:
        return ["no JSON object"]
    found = []
    missing = {"file", "ranges", "dynamic", "warnings", "error"} - set(line)
    if missing:
        found.append(f"keys: without {', '.join(sorted(missing))}")
    if (line.get("error") is None) != (case.expected["error"] is None):
        found.append(f"error: {line.get('error')!r}, the oracle {case.expected['error']!r}")
    for key in ("ranges", "dynamic"):
        found += compare_lists(key, case.expected[key], line.get(key))
    return found + (compare_warnings(case, line) if with_warnings else [])


def judge_alone(case, program, with_warnings):
    """The differences of one case, by a run of its own."""
    status, lines, errors = run(program, case.arguments, [case.file])
    found = []
    if status != case.expected["status"]:
        found.append(f"exit status: {status}, the oracle {case.expected['status']}")
        # The last lines name the finding when a sanitizer stopped the program.
        found += [f"    stderr: {line}" for line in errors.splitlines()[-8:]]
    if len(lines) > 1:
        found.append(f"lines: {len(lines)} for one file")
    return found + compare(case, lines[0] if lines else None, with_warnings)


def judge(batch, program, with_warnings):
    """Run cases of one command line and one status at once; what is odd is run again alone."""
    status, lines, _ = run(program, batch[0].arguments, [case.file for case in batch])
    sound = status == batch[0].expected["status"] and len(lines) == len(batch)
    differences = []
    for at, case in enumerate(batch):
        if sound and not compare(case, lines[at], with_warnings):
            continue
        found = judge_alone(case, program, with_warnings)
        if found or sound:
            differences.append((case, found or ["only when read together with others"]))
    if not sound and not differences and len(batch) > 1:
        differences.append((batch[0], [f"with {len(batch) - 1} others: exit status {status}, "
                                       f"{len(lines)} lines; alone each agrees"]))
    return differences


def examine(paths, program, seeded, with_warnings, keep):
    """All cases of some trees, run in batches of one command line and one expected status."""
    tally = Tally(collections.Counter(), [])
    groups = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            with open(path, "rb") as file:
                blob = file.read()
            for case in cases_of(path, blob, seeded, folder):
                tally.reasons[case.column, case.expected["reason"] or "accepted"] += 1
                groups[case.arguments, case.expected["status"]].append(case)
        for (_, status), group in groups.items():
            # Of many files only the highest status comes back: never mix expected ones, and
            # a 1 could hide behind a 2.
            step = 1 if status == 2 else BATCH_FILES
            for at in range(0, len(group), step):
                tally.differences += judge(group[at:at + step], program, with_warnings)
        tally.differences = [describe(*each, program, keep) for each in tally.differences]
    return tally


def describe(case, found, program, keep):
    """One difference in full; an altered tree is kept when there is a folder for it."""
    file = case.file
    if case.file != case.name and keep:
        file = os.path.join(keep, os.path.basename(case.file))
        with open(case.file, "rb") as old, open(file, "wb") as new:
            new.write(old.read())
    command = " ".join((program, *case.arguments, "--json", file))
    reason = case.expected["reason"] or "accepted"
    return "\n    ".join([f"{case.name}: {case.column}: the oracle: {reason}", command, *found])


# The whole


def find_trees(folders):
    """(paths of distinct *.dtb below the folders, number of files)."""
    seen = {}
    files = 0
    for folder in folders:
        names = [folder] if os.path.isfile(folder) else sorted(
            os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
            if name.endswith(".dtb"))
        for path in names:
            try:
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).digest()
            except OSError as error:
                complain(path, "tree", "cannot be read", error.errno)
                continue
            files += 1
            seen.setdefault(digest, path)
    return list(seen.values()), files


def print_table(trees, files, tally):
    columns = [column for column in COLUMNS if any(key[0] == column for key in tally.reasons)]
    totals = collections.Counter()
    for (_, reason), count in tally.reasons.items():
        totals[reason] += count
    print(f"{'trees':26}{trees:>11}   ({files} files)")
    print(f"{'':26}" + "".join(f"{column:>11}" for column in columns))
    for reason, _ in sorted(totals.items(), key=lambda each: (each[0] != "accepted", -each[1],
                                                              each[0])):
        print(f"{reason:26}" + "".join(f"{tally.reasons[column, reason]:>11}"
                                       for column in columns))
    print(f"{'differences':26}{len(tally.differences):>11}")


def verdict(options, trees, tally):
    """0 when everything agrees and enough was accepted, else 1 with the reasons on stderr."""
    failed = 0
    for at, text in enumerate(sorted(tally.differences)[:NAMED_DIFFERENCES], 1):
        print(f"difference {at}: {text}")
    if tally.differences:
        complain("differences", len(tally.differences), "the two readers disagree",
                 errno.EBADMSG)
        failed = 1
    if not trees:
        complain(" ".join(options.folders), 0, "no *.dtb below", errno.ENOENT)
        failed = 1
    accepted = tally.reasons["filled", "accepted"]
    if accepted < options.least:
        complain("filled trees accepted", accepted, f"fewer than {options.least}", errno.ERANGE)
        failed = 1
    return failed


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compares fh-memmap with the second reader.")
    parser.add_argument("--program", required=True, help="the fh-memmap to judge")
    parser.add_argument("--limit", type=int, metavar="N", help="read the first N trees only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--least", type=int, default=0, metavar="N",
                        help="fail when fewer filled trees are accepted")
    parser.add_argument("--seeded", action="store_true",
                        help=f"also {SEEDS_PER_TREE} copies of each tree, altered by a fixed seed")
    parser.add_argument("--keep", metavar="FOLDER", help="keep altered trees that differ here")
    parser.add_argument("--ignore-warnings", action="store_true",
                        help="do not ask for a warning per request without room")
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if not os.access(options.program, os.X_OK):
        complain("--program", options.program, "cannot be run", errno.ENOENT)
        return 1
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    paths, files = find_trees(options.folders)
    paths = paths[:options.limit]
    tally = Tally(collections.Counter(), [])
    with concurrent.futures.ProcessPoolExecutor(max(1, options.jobs)) as pool:
        work = [pool.submit(examine, paths[at:at + CHUNK_TREES], os.path.abspath(options.program),
                            options.seeded, not options.ignore_warnings, options.keep)
                for at in range(0, len(paths), CHUNK_TREES)]
        for each in work:
            done = each.result()
            tally.reasons += done.reasons
            tally.differences += done.differences
    print_table(len(paths), files, tally)
    return verdict(options, len(paths), tally)


if __name__ == "__main__":
    sys.exit(main())
