#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.py must count every way in which a test program can go wrong.
# Prints TAP.
check=$(cd "$(dirname "$0")/../../tools" && pwd)/check.py
number=0
failed=0

# verdict NAME TOTAL SHELL: what check.py's last line is for such a program.
verdict()
{
    number=$((number + 1))
    output=$("$check" -t 2 -- sh -c "$3")
    status=$?
    case $2 in *", 0 failed") right=0 ;; *) right=1 ;; esac
    if [ "$(echo "$output" | tail -1)" = "$2" ] && [ $status -eq $right ]; then
        echo "ok $number - adder: $1"
    else
        failed=1
        echo "not ok $number - adder: $1"
        echo "$output" | sed 's/^/# | /'
    fi
}

echo 1..14
verdict "two good tests" "2 passed, 0 failed" \
    'echo 1..2; echo ok 1 - a; echo ok 2 - b'
verdict "the plan at the end" "2 passed, 0 failed" \
    'echo ok 1 - a; echo ok 2 - b; echo 1..2'
verdict "a failed test" "1 passed, 1 failed" \
    'echo 1..2; echo ok 1; echo not ok 2 - x; exit 1'
verdict "a failed test, status 0" "1 passed, 1 failed" \
    'echo 1..2; echo ok 1; echo not ok 2 - x'
verdict "a status without a failed test" "1 passed, 1 failed" \
    'echo 1..1; echo ok 1; exit 1'
verdict "too few tests" "1 passed, 1 failed" 'echo 1..2; echo ok 1'
verdict "too many tests" "2 passed, 1 failed" 'echo 1..1; echo ok 1; echo ok 2'
verdict "a test reported twice" "2 passed, 1 failed" \
    'echo 1..2; echo ok 1; echo ok 1'
verdict "no plan" "1 passed, 1 failed" 'echo ok 1'
verdict "a plan of nothing" "0 passed, 1 failed" 'echo 1..0'
verdict "silence" "0 passed, 1 failed" 'exit 0'
verdict "a program that is killed" "1 passed, 1 failed" \
    'echo 1..1; echo ok 1; kill -9 $$'
verdict "a program that hangs" "1 passed, 1 failed" \
    'echo 1..1; echo ok 1; sleep 60'
verdict "a program that is not there" "0 passed, 1 failed" 'exec /no/program'
exit $failed
