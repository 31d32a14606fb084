#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Some host test fails for each bug that is put into the page tables, and docs/mutants.md names it.
. "$(dirname "$0")/../build/tap.sh"

check mutants.killed env O="$O" /usr/bin/python3 -B tests/mutants/run.py --check
plan
