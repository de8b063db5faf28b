# SPDX-License-Identifier: Apache-2.0
"""Which machines tests run on, by name, and how they are booted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ci.cache import TREE, tool
from ci.kernel import SERIES
from ci.qemu import Machine

_FLAGS = ("secure", "icount", "vhe")
_NAME = re.compile(
    r"gicv(?P<gic>[23])-(?P<kernel>\d+\.\d+(-rt)?)-(?P<cpu>[a-z0-9-]+?)(?P<flags>(-(secure|icount|vhe))*)"
)


class Spec(dict[str, Any]):
    """Options of Machine, with the name they give a test."""

    @property
    def name(self) -> str:
        """Such as gicv3-6.1-cortex-a57, with further options as words."""
        words = [f"gicv{self['gic']}", self["kernel"], self["cpu"].partition(",")[0]]
        words += [flag for flag in _FLAGS if self.get(flag)]
        words += [
            f"{key}={value}" for key, value in sorted(self.items())
            if key not in ("gic", "kernel", "cpu", "add", "append", "qemu", *_FLAGS)
        ]
        return "-".join(words)

    @staticmethod
    def parse(name: str) -> Spec:
        """The options a name such as gicv2-6.12-cortex-a76-secure stands for."""
        match = _NAME.fullmatch(name)
        if not match or match["kernel"] not in SERIES:
            raise ValueError(
                f"no machine {name}: expected gicv2 or gicv3, a kernel ({', '.join(SERIES)}) and a"
                f" CPU, joined by '-', then any of {', '.join(_FLAGS)}"
            )
        spec = Spec(gic=int(match["gic"]), kernel=match["kernel"], cpu=match["cpu"])
        spec.update({flag: True for flag in match["flags"].split("-") if flag})
        return spec


class Fleet:
    """Boots machines for tests, each with a folder of its own for its logs."""

    def __init__(self, add: Iterable[Path], folder: Path) -> None:
        self._add = list(add)
        self._folder = folder

    def boot(self, spec: Spec, label: str) -> Machine:
        """A booted machine with the tests' programs in /usr/local/bin."""
        options = dict(spec)
        add = [*self._add, *options.pop("add", ())]
        machine = Machine(
            **options, add=[*add, guest_programs()],
            directory=self._folder / f"{label}-{re.sub('[^a-z0-9.=-]', '-', spec.name)}",
        )
        # What an earlier run left must not look like this one's.
        machine.console_log.unlink(missing_ok=True)
        try:
            return machine.boot()
        except BaseException:
            machine.kill()
            raise


def guest_programs() -> Path:
    """A folder with the programs of tests/system/guest, built if need be."""
    source = TREE / "tests/system/guest"
    staged = TREE / "build/tests/guest-root"
    tool("make", "-C", source, "--no-print-directory", f"STAGE={staged}", "stage")
    return staged
