#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each invariant has a test that a small fault turns red: plant them all.

usage: run.py [-j N] [--table FILE] [--one-each] [--built DIR] [pattern]

Prints TAP. A pattern picks faults by their invariant; with --one-each only the first
of each invariant is planted. The programs are built in build, or were before in DIR.
The tables, all files of faults.d, have one paragraph a fault:

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
import concurrent.futures
import glob
import os
import queue
import re
import shlex
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


def program(build, test):
    below, _, name = f"{build}/{test}".rpartition("/")
    kind = ("points/tests/explore" if name.startswith("explore_") else
            "hosted/tests/unit")
    return f"{below}/{kind}/{name}"


def make(*arguments):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=env, **QUIET)


class Recipes:
    """How make builds the programs of a directory, and from what."""

    def __init__(self, build, programs):
        self.commands = collections.defaultdict(list)
        said = make("-n", f"BUILD={build}", *programs).stdout
        for line in said.replace("\\\n", " ").split("\n"):
            words = shlex.split(line)
            if "-o" in words:
                self.commands[words[words.index("-o") + 1]].append(words)
            elif words and words[0].endswith("objcopy"):
                self.commands[words[-1]].append(words)
        self.sources = {}
        for name in [n for n in self.commands if n.endswith(".o")]:
            with open(os.path.join(ROOT, name[:-1] + "d")) as file:
                self.sources[name] = set(file.read().split())

    def made_from(self, file, program):
        """The objects in a program that depend on a file."""
        found = [o for o, sources in self.sources.items() if file in sources]
        if len(found) > 1:
            trace = subprocess.run(
                [*self.renamed(program, {program: "/dev/null"})[0], "-Wl,-t,-t"],
                cwd=ROOT, **QUIET).stdout
            taken = set(re.findall(r"[^/()\s]+\.o\b", trace))
            found = [o for o in found if os.path.basename(o) in taken]
        return found

    def renamed(self, output, names):
        return [[names.get(word, word) for word in command]
                for command in self.commands[output]]


def recipes_of(programs):
    """Each program's, of the directory in which it is built."""
    below = {p: re.sub("/(hosted|points)/tests/.*", "", p) for p in programs}
    each = {b: Recipes(b, [p for p in programs if below[p] == b])
            for b in set(below.values())}
    return {p: each[below[p]] for p in programs}


def run(tree, program):
    """Is it green? And what it said, as far as the first test that is not."""
    try:
        done = subprocess.run([program], cwd=tree, timeout=SECONDS,
                              env=dict(os.environ, TEST_SECONDS="60",
                                       TEST_STOP_AT_FAILURE="1"),
                              **QUIET)
    except subprocess.TimeoutExpired:
        return False, f"stopped after {SECONDS} seconds"
    return done.returncode == 0, done.stdout


def build_planted(tree, recipes, file, program):
    """Compile anew what depends on the file, and link that before the archive,
    from which then the rest is taken. The new program's name, or complaints."""
    target = os.path.join(tree, "planted")
    names = {program: os.path.join(target, "program")}
    objects = recipes.made_from(file, program)
    for number, name in enumerate(objects):
        names[name] = os.path.join(target, f"{number}.o")
    commands = [c for o in objects for c in recipes.renamed(o, names)]
    link, = recipes.renamed(program, names)
    added = [names[o] for o in objects if names[o] not in link]
    first = next(n for n, word in enumerate(link) if word.endswith(".a"))
    for command in [*commands, link[:first] + added + link[first:]]:
        done = subprocess.run(command, cwd=tree, **QUIET)
        if done.returncode:
            return None, done.stdout
    return names[program], ""


def plant(tree, recipes, fault, program):
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
        planted, complaints = build_planted(tree, recipes, fault.file, program)
    finally:
        with open(path, "w") as source:
            source.write(text)
    if not planted:
        return "does not build:\n" + complaints, []
    green, output = run(tree, planted)
    red = re.findall(r"^not ok \d+ - (.*)", output, re.M)
    return ("no test noticed" if green else None), red


def copy_tree(target, build):
    """A copy to plant faults in; what was built it finds where it was."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(
        ".git", "build", "__pycache__"))
    os.mkdir(os.path.join(target, "planted"))
    if not os.path.lexists(os.path.join(target, build)):
        os.makedirs(os.path.dirname(os.path.join(target, build)), exist_ok=True)
        os.symlink(os.path.join(ROOT, build), os.path.join(target, build))


def worker(tree, build, recipes, work, results):
    while True:
        try:
            fault = work.get_nowait()
        except queue.Empty:
            return
        name = program(build, fault.test)
        try:
            found = plant(tree, recipes[name], fault, name)
        except (OSError, ValueError) as error:
            found = str(error), []
        results.put((fault, *found))


def show(number, fault, why, red):
    print(f"{'not ok' if why else 'ok'} {number} - mutation: {fault.invariant}")
    lines = [f"{fault.file}: {fault.old.strip()}"] + why.split("\n") \
        if why else [f"red: {name}" for name in red[:3]]
    print("\n".join("#   " + line for line in lines), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--table", default=TABLES)
    parser.add_argument("--built", metavar="DIR")
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
    programs = [program(args.built or "build", t) for t in tests]
    print(f"1..{len(chosen) + len(tests)}", flush=True)
    if not args.built:
        args.built = "build"
        built = make("-s", f"-j{args.j}", "BUILD=build", *programs)
        if built.returncode:
            print("Bail out! It does not build as it is")
            sys.exit(built.stdout)

    with tempfile.TemporaryDirectory() as directory:
        failed = number = 0
        recipes = recipes_of(programs)
        with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
            before = pool.map(lambda name: run(ROOT, name)[0], programs)
            for number, (test, green) in enumerate(zip(tests, before), 1):
                failed += not green
                print(f"{'ok' if green else 'not ok'} {number} - mutation: "
                      f"{test} is green before", flush=True)
        trees = [os.path.join(directory, str(n)) for n in range(args.j)]
        for tree in trees:
            copy_tree(tree, args.built)

        work, results = queue.Queue(), queue.Queue()
        for fault in chosen:
            work.put(fault)
        for tree in trees:
            threading.Thread(target=worker, args=(tree, args.built, recipes,
                                                  work, results),
                             daemon=True).start()
        for _ in chosen:
            fault, why, red = results.get()
            number += 1
            failed += bool(why)
            show(number, fault, why, red)
    sys.exit(1 if failed else 0)


main()
