# SPDX-License-Identifier: MIT
"""What the heap costs, and the textbook heap beside it.

usage: heap_of_frames.py BENCH_HEAP    the heap's part of bench.py's table

callgrind counts the instructions of what bench_heap measures, for each heap and
for none, whose count is subtracted. A stepper finds locked instructions, and
the longest time that a lock is held. Times are the least of a few rounds in
which the heaps take turns; they bind nobody, but for two threads' over one's.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from figure import HEADING, Figure

HEAPS = ("ours", "textbook")
ROUNDS = 3
SECONDS = 900

# workload: what it counts, must, goal; and for callgrind how often, of how many
# frames as a power of two.
COUNTED = {
    "pair.o0": ("pair", 64, 52, 20000, 18),
    "pair.o0.frag": ("pair", 64, 52, 20000, 18),
    "pair.o3": ("pair", None, None, 20000, 18),
    "pair.o9": ("pair", 120, 90, 2000, 18),
    "pair.o18": ("pair", 600, 400, 20, 20),
    "bulk.get": ("get", 50, 42, 1 << 18, 18),
    "bulk.put.same": ("put", 45, 38, 1 << 18, 18),
    "bulk.put.reverse": ("put", 45, 38, 1 << 18, 18),
    "bulk.put.random": ("put", 105, 90, 1 << 18, 18),
    "bulk.get.o9": ("get", None, None, 512, 18),
    "bulk.put.o9": ("put", None, None, 512, 18),
    "mix.50": ("call", 185, 145, 50000, 18),
    "mix.75": ("call", 185, 145, 50000, 18),
    "mix.95": ("call", 185, 145, 50000, 18),
    "remote": ("pair", 95, 80, 1 << 16, 18),
    "fail": ("get", 600, 100, 1000, 24),
    "one": ("pair", None, None, 1000, 24),
    "below4g": ("pair", 200, 90, 20000, 22),
    "guest.get": ("page of 512, with an owner", 150, 90, 1 << 17, 18),
    "guest.put": ("page of 512, with an owner", 120, 75, 1 << 17, 18),
}
# Its preparation takes too long to be done for each round.
NOT_TIMED = {"fail", "one"}

# A search for frames in a row that fails, of ours alone: how often, of how many
# frames. Free are single frames, halves of chunks, and chunks.
RANGES = {"range.o0": (7, 24), "range.o8": (7, 24), "range.o9": (7, 24)}

# GiB: must, goal.
STARTS = {1: (100_000, 20_000), 64: (100_000, 20_000), 1024: (100_000, 20_000)}
LARGEST_START = 16384   # too large for callgrind; so it is stepped through
TOUCHED_GIB, TOUCHED_MUST = 1024, 1 << 20

# Percent of the superpages that there could be.
SHAPES = {
    "heal.30": (98, 98.5),
    "heal.50": (98, 98.5),
    "heal.70": (98, 98.5),
    "heal.85": (98, 98.5),
    "streams.domains": (99, 99.9),
    "streams.longlived": (99, 99.9),
}

LOCKED_MUST = LOCKED_GOAL = 0
HOLD_MUST, HOLD_GOAL = 400, 250
# How often: each step is a system call or two.
STEPPED = {"pair.o0": (200, 18), "pair.o9": (30, 18), "pair.o18": (2, 20),
           "bulk.get": (1500, 18), "bulk.put.same": (1500, 18),
           "bulk.put.random": (1500, 18), "mix.50": (100, 18),
           "mix.95": (100, 18), "remote": (1024, 18), "fail": (20, 20),
           "one": (20, 20), "below4g": (50, 21)}
# Whole blocks of 1 GiB are looked through frame by frame under its lock.
TOO_SLOW = {("textbook", "pair.o18")}

THREADS_MUST, THREADS_GOAL = 1.15, 1.05
# On one lock two threads are so slow that fewer pairs must do.
THREAD_PAIRS = {"ours": 500_000, "textbook": 20_000}


def run(command):
    """What it prints as a dictionary, callgrind's count included."""
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=SECONDS)
    if done.returncode != 0:
        raise SystemExit(f"{command}: {done.returncode}\n{done.stderr}")
    found = re.findall(r"^(\w+): ([\d.]+)$", done.stdout, re.M)
    values = {name: float(value) for name, value in found}
    count = re.search(r"Collected : (\d+)", done.stderr)
    if count:
        values["instructions"] = int(count[1])
    return values


def count(*command):
    return run(["valgrind", "--tool=callgrind", "--instr-atstart=no",
                "--callgrind-out-file=/dev/null", *command])


def each(function, commands):
    """Its results by the commands' keys, as many at once as there are CPUs."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {key: pool.submit(function, *command)
                for key, command in commands.items()}
    return {key: job.result() for key, job in jobs.items()}


def counts(program):
    """Instructions an operation, net; by heap and workload."""
    found = each(count, {
        (heap, name): (program, heap, name, times, frames)
        for name, (*_, times, frames) in COUNTED.items()
        for heap in (*HEAPS, "nop")})
    gross = {key: values["instructions"] / values["operations"]
             for key, values in found.items()}
    return {(heap, name): round(gross[heap, name] - gross["nop", name], 1)
            for name in COUNTED for heap in HEAPS}


def times(program):
    """Nanoseconds an operation, and failures, by heap and workload."""
    least, failures = {}, {}
    for name in COUNTED:
        for _ in range(0 if name in NOT_TIMED else ROUNDS):
            for key in [(heap, name) for heap in HEAPS]:
                values = run([program, *key])
                took = values["nanoseconds"] / values["operations"]
                least[key] = min(took, least.get(key, took))
                failures[key] = int(values.get("failures", 0))
    return least, failures


def operations(program):
    counted, (took, failures) = counts(program), times(program)
    for name, (what, must, goal, *_) in COUNTED.items():
        ours, textbook = ((heap, name) for heap in HEAPS)
        unit = f"instructions a {what}"
        if ours in took:
            unit += f"; {took[ours]:.1f} ns, textbook {took[textbook]:.1f}"
        yield Figure(f"heap.{name}", counted[ours], unit, goal, must,
                     counted[textbook])
        if name.startswith("mix."):
            yield Figure(f"heap.{name}.failures", failures[ours], "requests",
                         0, 0, failures[textbook])


def shapes(program):
    found = each(run, {(heap, name): ([program, heap, name],)
                       for name in SHAPES for heap in HEAPS})
    for name, (must, goal) in SHAPES.items():
        ours, textbook = (found[heap, name]["percent"] for heap in HEAPS)
        yield Figure(f"heap.{name}", ours, "percent of all superpages there "
                     "could be", goal, must, textbook, at_least=True)


def starts(program):
    found = each(count, {(heap, gib): (program, heap, "init", gib)
                         for gib in STARTS for heap in (*HEAPS, "nop")})
    for gib, (must, goal) in STARTS.items():
        nop, ours, textbook = (int(found[heap, gib]["instructions"])
                               for heap in ("nop", *HEAPS))
        size = f"{gib // 1024}T" if gib >= 1024 else f"{gib}G"
        yield Figure(f"heap.init.{size}", ours - nop, "instructions", goal,
                     must, textbook - nop)
    largest = run([program, "steps", "ours", "init", LARGEST_START])
    yield Figure(f"heap.init.{LARGEST_START // 1024}T", int(largest["steps"]),
                 "instructions")
    ours, textbook = (int(run([program, heap, "init", TOUCHED_GIB])["touched"])
                      for heap in HEAPS)
    yield Figure("heap.touched.1T", ours, "bytes", TOUCHED_MUST, TOUCHED_MUST,
                 textbook)


def ranges(program):
    found = each(count, {name: (program, "ours", name, *numbers)
                         for name, numbers in RANGES.items()})
    for name, values in found.items():
        yield Figure(f"heap.{name}",
                     round(values["instructions"] / values["operations"]),
                     "instructions a failing search for 1000 frames")


def steps(program):
    found = each(run, {(heap, name): ([program, "steps", heap, name, *numbers],)
                       for name, numbers in STEPPED.items() for heap in HEAPS
                       if (heap, name) not in TOO_SLOW})
    ours, textbook = (
        round(values["locked"] / values["operations"], 2)
        for values in (found[heap, "pair.o0"] for heap in HEAPS))
    yield Figure("heap.pair.o0.locked", ours, "locked instructions a pair",
                 LOCKED_GOAL, LOCKED_MUST, textbook)
    longest = {heap: max((int(values["longest"]), name)
                         for (of, name), values in found.items() if of == heap)
               for heap in HEAPS}
    yield Figure("heap.lock_hold_max", longest["ours"][0],
                 f"instructions; in {longest['ours'][1]}", HOLD_GOAL,
                 HOLD_MUST, longest["textbook"][0])


def threads(program):
    ours, textbook = (run([program, heap, "threads.w1", pairs])["ratio"]
                      for heap, pairs in THREAD_PAIRS.items())
    yield Figure("heap.threads.w1", ours, "times of 2 threads over 1",
                 THREADS_GOAL, THREADS_MUST, textbook)


def figures(program):
    for part in operations, threads, shapes, starts, ranges, steps:
        yield from part(program)


if __name__ == "__main__":
    print(HEADING)
    for each_figure in figures(sys.argv[1]):
        print(each_figure.line(), flush=True)
