#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run programs that print TAP, and add up what they say.

usage: check.py [-j N] [-t SECONDS] [-v] program... [-- program argument...]...

Each plain argument is a program without arguments; each '--' starts one with
arguments. A program that dies, hangs, announces another number of tests than
it reports, or reports none at all, counts as one more failure: silence is not
success. The last line is 'N passed, N failed'; the status is 0 if none failed.
"""

import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

TAIL_LINES = 40
RESULT = re.compile(r"(not )?ok\b(?:\s+(\d+))?(?:\s*-\s*(.*))?")


class Tap:
    """What one program's output says."""

    def __init__(self, text):
        self.passed, self.skipped, self.failures, self.plan = 0, [], [], None
        self.numbers, self.remarks = [], []
        for line in text.splitlines():
            self.read(line)

    def read(self, line):
        plan = re.fullmatch(r"1\.\.(\d+)(\s*#.*)?", line.rstrip())
        result = RESULT.match(line)
        if plan:
            self.plan = int(plan[1]) if self.plan is None else -1
        elif line.startswith("Bail out!"):
            self.failures.append([line])
        elif result:
            self.result(line, result)
        elif line.startswith("#"):
            (self.failures[-1] if self.in_failure else
             self.remarks).append(line)

    def result(self, line, result):
        self.numbers.append(int(result[2] or len(self.numbers) + 1))
        self.in_failure = bool(result[1])
        # Remarks stand before the result that they explain, or behind it.
        if self.in_failure:
            self.failures.append([line] + self.remarks)
        else:
            self.passed += 1
            if re.search(r"# *SKIP", line, re.I):
                self.skipped.append(line)
        self.remarks = []

    in_failure = False

    def fault(self):
        """Why this is not a whole report, or None."""
        if self.plan is None:
            return "printed no plan"
        if self.numbers != list(range(1, self.plan + 1)):
            return (f"announced {self.plan} tests and reported "
                    f"{len(self.numbers)}")
        if self.plan == 0:
            return "ran no test"
        return None


def run(command, limit):
    """Status, output and seconds; the status is None after a timeout."""
    start = time.monotonic()
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
    except OSError as error:
        return 127, str(error), 0
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = None
    return status, output.decode(errors="replace"), time.monotonic() - start


def judge(status, text, limit):
    """Tests passed, tests skipped, and a list of failures, each of lines."""
    tap = Tap(text)
    failures = list(tap.failures)
    fault = tap.fault()
    if status is None:
        fault = f"was stopped after {limit} seconds"
    elif status < 0:
        fault = f"died of signal {-status}"
    elif status and not tap.failures:
        fault = f"reported no failure but ended with status {status}"
    if fault:
        tail = text.splitlines()[-TAIL_LINES:]
        failures.append([fault] + ["    | " + line for line in tail])
    return tap.passed, tap.skipped, failures


def title(command):
    """A command, short enough for a line."""
    words = [word for word in command if os.path.basename(word) not in
             ("sh", "env", "python3") and not word.startswith("CC=")]
    if len(words) == 1:
        return os.path.relpath(words[0])[-56:]
    text = " ".join([words[0]] + [os.path.basename(w) for w in words[1:]])
    return text if len(text) <= 56 else text[:53] + "..."


def parse(arguments):
    """Options, and a list of commands."""
    options = {"-j": os.cpu_count() or 1, "-t": 300}
    commands, verbose = [], False
    while arguments and arguments[0].startswith("-") and arguments[0] != "--":
        option = arguments.pop(0)
        if option == "-v":
            verbose = True
        else:
            options[option] = int(arguments.pop(0))
    while arguments and arguments[0] != "--":
        commands.append([os.path.abspath(arguments.pop(0))])
    for argument in arguments:
        if argument == "--":
            commands.append([])
        else:
            commands[-1].append(argument)
    return options["-j"], options["-t"], verbose, commands


def main():
    jobs, limit, verbose, commands = parse(sys.argv[1:])
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(run, c, limit): c for c in commands}
        for done in concurrent.futures.as_completed(runs):
            status, text, seconds = done.result()
            name = title(runs[done])
            good, skipped, failures = judge(status, text, limit)
            passed += good
            failed += len(failures)
            verdict = "FAIL" if failures else "ok"
            print(f"{verdict:5}{good:4} passed {seconds:6.1f} s  {name}")
            if verbose and not failures:
                print(text, end="")
            for line in skipped:
                print("       " + line)
            for lines in failures:
                print("\n".join("    " + line for line in lines))
            sys.stdout.flush()
    if not commands:
        failed = 1
        print("nothing to run")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
