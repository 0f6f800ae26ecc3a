#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the documents name must exist, and tables be whole. Prints TAP.

usage: docs.py [ROOT]

Looks at each *.md file for: links inside the tree; functions, written as
`name()`; files, written as `folder/file.c`; targets, written as `make target`;
and tests, written as `suite: name`. A row of a table stands below another, or
below a blank line and above the line under the headings.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                    pathlib.Path(__file__).parents[2]).resolve()

# Where a function begins, or a macro, at the margin; not where one is called,
# nor where a comment speaks of it. Labels are for assembly.
DEFINED = re.compile(r"^(?:[A-Za-z_#][\w* ]*[ *])?(\w+)(?:\(|:$)", re.M)
FOLDERS = ("include", "common", "arch", "tests", "examples", "tools")


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[chS]")):
            yield path.read_text()


def words():
    code = "\n".join(sources())
    makefile = "\n".join(path.read_text() for path in
                         [ROOT / "Makefile", *ROOT.glob("tools/*.mk")])
    tests = {f"{suite}: {name}" for suite, name in
             re.findall(r"^TEST\((\w+),\s*(\w+)\)", code, re.M)}
    functions = set(DEFINED.findall(code))
    targets = set(re.findall(r"^([a-z][\w -]*?):(?!=)", makefile, re.M))
    targets = {word for line in targets for word in line.split()}
    phony = re.findall(r"^\.PHONY:(.*)$", makefile, re.M)
    return tests, functions, targets | set(" ".join(phony).split())


def problems(path, tests, functions, targets):
    text = path.read_text()
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in link and not (path.parent / link).exists():
            yield f"a link to nowhere: {link}"
    quoted = re.findall(r"`([^`\n]+)`", text)
    quoted += re.findall(r"^    (make .*?)(?:  .*)?$", text, re.M)
    for phrase in quoted:
        call = re.fullmatch(r"(\w+)\(\)", phrase)
        if call and call[1] not in functions:
            yield f"no such function: {phrase}"
        if re.fullmatch(r"[\w.]+(/[\w.-]+)+\.(c|h|S|py|sh|txt)", phrase) \
                and not phrase.startswith("generated/") \
                and not (ROOT / phrase).exists() \
                and not (ROOT / "include" / phrase).exists():
            yield f"no such file: {phrase}"
        if re.fullmatch(r"[a-z_0-9]+: \w+_\w+", phrase) and phrase not in tests:
            yield f"no such test: {phrase}"
        made = re.fullmatch(r"make ([a-z][a-z-]*)( .*)?", phrase)
        if made and made[1] not in targets:
            yield f"no such target: {phrase}"
    for row in re.findall(r"(?:^|\n)\n(\|.*)\n(?!\|-)", text):
        yield f"a row of no table: {row[:40]}"


def main():
    known = words()
    paths = sorted(p for p in ROOT.rglob("*.md")
                   if not str(p.relative_to(ROOT)).startswith("build"))
    failed = 0
    print(f"1..{len(paths)}")
    for number, path in enumerate(paths, 1):
        found = list(problems(path, *known))
        failed += bool(found)
        print("not ok" if found else "ok", number, "- docs: what",
              path.relative_to(ROOT), "says is there")
        for problem in found:
            print("#", problem)
    return 1 if failed or not paths else 0


sys.exit(main())
