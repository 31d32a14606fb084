# SPDX-License-Identifier: BSD-2-Clause
"""
Reads the declared guests. matrix.toml says what may be declared; an entry whose values are lists
stands for every combination, each with the values in its name.
"""
import copy
import itertools
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

DEFAULTS = {
    "image": "freehold",
    "stage": "",
    "format": "img",
    "el": 1,
    "machine": "",
    "board": {},
    "cpu": "cortex-a72",
    "memory": "512M",
    "smp": 1,
    "numa": 0,
    "initrd": 0,
    "qemu": "system",
    "append": "",
    "timeout": 60,
    "long": False,
    "suites": False,
    "semihosting": True,
    "raw": {},
}
BOARD_KEYS = {"machine", "dtb", "memory", "serial"}
RAW_DEFAULTS = {"kernel": "0x41000000", "dtb": "0x48000000", "x0": "dtb", "tree": []}
EXPECT_KEYS = {"lines", "stderr", "absent", "status", "panic"}


class MatrixError(Exception):
    """The declaration is wrong; the text says where."""


class Guest:
    """One boot: attributes are the keys of DEFAULTS, name and expect."""

    def __init__(self, values):
        self.__dict__.update(values)


def label(key, value):
    """What a value is called in a guest's name."""
    prefix = {"el": "el", "smp": "smp", "numa": "numa", "qemu": "qemu" if value != "system" else ""}.get(key, "")
    return re.sub(r"[^a-z0-9_-]+", "-", (prefix + str(value)).lower()).strip("-") or "plain"


def variants(entry):
    """Yield (labels, values) for each combination of the lists in an entry."""
    lists = [(key, None) for key, value in entry.items() if isinstance(value, list)]
    raw = entry.get("raw", {})
    lists += [(key, "raw") for key in ("kernel", "dtb", "x0") if isinstance(raw.get(key), list)]
    choices = [(raw if where else entry)[key] for key, where in lists]
    for choice in itertools.product(*choices):
        values = copy.deepcopy(entry)
        for (key, where), value in zip(lists, choice):
            (values["raw"] if where else values)[key] = value
        yield [label(key, value) for (key, _), value in zip(lists, choice)], values


def check(guest, where):
    def refuse(why):
        raise MatrixError(f"{where}: {guest.name}: {why} (EINVAL)")

    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", guest.name):
        refuse("a name is parts of a-z, 0-9, _ and - joined by dots")
    if guest.format not in ("img", "elf") or guest.qemu not in ("system", "10"):
        refuse("format is img or elf, qemu is system, 10 or both")
    if guest.el == 3 and guest.format == "img" and not guest.raw:
        refuse("QEMU leaves EL3 before it enters an Image: use format elf, or raw")
    if guest.stage and (guest.format != "img" or guest.raw):
        refuse("a stage takes its kernel from -initrd: format img, and not raw")
    if guest.board and (set(guest.board) - BOARD_KEYS or not guest.long or guest.raw):
        refuse(f"board knows {', '.join(sorted(BOARD_KEYS))}, wants long, and cannot be raw")
    if guest.initrd and (guest.stage or guest.raw):
        refuse("a stage and a raw start take no initrd of their own")
    if guest.expect != "ktap" and set(guest.expect) - EXPECT_KEYS:
        refuse(f"expect knows {', '.join(sorted(EXPECT_KEYS))}")
    if guest.raw and set(guest.raw) - set(RAW_DEFAULTS):
        refuse(f"raw knows {', '.join(RAW_DEFAULTS)}")


def from_overlays(guest, folder):
    """Yield a guest for each overlay of a folder, which carries what is expected in a comment."""
    files = sorted((ROOT / folder).glob("*.dtso"))
    if not files:
        raise MatrixError(f"{guest.name}: {folder}: holds no *.dtso (ENOENT)")
    for path in files:
        pattern = re.search(r"expect: (.*?) \*/", path.read_text())
        if not pattern:
            raise MatrixError(f"{guest.name}: {path}: has no `expect:` comment (EINVAL)")
        values = copy.deepcopy(vars(guest))
        values["name"] += f".{path.stem}"
        values["raw"]["tree"].append({"overlay": str(path)})
        values["expect"]["lines"].insert(0, pattern.group(1))
        yield Guest(values)


def fill(expect, values):
    """Patterns may name the guest's level, its CPUs and, for a raw start, its addresses."""
    if expect == "ktap":
        return expect
    names = {"el": values["el"], "smp": values["smp"], **values["raw"]}

    def one(pattern):
        return re.sub(r"<(el|smp|kernel|dtb)>", lambda match: str(names[match.group(1)]), pattern)
    return {key: [one(pattern) for pattern in value] if isinstance(value, list) else value
            for key, value in expect.items()}


def expand(entry, expectations, where):
    name = entry.get("name", "a guest without a name")
    unknown = set(entry) - set(DEFAULTS) - {"name", "expect", "overlays"}
    if unknown or "name" not in entry or "expect" not in entry:
        raise MatrixError(f"{where}: {name}: needs name, expect; unknown {unknown} (EINVAL)")
    entry = dict(entry)
    overlays = entry.pop("overlays", None)
    if entry.get("qemu") == "both":
        entry["qemu"] = ["system", "10"]
    for labels, values in variants(entry):
        values = {**copy.deepcopy(DEFAULTS), **values}
        values["name"] = ".".join([name] + labels)
        if isinstance(values["expect"], str) and values["expect"] != "ktap":
            if values["expect"] not in expectations:
                raise MatrixError(f"{where}: {name}: no [expect.{values['expect']}] (EINVAL)")
            values["expect"] = copy.deepcopy(expectations[values["expect"]])
        if "raw" in entry:
            values["raw"] = {**copy.deepcopy(RAW_DEFAULTS), **values["raw"]}
        values["expect"] = fill(values["expect"], values)
        values["append"] = values["append"].replace("<smp>", str(values["smp"]))
        guest = Guest(values)
        check(guest, where)
        if overlays:
            yield from from_overlays(guest, overlays)
        else:
            yield guest


def load(paths=None):
    """Return: {name: Guest} of the files, by default of all *.toml beside this one."""
    paths = [pathlib.Path(path) for path in paths or sorted(HERE.glob("*.toml"))]
    documents = []
    for path in paths:
        try:
            documents.append((path.name, tomllib.loads(path.read_text())))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise MatrixError(f"{path}: {error} (EINVAL)") from error
    expectations = {}
    for _, document in documents:
        expectations.update(document.get("expect", {}))
    guests = {}
    for where, document in documents:
        for entry in document.get("guest", []):
            for guest in expand(entry, expectations, where):
                if guest.name in guests:
                    raise MatrixError(f"{where}: {guest.name}: declared twice (EINVAL)")
                guests[guest.name] = guest
    return guests
