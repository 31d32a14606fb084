#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Two builds in different folders give the same bytes.
. "$(dirname "$0")/tap.sh"

here=$(realpath "$O")/repro
rm -rf "$here"
build() {
    mkdir -p "$here/$1" && tar cf - --exclude="./${O#./}" --exclude=./.git --exclude=./build . | tar xf - -C "$here/$1" &&
        fresh_make -s -C "$here/$1" O="$2" images lib
}
same() { cmp "$here/one/out/$1" "$here/a-longer-name/elsewhere/$1"; }

check build.repro.first build one out
check build.repro.second build a-longer-name elsewhere
for product in freehold.elf freehold.img freehold-test.img bootloader.img libfreehold.a; do
    check "build.repro.$product" same "$product"
done
rm -rf "$here"
plan
