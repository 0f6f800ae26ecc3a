#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each invariant has its row in the document, and a fault. Prints TAP.

usage: invariants.py [ROOT]

An invariant is a line ' *   X1  ...' in the head comment of a header. That the
tests in the rows exist, docs.py looks after.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                    pathlib.Path(__file__).parents[2]).resolve()


def text_of(*patterns):
    return "\n".join(path.read_text() for pattern in patterns
                     for path in sorted(ROOT.glob(pattern)))


def main():
    stated = re.findall(r"^ \*   ([A-Z]\d+)  \w",
                        text_of("include/xen/*.h", "common/*.h"), re.M)
    rows = re.findall(r"^\| ([A-Z]\d+) \|.*\| ([^|]+) \|$",
                      text_of("docs/invariants.md"), re.M)
    titles = re.findall(r"^([A-Z]\d+: .*)", text_of("tests/mutation/faults.d/*"),
                        re.M)
    problems = {
        "each is stated once": [n for n in stated if stated.count(n) > 1],
        "each has one row":
            set(stated) ^ {n for n, _ in rows} or
            [n for n, _ in rows if [m for m, _ in rows].count(n) > 1],
        "each row names a fault of its own number, and there is such a one":
            [f for n, f in rows if f not in titles or f.split(":")[0] != n],
        "no fault is of a number that is not stated":
            [t for t in titles if t.split(":")[0] not in stated],
    }
    print(f"1..{len(problems)}")
    for number, (claim, found) in enumerate(problems.items(), 1):
        good = not found and stated
        print("ok" if good else "not ok", number, "- invariants:", claim)
        for problem in sorted(found):
            print("#", problem)
    return 1 if any(problems.values()) or not stated else 0


sys.exit(main())
