#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every public function says what CONTRIBUTING.md asks for, those that do not are found, and the manual
# can be made.
. "$(dirname "$0")/tap.sh"

check_comments() { /usr/bin/python3 -B tools/apidoc.py check "$@"; }
mapfile -t headers < <(fresh_make -s public-headers)

complete() { check_comments --symbols tests/build/symbols.txt "${headers[@]}"; }
# Of a header that lacks something exactly what it lacks.
complaints() {
    local bad=tests/build/docs/bad.h
    diff <(check_comments "$bad" | sed -E 's/^[^:]*:[0-9]+: //') \
        <(sed -nE 's@^.*(;|^\}) /\* (bad_.*) \*/$@\2@p' "$bad") && ! check_comments "$bad" >/dev/null
}
# The manual's warnings name the header's own lines.
lines() {
    local header
    for header in "${headers[@]}"; do
        [ "$(/usr/bin/python3 -B tools/apidoc.py filter "$header" | wc -l)" = "$(wc -l <"$header")" ] || { echo "$header"; return 1; }
    done
}
manual() {
    fresh_make -s docs O="$O" && grep -q 'fh_page_alloc' "$O/docs/page_8h.html" && grep -q 'API manual' "$O/docs/index.html"
}
# Doxygen too refuses what has no comment.
manual_refused() {
    local work=$O/docs-bad
    rm -rf "$work" && mkdir -p "$work" || return 1
    ! { cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = $work" && echo "INPUT = mm/page.h tests/build/docs/bad.h"; } |
        doxygen - >"$work/log" 2>&1 && grep -E 'bad\.h:[0-9]+: .*bad_parameter' "$work/log"
}

check build.docs.complete complete
check build.docs.complaints complaints
check build.docs.lines lines
check build.docs.manual manual
check build.docs.manual_refused manual_refused
plan
