#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every fuzzing program for some seconds, from its seeds.
. "$(dirname "$0")/../build/tap.sh"

for source in tests/fuzz/*.c; do
    name=$(basename "$source" .c)
    check "fuzz.short.$name" fresh_make -s fuzz T="$name" FUZZ_SECONDS=20 O="$O/fuzzed"
done
plan
