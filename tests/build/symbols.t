#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What libfreehold.a exports is what symbols.txt lists, with HARDEN=1 also symbols.harden.txt, all of it
# fh_; what it wants from outside is the hooks and three functions of a C library.
. "$(dirname "$0")/tap.sh"

symbols() { "${CROSS_COMPILE:-aarch64-linux-gnu-}nm" -g "$@" "$O/libfreehold.a" | awk '{print $NF}' | grep -v ':$' | sort -u; }

expected() { LC_ALL=C sort -u tests/build/symbols.txt ${HARDEN:+tests/build/symbols.harden.txt}; }
listed() { diff <(symbols --defined-only | grep -v '^$' | LC_ALL=C sort -u) <(expected); }
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
