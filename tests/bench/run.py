# SPDX-License-Identifier: BSD-2-Clause
"""
`make bench`: runs the benchmarks on the host and in QEMU, and puts both into one table and one file.

    run.py [--quick]

Prints times and exact instructions for each operation, values, and gates: what the allocator of
mm/page.h is meant to reach beside the others. A gate that is missed is said, and is no error: times
are the machine's. An allocator that did not do its work is one. From the environment: O, QEMU.
Writes O/bench.json, with --quick O/bench-quick.json: a list of
{"suite", "test", "impl", "ns", "insns"} with null where nothing was measured; "value" in rows of
values, and "of" where it is a count.
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


class Failure(Exception):
    """A program that did not do its work, or could not be run."""


class Results:
    """Rows by test and allocator, in the order in which they came."""

    def __init__(self):
        self.rows = {}

    def row(self, test, impl):
        empty = {"suite": "alloc", "test": test, "impl": impl, "ns": None, "insns": None}
        return self.rows.setdefault((test, impl), empty)

    def get(self, test, impl, key):
        return self.rows.get((test, impl), {}).get(key)

    def ratio(self, test, impl, other, key="ns"):
        return divide(self.get(test, impl, key), self.get(test, other, key))

    def tests(self, key, impls):
        found = [test for (test, impl), row in self.rows.items()
                 if impl in impls and row.get(key) is not None]
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
        elif kind == "seed":
            print(f"seed: {fields[0]}")


def add_ratios(results):
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


def measure(results, quick):
    program = [str(BUILD / "bench" / "alloc")] + (["--quick"] if quick else [])
    guest = [*QEMU, *MACHINE, "-kernel", str(BUILD / "freehold-bench.img")]
    add(results, run("host", program, HOST_SECONDS))
    hardened = [str(BUILD / "bench-hardened" / "alloc")] + program[1:]
    add(results, run("host, hardened", hardened, HOST_SECONDS))
    add(results, run("QEMU", guest + (["-append", "fh.quick=1"] if quick else []), GUEST_SECONDS))
    add_ratios(results)


def main():
    if sys.argv[1:] not in ([], ["--quick"]):
        print(f"fh: bench: {' '.join(sys.argv[1:])}: only --quick is known (EINVAL)", file=sys.stderr)
        return 1
    quick = "--quick" in sys.argv
    results = Results()
    try:
        measure(results, quick)
    except Failure as failure:
        print(f"fh: bench: {failure}", file=sys.stderr)
        return 1
    compare(results, "ns", "ns on the host")
    compare(results, "insns", "instructions")
    compare_threads(results)
    show_values(results)
    gates(results)
    if quick:
        print("quick: sizes of a thousandth; no figure above means anything")
    path = BUILD / ("bench-quick.json" if quick else "bench.json")
    rows = ",\n".join(json.dumps(row) for row in results.rows.values())
    path.write_text(f"[\n{rows}\n]\n")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
