#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A violation planted in front of check-order and check-seam must be found.
# Prints TAP.
tools=$(cd "$(dirname "$0")/../../tools" && pwd)
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
test_nr=0
failed=0

# verdict good|bad NAME PATTERN COMMAND...: the command must end so, and say it.
verdict()
{
    expected=$1 name=$2 pattern=$3
    shift 3
    test_nr=$((test_nr + 1))
    if "$@" >output 2>&1; then got=good; else got=bad; fi
    if [ $got = "$expected" ] && grep -q "$pattern" output; then
        echo "ok $test_nr - layers: $name"
    else
        failed=1
        echo "not ok $test_nr - layers: $name"
        sed 's/^/# | /' output
    fi
}

echo 'void low(void); void low(void) { }' >low.c
echo 'void low(void); void high(void); void high(void) { low(); }' >high.c
echo 'void arch_a(void); void core(void); void core(void) { arch_a(); }' >core.c
"$cc" -c low.c high.c core.c && ar rcs library.a core.o low.o || exit 1

echo 1..10
verdict good "a call to a file above" "^ok" \
    sh "$tools/check-order.sh" "" low.o high.o
verdict bad "a call to a file below" "high.o uses low of low.o" \
    sh "$tools/check-order.sh" "" high.o low.o
verdict good "an allowed call to a file below" "^ok" \
    sh "$tools/check-order.sh" "low" high.o low.o
verdict bad "an allowance that nobody needs" "no file uses low" \
    sh "$tools/check-order.sh" "low" low.o high.o

cat >seam.h <<'END'
#include <nothing.h>
/* void arch_commented(void); */
#define arch_macro(x) (x)
struct table { int (*method)(int); };
static inline int arch_inline(void) { if (1) { return 1; } return 0; }
__must_check __cold
int *arch_a(void *where,
            int what);
END
verdict good "a seam that fits" "^ok" \
    sh "$tools/check-seam.sh" library.a seam.h
echo 'void arch_b(void);' | cat seam.h - >wide.h
verdict bad "a function of the seam that nobody wants" "not want: arch_b" \
    sh "$tools/check-seam.sh" library.a wide.h
echo 'extern const char arch_data[4];' | cat seam.h - >data.h
verdict bad "a variable of the seam that nobody wants" "not want: arch_data" \
    sh "$tools/check-seam.sh" library.a data.h
sed 's/arch_a/arch_c/' seam.h >other.h
verdict bad "a function that the seam lacks" "not declare: arch_a" \
    sh "$tools/check-seam.sh" library.a other.h
ar rcs wide.a high.o
verdict bad "a library that needs more" "not declare: low" \
    sh "$tools/check-seam.sh" wide.a seam.h
echo '/* nothing */' >empty.h
verdict bad "an empty seam" "declares nothing" \
    sh "$tools/check-seam.sh" library.a empty.h
exit $failed
