# SPDX-License-Identifier: Apache-2.0
"""The main job: enable, a cell's life, disable. Under load: disk by MSI, network, memory, timer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from agency import SYSFS, Agency


@pytest.fixture
def loaded(agency: Agency) -> Iterator[Agency]:
    """The agency under load, from before enable to after disable."""
    with agency.load_running():
        yield agency
        agency.settle()


def test_lifecycle(loaded: Agency) -> None:
    """Each state is seen in list, sysfs and uevents; the ledger ends as it began."""
    agency = loaded
    disabled = agency.ledger()
    agency.enable()
    assert agency.enabled() and agency.cells() == {}
    enabled = agency.ledger()
    assert enabled["hv_pages"] == enabled["pages_marked_offline"] == 4096

    events = agency.background("await uevents 4 60")
    agency.create("capsule")
    assert agency.cells() == {"capsule": "loadable"}
    during = agency.ledger()
    assert during["cell_pages"] == 4096 and during["cpus_offlined"] == 1 and during["cells"] == 1
    assert agency.online() == "0,2-3"

    agency.load("capsule", "hello")
    agency.do("cell start capsule")
    agency.await_text("capsule", "hello: waiting for a shutdown request")
    assert agency.cells() == {"capsule": "running"}
    assert re.search(r"^1 +capsule +running +1 +16384 KiB$", agency.do("cell list"), re.MULTILINE)
    assert "1 capsule running" in agency.sysfs("cpus")

    agency.do("cell shutdown capsule")
    assert agency.cells() == {"capsule": "shut-down"}
    agency.do("cell destroy capsule")
    assert agency.cells() == {} and agency.online() == "0-3"
    assert agency.ledger() == enabled
    agency.disable()
    assert not agency.enabled() and agency.ledger() == disabled

    status, seen = events.wait()
    assert status == 0, seen
    states = [line.split()[1] for line in seen.splitlines() if line.startswith("capsule ")]
    assert [s for s in states if s not in ("starting", "stopping", "dying", "created")] == [
        "loadable", "running", "shut-down", "destroyed"], seen


def test_capsule_writes_of_itself(enabled: Agency) -> None:
    """show, stats, status and sysfs tell the same."""
    enabled.launch("capsule", "hello")
    enabled.await_text("capsule", "hello: waiting")
    cell = enabled.cell("capsule")
    assert cell["cpus"] == [1] and cell["memory"] == 16 << 20 and cell["fault_record"] is None
    base = f"{SYSFS}/cells/capsule"
    assert enabled.check(f"cat {base}/cpus_assigned {base}/memory {base}/id").split() == [
        "1", str(16 << 20), str(cell["id"])]
    assert enabled.check(f"cat {base}/fault") == ""
    assert int(enabled.check(f"cat {base}/pool_pages")) == cell["pool_pages"] > 0
    total = int(enabled.check(f"cat {base}/statistics/total"))
    assert 0 < total <= int(re.search(r"^total +(\d+)", enabled.do("cell stats capsule"))[1])
    assert "hypervisor: enabled" in enabled.do("status")


def test_load_and_start_again(enabled: Agency) -> None:
    """A cell that was shut down can be loaded and started again."""
    enabled.launch("capsule", "hello")
    for _ in range(3):
        enabled.await_text("capsule", "hello: waiting")
        enabled.do("cell shutdown capsule")
        enabled.load("capsule", "hello")
        enabled.do("cell start capsule")
    enabled.drop("capsule")


def test_an_idle_cell_does_not_exit(enabled: Agency) -> None:
    """A guest that waits and has no interrupts costs the hypervisor next to nothing."""
    enabled.launch("capsule", "silent", "wfi")
    enabled.await_text("capsule", "silent: masked, asleep")
    first = enabled.check(f"cat {SYSFS}/cells/capsule/statistics/total")
    enabled.check("timeout 2 cat /dev/zero >/dev/null; true")
    assert int(enabled.check(f"cat {SYSFS}/cells/capsule/statistics/total")) - int(first) < 200
