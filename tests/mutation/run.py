#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each invariant has a test that a small fault turns red: plant them all.

usage: run.py [-j N] [--table FILE] [--one-each] [pattern]     prints TAP

A pattern picks faults by their invariant; with --one-each only the first of each
invariant is planted. The tables, all files of faults.d,
have one paragraph a fault:

    H3: free buddies merge                      the invariant
    common/page_alloc.c test_page_alloc         the file, the test program
    -    while (order < MAX_ORDER) {            text that the file has once
    +    while (order < 3) {                    what stands there instead

A test program named clock3/test_x is that of the build with such a clock, and
explore/explore_x is an explorer.

A fault whose text is gone, that does not compile, or that no test notices, is
a failure. So is a test program that is red before anything was planted.
"""

import argparse
import collections
import glob
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
TABLES = os.path.join(ROOT, "tests", "mutation", "faults.d", "*")
SECONDS = 120
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
             stderr=subprocess.STDOUT, text=True, errors="replace")

Fault = collections.namedtuple("Fault", "invariant file test old new")


def faults(pattern):
    text = ""
    for path in sorted(glob.glob(pattern)):
        with open(path) as table:
            text += re.sub(r"^#.*\n", "", table.read(), flags=re.M) + "\n\n"
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        invariant, where, *lines = paragraph.split("\n")
        file, test = where.split()
        if any(line[0] not in "-+" for line in lines):
            sys.exit(f"neither '-' nor '+':\n{paragraph}")
        old = [line[1:] for line in lines if line[0] == "-"]
        new = [line[1:] for line in lines if line[0] == "+"]
        yield Fault(invariant, file, test, "\n".join(old), "\n".join(new))


def program(test):
    build, _, name = f"build/{test}".rpartition("/")
    kind = ("points/tests/explore" if name.startswith("explore_") else
            "hosted/tests/unit")
    return f"{build}/{kind}/{name}"


def build(tree, *targets):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
    return subprocess.run(["make", "-s", "BUILD=build", *targets], cwd=tree,
                          env=env, **QUIET)


def run(tree, test):
    """Is it green? And what it said, as far as the first test that is not."""
    try:
        done = subprocess.run([program(test)], cwd=tree, timeout=SECONDS,
                              env=dict(os.environ, TEST_SECONDS="60",
                                       TEST_STOP_AT_FAILURE="1"),
                              **QUIET)
    except subprocess.TimeoutExpired:
        return False, f"stopped after {SECONDS} seconds"
    return done.returncode == 0, done.stdout


def plant(tree, fault):
    """Why the fault was not noticed, or None; and which tests turned red."""
    path = os.path.join(tree, fault.file)
    with open(path) as source:
        text = source.read()
    times = text.count(fault.old)
    if times != 1 or not fault.old:
        return f"{fault.file} has the text {times} times", []
    with open(path, "w") as source:
        source.write(text.replace(fault.old, fault.new))
    try:
        built = build(tree, program(fault.test))
        if built.returncode:
            return "does not build:\n" + built.stdout, []
        green, output = run(tree, fault.test)
    finally:
        with open(path, "w") as source:
            source.write(text)
    red = re.findall(r"^not ok \d+ - (.*)", output, re.M)
    return ("no test noticed" if green else None), red


def copy_tree(target):
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(
        ".git", "build", "__pycache__"))


def worker(tree, work, results):
    while True:
        try:
            fault = work.get_nowait()
        except queue.Empty:
            return
        results.put((fault, *plant(tree, fault)))


def show(number, fault, why, red):
    print(f"{'not ok' if why else 'ok'} {number} - mutation: {fault.invariant}")
    lines = [f"{fault.file}: {fault.old.strip()}"] + why.split("\n") \
        if why else [f"red: {name}" for name in red[:3]]
    print("\n".join("#   " + line for line in lines), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--table", default=TABLES)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--one-each", action="store_true",
                        help="the first fault of each invariant, and "
                             "rather not one that takes an explorer")
    args = parser.parse_args()
    chosen = [f for f in faults(args.table) if re.search(args.pattern, f.invariant)]
    if args.one_each:
        first = {}
        for fault in sorted(chosen, key=lambda f: f.test.startswith("explore/")):
            first.setdefault(fault.invariant.split(":")[0], fault)
        chosen = [f for f in chosen if f in first.values()]
    tests = sorted({f.test for f in chosen})
    print(f"1..{len(chosen) + len(tests)}", flush=True)

    with tempfile.TemporaryDirectory() as directory:
        trees = [os.path.join(directory, str(n)) for n in range(args.j)]
        copy_tree(trees[0])
        built = build(trees[0], f"-j{args.j}", *map(program, tests))
        if built.returncode:
            print("Bail out! It does not build as it is")
            sys.exit(built.stdout)
        failed = number = 0
        for test in tests:
            green, output = run(trees[0], test)
            number += 1
            failed += not green
            print(f"{'ok' if green else 'not ok'} {number} - mutation: "
                  f"{test} is green before")
        for tree in trees[1:]:
            subprocess.run(["cp", "-a", trees[0], tree], check=True)

        work, results = queue.Queue(), queue.Queue()
        for fault in chosen:
            work.put(fault)
        for tree in trees:
            threading.Thread(target=worker, args=(tree, work, results),
                             daemon=True).start()
        for _ in chosen:
            fault, why, red = results.get()
            number += 1
            failed += bool(why)
            show(number, fault, why, red)
    sys.exit(1 if failed else 0)


main()
