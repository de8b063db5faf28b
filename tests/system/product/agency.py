# SPDX-License-Identifier: Apache-2.0
"""An agency with Capsule installed: the user's commands, and what is to be seen of them."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import time
from collections.abc import Iterator
from typing import Any

from ci.qemu import Background, Machine, Result

SYSFS = "/sys/devices/virtual/misc/capsule"
CELLS = "/usr/share/capsule/cells"
INMATES = "/usr/share/capsule/inmates"
# Where the guest library expects its parameter line.
PARAMETERS = 0x1000
# Seconds for what a guest does at once, on a machine that may be slow.
SOON = 60


class Agency(Machine):
    """A machine whose image has everything that `make install` installs."""

    _exits: dict[int, str] | None = None

    def prepare(self) -> Agency:
        """To be called once, after boot."""
        self.check("modprobe capsule")
        return self

    # -- the tool

    def ctl(self, words: str, timeout: float = 120) -> Result:
        """Run capsulectl, whatever comes of it."""
        return self.run(f"capsulectl {words}", timeout)

    def do(self, words: str, timeout: float = 120) -> str:
        """Run capsulectl, which must succeed."""
        return self.check(f"capsulectl {words}", timeout)

    def exit_name(self, status: int) -> str:
        """Name of an exit code, as `capsulectl exit-codes` lists it."""
        if self._exits is None:
            lines = [line.split() for line in self.do("exit-codes").splitlines() if line]
            self._exits = {int(code): name for code, name in lines}
        return self._exits.get(status, f"status {status}")

    def refuses(self, words: str, reason: str, *said: str) -> str:
        """A command is refused for a reason, in one line with cause and remedy, after warnings.

        All of `said` must stand in that line; ledger, cells, CPUs and memory
        must be as they were.
        """
        before = self.snapshot()
        status, output = self.ctl(words)
        assert self.exit_name(status) == reason, f"{words}: {self.exit_name(status)}: {output}"
        lines = [line for line in output.splitlines() if ": warning: " not in line]
        assert len(lines) == 1 and lines[0].startswith("capsulectl: "), output
        assert lines[0].count(": ") >= 2, f"cause or remedy missing: {output}"
        for text in said:
            assert text in output, f"{text!r} is not in: {output}"
        assert self.snapshot() == before, f"{words}: refused, but not without effect"
        return output

    # -- what is to be seen

    def sysfs(self, name: str) -> str:
        return self.check(f"cat {SYSFS}/{name}").strip()

    def ledger(self) -> dict[str, int]:
        """The page ledger."""
        pairs = (line.split() for line in self.sysfs("ledger").splitlines())
        return {name: int(value) for name, value in pairs}

    def enabled(self) -> bool:
        return self.sysfs("enabled") == "1"

    def cells(self) -> dict[str, str]:
        """States of the cells by name, from sysfs."""
        text = self.check(
            f"for c in {SYSFS}/cells/*/state; do [ -e $c ] && echo $c $(cat $c); done; true")
        states = {}
        for line in text.splitlines():
            path, state = line.split()
            states[path.split("/")[-2]] = state
        return states

    def cell(self, name: str) -> dict[str, Any]:
        """What `cell show --json` says."""
        return json.loads(self.do(f"cell show --json {name}"))

    def online(self) -> str:
        return self.check("cat /sys/devices/system/cpu/online").strip()

    def snapshot(self) -> str:
        """All that a refused call must leave alone, as text."""
        return self.check(
            f"cd {SYSFS}; cat ledger enabled cpus /sys/devices/system/cpu/online;"
            " for c in cells/*/state; do [ -e $c ] && echo $c $(cat $c); done; true")

    def said(self, cell: str = "") -> str:
        """What the cell's (or the hypervisor's) console has kept."""
        return self.do(f"console {cell}")

    def await_text(self, cell: str, text: str, seconds: int = SOON) -> str:
        """Wait until a text stands on a cell's console; returns what came before."""
        status, seen = self.run(f"await text {cell} {shlex.quote(text)} {seconds}", seconds + 60)
        assert status == 0, f"{cell} never said {text!r} but:\n{seen}"
        return seen

    def await_state(self, cell: str, state: str, seconds: int = SOON) -> None:
        """Wait until sysfs says that a cell is in a state."""
        status, seen = self.run(f"await state {cell} {state} {seconds}", seconds + 60)
        assert status == 0, f"{cell} is not {state} but {seen.strip()}"

    def await_output(self, program: Background, text: str, seconds: int = SOON) -> str:
        """Wait until a background program has said a text; returns all it said."""
        deadline = time.monotonic() + seconds
        while text not in (said := program.output()):
            assert time.monotonic() < deadline, f"{program.command} said only:\n{said}"
        return said

    # -- doing things

    @property
    def root_config(self) -> str:
        """The root configuration shipped for this machine."""
        return "root.cell" if self.gic == 3 else f"root-gicv{self.gic}.cell"

    def enable(self) -> None:
        self.do(f"enable {self.root_config}")

    def disable(self) -> None:
        self.do("disable")

    def create(self, config: str) -> str:
        """Make a cell from an installed configuration; returns its name."""
        self.do(f"cell create {config}.cell")
        return config

    def load(self, cell: str, inmate: str, parameters: str = "") -> None:
        words = f"cell load {cell} {INMATES}/{inmate}.bin"
        if parameters:
            self.put(f"{parameters}\n".encode(), "/tmp/parameters")
            words += f" -a 0 /tmp/parameters -a {PARAMETERS:#x}"
        self.do(words)

    def launch(self, config: str, inmate: str, parameters: str = "") -> str:
        """Create, load and start a cell; returns its name."""
        cell = self.create(config)
        self.load(cell, inmate, parameters)
        self.do(f"cell start {cell}")
        return cell

    def drop(self, cell: str, force: bool = False) -> None:
        """Destroy a cell, if need be without asking it."""
        if force:
            self.ctl(f"cell shutdown --force {cell}")
        self.do(f"cell destroy {cell}")

    def put_config(self, name: str, content: bytes) -> str:
        """Install a configuration made by a test; returns its path."""
        path = f"/tmp/{name}.cell"
        self.put(content, path)
        return path

    def settle(self) -> None:
        """Put everything back, as far as a test has not done so."""
        for cell in self.cells():
            self.drop(cell, force=True)
        if self.enabled():
            self.disable()

    @contextlib.contextmanager
    def load_running(self, words: str = "") -> Iterator[Background]:
        """Disk (by MSI), memory, network and timer under load; checks that all was well."""
        load = self.background(f"load {words}".strip())
        try:
            yield load
        except BaseException:
            self.run("kill -TERM $(pidof load)")
            raise
        status, output = load.stop()
        assert status == 0, f"the load found errors:\n{output}"
        check_load(output)


def check_load(output: str) -> dict[str, tuple[int, int]]:
    """Completions equal submissions, and there were some."""
    counts = {name: (int(a), int(b)) for name, a, b in
              re.findall(r"^(\w+): submitted (\d+) completed (\d+)", output, re.MULTILINE)}
    assert counts, f"the load told nothing:\n{output}"
    for name, (submitted, completed) in counts.items():
        assert submitted == completed > 0, f"{name}: {output}"
    return counts
