#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A copy of the tree in another place builds the same bytes.
#
# usage: check-repro.sh BUILD     prints TAP; BUILD has the first build
set -eu
first=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD
mkdir -p "$work/another/place"
cp -R Makefile Kconfig linker.lds LICENSE include common arch tests tools \
    "$work/another/place"
mkdir "$work/out"
cp "$first/.config" "$work/out"

echo 1..3
if ! make -s -j2 -C "$work/another/place" BUILD="$work/out" ${CC:+CC="$CC"} \
    all lib iso >"$work/log" 2>&1; then
    echo "Bail out! the copy does not build"
    sed 's/^/# /' "$work/log"
    exit 1
fi
number=0
status=0
for file in tessera lib/libtessera.a tessera.iso; do
    number=$((number + 1))
    if difference=$(cmp "$first/$file" "$work/out/$file" 2>&1); then
        echo "ok $number - reproducible: $file"
    else
        status=1
        echo "not ok $number - reproducible: $file"
        echo "# $difference"
    fi
done
exit $status
