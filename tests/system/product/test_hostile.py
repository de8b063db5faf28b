# SPDX-License-Identifier: Apache-2.0
"""Guests that mean harm: the agency, the hypervisor and the other cells live on, as promised."""

from __future__ import annotations

import pytest

from agency import SOON, SYSFS, Agency
from checker_config import (ANY, COMM_REGION, IO, LOADABLE, NO_HUGE, RAM, READ, ROOTSHARED, WRITE,
                            Cell, Region)
from test_refusals import past_the_tool, reason_number

pytestmark = pytest.mark.machine(memory="2G")

MIB = 1 << 20
# PL031: its identification registers are shared with the agency.
DEVICE = 0x09010FE0
HOLE = 0x0B000000
# A cell that is asked and does not answer outlasts the test: it must not be asked.
PATIENCE_MS = 600_000


def memory(size: int = 16 * MIB, flags: int = 0) -> Region:
    return Region(0, 0, size, RAM | LOADABLE | ANY | flags)


def cell(name: str, *cpus: int, ram: Region | None = None, more: tuple[Region, ...] = ()) -> Cell:
    return Cell(name=name.encode(), cpus=cpus, regions=(ram or memory(), *more, COMM_REGION),
                timeout=PATIENCE_MS)


def create(agency: Agency, config: Cell) -> str:
    name = config.name.decode()
    agency.do(f"cell create {agency.put_config(name, config.pack())}")
    return name


def launch(agency: Agency, config: Cell, inmate: str, parameters: str = "") -> str:
    name = create(agency, config)
    agency.load(name, inmate, parameters)
    agency.do(f"cell start {name}")
    return name


def force(agency: Agency, name: str) -> None:
    """Stop a cell without asking it."""
    agency.do(f"cell shutdown --force {name}")


def hello(agency: Agency, config: Cell) -> None:
    """All is well with the hypervisor: a cell can be made, run and be destroyed."""
    name = launch(agency, config, "hello")
    agency.await_text(name, "hello: waiting")
    agency.drop(name)


# --- CPUs ---------------------------------------------------------------------

def test_system_off_of_a_cell_whose_memory_is_used_again(enabled: Agency) -> None:
    """The CPUs stay parked over the cell's end: nothing of it is looked at when they return."""
    for cpu in (1, 2):
        enabled.check(f"echo 0 >/sys/devices/system/cpu/cpu{cpu}/online")
    for _ in range(3):
        launch(enabled, cell("both", 1, 2), "hostile", "off")
        enabled.await_state("both", "shut-down")
        enabled.drop("both")
        hello(enabled, cell("single", 1))
        hello(enabled, cell("other", 1, 2))
    for cpu in (1, 2):
        enabled.check(f"echo 1 >/sys/devices/system/cpu/cpu{cpu}/online")
    assert enabled.online() == "0-3"


def test_two_cpus_that_evade_a_stop(enabled: Agency) -> None:
    """Each switches the other on before it is itself off: never both off, never both on."""
    create(enabled, cell("evade", 1, 2))
    for _ in range(6):
        enabled.load("evade", "hostile", "evade")
        enabled.do("cell start evade")
        enabled.await_text("evade", "hostile: evade: going")
        force(enabled, "evade")
        assert enabled.cells() == {"evade": "shut-down"}
    enabled.drop("evade")
    assert enabled.online() == "0-3"


def test_two_cpus_that_evade_a_failure(enabled: Agency) -> None:
    """One breaks a rule, while the other switches it on again."""
    for _ in range(4):
        launch(enabled, cell("evade", 1, 2), "hostile", "evade-fail")
        enabled.await_state("evade", "failed")
        # By itself, before anybody asks for a stop; and nothing runs again.
        enabled.check(f"timeout {SOON} sh -c"
                      f" 'until [ $(grep -c \"evade parked\" {SYSFS}/cpus) = 2 ]; do :; done'")
        exits = enabled.sysfs("cells/evade/statistics/total")
        hello(enabled, cell("other", 3))
        assert enabled.sysfs("cells/evade/statistics/total") == exits
        enabled.drop("evade")
    assert enabled.online() == "0-3"
    hello(enabled, cell("evade", 1, 2))


def test_cpu_that_is_switched_on_while_it_is_taken(enabled: Agency) -> None:
    """It is the agency's or the cell's, and the loser is told."""
    config = cell("racer", 1, ram=memory(32 * MIB, NO_HUGE))
    path = enabled.put_config("racer", config.pack())
    online = "/sys/devices/system/cpu/cpu1/online"
    racers = [enabled.background(f"sh -c 'while :; do echo 1 >{online}; done 2>/dev/null'")
              for _ in range(2)]
    for _ in range(5):
        status, said = enabled.ctl(f"cell create {path}")
        if status == 0:
            assert enabled.online() == "0,2-3"
            enabled.load("racer", "hello")
            enabled.do("cell start racer")
            enabled.await_text("racer", "hello: waiting")
            enabled.drop("racer")
        else:
            assert said.count("\n") == 1 and enabled.cells() == {}, said
    for racer in racers:
        racer.stop("KILL")
    enabled.check(f"[ $(cat {online}) = 1 ] || echo 1 >{online}")
    assert "CPU1: failed to come online" not in enabled.dmesg()
    hello(enabled, config)


def failed_record(agency: Agency, way: str, said: str = "") -> tuple[object, str]:
    """The CPU in the record of a cell with CPUs 1 and 2 that declares itself failed."""
    launch(agency, cell("pair", 1, 2), "hostile", way)
    if said:
        agency.await_text("pair", said)
        status, told = agency.ctl("cell shutdown pair")
        assert agency.exit_name(status) == "FAILED", told
    agency.await_state("pair", "failed")
    shown = agency.cell("pair")["fault_record"]
    fault = dict(line.split() for line in agency.sysfs("cells/pair/fault").splitlines())
    assert shown["reason"] == fault["reason"] == "guest"
    text = agency.do("cell show pair")
    assert f"CPU {'not known' if shown['cpu'] is None else shown['cpu']}\n" in text, text
    agency.drop("pair")
    return shown["cpu"], fault["cpu"]


def test_who_declared_the_cell_failed(enabled: Agency) -> None:
    """The CPU that goes off over it is named, and none where that cannot be known."""
    assert failed_record(enabled, "fail") == (1, "1")
    assert failed_record(enabled, "fail-second") == (2, "2")
    assert failed_record(enabled, "fail-both", "declared") == (None, "unknown")


# --- restarts without end -----------------------------------------------------

def notifications(agency: Agency) -> int:
    line = agency.check("grep capsule /proc/interrupts")
    return sum(int(word) for word in line.split()[1:] if word.isdigit())


def restarts(agency: Agency, name: str) -> int:
    return agency.cell(name)["restarts"]


def test_restarts_do_not_keep_the_agency_busy(enabled: Agency) -> None:
    """All are counted; at most ten a second interrupt the agency."""
    launch(enabled, cell("looper", 3, ram=memory(2 * MIB)), "hostile", "reset")
    interrupts, times = notifications(enabled), restarts(enabled, "looper")
    began = float(enabled.check("cut -d' ' -f1 /proc/uptime"))
    while restarts(enabled, "looper") < times + 100:
        pass
    interrupts = notifications(enabled) - interrupts
    seconds = float(enabled.check("cut -d' ' -f1 /proc/uptime")) - began
    assert interrupts <= 10 * seconds + 2, f"{interrupts} interrupts in {seconds} s"
    force(enabled, "looper")
    enabled.drop("looper")


def test_management_beside_restarts(enabled: Agency) -> None:
    """No call about one cell fails because another cell has something to tell."""
    launch(enabled, cell("looper", 3, ram=memory(2 * MIB)), "hostile", "reset")
    irq = enabled.check("grep capsule /proc/interrupts").split(":")[0].strip()
    enabled.check(f"echo 4 >/proc/irq/{irq}/smp_affinity")
    path = enabled.put_config("single", cell("single", 1, ram=memory(2 * MIB)).pack())
    rounds = (f"for i in $(seq 12); do taskset 1 capsulectl cell create {path} && "
              "taskset 1 capsulectl cell load single /usr/share/capsule/inmates/hello.bin && "
              "taskset 1 capsulectl cell start single && taskset 1 capsulectl cell destroy single"
              " || exit 1; done")
    enabled.check(rounds)
    assert restarts(enabled, "looper") > 0 and enabled.cells() == {"looper": "running"}
    enabled.drop("looper", force=True)


# --- accesses -----------------------------------------------------------------

def test_addresses_that_differ_below_eight(enabled: Agency) -> None:
    """An aligned access of the guest would be an unaligned one of the hypervisor."""
    odd = Region(DEVICE + 4, 0x0A000000, 0x18, READ | IO | ROOTSHARED)
    path = enabled.put_config("align", cell("align", 1, more=(odd,)).pack())
    before = enabled.snapshot()
    result, number, _ = past_the_tool(enabled, "create", path)
    assert result == -1 and number == reason_number("CFG_ALIGN"), number
    assert enabled.snapshot() == before
    enabled.refuses(f"cell create {path}", "CFG_ALIGN")


def test_a_refusal_after_a_part_of_a_shared_block(enabled: Agency) -> None:
    """The table that the refused cell has split stays, as the other cell's."""
    io = READ | WRITE | IO
    create(enabled, cell("whole", 1, more=(Region(HOLE, 0x20000000, 2 * MIB, io | ROOTSHARED),)))
    part = cell("part", 2, more=(Region(HOLE, 0x20000000, 0x1000, io | ROOTSHARED),
                                 Region(HOLE + 0x10000, 0x20010000, 0x1000, io)))
    path = enabled.put_config("part", part.pack())
    result, number, _ = past_the_tool(enabled, "create", path)
    assert result == -1 and number == reason_number("MEM_NOT_OWNED"), number
    assert enabled.cells() == {"whole": "loadable"}
    enabled.drop("whole")
    hello(enabled, cell("single", 1))


def bus(name: str) -> Cell:
    """A cell with holes of the bus, as inmates/hostile expects them."""
    return cell(name, 1, more=(
        Region(HOLE, 0x0A000000, 0x20, READ | WRITE | IO | ROOTSHARED),
        Region(HOLE + 0x1000, 0x0B000000, 0x1000, READ | IO | ROOTSHARED),
        Region(DEVICE, 0xC0000000, 0x20, READ | IO | ROOTSHARED)))


def test_errors_of_the_bus_are_the_guests(enabled: Agency) -> None:
    """An external abort, with the guest's own addresses; it can go on behind it."""
    name = launch(enabled, bus("hole"), "hostile", "hole")
    said = enabled.await_text(name, "hostile: done")
    assert "hostile: hole: ok" in said, said
    enabled.drop(name)


def test_tables_that_cannot_be_read(enabled: Agency) -> None:
    """The hypervisor's own walk through a guest's tables ends in an error of the bus.

    The guest gets an abort, whose handler it may or may not reach by what is
    left in the TLB: it fails or hangs, alone.
    """
    name = launch(enabled, bus("walk"), "hostile", "walk")
    enabled.await_text(name, "hostile: walk: going")
    if enabled.run(f"await state {name} failed 1").status:
        force(enabled, name)
    enabled.drop(name)
    hello(enabled, cell("walk", 1))


# --- memory -------------------------------------------------------------------

@pytest.mark.parametrize("end", ["shutdown", "shutdown --force", "failed"])
def test_nothing_of_a_run_is_left_at_the_next_load(enabled: Agency, end: str) -> None:
    """What a cell has computed is nobody's: the memory is cleared before it is lent out again."""
    name = launch(enabled, cell("memory", 1), "hostile", "fill" + " fail" * (end == "failed"))
    enabled.await_text(name, "hostile: fill: ok")
    if end == "failed":
        enabled.await_state(name, "failed")
    else:
        enabled.do(f"cell {end} {name}")
    enabled.load(name, "hostile", "zero")
    enabled.do(f"cell start {name}")
    said = enabled.await_text(name, "hostile: done")
    assert "hostile: zero: ok" in said, said
    enabled.drop(name)


def test_maintenance_of_much_memory_does_not_delay_a_stop(enabled: Agency) -> None:
    """Done in slices, whether by set and way or before a restart."""
    ram = memory(512 * MIB)
    for way in ("set-way", "reset"):
        name = launch(enabled, Cell(name=b"large", cpus=(1,), regions=(
            Region(0, 0, 16 * MIB, ram.flags), Region(0, 0x100000000, ram.size, ram.flags),
            COMM_REGION)), "hostile", way)
        if way == "reset":
            while not restarts(enabled, name):
                pass
        else:
            enabled.await_text(name, "hostile: set-way: going")
        force(enabled, name)
        enabled.drop(name)
