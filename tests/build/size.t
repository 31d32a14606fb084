#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Text and read-only data: the library at most 64 KiB, the kernel at most 160 KiB.
. "$(dirname "$0")/tap.sh"

size() { "${CROSS_COMPILE:-aarch64-linux-gnu-}size" -t "$1" | awk 'END {print $1}'; }
at_most() {
    local have
    have=$(size "$1")
    echo "$1: $have bytes, at most $2"
    [ -n "$have" ] && [ "$have" -gt 0 ] && [ "$have" -le "$2" ]
}

fresh_make -s lib images O="$O" >/dev/null || exit 1
check build.size.library at_most "$O/libfreehold.a" 65536
check build.size.kernel at_most "$O/freehold.elf" 163840
plan
