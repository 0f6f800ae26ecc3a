#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run one fuzzer on its corpus, and then on what it makes of it for a while.
#
# usage: run.sh FUZZER SECONDS     prints TAP; with 0 seconds the corpus alone
#
# A finding is left beside the program, under the name that is printed.
fuzzer=$1
seconds=$2
name=$(basename "$fuzzer")
corpus=$(dirname "$0")/corpus/${name#fuzz_}
grown=$fuzzer.corpus
log=$fuzzer.log
mkdir -p "$grown"

if [ "$seconds" -eq 0 ]; then
    set -- -runs=0 "$corpus"
else
    set -- -max_total_time="$seconds" "$grown" "$corpus"
fi

echo 1..1
if [ -z "$(ls -A "$corpus" 2>/dev/null)" ]; then
    echo "not ok 1 - fuzz: $name"
    echo "# $corpus is empty"
    exit 1
fi
if "$fuzzer" -artifact_prefix="$fuzzer." -timeout=100 -rss_limit_mb=2048 \
    -print_final_stats=1 "$@" >"$log" 2>&1; then
    echo "ok 1 - fuzz: $name, $seconds s"
    sed -n 's/^stat::number_of_executed_units: */# runs: /p' "$log"
else
    echo "not ok 1 - fuzz: $name, $seconds s"
    tail -60 "$log" | sed 's/^/# | /'
    exit 1
fi
