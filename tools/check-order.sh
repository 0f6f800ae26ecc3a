#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A file may use what stands above it in the Makefile's list, and nothing that
# stands below.
#
# usage: check-order.sh "ALLOWED..." object...     prints TAP
#
# ALLOWED are the functions that may be called downwards all the same; one that
# nobody calls so is an error as well.
nm=${NM:-nm}
allowed=$1
shift

# Lines of: position, object, kind of symbol, symbol.
position=0
for object do
    position=$((position + 1))
    "$nm" --format=posix "$object" |
        awk -v at="$position" -v object="$object" '{ print at, object, $2, $1 }'
done | awk -v allowed="$allowed" '
    $3 ~ /[TDBRVWC]/ { home[$4] = $1; file[$4] = $2 }
    $3 == "U"        { user[++n] = $2; from[n] = $1; name[n] = $4 }
    END {
        split(allowed, words)
        for (i in words)
            may[words[i]]
        for (i = 1; i <= n; i++) {
            if (home[name[i]] <= from[i])
                continue
            if (name[i] in may)
                used[name[i]]
            else
                bad = bad "\n# " user[i] " uses " name[i] \
                    " of " file[name[i]] ", which is listed below it"
        }
        for (word in may)
            if (!(word in used))
                bad = bad "\n# no file uses " word ", which it is allowed to"
        if (n == 0)
            bad = bad "\n# the objects name no symbol at all"
        print "1..1"
        print (bad ? "not " : "") "ok 1 - calls go only to files listed above" bad
        exit bad != ""
    }'
