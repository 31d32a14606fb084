# SPDX-License-Identifier: BSD-2-Clause
# TAP for shell scripts: `check NAME COMMAND…` is one test; `plan` at the end. What a command prints
# becomes diagnostics when it fails. Sourced; the current folder becomes the repository's root.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
O=${O:-build}
MAKE=${MAKE:-make}
tap_count=0
tap_bad=0

check() {
    local name=$1 output
    shift
    tap_count=$((tap_count + 1))
    if output=$("$@" 2>&1); then
        echo "ok $tap_count $name"
    else
        tap_bad=1
        echo "not ok $tap_count $name"
        printf '%s\n' "$output" | tail -n 30 | sed 's/^/# /'
    fi
}

# A make of its own: flags and job slots of the one that runs the tests are not for it.
fresh_make() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$MAKE" "$@"; }

plan() {
    echo "1..$tap_count"
    exit $tap_bad
}
