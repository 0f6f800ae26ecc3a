#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Make the image's table of its own functions, as assembly.

usage: nm -n --format=posix IMAGE | symbols.py >symbols.S

With nothing to read it makes an empty table, which the first link uses. The
table defines image_symbols, a struct symbol_table of <xen/symbols.h>.
"""

import sys

HIGHER_HALF = 1 << 63       # the entry code below it runs before any table


def functions(lines):
    """(start, size, name), sorted, one an address: sized ones win."""
    best = {}
    for line in lines:
        name, kind, start, *size = line.split()
        start, size = int(start, 16), int(size[0], 16) if size else 0
        if kind not in "tTwW" or start < HIGHER_HALF or name.startswith("."):
            continue
        rank = (size > 0, kind in "TW", name)
        if start not in best or rank > best[start][0]:
            best[start] = (rank, size, name)
    table = [(start, size, name)
             for start, (_, size, name) in sorted(best.items())]
    while table and table[-1][1] == 0:      # a mark where the text ends
        table.pop()
    return table


def main():
    table = functions(sys.stdin)
    base = table[0][0] if table else 0
    end = table[-1][0] + table[-1][1] - base if table else 0
    print('.section .rodata.symbols, "a", @progbits')
    print(".balign 8\n.globl image_symbols\n.hidden image_symbols")
    print(".type image_symbols, @object\nimage_symbols:")
    print(f".quad {base:#x}\n.long {len(table)}, 0")
    print(".quad offsets, name_at, names\n.size image_symbols, . - image_symbols")
    print("offsets:")
    for start, _, _ in table:
        print(f".long {start - base:#x}")
    print(f".long {end:#x}\nname_at:")
    at = 0
    for _, _, name in table:
        print(f".long {at}")
        at += len(name) + 1
    print("names:")
    for _, _, name in table:
        print(f'.asciz "{name}"')


main()
