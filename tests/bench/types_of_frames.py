# SPDX-License-Identifier: MIT
"""What operations of the type system cost for each entry of a table.

callgrind counts instructions in the functions measured_*() of bench_types.c,
with what they call, on machines and domains of three sizes. What the test for
preemption costs is the difference to a copy of the tree that has none.
"""

import os
import re
import shutil
import subprocess
import tempfile

from overhead import ROOT, build

PROGRAM = "plain/tests/bench/bench_types"
SIZES = (
    (".small", 256, 128),           # machine, domain, in MiB
    ("", 8192, 1024),
    (".large", 65536, 8192),
)

GOALS = {
    "l1.first": None,                   # of frames fresh from the heap
    "l1.validate": 60,
    "l1.devalidate": 50,
    "l4.pin": 70,
    "l4.unpin": 60,
    "mmu_update.batch": 200,
    "mmu_update.last": None,            # of frames that nobody else maps
    "mmu_update.flags": 90,
}
PREEMPT_GOAL = 2

# Where the walker asks.
WALKER = "arch/x86/mm/page_table.c"
ASKS = "cpu_must_yield()"


def run(program, machine, domain):
    """Instructions for each entry, by the operation's name."""
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "out")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
             program, str(machine), str(domain)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=True)
        table = subprocess.run(
            ["callgrind_annotate", "--inclusive=yes", "--threshold=100", out],
            stdout=subprocess.PIPE, text=True, check=True).stdout
    costs = {name: int(count.replace(",", "")) for count, name in
             re.findall(r"^ *([\d,]+) .*?:measured_(\w+)", table, re.M)}
    entries = {name: int(number) for name, number in
               re.findall(r"^entries: (\w+) (\d+)$", done.stdout, re.M)}
    times = entries.pop("nothing")
    nothing = costs["nothing"] / times
    return {name: (costs[name] - nothing * times) / number
            for name, number in entries.items()}


def without_the_test(tree):
    path = os.path.join(tree, WALKER)
    with open(path) as file:
        source = file.read()
    if ASKS not in source:
        raise SystemExit(f"{WALKER} has changed: types_of_frames.py must too")
    with open(path, "w") as file:
        file.write(source.replace(ASKS, "false"))


def figures():
    """(name, value, unit, goal or None) for each."""
    with tempfile.TemporaryDirectory() as directory:
        tree = os.path.join(directory, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(
            ".git", "build", "__pycache__"))
        program = build(tree, f"{directory}/with", PROGRAM)
        for size, machine, domain in SIZES:
            costs = run(program, machine, domain)
            unit = f"instructions an entry; {domain} of {machine} MiB"
            for name, goal in GOALS.items():
                yield (f"types.{name}{size}",
                       round(costs[name.replace(".", "_")], 1), unit, goal)
        without_the_test(tree)
        without = run(build(tree, f"{directory}/without", PROGRAM), machine,
                      domain)
        yield ("types.preempt_test",
               round(costs["l1_validate"] - without["l1_validate"], 1),
               "instructions an entry", PREEMPT_GOAL)
