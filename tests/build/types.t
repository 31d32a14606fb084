#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The typed addresses of mm/addr.h cannot be mixed, and cost nothing. A snippet of tests/build/types/ is
# refused in the line that says so, for the reason it says, and nowhere else; with -DRIGHT it compiles.
. "$(dirname "$0")/tap.sh"
export LC_ALL=C

folder=tests/build/types
work=$O/types
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}gcc
warnings=(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Werror)
# As the Makefile has them for the target: a stack protector is what an address of a local may cost.
target_flags=(-std=gnu17 -ffreestanding -O2 -fPIE -mstrict-align -mgeneral-regs-only -fstack-protector-strong
    -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -nostdinc -I. -Wall -Wextra -Werror)
compilers="gcc clang cross"

# $1 gcc, clang or cross; the rest goes to it. No -fsyntax-only: gcc finds ignored results later.
compile() {
    local with=$1 command
    shift
    case $with in
    cross) command=("$cross" -ffreestanding -nostdinc -isystem "$("$cross" -print-file-name=include)") ;;
    *) command=("$with") ;;
    esac
    "${command[@]}" -std=gnu17 -I. -S -o /dev/null "$@"
}

# Without a word.
accepted() {
    local said
    said=$(compile "$@" "${warnings[@]}" 2>&1) && [ -z "$said" ] || { echo "$*: $said"; return 1; }
}

# $1 compiler, $2 snippet, the rest options. What is marked as an error must not need -Werror.
refused() {
    local with=$1 file=$2 mark line kind text said
    shift 2
    mark=$(sed -nE '/.*\/\* (error|warning): (.+) \*\/$/{s//\1 \2/;=;p}' "$file")
    { read -r line; read -r kind text; } <<<"$mark"
    [ "$(grep -cE '/\* (error|warning): ' "$file")" = 1 ] && [ -n "$text" ] || { echo "$file: is not marked once"; return 1; }
    local flags=()
    [ "$kind" = warning ] && flags=("${warnings[@]}")
    said=$(compile "$with" "$file" "${flags[@]}" "$@" 2>&1) && { echo "$file: $with takes it: $*"; return 1; }
    [ "$(grep -cE '^[^[:space:]]+: (fatal )?error: ' <<<"$said")" = 1 ] && grep -qE "^$file:$line:[0-9]+: error: .*($text)" <<<"$said" ||
        { echo "$file: $with does not say \"$text\" once, in line $line:"; echo "$said"; return 1; }
}

snippet() {
    local with
    for with in $compilers; do
        refused "$with" "$1" && accepted "$with" "$1" -DRIGHT || return 1
    done
}

pairs() {
    local to from
    for to in pa iova pfn size integer; do
        accepted "$1" "$folder/pairs.c" -DTO=$to -DRIGHT || return 1
        for from in pa iova pfn size integer; do
            [ $to = $from ] || refused "$1" "$folder/pairs.c" -DTO=$to -DFROM=$from || return 1
        done
    done
}

# The control leaves nothing of the header out.
everything() {
    local names name
    names=$(tr '\n' ' ' <mm/addr.h | grep -oE 'static inline [a-z_]+ fh_[a-z_]+' | sed 's/.* //')
    [ "$(wc -l <<<"$names")" = "$(grep -c 'static inline' mm/addr.h)" ] || { echo "$names"; return 1; }
    for name in $names FH_PHYS_INVALID; do
        grep -qw "$name" "$folder/control.c" || { echo "$name: is not in control.c"; return 1; }
    done
}

# $1 a name; the rest is a compiler for the target. Prints the instructions of cost.c.
instructions() {
    local object=$work/$1.o include
    shift
    include=$("$1" -print-file-name=include) || return 1
    "$@" "${target_flags[@]}" -isystem "$include" -c -o "$object" "$folder/cost.c" &&
        "${cross%gcc}objdump" -d --no-show-raw-insn "$object" | sed 1,3d
}
costs_nothing() {
    local typed plain wide name=$1
    shift
    typed=$(instructions "$name.typed" "$@") && plain=$(instructions "$name.plain" "$@" -DPLAIN) &&
        wide=$(instructions "$name.wide" "$@" -DWIDE) || { echo "$typed$plain$wide"; return 1; }
    diff <(echo "$plain") <(echo "$typed") || return 1
    # All functions are there, and a struct that does cost something is seen.
    [ "$(grep -c '>:$' <<<"$typed")" = "$(grep -cE '^(phys|bool|void) ' "$folder/cost.c")" ] &&
        [ "$wide" != "$plain" ]
}

for with in $compilers; do
    check "build.types.control.$with" accepted "$with" "$folder/control.c"
done
check build.types.control.everything everything
for file in "$folder"/*.c; do
    name=$(basename "$file" .c)
    case $name in control | cost | pairs) continue ;; esac
    check "build.types.$name" snippet "$file"
done
for with in $compilers; do
    check "build.types.pairs.$with" pairs "$with"
done
mkdir -p "$work"
check build.types.cost.gcc costs_nothing gcc "$cross"
check build.types.cost.clang costs_nothing clang clang --target=aarch64-none-elf
plan
