# SPDX-License-Identifier: Apache-2.0
"""Capsule configurations from Jailhouse's.

What Capsule has no equivalent for is named in the notes, each thing by itself.
"""

from __future__ import annotations

import re

from pyjailhouse import constants as c
from pyjailhouse import native
from pyjailhouse.addresses import Range, subtract
from pyjailhouse.annotated import Annotated
from pyjailhouse.errors import Unsupported
from pyjailhouse.jailhouse import CONSOLE_TYPES, JhCell, JhConsole, JhSystem
from pyjailhouse.native import Cell, Console, Irqchip, Memory, Platform, System
from pyjailhouse.source import region_comment

CELL_FLAGS = {0x1: c.CELL_PASSIVE_COMMREG, 0x40000000: c.CELL_CONSOLE_PERMITTED,
              0x80000000: c.CELL_CONSOLE_ACTIVE}
CELL_TEST_DEVICE, CELL_AARCH32 = 0x2, 0x4
SYSTEM_CONSOLE = 0x1
# Bits that mean the same here and there.
MEM_SAME = c.MEM_VALID_FLAGS & ~(c.MEM_PHYS_ANY | c.MEM_VIRT_IS_PHYS)
NOT_ROOT = c.MEM_COMM_REGION | c.MEM_LOADABLE | c.MEM_ROOTSHARED
CON_SAME = c.CON_MMIO | c.CON_REGDIST_4
HV_ALIGN = 2 << 20
HV_MAX = 1 << 30
GICR_FRAMES = 0x20000
MAX_TIMEOUT = 0xFFFFFFFF


def _name(text: str, notes: list[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", text)[:c.NAME_LEN - 1]
    if name in (".", ".."):
        name = "cell"
    if name != text:
        notes.append(f"name \"{text}\": is \"{name}\" now")
    return name


def _console(console: JhConsole, what: str, notes: list[str]) -> Console:
    if not console.type:
        return Console()
    kind = CONSOLE_TYPES.get(console.type, f"type {console.type}")
    if console.type not in c.CON_TYPES or not console.flags & c.CON_MMIO:
        notes.append(f"{what} ({kind} at {console.address:#x}): has no equivalent, left out")
        return Console()
    if console.flags & ~CON_SAME:
        notes.append(f"{what}: flags {console.flags & ~CON_SAME:#x} have no equivalent")
    if console.gate_nr or console.clock_reg:
        notes.append(f"{what}: clock gate {console.gate_nr} at {console.clock_reg:#x} has no "
                     "equivalent, the agency must keep the clock on")
    return Console(console.address, console.size, console.type, console.flags & CON_SAME,
                   console.divider)


def _memory(m: Memory, index: int, is_root: bool, notes: list[str]) -> Memory | None:
    what = f"memory region {index} ({m.virt_start:#x}, {m.size:#x} bytes)"
    if not m.size:
        notes.append(f"memory region {index}: is empty, left out")
        return None
    flags = m.flags & MEM_SAME
    if m.flags & ~MEM_SAME:
        notes.append(f"{what}: flags {m.flags & ~MEM_SAME:#x} have no equivalent")
    if is_root and flags & NOT_ROOT:
        notes.append(f"{what}: {_words(flags & NOT_ROOT)} is not for a root cell")
        flags &= ~NOT_ROOT
    if flags & c.MEM_COMM_REGION:
        only = c.MEM_READ | c.MEM_WRITE | c.MEM_COMM_REGION
        if flags & ~only:
            notes.append(f"{what}: a communication region without {_words(flags & ~only)}")
        return Memory(0, m.virt_start, m.size, flags & only)
    if flags & c.MEM_LOADABLE and flags & c.MEM_ROOTSHARED:
        notes.append(f"{what}: LOADABLE left out, the agency can write to shared memory")
        flags &= ~c.MEM_LOADABLE
    return Memory(m.phys_start, m.virt_start, m.size, flags)


def _words(flags: int) -> str:
    return " and ".join(name.removeprefix("CAPSULE_MEM_")
                        for name in c.flag_names(flags, c.MEM_FLAGS))


def _irqchip(chip: Irqchip, index: int, notes: list[str]) -> Irqchip:
    if chip.id:
        notes.append(f"irqchip {index}: id {chip.id} has no equivalent")
    return Irqchip(chip.address, 0, chip.pin_base, chip.pin_bitmap)


def _no_equivalent(cell: JhCell, notes: list[str]) -> None:
    for start, size, kind, _, flags in cell.cache:
        notes.append(f"cache region at {start}, {size} ways, type {kind}, flags {flags:#x}: "
                     "has no equivalent")
    for base, length in cell.pio:
        notes.append(f"I/O ports {base:#x} to {base + length - 1:#x}: arm64 has none")
    for device in cell.pci_devices:
        notes.append(f"{device.name()}: PCI devices have no equivalent yet")
        if device.type == 3:
            last = device.shmem_regions_start + 1 + device.shmem_peers
            notes.append(f"{device.name()}: its shared memory, regions "
                         f"{device.shmem_regions_start} to {last}, stays as memory")
    for cap in cell.pci_caps:
        notes.append(f"PCI capability {cap[0]:#x} at {cap[1]:#x}: has no equivalent yet")
    for stream in cell.stream_ids:
        notes.append(f"stream id {stream:#x}: SMMUs have no equivalent yet")
    if cell.vpci_irq_base:
        notes.append(f"vpci_irq_base {cell.vpci_irq_base}: virtual PCI has no equivalent yet")
    if cell.flags & CELL_TEST_DEVICE:
        notes.append("flag TEST_DEVICE: there is no test device")
    unknown = cell.flags & ~(CELL_TEST_DEVICE | CELL_AARCH32 | sum(CELL_FLAGS))
    if unknown:
        notes.append(f"cell flags {unknown:#x} are unknown")


def _cell(source: JhCell, is_root: bool, result: Annotated) -> None:
    """Fills in the cell of result."""
    notes, cell = result.notes, result.cell
    if source.flags & CELL_AARCH32:
        raise Unsupported(f"cell \"{source.name}\" is for AArch32: cells run AArch64 only")
    beyond = [cpu for cpu in source.cpus if cpu >= c.MAX_CPUS]
    if beyond:
        raise Unsupported(f"cell \"{source.name}\" has CPU {beyond[0]}: configurations have "
                          f"room for {c.MAX_CPUS}")
    cell.cpus = [sum(1 << cpu for cpu in source.cpus)]
    for index, m in enumerate(source.memory):
        region = _memory(m, index, is_root, notes)
        if region is not None:
            result.add_memory(region, f"{region_comment(region)}, region {index} of the original")
    cell.irqchips = [_irqchip(chip, i, notes) for i, chip in enumerate(source.irqchips)]
    cell.console = _console(source.console, "console", notes)
    if source.msg_reply_timeout > MAX_TIMEOUT:
        notes.append(f"msg_reply_timeout {source.msg_reply_timeout}: is {MAX_TIMEOUT} now")
    cell.msg_reply_timeout = min(source.msg_reply_timeout, MAX_TIMEOUT)
    cell.cpu_reset_address = source.cpu_reset_address
    _no_equivalent(source, notes)
    limits = (("memory regions", len(cell.memory), c.MAX_REGIONS),
              ("irqchips", len(cell.irqchips), c.MAX_IRQCHIPS))
    for what, count, limit in limits:
        if count > limit:
            raise Unsupported(f"{count} {what}, a configuration has room for {limit}")


def import_cell(source: JhCell) -> Annotated:
    """A cell's configuration."""
    result = Annotated(Cell(""), [f"Cell \"{source.name}\", from a Jailhouse configuration."])
    result.cell.name = _name(source.name, result.notes)
    _cell(source, False, result)
    result.cell.flags = c.CELL_JAILHOUSE_ABI
    for theirs, ours in CELL_FLAGS.items():
        if source.flags & theirs:
            result.cell.flags |= ours
    return _finish(result)


def _hypervisor_memory(m: Memory, notes: list[str]) -> Memory:
    size = min(-(-m.size // HV_ALIGN) * HV_ALIGN or 16 << 20, HV_MAX)
    if size != m.size:
        notes.append(f"hypervisor_memory of {m.size:#x} bytes: is {size:#x} now")
    if m.phys_start % HV_ALIGN or m.phys_start + size > c.ADDRESS_LIMIT:
        notes.append(f"hypervisor_memory at {m.phys_start:#x}: not a multiple of 2 MiB, the "
                     "driver chooses the place (PHYS_ANY)")
        return Memory(0, 0, size, c.MEM_PHYS_ANY)
    return Memory(m.phys_start, 0, size, 0)


def _platform(source: JhSystem, notes: list[str]) -> Platform:
    platform = Platform(
        source.gic_version, source.maintenance_irq, 0, source.gicd_base,
        pci_mmconfig_base=source.pci_mmconfig_base,
        pci_mmconfig_end_bus=source.pci_mmconfig_end_bus, pci_domain=source.pci_domain)
    if source.pci_is_virtual:
        notes.append("pci_is_virtual: virtual PCI has no equivalent yet, the ECAM is left out")
        platform.pci_mmconfig_base = platform.pci_mmconfig_end_bus = platform.pci_domain = 0
    if source.gic_version == 2:
        platform.gicc_base = source.gicc_base
        platform.gich_base = source.gich_base
        platform.gicv_base = source.gicv_base
    else:
        platform.gicr_base = source.gicr_base
        platform.gicr_size = GICR_FRAMES * max(len(source.root.cpus), 1)
        notes.append(f"gicr_size: {platform.gicr_size:#x}, two frames a CPU; correct it where the "
                     "machine has more")
        if not source.gicr_base:
            notes.append("gicr_base: the original has none")
        notes.append("gits_base: the original has no field for it, give it if there is an ITS")
    for kind, base, size in source.iommus:
        notes.append(f"IOMMU unit of type {kind} at {base:#x}, {size:#x} bytes: has no "
                     "equivalent yet")
    return platform


def _frames(p: Platform) -> list[Range]:
    if p.gic_version == 3:
        return [Range(p.gicd_base, 0x10000), Range(p.gicr_base, p.gicr_size)]
    return [Range(p.gicd_base, 0x1000), Range(p.gicc_base, 0x2000), Range(p.gich_base, 0x1000),
            Range(p.gicv_base, 0x2000)]


def _cut_frames(result: Annotated, platform: Platform) -> None:
    """No region of a root cell may cover what the hypervisor emulates."""
    memory, comments = [], []
    for m, comment in zip(result.cell.memory, result.memory):
        whole = Range(m.phys_start, m.size)
        left = subtract([whole], _frames(platform))
        if left != [whole]:
            result.notes.append(f"memory region {whole}: the interrupt controller is left out "
                                "of it")
        for r in left:
            memory.append(Memory(r.start, r.start + m.virt_start - m.phys_start, r.size, m.flags))
            comments.append(comment)
    result.cell.memory, result.memory = memory, comments


def import_system(source: JhSystem) -> Annotated:
    """A root configuration."""
    root = Cell("", 0)
    system = System(Memory(0, 0, 0, 0), root)
    result = Annotated(system, [f"System \"{source.root.name}\", from a Jailhouse configuration."])
    notes = result.notes
    root.name = _name(source.root.name, notes)
    _cell(source.root, True, result)
    system.hypervisor_memory = _hypervisor_memory(source.hypervisor_memory, notes)
    system.debug_console = _console(source.debug_console, "debug_console", notes)
    system.platform = _platform(source, notes)
    _cut_frames(result, system.platform)
    named = [intid for intid in root.intids() if intid < c.END_SPI]
    system.platform.notify_irq = max(named, default=0)
    notes.append(f"notify_irq: {system.platform.notify_irq}, the last that the root cell has; "
                 "correct it if a device is wired to it")
    notes.append("memory: the agency reaches all that no cell has, as CAPSULE_ROOT_STRICT_MEMORY "
                 "is not set; Jailhouse's root cell reaches the listed regions only")
    if source.flags & SYSTEM_CONSOLE:
        notes.append("system flag 0x1: the agency can always read the hypervisor's console")
    if source.flags & ~SYSTEM_CONSOLE:
        notes.append(f"system flags {source.flags & ~SYSTEM_CONSOLE:#x} are unknown")
    return _finish(result)


def _finish(result: Annotated) -> Annotated:
    if result.notes:
        result.header += ["", "Differs from the original:"]
        result.header += [f"- {note}" for note in result.notes]
    # What cannot be written is found here rather than by the user.
    native.write(result.config)
    return result


def convert(source: JhCell | JhSystem) -> Annotated:
    """Either kind."""
    return import_system(source) if isinstance(source, JhSystem) else import_cell(source)
