#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The installed headers need nothing but themselves, and a program links against the installed library.
. "$(dirname "$0")/tap.sh"

into=$(realpath "$O")/installed
rm -rf "$into"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}gcc
flags=(-std=gnu17 -ffreestanding -Wall -Wextra -Werror -I"$into/usr/include")

each_header() {
    local header
    (cd "$into/usr/include" && find freehold -name '*.h') | while read -r header; do
        echo "#include <$header>" | "$cross" "${flags[@]}" -fsyntax-only -x c - || exit 1
    done
}
links() {
    printf '%s\n' '#include <freehold/mm/page.h>' '#include <freehold/iommu/adopt.h>' \
        'int main(void) { return fh_adopt_code_errno(FH_ADOPT_OK) + (int)sizeof(struct fh_frames) * 0; }' \
        >"$into/program.c"
    "$cross" "${flags[@]}" -o "$into/program" "$into/program.c" -L"$into/usr/lib" -lfreehold
}
described() { grep -x "Version: $(sed -n 's/^.define FH_VERSION "\(.*\)"/\1/p' lib/version.h)" "$into/usr/lib/pkgconfig/freehold.pc"; }

check build.install.install fresh_make -s install O="$O" DESTDIR="$into" PREFIX=/usr
check build.install.headers each_header
check build.install.links links
check build.install.pkg_config described
plan
