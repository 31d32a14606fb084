#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the commands of the README verbatim, in a clone: every indented line that starts with "make".
set -euo pipefail
cd "$(dirname "$0")/../.."
clone=$(realpath "${O:-build}")/readme
rm -rf "$clone"
git clone -q . "$clone"
commands=$(sed -n 's/^    \(make .*\)/\1/p' README.md)
[ -n "$commands" ] || { echo "fh: readme: README.md: holds no command" >&2; exit 1; }
while read -r command; do
    (cd "$clone" && env -u MAKEFLAGS -u MAKELEVEL -u O -u T bash -ec "$command") </dev/null >"$clone.log" 2>&1 ||
        { echo "not ok $command; $clone.log"; exit 1; }
    echo "ok $command: $(tail -n 1 "$clone.log")"
done <<<"$commands"
rm -rf "$clone"
