#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A self-test that goes wrong on the machine must fail the boot, and say how.

Plants one such test at a time in a copy of the tree, builds the image there,
and boots it. Prints TAP.
"""

import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from boot import Scenario, boot     # noqa: E402

FILE = "tests/boot/test_cpu.c"
OLD = "EXPECT_EQ(read_cr0(), CR0_WHOLE);"

# What stands there instead, the status, what the log must tell, and what it
# must not.
CASES = [
    ("nothing is wrong", OLD, 33, (r"^# selftest: \d+ passed, 0 failed",)),
    ("a flipped bit in an expectation",
     OLD.replace("CR0_WHOLE", "(CR0_WHOLE ^ 1)"), 35,
     (r"^# .*test_cpu.c:\d+: read_cr0\(\) is .* got ", r"^not ok \d+ - cpu: ")),
    ("a test that never ends", "for (;;) asm volatile(\"pause\");", None, ()),
    ("an exception", "int *volatile null = (int *)8; *null = 0;", 37,
     (r"^Unexpected exception: #PF, page fault .*error code 0x2",
      r"this looks like a null pointer",
      r"^Backtrace.*\n.* cpu_control_registers_hold.*\n(.*\n)*.*selftest_run")),
    ("an overflow of the stack",
     "asm volatile(\"1: push %rax; jmp 1b\");", 37,
     (r"^Unexpected exception: #DF, double fault",
      r"this looks like a stack overflow")),
    # CR2 is left as if a guard page had been hit before.
    ("a bug", "asm volatile(\"mov %0, %%cr2\" : : "
     "\"r\"(stacks_guard(&boot_stacks, 0))); __builtin_trap();", 37,
     (r"#UD, invalid opcode",), (r"stack overflow",)),
]


def build(tree):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD")}
    subprocess.run(["make", "-s", "-j2", "BUILD=build", "build/tessera"],
                   cwd=tree, env=env, check=True, stdin=subprocess.DEVNULL)


def try_case(tree, new, status, log, absent=()):
    """Why the boot was not judged as it should be, or None."""
    with open(os.path.join(ROOT, FILE)) as source:
        text = source.read()
    if text.count(OLD) != 1:
        return f"{FILE} has the line {text.count(OLD)} times"
    with open(os.path.join(tree, FILE), "w") as source:
        source.write(text.replace(OLD, new))
    build(tree)

    image = os.path.join(tree, "build", "tessera")
    good = status == 33
    complaints, text, _ = boot(Scenario("", seconds=120 if good else 20), image)
    if bool(complaints) == good:
        return f"judged {complaints or 'good'}\n{text[-2000:]}"
    if good:
        return None
    # The same boot, judged by what it should say.
    complaints, text, _ = boot(
        Scenario("", tap=False, status=status, log=log, absent=absent,
                 seconds=20), image)
    if status is None:
        complaints = [c for c in complaints if "was stopped" not in c
                      and "status" not in c]
    return f"{complaints}\n{text[-2000:]}" if complaints else None


def main():
    failed = 0
    print(f"1..{len(CASES)}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        tree = os.path.join(directory, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(
            ".git", "build", "__pycache__"))
        for number, (name, *case) in enumerate(CASES, 1):
            why = try_case(tree, *case)
            failed += bool(why)
            print("not ok" if why else "ok", number, "- planted:", name,
                  flush=True)
            for line in (why or "").splitlines():
                print("# |", line)
    return 1 if failed else 0


sys.exit(main())
