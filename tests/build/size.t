#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Text and read-only data: what the library's work takes at most 64 KiB, without the parts that only
# describe, check, and tell of findings (their own limit is 20 KiB; who neither adopts nor calls them does
# not link them); the kernel at most 176 KiB.
. "$(dirname "$0")/tap.sh"

describing='^(adopt_describe|adopt_tell|describe|error|fault|out|page_check|pgtable_check|pgtable_dump|whose)\.o'
size() { "${CROSS_COMPILE:-aarch64-linux-gnu-}size" "$1"; }
work() { size "$1" | awk -v not="$describing" 'NR > 1 && $6 !~ not {sum += $1} END {print sum}'; }
words() { size "$1" | awk -v only="$describing" 'NR > 1 && $6 ~ only {sum += $1} END {print sum}'; }
whole() { size "$1" | awk 'END {print $1}'; }
at_most() { # WHAT FILE BYTES
    local have
    have=$("$1" "$2")
    echo "$2: $1: $have bytes, at most $3"
    [ -n "$have" ] && [ "$have" -gt 0 ] && [ "$have" -le "$3" ]
}

fresh_make -s lib images O="$O" >/dev/null || exit 1
check build.size.library at_most work "$O/libfreehold.a" 65536
check build.size.describing at_most words "$O/libfreehold.a" 20480
check build.size.kernel at_most whole "$O/freehold.elf" 180224
plan
