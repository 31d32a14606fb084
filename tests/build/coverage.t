#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `make coverage` passes. It measures the plain and the hardened build together, so once is enough.
. "$(dirname "$0")/tap.sh"

if [ "${HARDEN:-}" = 1 ]; then
    echo "ok 1 build.coverage.lines # SKIP measured in the plain build's check"
    echo "1..1"
    exit 0
fi
check build.coverage.lines fresh_make -s coverage O="$O" HOSTCC="${HOSTCC:-gcc}"
plan
