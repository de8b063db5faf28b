# SPDX-License-Identifier: Apache-2.0
"""Jailhouse's arm64 configurations, revision 14: reading only.

The layout is packed and little-endian; after a header come the tables in the
order of Cell's fields.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from pyjailhouse.errors import FormatError
from pyjailhouse.native import Irqchip, Memory

REVISION = 14
ARCH_ARM64 = 2
CELL_SIGNATURE = b"JHCLL"
SYSTEM_SIGNATURE = b"JHSYS"
MAX_SIZE = 1 << 20
NUM_IOMMUS = 8

PREFIX = struct.Struct("<5sBH")
CELL = struct.Struct("<32sII8IIQQ")
CONSOLE = struct.Struct("<QIHHIIQ")
MEMORY = struct.Struct("<QQQQ")
CACHE = struct.Struct("<IIBBH")
IRQCHIP = struct.Struct("<QII4I")
PIO = struct.Struct("<HH")
PCI_DEVICE = struct.Struct("<BBHH6IHHBBHHQIBBH")
PCI_CAPABILITY = struct.Struct("<HHHH")
STREAM_ID = struct.Struct("<I")
PCI = struct.Struct("<QBBH")
IOMMU = struct.Struct("<IQI12s")
ARM = struct.Struct("<BBHQQQQQ")
# The machine-dependent part is as large as the largest architecture's.
ARM_ROOM = range(ARM.size, ARM.size + 65, 4)

CONSOLE_TYPES = {1: "EFI framebuffer", 2: "8250", 3: "PL011", 4: "XUARTPS", 5: "MVEBU",
                 6: "HSCIF", 7: "SCIFA", 8: "IMX", 9: "IMX LPUART", 10: "SCIF"}
PCI_TYPES = {1: "device", 2: "bridge", 3: "ivshmem"}


@dataclass
class JhConsole:
    """A UART, type 0 for none."""

    address: int
    size: int
    type: int
    flags: int
    divider: int
    gate_nr: int
    clock_reg: int


@dataclass
class JhPciDevice:
    """A PCI device of a cell, real or virtual."""

    type: int
    iommu: int
    domain: int
    bdf: int
    bar_mask: tuple[int, ...]
    caps_start: int
    num_caps: int
    msi_vectors: int
    msi_bits: int
    msix_vectors: int
    msix_region_size: int
    msix_address: int
    shmem_regions_start: int
    shmem_dev_id: int
    shmem_peers: int
    shmem_protocol: int

    def name(self) -> str:
        """As lspci writes it, with its kind."""
        kind = PCI_TYPES.get(self.type, f"type {self.type}")
        return (f"PCI {kind} {self.domain:04x}:{self.bdf >> 8:02x}:{self.bdf >> 3 & 31:02x}."
                f"{self.bdf & 7}")


@dataclass
class JhCell:
    """A cell; cpus are numbers."""

    name: str
    id: int
    flags: int
    vpci_irq_base: int
    cpu_reset_address: int
    msg_reply_timeout: int
    console: JhConsole
    cpus: list[int] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    cache: list[tuple[int, ...]] = field(default_factory=list)
    irqchips: list[Irqchip] = field(default_factory=list)
    pio: list[tuple[int, ...]] = field(default_factory=list)
    pci_devices: list[JhPciDevice] = field(default_factory=list)
    pci_caps: list[tuple[int, ...]] = field(default_factory=list)
    stream_ids: list[int] = field(default_factory=list)


@dataclass
class JhSystem:
    """A system with its root cell."""

    flags: int
    hypervisor_memory: Memory
    debug_console: JhConsole
    pci_mmconfig_base: int
    pci_mmconfig_end_bus: int
    pci_is_virtual: int
    pci_domain: int
    iommus: list[tuple[int, int, int]]  # type, base, size
    maintenance_irq: int
    gic_version: int
    gicd_base: int
    gicc_base: int
    gich_base: int
    gicv_base: int
    gicr_base: int
    root: JhCell


class _Input:
    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self.at = 0

    def fail(self, text: str) -> FormatError:
        return FormatError(f"{self.name}: {text}")

    def need(self, size: int) -> None:
        if len(self.data) - self.at < size:
            raise self.fail(f"truncated: {len(self.data)} bytes, at least {self.at + size} "
                            "belong")

    def take(self, what: struct.Struct) -> tuple[Any, ...]:
        self.need(what.size)
        values = what.unpack_from(self.data, self.at)
        self.at += what.size
        return values

    def table(self, what: struct.Struct, count: int) -> list[tuple[Any, ...]]:
        """count records; their room is compared before any is made."""
        self.need(what.size * count)
        return [self.take(what) for _ in range(count)]


def is_jailhouse(data: bytes) -> bool:
    """The data has one of Jailhouse's signatures."""
    return data[:5] in (CELL_SIGNATURE, SYSTEM_SIGNATURE)


def _prefix(source: _Input) -> None:
    _, arch, revision = source.take(PREFIX)
    if revision != REVISION:
        raise source.fail(f"Jailhouse revision {revision}, {REVISION} is understood: compile it "
                          "with the headers of Jailhouse 0.12 or later")
    if arch != ARCH_ARM64:
        raise source.fail(f"made for architecture {arch}, not {ARCH_ARM64} (arm64)")


def _name(source: _Input, raw: bytes) -> str:
    text = raw.split(b"\0")[0]
    if not text or not all(32 <= ch < 127 for ch in text):
        raise source.fail("the cell has no readable name")
    return text.decode("ascii")


def _counts_size(counts: tuple[int, ...]) -> int:
    records = (1, MEMORY.size, CACHE.size, IRQCHIP.size, PIO.size, PCI_DEVICE.size,
               PCI_CAPABILITY.size, STREAM_ID.size)
    return sum(count * size for count, size in zip(counts, records))


def _pci_device(v: tuple[Any, ...]) -> JhPciDevice:
    kind, iommu, domain, bdf = v[:4]
    return JhPciDevice(kind, iommu, domain, bdf, v[4:10], *v[10:])


def _cell_body(source: _Input) -> JhCell:
    name, id_, flags, *rest = source.take(CELL)
    counts, (vpci, reset, timeout) = tuple(rest[:8]), rest[8:]
    cell = JhCell(_name(source, name), id_, flags, vpci, reset, timeout,
                  JhConsole(*source.take(CONSOLE)))
    left, wanted = len(source.data) - source.at, _counts_size(counts)
    if left != wanted:
        raise source.fail(f"{left} bytes of tables where {wanted} belong, truncated or damaged")
    (bits,) = source.take(struct.Struct(f"<{counts[0]}s"))
    mask = int.from_bytes(bits, "little")
    cell.cpus = [cpu for cpu in range(mask.bit_length()) if mask >> cpu & 1]
    cell.memory = [Memory(*v) for v in source.table(MEMORY, counts[1])]
    cell.cache = source.table(CACHE, counts[2])
    cell.irqchips = [Irqchip(v[0], v[1], v[2], (v[3], v[4], v[5], v[6]))
                     for v in source.table(IRQCHIP, counts[3])]
    cell.pio = source.table(PIO, counts[4])
    cell.pci_devices = [_pci_device(v) for v in source.table(PCI_DEVICE, counts[5])]
    cell.pci_caps = source.table(PCI_CAPABILITY, counts[6])
    cell.stream_ids = [v[0] for v in source.table(STREAM_ID, counts[7])]
    return cell


def _root(source: _Input) -> JhCell:
    """The root cell, whose place only the sizes of its tables tell."""
    start = source.at
    for room in ARM_ROOM:
        source.at = start + room + PREFIX.size
        if len(source.data) - source.at < CELL.size + CONSOLE.size:
            break
        counts = CELL.unpack_from(source.data, source.at)[3:11]
        if len(source.data) - source.at - CELL.size - CONSOLE.size == _counts_size(counts):
            return _cell_body(source)
    raise source.fail(f"{len(source.data)} bytes, which does not fit the tables of the root "
                      "cell: truncated or damaged")


def _system_body(source: _Input) -> JhSystem:
    (flags,) = source.take(struct.Struct("<I"))
    memory = Memory(*source.take(MEMORY))
    console = JhConsole(*source.take(CONSOLE))
    base, end_bus, is_virtual, domain = source.take(PCI)
    iommus = [(v[0], v[1], v[2]) for v in source.table(IOMMU, NUM_IOMMUS)]
    source.need(ARM.size)
    arm = ARM.unpack_from(source.data, source.at)
    maintenance_irq, gic_version, _, gicd, gicc, gich, gicv, gicr = arm
    return JhSystem(flags, memory, console, base, end_bus, is_virtual, domain,
                    [v for v in iommus if any(v)], maintenance_irq, gic_version, gicd, gicc,
                    gich, gicv, gicr, _root(source))


def read(data: bytes, name: str = "configuration") -> JhCell | JhSystem:
    """A cell or a system; FormatError where the bytes are neither."""
    if not is_jailhouse(data):
        raise FormatError(f"{name}: no Jailhouse configuration")
    if len(data) > MAX_SIZE:
        raise FormatError(f"{name}: larger than any configuration ({MAX_SIZE} bytes)")
    source = _Input(bytes(data), name)
    _prefix(source)
    return _cell_body(source) if data[:5] == CELL_SIGNATURE else _system_body(source)
