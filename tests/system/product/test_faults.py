# SPDX-License-Identifier: Apache-2.0
"""The guest that fails on purpose: each of its ways stops that cell only, or nothing at all."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from agency import SYSFS, Agency
from building import BUILD

TOP = Path(__file__).resolve().parents[3]
RAM = 16 << 20
OUTSIDE, WIDTH, SUBPAGE = 0x01800000, 0x09010000, 0x09010800


def ways(outcome: str, gic: int = 0) -> dict[str, str]:
    """Ways with this outcome, and the reason of the fault; with gic also those for that GIC only."""
    lines = (TOP / "inmates/fault/ways.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: reason.replace("_", "-") for name, kind, reason, *where in rows
            if kind == outcome and where in ([], [f"gicv{gic}"])}


# What the record says about where it happened, for the ways where one can know:
# the IPA, within a page or exactly.
PLACES = {"exec-outside": OUTSIDE, "read-outside": OUTSIDE, "write-outside": OUTSIDE,
          "write-readonly": 0x02000000, "exec-noexec": 0x03000000, "exec-comm": 0x80000000,
          "width-8": WIDTH, "width-16": WIDTH, "width-64": WIDTH, "width-write": WIDTH,
          "subpage-gap": SUBPAGE, "exclusive-outside": OUTSIDE, "pair-outside": OUTSIDE,
          "zva-outside": OUTSIDE, "table-walk": OUTSIDE}
FETCHES = ("exec-outside", "exec-noexec", "exec-comm")


def judge(way: str, reason: str, agency: Agency) -> list[str]:
    """What is wrong about the failed cell as it is shown."""
    wrong = []
    cell = agency.cell("fault")
    record = cell["fault_record"] or {}
    fault = dict(line.split(None, 1) for line in agency.sysfs("cells/fault/fault").splitlines())
    if cell["state"] != "failed":
        wrong.append(f"state {cell['state']}")
    if fault.get("reason") != reason or cell["fault"].replace("_", "-") != reason:
        wrong.append(f"reason {fault.get('reason')} and {cell['fault']}, not {reason}")
    if not record or not record["text"]:
        return [*wrong, "no record"]
    if record["cpu"] != 3 or fault["cpu"] != "3":
        wrong.append(f"CPU {record['cpu']}")
    if reason in ("guest", "comm-revision"):
        return wrong  # what it says in its communication region has no place
    if {name: fault[name] for name in ("pc", "esr", "far", "ipa")} != {
            name: record[name] for name in ("pc", "esr", "far", "ipa")}:
        wrong.append("sysfs and cell show differ")
    pc, ipa = int(record["pc"], 16), int(record["ipa"], 16)
    place = PLACES.get(way)
    if way in FETCHES:
        if pc & ~0xfff != place & ~0xfff:
            wrong.append(f"PC {pc:#x}")
    elif pc >= RAM:
        wrong.append(f"PC {pc:#x} is not in the guest")
    if place is not None and ipa & ~0xfff != place & ~0xfff:
        wrong.append(f"IPA {ipa:#x}, not {place:#x}")
    if len(record["x"]) != 31:
        wrong.append("registers are missing")
    return wrong


def run_failing(way: str, reason: str, agency: Agency) -> list[str]:
    agency.load("fault", "fault", way)
    agency.do("cell start fault")
    try:
        agency.await_state("fault", "failed")
    except AssertionError as error:
        agency.ctl("cell shutdown --force fault")
        return [f"{error}; {agency.said('fault').splitlines()[-3:]}"]
    wrong = judge(way, reason, agency)
    said = agency.said("fault")
    if f"fault: {way}: going" not in said or "WRONG" in said:
        wrong.append(f"said {said!r}")
    return wrong


def test_what_a_guest_may_try(enabled: Agency) -> None:
    """Calls, registers and devices that are not for it: answered, and the guest goes on."""
    enabled.launch("fault", "fault", "all")
    said = enabled.await_text("fault", "fault: done", 120)
    results = dict(re.findall(r"fault: (\S+): (ok|WRONG)", said))
    assert results == {way: "ok" for way in ways("continue", enabled.gic)}, said
    enabled.drop("fault")


def test_each_fault_stops_its_cell_only(agency: Agency) -> None:
    """Another cell runs on beside it, and the same cell can be loaded and started again."""
    wrong = {}
    with agency.load_running("-o disk,timer"):
        agency.enable()
        agency.launch("inmate-timer", "timer-jitter", "hz=50")
        agency.create("fault")
        for way, reason in ways("fail", agency.gic).items():
            bad = run_failing(way, reason, agency)
            if agency.cells() != {"inmate-timer": "running", "fault": "failed"}:
                bad.append(str(agency.cells()))
            if bad:
                wrong[way] = bad
        first = agency.said("inmate-timer").count("samples")
        agency.load("fault", "hello")
        agency.do("cell start fault")
        agency.await_text("fault", "hello: waiting")
        assert agency.sysfs("cells/fault/fault") == ""
        agency.check(f"cat {SYSFS}/cells/inmate-timer/state | grep -q running")
        assert first > 0 and not wrong, wrong
        agency.drop("fault")
        agency.drop("inmate-timer")
        agency.disable()


def test_a_failed_cell_is_told(enabled: Agency) -> None:
    """What the user is shown of a failed cell; what can be done with it."""
    enabled.launch("fault", "fault", "read-outside")
    enabled.await_state("fault", "failed")
    shown = enabled.do("cell show fault")
    assert "data access outside the cell's memory" in shown, shown
    assert "failed" in shown and re.search(r"IPA +0x0*1800000\b", shown), shown
    enabled.refuses("cell start fault", "FAILED", "cell show fault")
    for force in ("", "--force "):
        enabled.refuses(f"cell shutdown {force}fault", "FAILED", "load it again, or destroy it")
    enabled.do("cell destroy fault")


@pytest.mark.parametrize("way", ways("loop"))
def test_a_lost_guest_is_forced(enabled: Agency, way: str) -> None:
    """It never answers: stopped, not before its configured second, CPU and memory come back."""
    enabled.launch("fault", "fault", way)
    enabled.await_text("fault", f"fault: {way}: going")
    assert enabled.cells() == {"fault": "running"}
    before = float(enabled.check("cut -d' ' -f1 /proc/uptime"))
    enabled.do("cell shutdown fault")
    took = float(enabled.check("cut -d' ' -f1 /proc/uptime")) - before
    assert took >= 0.9, took
    enabled.drop("fault")
    assert enabled.online() == "0-3"


# PSCI 0.1's CPU_ON: QEMU's firmware answers it, and nobody else would.
CPU_ON_0_1 = 0x95C1BA60


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "unlisted"])
def test_listed_smc_reaches_firmware(enabled: Agency, listed: bool) -> None:
    config = (BUILD / "configs/fault.cell").read_bytes()
    if listed:  # the ids are what a configuration ends with
        config = config[:-4] + struct.pack("<I", CPU_ON_0_1)
    enabled.do(f"cell create {enabled.put_config('firmware', config)}")
    enabled.load("fault", "fault", f"smc-listed@{CPU_ON_0_1:#x}")
    enabled.do("cell start fault")
    said = enabled.await_text("fault", "fault: done")
    assert ("fault: smc-listed: ok" in said) == listed, said


def test_jailhouse_guest_calls(enabled: Agency) -> None:
    enabled.launch("fault", "fault", "jailhouse-info")
    said = enabled.await_text("fault", "fault: done")
    assert "fault: jailhouse-info: ok" in said and "said by Jailhouse's call\n" in said, said
