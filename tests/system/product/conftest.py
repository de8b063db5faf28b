# SPDX-License-Identifier: Apache-2.0
"""An agency with Capsule installed, for the tests of the product itself.

A test that takes `agency` gets a booted machine with the module loaded and
nothing enabled; `enabled` is the same, enabled. The next test gets the same
machine, unless it failed or wants another kind (`@pytest.mark.machine(gic=2)`):
a boot takes longer than most tests. After each test nothing may be left: no
cell, no page, no CPU, no complaint of the kernel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agency import Agency
from building import BUILD, make, make_module
from ci.qemu import MachineDied
from lib.fleet import Spec

KEEP_LINES = 60


@pytest.fixture(scope="session")
def staged() -> list[Path]:
    """Folders to lay over the agency's root: what is tested, and the tests' own programs."""
    if "CAPSULE_STAGED" not in os.environ:
        make("agency")
    make("-C", "tests/system/guest", "stage", f"STAGE={BUILD}/tests/guest-root")
    return [BUILD / "agency", BUILD / "tests/guest-root"]


class Stable:
    """Holds the one machine that runs."""

    def __init__(self, staged: list[Path], folder: Path) -> None:
        self.staged, self.folder = staged, folder
        self.machine: Agency | None = None
        self.spec: Spec | None = None
        self.count = 0

    def get(self, spec: Spec) -> Agency:
        """The machine that runs, or a new one if that will not do."""
        if self.machine and spec == self.spec and self.machine.answers():
            return self.machine
        self.drop()
        self.count += 1
        options = dict(spec)
        added = [*make_module(options["kernel"]), *options.pop("add", ())]
        self.machine = Agency(add=[*self.staged, *added],
                              directory=self.folder / f"{self.count}", **options)
        self.spec = spec
        try:
            self.machine.boot()
            self.machine.prepare()
        except BaseException:
            self.drop()
            raise
        return self.machine

    def drop(self) -> None:
        if self.machine:
            self.machine.kill()
        self.machine = None


@pytest.fixture(scope="session")
def stable(
    staged: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stable]:
    holder = Stable(staged, tmp_path_factory.mktemp("machines"))
    yield holder
    holder.drop()


@pytest.fixture
def agency(
    request: pytest.FixtureRequest, stable: Stable, machine_spec: Spec
) -> Iterator[Agency]:
    """A booted machine with the module loaded, not enabled."""
    machine = stable.get(machine_spec)
    request.node.machine = machine
    online, complaints = machine.online(), machine.complaints()
    yield machine
    if getattr(request.node, "failed", True) or not machine.answers():
        stable.drop()
        return
    try:
        nothing_left(machine, online)
        if not request.node.get_closest_marker("complaints"):
            new = [line for line in machine.complaints() if line not in complaints]
            assert not new, new
    except BaseException:
        stable.drop()
        raise


def nothing_left(machine: Agency, online: str) -> None:
    """What a test may not leave behind, whatever it was about."""
    machine.settle()
    assert not any(machine.ledger().values()), f"disabled, but: {machine.ledger()}"
    assert machine.online() == online


@pytest.fixture
def enabled(agency: Agency) -> Agency:
    """The same, enabled."""
    agency.enable()
    return agency


@pytest.fixture
def another(
    request: pytest.FixtureRequest, stable: Stable, machine_spec: Spec
) -> Iterator[Callable[..., Agency]]:
    """A function that boots a machine for this test alone: another(append=...)."""
    def boot(**options: Any) -> Agency:
        machine = stable.get(Spec({**machine_spec, **options}))
        request.node.machine = machine
        return machine

    stable.drop()
    yield boot
    stable.drop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if call.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    machine: Agency | None = getattr(item, "machine", None)
    if report.failed and machine:
        report.sections += [(title, text) for title, text in autopsy(machine)]


def autopsy(machine: Agency) -> Iterator[tuple[str, str]]:
    """What a failed test's machine has to say."""
    yield "console of the agency", tail(machine.console_text())
    if not machine.answers():
        return
    try:
        yield "kernel log", tail(machine.run("dmesg", 20).output)
        yield "state", machine.run("capsulectl status; capsulectl console", 20).output
    except MachineDied as death:
        yield "the machine", str(death)


def tail(text: str) -> str:
    return "\n".join(text.splitlines()[-KEEP_LINES:])
