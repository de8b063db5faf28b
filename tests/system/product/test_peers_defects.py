# SPDX-License-Identifier: Apache-2.0
"""Defects that were found in other partitioning hypervisors, each of which must be absent here."""

from __future__ import annotations

import pytest

from agency import Agency
from checker_config import (ANY, COMM_REGION, LOADABLE, READ, WRITE, Cell, Chip, Region)
from test_refusals import hypervisor_memory, past_the_tool, ram, reason_number

MIB = 1 << 20
ALIVE = "hello: waiting"


def refused(agency: Agency, name: str, cell: Cell, *reasons: str) -> None:
    """By the tool and, past it, by driver and hypervisor; nothing is left of it."""
    path = agency.put_config(name, cell.pack())
    before = agency.snapshot()
    result, number, _ = past_the_tool(agency, "create", path)
    assert result == -1 and number in map(reason_number, reasons), number
    status, said = agency.ctl(f"cell create {path}")
    assert agency.exit_name(status) in (*reasons, "MEM_OVERLAP"), said
    assert agency.snapshot() == before


def ways(agency: Agency, *names: str) -> None:
    """Harmless things a guest does one after the other; it goes on after each."""
    agency.launch("fault", "fault", " ".join(names))
    said = agency.await_text("fault", "fault: done")
    for name in names:
        assert f"fault: {name}: ok" in said, said
    agency.drop("fault", force=True)


def a_cell_still_works(agency: Agency) -> None:
    agency.launch("capsule", "hello")
    agency.await_text("capsule", ALIVE)
    agency.drop("capsule")


# --- Jailhouse ----------------------------------------------------------------

def test_a_guest_masks_the_management_signal(enabled: Agency) -> None:
    """Lowest priority for all its interrupts, all disabled, sleeping: it is stopped all the same."""
    enabled.launch("capsule", "silent", "spin")
    enabled.await_text("capsule", "silent: masked")
    enabled.do("cell shutdown capsule")
    enabled.drop("capsule")
    a_cell_still_works(enabled)


def test_an_sgi_is_lost_while_the_same_is_active(enabled: Agency) -> None:
    ways(enabled, "sgi-while-active")


def test_registers_of_the_agency_are_read_in_a_cell(enabled: Agency) -> None:
    """FP and SIMD, MDSCR, PMU, breakpoints and all others."""
    enabled.check("taskset 2 md5sum /bin/busybox")
    enabled.launch("capsule", "clean-check")
    enabled.await_text("capsule", "none dirty")


def test_a_cell_maps_hypervisor_memory(enabled: Agency) -> None:
    start = hypervisor_memory(enabled)
    refused(enabled, "thief", Cell(regions=ram(start)), "MEM_HYPERVISOR", "MEM_NOT_OWNED")


def test_two_cells_on_the_same_memory_or_interrupt(enabled: Agency) -> None:
    start = hypervisor_memory(enabled) - 64 * MIB
    memory = Region(0, 0, MIB, READ | WRITE | 4 | LOADABLE | ANY)
    data = Region(start, 0x10000000, 64 << 10, READ | WRITE)
    first = Cell(name=b"first", regions=(memory, data, COMM_REGION), chips=(Chip(224, (250,)),))
    enabled.do(f"cell create {enabled.put_config('first', first.pack())}")
    refused(enabled, "memory", Cell(name=b"memory", cpus=(2,), regions=(memory, data, COMM_REGION)),
            "MEM_NOT_OWNED")
    refused(enabled, "spi", Cell(name=b"spi", cpus=(2,), chips=(Chip(224, (250,)),)),
            "IRQ_NOT_OWNED")


def test_memory_without_execute_permission_is_executed(enabled: Agency) -> None:
    enabled.launch("fault", "fault", "exec-noexec")
    enabled.await_state("fault", "failed")
    assert enabled.cell("fault")["fault"] == "permission"


def test_harmless_things_kill_the_guest(enabled: Agency) -> None:
    """A work-around, an SMC of another owner, an HVC with an immediate, ACTLR_EL1, a store with
    write-back to an emulated register."""
    ways(enabled, "smc-workaround", "smc-vendor", "hvc-immediate", "actlr", "gicd-post-index")


def test_a_configuration_of_another_architecture_makes_no_cell(enabled: Agency) -> None:
    path = enabled.put_config("foreign", Cell(architecture=1).pack())
    enabled.refuses(f"cell create {path}", "CFG_ARCH", path)


def test_a_cell_without_an_image_is_started(enabled: Agency) -> None:
    enabled.create("capsule")
    enabled.refuses("cell start capsule", "NOT_LOADED", "cell load capsule")


def test_disable_has_destroyed_cells_before_it_fails(enabled: Agency) -> None:
    enabled.launch("capsule", "hello")
    enabled.await_text("capsule", ALIVE)
    enabled.refuses("disable", "CELLS_EXIST", "destroy")
    assert enabled.cells() == {"capsule": "running"}


@pytest.mark.parametrize("cell, reason", [
    (Cell(cpus=(7,)), "CPU_NOT_OWNED"), (Cell(cpus=()), "CFG_CPU"),
], ids=["absent", "none"])
def test_a_wrong_cpu_set_gives_a_bare_message(enabled: Agency, cell: Cell, reason: str) -> None:
    enabled.refuses(f"cell create {enabled.put_config('cpus', cell.pack())}", reason)


def test_a_wrong_load_address_or_file_gives_a_bare_message(enabled: Agency) -> None:
    enabled.create("capsule")
    image = "/usr/share/capsule/inmates/hello.bin"
    enabled.refuses(f"cell load capsule {image} -a 0x40000000", "LOAD_OUTSIDE", "0x40000000")
    enabled.refuses("cell load capsule /tmp/none.bin", "FILE", "/tmp/none.bin")


def test_a_request_without_answer_hangs_the_agency(enabled: Agency) -> None:
    enabled.launch("capsule", "silent", "wfi")
    enabled.await_text("capsule", "silent: masked")
    enabled.do("cell shutdown capsule")
    assert enabled.cells() == {"capsule": "shut-down"}


def test_the_its_is_touched_after_enable(enabled: Agency) -> None:
    """The disk's interrupts are LPIs; binding it again makes the ITS map new ones."""
    before = int(enabled.check("grep -c ITS-MSI /proc/interrupts"))
    assert before > 0
    enabled.check("cd /sys/bus/virtio/drivers/virtio_blk; d=$(ls -d virtio*); "
                  "echo $d >unbind && echo $d >bind")
    assert int(enabled.check("grep -c ITS-MSI /proc/interrupts")) == before


def test_set_way_maintenance_runs_untrapped(enabled: Agency) -> None:
    ways(enabled, "set-way")


def test_system_off_of_a_guest_leaves_it_running(enabled: Agency) -> None:
    enabled.launch("capsule", "reset")
    enabled.await_state("capsule", "shut-down")
    assert enabled.sysfs("cells/capsule/restarts") == "2"


@pytest.mark.machine(cpu="cortex-a76", vhe=True)
def test_enable_on_a_vhe_kernel_panics(agency: Agency) -> None:
    agency.refuses("enable root.cell", "VHE", "kvm-arm.mode=nvhe")
    agency.check("true")


def test_the_console_shows_output_of_an_earlier_time(agency: Agency) -> None:
    for _ in range(2):
        agency.enable()
        a_cell_still_works(agency)
        assert agency.said().count("4 CPUs") == 1
        agency.disable()


def test_memory_that_changes_hands_is_not_cleared(enabled: Agency) -> None:
    enabled.launch("capsule", "dirty")
    enabled.await_text("capsule", "dirty:")
    enabled.drop("capsule", force=True)
    enabled.launch("capsule", "clean-check")
    enabled.await_text("capsule", "none dirty")


# --- Bao ----------------------------------------------------------------------

def test_a_stray_access_parks_its_cpu_for_good(enabled: Agency) -> None:
    """The CPU comes back to the agency with the failed cell's end."""
    enabled.launch("fault", "fault", "read-outside")
    enabled.await_state("fault", "failed")
    enabled.do("cell destroy fault")
    assert enabled.online() == "0-3"
    enabled.check("taskset 8 true")


def test_cpu_on_is_given_a_bit_that_firmware_refuses(enabled: Agency) -> None:
    """MPIDR_EL1 has bit 31 set, which is no part of an affinity."""
    for _ in range(2):
        enabled.check("echo 0 >/sys/devices/system/cpu/cpu2/online")
        enabled.check("echo 1 >/sys/devices/system/cpu/cpu2/online && taskset 4 true")


# --- hvisor -------------------------------------------------------------------

def test_a_failed_start_leaks_the_cell(enabled: Agency) -> None:
    """The CPUs, pages and name of a cell that could not be made are free again."""
    before = enabled.ledger()
    cell = Cell(name=b"capsule", cpus=(1, 2), chips=(Chip(224, (254,)),))
    refused(enabled, "capsule", cell, "CFG_IRQ", "IRQ_NOT_OWNED")
    assert enabled.ledger() == before and enabled.online() == "0-3"
    a_cell_still_works(enabled)
