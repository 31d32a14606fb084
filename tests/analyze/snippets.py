# SPDX-License-Identifier: BSD-2-Clause
"""
What the annotations of the public headers let compilers find.

Each bad_*.c draws what it says at its head and nothing else, each ok_*.c nothing. Then each use of an
annotation is taken out of its header, one after the other: something here must come out differently,
or nobody would miss it.
"""
import pathlib
import re
import shutil

import analyzers
from analyzers import WORK

HERE = pathlib.Path(__file__).resolve().parent.relative_to(analyzers.ROOT)
HEADERS = sorted(path for folder in ("lib", "mm", "iommu") for path in pathlib.Path(folder).glob("*.h")
                 if not path.name.endswith("_priv.h"))
OWNERSHIP = re.compile(r"\bFH_(?:OWNED_BY|TAKES)\([^()]*\)")
MUST_CHECK = re.compile(r"\bFH_MUST_CHECK\b")
KINDS = {
    "bad": ("leak", "leak_on_error", "double_free", "use_after_free", "use_after_into",
            "free_after_into", "free_borrow", "wrong_release", "ignored_alloc"),
    "ok": ("alloc_free",),
}


def snippets():
    return sorted(HERE.glob("bad_*.c")) + sorted(HERE.glob("ok_*.c"))


def commands():
    cross = analyzers.freestanding([f"{analyzers.CROSS}gcc"])
    return {
        "gcc": [analyzers.HOSTCC, *analyzers.GCC_FLAGS],
        "cross": [*cross, *analyzers.GCC_FLAGS],
        "clang": [analyzers.CLANG, *analyzers.CLANG_FLAGS],
    }


def expected(path, analyzer):
    """What a snippet announces: `/* gcc: NAME... */` and `/* clang: NAME... */`, or `nothing`."""
    if path.name.startswith("ok_"):
        return set()
    who = "clang" if analyzer == "clang" else "gcc"
    words = re.search(rf"^/\* {who}: (.+) \*/$", path.read_text(), re.MULTILINE)
    return set(words[1].split()) - {"nothing"} if words else {"no line that says what is expected"}


def judge(command, analyzer, path, before=()):
    """Return: None, or how what is found differs from what is announced."""
    found, said = analyzers.findings([*command, "-std=gnu17", *analyzers.CONFIG, *before, "-I.", "-S", "-o", "/dev/null",
                                      path])
    want = expected(path, analyzer)
    if found == want:
        return None
    return [f"{path}: {analyzer}: found {sorted(found)}, not {sorted(want)}", *said.splitlines()[:12]]


def without_comments(text):
    """Blank, so that what is left stays where it was."""
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL)


def uses(pattern):
    """Each use of an annotation, as header, function and place."""
    for header in HEADERS:
        text = without_comments(header.read_text())
        for match in pattern.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
            if line.startswith("#"):
                continue
            # Before the declarator or behind it: the function's name is the last fh_...( up to
            # either end of the declaration.
            begin = max(text.rfind(end, 0, match.start()) for end in ";}#") + 1
            end = min(place for place in (text.find(";", match.end()), text.find("{", match.end()))
                      if place >= 0)
            whole = re.sub(OWNERSHIP, "", text[begin:end])
            yield header, re.findall(r"\b(fh_\w+)\(", whole)[0], match


def mutate(header, match):
    """The header without that one annotation, in a folder that goes before the tree's."""
    folder = WORK / "without" / f"{header.parent}-{header.stem}-{match.start()}"
    copy = folder / header
    copy.parent.mkdir(parents=True, exist_ok=True)
    text = header.read_text()
    copy.write_text(text[:match.start()] + text[match.end():])
    return f"-I{folder}"


def prototype(header, name):
    """The types of a function's parameters."""
    text = without_comments(header.read_text())
    begin = re.search(rf"\b{name}\(", text).end()
    types, depth, one = [], 0, ""
    for letter in text[begin:]:
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or letter == "," and depth == 0:
            types.append(re.sub(r"\(\*\w+\)", "(*)", one) if "(*" in one
                         else re.sub(r"\w+$", "", one.strip()))
            one = ""
        else:
            one += letter
        if depth < 0:
            return [" ".join(one.split()) for one in types]
    raise ValueError(f"{header}: {name}: has no end")


def write_ignored(folder):
    """A file that ignores the result of each FH_MUST_CHECK function; its lines by function."""
    path = folder / "ignored.c"
    lines = [f'#include "{header}"' for header in sorted({header for header, _, _ in uses(MUST_CHECK)})]
    place = {}
    for header, name, _ in uses(MUST_CHECK):
        given = ", ".join(f"(__typeof__({one})){{ 0 }}" for one in prototype(header, name))
        lines.append(f"void ignore_{name}(void) {{ {name}({given}); }}")
        place[name] = len(lines)
    path.write_text("\n".join(lines) + "\n")
    return path, place


def ignored(command, path, before=()):
    """Return: the lines in which gcc sees an ignored result; all of what it says must be such."""
    _, said = analyzers.run([*command, "-std=gnu17", *analyzers.CONFIG, "-O0", "-Wall", *before, "-I.", "-S",
                             "-o", "/dev/null", path])
    bad = re.findall(r"^.*(?:warning|error): (?!ignoring return value).*$", said, re.MULTILINE)
    lines = {int(line) for line in re.findall(r":(\d+):\d+: warning: ignoring", said)}
    return lines, bad


def check_files(tap, command):
    for analyzer, words in command.items():
        results = analyzers.each(lambda path, a=analyzer, w=words: judge(w, a, path), snippets())
        for path, notes in results:
            tap.result(not notes, f"analyze.{path.stem}.{analyzer}", notes or ())
    missing = [f"{kind}_{name}.c: is not there" for kind, names in KINDS.items() for name in names
               if not (HERE / f"{kind}_{name}.c").exists()]
    if len(list(HERE.glob("ok_*.c"))) < 10:
        missing.append("fewer than ten ok_*.c")
    tap.result(not missing, "analyze.snippets.kinds", missing)


def check_ownership(tap, command):
    """Without any single annotation, some snippet comes out differently."""
    def noticed(use):
        header, name, match = use
        before = [mutate(header, match)]
        # What only clang knows, gcc cannot miss.
        order = ["clang"] if "TAKES" in match[0] else ["gcc", "clang"]
        # Those about the function first.
        paths = sorted(snippets(), key=lambda path: name not in path.read_text())
        for analyzer in order:
            for path in paths:
                if judge(command[analyzer], analyzer, path, before):
                    return path
        return None
    found = list(uses(OWNERSHIP))
    for (_, name, match), path in analyzers.each(noticed, found):
        notes = [f"{match[0]} of {name}: no snippet misses it"]
        tap.result(bool(path), f"analyze.without.{name}.{match[0]}", notes)
    tap.result(bool(found), "analyze.without.some", ["no annotation found in the headers"])


def check_ignored(tap, command):
    path, place = write_ignored(WORK)
    lines, bad = ignored(command["gcc"], path)
    missing = [f"{name}: ignoring its result draws no warning" for name in place
               if place[name] not in lines]
    tap.result(not missing and not bad, "analyze.ignored", missing + bad)

    def noticed(use):
        header, name, match = use
        return ignored(command["gcc"], path, [mutate(header, match)])[0] == set(place.values()) - {
            place[name]}
    for (_, name, _), good in analyzers.each(noticed, list(uses(MUST_CHECK))):
        tap.result(good, f"analyze.without.{name}.FH_MUST_CHECK", [f"{name}: nothing misses it"])


def check(tap):
    shutil.rmtree(WORK / "without", ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    command = commands()
    check_files(tap, command)
    check_ownership(tap, command)
    # -fanalyzer has nothing to say of this and takes its time.
    check_ignored(tap, {"gcc": [analyzers.HOSTCC]})
