#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Are the files laid out as .clang-format says, do they carry the licence, and
# does the Makefile list them?
#
# usage: check-format.sh FILE...   prints TAP; FILEs are what the Makefile lists
#        check-format.sh fix       lays out the C files
cd "$(dirname "$0")/.." || exit 1

c_files() { find include common arch tests examples -name '*.[ch]' 2>/dev/null; }

# Everything of ours that has comments; not what fuzzers are fed with.
sources()
{
    c_files
    find tools tests arch examples .ci Makefile Kconfig linker.lds \
        .clang-format .gitignore -type f 2>/dev/null |
        grep -E '\.(S|sh|py|lds|mk|gdb|pml)$|Makefile|Kconfig|^\.|run$'
}

if [ "${1:-}" = fix ]; then
    c_files | xargs clang-format -i
    exit
fi

status=0
verdict()
{
    if [ -s "$work" ]; then status=1; printf 'not '; fi
    echo "ok $1${2:+ # SKIP $2}"
    sed 's/^/# /' "$work" | head -40
}

work=$(mktemp)
trap 'rm -f "$work"' EXIT

echo 1..5
other=
case $(clang-format --version) in
*" version 14."*) c_files | xargs clang-format --dry-run -Werror >"$work" 2>&1 ;;
*) other="only clang-format 14 lays out just so" ;;
esac
verdict "1 - format: C files are laid out as .clang-format says" "$other"
sources | sort -u | while read -r file; do
    head -3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
done >"$work"
verdict "2 - format: each file begins with its licence"
c_files | xargs wc -l | awk '$2 ~ /\.c$/ && $1 > 400 || $2 ~ /\.h$/ && $1 > 150 {
    print $2 " has " $1 " lines" }' >"$work"
c_files | xargs awk '/^\{/ { start = FNR }
    /^\}/ && start { if (FNR - start > 61) print FILENAME ":" start \
        " a function of " FNR - start - 1 " lines"; start = 0 }' >>"$work"
verdict "3 - format: a .c file has at most 400 lines, .h 150, a function 60"
grep -nE '^#(if|ifdef|ifndef|elif).*CONFIG_' $(c_files | grep '\.c$') \
    /dev/null >"$work"
verdict "4 - format: no .c file chooses by #if on an option"
printf '%s\n' "$@" | sort -u >"$work.listed"
find common arch tests \( -name '*.c' -o -name '*.S' \) |
    grep -v '^tests/compile-fail/' | sort | comm -3 - "$work.listed" >"$work"
rm -f "$work.listed"
verdict "5 - format: the Makefile lists every source, and no other"
exit $status
