# SPDX-License-Identifier: BSD-2-Clause
"""
Is the table of codes in docs/adoption.md what the sources say?

    adoption.py DOCUMENT

Number, name, errno and words of each code, and the trees that provoke it, are compared with
iommu/adopt.h, iommu/adopt_describe.c and tests/unit/broken_trees.h. Prints what differs.
"""
import pathlib
import re
import sys

NUMBER = re.compile(r"\b(FH_ADOPT_\w+) = (\d+)")
WORDS = re.compile(r'\{ (FH_ADOPT_\w+), ADOPT_\w+, -?(\w+),\s+"([^"]*)",\s+"([^"]*)" \}')
TREE = re.compile(r'\{ "([^"]*)", (FH_ADOPT_\w+),')


def of_sources():
    numbers = dict(NUMBER.findall(pathlib.Path("iommu/adopt.h").read_text()))
    words = WORDS.findall(pathlib.Path("iommu/adopt_describe.c").read_text())
    trees = {}
    for name, code in TREE.findall(pathlib.Path("tests/unit/broken_trees.h").read_text()):
        trees.setdefault(code, []).append(name)
    if {code for code, *_ in words} != set(numbers):
        sys.exit("fh: adoption: iommu/adopt_describe.c: not the codes of iommu/adopt.h (EINVAL)")
    return [(numbers[code], name, "warning" if err == "0" else err, text, trees.get(code, []))
            for code, err, name, text in words if code != "FH_ADOPT_OK"]


def of_document(path):
    rows = []
    for line in pathlib.Path(path).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not cells[0].isdigit():
            continue
        if len(cells) != 6 or not cells[5]:
            sys.exit(f"fh: adoption: {path}: code {cells[0]}: not six cells (EINVAL)")
        rows.append((cells[0], cells[1].strip("`"), cells[2], cells[3],
                     [tree.strip("` ") for tree in cells[4].split(",")]))
    return rows


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: adoption.py DOCUMENT")
    said, meant = of_document(sys.argv[1]), of_sources()
    for row in said:
        if row not in meant:
            print(f"only in the document: {row}")
    for row in meant:
        if row not in said:
            print(f"not in the document: {row}")
    sys.exit(said != meant)


if __name__ == "__main__":
    main()
