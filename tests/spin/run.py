#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Have SPIN search each model of this folder to the end. Prints TAP.

usage: run.py [--long] [MODEL...]     names without .pml; all by default

The head comment of a model says how it is searched. A line 'ALSO -Dx=y ...' is
one more search with that, and 'LONG -Dx=y ...' one that is made only, and
alone, with --long. A line 'MISTAKE_x what' is a search with -DMISTAKE_x, which
puts that mistake in, and must find an error: a model that does not notice says
nothing. Without a mistake the search must find none, and must not have been
cut short.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
# Longest path, and megabytes and seconds of a search.
DEPTH = 3000000
MEMORY, PATIENCE = 3000, 300
MEMORY_LONG, PATIENCE_LONG = 12000, 3600
COMPILE = ["gcc", "-w", "-DSAFETY", "-o", "pan", "pan.c"]
SEARCH = ["./pan", f"-m{DEPTH}", "-n"]
CUT_SHORT = re.compile(r"max search depth|not completed|out of memory"
                       r"|reached.*limit|truncated", re.I)


MISTAKE = re.compile(r"\bMISTAKE_\w+")


def included(text):
    """What the models have in common: files that are included."""
    return "".join((FOLDER / name).read_text()
                   for name in re.findall(r'^#include "(.+)"$', text, re.M))


class Search:
    """One search of one model."""

    def __init__(self, model, flags=(), mistake=None, is_long=False):
        self.model, self.flags, self.mistake = model, list(flags), mistake
        self.memory = MEMORY_LONG if is_long else MEMORY
        self.patience = PATIENCE_LONG if is_long else PATIENCE
        self.is_slow = is_long or not (mistake or included(model.read_text()))
        self.name = model.stem
        if mistake:
            self.flags.append("-D" + mistake)
            self.name += " finds " + mistake
        elif flags:
            self.name += " " + " ".join(flags)

    def run(self):
        """Whether it went as it should, and what to tell of it."""
        start, output = time.monotonic(), ""
        with tempfile.TemporaryDirectory() as folder:
            # A mistake is soon found, and what is included makes a model large:
            # to compile well would take longer than to search.
            for command in (["spin", "-a", *self.flags, str(self.model)],
                            COMPILE + [f"-DMEMLIM={self.memory}",
                                       "-O1" if self.is_slow else "-O0"],
                            SEARCH):
                try:
                    done = subprocess.run(
                        command, cwd=folder, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                        text=True, errors="replace", timeout=self.patience)
                except (OSError, subprocess.TimeoutExpired) as error:
                    return False, f"{output}{error}", "-"
                output += done.stdout
                if command is not SEARCH and done.returncode:
                    return False, output, "-"
        return self.is_good(done), output, self.remark(output, start)

    def is_good(self, done):
        errors = re.search(r"errors: (\d+)$", done.stdout, re.M)
        if not errors:
            return False
        if self.mistake:
            # It is the property that was broken, and nothing else.
            return errors[1] != "0" and bool(re.search(
                r"^pan:\d+: (assertion violated|invalid end state)",
                done.stdout, re.M))
        return (errors[1] == "0" and done.returncode == 0
                and not CUT_SHORT.search(done.stdout))

    @staticmethod
    def remark(output, start):
        states = re.search(r"(\d+) states, stored", output)
        depth = re.search(r"depth reached (\d+)", output)
        return (f"{states[1] if states else '?'} states, depth "
                f"{depth[1] if depth else '?'}, "
                f"{time.monotonic() - start:.1f} s")


def searches(model, is_long):
    text = model.read_text()
    head = text[:text.find("\n */")]
    also = re.findall(r"^ \* ALSO (-\S+(?: -\S+)*)", head, re.M)
    longer = re.findall(r"^ \* LONG (-\S+(?: -\S+)*)", head, re.M)
    mistakes = re.findall(r"^ \* (MISTAKE_\w+)", head, re.M)
    # What is switched on must be there, and what is there must be switched on;
    # what is common to several models, by one of them.
    used = set(MISTAKE.findall(text[len(head):]))
    common = set(MISTAKE.findall(included(text)))
    wrong = (used - set(mistakes)) | (set(mistakes) - used - common)
    if wrong or not mistakes:
        sys.exit(f"{model.name}: the mistakes that it lists are not those "
                 f"that it has: {' '.join(wrong) or 'none'}")
    if is_long:
        return [Search(model, flags.split(), is_long=True) for flags in longer]

    return [Search(model), *(Search(model, flags.split()) for flags in also),
            *(Search(model, mistake=mistake) for mistake in mistakes)]


def check_common(models):
    """No mistake of a file that is included stays unused."""
    texts = [model.read_text() for model in models]
    common = {name for text in texts for name in
              MISTAKE.findall(included(text))}
    listed = {name for text in texts for name in
              re.findall(r"^ \* (MISTAKE_\w+)", text, re.M)}
    if common - listed:
        sys.exit(f"no model has {' '.join(common - listed)}")


def main():
    names = [name for name in sys.argv[1:] if name != "--long"]
    is_long = len(names) < len(sys.argv) - 1
    models = [FOLDER / f"{name}.pml" for name in names]
    if not models:
        models = sorted(FOLDER.glob("*.pml"))
        check_common(models)
    todo = [search for model in models for search in searches(model, is_long)]
    failed = False
    print(f"1..{len(todo)}")
    # A long one needs the memory for itself.
    at_once = 1 if is_long else os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        results = pool.map(Search.run, todo)
        for number, (search, result) in enumerate(zip(todo, results), 1):
            good, output, remark = result
            failed |= not good
            print("ok" if good else "not ok", number, "- spin:", search.name)
            print("#", remark)
            if not good:
                print("\n".join("# | " + line
                                for line in output.splitlines()[-40:]))
            sys.stdout.flush()
    return 1 if failed or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
