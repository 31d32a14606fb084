# SPDX-License-Identifier: BSD-2-Clause
"""
`make mutants`: does some host test fail for each bug that can be put into the page tables?

    run.py [--check] [--list] [MUTANT]...

Mutants of hooks: every call in iommu/ of a function of arch/host that hardware would have seen,
found in the sources, with each change that makes sense there (arch/host/mutant.h). Mutants of
fields: every bit of tests/mutants/fields.txt, held at 0 or 1 in what is stored
(tests/unit/mutant.h). One build has all of them; FH_MUTANT names one.

Each is run against the host tests of iommu/ until one fails; a crash, a report of a sanitizer, a
timeout count. docs/mutants.md names the test, which is tried first the next time: that is fast, and the
table stays as it is until it has to change. Those of tests/mutants/equivalent.txt change nothing that
anybody could see, and have to survive.

Fails for a mutant that survives. --check: also when docs/mutants.md is not what would be written.
From the environment: O, the output folder.
"""
import collections
import concurrent.futures
import difflib
import fnmatch
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UNIT = pathlib.Path(os.environ.get("O") or "build").resolve() / "unit"
TABLE = ROOT / "docs" / "mutants.md"
FIELDS = HERE / "fields.txt"
EQUIVALENT = HERE / "equivalent.txt"
JOBS = min(2, os.cpu_count() or 1)
# By how long they take, so that most mutants die early; then what is not named here, by its name.
ORDER = """iommu.pte iommu.pgtable.fields iommu.pgtable.pages iommu.format.bits iommu.format iommu.pgtable.protect
    iommu.adopt iommu.pgtable.foreign iommu.pgtable.race iommu.adopt.work iommu.pgtable.check
    iommu.pgtable.trim iommu.pgtable.list iommu.pgtable iommu.pgtable.random iommu.readers""".split()
LAST = ["tools.replay.random", "tools.replay.engine", "iommu.pgtable.split"]
# A test ends in the time that it takes without a mutant, times and plus this.
TIMES, SECONDS = 5, 20
FIRST_SECONDS = 300
STEPS = 1000
RECENT = 4
SURVIVES = "nothing"

# What can go wrong at a hook. The functions that only ask or wait for other CPUs are no hooks.
BY_ADDRESS = ["drop", "address"]
RANGE = ["drop", "address", "short", "granule"]
CHANGES = [
    (r"desc_store", ["drop", "neighbour"]),
    (r"desc_cas", ["drop", "neighbour", "blind"]),
    (r"cache_clean(_invalidate)?", ["drop", "short", "address"]),
    (r"dsb_(sy|ish|ishst)", ["drop", "weak"]),
    (r"isb", ["drop"]),
    (r"tlbi_rvae1is", RANGE + ["asid", "regime", "last"]),
    (r"tlbi_rvale1is", RANGE + ["asid", "regime"]),
    (r"tlbi_rvae[23]is", RANGE + ["regime", "last"]),
    (r"tlbi_rvale[23]is", RANGE + ["regime"]),
    (r"tlbi_ripas2e1is", RANGE + ["last"]),
    (r"tlbi_ripas2le1is", RANGE),
    (r"tlbi_vae1is", BY_ADDRESS + ["asid", "regime", "last"]),
    (r"tlbi_vale1is", BY_ADDRESS + ["asid", "regime"]),
    (r"tlbi_vae[23]is", BY_ADDRESS + ["regime", "last"]),
    (r"tlbi_vale[23]is", BY_ADDRESS + ["regime"]),
    (r"tlbi_ipas2e1is", BY_ADDRESS + ["last"]),
    (r"tlbi_ipas2le1is", BY_ADDRESS),
    (r"tlbi_vmalls12e1is", ["drop", "stage"]),
    (r"tlbi_(vmalle1is|alle[23]is)", ["drop", "regime"]),
]
NO_HOOKS = r"desc_load|cpu_\w+|has_\w+|cache_(line_bytes|writeback_granule)"

Mutant = collections.namedtuple("Mutant", "name variable")


class Failure(Exception):
    """One line that says why nothing was judged."""


# ---- Which mutants there are

def changes_of(hook):
    for pattern, changes in CHANGES:
        if re.fullmatch(pattern, hook):
            return changes
    raise Failure(f"arch_{hook}: no change is known for it: CHANGES in {__file__} (ENOENT)")


def hook_mutants():
    """Named by file, function and hook, so that the name outlives changes elsewhere."""
    for path in sorted((ROOT / "iommu").glob("*.[ch]")):
        function = "?"
        seen = collections.Counter()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            head = re.match(r"(?!#|/)[A-Za-z_].*?(\w+)\(", line)
            function = head.group(1) if head else function
            for hook in re.findall(r"\barch_(\w+)\(", line):
                if re.fullmatch(NO_HOOKS, hook):
                    continue
                seen[function, hook] += 1
                count = seen[function, hook]
                place = f"{path.name}:{function}:{hook}" + (f"#{count}" if count > 1 else "")
                for change in changes_of(hook):
                    yield Mutant(f"{place}:{change}",
                                 f"iommu/{path.name}:{number}:{hook}:{change}")


def field_mutants():
    for number, line in enumerate(FIELDS.read_text().splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != 7:
            raise Failure(f"{FIELDS}:{number}: {len(words)} words, not 7 (EINVAL)")
        form, kind, high, granule, bits, values, name = words
        top, _, low = bits.partition(":")
        for bit in range(int(low or top), int(top) + 1):
            for value in values:
                yield Mutant(f"{form}:{kind}:{name}:bit {bit}:{value}",
                             f"field:{form}:{kind}:{high}:{granule}:{bit}:{value}")


def all_mutants():
    mutants = [*hook_mutants(), *field_mutants()]
    twice = [name for name, count in collections.Counter(m.name for m in mutants).items()
             if count > 1]
    if twice:
        raise Failure(f"{twice[0]}: stands for two mutants (EEXIST)")
    return mutants


def read_equivalent(mutants):
    """Patterns with the reason below which they stand, as mutants' names with their reasons."""
    reasons, reason, before = {}, "", ""
    for line in EQUIVALENT.read_text().splitlines():
        if line.startswith("#"):
            text = line.lstrip("# ")
            reason = f"{reason} {text}" if before.startswith("#") else text
        elif line.strip():
            found = [m.name for m in mutants if fnmatch.fnmatchcase(m.name, line)]
            if not found:
                raise Failure(f"{EQUIVALENT}: {line}: there is no such mutant (ENOENT)")
            reasons.update(dict.fromkeys(found, reason))
        before = line
    return reasons


# ---- Running tests

def programs():
    names = sorted(path.stem for pattern in ("iommu.*.c", "tools.*.c")
                   for path in (ROOT / "tests" / "unit").glob(pattern))
    threads = [name for name in names if name.endswith(".threads")]
    rest = [name for name in names if name not in ORDER + LAST + threads]
    return [name for name in ORDER if name in names] + rest + \
        [name for name in LAST if name in names] + threads


class Tests:
    """The host tests, and those of their processes that are under way."""

    def __init__(self):
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("FH_")}
        self.seconds = dict.fromkeys(programs(), FIRST_SECONDS)
        self.environment.update(FH_SEED="1", FH_STEPS=str(STEPS), CMOCKA_MESSAGE_OUTPUT="STDOUT")

    def run(self, program, variable="", case=""):
        """Return: the case that fails first, as it is written into the table, or ""."""
        command = subprocess.Popen(
            [str(UNIT / program)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            env={**self.environment, "FH_MUTANT": variable, "FH_T": case})
        late = threading.Event()

        def stop():
            late.set()
            kill(command)

        timer = threading.Timer(self.seconds[program], stop)
        timer.start()
        running = program
        try:
            for line in command.stdout:
                event = re.match(r"\[ +(RUN|FAILED) +\] ([\w.]+)$", line.rstrip())
                if event and event.group(1) == "FAILED":
                    return event.group(2)
                running = event.group(2) if event else running
            status = command.wait()
        finally:
            timer.cancel()
            kill(command)
        if late.is_set():
            return f"{running} (no end)"
        return f"{running} (crash)" if status else ""


def kill(command):
    if command.poll() is None:
        try:
            os.killpg(command.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    command.wait()


def run_case(tests, mutant, case):
    program = max((p for p in programs() if case == p or case.startswith(f"{p}.")),
                  key=len, default="")
    return tests.run(program, mutant.variable, case) if program else ""


def killer_of(tests, mutant, known, recent):
    """
    Return: the test that fails; "" when none does. @known: the one that did once. @recent: those
    that killed others last, which are like this one.
    """
    for case in [known.split(" ")[0]] if known else list(recent):
        killer = run_case(tests, mutant, case)
        if killer:
            return killer
    for program in programs():
        killer = tests.run(program, mutant.variable)
        if killer:
            case = killer.split(" ")[0]
            if case not in recent:
                recent.appendleft(case)
            return killer
    return ""


# ---- The table

HEAD = """# Bugs, and the tests that find them

`make mutants` puts each of these bugs into the page tables, one at a time, and runs the host tests of `iommu/` until one fails.
`tests/mutants/run.py` says how they are named and made; `tests/mutants/run.py NAME` runs one. This file is written by it.

A bug is a place, `file:function:hook:change`, where a store, clean, barrier or TLB operation is dropped or changed, or a bit,
`format:kind:field:bit:value`, that is always 0 or 1 in what is stored.
"""


def write_table(killers, reasons):
    lines = [HEAD, "| bug | killed by |", "|---|---|"]
    lines += [f"| `{name}` | {killer or SURVIVES} |" for name, killer in killers.items()
              if name not in reasons]
    lines += ["", "## Equivalent", "", "These change nothing that a walker or a caller could see.", ""]
    for reason in dict.fromkeys(reasons.values()):
        lines += [f"- {reason}"]
        lines += [f"  - `{name}`" for name in reasons if reasons[name] == reason]
    return "\n".join(lines) + "\n"


def read_table():
    if not TABLE.exists():
        return {}
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|$", TABLE.read_text(), re.MULTILINE)
    return {name: killer for name, killer in rows if killer != SURVIVES}


# ---- The run

def check_programs(tests, pool):
    """No mutant, no failure, nor with one that is never reached; what names none is refused."""
    def run(program):
        start = time.monotonic()
        case = tests.run(program)
        return program, case, time.monotonic() - start

    for program, case, seconds in pool.map(run, reversed(programs())):
        tests.seconds[program] = TIMES * seconds + SECONDS
        if case:
            raise Failure(f"{program}: {case}: fails without a mutant")
    for variable in ("iommu/none.c:1:isb:drop", "field:none:leaf:*:*:0:1"):
        if tests.run("iommu.pte", variable):
            raise Failure(f"FH_MUTANT={variable}: changes something")
    for variable in ("nonsense", "field:nonsense"):
        if not tests.run("iommu.pte", variable):
            raise Failure(f"FH_MUTANT={variable}: is taken for a mutant")


def judge(tests, pool, mutants, reasons):
    """Return: mutants' names with what kills them, and what is wrong."""
    known = read_table()
    recent = collections.deque(maxlen=RECENT)
    start = time.monotonic()
    # Those that survive take longest.
    first = sorted(mutants, key=lambda m: m.name not in reasons)
    jobs = {pool.submit(killer_of, tests, m, known.get(m.name, ""), recent): m for m in first}
    killers, bad = {}, []
    for count, job in enumerate(concurrent.futures.as_completed(jobs), 1):
        name, killer = jobs[job].name, job.result()
        killers[name] = killer
        if not killer and name not in reasons:
            bad.append(f"{name}: survives: FH_MUTANT={jobs[job].variable}")
            print(f"fh: mutants: {bad[-1]}", flush=True)
        if killer and name in reasons:
            bad.append(f"{name}: {EQUIVALENT.name} says that nothing kills it, but {killer} does")
            print(f"fh: mutants: {bad[-1]}", flush=True)
        if count % 50 == 0:
            print(f"fh: mutants: {count} of {len(mutants)}, {time.monotonic() - start:.0f} s",
                  flush=True)
    return {m.name: killers[m.name] for m in mutants}, bad


def measure(words):
    mutants = all_mutants()
    reasons = read_equivalent(mutants)
    wanted = [word for word in words if not word.startswith("--")]
    if "--list" in words:
        print(*(f"{m.name:60} FH_MUTANT={m.variable}" for m in mutants), sep="\n")
        return 0
    chosen = [m for m in mutants if not wanted or
              any(fnmatch.fnmatchcase(m.name, word) for word in wanted)]
    if not chosen:
        raise Failure(f"{wanted[0]}: is no mutant (ENOENT)")
    start = time.monotonic()
    tests = Tests()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        check_programs(tests, pool)
        killers, bad = judge(tests, pool, chosen, reasons)
    table = write_table(killers, reasons)
    if wanted:
        print(*(f"{name}: {killer or 'survives'}" for name, killer in killers.items()), sep="\n")
    elif "--check" in words:
        written = TABLE.read_text() if TABLE.exists() else ""
        if written != table:
            bad.append(f"{TABLE.relative_to(ROOT)}: is not what `make mutants` writes")
            print(f"fh: mutants: {bad[-1]}")
            print(*list(difflib.unified_diff(written.splitlines(), table.splitlines(), n=0,
                                             lineterm=""))[2:12], sep="\n")
    else:
        TABLE.write_text(table)
    killed = sum(1 for killer in killers.values() if killer)
    print(f"fh: mutants: {len(killers)}: {killed} killed, {len(killers) - killed} survive, of them "
          f"{sum(1 for name in killers if name in reasons)} equivalent, "
          f"{time.monotonic() - start:.0f} s")
    return 1 if bad else 0


def main():
    try:
        return measure(sys.argv[1:])
    except Failure as error:
        print(f"fh: mutants: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
