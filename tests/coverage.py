# SPDX-License-Identifier: BSD-2-Clause
"""
`make coverage`: which lines of lib/, mm/ and iommu/ do the host tests run?

    coverage.py OUT BUILD... [--list]

Each BUILD holds the host tests, compiled with --coverage; what they run is added up. Prints a
table, writes OUT/html, and fails for a line that no test runs and tests/coverage.allow does not
name, for a name in there that is run or gone, and where not over LEAST percent of the lines are
run. --list prints, in the form of that file, the lines that it lacks.

A line is named by its file, function and text, so that the name outlives changes elsewhere, below
the reason why no test runs it:

    # the host's memory never ...
    mm/page.c: fh_page_read: return -EFAULT;

Below a reason that begins with "# ~" it may be run or not: a race decides.

From the environment: GCOV, the program of that name that belongs to the compiler.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ALLOW = pathlib.Path("tests/coverage.allow")
LEAST = 95
FOLDERS = ("lib/", "mm/", "iommu/")
SECONDS = 300
TAIL_LINES = 30


class Failure(Exception):
    """One line that says why nothing was measured."""


# ---- Measuring

def clean(build):
    """Take away what earlier runs counted, and what was compiled from files that are gone."""
    for path in build.rglob("*.gcda"):
        path.unlink()
    for path in build.rglob("*.gcno"):
        # BUILD/host/mm/page.gcno is of mm/page.c.
        if not pathlib.Path(*path.relative_to(build).parts[1:]).with_suffix(".c").exists():
            path.unlink()


def run_test(program):
    """The seed is given, so that a random test runs the same lines each time."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FH_")}
    try:
        done = subprocess.run([str(program)], env={**ours, "FH_SEED": "1"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"{program}: no end after {SECONDS} s (ETIMEDOUT)") from None
    if done.returncode:
        print(*done.stdout.decode(errors="replace").splitlines()[-TAIL_LINES:], sep="\n")
        raise Failure(f"{program}: status {done.returncode}: a test fails")


def run_tests(builds):
    names = sorted(path.stem for path in pathlib.Path("tests/unit").glob("*.*.c"))
    programs = [build / "unit" / name for name in names for build in builds]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run_test, programs))


def run_gcovr(words):
    try:
        done = subprocess.run(["gcovr", "--root", ".", *map(str, words)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"gcovr: no end after {SECONDS} s (ETIMEDOUT)") from None
    if done.returncode:
        print(*done.stdout.splitlines()[-TAIL_LINES:], sep="\n")
        raise Failure(f"gcovr: status {done.returncode}")


def gcovr(build):
    """Count what a build has run. Return: the file with gcovr's JSON, without functions."""
    path = build / "coverage.json"
    filters = [word for folder in FOLDERS for word in ("--filter", folder)]
    run_gcovr(["--gcov-executable", os.environ.get("GCOV") or "gcov", *filters,
               "--json", path, build])
    data = json.loads(path.read_text())
    # gcovr adds no builds up whose functions stand in other lines, as some do with HARDEN=1.
    for entry in data["files"]:
        entry["functions"] = []
    path.write_text(json.dumps(data))
    return path


def write_html(out, paths):
    page = out / "html"
    page.mkdir(parents=True, exist_ok=True)
    run_gcovr([word for path in paths for word in ("-a", path)] +
              ["--html-details", page / "index.html"])


def source_of(file):
    return pathlib.Path(file).read_text().splitlines()


def lines_by_file(paths):
    """Of each file, how often each line of code was run."""
    files = {}
    for entry in [entry for path in paths for entry in json.loads(path.read_text())["files"]]:
        lines = files.setdefault(entry["file"], collections.Counter())
        source = source_of(entry["file"])
        for line in entry["lines"]:
            number = line["line_number"]
            # gcovr 5 lists every line of a file; which braces have code differs between compilers.
            if not line.get("gcovr/noncode") and re.search(r"\w", source[number - 1]):
                lines[number] += line["count"]
    return {name: lines for name, lines in sorted(files.items()) if lines}


# ---- Judging

def function_at(source, number):
    """The function that a line lies in: the nearest line above that begins at the left names it."""
    for text in reversed(source[:number]):
        head = re.sub(r"__attribute__\(\(.*?\)\)|_Atomic\(\w+\)", "", text)
        name = re.search(r"(\w+)\(", head)
        if name and re.match(r"[A-Za-z_]", text):
            return name.group(1)
    return "?"


def read_allow():
    """Names, with repetitions: of lines that are not run, and of those that need not be."""
    idle, racy = collections.Counter(), collections.Counter()
    group = None
    before = ""
    for number, text in enumerate(ALLOW.read_text().splitlines(), 1):
        if text.startswith("#"):
            if not before.startswith("#"):
                group = racy if text.startswith("# ~") else idle
        elif not text.strip():
            group = None
        else:
            words = text.split(": ", 2)
            if group is None or len(words) < 3:
                raise Failure(f"{ALLOW}:{number}: {text}: without a reason above it, or not "
                              "FILE: FUNCTION: TEXT (EINVAL)")
            group[tuple(words)] += 1
        before = text
    return idle, racy


def judge(files):
    """Return: lines that ALLOW lacks, as number and name, and what is wrong with ALLOW."""
    must, may = read_allow()
    racy = may.copy()
    known = collections.Counter()
    lacking, wrong = [], []
    for file, lines in files.items():
        source = source_of(file)
        for number, count in sorted(lines.items()):
            name = file, function_at(source, number), source[number - 1].strip()
            known[name] += 1
            if count:
                continue
            if must[name]:
                must[name] -= 1
            elif may[name]:
                may[name] -= 1
            else:
                lacking.append((number, name))
    for name, count in must.items():
        wrong += [": ".join(name) + ": is run, or not there any more"] * count
    for name, count in (racy - known).items():
        wrong += [": ".join(name) + ": is not there any more"] * count
    return lacking, wrong


def table(files):
    """Print it. Return: the shares that are too small, in words."""
    rows = [(name, [name]) for name in files]
    rows += [(folder, [name for name in files if name.startswith(folder)]) for folder in FOLDERS]
    rows.append(("all", list(files)))
    small = []
    print(f"{'file':28} {'lines':>6} {'not run':>8} {'run':>7}")
    for title, names in rows:
        counts = [count for name in names for count in files[name].values()]
        if not counts:
            raise Failure(f"{title}: nothing was measured (ENOENT)")
        idle = counts.count(0)
        share = 100 - 100 * idle / len(counts)
        print(f"{title:28} {len(counts):6} {idle:8} {share:6.1f}%")
        if title not in files and share <= LEAST:
            small.append(f"{title}: {share:.1f}% of the lines are run: not over {LEAST}%")
    return small


def measure(words):
    out, builds = pathlib.Path(words[0]), [pathlib.Path(word) for word in words[1:]]
    for build in builds:
        clean(build)
    run_tests(builds)
    # One after the other: gcov writes into the folder where it is run.
    paths = [gcovr(build) for build in builds]
    write_html(out, paths)
    files = lines_by_file(paths)
    bad = table(files)
    print(f"fh: coverage: line by line in {out}/html/index.html")
    lacking, wrong = judge(files)
    if "--list" in sys.argv:
        print(*(": ".join(name) for _, name in lacking), sep="\n")
    for number, (file, function, text) in lacking:
        bad.append(f"{file}:{number}: {function}: {text}: no test runs it, and {ALLOW} does not "
                   "say why")
    bad += [f"{ALLOW}: {text}" for text in wrong]
    for text in bad:
        print(f"fh: coverage: {text}")
    return 1 if bad else 0


def main():
    words = [word for word in sys.argv[1:] if word != "--list"]
    if len(words) < 2:
        sys.exit("usage: coverage.py OUT BUILD... [--list]")
    try:
        return measure(words)
    except Failure as error:
        print(f"fh: coverage: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
