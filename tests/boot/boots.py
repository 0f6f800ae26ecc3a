#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The machines on which the image must boot and pass its self-tests.

usage: boots.py [-j N] [-v] [--without-tests] [--narrow IMAGE] IMAGE [pattern]

Prints TAP. A pattern picks scenarios by name; -v shows their logs. An image that
was built without self-tests only has to reach the end of its boot. The narrow
image is one whose TLB clock has 3 bits.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import re
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
from boot import Scenario, boot, report     # noqa: E402

# Forty holes of 64 KiB, one a MiB from 32 MiB up.
HOLES = "\n".join(f"cutmem {hex(a << 20)} {hex((a << 20) + 0x10000)}"
                  for a in range(32, 72))

AT_1_TIB = dict(memory="4G,slots=4,maxmem=1100G", cpu="max,phys-bits=46",
                usable=(4090, 4096), log=(r"^ *\d+ +0*10000000000 .* RAM ",))

# A DIMM that the map tells of only because memmap= does.
AT_6_TIB = dict(memory="512M,slots=1,maxmem=8T", cpu="max,phys-bits=46",
                append="memmap=1G@6T", usable=(1534, 1536),
                log=(r"^warning: RAM above 0x\w+ is not in the direct map",),
                extra=("-object", "memory-backend-ram,id=far,size=1G",
                       "-device", "pc-dimm,memdev=far,addr=0x60000000000"))

GRUB = r"^Started by GRUB"

# All CPUs by turns, on one of the host's: a hundred times as many of their
# requests in a second, and other ones meet.
BY_TURNS = ("-accel", "tcg,thread=single")


def up(cpus, listed=None):
    """So many of the CPUs that are listed came up, and ran a test."""
    return (rf"^cpus: {cpus} of {listed or cpus} are up in \d+ ms",
            rf"^# {cpus} CPUs ran it")


def madt(*entries):
    """An ACPI table that lists CPUs."""
    body = struct.pack("<II", 0xfee00000, 1)
    body += b"".join(entries)
    head = struct.pack("<4sIBB6s8sI4sI", b"APIC", 36 + len(body), 1, 0, b"TEST",
                       b"TEST", 1, b"TEST", 1)
    checksum = -sum(head + body) & 0xff
    return head[:9] + bytes([checksum]) + head[10:] + body


def lapic(number, flags=1):
    return struct.pack("<BBBBI", 0, 8, number, number, flags)


def x2apic(number):
    return struct.pack("<BBHIII", 9, 16, 0, number, 1, number)


NO_LENGTH = bytes(8)

# Of four CPUs one is listed twice and one as disabled; two are not there; and
# the last entry has no length.
LIES = madt(lapic(0), lapic(1), lapic(1), lapic(2, 0), x2apic(300), lapic(77),
            lapic(3), NO_LENGTH)
LIES_SEEN = (r"number 1: left out: it is listed twice",
             r"number 300: left out: it takes x2APIC mode",
             r"^warning: MADT: an entry of 0 bytes",
             r"^warning: CPU 2 \(APIC number 77\): left out: it does not answer")

NO_RAM = (r"^error: memory: the map says that there is RAM at 0x\w+, but it "
          r"does not keep .*\n(error: .*\n)*"
          r"error: tessera cannot start: there is no")

# A conversation with the monitor: what is typed, what must be answered.
CONVERSATION = (
    ("help", r"^page .*\n(.*\n)*poweroff"),
    ("map", r"^memory map as used: \d+ rows\n(.*\n)*.* RAM "),
    ("heap", r"every invariant holds"),
    ("page 0x200000", r"^kept +for image"),
    ("page mfn 0x200", r"address 0x200000"),
    ("page mfn 0xffffffffffff", r"^not a frame number"),
    ("alloc 3", r"(0x[0-9a-f]+)"),
    ("heap", r"every invariant holds"),
    ("page {0}", r"^heap +not free"),
    ("free {0} 3", r""),
    ("page {0}", r"^heap +(?!not)"),
    ("heap", r"every invariant holds"),
    ("domains", r"^d32753 +alive, of devices, \d+ frames"),
    ("audit", r"^audit +every invariant holds"),
    ("selftest memory:*", r"^# selftest: [1-9]\d* passed, 0 failed"),
    ("", r"^"),
    ("no such command", r"help"),
    ("page no-number", r"."),
)

CPU_CONVERSATION = (
    ("cpus", r"^ +0 +0 +runs .* command_cpus\+"),
    ("cpus", r"^ +3 +3 +idles .* wait_for_interrupt\+"),
    ("cpus", r"^4 of 4 CPUs take part"),
    ("tlb", r"^marks +[1-9]"),
)


def scenarios_with_cpus(lies, narrow):
    """@lies is a file with that table, @narrow an image, or empty."""
    wrong = (f"acpi --exclude=APIC /boot/{os.path.basename(lies)}")
    found = [
        Scenario("UEFI, 8 CPUs", "uefi", cpus=8, log=up(8) + (GRUB,)),
        Scenario("BIOS, one CPU", "bios", log=up(1) + (GRUB,)),
        Scenario("BIOS, 2 CPUs", "bios", cpus=2, log=up(2) + (GRUB,)),
        Scenario("BIOS, 8 CPUs", "bios", cpus=8, log=up(8) + (GRUB,)),
        Scenario("BIOS, 64 CPUs", "bios", cpus=64, log=up(64) + (GRUB,)),
        Scenario("BIOS, a list of CPUs that lies", "bios", cpus=4, grub=wrong,
                 modules=(lies,), log=up(3, 4)[:1] + LIES_SEEN),
        Scenario("direct, 255 CPUs", cpus=255, memory="1G", log=up(255),
                 append="selftest=smp:*"),
        Scenario("direct, 128 CPUs, memory for fewer", cpus=128,
                 append="mem=10M selftest=smp:*",
                 log=(r"^cpus: (\d\d|1[01]\d) of 128 are up",
                      r"to 127: left out: there is no memory")),
        Scenario("direct, 4 CPUs, a script", cpus=4, log=up(4),
                 script=CPU_CONVERSATION),
        Scenario("direct, 8 CPUs by turns", cpus=8, extra=BY_TURNS, log=up(8)),
        Scenario("direct, 64 CPUs by turns", cpus=64, extra=BY_TURNS,
                 log=up(64)),
        Scenario("direct, maxcpus=2 of 4", cpus=4, append="maxcpus=2",
                 log=up(2, 4)),
        Scenario("direct, maxcpus=1 of 4", cpus=4, append="maxcpus=1",
                 log=up(1, 4)),
        Scenario("direct, no local APIC", cpus=2, cpu="max,-apic",
                 log=up(1, 2) + ("there is no local APIC",)),
        Scenario("direct, no timer", cpus=4, extra=("-machine", "pit=off"),
                 log=up(4) + ("there is no timer",)),
        Scenario("direct, one frame of low memory", cpus=4,
                 append="memmap=316K$4K,312K$324K",
                 log=up(4) + (r"^reserved: 0+50000 .* trampoline",)),
        Scenario("direct, no frame of low memory", cpus=4,
                 append="memmap=632K$4K",
                 log=up(1, 4) + ("no frame is free below 0xa0000",)),
    ]
    for cpus in 2, 4, 8:
        if narrow:
            found.append(Scenario(f"direct, {cpus} CPUs, a clock of 3 bits",
                                  cpus=cpus, image=narrow, log=up(cpus)))
    if narrow:
        found.append(Scenario("direct, 8 CPUs by turns, a clock of 3 bits",
                              cpus=8, extra=BY_TURNS, image=narrow, log=up(8)))
    return found


def scenarios(module):
    """All others; @module is a file to hand over."""
    named = (rf"^reserved: .*{re.escape(os.path.basename(module))}",)
    return [
        # UEFI first: they take longest.
        Scenario("UEFI, 256 MiB", "uefi", "256M", usable=(240, 256),
                 log=(GRUB, r"ACPI NVS"), script=CONVERSATION),
        Scenario("UEFI, 5 GiB", "uefi", "5G", modules=(module,),
                 usable=(5100, 5120), log=(GRUB,) + named),
        Scenario("BIOS, 128 MiB", "bios", "128M", usable=(126, 128),
                 log=(GRUB,)),
        Scenario("BIOS, 512 MiB", "bios", "512M", modules=(module, "LICENSE"),
                 usable=(510, 512), log=(GRUB, r"^reserved: .*LICENSE") + named),
        Scenario("BIOS, 4 GiB", "bios", "4G", usable=(4094, 4096), log=(GRUB,)),
        Scenario("BIOS, 8 GiB", "bios", "8G", usable=(8190, 8192), log=(GRUB,)),
        Scenario("BIOS, a map with forty holes", "bios", "256M", grub=HOLES,
                 usable=(251, 253),
                 log=(GRUB, r"^memory map as used: [4-9]\d rows",
                      r"^ *and \d+ more\n *the monitor's 'map' shows all")),
        Scenario("BIOS, quotes on the command line", "bios",
                 append='loglvl="info" selftest="live_heap: a_limit*"',
                 log=(GRUB,), absent=(r"^ok \d+ - (?!live_heap: a_limit)",)),
        Scenario("BIOS, a script at the monitor", "bios", script=CONVERSATION,
                 log=(GRUB,)),
        Scenario("direct, 32 MiB", memory="32M", usable=(30, 32)),
        Scenario("direct, 3 GiB", memory="3G", usable=(3070, 3072)),
        Scenario("direct, RAM that moves to 1 TiB", **AT_1_TIB),
        Scenario("direct, RAM at 1 TiB, frame numbers not compressed",
                 append="pdx=off", **AT_1_TIB),
        Scenario("direct, a CPU without 1 GiB pages", cpu="qemu64"),
        Scenario("direct, low RAM ends at 512 MiB", memory="2G",
                 usable=(2046, 2048),
                 extra=("-machine", "max-ram-below-4g=512M")),
        Scenario("direct, 64 GiB", memory="64G", usable=(65534, 65536),
                 append="selftest=memory:*"),
        Scenario("direct, a module", modules=(module,),
                 log=(r"^reserved: .* module ",)),
        Scenario("direct, every message", append="loglvl=debug",
                 log=(r"^bootmem: \d+ frames at 0x\w+: frame table",
                      r"^frame table: \d+ MiB at ", r"^pdx: identity",
                      r"^paging: .* direct map", r"^ACPI: FACP at 0x")),
        Scenario("direct, RAM above the direct map", **AT_6_TIB),
        Scenario("direct, RAM above what the CPU can address", append=
                 "memmap=1G@2T", usable=(510, 512),
                 log=(r"^ *\d+ +0*20000000000 .* above what the CPU can",)),
        Scenario("direct, RAM up to the last address, but none is there",
                 append="memmap=0xffffffff00000000@4G", tap=False, status=37,
                 log=(NO_RAM, r"RAM, but above what the CPU can address")),
        Scenario("direct, a frame table where no RAM is", tap=False, status=37,
                 append="memmap=1G@64G", log=(NO_RAM,)),
        Scenario("direct, page tables where no RAM is", tap=False, status=37,
                 append="memmap=1G@1G", log=(NO_RAM,)),
        Scenario("direct, an island of RAM", memory="4G", usable=(2046, 2048),
                 append="memmap=2047M$4097M",
                 log=(r"^frame table: 1024 KiB of RAM are not used",
                      r"^reserved: 0*100000000 .* islands of RAM")),
        Scenario("direct, mem= clips", append="mem=64M", usable=(62, 64)),
        Scenario("direct, memmap= makes holes", usable=(493, 495),
                 append="memmap=1M$64M,64K$80M,4K$96M,16M#128M"),
        Scenario("direct, a command line with slips in it",
                 append="nonsense mem=x memmap=1M poweroff=7",
                 log=("nonsense", "mem=x", "memmap=1M", "poweroff=7")),
        Scenario("direct, some of the self-tests", append="selftest=*heap*",
                 absent=(r"^ok \d+ - (?!.*heap)",)),
        Scenario("direct, no self-tests", append="selftest=off", tap=False,
                 absent=("^TAP",)),
        Scenario("direct, a pattern that no self-test has",
                 append="selftest=xyzzy", tap=False, status=35),
        Scenario("direct, a script at the monitor", script=CONVERSATION),
        Scenario("direct, the monitor where only errors are logged",
                 append="loglvl=error selftest=off", tap=False,
                 absent=("^memory map", "^reserved:"),
                 script=(("map", r"^memory map as found: \d+ rows\n(.*\n)*"
                                 r"memory map as used: \d+ rows\n(.*\n)*"
                                 r"reserved: .* image"),)),
    ]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--without-tests", action="store_true")
    parser.add_argument("--narrow", default="")
    parser.add_argument("image")
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()

    with tempfile.NamedTemporaryFile(prefix="module-") as module, \
            tempfile.NamedTemporaryFile(prefix="madt-") as lies:
        module.write(b"a module of more than a page " * 1000)
        module.flush()
        lies.write(LIES)
        lies.flush()
        chosen = [s for s in scenarios_with_cpus(lies.name, args.narrow) +
                  scenarios(module.name) if re.search(args.pattern, s.name)]
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
