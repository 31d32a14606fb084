# SPDX-License-Identifier: BSD-2-Clause
"""
`make check`: finds the suites, lets prove run them and judge, adds up their TAP.

    check.py [EXTRA]...

Suites are the host tests in O/unit, the guests that tests/qemu/*.toml declare, every executable
tests/*/*.t (*.long.t only with LONG), and EXTRA programs that print TAP. From the environment: O, QEMU, QEMU10, T, LONG.
T names a suite, the beginning of suites' names, or a case:

    T=mm                   every suite and target case that begins so
    T=mm.page.double_free  this case, on the host and on the target
    T=qemu.boot.cpu        these guests
    T=harness              a script, tests/qemu/harness.t

Each suite leaves NAME.t, .tap, .log (serial text) and .err in O/check.
"""
import collections
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "qemu"))

import matrix  # noqa: E402
import tap  # noqa: E402

BUILD = pathlib.Path(os.environ.get("O") or "build")
FOLDER = BUILD / "check"
PYTHON = [sys.executable, "-B"]
UNIT_SECONDS = 300
# Steps of the random host tests; what they do without a number suits make check.
LONG_STEPS = 1000000
TAIL_LINES = 15

# What runs as one file of prove's: a name, a command, its time limit.
Suite = collections.namedtuple("Suite", "name words seconds")


def long_run():
    return os.environ.get("LONG") == "1"


def unit_suites(wanted):
    """Host tests; a wanted name longer than the program's is one of its cases."""
    for path in sorted((BUILD / "unit").glob("*.*")):
        name = path.name
        if path.suffix in (".o", ".d") or not os.access(path, os.X_OK) or path.is_dir():
            continue
        if name.startswith(wanted) or wanted.startswith(f"{name}."):
            cases = "" if name.startswith(wanted) else wanted
            words = ["env", "CMOCKA_MESSAGE_OUTPUT=TAP", f"FH_T={cases}"]
            if long_run() and "FH_STEPS" not in os.environ:
                words.append(f"FH_STEPS={LONG_STEPS}")
            words.append(str(path))
            yield Suite(name, words, UNIT_SECONDS)


def target_cases():
    """The names of all cases that the test image holds, as its sources declare them."""
    for path in sorted((HERE / "target").glob("*.c")):
        text = path.read_text()
        cases = re.findall(r'^\t\{ "([a-z0-9_.]+)",', text, re.MULTILINE)
        for suite in re.findall(r'^SUITE\(\w+, "([^"]+)"', text, re.MULTILINE):
            yield from (f"{suite}.{case}" for case in cases)


def guest_suites(wanted):
    """Declared guests; when target cases are wanted, those that run them, with only these."""
    inside = bool(wanted) and any(case.startswith(wanted) for case in target_cases())
    same = os.environ.get("QEMU") == os.environ.get("QEMU10")
    for guest in matrix.load().values():
        skipped = guest.long and not long_run() and guest.name != wanted
        if skipped or guest.qemu == "10" and same:
            continue
        words = [*PYTHON, str(HERE / "qemu" / "guest.py"), guest.name]
        if guest.suites and inside:
            words += ["--append", f"fh.test={wanted}"]
        elif not guest.name.startswith(wanted):
            continue
        # The guest's own limit ends QEMU and says so; this one is for the runner itself.
        yield Suite(guest.name, words, guest.timeout + 60)


def script_suites(wanted, extra):
    """Programs that print TAP, as FOLDER.NAME or NAME: run whole, whatever of them is wanted."""
    found = [path for path in sorted(HERE.glob("*/*.t")) if os.access(path, os.X_OK)]
    for path in found + [pathlib.Path(word) for word in extra]:
        stem = path.name.removesuffix(".t")
        if stem.endswith(".long") and not long_run():
            continue
        stem = stem.removesuffix(".long")
        name = f"{path.resolve().parent.name}.{stem}"
        if any(word.startswith(wanted) or wanted.startswith(f"{word}.") for word in (name, stem)):
            yield Suite(name, [str(path.resolve())], 3 * UNIT_SECONDS)


def write_script(suite):
    """What prove runs; also good for running a suite by hand."""
    base = FOLDER / suite.name
    runner = [*PYTHON, str(HERE / "qemu" / "tap_run.py"), str(base), str(suite.seconds)]
    script = base.with_name(f"{suite.name}.t")
    script.write_text(f"# Written by tests/check.py.\nexec {shlex.join(runner + suite.words)}\n")
    return script


def count(suite):
    """What the suite's TAP and exit status add up to."""
    base = str(FOLDER / suite.name)
    try:
        status = int(pathlib.Path(f"{base}.status").read_text())
        text = pathlib.Path(f"{base}.tap").read_text(errors="replace")
    except (OSError, ValueError):
        return tap.count("", None)
    return tap.count(text, status)


def show_failure(suite):
    """Where the texts of a failed suite lie, and how they end."""
    print(f"\n{suite.name}: failed; run it alone with: make check T={suite.name}")
    for kind in ("tap", "err", "log"):
        path = FOLDER / f"{suite.name}.{kind}"
        if not path.exists() or not path.stat().st_size:
            continue
        lines = path.read_text(errors="replace").splitlines()
        if kind == "tap":
            lines = [line for line in lines if not line.startswith("ok ")]
        print(f"  {path}:")
        for line in lines[-TAIL_LINES:]:
            print(f"    {line}")


def run(suites):
    """Return: the exit status of prove, which runs and judges all suites."""
    scripts = [str(write_script(suite)) for suite in suites]
    return subprocess.run(
        ["prove", "--norc", f"-j{os.cpu_count() or 1}", "--timer", "--exec", "/bin/sh", *scripts],
        stdin=subprocess.DEVNULL).returncode


def main():
    wanted = os.environ.get("T") or ""
    if not shutil.which("prove"):
        print("fh: check: prove: not found: install perl (ENOENT)", file=sys.stderr)
        return 1
    try:
        suites = [*unit_suites(wanted), *guest_suites(wanted), *script_suites(wanted, sys.argv[1:])]
    except matrix.MatrixError as error:
        print(f"fh: check: {error}", file=sys.stderr)
        return 1
    # What an earlier run left must not be counted.
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    total = tap.Count()
    status = 0
    if suites:
        print(f"fh: check: {len(suites)} suites; time per suite on each line", flush=True)
        status = run(suites)
    for suite in suites:
        one = count(suite)
        if one.failed:
            show_failure(suite)
        total.add(one)
    if status and not total.failed:
        print(f"fh: check: prove: status {status}: it saw a failure that the TAP does not show")
        total.failed += 1
    if not total.total():
        print(f"fh: check: T: {wanted or 'empty'}: selects no test (ENOENT)")
    print(total)
    return 1 if total.failed or not total.total() else 0


if __name__ == "__main__":
    sys.exit(main())
