#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# No call of the library takes more stack than docs/embedding.md says, as gcc counts it; and what takes
# more, or an amount that nobody knows, is noticed.
. "$(dirname "$0")/tap.sh"

MOST=3072

# Frames and callers of every public call; the largest is the last's of the numbers that the text quotes.
bounded() {
    local text
    text=$(fresh_make -s stack O="$O" LLVM= | grep ' fh_') || return 1
    [ "$(wc -l <<<"$text")" -gt 50 ] || { echo "too few calls: $text"; return 1; }
    awk -v most=$MOST '$1 > most { print "above " most ": " $0; bad = 1 } END { exit bad }' <<<"$text"
}
seeded() { # TEXT EXPECTED
    local into=$O/stack-seeded
    rm -rf "$into" && mkdir -p "$into" || return 1
    printf '%b' "$1" >"$into/a.ci"
    /usr/bin/python3 -B tools/stack.py "$into" 2>&1 | grep -F "$2"
}
node() { printf 'node: { title: "%s" label: "%s\\\\na.c:1:1\\\\n%s" }\n' "$1" "$1" "$2"; }
edge() { printf 'edge: { sourcename: "%s" targetname: "%s" label: "a.c:1:1" }\n' "$1" "$2"; }

check build.stack.bounded bounded
check build.stack.chain seeded "$(node fh_a '16 bytes (static)'; node fh_b '32 bytes (static)'; node fh_c '64 bytes (static)'
    edge fh_a fh_b; edge fh_a fh_c; edge fh_b fh_c)" '112 fh_a'
check build.stack.ring seeded "$(node fh_a '16 bytes (static)'; node fh_b '32 bytes (static)'; edge fh_a fh_b; edge fh_b fh_a)" '240 fh_a'
check build.stack.unknown seeded "$(node fh_a '16 bytes (dynamic)')" 'fh_a: its frame is dynamic (ENOTSUP)'
plan
