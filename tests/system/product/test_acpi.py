# SPDX-License-Identifier: Apache-2.0
"""A system booted by ACPI is refused: only device trees are understood."""

from __future__ import annotations

from collections.abc import Callable

from agency import Agency

FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"


def test_acpi(another: Callable[..., Agency]) -> None:
    agency = another(qemu=("-bios", FIRMWARE), append="acpi=force")
    assert "ACPI: RSDP" in agency.check("dmesg")
    agency.refuses("enable root.cell", "ACPI", "booted by ACPI", "acpi=off")
