# SPDX-License-Identifier: Apache-2.0
"""What the agency's kernel may do with all of its memory while cells have some of it."""

from __future__ import annotations

import re

import pytest

from agency import Agency
from checker_config import ANY, COMM_REGION, LOADABLE, RAM, Cell, Region

MIB = 1 << 20
# What inmates/hostile fills its memory with, and a value of our own; inverted,
# so that neither stands in the agency's memory because we named it.
PATTERN = ~0x686F7374696C6521 & (1 << 64) - 1
OWN = ~0x6F776E206D61726B & (1 << 64) - 1
READ = re.compile(r"read (\d+) bytes, own (\d+), found (\d+)")


@pytest.fixture
def holder(enabled: Agency) -> Agency:
    """An agency with a cell that has written its pattern all over 64 MiB."""
    config = Cell(name=b"holder", cpus=(3,),
                  regions=(Region(0, 0, 64 * MIB, RAM | LOADABLE | ANY), COMM_REGION))
    enabled.do(f"cell create {enabled.put_config('holder', config.pack())}")
    enabled.load("holder", "hostile", "fill")
    enabled.do("cell start holder")
    enabled.await_text("holder", "hostile: fill: ok", 120)
    return enabled


def still_well(agency: Agency) -> None:
    """The cell runs, answers, and nothing of the machine has suffered."""
    assert agency.cells() == {"holder": "running"}
    agency.do("cell shutdown holder")
    agency.drop("holder")
    agency.launch("capsule", "hello")
    agency.await_text("capsule", "hello: waiting")
    agency.drop("capsule")


def all_memory(agency: Agency) -> tuple[int, int, int]:
    """Bytes read from /proc/kcore; how often our own value and the cell's stood there."""
    said = agency.check(f"kcore {OWN:x} {PATTERN:x}", 600)
    match = READ.search(said)
    assert match, said
    read, own, found = map(int, match.groups())
    return read, own, found


@pytest.mark.machine(memory="1G")
def test_kcore_from_end_to_end(holder: Agency) -> None:
    """All that is read is the agency's; of hypervisor and cell it sees zeros."""
    read, own, found = all_memory(holder)
    assert read > 900 * MIB, read
    assert own >= 512, "what is there was not found"
    assert found == 0, f"{found} words of the cell's memory"
    still_well(holder)


def given_away(agency: Agency) -> list[int]:
    """Where memory of the hypervisor lies, and pages near it, where the cell's must be."""
    start = int(re.findall(r"hypervisor memory 0x([0-9a-f]+)-", agency.dmesg())[-1], 16)
    return [start, start + 8 * MIB, start - 4096, start - 32 * MIB, start - 64 * MIB]


@pytest.mark.machine(memory="1G")
def test_dev_mem_has_no_ram(holder: Agency) -> None:
    """Not even root reads, writes or maps it: the kernel still knows it as System RAM."""
    for address in given_away(holder):
        status, said = holder.run(f"physmem {address:#x}")
        assert (status, said) == (0, "read 1 write 1 map 1\n"), f"{address:#x}: {said}"
    still_well(holder)


@pytest.mark.machine(memory="1G")
def test_compaction_and_reclaim(holder: Agency) -> None:
    """The kernel moves and frees all it can, under load, and keeps off what is not its own."""
    pages = holder.ledger()
    with holder.load_running("-o memory,disk,timer"):
        for _ in range(10):
            holder.check("echo 3 >/proc/sys/vm/drop_caches; echo 1 >/proc/sys/vm/compact_memory")
    assert holder.ledger() == pages
    still_well(holder)


@pytest.mark.machine(memory="1G")
def test_memory_cannot_be_unplugged(holder: Agency) -> None:
    """No block of memory goes offline, those with pages of the cell's included."""
    blocks = holder.check("ls -d /sys/devices/system/memory/memory[0-9]*").split()
    assert len(blocks) >= 8, blocks
    for block in blocks:
        status, said = holder.run(f"echo offline >{block}/state")
        assert status != 0, f"{block} went offline"
        assert holder.check(f"cat {block}/state").strip() == "online"
    read, _, found = all_memory(holder)
    assert read > 900 * MIB and found == 0
    still_well(holder)
