# SPDX-License-Identifier: Apache-2.0
"""What else the agency does with its CPUs and with the machine while it is enabled."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agency import SOON, Agency
from checker_config import Cell
from lib import kexec

Boot = Callable[..., Agency]


def test_agency_cpus_off_and_on(agency: Agency) -> None:
    """Each CPU by hotplug (PSCI from the agency), the last one not; under load."""
    with agency.load_running():
        agency.enable()
        agency.launch("inmate-timer", "timer-jitter")
        for cpu in (1, 3, 0, 1, 3, 0):
            agency.check(f"echo 0 >/sys/devices/system/cpu/cpu{cpu}/online")
            assert str(cpu) not in agency.online()
            agency.check(f"echo 1 >/sys/devices/system/cpu/cpu{cpu}/online")
            agency.check(f"taskset {1 << cpu:x} true")
        assert agency.online() == "0-1,3"
        assert agency.cells() == {"inmate-timer": "running"}
        agency.drop("inmate-timer")
        agency.disable()


def hotplug_rounds(agency: Agency, rounds: int) -> None:
    """Each round takes one CPU away and brings it back, the cell's interrupts going on beside it."""
    with agency.load_running():
        agency.enable()
        agency.launch("inmate-timer", "timer-jitter")
        said = agency.check(
            f"for n in $(seq {rounds}); do for cpu in 1 3 0; do"
            " online=/sys/devices/system/cpu/cpu$cpu/online;"
            " echo 0 >$online && echo 1 >$online && taskset $((1 << cpu)) true || exit 1;"
            " done; done; cat /proc/uptime", 120 + 20 * rounds)
        assert said and agency.online() == "0-1,3"
        assert agency.cells() == {"inmate-timer": "running"}
        agency.drop("inmate-timer")
        agency.disable()


def test_hotplug_again_and_again(agency: Agency) -> None:
    hotplug_rounds(agency, 7)


@pytest.mark.full
def test_hotplug_300_times(agency: Agency) -> None:
    hotplug_rounds(agency, 100)


def test_cpu_that_was_offline_at_enable(agency: Agency) -> None:
    """It comes online beneath the hypervisor, and one that is offline stays so."""
    agency.check("echo 0 >/sys/devices/system/cpu/cpu3/online")
    agency.enable()
    agency.check("echo 1 >/sys/devices/system/cpu/cpu3/online")
    agency.check("taskset 8 true")
    agency.launch("fault", "hello")
    agency.await_text("fault", "waiting")
    agency.drop("fault")
    agency.disable()
    assert agency.online() == "0-3"


def test_cell_on_a_cpu_that_was_offline_at_enable(agency: Agency) -> None:
    """It has never been online beneath the hypervisor, and is offline again afterwards."""
    agency.check("echo 0 >/sys/devices/system/cpu/cpu1/online")
    agency.check("echo 0 >/sys/devices/system/cpu/cpu2/online")
    agency.enable()
    for _ in range(2):
        agency.launch("capsule", "hello")
        agency.await_text("capsule", "waiting")
        assert agency.online() == "0,3"
        agency.drop("capsule")
        assert agency.online() == "0,3"
    agency.launch("inmate-smp", "smp")
    agency.await_text("inmate-smp", "smp: all 2 CPUs passed", 300)
    agency.drop("inmate-smp")
    agency.disable()
    for cpu in (1, 2):
        agency.check(f"echo 1 >/sys/devices/system/cpu/cpu{cpu}/online")


def test_cell_on_a_cpu_that_was_offline(enabled: Agency) -> None:
    """It is offline again afterwards, as the user had it."""
    enabled.check("echo 0 >/sys/devices/system/cpu/cpu1/online")
    enabled.launch("capsule", "hello")
    enabled.await_text("capsule", "waiting")
    enabled.drop("capsule")
    assert enabled.online() == "0,2-3"
    enabled.check("echo 1 >/sys/devices/system/cpu/cpu1/online")


def test_module_stays_while_enabled(enabled: Agency) -> None:
    status, said = enabled.run("rmmod capsule")
    assert status != 0, said
    assert enabled.enabled()
    enabled.disable()
    enabled.check("rmmod capsule && modprobe capsule")


def test_suspend_is_refused(enabled: Agency) -> None:
    states = enabled.check("cat /sys/power/state").split()
    assert "freeze" in states
    for state in states:
        assert enabled.run(f"echo {state} >/sys/power/state").status != 0, state
    assert enabled.enabled() and enabled.online() == "0-3"


NO_SLEEP = "capsule: suspend and hibernation are not possible while enabled"


def test_hibernation_is_refused(another: Boot) -> None:
    """With the reason in the log, by either door; once disabled it goes on to the power-off."""
    machine = another(memory="1G", scratch="1G")
    machine.check("dmesg -n 7; mkswap /dev/vda && swapon /dev/vda")
    machine.check("echo shutdown >/sys/power/disk")
    assert "disk" in machine.check("cat /sys/power/state").split()
    machine.enable()
    machine.launch("capsule", "hello")
    machine.await_text("capsule", "waiting")
    for door in ("echo disk >/sys/power/state", ": </dev/snapshot", ": >/dev/snapshot"):
        told = machine.dmesg().count(NO_SLEEP)
        before = machine.snapshot()
        assert machine.run(door).status != 0, door
        assert machine.dmesg().count(NO_SLEEP) == told + 1, door
        assert machine.snapshot() == before
    machine.drop("capsule")
    machine.disable()
    machine.type("echo disk >/sys/power/state\n")
    assert machine.wait_end() == "guest-shutdown"
    assert "PM: Image saving done" in machine.console_text()


def test_kexec_after_disable(another: Boot, staged: list[Path], tmp_path: Path) -> None:
    """A kernel started by kexec finds EL2 and all CPUs and memory, and can be enabled again."""
    machine = another(add=(kexec.folder(tmp_path, "6.1", staged),))
    make_busy(machine)
    machine.type(f"{kexec.COMMAND}\n")
    machine.expect(r"capsule: disabled on \d CPUs")
    machine.expect(r"agency# ")
    machine.check("true")
    assert "kvm [1]: Hyp mode initialized successfully" in machine.dmesg()
    assert machine.online() == "0-3" and not machine.check("lsmod | grep capsule || true")
    machine.prepare()
    machine.enable()
    for cell, inmate in (("capsule", "hello"), ("inmate-timer", "hello")):
        machine.launch(cell, inmate)
        machine.await_text(cell, "hello: waiting")
        machine.drop(cell)
    machine.disable()


def busy_machine(another: Boot) -> Agency:
    return make_busy(another())


def make_busy(machine: Agency) -> Agency:
    machine.check("dmesg -n 7")
    machine.enable()
    machine.launch("capsule", "hello")
    machine.launch("inmate-timer", "silent")
    machine.await_text("inmate-timer", "masked")
    return machine


def test_poweroff_while_cells_run(another: Boot) -> None:
    """Cells are stopped, one of them by force, and EL2 is given back before the machine ends."""
    machine = busy_machine(another)
    machine.poweroff()
    assert "capsule: disabled on 2 CPUs" in machine.console_text() or \
        "capsule: disabled on 4 CPUs" in machine.console_text()


def test_reboot_while_cells_run(another: Boot) -> None:
    machine = busy_machine(another)
    machine.background("reboot -f")
    assert machine.wait_end() == "guest-reset"
    assert "capsule: disabled on" in machine.console_text()


def test_reboot_while_a_shutdown_waits(another: Boot) -> None:
    """A guest that has ten minutes to answer does not have them when the machine goes down."""
    machine = another()
    machine.check("dmesg -n 7")
    machine.enable()
    patient = Cell(name=b"patient", timeout=600_000)
    machine.do(f"cell create {machine.put_config('patient', patient.pack())}")
    machine.load("patient", "silent")
    machine.do("cell start patient")
    machine.await_text("patient", "silent: masked")
    machine.background("capsulectl cell shutdown patient")
    # Until that one is in the driver this one hears that the cell runs.
    deadline = time.monotonic() + SOON
    while machine.exit_name(machine.ctl("cell start patient")[0]) != "BUSY":
        assert time.monotonic() < deadline
    machine.background("reboot -f")
    assert machine.wait_end() == "guest-reset"
    assert "capsule: disabled on" in machine.console_text()


@pytest.mark.machine(icount=True)
def test_lifecycle_with_counted_instructions(agency: Agency) -> None:
    """No wait of the hypervisor depends on another CPU running at the same time."""
    for _ in range(2):
        agency.enable()
        agency.launch("capsule", "hello")
        agency.await_text("capsule", "hello: waiting")
        agency.do("cell shutdown capsule")
        agency.drop("capsule")
        agency.launch("inmate-smp", "smp")
        agency.await_text("inmate-smp", "smp: all 2 CPUs passed", 300)
        agency.drop("inmate-smp")
        agency.disable()
