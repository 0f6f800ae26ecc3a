#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The machine that Tessera boots on, as a QEMU command line, and its console.

usage: qemu.py [--firmware bios|uefi] [--memory SIZE] [--cpus N] [--append WORDS]
               [--gdb] ISO | --direct IMAGE

Boots with the serial line on this terminal; Ctrl-A x leaves. If the input is
not a terminal, its lines go to the monitor, one at each prompt, and the
machine is switched off at the end of them.
"""

import argparse
import os
import re
import select
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PROMPT = "tessera> "
FIRMWARE_PAIRS = [      # code and empty variables, by the distributions' names
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
]


def uefi_drives(directory):
    """OVMF, with a copy of its variables that this machine may change."""
    pairs = FIRMWARE_PAIRS
    if "OVMF_CODE" in os.environ:
        pairs = [(os.environ["OVMF_CODE"], os.environ.get("OVMF_VARS", ""))]
    for code, variables in pairs:
        if os.path.exists(code) and os.path.exists(variables):
            break
    else:
        sys.exit("qemu.py: no UEFI firmware; set OVMF_CODE and OVMF_VARS")
    copy = os.path.join(directory, "uefi-variables.fd")
    shutil.copyfile(variables, copy)
    flash = "if=pflash,format=raw,"
    return ["-drive", f"{flash}readonly=on,file={code}",
            "-drive", f"{flash}file={copy}"]


def bytes_of(size):
    number, unit = re.match(r"(\d+)([MGT]?)", size).groups()
    return int(number) << {"": 20, "M": 20, "G": 30, "T": 40}[unit]


def memory_options(memory):
    """@memory is what -m takes. Much of it is not reserved on the host."""
    size = memory.split(",")[0]
    options = ["-m", memory]
    if bytes_of(size) > bytes_of("4G"):
        options += ["-machine", "memory-backend=ram", "-object",
                    f"memory-backend-ram,id=ram,size={size},reserve=off"]
    return options


def command(*, iso=None, image=None, directory=None, firmware="bios",
            memory="512M", cpus=1, cpu="max", append="", module=None,
            extra=(), serial="stdio"):
    """The command line that boots the ISO, or the image without a loader."""
    line = ["qemu-system-x86_64", "-machine", "q35", "-cpu", cpu,
            "-smp", str(cpus)] + memory_options(memory)
    line += ["-nic", "none", "-vga", "none", "-display", "none",
             "-serial", serial,
             "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    if serial != "mon:stdio":       # nobody is there to see it boot for ever
        line += ["-monitor", "none", "-no-reboot"]
    if firmware == "uefi":
        if image:
            sys.exit("qemu.py: UEFI firmware does not start an image directly")
        line += uefi_drives(directory)
    if iso:
        line += ["-cdrom", iso]
    else:
        line += ["-kernel", image, "-append", append]
        line += ["-initrd", module] if module else []
    return line + list(extra)


def own_monitor(directory):
    """Words for QEMU, so that tell() reaches it."""
    path = os.path.join(directory, "qemu")
    return ("-chardev", f"socket,id=own,path={path},server=on,wait=off",
            "-mon", "chardev=own,mode=readline")


def tell(directory, line):
    """Give a command to QEMU itself, and wait until it has been read."""
    with socket.socket(socket.AF_UNIX) as own:
        own.settimeout(10)
        own.connect(os.path.join(directory, "qemu"))
        own.sendall(line.encode() + b"\n")
        heard = b""
        while heard.count(b"(qemu)") < 2:
            data = own.recv(4096)
            if not data:
                break
            heard += data


def plain(text):
    """Without carriage returns and the escape sequences of loaders."""
    return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]|\r", "", text)


class Session:
    """A program whose console we read and type on, with a deadline."""

    def __init__(self, line, seconds, echo=None):
        self.process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.deadline = time.monotonic() + seconds
        self.raw, self.echo, self.ended = b"", echo, False

    def read_some(self):
        """Wait for output; False at its end or at the deadline."""
        left = self.deadline - time.monotonic()
        if self.ended or left <= 0:
            return False
        out = self.process.stdout.fileno()
        if not select.select([out], [], [], left)[0]:
            return False
        data = os.read(out, 65536)
        self.ended = not data
        self.raw += data
        if self.echo:
            self.echo.buffer.write(data)
            self.echo.flush()
        return not self.ended

    def text(self):
        return plain(self.raw.decode(errors="replace"))

    def wait_for(self, pattern, start=0):
        """The match of @pattern at or after character @start, or None."""
        while True:
            match = re.compile(pattern, re.M).search(self.text(), start)
            if match or not self.read_some():
                return match

    def send(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\r")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.ended = True

    def finish(self):
        """Read to the end; the exit status, or None if it had to be stopped."""
        while self.read_some():
            pass
        status = None
        if self.ended:
            left = max(1, self.deadline - time.monotonic())
            try:
                status = self.process.wait(left)
            except subprocess.TimeoutExpired:
                pass
        self.stop()
        return status

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in self.process.stdin, self.process.stdout:
            try:
                pipe.close()
            except BrokenPipeError:
                pass


def feed(line, lines):
    """Type each of @lines at a prompt; the exit status as a shell has it."""
    session = Session(line, 10 ** 6, echo=sys.stdout)
    try:
        return converse(session, lines)
    finally:
        session.stop()


def converse(session, lines):
    at = 0
    for text in lines:
        prompt = session.wait_for(re.escape(PROMPT), at)
        if not prompt:
            return session.finish()
        at = prompt.end()
        session.send(text.rstrip("\n"))
    if not session.wait_for(re.escape(PROMPT), at):
        return session.finish()
    print()
    return 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--firmware", choices=["bios", "uefi"], default="bios")
    parser.add_argument("--memory", default="512M")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--append", default="")
    parser.add_argument("--gdb", action="store_true")
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("file")
    args = parser.parse_args()

    interactive = sys.stdin.isatty()
    with tempfile.TemporaryDirectory() as directory:
        line = command(
            directory=directory, firmware=args.firmware, memory=args.memory,
            cpus=args.cpus, append=args.append,
            serial="mon:stdio" if interactive else "stdio",
            extra=["-s", "-S"] if args.gdb else [],
            **{"image" if args.direct else "iso": args.file})
        print(shlex.join(line))
        if args.gdb:
            print("waiting for: gdb -ex 'target remote :1234'")
        sys.stdout.flush()
        try:
            status = subprocess.call(line) if interactive \
                else feed(line, sys.stdin)
        except (BrokenPipeError, KeyboardInterrupt):
            status = 1      # nobody looks any more
    sys.exit(0 if status == 33 else 1 if status is None else status)


if __name__ == "__main__":
    main()
