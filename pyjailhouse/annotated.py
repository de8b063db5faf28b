# SPDX-License-Identifier: Apache-2.0
"""A configuration together with what a reader of its C source wants to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyjailhouse.native import Cell, System


@dataclass
class Annotated:
    """A configuration and its comments; missing comments are made up from the values."""

    config: Cell | System
    header: list[str] = field(default_factory=list)  # lines at the top of the file
    memory: list[str] = field(default_factory=list)  # one for each region
    irqchips: list[list[str]] = field(default_factory=list)  # lines for each irqchip
    fields: dict[str, str] = field(default_factory=dict)  # behind the field of that name
    notes: list[str] = field(default_factory=list)  # warnings for the user

    @property
    def cell(self) -> Cell:
        """The cell, of a system the root cell."""
        return self.config.root if isinstance(self.config, System) else self.config

    def add_memory(self, region: object, comment: str) -> None:
        """Appends a region and its comment."""
        self.cell.memory.append(region)  # type: ignore[arg-type]
        self.memory.append(comment)
