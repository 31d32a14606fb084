#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The two readers of device trees agree, and the comparison finds bugs that are put into one.
. "$(dirname "$0")/../build/tap.sh"

python=/usr/bin/python3
check dtbs.reader "$python" -B tests/dtbs/test_reader.py
check dtbs.driver "$python" -B tests/dtbs/test_check.py
check dtbs.compare "$python" -B tests/dtbs/run.py
while read -r bug; do
    check "dtbs.bugs.$bug" "$python" -B tests/dtbs/bugs.py "$bug"
done < <("$python" -B tests/dtbs/bugs.py --list)
plan
