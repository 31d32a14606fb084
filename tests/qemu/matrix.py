# SPDX-License-Identifier: BSD-2-Clause
"""The declared matrix: tests/qemu/matrix.toml, with lists expanded to one guest a value."""
import itertools
import pathlib
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Settings whose lists are values to go through; all others are taken as they are.
AXES = ("machine", "cpu", "memory", "smp", "qemu", "format", "stage", "image")


def word(value):
    """A value as a part of a name."""
    text = str(value).replace("virtualization=on", "el2").replace("secure=on", "el3")
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in text) or "el1"


def expand(entry):
    axes = [axis for axis in AXES if isinstance(entry.get(axis), list)]
    for values in itertools.product(*(entry[axis] for axis in axes)):
        guest = dict(entry, **dict(zip(axes, values)))
        if axes:
            guest["name"] = ".".join([entry["name"], "-".join(word(v) for v in values)])
        yield guest


def overlay_guests(entry):
    """One guest for each file of a folder; the file's last line says what it expects."""
    for overlay in sorted((ROOT / entry["overlays"]).glob("*.dtso")):
        guest = dict(entry, name=f"{entry['name']}.{overlay.stem}")
        guest["raw"] = dict(entry["raw"], steps=entry["raw"].get("steps", []) +
                            [["overlay", str(overlay.relative_to(ROOT))]])
        expect = overlay.read_text().rstrip().splitlines()[-1]
        expect = expect.split("expect:", 1)[1].removesuffix("*/").strip()
        guest["lines"] = [expect] + entry.get("lines", [])
        yield guest


def load(long_too):
    with open(HERE / "matrix.toml", "rb") as file:
        document = tomllib.load(file)
    guests = []
    for entry in document["guest"]:
        entry = {**document["defaults"], **entry}
        if entry.get("long") and not long_too:
            continue
        guests += overlay_guests(entry) if "overlays" in entry else expand(entry)
    return guests
