# SPDX-License-Identifier: BSD-2-Clause
"""
Strict reading of KTAP: every level has its version line, its plan, and exactly as many results
as planned, in order. Other lines (the firmware's own) may stand between.
"""
import re

VERSION = re.compile(r"^( *)KTAP version (\S+)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)$")
RESULT = re.compile(r"^( *)(ok|not ok) (\d+) (?:- )?([^#\s](?:[^#]*[^#\s])?)(?:\s+# (\w+) ?(.*))?$")
LIKE_RESULT = re.compile(r"^\s*(ok|not ok)\b")
LIKE_PLAN = re.compile(r"^\s*\d+\.\.\d+")
LIKE_VERSION = re.compile(r"^\s*K?TAP version\b")
INDENT = 4


class Leaf:
    """One result that has no results below it."""

    def __init__(self, name, good, skipped):
        self.name = name
        self.good = good
        self.skipped = skipped


class Level:
    """The results between a version line and the result that closes them."""

    def __init__(self):
        self.plan = None
        self.results = 0
        self.good = True


class Reader:
    """Takes lines; leaves and errors are what came out."""

    def __init__(self):
        self.leaves = []
        self.errors = []
        self.missing = 0
        self.levels = []
        self.closed = None
        self.seen = set()

    def error(self, line, why):
        self.errors.append(f"line {line}: {why}" if line else why)

    def take(self, number, text):
        for pattern, like, method in (
            (VERSION, LIKE_VERSION, self.version),
            (PLAN, LIKE_PLAN, self.plan),
            (RESULT, LIKE_RESULT, self.result),
        ):
            match = pattern.match(text)
            if match:
                method(number, match, len(match.group(1)))
                return
            if like.match(text):
                self.error(number, f"malformed: {text.strip()}")
                return
        if text.lstrip().startswith("Bail out!"):
            self.error(number, text.strip())

    def version(self, number, match, indent):
        if match.group(2) != "1":
            self.error(number, f"KTAP version {match.group(2)}, not 1")
        if indent != INDENT * len(self.levels):
            self.error(number, "KTAP version line at the wrong level or a second time")
            return
        self.levels.append(Level())

    def plan(self, number, match, indent):
        level = self.levels[-1] if self.levels else None
        if level is None or indent != INDENT * (len(self.levels) - 1):
            self.error(number, "plan at the wrong level")
        elif level.plan is not None or level.results:
            self.error(number, "plan is not the first thing of its level")
        else:
            level.plan = int(match.group(2))

    def result(self, number, match, indent):
        _, word, index, name, directive, reason = match.groups()
        depth = indent // INDENT + 1
        if indent % INDENT or not len(self.levels) - 1 <= depth <= len(self.levels) or not depth:
            self.error(number, f"result at the wrong level: {name}")
            return
        child = None
        if depth < len(self.levels):
            child = self.levels.pop()
            self.close(child, name)
        level = self.levels[-1]
        level.results += 1
        if int(index) != level.results:
            self.error(number, f"result {index} where {level.results} was due: {name}")
        good = word == "ok"
        level.good = level.good and good
        if directive and directive.upper() not in ("SKIP", "TIMEOUT", "ERROR", "XFAIL", "TODO"):
            self.error(number, f"unknown directive {directive}: {name}")
        skipped = None
        if directive and directive.upper() == "SKIP":
            skipped = reason.strip() or None
            if not skipped:
                self.error(number, f"skipped without a reason: {name}")
        elif directive:
            good = False
        if child is None:
            self.leaf(number, Leaf(name, good, skipped if good else None))
        elif good != child.good:
            self.error(number, f"{name}: {word}, but the results below say otherwise")

    def leaf(self, number, leaf):
        if leaf.name in self.seen:
            self.error(number, f"a second result named {leaf.name}")
        self.seen.add(leaf.name)
        self.leaves.append(leaf)

    def close(self, level, name):
        if level.plan is None:
            self.error(0, f"{name}: no plan")
            return
        if level.plan == 0:
            self.error(0, f"{name}: the plan is empty")
        if level.results < level.plan:
            self.error(0, f"{name}: {level.results} results, fewer than the {level.plan} planned")
            self.missing += level.plan - level.results
        elif level.results > level.plan:
            self.error(0, f"{name}: {level.results} results, more than the {level.plan} planned")

    def finish(self):
        if not self.levels:
            self.error(0, "no KTAP version line")
        while self.levels:
            level = self.levels.pop()
            below = len(self.levels)
            self.close(level, f"level {below}" if below else "top level")
            if below:
                self.error(0, f"level {below} was not closed by a result")


def read(text):
    """Return: a Reader that has read all of text; it is good when errors is empty."""
    reader = Reader()
    for number, line in enumerate(text.split("\n"), 1):
        reader.take(number, line.rstrip())
    reader.finish()
    return reader
