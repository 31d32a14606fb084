# SPDX-License-Identifier: BSD-2-Clause
"""
The kernel behind a hostile stage (tests/hostile), one boot a seed: what it is handed must be
adopted or refused, as inherited.py says, with the borrowed bytes as they were in both cases. The
guest's memory is a file, so that they are read by somebody whom the guest cannot deceive.

    FH_SEED=<number> make check T=qemu.hostile     begins with this seed
"""
import concurrent.futures
import mmap
import os
import random
import re
import shlex
import zlib

import guest
import inherited
import machine
from tap import Tap

RAM_BASE = 0x40000000
RAM = "64M"
SECONDS = 60
# A seed -> what is special about it, of those that a random choice may well miss.
KNOWN = {
    1: "windows too small for some mappings",
    5: "firmware's tables that take permissions from ours",
    29: "windows that touch",
    98: "a window that ends where the input does",
    118: "a table in reserved memory that is none of the tables",
    254: "a window that begins at 0",
    389: "a contiguous hint of the firmware's on what is no run",
    1087: "a note for 512 GiB at the beginning of a window",
}
SAID = re.compile(r"^fh: (?:main|devtree): (?:.*: )?([^:]+) \(E[A-Z0-9]+\)$", re.MULTILINE)
EQUAL = re.compile(r"^fh: main: borrowed bytes: \d+ compared with the hand-over: equal$",
                   re.MULTILINE)


def command(which, seed, ram):
    words = machine.qemu(which) + [
        "-object", f"memory-backend-file,id=ram,size={RAM},share=on,mem-path={ram}",
        "-M", "virt,virtualization=on,memory-backend=ram", "-cpu", "cortex-a72", "-m", RAM]
    words += machine.QUIET + ["-serial", "stdio", "-semihosting"]
    words += ["-kernel", machine.built("hostile.img"), "-initrd", machine.built("freehold.img")]
    return words + ["-append", f"fh.hostile-seed={seed} fh.loader-poison=1"]


def judge_bytes(handed):
    """Yield what is not as it was handed over."""
    for name in ("root", "tables", "firmware"):
        pa, size, crc = handed.regions[name]
        if zlib.crc32(handed.bytes_at(pa, size)) != crc:
            yield f"{name}: bytes differ from what was handed over"


def judge_words(outcome, reasons):
    """Yield what the kernel says and should not, or the reverse."""
    if not reasons:
        if outcome.status != 0 or not EQUAL.search(outcome.text):
            yield f"status {outcome.status}, and it should be adopted and given back"
        return
    if outcome.status != 1:
        yield f"status {outcome.status}, and it should be refused: {', '.join(sorted(reasons))}"
        return
    said = SAID.findall(outcome.text)
    # Windows are in the device tree, which is read first.
    wanted = ["window"] if "window" in reasons else sorted(reasons)
    if not said or not any(re.search(inherited.WORDS[reason], said[-1]) for reason in wanted):
        yield f"said: {said[-1:]}, for: {', '.join(wanted)}"


def judge(outcome, ram):
    """Return: what is wrong with a run, and whether its tables were adopted."""
    if outcome.status is None:
        return [f"hang: still running after {outcome.limit} s"], False
    if re.search(r"fh: panic\b", outcome.text) or outcome.status not in (0, 1):
        return [f"status {outcome.status}", *outcome.text.splitlines()[-5:]], False
    with open(ram, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        try:
            handed = inherited.Handed(outcome.text, memory, RAM_BASE)
        except ValueError as error:
            return [str(error)], False
        reasons = inherited.Judge(handed).run()
        wrong = [*judge_bytes(handed), *judge_words(outcome, reasons)]
    return wrong, not reasons


def run(which, seed):
    """Boot once. Return: seed, what is wrong, whether it was adopted, the command."""
    folder = machine.build_folder() / "hostile"
    folder.mkdir(parents=True, exist_ok=True)
    ram = folder / f"{which}-{seed}.ram"
    log = folder / f"{which}-{seed}.log"
    words = command(which, seed, ram)
    try:
        wrong, adopted = judge(guest.boot(words, log, SECONDS), ram)
    finally:
        ram.unlink(missing_ok=True)
    if not wrong:
        log.unlink()
    return seed, wrong, adopted, words


def check(tap, which, seeds, jobs):
    adopted = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for seed, wrong, good, words in pool.map(lambda seed: run(which, seed), seeds):
            adopted += good
            tap.result(not wrong, f"hostile: {which}: seed {seed}",
                       [*wrong, f"again: FH_SEED={seed} make check T=qemu.hostile",
                        shlex.join(words)])
    tap.note(f"hostile: {adopted} of {len(seeds)} adopted")
    # Of fewer all may be of one kind.
    if len(seeds) >= 100:
        tap.result(len(seeds) / 4 < adopted < len(seeds) * 3 / 4,
                   f"hostile: {which}: some of both kinds")


def main(count, jobs, whiches, known=()):
    """So many seeds from FH_SEED on, or from anywhere, and the known ones, on each QEMU."""
    tap = Tap()
    given = os.environ.get("FH_SEED")
    first = int(given, 0) if given else random.randrange(1 << 32)
    tap.note(f"hostile: FH_SEED={first}")
    if not whiches:
        tap.result(True, "hostile: the other QEMU", skipped="the system's is the only one")
    try:
        for which in whiches:
            check(tap, which, [*range(first, first + count), *known], jobs)
    except machine.SetupError as error:
        tap.result(False, f"hostile: cannot start: {error}")
    return tap.finish()


def both():
    """The QEMUs there are; two names of the same one count once."""
    second = os.environ.get("QEMU10")
    return ["system", "10"] if second and second != os.environ.get("QEMU") else ["system"]
