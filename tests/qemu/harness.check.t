#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Proves tests/check.py: small programs stand for host tests that pass, fail, die or deny, and its
last line and exit status must say so. Prints TAP.
"""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

from tap import Tap  # noqa: E402

# Name -> shell program, the last line wanted, the exit status wanted.
PROGRAMS = {
    "fake.good": ("echo 1..2; echo ok 1 - a; echo ok 2 - b", "2 passed, 0 failed", 0),
    "fake.fails": ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", "1 passed, 1 failed", 1),
    "fake.lies": ("echo 1..2; echo ok 1 - a; echo not ok 2 - b", "1 passed, 1 failed", 1),
    "fake.dies": ("echo 1..3; echo ok 1 - a; kill -SEGV $$", "1 passed, 2 failed", 1),
    "fake.denies": ("echo 1..1; echo ok 1 - a; exit 3", "1 passed, 1 failed", 1),
    "fake.planless": ("echo ok 1 - a", "1 passed, 1 failed", 1),
    "fake.silent": ("exit 0", "0 passed, 1 failed", 1),
    "fake.more": ("echo 1..1; echo ok 1 - a; echo ok 2 - b", "2 passed, 1 failed", 1),
    "fake.todo": ("echo 1..1; echo 'not ok 1 - a # TODO'", "0 passed, 1 failed", 1),
    "fake.skips": ("echo 1..2; echo ok 1 - a; echo 'ok 2 - b # SKIP why'",
                   "1 passed, 0 failed, 1 skipped", 0),
    "fake.filtered": ('echo 1..1; [ -z "$FH_T" ] && echo ok 1 - a', "1 passed, 0 failed", 0),
    "fake.empty": ("echo 1..0", "0 passed, 0 failed", 1),
}


def write(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def check(build, wanted):
    """Run check.py on the fake build folder. Return: its text and exit status."""
    environment = {**os.environ, "O": str(build), "T": wanted, "LONG": ""}
    done = subprocess.run([sys.executable, "-B", str(HERE.parent / "check.py")], env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout, done.returncode


def judge(tap, name, have, want_line, want_status, shown=""):
    text, status = have
    last = (text.splitlines() or [""])[-1]
    tap.result(last == want_line and status == want_status and shown in text,
               f"harness.check.{name}", [f"exit status {status}", text])


def test_hang(tap, build):
    base = build / "hang"
    status = subprocess.run([sys.executable, "-B", str(HERE / "tap_run.py"), str(base), "1",
                             "/bin/sleep", "60"], stdin=subprocess.DEVNULL).returncode
    told = base.with_suffix(".err").read_text()
    tap.result(status == 124 and "hang: still running after 1 s" in told, "harness.check.hang",
               [f"exit status {status}", told])


def main():
    tap = Tap()
    build = pathlib.Path(os.environ.get("O") or "build").resolve() / "harness.check"
    shutil.rmtree(build, ignore_errors=True)
    (build / "unit").mkdir(parents=True)
    for name, (program, _, _) in PROGRAMS.items():
        write(build / "unit" / name, program)
    # A case is asked for by its full name; a beginning selects whole programs.
    write(build / "unit" / "other.two", 'echo 1..1; [ "$FH_T" = "" ] && echo ok 1 - two')
    for name, (_, line, status) in PROGRAMS.items():
        judge(tap, name, check(build, name), line, status)
    judge(tap, "beginning", check(build, "other.t"), "1 passed, 0 failed", 0)
    write(build / "unit" / "other.two",
          'echo 1..1; [ "$FH_T" = other.two.case ] && echo ok 1 - case')
    judge(tap, "case", check(build, "other.two.case"), "1 passed, 0 failed", 0)
    judge(tap, "nothing", check(build, "nothing.has-this-name"), "0 passed, 0 failed", 1,
          "T: nothing.has-this-name: selects no test")
    test_hang(tap, build)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
