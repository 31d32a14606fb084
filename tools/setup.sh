#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes sure that what a goal of the Makefile needs is there: Debian packages by apt-get, and
# beside the system, by a private apt configuration in a cache of our own, libfdt for arm64, where
# the system's QEMU is older than 10 a QEMU 10, the device trees of Debian's arm64 kernels, and with
# LINUX=1 the page tables of Linux' source.
#
#   tools/setup.sh host|run|u-boot|check|long|lint|docs|fresh
#
# Environment: FH_SETUP_MK (the make fragment to write; stdout when unset), FH_CACHE, LLVM,
# LIBFDT_SRC, CROSS_COMPILE, LINUX. Silent, and asks no network, when all is there.
set -u

level=${1:-run}
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
qemu=/usr/bin/qemu-system-aarch64
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'fh: setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# ---- What a level needs

packages() {
    local suffix=${LLVM:-}
    suffix=${suffix#1}
    [ "$level" != fresh ] || { echo debootstrap; return; }
    [ "$level" != host ] || { echo gcc libc6-dev libfdt-dev; return; }
    [ "$level" != docs ] || { echo doxygen python3; return; }
    echo device-tree-compiler qemu-system-arm picolibc-aarch64-linux-gnu
    # Another toolchain of the user's own is not ours to install.
    [ "$cross" != aarch64-linux-gnu- ] || echo gcc-aarch64-linux-gnu
    [ -z "${LLVM:-}" ] || echo "clang$suffix" "lld$suffix" "llvm$suffix"
    case $level in
    u-boot | check | long) echo u-boot-qemu u-boot-tools ;;
    esac
    case $level in
    check | long)
        echo gcc libc6-dev binutils clang lld llvm libcmocka-dev libfdt-dev pkgconf gcovr python3 perl doxygen
        # The sanitizers of each clang in use lie in a package of their own.
        echo libclang-rt-dev
        [ -z "$suffix" ] || echo "libclang-rt$suffix-dev"
        ;;
    lint) echo clang clang-format clang-tidy cppcheck ;;
    esac
}

# Those of the packages named that dpkg does not call installed, on one line.
missing() {
    local have package list=()
    have=" $(dpkg-query -W -f '${db:Status-Status}:${Package}\n' "$@" 2>/dev/null | tr '\n' ' ')"
    for package; do
        case $have in
        *" installed:$package "*) ;;
        *) list+=("$package") ;;
        esac
    done
    echo "${list[*]-}"
}

for_target() { [ "$level" != fresh ] && [ "$level" != host ] && [ "$level" != docs ]; }

wants_libfdt() { for_target && [ -z "${LIBFDT_SRC:-}" ]; }

# LINUX names a folder, or is 1 for Debian's package.
wants_linux() { [ "${LINUX:-}" = 1 ]; }

for_tests() { [ "$level" = check ] || [ "$level" = long ]; }

# ---- Running apt-get: quiet, and when it fails its reason is in $why

attempt() {
    local log status
    log=$(mktemp) || fail "mktemp: ${TMPDIR:-/tmp}: cannot write there"
    LC_ALL=C "$@" >"$log" 2>&1 </dev/null
    status=$?
    why=$(grep -E '^(E|Err|W|sudo):' "$log" | grep -v 'Some index files failed' | tail -n 1)
    [ -n "$why" ] || why=$(grep -v '^ *$' "$log" | tail -n 1)
    # apt wraps a reason over lines, and a terminal would show its carriage returns.
    why=$(printf '%s' "$why" | tr -s '\r\t\n ' ' ')
    rm -f "$log"
    return $status
}

# Others may hold the locks; DPkg::Lock::Timeout does not wait for that of the lists. Our own lock
# is not handed on: a service that a package starts would keep it.
apt_system() {
    local tries=60 root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    until attempt "${root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -y -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any "$@" 9>&-; do
        case $why in
        *lock*) ;;
        *) return 1 ;;
        esac
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 5
    done
}

may_install() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null && { sudo -n true || sudo -v; } 2>/dev/null
}

install_packages() {
    local reason
    may_install || fail "packages: $*: missing, and this is neither root nor a user of sudo:" \
        "have root run apt-get install"
    say "packages: $*: installing"
    # First with the lists that are there: packages may lie in apt's cache.
    apt_system install --no-install-recommends "$@" && return
    if apt_system update; then
        reason=
    else
        reason=$why
    fi
    apt_system install --no-install-recommends "$@" ||
        fail "packages: $*: apt-get cannot install them: ${reason:-$why}"
}

install_missing() {
    local list want
    # shellcheck disable=SC2046 # words
    list=$(missing $(packages))
    read -ra want <<<"$list"
    [ ${#want[@]} = 0 ] || install_packages "${want[@]}"
}

# What only some releases have, and a test skips without: a mark says that this one has not.
optional_settled() { [ -e "$cache/without-$1-$codename" ] || [ -z "$(missing "$1")" ]; }

install_optional() {
    optional_settled "$1" && return
    [ -n "$(archive)" ] || apt_system update || true
    if apt-cache show "$1" >/dev/null 2>&1; then
        install_packages "$1"
    elif [ -n "$(archive)" ]; then
        : >"$cache/without-$1-$codename"
    fi
}

# ---- A private apt: its lists, cache and state lie below a folder of the cache

# Where the system gets this release of Debian from. Prints nothing before the first update.
archive() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' \
        'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null |
        sed -n "s/^$codename //p" | head -n 1
}

# private_conf DIR ARCHITECTURE SUITE. Given by -c, so that it is read after the system's own
# files: those keep their say about proxies, and lose it about hooks, pins and architectures.
private_conf() {
    local dir=$1 architecture=$2 suite=$3 uri
    uri=$(archive)
    if [ -z "$uri" ] && may_install; then
        apt_system update || fail "apt: lists: apt-get update failed: $why"
        uri=$(archive)
    fi
    [ -n "$uri" ] ||
        fail "apt: $codename: no source of Debian's main archive is known:" \
            "have root run apt-get update"
    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/root" || return 1
    : >"$dir/status"
    echo "deb [signed-by=$keyring] $uri $suite main" >"$dir/sources.list"
    cat >"$dir/apt.conf" <<CONF
#clear APT::Architectures;
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Retries "3";
Acquire::Languages "none";
Acquire::AllowInsecureRepositories "false";
Dir::State "$dir/state";
Dir::State::lists "$dir/state/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Cache::archives "$dir/cache/archives";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
CONF
}

# lists DIR ARCHITECTURE SUITE: a private apt that knows the suite's packages.
lists() {
    private_conf "$1" "$2" "$3" || return 1
    attempt apt-get -c "$1/apt.conf" update
}

# download DIR PACKAGE...: into DIR, by its private apt.
download() {
    local dir=$1
    shift
    (cd "$dir" && attempt apt-get -c "$dir/apt.conf" download "$@" || { echo "$why"; exit 1; }) \
        >"$dir/why" || { why=$(cat "$dir/why"); return 1; }
}

# fetch DIR ARCHITECTURE SUITE PACKAGE...: the packages, unpacked into DIR/root.
fetch() {
    local dir=$1 deb
    lists "$1" "$2" "$3" || return 1
    shift 3
    download "$dir" "$@" || return 1
    for deb in "$dir"/*.deb; do
        attempt dpkg -x "$deb" "$dir/root" || return 1
    done
}

# ---- What is kept in the cache

# Every member is for AArch64, and there is one.
is_aarch64() {
    local tool
    for tool in "${cross}readelf" aarch64-linux-gnu-readelf readelf llvm-readelf; do
        command -v "$tool" >/dev/null && break
    done
    LC_ALL=C "$tool" -h "$1" 2>/dev/null |
        awk '/^ *Machine:/ { n++; bad += !/AArch64/ } END { exit !(n && !bad) }'
}

make_libfdt() {
    local dir=$1 usr=$1/work/root/usr
    fetch "$dir/work" arm64 "$codename" libfdt-dev || return 1
    why="libfdt-dev for arm64 holds no libfdt.a of AArch64"
    mkdir "$dir/include" "$dir/lib" &&
        cp "$usr"/include/{fdt,libfdt,libfdt_env}.h "$dir/include/" &&
        cp "$usr/lib/aarch64-linux-gnu/libfdt.a" "$dir/lib/" &&
        is_aarch64 "$dir/lib/libfdt.a"
}

# The major version of a QEMU, 0 if it does not run.
qemu_major() {
    local text
    text=$("$1" --version 2>/dev/null)
    text=${text#*version }
    text=${text%%.*}
    case $text in
    '' | *[!0-9]*) echo 0 ;;
    *) echo "$text" ;;
    esac
}

# The private QEMU uses the system's libraries, its own modules and its own data.
make_qemu10() {
    local dir=$1
    fetch "$dir/work" "$(dpkg --print-architecture)" "$codename-backports" \
        qemu-system-arm qemu-system-common qemu-system-data || return 1
    why="the files fetched cannot be put in place"
    mv "$dir/work/root/usr" "$dir/usr" || return 1
    cat >"$dir/qemu-system-aarch64" <<'WRAPPER' || return 1
#!/bin/sh
# QEMU beside the system's own. -nodefaults: or it probes the system's older modules.
here=$(dirname "$(readlink -f "$0")")
modules=$(echo "$here"/usr/lib/*/qemu)
QEMU_MODULE_DIR=$modules exec "$here/usr/bin/qemu-system-aarch64" -L "$here/usr/share/qemu" \
    -nodefaults "$@"
WRAPPER
    chmod +x "$dir/qemu-system-aarch64"
    why=$(ldd "$dir/usr/bin/qemu-system-aarch64" 2>&1 | grep 'not found' | tr -s '\t\n ' ' ')
    [ -z "$why" ] || return 1
    why="$codename-backports holds no QEMU 10 that runs here"
    [ "$(qemu_major "$dir/qemu-system-aarch64")" -ge 10 ]
}

# depends DIR PACKAGE PREFIX: what the package depends on, where the name starts so.
depends() {
    LC_ALL=C apt-cache -c "$1/apt.conf" depends "$2" 2>/dev/null |
        sed -n "s/^ *Depends: \($3[^ <]*\)\$/\1/p" | head -n 1
}

# unpack_dtbs DEB DIR: nothing else of the package, and of the paths the vendor's folder alone.
unpack_dtbs() (
    # tar is content with an archive that ends between two members, as when dpkg-deb is killed.
    set -o pipefail
    dpkg-deb --fsys-tarfile "$1" | tar -C "$2" -x --wildcards \
        --transform 's,^.*/\(linux-image-[^/]*\|dtb\)/,,' '*.dtb'
)

# dtbs_of DIR SUITE: the trees of the kernel that the suite calls its own, into DIR/<package>.
dtbs_of() {
    local dir=$1 suite=$2 package holder
    lists "$dir/work" arm64 "$suite" || return 1
    package=$(depends "$dir/work" linux-image-arm64 linux-image-)
    # Backports need not hold a kernel.
    [ -n "$package" ] || return 0
    # A newer kernel's package is an empty one that depends on those with the files.
    holder=$(depends "$dir/work" "$package" "linux-base-${package#linux-image-}")
    download "$dir/work" "${holder:-$package}" || return 1
    mkdir "$dir/$package" || return 1
    why="$package: its device trees cannot be unpacked"
    unpack_dtbs "$(echo "$dir/work"/linux-*.deb)" "$dir/$package" || return 1
    rm -rf "$dir/work"
}

make_dtbs() {
    dtbs_of "$1" "$codename" || return 1
    # Before those of backports, which would hide that the release's own are not there.
    why="linux-image-arm64 leads to no kernel with device trees"
    [ -n "$(find "$1" -name '*.dtb' -print -quit)" ] || return 1
    dtbs_of "$1" "$codename-backports" && return
    # Before its release, a release has no backports.
    [ "${why%does not have a Release file.}" != "$why" ] || return 1
    say "dtbs: $codename-backports: not in the archive: going without"
}

# linux_of DIR SUITE: page tables and their header, out of the source of the suite's own kernel.
linux_of() {
    local dir=$1 package
    lists "$dir/work" "$(dpkg --print-architecture)" "$2" || return 1
    package=$(depends "$dir/work" linux-source linux-source-)
    why="$2: linux-source leads to no source"
    [ -n "$package" ] || return 1
    download "$dir/work" "$package" || return 1
    why="$package: its page tables cannot be unpacked"
    unpack_linux "$(echo "$dir/work"/linux-source-*.deb)" "$dir"
}

unpack_linux() (
    set -o pipefail
    dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
        tar -C "$2" -xJ --strip-components=1 --wildcards '*/drivers/iommu/io-pgtable-arm.[ch]' \
            '*/include/linux/io-pgtable.h'
)

# Backports' kernel is the newer one; not every release has one there.
make_linux() {
    linux_of "$1" "$codename-backports" && return
    rm -rf "${1:?}"/*
    linux_of "$1" "$codename"
}

# Make $cache/$1 by function $2, whole or not at all. Called under the lock.
provide() {
    local name=$1 make=$2
    [ -e "$cache/$name/.done" ] && return
    [ -r "$keyring" ] || fail "keyring: $keyring: missing: install debian-archive-keyring"
    say "$name: fetching into $cache"
    rm -rf "${cache:?}/$name.tmp" "${cache:?}/$name"
    mkdir "$cache/$name.tmp" || fail "cache: $cache: cannot be written: set FH_CACHE"
    why=
    "$make" "$cache/$name.tmp" || {
        rm -rf "${cache:?}/$name.tmp"
        fail "$name: $codename: cannot be fetched: $why"
    }
    rm -rf "$cache/$name.tmp/work"
    # The data before the stamp, or a loss of power leaves a stamp over nothing.
    if ! sync -f "$cache/$name.tmp" || ! touch "$cache/$name.tmp/.done" ||
        ! mv "$cache/$name.tmp" "$cache/$name"; then
        fail "cache: $cache/$name: cannot be written: set FH_CACHE"
    fi
}

# ---- Start, steps, end

require_debian() {
    local tool
    for tool in dpkg-query dpkg apt-get flock; do
        command -v "$tool" >/dev/null ||
            fail "system: $(uname -s): no $tool, so not Debian:" \
                "install there what these packages hold: $(packages | tr '\n' ' ')"
    done
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
    [ -n "$codename" ] || fail "system: /etc/os-release: names no release: not Debian"
}

find_cache() {
    cache=${FH_CACHE:-${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}}
    [ -n "$cache" ] || fail "cache: HOME: not set, so there is no place for the cache: set FH_CACHE"
    [ -n "${FH_CACHE:-}" ] || cache=$cache/freehold
    [ "${cache#/}" != "$cache" ] || cache=$PWD/$cache
    # The path stands in files of apt and of make, which read these as more than letters.
    case $cache in
    *[!A-Za-z0-9/._+@,-]*)
        fail "cache: $cache: holds a character that make or apt would misread: set FH_CACHE"
        ;;
    esac
}

needs_qemu10() { for_tests && [ "$(qemu_major $qemu)" -lt 10 ]; }

# All that the level wants is there. No network, no lock, nothing written.
ready() {
    # shellcheck disable=SC2046 # words
    [ -z "$(missing $(packages))" ] || return 1
    ! wants_libfdt || [ -e "$cache/libfdt-arm64/.done" ] || return 1
    for_tests || return 0
    ! wants_linux || [ -e "$cache/linux/.done" ] || return 1
    [ "$level" = check ] || [ -e "$cache/dtbs/.done" ] || return 1
    optional_settled dt-schema || return 1
    [ -e "$cache/qemu-10/.done" ] || ! needs_qemu10
}

set_up() {
    mkdir -p "$cache" 2>/dev/null
    { : >>"$cache/lock"; } 2>/dev/null || fail "cache: $cache: cannot be written: set FH_CACHE"
    exec 9>>"$cache/lock"
    flock -n 9 || { say "lock: $cache/lock: waiting for another set-up"; flock 9; }
    install_missing
    ! wants_libfdt || provide libfdt-arm64 make_libfdt
    if for_tests; then
        install_optional dt-schema
        # After the packages: it runs with the libraries of the system's QEMU.
        ! needs_qemu10 || provide qemu-10 make_qemu10
        ! wants_linux || provide linux make_linux
    fi
    [ "$level" != long ] || provide dtbs make_dtbs
    exec 9>&-
}

check_tools() {
    for_target || return 0
    [ -x $qemu ] || fail "tool: $qemu: not there: install qemu-system-arm"
    [ -n "${LLVM:-}" ] || command -v "${cross}gcc" >/dev/null ||
        fail "tool: ${cross}gcc: not in PATH: install it, or leave CROSS_COMPILE unset"
    [ -z "${LIBFDT_SRC:-}" ] || [ -r "$LIBFDT_SRC/libfdt.h" ] ||
        fail "LIBFDT_SRC: $LIBFDT_SRC: holds no libfdt.h: name the folder libfdt/ of dtc's source"
    [ -z "${LINUX:-}" ] || wants_linux || [ -r "$LINUX/drivers/iommu/io-pgtable-arm.c" ] ||
        fail "LINUX: $LINUX: holds no drivers/iommu/io-pgtable-arm.c: name the folder of Linux' source, or 1"
}

fragment() {
    for_target || return 0
    ! wants_libfdt || echo "SETUP_LIBFDT := $cache/libfdt-arm64"
    echo "SETUP_QEMU := $qemu"
    for_tests || return 0
    ! wants_linux || echo "SETUP_LINUX := $cache/linux"
    [ "$level" = check ] || echo "SETUP_DTBS := $cache/dtbs"
    if needs_qemu10; then
        echo "SETUP_QEMU10 := $cache/qemu-10/qemu-system-aarch64"
    else
        echo "SETUP_QEMU10 := $qemu"
    fi
}

write_fragment() {
    local new
    [ -n "${FH_SETUP_MK:-}" ] || { fragment; return; }
    new=$FH_SETUP_MK.$$
    { fragment >"$new" && mv "$new" "$FH_SETUP_MK"; } 2>/dev/null ||
        fail "FH_SETUP_MK: $FH_SETUP_MK: cannot be written: is its folder there?"
}

case $level in
host | run | u-boot | check | long | lint | docs | fresh) ;;
*) fail "level: $level: not host, run, u-boot, check, long, lint, docs or fresh" ;;
esac
require_debian
find_cache
ready || set_up
check_tools
write_fragment
