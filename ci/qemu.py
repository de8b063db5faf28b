# SPDX-License-Identifier: Apache-2.0
"""Runs an agency in QEMU and drives it.

    with Machine(gic=3, add=[Path("build/root")]) as machine:
        machine.check("insmod /lib/capsule.ko")
        status, output = machine.run("capsulectl status")

Three lines lead into the machine: the console (a PL011, for whoever wants to
see what a person would), the command channel (a virtio port on virtio-mmio,
thus an SPI; commands of tests go there), and QEMU's own monitor.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ci import cache, diskimage, images
from ci.cache import TREE, CiError
from ci.channel import Channel, ChannelClosed, ChannelTimeout

PROMPT = rb"agency# "

# An upper bound for anything that should happen at once, on a machine that is
# emulated on another that may be busy. Nothing waits that long when all is
# well.
PATIENCE = 120.0 * float(os.environ.get("CAPSULE_PATIENCE", "1"))

# Transports of the option mmio: physical address and INTID. Each has 0x200 bytes; the command
# channel's is in the same page.
MMIO_DISK = (0x0A003C00, 78)
MMIO_NET = (0x0A003A00, 77)

# Their kernels run at EL2 unless told otherwise.
VHE_CPUS = ("cortex-a76", "neoverse-n1", "max")

_numbers = itertools.count(1)


class MachineDied(Exception):
    """QEMU ended, or the agency no longer answers; the text says what was seen last."""


class Result(NamedTuple):
    """What a command in the agency gave back."""

    status: int
    output: str


class Machine:
    """One emulated machine.

    gic        2 or 3; secure gives it two security states (GICD_CTLR.DS = 0)
    cpu        as QEMU names it; where the kernel would use VHE it is told not
               to, unless vhe is set
    kernel     series of Debian's kernel
    image      small (busybox), debian (systemd, python3; slower to boot) or builder (debian with
               a compiler and its kernel's headers)
    add        folders laid over the image's root
    append     more words for the kernel's command line
    icount     one instruction per tick of the virtual clock, repeatable
    scratch    size of the disk /dev/vda, made empty for this machine
    mmio       size of a second disk, made empty; it and a second network card
               are on virtio-mmio, see MMIO_DISK and MMIO_NET (the name of the
               first disk is not sure then)
    reboot     whether a restart restarts the machine; without it QEMU ends
    gdb        a port on this host where a debugger can attach
    plugin     TCG plugin with its arguments, as for -plugin
    qemu       more arguments for QEMU
    directory  where logs and the disk go
    """

    def __init__(
        self, *, gic: int = 3, cpus: int = 4, memory: str = "2G", cpu: str = "cortex-a57",
        kernel: str = "6.1", image: str = "small", add: Iterable[Path] = (), append: str = "",
        icount: bool = False, scratch: str = "256M", mmio: str = "",
        secure: bool = False, vhe: bool = False,
        el2: bool = True, reboot: bool = False, gdb: int | None = None,
        plugin: str | None = None, qemu: Iterable[str] = (), directory: Path | None = None,
    ) -> None:
        self.gic, self.cpus, self.memory, self.cpu = gic, cpus, memory, cpu
        self.kernel, self.icount, self.secure, self.vhe, self.el2 = kernel, icount, secure, vhe, el2
        self.append, self.reboot, self.gdb, self.plugin = append, reboot, gdb, plugin
        if secure and cpu.startswith("max"):
            # Seen with QEMU 7.2: it prepares EL3 for the features of max on the
            # first CPU only; the others trap there as soon as Linux uses one.
            raise CiError("QEMU's processor max starts one CPU only with secure; take cortex-a76")
        self.extra = list(qemu)
        self.rows, self.columns = 50, 200
        self.root: Path | None = None
        if image in diskimage.SIZES:
            self.image, self.initrd, self.root = images.debian(kernel, add, image)
        else:
            self.image, self.initrd = images.small(kernel, add)
        self.directory = directory or _own_directory(self.name)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.disk = self.directory / "scratch.img"
        self.console_log = self.directory / "console.log"
        self.disk.unlink(missing_ok=True)
        with self.disk.open("wb") as disk:
            disk.truncate(_bytes(scratch))
        self.mmio_disk = self.directory / "mmio.img" if mmio else None
        if self.mmio_disk:
            self.mmio_disk.unlink(missing_ok=True)
            with self.mmio_disk.open("wb") as disk:
                disk.truncate(_bytes(mmio))
        self._process: subprocess.Popen[bytes] | None = None
        self._stuck: str | None = None

    @property
    def name(self) -> str:
        """What makes results comparable: interrupt controller, kernel, processor."""
        words = [f"gicv{self.gic}", self.kernel, self.cpu.partition(",")[0]]
        words += ["debian"] if self.root else []
        words += [word for word in ("secure", "icount", "vhe") if getattr(self, word)]
        return "-".join(words)

    # -- starting

    def arguments(self) -> list[str]:
        """QEMU's arguments, but for where the serial lines and the monitor go."""
        machine = f"virt,gic-version={self.gic}"
        machine += ",virtualization=on" if self.el2 else ""
        machine += ",secure=on" if self.secure else ""
        machine += ",dtb-randomness=off" if self.icount else ""
        cpu = self.cpu
        if cpu == "max":
            # The architected algorithm of pointer authentication is many times
            # slower to emulate.
            cpu += ",pauth-impdef=on"
        arguments = [
            "qemu-system-aarch64", "-nodefaults", "-display", "none", "-M", machine, "-cpu", cpu,
            "-smp", str(self.cpus), "-m", self.memory,
            "-kernel", str(self.image), "-initrd", str(self.initrd),
            "-append", self.command_line(), *self._disks(),
            # Nothing gets out. 10.0.2.100 port 7 sends back what it is sent.
            "-netdev", "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat",
            "-device", "virtio-net-pci,netdev=net,romfile=",
        ]
        if not self.reboot:
            arguments.append("-no-reboot")
        if self.icount:
            arguments += ["-icount", "shift=0,sleep=off"]
        if self.gdb is not None:
            arguments += ["-gdb", f"tcp:127.0.0.1:{self.gdb}"]
        if self.plugin is not None:
            arguments += ["-plugin", self.plugin]
        return arguments + self.extra

    def _disks(self) -> list[str]:
        """Arguments for /dev/vda, the empty one, and /dev/vdb, the root."""
        disks = ["-drive", f"file={self.disk},if=none,id=scratch,format=raw,cache=unsafe",
                 "-device", "virtio-blk-pci,drive=scratch"]
        if self.root:
            disks += ["-drive", f"file={self.root},if=none,id=root,format=raw,snapshot=on",
                      "-device", "virtio-blk-pci,drive=root"]
        return disks

    def _mmio_arguments(self) -> list[str]:
        """QEMU fills the transports from the last one down: these come after the command channel."""
        if not self.mmio_disk:
            return []
        return [
            "-global", "virtio-mmio.force-legacy=false",
            "-drive", f"file={self.mmio_disk},if=none,id=mmio,format=raw,cache=unsafe",
            "-device", "virtio-blk-device,drive=mmio",
            "-netdev", "user,id=mmionet,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat",
            "-device", "virtio-net-device,netdev=mmionet",
        ]

    def command_line(self) -> str:
        """The kernel's command line."""
        words = ["console=ttyAMA0", "loglevel=4", "panic=-1"]
        words += [f"agency.rows={self.rows}", f"agency.columns={self.columns}"]
        if self.cpu.partition(",")[0] in VHE_CPUS and not self.vhe:
            words.append("kvm-arm.mode=nvhe")
        if self.icount:
            words.append("nokaslr")
        if self.root:
            words += ["agency.root=/dev/vdb", "net.ifnames=0", "quiet"]
        return " ".join([*words, self.append]).strip()

    def start(self) -> None:
        """Start QEMU; does not wait for the agency."""
        self.console = Channel(self.console_log)
        self._agent = Channel()
        self._monitor = Channel()
        ends = [c.other_end for c in (self.console, self._agent, self._monitor)]
        console, agent, monitor = (end.fileno() for end in ends)
        command = [
            # QEMU must not outlive whoever started it.
            "setpriv", "--pdeathsig", "KILL", *self.arguments(),
            "-chardev", f"socket,id=console,fd={console}", "-serial", "chardev:console",
            "-device", "virtio-serial-device",
            "-chardev", f"socket,id=agent,fd={agent}",
            "-device", "virtserialport,chardev=agent,name=capsule.agent",
            "-chardev", f"socket,id=monitor,fd={monitor}", "-mon", "chardev=monitor,mode=control",
            *self._mmio_arguments(),
        ]
        (self.directory / "qemu.sh").write_text(f"{shlex.join(command)}\n")
        with (self.directory / "qemu.log").open("wb") as log:
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    pass_fds=[console, agent, monitor],
                )
            except FileNotFoundError as error:
                raise CiError(f"{error.filename} is not installed; run ci/setup first") from None
        for end in ends:
            end.close()

    def boot(self) -> Machine:
        """Start the machine and wait until a command can be run."""
        self.start()
        self._wait(self._monitor, rb'^\{"QMP": ', PATIENCE)
        self.monitor("qmp_capabilities")
        self._wait(self.console, PROMPT, PATIENCE)
        self.check("true")
        return self

    def __enter__(self) -> Machine:
        try:
            return self.boot()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *_ignored: object) -> None:
        self.kill()

    # -- commands

    def run(self, command: str, timeout: float = PATIENCE) -> Result:
        """Run a shell command as root and wait for its end.

        Output and error output come back together, free of kernel messages.
        Standard input is empty. The command is run in a subshell: a `cd` in it
        is gone afterwards.
        """
        encoded = base64.b64encode(command.encode()).decode()
        return self._ask("run", encoded, b"", timeout, command)

    def check(self, command: str, timeout: float = PATIENCE) -> str:
        """Like run(), for commands that must succeed; returns the output."""
        status, output = self.run(command, timeout)
        assert status == 0, f"`{command}` ended with {status} and said:\n{output}"
        return output

    def put(self, source: Path | bytes, target: str, timeout: float = PATIENCE) -> None:
        """Copy a file or bytes to the absolute path target in the machine."""
        content = source if isinstance(source, bytes) else source.read_bytes()
        encoded = base64.b64encode(target.encode()).decode()
        status, output = self._ask(
            "put", f"{len(content)} {encoded}", content, timeout, f"copy to {target}"
        )
        assert status == 0, f"copying to {target} failed: {output}"
        if isinstance(source, Path) and os.access(source, os.X_OK):
            self.check(f"chmod +x {shlex.quote(target)}")

    def background(self, command: str) -> Background:
        """Start a command and let it run; see Background."""
        return Background(self, command)

    def _ask(self, verb: str, words: str, data: bytes, timeout: float, what: str) -> Result:
        if self._stuck:
            raise MachineDied(f"the agency has not answered since: {self._stuck}")
        mark = secrets.token_hex(8)
        try:
            self._agent.send(f"{verb} {mark} {words}\n".encode() + data)
            before, match = self._agent.expect(rb"\n%s (\d+)\n" % mark.encode(), timeout)
        except (ChannelClosed, ChannelTimeout) as error:
            self._stuck = what
            raise MachineDied(f"`{what}`: {self._obituary(error)}") from None
        return Result(int(match.group(1)), before.decode(errors="replace"))

    # -- the console

    def expect(self, pattern: str, timeout: float = PATIENCE) -> tuple[str, re.Match[bytes]]:
        """Wait for a pattern on the console; returns what stood before it, and the match."""
        before, match = self._wait(self.console, pattern.encode(), timeout)
        return before.decode(errors="replace"), match

    def type(self, text: str) -> None:
        """Type on the console. Control characters are sent as they are."""
        self.console.send(text.encode())

    def shell(self, command: str, timeout: float = PATIENCE) -> str:
        """Type a command at the console's prompt and wait for the next prompt.

        The shell there takes lines of up to 1000 characters.
        Kernel messages may stand within what comes back; use run() where it
        matters.
        """
        self.console.discard()
        self.type(command + "\n")
        self._wait(self.console, rb"\r\n", timeout)
        before, _ = self._wait(self.console, PROMPT, timeout)
        return before.decode(errors="replace").replace("\r\n", "\n")

    def await_console(self, text: str, timeout: float = PATIENCE) -> None:
        """Wait until text comes out of the console, after what was waited for before."""
        self._wait(self.console, re.escape(text.encode()), timeout)

    def await_prompt(self, timeout: float = PATIENCE) -> None:
        """Wait until the console's shell asks for a command."""
        self._wait(self.console, PROMPT, timeout)

    def console_text(self) -> str:
        """All that came out of the console since the machine was started."""
        if not self.console_log.exists():
            return ""
        text = self.console_log.read_text(errors="replace").replace("\r\n", "\n")
        # The shell asks a terminal where its cursor is; nobody answers here.
        return text.replace("\x1b[6n", "")

    def _wait(
        self, channel: Channel, pattern: bytes, timeout: float
    ) -> tuple[bytes, re.Match[bytes]]:
        try:
            return channel.expect(pattern, timeout)
        except (ChannelClosed, ChannelTimeout) as error:
            raise MachineDied(self._obituary(error)) from None

    def _obituary(self, error: Exception) -> str:
        tail = "\n".join(self.console_text().splitlines()[-30:])
        qemu = (self.directory / "qemu.log").read_text(errors="replace").strip()
        ended = f"QEMU has ended. {error}" if isinstance(error, ChannelClosed) else f"{error}"
        return f"{ended}\n{qemu}\nThe console's last lines ({self.console_log}):\n{tail}"

    # -- what the kernel says

    def dmesg(self) -> str:
        """The kernel's messages."""
        return self.check("dmesg")

    def complaints(self) -> list[str]:
        """Kernel messages that must not be there after a test."""
        pattern = re.compile(
            r"BUG[: ]|WARNING: |Oops|Call trace|Kernel panic|stall|lockup|hung task"
            r"|blocked for more"
        )
        return [line for line in self.dmesg().splitlines() if pattern.search(line)]

    # -- ending

    def monitor(self, command: str, **arguments: Any) -> Any:
        """Give QEMU's monitor (QMP) a command and return what it answers."""
        request = {"execute": command, "arguments": arguments}
        self._monitor.send(json.dumps(request).encode() + b"\n")
        _, match = self._wait(self._monitor, rb'^(\{"(?:return|error)": .*?)\r?\n', PATIENCE)
        answer = json.loads(match.group(1))
        if "error" in answer:
            raise CiError(f"QEMU refuses {command}: {answer['error']['desc']}")
        return answer["return"]

    def answers(self) -> bool:
        """Whether commands can be run: QEMU is there and no command got lost."""
        return self.alive() and self._stuck is None

    def alive(self) -> bool:
        """Whether QEMU runs."""
        return self._process is not None and self._process.poll() is None

    def wait_end(self, timeout: float = PATIENCE) -> str:
        """Wait until QEMU ends by itself.

        Returns why in QEMU's words: guest-shutdown, guest-reset (also after a
        panic), host-qmp-quit; or its exit status if it gave no reason.
        """
        assert self._process
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise MachineDied(
                self._obituary(ChannelTimeout(f"QEMU still runs after {timeout:.0f} s"))
            ) from None
        self._monitor.wait_closed(PATIENCE)
        match = re.search(rb'"SHUTDOWN".*?"reason": "([^"]+)"', self._monitor.discard())
        return match.group(1).decode() if match else f"exit status {status}"

    def poweroff(self, timeout: float = PATIENCE) -> None:
        """Let the agency power off, and check that it did so and nothing else."""
        self._agent.send(b"run 0 " + base64.b64encode(b"poweroff -f") + b"\n")
        reason = self.wait_end(timeout)
        self.kill()
        assert reason == "guest-shutdown", self._obituary(ChannelClosed(reason))

    def kill(self) -> None:
        """End QEMU at once; nothing happens if it has ended."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for channel in (self.console, self._agent, self._monitor):
                channel.close()
            self.disk.unlink(missing_ok=True)


class Background:
    """One program, with its arguments, that runs while other commands are run."""

    def __init__(self, machine: Machine, command: str) -> None:
        self.machine, self.command = machine, command
        self._path = f"/run/background.{next(_numbers)}"
        started = shlex.quote(f"echo $$ >{self._path}.go; exec {command}")
        whole = f"sh -c {started} >{self._path}.out 2>&1; echo $? >{self._path}.end"
        # The reader of a named pipe is woken by the event itself. With `&` the
        # shell would have the command ignore SIGINT.
        machine.check(
            f"mkfifo {self._path}.go {self._path}.end\n"
            f"start-stop-daemon -S -b -p {self._path}.no -x /bin/sh -- -c {shlex.quote(whole)}\n"
            f"cat {self._path}.go >{self._path}.pid"
        )

    def output(self) -> str:
        """What the command has said so far."""
        return self.machine.check(f"cat {self._path}.out")

    def signal(self, name: str) -> None:
        """Send a signal, such as INT."""
        self.machine.check(f"kill -{name} $(cat {self._path}.pid)")

    def wait(self, timeout: float = PATIENCE) -> Result:
        """Wait for the command's end."""
        status = int(self.machine.check(f"cat {self._path}.end", timeout))
        return Result(status, self.output())

    def stop(self, name: str = "TERM", timeout: float = PATIENCE) -> Result:
        """Send a signal and wait for the end."""
        self.signal(name)
        return self.wait(timeout)


def version() -> str:
    """The version of QEMU, in one line."""
    return cache.tool("qemu-system-aarch64", "--version").splitlines()[0]


def _own_directory(name: str) -> Path:
    return TREE / "build/machines" / f"{name}-{os.getpid()}-{next(_numbers)}"


def _bytes(size: str) -> int:
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(size[:-1]) * unit[size[-1]]
