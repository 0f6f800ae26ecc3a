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


def table(name, body):
    """An ACPI table."""
    head = struct.pack("<4sIBB6s8sI4sI", name, 36 + len(body), 3, 0, b"TEST",
                       b"TEST", 1, b"TEST", 1)
    checksum = -sum(head + body) & 0xff
    return head[:9] + bytes([checksum]) + head[10:] + body


def madt(*entries):
    """An ACPI table that lists CPUs."""
    return table(b"APIC", struct.pack("<II", 0xfee00000, 1) + b"".join(entries))


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


def nodes(*sizes, cpus=(), distances=()):
    """Words for QEMU: nodes of such sizes, and of which of the CPUs."""
    words = []
    for node, size in enumerate(sizes):
        backend = f"memory-backend-ram,id=node{node},size={size}"
        words += ["-object", backend] if size else []
        words += ["-numa", f"node,nodeid={node}" +
                  (f",memdev=node{node}" if size else "") +
                  "".join(f",cpus={run}" for run in cpus[node:node + 1] if run)]
    for source, to, value in distances:
        words += ["-numa", f"dist,src={source},dst={to},val={value}"]
    return tuple(words)


def node(number, size, cpus, distances):
    """A line of the boot's log; @size is a pattern."""
    return (rf"^numa: node {number} \(domain \d+\): {size} MiB.*, {cpus}, "
            rf"distances {distances}$")


ANY_NODE = (r"^numa: node \d",)


def srat(*entries):
    """An ACPI table that tells which memory and CPUs are where."""
    return table(b"SRAT", struct.pack("<IQ", 1, 0) + b"".join(entries))


def memory(start, size, domain):
    return struct.pack("<BBIHQQIIQ", 1, 40, domain, 0, start, size, 0, 1, 0)


# Both nodes claim the second quarter of a gigabyte.
SRAT_LIES = srat(memory(0, 512 << 20, 0), memory(256 << 20, 768 << 20, 1))
# And here the MiB between them is of none.
SRAT_GAP = srat(memory(0, 256 << 20, 0), memory(257 << 20, 768 << 20, 1))

NO_RAM = (r"^error: memory: the map says that there is RAM at 0x\w+, but it "
          r"does not keep .*\n(error: .*\n)*"
          r"error: tessera cannot start: there is no")

# A conversation with the monitor: what is typed, what must be answered.
CONVERSATION = (
    ("help", r"^page .*\n(.*\n)*poweroff"),
    ("map", r"^memory map as used: \d+ rows\n(.*\n)*.* RAM "),
    ("heap", r"every invariant holds"),
    ("nodes", r"^nodes +one|^numa: node 0"),
    ("leaks", r"^ +frames +order +taken by|without PAGE_OWNER"),
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

SCRUB_CONVERSATION = (
    ("~heap", r"^dirty +0 frames .* scrubbed [1-9]\d+$"),
    ("alloc 9", r"(0x[0-9a-f]+)"),
    ("free {0} 9", r""),
    ("~heap", r"^dirty +0 frames "),
    ("heap", r"every invariant holds"),
)

# Memory fails, and CPU 0 is told so: of a frame that is free, and of one in use.
FAILED = "0xbd000000000000c0 5"         # uncorrected, but one can go on
FAILING_MEMORY = (
    ("page 0x4000000", r"^place +free"),
    (f"@mce 0 1 {FAILED} 0x4000040 0x8c",
     r"machine check: CPU 0, bank 1: status 0xbd00\w+, address 0x4000040\n"
     r".*machine check: frame 0x4000 is offline"),
    ("page 0x4000000", r"^place +offline, broken"),
    ("heap", r"every invariant holds"),
    ("online 0x4000000", r"refused: its memory is broken"),
    ("alloc 0", r"(0x[0-9a-f]+)"),
    (f"@mce 1 2 {FAILED} {{0}} 0x8c",
     r"frame 0x\w+ is in use, offline when given back"),
    ("page {0}", r"^place +in use, offline when given back, broken"),
    (f"@mce 1 2 {FAILED} {{0}} 0x8c",                   # and once more
     r"frame 0x\w+ is in use, offline when given back"),
    (f"@mce 1 2 {FAILED} 0x6003080 0x8e",               # 4 frames, as it seems
     r"frame 0x6000 is offline\n.*frame 0x6001 is offline\n"
     r".*frame 0x6002 is offline\n.*frame 0x6003 is offline"),
    ("page 0x6004000", r"^place +free"),
    ("free {0} 0", r"^freed"),
    ("page {0}", r"^place +offline, broken"),
    ("heap", r"every invariant holds"),
    ("audit", r"every invariant holds"),
    ("offline 0x5000000", r"^place +offline$"),
    ("page 0x5000000", r"^entry +offline"),
    ("online 0x5000000", r"^place +free"),
    ("offline 0x200000", r"refused: it is kept"),
    ("offline 0xa0000", r"refused: it is (kept|not RAM)"),
    ("offline 0x5000000 nonsense", r"^usage"),
    ("selftest memory:*", r"^# selftest: [1-9]\d* passed, 0 failed"),
)

def plug(number, size, node=0):
    """Have QEMU plug a DIMM in, and find that it is taken into use."""
    return ((f"@object_add memory-backend-ram,id=mem{number},size={size}", r""),
            (f"@device_add pc-dimm,id=dimm{number},memdev=mem{number},"
             f"node={node}", r""),
            ("~hotadd", r"^memory: \[0x\w+, 0x\w+\) joins node "
                        rf"{node}: .*\nhotadd +1 taken in, 0 refused"))


SOUND = (
    ("heap", r"every invariant holds"),
    ("audit", r"every invariant holds"),
    ("selftest memory:*", r"^# selftest: [1-9]\d* passed, 0 failed"),
    ("selftest paging:*", r"^# selftest: [1-9]\d* passed, 0 failed"),
    ("selftest *heap*", r"^# selftest: [1-9]\d* passed, 0 failed"),
)

SLOTS = dict(memory="512M,slots=4,maxmem=4G", append="selftest=memory:*")

# A block that only what was plugged in has, then one frame, which can go and
# come as any other; and memory that is no more than a few superpages.
PLUGGING = (
    ("map", r"^ *\d+ +0*100000000 .* room +memory may be plugged in"),
    ("hotadd", r"^hotadd +0 taken in, 0 refused"),
    ("alloc 17", r"^block +none"),
    *plug(0, "1G"),
    ("hotadd", r"^hotadd +0 taken in, 0 refused"),
    ("map", r"^ *\d+ +0*100000000 +0*13fffffff +1 GiB  RAM +plugged in"),
    ("map", r"^reserved: 0+13f600000 .* 10 MiB  entries of added RAM"),
    ("alloc 17", r"^block +of order 17 at (0x100000000)"),
    ("page 0x100000000", r"^map +RAM: plugged in"),
    ("free {0} 17", r"^freed"),
    ("offline 0x104000000", r"^place +offline"),
    ("online 0x104000000", r"^place +free"),
    ("offline 0x13fffe000", r"refused: it is kept"),
    *plug(1, "128M"),
    ("map", r"^ *\d+ +0*100000000 +0*147ffffff +1.1 GiB  RAM +plugged in"),
    ("~heap", r"^dirty +0 frames "),
    *SOUND,
)

NODES_PLUGGED = (
    *plug(0, "512M", 0),
    *plug(1, "1G", 1),
    ("nodes", r"^numa: node 0 .*: 767 MiB.*\nnuma: node 1 .*: 127\d MiB"),
    *SOUND,
    ("selftest nodes:*", r"^# selftest: [1-9]\d* passed, 0 failed"),
)

CPU_CONVERSATION = (
    ("cpus", r"^ +0 +0 +runs .* monitor_command\+"),
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
                 append="mem=11M selftest=smp:*",
                 log=(r"^cpus: (\d\d|1[01]\d) of 128 are up",
                      r"to 127: left out: there is no memory")),
        Scenario("direct, 4 CPUs, a script", cpus=4, log=up(4),
                 append="scrub=off",
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


def scenarios_with_nodes(lies, gap):
    """@lies and @gap are files with those tables."""
    four = nodes("3G", "", "512M", "512M",
                 cpus=("0,cpus=4", "1", "2,cpus=5", "3"),
                 distances=((0, 1, 31), (0, 2, 21), (0, 3, 12), (1, 2, 40),
                            (1, 3, 30), (2, 3, 15)))
    two = nodes("256M", "256M", cpus=("0-1", "2-3"), distances=((0, 1, 31),))
    ragged = nodes("262148K", "262140K", cpus=("0", "1"))
    few = "selftest=nodes:*"
    return [
        Scenario("direct, 4 nodes, a hole and one without memory", cpus=6,
                 memory="4G", extra=four,
                 log=up(6) + (node(0, 3071, "CPUs 0,4", "10 21 12 31"),
                              node(1, 512, "CPUs 2,5", "21 10 15 40"),
                              node(2, 512, "CPUs 3", "12 15 10 30"),
                              node(3, 0, "CPUs 1", "31 40 30 10"))),
        Scenario("direct, one node", cpus=2, append=few,
                 extra=nodes("512M", cpus=("0-1",)),
                 log=(node(0, r"51\d", "CPUs 0-1", "10"),)),
        Scenario("direct, 2 nodes", cpus=4, extra=two,
                 log=up(4) + (node(0, 255, "CPUs 0-1", "10 31"),
                              node(1, r"25\d", "CPUs 2-3", "31 10"))),
        Scenario("direct, 2 nodes, memory in the second alone", cpus=2,
                 extra=nodes("", "512M", cpus=("0", "1")),
                 log=up(2) + (node(0, r"51\d", "CPUs 1", "10 20"),
                              node(1, 0, "CPUs 0", "20 10"))),
        Scenario("direct, 2 nodes, a border inside a piece", cpus=2,
                 append=few, extra=ragged,
                 log=(r"^warning: numa: 2044 KiB of RAM are of the node below",)),
        Scenario("BIOS, 2 nodes", "bios", cpus=4, append=few, extra=two,
                 log=(node(0, 255, "CPUs 0-1", "10 31"),)),
        Scenario("direct, 2 nodes, memory is plugged into each", cpus=4,
                 extra=two, script=NODES_PLUGGED, **SLOTS),
        Scenario("direct, 2 nodes, numa=off", cpus=4, extra=two,
                 append="numa=off " + few, absent=ANY_NODE),
        Scenario("direct, numa=fake=3", cpus=4, append="numa=fake=3",
                 log=up(4) + (node(0, r"1\d\d", "CPUs 0,3", "10 20 20"),
                              node(2, r"1\d\d", "CPUs 2", "20 20 10"))),
        Scenario("direct, numa=fake=65", cpus=4, append="numa=fake=65",
                 log=up(4) + (r"^warning: numa=fake=65: there are 64 nodes",)),
        Scenario("direct, two nodes that claim the same", cpus=2, memory="1G",
                 extra=("-acpitable", f"file={lies}"), append=few,
                 log=(r"^warning: SRAT: refused: two domains overlap",
                      r"^warning: numa: one node: the SRAT is refused"),
                 absent=ANY_NODE),
        Scenario("direct, RAM of no node", cpus=2, memory="1G",
                 extra=("-acpitable", f"file={gap}"), append=few,
                 log=(r"^warning: numa: one node: RAM at 0x10000000 is in no "
                      r"domain",), absent=ANY_NODE),
    ]


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
        Scenario("direct, 1012 GiB, hardly any of which is touched",
                 memory="1012G", cpu="max,phys-bits=46",
                 usable=(1036286, 1036288), append="selftest=memory:*",
                 log=(r"^memory: .* frame table 8096 MiB",
                      r"^frame table: [1-8] MiB of it are in use so far")),
        Scenario("direct, memory fails", cpus=2, append="selftest=memory:*",
                 script=FAILING_MEMORY),
        Scenario("direct, a machine check that cannot be gone on after",
                 append="selftest=off", tap=False, status=37,
                 script=(("@mce 0 3 0xbf80000000000134 5 0x7000040 0x8c",
                          r"^Machine check on CPU 0 that cannot be gone on "
                          r"after: global status 0x5\nbank 3: status 0xbf8\w+, "
                          r"address 0x7000040\n"),)),
        Scenario("direct, memory is plugged in", cpus=2, script=PLUGGING,
                 log=(r"^memory: room for 7680 MiB that may be plugged in",),
                 **SLOTS),
        Scenario("BIOS, memory is plugged in, numa=off", "bios",
                 script=plug(0, "1G") + SOUND, memory=SLOTS["memory"],
                 append="selftest=off numa=off", tap=False),
        Scenario("direct, a DIMM from the start, and all self-tests", cpus=2,
                 memory=SLOTS["memory"], usable=(510, 512), extra=(
                     "-object", "memory-backend-ram,id=mem,size=1G",
                     "-device", "pc-dimm,memdev=mem"),
                 log=(r"^memory: \[0x100000000, 0x140000000\) joins node 0: "
                      r"1024 MiB, 10 of them for its entries",)),
        Scenario("direct, bad pages in what is plugged in", tap=False,
                 memory=SLOTS["memory"], append="selftest=off "
                 "badpage=100000,100007-100008,13ffff",
                 script=(("alloc 0", r"."), *plug(0, "1G"),
                         ("page 0x100000000", r"^kept +for badpage="),
                         ("page 0x13ffff000", r"^kept +for badpage="),
                         ("heap", r"every invariant holds"))),
        Scenario("direct, room that mem= forbids", memory=SLOTS["memory"],
                 append="mem=4G selftest=off", tap=False,
                 absent=("may be plugged in",),
                 script=(("hotadd", r"^hotadd +no memory can be plugged"),)),
        Scenario("direct, a PC without slots for memory", tap=False,
                 append="selftest=off", extra=("-machine", "pc"),
                 script=(("hotadd", r"^hotadd +no memory can be plugged"),)),
        Scenario("direct, an older PC, memory is plugged in", tap=False,
                 memory=SLOTS["memory"], append="selftest=off",
                 extra=("-machine", "pc"), script=plug(0, "1G") + SOUND),
        Scenario("direct, bad pages", append="selftest=memory:* "
                 "badpage=4000,0x5000-5fff,x,7-6",
                 log=(r"^reserved: 0+4000000 .* 4 KiB  badpage=",
                      r"^reserved: 0+5000000 .* 16 MiB  badpage=",
                      r'^warning: badpage=: "x": ignored',
                      r'^warning: badpage=: "7-6": ignored')),
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
        Scenario("direct, a request that must fail", tap=False, status=37,
                 append="heap-fail=1",
                 log=(r"^heap: a request .* fails, as was asked for; 1 so far",
                      r"^error: tessera cannot start: there is no memory")),
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
        Scenario("direct, memory is scrubbed while nobody wants it", cpus=2,
                 memory="256M", append="selftest=off", tap=False,
                 log=(r"^scrubbing 2\d\d MiB in the background",),
                 script=SCRUB_CONVERSATION),
        Scenario("direct, scrub=off", append="selftest=off scrub=off",
                 tap=False, absent=(r"^scrubbing",),
                 script=(("heap", r"^dirty +[1-9]\d+ frames .*bed 0; scrub=off$"),)),
        Scenario("direct, scrub=eager", append="scrub=eager"),
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
            tempfile.NamedTemporaryFile(prefix="madt-") as lies, \
            tempfile.NamedTemporaryFile(prefix="srat-") as overlap, \
            tempfile.NamedTemporaryFile(prefix="srat-") as gap:
        module.write(b"a module of more than a page " * 1000)
        module.flush()
        lies.write(LIES)
        lies.flush()
        overlap.write(SRAT_LIES)
        overlap.flush()
        gap.write(SRAT_GAP)
        gap.flush()
        chosen = [s for s in scenarios_with_cpus(lies.name, args.narrow) +
                  scenarios_with_nodes(overlap.name, gap.name) +
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
