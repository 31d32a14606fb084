#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The other compiler: clang and lld for the target, clang for the host, without a warning; and
# what they make runs.
. "$(dirname "$0")/tap.sh"

run() {
    timeout 60 "${QEMU:-qemu-system-aarch64}" -M virt,virtualization=on -cpu cortex-a72 -m 512 -display none \
        -monitor none -nic none -no-reboot -semihosting -serial stdio "$@" </dev/null
}
main_job() { run -kernel "$O/clang/bootloader.img" -initrd "$O/clang/freehold.img" | grep 'borrowed bytes: .* equal'; }
suites() { run -kernel "$O/clang/freehold-test.img"; }
unit() {
    fresh_make -s unit HOSTCC=clang SANITIZE= SANITIZE_THREADS= O="$O/clang-host" || return 1
    local program
    for program in "$O"/clang-host/unit/*; do
        "$program" >/dev/null 2>"$O/clang-host/log" || { echo "$program"; cat "$O/clang-host/log"; return 1; }
    done
}

check build.compilers.clang_target fresh_make -s LLVM=1 O="$O/clang" images lib
check build.compilers.clang_main_job main_job
check build.compilers.clang_suites suites
check build.compilers.clang_host unit
plan
