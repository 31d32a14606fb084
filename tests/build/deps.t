#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Who includes whom: lib <- arch <- mm <- iommu <- boot, and which foreign headers each may use.
. "$(dirname "$0")/tap.sh"

# $1 folders, $2 pattern of what their files must not include.
none_of() { ! grep -nE "^#include ($2)" $(git ls-files $1 2>/dev/null || find $1 -name '*.[chS]'); }

arch='<(barrier|cache|sysreg|mmio|cpu|atomic)\.h>'
check build.deps.lib none_of lib "\"(arch|mm|iommu|boot|tests|examples)/|$arch"
check build.deps.arch none_of arch '"(mm|iommu|boot|tests|examples)/'
check build.deps.mm none_of mm '"(iommu|boot|tests|examples|arch)/'
check build.deps.iommu none_of iommu '"(boot|tests|examples|arch)/'
check build.deps.boot none_of boot '"(tests|examples|arch)/'
freestanding() {
    ! grep -nE '^#include <' lib/*.[ch] mm/*.[ch] iommu/*.[ch] |
        grep -vE "<(stdint|stddef|stdbool|stdatomic|limits|string|errno)\.h>|$arch"
}
check build.deps.freestanding freestanding
private() {
    local folder
    for folder in lib mm iommu boot; do
        ! grep -rnE "^#include \"$folder/[a-z0-9_]*_priv\.h\"" lib mm iommu boot examples tests |
            grep -v "^$folder/" | grep -v "^tests/unit/$folder" || return 1
    done
}
check build.deps.private private
stores() { ! grep -nE 'arch_desc_(store|cas)' lib/*.[ch] mm/*.[ch] boot/*.[ch] iommu/*.[ch] | grep -vE '^iommu/pte\.[ch]:'; }
check build.deps.only_pte_stores stores
# The strict walker, and the judge of inherited trees, are worth something as long as they share nothing
# with what they read.
alone() { ! grep -nE '^#include' tests/oracle/walker.[ch] tests/oracle/names.c tests/oracle/inherited.[ch] |
    grep -vE ':#include (<std(int|bool|def)\.h>|"tests/oracle/(walker|inherited)\.h")$'; }
check build.deps.oracle alone
# What docs/boot-protocol.md lets other firmware take of the example stage.
lifted() { ! grep -nE '^#include' examples/bootloader/{edit,table,tree}.[ch] examples/bootloader/handover.h 2>/dev/null |
    grep -vE ":#include (<(stdio|string|libfdt|barrier|cache)\.h>|\"(examples/bootloader/(edit|handover)|lib/(bits|error|types))\.h\")$"; }
check build.deps.bootloader lifted
plan
