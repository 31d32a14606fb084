#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The table of codes in docs/adoption.md is what the sources say, and where it is not that is found.
. "$(dirname "$0")/tap.sh"

compare() { /usr/bin/python3 -B tests/build/adoption.py "$@"; }
# A document with one thing changed by sed differs from the sources.
differs() {
    local changed=$O/adoption.md
    mkdir -p "$O" && sed "$1" docs/adoption.md >"$changed" || return 1
    ! cmp -s docs/adoption.md "$changed" && ! compare "$changed"
}

check build.adoption.table compare docs/adoption.md
check build.adoption.no_row differs '/^| 12 /d'
check build.adoption.wrong_errno differs '/^| 5 /s/ELOOP/EPERM/'
check build.adoption.wrong_words differs '/^| 7 /s/beyond/above/'
check build.adoption.no_tree differs 's/`two-levels`, *//; s/, `two-levels`//'
check build.adoption.unknown_tree differs 's/`no-window`/`no-windows`/'
plan
