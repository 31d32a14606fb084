#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What libfreehold.a exports is what symbols.txt lists, all of it fh_; what it wants from outside is the
# hooks and three functions of a C library.
. "$(dirname "$0")/tap.sh"

symbols() { "${CROSS_COMPILE:-aarch64-linux-gnu-}nm" -g "$@" "$O/libfreehold.a" | awk '{print $NF}' | grep -v ':$' | sort -u; }

listed() { diff <(symbols --defined-only | grep -v '^$') tests/build/symbols.txt; }
prefixed() { ! symbols --defined-only | grep -v '^$' | grep -v '^fh_'; }

wanted() {
    diff <(comm -23 <(symbols --undefined-only | grep -v '^$') <(symbols --defined-only)) - <<'LIST'
__stack_chk_fail
__stack_chk_guard
fh_hook_bug
fh_hook_read
memcpy
memset
LIST
}

fresh_make -s lib O="$O" >/dev/null || exit 1
check build.symbols.listed listed
check build.symbols.prefixed prefixed
check build.symbols.wanted wanted
plan
