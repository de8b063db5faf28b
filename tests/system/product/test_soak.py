# SPDX-License-Identifier: Apache-2.0
"""Again and again, under load: no page, no interrupt and no CPU may be lost."""

from __future__ import annotations

import re

import pytest

from agency import Agency
from checker_config import COMM_REGION, LOADABLE, RAM, READ, WRITE, Cell, Region

MIB, GIB = 1 << 20, 1 << 30


def disk_interrupts(agency: Agency) -> dict[str, int]:
    """How often the interrupts of the disk came."""
    lines = agency.check("grep 'virtio[0-9]-req' /proc/interrupts").splitlines()
    return {line.split()[0]: sum(map(int, line.split()[1:5])) for line in lines}


def test_enable_disable_20_times(agency: Agency) -> None:
    first, interrupts = agency.ledger(), disk_interrupts(agency)
    with agency.load_running():
        for n in range(20):
            agency.enable()
            assert agency.ledger()["hv_pages"] == 4096
            agency.disable()
            assert agency.ledger() == first, f"round {n}"
            assert agency.online() == "0-3"
    assert sum(disk_interrupts(agency).values()) > sum(interrupts.values()), "the disk did not use MSI"


@pytest.mark.parametrize("config, inmate", [("capsule", "hello"), ("inmate-smp", "smp")])
def test_disable_with_a_cells_cpus_having_been_away(
    agency: Agency, config: str, inmate: str
) -> None:
    """The change of hands works for CPUs that came online beneath the hypervisor."""
    for _ in range(3):
        agency.enable()
        agency.launch(config, inmate)
        agency.drop(config)
        agency.disable()
    assert agency.online() == "0-3"


def cycles(agency: Agency, rounds: int) -> None:
    with agency.load_running():
        agency.enable()
        first = agency.ledger()
        script = (
            f"for n in $(seq {rounds}); do"
            " capsulectl cell create capsule.cell &&"
            " capsulectl cell load capsule /usr/share/capsule/inmates/hello.bin &&"
            " capsulectl cell start capsule &&"
            " await text capsule 'waiting for a shutdown' 60 &&"
            " capsulectl cell destroy capsule || exit 1;"
            " cat /sys/devices/virtual/misc/capsule/ledger | tr '\\n' ' '; echo; done"
        )
        said = agency.check(script, 60 + 30 * rounds)
        ledgers = re.findall(r"^hv_pages .*$", said, re.MULTILINE)
        assert len(ledgers) == rounds and len(set(ledgers)) == 1, "the ledger drifts"
        assert agency.ledger() == first
        agency.disable()


def test_create_start_destroy_many_times(agency: Agency) -> None:
    cycles(agency, 30)


@pytest.mark.full
def test_create_start_destroy_100_times(agency: Agency) -> None:
    cycles(agency, 100)


def piece(name: str, phys: int, size: int) -> bytes:
    """A cell that takes this piece of memory besides its own."""
    return Cell(name=name.encode(), cpus=(3,), regions=(
        Region(0, 0, MIB, RAM | LOADABLE | 0x200),
        Region(phys, 0x10000000, size, READ | WRITE),
        COMM_REGION,
    )).pack()


def hammered(agency: Agency, size: int, block: int, low: int, high: int, rounds: int) -> None:
    neighbour = agency.background(f"neighbour {size:#x} {block:#x} {low:#x} {high:#x}")
    said = agency.await_output(neighbour, " pages", 120)
    with agency.load_running("-o disk,timer"):
        agency.enable()
        first = agency.ledger()
        hole = int(re.search(r"hole (0x[0-9a-f]+)", said)[1], 16)
        path = agency.put_config("piece", piece("piece", hole, size))
        agency.check(
            f"for n in $(seq {rounds}); do"
            f" capsulectl cell create {path} && capsulectl cell destroy piece || exit 1; done",
            60 + 20 * rounds)
        assert agency.ledger() == first, "pages of a split were not given back"
        status, said = neighbour.stop()
        assert status == 0, said
        assert int(re.search(r"rounds (\d+)", said)[1]) > rounds, "hammered too little"
        agency.disable()


@pytest.mark.parametrize("size, block, low, high", [
    (64 << 10, 2 * MIB, 0x50000000, 0xb0000000),
    (2 * MIB, GIB, 0x50000000, 0x80000000),
    (64 << 10, GIB, 0x50000000, 0x80000000),
], ids=["4K-of-2M", "2M-of-1G", "4K-of-1G"])
def test_block_split_and_merged_while_hammered(
    agency: Agency, size: int, block: int, low: int, high: int
) -> None:
    """An agency CPU writes and checks memory in the very block all the time."""
    hammered(agency, size, block, low, high, 8)


@pytest.mark.full
def test_block_split_and_merged_100_times(agency: Agency) -> None:
    hammered(agency, 64 << 10, GIB, 0x50000000, 0x80000000, 100)
