#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A real bootloader: U-Boot runs examples/u-boot/boot.cmd, which builds a table and hands it over. The
kernel's verdict is compared with what lies in the guest's RAM when all is over. Prints TAP.
"""
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import machine  # noqa: E402
import ram  # noqa: E402
import verdict  # noqa: E402
from tap import Tap  # noqa: E402

FOLDER = machine.build_folder() / "uboot"
SCRIPT = (ram.UBOOT / "boot.cmd").read_text()
DOCUMENT = HERE.parent.parent / "docs" / "boot-protocol.md"

# What the script's picture stands for, put down from Arm ARM DDI 0487, D8.3: address -> words that are
# not zero, by index.
ROOT, A, B, C = 0x42000000, 0x42010000, 0x42011000, 0x42012000
FIRMWARE, SHARED = 0x42020000, 0x42030000
UXN, PXN, AF, INNER, READ_ONLY = 1 << 54, 1 << 53, 1 << 10, 3 << 8, 1 << 7
NOTE = 0xFEED0000
PATTERN = 0xA5A5A5A5A5A5A5A4
TABLES = {
    ROOT: {0: A | 3, 1: C | 3, 2: NOTE},
    A: {0: B | 3, 1: ROOT | UXN | PXN | AF | INNER | READ_ONLY | 1},
    B: {**{i: FIRMWARE + 0x1000 * i | UXN | AF | INNER | READ_ONLY | 3 for i in range(16)},
        16: NOTE, 32: FIRMWARE | UXN | PXN | AF | INNER | 3},
    C: {511: NOTE},
}

ADOPTED = [
    r"^fh: boot: freehold .*\(entered at EL<el>\), device tree at (0x[0-9a-f]+) \(x0 \1\)$",
    r"^fh: memmap: .* reserved  /reserved-memory/translation-root@42000000$",
    r"^fh: memmap: .* reserved  /reserved-memory/translation-tables@42010000$",
    r"^fh: smp: 2 of 2 CPUs run \(PSCI\)$",
    r"^fh: adopt: table 0x42000000: level 1, from iova 0x0, 3 entries, in windows 0 1 2, foreign, declared by "
    r"/reserved-memory/translation-root@42000000$",
    r"^fh: adopt: warning: table 0x42011000 level 3 index 32: .* entry of the firmware inside a window",
    r"^fh: main: table: root 0x42000000: adopted from /translated-device@9010000: 4 tables, 24 entries, "
    r"2 warnings$",
    r"^fh: main: map: 0x18000\.\.0x1ffff -> .*: RAM, 32 KiB, 0 table pages \(planned 0\)$",
    r"^fh: main: map: 0x21000\.\.0x30fff -> 0x42030000: shared segment, 0 table pages \(planned 0\)$",
    r"^fh: main: map: 0xc0000000\.\.0xc0000fff -> 0x9010000: device page, 2 table pages \(planned 2\)$",
    r"^fh: main: AT: software and CPU agree on 537 addresses of ours, 38 of the firmware.s, ",
    r"^fh: main: windows: 6 pages just outside: all refused \(EPERM\)$",
    r"^fh: main: borrowed bytes: 16384 compared with the hand-over: equal$",
    r"^fh: main: frames: \d+ free: all came back$",
    r"^fh: main: done: status 0$",
]


def differences(guest_ram, tables):
    """What lies in RAM and is not as the picture says: lines."""
    lines = []
    for table, entries in tables.items():
        for index, word in enumerate(guest_ram.words(table, 512)):
            if word != entries.get(index, 0):
                lines.append(f"{table:#x} [{index}]: {word:#x}, not {entries.get(index, 0):#x}")
    for base in (FIRMWARE, SHARED):
        if set(guest_ram.words(base, 0x2000)) != {PATTERN}:
            lines.append(f"{base:#x}: holds something else than the pattern")
    return lines


def boot(tap, name, script, expect, which="system", el=1, tables=TABLES):
    """One run, judged."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line.replace("<el>", str(el)) for line in expect["lines"]]
    with ram.Ram(folder / "ram") as guest_ram:
        outcome = ram.boot_uboot(guest_ram, which, el, script, folder)
        sys.stderr.write(outcome.stderr)
        verdict.judge(tap, f"uboot.{name}", {**expect, "lines": lines}, outcome)
        if tables:
            found = differences(guest_ram, tables)
            tap.result(not found, f"uboot.{name}: what U-Boot wrote is there, byte for byte", found[:8])


def changed(old, new):
    """The script with one line changed."""
    if SCRIPT.count(old) != 1:
        raise ValueError(f"boot.cmd: {old!r}: stands there {SCRIPT.count(old)} times")
    return SCRIPT.replace(old, new)


def good(tap):
    same = os.environ.get("QEMU") == os.environ.get("QEMU10")
    for which in ("system",) if same else ("system", "10"):
        for el in (1, 2):
            boot(tap, f"el{el}.{which}", SCRIPT, {"lines": ADOPTED, "absent": [r"\(EIO\)", "skipped"]},
                 which, el)


def unaligned(tap):
    """The tree stays where the script has put it, which is no page."""
    script = changed("setenv tree 43000000", "setenv fdt_high ffffffffffffffff\nsetenv tree 43000048")
    lines = [r"^fh: boot: freehold .* device tree at 0x43000048 \(x0 0x43000048\)$", *ADOPTED[1:]]
    boot(tap, "unaligned", script, {"lines": lines})


def broken(tap):
    """A table in RAM that nobody reserved: refused, and what was handed over stays as it was."""
    script = changed("setexpr entry ${C} + 3", "setenv entry 42100003")
    tables = {**TABLES, ROOT: {**TABLES[ROOT], 1: 0x42100003}}
    boot(tap, "broken", script, {
        "lines": [
            r"^fh: adopt: table 0x42000000 level 1 index 1: descriptor 0x42100003 for iova 0x40000000: "
            r"table in RAM that nobody reserved: .*, at 0x42100000 declared by /memory@40000000 \(EPERM\)$",
            r"^fh: main: /translated-device@9010000: 0x42000000: table in RAM that nobody reserved: .*"
            r"\(EPERM\)$",
            r"^fh: main: done: status 1$",
        ],
        "absent": [r"^fh: main: (map|table)"],
        "status": 1,
    }, tables=tables)


def overlap(tap):
    """The script looks where U-Boot and the Image lie before it writes anything."""
    for name, old, new in (("image", "setenv root 42000000", "setenv root 40401000"),
                           ("itself", "setenv tree_end 43200000", "setenv tree_end 47000000")):
        boot(tap, f"overlap.{name}", changed(old, new), {
            "lines": [r"^boot\.cmd: 4[0-9a-f]+\.\.4[0-9a-f]+: overlaps the Image or U-Boot"],
            "absent": ["^fh: ", "Starting kernel"],
        }, tables=None)


def documented(tap):
    """docs/boot-protocol.md shows the script as it is, but for the line of its licence."""
    text = DOCUMENT.read_text()
    block = re.search(r"`examples/u-boot/boot\.cmd`:\n\n((?:    .*\n|\n)+)", text)
    shown = re.sub(r"^    ", "", block.group(1), flags=re.MULTILINE).strip("\n") if block else ""
    licence, script = SCRIPT.strip("\n").split("\n", 1)
    tap.result(shown == script and "SPDX" in licence, f"uboot.documented: {DOCUMENT.name} shows boot.cmd")


def main():
    tap = Tap()
    try:
        documented(tap)
        good(tap)
        unaligned(tap)
        broken(tap)
        overlap(tap)
    except (machine.SetupError, ValueError) as error:
        tap.result(False, f"uboot: cannot start: {error}")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
