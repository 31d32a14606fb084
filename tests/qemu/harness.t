#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The judge is judged: each broken image must be called broken, for the right reason."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import guest  # noqa: E402

EXPECTED = {
    "good": None,
    "panic": "panic",
    "hang": "hang: no end within 2 s",
    "noplan": "no plan",
    "silent": "no KTAP version line",
    "fewer": "fewer results than planned in broken.one: 1 of 2",
    "fewer-suites": "fewer results than planned: 1 of 2 suites",
    "more": "more results than planned: broken.one.b",
    "notok": "broken.one.a",
    "status": "exit status 2, expected 0",
}


def verdict(name):
    declared = {"name": f"harness.{name}", "expect": "ktap", "status": 0, "timeout": 2, "qemu": "system",
                "machine": "", "cpu": "cortex-a72", "memory": "64M", "smp": 1}
    work = guest.out() / "check" / f"harness.{name}.x"
    work.parent.mkdir(parents=True, exist_ok=True)
    command = [guest.qemu_of(declared), *guest.machine_arguments(declared),
               *guest.COMMON, *guest.SEMIHOSTING,
               "-kernel", str(guest.out() / "broken" / f"{name}.elf")]
    status, text = guest.boot(command, work, declared["timeout"])
    return [what for good, what in guest.judge(declared, status, text) if not good]


def main():
    print(f"1..{len(EXPECTED)}")
    good = True
    for number, (name, reason) in enumerate(EXPECTED.items(), 1):
        faults = verdict(name)
        right = not faults if reason is None else any(reason in fault for fault in faults)
        good &= right
        print(f"{'ok' if right else 'not ok'} {number} harness.qemu.{name}: {faults or 'no fault'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
