# SPDX-License-Identifier: Apache-2.0
"""The guests of inmates/ in cells; what they check themselves they say."""

from __future__ import annotations

import re

import pytest

from agency import SYSFS, Agency
from checker_config import Cell


def test_hello(enabled: Agency) -> None:
    enabled.launch("capsule", "hello")
    said = enabled.await_text("capsule", "hello: waiting for a shutdown request")
    assert "Capsule, interface version 1.0" in said
    enabled.drop("capsule")


def test_smp(enabled: Agency) -> None:
    """CPU_ON, CPU_OFF, AFFINITY_INFO, CPU_SUSPEND, SGIs between all pairs."""
    enabled.launch("inmate-smp", "smp")
    said = enabled.await_text("inmate-smp", "smp: all 2 CPUs passed")
    assert "FAILED" not in said
    enabled.do("cell shutdown inmate-smp")


def test_irq16(enabled: Agency) -> None:
    """More pending interrupts than list registers are taken in order of priority."""
    enabled.launch("capsule", "irq16")
    assert "FAILED" not in enabled.await_text("capsule", "irq16: passed")


def test_reset(enabled: Agency) -> None:
    """SYSTEM_RESET restarts the cell with its memory, SYSTEM_OFF shuts it down."""
    enabled.launch("capsule", "reset")
    enabled.await_state("capsule", "shut-down")
    said = enabled.said("capsule")
    assert re.findall(r"reset: boot (\d)", said) == ["1", "2", "3"] and "FAILED" not in said
    assert enabled.sysfs("cells/capsule/restarts") == "2"


def test_deny(enabled: Agency) -> None:
    """A denied shutdown is told and leaves the cell running; the second is approved."""
    enabled.launch("capsule", "deny")
    enabled.await_text("capsule", "deny:")
    enabled.refuses("cell shutdown capsule", "SHUTDOWN_DENIED", "denied", "--force")
    enabled.do("cell shutdown capsule")
    assert enabled.cells() == {"capsule": "shut-down"}


@pytest.mark.parametrize("how", ["", "wfi"], ids=["spins", "sleeps"])
def test_silent_is_forced(enabled: Agency, how: str) -> None:
    """A cell that masks everything and never answers is stopped, not before its configured time."""
    enabled.launch("capsule", "silent", how or "spin")
    enabled.await_text("capsule", "silent: masked")
    before = float(enabled.check("cut -d' ' -f1 /proc/uptime"))
    enabled.do("cell shutdown capsule")
    took = float(enabled.check("cut -d' ' -f1 /proc/uptime")) - before
    assert took >= 0.9, f"configured are 1.0 s, it took {took} s"
    assert enabled.cells() == {"capsule": "shut-down"}


def test_force_does_not_ask(enabled: Agency) -> None:
    """Else this would take the ten minutes that the cell is given to answer."""
    patient = Cell(name=b"patient", timeout=600_000)
    enabled.do(f"cell create {enabled.put_config('patient', patient.pack())}")
    enabled.load("patient", "silent")
    enabled.do("cell start patient")
    enabled.await_text("patient", "silent: masked")
    enabled.do("cell shutdown --force patient")
    assert enabled.cells() == {"patient": "shut-down"}


def test_timer_jitter(enabled: Agency) -> None:
    """A periodic interrupt of the virtual timer; the guest ends by itself."""
    enabled.launch("inmate-timer", "timer-jitter", "hz=200 lines=2")
    enabled.await_state("inmate-timer", "shut-down")
    said = enabled.said("inmate-timer")
    assert said.count("timer-jitter: 200 samples, min") == 2 and "shutting down" in said


def test_two_cells_at_once(enabled: Agency) -> None:
    """Cells run beside each other and keep their consoles apart."""
    enabled.launch("capsule", "hello")
    enabled.launch("inmate-timer", "timer-jitter", "hz=100")
    enabled.await_text("inmate-timer", "samples")
    enabled.await_text("capsule", "hello: waiting")
    assert "timer" not in enabled.said("capsule")
    assert "hello" not in enabled.said("inmate-timer")
    assert enabled.cells() == {"capsule": "running", "inmate-timer": "running"}


def test_clean_after_another_cell(enabled: Agency) -> None:
    """What one guest left in registers and memory the next on that CPU does not find."""
    for _ in range(2):
        enabled.launch("capsule", "dirty")
        enabled.await_text("capsule", "dirty:")
        enabled.drop("capsule", force=True)
        enabled.launch("capsule", "clean-check")
        said = enabled.await_text("capsule", "none dirty")
        assert re.search(r"clean: \d+ registers, \d+ pages checked, none dirty", said), said
        enabled.drop("capsule", force=True)


def test_clean_within_one_cell(enabled: Agency) -> None:
    """Clean for the next guest of the same cell, too: memory is cleared before it is loaded again."""
    enabled.launch("capsule", "dirty")
    enabled.await_text("capsule", "dirty:")
    enabled.do("cell shutdown --force capsule")
    enabled.load("capsule", "clean-check")
    enabled.do("cell start capsule")
    enabled.await_text("capsule", "none dirty")


def test_clean_after_the_agency(enabled: Agency) -> None:
    """The agency has used CPU and memory for something else in between."""
    enabled.launch("capsule", "dirty")
    enabled.await_text("capsule", "dirty:")
    enabled.drop("capsule", force=True)
    enabled.check("head -c 1200M /dev/urandom >/dev/shm/fill & taskset 2 md5sum /bin/busybox; "
                  "kill $! 2>/dev/null; rm -f /dev/shm/fill")
    enabled.launch("capsule", "clean-check")
    enabled.await_text("capsule", "none dirty")


def test_stats_tell_what_a_guest_does(enabled: Agency) -> None:
    """PSCI calls, SGIs and console calls are counted where they belong."""
    enabled.launch("inmate-smp", "smp")
    enabled.await_text("inmate-smp", "smp: all 2 CPUs passed")
    base = f"{SYSFS}/cells/inmate-smp/statistics"
    # On a GICv2 an SGI is a store to the distributor.
    sgi = () if enabled.gic == 2 else ("vsgi",)
    names = ("psci", *sgi, "hypercall", "mmio", "total")
    counts = [int(enabled.check(f"cat {base}/{n}")) for n in names]
    assert all(counts) and sum(counts[:-1]) <= counts[-1], dict(zip(names, counts))
