#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Proves the harness: deliberately broken guests (broken/) must fail, each for its own reason, and the
good one must pass. Prints TAP; needs the images that make builds in O/broken.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import ktap  # noqa: E402
import machine  # noqa: E402
import matrix  # noqa: E402
from tap import Tap, count  # noqa: E402

DECLARED = HERE / "broken" / "guests.toml"

# Guest -> what its only failing results must say, in order; none for one that must pass.
REASONS = {
    "good": [],
    "panic": ["panic: fh: panic: synchronous: data abort", "exit status 1, expected 0",
              "1 results, fewer than the 2 planned"],
    "panic_quiet": ["panic: fh: panic: synchronous: data abort"],
    "hang": ["hang: still running after 2 s"],
    "noplan": ["top level: no plan"],
    "fewer": ["2 results, fewer than the 3 planned"],
    "fewer_nested": [r"broken\.fewer_nested: 1 results, fewer than the 3 planned",
                     "a planned result is missing"],
    "more": ["2 results, more than the 1 planned"],
    "notok": [r"broken\.notok\.second"],
    "notok_nested": [r"broken\.notok_nested\.first", "the results below say otherwise"],
    "status": ["exit status 3, expected 0"],
    "silent": ["no KTAP version line"],
    "nothing": ["the plan is empty"],
    "lines.good": [],
    "lines.order": ["says: .fh: boot: good"],
    "lines.missing": ["says: .fh: boot: bad"],
    "lines.forbidden": ["does not say: .not ok"],
    "lines.panic": ["does not say: fh: panic"],
    "lines.status": ["exit status 3, expected 0"],
    "lines.hang": ["hang: still running after 2 s"],
    "image": [r"there-is-none\.elf: no such image"],
}

# Texts that the KTAP reader must refuse, and why: what no guest of broken/ shows.
TEXTS = {
    "version_2": ("KTAP version 2\n1..1\nok 1 a\n", "version 2, not 1"),
    "late_plan": ("KTAP version 1\nok 1 a\n1..1\n", "not the first thing"),
    "second_plan": ("KTAP version 1\n1..1\n1..1\nok 1 a\n", "not the first thing"),
    "number": ("KTAP version 1\n1..2\nok 1 a\nok 3 b\n", "result 3 where 2 was due"),
    "no_number": ("KTAP version 1\n1..1\nok a\n", "malformed"),
    "no_name": ("KTAP version 1\n1..1\nok 1\n", "malformed"),
    "twice": ("KTAP version 1\n1..2\nok 1 a\nok 2 a\n", "a second result named a"),
    "skip_reason": ("KTAP version 1\n1..1\nok 1 a # SKIP\n", "skipped without a reason"),
    "second_version": ("KTAP version 1\n1..1\nKTAP version 1\nok 1 a\n", "second time"),
    "not_closed": ("KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a.b\n",
                   "not closed by a result"),
    "indented": ("KTAP version 1\n1..1\n  ok 1 a\n", "at the wrong level"),
    "nested_without_version": ("KTAP version 1\n1..1\n    1..1\n    ok 1 a.b\nok 1 a\n",
                               "at the wrong level"),
    "bail_out": ("KTAP version 1\n1..1\nok 1 a\nBail out! no memory\n", "Bail out"),
    "cut_line": ("KTAP version 1\n1..2\nok 1 a\nok", "malformed"),
}

# TAP of a program, its status -> passed, failed, skipped.
COUNTS = {
    "good": ("1..2\nok 1 - a\nok 2 - b # SKIP why\n", 0, (1, 0, 1)),
    "not_run": ("1..5\nok 1 - a\n", 0, (1, 4, 0)),
    "no_plan": ("ok 1 - a\n", 0, (1, 1, 0)),
    "status": ("1..1\nok 1 - a\n", 134, (1, 1, 0)),
    "status_told": ("1..2\nok 1 - a\nnot ok 2 - b\n", 1, (1, 1, 0)),
    "todo": ("1..1\nnot ok 1 - a # TODO later\n", 0, (0, 1, 0)),
    "empty": ("", 0, (0, 1, 0)),
    "escaped": ("1..1\nok 1 - a \\# SKIP is its name\n", 0, (1, 0, 0)),
}


def run_guest(name):
    """Return: the names of its failing results, and guest.py's exit status."""
    folder = machine.build_folder() / "check"
    done = subprocess.run(
        [sys.executable, str(HERE / "guest.py"), "--matrix", str(DECLARED),
         "--log", str(folder / f"harness.{name}.log"), name],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    failed = re.findall(r"^not ok \d+ - (.*)$", done.stdout, re.MULTILINE)
    return failed, done


def test_guests(tap):
    for name, reasons in REASONS.items():
        failed, done = run_guest(f"broken.{name}")
        good = (len(failed) == len(reasons)
                and all(re.search(r, f) for r, f in zip(reasons, failed))
                and done.returncode == (1 if reasons else 0))
        notes = [f"exit status {done.returncode}", done.stdout, done.stderr]
        tap.result(good, f"harness.qemu.{name}", notes)
    declared = {name.removeprefix("broken.") for name in matrix.load([DECLARED])}
    tap.result(declared == set(REASONS), "harness.qemu.all_declared",
               [str(declared ^ set(REASONS))])


def test_texts(tap):
    for name, (text, why) in TEXTS.items():
        errors = ktap.read(text).errors
        tap.result(any(why in error for error in errors), f"harness.ktap.{name}", errors)
    good = ktap.read("noise\nKTAP version 1\n1..2\n# note\nok 1 - a.b\nfh: line\n"
                     "ok 2 c # SKIP why\n")
    tap.result(not good.errors and [leaf.name for leaf in good.leaves] == ["a.b", "c"]
               and good.leaves[1].skipped == "why", "harness.ktap.good", good.errors)


def test_counts(tap):
    for name, (text, status, want) in COUNTS.items():
        have = count(text, status)
        tap.result((have.passed, have.failed, have.skipped) == want, f"harness.count.{name}",
                   [str(have)])


def main():
    tap = Tap()
    test_texts(tap)
    test_counts(tap)
    test_guests(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
