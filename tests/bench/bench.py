#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the boot costs, and what page tables do, against the goals.

usage: bench.py BENCH_JSON IMAGE BENCH_TLB BENCH_HEAP

The image is one without self-tests and debug checks. QEMU counts: one tick of
the time stamp counter is one instruction, so the figures repeat exactly, but
for times on this machine, which bind nobody.
"""

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time

TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "tools")
sys.path.insert(0, TOOLS)
import qemu     # noqa: E402

from figure import HEADING, Figure     # noqa: E402
import heap_of_frames     # noqa: E402
from overhead import overhead     # noqa: E402
import types_of_frames     # noqa: E402

COUNTING = ("-icount", "shift=0,sleep=off")
INSTRUCTIONS_GOAL = 3_000_000       # at any size
MEMORY = "512M", "16G", "1012G"
PRIVATE_BYTES_GOAL = 2 << 20
IMAGE_BYTES_GOAL = 256 << 10
OVERHEAD_GOAL = 5
SECONDS = 120


def counted_boot(image, memory):
    """The 'bench:' lines of one boot, as a dictionary."""
    line = qemu.command(image=image, memory=memory, extra=COUNTING,
                        cpu="max,phys-bits=46",
                        append="selftest=off poweroff")
    session = qemu.Session(line, SECONDS)
    status = session.finish()
    log = session.text()
    if status != 33:
        sys.exit(f"bench.py: {memory}: status {status}\n{log}")
    found = re.findall(r"\bbench: (\S+) (\d+)", log)
    return {name: int(value) for name, value in found}


def prompt_milliseconds(iso, firmware, directory):
    """From our first line, just after GRUB's hand-over, to the prompt."""
    line = qemu.command(iso=iso, firmware=firmware, directory=directory)
    session = qemu.Session(line, SECONDS)
    if not session.wait_for(r"^Tessera\b"):
        sys.exit(f"bench.py: {firmware}: no first line\n{session.text()}")
    start = time.monotonic()
    reached = session.wait_for(re.escape(qemu.PROMPT))
    took = time.monotonic() - start
    session.stop()
    if not reached:
        sys.exit(f"bench.py: {firmware}: no prompt\n{session.text()}")
    return round(took * 1000)


def seconds_to_have_up(image, cpus):
    """From the start of QEMU until all CPUs take part."""
    line = qemu.command(image=image, cpus=cpus, memory="1G", append="poweroff")
    start = time.monotonic()
    session = qemu.Session(line, SECONDS)
    reached = session.wait_for(rf"^cpus: {cpus} of {cpus} are up")
    took = time.monotonic() - start
    session.stop()
    if not reached:
        sys.exit(f"bench.py: {cpus} CPUs are not up\n{session.text()}")
    return round(took, 1)


def measure(image):
    """(name, value, unit, goal or None) for each figure."""
    for memory in MEMORY:
        yield (f"boot.instructions.{memory}",
               counted_boot(image, memory)["boot.instructions"],
               "instructions", INSTRUCTIONS_GOAL)
    yield ("boot.private_bytes.4G",
           counted_boot(image, "4G")["boot.private_bytes"], "bytes",
           PRIVATE_BYTES_GOAL)
    yield "image.bytes", os.path.getsize(image), "bytes", IMAGE_BYTES_GOAL
    for cpus in 64, 255:
        yield (f"smp.up.{cpus}.seconds", seconds_to_have_up(image, cpus),
               "seconds", None)
    with tempfile.TemporaryDirectory() as directory:
        iso = os.path.join(directory, "bench.iso")
        subprocess.run(["sh", os.path.join(TOOLS, "iso.sh"), image, iso,
                        "selftest=off"], check=True)
        for firmware in "bios", "uefi":
            yield (f"boot.prompt.{firmware}",
                   prompt_milliseconds(iso, firmware, directory), "ms", None)


def interrupts(program):
    """The table of policies, and a figure for each; ours has a goal on 64."""
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=SECONDS)
    print("\n".join(line for line in done.stdout.splitlines()
                    if not line.startswith("bench: ")))
    figures = {name: int(value) for name, value in
               re.findall(r"^bench: (\S+) (\d+)$", done.stdout, re.M)}
    goal = min(figures["tlb.ipis.64.stamp"] // 10,
               figures["tlb.ipis.64.all"] // 100)
    for name, value in figures.items():
        yield (name, value, "interrupts for a million allocations",
               goal if name == "tlb.ipis.64.both" else None)


def main():
    path, image, policies, heaps = sys.argv[1:]
    table = []
    print("Built without CONFIG_DEBUG and CONFIG_SELFTEST.")
    print(HEADING)
    figures = itertools.chain(
        measure(image), interrupts(policies),
        (("tlb.alloc_overhead", measured(), "instructions", OVERHEAD_GOAL)
         for measured in [overhead]),
        types_of_frames.figures(), heap_of_frames.figures(heaps))
    for figure in itertools.starmap(Figure, figures):
        table.append(figure)
        print(figure.line(), flush=True)
    with open(path, "w") as file:
        json.dump([figure._asdict() for figure in table], file, indent=2)
        file.write("\n")
    missed = sum(figure.is_missed() for figure in table)
    sys.exit(f"{missed} goals missed" if missed else 0)


main()
