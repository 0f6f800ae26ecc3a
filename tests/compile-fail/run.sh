#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each file here must not compile, for the reason in its 'expect:' line; and
# must compile with CONTROL defined, so that the reason is the only one.
#
# usage: run.sh "COMPILER..." FLAG...     prints TAP
here=$(dirname "$0")
compilers=$1
shift

set -- "$@" -fsyntax-only
files=$(echo "$here"/*.c)
echo "1..$(($(echo $files | wc -w) * $(echo $compilers | wc -w)))"

number=0
status=0
for compiler in $compilers; do
    for file in $files; do
        number=$((number + 1))
        reason=$(sed -n 's|^/\* expect: \(.*\) \*/$|\1|p' "$file")
        name="compile-fail: $compiler, $(basename "$file" .c)"
        if ! control=$("$compiler" "$@" -DCONTROL "$file" 2>&1); then
            why="the control does not compile: $control"
        elif output=$("$compiler" "$@" "$file" 2>&1); then
            why="it compiles"
        elif [ -z "$reason" ]; then
            why="it has no line that says 'expect:'"
        else
            case $output in
            *error:*"$reason"*) why= ;;
            *) why="it fails for another reason: $output" ;;
            esac
        fi
        if [ -n "$why" ]; then
            status=1
            echo "not ok $number - $name"
            echo "$why" | sed 's/^/# /'
        else
            echo "ok $number - $name"
        fi
    done
done
exit $status
