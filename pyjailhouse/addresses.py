# SPDX-License-Identifier: Apache-2.0
"""Where a node's registers are: reg, ranges and dma-ranges (DTSpec 2.3.6 to 2.3.9)."""

from __future__ import annotations

from dataclasses import dataclass

from pyjailhouse.constants import ADDRESS_LIMIT
from pyjailhouse.fdt import Node


@dataclass(frozen=True, order=True)
class Range:
    """Addresses start to start + size - 1, bytes."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The first address behind."""
        return self.start + self.size

    def overlaps(self, other: Range) -> bool:
        """At least one address is in both."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Range) -> bool:
        """All addresses of other are in this one."""
        return self.start <= other.start and other.end <= self.end

    def pages(self, page: int = 0x1000) -> Range:
        """The whole pages that it touches."""
        start = self.start // page * page
        return Range(start, -(-self.end // page) * page - start)

    def __str__(self) -> str:
        return f"{self.start:#x}-{self.end - 1:#x}"


@dataclass(frozen=True)
class Window:
    """A part of one bus seen in another: an entry of ranges or dma-ranges."""

    child: tuple[int, ...]  # cells
    parent: int
    size: int


def number(cells: list[int] | tuple[int, ...]) -> int:
    """Cells as one number, the first most significant."""
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


def entries(node: Node, name: str, *widths: int) -> list[list[list[int]]]:
    """A property cut into records of fields that have so many cells each."""
    values = node.words(name)
    total = sum(widths)
    if not total or len(values) % total:
        if not values:
            return []
        raise node.fail(f"{name} has {len(values)} cells, not a multiple of {total}")
    records = []
    for at in range(0, len(values), total):
        record = []
        for width in widths:
            record.append(values[at:at + width])
            at += width
        records.append(record)
    return records


def bus_reg(node: Node) -> list[Range]:
    """The entries of reg as the parent bus counts."""
    parent = node.parent
    if parent is None or "reg" not in node:
        return []
    found = []
    for address, size in entries(node, "reg", parent.address_cells, parent.size_cells):
        entry = Range(number(address), number(size))
        if entry.end > 1 << 64:
            raise node.fail(f"reg {entry.start:#x} of size {entry.size:#x} is beyond 64 bits")
        found.append(entry)
    return found


def windows(bus: Node, name: str = "ranges") -> list[Window]:
    """The entries of ranges or dma-ranges of a bus."""
    if bus.parent is None:
        return []
    widths = (bus.address_cells, bus.parent.address_cells, bus.size_cells)
    return [Window(tuple(child), number(parent), number(size))
            for child, parent, size in entries(bus, name, *widths)]


def _through(bus: Node, found: Range, name: str) -> Range | None:
    """A range on bus as the bus above counts; None if it is in no window."""
    if not bus.properties[name]:  # empty: both count alike
        return found
    for window in windows(bus, name):
        start = number(window.child)
        if start <= found.start and found.end <= start + window.size:
            return Range(window.parent + found.start - start, found.size)
    return None


def translate(node: Node, found: Range, name: str = "ranges") -> Range | None:
    """An entry of the node's reg as the CPUs see it.

    None where a bus above has no ranges: its children are not in memory, as on
    I2C. TreeError where the address is in none of the ranges of a bus.
    """
    bus = node.parent
    while bus is not None and bus.parent is not None:
        if name not in bus:
            return None
        above = _through(bus, found, name)
        if above is None:
            raise node.fail(f"reg {found} is beyond the {name} of {bus.path}")
        found = above
        bus = bus.parent
    if found.end > ADDRESS_LIMIT:
        raise node.fail(f"reg {found} is beyond 48-bit addresses")
    return found


def registers(node: Node) -> list[Range]:
    """Where the CPUs see the node's reg, entries without size left out."""
    found = []
    for entry in bus_reg(node):
        place = translate(node, entry)
        if place is None:
            return []
        if place.size:
            found.append(place)
    return found


def dma_windows(node: Node) -> list[tuple[int, Range]]:
    """dma-ranges of the bus that a master is on: (bus address, memory)."""
    bus = node.parent
    if bus is None or not bus.properties.get("dma-ranges"):
        return []
    return [(number(w.child[-2:]), Range(w.parent, w.size)) for w in windows(bus, "dma-ranges")]


def subtract(ranges: list[Range], holes: list[Range]) -> list[Range]:
    """ranges without the addresses of holes."""
    for hole in holes:
        left = []
        for r in ranges:
            if not r.overlaps(hole):
                left.append(r)
                continue
            if r.start < hole.start:
                left.append(Range(r.start, hole.start - r.start))
            if hole.end < r.end:
                left.append(Range(hole.end, r.end - hole.end))
        ranges = left
    return ranges
