# SPDX-License-Identifier: Apache-2.0
"""Configurations as bytes, packed here a second time and independently of the
C header, and the checker behind a pipe."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

READ, WRITE, EXECUTE, DMA, IO = 0x1, 0x2, 0x4, 0x8, 0x10
COMM, LOADABLE, ROOTSHARED, NO_HUGE, ANY, VIRT_IS_PHYS = 0x20, 0x40, 0x80, 0x100, 0x200, 0x400
UNALIGNED, IO_8, IO_32 = 0x8000, 0x10000, 0x40000
RAM = READ | WRITE | EXECUTE
PASSIVE, PERMITTED, ACTIVE = 0x1, 0x40000000, 0x80000000
ALL_CPUS = 0x100

CELL_SIZE, SYSTEM_SIZE, NO_SYSTEM = 128, 320, 0xFFFFFFFF
GICD, GICR, GITS = 0x08000000, 0x080A0000, 0x08080000


@dataclass(frozen=True)
class Region:
    phys: int
    virt: int
    size: int
    flags: int

    def pack(self) -> bytes:
        return struct.pack("<4Q", self.phys, self.virt, self.size, self.flags)


@dataclass(frozen=True)
class Chip:
    base: int
    irqs: tuple[int, ...] = ()
    address: int = GICD
    id: int = 0

    def pack(self) -> bytes:
        bits = 0
        for irq in self.irqs:
            bits |= 1 << (irq - self.base)
        return struct.pack("<QII", self.address, self.id, self.base) + bits.to_bytes(16, "little")


@dataclass(frozen=True)
class Console:
    address: int = 0
    size: int = 0
    type: int = 0
    flags: int = 0
    divider: int = 0
    irq: int = 0

    def pack(self) -> bytes:
        return struct.pack("<QIHHII", self.address, self.size, self.type, self.flags,
                           self.divider, self.irq)


COMM_REGION = Region(0, 0x80000000, 0x1000, READ | WRITE | COMM)
CELL_RAM = Region(0, 0, 0x100000, RAM | LOADABLE | ANY)


@dataclass(frozen=True)
class Cell:
    """A cell that is in order unless told otherwise. None in an override
    means: computed."""
    name: bytes = b"cell"
    cpus: tuple[int, ...] = (1,)
    regions: tuple[Region, ...] = (CELL_RAM, COMM_REGION)
    chips: tuple[Chip, ...] = ()
    smc_ids: tuple[int, ...] = ()
    flags: int = PERMITTED | ACTIVE
    entry: int = 0
    console: Console = Console()
    timeout: int = 1000
    signature: bytes = b"CAPCELL"
    revision: int = 1
    architecture: int = 2
    reserved0: int = 0
    channels: int = 0
    vpci_irq_base: int = 0
    reserved1: int = 0
    cpu_set_size: int | None = None
    total_size: int | None = None
    num_regions: int | None = None

    def tables(self) -> bytes:
        mask = sum(1 << cpu for cpu in self.cpus)
        return (struct.pack("<Q", mask) + b"".join(r.pack() for r in self.regions) +
                b"".join(c.pack() for c in self.chips) +
                b"".join(struct.pack("<I", i) for i in self.smc_ids))

    def pack(self) -> bytes:
        tables = self.tables()
        total = CELL_SIZE + len(tables) if self.total_size is None else self.total_size
        return struct.pack(
            "<8sHBBI32s8IQ24s16s", self.signature, self.revision, self.architecture,
            self.reserved0, total, self.name, self.flags,
            8 if self.cpu_set_size is None else self.cpu_set_size,
            len(self.regions) if self.num_regions is None else self.num_regions,
            len(self.chips), len(self.smc_ids), self.channels, self.vpci_irq_base, self.timeout,
            self.entry, self.console.pack(),
            struct.pack("<QQ", 0, self.reserved1)) + tables


ROOT = Cell(
    name=b"machine", cpus=(), flags=ALL_CPUS,
    regions=(
        Region(0, 0, 0x08000000, READ | WRITE | IO),
        Region(GITS, GITS, 0x20000, READ | WRITE | IO),
        Region(0x09000000, 0x09000000, 0x37000000, READ | WRITE | IO),
        Region(0x40000000, 0x40000000, 0x80000000, RAM | DMA),
    ),
    chips=(Chip(32, tuple(range(32, 160))), Chip(160, tuple(range(160, 288)))))


@dataclass(frozen=True)
class System:
    root: Cell = ROOT
    hypervisor: Region = Region(0, 0, 16 << 20, ANY)
    gic_version: int = 3
    maintenance_irq: int = 25
    notify_irq: int = 262
    gicd: int = GICD
    gicc: int = 0
    gich: int = 0
    gicv: int = 0
    gicr: int = GICR
    gicr_size: int = 0xF60000
    gits: int = GITS
    console: Console = Console()
    ecam: int = 0
    pci_is_virtual: int = 0
    signature: bytes = b"CAPSYST"
    revision: int = 1
    architecture: int = 2
    flags: int = 0
    reserved1: int = 0
    platform_reserved: int = 0
    total_size: int | None = None

    def pack(self) -> bytes:
        root = self.root.pack()
        head = SYSTEM_SIZE - CELL_SIZE
        platform = struct.pack(
            "<BBHI8QBBHI4Q", self.gic_version, 0, self.maintenance_irq, self.notify_irq,
            self.gicd, self.gicc, self.gich, self.gicv, self.gicr, self.gicr_size, self.gits,
            self.ecam, 255 if self.ecam else 0, self.pci_is_virtual, 0, 0, 0, 0, 0, self.platform_reserved)
        body = struct.pack(
            "<8sHBBIII32s24s", self.signature, self.revision, self.architecture, 0,
            head + len(root) if self.total_size is None else self.total_size, self.flags,
            self.reserved1, self.hypervisor.pack(), self.console.pack()) + platform
        assert len(body) == head
        return body + root


def root_with(**changes: object) -> System:
    return System(root=replace(ROOT, **changes))


@dataclass
class Finding:
    severity: str
    file: str
    text: str
    reason: int = 0
    detail: tuple[int, int] = (0, 0)


@dataclass
class Answer:
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        return [f for f in self.findings if f.severity == "E"]

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if f.severity == "W"]


def parse_finding(line: str) -> Finding:
    if line.startswith("W "):
        _, file, text = line.split(" ", 2)
        return Finding("W", file, text)
    kind, reason, detail0, detail1, file, text = line.split(" ", 5)
    assert kind == "E", line
    return Finding("E", file, text, int(reason), (int(detail0), int(detail1)))


class Server:
    """checker_server: dies of the first sanitizer report, which ask() turns
    into a failure with that report."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, system: bytes | None, *cells: bytes) -> Answer:
        request = struct.pack("<I", 1 + len(cells))
        request += struct.pack("<I", NO_SYSTEM) if system is None else frame(system)
        request += b"".join(frame(cell) for cell in cells)
        answer = Answer()
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        while True:
            line = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
            if line == ".":
                return answer
            assert line, "checker died: " + self.process.stderr.read().decode(errors="replace")
            answer.findings.append(parse_finding(line))

    def close(self) -> None:
        if self.process.poll() is not None:
            return  # ask() has told why
        self.process.stdin.close()
        code = self.process.wait()
        assert code == 0, self.process.stderr.read().decode(errors="replace")


def frame(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def reasons(top: Path) -> dict[str, int]:
    """enum capsule_reason, read from the header."""
    values: dict[str, int] = {}
    value = -1
    inside = False
    for line in (top / "include/capsule/error.h").read_text().splitlines():
        inside = inside or line.startswith("enum capsule_reason")
        word = line.strip().split("/*")[0].strip().rstrip(",")
        if not inside or not word.startswith("CAPSULE_REASON_"):
            continue
        name, _, number = word.partition("=")
        value = int(number, 0) if number.strip() else value + 1
        values[name.strip().removeprefix("CAPSULE_REASON_")] = value
    return values
