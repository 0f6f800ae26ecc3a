#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our guests' interface is the one that guests are built for. Prints TAP.

usage: public_abi.py COMPILER [HEADER...]

Takes every number, every structure and every member of include/public (or of
the headers given, for a test of this one), has the compiler say what they are
by our headers and by those of Debian's libxen-dev, and compares.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ("xen", "memory", "grant_table")
# An argument for each macro that has one.
SAMPLES = ("0", "20", "0x1ff")
THEIRS = ["-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__",
          *(f"-include{h}" for h in ("stdint.h", "xen/xen-compat.h",
                                     *(f"xen/{h}.h" for h in HEADERS)))]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def body_of(text, start):
    """From the brace at START to its partner; and where that is."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1:at], at + 1
    sys.exit("a brace without a partner")


def members(body, path=""):
    """Each member's designator, those of structures inside too."""
    while body.strip():
        inner = re.match(r"\s*(struct|union)\s*(\w*)\s*\{", body)
        if inner:
            nested, end = body_of(body, inner.end() - 1)
            names, body = body[end:].split(";", 1)
        else:
            nested, (names, body) = "", body.split(";", 1)
        for name in names.split(","):
            name = re.search(r"(\w+)\s*(\[\w+\]\s*)?$", name)
            if name:
                yield path + name[1]
                yield from members(nested, path + name[1] + ".")
        if inner and not names.strip():
            yield from members(nested, path)


def claims(text):
    """What there is to compare: a name for people, and an expression."""
    text = without_comments(text).replace("\\\n", " ")
    for name, argument, value in re.findall(
            r"^#define[ \t]+(\w+)(\(\w+\))?[ \t]*(.*)$", text, re.M):
        if argument:
            yield from ((f"{name}({s})", f"{name}({s})") for s in SAMPLES)
        elif value:
            yield name, name
    for found in re.finditer(r"^struct (\w+)\s*\{", text, re.M):
        kind = f"struct {found[1]}"
        yield f"size of {kind}", f"sizeof({kind})"
        for member in members(body_of(text, found.end() - 1)[0]):
            yield (f"{kind}: {member}",
                   f"__builtin_offsetof({kind}, {member}) << 16 | "
                   f"sizeof((({kind} *)0)->{member})")
    for kind in re.findall(r"^typedef [^;]*\b(\w+);", text, re.M):
        yield f"size of {kind}", f"sizeof({kind})"


def values(compiler, options, wanted, folder):
    source = folder / "values.c"
    lines = "\n".join(f'    show((unsigned long)({expression}));'
                      for _, expression in wanted)
    source.write_text(f"""
#include <stdio.h>
static void show(unsigned long value) {{ printf("%#lx\\n", value); }}
int main(void)
{{
{lines}
    return 0;
}}
""")
    built = subprocess.run([*compiler, "-std=gnu11", *options, "-o",
                            folder / "values", source],
                           capture_output=True, text=True)
    if built.returncode:
        return None, built.stderr
    ran = subprocess.run([folder / "values"], capture_output=True, text=True)
    return ran.stdout.split(), ""


def main():
    compiler = sys.argv[1].split()
    headers = [pathlib.Path(name).resolve() for name in sys.argv[2:]] or \
        sorted((ROOT / "include/public").glob("*.h"))
    wanted = [claim for path in headers for claim in claims(path.read_text())]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours, why = values(compiler, [f"-include{path}" for path in headers],
                           wanted, folder)
        theirs, why_theirs = values(compiler, THEIRS, wanted, folder)
    if ours is None or theirs is None or not wanted:
        print("1..1\nnot ok 1 - public ABI: both compile")
        print("\n".join(f"# {line}" for line in
                        (why + why_theirs).splitlines()[:20]))
        return 1

    failed = 0
    print("1..1")
    for (name, _), our, their in zip(wanted, ours, theirs):
        if our != their:
            failed += 1
            print(f"# {name}: ours is {our}, theirs {their}")
    print("not ok" if failed else "ok",
          f"1 - public ABI: {len(wanted)} numbers, sizes and offsets are Xen's")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
