#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Linux' page tables build behind their shim, and do all that is measured of them. Fetches the
# kernel's source.
. "$(dirname "$0")/../build/tap.sh"

program=$O/linux/bench-linux/bench

built() { fresh_make -s LINUX=1 O="$O/linux" "$program"; }

measured() {
    local text
    text=$("$program" --quick pgtable)
    local status=$?
    echo "$text"
    # A workload a row; those of blocks and lookups among them.
    [ $status = 0 ] && [ "$(grep -cP '^bench\ttime\t.*\tlinux\tns\t[1-9]' <<<"$text")" = 18 ] &&
        ! grep -P '^bench\tfail' <<<"$text"
}

check bench.linux.built built
check bench.linux.measured measured
plan
