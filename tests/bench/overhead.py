# SPDX-License-Identifier: MIT
"""What does an allocation that owes no TLB flush pay for the TLB clock?

The same program is built twice, the second time from a copy of the tree with
what looks at debts taken out of the allocation; callgrind counts both. Run by
itself this checks, in TAP, that what is taken out is there.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = "plain/tests/bench/bench_allocate"
ALLOCATIONS = 2000

# All that an allocation does for debts until it finds one, and what is there
# without. Of a frame that a CPU has at hand it is nothing: the comparison that
# tells that it is free tells that it owes nothing.
TAKEN_OUT = (
    ("common/magazine.c", """
        me->owing |= dirty && __atomic_load_n(&debt_table[number].taint,
                                              __ATOMIC_RELAXED) != 0;""", ""),
    ("common/page_at_hand.c", "settle(me, request, pg)", "pg"),
    ("common/chunk_apart.c", """
    if (debt.taint)
        entry.count_info |= PGC_owing;
    entry.free_overlay.tlb_taint = debt.taint;
    entry.free_overlay.tlbflush_timestamp = debt.stamp;""", "\n    (void)debt;"),
)
# What is then without a user must not be an error.
FLAGS = "gcc -Wno-unused-function"


def build(tree, directory, program=PROGRAM):
    """The program @program of @tree, without debug checks."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
    for command in (["tools/kconfig.py", "set",
                     os.path.join(directory, ".config"), "DEBUG=n"],):
        subprocess.run(["/usr/bin/python3"] + command, cwd=tree, env=env,
                       check=True, stdout=subprocess.DEVNULL)
    program = os.path.join(directory, program)
    subprocess.run(["make", "-s", f"BUILD={directory}", f"HOST_CC={FLAGS}",
                    program], cwd=tree, env=env, check=True)
    return program


def read(tree, name):
    with open(os.path.join(tree, name)) as file:
        return file.read()


def check():
    """TAP: is what is to be taken out there, once?"""
    print(f"1..{len(TAKEN_OUT)}")
    failed = 0
    for number, (name, text, _) in enumerate(TAKEN_OUT, 1):
        is_there = read(ROOT, name).count(text) == 1
        failed += not is_there
        print(f"{'' if is_there else 'not '}ok {number} - overhead: what is "
              f"left out of {name} is there")
    return failed > 0


def count(program, number):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind",
             f"--callgrind-out-file={directory}/out", program, str(number)],
            stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def an_allocation(program):
    return (count(program, ALLOCATIONS) - count(program, 0)) / ALLOCATIONS


def overhead():
    """Instructions, for each allocation."""
    with tempfile.TemporaryDirectory() as directory:
        tree = os.path.join(directory, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(
            ".git", "build", "__pycache__"))
        with_debts = an_allocation(build(tree, f"{directory}/with"))
        for name, text, instead in TAKEN_OUT:
            source = read(tree, name)
            with open(os.path.join(tree, name), "w") as file:
                file.write(source.replace(text, instead))
        without = an_allocation(build(tree, f"{directory}/without"))
    return round(with_debts - without, 1)


if __name__ == "__main__":
    sys.exit(check())
