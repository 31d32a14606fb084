# SPDX-License-Identifier: BSD-2-Clause
"""
Odd and broken device trees, each with what fh-memmap has to say of it.

    corpus.py --program PROGRAM     runs it on each, prints TAP; T in the environment picks
    corpus.py --out FOLDER          writes the trees, e.g. as seeds of a fuzzer

A case of the *.toml beside this file:
  name     of the case; row: the row of POLICY that it stands for
  body     DTS inside the root, whose cells (default 2 and 2) `cells` gives; dts: the whole of it
           instead; head: DTS in front of the root; make: "KIND COUNT", a tree of fdt.py instead.
           @RAM@ is a memory node of 16 MiB at 0x40000000, @REGIONS@ opens /reserved-memory.
  patch    what is changed in the blob, see fdt.py
  options  of fh-memmap
  expect   "accepted" (default), "no tree", or "refused REGEX" with a pattern for the error
  range    every range of RAM: "base+size kind declarer,declarer"; or count: {kind: ranges}
  dynamic  every request: "path base+size", base "none" when it is not placed
  warning  a pattern for every warning, in order; those of refused trees only where given
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib

import fdt

HERE = pathlib.Path(__file__).resolve().parent
CASE_KEYS = {"name", "row", "cells", "body", "dts", "head", "make", "patch", "options", "expect",
             "range", "count", "dynamic", "warning"}
POLICY = [
    "bad magic, cut, version, sizes", "memrsv or struct offset unaligned",
    "memory reservations without end", "blocks overlap", "property after a subnode",
    "length near INT_MAX", "nesting 20,000", "no cells in root", "cells 0/0",
    "cells 3, huge, wrong length", "reg not whole entries", "base+size > 2^64",
    "ends exactly at 2^64", "size 0", "memory@ without device_type", "strings without NUL",
    "banks overlap, unsorted, unaligned, adjacent", "many banks 4,096",
    "/reserved-memory cells differ, no ranges, no cells", "two /reserved-memory nodes",
    "straddles bank end, covers hole, outside RAM", "part of a page no-map",
    "no-map overlaps reserved, kernel, initrd, DTB", "no-map and /memreserve/",
    "several reg entries in a region", "no-map + reusable", "misaligned CMA",
    "reg of length 0 with size", "memrsv (x,0) inside the list", "10,000 regions or memreserves",
    "all RAM reserved", "ranges not empty", "kernel/DTB/initrd outside RAM, overlap, unaligned",
    "initrd end < start, one bound, 3 bytes", "dynamic impossible", "dynamic on /memreserve/",
    "alignment no power of two", "duplicate, zero, dangling phandle",
    "memory-region to a disabled, unfilled region",
    "table region misaligned, no-map, outside RAM, overlapping",
    "secure region inside a mapped one",
]
MACROS = {
    "@RAM@": 'memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x1000000>; };',
    "@REGIONS@": "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;",
}


class CorpusError(Exception):
    """A case is not what the grammar wants."""


def load():
    cases = []
    for path in sorted(HERE.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            if set(case) - CASE_KEYS or "name" not in case:
                raise CorpusError(f"{path.name}: {case.get('name')}: {set(case) - CASE_KEYS}")
            cases.append(case)
    names = [case["name"] for case in cases]
    if len(set(names)) != len(names):
        raise CorpusError(f"two of one name: {sorted(n for n in names if names.count(n) > 1)}")
    missing = set(POLICY) ^ {case["row"] for case in cases if "row" in case}
    if missing:
        raise CorpusError(f"rows without a case, or no rows: {sorted(missing)}")
    return cases


def source(case):
    address, size = case.get("cells", [2, 2])
    text = case.get("dts") or (f"/ {{ #address-cells = <{address}>; #size-cells = <{size}>; "
                               f"{case['body']} }};")
    for macro, meaning in MACROS.items():
        text = text.replace(macro, meaning)
    return f"/dts-v1/;\n{case.get('head', '')}\n{text}\n"


def compile_case(case):
    if "make" in case:
        what, count = case["make"].split()
        blob = bytearray(fdt.make(what, int(count)))
    else:
        done = subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb"], check=False,
                              input=source(case).encode(), capture_output=True)
        if done.returncode or not done.stdout:
            raise CorpusError(f"{case['name']}: {done.stderr.decode().strip()}")
        blob = bytearray(done.stdout)
    try:
        for how in case.get("patch", []):
            blob = fdt.patch(blob, how)
    except ValueError as error:
        raise CorpusError(f"{case['name']}: {error}") from error
    return bytes(blob)


def show_range(one):
    return (f"{int(one['base'], 16):x}+{int(one['size'], 16):x} {one['kind']} "
            f"{','.join(one['by'])}")


def show_request(one, wanted):
    base = f"{int(one['base'], 16):x}" if one["base"] else "none"
    size = "any" if wanted.endswith("+any") else f"{int(one['size'], 16):x}"
    return f"{one['by']} {base}+{size}"


def match_all(what, patterns, texts):
    """Complaints about texts that are not those that the patterns want."""
    if len(patterns) != len(texts):
        return [f"{what}: {len(texts)}, wanted {len(patterns)}: {texts}"]
    return [f"{what}: {text!r} is not {pattern!r}"
            for pattern, text in zip(patterns, texts) if not re.search(pattern, text)]


def judge_accepted(case, answer):
    wrong = []
    ranges = [show_range(one) for one in answer["ranges"]]
    if "count" in case:
        kinds = [one["kind"] for one in answer["ranges"]]
        count = {kind: kinds.count(kind) for kind in set(kinds)}
        if count != case["count"]:
            wrong.append(f"ranges of each kind: {count}, wanted {case['count']}")
    elif ranges != case["range"]:
        wrong.append(f"ranges {ranges}, wanted {case['range']}")
    wanted = case.get("dynamic", [])
    if "count" not in case:
        padded = wanted + [""] * len(answer["dynamic"])
        requests = [show_request(*pair) for pair in zip(answer["dynamic"], padded)]
        if requests != wanted:
            wrong.append(f"dynamic {requests}, wanted {wanted}")
        wrong += match_all("warnings", case.get("warning", []), answer["warnings"])
    return wrong


def judge(case, status, answer):
    """Return: complaints."""
    verdict, _, pattern = case.get("expect", "accepted").partition(" ")
    if status != {"accepted": 0, "refused": 1, "no": 2}[verdict]:
        return [f"status {status}, wanted {case.get('expect', 'accepted')}: {answer['error']}"]
    if verdict == "accepted":
        return judge_accepted(case, answer)
    wrong = [] if not answer["ranges"] and not answer["dynamic"] else ["ranges of a refused tree"]
    if verdict == "refused" and not re.search(pattern, answer["error"]):
        wrong.append(f"error {answer['error']!r}, wanted {pattern!r}")
    if "warning" in case:
        wrong += match_all("warnings", case["warning"], answer["warnings"])
    return wrong


def run_case(program, folder, case):
    path = folder / f"{case['name']}.dtb"
    path.write_bytes(compile_case(case))
    done = subprocess.run([program, "--json", *shlex.split(case.get("options", "")), str(path)],
                          check=False, capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    if len(lines) != 1:
        return [f"{len(lines)} lines, status {done.returncode}: {done.stderr.strip()[-500:]}"]
    return judge(case, done.returncode, json.loads(lines[0]))


def main():
    parser = argparse.ArgumentParser(description="Odd and broken device trees.")
    parser.add_argument("--program")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    cases = load()
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        for case in cases:
            (args.out / f"{case['name']}.dtb").write_bytes(compile_case(case))
    if not args.program:
        return 0
    wanted = os.environ.get("T", "").removeprefix("boot.devtree.corpus.")
    picked = [case for case in cases if case["name"].startswith(wanted)] or cases
    print(f"1..{len(picked)}")
    bad = 0
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda c: run_case(args.program, pathlib.Path(name), c), picked)
        for number, (case, wrong) in enumerate(zip(picked, results), 1):
            print(f"{'not ok' if wrong else 'ok'} {number} boot.devtree.corpus.{case['name']}")
            for line in wrong:
                print(f"# {line[:2000]}")
            bad += bool(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CorpusError as error:
        sys.exit(f"fh: corpus: {error} (EINVAL)")
