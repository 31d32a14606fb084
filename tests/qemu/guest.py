# SPDX-License-Identifier: BSD-2-Clause
"""Boot one guest of the matrix under a time limit and print TAP.

    guest.py NAME

A guest is a failure when it panics unasked, hangs, ends without a plan, prints fewer or more results
than planned, or ends with another status than declared.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys

import ktap
import matrix
import raw

COMMON = ["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
          "-chardev", "stdio,id=fh,mux=on,signal=off", "-serial", "chardev:fh"]
# Text of a guest that knows no console comes by semihosting, into the same log.
SEMIHOSTING = ["-semihosting-config", "enable=on,target=native,chardev=fh"]


def out():
    return pathlib.Path(os.environ.get("O", "build")).resolve()


def qemu_of(guest):
    variable = "QEMU10" if str(guest["qemu"]) == "10" else "QEMU"
    path = os.environ.get(variable) or ("qemu-system-aarch64" if variable == "QEMU" else "")
    if not path:
        sys.exit(f"fh: guest: {guest['name']}: {variable}: not set; run by make check")
    return path


def machine_arguments(guest):
    machine = "virt" + ("," + guest["machine"] if guest["machine"] else "")
    memory = guest["memory"]
    arguments = ["-M", machine, "-cpu", guest["cpu"], "-m", memory, "-smp", str(guest["smp"])]
    if memory.endswith("T"):
        # Only what the guest touches is taken from the host.
        arguments[1] += ",memory-backend=ram"
        arguments += ["-object", f"memory-backend-ram,id=ram,size={memory},reserve=off"]
    return arguments


def command_line(guest, work):
    image = out() / f"{guest['image']}.{guest['format']}"
    if not image.exists():
        sys.exit(f"fh: guest: {guest['name']}: {image}: no such image; make it first")
    arguments = machine_arguments(guest)
    qemu = qemu_of(guest)
    common = COMMON + (SEMIHOSTING if guest["semihosting"] else [])
    if "raw" in guest:
        return [qemu, *arguments, *common, *raw.arguments(guest["raw"], arguments, qemu, image, work)]
    if guest["stage"]:
        start = ["-kernel", str(out() / f"{guest['stage']}.img"), "-initrd", str(image)]
    else:
        start = ["-kernel", str(image)]
    if guest["append"]:
        start += ["-append", guest["append"]]
    return [qemu, *arguments, *common, *start]


def boot(command, work, limit):
    """Return (exit status, or None for a hang; serial text)."""
    log, err = work.with_suffix(".log"), work.with_suffix(".qemu-err")
    with open(log, "wb") as output, open(err, "wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                   start_new_session=True)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
    return status, log.read_text(errors="replace").replace("\r", "")


def judge_lines(guest, text):
    """Every pattern, each after the one before; none of those that must not be there."""
    at, results = 0, []
    for pattern in guest["lines"]:
        match = re.compile(pattern, re.M).search(text, at)
        results.append((bool(match), f"says {pattern}"))
        at = match.end() if match else at
    for pattern in guest.get("never", []):
        results.append((not re.search(pattern, text, re.M), f"never says {pattern}"))
    return results


def judge(guest, status, text):
    results = ktap.judge(text) if guest["expect"] == "ktap" else judge_lines(guest, text)
    if guest["status"] != 3 and "fh: panic:" in text:
        results.append((False, "panic"))
    if status is None:
        results.append((False, f"hang: no end within {guest['timeout']} s"))
    else:
        results.append((status == guest["status"],
                        f"exit status {status}, expected {guest['status']}"))
    return results


def find(name):
    for guest in matrix.load(True):
        if guest["name"] == name:
            return guest
    sys.exit(f"fh: guest: {name}: not in tests/qemu/matrix.toml")


def main():
    guest = find(sys.argv[1])
    work = out() / "check" / (guest["name"] + ".x")
    work.parent.mkdir(parents=True, exist_ok=True)
    status, text = boot(command_line(guest, work), work, guest["timeout"])
    work.with_suffix(".log").replace(work.parent / (guest["name"] + ".log"))
    results = judge(guest, status, text)
    for number, (good, what) in enumerate(results, 1):
        # A "#" that is not a directive would end the description.
        what = what if "# SKIP" in what else what.replace("#", "\\#")
        print(f"{'ok' if good else 'not ok'} {number} {guest['name']}: {what}")
    print(f"1..{len(results)}")
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
