# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that need a machine.

A test that takes `agency` gets a booted machine, shared by the tests of its
module; which one is part of the test's name, such as [gicv3-6.1-cortex-a57].
Where a test leaves a machine that no longer answers, the next gets a new one.

    pytestmark = pytest.mark.machine(cpus=2, icount=True)

in a module, or the mark on a test, asks for another machine than the one that
--machine names (default: GICv3, kernel 6.1, cortex-a57).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE), str(Path(__file__).resolve().parent)]

from ci import kernel, qemu  # noqa: E402
from ci.cache import CiError  # noqa: E402
from ci.qemu import Machine, MachineDied  # noqa: E402
from lib.fleet import Fleet, Spec  # noqa: E402

DEFAULT_MACHINE = "gicv3-6.1-cortex-a57"
KEEP_LINES = 80


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("agency")
    group.addoption(
        "--machine", action="append", metavar="NAME",
        help=f"gicvN-KERNEL-CPU[-secure][-icount][-vhe], repeatable; default {DEFAULT_MACHINE}",
    )
    group.addoption(
        "--agency-add", action="append", type=Path, metavar="DIR", default=[],
        help="folder laid over the root of the bare agency",
    )
    group.addoption("--full", action="store_true", help="run the long tests too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: takes long; runs with --full only")
    config.addinivalue_line("markers", "machine(**options): needs a machine with these options")
    config.addinivalue_line(
        "markers", "complaints: kernel warnings are expected, do not fail the test for them"
    )
    config.stash[FLEET] = Fleet(config.getoption("--agency-add"), TREE / "build/machines")


FLEET = pytest.StashKey[Fleet]()
SPECS = pytest.StashKey[dict[str, Spec]]()


def pytest_report_header(config: pytest.Config) -> list[str]:
    names = config.getoption("--machine") or [DEFAULT_MACHINE]
    lines = [f"machines: {', '.join(names)}"]
    try:
        series = sorted({Spec.parse(name)["kernel"] for name in names})
        lines.append(f"kernels: {', '.join(kernel.release(one) for one in series)}")
        lines.append(qemu.version())
    except (CiError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    return lines


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "machine_spec" not in metafunc.fixturenames:
        return
    wanted: dict[str, Any] = {}
    for mark in reversed(list(metafunc.definition.iter_markers("machine"))):
        wanted.update(mark.kwargs)
    names = metafunc.config.getoption("--machine") or [DEFAULT_MACHINE]
    # pytest keeps a fixture while its parameter is the same object, not an equal one.
    known = metafunc.config.stash.setdefault(SPECS, {})
    specs = {
        spec.name: known.setdefault(repr(sorted(spec.items())), spec)
        for spec in (Spec({**Spec.parse(name), **wanted}) for name in names)
    }
    metafunc.parametrize(
        "machine_spec", list(specs.values()), ids=list(specs), scope="module", indirect=True
    )


@pytest.fixture(scope="module")
def machine_spec(request: pytest.FixtureRequest) -> Spec:
    """Which machine the tests of this module run on, as options of Machine."""
    spec: Spec = request.param
    return spec


@pytest.fixture(scope="module")
def _shared(
    request: pytest.FixtureRequest, machine_spec: Spec
) -> Iterator[Callable[[], Machine]]:
    fleet = request.config.stash[FLEET]
    label = re.sub(r"\W+", "-", request.module.__name__)
    current: list[Machine] = []

    def running() -> Machine:
        if not current or not current[0].answers():
            if current:
                current[0].kill()
            current[:] = [fleet.boot(machine_spec, label)]
        return current[0]

    yield running
    if current:
        current[0].kill()


@pytest.fixture
def agency(
    request: pytest.FixtureRequest, _shared: Callable[[], Machine]
) -> Iterator[Machine]:
    """A booted agency, shared by the tests of the module.

    After the test its kernel must not have complained (see the mark
    complaints).
    """
    machine = _shared()
    request.node.stash[MACHINES] = [(machine, len(machine.console_text()))]
    before = machine.complaints()
    yield machine
    _check_complaints(request, machine, before)


@pytest.fixture
def boot(request: pytest.FixtureRequest, machine_spec: Spec) -> Iterator[Callable[..., Machine]]:
    """A function that boots a machine for this test alone: boot(cpus=2, ...)."""
    fleet = request.config.stash[FLEET]
    started: list[Machine] = []
    shown = request.node.stash.setdefault(MACHINES, [])

    def start(**options: Any) -> Machine:
        label = re.sub(r"\W+", "-", request.node.originalname)
        machine = fleet.boot(Spec({**machine_spec, **options}), f"{label}-{len(started)}")
        started.append(machine)
        shown.append((machine, 0))
        return machine

    yield start
    for machine in started:
        _check_complaints(request, machine, [])
        machine.kill()


MACHINES = pytest.StashKey[list[tuple[Machine, int]]]()


def _check_complaints(
    request: pytest.FixtureRequest, machine: Machine, before: list[str]
) -> None:
    if request.node.get_closest_marker("complaints") or not machine.answers():
        return
    try:
        new = [line for line in machine.complaints() if line not in before]
    except MachineDied as error:
        pytest.fail(f"the agency did not answer after the test: {error}", pytrace=False)
    if new:
        pytest.fail("the agency's kernel complained:\n" + "\n".join(new), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if not report.failed:
        return
    for machine, start in item.stash.get(MACHINES, []):
        lines = machine.console_text()[start:].splitlines()
        text = "\n".join(lines[-KEEP_LINES:])
        report.sections.append((f"console of {machine.name}", text))
        log = os.path.relpath(machine.console_log)
        report.sections.append(("whole console", log))
