# SPDX-License-Identifier: Apache-2.0
"""Who has what, as a picture: CPUs, memory to scale with breaks, devices, interrupts."""

from __future__ import annotations

from dataclasses import dataclass

from pyjailhouse import constants as c
from pyjailhouse.addresses import Range, subtract
from pyjailhouse.machine import Machine
from pyjailhouse.native import Cell, Memory, System
from pyjailhouse.show import numbers_text, place_text, size_words
from pyjailhouse.svg import Picture, fit

WIDTH = 1240
LEFT, RIGHT = 24, WIDTH - 24
ROOT_COLOR, HYPERVISOR_COLOR, DEVICE_COLOR = "#c9d3df", "#444b54", "#e9e4d4"
COLORS = ("#e4572e", "#2e86ab", "#3fa34d", "#a23b72", "#f0a202", "#5f4bb6", "#00a6a6",
          "#8a5a44", "#d1495b", "#6a994e", "#bc4b51", "#386fa4", "#b56576", "#7f5539", "#577590")
BREAK = 22  # px between islands of memory
MIN_ISLAND = 46
ROW = 17
CELLS_A_ROW = 3


@dataclass
class _Owner:
    name: str
    color: str
    cell: Cell
    is_root: bool = False


@dataclass
class _Island:
    """Addresses without a gap, drawn to the same scale."""

    range: Range
    x: float = 0.0
    width: float = 0.0

    def place(self, address: int) -> float:
        """Where an address is drawn."""
        return self.x + self.width * (address - self.range.start) / self.range.size


def _owners(system: System, cells: list[Cell]) -> list[_Owner]:
    return [_Owner(system.root.name, ROOT_COLOR, system.root, True)] + [
        _Owner(cell.name, COLORS[i % len(COLORS)], cell) for i, cell in enumerate(cells)]


def _heading(p: Picture, y: float, words: str, more: str = "") -> float:
    p.text(LEFT, y, words, 15, bold=True)
    if more:
        p.text(LEFT + 18 + 10.5 * len(words), y, more, 11, fill="#666666")
    return y + 12


def _legend(p: Picture, owners: list[_Owner], y: float) -> float:
    x = float(LEFT)
    items = [(o.color, o.name + (" (agency)" if o.is_root else "")) for o in owners]
    items += [(HYPERVISOR_COLOR, "hypervisor"), (DEVICE_COLOR, "devices of the agency")]
    for color, name in items:
        width = 26 + 8.0 * len(name)
        if x + width > RIGHT:
            x, y = float(LEFT), y + 20
        p.rect(x, y, 14, 14, color, stroke="#555555")
        p.text(x + 20, y + 12, name, 12)
        x += width + 12
    return y + 38


def _cpu_numbers(system: System, cells: list[Cell], machine: Machine | None) -> list[int]:
    if machine is not None:
        return [cpu.number for cpu in machine.cpus]
    named = {cpu for cell in cells for cpu in cell.cpu_numbers()}
    if not system.root.flags & c.ROOT_ALL_CPUS:
        named.update(system.root.cpu_numbers())
    return list(range(max(named, default=0) + 1))


def _cpus(p: Picture, owners: list[_Owner], numbers: list[int], exact: bool, y: float) -> float:
    y = _heading(p, y, "CPUs", "" if exact else "(the machine may have more; --dtb tells)")
    x = float(LEFT)
    for cpu in numbers:
        if x + 58 > RIGHT:
            x, y = float(LEFT), y + 52
        _cpu(p, cpu, [o for o in owners[1:] if cpu in o.cell.cpu_numbers()] or owners[:1], x, y)
        x += 58
    return y + 78


def _cpu(p: Picture, cpu: int, who: list[_Owner], x: float, y: float) -> None:
    """One CPU; claimed by several, which cannot exist at once, it shows all of them."""
    names = " or ".join(o.name for o in who)
    for n, owner in enumerate(who):
        p.rect(x + 52 / len(who) * n, y, 52 / len(who), 44, owner.color, f"CPU {cpu}: {names}",
               "#555555", 4 if len(who) == 1 else 0)
    ink = "#222222" if who[0].is_root else "#ffffff"
    p.text(x + 26, y + 20, str(cpu), 15, "middle", True, ink)
    p.text(x + 26, y + 36, fit(names, 50, 9), 9, "middle", fill=ink)


def _islands(ranges: list[Range]) -> list[_Island]:
    islands: list[_Island] = []
    for r in sorted(ranges):
        if islands and r.start <= islands[-1].range.end:
            last = islands[-1].range
            islands[-1].range = Range(last.start, max(last.end, r.end) - last.start)
        else:
            islands.append(_Island(r))
    return islands


def _scale(islands: list[_Island]) -> None:
    """Widths to one scale as far as that leaves each visible."""
    room = RIGHT - LEFT - BREAK * (len(islands) - 1)
    small: set[int] = set()
    while True:
        rest = room - MIN_ISLAND * len(small)
        total = sum(i.range.size for n, i in enumerate(islands) if n not in small)
        below = {n for n, i in enumerate(islands) if n not in small and
                 rest * i.range.size < MIN_ISLAND * total}
        if not below:
            break
        small |= below
    x = float(LEFT)
    for n, island in enumerate(islands):
        island.x = x
        island.width = MIN_ISLAND if n in small else rest * island.range.size / total
        x += island.width + BREAK


def _is_fixed_ram(m: Memory) -> bool:
    return m.has_phys and not m.flags & c.MEM_IO and m.size > 0


def _segment(p: Picture, islands: list[_Island], r: Range, y: float, height: float, color: str,
             title: str) -> None:
    for island in islands:
        if island.range.overlaps(r):
            a, b = island.place(max(r.start, island.range.start)), island.place(
                min(r.end, island.range.end))
            p.rect(a, y, max(b - a, 3), height, color, title, "#555555")


def _memory(p: Picture, system: System, owners: list[_Owner], y: float) -> float:
    """RAM that has an address; what the driver places comes below."""
    y = _heading(p, y, "Memory", "to scale within each piece; // skips addresses")
    root = [Range(m.phys_start, m.size) for m in system.root.memory if _is_fixed_ram(m)]
    fixed = [(o, Range(m.phys_start, m.size)) for o in owners[1:] for m in o.cell.memory
             if _is_fixed_ram(m)]
    hv = system.hypervisor_memory
    if hv.has_phys and hv.size:
        fixed.append((_Owner("hypervisor", HYPERVISOR_COLOR, system.root),
                      Range(hv.phys_start, hv.size)))
    islands = _islands(root + [r for _, r in fixed])
    for row in range(0, len(islands), 10):
        y = _memory_row(p, islands[row:row + 10], root, fixed, owners[0], y)
    return y


def _about(size: int) -> str:
    """A size that need not be exact, the title of the box is."""
    return f"{size / (1 << 30):.0f} GiB" if size >= 16 << 30 else size_words(size)


def _memory_row(p: Picture, islands: list[_Island], root: list[Range],
                fixed: list[tuple[_Owner, Range]], agency: _Owner, y: float) -> float:
    _scale(islands)
    for r in subtract(root, [r for _, r in fixed]):
        _segment(p, islands, r, y, 46, ROOT_COLOR, f"{agency.name}: {r}, {size_words(r.size)}")
    for owner, r in fixed:
        _segment(p, islands, r, y, 46, owner.color, f"{owner.name}: {r}, {size_words(r.size)}")
    for n, island in enumerate(islands):
        size = fit(_about(island.range.size), island.width, 11)
        p.text(island.x + island.width / 2, y + 27, size, 11, "middle")
        p.text(island.x, y + 60 + 12 * (n % 2), f"{island.range.start:#x}", 10, fill="#555555")
        if n:
            x = island.x - BREAK / 2
            for offset in (-3, 3):
                p.line(x + offset - 3, y + 34, x + offset + 3, y + 12)
    return y + 100


def _placed(p: Picture, system: System, owners: list[_Owner], y: float) -> float:
    """What the driver takes from the running system, side by side and to scale."""
    hv = system.hypervisor_memory
    items = [("hypervisor", HYPERVISOR_COLOR, hv)] if not hv.has_phys else []
    items += [(o.name, o.color, m) for o in owners[1:] for m in o.cell.memory
              if m.flags & c.MEM_PHYS_ANY]
    if not items:
        return y
    y = _heading(p, y, "Taken from the agency's RAM at run time", "to scale among themselves")
    total = sum(m.size for _, _, m in items) or 1
    least = min(90.0, (RIGHT - LEFT) / len(items) - 6)
    room = RIGHT - LEFT - (least + 6) * len(items)
    x = float(LEFT)
    for name, color, m in items:
        width = least + room * m.size / total
        p.rect(x, y, width, 40, color, f"{name}: {size_words(m.size)} at {m.virt_start:#x}",
               "#555555")
        p.text(x + width / 2, y + 17, fit(name, width - 6, 11), 11, "middle", True, "#ffffff")
        p.text(x + width / 2, y + 32, fit(size_words(m.size), width - 6, 11), 11, "middle",
               fill="#ffffff")
        x += width + 6
    return y + 72


def _device_name(machine: Machine | None, m: Memory) -> str:
    if machine is None:
        return ""
    place = Range(m.phys_start, m.size)
    names = [d.node.name for d in machine.devices if any(r.overlaps(place) for r in d.ranges)]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return names[0] + more if names else ""


def _cell_lines(owner: _Owner, machine: Machine | None) -> list[str]:
    cell = owner.cell
    lines = [f"CPUs {numbers_text(cell.cpu_numbers())}, starts at {cell.cpu_reset_address:#x}"]
    for m in cell.memory:
        if m.flags & c.MEM_COMM_REGION:
            lines.append(f"{m.virt_start:#x}: communication region")
        elif m.flags & c.MEM_IO:
            name = _device_name(machine, m) or "device"
            shared = ", shared" if m.flags & c.MEM_ROOTSHARED else ""
            lines.append(f"{m.virt_start:#x}: {name}, {size_words(m.size)}{shared}")
        else:
            shared = ", shared" if m.flags & c.MEM_ROOTSHARED else ""
            lines.append(f"{m.virt_start:#x}: RAM {size_words(m.size)}, {place_text(m)}{shared}")
    lines.append(f"interrupts {numbers_text(cell.intids())}")
    if cell.console.type:
        lines.append(f"console at {cell.console.address:#x}")
    elif cell.flags & c.CELL_CONSOLE_PERMITTED:
        lines.append("virtual console")
    return lines


def _cards(p: Picture, owners: list[_Owner], machine: Machine | None, y: float) -> float:
    if len(owners) == 1:
        return y
    y = _heading(p, y, "Cells", "addresses as the cell sees them")
    width = (RIGHT - LEFT) / CELLS_A_ROW
    for row in range(1, len(owners), CELLS_A_ROW):
        cards = [(o, _cell_lines(o, machine)) for o in owners[row:row + CELLS_A_ROW]]
        height = 34 + ROW * max(len(lines) for _, lines in cards)
        for column, (owner, lines) in enumerate(cards):
            x = LEFT + width * column
            p.rect(x, y, width - 12, height, "#fbfbfb", stroke=owner.color, radius=4)
            p.rect(x, y, width - 12, 22, owner.color, radius=4)
            p.text(x + 8, y + 16, owner.name, 13, bold=True, fill="#ffffff")
            for n, line in enumerate(lines):
                p.text(x + 8, y + 38 + ROW * n, fit(line, width - 24, 11), 11)
        y += height + 14
    return y + 18


def _interrupts(p: Picture, system: System, owners: list[_Owner], y: float) -> float:
    have = {i for i in system.root.intids() if c.FIRST_SPI <= i < c.END_SPI}
    if not have:
        return y
    y = _heading(p, y, "Interrupts", "one box a shared peripheral interrupt (SPI), 64 a row; dark: notify_irq")
    owner = {intid: o for o in owners if not o.is_root for intid in o.cell.intids()}
    step = (RIGHT - LEFT - 50) / 64
    for intid in range(32, max(have) + 1):
        row, column = divmod(intid - 32, 64)
        if not column:
            p.text(LEFT, y + row * 13 + 9, str(intid), 10, fill="#555555")
        if intid not in have:
            continue
        who = owner.get(intid, owners[0])
        color = HYPERVISOR_COLOR if intid == system.platform.notify_irq else who.color
        p.rect(LEFT + 50 + column * step, y + row * 13, step - 2, 11, color,
               f"{intid}: {who.name}")
    return y + ((max(have) - 32) // 64 + 1) * 13 + 30


def _devices(p: Picture, system: System, machine: Machine | None, owners: list[_Owner],
             y: float) -> float:
    """All device regions of the machine, each as a small box in order of address."""
    regions = [m for m in system.root.memory if m.flags & c.MEM_IO]
    if not regions:
        return y
    y = _heading(p, y, "Devices", "in the order of their addresses; a mark is a part of the box")
    width = (RIGHT - LEFT) / 8
    for n, m in enumerate(regions):
        row, column = divmod(n, 8)
        x, top = LEFT + column * width, y + row * 26
        who = _device_owners(owners, m)
        whole = bool(who) and _covers(who, m)
        name = _device_name(machine, m) or f"{m.phys_start:#x}"
        p.rect(x, top, width - 5, 22, who[0].color if whole else DEVICE_COLOR,
               f"{place_text(m)} {size_words(m.size)} {name}", "#999999", 3)
        for mark, owner in enumerate([] if whole else who):
            p.rect(x + width - 19 - 12 * mark, top + 4, 10, 14, owner.color,
                   f"a part: {owner.name}")
        room = width - 14 - (0 if whole else 12 * len(who))
        p.text(x + 5, top + 15, fit(name, room, 10), 10, fill="#ffffff" if whole else "#222222")
    return y + (len(regions) + 7) // 8 * 26 + 26


def _device_owners(owners: list[_Owner], m: Memory) -> list[_Owner]:
    """The cells that have a part of a region of devices."""
    place = Range(m.phys_start, m.size)
    return [o for o in owners[1:] if any(
        r.flags & c.MEM_IO and place.overlaps(Range(r.phys_start, r.size))
        for r in o.cell.memory)]


def _covers(who: list[_Owner], m: Memory) -> bool:
    """One cell has all of the region and shares none of it."""
    place = Range(m.phys_start, m.size)
    own = [Range(r.phys_start, r.size) for r in who[0].cell.memory
           if r.flags & c.MEM_IO and not r.flags & c.MEM_ROOTSHARED]
    return len(who) == 1 and not subtract([place], own)


def picture(system: System, cells: list[Cell], machine: Machine | None = None) -> str:
    """The SVG document. With the machine, devices have their names."""
    p = Picture(WIDTH)
    owners = _owners(system, cells)
    count = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
    p.text(LEFT, 34, f"{system.root.name}: the agency and {count}", 20, bold=True)
    y = _legend(p, owners, 50)
    y = _cpus(p, owners, _cpu_numbers(system, cells, machine), machine is not None, y)
    y = _memory(p, system, owners, y)
    y = _placed(p, system, owners, y)
    y = _cards(p, owners, machine, y)
    y = _devices(p, system, machine, owners, y)
    _interrupts(p, system, owners, y)
    return p.svg()
