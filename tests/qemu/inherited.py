# SPDX-License-Identifier: BSD-2-Clause
"""
A judge of what tests/hostile hands over: stage 1, 4 KiB granules, two privileges. Written from
docs/boot-protocol.md and the Arm ARM (DDI 0487, D8.3); it reads the guest's memory itself.
"""
import re
import struct

# A reason -> what the kernel may say when it is the first that it meets.
WORDS = {
    "window": r"window|are not 1 to 8 pairs",
    "outside": r"outside RAM",
    "no-map": r"no-map",
    "nobody": r"nobody reserved|has handed out",
    "stray": r"outside of the regions of tables",
    "levels": r"own ancestor|two levels",
    "illegal": r"last level that is no page|level that has none",
    "output": r"beyond the output size",
    "reserved": r"reserved bits|not aligned",
    "software": r"left to software",
    "writeback": r"cache line",
    # Memory of which nobody knows what a table there would hold.
    "unknown": r"",
}

VALID = 1
SOFTWARE = 0xf << 55


class Handed:
    """What the stage says it has handed over, and the memory that holds it after the run."""

    def __init__(self, text, memory, base):
        self.memory = memory
        self.base = base
        head = re.search(r"fh: hostile: seed \d+: input (\d+), output (\d+), (not )?coherent, (\d+) ",
                         text)
        if not head:
            raise ValueError("the stage does not say what it has handed over")
        self.input = int(head.group(1))
        self.output = int(head.group(2))
        self.coherent = head.group(3) is None
        self.line = int(head.group(4))
        self.regions = {
            name: (int(pa, 16), int(size), int(crc, 16)) for name, pa, size, crc in
            re.findall(r"fh: hostile: (\w+): (0x\w+) (\d+) (0x\w+)$", text, re.MULTILINE)}
        self.nomap = int(re.search(r"fh: hostile: no-map: (0x\w+)", text).group(1), 16)
        # printf() of 0 has no 0x.
        self.windows = [(int(base, 16), int(size, 16)) for base, size in
                        re.findall(r"fh: hostile: window: (\w+) (\w+)$", text, re.MULTILINE)]

    def bytes_at(self, pa, size):
        return self.memory[pa - self.base:pa - self.base + size]

    def lies_in(self, name, pa):
        base, size, _ = self.regions[name]
        return base <= pa < base + size


def overlap(base, size, other, other_size):
    return base < other + other_size and other < base + size


class Judge:
    """Call once; reasons is then empty for a hand-over that must be adopted."""

    def __init__(self, handed):
        self.handed = handed
        self.reasons = set()
        self.seen = {}
        self.software = 0
        self.start = 3
        while self.shift(self.start - 1) < handed.input:
            self.start -= 1

    @staticmethod
    def shift(level):
        return 12 + 9 * (3 - level)

    def run(self):
        self.judge_windows()
        root = self.handed.regions["root"][0]
        self.seen[root] = self.start
        self.judge_table(root, 0, self.start)
        if self.software == SOFTWARE:
            self.reasons.add("software")
        return self.reasons

    def judge_windows(self):
        windows = self.handed.windows
        good = 1 <= len(windows) <= 8
        for i, (base, size) in enumerate(windows):
            good &= size > 0 and (base | size) % 4096 == 0
            good &= base + size <= 1 << self.handed.input
            good &= not any(overlap(base, size, *other) for other in windows[:i])
        if not good:
            # Nothing else is looked at.
            self.reasons.add("window")

    def in_window(self, iova, level):
        return any(overlap(iova, 1 << self.shift(level), *window)
                   for window in self.handed.windows)

    def judge_table(self, pa, iova, level):
        count = 1 << (self.handed.input - self.shift(level)) if level == self.start else 512
        entries = struct.unpack(f"<{count}Q", self.handed.bytes_at(pa, 8 * count))
        if not self.handed.coherent:
            self.judge_lines(pa, entries, iova, level)
        for i, desc in enumerate(entries):
            self.judge_entry(desc, iova + (i << self.shift(level)), level)

    def judge_entry(self, desc, iova, level):
        if not desc & VALID:
            return
        self.software |= desc & SOFTWARE
        link = level < 3 and desc & 2
        span = 4096 if link else 1 << self.shift(level)
        pa = desc & 0xfffffffff000
        res0 = 3 << 48 | (1 << 50 if link else 0) | (span - 1) & ~0xfff
        if level == 3 and not desc & 2 or level == 0 and not link:
            self.reasons.add("illegal")
        elif desc & res0:
            self.reasons.add("reserved")
        elif pa + (1 if link else span) > 1 << self.handed.output:
            self.reasons.add("output")
        elif link:
            self.judge_link(pa, iova, level)

    def judge_link(self, pa, iova, level):
        handed = self.handed
        if pa == handed.nomap:
            self.reasons.add("no-map")
        elif not handed.base <= pa < handed.base + len(handed.memory):
            self.reasons.add("outside")
        elif handed.lies_in("firmware", pa):
            # Reserved, and nothing but zeros: but none of the tables.
            self.reasons.add("stray")
            self.reach(pa, iova, level)
        elif not handed.lies_in("root", pa) and not handed.lies_in("tables", pa):
            self.reasons.update(("nobody", "stray", "unknown"))
        else:
            self.reach(pa, iova, level)

    def reach(self, pa, iova, level):
        if self.seen.get(pa, level + 1) != level + 1:
            self.reasons.add("levels")
        elif pa not in self.seen:
            self.seen[pa] = level + 1
            self.judge_table(pa, iova, level + 1)
        elif not self.handed.coherent and self.in_window(iova, level):
            self.reasons.add("writeback")

    def judge_lines(self, pa, entries, iova, level):
        """What is written back at once must not be ours and theirs; links in windows stay."""
        step = self.handed.line
        for at in range(pa - pa % step, pa + 8 * len(entries), step):
            theirs = at < pa or at + step > pa + 8 * len(entries)
            ours = False
            for i in range(max(0, (at - pa) // 8), min(len(entries), (at + step - pa) // 8)):
                if not self.in_window(iova + (i << self.shift(level)), level):
                    theirs = True
                elif not entries[i]:
                    ours = True
                elif level == 3 or entries[i] & 3 != 3:
                    theirs = True
            if ours and theirs:
                self.reasons.add("writeback")
