#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The installed headers need nothing but themselves, and a program links against the installed library.
. "$(dirname "$0")/tap.sh"

into=$(realpath "$O")/installed
rm -rf "$into"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}gcc
# Nothing but the compiler's own headers, and no C library: what a firmware without one has.
flags=(-std=gnu17 -ffreestanding -Wall -Wextra -Werror -nostdinc
    -isystem "$("$cross" -print-file-name=include)" -I"$into/usr/include")

each_header() {
    local header
    (cd "$into/usr/include" && find freehold -name '*.h') | while read -r header; do
        echo "#include <$header>" | "$cross" "${flags[@]}" -fsyntax-only -x c - || exit 1
    done
}
links() {
    cat >"$into/program.c" <<'PROGRAM'
#include <freehold/iommu/adopt.h>
#include <freehold/lib/hooks.h>
unsigned long __stack_chk_guard = 1;
void __stack_chk_fail(void) { for (;;); }
void fh_hook_bug(const char *what, const char *file, int line) { (void)what, (void)file, (void)line; for (;;); }
int fh_hook_read(void *dst, const void *src, size_t bytes) { (void)dst, (void)src; return (int)bytes; }
void *memcpy(void *dst, const void *src, size_t n) { for (char *d = dst; n--;) *d++ = *(const char *)src; return dst; }
void *memset(void *dst, int c, size_t n) { for (char *d = dst; n--;) *d++ = (char)c; return dst; }
int start(struct fh_pgtable *t, const struct fh_pgtable_config *c, const struct fh_handover *h,
          struct fh_adopt_report *r, struct fh_frames *f, const struct fh_frames_config *fc);
int start(struct fh_pgtable *t, const struct fh_pgtable_config *c, const struct fh_handover *h,
          struct fh_adopt_report *r, struct fh_frames *f, const struct fh_frames_config *fc)
{
    return fh_frames_init(f, fc) || fh_pgtable_adopt(t, c, h, r) || fh_pgtable_release(t);
}
PROGRAM
    "$cross" "${flags[@]}" -nostdlib -nostartfiles -Wl,-e,start -o "$into/program" "$into/program.c" \
        -L"$into/usr/lib" -lfreehold
}
described() { grep -x "Version: $(sed -n 's/^.define FH_VERSION "\(.*\)"/\1/p' lib/version.h)" "$into/usr/lib/pkgconfig/freehold.pc"; }

check build.install.install fresh_make -s install O="$O" DESTDIR="$into" PREFIX=/usr
check build.install.headers each_header
check build.install.links links
check build.install.pkg_config described
plan
