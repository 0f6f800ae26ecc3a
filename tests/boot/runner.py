#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The boot runner must call a bad boot bad: machines that are shell scripts.

Prints TAP.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
from boot import Scenario, boot     # noqa: E402

HEAD = "echo TAP version 13; echo 1..2; echo ok 1 - a: b; "
GOOD = HEAD + "echo ok 2 - c: d; echo '# selftest: 2 passed, 0 failed'; "
PROMPT = "printf 'tessera> '; "
HEAP = "dd bs=1 count=5 >/dev/null 2>&1; "       # reads 'heap' and a return

# What the machine does, and a word of the complaint; no word: it is good.
CASES = [
    ("all is well", GOOD + "exit 33", ""),
    ("carriage returns and colours are no harm",
     GOOD.replace("echo 1..2", "printf '\\033[0m1..2\\r\\n'") + "exit 33", ""),
    ("a hang is stopped", GOOD + "sleep 60", "was stopped"),
    ("silence", "exit 33", "printed nothing"),
    ("good output, status 0: a triple fault", GOOD + "exit 0", "status 0"),
    ("good output, status 37: a BUG", GOOD + "exit 37", "status 37"),
    ("good output, killed", GOOD + "kill -9 $$", "status -9"),
    ("status 33 without a test", "echo hello; exit 33", "no self-tests"),
    ("it stops after the first test", HEAD + "exit 33", "0 final lines"),
    ("a test is missing", HEAD +
     "echo '# selftest: 2 passed, 0 failed'; exit 33", "1 reported"),
    ("a test too many", HEAD + "echo ok 2 - x; echo ok 3 - y; "
     "echo '# selftest: 2 passed, 0 failed'; exit 33", "3 reported"),
    ("the final line counts wrong", HEAD + "echo ok 2 - x; "
     "echo '# selftest: 3 passed, 0 failed'; exit 33", "3 counted"),
    ("a failed test, status 33", HEAD + "echo not ok 2 - x; "
     "echo '# selftest: 1 passed, 1 failed'; exit 33", "not ok 2"),
    ("a failed test, honest status", HEAD + "echo not ok 2 - x; "
     "echo '# selftest: 1 passed, 1 failed'; exit 35", "status 35"),
    ("a failure that only the count knows", HEAD + "echo ok 2 - x; "
     "echo '# selftest: 2 passed, 1 failed'; exit 33", "1 failed"),
    ("no test at all", "echo TAP version 13; echo 1..0; "
     "echo '# selftest: 0 passed, 0 failed'; exit 33", "0 tests planned"),
    ("no plan", GOOD.replace("echo 1..2; ", "") + "exit 33", "0 plans"),
    ("the same test twice", HEAD + "echo ok 1 - a: b; "
     "echo '# selftest: 2 passed, 0 failed'; exit 33", "not numbered"),
    ("a line that the log must have", "echo hello; " + GOOD + "exit 33",
     "the log lacks", dict(log=("^goodbye",))),
    ("a line that the log must not have", "echo hello; " + GOOD + "exit 33",
     "the log has", dict(absent=("hello",))),
    ("an answer on the monitor", GOOD + PROMPT + HEAP + "echo got it; " +
     PROMPT + "exit 33", "", dict(script=(("heap", "^got it"),))),
    ("a wrong answer", GOOD + PROMPT + HEAP + "echo no; " +
     PROMPT + "exit 33", "not answered",
     dict(script=(("heap", "^got it"),))),
    ("no prompt", GOOD + "exit 33", "no prompt",
     dict(script=(("heap", "^got it"),))),
    ("a command that hangs", GOOD + PROMPT + HEAP + "sleep 60", "was stopped",
     dict(script=(("heap", "^got it"),))),
    ("an unwanted exit", GOOD + PROMPT + HEAP + "exit 37", "status 37",
     dict(script=(("heap", "x*"),))),
]


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, shell, word, *more) in enumerate(CASES, 1):
        scenario = Scenario(name, seconds=1 if word == "was stopped" else 10,
                            command=("sh", "-c", shell),
                            **(more[0] if more else {}))
        found, log, seconds = boot(scenario, None)
        right = any(word in f for f in found) if word else not found
        failed += not right
        print(f"{'ok' if right else 'not ok'} {number} - boot runner: {name}")
        if not right:
            print(f"# after {seconds:.1f} s it said: {found}")
            print("# of: " + repr(log))
    sys.exit(1 if failed else 0)


main()
