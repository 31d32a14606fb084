# SPDX-License-Identifier: BSD-2-Clause
"""What a guest's run is worth: its expectation against serial text, stderr and exit status."""
import re

import ktap

PANIC = re.compile(r"fh: panic\b.*")


class Outcome:
    """How a run ended. status is None when the time limit ended it."""

    def __init__(self, text, stderr, status, limit):
        self.text = text.replace("\r", "")
        self.stderr = stderr.replace("\r", "")
        self.status = status
        self.limit = limit


def ending(outcome, wanted):
    """Return: why the run did not end as wanted, or None."""
    if outcome.status is None:
        return f"hang: still running after {outcome.limit} s"
    if outcome.status < 0:
        return f"QEMU was ended by signal {-outcome.status}"
    if outcome.status != wanted:
        return f"exit status {outcome.status}, expected {wanted}"
    return None


def judge_ktap(tap, name, outcome):
    """One result a leaf, then one for the run as a whole or for each thing wrong with it."""
    report = ktap.read(outcome.text)
    for leaf in report.leaves:
        tap.result(leaf.good, f"{name}: {leaf.name}", skipped=leaf.skipped)
    reasons = []
    panic = PANIC.search(outcome.text)
    if panic:
        reasons.append(f"panic: {panic.group(0)}")
    end = ending(outcome, 0)
    if end:
        reasons.append(end)
    reasons += [f"KTAP: {error}" for error in report.errors]
    # One each, so that results which never came are counted.
    reasons += ["KTAP: a planned result is missing"] * max(0, report.missing - 1)
    for reason in reasons:
        tap.result(False, f"{name}: {reason}")
    if not reasons:
        tap.result(True, f"{name}: KTAP whole, no panic, exit status 0")


def in_order(tap, name, where, patterns, text):
    """Each pattern must match a line after the one that the pattern before it matched."""
    lines = text.split("\n")
    at = 0
    for pattern in patterns:
        found = next((i for i in range(at, len(lines)) if re.search(pattern, lines[i])), None)
        notes = []
        if found is not None:
            at = found + 1
        elif any(re.search(pattern, line) for line in lines):
            notes = ["it is there, but before the line expected ahead of it"]
        tap.result(found is not None, f"{name}: {where}: {pattern}", notes)


def judge_lines(tap, name, expect, outcome):
    """One result for each line wanted, each line forbidden, and the exit status."""
    in_order(tap, name, "says", expect.get("lines", []), outcome.text)
    in_order(tap, name, "stderr says", expect.get("stderr", []), outcome.stderr)
    absent = list(expect.get("absent", []))
    if not expect.get("panic", False):
        absent.append(PANIC.pattern)
    for pattern in absent:
        match = re.search(f"(?m){pattern}", outcome.text + "\n" + outcome.stderr)
        notes = [f"found: {match.group(0)}"] if match else []
        tap.result(not match, f"{name}: does not say: {pattern}", notes)
    wanted = expect.get("status", 0)
    why = ending(outcome, wanted)
    tap.result(why is None, f"{name}: {why or f'exit status {wanted}'}")


def judge(tap, name, expect, outcome):
    if expect == "ktap":
        judge_ktap(tap, name, outcome)
    else:
        judge_lines(tap, name, expect, outcome)
