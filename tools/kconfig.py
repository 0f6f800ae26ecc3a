#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turn Kconfig and a configuration file into what C and make include.

usage: kconfig.py defconfig|allyes|allno|olddefconfig|menuconfig CONFIG
       kconfig.py genconfig CONFIG AUTOCONF_H AUTO_CONF
       kconfig.py set CONFIG NAME=VALUE...      the rest as in defconfig

A warning of the Kconfig library (an unknown option, a value out of range) is
an error here: a configuration means what it says or does not build.
"""

import os
import sys

import kconfiglib


def fail_on_warnings(kconf):
    for symbol in kconf.unique_defined_syms:
        symbol.str_value        # looked at: only now is its range checked
    for warning in kconf.warnings:
        print(warning, file=sys.stderr)
    if kconf.warnings:
        sys.exit(1)


def open_kconfig(config, load):
    os.environ["KCONFIG_CONFIG"] = config
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.warn_assign_undef = True
    kconf.warn_assign_override = True
    if load:
        kconf.load_config(config)
    return kconf


def set_every_bool(kconf, value):
    """Twice, since an option may become visible through a later one."""
    for _ in range(2):
        for symbol in kconf.unique_defined_syms:
            if symbol.orig_type == kconfiglib.BOOL:
                symbol.set_value(value)


def literal(symbol):
    if symbol.orig_type == kconfiglib.BOOL:
        return "1" if symbol.str_value == "y" else "0"
    if symbol.orig_type == kconfiglib.STRING:
        return '"' + kconfiglib.escape(symbol.str_value) + '"'
    return symbol.str_value or "0"


def write_if_changed(path, text):
    """Leave the time stamp of an equal file alone: objects depend on it."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    try:
        with open(path) as old:
            if old.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w") as new:
        new.write(text)


def generate(kconf, header, fragment):
    symbols = kconf.unique_defined_syms
    write_if_changed(header, "".join(
        f"#define CONFIG_{s.name} {literal(s)}\n" for s in symbols))
    write_if_changed(fragment, "".join(
        f"CONFIG_{s.name} := {s.str_value}\n" for s in symbols
        if s.str_value not in ("", "n")))
    os.utime(fragment)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    action, config = sys.argv[1:3]
    os.makedirs(os.path.dirname(config) or ".", exist_ok=True)
    fresh = action in ("defconfig", "allyes", "allno", "set")
    kconf = open_kconfig(config, not fresh and os.path.exists(config))
    if action not in ("olddefconfig", "menuconfig"):
        fail_on_warnings(kconf)     # the other two are how one gets rid of them
    if action == "genconfig":
        generate(kconf, *sys.argv[3:])
        return
    if action == "menuconfig":
        import menuconfig
        menuconfig.menuconfig(kconf)
        return
    if action in ("allyes", "allno"):
        set_every_bool(kconf, "y" if action == "allyes" else "n")
    elif action == "set":
        for word in sys.argv[3:]:
            name, value = word.split("=")
            kconf.syms[name].set_value(value)
    elif action not in ("defconfig", "olddefconfig"):
        sys.exit(__doc__)
    kconf.write_config(config, save_old=False)


main()
