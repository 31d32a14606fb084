# SPDX-License-Identifier: BSD-2-Clause
"""
Two analyzers on every C file of the tree, as it is compiled, but for -O0.

And what they rely on: they see the annotations where these are used; the allocator's own files do
without; the annotations change no code; no ownership call goes through a pointer, where neither
analyzer follows.
"""
import functools
import json
import pathlib
import re
import shlex
import subprocess

import analyzers
import snippets
from analyzers import ROOT, WORK

# Compiled elsewhere in ways of their own, most of them wrong on purpose, or with the headers of Linux.
APART = ("tests/build/types/", "tests/analyze/", "tests/qemu/", "tests/bench/linux/")
EMBED = {"embed.c": False, "host.c": False, "target.c": True}
LEAK = """
#include "mm/page.h"
int seeded_leak(struct fh_frames *frames);
int seeded_leak(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_alloc(frames, 0, 0);

	return page ? 0 : -1;
}
"""
# Of a call; anything else has the address of the function.
CALLS = {"R_AARCH64_CALL26", "R_AARCH64_JUMP26", "R_X86_64_PLT32"}


class Source:
    """A file and the words of its command, without what belongs to one compiler or to the output."""

    def __init__(self, path, words):
        self.path = path
        self.target = "-ffreestanding" in words
        compiler = (words[0], *(word for word in words if word.startswith("--target=")))
        mine = own_headers(compiler)
        kept = []
        for word in words[1:]:
            if word == mine and kept and kept[-1] == "-isystem":
                kept.pop()
            elif not re.match(r"-W|-O|-g$|-c$|-fsanitize|-fno-sanitize|--target=", word) and word != path:
                kept.append(word)
        self.words = kept

    def gcc(self, *more):
        compiler = [f"{analyzers.CROSS}gcc"] if self.target else [analyzers.HOSTCC]
        return self._with(compiler, more)

    def clang(self, *more):
        compiler = [analyzers.CLANG, "--target=aarch64-none-elf"] if self.target else [analyzers.CLANG]
        return self._with(compiler, more)

    def _with(self, compiler, more):
        own = ["-isystem", own_headers(tuple(compiler))] if self.target else []
        return [*compiler, *self.words, *own, *more]


@functools.lru_cache(maxsize=None)
def own_headers(compiler):
    return analyzers.own_headers(compiler)


def embedded():
    """examples/embed, which is built with installed headers alone and a platform of its own."""
    include = WORK / "include"
    include.mkdir(parents=True, exist_ok=True)
    link = include / "freehold"
    if not link.is_symlink():
        link.symlink_to(ROOT)
    for name, target in EMBED.items():
        words = ["-std=gnu17", *analyzers.CONFIG, f"-I{include}", "-I."]
        words += ["-ffreestanding", "-fno-pie", "-mgeneral-regs-only"] if target else []
        compiler = f"{analyzers.CROSS}gcc" if target else analyzers.HOSTCC
        yield Source(f"examples/embed/{name}", [compiler, *words])


@functools.lru_cache(maxsize=None)
def sources():
    entries = json.loads((analyzers.BUILD / "commands.json").read_text())
    found = {entry["file"]: Source(entry["file"], shlex.split(entry["command"])) for entry in entries}
    found.update({source.path: source for source in embedded()})
    return [found[path] for path in sorted(found)]


def text_of(source):
    return snippets.without_comments(pathlib.Path(source.path).read_text())


def ownership_names():
    return sorted({name for _, name, _ in snippets.uses(snippets.OWNERSHIP)})


def callers():
    """The files that call for ownership, but for the allocator's."""
    pattern = re.compile(rf"\b(?:{'|'.join(ownership_names())})\s*\(")
    return [source for source in sources()
            if not source.path.startswith("mm/") and pattern.search(text_of(source))]


def check_complete(tap):
    have = {source.path for source in sources()}
    missing = [f"{path}: is not analysed" for path in sorted(
        str(path.relative_to(ROOT)) for folder in ("lib", "arch", "mm", "iommu", "boot", "examples", "tests",
                                                   "tools") for path in (ROOT / folder).rglob("*.c"))
               if path not in have and not path.startswith(APART)]
    tap.result(not missing, "analyze.tree.complete", missing)


def object_of(source):
    path = WORK / "objects" / f"{source.path}.o"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def check_files(tap, name, words):
    """One result a file."""
    for source, (found, said) in analyzers.each(lambda one: analyzers.findings(words(one)), sources()):
        tap.result(not found, f"{name}.{source.path}", said.splitlines()[:20])


def pointers_of(path):
    """The ownership functions of which an object holds the address."""
    said = subprocess.run([f"{analyzers.CROSS}readelf", "-rW", path], capture_output=True, text=True,
                          check=True).stdout
    names = set(ownership_names())
    for line in said.splitlines():
        words = line.split()
        if len(words) >= 5 and words[4] in names and words[2] not in CALLS:
            yield words[4]


def check_pointers(tap):
    """Neither analyzer follows a call through a pointer."""
    bad = [f"{source.path}: takes the address of {name}(): call it by name, or no analyzer sees what it"
           " takes or gives" for source in sources() if object_of(source).exists()
           for name in sorted(set(pointers_of(object_of(source))))]
    tap.result(not bad, "analyze.tree.pointers", bad)
    # The check itself: a table of operations and a plain assignment.
    path = WORK / "pointer.c"
    for kind, line in (("table", "int (*const op)(struct fh_frames *, struct fh_page *) = fh_page_free;"),
                       ("value", "void *op(void); void *op(void) { return (void *)fh_page_free; }")):
        path.write_text(f'#include "mm/page.h"\n{line}\n')
        for source in (next(one for one in sources() if one.target == target) for target in (True, False)):
            found, said = analyzers.findings(source.gcc("-O0", "-c", "-o", WORK / "pointer.o", path))
            good = not found and set(pointers_of(WORK / "pointer.o")) == {"fh_page_free"}
            where = "target" if source.target else "host"
            tap.result(good, f"analyze.tree.pointers.{kind}.{where}", said.splitlines())


def seeded(source):
    path = WORK / "seeded" / source.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#include "{source.path}"\n{LEAK}')
    return path


def check_seeded(tap, name, words, want):
    """A leak behind a file that calls for ownership is seen, one of each folder; not in the allocator."""
    chosen = {str(pathlib.Path(source.path).parent): source for source in reversed(callers())
              if "FH_OWNERSHIP_OFF" not in text_of(source) and "mm_fixture.h" not in text_of(source)}
    wanted = [(source, {want}) for _, source in sorted(chosen.items())]
    wanted.append((next(source for source in sources() if source.path == "mm/page.c"), set()))
    results = analyzers.each(lambda one: analyzers.findings([*words(one[0])[:-1], seeded(one[0])]), wanted)
    for (source, should), (found, said) in results:
        tap.result(found == should, f"{name}.seeded.{source.path}",
                   [f"found {sorted(found)}, not {sorted(should)}", *said.splitlines()[:12]])


def assembly(words, *more):
    done = subprocess.run([*words, "-w", "-O2", "-S", "-o", "-", *more], capture_output=True, text=True)
    return done.stdout or done.stderr


def check_code(tap):
    """The code is the same with and without annotations, and with a plain malloc it would not be."""
    def same(source):
        return all(assembly(words, source.path) == assembly(words, "-DFH_OWNERSHIP_OFF=", source.path)
                   for words in (source.gcc(), source.clang()))
    bad = [f"{source.path}: the annotations change its code"
           for source, good in analyzers.each(same, callers()) if not good]
    tap.result(not bad, "analyze.code.same", bad)
    for name, compiler in (("host", analyzers.HOSTCC), ("target", f"{analyzers.CROSS}gcc")):
        words = [compiler, "-I.", HERE_ALIAS]
        none, ours, plain = (assembly(words, more) for more in ("-DFH_OWNERSHIP_OFF=", "-DOURS", "-DPLAIN"))
        tap.result("stored:" in none and none == ours and none != plain, f"analyze.code.alias.{name}",
                   ["a plain malloc attribute changes nothing, so nothing is compared"
                    if none == plain else "the annotations change the code"])
    pattern = re.compile(r"__attribute__\s*\(\(.*\b(?:__)?malloc(?:__)?\s*(?:\)\)|,\s*\w+\s*\)?\))")
    bad = [f"{path}:{number}: promises that a page aliases nothing, which is false"
           for path in sorted(pathlib.Path().glob("*/*.[ch]")) + sorted(pathlib.Path().glob("*/*/*.[ch]"))
           if str(path) != HERE_ALIAS and not str(path).startswith(str(analyzers.BUILD))
           for number, line in enumerate(path.read_text().splitlines(), 1)
           if "ownership_" not in line and pattern.search(line)]
    tap.result(not bad, "analyze.code.no_plain_malloc", bad)


HERE_ALIAS = "tests/analyze/alias.c"


def check_gcc(tap):
    def words(source):
        return source.gcc(*analyzers.GCC_FLAGS, "-c", "-o", object_of(source), source.path)
    check_complete(tap)
    check_files(tap, "analyze.tree", words)
    check_pointers(tap)

    def to_nothing(source):
        return source.gcc(*analyzers.GCC_FLAGS, "-S", "-o", "/dev/null", source.path)
    check_seeded(tap, "analyze.tree", to_nothing, "-Wanalyzer-malloc-leak")
    check_code(tap)


def check_clang(tap):
    def words(source):
        return source.clang(*analyzers.CLANG_FLAGS, source.path)
    check_files(tap, "analyze.clang", words)
    check_seeded(tap, "analyze.clang", words, "unix.Malloc")
