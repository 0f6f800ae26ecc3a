# SPDX-License-Identifier: MIT
"""Boot a machine in QEMU and judge it by its exit status and its last word."""

import dataclasses
import os
import re
import subprocess
import tempfile
import time

import qemu

SUCCESS = 33            # what the image writes to isa-debug-exit, as QEMU ends
TAIL_LINES = 40
ISO_TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "iso.sh")


@dataclasses.dataclass
class Scenario:
    """A machine, what is typed on its monitor, and what it must say."""
    name: str
    via: str = "direct"             # or "bios", "uefi": through GRUB
    memory: str = "512M"
    cpus: int = 1
    cpu: str = "max"
    append: str = ""
    grub: str = ""                  # lines of grub.cfg before the image loads
    modules: tuple = ()
    extra: tuple = ()               # more words for QEMU
    usable: tuple = ()              # MiB of RAM it must find: least, most
    log: tuple = ()                 # patterns that the log must have,
    absent: tuple = ()              # and those that it must not have
    script: tuple = ()              # (line for the monitor, pattern in answer),
                                    # or after an @ one for QEMU's own
    tap: bool = True                # self-tests run, and all must pass
    status: int = SUCCESS
    seconds: int = 180
    image: str = ""                 # instead of the default one
    command: tuple = ()             # run this, not QEMU


def complaints_about_tap(log):
    """Why the self-tests in @log are not a whole and good report."""
    lines = log.splitlines()
    if "TAP version 13" not in lines:
        return ["no self-tests were run"]
    lines = lines[lines.index("TAP version 13"):]
    found = []
    plans = [m for m in (re.fullmatch(r"1\.\.(\d+)", x) for x in lines) if m]
    good = [x for x in lines if re.match(r"ok \d+", x)]
    bad = [x for x in lines if re.match(r"not ok\b", x)]
    end = [m for m in (re.fullmatch(
        r"# selftest: (\d+) passed, (\d+) failed", x) for x in lines) if m]
    found += bad
    if len(plans) != 1:
        found.append(f"{len(plans)} plans instead of one")
    if len(end) != 1:
        found.append(f"{len(end)} final lines of the self-tests instead of one")
    if len(plans) != 1 or len(end) != 1:
        return found
    plan, passed, failed = int(plans[0][1]), int(end[0][1]), int(end[0][2])
    if failed:
        found.append(end[0][0])
    if plan == 0 or not plan == passed == len(good):
        found.append(f"{plan} tests planned, {len(good)} reported as passed, "
                     f"{passed} counted")
    numbers = [int(x.split()[1]) for x in good]
    if numbers != list(range(1, len(good) + 1)) and not bad:
        found.append("the tests are not numbered from 1 up")
    return found


def complaints_about_memory(log, least, most):
    match = re.search(r"^memory: (\d+) MiB usable", log, re.M)
    if not match:
        return ["no line tells how much memory is usable"]
    if not least <= int(match[1]) <= most:
        return [f"{match[1]} MiB usable, not {least} to {most}"]
    return []


def judge(scenario, status, log):
    """All that is wrong with how a scenario ended. Nothing is: it passed."""
    found = []
    if not log.strip():
        found.append("it printed nothing")
    if status is None:
        found.append(f"it was stopped after {scenario.seconds} seconds")
    elif status != scenario.status:
        found.append(f"exit status {status} instead of {scenario.status}")
    if scenario.tap:
        found += complaints_about_tap(log)
    if scenario.usable:
        found += complaints_about_memory(log, *scenario.usable)
    found += [f"the log lacks /{p}/" for p in scenario.log
              if not re.search(p, log, re.M)]
    found += [f"the log has /{p}/" for p in scenario.absent
              if re.search(p, log, re.M)]
    return found


def talks_to_qemu(script):
    return any(line.startswith("@") for line, pattern in script)


def converse(session, script, directory):
    """Type each line of the script at a prompt and look at the answer.

    A {0} in a line stands for the first group of the last pattern with one. A
    line behind a ~ is typed again until it is answered so, or time is up. One
    behind an @ is for QEMU: what is then printed, without a prompt, must match.
    """
    found, groups = [], ()
    prompt = re.escape(qemu.PROMPT)
    at = session.wait_for(prompt)
    boot_ends = at.start() if at else None
    for line, pattern in script:
        if not at:
            return boot_ends, found + [f"no prompt to type '{line}' at"]
        if "{" in line and not groups:
            return boot_ends, found + [f"nothing to put into '{line}'"]
        if line.startswith("@"):
            qemu.tell(directory, line[1:].format(*groups))
            if not session.wait_for(pattern, at.end()):
                found.append(f"'{line}' does not lead to /{pattern}/")
            continue
        again = line.startswith("~")
        line = line.lstrip("~").format(*groups)
        match = None
        while at and not match:
            session.send(line)
            start = at.end()
            at = session.wait_for(prompt, start)
            answer = session.text()[start:at.start() if at else None]
            match = re.search(pattern, answer, re.M)
            if not again:
                break
        groups = match.groups() if match and match.groups() else groups
        if not match:
            found.append(f"'{line}' is not answered with /{pattern}/ but with:")
            found += ["  " + text for text in answer.splitlines()]
    if not at:
        return boot_ends, found + ["no prompt after the last command"]
    session.send("poweroff")
    return boot_ends, found


def machine(scenario, image, directory):
    """The command line of the scenario's machine; its ISO is made here."""
    if scenario.command:
        return list(scenario.command)
    words = [scenario.append, "" if scenario.script else "poweroff"]
    append = " ".join(word for word in words if word)
    extra = tuple(scenario.extra)
    if talks_to_qemu(scenario.script):
        extra += qemu.own_monitor(directory)
    common = dict(memory=scenario.memory, cpus=scenario.cpus, cpu=scenario.cpu,
                  extra=extra, directory=directory)
    image = scenario.image or image
    if scenario.via == "direct":
        module = scenario.modules[0] if scenario.modules else None
        return qemu.command(image=image, append=append, module=module, **common)
    iso = os.path.join(directory, "test.iso")
    subprocess.run(
        ["sh", ISO_TOOL, image, iso, append], check=True,
        env=dict(os.environ, GRUB_EXTRA=scenario.grub,
                 MODULES=" ".join(scenario.modules)))
    return qemu.command(iso=iso, firmware=scenario.via, **common)


def boot(scenario, image):
    """Complaints, the log, and how long it took."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        line = machine(scenario, image, directory)
        session = qemu.Session(line, scenario.seconds)
        try:
            boot_ends, found = None, []
            if scenario.script:
                boot_ends, found = converse(session, scenario.script,
                                            directory)
            status = session.finish()
        finally:
            session.stop()
    log = session.text()
    found += judge(scenario, status, log[:boot_ends])
    return found, log, time.monotonic() - start


def report(number, scenario, found, log, seconds):
    """The result as a line of TAP, and if it is a bad one, why."""
    verdict = "not ok" if found else "ok"
    lines = [f"{verdict} {number} - boot: {scenario.name} ({seconds:.1f} s)"]
    if found:
        lines += ["# " + line for line in found]
        lines += ["# the log ends:"]
        lines += ["#   | " + line for line in log.splitlines()[-TAIL_LINES:]]
    return "\n".join(lines)
