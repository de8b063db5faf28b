# SPDX-License-Identifier: Apache-2.0
"""Devices of the machine in the hands of a cell: memory one to one, registers, interrupts, DMA."""

from __future__ import annotations

from dataclasses import replace

from agency import Agency
from checker_config import ANY, COMM_REGION, DMA, RAM, VIRT_IS_PHYS, Cell, Region

MIB = 1 << 20
PAGE = 0x1000
# Outside the machine's RAM, so that RAM placed one to one never meets it.
COMM = replace(COMM_REGION, virt=0x30000000)
# Of an exception taken at EL1 with SP_EL1: where VBAR_EL1, 0 at the start, sends the CPU.
VECTOR = 0x200


def test_memory_one_to_one(enabled: Agency) -> None:
    """The entry moves with its region. What stands there is cleared memory, an undefined
    instruction: its vector is the first address that cannot be fetched."""
    agency = enabled
    cell = Cell(name=b"one-to-one", entry=4 * PAGE, regions=(
        Region(0, 0, 2 * MIB, RAM | DMA | ANY | VIRT_IS_PHYS), COMM))
    agency.do(f"cell create {agency.put_config('one-to-one', cell.pack())}")
    agency.do("cell start one-to-one")
    agency.await_state("one-to-one", "failed")
    fault = agency.cell("one-to-one")["fault_record"]
    assert (fault["reason"], int(fault["pc"], 0)) == ("fetch", VECTOR), fault
    agency.drop("one-to-one")
