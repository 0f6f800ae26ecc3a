#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The example of an embedder, copied out of the tree, builds with nothing but
# the archive and its headers, and boots.
#
# usage: embed.sh LIB     prints TAP; LIB is what 'make lib' made
lib=$(cd "$1" && pwd) || exit 1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS CC
status=0

verdict()
{
    if [ "$1" -eq 0 ]; then
        echo "ok $2"
    else
        status=1
        echo "not ok $2"
        sed 's/^/# | /' "$work/log"
    fi
}

cp -R "$lib" "$work/tessera"
cp -R "$root/examples/embed" "$work/embed"
cd "$work/embed" || exit 1

echo 1..2
make TESSERA="$work/tessera" clean embed.elf >"$work/log" 2>&1
verdict $? "1 - embed: builds outside the tree"
timeout -k 5 60 make TESSERA="$work/tessera" run >"$work/log" 2>&1 </dev/null &&
    grep -q '^embed: all is well' "$work/log"
verdict $? "2 - embed: boots, and its heap is right"
exit $status
