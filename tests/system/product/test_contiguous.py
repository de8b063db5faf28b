# SPDX-License-Identifier: Apache-2.0
"""Contiguous memory of the running system: what a refusal says about it is true."""

from __future__ import annotations

import re

import pytest

from agency import Agency
from checker_config import ANY, COMM_REGION, LOADABLE, RAM, Cell, Region

IPA, MIB = 1 << 32, 1 << 20


def put(agency: Agency, mib: int) -> str:
    """Install a configuration of a cell with so much memory in one piece."""
    cell = Cell(name=b"big", entry=IPA, regions=(
        Region(0, IPA, mib * MIB, RAM | LOADABLE | ANY), COMM_REGION))
    return agency.put_config("big", cell.pack())


@pytest.mark.full
@pytest.mark.parametrize("wanted", [3072, 2000])
def test_said_piece_can_be_had(enabled: Agency, wanted: int) -> None:
    """Of the agency's 2 GiB nearly half at least, however slow the machine is; a cell gets it."""
    said = enabled.refuses(f"cell create {put(enabled, wanted)}", "NO_CONTIG", f"{wanted} MiB")
    there = re.search(r"has at least (\d+) MiB", said)
    assert there and 900 <= int(there[1]) < 2000, said
    before = enabled.ledger()
    enabled.do(f"cell create {put(enabled, int(there[1]))}")
    assert enabled.ledger()["cell_pages"] == int(there[1]) * MIB // 4096
    enabled.drop("big")
    assert enabled.ledger() == before
