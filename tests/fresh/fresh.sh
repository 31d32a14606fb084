#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The README's promise: on a fresh Debian 12 and 13, with make and git, a clone, `make run` and
# `make check` are all it takes. Needs root and debootstrap; some minutes and 4 GiB each.
#
#   fresh.sh [SUITE…]        bookworm and trixie unless said otherwise
set -euo pipefail
cd "$(dirname "$0")/../.."
where=$(realpath "${O:-build}")/fresh
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -E '/debian/?$' | sort -u | head -n 1)

[ "$(id -u)" = 0 ] || { echo "fh: fresh: user: $(id -un): only root can debootstrap" >&2; exit 1; }

inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }

leave() {
    umount -l "$root/proc" "$root/dev" 2>/dev/null || true
    rm -rf --one-file-system "$root"
}

for suite in "${@:-bookworm trixie}"; do for suite in $suite; do
    root=$where/$suite
    mkdir -p "$where"
    [ ! -e "$root" ] || leave
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$where/$suite.log" 2>&1
    trap leave EXIT
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp -r .git "$root/root/source.git"
    inside sh -ec 'apt-get update; apt-get install -y --no-install-recommends make git' >>"$where/$suite.log" 2>&1
    inside git -c safe.directory='*' clone -q /root/source.git /root/freehold
    for command in "make run" "make check" "unshare -n make check T=mm"; do
        inside sh -c "cd /root/freehold && $command" >"$where/$suite.${command//[ =-]/_}.log" 2>&1 </dev/null ||
            { echo "not ok $suite: $command; $where/$suite.${command//[ =-]/_}.log"; exit 1; }
        echo "ok $suite: $command: $(tail -n 1 "$where/$suite.${command//[ =-]/_}.log")"
    done
    trap - EXIT
    leave
done; done
