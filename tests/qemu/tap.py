# SPDX-License-Identifier: BSD-2-Clause
"""Writing TAP, and counting what a TAP stream says: shared by the runner and its tests."""
import re
import sys

RESULT = re.compile(r"^(ok|not ok)\b(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#.*)?$")
SKIP = re.compile(r"(?<!\\)#\s*skip\b", re.IGNORECASE)


class Tap:
    """Results as they come, the plan at the end: a program that dies before has no plan."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.count = 0
        self.failed = 0

    def result(self, good, name, notes=(), skipped=None):
        """One result; notes explain a bad one, skipped is the reason why it did not run."""
        self.count += 1
        self.failed += not good
        # A # would begin a directive.
        line = f"{'ok' if good else 'not ok'} {self.count} - " + name.replace("#", "\\#")
        if skipped is not None:
            line += f" # SKIP {skipped}"
        print(line, file=self.out)
        for text in () if good else notes:
            self.note(text)
        self.out.flush()

    def note(self, text):
        for line in text.splitlines() or [""]:
            print(f"# {line}", file=self.out)

    def finish(self):
        """Return: the exit status of the program."""
        print(f"1..{self.count}", file=self.out)
        self.out.flush()
        return 1 if self.failed or not self.count else 0


class Count:
    """What a TAP stream adds up to."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def total(self):
        return self.passed + self.failed + self.skipped

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def count(text, status):
    """
    Add up the TAP in text of a program that ended with status (None: it did not end).

    What was planned and did not run has failed; so has a program without a plan, with more
    results than planned, or whose status says that it failed while no result does.
    """
    total = Count()
    plans = []
    for line in text.splitlines():
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if plan:
            plans.append(int(plan.group(1)))
        elif line.startswith("Bail out!"):
            total.failed += 1
        elif not result:
            continue
        elif result.group(1) == "not ok":
            total.failed += 1
        elif SKIP.search(result.group(2)):
            total.skipped += 1
        else:
            total.passed += 1
    ran = total.total()
    if len(plans) != 1:
        total.failed += 1
    else:
        total.failed += abs(plans[0] - ran)
    if status != 0 and not total.failed:
        total.failed += 1
    return total
