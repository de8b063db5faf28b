# SPDX-License-Identifier: Apache-2.0
"""Capsule's configurations (include/capsule/config.h): bytes to objects and back.

What is read is written again byte for byte. A file that a reader has to refuse
(wrong sizes, unknown flags, reserved fields in use) raises FormatError; whether
what it says makes sense is for `capsulectl config check` to judge.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pyjailhouse import constants as c
from pyjailhouse.errors import FormatError

PREFIX = struct.Struct("<8sHBBI")
DESC = struct.Struct("<32sIIIIIIIIQ")
CONSOLE = struct.Struct("<QIHHII")
MEMORY = struct.Struct("<QQQQ")
IRQCHIP = struct.Struct("<QII4I")
PLATFORM = struct.Struct("<BBHIQQQQQQQQBBHI4Q")
RESERVED1 = struct.Struct("<QQ")

CELL_HEADER_SIZE = PREFIX.size + DESC.size + CONSOLE.size + RESERVED1.size
SYSTEM_HEADER_SIZE = PREFIX.size + 8 + MEMORY.size + CONSOLE.size + PLATFORM.size

_NAME = re.compile(rb"[A-Za-z0-9._-]{1,31}")


@dataclass
class Memory:
    """One memory region; addresses and size in bytes."""

    phys_start: int
    virt_start: int
    size: int
    flags: int

    @property
    def has_phys(self) -> bool:
        """phys_start is an address rather than left to the driver or EL2."""
        return not self.flags & (c.MEM_PHYS_ANY | c.MEM_COMM_REGION)


@dataclass
class Irqchip:
    """Interrupts: bit n of word w of pin_bitmap is INTID pin_base + 32 * w + n."""

    address: int
    id: int
    pin_base: int
    pin_bitmap: tuple[int, int, int, int]

    def intids(self) -> list[int]:
        """All interrupts it names."""
        return [self.pin_base + 32 * word + bit for word, bits in enumerate(self.pin_bitmap)
                for bit in range(32) if bits >> bit & 1]


@dataclass
class Console:
    """A UART, all 0 for none."""

    address: int = 0
    size: int = 0
    type: int = c.CON_NONE
    flags: int = 0
    divider: int = 0
    irq: int = 0  # of a virtual one


@dataclass
class Platform:
    """The interrupt controller and PCI of the machine."""

    gic_version: int = 3
    maintenance_irq: int = 25
    notify_irq: int = 0
    gicd_base: int = 0
    gicc_base: int = 0
    gich_base: int = 0
    gicv_base: int = 0
    gicr_base: int = 0
    gicr_size: int = 0
    gits_base: int = 0
    pci_mmconfig_base: int = 0
    pci_mmconfig_end_bus: int = 0
    pci_is_virtual: int = 0
    pci_domain: int = 0


@dataclass
class Cell:
    """A cell, or the root cell of a System."""

    name: str
    flags: int = 0
    cpus: list[int] = field(default_factory=list)  # 64-bit words
    memory: list[Memory] = field(default_factory=list)
    irqchips: list[Irqchip] = field(default_factory=list)
    smc_ids: list[int] = field(default_factory=list)
    msg_reply_timeout: int = 0  # ms
    cpu_reset_address: int = 0
    console: Console = field(default_factory=Console)

    def cpu_numbers(self) -> list[int]:
        """The CPU set as numbers."""
        return [64 * i + bit for i, word in enumerate(self.cpus)
                for bit in range(64) if word >> bit & 1]

    def intids(self) -> list[int]:
        """All interrupts of all irqchips."""
        return [intid for chip in self.irqchips for intid in chip.intids()]


@dataclass
class System:
    """A root configuration."""

    hypervisor_memory: Memory
    root: Cell
    platform: Platform = field(default_factory=Platform)
    debug_console: Console = field(default_factory=Console)


def irqchips(gicd_base: int, intids: Iterable[int]) -> list[Irqchip]:
    """The fewest irqchips that name these SPIs."""
    chips: dict[int, list[int]] = {}
    for intid in sorted(set(intids)):
        base = c.FIRST_SPI + (intid - c.FIRST_SPI) // c.BITS_PER_CHIP * c.BITS_PER_CHIP
        base = min(base, 1024 - c.BITS_PER_CHIP)
        words = chips.setdefault(base, [0, 0, 0, 0])
        words[(intid - base) // 32] |= 1 << (intid - base) % 32
    return [Irqchip(gicd_base, 0, base, (w[0], w[1], w[2], w[3]))
            for base, w in chips.items()]


class _Reader:
    """Takes structs off the front of a buffer that may be too short."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self.offset = 0

    def fail(self, text: str) -> FormatError:
        return FormatError(f"{self.name}: {text}")

    def take(self, what: struct.Struct) -> tuple[Any, ...]:
        if len(self.data) - self.offset < what.size:
            raise self.fail(f"truncated: {len(self.data)} bytes")
        values = what.unpack_from(self.data, self.offset)
        self.offset += what.size
        return values

    def zero(self, value: int, what: str) -> None:
        if value:
            raise self.fail(f"{what} is reserved but not zero: made for another version")

    def flags(self, value: int, valid: int, what: str) -> int:
        if value & ~valid:
            raise self.fail(f"{what} has unknown flag bits {value & ~valid:#x}: "
                            "made for another version")
        return value


def kind(data: bytes) -> str:
    """"cell", "system" or "" by the signature."""
    return {c.CELL_SIGNATURE: "cell", c.SYSTEM_SIGNATURE: "system"}.get(bytes(data[:8]), "")


def _prefix(r: _Reader, signature: bytes, what: str) -> int:
    """Checks the beginning of a header; returns total_size."""
    if r.data[r.offset:r.offset + 8] != signature:
        raise r.fail(f"this is not the configuration of a {what}")
    total: int
    _, revision, arch, reserved, total = r.take(PREFIX)
    if revision != c.REVISION:
        raise r.fail(f"configuration revision {revision}, {c.REVISION} is understood")
    if arch != c.ARCH_ARM64:
        raise r.fail(f"made for architecture {arch}, not {c.ARCH_ARM64} (arm64)")
    r.zero(reserved, "reserved0")
    return total


def _console(r: _Reader) -> Console:
    return Console(*r.take(CONSOLE))


def _name(r: _Reader, raw: bytes) -> str:
    name, _, rest = raw.partition(b"\0")
    if not _NAME.fullmatch(name) or name in (b".", b"..") or rest.strip(b"\0"):
        raise r.fail("the cell's name is empty, too long or a strange word")
    return name.decode()


def _counts(r: _Reader, cpus: int, counts: tuple[int, int, int]) -> None:
    if cpus % 8 or cpus > c.MAX_CPUS // 8:
        raise r.fail(f"cpu_set_size is {cpus}: possible are 0 and 8")
    limits = (("num_memory_regions", c.MAX_REGIONS), ("num_irqchips", c.MAX_IRQCHIPS),
              ("num_smc_ids", c.MAX_SMC_IDS))
    for count, (what, limit) in zip(counts, limits):
        if count > limit:
            raise r.fail(f"{what} is {count}, possible are {limit}")


def _tables(r: _Reader, cell: Cell, cpus: int, counts: tuple[int, int, int]) -> None:
    cell.cpus = list(r.take(struct.Struct(f"<{cpus // 8}Q")))
    for i in range(counts[0]):
        region = Memory(*r.take(MEMORY))
        r.flags(region.flags, c.MEM_VALID_FLAGS, f"memory region {i}")
        cell.memory.append(region)
    for _ in range(counts[1]):
        address, id_, base, *words = r.take(IRQCHIP)
        cell.irqchips.append(Irqchip(address, id_, base,
                                     (words[0], words[1], words[2], words[3])))
    cell.smc_ids = list(r.take(struct.Struct(f"<{counts[2]}I")))


def _cell(r: _Reader, is_root: bool) -> Cell:
    start = r.offset
    total = _prefix(r, c.CELL_SIGNATURE, "cell")
    if total != len(r.data) - start:
        raise r.fail(f"{len(r.data) - start} bytes where {total} belong, "
                     "truncated or damaged")
    (raw, flags, cpus, regions, chips, smcs, channels, vpci, timeout,
     reset) = r.take(DESC)
    valid = c.ROOT_VALID_FLAGS if is_root else c.CELL_VALID_FLAGS
    r.flags(flags, valid, "the root cell" if is_root else "the cell")
    r.zero(channels, "num_channels")
    r.zero(vpci, "vpci_irq_base")
    cell = Cell(_name(r, raw), flags, msg_reply_timeout=timeout, cpu_reset_address=reset)
    cell.console = _console(r)
    for value in r.take(RESERVED1):
        r.zero(value, "reserved1")
    counts = (regions, chips, smcs)
    _counts(r, cpus, counts)
    _tables(r, cell, cpus, counts)
    if r.offset != len(r.data):
        raise r.fail(f"{len(r.data) - r.offset} bytes after the last table")
    return cell


def _open(data: bytes, name: str) -> _Reader:
    if len(data) > c.MAX_SIZE:
        raise FormatError(f"{name}: larger than any configuration ({c.MAX_SIZE} bytes)")
    return _Reader(bytes(data), name)


def read_cell(data: bytes, name: str = "cell") -> Cell:
    """The cell in data; name is the file's, for errors (FormatError)."""
    return _cell(_open(data, name), False)


def _platform(r: _Reader) -> Platform:
    v = r.take(PLATFORM)
    for reserved in (v[1], v[15], *v[16:]):
        r.zero(reserved, "a field of platform_info")
    return Platform(
        gic_version=v[0], maintenance_irq=v[2], notify_irq=v[3], gicd_base=v[4],
        gicc_base=v[5], gich_base=v[6], gicv_base=v[7], gicr_base=v[8], gicr_size=v[9],
        gits_base=v[10], pci_mmconfig_base=v[11], pci_mmconfig_end_bus=v[12],
        pci_is_virtual=v[13], pci_domain=v[14])


def read_system(data: bytes, name: str = "system") -> System:
    """The root configuration in data; name is the file's, for errors (FormatError)."""
    r = _open(data, name)
    total = _prefix(r, c.SYSTEM_SIGNATURE, "system")
    if total != len(r.data):
        raise r.fail(f"{len(r.data)} bytes where {total} belong, truncated or damaged")
    flags, reserved = r.take(struct.Struct("<II"))
    r.flags(flags, 0, "the system")
    r.zero(reserved, "reserved1 of the system")
    memory = Memory(*r.take(MEMORY))
    r.flags(memory.flags, c.MEM_PHYS_ANY, "hypervisor_memory")
    console = _console(r)
    platform = _platform(r)
    return System(memory, _cell(r, True), platform, console)


def read(data: bytes, name: str = "configuration") -> Cell | System:
    """Whatever configuration data is; FormatError if it is none."""
    if kind(data) == "system":
        return read_system(data, name)
    if kind(data) == "cell":
        return read_cell(data, name)
    raise FormatError(f"{name}: no Capsule configuration")


def _pack_console(console: Console) -> bytes:
    return CONSOLE.pack(console.address, console.size, console.type, console.flags,
                        console.divider, console.irq)


def _pack_memory(m: Memory) -> bytes:
    return MEMORY.pack(m.phys_start, m.virt_start, m.size, m.flags)


def write_cell(cell: Cell) -> bytes:
    """The bytes of a cell's configuration."""
    tables = struct.pack(f"<{len(cell.cpus)}Q", *cell.cpus)
    tables += b"".join(_pack_memory(m) for m in cell.memory)
    for chip in cell.irqchips:
        tables += IRQCHIP.pack(chip.address, chip.id, chip.pin_base, *chip.pin_bitmap)
    tables += struct.pack(f"<{len(cell.smc_ids)}I", *cell.smc_ids)
    prefix = PREFIX.pack(c.CELL_SIGNATURE, c.REVISION, c.ARCH_ARM64, 0,
                         CELL_HEADER_SIZE + len(tables))
    desc = DESC.pack(cell.name.encode(), cell.flags, 8 * len(cell.cpus), len(cell.memory),
                     len(cell.irqchips), len(cell.smc_ids), 0, 0, cell.msg_reply_timeout,
                     cell.cpu_reset_address)
    return prefix + desc + _pack_console(cell.console) + RESERVED1.pack(0, 0) + tables


def write_system(system: System) -> bytes:
    """The bytes of a root configuration."""
    p = system.platform
    root = write_cell(system.root)
    prefix = PREFIX.pack(c.SYSTEM_SIGNATURE, c.REVISION, c.ARCH_ARM64, 0,
                         SYSTEM_HEADER_SIZE + len(root))
    platform = PLATFORM.pack(
        p.gic_version, 0, p.maintenance_irq, p.notify_irq, p.gicd_base, p.gicc_base,
        p.gich_base, p.gicv_base, p.gicr_base, p.gicr_size, p.gits_base,
        p.pci_mmconfig_base, p.pci_mmconfig_end_bus, p.pci_is_virtual, p.pci_domain,
        0, 0, 0, 0, 0)
    return (prefix + bytes(8) + _pack_memory(system.hypervisor_memory) +
            _pack_console(system.debug_console) + platform + root)


def write(config: Cell | System) -> bytes:
    """The bytes of either kind of configuration."""
    return write_system(config) if isinstance(config, System) else write_cell(config)
