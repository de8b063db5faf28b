# SPDX-License-Identifier: Apache-2.0
"""The virtual PL011: a console for guests that know a UART but no hypervisor."""

from __future__ import annotations

from agency import Agency

CELL = "inmate-uart"
# Arm's PL011, revision 3, and the PrimeCell identification behind it.
IDENTIFICATION = "b105f00d00341011"


def test_output_without_hardware(enabled: Agency) -> None:
    """What the guest writes into the UART stands on its console, also before a newline."""
    enabled.launch(CELL, "uart")
    said = enabled.await_text(CELL, "uart: ready\r\n> ")
    assert said.startswith(f"uart: identification {IDENTIFICATION}\r\n"), said
    assert enabled.cell(CELL)["state"] == "running"
    enabled.drop(CELL)
