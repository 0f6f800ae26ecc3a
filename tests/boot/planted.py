#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What goes wrong on the machine must fail the boot, and say how.

usage: planted.py [--built DIR] [pattern]

Prints TAP. The pattern picks cases by name. Plants one fault at a time in a copy of
the tree, builds the image there, and boots it. What was built in DIR before is
taken along.
"""

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from boot import Scenario, boot     # noqa: E402

CPU = "tests/boot/test_cpu.c"
CPU_LINE = "EXPECT_EQ(read_cr0(), CR0_WHOLE);"
SMP = "tests/boot/test_smp.c"
SMP_LINE = "EXPECT(nr_up <= boot_state()->nr_cpus_listed);"
WATCH = ("extern void watchdog_start(unsigned int seconds); "
         "watchdog_start(3); ")
BY_TURNS = ("-accel", "tcg,thread=single")


@dataclasses.dataclass
class Case:
    """What is planted, where, and what the boot must come to."""
    name: str
    new: str                    # what stands instead of the old line
    status: int                 # 33: good; None: it must be stopped
    log: tuple = ()             # patterns that the log must have
    absent: tuple = ()          # and that it must not have
    file: str = CPU
    old: str = CPU_LINE
    machine: dict = dataclasses.field(default_factory=dict)


def on_cpu_1(function, data="NULL"):
    return (f"cpumask_t one = {{ {{ 2 }} }}; "
            f"smp_call(&one, (void (*)(void *)){function}, {data}, true);")


def smp(name, new, log):
    return Case(name, new, 37, log, file=SMP, old=SMP_LINE,
                machine=dict(cpus=3))


def red(name, new, file, old, *tests):
    """A fault of the machine that turns those tests red."""
    suite = tests[0].split(":")[0]
    return Case(name, new, 35, tuple(rf"^not ok \d+ - {t}" for t in tests),
                file=file, old=old,
                machine=dict(cpus=4, extra=BY_TURNS,
                             append=f"selftest={suite}:*"))


CASES = [
    Case("nothing is wrong", CPU_LINE, 33,
         (r"^# selftest: \d+ passed, 0 failed",)),
    Case("a flipped bit in an expectation",
         CPU_LINE.replace("CR0_WHOLE", "(CR0_WHOLE ^ 1)"), 35,
         (r"^# .*test_cpu.c:\d+: read_cr0\(\) is .* got ",
          r"^not ok \d+ - cpu: "), machine=dict(append="selftest=cpu:*")),
    Case("a test that never ends", "for (;;) asm volatile(\"pause\");", None),
    Case("an exception", "int *volatile null = (int *)8; *null = 0;", 37,
         (r"^Unexpected exception on CPU 0: #PF, page fault .*error code 0x2",
          r"this looks like a null pointer",
          r"^Backtrace.*\n.* cpu_control_registers_hold.*\n"
          r"(.*\n)*.*selftest_run")),
    Case("an overflow of the stack",
         "asm volatile(\"1: push %rax; jmp 1b\");", 37,
         (r"^Unexpected exception on CPU 0: #DF, double fault",
          r"this looks like a stack overflow")),
    # CR2 is left as if a guard page had been hit before.
    Case("a bug", "asm volatile(\"mov %0, %%cr2\" : : "
         "\"r\"(stacks_guard(&boot_stacks, 0))); __builtin_trap();", 37,
         (r"#UD, invalid opcode",), absent=(r"stack overflow",)),
    smp("an exception on another CPU", on_cpu_1(8),
        (r"^Unexpected exception on CPU 1: #PF, page fault.*error code 0x10",
         r"^  execute at 0x0+8", r"^CPU 0 was stopped at ")),
    smp("a bug on another CPU",
        "extern void spin_unlock(void *lock); static unsigned int lock[4]; " +
        on_cpu_1("spin_unlock", "lock"),
        (r"^error: BUG on CPU 1 at common/spinlock.c",
         r"^Backtrace.*\n.* spin_unlock", r"^CPU 0 was stopped at ")),
    smp("a CPU that hangs with interrupts off", WATCH +
        "interrupts_disable(); for (;;) cpu_relax();",
        (r"this looks like a hang", r"^CPU 2, which noticed it, is at ",
         r"^CPU 0 was stopped at smp_every_cpu_that_came_up_takes_part")),
    smp("a CPU that is asked and never answers", WATCH +
        "extern void spin_lock(void *lock); "
        "static unsigned int lock[4] = { 1 }; " + on_cpu_1("spin_lock", "lock"),
        (r"this looks like a hang", r"^CPU [02], which noticed it, is at ",
         r"^CPU 1 was stopped at spin_lock")),
    red("a CPU that joins late", "if (!leave_starting(me, CPU_UP) && false) {",
        "arch/x86/cpu/smpboot.c", "if (!leave_starting(me, CPU_UP)) {",
        "idle: a_cpu_that_comes_late"),
    red("an idle CPU that wakes without its flush", "        (void)0;",
        "common/tlb_clock.c", "        flush_tlb_local();",
        "tlb: nobody_sees"),
    red("a debt that is not paid", "(void)0;", "common/page_take.c",
        "tlb_debt_pay(request->debt);", "tlb: nobody_sees",
        "tlb: frames_that_change_hands"),
    red("a type that changes without its flush", "(void)debt;",
        "common/page_type.c", "tlb_debt_pay(debt);",
        "types: a_page_that_became", "types: a_page_that_was"),
    red("a flush that forgets nothing", "", "arch/x86/cpu/tlb.c",
        "write_cr4(CR4_WHOLE & ~CR4_PGE);", "tlb: nobody_sees"),
]


def build(tree):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
    subprocess.run(["make", "-s", "-j2", "BUILD=build", "build/tessera"],
                   cwd=tree, env=env, check=True, stdin=subprocess.DEVNULL)


def try_case(tree, case):
    """Why the boot was not judged as it should be, or None."""
    with open(os.path.join(ROOT, case.file)) as source:
        text = source.read()
    if text.count(case.old) != 1:
        return f"{case.file} has the line {text.count(case.old)} times"
    planted = os.path.join(tree, case.file)
    with open(planted, "w") as source:
        source.write(text.replace(case.old, case.new))
    try:
        build(tree)
    except subprocess.CalledProcessError:
        return "does not build"
    finally:
        with open(planted, "w") as source:
            source.write(text)

    good = case.status == 33
    scenario = Scenario("", seconds=120 if good else 20, **case.machine)
    found, text, _ = boot(scenario, os.path.join(tree, "build", "tessera"))
    ending = {33: [], None: [f"it was stopped after {scenario.seconds} seconds"]
              }.get(case.status, [f"exit status {case.status} instead of 33"])
    lacks = [p for p in case.log if not re.search(p, text, re.M)]
    has = [p for p in case.absent if re.search(p, text, re.M)]
    if bool(found) == good or lacks or has or not set(ending) <= set(found):
        return f"judged {found}, lacks {lacks}, has {has}\n{text[-2000:]}"
    return None


def copy_tree(target, built):
    """With the objects, unless they are told apart by where they are."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(
        ".git", "build", "__pycache__"))
    if built != "build":
        return
    os.mkdir(os.path.join(target, built))
    for part in ("x86", "include", ".config", "auto.conf", "flags"):
        subprocess.run(["cp", "-a", os.path.join(ROOT, built, part),
                        os.path.join(target, built, part)], check=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--built", metavar="DIR", default="")
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    chosen = [case for case in CASES if re.search(args.pattern, case.name)]
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        tree = os.path.join(directory, "tree")
        copy_tree(tree, args.built)
        for number, case in enumerate(chosen, 1):
            why = try_case(tree, case)
            failed += bool(why)
            print("not ok" if why else "ok", number, "- planted:", case.name,
                  flush=True)
            for line in (why or "").splitlines():
                print("# |", line)
    return 1 if failed else 0


sys.exit(main())
