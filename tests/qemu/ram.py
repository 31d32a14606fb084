# SPDX-License-Identifier: BSD-2-Clause
"""
A guest of QEMU's virt whose RAM is a file: what lies in it is known before the run, and read after it.

    ram.py stage|u-boot FOLDER      boots from the example stage, or from U-Boot, and leaves the tree
                                    that the kernel was handed as FOLDER/tree.dtb
"""
import pathlib
import re
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import guest  # noqa: E402
import machine  # noqa: E402

UBOOT = HERE.parent.parent / "examples" / "u-boot"
BASE = 0x40000000
SIZE = 128 << 20
# A valid descriptor: whoever trusts fresh memory follows it.
FILL = 0x5B5B5B5B5B5B5B5B
SECONDS = 60


class Ram:
    """The file; to be used in a `with`, because it is large."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def __enter__(self):
        part = struct.pack("<Q", FILL) * (1 << 17)
        with open(self.path, "wb") as file:
            for _ in range(SIZE // len(part)):
                file.write(part)
        return self

    def __exit__(self, *_):
        self.path.unlink()

    def options(self, el):
        """What makes the machine."""
        virt = "virt,memory-backend=ram" + (",virtualization=on" if el == 2 else "")
        return ["-object", f"memory-backend-file,id=ram,size={SIZE},mem-path={self.path},share=on",
                "-M", virt, "-cpu", "cortex-a72", "-m", f"{SIZE >> 20}M", "-smp", "2", *machine.QUIET,
                "-semihosting", "-serial", "stdio"]

    def read(self, address, count):
        with open(self.path, "rb") as file:
            file.seek(address - BASE)
            return file.read(count)

    def words(self, address, count):
        return list(struct.unpack(f"<{count}Q", self.read(address, 8 * count)))

    def tree(self, text):
        """The device tree that the kernel, by its banner in the serial text, was started with."""
        found = re.findall(r"^fh: boot: freehold .* device tree at (0x[0-9a-f]+) ", text, re.MULTILINE)
        if not found:
            return b""
        at = int(found[-1], 16)
        return self.read(at, struct.unpack(">I", self.read(at + 4, 4))[0])


def boot_uboot(ram, which, el, script, folder):
    """U-Boot with a script (its text). Return: an Outcome."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "boot.cmd"
    source.write_text(script)
    words = ["env", f"QEMU={' '.join(machine.qemu(which))}", str(UBOOT / "run.sh"),
             str(folder / "files"), str(source), machine.built("freehold.img"), *ram.options(el)]
    return guest.boot(words, folder / "serial.log", SECONDS)


def boot_stage(ram, el, folder):
    """The example stage. Return: an Outcome."""
    words = machine.qemu("system") + ram.options(el)
    words += ["-kernel", machine.built("bootloader.img"), "-initrd", machine.built("freehold.img"),
              "-append", "fh.loader-poison=1"]
    return guest.boot(words, folder / "serial.log", SECONDS)


def main():
    which, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with Ram(folder / "ram") as ram:
        if which == "stage":
            outcome = boot_stage(ram, 2, folder)
        else:
            outcome = boot_uboot(ram, "system", 2, (UBOOT / "boot.cmd").read_text(), folder)
        tree = ram.tree(outcome.text)
    if outcome.status != 0 or not tree:
        print(f"fh: ram: {which}: status {outcome.status}, {len(tree)} bytes of a tree", file=sys.stderr)
        print(outcome.text + outcome.stderr, file=sys.stderr)
        return 1
    (folder / "tree.dtb").write_bytes(tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
