#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Both compilers, and every option on, off and as it comes: each of these
# builds without a warning and boots, and those of gcc pass their hosted tests.
#
# usage: check-configs.sh BUILD     prints TAP; builds below BUILD/configs
cd "$(dirname "$0")/.." || exit 1
build=$1/configs
mkdir -p "$build"
log=$build/log
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD CC CROSS_COMPILE

# That they run is the question here: at length they do elsewhere.
export CALLS=1000 SEQUENCES=30
number=0
status=0

verdict()
{
    claim=$1
    shift
    number=$((number + 1))
    if "$@" >"$log" 2>&1; then
        echo "ok $number - configs: $claim"
    else
        status=1
        echo "not ok $number - configs: $claim"
        # What passed is not what one looks for, and the first failure is.
        sed '/^ok /d' "$log" | head -60 | sed 's/^/# /'
    fi
}

# try NAME CONFIG BOOT_FLAGS MAKE_VARIABLE...
try()
{
    name=$1 config=$2 boot_flags=$3
    shift 3
    set -- -s BUILD="$build/$name" "$@"
    rm -f "$build/$name/.config"
    make "$@" "$config" >"$log" 2>&1
    verdict "$name builds" make -j2 "$@" all lib
    case $name in
    clang-*) ;;
    *) verdict "$name passes its hosted tests" make -j2 "$@" check-host ;;
    esac
    verdict "$name boots" /usr/bin/python3 tests/boot/boots.py $boot_flags \
        "$build/$name/tessera" "direct, (3 GiB|RAM that moves)"
}

# The prefix of cross compilers; on x86-64 it often names the native ones.
cross=
if command -v x86_64-linux-gnu-gcc >/dev/null; then
    cross=x86_64-linux-gnu-
fi

echo 1..12
try gcc-allyes allyesconfig ""
try gcc-allno allnoconfig --without-tests CROSS_COMPILE=$cross
try clang-default defconfig "" CC=clang
try clang-allyes allyesconfig "" CC=clang
try clang-allno allnoconfig --without-tests CC=clang
exit $status
