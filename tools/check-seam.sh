#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the library lacks is what the seam declares, no more and no less.
#
# usage: check-seam.sh libtessera.a include/xen/arch.h     prints TAP
set -eu
nm=${NM:-nm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$nm" --format=posix "$1" | awk '
    $2 == "U"            { wanted[$1] }
    $2 ~ /[TDBRVWC]/     { there[$1] }
    END { for (s in wanted) if (!(s in there)) print s }' | sort >"$work/lacks"

# Each statement of the header that is not a macro, a type or an inline body.
awk '
    /^#/    { next }
            { text = text " " $0 }
    END {
        while (i = index(text, "/*"))
            text = substr(text, 1, i - 1) " " \
                substr(text, i + index(substr(text, i), "*/") + 1)
        while (match(text, /[{][^{}]*[}]/))
            text = substr(text, 1, RSTART - 1) ";" substr(text, RSTART + RLENGTH)
        n = split(text, statement, ";")
        for (i = 1; i <= n; i++)
            if (statement[i] !~ /static|typedef|^ *(struct|enum|union) *[a-z_]* *$/ &&
                match(statement[i], /[A-Za-z_][A-Za-z_0-9]* *[(]/)) {
                name = substr(statement[i], RSTART, RLENGTH - 1)
                sub(/ *$/, "", name)
                print name
            } else if (statement[i] ~ /extern/) {
                sub(/(\[.*)? *$/, "", statement[i])
                sub(/.*[ *]/, "", statement[i])
                print statement[i]
            }
    }' "$2" | sort -u >"$work/declares"

echo 1..1
status=0
comm -23 "$work/lacks" "$work/declares" |
    sed 's/^/# the library wants, and the seam does not declare: /' >"$work/bad"
comm -13 "$work/lacks" "$work/declares" |
    sed 's/^/# the seam declares, and the library does not want: /' >>"$work/bad"
[ -s "$work/declares" ] || echo "# the seam declares nothing" >>"$work/bad"
[ ! -s "$work/bad" ] || { status=1; printf 'not '; }
echo "ok 1 - what the library lacks is what the seam declares"
cat "$work/bad"
exit $status
