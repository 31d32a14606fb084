# SPDX-License-Identifier: BSD-2-Clause
"""Run every test under prove: host tests, QEMU guests, scripts.

One small file a suite goes to $O/check/<name>.t; prove runs each of them through tests/run_one.py
and gives the verdict. The last line is "N passed, N failed, N skipped".
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "qemu"))
import matrix  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def suites(out, long_too):
    """All of them: name -> command line."""
    found = {}
    for binary in sorted((out / "unit").glob("*.*")):
        found[binary.name] = [str(binary.resolve())]
    for guest in matrix.load(long_too):
        found[guest["name"]] = ["/usr/bin/python3", str(ROOT / "tests/qemu/guest.py"), guest["name"]]
    for script in sorted((ROOT / "tests").glob("*/*.t")):
        found[f"{script.parent.name}.{script.stem}"] = [str(script)]
    return found


def select(found, wanted):
    """T=mm takes mm.page; T=mm.page.double_free takes mm.page, whose cases it filters."""
    return {name: command for name, command in found.items()
            if name.startswith(wanted) or wanted.startswith(name + ".")}


def tally(check, names):
    """Count TAP lines; a test that was planned and did not run has failed."""
    passed = failed = skipped = 0
    for name in names:
        tap = (check / f"{name}.tap")
        text = tap.read_text(errors="replace") if tap.exists() else ""
        results = re.findall(r"^(ok|not ok)\b([^\n]*)", text, re.M)
        plan = re.search(r"^1\.\.(\d+)", text, re.M)
        good = [rest for verdict, rest in results if verdict == "ok"]
        skips = sum("# SKIP" in rest for rest in good)
        bad = len(results) - len(good)
        missing = max(0, int(plan[1]) - len(results)) if plan else 1
        status = (check / f"{name}.status")
        if not bad and not missing and (not status.exists() or status.read_text() != "0"):
            missing = 1
        passed, failed, skipped = passed + len(good) - skips, failed + bad + missing, skipped + skips
        if bad or missing:
            show(name, tap, text)
    return passed, failed, skipped


def show(name, tap, text):
    log = tap.with_suffix(".log")
    print(f"fh: check: {name}: failed; {log if log.exists() else tap}")
    lines = text.splitlines()
    if log.exists():
        lines += log.read_text(errors="replace").splitlines()[-15:]
    print("\n".join("    " + line for line in lines[-40:]))


def main():
    out = pathlib.Path(os.environ.get("O", "build")).resolve()
    wanted = os.environ.get("T", "")
    check = out / "check"
    shutil.rmtree(check, ignore_errors=True)
    check.mkdir(parents=True)
    chosen = select(suites(out, bool(os.environ.get("LONG"))), wanted)
    if not chosen:
        print(f"fh: check: T: {wanted}: selects no test")
        return 1
    for name, command in chosen.items():
        (check / f"{name}.t").write_text("\n".join(command) + "\n")
    environment = dict(os.environ, O=str(out), CMOCKA_MESSAGE_OUTPUT="TAP", FH_T=wanted)
    verdict = subprocess.run(
        ["prove", f"-j{os.cpu_count() or 1}", "--timer", "--exec",
         f"/usr/bin/python3 {ROOT}/tests/run_one.py", *(str(check / f"{n}.t") for n in chosen)],
        env=environment, cwd=ROOT, check=False).returncode
    passed, failed, skipped = tally(check, chosen)
    if verdict and not failed:
        failed = 1  # prove saw what the count did not
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
