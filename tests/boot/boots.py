#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The machines on which the image must boot and pass its self-tests.

usage: boots.py [-j N] [-v] [--without-tests] IMAGE [pattern]     prints TAP

A pattern picks scenarios by name; -v shows their logs. An image that was built
without self-tests only has to reach the end of its boot.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
from boot import Scenario, boot, report     # noqa: E402

# Forty holes of 64 KiB, one a MiB from 32 MiB up.
HOLES = "\n".join(f"cutmem {hex(a << 20)} {hex((a << 20) + 0x10000)}"
                  for a in range(32, 72))

AT_1_TIB = dict(memory="4G,slots=4,maxmem=1100G", cpu="max,phys-bits=46")


def scenarios(module):
    """All of them; @module is a file to hand over."""
    return [
        # UEFI first: they take longest.
        Scenario("UEFI, 256 MiB", "uefi", "256M"),
        Scenario("UEFI, 5 GiB", "uefi", "5G", modules=(module,)),
        Scenario("BIOS, 128 MiB", "bios", "128M"),
        Scenario("BIOS, 512 MiB", "bios", "512M", modules=(module, "LICENSE")),
        Scenario("BIOS, 4 GiB", "bios", "4G"),
        Scenario("BIOS, 8 GiB", "bios", "8G"),
        Scenario("BIOS, a map with forty holes", "bios", "256M", grub=HOLES),
        Scenario("direct, 32 MiB", memory="32M"),
        Scenario("direct, 3 GiB", memory="3G"),
        Scenario("direct, RAM that moves to 1 TiB", **AT_1_TIB),
        Scenario("direct, RAM at 1 TiB, frame numbers not compressed",
                 append="pdx=off", **AT_1_TIB),
        Scenario("direct, a CPU without 1 GiB pages", cpu="qemu64"),
        Scenario("direct, four CPUs", cpus=4),
        Scenario("direct, low RAM ends at 512 MiB", memory="2G",
                 extra=("-machine", "max-ram-below-4g=512M")),
        Scenario("direct, a module", modules=(module,)),
        Scenario("direct, every message", append="loglvl=debug"),
        Scenario("direct, mem= clips", append="mem=64M"),
        Scenario("direct, memmap= makes holes",
                 append="memmap=1M$64M,64K$80M,4K$96M,16M#128M"),
    ]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--without-tests", action="store_true")
    parser.add_argument("image")
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()

    with tempfile.NamedTemporaryFile(prefix="module-") as module:
        module.write(b"a module of more than a page " * 1000)
        module.flush()
        chosen = [s for s in scenarios(module.name)
                  if re.search(args.pattern, s.name)]
        if args.without_tests:
            chosen = [dataclasses.replace(s, tap=False) for s in chosen
                      if not s.script]
        print(f"1..{len(chosen)}")
        failed = 0
        with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
            results = pool.map(lambda s: boot(s, args.image), chosen)
            for number, (scenario, result) in enumerate(
                    zip(chosen, results), 1):
                found, log, seconds = result
                failed += bool(found)
                if args.v:
                    print("\n".join("# " + x for x in log.splitlines()))
                print(report(number, scenario, found, log, seconds), flush=True)
    sys.exit(1 if failed else 0)


main()
