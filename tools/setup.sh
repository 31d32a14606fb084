#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes sure that what a goal of the Makefile needs is there: Debian packages by apt-get, and
# beside the system, by a private apt configuration in a cache of our own, libfdt for arm64 and,
# where the system's QEMU is older than 10, a QEMU 10.
#
#   tools/setup.sh run|check|lint|fresh
#
# Environment: FH_SETUP_MK (the make fragment to write; stdout when unset), FH_CACHE, LLVM,
# LIBFDT_SRC, CROSS_COMPILE. Does nothing, and asks no network, when all is there.
set -u

level=${1:-run}
cache=${FH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/freehold}
arch=$(dpkg --print-architecture 2>/dev/null)

say() { printf 'fh: setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

packages() {
    local version=${LLVM:-}
    version=${version#-}
    echo device-tree-compiler qemu-system-arm picolibc-aarch64-linux-gnu
    # Another toolchain of the user's own is not ours to install.
    [ "${CROSS_COMPILE:-aarch64-linux-gnu-}" != aarch64-linux-gnu- ] || echo gcc-aarch64-linux-gnu
    case ${LLVM:-} in
    '') ;;
    -*) echo "clang-$version" "lld-$version" "llvm-$version" ;;
    *) echo clang lld llvm ;;
    esac
    case $level in
    run) ;;
    check) echo gcc libc6-dev clang lld llvm libcmocka-dev libfdt-dev python3 perl binutils ;;
    lint) echo clang clang-format clang-tidy cppcheck ;;
    fresh) echo debootstrap ;;
    *) fail "level: $level: not run, check, lint or fresh" ;;
    esac
}

# The packages of our list that dpkg does not call installed.
missing() {
    local package
    for package in $(packages); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Quiet unless it fails; then the last lines say why.
quietly() {
    local log status
    log=$(mktemp) || return 1
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    [ $status = 0 ] || tail -n 5 "$log" >&2
    rm -f "$log"
    return $status
}

install_missing() {
    local want
    want=$(missing | tr '\n' ' ')
    [ -n "$want" ] || return 0
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "packages: $want: missing, and neither root nor sudo is there to install them"
    say "installing $want"
    local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=600)
    # Lists may be absent or old: try with them first, for a machine without network.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install $want \
        >/dev/null 2>&1 </dev/null ||
        { quietly as_root apt-get -o DPkg::Lock::Timeout=600 update &&
            quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install $want; } ||
        fail "packages: $want: apt-get could not install them; is the network there?"
}

# What only some releases have, and a test skips without: tried once.
install_optional() {
    local package=$1
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] && return 0
    [ ! -e "$cache/without-$package" ] || return 0
    if [ -n "$(apt-cache policy "$package" 2>/dev/null)" ]; then
        say "installing $package"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
            -o DPkg::Lock::Timeout=600 install "$package" >/dev/null 2>&1 </dev/null && return 0
    fi
    mkdir -p "$cache" && touch "$cache/without-$package"
}

# ---- A private apt: lists, cache and state below $1, for architecture $2 and suite suffix $3.

# Where the system gets Debian from: "uri suite" of its main archive.
archive() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
        grep -E '/debian/? ' | grep -vE 'security|backports|updates' | sort -u | head -n 1
}

private_apt() {
    local dir=$1 architecture=$2 suffix=$3 uri codename
    if [ -z "$(archive)" ]; then
        # Prints nothing before the first update.
        quietly as_root apt-get -o DPkg::Lock::Timeout=600 update || true
    fi
    read -r uri codename <<<"$(archive)"
    [ -n "${codename:-}" ] || fail "apt: indextargets: names no Debian archive to fetch from"
    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
    : >"$dir/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $codename$suffix main" \
        >"$dir/sources.list"
    cat >"$dir/apt.conf" <<CONF
#clear APT::Architectures;
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
CONF
    APT_CONFIG=$dir/apt.conf quietly apt-get update
}

# Fetch the named packages of one private apt and unpack them into $1/root.
fetch() {
    local dir=$1 architecture=$2 suffix=$3 deb
    shift 3
    private_apt "$dir" "$architecture" "$suffix" || return 1
    (cd "$dir" && APT_CONFIG=$dir/apt.conf quietly apt-get download "$@") || return 1
    for deb in "$dir"/*.deb; do
        dpkg -x "$deb" "$dir/root" || return 1
    done
}

# Make $cache/$1 by function $2, whole or not at all.
provide() {
    local name=$1 make=$2
    [ -e "$cache/$name/.done" ] && return 0
    mkdir -p "$cache" || fail "cache: $cache: cannot be made; set FH_CACHE"
    (
        flock 9
        [ -e "$cache/$name/.done" ] && exit 0
        command -v dpkg >/dev/null || fail "$name: not Debian: see the README for what is needed"
        [ -r /usr/share/keyrings/debian-archive-keyring.gpg ] ||
            fail "keyring: /usr/share/keyrings/debian-archive-keyring.gpg: missing; install debian-archive-keyring"
        say "fetching $name"
        rm -rf "${cache:?}/$name.tmp" "${cache:?}/$name"
        mkdir -p "$cache/$name.tmp"
        "$make" "$cache/$name.tmp" || fail "$name: cannot be fetched: is the network there?"
        touch "$cache/$name.tmp/.done"
        mv "$cache/$name.tmp" "$cache/$name"
    ) 9>"$cache/lock" || exit 1
}

make_libfdt() {
    local dir=$1
    fetch "$dir/work" arm64 '' libfdt-dev || return 1
    mkdir -p "$dir/include" "$dir/lib"
    cp "$dir"/work/root/usr/include/*fdt*.h "$dir/include/" || return 1
    cp "$dir"/work/root/usr/lib/aarch64-linux-gnu/libfdt.a "$dir/lib/" || return 1
    rm -rf "$dir/work"
}

# The private QEMU uses the system's libraries, its own modules and its own data.
make_qemu10() {
    local dir=$1
    fetch "$dir/work" "$arch" -backports qemu-system-arm qemu-system-common qemu-system-data || return 1
    mv "$dir/work/root/usr" "$dir/usr" || return 1
    rm -rf "$dir/work"
    cat >"$dir/qemu-system-aarch64" <<'WRAPPER'
#!/bin/sh
# QEMU beside the system's own. -nodefaults: or it probes the system's older modules.
here=$(dirname "$(readlink -f "$0")")
modules=$(echo "$here"/usr/lib/*/qemu)
QEMU_MODULE_DIR=$modules exec "$here/usr/bin/qemu-system-aarch64" -L "$here/usr/share/qemu" \
    -nodefaults "$@"
WRAPPER
    chmod +x "$dir/qemu-system-aarch64"
    "$dir/qemu-system-aarch64" --version >/dev/null 2>&1
}

qemu_major() { "$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\).*/\1/p'; }

fragment() {
    local system
    system=$(command -v qemu-system-aarch64)
    [ -n "${LIBFDT_SRC:-}" ] || echo "SETUP_LIBFDT := $cache/libfdt-arm64"
    echo "SETUP_QEMU := $system"
    [ "$level" = check ] || return 0
    if [ "$(qemu_major "$system")" -ge 10 ]; then
        echo "SETUP_QEMU10 := $system"
    else
        echo "SETUP_QEMU10 := $cache/qemu-10/qemu-system-aarch64"
    fi
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "system: $(uname -s): not Debian: install $(packages | tr '\n' ' ')and build libfdt with LIBFDT_SRC="
install_missing
case $level in
run | check | lint)
    [ -n "${LIBFDT_SRC:-}" ] || provide libfdt-arm64 make_libfdt
    command -v qemu-system-aarch64 >/dev/null || fail "qemu-system-aarch64: not found: install qemu-system-arm"
    if [ "$level" = check ]; then
        install_optional dt-schema
    fi
    if [ "$level" = check ] && [ "$(qemu_major qemu-system-aarch64)" -lt 10 ]; then
        provide qemu-10 make_qemu10
    fi
    if [ -n "${FH_SETUP_MK:-}" ]; then
        fragment >"$FH_SETUP_MK.new" && mv "$FH_SETUP_MK.new" "$FH_SETUP_MK"
    else
        fragment
    fi
    ;;
esac
