#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The benchmarks at a thousandth of their size: they build, their checks hold, their checks find an
# allocator that hands out a frame twice and page tables that map the wrong memory, and what they
# print becomes a table and a file.
. "$(dirname "$0")/../build/tap.sh"

quick() { O="$O" /usr/bin/python3 -B tests/bench/run.py --quick; }

caught() {
    local text
    text=$("$O/bench/bench" --quick --broken alloc) && { echo "not noticed"; return 1; }
    echo "$text"
    [ "$(grep -c 'a frame was handed out twice$' <<<"$text")" = 3 ]
}

wrong_tables() {
    local text
    text=$("$O/bench/bench" --quick --broken pgtable) && { echo "not noticed"; return 1; }
    echo "$text"
    grep -q 'map page.broken.an address is not mapped as it should be$' <<<"$text"
}

# Time, instructions and a value of ours, where each comes from another program or sum.
file() {
    /usr/bin/python3 -B - "$O/bench-quick.json" <<'PYTHON'
import json, os, sys
rows = {(row["test"], row["impl"]): row for row in json.load(open(sys.argv[1]))}
assert all(row["suite"] in ("alloc", "pgtable") and {"ns", "insns"} <= row.keys() for row in rows.values())
for test in "map page", "unmap 512 pages, strict", "map 2M", "lookup 16 GiB":
    for impl in "floor", "freehold", "adopted":
        row = rows[test, impl]
        assert row["suite"] == "pgtable" and row["ns"] > 0 and row["insns"] > 0, row
for test in "order-0 pair", "free random", "mixed uniform", "start-up 1 TiB":
    row = rows[test, "freehold"]
    assert row["ns"] > 0 and row["insns"] > 0, row
for test in "order-0 pair", "64 allocs then 64 frees":
    assert os.environ.get("HARDEN") == "1" or rows[test, "hardened"]["ns"] > rows[test, "freehold"]["ns"], test
assert rows["2 threads mixed geometric, to one", "freehold"]["value"] > 0
assert 0 <= rows["order-9 share after mixed churn", "freehold"]["value"] <= 1
PYTHON
}

check bench.alloc.quick quick
check bench.alloc.file file
check bench.alloc.broken_is_caught caught
check bench.pgtable.broken_is_caught wrong_tables
plan
