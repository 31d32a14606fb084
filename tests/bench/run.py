# SPDX-License-Identifier: BSD-2-Clause
"""
`make bench`: runs the benchmarks on the host and in QEMU, and puts both into one table and one file.

    run.py [--quick] [--linux] [alloc | pgtable]

Prints times and exact instructions for each operation, values, and gates: what the allocator of
mm/page.h is meant to reach beside the others, and the engine of iommu/pgtable.h beside bare stores.
A gate that is missed is said, and is no error: times are the machine's. An implementation that did
not do its work is one. From the environment: O, QEMU.
--linux: the host's program is the one that holds Linux' page tables, too.
Writes O/bench.json, with --quick O/bench-quick.json, of one suite O/bench-SUITE.json: a list of
{"suite", "test", "impl", "ns", "insns"} with null where nothing was measured; "value" in rows of
values, and "of" where it is a count. Of page tables an operation is one entry of the last level.
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("O") or "build")
QEMU = shlex.split(os.environ.get("QEMU") or "qemu-system-aarch64")
HOST_SECONDS = 1800
GUEST_SECONDS = 600

# Memory that is not set aside: most of it is never touched. Time stands still but for instructions.
MACHINE = [
    "-M", "virt,virtualization=on,memory-backend=ram", "-cpu", "cortex-a72", "-m", "8G",
    "-object", "memory-backend-ram,id=ram,size=8G,reserve=off", "-icount", "shift=10,sleep=off",
    "-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
    "-semihosting", "-serial", "stdio",
]

PLAIN = ["loop", "lifo", "bitmap", "buddy", "freehold", "hardened"]
SHARED = ["bitmap+lock", "buddy+lock", "freehold"]
COUNTED = "failed requests"
TABLES = ["loop", "floor", "freehold", "16K", "stage 2", "adopted", "linux"]
SUITES = ["alloc", "pgtable"]
# What the engine may take beside the floor, in time; and in instructions for each entry.
TABLE_GATES = {
    "map 512 pages": 1.5, "map page": 3, "unmap page, lazy": 3, "unmap page, strict": 3,
    "translate 1 GiB": 1.5, "translate 16 GiB": 1.5, "translate 1 GiB, one by one": 1.5,
    "translate 16 GiB, one by one": 1.5, "lookup 1 GiB, one by one": 1.5,
    "lookup 16 GiB, one by one": 1.5, "unmap 512 pages, strict": 3,
}
TABLE_INSTRUCTIONS = {"map page": 80, "map 512 pages": 8, "translate 1 GiB": 60}


class Failure(Exception):
    """A program that did not do its work, or could not be run."""


class Results:
    """Rows by test and allocator, in the order in which they came."""

    def __init__(self):
        self.rows = {}
        self.suite = SUITES[0]

    def row(self, test, impl):
        empty = {"suite": self.suite, "test": test, "impl": impl, "ns": None, "insns": None}
        return self.rows.setdefault((test, impl), empty)

    def get(self, test, impl, key):
        return self.rows.get((test, impl), {}).get(key)

    def ratio(self, test, impl, other, key="ns"):
        return divide(self.get(test, impl, key), self.get(test, other, key))

    def tests(self, key, impls, suite="alloc"):
        found = [test for (test, impl), row in self.rows.items()
                 if row["suite"] == suite and impl in impls and row.get(key) is not None]
        return list(dict.fromkeys(found))


def divide(one, other):
    return one / other if one is not None and other else None


def run(name, words, seconds):
    print(f"fh: bench: {name} ...", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              errors="replace", timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{name}: {error}") from None
    lines = [line.rstrip("\r").split("\t") for line in done.stdout.split("\n")]
    lines = [line[1:] for line in lines if line[0] == "bench"]
    wrong = ["; ".join(line[1:]) for line in lines if line[0] == "fail"]
    if done.returncode or wrong:
        text = "\n  ".join(wrong or done.stdout.splitlines()[-5:])
        raise Failure(f"{name}: status {done.returncode}\n  {text}")
    return lines


def add(results, lines):
    """What was measured first stays: the host has the larger sizes."""
    for kind, *fields in lines:
        if kind == "time":
            test, impl, unit, total, operations = fields
            results.row(test, impl)[unit] = round(int(total) / int(operations), 4)
        elif kind == "value":
            test, impl, one, other = fields
            row = results.row(test, impl)
            if test.startswith(COUNTED):
                row.setdefault("value", int(one))
                row.setdefault("of", int(other))
            else:
                row.setdefault("value", divide(int(one), int(other)))
        elif kind == "suite":
            results.suite = fields[0]
        elif kind == "seed":
            print(f"seed: {fields[0]}")


def add_ratios(results):
    results.suite = "alloc"
    for test in results.tests("ns", SHARED):
        if test.startswith("2 threads "):
            for impl in SHARED:
                one = results.get(test.removeprefix("2 threads "), impl, "ns")
                ratio = divide(results.get(test, impl, "ns"), one)
                if ratio is not None:
                    results.row(f"{test}, to one", impl)["value"] = round(ratio, 4)


def number(value):
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def table(title, head, rows):
    """Rows of texts below each other, the first column to the left."""
    cells = [[title, *head], *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    print()
    for row in cells:
        line = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  ".join(line).rstrip())


def compare(results, key, title):
    rows = []
    for test in results.tests(key, PLAIN):
        if test.startswith("2 threads"):
            continue
        rows.append([test] + [number(results.get(test, impl, key)) for impl in PLAIN]
                    + [number(results.ratio(test, "freehold", other, key))
                       for other in ("bitmap", "buddy")])
    table(title, [*PLAIN, "/bitmap", "/buddy"], rows)


def compare_tables(results, key, title):
    """What the loop costs is in all columns, and in the ratios."""
    tests = results.tests(key, TABLES, "pgtable")
    impls = [impl for impl in TABLES if any(results.get(test, impl, key) for test in tests)]
    below = [impl for impl in ("floor", "linux") if impl in impls]
    others = ("16K", "stage 2", "adopted")
    rows = []
    for test in tests:
        rows.append([test] + [number(results.get(test, impl, key)) for impl in impls]
                    + [number(results.ratio(test, "freehold", other, key)) for other in below]
                    + [number(results.ratio(test, other, "freehold", key)) for other in others])
    table(title, [*impls, *(f"/{name}" for name in below), *(f"{name}/" for name in others)], rows)


def compare_threads(results):
    rows = []
    for test in results.tests("ns", SHARED):
        if test.startswith("2 threads "):
            one = test.removeprefix("2 threads ")
            rows += [[name] + [number(results.get(name, impl, "ns")) for impl in SHARED]
                     for name in (one, test)]
            rows += [["  to one"] + [number(results.get(f"{test}, to one", impl, "value"))
                                     for impl in SHARED]]
    table("ns of each of 2 threads", SHARED, rows)


def show_values(results):
    rows = []
    impls = [impl for impl in PLAIN if impl != "loop"] + SHARED[:-1]
    for test in results.tests("value", impls):
        if not test.endswith(", to one"):
            values = [results.get(test, impl, "value") for impl in impls]
            rows.append([test] + [f"{value:.4f}" if isinstance(value, float) else number(value)
                                  for value in values])
    table("values", impls, rows)


def gate(text, value, limit, most=True):
    if value is None:
        verdict = "not measured"
    else:
        good = value <= limit if most else value >= limit
        verdict = f"{number(value) if most else f'{value:.4f}'} {'ok' if good else 'missed'}"
    print(f"gate: {text} {'<=' if most else '>='} {limit}: {verdict}")


def gates(results):
    pair, loop = (results.get("order-0 pair", impl, "insns") for impl in ("freehold", "loop"))
    mixed = "mixed geometric"
    print()
    gate("order-0 pair / bitmap", results.ratio("order-0 pair", "freehold", "bitmap"), 1.25)
    gate("order-0 pair, instructions without the loop",
         None if None in (pair, loop) else pair - loop, 90)
    for test in ("bulk alloc", "free random"):
        gate(f"{test} / bitmap", results.ratio(test, "freehold", "bitmap"), 2.5)
    gate(f"{mixed} / buddy", results.ratio(mixed, "freehold", "buddy"), 0.6)
    gate(f"{COUNTED} in {mixed}", results.get(f"{COUNTED} in {mixed}", "freehold", "value"), 0)
    for test in ("order-0 pair", mixed):
        gate(f"2 threads {test} / one",
             results.get(f"2 threads {test}, to one", "freehold", "value"), 1.2)
    for churn in ("order-0", "mixed"):
        share = f"order-9 share after {churn} churn"
        gate(share, results.get(share, "freehold", "value"), 0.95, most=False)
        gate(f"{share}, all freed", results.get(f"{share}, all freed", "freehold", "value"), 1.0,
             most=False)


def gates_tables(results):
    print()
    for test, limit in TABLE_GATES.items():
        gate(f"{test} / floor", results.ratio(test, "freehold", "floor"), limit)
    for impl in ("16K", "stage 2"):
        for test in TABLE_GATES:
            gate(f"{test}, {impl} / 4K stage 1", results.ratio(test, impl, "freehold"), 1.05)
    for test, limit in TABLE_INSTRUCTIONS.items():
        ours, loop = (results.get(test, impl, "insns") for impl in ("freehold", "loop"))
        gate(f"{test}, instructions without the loop",
             None if None in (ours, loop) else ours - loop, limit)


def measure(results, quick, suite, linux):
    words = (["--quick"] if quick else []) + ([suite] if suite else [])
    program = [str(BUILD / ("bench-linux" if linux else "bench") / "bench"), *words]
    guest = [*QEMU, *MACHINE, "-kernel", str(BUILD / "freehold-bench.img"), "-append",
             f"fh.quick={int(quick)}" + (f" fh.suite={suite}" if suite else "")]
    add(results, run("host", program, HOST_SECONDS))
    if suite != "pgtable":
        hardened = [str(BUILD / "bench-hardened" / "bench"), *program[1:]]
        add(results, run("host, hardened", hardened, HOST_SECONDS))
    add(results, run("QEMU", guest, GUEST_SECONDS))
    add_ratios(results)


def show_allocators(results):
    compare(results, "ns", "ns on the host")
    compare(results, "insns", "instructions")
    compare_threads(results)
    show_values(results)
    gates(results)


def show_tables(results):
    compare_tables(results, "ns", "page tables: ns on the host")
    compare_tables(results, "insns", "page tables: instructions")
    gates_tables(results)


def main():
    words = [word for word in sys.argv[1:] if word not in ("--quick", "--linux")]
    if len(words) > 1 or not set(words) <= set(SUITES):
        print(f"fh: bench: {' '.join(words)}: only --quick, --linux and one of {', '.join(SUITES)} are known"
              " (EINVAL)", file=sys.stderr)
        return 1
    quick = "--quick" in sys.argv
    suite = words[0] if words else None
    results = Results()
    try:
        measure(results, quick, suite, "--linux" in sys.argv)
    except Failure as failure:
        print(f"fh: bench: {failure}", file=sys.stderr)
        return 1
    if suite != "pgtable":
        show_allocators(results)
    if suite != "alloc":
        show_tables(results)
    if quick:
        print("quick: sizes of a thousandth; no figure above means anything")
    name = "-".join(["bench"] + ([suite] if suite else []) + (["quick"] if quick else []))
    path = BUILD / f"{name}.json"
    rows = ",\n".join(json.dumps(row) for row in results.rows.values())
    path.write_text(f"[\n{rows}\n]\n")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
