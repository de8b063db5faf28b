# SPDX-License-Identifier: Apache-2.0
"""A root configuration for a machine.

The agency reaches every address that is not taken away, listed or not. What is
listed says which addresses are RAM and which are devices that a cell can have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyjailhouse import constants as c
from pyjailhouse import native, uart
from pyjailhouse.addresses import Range, subtract
from pyjailhouse.annotated import Annotated
from pyjailhouse.errors import Unsupported
from pyjailhouse.machine import Gic, Machine
from pyjailhouse.pci import PciHost

DEVICE = c.MEM_READ | c.MEM_WRITE | c.MEM_IO
RAM = c.MEM_READ | c.MEM_WRITE | c.MEM_EXECUTE | c.MEM_DMA
MIB = 1 << 20
GIB = 1 << 30
HYPERVISOR_SIZE = 16 * MIB
# Where a tree leaves RAM to the boot loader: addresses below this, holes of at least that.
UNKNOWN_RAM_END = 1 << 40
UNKNOWN_RAM_HOLE = 64 * MIB
# Room for RAM and for what somebody adds by hand.
MAX_DEVICE_REGIONS = 200
MAX_NAMES = 6
# Sizes of the frames that the hypervisor emulates, as the checker has them.
GICD_V3, GICD_V2, GICC = 0x10000, 0x1000, 0x2000


@dataclass
class Options:
    """What the user can choose."""

    name: str = ""
    hypervisor_size: int = HYPERVISOR_SIZE
    memory_at: int | None = None  # None: taken from the running system
    memory: list[Range] = field(default_factory=list)  # RAM where the tree has none
    debug_console: str = ""  # path or alias, "" for none


@dataclass
class _Part:
    """Pages of devices, and the names of these."""

    range: Range
    names: list[str]


def frames(gic: Gic) -> list[Range]:
    """What no region of the root cell may cover."""
    if gic.version == 3:
        return [Range(gic.frames[0].start, GICD_V3), gic.frames[1]]
    sizes = (GICD_V2, GICC, GICD_V2, GICC)
    return [Range(frame.start, size) for frame, size in zip(gic.frames, sizes)]


def root_name(machine: Machine) -> str:
    """The board's name, as far as it is a name for a cell."""
    compatible = next(iter(machine.tree.root.compatible), "") or machine.model
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", compatible.split(",")[-1]).strip("-.")
    return (words or "root")[:c.NAME_LEN - 1]


def _device_parts(machine: Machine) -> list[_Part]:
    """The pages of every device and window, not merged."""
    parts = [_Part(r.pages(), [d.node.path]) for d in machine.devices for r in d.ranges]
    for node, place in machine.gic.its:
        parts.append(_Part(Range(place.start, max(place.size, 0x20000)).pages(),
                           [f"{node.path} (the agency's)"]))
    for host in machine.pci:
        parts += [_Part(r.pages(), [f"{host.node.path} {space} window"])
                  for space, r in host.windows]
    return parts


def _merge(parts: list[_Part], gap: int, barriers: list[Range]) -> list[_Part]:
    """Joins parts that overlap or are at most gap apart with no barrier between."""
    merged: list[_Part] = []
    for part in sorted(parts, key=lambda p: (p.range.start, -p.range.size)):
        last = merged[-1] if merged else None
        if last and part.range.start <= last.range.end + gap:
            end = max(last.range.end, part.range.end)
            joined = Range(last.range.start, end - last.range.start)
            between = Range(last.range.end, max(0, part.range.start - last.range.end))
            if not any(b.overlaps(between) for b in barriers if between.size):
                merged[-1] = _Part(joined, last.names + part.names)
                continue
        merged.append(_Part(part.range, list(part.names)))
    return merged


def _cut(parts: list[_Part], holes: list[Range]) -> list[_Part]:
    return [_Part(r, p.names) for p in parts for r in subtract([p.range], holes)]


def _few(parts: list[_Part], barriers: list[Range]) -> list[_Part]:
    """At most MAX_DEVICE_REGIONS of them, by joining neighbours if need be."""
    merged = _merge(_cut(_merge(parts, 0, []), barriers), 0, barriers)
    gap = 0x1000
    while len(merged) > MAX_DEVICE_REGIONS and gap < 1 << 40:
        merged = _merge(merged, gap, barriers)
        gap *= 4
    return merged


def _names(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    text = ", ".join(unique[:MAX_NAMES])
    more = len(unique) - MAX_NAMES
    return f"{text} and {more} more" if more > 0 else text


def _holes(devices: list[Range], first: int) -> list[Range]:
    """RAM whose end nobody told: from first to the next device."""
    found = subtract([Range(first, UNKNOWN_RAM_END - first)], devices)
    inward = 2 * MIB
    aligned = []
    for hole in found:
        start = -(-hole.start // inward) * inward
        end = hole.end // inward * inward
        if end - start >= UNKNOWN_RAM_HOLE:
            aligned.append(Range(start, end - start))
    return aligned


def _known_ram(machine: Machine, options: Options) -> list[tuple[Range, str]]:
    """RAM with a size; what the user says is all there is."""
    if options.memory:
        return [(r, "RAM, as --memory says") for r in options.memory]
    told = [(m.range, f"RAM: {m.node.path}") for m in machine.memory if m.range.size]
    # UEFI takes the memory nodes out of the tree; what is plugged in later was never there.
    seen = machine.seen.ram if machine.seen else []
    return told + [(r, "RAM: /proc/iomem") for r in subtract(seen, [r for r, _ in told])]


def _inner_pages(r: Range) -> Range:
    start = -(-r.start // c.PAGE_SIZE) * c.PAGE_SIZE
    return Range(start, max(0, r.end // c.PAGE_SIZE * c.PAGE_SIZE - start))


def _ram(machine: Machine, options: Options,
         devices: list[Range]) -> tuple[list[tuple[Range, str]], list[str]]:
    """Regions of RAM with a comment each, and notes."""
    known = _known_ram(machine, options)
    if known:
        keep_out = [r.range.pages() for r in machine.reserved if r.no_map]
        return [(left, why) for r, why in known
                for left in subtract([_inner_pages(r)], keep_out) if left.size], []
    starts = sorted(m.range.start for m in machine.memory)
    note = ("the boot loader fills in RAM, the tree has none: every gap between devices is "
            "listed, --memory START+SIZE makes it exact")
    why = "RAM may be here: the boot loader knows, the driver takes only what is there"
    return [(r, why) for r in _holes(devices, starts[0] if starts else 0)], [note]


def _platform(machine: Machine, notes: list[str]) -> native.Platform:
    gic = machine.gic
    platform = native.Platform(gic.version, gic.maintenance_irq,
                               gicd_base=gic.frames[0].start)
    if gic.version == 2:
        platform.gicc_base, platform.gich_base, platform.gicv_base = (
            f.start for f in gic.frames[1:4])
    else:
        platform.gicr_base, platform.gicr_size = gic.frames[1].start, gic.frames[1].size
        if gic.its:
            platform.gits_base = gic.its[0][1].start
        for node, _ in gic.its[1:]:
            notes.append(f"{node.path}: a configuration has room for one ITS, this one is "
                         "not guarded by the hypervisor")
    _pci(machine, platform, notes)
    return platform


def _pci(machine: Machine, platform: native.Platform, notes: list[str]) -> None:
    hosts: list[PciHost] = [h for h in machine.pci if h.ecam and h.enabled]
    for host in hosts[:1]:
        assert host.ecam is not None
        platform.pci_mmconfig_base = host.ecam.start
        platform.pci_mmconfig_end_bus = host.last_bus
        platform.pci_domain = host.domain
    for host in hosts[1:]:
        notes.append(f"{host.node.path}: a configuration has room for one PCI host bridge, "
                     "this one is the agency's only")


def _spis(machine: Machine) -> tuple[range, set[int]]:
    """The SPIs that the machine has, and those that something is wired to."""
    wired = {spi for spi in machine.wired_spis() if spi < c.END_SPI}
    if machine.gic.message_spis is None:
        # Frames for messages tell their interrupts by register only.
        return range(c.FIRST_SPI, c.END_SPI), wired
    last = max(wired, default=c.FIRST_SPI)
    return range(c.FIRST_SPI, min((last | 31) + 1, c.END_SPI)), wired


def _notify(wired: set[int], limit: int) -> tuple[int, str]:
    """An SPI that exists, because a higher one does, and that nothing is wired to."""
    last = max(wired, default=c.FIRST_SPI)
    for intid in range(last - 1, c.FIRST_SPI - 1, -1):
        if intid not in wired:
            return intid, f"SPI {intid - 32}: no node of the tree has it"
    for intid in range(last + 1, limit):
        if intid not in wired:
            return intid, f"SPI {intid - 32}: behind the last that the tree has, verify it exists"
    raise Unsupported(f"all SPIs up to {last} have a device, none is left for notify_irq")


def _interrupts(result: Annotated, machine: Machine, platform: native.Platform) -> None:
    have, wired = _spis(machine)
    platform.notify_irq, result.fields["notify_irq"] = _notify(wired, have.stop)
    result.cell.irqchips = native.irqchips(platform.gicd_base, have)
    for chip in result.cell.irqchips:
        named = chip.intids()
        result.irqchips.append([f"SPIs {named[0] - 32} to {named[-1] - 32}, "
                                f"INTID {named[0]} to {named[-1]}"])


def _debug_console(machine: Machine, name: str) -> native.Console:
    if not name:
        return native.Console()
    device = machine.device(name)
    if device is None or not device.ranges:
        raise Unsupported(f"{name}: no device with registers has that path or alias")
    console = uart.console(device.node, device.ranges[0])
    if console is None:
        raise Unsupported(f"{device.node.path}: {device.node.string('compatible')} is no UART "
                          "that the hypervisor drives (8250 or PL011)")
    return console


def _header(machine: Machine, known: bool) -> list[str]:
    gic = machine.gic
    lines = [f"{machine.model}", "",
             f"{len(machine.cpus)} CPUs, GICv{gic.version} ({gic.node.path}), PSCI by SMC "
             f"({machine.psci.path if machine.psci else 'node added by the boot loader'}).",
             "The agency owns all of it until a cell is given a part."]
    lines += [f"CPU {cpu.number}: {cpu.node.path}, MPIDR {cpu.mpidr:#x}" for cpu in machine.cpus]
    if machine.reserved and known:
        lines += ["", "Parts of RAM with a purpose; \"no-map\" is in no region:"]
        lines += [f"{r.range} {r.name}{' no-map' if r.no_map else ''}"
                  for r in machine.reserved]
    return lines


def _hypervisor_memory(options: Options) -> native.Memory:
    if options.memory_at is None:
        return native.Memory(0, 0, options.hypervisor_size, c.MEM_PHYS_ANY)
    return native.Memory(options.memory_at, 0, options.hypervisor_size, 0)


def _regions(result: Annotated, machine: Machine, options: Options) -> None:
    gic_frames = frames(machine.gic)
    parts = _device_parts(machine)
    solid = [p.range for p in parts] + gic_frames
    ram, notes = _ram(machine, options, sorted(set(solid)))
    result.notes += notes
    if not ram:
        raise Unsupported("no RAM: neither the tree nor --memory says where it is")
    spans = [r for r, _ in _known_ram(machine, options)] or [r for r, _ in ram]
    regions = [(p.range, DEVICE, _names(p.names)) for p in _few(parts, gic_frames + spans)]
    regions += [(r, RAM, why) for r, why in ram]
    for where, flags, comment in sorted(regions, key=lambda item: item[0]):
        result.add_memory(native.Memory(where.start, where.start, where.size, flags), comment)
    if len(result.cell.memory) > c.MAX_REGIONS:
        raise Unsupported(f"{len(result.cell.memory)} memory regions, a configuration has room "
                          f"for {c.MAX_REGIONS}")


def create(machine: Machine, options: Options) -> Annotated:
    """The root configuration; Unsupported where a wish or the machine does not fit."""
    root = native.Cell(options.name or root_name(machine), c.ROOT_ALL_CPUS, [0])
    system = native.System(_hypervisor_memory(options), root)
    result = Annotated(system, _header(machine, bool(_known_ram(machine, options))),
                       notes=list(machine.notes))
    system.platform = _platform(machine, result.notes)
    system.debug_console = _debug_console(machine, options.debug_console)
    _regions(result, machine, options)
    _interrupts(result, machine, system.platform)
    result.fields["gicd_base"] = machine.gic.node.path
    if machine.gic.its:
        result.fields["gits_base"] = machine.gic.its[0][0].path
    return result
